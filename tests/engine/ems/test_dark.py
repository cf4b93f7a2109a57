"""Held triggers: sorted by price, touched at most once, patient with bad data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ems.dark import DarkBook, Touch
from engine.messages import Ask, Bid, Break, Tick, Trade

X = "x.y"


def trade(price: float) -> Trade:
    return Trade(X, price, 1.0, venue_ns=1, recv_ns=2)


def book(last: float | None = 100.0, **triggers: float) -> DarkBook:
    made = DarkBook()
    for name, price in triggers.items():
        made.hold("order", name, X, Decimal(str(price)), last)
    return made


def seen(made: DarkBook, *ticks: Tick) -> list[Touch]:
    return list(made.on_ticks(X, ticks))


def touched(made: DarkBook, *prices: float) -> list[str]:
    return [touch.held_id for touch in seen(made, *map(trade, prices))]


def test_the_market_decides_the_direction_when_it_is_set() -> None:
    made = book(above=101, at=100, below=99)

    assert [made.direction(name) for name in ("above", "at", "below")] == ["up", "up", "down"]


def test_touches_come_in_the_order_of_their_prices_then_of_their_setting() -> None:
    made = book(far=103, first=102, second=102, near=101, other=110)

    assert touched(made, 105) == ["near", "first", "second", "far"]
    assert len(made) == 1


def test_below_the_market_the_nearest_comes_first_too() -> None:
    made = book(far=97, first=98, second=98, near=99)

    assert touched(made, 90) == ["near", "first", "second", "far"]


def test_a_touch_tells_what_touched_it() -> None:
    (touch,) = book(a=101).on_ticks(X, [trade(100.5), trade(101.5)])

    assert (touch.kind, touch.price, touch.venue_ns, touch.recv_ns) == ("order", 101.5, 1, 2)


def test_what_was_touched_is_held_no_longer() -> None:
    made = book(a=101)

    assert touched(made, 101, 100, 101) == ["a"]
    assert touched(made, 101) == []
    assert "a" not in made
    assert not made.release("a")


def test_what_is_released_is_not_touched() -> None:
    made = book(a=101, b=101, c=101)

    assert made.release("b")
    assert touched(made, 101) == ["a", "c"]


def test_nothing_is_held_twice() -> None:
    with pytest.raises(ValueError, match="held already"):
        book(a=101).hold("order", "a", X, Decimal(1), 100.0)


def test_other_markets_touch_nothing_here() -> None:
    made = book(a=101)
    made.hold("order", "b", "other.y", Decimal(101), 100.0)

    assert touched(made, 102) == ["a"]


def test_the_first_price_places_what_was_set_before_any_was_known() -> None:
    made = book(None, up=101, down=99)

    assert made.direction("up") == ""
    assert touched(made, 100) == []
    assert [made.direction(name) for name in ("up", "down")] == ["up", "down"]
    assert touched(made, 101, 99) == ["up", "down"]


def test_what_no_price_has_placed_can_be_released() -> None:
    made = book(None, a=101)

    assert made.release("a")
    assert touched(made, 101) == []


def test_quotes_alone_touch_nothing() -> None:
    made = book(a=101)

    assert seen(made, Bid(X, 105.0, 1.0), Ask(X, 106.0, 1.0)) == []


def test_a_crossed_market_is_waited_out_and_then_its_last_price_counts() -> None:
    made = book(a=101)

    assert seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 1.0), trade(102)) == []
    assert [touch.held_id for touch in seen(made, Ask(X, 103.0, 1.0))] == ["a"]


@pytest.mark.parametrize("trigger", [100, 110])
def test_a_trade_before_it_was_set_touches_nothing(trigger: float) -> None:
    made = DarkBook()
    touched(made, 100)
    # The market was closed, and stands at 120 when it is opened again.
    made.hold("order", "a", X, Decimal(trigger), 100.0 if trigger == 100 else 120.0)

    assert seen(made, Bid(X, 99.0, 1.0), Ask(X, 121.0, 1.0)) == []
    assert touched(made, trigger) == ["a"]


def test_a_tick_that_cannot_be_read_keeps_back_nothing_that_was_touched_before_it() -> None:
    made = book(a=101, b=102)
    broken = Trade(X, None, 1.0)  # type: ignore[arg-type]
    touches = made.on_ticks(X, [trade(101), broken, trade(102)])

    assert next(touches).held_id == "a"
    with pytest.raises(TypeError):
        next(touches)
    assert not made.release("a")
    assert touched(made, 102) == ["b"]


def test_a_quote_of_size_zero_crosses_nothing() -> None:
    made = book(a=101)
    seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 0.0))

    assert touched(made, 101) == ["a"]


@pytest.mark.parametrize("reason", ["stale", "gap", "resync", "seek", "end"])
def test_after_a_break_only_a_new_trade_counts(reason: str) -> None:
    made = book(a=101)
    seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 1.0), trade(102))
    seen(made, Break(X, reason))  # type: ignore[arg-type]
    was_stale = made.is_stale(X)

    assert seen(made, Bid(X, 99.0, 1.0), Ask(X, 102.0, 1.0)) == []
    assert touched(made, 100.9, 101) == ["a"]
    assert was_stale
    assert not made.is_stale(X)


PRICES = st.integers(90, 110)


@given(
    st.lists(PRICES, max_size=30),
    st.lists(PRICES, max_size=30),
    st.sets(st.integers(0, 29), max_size=10),
)
def test_exactly_what_a_slow_look_at_all_of_them_finds(
    triggers: list[int], prices: list[int], released: set[int]
) -> None:
    made = DarkBook()
    waiting: dict[str, tuple[int, bool]] = {}
    for number, price in enumerate(triggers):
        made.hold("order", str(number), X, Decimal(price), 100.0)
        waiting[str(number)] = (price, price >= 100)
    for number in released:
        assert made.release(str(number)) == (waiting.pop(str(number), None) is not None)
    for last in prices:
        wanted = {
            name
            for name, (price, is_up) in waiting.items()
            if (last >= price if is_up else last <= price)
        }
        assert set(touched(made, last)) == wanted
        for name in wanted:
            del waiting[name]

    assert len(made) == len(waiting)
