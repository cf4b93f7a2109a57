"""The whole program but for its terminal: a deck under a pilot, on an engine in its thread.

    def test_something():
        async def flow(rig):
            await rig.press("o", "f", "enter")
            await rig.advance(1.0)
            assert rig.state.fills
        run_flow(flow, tape)

The engine runs as it does in the program, beside the deck, but on a clock that stands still
and is moved by `advance`. So what the engine does, and when, is the same in every run; the
deck is looked at when both have come to rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
import trio
from textual.pilot import Pilot
from trio.testing import MockClock, wait_all_tasks_blocked

from brokers.replay.tape import Tape
from engine.config import DeckConfig, EngineConfig
from engine.ems.accounts import Account
from engine.link.embedded import Deliver, EmbeddedLink, serve_deck
from engine.messages import Command, Event, Order
from tests.support.engine_rig import WALL_NS, settings_for
from tui.app import DeckApp
from tui.orders import question
from tui.state import DeckState

REAL_S = 60.0
"""Longest real time that anything here may take; only a failure comes near it."""


class SteppedLink(EmbeddedLink):
    """The embedded link, with an engine whose clock is moved by the test."""

    def __init__(self, *tapes: Tape, **settings: Any) -> None:
        self.clock = MockClock()
        self.sent: list[Command] = []
        self.taken: list[Event] = []
        self.opened = threading.Event()
        """The engine takes commands."""
        super().__init__(
            serve_deck(settings_for(*tapes, **settings)), run=partial(trio.run, clock=self.clock)
        )

    def _open_for_commands(self, deliver: Deliver) -> None:
        super()._open_for_commands(deliver)
        self.opened.set()

    def send(self, command: Command) -> None:
        self.sent.append(command)
        super().send(command)

    def take(self) -> Sequence[Event]:
        events = super().take()
        self.taken += events
        return events

    async def advance(self, seconds: float) -> None:
        """Let time pass in the engine, from one deadline to the next, then let it rest."""
        assert self._token is not None
        await asyncio.to_thread(
            trio.from_thread.run, self._advance, seconds, trio_token=self._token
        )

    async def _advance(self, seconds: float) -> None:
        end_s = trio.current_time() + seconds
        while True:
            await wait_all_tasks_blocked()
            left_s = end_s - trio.current_time()
            if left_s <= 0:
                return
            next_s = trio.lowlevel.current_statistics().seconds_to_next_deadline
            self.clock.jump(min(left_s, max(next_s, 0.0)))


class DeckRig:
    """A deck and its engine, for a test that presses keys."""

    def __init__(self, app: DeckApp, link: SteppedLink, pilot: Pilot[int]) -> None:
        self.app = app
        self.link = link
        self.pilot = pilot

    @property
    def state(self) -> DeckState:
        """What the deck knows."""
        return self.app.state

    @property
    def orders(self) -> list[Order]:
        """All orders, in the order in which they were made."""
        return list(self.state.orders.values())

    @property
    def order(self) -> Order:
        """The only order there is."""
        (order,) = self.orders
        return order

    def sent(self, kind: type) -> list[Command]:
        """Commands of one kind that the deck sent."""
        return [command for command in self.link.sent if isinstance(command, kind)]

    async def show(self) -> None:
        """Have the deck take in and paint all that it was told."""
        self.app.post_message(DeckApp.Woken())
        await self.pilot.pause()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, each after what the one before did is on the screen."""
        for key in keys:
            await self.pilot.press(key)
            await self.show()

    async def type(self, text: str) -> None:
        """Type a line into what has the focus, and press enter."""
        await self.pilot.press(*("space" if char == " " else char for char in text))
        await self.press("enter")

    async def advance(self, seconds: float) -> None:
        """Let the engine's time pass, and show what came of it."""
        await self.link.advance(seconds)
        await self.show()

    async def until(self, so: Callable[[], Any], *, within_s: float = 30.0) -> None:
        """Let the engine's time pass until that is so."""
        waited_s = 0.0
        await self.show()
        while not so():
            assert waited_s < within_s, "it did not become so"
            await self.advance(0.1)
            waited_s += 0.1


Flow = Callable[[DeckRig], Awaitable[None]]


def run_flow(
    flow: Flow,
    *tapes: Tape,
    accounts: Sequence[Account] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    engine: EngineConfig | None = None,
    deck: DeckConfig | None = None,
    size: tuple[int, int] = (120, 35),
) -> None:
    """Run `flow` on a deck whose first market is open and drawn."""

    async def main() -> None:
        link = SteppedLink(*tapes, accounts=accounts, options=options, config=engine)
        app = DeckApp(link, deck, wall=lambda: WALL_NS, depth="truecolor")
        try:
            async with app.run_test(size=size) as pilot:
                rig = DeckRig(app, link, pilot)
                await _wait_open(rig)
                await flow(rig)
        finally:
            with contextlib.suppress(trio.RunFinishedError):
                await asyncio.to_thread(link.close, REAL_S)

    # A key need not have been read before it acts: no test waits for a person.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(question, "SEEN_AFTER_S", 0.0)
        asyncio.run(main())


async def _wait_open(rig: DeckRig) -> None:
    async with asyncio.timeout(REAL_S):
        await asyncio.to_thread(rig.link.opened.wait, REAL_S)
        while not rig.state.markets:
            await rig.advance(0.1)
