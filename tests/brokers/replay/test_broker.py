from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
import trio
import trio.lowlevel
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay.broker import GRAIN_S, ReplayBroker, open_broker
from brokers.replay.tape import Played, Tape, open_tape
from engine.broker import BrokerSettings
from engine.clock import NANOS, TrioClock
from engine.errors import (
    BrokerError,
    BrokerUnavailable,
    NotSupported,
    TickdeckError,
    UnknownSymbol,
)
from engine.messages import (
    AccountInfo,
    Ask,
    Bid,
    Book,
    Break,
    Playback,
    PlaybackStatus,
    Quote,
    Tick,
    Trade,
)
from tests.check_broker import Harness, check_broker
from tests.support.recordings import recording
from tests.support.tapes import MemoryTape, at, book, instrument, loader, quote, trade

VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"
ETH = "ethusdt.spot.replay"


def second_tape(seconds: int = 10, fqme: str = VENUE, name: str = "a") -> MemoryTape:
    """A trade at each full second; its price is 100 and the second."""
    return MemoryTape([trade(fqme, second, 100 + second) for second in range(seconds)], name=name)


def made(*tapes: Tape, **options: Any) -> ReplayBroker:
    files = tuple(str(tape.path) for tape in tapes)
    settings = BrokerSettings(
        name="replay", clock=TrioClock(0), options={"files": files, **options}
    )
    return open_broker(settings, loader(*tapes))


@asynccontextmanager
async def running(*tapes: Tape, **options: Any) -> AsyncIterator[ReplayBroker]:
    broker = made(*tapes, **options)
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        yield broker
        nursery.cancel_scope.cancel()


class Watcher:
    """Everything that a stream gives, with the market's time at which it came."""

    def __init__(self, broker: ReplayBroker, fqme: str) -> None:
        self.broker, self.fqme = broker, fqme
        self.quote: Quote
        self.ticks: list[Tick] = []
        self.came_ns: list[int] = []

    def sink(self, fqme: str, ticks: Sequence[Tick]) -> None:
        assert {fqme} == {self.fqme} | {tick.fqme for tick in ticks}
        self.ticks += ticks
        self.came_ns += [self.broker.now_ns()] * len(ticks)

    def take(self) -> list[Tick]:
        taken, self.ticks = self.ticks, []
        return taken

    def prices(self) -> list[float]:
        """Prices of the trades since the last call."""
        return [tick.price for tick in self.take() if isinstance(tick, Trade)]


@asynccontextmanager
async def watching(broker: ReplayBroker, fqme: str = BTC) -> AsyncIterator[Watcher]:
    watcher = Watcher(broker, fqme)
    async with trio.open_nursery() as nursery:
        watcher.quote = await nursery.start(broker.stream, fqme, watcher.sink)
        yield watcher
        nursery.cancel_scope.cancel()


def play(
    broker: ReplayBroker,
    action: Literal["pause", "resume", "step", "speed", "seek", "loop"],
    value: float = 0.0,
) -> None:
    broker.play(Playback(broker="replay", action=action, value=value))


def status(broker: ReplayBroker) -> PlaybackStatus:
    found = broker.playback()
    assert found is not None
    return found


def cause(error: pytest.ExceptionInfo[BaseExceptionGroup[Any]]) -> BaseException:
    """What is alone in a group, and in the groups in it."""
    found: BaseException = error.value
    while isinstance(found, BaseExceptionGroup):
        (found,) = found.exceptions
    return found


# -- opening --------------------------------------------------------------------------------------


async def test_no_file_is_an_error_that_says_what_to_do() -> None:
    broker = made()

    with pytest.raises(BrokerUnavailable) as error:
        await broker.run()

    assert "tickdeck replay FILE" in error.value.hint


def test_an_unknown_option_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(BrokerUnavailable) as error:
        made(second_tape(), sped=3)

    assert "speed" in error.value.hint


@pytest.mark.parametrize(
    ("option", "value"),
    [("speed", -1), ("speed", math.nan), ("speed", "fast"), ("start_s", math.inf), ("loop", 7)],
)
def test_an_option_that_makes_no_sense_is_refused_by_name(option: str, value: object) -> None:
    with pytest.raises(BrokerUnavailable, match=option):
        made(second_tape(), **{option: value})


async def test_a_file_that_is_no_recording_is_an_error_with_its_name() -> None:
    settings = BrokerSettings(name="replay", clock=TrioClock(0), options={"files": ["nothing"]})
    broker = open_broker(settings, loader())

    with pytest.raises(BrokerUnavailable, match="nothing: no such file"):
        await broker.run()


async def test_nothing_can_be_asked_before_it_runs() -> None:
    broker = made(second_tape())

    assert broker.playback() is None
    assert broker.now_ns() == 0
    with pytest.raises(BrokerUnavailable):
        await broker.instrument(BTC)
    with pytest.raises(BrokerUnavailable):
        play(broker, "pause")


async def test_nothing_is_played_before_someone_watches(autojump_clock) -> None:
    async with running(second_tape()) as broker:
        await trio.sleep(60)
        assert broker.now_ns() == at(0)
        assert not status(broker).is_paused

        async with watching(broker) as watcher:
            assert watcher.quote.last == 100
            await trio.sleep(2.5)
            assert watcher.prices() == [101, 102]


async def test_it_begins_where_all_markets_have_a_price(autojump_clock) -> None:
    first = second_tape(20)
    second = MemoryTape([trade("ethusdt.spot.binance", 7.5, 5.0)], name="b")

    async with running(first, second) as broker:
        assert status(broker).start_ns == at(7.5)
        page = await broker.history(BTC, 1, at(100), 100)
        assert page.columns.close.tolist() == [100, 101, 102, 103, 104, 105, 106]
        async with watching(broker) as watcher, watching(broker, ETH) as other:
            assert (watcher.quote.last, other.quote.last) == (107, 5.0)
            await trio.sleep(0.75)
            assert watcher.prices() == [108]


async def test_a_market_that_does_not_trade_has_the_middle_as_its_price(autojump_clock) -> None:
    tape = MemoryTape([quote(VENUE, 1, 99, 0, size=0), quote(VENUE, 2, 99, 101)])

    async with running(tape) as broker, watching(broker) as watcher:
        assert status(broker).start_ns == at(2)
        assert (watcher.quote.bid, watcher.quote.last, watcher.quote.ask) == (99, 100, 101)
        assert watcher.quote.day_open is None


async def test_a_market_that_comes_much_later_is_not_waited_for(autojump_clock) -> None:
    late = MemoryTape([trade("ethusdt.spot.binance", 3600, 5.0)], name="late")

    async with running(second_tape(), late, speed=1000) as broker:
        assert status(broker).start_ns == at(0)
        with trio.fail_after(10):
            async with watching(broker, ETH) as watcher:
                assert watcher.quote.last == 5.0
                assert broker.now_ns() == at(3600)


async def test_a_market_without_any_price_is_told_at_the_end(autojump_clock) -> None:
    tape = MemoryTape(
        second_tape(5)._messages,
        markets=[instrument(VENUE), instrument("ethusdt.spot.binance")],
    )

    async with running(tape) as broker:
        with pytest.raises(BaseExceptionGroup) as error:
            async with watching(broker, ETH):
                pass

    assert isinstance(cause(error), BrokerUnavailable)
    assert "without a price" in str(cause(error))


async def test_what_is_before_the_wanted_beginning_is_history(autojump_clock) -> None:
    async with running(second_tape(), start_s=4.5) as broker, watching(broker) as watcher:
        assert watcher.quote.last == 104
        assert (await broker.history(BTC, 1, at(99), 99)).columns.close.tolist() == [
            100,
            101,
            102,
            103,
        ]


async def test_an_empty_recording_ends_at_once(autojump_clock) -> None:
    tape = MemoryTape([], markets=[instrument(VENUE)])

    async with running(tape, loop=True, speed=0) as broker:
        with pytest.raises(BaseExceptionGroup) as error:
            async with watching(broker):
                pass

    assert isinstance(cause(error), BrokerUnavailable)


# -- the port -------------------------------------------------------------------------------------


async def test_keeps_every_promise_of_the_port(autojump_clock) -> None:
    messages: list[Played] = []
    for tenth in range(600):
        messages.append(quote(VENUE, tenth / 10, 99.5 + tenth % 3, 100.5 + tenth % 3))
        messages.append(trade(VENUE, tenth / 10 + 0.01, 100 + tenth % 3))

    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        async with running(MemoryTape(messages)) as broker:
            yield Harness(broker=broker, fqme=BTC)

    await check_broker(make)


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("binance/hftb_spot_btcusdt_20240808.ndjson.gz", ()),
        ("ohlcv/binance_XRPETH_aggtrades_201910.csv.gz", ()),
        # Its bars do not say how many trades they are made of: no tick can count one.
        ("ohlcv/binanceus_BTCUSDT_1m_20230301_21.csv.gz", ("streams_a_quote_then_ticks",)),
    ],
)
async def test_real_recordings_keep_every_promise_of_the_port(
    autojump_clock, name: str, left_out: tuple[str, ...]
) -> None:
    path = recording(name)
    tape = open_tape(path)

    @asynccontextmanager
    async def make() -> AsyncIterator[Harness]:
        settings = BrokerSettings(name="replay", clock=TrioClock(0), options={"files": [str(path)]})
        broker = open_broker(settings, lambda path: tape)
        async with trio.open_nursery() as nursery:
            await nursery.start(broker.run)
            (market,) = await broker.search("", 9)
            yield Harness(broker=broker, fqme=market.fqme, patience_s=7200)
            nursery.cancel_scope.cancel()

    await check_broker(make, leave_out=left_out)


@pytest.mark.parametrize(("kind", "has_depth"), [("kraken v2 stream", True), ("bars csv", False)])
async def test_only_a_raw_stream_has_depth(autojump_clock, kind: str, has_depth: bool) -> None:
    async with running(MemoryTape([trade(VENUE, 0, 1.0)], kind=kind)) as broker:
        assert broker.capabilities.has_depth is has_depth


async def test_ticks_keep_the_times_of_the_tape(autojump_clock) -> None:
    async with running(second_tape(3)) as broker, watching(broker) as watcher:
        await trio.sleep(5)

    assert [tick.venue_ns for tick in watcher.ticks] == [at(1), at(2), at(2)]
    assert [tick.recv_ns for tick in watcher.ticks] == [at(1), at(2), at(2)]


@pytest.mark.parametrize("speed", [0.1, 1, 7, 1000, 0])
async def test_the_markets_time_at_each_tick_does_not_depend_on_the_speed(
    autojump_clock, speed: float
) -> None:
    messages = [trade(VENUE, tenth / 10, 100.0) for tenth in range(500)]

    async with running(MemoryTape(messages), speed=speed) as broker, watching(broker) as watcher:
        await trio.sleep(600)

    assert watcher.came_ns == [at(tenth / 10) for tenth in range(1, 500)] + [at(49.9)]


async def test_streams_of_a_market_join_and_leave(autojump_clock) -> None:
    async with running(second_tape()) as broker, watching(broker) as first:
        await trio.sleep(2.5)
        async with watching(broker) as second:
            assert second.quote.last == 102
            await trio.sleep(1)
        await trio.sleep(1)

    assert first.prices() == [101, 102, 103, 104]
    assert second.prices() == [103]


async def test_who_joins_gets_both_sides_first(autojump_clock) -> None:
    tape = MemoryTape([trade(VENUE, 0, 100), quote(VENUE, 1, 99, 101), trade(VENUE, 2, 100)])

    async with running(tape, start_s=1.5) as broker, watching(broker) as watcher:
        assert watcher.ticks == [Bid(BTC, 99, 1, at(1), at(1)), Ask(BTC, 101, 1, at(1), at(1))]


async def test_who_joins_late_gets_the_whole_book_first(autojump_clock) -> None:
    tape = MemoryTape(
        [
            trade(VENUE, 0, 100),
            book(VENUE, 1, [(7, 7)], []),
            book(VENUE, 2, [(99, 1), (98, 2)], [(101, 3)], is_snapshot=True),
            book(VENUE, 3, [(99, 0), (97, 5)], [(101, 4)]),
            trade(VENUE, 9, 101),
        ]
    )

    async with running(tape) as broker, watching(broker):
        await trio.sleep(1.5)
        async with watching(broker) as early:
            assert early.ticks == []
        await trio.sleep(3)
        async with watching(broker) as late:
            assert late.ticks == [Book(BTC, ((98, 2), (97, 5)), ((101, 4),), at(3), at(3), True)]


async def test_a_book_with_a_gap_is_not_known_until_its_next_snapshot(autojump_clock) -> None:
    gap: list[Tick] = [Break(VENUE, "gap", at(2), at(2))]
    tape = MemoryTape(
        [
            trade(VENUE, 0, 100),
            book(VENUE, 1, [(99, 1)], [(101, 3)], is_snapshot=True),
            (at(2), VENUE, gap),
            book(VENUE, 3, [(98, 1)], []),
            book(VENUE, 5, [(97, 1)], [], is_snapshot=True),
            trade(VENUE, 9, 101),
        ]
    )

    async with running(tape) as broker, watching(broker) as watcher:
        await trio.sleep(3.5)
        assert Break(BTC, "gap", at(2), at(2)) in watcher.ticks
        async with watching(broker) as second:
            assert second.ticks == []
        await trio.sleep(2)
        async with watching(broker) as third:
            assert third.ticks == [Book(BTC, ((97, 1),), (), at(5), at(5), True)]


async def test_the_quote_knows_both_sides_and_the_day(autojump_clock) -> None:
    tape = MemoryTape(
        [
            trade(VENUE, 0, 90, 3),
            trade(VENUE, 86_400, 95, 2),
            trade(VENUE, 86_400 * 1.5, 100, 1),
            quote(VENUE, 86_400 * 1.5, 99, 101, 5),
        ],
        end_ns=at(86_400 * 1.5),
    )

    async with running(tape, start_s=86_400 * 1.5) as broker, watching(broker) as watcher:
        assert watcher.quote == Quote(
            fqme=BTC,
            last=100,
            last_size=1,
            bid=99,
            bid_size=5,
            ask=101,
            ask_size=5,
            day_open=90,
            day_volume=3,
            venue_ns=at(86_400 * 1.5),
            recv_ns=at(86_400 * 1.5),
        )


async def test_unknown_markets_are_refused_with_the_nearest_name(autojump_clock) -> None:
    async with running(second_tape()) as broker:
        with pytest.raises(UnknownSymbol) as error:
            await broker.instrument("btcusd.spot.replay")

    assert BTC in error.value.hint


async def test_search_ranks_by_likeness_then_by_what_was_traded(autojump_clock) -> None:
    tapes = [
        second_tape(3, "ethusdt.spot.binance", "b"),
        second_tape(5, VENUE, "a"),
        second_tape(2, "solusdt.spot.binance", "c"),
    ]

    async with running(*tapes, start_s=4) as broker:
        everything = [match.fqme for match in await broker.search("", 9)]
        found = [match.fqme for match in await broker.search(" ETH ", 9)]

    assert everything == [BTC, ETH, "solusdt.spot.replay"]
    assert found[0] == ETH


async def test_bars_of_a_tape_of_bars_are_served_in_its_own_period(autojump_clock) -> None:
    tape = MemoryTape([trade(VENUE, second, 1.0) for second in range(0, 900, 75)], bar_period_s=300)

    async with running(tape, start_s=800) as broker:
        assert broker.native_periods(BTC) == (300,)
        page = await broker.history(BTC, 300, at(9999), 10)
        assert page.columns.trades.tolist() == [1, 4, 4]  # from 22:14, bars begin at 22:10
        with pytest.raises(NotSupported, match="no bars of 60 s"):
            await broker.history(BTC, 60, at(9999), 10)


async def test_history_is_what_was_played(autojump_clock) -> None:
    async with running(second_tape(30)) as broker, watching(broker):
        await trio.sleep(4.5)
        assert (await broker.history(BTC, 1, at(99), 99)).columns.close.tolist() == [
            100,
            101,
            102,
            103,
        ]
        play(broker, "seek", -2)
        page = await broker.history(BTC, 1, at(99), 99)
        assert page.columns.close.tolist() == [100, 101]
        play(broker, "seek", 10)
        page = await broker.history(BTC, 1, at(99), 99)
        assert page.columns.close.tolist() == [100.0 + second for second in range(12)]


async def test_a_recording_cannot_be_traded_with(autojump_clock) -> None:
    async with running(second_tape()) as broker:
        with pytest.raises(NotSupported):
            broker.open_client(AccountInfo(name="x", broker="replay"), print)


# -- moving it ------------------------------------------------------------------------------------


async def test_pause_step_and_resume(autojump_clock) -> None:
    async with running(second_tape()) as broker, watching(broker) as watcher:
        await trio.sleep(1.5)
        play(broker, "pause")
        await trio.sleep(100)
        assert watcher.prices() == [101]
        assert status(broker).is_paused
        assert broker.now_ns() == at(1.5)

        play(broker, "step", 2)
        await trio.lowlevel.checkpoint()
        await trio.sleep(100)
        assert watcher.prices() == [102, 103]
        assert broker.now_ns() == at(3)

        play(broker, "resume")
        await trio.sleep(1.5)
        assert watcher.prices() == [104]


async def test_a_playback_that_is_paused_from_the_start_waits_for_a_hand(autojump_clock) -> None:
    async with running(second_tape(), paused=True) as broker, watching(broker) as watcher:
        await trio.sleep(100)
        assert watcher.prices() == []
        assert status(broker).is_paused

        play(broker, "resume")
        await trio.sleep(1.5)
        assert watcher.prices() == [101]


async def test_speed_changes_under_way(autojump_clock) -> None:
    async with running(second_tape(100)) as broker, watching(broker) as watcher:
        await trio.sleep(2.5)
        play(broker, "speed", 10)
        await trio.sleep(1)
        assert watcher.prices() == [100.0 + second for second in range(1, 13)]
        assert status(broker).speed == 10

        play(broker, "speed", 0)
        await trio.sleep(0.001)
        assert status(broker).is_ended
        assert status(broker).speed == 0


async def test_a_seek_says_break_then_what_holds_there(autojump_clock) -> None:
    tape = MemoryTape(
        [
            trade(VENUE, 0, 100, 2),
            quote(VENUE, 1, 99, 101),
            book(VENUE, 1, [(99, 1)], [(101, 1)], is_snapshot=True),
            trade(VENUE, 2, 101, 3),
            book(VENUE, 3, [(98, 1), (99, 0)], []),
            trade(VENUE, 5, 102),
            quote(VENUE, 6, 101, 103),
            trade(VENUE, 20, 104),
        ]
    )

    async with running(tape) as broker, watching(broker) as watcher:
        await trio.sleep(10)
        watcher.take()
        play(broker, "seek", -6)
        await trio.sleep(0.5)

    assert watcher.ticks == [
        Break(BTC, "seek", at(4), at(4)),
        Bid(BTC, 99, 1, at(1), at(1)),
        Ask(BTC, 101, 1, at(1), at(1)),
        Trade(BTC, 101, 0, "", at(2), at(2), "", 0),
        Book(BTC, ((98, 1),), ((101, 1),), at(3), at(3), True),
    ]
    assert set(watcher.came_ns[-5:]) == {at(4)}


async def test_after_a_seek_it_plays_on_from_there(autojump_clock) -> None:
    async with running(second_tape(20)) as broker, watching(broker) as watcher:
        await trio.sleep(5.5)
        play(broker, "seek", 10)
        await trio.sleep(1.1)
        play(broker, "seek", -15)
        await trio.sleep(1.1)

    assert [tick.price for tick in watcher.ticks if isinstance(tick, Trade) and tick.size] == [
        *range(101, 106),
        116,
        102,
    ]


async def test_the_position_during_a_seek_is_where_it_goes(autojump_clock) -> None:
    async with running(second_tape(2000), start_s=1500) as broker, watching(broker):
        play(broker, "seek", -500)
        play(broker, "seek", -500)

        assert status(broker).position_ns == at(500)
        assert broker.now_ns() == at(1500)

        await broker.history(BTC, 1, at(0), 1)
        assert broker.now_ns() == at(500)


async def test_who_comes_during_a_seek_sees_only_where_it_arrives(autojump_clock) -> None:
    async with running(second_tape(2000), start_s=1500) as broker, watching(broker):
        play(broker, "seek", -1000)
        async with watching(broker) as late:
            assert late.quote.last == 600
            assert broker.now_ns() == at(500)
            await trio.sleep(1.5)
            assert late.prices() == [601]


async def test_the_end_is_told_and_a_seek_back_goes_on(autojump_clock) -> None:
    async with running(second_tape(5)) as broker, watching(broker) as watcher:
        await trio.sleep(60)
        assert watcher.take()[-1] == Break(BTC, "end", at(4), at(4))
        assert status(broker).is_ended

        async with watching(broker) as late:
            assert late.quote.last == 104
            assert late.ticks == [Break(BTC, "end", at(4), at(4))]

        play(broker, "seek", -2)
        await trio.sleep(1.5)
        assert not status(broker).is_ended
        assert watcher.prices() == [102, 103]


async def test_a_loop_begins_again_with_a_break(autojump_clock) -> None:
    async with running(second_tape(3), loop=True) as broker, watching(broker) as watcher:
        await trio.sleep(3.5)

    seen = [tick.price if isinstance(tick, Trade) else tick.reason for tick in watcher.ticks]
    assert seen == [101, 102, "seek", 100, 101]
    assert status(broker).is_looping


async def test_commands_that_make_no_sense_change_nothing(autojump_clock) -> None:
    async with running(second_tape()) as broker, watching(broker):
        before = status(broker)
        for action, value in (
            ("speed", -1),
            ("speed", math.nan),
            ("seek", math.inf),
            ("step", -1),
        ):
            with pytest.raises(BrokerError):
                play(broker, action, value)  # type: ignore[arg-type]

        assert status(broker) == before


async def test_a_broken_tape_plays_as_far_as_it_goes(autojump_clock) -> None:
    tape = MemoryTape(second_tape(10)._messages, fails_after=4)

    async with running(tape) as broker, watching(broker) as watcher:
        await trio.sleep(60)
        assert watcher.prices() == [101, 102, 103]
        assert status(broker).is_ended


# -- others on the same loop ----------------------------------------------------------------------


async def test_the_highest_speed_lets_others_run(autojump_clock) -> None:
    """Between two turns of another task, only a bounded part is played."""
    turns: list[int] = []

    async def other(watcher: Watcher) -> None:
        while not status(watcher.broker).is_ended:
            turns.append(len(watcher.ticks))
            await trio.lowlevel.checkpoint()

    tape = MemoryTape([quote(VENUE, second / 100, 1, 2) for second in range(20_000)])
    async with running(tape, speed=0) as broker, watching(broker) as watcher:
        await other(watcher)

    steps = [after - before for before, after in pairwise(turns)]
    assert len(steps) > 100
    assert max(steps) <= 600


@pytest.mark.parametrize("speed", [1, 1000, 0])
async def test_time_stands_still_while_those_act_whom_an_item_has_woken(
    autojump_clock, speed: float
) -> None:
    woken, acted_ns = trio.Event(), []

    def sink(fqme: str, ticks: Sequence[Tick]) -> None:
        if isinstance(ticks[0], Trade) and ticks[0].price == 105:
            woken.set()

    async def act(broker: ReplayBroker) -> None:
        await woken.wait()
        for _ in range(8):
            await trio.lowlevel.checkpoint()
        acted_ns.append(broker.now_ns())

    async with running(second_tape(), speed=speed) as broker, trio.open_nursery() as nursery:
        nursery.start_soon(act, broker)
        await nursery.start(broker.stream, BTC, sink)
        await trio.sleep(60)
        nursery.cancel_scope.cancel()

    assert acted_ns == [at(5)]


async def test_a_long_seek_lets_others_run(autojump_clock) -> None:
    count = 0
    async with running(second_tape(20_000)) as broker, watching(broker):
        play(broker, "seek", 19_000)
        while status(broker).position_ns != broker.now_ns():
            count += 1
            await trio.lowlevel.checkpoint()

    assert count > 100


async def test_waking_up_is_kept_apart(autojump_clock) -> None:
    """A thousand items a second do not wake the loop a thousand times."""
    batches: list[float] = []
    tape = MemoryTape([trade(VENUE, second / 10_000, 1.0) for second in range(10_000)])

    async with running(tape) as broker, trio.open_nursery() as nursery:
        await nursery.start(
            broker.stream, BTC, lambda fqme, ticks: batches.append(trio.current_time())
        )
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    assert len(batches) == 10_000
    assert len(set(batches)) <= 1 / GRAIN_S + 2


async def test_a_sink_that_fails_ends_the_playback(autojump_clock) -> None:
    def fail(fqme: str, ticks: Sequence[Tick]) -> None:
        raise RuntimeError("a bug of the reader")

    async def watch() -> None:
        async with running(second_tape()) as broker, trio.open_nursery() as nursery:
            await nursery.start(broker.stream, BTC, fail)
            await trio.sleep(5)

    with pytest.raises(BaseExceptionGroup) as error:
        await watch()

    assert isinstance(cause(error), RuntimeError)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pause", "resume", "step", "speed", "seek", "loop"]),
            st.floats(-30, 30),
            st.floats(0, 5),
        ),
        max_size=12,
    )
)
def test_the_price_shown_is_always_that_of_the_position(
    commands: list[tuple[Any, float, float]],
) -> None:
    """Whatever was done: the last trade seen is the last one of the tape at this moment."""

    async def use() -> None:
        tape = MemoryTape([trade(VENUE, 2 * second, 100 + second) for second in range(20)])
        async with running(tape) as broker, watching(broker) as watcher:
            for action, value, pause_s in commands:
                try:
                    play(broker, action, value)
                except TickdeckError:
                    continue
                await trio.sleep(pause_s)
                await trio.testing.wait_all_tasks_blocked()
                trades = [tick for tick in watcher.ticks if isinstance(tick, Trade)]
                last = round(trades[-1].price if trades else 100) - 100
                # What is due at this very moment may still wait for its turn.
                passed_ns = broker.now_ns() - at(0)
                assert 2 * last * NANOS <= passed_ns
                assert passed_ns <= 2 * (last + 1) * NANOS or last == 19

    trio.run(use, clock=trio.testing.MockClock(autojump_threshold=0))


def test_files_are_found_below_the_home(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    asked: list[Path] = []

    def load(path: Path) -> Tape:
        asked.append(path)
        return second_tape()

    broker = open_broker(
        BrokerSettings(name="replay", clock=TrioClock(0), options={"files": ["~/x.gz"]}), load
    )
    broker._load_file("~/x.gz")

    assert asked == [tmp_path / "x.gz"]
