from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.feed.feed import open_feed
from engine.feed.history import LATE_S, LATE_TRIES
from engine.feed.ladder import SKEW_NS
from engine.feed.sampler import Backfill
from engine.messages import Break, ConnectionStatus, Trade
from tests.support.feeding import Feeding, open_feeding
from tests.support.market_truth import (
    FQME,
    START_NS,
    Bars,
    TruthBroker,
    plain_bars,
    random_trades,
    traded_bars,
)

HOUR_NS = 3600 * NANOS

BEFORE_S, AFTER_S = 40_000, 1500
"""The scripted market: so long before its feed is opened, and so long after."""


def market(seed: int = 1, every_s: float = 7.0) -> list[Trade]:
    return random_trades(
        seed, START_NS - BEFORE_S * NANOS, START_NS + AFTER_S * NANOS, every_s, FQME
    )


def past(trades: list[Trade], now_ns: int) -> list[Trade]:
    return [trade for trade in trades if trade.venue_ns <= now_ns]


def newest(bars: Bars, series: Series) -> Bars:
    """The part of `bars` that a series of this length should have."""
    return {time_ns: bar for time_ns, bar in bars.items() if time_ns >= series.time_ns[0]}


async def until_loaded(feeding: Feeding, period_s: int) -> None:
    flume = feeding.hub._flumes[FQME]
    with trio.fail_after(600):
        while flume.is_loading(period_s):  # noqa: ASYNC110 - a flag for people, without an event
            await trio.sleep(0.05)


# -- history and live bars join exactly ----------------------------------------------------------


@pytest.mark.parametrize("skew_s", [0.0, 1.2, -1.2], ids=["in step", "ahead", "behind"])
@pytest.mark.parametrize(
    ("period_s", "native_s"),
    [
        (1, (1, 60)),
        (60, (60,)),
        (300, (60, 300)),
        (900, (1, 60, 3600)),
        (3600, (60,)),
        (14400, (60, 900)),
        (86400, (60, 3600)),
    ],
)
async def test_history_and_live_bars_join_without_gap_or_double(
    period_s: int, native_s: tuple[int, ...], skew_s: float, autojump_clock: MockClock
) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=native_s, skew_ns=round(skew_s * NANOS)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        await trio.sleep(17.3)
        series = await feed.flumes[FQME].open_series(period_s, 300)
        await trio.sleep(400)

        seen = past(trades, feeding.clock.now_ns() + round(skew_s * NANOS))
        whole = newest(plain_bars(seen, period_s), series)
        assert len(series) >= min(300, BEFORE_S // period_s)
        assert whole == traded_bars(series.columns())


async def test_bars_are_right_at_any_moment_once_the_seam_is_closed(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=1.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(300, 50)
        await trio.sleep(120 + 2 * SKEW_NS / NANOS)
        for _ in range(200):
            await trio.sleep(3.7)
            seen = past(trades, feeding.clock.now_ns())
            assert newest(plain_bars(seen, 300), series) == traded_bars(series.columns())


async def test_the_open_bar_is_whole_from_the_start_but_for_the_seam(
    autojump_clock: MockClock,
) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(1, 60)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(86400, 2)
        await until_loaded(feeding, 86400)

        seen = past(trades, feeding.clock.now_ns() - 2 * SKEW_NS)
        known = plain_bars(seen, 86400)
        assert series.volume[-1] >= known[int(series.time_ns[-1])][4]


async def test_a_period_opened_later_is_joined_to_what_was_sampled_meanwhile(
    autojump_clock: MockClock,
) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        await flume.open_series(60, 100)
        await trio.sleep(333)
        series = await flume.open_series(300, 100)
        await until_loaded(feeding, 300)
        await trio.sleep(1)

        seen = past(trades, feeding.clock.now_ns())
        assert newest(plain_bars(seen, 300), series) == traded_bars(series.columns())


async def test_a_period_without_history_is_made_of_a_shorter_one_that_was_sampled(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=0.5)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        await flume.open_series(1, 100)
        opened_ns = feeding.clock.now_ns()
        await trio.sleep(30.2)
        series = await flume.open_series(5, 100)
        await trio.sleep(10)

        heard = [
            trade for trade in past(trades, feeding.clock.now_ns()) if trade.venue_ns > opened_ns
        ]
        assert plain_bars(heard, 5) == traded_bars(series.columns())
        assert not flume.is_loading(5)
        assert not flume.has_more(5)


# -- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page_most", [1, 7, 1000])
async def test_pages_load_newest_first_until_there_are_enough(
    page_most: int, autojump_clock: MockClock
) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(60,), page_most=page_most) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        series = await flume.open_series(300, 40)
        assert flume.is_loading(300)
        assert not flume.has_more(60)
        starts: list[int] = []
        with feeding.sampler.listen(300) as listener:
            while flume.is_loading(300):
                change = await listener.receive()
                if isinstance(change, Backfill):
                    starts.append(change.start_ns)

        assert sorted(starts, reverse=True) == starts
        assert 40 <= len(series) <= 60  # a page of a sparse market spans more time
        assert flume.has_more(300)
        seen = past(trades, feeding.clock.now_ns() - 60 * NANOS)
        loaded = traded_bars(series.columns())
        for time_ns, bar in newest(plain_bars(seen, 300), series).items():
            if time_ns < feeding.clock.now_ns() - 400 * NANOS:
                assert bar == loaded[time_ns]


async def test_more_can_be_loaded_until_there_is_no_more(autojump_clock: MockClock) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        series = await flume.open_series(300, 10)
        await until_loaded(feeding, 300)
        counts = [len(series)]
        while flume.has_more(300):
            flume.load_more(300, 50)
            flume.load_more(300, 50)  # while it is loading, this does nothing
            assert flume.is_loading(300)
            await until_loaded(feeding, 300)
            counts.append(len(series))
        flume.load_more(300, 50)
        assert not flume.is_loading(300)
        await trio.sleep(200)

        assert all(after - before >= 50 for before, after in pairwise(counts[:-1]))
        seen = past(trades, feeding.clock.now_ns())
        assert plain_bars(seen, 300) == traded_bars(series.columns())


async def test_bars_that_were_dropped_are_loaded_again_when_they_are_wanted(
    autojump_clock: MockClock,
) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        series = await flume.open_series(60, 15)
        series.kept_bars = 20
        await until_loaded(feeding, 60)
        await trio.sleep(1400)
        assert series.trimmed_ns == series.time_ns[0]
        assert 20 <= len(series) <= 25

        flume.load_more(60, 100)
        await until_loaded(feeding, 60)
        assert len(series) >= 120
        assert not series.trimmed_ns
        while flume.has_more(60):
            flume.load_more(60, 100)
            await until_loaded(feeding, 60)

        seen = past(trades, feeding.clock.now_ns())
        assert plain_bars(seen, 60) == traded_bars(series.columns())


async def test_a_busy_venue_is_asked_again(autojump_clock: MockClock) -> None:
    trades = market()
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        feeding.broker.fail_history = 3
        series = await feed.flumes[FQME].open_series(60, 100)
        await trio.sleep(2)
        assert len(series) < 10
        assert feed.flumes[FQME].is_loading(60)
        await trio.sleep(120)

        seen = past(trades, feeding.clock.now_ns())
        assert len(series) >= 100
        assert newest(plain_bars(seen, 60), series) == traded_bars(series.columns())


async def test_a_venue_that_stays_down_leaves_the_live_bars_alone(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=0.5)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        feeding.broker.fail_history = 10**9
        series = await feed.flumes[FQME].open_series(60, 100)
        await trio.sleep(200)
        assert not feed.flumes[FQME].is_loading(60)
        assert len(series) == 4
        feeding.broker.fail_history = 0
        await trio.sleep(200)

        seen = past(trades, feeding.clock.now_ns())
        assert newest(plain_bars(seen, 60), series) == traded_bars(series.columns())


async def test_a_period_that_the_broker_takes_back_is_not_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding({FQME: market()}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        feeding.broker.serves_s = ()
        await feed.flumes[FQME].open_series(60, 100)
        await trio.sleep(500)

        assert not feed.flumes[FQME].is_loading(60)
        assert not feed.flumes[FQME].has_more(60)
        assert 1 == len(feeding.broker.asked)


async def test_a_broker_without_history_has_live_bars(autojump_clock: MockClock) -> None:
    trades = market(every_s=0.5)
    async with (
        open_feeding({FQME: trades}, has_history=False) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(60, 100)
        assert not feed.flumes[FQME].is_loading(60)
        await trio.sleep(200)

        assert len(series) == 4
        assert [] == feeding.broker.asked


async def test_opening_a_series_twice_asks_once(autojump_clock: MockClock) -> None:
    async with (
        open_feeding({FQME: market()}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
        open_feed(feeding.hub, [FQME], throttle_hz=5) as other,
    ):
        first = await feed.flumes[FQME].open_series(60, 100)
        second = await other.flumes[FQME].open_series(60, 100)
        await until_loaded(feeding, 60)
        asked = len(feeding.broker.asked)
        await other.flumes[FQME].open_series(60, 100)
        await trio.sleep(0.5)

        assert first is second
        assert asked == len(feeding.broker.asked)


# -- venues that are late, or whose clock is another ----------------------------------------------


class FarOff(TruthBroker):
    """A venue whose clock is far ahead of ours, or behind it, and that says so."""

    def connections(self) -> list[ConnectionStatus]:
        return [
            ConnectionStatus(
                broker=self.name,
                name="rest",
                state="live",
                since_ns=0,
                clock_offset_ms=self.skew_ns / 1e6,
            )
        ]


@pytest.mark.parametrize("skew_s", [40.0, -40.0], ids=["ahead", "behind"])
@pytest.mark.parametrize("period_s", [60, 300])
async def test_bars_join_at_a_venue_whose_clock_is_far_off(
    period_s: int, skew_s: float, autojump_clock: MockClock
) -> None:
    trades = market(every_s=1.0)
    skew_ns = round(skew_s * NANOS)
    async with open_feeding({}) as feeding:
        feeding.broker = FarOff(feeding.clock, {FQME: trades}, skew_ns=skew_ns)
        async with open_feed(feeding.hub, [FQME], throttle_hz=1) as feed:
            series = await feed.flumes[FQME].open_series(period_s, 50)
            await trio.sleep(400)
            feeding.broker.fail_stream()
            await trio.sleep(400)

            seen = past(trades, feeding.clock.now_ns() + skew_ns)
            assert newest(plain_bars(seen, period_s), series) == traded_bars(series.columns())


@pytest.mark.parametrize("lists_after_s", [8.0, 12.0])
async def test_a_venue_that_lists_a_bar_late_is_waited_for(
    lists_after_s: float, autojump_clock: MockClock
) -> None:
    trades = market(every_s=1.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        feeding.broker.lists_after_s = lists_after_s
        series = await feed.flumes[FQME].open_series(60, 50)
        await trio.sleep(200)

        seen = past(trades, feeding.clock.now_ns())
        assert newest(plain_bars(seen, 60), series) == traded_bars(series.columns())


async def test_a_venue_that_never_lists_a_bar_is_not_asked_for_ever(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=1.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(60, 50)
        await until_loaded(feeding, 60)
        feeding.broker.lists_after_s = 1e9
        await trio.sleep(60 + 2 * SKEW_NS / NANOS + LATE_TRIES * LATE_S)
        feeding.broker.asked.clear()
        await trio.sleep(100)

        assert [] == feeding.broker.asked
        assert series.volume[-2] > 0  # what came live stands


async def test_what_cannot_be_closed_yet_is_not_asked_for(autojump_clock: MockClock) -> None:
    async with (
        open_feeding({FQME: market()}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        await trio.sleep(20)  # in the middle of a minute
        await feed.flumes[FQME].open_series(60, 100)
        await until_loaded(feeding, 60)

        assert [100] == [limit for _, _, limit in feeding.broker.asked]


# -- breaks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("period_s", [1, 60, 300, 3600])
@pytest.mark.parametrize("outage_s", [3, 200])
async def test_bars_are_mended_after_the_stream_failed(
    period_s: int, outage_s: int, autojump_clock: MockClock
) -> None:
    trades = market(every_s=2.0)
    async with (
        open_feeding({FQME: trades}, native_s=(1, 60)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(period_s, 100)
        await trio.sleep(100)
        feeding.broker.open_delay_s = outage_s
        feeding.broker.fail_stream()
        await trio.sleep(outage_s + 200)

        seen = past(trades, feeding.clock.now_ns())
        assert 2 == feeding.broker.opened[FQME]
        assert newest(plain_bars(seen, period_s), series) == traded_bars(series.columns())


async def test_a_gap_that_the_broker_tells_of_is_mended_too(autojump_clock: MockClock) -> None:
    trades = market(every_s=2.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(60, 20)
        await trio.sleep(100)
        # A trade that came with the wrong size stands for anything that went wrong on the way.
        now_ns = feeding.clock.now_ns()
        feeding.bus.publish(FQME, [Trade(FQME, 1.0, 1e6, "", now_ns, now_ns)])
        feeding.bus.publish(FQME, [Break(FQME, "gap", now_ns, now_ns)])
        await trio.sleep(200)

        seen = past(trades, feeding.clock.now_ns())
        assert newest(plain_bars(seen, 60), series) == traded_bars(series.columns())


@pytest.mark.parametrize("back_s", [70, 400, 20_000])
async def test_after_a_seek_back_the_series_is_that_of_the_earlier_time(
    back_s: int, autojump_clock: MockClock
) -> None:
    trades = market(every_s=2.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        short, long = await flume.open_series(60, 100), await flume.open_series(900, 10)
        await trio.sleep(100)
        feeding.broker.seek(-back_s)
        at_ns = feeding.broker.now_ns()
        await trio.sleep(0.5)
        assert short.time_ns[-1] <= at_ns
        await trio.sleep(200)

        seen = past(trades, feeding.broker.now_ns())
        for series in (short, long):
            made = traded_bars(series.columns())
            assert newest(plain_bars(seen, series.period_s), series) == made
            assert len(made) >= 10


async def test_after_a_seek_ahead_history_fills_what_was_passed_over(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=2.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(60, 100)
        await trio.sleep(100)
        feeding.broker.seek(700)
        await trio.sleep(200)

        seen = past(trades, feeding.broker.now_ns())
        assert newest(plain_bars(seen, 60), series) == traded_bars(series.columns())


async def test_closed_bars_of_the_seam_show_before_it_is_closed(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=0.5)
    async with (
        open_feeding({FQME: trades}, native_s=(1,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        series = await feed.flumes[FQME].open_series(1, 100)
        await until_loaded(feeding, 1)
        await trio.sleep(0.5)

        now_ns = feeding.clock.now_ns()
        whole = plain_bars(past(trades, now_ns), 1)
        recent = {
            time_ns: bar
            for time_ns, bar in whole.items()
            if now_ns - 60 * NANOS < time_ns <= now_ns - 2 * NANOS
        }
        made = traded_bars(series.columns())
        assert recent == {time_ns: made[time_ns] for time_ns in recent}


async def test_at_the_end_of_a_playback_the_seam_is_closed_at_once(
    autojump_clock: MockClock,
) -> None:
    trades = market(every_s=2.0)
    async with (
        open_feeding({FQME: trades}, native_s=(60,)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=1) as feed,
    ):
        flume = feed.flumes[FQME]
        series = await flume.open_series(300, 20)
        await trio.sleep(42)  # its minute is over, but not yet told for sure
        feeding.broker.stop_time()
        feeding.bus.publish(FQME, [Break(FQME, "end")])
        await trio.sleep(5)

        now_ns = feeding.broker.now_ns()
        closed_ns = now_ns - now_ns % (60 * NANOS)
        made = traded_bars(series.columns())
        whole = plain_bars([one for one in trades if one.venue_ns < closed_ns], 300)
        last_ns = max(whole)
        assert made[last_ns][4] >= whole[last_ns][4]
        del made[last_ns], whole[last_ns]
        assert newest(whole, series) == {
            time_ns: bar for time_ns, bar in made.items() if time_ns in whole
        }
