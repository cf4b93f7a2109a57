"""Every key, from the registry of actions, and every command that can be typed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tui.actions import Entry
from tui.keymap import display
from tui.widgets.lines import Line, Lines, Span, fit

COLUMN = 52
"""Least width of a column of keys; as many stand side by side as fit."""
KEYS = 16
USAGE = 34
"""Columns of a command's usage, before what it does."""

Commands = Sequence[tuple[str, str, str]]
"""Chapter, usage and help of each command of the command line."""

_CLOSE = ("escape", "q", "question_mark", "f1", "enter")
_STEPS = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -20, "pagedown": 20, "space": 20}
_EDGES = {"home": -(10**6), "end": 10**6}


class _Page(Lines):
    DEFAULT_CSS = "_Page { width: 1fr; height: 1fr; padding: 0 1; background: $surface; }"
    GROUND = "surface"

    def __init__(self, entries: Sequence[Entry], commands: Commands) -> None:
        super().__init__()
        self._entries = entries
        self._commands = commands
        self.first = 0

    def paint(self, width: int, height: int) -> list[Line]:
        lines = help_lines(self._entries, width)
        if self._commands:
            lines += [Line(), *command_lines(self._commands, width)]
        room = height - 2
        self.first = min(max(0, self.first), max(0, len(lines) - room))
        more = len(lines) > room
        hint = "esc closes   ↑↓ scroll" if more else "esc closes"
        head = Line(
            (Span(fit("Keys", max(0, width - len(hint))), "text bold"), Span(hint, "muted"))
        )
        return [head, Line(), *lines[self.first : self.first + room]]


class HelpScreen(ModalScreen[None]):
    """The keys by chapter, in as many columns as fit."""

    DEFAULT_CSS = "HelpScreen { align: center middle; background: $background 60%; padding: 1 3; }"

    def __init__(self, entries: Sequence[Entry], commands: Commands = ()) -> None:
        super().__init__()
        self._page = _Page(entries, commands)

    def compose(self) -> ComposeResult:
        yield self._page

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key in _CLOSE:
            self.dismiss(None)
        elif step := _STEPS.get(event.key) or _EDGES.get(event.key):
            self._scroll(step)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(-3)

    def _scroll(self, step: int) -> None:
        self._page.first += step
        self._page.redraw()


def help_lines(entries: Sequence[Entry], width: int) -> list[Line]:
    """All entries in columns of `COLUMN` cells, chapters kept whole where they can be."""
    columns = max(1, width // COLUMN)
    blocks = [
        _block(group, list(rows), width // columns)
        for group, rows in groupby(entries, lambda row: row.group)
    ]
    stacks = _stacked(blocks, columns)
    return _side_by_side(stacks, width // columns)


def _stacked(blocks: list[list[Line]], columns: int) -> list[list[Line]]:
    """`blocks` in their order in so many columns, the tallest of which is as low as can be."""
    height = max(len(block) for block in blocks)
    while len(stacks := _filled(blocks, height)) > columns:
        height += 1
    return stacks


def _filled(blocks: list[list[Line]], height: int) -> list[list[Line]]:
    """`blocks` in as many columns of at most `height` lines as they take."""
    stacks: list[list[Line]] = [[]]
    for block in blocks:
        if stacks[-1] and len(stacks[-1]) + 1 + len(block) > height:
            stacks.append([])
        stacks[-1] += [*([Line()] if stacks[-1] else []), *block]
    return stacks


def command_lines(commands: Commands, width: int) -> list[Line]:
    """How each command is written, and what it does, beside or below that."""
    lines: list[Line] = []
    for group, rows in groupby(commands, lambda row: row[0]):
        lines += [*([Line()] if lines else []), Line((Span(f"Typed: {group}", "accent bold"),))]
        for _, usage, text in rows:
            lines += _command(f":{usage}", text, width)
    return lines


def _command(usage: str, text: str, width: int) -> list[Line]:
    """How a command is written and what it does: beside that, or below it where that is long."""
    if len(usage) < USAGE:
        parts = textwrap.wrap(text, max(1, width - USAGE), break_on_hyphens=False)
        first = Line((Span(fit(usage, USAGE)), Span(parts[0], "muted")))
        return [first, *(Line((Span(" " * USAGE), Span(part, "muted"))) for part in parts[1:])]
    uses = textwrap.wrap(usage, max(1, width), subsequent_indent="    ", break_on_hyphens=False)
    tells = textwrap.wrap(text, max(1, width - USAGE), break_on_hyphens=False)
    return [
        *(Line((Span(part),)) for part in uses),
        *(Line((Span(" " * USAGE), Span(part, "muted"))) for part in tells),
    ]


def _block(group: str, rows: list[Entry], width: int) -> list[Line]:
    lines = [Line((Span(group, "accent bold"),))]
    for keys, text in _merged(rows):
        parts = textwrap.wrap(text, max(1, width - KEYS - 2), break_on_hyphens=False)
        lines.append(Line((Span(fit(keys, KEYS)), Span(parts[0], "muted"))))
        lines += [Line((Span(" " * KEYS), Span(part, "muted"))) for part in parts[1:]]
    return lines


def _merged(rows: list[Entry]) -> list[tuple[str, str]]:
    """(keys, help) of each row. Digits that do alike things share one: `1 … 9`."""
    merged: list[tuple[str, str]] = []
    for is_digit, group in groupby(rows, _is_digit):
        alike = list(group)
        if is_digit and len(alike) > 1:
            first, last = alike[0].keys[0], alike[-1].keys[0]
            merged.append((f"{first} … {last}", _in_one([row.text for row in alike])))
            continue
        for row in alike:
            keys = " ".join(display(key) for key in row.keys) or "not bound"
            merged.append((keys, row.text))
    return merged


def _is_digit(row: Entry) -> str:
    """The method of a row that one digit does; empty for other rows."""
    return row.action.method if len(row.keys) == 1 and row.keys[0].isdigit() else ""


def _in_one(texts: list[str]) -> str:
    """Sentences that differ in one place as one, with all that stands there."""
    words = [text.split() for text in texts]
    start = next(n for n, column in enumerate(zip(*words, strict=False)) if len(set(column)) > 1)
    end = start + 1
    middle = " ".join(" ".join(row[start:end]) for row in words)
    return " ".join([*words[0][:start], middle, *words[0][end:]])


def _side_by_side(stacks: list[list[Line]], width: int) -> list[Line]:
    lines = []
    for number in range(max(len(stack) for stack in stacks)):
        spans: list[Span] = []
        for stack in stacks:
            cells = stack[number].spans if number < len(stack) else ()
            spans += _padded(cells, width)
        lines.append(Line(tuple(spans)))
    return lines


def _padded(cells: tuple[Span, ...], width: int) -> list[Span]:
    left = width
    padded = []
    for span in cells:
        text = span.text if len(span.text) < left else fit(span.text, max(0, left - 1))
        padded.append(Span(text, span.ink))
        left -= len(text)
    return [*padded, Span(" " * max(0, left))]
