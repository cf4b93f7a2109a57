"""The command line as a widget: keys, pastes, errors, and what it lets run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen

from engine.clock import monotonic_s
from engine.errors import UsageError
from engine.messages import Submit
from tests.support import scenes
from tests.support.desk import CONTEXT
from tests.support.scripted_link import ScriptedLink
from tui.actions import Call
from tui.keymap import key_of_character
from tui.language.commands import complete, parse, usage
from tui.language.history import CommandHistory
from tui.language.line_edit import LineEdit
from tui.themes import DEFAULT_THEME, load_themes, textual_theme, theme_variables
from tui.widgets.command_bar import CommandBar, choice_spans, index_at, point_at, visible


class _Host(App[None]):
    """An app with nothing but the bar; it keeps what runs and the keys that the bar let by."""

    def __init__(self) -> None:
        self.deck_theme = load_themes()[0][DEFAULT_THEME]
        super().__init__()
        self.register_theme(textual_theme(self.deck_theme))
        self.theme = DEFAULT_THEME
        self.ran: list[Call] = []
        self.error: UsageError | None = None
        self.keys: list[str] = []
        self.closed = 0
        self.bar = CommandBar(
            parse=lambda text: parse(text, CONTEXT),
            run=self._run_call,
            complete=lambda text: complete(text, CONTEXT),
            usage=usage,
            history=CommandHistory(),
        )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self.deck_theme)

    def compose(self) -> ComposeResult:
        yield self.bar

    def _run_call(self, call: Call, at: float) -> None:
        if self.error is not None:
            raise self.error
        self.ran.append(call)

    def on_key(self, event: events.Key) -> None:
        self.keys.append(event.key)

    def on_command_bar_closed(self) -> None:
        self.closed += 1

    def said(self) -> str:
        """The second row, as text."""
        return "".join(span.text for span in self.bar._said(0, self.bar.size.width)).strip()


Script = Callable[[_Host, Pilot[None]], Awaitable[None]]


def _play(script: Script) -> _Host:
    async def main() -> _Host:
        host = _Host()
        async with host.run_test(size=(80, 10)) as pilot:
            host.bar.open()
            await pilot.pause()
            await script(host, pilot)
        return host

    return asyncio.run(main())


async def _type(pilot: Pilot[None], text: str) -> None:
    """All but the first character straight to the bar: a pilot waits after each key."""
    await pilot.press({"#": "number_sign"}.get(text[0], text[0]))
    bar = pilot.app.query_one(CommandBar)
    for character in text[1:]:
        bar.on_key(events.Key(character, character))
    await pilot.pause()


def _enter(host: _Host, at: float) -> None:
    key = events.Key("enter", "\r")
    key.time = at
    host.bar.on_key(key)


async def _enter_later(host: _Host, pilot: Pilot[None]) -> None:
    """Enter, as from a person who looked at the text for a second."""
    await pilot.pause()
    _enter(host, monotonic_s() + 1.0)
    await pilot.pause()


def test_a_command_is_typed_run_remembered_and_the_bar_closes() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "period 5m")
        await pilot.press("enter")
        await pilot.pause()
        assert not host.bar.is_open
        assert host.bar.history.lines == ("period 5m",)

    host = _play(script)
    assert host.ran == [Call("deck", "set_period", (300,))]
    assert host.closed == 1


def test_no_key_reaches_the_deck_while_it_is_open() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await pilot.press("f", "d", "up", "down", "tab", "f5", "ctrl+left", "escape")

    assert _play(script).keys == []


def test_an_error_keeps_the_text_and_points_at_the_word() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "theme nigth")
        await pilot.press("enter")
        await pilot.pause()
        assert host.bar.is_open
        assert host.bar.line.text == "theme nigth"
        assert host.said() == "^^^^^ 'nigth' is no theme · did you mean 'night'?"

        await pilot.press("backspace")
        assert host.bar.fault is None

    assert _play(script).ran == []


def test_an_error_of_what_was_run_keeps_the_text_too() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.error = UsageError("account sim does not trade this", hint="use paper")
        await _type(pilot, "account sim")
        await pilot.press("enter")
        await pilot.pause()
        assert host.bar.is_open
        assert host.bar.line.text == "account sim"
        assert "does not trade this · use paper" in host.said()

    _play(script)


def test_an_order_runs_when_its_text_was_on_the_screen() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "cancel 3")
        await _enter_later(host, pilot)

    assert _play(script).ran == [Call("desk", "cancel_number", (3,), True)]


@pytest.mark.parametrize("text", ["cancel 3", "buy 1 @ 64000", "flatten!"])
def test_keys_that_arrive_in_one_burst_trade_nothing(text: str) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        at = monotonic_s()
        for character in text:
            key = events.Key(character, character)
            key.time = at
            host.bar.on_key(key)
        _enter(host, at)
        assert "read it, then press Enter again" in str(host.bar.fault)
        assert host.bar.line.text == text

        await _enter_later(host, pilot)

    assert len(_play(script).ran) == 1


def test_an_enter_pressed_before_the_repaint_and_handled_after_it_trades_nothing() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        before = monotonic_s()
        await _type(pilot, "cancel 3")
        await pilot.pause()
        _enter(host, before)

    assert _play(script).ran == []


def test_pasted_text_is_typed_and_its_newline_runs_nothing() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.bar.post_message(events.Paste("buy 1 market!\nsell 1 market!\n"))
        await pilot.pause()
        assert host.bar.line.text == "buy 1 market!"

    assert _play(script).ran == []


def test_tab_goes_through_the_ways_to_go_on() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "p")
        seen = []
        for key in ("tab", "tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            seen.append(host.bar.line.text)
        assert seen == ["period", "pause", "play", "period", "play"]
        assert host.said().split() == ["period", "pause", "play"]

        await pilot.press("ctrl+u")
        await _type(pilot, "the")
        await pilot.press("tab")
        assert host.bar.line == LineEdit.at_end("theme ")

    _play(script)


def test_arrows_walk_through_what_was_typed_before() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.bar.history.add("period 1m")
        host.bar.history.add("theme day")
        await _type(pilot, "x")
        await pilot.press("up", "up")
        assert host.bar.line.text == "period 1m"

        await pilot.press("down", "down")
        assert host.bar.line.text == "x"

    _play(script)


def test_escape_and_an_empty_enter_close_it() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "buy")
        await pilot.press("escape")
        assert not host.bar.is_open

        host.bar.open("theme ")
        assert host.bar.line == LineEdit.at_end("theme ")
        await pilot.press("ctrl+u", "enter")
        assert not host.bar.is_open

    assert _play(script).ran == []


def test_backspace_in_an_empty_line_closes_it_and_a_click_places_the_cursor() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "theme")
        await pilot.click(host.bar, offset=(3, 0))
        assert host.bar.line == LineEdit("theme", 2)

        await pilot.press("ctrl+e", *["backspace"] * 5)
        assert host.bar.is_open

        await pilot.press("backspace")
        assert not host.bar.is_open

    _play(script)


def test_text_waits_when_the_focus_is_lost() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "buy 1")
        host.set_focus(None)
        await pilot.pause()
        assert not host.bar.is_open

        host.bar.open()
        await pilot.pause()
        assert host.bar.line.text == "buy 1"

    _play(script)


def test_a_closed_bar_is_not_focused_when_its_screen_comes_back() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await pilot.press("escape")
        await host.push_screen(ModalScreen())
        host.pop_screen()
        await pilot.pause()
        assert host.focused is None

        host.bar.open()
        await pilot.pause()
        assert host.focused is host.bar

    _play(script)


def test_the_usage_of_what_is_typed_is_shown() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _type(pilot, "seek")
        await pilot.pause()
        assert host.said().startswith("seek +5m|-30s|start")

    _play(script)


@pytest.mark.parametrize("text", [":help\r", ":theme day\r\r", ":x\r\r"])
def test_a_command_typed_ahead_sends_nothing_of_what_is_staged(text: str) -> None:
    link = ScriptedLink()
    app = scenes.deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await scenes.press(pilot, "o", "f")
        assert app.desk._painted_at is not None
        app.desk._painted_at -= 10.0  # it has been on the screen for long
        for character in text:
            key = "enter" if character == "\r" else key_of_character(character)
            app.post_message(events.Key(key, character))
        for _ in range(5):
            await pilot.pause()

    scenes.run(app, script)
    assert link.sent_of(Submit) == []


# -- pure parts -----------------------------------------------------------------------------------


def test_a_long_text_is_shown_around_its_cursor() -> None:
    text = "x" * 50 + "END"

    assert visible(LineEdit.at_end(text), 12) == ("xxxxxxxEND", 43)
    assert visible(LineEdit(text, 0), 12) == ("x" * 11, 0)
    assert visible(LineEdit("short", 2), 12) == ("short", 0)


def test_a_wide_text_is_counted_in_cells() -> None:
    assert visible(LineEdit.at_end("日本語日本語"), 8) == ("日本語", 3)
    assert index_at("日本", 0) == 0
    assert index_at("日本", 2) == 1
    assert index_at("日本", 9) == 2


@pytest.mark.parametrize(
    ("column", "text", "row"),
    [
        (2, "wrong", "  ^^^ wrong         "),
        (15, "wrong", "         wrong ^^^  "),
        (8, "far too long a text", " far too long a text"),
    ],
)
def test_the_carets_stand_under_the_word_and_the_words_beside_them(
    column: int, text: str, row: str
) -> None:
    assert point_at(column, 3, text, 20) == row


def test_choices_that_do_not_fit_begin_at_the_chosen_one() -> None:
    spans = choice_spans(["a one", "a two", "a three"], 1, 11)
    shown: Any = "".join(span.text for span in spans)

    assert shown.split() == ["two"]
