from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.errors import BrokerError, BrokerUnavailable, UnknownSymbol, UsageError
from engine.feed.feed import GRACE_S, STALE_AFTER_S, Feed, open_feed
from engine.messages import Ask, Bid, Break, FeedStatus, Frame, Match, PlaybackStatus, Quote, Trade
from tests.support.feeding import Feeding, open_feeding
from tests.support.market_truth import FQME, START_NS, TruthBroker, random_trades

OTHER = "bbb.spot.truth"


def markets(every_s: float = 2.0) -> dict[str, list[Trade]]:
    return {
        fqme: random_trades(seed, START_NS - 60 * NANOS, START_NS + 600 * NANOS, every_s, fqme)
        for seed, fqme in enumerate((FQME, OTHER))
    }


def status_of(feeding: Feeding, fqme: str = FQME) -> FeedStatus | None:
    return next((one for one in feeding.hub.statuses() if one.fqme == fqme), None)


async def breaks_until(feed: Feed, seconds: float) -> list[str]:
    """Reasons of the breaks that come within this time."""
    reasons: list[str] = []
    with trio.move_on_after(seconds):
        while True:
            frame = await feed.receive()
            reasons += [tick.reason for tick in frame.ticks.get("break", ())]  # type: ignore[union-attr]
    return reasons


# -- opening ----------------------------------------------------------------------------------


async def test_a_feed_is_ready_with_details_and_a_last_price_before_any_history(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        flume = feed.flumes[FQME]

        assert FQME == flume.fqme == flume.instrument.fqme == flume.quote.fqme
        assert flume.quote.last > 0
        assert [] == feeding.broker.asked
        assert flume.quote == feeding.hub.quote_of(FQME)
        assert flume.instrument == feeding.hub.instrument_of(FQME)
        assert feeding.clock.now_ns() == feeding.hub.now_ns_of(FQME)
        assert FQME == (await feed.receive()).fqme


async def test_nothing_is_known_of_markets_that_are_not_open(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding:
        assert feeding.hub.quote_of(FQME) is None
        assert feeding.hub.instrument_of(FQME) is None
        assert feeding.hub.now_ns_of(FQME) is None
        assert () == feeding.hub.statuses()


async def test_opens_at_the_same_time_share_one_stream(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding, trio.open_nursery() as nursery:
        frames: list[Frame] = []

        async def read() -> None:
            async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
                frames.append(await feed.receive())

        for _ in range(5):
            nursery.start_soon(read)
        await trio.sleep(30)

        assert 5 == len(frames)
        assert {FQME: 1} == feeding.broker.opened


async def test_several_markets_open_at_once_and_not_one_after_the_other(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        began_s = trio.current_time()
        async with open_feed(feeding.hub, [FQME, OTHER, FQME], throttle_hz=10) as feed:
            assert {FQME, OTHER} == set(feed.flumes)
            assert 0.2 == pytest.approx(trio.current_time() - began_s)


async def test_an_unknown_symbol_is_refused_and_leaves_nothing_behind(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        with pytest.raises(UnknownSymbol, match="not listed"):
            async with open_feed(feeding.hub, [FQME, "zzz.spot.truth"], throttle_hz=10):
                pass
        await trio.sleep(GRACE_S + 1)

        assert () == feeding.hub.statuses()
        assert () == feeding.bus.statistics().topics
        assert () == feeding.bus.statistics().subscriptions
        assert set() == feeding.broker.streaming


async def test_what_is_no_market_name_is_refused_before_any_broker_is_asked(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
    ):
        with pytest.raises(UsageError, match="not a market name"):
            await feed.add("no spaces.in names")

        assert [] == feeding.asked_brokers
        assert () == feeding.hub.statuses()


async def test_a_bug_of_a_broker_while_opening_is_an_error_of_that_market_only(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:

        async def buggy(fqme: str) -> None:
            raise ZeroDivisionError("oops")

        feeding.broker.instrument = buggy  # type: ignore[assignment,method-assign]
        async with open_feed(feeding.hub, [], throttle_hz=10) as feed:
            with pytest.raises(BrokerError, match=r"aaa\.spot\.truth cannot be opened: oops"):
                await feed.add(FQME)


# -- readers come and go ----------------------------------------------------------------------


async def test_who_comes_back_within_the_grace_time_finds_the_market_open(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            flume = feed.flumes[FQME]
            series = await flume.open_series(60, 10)
        for _ in range(5):
            await trio.sleep(GRACE_S - 0.1)
            async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
                assert feed.flumes[FQME] is flume
                assert await feed.flumes[FQME].open_series(60, 10) is series

        assert {FQME: 1} == feeding.broker.opened


async def test_a_market_closes_after_the_grace_time_and_opens_anew(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            flume = feed.flumes[FQME]
            await flume.open_series(60, 10)
        await trio.sleep(GRACE_S + 0.1)

        assert set() == feeding.broker.streaming
        assert feeding.sampler.series(FQME, 60) is None
        assert () == feeding.hub.statuses()
        with pytest.raises(BrokerError, match="is closed"):
            await flume.open_series(60, 10)

        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            assert feed.flumes[FQME] is not flume
            assert not feed.flumes[FQME].is_closed
        assert {FQME: 2} == feeding.broker.opened


@pytest.mark.parametrize("offset_s", [-1e-9, 0.0, 1e-9])
async def test_who_comes_just_when_the_grace_time_ends_gets_an_open_market(
    offset_s: float, autojump_clock: MockClock
) -> None:
    async with open_feeding(markets()) as feeding:
        async with open_feed(feeding.hub, [FQME], throttle_hz=10):
            pass
        await trio.sleep(GRACE_S + offset_s)
        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            assert not feed.flumes[FQME].is_closed
            await trio.sleep(2 * GRACE_S)
            assert {FQME} == feeding.broker.streaming
            assert FQME == (await feed.receive()).fqme


async def test_one_reader_leaving_takes_nothing_from_the_others(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as stays,
    ):
        async with open_feed(feeding.hub, [FQME], throttle_hz=10):
            pass
        await trio.sleep(3 * GRACE_S)

        assert {FQME: 1} == feeding.broker.opened
        assert FQME == (await stays.receive()).fqme


async def test_markets_are_added_to_and_removed_from_a_feed(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        first = await feed.add(OTHER)
        assert await feed.add(OTHER) is first
        seen = {(await feed.receive()).fqme for _ in range(20)}
        assert {FQME, OTHER} == seen

        await feed.remove(OTHER)
        await feed.remove(OTHER)
        assert {FQME} == {(await feed.receive()).fqme for _ in range(20)}
        await trio.sleep(GRACE_S + 1)
        assert {FQME} == feeding.broker.streaming


async def test_adding_a_market_twice_at_the_same_time_counts_it_once(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(feed.add, FQME)
            nursery.start_soon(feed.add, FQME)
        await feed.remove(FQME)
        await trio.sleep(GRACE_S + 1)

        assert set() == feeding.broker.streaming


async def test_a_market_removed_while_it_opens_does_not_stay_open(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [], throttle_hz=10) as feed,
        trio.open_nursery() as nursery,
    ):
        refused: list[str] = []

        async def add() -> None:
            with pytest.raises(BrokerError) as caught:
                await feed.add(FQME)
            refused.append(str(caught.value))

        nursery.start_soon(add)
        await wait_all_tasks_blocked()
        assert ["opening"] == [one.state for one in feeding.hub.statuses()]
        await feed.remove(FQME)
        await trio.sleep(GRACE_S + 1)

        assert [f"{FQME} was closed while it was being opened"] == refused
        assert set() == feeding.broker.streaming


async def test_an_open_that_is_cancelled_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding:
        feeding.broker.open_delay_s = 100
        with trio.move_on_after(1):
            async with open_feed(feeding.hub, [FQME], throttle_hz=10):
                pass
        await wait_all_tasks_blocked()

        assert () == feeding.hub.statuses()
        status = feeding.services.status(f"feed {FQME}")
        assert status is not None
        assert "stopped" == status.state


async def test_a_paused_feed_is_silent_and_goes_on(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await feed.receive()
        feed.pause()
        with trio.move_on_after(30) as scope:
            await feed.receive()
        assert scope.cancelled_caught
        feed.resume()
        assert FQME == (await feed.receive()).fqme


async def test_closing_a_feed_ends_a_receive_that_waits(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding, trio.open_nursery() as nursery:
        ended: list[str] = []

        async def read(feed: Feed) -> None:
            async for _ in feed:
                pass
            ended.append("yes")

        async with open_feed(feeding.hub, [FQME], throttle_hz=10) as feed:
            nursery.start_soon(read, feed)
            await trio.sleep(5)
        await wait_all_tasks_blocked()

        assert ["yes"] == ended


# -- the stream fails -------------------------------------------------------------------------


async def test_a_stream_that_fails_is_begun_anew_and_readers_are_told(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await trio.sleep(3)
        feeding.broker.fail_stream()
        await trio.sleep(0.3)
        status = status_of(feeding)
        assert status is not None
        assert "stale" == status.state

        assert ["stale", "gap"] == [
            reason for reason in await breaks_until(feed, 10) if reason in ("stale", "gap")
        ]
        status = status_of(feeding)
        assert status is not None
        assert "live" == status.state
        assert {FQME: 2} == feeding.broker.opened
        assert [FQME.rpartition(".")[2]] * 2 == feeding.asked_brokers


async def test_a_stream_that_ends_by_itself_is_begun_anew_too(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        feeding.broker.end_stream()

        assert "gap" in await breaks_until(feed, 10)
        assert {FQME: 2} == feeding.broker.opened


async def test_failures_in_a_row_are_retried_ever_more_rarely(autojump_clock: MockClock) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10),
    ):
        begins: list[float] = []
        stream = feeding.broker.stream

        async def failing(*args: object, **options: object) -> None:
            begins.append(trio.current_time())
            raise BrokerUnavailable("no route")

        feeding.broker.stream = failing  # type: ignore[method-assign,assignment]
        feeding.broker.fail_stream()
        await trio.sleep(20)
        waits = [round(after - before, 3) for before, after in pairwise(begins)]
        assert [1.0, 2.0, 4.0, 8.0] == waits
        feeding.broker.stream = stream  # type: ignore[method-assign]
        await trio.sleep(20)

        assert {FQME} == feeding.broker.streaming


async def test_a_market_that_is_no_longer_listed_fails_for_good(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):
        await trio.sleep(3)
        feeding.broker.unknown.add(FQME)
        feeding.broker.fail_stream()

        assert ["end"] == [one for one in await breaks_until(feed, 60) if one == "end"]
        status = status_of(feeding)
        assert status is not None
        assert "failed" == status.state
        assert 2 == feeding.broker.opened[FQME]
        async with open_feed(feeding.hub, [], throttle_hz=10) as other:
            with pytest.raises(BrokerError, match="not listed"):
                await other.add(FQME)


async def test_a_tap_that_fails_is_logged_and_costs_the_market_nothing(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_feeding(markets(0.3)) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
    ):

        def fail(fqme: str, ticks: object) -> None:
            raise ValueError("our bug")

        feeding.bus.add_tap(fail)
        await trio.sleep(20)

        assert {FQME: 1} == feeding.broker.opened
        assert FQME == (await feed.receive()).fqme
        logged = [record for record in caplog.records if record.exc_info]
        assert "our bug" in str(logged[0].exc_info)
        assert 3 <= len(logged) <= 8, "a bug on every tick must not fill the disk"


# -- the present ------------------------------------------------------------------------------


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


# -- search -----------------------------------------------------------------------------------


async def test_search_asks_the_brokers_given_or_those_in_use(autojump_clock: MockClock) -> None:
    async with open_feeding(markets()) as feeding:
        assert [] == await feeding.hub.search("aaa")
        given = await feeding.hub.search("aaa", 5, [feeding.broker])  # type: ignore[list-item]
        async with open_feed(feeding.hub, [OTHER], throttle_hz=10):
            used = await feeding.hub.search("aaa")

        assert [Match(fqme=FQME, broker="truth")] == given == used


async def test_a_broker_that_fails_hangs_or_cannot_search_adds_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_feeding(markets()) as feeding:
        broken = TruthBroker(feeding.clock, markets())
        mute = TruthBroker(feeding.clock, markets())
        mute.capabilities = Capabilities(has_market_data=True)

        async def failing(text: str, limit: int) -> list[Match]:
            raise BrokerUnavailable("no route")

        broken.search = failing  # type: ignore[method-assign,assignment]
        found = await feeding.hub.search("bbb", 5, [broken, mute, feeding.broker])  # type: ignore[list-item]
        assert [Match(fqme=OTHER, broker="truth")] == found

        feeding.broker.open_delay_s = 1000
        began_s = trio.current_time()
        assert [] == await feeding.hub.search("bbb", 5, [feeding.broker])  # type: ignore[list-item]
        assert trio.current_time() - began_s < 10
