"""The base of the deck's text widgets: lines of inked text, of which only changed ones repaint.

A widget says what its lines are (`paint`): plain text and the names of inks, which are roles
of the theme. No text is ever read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.paint.theme import Theme
from tui.render.display import refresh_cells

ELLIPSIS = "…"


class Span(NamedTuple):
    """Text in one ink, see `mix`."""

    text: str
    ink: str = "text"


class Line(NamedTuple):
    """One row: what stands on it, and the role behind all of it."""

    spans: tuple[Span, ...] = ()
    ground: str = ""


_MODIFIERS = {
    "bold": Style(bold=True),
    "reverse": Style(reverse=True),
    "underline": Style(underline=True),
}


class Lines(Widget):
    """A widget that paints itself line by line, and repaints the lines that changed."""

    DEFAULT_CSS = "Lines { background: $background; color: $text; }"
    GROUND = "background"
    """The role behind lines that name no other."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes, markup=False)
        self._lines: list[Line] = []
        self._styles: dict[tuple[str, str], Style] = {}
        self._styles_of: Theme | None = None
        self.repainted = 0
        """Lines repainted so far; tests read it."""

    def paint(self, width: int, height: int) -> list[Line]:
        """The lines to show in `width` x `height` cells; longer ones are cut with an ellipsis."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Paint anew, and repaint on the screen only the lines that differ."""
        width, height = self.size
        if not width or not height:
            return
        before, self._lines = self._lines, self.paint(width, height)[:height]
        changed = [
            row
            for row in range(max(len(before), len(self._lines)))
            if _at(before, row) != _at(self._lines, row)
        ]
        self.repainted += len(changed)
        if changed:
            refresh_cells(self, [Region(0, row, width, 1) for row in changed])

    def on_resize(self) -> None:
        self._lines = self.paint(*self.size)[: self.size.height]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        line = _at(self._lines, y)
        segments = [Segment(span.text, self._style(span.ink, line.ground)) for span in line.spans]
        return Strip(segments).adjust_cell_length(self.size.width, self._style("text", line.ground))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What Textual does to all colours, but for what does nothing to true ones."""
        filters = super().get_line_filters()
        if theme_of(self).depth != "truecolor":
            return filters
        return [one for one in filters if not isinstance(one, ANSIToTruecolor)]

    def _style(self, inks: str, ground: str) -> Style:
        """The style of a list of inks on a ground, mixed once per theme."""
        theme = theme_of(self)
        if self._styles_of is not theme:
            self._styles, self._styles_of = {}, theme
        if (known := self._styles.get((inks, ground))) is None:
            known = self._styles[inks, ground] = mix(inks, ground or self.GROUND, theme)
        return known


def theme_of(widget: Widget) -> Theme:
    """The theme that the deck shows now."""
    theme: Theme = widget.app.deck_theme  # type: ignore[attr-defined]
    return theme


def mix(inks: str, ground: str, theme: Theme) -> Style:
    """The style of space-separated inks: a role of the theme (`up`), or `chip-` and a role for a
    label on that colour, then `bold`, `reverse`, `underline`."""
    style = theme.style("text", ground)
    for ink in inks.split():
        if ink in _MODIFIERS:
            style += _MODIFIERS[ink]
        elif ink.startswith("chip-"):
            style = theme.chip(ink.removeprefix("chip-"))
        else:
            style = theme.style(ink, ground)
    return style


def _at(lines: list[Line], row: int) -> Line:
    return lines[row] if row < len(lines) else Line()


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + ELLIPSIS if width > 0 else ""
    padding = " " * (width - length)
    return padding + text if right else text + padding


def spread_out(left: list[Span], right: list[Span], width: int) -> tuple[Span, ...]:
    """`left` and `right` at both ends of `width` cells; where room is short, `left` is cut."""
    room = width - sum(cell_len(span.text) for span in right)
    kept, used = clip(left, max(0, room - 1))
    return (*kept, Span(" " * max(0, room - used)), *right)


def clip(spans: list[Span], width: int) -> tuple[list[Span], int]:
    """As much of `spans` as `width` cells hold, and the cells that takes."""
    kept: list[Span] = []
    used = 0
    for span in spans:
        length = cell_len(span.text)
        if used + length > width:
            kept.append(Span(fit(span.text, width - used), span.ink))
            return kept, width
        kept.append(span)
        used += length
    return kept, used


def align_points(numbers: list[str]) -> list[str]:
    """The same numbers, padded on the right such that their decimal points stand in line when
    they are set flush right."""
    tails = [len(number) - number.index(".") if "." in number else 0 for number in numbers]
    longest = max(tails, default=0)
    return [number + " " * (longest - tail) for number, tail in zip(numbers, tails, strict=True)]
