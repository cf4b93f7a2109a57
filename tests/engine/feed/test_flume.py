"""One open market: its present, its series, and how it is."""

from __future__ import annotations

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.clock import NANOS
from engine.feed.feed import STALE_AFTER_S, open_feed
from engine.messages import Ask, Bid, Break, PlaybackStatus, Quote, Trade
from tests.support.feeding import markets, open_feeding, status_of
from tests.support.market_truth import FQME, START_NS


async def test_the_quote_follows_the_ticks(autojump_clock: MockClock) -> None:
    async with (
        open_feeding({FQME: [Trade(FQME, 50.0, 1.0, "", START_NS - NANOS)]}) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        now_ns = feeding.clock.now_ns()
        before = feed.flumes[FQME].quote
        feeding.bus.publish(FQME, [Bid(FQME, 49.0, 2.0, now_ns, now_ns)])
        feeding.bus.publish(
            FQME,
            [
                Ask(FQME, 51.0, 3.0, now_ns, now_ns),
                Trade(FQME, 51.0, 0.5, "buy", now_ns, now_ns + 1),
            ],
        )
        after = feed.flumes[FQME].quote
        feeding.bus.publish(FQME, [Bid(FQME, 49.0, 0.0, now_ns, now_ns + 2)])

        assert 50.0 == before.last
        assert before.bid is None
        assert after == Quote(
            fqme=FQME,
            last=51.0,
            last_size=0.5,
            bid=49.0,
            bid_size=2.0,
            ask=51.0,
            ask_size=3.0,
            venue_ns=now_ns,
            recv_ns=now_ns + 1,
        )
        assert feed.flumes[FQME].quote.bid is None
        assert 49.0 == after.bid, "a quote that was taken does not change"


async def test_the_day_s_volume_grows_with_the_trades(autojump_clock: MockClock) -> None:
    async with (
        open_feeding({FQME: [Trade(FQME, 50.0, 1.0, "", START_NS - NANOS)]}) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        flume, now_ns = feed.flumes[FQME], feeding.clock.now_ns()
        flume.set_quote(msgspec.structs.replace(flume.quote, day_open=40.0, day_volume=100.0))
        feeding.bus.publish(FQME, [Trade(FQME, 51.0, 2.5, "", now_ns, now_ns)])
        # A playback states its last price anew as a trade of nothing.
        feeding.bus.publish(FQME, [Trade(FQME, 51.0, 0.0, "", now_ns, now_ns, "", 0)])

        assert (40.0, 102.5, 2.5) == (
            flume.quote.day_open,
            flume.quote.day_volume,
            flume.quote.last_size,
        )


async def test_age_and_delay_are_in_the_market_s_time(autojump_clock: MockClock) -> None:
    async with (
        open_feeding({FQME: [Trade(FQME, 50.0, 1.0, "", START_NS - NANOS)]}) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        now_ns = feeding.clock.now_ns()
        feeding.bus.publish(FQME, [Bid(FQME, 1.0, 1.0, now_ns - 80_000_000, now_ns)])
        await trio.sleep(7)
        behind = status_of(feeding)
        feeding.bus.publish(FQME, [Bid(FQME, 1.0, 1.0, now_ns + 8 * NANOS, now_ns + 7 * NANOS)])
        ahead = status_of(feeding)
        await trio.sleep(STALE_AFTER_S + 1)
        old = status_of(feeding)

        assert behind is not None
        assert (7.0, 80.0, "live") == (behind.age_s, behind.delay_ms, behind.state)
        assert ahead is not None
        assert (0.0, None, "live") == (ahead.age_s, ahead.delay_ms, ahead.state)
        assert old is not None
        assert "stale" == old.state


@pytest.mark.parametrize(("speed", "state"), [(1.0, "stale"), (20.0, "live"), (0.0, "live")])
async def test_a_fast_playback_ages_no_faster_for_who_looks_on(
    autojump_clock: MockClock, speed: float, state: str
) -> None:
    async with (
        open_feeding({FQME: [Trade(FQME, 50.0, 1.0, "", START_NS - NANOS)]}) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        feeding.broker.played = PlaybackStatus(
            broker="truth", position_ns=0, start_ns=0, end_ns=0, speed=speed
        )
        now_ns = feeding.clock.now_ns()
        feeding.bus.publish(FQME, [Bid(FQME, 1.0, 1.0, now_ns, now_ns)])
        await trio.sleep(STALE_AFTER_S + 1)
        seen = status_of(feeding)

        assert seen is not None
        assert state == seen.state


async def test_an_ended_playback_is_ended_until_it_is_moved(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        states: list[str] = []
        now_ns = feeding.clock.now_ns()
        for ticks in (
            [Break(FQME, "end", now_ns, now_ns)],
            [Break(FQME, "seek", now_ns, now_ns)],
            [Bid(FQME, 1.0, 1.0, now_ns, now_ns)],
        ):
            feeding.bus.publish(FQME, ticks)
            status = status_of(feeding)
            assert status is not None
            states.append(status.state)

        assert ["ended", "live", "live"] == states


async def test_counters_of_the_bus_are_in_the_status(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        for _ in range(10):
            await feed.receive()
        status = status_of(feeding)

        assert status is not None
        assert 10 == status.framed == feed.statistics().framed
        assert status.received >= feed.statistics().received > 20
