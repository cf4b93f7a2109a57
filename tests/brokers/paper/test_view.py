"""What is shown of a market, less what our own orders took of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from brokers.paper.view import MarketView, Shown
from engine.messages import Ask, Bid, Book, Break, Side, Trade
from tests.support.venue import FQME, INSTRUMENT

D = Decimal


def shown(side: Side = "sell") -> Shown:
    """A side of three levels, best at 101 or 99."""
    made = Shown(side, INSTRUMENT)
    sign = 1 if side == "sell" else -1
    levels = [(100.0 + sign * away, size) for away, size in ((1, 2.0), (2, 3.0), (4, 9.0))]
    made.on_levels(levels, is_snapshot=True)
    return made


def floats(of: Shown) -> list[tuple[float, float | None]]:
    return [(float(price), None if size is None else float(size)) for price, size in of.levels()]


# -- one side ----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_nothing_is_known_before_anything_was_said(side: Side) -> None:
    made = Shown(side, INSTRUMENT)

    assert not made.is_known
    assert made.best_price() is None
    assert made.levels() == []
    assert made.at(10_000) is None
    assert made.available() == 0


@pytest.mark.parametrize(
    ("side", "levels"),
    [("sell", [(101, 2), (102, 3), (104, 9)]), ("buy", [(99, 2), (98, 3), (96, 9)])],
)
def test_levels_are_told_best_first(side: Side, levels: list[tuple[float, float]]) -> None:
    made = shown(side)

    assert floats(made) == levels
    assert made.best_price() == levels[0][0]
    assert made.available() == levels[0][1]


def test_prices_and_sizes_are_those_of_the_grid() -> None:
    made = Shown("sell", INSTRUMENT)
    made.on_touch(Ask(FQME, 0.1 + 0.2, 0.3000000004))

    assert made.levels() == [(D("0.30"), D("0.300"))]
    assert made.ticks(0.1 + 0.2) == 30
    assert made.ticks(D("0.30")) == 30


def test_a_touch_of_size_zero_says_that_the_side_is_empty() -> None:
    made = shown()
    made.on_touch(Ask(FQME, 0.0, 0.0))

    assert made.is_known
    assert made.levels() == []
    assert made.at(10_100) == 0.0


def test_once_there_is_a_touch_the_depth_does_not_move_the_best_price() -> None:
    made = shown()
    made.on_touch(Ask(FQME, 102.0, 1.0))
    made.on_levels([(101.5, 4.0), (101.0, 0.0)], is_snapshot=False)

    assert floats(made) == [(102, 1), (104, 9)]
    assert made.at(10_150) == 0.0, "better than the best: nobody is there"
    assert made.at(10_200) == 1.0, "the touch is newer than the depth"


def test_without_a_touch_the_best_price_is_that_of_the_depth() -> None:
    made = shown()
    made.on_levels([(101.0, 0.0)], is_snapshot=False)
    first = made.best_price()
    made.on_levels([(100.5, 1.0)], is_snapshot=False)

    assert (first, made.best_price()) == (102, D("100.5"))
    made.on_levels([], is_snapshot=True)
    assert made.best_price() is None


def test_the_size_behind_the_best_price_is_known_only_from_a_depth() -> None:
    touch_only = Shown("buy", INSTRUMENT)
    touch_only.on_touch(Bid(FQME, 99.0, 5.0))
    deep = shown("buy")

    assert (touch_only.at(9_900), touch_only.at(9_800), touch_only.at(9_901)) == (5.0, None, 0.0)
    assert (deep.at(9_800), deep.at(9_700), deep.at(9_901)) == (3.0, 0.0, 0.0)


def test_what_our_orders_took_is_gone_until_that_level_is_told_anew() -> None:
    made = shown()
    made.take(D(101), D("1.5"))
    made.take(D(101), D("0.25"))
    made.take(D(102), D(1))
    before = floats(made)
    made.on_levels([(102.0, 3.0)], is_snapshot=False)
    told = floats(made)
    made.on_levels([(101.0, 2.0)], is_snapshot=True)

    assert before == [(101, 0.25), (102, 2), (104, 9)]
    assert told == [(101, 0.25), (102, 3), (104, 9)]
    assert floats(made) == [(101, 2)]


def test_a_touch_tells_its_own_level_anew_and_no_other() -> None:
    made = shown()
    made.take(D(101), D(2))
    made.take(D(102), D(1))
    made.on_touch(Ask(FQME, 101.0, 2.0))

    assert floats(made) == [(101, 2), (102, 2), (104, 9)]


def test_no_less_than_nothing_is_available_though_more_was_taken_than_is_shown() -> None:
    made = shown()
    made.take(D(101), D(5))

    assert made.available() == 0
    assert floats(made)[0] == (101, -3)


def test_after_a_clear_nothing_is_known_and_nothing_is_taken() -> None:
    made = shown()
    made.take(D(101), D(2))
    made.on_touch(Ask(FQME, 101.5, 1.0))
    made.clear()
    assert (made.is_known, made.levels(), made.at(10_100)) == (False, [], None)
    made.on_levels([(101.0, 2.0)], is_snapshot=False)

    assert floats(made) == [(101, 2)]


changes = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), max_size=6)


@given(
    st.sampled_from(["buy", "sell"]),
    st.lists(st.tuples(changes, st.booleans()), max_size=8),
)
def test_the_depth_is_what_all_changes_make(
    side: Side, messages: list[tuple[list[tuple[int, int]], bool]]
) -> None:
    made, expected = Shown(side, INSTRUMENT), dict[int, int]()
    for levels, is_snapshot in messages:
        made.on_levels([(float(p), float(size)) for p, size in levels], is_snapshot=is_snapshot)
        expected = {} if is_snapshot else expected
        expected.update(levels)
    expected = {price: size for price, size in expected.items() if size}

    assert floats(made) == sorted(expected.items(), reverse=side == "buy")
    for price in range(1, 13):
        at = made.at(price * 100)
        assert at == (expected.get(price, 0) if messages else None)


# -- both sides --------------------------------------------------------------------------------


def view() -> MarketView:
    made = MarketView(INSTRUMENT)
    made.on_book(Book(FQME, ((99.0, 1.0),), ((101.0, 2.0),), is_snapshot=True))
    return made


def test_an_order_takes_from_the_other_side() -> None:
    assert view().to_take("buy") == [(101, 2)]
    assert view().to_take("sell") == [(99, 1)]
    assert view().side("buy").best_price() == 99
    assert view().side("sell").best_price() == 101


def test_where_only_trades_are_known_the_last_price_can_be_had_in_any_size() -> None:
    made = MarketView(INSTRUMENT)
    nothing = made.to_take("buy")
    made.on_trade(Trade(FQME, 100.004, 1.0))

    assert nothing == []
    assert made.last == D("100.00")
    assert made.to_take("buy") == made.to_take("sell") == [(100, None)]


def test_a_side_that_is_known_to_be_empty_is_not_made_up_from_the_last_price() -> None:
    made = view()
    made.on_trade(Trade(FQME, 100.0, 1.0))
    made.asks.on_touch(Ask(FQME, 0.0, 0.0))

    assert made.to_take("buy") == []
    assert made.to_take("sell") == [(99, 1)]


def test_a_change_of_the_book_moves_both_sides_and_a_break_voids_all() -> None:
    made = view()
    made.on_trade(Trade(FQME, 100.0, 1.0))
    made.on_book(Book(FQME, ((99.0, 0.0), (98.0, 4.0)), ((101.0, 5.0),)))

    assert (made.to_take("sell"), made.to_take("buy")) == ([(98, 4)], [(101, 5)])
    made.on_break(Break(FQME, "gap"))
    assert made.last is None
    assert made.to_take("buy") == made.to_take("sell") == []


def test_negative_prices_are_prices() -> None:
    made = MarketView(replace(INSTRUMENT, allows_negative_price=True))
    made.on_book(Book(FQME, ((-3.0, 1.0), (-2.5, 1.0)), ((-2.0, 2.0), (-1.0, 1.0))))

    assert made.to_take("buy") == [(-2, 2), (-1, 1)]
    assert made.to_take("sell") == [(D("-2.5"), 1), (-3, 1)]
