"""The embedded exchange behind the port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import trio
import trio.testing

from brokers.sim.broker import SimBroker, open_broker
from brokers.sim.instruments import LISTINGS
from engine.broker import BrokerSettings
from engine.clock import NANOS, Clock, TrioClock
from engine.errors import BrokerUnavailable, NotSupported
from engine.feed.bars import resample
from engine.messages import (
    AccountInfo,
    Book,
    Break,
    Columns,
    Filled,
    Order,
    OrderEvent,
    Tick,
    Trade,
)
from tests.check_broker import Harness, check_broker

START_NS = 1_795_226_417_250_000_000
ACCOUNT = AccountInfo(name="sim", broker="sim", serves=("sim",))
BTC = "btcusdt.spot.sim"
ROW = ("open", "high", "low", "close", "volume", "trades")


class JumpyClock:
    """Trio's clock, and a wall clock that somebody sets."""

    def __init__(self) -> None:
        self._trio = TrioClock(START_NS)
        self.moved_ns = 0

    def now_ns(self) -> int:
        return self._trio.now_ns() + self.moved_ns

    async def sleep_until_ns(self, wall_ns: int) -> None:
        await self._trio.sleep_until_ns(wall_ns - self.moved_ns)


@asynccontextmanager
async def running(clock: Clock | None = None, **options: Any) -> AsyncIterator[SimBroker]:
    async with trio.open_nursery() as nursery:
        broker = open_broker(
            BrokerSettings(name="sim", clock=clock or TrioClock(START_NS), options=options)
        )
        await nursery.start(broker.run)
        yield broker
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def streaming(broker: SimBroker, fqme: str = BTC) -> AsyncIterator[list[Tick]]:
    ticks: list[Tick] = []

    def sink(fqme: str, batch: Sequence[Tick]) -> None:
        ticks.extend(batch)

    async with trio.open_nursery() as nursery:
        await nursery.start(broker.stream, fqme, sink)
        yield ticks
        nursery.cancel_scope.cancel()


def an_order(order_id: str, side: Any = "buy", size: str = "0.1", **terms: Any) -> Order:
    kind = "market" if terms.get("price") is None else "limit"
    return Order(
        order_id=order_id,
        account="sim",
        fqme=BTC,
        side=side,
        order_type=kind,
        size=Decimal(size),
        **terms,
    )


# -- the battery ----------------------------------------------------------------------------------


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.fqme)
async def test_keeps_every_promise_of_the_port(autojump_clock: object, listing: Any) -> None:
    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        async with running() as broker:
            # Calm markets may go without a trade for a while.
            yield Harness(broker=broker, fqme=listing.fqme, account=ACCOUNT, patience_s=300.0)

    await check_broker(make)


# -- search and options ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("btc", BTC),
        ("BTCUSDT", BTC),
        ("bitcon", BTC),
        ("eur", "eurusd.fx.sim"),
        ("dollar", "eurusd.fx.sim"),
        ("S&P", "es.cme.202612.sim"),
        ("acme.stock.sim", "acme.stock.sim"),
    ],
)
async def test_finds_markets_by_what_people_type(
    autojump_clock: object, text: str, wanted: str
) -> None:
    async with running() as broker:
        assert wanted == (await broker.search(text, 3))[0].fqme
        assert not await broker.search("zzzzqqqq", 3)


async def test_lists_the_most_traded_first(autojump_clock: object) -> None:
    async with running() as broker:
        volumes = [match.volume for match in await broker.search("", 100)]
    assert volumes == sorted(volumes, reverse=True)
    assert len(volumes) == len(LISTINGS) >= 6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seeds": 3}, "seeds"),
        ({"seed": "x"}, "seed"),
        ({"cash": -1}, "cash"),
        ({"cash": "NaN"}, "cash"),
        ({"self_trade": "maybe"}, "self_trade"),
        ({"markets": ["nothing.spot.sim"]}, "nothing.spot.sim"),
        ({"seed": "\x1b[2J"}, "seed"),
    ],
)
def test_says_which_option_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BrokerUnavailable, match=said) as caught:
        open_broker(BrokerSettings(name="sim", clock=TrioClock(0), options=options))
    assert "\x1b" not in str(caught.value)


async def test_lists_only_the_markets_it_is_given(autojump_clock: object) -> None:
    async with running(markets=[BTC], seed=3) as broker:
        assert [match.fqme for match in await broker.search("", 9)] == [BTC]


# -- streams --------------------------------------------------------------------------------------


async def test_gives_each_stream_the_whole_book_and_then_the_same_ticks(
    autojump_clock: object,
) -> None:
    clock = JumpyClock()
    async with running(clock) as broker, streaming(broker) as first:
        await trio.sleep(20.0)
        # What happened meanwhile and is not told yet must not be told to the newcomer.
        clock.moved_ns += 15 * NANOS
        async with streaming(broker) as second:
            await trio.sleep(20.0)
            snapshot, *rest = second
            assert isinstance(snapshot, Book)
            assert snapshot.is_snapshot
            later = rest[2:]
            assert len(later) > 20
            assert all(tick.venue_ns > snapshot.venue_ns for tick in later)
            assert later == [tick for tick in first if tick.venue_ns > snapshot.venue_ns]


async def test_ends_only_the_stream_whose_sink_fails(autojump_clock: object) -> None:
    def fail(fqme: str, ticks: Sequence[Tick]) -> None:
        raise ZeroDivisionError

    async with running() as broker, streaming(broker) as ticks:
        with pytest.raises(ExceptionGroup):
            async with trio.open_nursery() as nursery:
                await nursery.start(broker.stream, BTC, fail)
        seen = len(ticks)
        await trio.sleep(10.0)
        assert len(ticks) > seen


async def test_tells_ticks_soon_after_they_happen(autojump_clock: object) -> None:
    async with running() as broker, streaming(broker) as ticks:
        await trio.sleep(30.0)
        assert max(tick.recv_ns - tick.venue_ns for tick in ticks) <= 0.11 * NANOS
        assert min(tick.recv_ns - tick.venue_ns for tick in ticks) >= 0


async def test_tells_a_trade_of_ours_at_once(autojump_clock: object) -> None:
    events: list[OrderEvent] = []
    async with (
        running() as broker,
        streaming(broker) as ticks,
        broker.open_client(ACCOUNT, events.append) as client,
    ):
        await client.submit(an_order("one", size="0.5"), await broker.instrument(BTC))
        filled = sum(event.size for event in events if isinstance(event, Filled))
        await trio.testing.wait_all_tasks_blocked()
        now_ns = broker.now_ns()
        told = [t for t in ticks if isinstance(t, Trade) and t.recv_ns == now_ns]
    assert filled == Decimal("0.5")
    assert sum(trade.size for trade in told) == pytest.approx(0.5)


async def test_says_that_it_missed_something_when_the_machine_slept(
    autojump_clock: object,
) -> None:
    clock = JumpyClock()
    async with running(clock) as broker, streaming(broker) as ticks:
        await trio.sleep(5.0)
        before = len(ticks)
        clock.moved_ns += 9 * 3600 * NANOS
        await trio.sleep(5.0)
        first, *rest = ticks[before:]
        while not isinstance(first, Break):
            first, *rest = rest
        assert first.reason == "gap"
        assert broker.now_ns() - first.venue_ns < 6 * NANOS
        assert any(isinstance(tick, Book) and tick.is_snapshot for tick in rest)
        assert len(ticks) < before + 500
        page = await broker.history(BTC, 60, broker.now_ns(), 600)
        assert np.array_equal(np.diff(page.columns.time_ns), np.full(599, 60 * NANOS))


@pytest.mark.parametrize("back_s", [0.3, 3600])
async def test_goes_on_when_the_wall_clock_is_set_back(
    autojump_clock: object, back_s: float
) -> None:
    clock = JumpyClock()
    async with running(clock) as broker, streaming(broker) as ticks:
        await trio.sleep(5.0)
        before_ns, seen = broker.now_ns(), len(ticks)
        clock.moved_ns -= round(back_s * NANOS)
        assert broker.now_ns() >= before_ns
        await trio.sleep(10.0)
        assert len(ticks) > seen + 10
        assert all(a.recv_ns <= b.recv_ns for a, b in pairwise(ticks))
        assert not any(isinstance(tick, Break) for tick in ticks)


# -- history --------------------------------------------------------------------------------------


def rows(columns: Columns) -> list[tuple[float, ...]]:
    return list(zip(*(getattr(columns, name).tolist() for name in ROW), strict=True))


async def test_serves_the_live_bars_as_history_later(autojump_clock: object) -> None:
    async with running() as broker, streaming(broker) as ticks:
        await trio.sleep(200.0)
        page = await broker.history(BTC, 1, broker.now_ns(), 190)
        served = dict(zip(page.columns.time_ns.tolist(), rows(page.columns), strict=True))
        made: dict[int, list[Trade]] = {}
        for tick in ticks:
            if isinstance(tick, Trade):
                made.setdefault(tick.venue_ns // NANOS * NANOS, []).append(tick)
        compared = 0
        for time_ns, row in served.items():
            trades = made.get(time_ns, [])
            assert row[5] == len(trades)
            assert row[4] == pytest.approx(sum(trade.size for trade in trades))
            if trades:
                prices = [trade.price for trade in trades]
                assert row[:4] == (prices[0], max(prices), min(prices), prices[-1])
                compared += 1
    assert compared > 20


async def test_serves_the_same_past_before_and_after_the_market_opens(
    autojump_clock: object,
) -> None:
    async with running() as broker:
        before = {
            period_s: await broker.history(BTC, period_s, START_NS, 500)
            for period_s in broker.native_periods(BTC)
        }
        async with streaming(broker):
            await trio.sleep(90.0)
        for period_s, page in before.items():
            again = await broker.history(BTC, period_s, START_NS, 500)
            known = dict(zip(again.columns.time_ns.tolist(), rows(again.columns), strict=True))
            compared = [
                row == known[time_ns]
                for time_ns, row in zip(
                    page.columns.time_ns.tolist(), rows(page.columns), strict=True
                )
                if time_ns in known
            ]
            assert all(compared)
            assert len(compared) >= 499


@pytest.mark.parametrize("period_s", [3600, 86_400])
async def test_makes_hours_and_days_of_their_minutes(autojump_clock: object, period_s: int) -> None:
    async with running() as broker:
        page = await broker.history(BTC, period_s, START_NS, 3)
        first_ns = int(page.columns.time_ns[0])
        minutes = await broker.history(BTC, 60, first_ns + 3 * period_s * NANOS, 3 * period_s // 60)
        assert rows(resample(minutes.columns, period_s)) == rows(page.columns)


async def test_has_thirty_days_at_once_and_an_end(autojump_clock: object) -> None:
    async with running() as broker:
        page = await broker.history(BTC, 60, 2**63 - 1, 30 * 1440)
        assert len(page.columns) == 30 * 1440
        assert page.has_more
        assert page.columns.time_ns[-1] == START_NS // (60 * NANOS) * 60 * NANOS - 60 * NANOS
        days = await broker.history(BTC, 86_400, START_NS, 5000)
        assert 700 < len(days.columns) < 735
        assert not days.has_more
        seconds = await broker.history(BTC, 1, START_NS, 10**6)
        assert 6 * 3600 - 1 <= len(seconds.columns) <= 6 * 3600
        assert not seconds.has_more
        nothing = await broker.history(BTC, 60, int(days.columns.time_ns[0]), 10)
        assert not len(nothing.columns)
        assert not nothing.has_more


# -- trading --------------------------------------------------------------------------------------


async def test_keeps_orders_while_nobody_is_logged_in(autojump_clock: object) -> None:
    events: list[OrderEvent] = []
    async with running() as broker:
        instrument = await broker.instrument(BTC)
        async with streaming(broker) as ticks:
            await trio.sleep(1.0)
            best = max(bid for book in ticks if isinstance(book, Book) for bid, _ in book.bids)
        price = instrument.round_price(best)
        async with broker.open_client(ACCOUNT, events.append) as client:
            await client.submit(an_order("left", price=price), instrument)
        told = len(events)
        await trio.sleep(900.0)
        assert len(events) == told, "reported to a client that is gone"
        async with broker.open_client(ACCOUNT, events.append) as client:
            fills = [fill for fill in await client.fills(0) if fill.order_id == "left"]
            assert sum(fill.size for fill in fills) == Decimal("0.1")
            assert not await client.open_orders()


async def test_keeps_accounts_apart(autojump_clock: object) -> None:
    other = AccountInfo(name="other", broker="sim")
    async with running(cash=500) as broker:
        instrument = await broker.instrument(BTC)
        async with (
            broker.open_client(ACCOUNT, lambda event: None) as mine,
            broker.open_client(other, lambda event: None) as theirs,
        ):
            await mine.submit(an_order("mine"), instrument)
            assert [position.size for position in await mine.positions()] == [Decimal("0.1")]
            assert not await theirs.positions()
            assert not await theirs.fills(0)
            assert (await theirs.balances())["USDT"] == 500
            assert (await mine.balances())["BTC"] == Decimal("0.1")


async def test_cannot_be_played(autojump_clock: object) -> None:
    async with running() as broker:
        assert broker.playback() is None
        with pytest.raises(NotSupported):
            await broker.history(BTC, 7, START_NS, 1)
