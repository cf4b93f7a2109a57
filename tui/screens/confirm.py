"""A question with a few answers, of which the dangerous one is never the default."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from engine.clock import monotonic_s
from tui.orders.question import was_seen
from tui.terminal.present import after_display
from tui.widgets.lines import Line, Lines, Span

WIDTH = 70
_FRAME = 6
"""Columns of border and padding; two rows of each."""


class Answer(NamedTuple):
    """One way to answer."""

    value: str
    key: str
    """The key that gives it at once."""
    label: str
    is_dangerous: bool = False


class Prompt(NamedTuple):
    """A question. The first answer is the default, and what Escape means."""

    title: str
    text: str
    answers: tuple[Answer, ...]


def yes_or_no(title: str, text: str, *, yes: str = "yes") -> Prompt:
    """A question whose `yes` does something that cannot be taken back."""
    answers = (Answer("no", "n", "no"), Answer("yes", "y", yes, is_dangerous=True))
    return Prompt(title, text, answers)


class _Body(Lines):
    DEFAULT_CSS = """
    _Body {
        width: 70; max-width: 100%; height: auto; padding: 1 2;
        border: round $border; background: $surface;
    }
    """
    GROUND = "surface"

    def __init__(self, prompt: Prompt) -> None:
        super().__init__()
        self.prompt = prompt
        self.chosen = 0

    def paint(self, width: int, height: int) -> list[Line]:
        return prompt_lines(self.prompt, self.chosen, width)


class Reply(NamedTuple):
    """What was answered, and when, in seconds of the monotonic clock."""

    value: str
    painted_at: float
    at: float


class ConfirmScreen(ModalScreen[Reply]):
    """Asks, and is dismissed with the reply.

    A dangerous answer counts only if its key came after the question could be read: what was
    typed ahead, or pasted, was not an answer to it.
    """

    DEFAULT_CSS = "ConfirmScreen { align: center middle; background: $background 60%; }"

    def __init__(self, prompt: Prompt) -> None:
        assert not prompt.answers[0].is_dangerous, "the default answer must do no harm"
        super().__init__()
        self._prompt = prompt
        self._body = _Body(prompt)
        self._painted_at: float | None = None

    def compose(self) -> ComposeResult:
        yield self._body

    def on_mount(self) -> None:
        self._fit()
        after_display(self, self._note_painted)

    def on_resize(self) -> None:
        self._fit()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        answers = self._prompt.answers
        if event.key == "escape":
            self._answer(answers[0], event.time)
        elif event.key in ("left", "up", "shift+tab", "right", "down", "tab"):
            step = -1 if event.key in ("left", "up", "shift+tab") else 1
            self._body.chosen = (self._body.chosen + step) % len(answers)
            self._body.redraw()
        elif event.key == "enter":
            self._answer(answers[self._body.chosen], event.time)
        else:
            for answer in answers:
                if answer.key == event.key:
                    self._answer(answer, event.time)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()

    def on_click(self, event: events.Click) -> None:
        row = event.screen_y - self._body.content_region.y
        first = len(self._body._lines) - len(self._prompt.answers)
        if event.widget is self._body and 0 <= row - first < len(self._prompt.answers):
            self._answer(self._prompt.answers[row - first], event.time)

    def _answer(self, answer: Answer, at: float) -> None:
        if answer.is_dangerous and not was_seen(self._painted_at, at):
            return
        self.dismiss(Reply(answer.value, self._painted_at or at, at))

    def _note_painted(self) -> None:
        self._painted_at = monotonic_s()

    def _fit(self) -> None:
        width = min(WIDTH, self.app.size.width) - _FRAME
        lines = prompt_lines(self._prompt, self._body.chosen, width)
        self._body.styles.height = len(lines) + 4


def prompt_lines(prompt: Prompt, chosen: int, width: int) -> list[Line]:
    """The question, and one line for each answer, the chosen one marked."""
    title = textwrap.wrap(prompt.title, max(1, width)) or [""]
    lines = [*(Line((Span(part, "text bold"),)) for part in title), Line()]
    for paragraph in prompt.text.splitlines():
        parts = textwrap.wrap(paragraph, max(1, width)) or [""]
        lines += [Line((Span(part, "text"),)) for part in parts]
    lines.append(Line())
    for number, answer in enumerate(prompt.answers):
        is_chosen = number == chosen
        ink = "error" if answer.is_dangerous else "text"
        lines.append(
            Line(
                (
                    Span("> " if is_chosen else "  ", "accent bold"),
                    Span(f"{answer.key}  ", "accent"),
                    Span(answer.label, f"{ink} bold" if is_chosen else ink),
                ),
                "raised" if is_chosen else "",
            )
        )
    return lines
