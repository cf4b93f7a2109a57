"""Books of the `book` channel."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.venues.kraken.amounts import encode
from tests.venues.kraken.book_view import Book
from tests.venues.kraken.pairs import LISTED

BITCOIN = LISTED.by_symbol["BTC/USD"]


def level(price: int, size: int) -> tuple[Decimal, Decimal]:
    return Decimal(price), Decimal(size)


def book() -> Book:
    bids = [level(100 - nth, 1) for nth in range(12)]
    asks = [level(101 + nth, 1) for nth in range(12)]
    return Book(BITCOIN, bids, asks)


def told(message: Any, side: str) -> list[tuple[Decimal, Decimal]]:
    """Levels of a side, out of the bytes of a message."""
    (data,) = message["data"]
    return [
        (Decimal(bytes(one["price"]).decode()), Decimal(bytes(one["qty"]).decode()))
        for one in data[side]
    ]


def test_a_snapshot_has_the_best_levels_in_the_decimals_of_the_pair() -> None:
    message = book().view(10).snapshot(0)
    assert [price for price, _ in told(message, "bids")] == [100 - nth for nth in range(10)]
    assert [price for price, _ in told(message, "asks")] == [101 + nth for nth in range(10)]
    assert b'{"price":100.0,"qty":1.00000000}' in encode(message)


def test_an_update_has_what_changed_and_what_came_into_view() -> None:
    kept = book()
    view = kept.view(10)
    kept.apply([level(100, 0), level(95, 7)], [])
    message = view.update(0)
    assert message is not None
    assert told(message, "bids") == [level(100, 0), level(95, 7), level(90, 1)]
    assert told(message, "asks") == []


def test_what_is_out_of_view_is_no_news() -> None:
    kept = book()
    view = kept.view(10)
    kept.apply([level(80, 3)], [])
    assert view.update(0) is None


def test_a_level_that_others_pushed_out_is_not_told_as_gone() -> None:
    kept = book()
    view = kept.view(10)
    kept.apply([], [level(99, 2)])
    message = view.update(0)
    assert message is not None
    assert told(message, "asks") == [level(99, 2)]


_CHANGES = st.lists(
    st.tuples(st.sampled_from(["bids", "asks"]), st.integers(80, 120), st.integers(0, 3)),
    max_size=40,
)


@given(_CHANGES)
def test_a_reader_that_applies_and_cuts_has_the_same_book(changes: list[Any]) -> None:
    kept = book()
    view = kept.view(10)
    copy = {side: dict(told(view.snapshot(0), side)) for side in ("bids", "asks")}
    for side, price, size in changes:
        one = [level(price, size)]
        kept.apply(one if side == "bids" else [], one if side == "asks" else [])
        message = view.update(0)
        for name in ("bids", "asks"):
            if message is not None:
                copy[name].update(told(message, name))
            best = sorted(copy[name], reverse=name == "bids")
            held = [at for at in best if copy[name][at]][:10]
            copy[name] = {at: copy[name][at] for at in held}
    assert copy["bids"] == kept.bids.top(10)
    assert copy["asks"] == kept.asks.top(10)


def test_a_ladder_can_be_cut() -> None:
    kept = book()
    kept.bids.cut(3)
    assert list(kept.bids.top(10)) == [100, 99, 98]
    kept.bids.set(Decimal(97), Decimal(1))
    assert list(kept.bids.top(10)) == [100, 99, 98, 97]
