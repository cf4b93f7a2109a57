"""An order inside the exchange: what it shows, what it gives up, where its stop stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.sim.orders import BUY, SELL, NewOrder, WorkingOrder


@given(size=st.integers(1, 50), shown=st.integers(0, 60), filled=st.integers(0, 49))
def test_shows_no_more_than_it_has_and_no_more_than_it_says(
    size: int, shown: int, filled: int
) -> None:
    order = WorkingOrder(1, NewOrder("", BUY, size, "limit", 100, shown=shown))
    order.left -= min(filled, size - 1)
    order.display(order.filled % shown if shown else 0)

    assert 0 < order.visible <= order.left
    assert order.visible <= shown or not shown
    # What was filled and what is seen end on the border of a part, or with the order.
    ends = order.filled + order.visible
    assert not shown or ends % shown == 0 or ends == size


@given(size=st.integers(2, 50), shown=st.integers(0, 60), data=st.data())
def test_gives_up_what_is_hidden_first(size: int, shown: int, data: st.DataObject) -> None:
    order = WorkingOrder(1, NewOrder("", BUY, size, "limit", 100, shown=shown))
    order.display()
    seen, hidden = order.visible, order.hidden
    by = data.draw(st.integers(1, size - 1))
    less = order.shrink(by)

    assert less == max(0, by - hidden)
    assert order.visible == seen - less > 0
    assert (order.left, order.size) == (size - by, size - by)


@pytest.mark.parametrize(
    ("mine", "other", "is_own"),
    [
        (("a", ""), ("a", ""), True),
        (("a", "g"), ("b", "g"), True),
        (("a", "g"), ("b", "h"), False),
        (("a", ""), ("b", ""), False),
        (("", ""), ("", ""), False),
    ],
)
def test_is_its_own_by_account_or_trade_group(
    mine: tuple[str, str], other: tuple[str, str], is_own: bool
) -> None:
    one, two = (
        WorkingOrder(1, NewOrder(owner, BUY, 1, "market", group=group))
        for owner, group in (mine, other)
    )
    assert one.is_own(two) is is_own


@pytest.mark.parametrize(("side", "stops"), [(SELL, [97, 101, 101]), (BUY, [103, 103, 102])])
def test_a_trail_moves_only_towards_the_market(side: int, stops: list[int]) -> None:
    order = WorkingOrder(1, NewOrder("", side, 1, "trailing_stop", trail=3))
    at = []
    for price in (100, 104, 99):
        order.follow(price)
        at.append(order.stop_price)

    assert at == stops
