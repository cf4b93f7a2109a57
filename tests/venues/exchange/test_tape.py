"""Trades with their numbers, and bars, of before and after a market opened."""

from __future__ import annotations

from itertools import pairwise

import pytest

from brokers.sim.history import History
from engine.clock import NANOS
from tests.venues.exchange.bars import MINUTE_NS, MONTH, WEEK_FROM_MONDAY, Period
from tests.venues.exchange.stage import LISTING, START_NS, D
from tests.venues.exchange.tape import DAY_NS, PublicTrade, Tape

OPENED_NS = START_NS + 17 * NANOS
"""Within a minute, so that one is half of the path and half of what trades here."""


def make_tape(trades: int = 0) -> Tape:
    tape = Tape(History(LISTING, 1), OPENED_NS)
    for nth in range(1, trades + 1):
        price, size = D(60_000 + nth), D("0.001") * nth
        trade = PublicTrade(
            tape.last_id + 1,
            price,
            size,
            OPENED_NS + nth * 10 * NANOS,
            nth % 2 == 0,
            tape.next_aggregate_id(),
        )
        tape.add(trade, int(price * 100), int(size * 100_000))
    return tape


def test_numbers_go_on_from_before_the_market_opened() -> None:
    tape = make_tape(3)
    found = tape.last(5)
    assert [trade.trade_id for trade in found] == list(range(tape.last_id - 4, tape.last_id + 1))
    assert [trade.time_ns >= OPENED_NS for trade in found] == [False, False, True, True, True]


@pytest.mark.parametrize("first", [1, 2_000, 700_000])
def test_pages_of_the_past_join_without_gap_or_overlap(first: int) -> None:
    tape = make_tape()
    page = tape.since_id(first, 1_000)
    assert [trade.trade_id for trade in page] == list(range(first, first + 1_000))
    assert tape.since_id(first + 400, 300) == page[400:700]
    times = [trade.time_ns for trade in page]
    assert times == sorted(times)


def test_trades_of_a_span_are_those_with_their_times_in_it() -> None:
    tape = make_tape(6)
    start_ns, end_ns = OPENED_NS - 300 * NANOS, OPENED_NS + 25 * NANOS
    found = tape.between(start_ns, end_ns, 10_000)
    assert all(start_ns <= trade.time_ns < end_ns for trade in found)
    first, last = tape.ids_between(start_ns, end_ns)
    assert [trade.trade_id for trade in found] == list(range(first, last + 1))
    assert tape.since_id(first - 1, 1)[0].time_ns < start_ns
    assert tape.since_id(last + 1, 1)[0].time_ns >= end_ns


def test_a_span_without_trades_has_no_numbers() -> None:
    tape = make_tape(1)
    assert tape.ids_between(OPENED_NS + 60 * NANOS, OPENED_NS + 70 * NANOS) == (-1, -1)


def test_an_aggregate_is_whole_wherever_a_page_ends() -> None:
    tape = make_tape()
    first = tape.last_id + 1
    for nth in range(6):  # three trades each of two takers
        trade = PublicTrade(first + nth, D(60_000), D(1), OPENED_NS, False, first + nth // 3)
        tape.add(trade, 6_000_000, 100_000)
    found = tape.aggregates_since_id(first, 1)
    assert [(one.first_id, one.last_id, one.size) for one in found] == [(first, first + 2, 3)]
    assert [one.aggregate_id for one in tape.last_aggregates(2)] == [first, first + 1]
    assert tape.aggregates_between(OPENED_NS, OPENED_NS + 1, 10)[1].last_id == first + 5


def test_minute_bars_count_every_trade_also_where_the_market_opened() -> None:
    tape = make_tape(10)
    now_ns = OPENED_NS + 100 * NANOS
    start_ns = OPENED_NS - OPENED_NS % MINUTE_NS - 3 * MINUTE_NS
    bars = tape.bars(Period(60), start_ns, now_ns + 1, now_ns)
    assert [bar.start_ns for bar in bars] == [start_ns + nth * MINUTE_NS for nth in range(5)]
    for bar in bars:
        trades = tape.between(bar.start_ns, bar.end_ns, 1_000)
        assert bar.trades == len(trades)
        assert bar.volume == sum(trade.size for trade in trades)
        assert (bar.open, bar.close) == (trades[0].price, trades[-1].price)
        assert bar.high == max(trade.price for trade in trades)
    last = tape.between(bars[-1].start_ns, bars[-1].end_ns, 1_000)
    assert bars[-1].quote_volume == sum(trade.cost for trade in last)
    bought = sum(trade.size for trade in last if not trade.is_buyer_maker)
    assert bars[-1].bought == bought


def test_second_bars_repeat_the_close_where_nothing_traded() -> None:
    tape = make_tape(2)
    now_ns = OPENED_NS + 30 * NANOS
    bars = tape.bars(Period(1), OPENED_NS + 10 * NANOS, now_ns, now_ns)
    assert len(bars) == 20
    assert [bar.trades for bar in bars[:11]] == [1, *[0] * 9, 1]
    assert {bar.close for bar in bars[:10]} == {60_001}


@pytest.mark.parametrize(
    "period", [Period(300), Period(3600), Period(86_400), WEEK_FROM_MONDAY, MONTH]
)
def test_longer_bars_are_made_of_the_minutes_in_them(period: Period) -> None:
    tape = make_tape(5)
    now_ns = OPENED_NS + 60 * NANOS
    bars = tape.bars(period, now_ns - 70 * DAY_NS, now_ns + 1, now_ns)
    for bar in (bars[0], bars[-1]):
        minutes = tape.bars(Period(60), bar.start_ns, bar.end_ns, now_ns)
        assert bar.volume == sum(one.volume for one in minutes)
        assert bar.quote_volume == sum(one.quote_volume for one in minutes)
        assert (bar.open, bar.close) == (minutes[0].open, minutes[-1].close)
        assert bar.low == min(one.low for one in minutes)
    assert all(before.end_ns == bar.start_ns for before, bar in pairwise(bars))


def test_bars_end_two_years_back() -> None:
    tape = make_tape()
    bars = tape.bars(Period(86_400), 0, OPENED_NS, OPENED_NS)
    assert len(bars) == 731
    assert bars[0].start_ns >= OPENED_NS - 731 * DAY_NS
