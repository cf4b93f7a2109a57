"""Questions: what stands there, and which keys answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.pilot import Pilot

from tui.orders.question import SEEN_AFTER_S
from tui.screens.confirm import (
    WIDTH,
    Answer,
    ConfirmScreen,
    Prompt,
    Reply,
    prompt_lines,
    yes_or_no,
)
from tui.themes import DEFAULT_THEME, load_themes, textual_theme, theme_variables

CANCEL = yes_or_no("Cancel all?", "2 orders work.", yes="cancel them")
LEAVE = Prompt(
    "Leave?",
    "Orders still work.",
    (
        Answer("stay", "s", "stay"),
        Answer("leave", "l", "leave them"),
        Answer("cancel", "c", "cancel first", is_dangerous=True),
    ),
)


class _Host(App[None]):
    """Asks one question, and keeps the reply and the keys that went past it."""

    def __init__(self, prompt: Prompt) -> None:
        self.deck_theme = load_themes()[0][DEFAULT_THEME]
        super().__init__()
        self.register_theme(textual_theme(self.deck_theme))
        self.theme = DEFAULT_THEME
        self.confirm = ConfirmScreen(prompt)
        self.replies: list[Reply | None] = []
        self.keys: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self.deck_theme)

    def on_mount(self) -> None:
        self.push_screen(self.confirm, self.replies.append)

    def on_key(self, event: events.Key) -> None:
        self.keys.append(event.key)

    @property
    def is_asking(self) -> bool:
        return self.screen is self.confirm

    @property
    def painted_at(self) -> float:
        assert self.confirm._painted_at is not None
        return self.confirm._painted_at

    def text(self) -> list[str]:
        return ["".join(span.text for span in line.spans) for line in self.confirm._body._lines]


Script = Callable[[_Host, Pilot[None]], Awaitable[None]]


def _play(prompt: Prompt, script: Script, size: tuple[int, int] = (100, 30)) -> list[str]:
    """Run `script` while the question is asked; the values that were answered."""

    async def main() -> list[str]:
        host = _Host(prompt)
        async with host.run_test(size=size) as pilot:
            await pilot.pause()
            await script(host, pilot)
            await pilot.pause()
        return [reply.value for reply in host.replies if reply is not None]

    return asyncio.run(main())


async def _press(host: _Host, pilot: Pilot[None], *keys: str, later_s: float = 1.0) -> None:
    """Press keys, `later_s` after the question could be read."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.time = host.painted_at + later_s
        host.post_message(event)
        await pilot.pause()


def _answers(prompt: Prompt, *keys: str, later_s: float = 1.0) -> list[str]:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _press(host, pilot, *keys, later_s=later_s)

    return _play(prompt, script)


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("y",), "yes"),
        (("n",), "no"),
        (("enter",), "no"),
        (("escape",), "no"),
        (("down", "enter"), "yes"),
        (("right", "enter"), "yes"),
        (("tab", "enter"), "yes"),
        (("up", "enter"), "yes"),
        (("shift+tab", "enter"), "yes"),
        (("down", "escape"), "no"),
        (("down", "down", "enter"), "no"),
        (("down", "left", "enter"), "no"),
    ],
)
def test_a_question_is_answered_by_a_key_or_by_choosing(keys: tuple[str, ...], value: str) -> None:
    assert _answers(CANCEL, *keys) == [value]


def test_the_choice_goes_around_all_answers() -> None:
    assert _answers(LEAVE, "up", "enter") == ["cancel"]
    assert _answers(LEAVE, "down", "enter") == ["leave"]
    assert _answers(LEAVE, *["down"] * 3, "enter") == ["stay"]


def test_any_other_key_does_nothing_here_or_behind_the_question() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        await _press(host, pilot, "x", "q", "Y", "ctrl+c", "f5", "space", "o")
        assert host.is_asking
        assert host.keys == []

    assert _play(CANCEL, script) == []


def test_pasted_text_answers_nothing() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        host.post_message(events.Paste("y\ny\n"))
        await pilot.pause()
        assert host.is_asking

    assert _play(CANCEL, script) == []


# -- seen -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_s", [-5.0, 0.0, SEEN_AFTER_S / 2])
def test_danger_is_not_answered_before_it_could_be_read(later_s: float) -> None:
    assert _answers(CANCEL, "y", later_s=later_s) == []
    assert _answers(CANCEL, "down", "enter", later_s=later_s) == []


@pytest.mark.parametrize("key", ["n", "escape", "enter"])
def test_what_does_no_harm_is_answered_at_once(key: str) -> None:
    assert _answers(CANCEL, key, later_s=-5.0) == ["no"]
    assert _answers(LEAVE, "l", later_s=-5.0) == ["leave"]


def test_a_question_that_was_never_painted_takes_no_danger() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        at = host.painted_at
        host.confirm._painted_at = None
        event = events.Key("y", "y")
        event.time = at + 60.0
        host.post_message(event)
        await pilot.pause()
        assert host.is_asking

    assert _play(CANCEL, script) == []


def test_a_reply_says_when_it_was_asked_and_when_answered() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        painted_at = host.painted_at
        await _press(host, pilot, "y", later_s=3.0)
        assert host.replies == [Reply("yes", painted_at, painted_at + 3.0)]

    assert _play(CANCEL, script) == ["yes"]


def test_no_question_has_a_dangerous_default() -> None:
    with pytest.raises(AssertionError, match="must do no harm"):
        ConfirmScreen(Prompt("?", "", (Answer("yes", "y", "yes", is_dangerous=True),)))


# -- mouse ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("row", "value"), [(-3, "stay"), (-2, "leave")])
def test_a_click_answers_what_is_written_there(row: int, value: str) -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        body = host.confirm._body
        y = len(body._lines) + row
        frame = body.content_region.y - body.region.y
        await pilot.click(body, offset=(8, y + frame))

    assert _play(LEAVE, script) == [value]


def test_a_click_beside_the_answers_is_none() -> None:
    async def script(host: _Host, pilot: Pilot[None]) -> None:
        body = host.confirm._body
        await pilot.click(body, offset=(8, 2))
        await pilot.click(body, offset=(8, body.region.height - 1))
        await pilot.click(offset=(0, 0))
        assert host.is_asking

    assert _play(LEAVE, script) == []


# -- what stands there ----------------------------------------------------------------------------


def test_yes_is_never_what_enter_means() -> None:
    prompt = yes_or_no("Sure?", "text", yes="do it")

    assert [(a.value, a.key, a.is_dangerous) for a in prompt.answers] == [
        ("no", "n", False),
        ("yes", "y", True),
    ]
    assert prompt.answers[1].label == "do it"


def test_the_question_stands_over_its_answers_the_chosen_one_marked() -> None:
    lines = prompt_lines(CANCEL, 1, 40)
    texts = ["".join(span.text for span in line.spans) for line in lines]

    assert texts == [
        *("Cancel all?", "", "2 orders work.", ""),
        "  n  no",
        "> y  cancel them",
    ]
    assert [line.ground for line in lines] == ["", "", "", "", "", "raised"]
    assert [line.spans[-1].ink for line in lines[-2:]] == ["text", "error bold"]


def test_paragraphs_are_wrapped_and_blank_ones_stay() -> None:
    prompt = yes_or_no("T", "one two three\n\nfour")
    texts = ["".join(span.text for span in line.spans) for line in prompt_lines(prompt, 0, 8)]

    assert texts[2:-3] == ["one two", "three", "", "four"]


@pytest.mark.parametrize("size", [(100, 30), (40, 20)])
def test_a_long_question_is_shown_to_its_last_answer(size: tuple[int, int]) -> None:
    prompt = yes_or_no("Sure?", "word " * 40, yes="do it")

    async def script(host: _Host, pilot: Pilot[None]) -> None:
        body = host.confirm._body
        assert host.text()[-2:] == ["> n  no", "  y  do it"]
        assert body.region.width == min(WIDTH, size[0])
        assert body.content_region.height == len(host.text())
        assert all(cell_len(text) <= body.content_region.width for text in host.text())

    _play(prompt, script, size)


def test_the_question_fits_again_when_the_terminal_is_another() -> None:
    prompt = yes_or_no("Sure?", "word " * 40)

    async def script(host: _Host, pilot: Pilot[None]) -> None:
        before = host.confirm._body.region.height
        await pilot.resize_terminal(40, 30)
        await pilot.pause()
        assert host.confirm._body.region.height > before
        assert host.text()[-1].endswith("yes")

    _play(prompt, script)


@pytest.mark.parametrize("width", [-3, 0, 1, 5])
def test_a_question_without_room_has_its_answers_all_the_same(width: int):
    answers = [
        "".join(span.text for span in line.spans).split()[-1]
        for line in prompt_lines(LEAVE, 0, width)[-3:]
    ]

    assert answers == ["stay", "them", "first"]
