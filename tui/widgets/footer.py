"""The footer: the keys that work now, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.actions import Entry
from tui.keymap import display
from tui.widgets.lines import Line, Lines, Span


class KeyFooter(Lines):
    """One row of keys and words, the nearest context first; help is always on it."""

    DEFAULT_CSS = "KeyFooter { height: 1; background: $surface; }"
    GROUND = "surface"

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._entries: Sequence[Entry] = ()

    def show(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self.redraw()

    def paint(self, width: int, height: int) -> list[Line]:
        return [Line(footer_spans(self._entries, width))]


def footer_spans(entries: Sequence[Entry], width: int) -> tuple[Span, ...]:
    """Whole entries only; the one for help keeps its place at the right end."""
    pinned = [entry for entry in entries if entry.action.name == "help"][:1]
    tail = [span for entry in pinned for span in _spans(entry)]
    room = width - _length(tail)
    spans = [Span(" ")]
    used = 1
    for entry in entries:
        if entry in pinned:
            continue
        added = _spans(entry)
        if used + _length(added) > room:
            break
        spans += added
        used += _length(added)
    return (*spans, Span(" " * max(0, room - used)), *tail)


def _spans(entry: Entry) -> list[Span]:
    return [Span(display(entry.keys[0]), "accent"), Span(f" {entry.text}  ", "muted")]


def _length(spans: Sequence[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)
