"""Trades of the past, page by page."""

from __future__ import annotations

import trio

from brokers.kraken.holes import Missing
from brokers.kraken.past import MOST_PAGES, PastTrades
from engine.clock import NANOS
from tests.brokers.kraken.public_venue import PAIR, START_NS, PublicVenue, TradesThere, open_api

BEGAN_S = 1_700_000_000


def there(count: int, *, per_s: float = 10.0) -> TradesThere:
    return TradesThere(
        [(at, BEGAN_S + at / per_s, 100.0 + at % 7, 1.0) for at in range(1, count + 1)]
    )


def missing(after_id: int, before_id: int, per_s: float = 10.0) -> Missing:
    after_ns = round((BEGAN_S + after_id / per_s) * NANOS)
    return Missing("btcusd.spot.kraken", "BTC/USD", after_id, after_ns, before_id)


async def test_all_trades_of_a_range_come_in_order_and_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = PublicVenue(Trades=there(5000))
    async with open_api(venue) as api:
        found = await PastTrades(api, lambda: START_NS).between(
            PAIR, (BEGAN_S + 10) * NANOS, (BEGAN_S + 310) * NANOS
        )

    assert [trade.trade_id for trade in found] == list(range(100, 3100))
    assert found[0].time_ns == (BEGAN_S + 10) * NANOS
    assert venue.count("Trades") == 4


async def test_trades_of_one_moment_that_a_page_cuts_apart_are_all_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    trades = TradesThere([(at, BEGAN_S + at // 30, 100.0, 1.0) for at in range(1, 2500)])
    async with open_api(PublicVenue(Trades=trades)) as api:
        found = await PastTrades(api, lambda: START_NS).between(
            PAIR, BEGAN_S * NANOS, (BEGAN_S + 900) * NANOS
        )

    assert [trade.trade_id for trade in found] == list(range(1, 2500))


async def test_missing_trades_are_fetched_up_to_what_is_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = PublicVenue(Trades=there(5000))
    async with open_api(venue) as api:
        found, is_whole = await PastTrades(api, lambda: START_NS).missing(PAIR, missing(100, 1500))

    ids = [trade.trade_id for trade in found]
    assert is_whole
    assert ids[:1399] == list(range(101, 1500))
    assert venue.count("Trades") == 2


async def test_a_venue_that_lags_behind_its_stream_has_not_all_of_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_api(PublicVenue(Trades=there(500))) as api:
        found, is_whole = await PastTrades(api, lambda: START_NS).missing(PAIR, missing(100, 900))

    assert [trade.trade_id for trade in found] == list(range(101, 501))
    assert not is_whole


async def test_a_hole_that_would_take_too_long_is_not_filled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = PublicVenue(Trades=there((MOST_PAGES + 5) * 1000))
    async with open_api(venue, per_s=100.0) as api:
        _, is_whole = await PastTrades(api, lambda: START_NS).missing(
            PAIR, missing(1, (MOST_PAGES + 4) * 1000)
        )

    assert not is_whole
    assert venue.count("Trades") == MOST_PAGES


async def test_the_first_trade_of_a_market_is_asked_for_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue = PublicVenue(Trades=there(50))
    async with open_api(venue) as api:
        past = PastTrades(api, lambda: START_NS)
        found = [await past.first_ns(PAIR) for _ in range(3)]

    assert found == [BEGAN_S * NANOS + NANOS // 10] * 3
    assert venue.asked == [("Trades", {"pair": PAIR, "since": "0", "count": "1"})]


async def test_a_market_that_was_never_traded_has_no_first_trade_yet(
    autojump_clock: trio.testing.MockClock,
) -> None:
    trades = there(0)
    async with open_api(PublicVenue(Trades=trades)) as api:
        past = PastTrades(api, lambda: START_NS)
        assert await past.first_ns(PAIR) is None
        trades.trades = there(1).trades
        assert await past.first_ns(PAIR) is not None
