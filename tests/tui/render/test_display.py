"""A whole app on an emulator: what that shows is what Textual would have drawn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from engine.config import DeckConfig
from tests.support.emulator_driver import EmulatorDriver, as_textual_draws, terminal_of
from tui.render import CellDisplay
from tui.render.display import SYNC_END, SYNC_START, erases_in_colour

# No joined characters: the emulator loses what follows a joiner on the line.
WORDS = ["bid", "64231.05", "⣿⡇⠁", "日本語", "e\u0301t", "  ", "│─┤", "▌", "x" * 30, "●"]
STYLES = [
    "",
    "red",
    "bold #e6a028 on #0a0c10",
    "dim #3cc85a",
    "underline",
    "reverse #0a0c10 on #3cc85a",
    "italic strike bright_blue on blue",
    "color(100) on color(17)",
]


class Box(Static):
    """Text somewhere on the screen, above what was there before."""

    DEFAULT_CSS = "Box { position: absolute; width: auto; height: auto; layer: above; }"


class Question(ModalScreen[None]):
    """A screen above the others, which shine through."""

    CSS = "Question { align: center middle; background: $background 60%; }"

    def compose(self) -> ComposeResult:
        yield Static(Text("Cancel all?\n日本 [y/n]", style="bold #ffffff on #803030"))


class Probe(CellDisplay, inherit_bindings=False):
    """Boxes on lines of text."""

    CSS = "Screen { layers: base above; } #lines { height: 12; overflow-y: scroll; }"

    def __init__(
        self, render: str = "cells", color_system: ColorSystem = ColorSystem.TRUECOLOR
    ) -> None:
        self.config = DeckConfig(render=render)  # type: ignore[arg-type]
        super().__init__(ansi_color=color_system is ColorSystem.STANDARD)
        self.console._color_system = color_system
        self.boxes: list[Box] = []

    def get_driver_class(self) -> type[EmulatorDriver]:
        return EmulatorDriver

    def compose(self) -> ComposeResult:
        text = Text("\n").join(
            Text(f"{WORDS[row % len(WORDS)]} row {row} ", style=STYLES[row % len(STYLES)])
            for row in range(40)
        )
        yield Static(text, id="lines")
        yield Static("status")


Script = Callable[[Pilot[int]], Awaitable[None]]


def play(app: CellDisplay, script: Script, size: tuple[int, int] = (60, 20)) -> None:
    async def run() -> None:
        async with app.run_test(headless=False, size=size) as pilot:
            await pilot.pause()
            await script(pilot)

    asyncio.run(run())


async def check(pilot: Pilot[int]) -> None:
    """The terminal shows what the compositor holds."""
    await pilot.pause()
    await pilot.pause()
    shown = terminal_of(pilot.app).emulator.shown()
    assert as_textual_draws(pilot.app) == shown


def said(sent: str) -> str:
    """What was sent but for questions to the terminal."""
    return re.sub(r"\x1b\[\?\d+\$p", "", sent)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("status"), st.sampled_from(WORDS), st.sampled_from(STYLES)),
        st.tuples(
            st.just("box"), st.sampled_from(WORDS), st.sampled_from(STYLES),
            st.integers(-3, 70), st.integers(-2, 22),
        ),
        st.tuples(st.just("move"), st.integers(-9, 9), st.integers(-4, 4)),
        st.tuples(st.just("drop")),
        st.tuples(st.just("scroll"), st.integers(0, 28)),
        st.tuples(st.just("modal")),
        st.tuples(st.just("theme"), st.sampled_from(["nord", "dracula", "textual-light"])),
        st.tuples(st.just("resize"), st.integers(5, 90), st.integers(3, 30)),
        st.tuples(st.just("garble")),
        st.tuples(st.just("batch"), st.sampled_from(WORDS), st.sampled_from(STYLES)),
    ),
    min_size=1,
    max_size=9,
)  # fmt: skip


async def take(step: tuple[Any, ...], app: Probe) -> None:
    """Do one step of a random script."""
    match step:
        case ("status", text, style):
            app.screen_stack[0].query(Static).last().update(Text(text, style=style))
        case ("box", text, style, x, y):
            box = Box(Text(text, style=style))
            box.styles.offset = (x, y)
            app.boxes.append(box)
            await app.screen_stack[0].mount(box)
        case ("move", x, y) if app.boxes:
            app.boxes[-1].styles.offset = (10 + x, 8 + y)
        case ("drop",) if app.boxes:
            await app.boxes.pop().remove()
        case ("scroll", y):
            app.screen_stack[0].query_one("#lines").scroll_to(y=y, animate=False)
        case ("modal",):
            if isinstance(app.screen, Question):
                await app.pop_screen()
            else:
                await app.push_screen(Question())
        case ("theme", name):
            app.theme = name
        case ("resize", width, height):
            terminal_of(app).resize(width, height)
        case ("garble",):
            terminal_of(app).emulator.feed("\x1b[2;4r\x1b[4h\x1b[3;3Hwall message\x1b[7m\x1b(0qq")
            app.redraw()
        case ("batch", text, style):
            with app.batch_update():
                app.screen_stack[0].query(Static).last().update(Text(text, style=style))
                app.screen.refresh()


@settings(deadline=None, max_examples=15)
@given(STEPS, st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]))
def test_a_terminal_shows_what_textual_would_draw_after_any_events(steps, color_system):
    app = Probe(color_system=color_system)

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        for step in steps:
            await take(step, app)
            # Timers of a resize and of a mount do their work within this.
            await pilot.pause(0.02)
            await check(pilot)

    play(app, script)


def test_both_ways_show_the_same():
    shown = {}
    for render in ("cells", "plain"):
        app = Probe(render)

        async def script(pilot: Pilot[int], app: Probe = app, render: str = render) -> None:
            for step in (
                ("status", "e\u0301t 日本語", "reverse green"),
                ("box", "64231.05", "underline", 4, 3),
                ("scroll", 7),
                ("modal",),
                ("status", "64231.05", "bold"),
                ("modal",),
                ("theme", "nord"),
            ):
                await take(step, app)
                await pilot.pause(0.02)
            shown[render] = terminal_of(app).emulator.shown()

        play(app, script)

    assert shown["plain"] == shown["cells"]


def test_a_changed_word_is_all_that_is_sent():
    app = Probe()

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        terminal_of(app).take_sent()
        app.query(Static).last().update("staTus")
        await check(pilot)
        sent = said(terminal_of(app).take_sent())
        assert "T" in sent
        assert "st" not in sent
        assert len(sent) < 60

    play(app, script)


def test_nothing_is_sent_for_a_repaint_of_the_same():
    app = Probe()

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        terminal_of(app).take_sent()
        app.screen.refresh()
        await check(pilot)
        assert said(terminal_of(app).take_sent()) == ""

    play(app, script)


@pytest.mark.parametrize("knows", [True, False])
def test_updates_are_marked_as_one_where_the_terminal_knows_the_marks(knows):
    app = Probe()

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        app._sync_available = knows
        terminal_of(app).take_sent()
        app.query(Static).last().update("statuS")
        await check(pilot)
        sent = said(terminal_of(app).take_sent())
        assert "S" in sent
        assert sent.startswith(SYNC_START) is knows
        assert sent.endswith(SYNC_END) is knows
        app.screen.refresh()
        await check(pilot)
        assert SYNC_START not in terminal_of(app).take_sent()

    play(app, script)


def test_the_cursor_rests_where_a_widget_wants_it():
    app = Probe()

    async def script(pilot: Pilot[int]) -> None:
        app.cursor_position = Offset(7, 3)
        app.query(Static).last().update("typing")
        await check(pilot)
        cursor = terminal_of(app).emulator.screen.cursor
        assert (cursor.x, cursor.y) == (7, 3)

    play(app, script)


def test_in_plain_mode_nothing_is_known_of_the_terminal():
    app = Probe("plain")

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        assert app.cell_renderer.statistics().updates == 0
        terminal_of(app).emulator.feed("\x1b[5;5Hgarbage")
        app.redraw()
        await check(pilot)

    play(app, script)


def test_a_deck_without_a_terminal_keeps_nothing():
    async def run() -> None:
        app = Probe()
        async with app.run_test() as pilot:
            app.query(Static).last().update("unseen")
            await pilot.pause()
            assert app.cell_renderer.statistics().updates == 0

    asyncio.run(run())


def test_styles_become_the_pens_that_textual_writes():
    app = Probe()
    pens = app._wanted_screen
    style = Style.parse("bold not italic #0a0c10 on color(17) link https://example.org")

    assert pens.pen_of(style) == (1, "38;2;10;12;16", "48;5;17")
    assert pens.pen_of(Style.parse("default on default")) == (0, "", "")
    assert pens.pen_of(Style.parse("red on bright_red")) == (0, "31", "101")


def test_rows_that_changed_are_composed_and_no_others():
    rendered: list[tuple[str | None, int]] = []

    class Line(Widget):
        DEFAULT_CSS = "Line { height: 1; }"

        def render_lines(self, crop):  # type: ignore[no-untyped-def]
            rendered.append((self.id, crop.height))
            return super().render_lines(crop)

    class Lined(Probe):
        def compose(self) -> ComposeResult:
            for name in ("one", "two", "three"):
                yield Line(id=name)

    app = Lined()

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        rendered.clear()
        app.query_one("#one").refresh()
        app.query_one("#three").refresh()
        await pilot.pause()
        assert rendered == [("three", 1), ("one", 1)] or rendered == [("one", 1), ("three", 1)]

    play(app, script)


def test_erasing_colours_in_all_but_few_terminals():
    assert erases_in_colour({"TERM": "xterm-256color"})
    assert erases_in_colour({"TERM": "tmux-256color"})
    assert erases_in_colour({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"})
    assert not erases_in_colour({"TERM": "screen-256color"})
    assert not erases_in_colour({"TERM": "vt100"})
    assert not erases_in_colour({})


def test_a_terminal_that_was_left_is_drawn_anew():
    app = Probe()

    class Outlet:
        generation = 0

    async def script(pilot: Pilot[int]) -> None:
        terminal = terminal_of(app)
        terminal.outlet = Outlet()  # type: ignore[attr-defined]
        await check(pilot)
        terminal.emulator.feed("\x1b[m\x1b[2J\x1b[Hthe shell")
        Outlet.generation += 1
        app.query(Static).last().update("back")
        await check(pilot)

    play(app, script)


def test_a_terminal_that_is_back_at_its_size_is_drawn_anew():
    app = Probe()

    async def script(pilot: Pilot[int]) -> None:
        await check(pilot)
        terminal = terminal_of(app)
        terminal.resize(30, 10)
        terminal.resize(60, 20)
        terminal.emulator.feed("\x1b[2J")
        await pilot.pause(0.05)
        await check(pilot)

    play(app, script)
