"""The present and never the backlog: an app on a real outlet, whose terminal reads when told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rich.console import RenderableType
from textual._compositor import LayoutUpdate
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tests.support import polling
from tests.support.tty import Tty
from tui.terminal.outlet import Outlet
from tui.terminal.present import PresentDisplay, after_display


class Drawing(App[int]):
    """Draws every update as the text that its widget has then."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.drawn: list[tuple[str, bool]] = []

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if renderable is not None and self.is_running:
            text = str(self.query_one(Static).render())
            self.drawn.append((text, isinstance(renderable, LayoutUpdate)))
            outlet = self.outlet  # type: ignore[attr-defined]
            if outlet is not None:
                outlet.write(text)


class Deck(PresentDisplay, Drawing, inherit_bindings=False):
    CSS = "Static { width: 10; height: 1; }"
    tty_outlet: Outlet | None = None

    @property
    def outlet(self) -> Outlet | None:
        return self.tty_outlet

    def compose(self) -> ComposeResult:
        yield Static("first")

    def show(self, text: str) -> None:
        self.query_one(Static).update(text)


Flow = Callable[[Deck, Tty, Pilot[int]], Awaitable[None]]


def run(flow: Flow) -> None:
    async def main() -> None:
        app = Deck()
        with Tty() as tty:
            async with app.run_test(size=(40, 10)) as pilot:
                app.tty_outlet = Outlet(tty.slave)
                app.tty_outlet.start(asyncio.get_running_loop())
                try:
                    await flow(app, tty, pilot)
                finally:
                    app.tty_outlet.stop(quiet_s=0.0)
                    app.tty_outlet = None

    asyncio.run(main())


async def until(pilot: Pilot[int], so: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not so():
            await pilot.pause()


def stick(app: Deck) -> None:
    """Give the terminal, which does not read, more than it holds."""
    assert app.outlet is not None
    with app.outlet.frame():
        app.outlet.write("x" * 100_000)
    app.drawn.clear()


def test_while_the_terminal_takes_its_time_nothing_is_drawn_and_then_all_as_it_is() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        stick(app)
        for text in ("second", "third", "fourth"):
            app.show(text)
            await pilot.pause()
        await until(pilot, lambda: app.is_behind)
        assert app.drawn == []

        await until(pilot, lambda: tty.read() is not None and app.drawn)
        await until(pilot, lambda: tty.read() is not None and app.outlet.is_clear)
        assert app.drawn == [("fourth", True)]
        assert not app.is_behind
        tty.read()
        assert tty.received.endswith(b"xfourth")

    run(flow)


def test_a_part_that_is_drawn_first_is_not_taken_for_all() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        stick(app)
        app.show("second")
        await until(pilot, lambda: app.is_behind)
        polling.until(lambda: tty.read() is not None and app.outlet.is_clear)
        app._display(app.screen, app.screen._compositor.render_partial_update())
        assert app.is_behind

        await until(pilot, lambda: not app.is_behind)
        assert app.drawn[-1] == ("second", True)

    run(flow)


def test_what_waits_to_be_seen_is_told_when_it_has_left_and_only_the_newest() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        told: list[tuple[int, bytes]] = []

        def tell(number: int) -> None:
            tty.read()
            told.append((number, tty.received[-6:]))

        stick(app)
        for number, text in enumerate(("second", "third!", "fourth")):
            app.show(text)
            await pilot.pause()
            after_display(app, tell, number)
            await pilot.pause()
        await until(pilot, lambda: app.is_behind)
        assert told == []

        await until(pilot, lambda: tty.read() is not None and told)
        assert told == [(2, b"fourth")]

    run(flow)


def test_what_left_is_told_though_more_was_drawn_since() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        told: list[str] = []
        app.show("second")
        await pilot.pause()
        app.when_out(told.append, "second")
        app.when_out(told.append, "second")
        stick(app)

        await until(pilot, lambda: told)
        assert told == ["second"]
        assert not app.outlet.is_clear

    run(flow)


def test_what_was_drawn_before_the_terminal_was_left_is_not_told() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        told: list[str] = []
        stick(app)
        app.when_out(told.append, "seen")
        app.outlet.stop(quiet_s=0.0)
        app.outlet.start(asyncio.get_running_loop())
        app.when_out(told.append, "later")

        await until(pilot, lambda: told)
        assert told == ["later"]

    run(flow)


def test_without_a_terminal_all_is_told_at_once() -> None:
    app = Deck()
    told: list[int] = []
    app.when_out(told.append, 1)

    assert told == [1]


def test_what_comes_in_the_way_of_the_present_only_delays_it() -> None:
    async def flow(app: Deck, tty: Tty, pilot: Pilot[int]) -> None:
        stick(app)
        app.show("second")
        await until(pilot, lambda: app.is_behind)
        polling.until(lambda: tty.read() is not None and app.outlet.is_clear)
        await asyncio.sleep(0)
        stick(app)  # the present is to be drawn, and is in turn before it is
        await until(pilot, lambda: app.pictures_skipped == 2)

        await until(pilot, lambda: tty.read() is not None and not app.is_behind)
        assert app.drawn[-1] == ("second", True)

    run(flow)
