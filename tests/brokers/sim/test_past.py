"""Pages of history: which bars there are, and that their seams cannot be seen."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.sim.exchange import Exchange
from brokers.sim.instruments import LISTINGS
from brokers.sim.market import DAY_NS, SECONDS_HORIZON_NS
from brokers.sim.past import MINUTES_HORIZON_NS, PERIODS, page_range, read_page
from engine.clock import NANOS
from engine.feed.bars import resample
from engine.messages import COLUMN_NAMES, Columns

NOW_NS = 1_795_226_417 * NANOS + 5
BTC = "btcusdt.spot.sim"


def exchange() -> Exchange:
    return Exchange(LISTINGS, seed=7, cash=Decimal(0), self_trade="expire_taker")


def same(left: Columns, right: Columns) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in COLUMN_NAMES)


# -- which bars --------------------------------------------------------------------------------


@given(
    st.sampled_from(PERIODS),
    st.integers(-3 * 365 * 86_400, 86_400).map(lambda seconds: NOW_NS + seconds * NANOS + 7),
    st.integers(-1, 100_000),
)
def test_a_page_is_of_whole_closed_bars_that_there_are(
    period_s: int, end_ns: int, limit: int
) -> None:
    first_ns, start_ns, stop_ns = page_range(period_s, end_ns, limit, NOW_NS)
    period_ns = period_s * NANOS

    for edge_ns in (first_ns, start_ns, stop_ns):
        assert edge_ns % period_ns == 0
    assert first_ns <= start_ns <= stop_ns
    if stop_ns > start_ns:
        assert stop_ns <= NOW_NS, "the last bar is closed"
        assert stop_ns - period_ns < end_ns, "the last bar starts before what was asked for"
        assert stop_ns - start_ns <= max(0, limit) * period_ns


@pytest.mark.parametrize("period_s", PERIODS)
def test_a_page_holds_as_many_bars_as_were_asked_for_while_there_are_older_ones(
    period_s: int,
) -> None:
    first_ns, start_ns, stop_ns = page_range(period_s, NOW_NS, 20, NOW_NS)

    assert stop_ns - start_ns == 20 * period_s * NANOS
    assert stop_ns == NOW_NS // (period_s * NANOS) * period_s * NANOS
    assert first_ns < start_ns


def test_a_bar_that_starts_before_the_end_belongs_to_the_page() -> None:
    minute_ns = NOW_NS // (60 * NANOS) * 60 * NANOS - 3600 * NANOS

    assert page_range(60, minute_ns, 5, NOW_NS)[2] == minute_ns
    assert page_range(60, minute_ns + 1, 5, NOW_NS)[2] == minute_ns + 60 * NANOS


@pytest.mark.parametrize(
    ("period_s", "horizon_ns"), [(1, SECONDS_HORIZON_NS), (60, MINUTES_HORIZON_NS)]
)
def test_the_past_has_a_beginning(period_s: int, horizon_ns: int) -> None:
    first_ns = page_range(period_s, NOW_NS, 1, NOW_NS)[0]
    assert 0 <= first_ns - (NOW_NS - horizon_ns) < DAY_NS

    assert page_range(period_s, first_ns, 10, NOW_NS)[1:] == (first_ns, first_ns)
    assert page_range(period_s, first_ns + 1, 10, NOW_NS)[1:] == (
        first_ns,
        first_ns + period_s * NANOS,
    )


# -- their bars --------------------------------------------------------------------------------


@pytest.mark.parametrize("period_s", PERIODS)
async def test_pages_join_to_the_bars_of_one_large_page(period_s: int) -> None:
    market = exchange()
    whole = (await read_page(market, BTC, period_s, NOW_NS, 60, NOW_NS)).columns
    end_ns, pages = NOW_NS, list[Columns]()
    for _ in range(3):
        page = await read_page(market, BTC, period_s, end_ns, 20, NOW_NS)
        assert page.has_more
        pages.append(page.columns)
        end_ns = int(page.columns.time_ns[0])

    assert len(whole) == 60
    assert set(np.diff(whole.time_ns)) == {period_s * NANOS}
    for name in COLUMN_NAMES:
        joined = np.concatenate([getattr(page, name) for page in reversed(pages)])
        assert np.array_equal(joined, getattr(whole, name)), name


@pytest.mark.parametrize("at", [0, 29, 30, 59, 60])
async def test_a_page_of_days_is_made_of_chunks_without_a_seam(at: int) -> None:
    market = exchange()
    days = (await read_page(market, BTC, 86_400, NOW_NS, 65, NOW_NS)).columns
    end_ns = int(days.time_ns[at]) + 86_400 * NANOS
    minutes = (await read_page(market, BTC, 60, end_ns, 1440, NOW_NS)).columns
    alone = resample(minutes, 86_400)

    assert len(days) == 65
    for name in COLUMN_NAMES[:-2]:
        assert getattr(alone, name)[0] == getattr(days, name)[at], name
    assert alone.volume[0] == pytest.approx(days.volume[at])


async def test_the_oldest_page_says_that_there_is_no_more() -> None:
    market = exchange()
    first_ns = page_range(60, NOW_NS, 1, NOW_NS)[0]
    oldest = await read_page(market, BTC, 60, first_ns + 120 * NANOS, 10, NOW_NS)
    before = await read_page(market, BTC, 60, first_ns, 10, NOW_NS)

    assert oldest.columns.time_ns.tolist() == [first_ns, first_ns + 60 * NANOS]
    assert not oldest.has_more
    assert len(before.columns) == 0
    assert not before.has_more


async def test_bars_are_in_prices_and_sizes_of_the_market() -> None:
    instrument = LISTINGS[0].instrument
    columns = (await read_page(exchange(), BTC, 60, NOW_NS, 100, NOW_NS)).columns

    for price in (*columns.open, *columns.high, *columns.low, *columns.close):
        assert Decimal(repr(float(price))) % instrument.price_tick == 0
    assert (columns.low <= columns.high).all()
    traded = columns.volume[columns.trades > 0]
    assert (traded >= float(instrument.size_step)).all()


async def test_the_past_before_an_open_market_is_that_of_a_closed_one() -> None:
    closed, opened = exchange(), exchange()
    opened.market(BTC, NOW_NS)
    hour_ns = NOW_NS - 3600 * NANOS

    for period_s in (1, 60):
        before = await read_page(closed, BTC, period_s, hour_ns, 90, NOW_NS)
        after = await read_page(opened, BTC, period_s, hour_ns, 90, NOW_NS)
        assert same(before.columns, after.columns)
