"""The `:` command line: two rows, the text and what is said of it.

Nothing typed is lost by an error: the text stays, with the wrong word pointed at. A command
that sends an order runs only if its text was on the screen, as it is, when Enter was pressed:
pasted text and what was typed ahead do not trade.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from engine.clock import monotonic_s
from engine.errors import TickdeckError
from tui.actions import Call
from tui.language.history import CommandHistory
from tui.language.line_edit import LineEdit, paste, press
from tui.language.words import LONGEST, CommandError
from tui.orders.question import was_seen
from tui.terminal.present import after_display
from tui.widgets.lines import Line, Lines, Span, fit

PROMPT = ":"

_NOT_SEEN = "nothing sent: read it, then press Enter again"


class CommandBar(Lines):
    """Edits a command, and runs it. Hidden until `open`."""

    DEFAULT_CSS = "CommandBar { height: 2; background: $surface; display: none; dock: bottom; }"
    GROUND = "surface"

    class Closed(Message):
        """The command line is gone; the keys are the deck's again."""

    def __init__(
        self,
        *,
        parse: Callable[[str], Call],
        run: Callable[[Call, float], object],
        complete: Callable[[str], Sequence[str]],
        usage: Callable[[str], str] = lambda _text: "",
        history: CommandHistory | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        """
        Args:
            parse: text to what it asks for; raises `CommandError`.
            run: does it, given when Enter was pressed; may raise `TickdeckError`.
            complete: what a text can go on to.
            usage: how the command that a text begins with is written.
            history: what was typed before.
        """
        super().__init__(id=id)
        self._parse = parse
        self._run = run
        self._complete = complete
        self._usage = usage
        self.history = history if history is not None else CommandHistory()
        self.line = LineEdit()
        self.fault: CommandError | None = None
        """What is wrong with the text, until it is changed."""
        self._choices: list[str] = []
        self._chosen = -1
        self._stem = ""
        self._painted_at: float | None = None
        self._version = 0

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self, text: str = "") -> None:
        """Show it, with `text` or with what a lost focus left behind, and take the keys."""
        self.display = self.can_focus = True
        if text:
            self.line = LineEdit.at_end(text)
        self.focus()
        self._changed()

    def close(self) -> None:
        """Hide it and forget the text."""
        self.line = LineEdit()
        self._hide()

    def on_key(self, event: events.Key) -> None:
        # Every key is for the text while it is open: none may act on the deck behind it.
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self._enter(event.time)
        elif event.key in ("escape", "ctrl+c"):
            self.close()
        elif event.key in ("tab", "shift+tab"):
            self._cycle(1 if event.key == "tab" else -1)
        elif event.key in ("up", "ctrl+p"):
            self._recall(self.history.older(self.line.text))
        elif event.key in ("down", "ctrl+n"):
            self._recall(self.history.newer())
        elif event.key == "backspace" and not self.line.text:
            self.close()
        elif (line := press(self.line, event.key, event.character, LONGEST)) is not None:
            self._edit(line)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._edit(paste(self.line, event.text, LONGEST))

    def on_blur(self, event: events.Blur) -> None:
        # The text waits for the next `open`: another panel was clicked, or a question asked.
        if self.is_open and self.screen.is_current:
            self._hide()

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            first = visible(self.line, self.size.width)[1]
            self._edit(self.line.moved(first + index_at(self.line.text[first:], event.x - 1)))

    def paint(self, width: int, height: int) -> list[Line]:
        text, first = visible(self.line, width)
        at = self.line.cursor - first
        under = text[at : at + 1] or " "
        spans = (
            Span(PROMPT, "accent bold"),
            Span(text[:at]),
            Span(under, "text reverse"),
            Span(text[at + 1 :]),
        )
        return [Line(spans, "raised"), Line(self._said(first, width))]

    def _said(self, first: int, width: int) -> tuple[Span, ...]:
        """The second row: the fault, or choices, or how the command is written."""
        if self.fault is not None:
            start = max(0, self.fault.start - first)
            length = max(1, self.fault.end - max(first, self.fault.start))
            before = cell_len(self.line.text[first : first + start])
            text = f"{self.fault}" + (f" · {self.fault.hint}" if self.fault.hint else "")
            return (Span(point_at(before + len(PROMPT), length, text, width), "error"),)
        if self._chosen >= 0:
            return choice_spans(self._choices, self._chosen, width)
        return (Span(fit(" " + self._usage(self.line.text), width), "muted"),)

    def _enter(self, at: float) -> None:
        text = self.line.text
        if not text.strip(PROMPT + " "):
            self.close()
            return
        try:
            call = self._parse(text)
            if call.sends_order and not was_seen(self._painted_at, at):
                raise CommandError(_NOT_SEEN, 0, len(text))
            self._run(call, at)
        except CommandError as error:
            self.fault = error
        except TickdeckError as error:
            self.fault = CommandError(str(error), 0, len(text), hint=error.hint)
        if self.fault is None:
            self.history.add(text)
            self.close()
        else:
            self.redraw()

    def _edit(self, line: LineEdit) -> None:
        self.line = line
        self.history.rest()
        self._changed()

    def _recall(self, text: str | None) -> None:
        if text is not None:
            self.line = LineEdit.at_end(text)
            self._changed()

    def _cycle(self, step: int) -> None:
        """Go to the next way in which the text up to the cursor can go on."""
        if self._chosen < 0:
            self._stem = self.line.text[: self.line.cursor]
            self._choices = list(self._complete(self._stem))
        if not self._choices:
            return
        choices, rest = self._choices, self.line.text[self.line.cursor :]
        chosen = (self._chosen + step) % len(choices) if self._chosen >= 0 else min(0, step)
        chosen %= len(choices)
        self.line = LineEdit(choices[chosen] + rest, len(choices[chosen]))
        self._changed()
        if len(choices) > 1:
            self._choices, self._chosen = choices, chosen
        else:
            self.line = self.line if rest else LineEdit.at_end(self.line.text + " ")
        self.redraw()

    def _changed(self) -> None:
        """The text is another: what was said of it is void, and it has not been seen."""
        self.fault = None
        self._choices, self._chosen = [], -1
        self._painted_at = None
        self._version += 1
        self.redraw()
        after_display(self, self._note_painted, self._version)

    def _note_painted(self, version: int) -> None:
        if version == self._version and self.is_open:
            self._painted_at = monotonic_s()

    def _hide(self) -> None:
        self.history.rest()
        self._changed()
        # A screen that comes back focuses what can be focused, shown or not: not this.
        self.display = self.can_focus = False
        self.post_message(self.Closed())


def visible(line: LineEdit, width: int) -> tuple[str, int]:
    """The part of the text that fits beside the prompt with the cursor in it, and the number
    of characters before it."""
    room = max(1, width - len(PROMPT) - 1)
    first = line.cursor
    while first > 0 and cell_len(line.text[first - 1 : line.cursor]) <= room:
        first -= 1
    end = line.cursor
    while end < len(line.text) and cell_len(line.text[first : end + 1]) <= room + 1:
        end += 1
    return line.text[first:end], first


def index_at(text: str, cell: int) -> int:
    """The number of characters of `text` that end at or before `cell`."""
    for index in range(len(text)):
        if cell_len(text[: index + 1]) > cell:
            return index
    return len(text)


def point_at(column: int, length: int, text: str, width: int) -> str:
    """A row with carets under `length` cells from `column`, and `text` where it fits."""
    carets = "^" * max(1, min(length, width - column))
    if column + len(carets) + 1 + cell_len(text) <= width:
        return fit(" " * column + carets + " " + text, width)
    if cell_len(text) + 1 <= column:
        return fit(" " * (column - cell_len(text) - 1) + text + " " + carets, width)
    return fit(" " + text, width)


def choice_spans(choices: Sequence[str], chosen: int, width: int) -> tuple[Span, ...]:
    """The last words of `choices`, as many as fit from the chosen one on."""
    words = [choice.split()[-1] if choice.split() else choice for choice in choices]
    whole = 1 + sum(cell_len(word) + 2 for word in words)
    spans, used = [Span(" ")], 1
    for at in range(chosen if whole > width else 0, len(words)):
        length = cell_len(words[at]) + 2
        if used + length > width:
            break
        spans += [Span(words[at], "accent bold" if at == chosen else "muted"), Span("  ")]
        used += length
    return tuple(spans)
