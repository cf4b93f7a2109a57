"""A venue over real sockets, as a deck sees it: reached late, lost and back, by any name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import trio
from trio.testing import MockClock

from brokers import registry
from engine.clock import TrioClock
from engine.ems.accounts import built_in_accounts
from engine.link.session import DeckSession
from engine.messages import (
    BarsUpdate,
    EngineStatus,
    Event,
    FlumeFailed,
    FlumeOpened,
    OpenBars,
    Search,
    SearchResults,
    Watch,
)
from engine.run import open_engine
from engine.settings import EngineSettings
from tests.brokers.kraken.live_venue import BTC, ONE_PAIR, START_NS
from tests.venues.kraken.server import Running, run_kraken

XBT = "xbtusd.spot.kraken"
LONG_S = 600.0

E = TypeVar("E")


class Abroad:
    """An engine whose market is at a venue that can be switched on and off, and its deck."""

    def __init__(self, port: int, nursery: trio.Nursery) -> None:
        self.clock = TrioClock(START_NS)
        self.events: list[Event] = []
        self.port = port
        self.session: DeckSession
        self._nursery = nursery
        self._venue = trio.CancelScope()

    async def switch_on(self) -> Running:
        self._venue = trio.CancelScope()

        async def run(*, task_status: Any) -> None:
            with self._venue:
                await run_kraken(
                    self.clock, port=self.port, pairs=ONE_PAIR, patience=100.0,
                    task_status=task_status,
                )  # fmt: skip

        running: Running = await self._nursery.start(run)
        return running

    def switch_off(self) -> None:
        self._venue.cancel()

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def status(self) -> EngineStatus:
        return self.told(EngineStatus)[-1]

    @property
    def states(self) -> set[str]:
        """Of all connections now."""
        return {one.state for one in self.status.connections}

    async def until(self, so: Callable[[], object]) -> None:
        with trio.fail_after(LONG_S):
            while not so():  # noqa: ASYNC110 - what a deck is told has no event of its own
                await trio.sleep(0.1)


async def free_port() -> int:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        port: int = listener.socket.getsockname()[1]
        return port


@asynccontextmanager
async def open_abroad() -> AsyncIterator[Abroad]:
    async with trio.open_nursery() as nursery:
        port = await free_port()
        rig = Abroad(port, nursery)
        address = f"127.0.0.1:{port}"
        urls = {
            "rest_url": f"http://{address}",
            "ws_url": f"ws://{address}/v2",
            "ws_auth_url": f"ws://{address}/v2",
            "public_per_s": 1000.0,
        }
        settings = EngineSettings(
            accounts=tuple(one for one in built_in_accounts() if one.broker == "paper"),
            broker_options={"kraken": urls},
            load_broker=registry.load,
            clock=rig.clock,
        )
        async with open_engine(settings) as engine:
            rig.session = DeckSession(engine, put=rig.events.append, shut_down=lambda _: None)
            await engine.services.start("deck", rig.session.run)
            yield rig
        nursery.cancel_scope.cancel()


async def test_a_market_opens_by_itself_once_its_venue_can_be_reached(
    autojump_clock: MockClock,
) -> None:
    async with open_abroad() as deck:
        deck.session.handle(Watch(fqmes=(XBT,)))
        await deck.until(lambda: deck.told(FlumeFailed))
        failed = deck.told(FlumeFailed)[-1]
        assert XBT == failed.fqme
        assert failed.retry_ns > deck.status.now_ns
        assert "cannot be reached" in failed.reason
        await deck.until(lambda: deck.states & {"connecting", "backing_off"})
        assert not deck.told(FlumeOpened)

        await deck.switch_on()
        await deck.until(lambda: deck.told(FlumeOpened))
        (opened,) = deck.told(FlumeOpened)
        assert (BTC, XBT) == (opened.instrument.fqme, opened.asked)
        await deck.until(lambda: {"live"} == deck.states)
        await deck.until(lambda: [(BTC, "good")] == _books(deck.status))


async def test_a_venue_that_is_lost_is_told_and_comes_back_with_its_book_and_bars(
    autojump_clock: MockClock,
) -> None:
    async with open_abroad() as deck:
        await deck.switch_on()
        deck.session.handle(Watch(fqmes=(BTC, XBT)))
        deck.session.handle(OpenBars(fqme=BTC, period_s=60, count=50))
        await deck.until(lambda: 2 == len(deck.told(FlumeOpened)))
        deck.session.handle(OpenBars(fqme=BTC, period_s=60, count=50))
        await deck.until(lambda: deck.told(BarsUpdate))
        await deck.until(lambda: {"live"} == deck.states)

        deck.switch_off()
        await deck.until(lambda: [("stale", "syncing")] == _feeds(deck.status))
        await deck.until(lambda: "backing_off" in deck.states)
        (waits,) = [one for one in deck.status.connections if one.state == "backing_off"]
        assert waits.until_ns > deck.status.now_ns - 10**9
        assert waits.reason

        await deck.switch_on()
        await deck.until(lambda: [("live", "good")] == _feeds(deck.status))
        await deck.until(lambda: {"live"} == deck.states)
        assert any(one.reconnects for one in deck.status.connections)
        assert 1 == len(deck.status.feeds)


async def test_a_search_finds_a_venue_s_market_by_its_own_names(autojump_clock: MockClock) -> None:
    async with open_abroad() as deck:
        await deck.switch_on()
        deck.session.handle(Watch(fqmes=(BTC,)))
        await deck.until(lambda: deck.told(FlumeOpened))
        for number, text in enumerate(("xbt", "XBT/USD", "bitcoin"), 1):
            deck.session.handle(Search(request_id=number, text=text))
            await deck.until(partial(_is_complete, deck, number))
            found = [one for one in deck.told(SearchResults) if one.request_id == number][-1]
            assert BTC in [match.fqme for match in found.matches], text
            (kraken,) = [one for one in found.brokers if one.broker == "kraken"]
            assert "answered" == kraken.state
            assert kraken.listed_ns


def _is_complete(deck: Abroad, number: int) -> bool:
    return any(one.is_complete for one in deck.told(SearchResults) if one.request_id == number)


def _books(status: EngineStatus) -> list[tuple[str, str]]:
    return [(feed.fqme, feed.book) for feed in status.feeds]


def _feeds(status: EngineStatus) -> list[tuple[str, str]]:
    return [(feed.state, feed.book) for feed in status.feeds]
