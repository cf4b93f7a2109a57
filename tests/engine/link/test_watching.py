"""What a deck watches, by whatever name, and however long its venue cannot be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.clock import NANOS
from engine.errors import BrokerUnavailable, NotLoaded
from engine.instruments import Instrument
from engine.link.watching import Watching
from engine.messages import Event, FlumeFailed, FlumeOpened, Frame, Unwatch, Watch
from tests.support.feeding import OTHER, Feeding, markets, open_feeding
from tests.support.market_truth import FQME, START_NS, TruthBroker

NICKNAME = "nick.spot.truth"

E = TypeVar("E")


class Distant(TruthBroker):
    """A venue that cannot be reached while `is_down`, and has two names for a market."""

    is_down = False
    attempts = 0

    async def canonical(self, fqme: str) -> str:
        await trio.lowlevel.checkpoint()
        return FQME if fqme == NICKNAME and not self.is_down else fqme

    async def instrument(self, fqme: str) -> Instrument:
        self.attempts += 1
        if self.is_down:
            await trio.sleep(0.1)
            raise BrokerUnavailable("the network is unreachable")
        return await super().instrument(FQME if fqme == NICKNAME else fqme)


class Watcher:
    """A deck's end of what it watches."""

    def __init__(self, feeding: Feeding, stack: AsyncExitStack, nursery: trio.Nursery) -> None:
        self.broker = Distant(feeding.clock, markets(0.3))
        feeding.broker = self.broker
        self.events: list[Event] = []
        self.watching = Watching(feeding.hub, clock=feeding.clock, put=self.events.append)
        self._stack = stack
        self._nursery = nursery

    async def watch(self, *fqmes: str, throttle_hz: float = 15.0) -> None:
        command = Watch(fqmes=fqmes, throttle_hz=throttle_hz)
        await self.watching.watch(command, self._stack, self._nursery)

    async def unwatch(self, *fqmes: str) -> None:
        await self.watching.unwatch(Unwatch(fqmes=fqmes))

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def open_watcher() -> AsyncIterator[Watcher]:
    async with (
        open_feeding(markets(0.3)) as feeding,
        AsyncExitStack() as stack,
        trio.open_nursery() as nursery,
    ):
        yield Watcher(feeding, stack, nursery)
        nursery.cancel_scope.cancel()


async def test_a_market_asked_for_by_another_name_is_told_with_both(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        await deck.watch(NICKNAME)
        await trio.sleep(5)

        (opened,) = deck.told(FlumeOpened)
        assert (FQME, NICKNAME) == (opened.instrument.fqme, opened.asked)
        assert {FQME} == {frame.fqme for frame in deck.told(Frame)}
        assert deck.watching.flume(FQME) is not None


async def test_a_market_asked_for_by_two_names_is_one_and_is_told_for_each(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        await deck.watch(FQME, NICKNAME)
        await trio.sleep(5)

        told = [(event.instrument.fqme, event.asked) for event in deck.told(FlumeOpened)]
        assert {(FQME, ""), (FQME, NICKNAME)} == set(told)
        assert {FQME: 1} == deck.broker.opened
        times = [
            frame.ticks["trade"][0].recv_ns
            for frame in deck.told(Frame)
            if frame.ticks.get("trade")
        ]
        assert len(times) == len(set(times)), "each frame is sent once"


async def test_the_same_market_at_another_rate_keeps_the_first(autojump_clock: MockClock) -> None:
    async with open_watcher() as deck:
        await deck.watch(FQME)
        await trio.sleep(1)
        await deck.watch(NICKNAME, throttle_hz=1.0)
        await trio.sleep(1)
        before = len(deck.told(Frame))
        await trio.sleep(10)

        assert 2 == len(deck.told(FlumeOpened))
        assert len(deck.told(Frame)) - before > 20


async def test_a_market_is_closed_by_either_name(autojump_clock: MockClock) -> None:
    for name in (FQME, NICKNAME):
        async with open_watcher() as deck:
            await deck.watch(NICKNAME)
            await trio.sleep(5)
            await deck.unwatch(name)
            await wait_all_tasks_blocked()
            before = len(deck.events)
            await trio.sleep(60)

            assert before == len(deck.events)
            assert set() == deck.broker.streaming


async def test_a_market_that_is_wanted_by_one_of_two_names_stays_open(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        await deck.watch(FQME, NICKNAME)
        await trio.sleep(5)
        await deck.unwatch(NICKNAME)
        await trio.sleep(30)
        assert {FQME} == deck.broker.streaming

        await deck.watch(NICKNAME)
        await trio.sleep(5)
        await deck.unwatch(FQME)  # the name that it has: not at all
        await trio.sleep(30)
        assert set() == deck.broker.streaming


async def test_a_market_whose_venue_cannot_be_reached_is_tried_again_and_says_when(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        deck.broker.is_down = True
        await deck.watch(FQME)
        await trio.sleep(1)
        (failed,) = deck.told(FlumeFailed)
        assert (FQME, "the network is unreachable") == (failed.fqme, failed.reason)
        assert START_NS + 2 * NANOS < failed.retry_ns < START_NS + 3 * NANOS
        await trio.sleep(20)
        assert 4 == len(deck.told(FlumeFailed))  # after 2, 4 and 8 s more
        assert not deck.told(FlumeOpened)

        deck.broker.is_down = False
        await trio.sleep(20)
        assert [FQME] == [event.instrument.fqme for event in deck.told(FlumeOpened)]


async def test_markets_of_one_venue_do_not_each_knock_at_it(autojump_clock: MockClock) -> None:
    async with open_watcher() as deck:
        deck.broker.is_down = True
        await deck.watch(FQME, OTHER, NICKNAME)
        await trio.sleep(1)
        deck.broker.attempts = 0
        await trio.sleep(60)

        assert deck.broker.attempts <= 5
        newest = {event.fqme: event.retry_ns for event in deck.told(FlumeFailed)}
        assert {FQME, OTHER, NICKNAME} == newest.keys()
        assert 1 == len(set(newest.values())), "all are told the same"

        deck.broker.is_down = False
        await trio.sleep(31)
        opened = {(event.instrument.fqme, event.asked) for event in deck.told(FlumeOpened)}
        assert {(FQME, ""), (OTHER, ""), (FQME, NICKNAME)} == opened


async def test_what_is_unwatched_while_its_venue_cannot_be_reached_is_tried_no_more(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        deck.broker.is_down = True
        await deck.watch(FQME)
        await trio.sleep(5)
        await deck.unwatch(FQME)
        before, deck.broker.attempts = len(deck.events), 0
        await trio.sleep(100)
        assert (before, 0) == (len(deck.events), deck.broker.attempts)

        deck.broker.is_down = False
        await deck.watch(FQME)
        await trio.sleep(1)
        assert 1 == len(deck.told(FlumeOpened))


async def test_what_is_closed_while_it_opens_and_wanted_again_is_opened(
    autojump_clock: MockClock,
) -> None:
    async with open_watcher() as deck:
        deck.broker.open_delay_s = 3.0
        await deck.watch(FQME)
        await deck.unwatch(FQME)
        await deck.watch(FQME)
        await trio.sleep(20)

        assert 1 == len(deck.told(FlumeOpened))
        assert not deck.told(FlumeFailed)


async def test_what_no_waiting_helps_fails_at_once_and_for_good(autojump_clock: MockClock) -> None:
    async with open_watcher() as deck:

        async def missing(fqme: str) -> Instrument:
            raise NotLoaded("no broker named 'truth'")

        deck.broker.unknown.add(FQME)
        await deck.watch(FQME, "no market name")
        deck.broker.instrument = missing  # type: ignore[method-assign]
        await deck.watch(OTHER)
        await trio.sleep(60)

        failed = {event.fqme: event.retry_ns for event in deck.told(FlumeFailed)}
        assert {FQME: 0, "no market name": 0, OTHER: 0} == failed
        assert 3 == len(deck.told(FlumeFailed))
