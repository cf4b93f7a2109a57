"""A widget that shows a painted frame: rows are handed on as they were painted, and only cells
that changed are said to be dirty."""

from __future__ import annotations

from textual.app import RenderResult
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.paint.frame import Frame, Row
from tui.paint.theme import Theme
from tui.render.display import refresh_cells


class FrameWidget(Widget):
    """A frame in cells. It may have a border or padding, but no tint and no opacity."""

    ALLOW_SELECT = False

    _theme: Theme
    _frame: Frame | None = None
    _is_behind = False
    """Something changed while it was not displayed."""

    def repaint(self) -> None:
        """Paint anew, if there is a place to show it."""
        width, height = self.size
        self._is_behind = not self.display or not width or not height
        if self._is_behind:
            return
        self._frame = frame = self._paint(width, height)
        if frame.spans:
            refresh_cells(
                self, [Region(start, row, stop - start, 1) for row, start, stop in frame.spans]
            )

    def _paint(self, width: int, height: int) -> Frame:
        """The frame to show now, of `width` x `height` cells."""
        raise NotImplementedError

    def on_resize(self) -> None:
        self.repaint()

    def on_show(self) -> None:
        if self._is_behind:
            self.repaint()

    def render(self) -> RenderResult:
        return ""

    def render_line(self, y: int) -> Strip:
        strips = () if self._frame is None else self._frame.strips
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def cell_rows(self, crop: Region) -> list[Row] | None:
        """What `render_lines` gives, as plain cells; None where that goes by strips only."""
        width, height = self.outer_size
        frame = self._frame
        if frame is None or frame.codes.shape != (height, width) or self.size != (width, height):
            return None
        if self._filters():
            return None
        left, right = crop.column_span
        row = frame.strips.row
        return [row(y).part(left, right) for y in range(crop.y, min(crop.bottom, height))]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows as they were painted, where nothing of Textual's goes around them."""
        width, height = size = self.outer_size
        frame = self._frame
        if frame is None or frame.codes.shape != (height, width) or self.size != size:
            return super().render_lines(crop)
        rows = list(frame.strips[crop.y : crop.bottom])
        if filters := self._filters():
            background = self.background_colors[1]
            for line_filter in filters:
                rows = [strip.apply_filter(line_filter, background) for strip in rows]
        if crop.column_span != (0, width):
            rows = [strip.crop(*crop.column_span) for strip in rows]
        return rows

    def _filters(self) -> list[LineFilter]:
        """What Textual does to all colours, but for what does nothing to true ones."""
        return [
            line_filter
            for line_filter in self.get_line_filters()
            if not (isinstance(line_filter, ANSIToTruecolor) and self._theme.depth == "truecolor")
        ]
