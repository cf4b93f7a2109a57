"""How an app's updates reach its terminal: by the cells that changed, or in Textual's own way.

The compositor's updates come as strips: pieces of rows, in segments of one style. Strips are
immutable, and those of rows that did not change are the same objects as before, so a strip
that stands where it stood costs nothing.

This is the one module that touches private parts of Textual and Rich;
`tests/tui/render/test_private_parts.py` lists them, and fails when one of them changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from rich.color import Color, ColorSystem
from rich.console import RenderableType
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.app import App
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from engine.config import DeckConfig
from tui.paint.canvas import Palette
from tui.paint.frame import Row
from tui.render.cells import CellRenderer
from tui.render.grid import BLANK, CellGrid, Clusters, are_one_cell, cells_of
from tui.render.pens import Pen, PenBook

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"

_HIDDEN_AT = Offset(0, 0)
"""Where the cursor is said to be while no widget wants it anywhere."""


_MOST_STYLES = 8_192
"""Styles whose pens are remembered: far more than one screen has. Text that can be selected
has a style of its own for each word, so the number of all that were ever seen has no bound."""


class CellDisplay(App[int], inherit_bindings=False):
    """An app that sends changed cells only, if its configuration says `render = "cells"`.

    Without a terminal, inline, and for what is no update of the compositor, Textual does what
    it does.
    """

    config: DeckConfig

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._is_terminal_garbled = False
        self._outlet_generation = 0

    @cached_property
    def _wanted_screen(self) -> WantedScreen:
        return WantedScreen(self.console._color_system or ColorSystem.TRUECOLOR)

    @cached_property
    def cell_renderer(self) -> CellRenderer:
        """What is known of the terminal."""
        return CellRenderer(
            self._wanted_screen.pens,
            self._wanted_screen.clusters,
            erases_in_colour=erases_in_colour(os.environ),
        )

    def on_resize(self, event: events.Resize) -> None:
        # Terminals keep, cut or wrap what was there: nobody knows what they show now, also
        # where they come back to the size they had.
        self.cell_renderer.forget()
        if self._screen_stack:
            self.screen.refresh()

    def redraw(self) -> None:
        """Put the terminal in order and write everything anew."""
        self._is_terminal_garbled = True
        self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if not self._sends_cells or not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            if renderable is not None:
                self._display_whole(screen, renderable)
            else:
                super()._display(screen, renderable)
            return
        try:
            _compose_by_rows(screen)
            self._wanted_screen.take(renderable)
            if self._running and not self._closed and not self._batch_count:
                self._send_cells()
        except Exception as error:  # as Textual does: shown, and the app ends
            self._handle_exception(error)
        finally:
            self.post_display_hook()

    @property
    def _sends_cells(self) -> bool:
        """Whether the app has a terminal to itself, and the configuration wants it."""
        driver = self._driver
        if driver is None or driver.is_headless or driver.is_inline or driver.is_web:
            return False
        return self.config.render == "cells"

    def _display_whole(self, screen: Screen[Any], renderable: RenderableType) -> None:
        """In Textual's own way, of which the renderer knows nothing afterwards."""
        self.cell_renderer.forget()
        if self._is_terminal_garbled and self._driver is not None and not self.is_headless:
            self._is_terminal_garbled = False
            self._driver.write(self.cell_renderer.reset())
        super()._display(screen, renderable)

    def _send_cells(self) -> None:
        driver = self._driver
        assert driver is not None
        generation = getattr(getattr(driver, "outlet", None), "generation", 0)
        if generation != self._outlet_generation:
            # Something that was given to the terminal never got there, or it was left.
            self._outlet_generation = generation
            self.cell_renderer.forget()
        text = ""
        if self._is_terminal_garbled:
            self._is_terminal_garbled = False
            text = self.cell_renderer.reset()
        text += self.cell_renderer.update(self._wanted_screen.grid)
        text += self._cell_cursor()
        if text:
            # All of them, short ones too: an update is shown as one, or not yet.
            if self._sync_available:
                text = f"{SYNC_START}{text}{SYNC_END}"
            driver.write(text)
            driver.flush()

    def _cell_cursor(self) -> str:
        """Bring the cursor, hidden as it is, where input methods look for it."""
        place = self.screen.outer_size.clamp_offset(self.cursor_position)
        self._previous_cursor_position = place
        return "" if place == _HIDDEN_AT else self.cell_renderer.rest(place.y, place.x)


def erases_in_colour(environ: Mapping[str, str]) -> bool:
    """Whether erased cells get the colour of the pen (terminfo's `bce`) in this terminal.

    GNU screen leaves them uncoloured, unlike tmux, which may go by the same name; so do the
    terminals that have hardly a name.
    """
    name = environ.get("TERM", "")
    if name.startswith("screen"):
        return "TMUX" in environ
    return not name.startswith(("vt", "ansi", "dumb", "eterm", "sun")) and bool(name)


class WantedScreen:
    """The cells that the compositor's updates add up to."""

    def __init__(self, color_system: ColorSystem) -> None:
        self.pens = PenBook()
        self.clusters = Clusters()
        self.grid = CellGrid(0, 0, self.pens, self.clusters)
        self._color_system = color_system
        self._pens_of: dict[Style, int] = {}
        self._codes_of: dict[tuple[Color | None, bool], str] = {}
        self._palettes: WeakKeyDictionary[Palette, tuple[np.ndarray, np.ndarray]] = (
            WeakKeyDictionary()
        )
        self._strips: list[dict[int, Strip | Row]] = []
        """By row and first column the strips that stand there."""
        self._cuts: list[tuple[int, ...]] = []
        """By row the columns at which strips begin."""

    def take(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Let the grid be as `update` says."""
        if isinstance(update, LayoutUpdate):
            self._take_layout(update)
        else:
            self._take_chops(update)

    def _take_layout(self, update: LayoutUpdate) -> None:
        x, y, width, height = update.region
        self._fit(x + width, y + height)
        for row, line in enumerate(update.strips, y):
            placed: dict[int, Strip] = {}
            column = x
            for strip in line:
                placed[column] = strip
                column += strip.cell_length
            self._cut(row, tuple(placed))
            for column, strip in placed.items():
                self._put(row, column, strip)

    def _take_chops(self, update: ChopsUpdate) -> None:
        self._fit(update.chop_ends[0][-1] if update.chop_ends else 0, len(update.chops))
        for row, first, stop in update.spans:
            line = update.chops[row]
            self._cut(row, tuple(line))
            # Outside of its spans an update may hold widgets that others cover.
            for (column, strip), end in zip(line.items(), update.chop_ends[row], strict=False):
                if strip is not None and column < stop and end > first:
                    self._put(row, column, strip)

    def _fit(self, width: int, height: int) -> None:
        """A screen of another size is another screen."""
        if (self.grid.width, self.grid.height) != (width, height):
            self.grid = CellGrid(width, height, self.pens, self.clusters)
            self._strips = [{} for _ in range(height)]
            self._cuts = [()] * height

    def _cut(self, row: int, columns: tuple[int, ...]) -> None:
        """Strips that begin elsewhere than before may lie over each other: none is known."""
        if self._cuts[row] != columns:
            self._cuts[row] = columns
            self._strips[row].clear()

    def _put(self, row: int, column: int, strip: Strip | Row) -> None:
        known = self._strips[row]
        if known.get(column) is strip:
            return
        known[column] = strip
        if isinstance(strip, Row):
            self.grid.put(row, column, self._cells_of(strip))
        else:
            runs = [(text, self._pen(style)) for text, style, control in strip if not control]
            self.grid.put(row, column, cells_of(runs, self.pens, self.clusters))

    def _cells_of(self, row: Row) -> np.ndarray:
        """The cells of a row that was never made into segments."""
        if not are_one_cell(row.codes):
            runs = [(text, self._pen(style)) for text, style, _ in row.strip()]
            return cells_of(runs, self.pens, self.clusters)
        whole, blank = self._palette_cells(row.palette)
        styles = row.styles
        cells: np.ndarray = np.where(row.codes == BLANK, blank[styles], whole[styles]) | row.codes
        return cells

    # -- pens -------------------------------------------------------------------------------

    def _palette_cells(self, palette: Palette) -> tuple[np.ndarray, np.ndarray]:
        """Of each style of `palette` the upper half of its cells, and of those that are blank."""
        known = self._palettes.get(palette)
        if known is None or len(known[0]) != len(palette.styles):
            pens = np.array([self._pen(style) for style in palette.styles], dtype=np.int64)
            whole, blank = self.pens.cells
            known = self._palettes[palette] = whole[pens], blank[pens]
        return known

    def _pen(self, style: Style | None) -> int:
        if style is None:
            return 0
        known = self._pens_of.get(style)
        if known is None:
            if len(self._pens_of) >= _MOST_STYLES:
                self._pens_of.clear()
            known = self._pens_of[style] = self.pens.number(self.pen_of(style))
        return known

    def pen_of(self, style: Style) -> Pen:
        """The pen that Textual would write `style` with. Links are left out."""
        return Pen(
            style._attributes & style._set_attributes,
            self._codes(style.color, foreground=True),
            self._codes(style.bgcolor, foreground=False),
        )

    def _codes(self, color: Color | None, *, foreground: bool) -> str:
        if color is None or color.is_default:
            return ""
        key = (color, foreground)
        if key not in self._codes_of:
            if len(self._codes_of) >= _MOST_STYLES:
                self._codes_of.clear()
            codes = color.downgrade(self._color_system).get_ansi_codes(foreground)
            self._codes_of[key] = ";".join(codes)
        return self._codes_of[key]


class RowCompositor(Compositor):
    """Renders of each widget the rows that an update shows, and no widget that it does not.

    Textual's own renders every row of every widget that touches the smallest rectangle around
    all that changed, also of those that others hide: with charts side by side, and at every
    price, that is the whole screen.

    Where a widget has its rows as plain cells, the pieces are those, and no strips:
    `WantedScreen` is all that reads such an update.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        regions = [region.intersection(self.size.region) for region in self._dirty_regions]
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans([region for region in regions if region]))
        if not spans:
            return None
        cuts = self.cuts
        chops: list[dict[int, Any]] = [{} for _ in cuts]
        for row, _, _ in spans:
            chops[row] = dict.fromkeys(cuts[row][:-1])
        wanted = _pieces_shown(spans, cuts)
        # From the front to the back, as far as there is something to be seen.
        for widget, (region, clip) in self.visible_widgets.items():
            if not wanted:
                break
            part = region.intersection(clip)
            left, right = part.column_span
            rows = [
                row
                for row in part.line_range
                if row in wanted and any(left <= cut < right for cut in wanted[row])
            ]
            if rows:
                # One piece with the rows between: asking costs more than rows that are known.
                crop = Region(
                    left - region.x, rows[0] - region.y, part.width, rows[-1] - rows[0] + 1
                )
                strips = _rows_of(widget, crop)
                for row in rows:
                    inside = [cut for cut in cuts[row] if left <= cut <= right]
                    pieces = _divided(strips[row - rows[0]], [cut - left for cut in inside])
                    _fill(row, zip(inside, pieces, strict=False), chops, wanted)
        return ChopsUpdate(chops, spans, [row_cuts[1:] for row_cuts in cuts])


def _rows_of(widget: Widget, crop: Region) -> Sequence[Strip | Row]:
    """The rows of a part of `widget`, as plain cells if it has them."""
    cell_rows = getattr(widget, "cell_rows", None)
    rows: Sequence[Row] | None = None if cell_rows is None else cell_rows(crop)
    return widget.render_lines(crop) if rows is None or len(rows) < crop.height else rows


def _divided(row: Strip | Row, cuts: Sequence[int]) -> Sequence[Strip | Row]:
    """The pieces of `row` between each of `cuts` and the next."""
    if isinstance(row, Row):
        return [row.part(*ends) for ends in pairwise(cuts)]
    return row.divide(cuts[1:])


def _pieces_shown(
    spans: Sequence[tuple[int, int, int]], cuts: Sequence[Sequence[int]]
) -> dict[int, set[int]]:
    """By row the first columns of the pieces that lie in a span, if only in part."""
    wanted: dict[int, set[int]] = {}
    for row, first, stop in spans:
        pieces = zip(cuts[row], cuts[row][1:], strict=False)
        shown = [start for start, end in pieces if start < stop and end > first]
        wanted.setdefault(row, set()).update(shown)
    return wanted


def _fill(
    row: int,
    pieces: Iterable[tuple[int, Strip | Row]],
    chops: Sequence[dict[int, Any]],
    wanted: dict[int, set[int]],
) -> None:
    """Put pieces of a row where they are wanted; a row with all of its own is done."""
    missing = wanted[row]
    for start, piece in pieces:
        if start in missing:
            chops[row][start] = piece
            missing.remove(start)
    if not missing:
        del wanted[row]


def refresh_cells(widget: Widget, regions: Iterable[Region]) -> None:
    """Have parts of `widget` drawn with the next update, as `Widget.refresh` does, without its
    messages. For widgets whose size does not depend on what they show and that make their rows
    in `render_line` or `render_lines`.

    Those never clear what Textual remembers as dirty for widgets that it renders: every part
    that ever changed would stay there.
    """
    if not widget.is_mounted or not widget.is_attached:
        widget.refresh()
        return
    offset = widget.content_offset
    parts = [region.translate(offset) for region in regions]
    widget._repaint_regions.update(parts)
    widget._styles_cache.set_dirty(*parts)
    screen = widget.screen
    if widget.display and screen in screen._compositor:
        screen._dirty_widgets.add(widget)
        screen.check_idle()


def _compose_by_rows(screen: Screen[Any]) -> None:
    """Have `screen` composed by rows. Screens make their compositors themselves."""
    if type(screen._compositor) is Compositor:
        screen._compositor.__class__ = RowCompositor
