"""One open market: its present, its series, and how it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from engine.broker import Capabilities
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerError, UsageError
from engine.feed.feed import STALE_AFTER_S, open_feed
from engine.feed.flume import Flume
from engine.feed.topics import Topic
from engine.messages import Ask, Bid, Book, Break, PlaybackStatus, Quote, Trade
from tests.support.feeding import markets, open_feeding, status_of
from tests.support.market_truth import FQME, START_NS, TruthBroker, instrument

# -- in a running feed -------------------------------------------------------------------------


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


# -- by itself ---------------------------------------------------------------------------------

QUOTE = Quote(fqme=FQME, last=50.0, last_size=1.0, venue_ns=START_NS, recv_ns=START_NS)
NOTHING = Topic(FQME).statistics()


def flume(quote: Quote = QUOTE) -> Flume:
    """A market that was just opened, at a broker whose time stands."""
    broker = TruthBroker(TrioClock(START_NS), {})
    broker.stop_time()
    return Flume(broker, instrument(), quote)  # type: ignore[arg-type]


def at(seconds: float) -> int:
    return START_NS + round(seconds * NANOS)


def broke(reason: Any, seconds: float) -> Break:
    return Break(FQME, reason, at(seconds), at(seconds))


def state(of: Flume, after_s: float = STALE_AFTER_S) -> str:
    return of.status(NOTHING, after_s).state


async def test_the_quote_that_a_stream_began_with_is_the_present_until_a_tick_comes() -> None:
    full = Quote(
        fqme=FQME,
        last=50.0,
        last_size=2.0,
        bid=49.0,
        bid_size=3.0,
        ask=51.0,
        ask_size=4.0,
        day_open=40.0,
        day_volume=9.0,
        venue_ns=START_NS - 1,
        recv_ns=START_NS,
    )
    made = flume(full)
    assert made.quote is full
    made.on_ticks([Bid(FQME, 49.5, 1.0, START_NS, START_NS + 1)])

    expected = msgspec.structs.replace(
        full, bid=49.5, bid_size=1.0, venue_ns=START_NS, recv_ns=START_NS + 1
    )
    assert made.quote == expected


async def test_an_empty_side_has_no_price_and_no_size() -> None:
    made = flume()
    made.on_ticks([Bid(FQME, 49.0, 1.0), Ask(FQME, 51.0, 1.0)])
    made.on_ticks([Bid(FQME, 0.0, 0.0), Ask(FQME, 0.0, 0.0)])

    assert (made.quote.bid, made.quote.bid_size) == (None, 0.0)
    assert (made.quote.ask, made.quote.ask_size) == (None, 0.0)


async def test_a_volume_that_is_not_known_stays_unknown() -> None:
    made = flume()
    made.on_ticks([Trade(FQME, 51.0, 2.0)])

    assert made.quote.day_volume is None


async def test_a_book_makes_the_market_newer_and_its_best_prices_no_other() -> None:
    made = flume()
    made.on_ticks([Book(FQME, ((1.0, 1.0),), (), at(1), at(2))])

    assert (made.quote.venue_ns, made.quote.recv_ns) == (at(1), at(2))
    assert made.quote.bid is None


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("stale", "stale"), ("end", "ended"), ("gap", "live"), ("resync", "live"), ("seek", "live")],
)
async def test_a_break_is_the_state_until_a_tick_comes(reason: str, expected: str) -> None:
    made = flume()
    made.on_ticks([broke(reason, 0)])
    assert state(made) == expected
    made.on_ticks([Trade(FQME, 1.0, 1.0, "", at(0), at(0))])

    assert state(made) == "live"
    assert made.broken_ns is None


async def test_a_break_makes_nothing_newer() -> None:
    made = flume()
    made.on_ticks([broke("gap", 100)])

    assert made.quote == QUOTE


@pytest.mark.parametrize(
    ("breaks", "since_s"),
    [
        ([broke("stale", 7)], 0),  # nothing came since the last tick
        ([broke("gap", 7), broke("stale", 9)], 0),
        ([broke("stale", -3)], -3),  # its time is that of the market, which was moved back
        ([broke("resync", 7)], None),
        ([broke("stale", 7), broke("seek", 8)], None),
    ],
)
async def test_the_stream_is_broken_since_its_last_tick(
    breaks: list[Break], since_s: float | None
) -> None:
    made = flume()
    made.on_ticks(breaks)

    assert made.broken_ns == (None if since_s is None else at(since_s))


async def test_a_stream_that_never_ticked_is_broken_since_it_was_said() -> None:
    made = flume(Quote(fqme=FQME, last=1.0))
    made.on_ticks([broke("stale", 7)])

    assert made.broken_ns == at(7)
    assert made.status(NOTHING, STALE_AFTER_S).age_s is None


async def test_a_market_that_was_moved_does_not_know_what_was_traded_up_to_there() -> None:
    made = flume(msgspec.structs.replace(QUOTE, day_open=40.0, day_volume=9.0))
    made.on_ticks([broke("seek", -50), Trade(FQME, 48.0, 2.0, "", at(-50), at(-50))])

    assert (made.quote.day_open, made.quote.day_volume) == (40.0, None)


async def test_a_stream_lost_for_good_has_failed_whatever_else_is_the_case() -> None:
    made = flume()
    made.on_ticks([broke("end", 0)])
    made.failure = "it is not listed"

    assert state(made) == "failed"


async def test_a_market_is_live_up_to_the_age_at_which_it_is_stale() -> None:
    made = flume(msgspec.structs.replace(QUOTE, recv_ns=at(-5)))

    assert (state(made, 5.0), state(made, 4.999)) == ("live", "stale")
    assert made.status(NOTHING, 1.0).age_s == 5.0


async def test_a_delay_is_told_only_where_the_venue_gave_a_time_before_ours() -> None:
    made = flume()
    delays = []
    for venue_ns in (at(0) - 1_500_000, 0, at(1), at(0)):
        made.on_ticks([Bid(FQME, 1.0, 1.0, venue_ns, at(0))])
        delays.append(made.status(NOTHING, 1.0).delay_ms)

    assert delays == [1.5, None, None, None]


async def test_a_market_that_is_closed_has_no_series() -> None:
    made = flume()
    made.close()

    assert made.is_closed
    assert (made.is_loading(60), made.has_more(60)) == (False, False)
    with pytest.raises(BrokerError, match="is closed"):
        await made.open_series(60)
    with pytest.raises(BrokerError, match="is closed"):
        made.load_more(60)


async def test_the_series_of_a_market_are_shared_by_its_readers_until_it_is_closed(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_feeding(markets()) as feeding,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as feed,
        open_feed(feeding.hub, [FQME], throttle_hz=10) as other,
    ):
        first = await feed.flumes[FQME].open_series(60, 1)
        assert await other.flumes[FQME].open_series(60, 1) is first
        with pytest.raises(UsageError):
            await feed.flumes[FQME].open_series(0)


quotes = st.one_of(
    st.builds(Bid, st.just(FQME), st.floats(1, 99), st.sampled_from([0.0, 1.0, 2.0])),
    st.builds(Ask, st.just(FQME), st.floats(1, 99), st.sampled_from([0.0, 1.0, 2.0])),
    st.builds(Trade, st.just(FQME), st.floats(1, 99), st.sampled_from([0.0, 1.0, 2.0])),
)


@given(st.lists(quotes, max_size=12), st.data())
def test_how_ticks_are_batched_changes_nothing(ticks: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(ticks)))

    async def fold(*batches: list[Any]) -> Quote:
        made = flume(msgspec.structs.replace(QUOTE, day_volume=0.0))
        for batch in batches:
            made.on_ticks(batch)
            assert made.quote is made.quote, "it is built once"
        return made.quote

    whole = trio.run(fold, ticks)
    assert trio.run(fold, ticks[:cut], ticks[cut:]) == whole
    traded = [tick for tick in ticks if isinstance(tick, Trade)]
    assert whole.last == (traded[-1].price if traded else 50.0)
    assert whole.day_volume == sum(tick.size for tick in traded)


@pytest.mark.parametrize(
    ("has_depth", "can_play", "wanted"),
    [(True, False, "syncing"), (False, False, ""), (True, True, "")],
)
def test_a_book_is_waited_for_where_the_venue_has_one(
    has_depth: bool, can_play: bool, wanted: str
) -> None:
    broker = TruthBroker(TrioClock(START_NS), {FQME: []})
    broker.capabilities = Capabilities(has_depth=has_depth, can_play=can_play)
    flume = Flume(broker, instrument(FQME), Quote(fqme=FQME, last=1.0))  # type: ignore[arg-type]

    assert wanted == flume.status(Topic(FQME).statistics(), 10.0).book


def test_the_book_follows_what_the_stream_says_of_it() -> None:
    broker = TruthBroker(TrioClock(START_NS), {FQME: []})
    flume = Flume(broker, instrument(FQME), Quote(fqme=FQME, last=1.0))  # type: ignore[arg-type]
    whole = Book(FQME, ((1.0, 1.0),), ((2.0, 1.0),), is_snapshot=True)
    told = []
    for tick in (
        whole,
        Break(FQME, "gap"),
        Break(FQME, "unverified"),
        whole,
        Break(FQME, "resync"),
    ):
        flume.on_ticks([tick])
        told.append(flume.status(Topic(FQME).statistics(), 10.0).book)

    assert ["good", "syncing", "unverified", "unverified", "good"] == told
