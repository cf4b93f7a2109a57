"""What one deck asks for, and what it is sent: markets, bars, searches, statuses."""

from __future__ import annotations

import numpy as np
import pytest
import trio
from trio.testing import MockClock

from engine.clock import NANOS
from engine.config import EngineConfig
from engine.feed.bars import Series
from engine.feed.flume import Flume
from engine.messages import (
    BarsUpdate,
    Bid,
    CloseBars,
    CommandRefused,
    ConnectionStatus,
    EngineReady,
    EngineStatus,
    FlumeFailed,
    FlumeOpened,
    Frame,
    OpenBars,
    OrderUpdate,
    Search,
    SearchResults,
    Unwatch,
    Watch,
)
from tests.support.engine_rig import Rig, open_rig
from tests.support.tapes import MemoryTape, book, prices

SOURCE = "btcusdt.spot.binance"
FQME = "btcusdt.spot.replay"
SIM = "btcusdt.spot.sim"


def tape(seconds: int = 600) -> MemoryTape:
    steps = [(float(second), 100.0 + second % 7) for second in range(seconds)]
    return MemoryTape(prices(SOURCE, *steps))


def bars_of(rig: Rig, period_s: int, fqme: str = "") -> list[BarsUpdate]:
    return [
        update
        for update in rig.told(BarsUpdate)
        if update.period_s == period_s and update.fqme == (fqme or rig.fqme)
    ]


def shown(updates: list[BarsUpdate]) -> Series:
    """What a deck that was told this shows."""
    series = Series(updates[0].period_s)
    for update in updates:
        if update.reset:
            series.clear()
        series.merge(update.columns)
    return series


async def test_the_first_thing_told_is_what_there_is(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        assert isinstance(rig.events[0], EngineReady)


async def test_a_status_comes_every_second(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.settle()
        before = len(rig.told(EngineStatus))
        await rig.advance(10.0)

        assert 10 == len(rig.told(EngineStatus)) - before
        assert {"sampler", "router", "deck"} <= {
            service.name for service in rig.told(EngineStatus)[-1].services
        }


async def test_a_status_tells_of_connections_and_of_books(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = ConnectionStatus(broker="far", name="rest", state="live", since_ns=1)
    async with open_rig(mock_clock) as rig:
        monkeypatch.setattr(rig.engine.venues, "connections", lambda: (rest,))
        await rig.watch(SIM)
        await rig.advance(2.0)

        status = rig.told(EngineStatus)[-1]
        assert (rest,) == status.connections
        assert [(SIM, "good")] == [(feed.fqme, feed.book) for feed in status.feeds]


async def test_an_opened_market_has_details_and_a_last_price(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)

        (opened,) = rig.told(FlumeOpened)
        assert SIM == opened.instrument.fqme == opened.quote.fqme
        assert opened.quote.last > 0


async def test_what_is_named_first_is_opened_first(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        wanted = ("bolt.stock.sim", "acme.stock.sim", SIM, "eurusd.fx.sim")
        await rig.watch(*wanted)

        assert wanted[0] == rig.told(FlumeOpened)[0].instrument.fqme
        assert set(wanted) == {event.instrument.fqme for event in rig.told(FlumeOpened)}


async def test_a_market_that_does_not_exist_fails_alone(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        rig.send(Watch(fqmes=("nope.spot.sim", "a.nowhere", SIM)))
        await rig.until("market", lambda: rig.told(FlumeOpened))

        failed = {event.fqme: event.reason for event in rig.told(FlumeFailed)}
        assert {"nope.spot.sim", "a.nowhere"} == failed.keys()
        assert all(failed.values())


async def test_watching_twice_opens_once(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(Watch(fqmes=(SIM,)))
        await rig.advance(1.0)

        assert 1 == len(rig.told(FlumeOpened))


async def test_frames_carry_the_present_and_no_depth(mock_clock: MockClock) -> None:
    messages = [
        *prices(SOURCE, *((float(s), 100.0) for s in range(60))),
        book(SOURCE, 1.5, [(99.0, 1.0)], [(101.0, 1.0)], is_snapshot=True),
    ]
    async with open_rig(mock_clock, MemoryTape(sorted(messages, key=lambda m: m[0]))) as rig:
        await rig.watch(FQME)
        await rig.advance(10.0)

        frames = rig.told(Frame)
        assert frames
        assert all(frame.quote is not None and frame.quote.fqme == FQME for frame in frames)
        assert not [frame for frame in frames if "book" in frame.ticks]
        assert any(isinstance(tick, Bid) for frame in frames for tick in frame.ticks.get("bid", ()))


async def test_frames_keep_to_the_rate_that_was_asked_for(mock_clock: MockClock) -> None:
    steps = [(number / 50, 100.0 + number % 3) for number in range(50 * 20)]
    async with open_rig(mock_clock, MemoryTape(prices(SOURCE, *steps))) as rig:
        await rig.watch(FQME, throttle_hz=5.0)
        before = len(rig.told(Frame))
        await rig.advance(10.0)

        assert 45 <= len(rig.told(Frame)) - before <= 51


async def test_an_unwatched_market_sends_nothing_more(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, tape()) as rig:
        await rig.watch(FQME)
        rig.send(OpenBars(fqme=FQME, period_s=1))
        await rig.advance(3.0)
        rig.send(Unwatch(fqmes=(FQME,)))
        await rig.settle()
        before = len(rig.told(Frame)), len(rig.told(BarsUpdate))
        await rig.advance(5.0)

        assert before == (len(rig.told(Frame)), len(rig.told(BarsUpdate)))


@pytest.mark.parametrize("period_s", [1, 5, 60])
async def test_bars_are_sent_whole_and_then_as_they_change(
    mock_clock: MockClock, period_s: int
) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=period_s, count=120))
        await rig.advance(20.0)

        first, *rest = bars_of(rig, period_s)
        assert first.reset
        assert any(update.is_complete for update in (first, *rest))
        assert len(rest) > 1
        assert min(len(update.columns) for update in rest) == 1


async def test_bars_of_a_market_that_is_not_watched_are_refused(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        rig.send(OpenBars(fqme=SIM, period_s=60))
        await rig.settle()

        (refused,) = rig.told(CommandRefused)
        assert ("openbars", f"{SIM} is not watched") == (refused.command, refused.reason)


async def test_more_bars_are_older_ones(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=60, count=100))
        await rig.advance(2.0)
        rig.send(OpenBars(fqme=SIM, period_s=60, count=5000))
        await rig.advance(5.0)

        updates = bars_of(rig, 60)
        assert sum(update.reset for update in updates) <= 2  # none yet, and then the first
        assert len(shown(updates)) >= 5000


async def test_a_long_session_keeps_no_more_bars_than_it_is_told_to(mock_clock: MockClock) -> None:
    config = EngineConfig(kept_bars=200)
    async with open_rig(mock_clock, config=config) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=1, count=100))
        await rig.advance(300.5)

        series = rig.engine.sampler.series(SIM, 1)
        assert series is not None
        assert 200 <= len(series) <= 250
        deck = shown(bars_of(rig, 1))
        assert 200 <= len(deck) <= 250
        assert deck.time_ns.tolist() == series.time_ns.tolist()
        assert deck.close[:-1].tolist() == series.close[:-1].tolist()


async def test_who_wants_more_bars_than_are_kept_has_them(mock_clock: MockClock) -> None:
    config = EngineConfig(kept_bars=200)
    async with open_rig(mock_clock, config=config) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=1, count=100))
        await rig.advance(300.0)
        rig.send(OpenBars(fqme=SIM, period_s=1, count=1000))
        await rig.advance(10.0)

        deck = shown(bars_of(rig, 1))
        assert 1000 <= len(deck) <= 1100
        assert {NANOS} == set(np.diff(deck.time_ns).tolist())


async def test_closed_bars_are_sent_no_more(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=1))
        await rig.advance(3.0)
        rig.send(CloseBars(fqme=SIM, period_s=1))
        await rig.settle()
        before = len(rig.told(BarsUpdate))
        await rig.advance(5.0)

        assert before == len(rig.told(BarsUpdate))


async def test_bars_that_are_closed_while_they_still_open_are_never_sent(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_opening(monkeypatch)
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=1))
        await rig.advance(0.5)
        rig.send(CloseBars(fqme=SIM, period_s=1))
        await rig.advance(5.0)

        assert not rig.told(BarsUpdate)


async def test_bars_that_are_opened_closed_and_opened_again_are_sent(
    mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_opening(monkeypatch)
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        rig.send(OpenBars(fqme=SIM, period_s=1))
        rig.send(CloseBars(fqme=SIM, period_s=1))
        rig.send(OpenBars(fqme=SIM, period_s=1))
        await rig.advance(5.0)

        assert bars_of(rig, 1, SIM)


def slow_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Series of all markets take a second to be opened."""
    open_series = Flume.open_series

    async def slowly(flume: Flume, period_s: int, count: int) -> Series:
        await trio.sleep(1.0)
        return await open_series(flume, period_s, count)

    monkeypatch.setattr(Flume, "open_series", slowly)


async def test_a_search_is_answered_by_its_number(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        rig.send(Search(request_id=7, text="btc", limit=3))
        await rig.settle()
        rig.send(Search(request_id=8, text="zzzzzz"))
        await rig.advance(1.0)

        answers = {event.request_id: event.matches for event in rig.told(SearchResults)}
        assert SIM == answers[7][0].fqme
        assert () == answers[8]


async def test_a_playback_that_does_not_run_cannot_be_moved(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        rig.play("pause", broker="replay")
        rig.play("pause", broker="sim")
        await rig.settle()

        assert ["playback", "playback"] == [event.command for event in rig.told(CommandRefused)]


async def test_an_order_command_goes_to_the_router(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        await rig.watch(SIM)
        await rig.submit("buy", "1", account="nobody")
        await rig.advance(1.0)

        assert "denied" == rig.told(OrderUpdate)[-1].order.state
        assert "there is no account 'nobody'" in rig.told(OrderUpdate)[-1].order.reason


async def test_a_slow_market_does_not_hold_up_the_others_for_long(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock) as rig:
        sim = await rig.engine.venues.get("sim")
        instrument = sim.instrument

        async def slow(fqme: str) -> object:
            if fqme == SIM:
                await trio.sleep(60)
            return await instrument(fqme)

        sim.instrument = slow  # type: ignore[method-assign, assignment]
        rig.send(Watch(fqmes=(SIM, "acme.stock.sim", "eurusd.fx.sim")))
        await rig.advance(2.0)

        opened = {event.instrument.fqme for event in rig.told(FlumeOpened)}
        assert {"acme.stock.sim", "eurusd.fx.sim"} == opened
