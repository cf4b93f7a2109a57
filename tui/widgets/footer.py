"""The footer: the keys that work now, those first that are wanted most where not all fit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

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
    """Whole entries only, of the lowest ranks where there is not room for all; the one for help
    keeps its place at the right end."""
    tail = [span for entry in entries if _is_pinned(entry) for span in _spans([entry])]
    free = [entry for entry in entries if not _is_pinned(entry)]
    places = [list(group) for _, group in groupby(free, lambda entry: entry.text)]
    left = width - _length(tail) - 1
    kept = set()
    for at in sorted(range(len(places)), key=lambda at: places[at][0].action.rank):
        if (length := _length(_spans(places[at]))) <= left:
            kept.add(at)
            left -= length
    shown = [span for at in sorted(kept) for span in _spans(places[at])]
    return (Span(" "), *shown, Span(" " * max(0, left)), *tail)


def _is_pinned(entry: Entry) -> bool:
    return entry.action.name == "help"


def _spans(place: Sequence[Entry]) -> list[Span]:
    """Entries of one word: their keys, and the word once."""
    keys = [display(entry.keys[0]) for entry in place]
    between = "" if all(len(key) == 1 for key in keys) else " "
    return [Span(between.join(keys), "accent"), Span(f" {place[0].text}  ", "muted")]


def _length(spans: Sequence[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)
