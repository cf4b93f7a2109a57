"""Pages of bars: the venue's own, then bars made of trades."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import trio

from brokers.kraken.history import MOST_TRADES_A_BAR, PERIODS, BarHistory
from brokers.kraken.past import LAG_NS, PastTrades
from engine.broker import HistoryPage
from engine.clock import NANOS
from engine.errors import NotSupported
from engine.messages import COLUMN_NAMES
from tests.brokers.kraken.public_venue import (
    PAIR,
    START_NS,
    Params,
    PublicVenue,
    TradesThere,
    open_api,
)

NOW_S = START_NS // NANOS


class BarsThere:
    """OHLC of trades, as the venue makes it: the last 720 rows, the open one among them."""

    def __init__(self, trades: TradesThere, *, is_sparse: bool = False) -> None:
        self._trades = trades
        self._is_sparse = is_sparse

    def __call__(self, params: Params) -> Any:
        period_s = int(params["interval"]) * 60
        now_s = NOW_S + round(trio.current_time())
        by_start: dict[int, list[tuple[float, float]]] = {}
        for _, at, price, size in self._trades.trades:
            if at <= now_s:
                by_start.setdefault(int(at) // period_s * period_s, []).append((price, size))
        rows, close = [], 0.0
        if by_start:
            for start in range(min(by_start), now_s // period_s * period_s + 1, period_s):
                traded = by_start.get(start, [])
                prices = [price for price, _ in traded] or [close]
                close = prices[-1]
                if traded or not self._is_sparse:
                    numbers = (prices[0], max(prices), min(prices), close, 0.0)
                    volume = sum(size for _, size in traded)
                    rows.append([start, *map(str, numbers), str(volume), len(traded)])
        return {"XXBTZUSD": rows[-720:], "last": now_s}


@asynccontextmanager
async def history_of(
    trades: TradesThere, *, is_sparse: bool = False, per_s: float = 1000.0
) -> AsyncIterator[tuple[BarHistory, PublicVenue]]:
    venue = PublicVenue(Trades=trades, OHLC=BarsThere(trades, is_sparse=is_sparse))
    async with open_api(venue, per_s=per_s) as api:
        zero_s = trio.current_time()

        def now_ns() -> int:
            return START_NS + round((trio.current_time() - zero_s) * NANOS)

        yield BarHistory(api, PastTrades(api, now_ns), now_ns), venue


def every(step_s: float, *, days: float, price: float = 100.0, ahead_s: int = 0) -> TradesThere:
    """A trade every so many seconds, up to now and on."""
    count = int((days * 86_400 + ahead_s) / step_s)
    began_s = NOW_S + ahead_s - count * step_s
    return TradesThere(
        [(at, began_s + (at - 0.5) * step_s, price + at % 5, 0.5) for at in range(1, count + 1)]
    )


async def all_pages(
    history: BarHistory, period_s: int, limit: int, most: int = 100
) -> list[HistoryPage]:
    pages: list[HistoryPage] = []
    end_ns = START_NS
    for _ in range(most):
        page = await history.page(PAIR, period_s, end_ns, limit)
        pages.insert(0, page)
        if not page.has_more:
            break
        end_ns = int(page.columns.time_ns[0])
    return pages


def joined(pages: list[HistoryPage], name: str) -> np.ndarray:
    return np.concatenate([getattr(page.columns, name) for page in pages])


async def test_the_newest_page_is_the_venues_own_and_costs_one_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(20, days=2)) as (history, venue):
        page = await history.page(PAIR, 60, START_NS + NANOS, 100)

    assert len(page.columns) == 100
    assert page.has_more
    assert int(page.columns.time_ns[-1]) == START_NS - 60 * NANOS
    assert list(page.columns.trades) == [3.0] * 100
    assert venue.asked == [("OHLC", {"pair": PAIR, "interval": "1"})]


async def test_older_pages_of_the_same_answer_are_not_asked_for_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(20, days=2)) as (history, venue):
        first = await history.page(PAIR, 60, START_NS, 100)
        second = await history.page(PAIR, 60, int(first.columns.time_ns[0]), 100)

    assert int(second.columns.time_ns[-1]) == int(first.columns.time_ns[0]) - 60 * NANOS
    assert venue.count("OHLC") == 1


async def test_a_bar_that_closed_since_is_asked_for_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(20, days=2)) as (history, venue):
        await history.page(PAIR, 60, START_NS, 10)
        await trio.sleep(61)
        page = await history.page(PAIR, 60, START_NS + 61 * NANOS, 10)

    assert int(page.columns.time_ns[-1]) == START_NS
    assert venue.count("OHLC") == 2


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("step_s", [20, 400])
async def test_pages_go_back_to_the_first_trade_without_a_seam(
    autojump_clock: trio.testing.MockClock, step_s: int, is_sparse: bool
) -> None:
    """Also where the venue leaves out minutes in which nothing traded."""
    trades = every(step_s, days=3)
    async with history_of(trades, is_sparse=is_sparse) as (history, _):
        pages = await all_pages(history, 60, 1000)

    times = joined(pages, "time_ns")
    assert (np.diff(times) == 60 * NANOS).all()
    assert int(times[0]) == int(trades.trades[0][1]) // 60 * 60 * NANOS
    # Of the last minutes a sparse answer says nothing until something trades again.
    assert int(joined(pages, "trades").sum()) >= len(trades.trades) - (60 // step_s + 1)
    assert all(page.has_more for page in pages[1:])


async def test_bars_of_a_second_are_made_of_trades(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(5, days=0.1)) as (history, venue):
        page = await history.page(PAIR, 1, START_NS, 600)
        first = await history.page(PAIR, 1, int(page.columns.time_ns[0]), 600)

    assert int(page.columns.time_ns[-1]) == START_NS - LAG_NS - NANOS
    assert page.columns.trades.sum() == 120
    assert int(first.columns.time_ns[-1]) == int(page.columns.time_ns[0]) - NANOS
    assert venue.count("OHLC") == 0


async def test_a_market_that_was_quiet_for_long_is_looked_through_in_large_steps(
    autojump_clock: trio.testing.MockClock,
) -> None:
    trades = TradesThere([(1, NOW_S - 86_400 * 30 + 0.5, 100.0, 1.0)])
    async with history_of(trades) as (history, venue):
        page = await history.page(PAIR, 1, START_NS, 500)

    assert len(page.columns) == 500
    assert (page.columns.close == 100.0).all()
    assert (page.columns.volume == 0.0).all()
    assert page.has_more
    assert venue.count("Trades") < 10


async def test_bars_of_more_trades_than_one_answer_has_are_not_made(
    autojump_clock: trio.testing.MockClock,
) -> None:
    step_s = 3600 / (MOST_TRADES_A_BAR * 1.2)
    began_s = NOW_S - 720 * 3600
    # Only the oldest of them need be there in earnest: by these it is told.
    trades = TradesThere(
        [(at, began_s - 3600 + at * step_s, 100.0, 1.0) for at in range(1, 130_000)]
        + [(10**6, NOW_S - 10.0, 100.0, 1.0)]
    )
    async with history_of(trades) as (history, _):
        page = await history.page(PAIR, 3600, START_NS, 1000)
        older = await history.page(PAIR, 3600, int(page.columns.time_ns[0]), 1000)

    assert len(page.columns) == 719
    assert not page.has_more
    assert (len(older.columns), older.has_more) == (0, False)


async def test_a_young_market_has_no_more_than_it_has(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(30, days=0.01)) as (history, _):
        for period_s in PERIODS:
            pages = await all_pages(history, period_s, 1000)
            assert len(pages) == 1
            assert not pages[0].has_more


async def test_a_market_without_trades_has_no_bars(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(TradesThere([])) as (history, _):
        for period_s in PERIODS:
            page = await history.page(PAIR, period_s, START_NS, 100)
            assert (len(page.columns), page.has_more) == (0, False)


async def test_a_period_that_is_not_served_is_refused(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(30, days=0.01)) as (history, _):
        with pytest.raises(NotSupported, match="7 s"):
            await history.page(PAIR, 7, START_NS, 10)


async def test_charts_that_open_at_once_share_an_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(20, days=2)) as (history, venue), trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(history.page, PAIR, 60, START_NS, 100)

    assert venue.count("OHLC") == 1


async def test_parts_of_bars_of_many_periods_take_few_answers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """As the engine asks when a chart of an hour begins: what the open bar has so far, of the
    longest bars that fit into it, and then pages."""
    trades = every(20, days=35, ahead_s=3600)
    async with history_of(trades) as (history, venue):
        end_ns = START_NS + 2550 * NANOS
        await trio.sleep(2550)
        wanted = [(1800, 1), (300, 2), (60, 2), (1, 20), (1, 9), (3600, 1000)]
        pages = []
        for period_s, count in wanted:
            pages.append(await history.page(PAIR, period_s, end_ns, count))

    assert venue.asked == [
        ("OHLC", {"pair": PAIR, "interval": "1"}),
        ("Trades", venue.asked[1][1]),
        ("OHLC", {"pair": PAIR, "interval": "60"}),
    ]
    half_hour, *_ = pages
    assert list(half_hour.columns.time_ns) == [START_NS]


@pytest.mark.parametrize("period_s", [300, 900, 1800, 3600, 14_400])
async def test_bars_made_of_shorter_ones_are_those_of_the_venue(
    autojump_clock: trio.testing.MockClock, period_s: int
) -> None:
    async with history_of(every(70, days=3)) as (history, venue):
        made = await history.page(PAIR, period_s, START_NS, 2)
        assert venue.asked == [("OHLC", {"pair": PAIR, "interval": "1"})] or period_s > 10_000
        own = await history.page(PAIR, period_s, START_NS, 1000)

    for name in COLUMN_NAMES:
        ours, theirs = getattr(made.columns, name), getattr(own.columns, name)
        assert np.allclose(ours, theirs[-2:], rtol=1e-12), name
    assert made.has_more


async def test_seconds_that_are_asked_for_one_after_the_other_wait_for_one_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(5, days=0.1, ahead_s=60)) as (history, venue):
        await history.page(PAIR, 1, START_NS - 5 * NANOS, 50)
        page = await history.page(PAIR, 1, START_NS, 10)
        assert venue.count("Trades") == 1
        await trio.sleep(20)
        later = await history.page(PAIR, 1, START_NS + 20 * NANOS, 30)

    assert int(page.columns.time_ns[-1]) == START_NS - LAG_NS - NANOS
    assert int(later.columns.time_ns[-1]) == START_NS + 20 * NANOS - LAG_NS - NANOS
    assert venue.count("Trades") == 2


async def test_quiet_seconds_are_known_from_the_minutes_that_are_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with history_of(every(500, days=2)) as (history, venue):
        await history.page(PAIR, 60, START_NS, 10)
        page = await history.page(PAIR, 1, START_NS - 300 * NANOS, 10)

    assert len(page.columns) == 10
    assert (page.columns.volume == 0).all()
    assert venue.count("Trades") == 1
