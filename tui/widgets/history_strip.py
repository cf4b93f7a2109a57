"""The strip of all history under a chart: what of it the chart shows can be dragged along."""

from __future__ import annotations

from datetime import UTC, tzinfo

from textual import events
from textual.message import Message

from tui.paint.cells import Glyphs
from tui.paint.columns import Bars
from tui.paint.frame import Frame
from tui.paint.strip import StripPainter, StripPicture
from tui.themes import DEFAULT_THEME, Theme, load_themes
from tui.widgets.frame_widget import FrameWidget

Visible = tuple[int, int]
"""Starts of the first and of the last bar that the chart shows, nanoseconds."""


class HistoryStrip(FrameWidget):
    """All bars of a market, and which of them the chart shows."""

    DEFAULT_CSS = """
    HistoryStrip { width: 1fr; height: 3; }
    """

    class Moved(Message):
        """The part that is shown was dragged: that time is to be in its middle."""

        def __init__(self, strip: HistoryStrip, time_ns: int) -> None:
            super().__init__()
            self.strip = strip
            self.time_ns = time_ns

        @property
        def control(self) -> HistoryStrip:
            return self.strip

    class Zoomed(Message):
        """The wheel was turned: the chart is to come nearer by so many steps."""

        def __init__(self, strip: HistoryStrip, steps: int) -> None:
            super().__init__()
            self.strip = strip
            self.steps = steps

        @property
        def control(self) -> HistoryStrip:
            return self.strip

    def __init__(
        self,
        *,
        theme: Theme | None = None,
        glyphs: Glyphs = "braille",
        zone: tzinfo | None = UTC,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._theme = theme or load_themes()[0][DEFAULT_THEME]
        self._glyphs: Glyphs = glyphs
        self._zone = zone
        self._series: Bars | None = None
        self._visible: Visible | None = None
        self._is_stale = False
        self._seen: tuple[object, ...] = ()
        self._painter = StripPainter()
        self._picture: StripPicture | None = None
        self._grip: int | None = None
        """How many cells right of the mouse the middle is, while it is dragged."""
        self._asked: int | None = None
        """The cell that was last asked for as the middle, in this drag."""

    # -- what is shown ---------------------------------------------------------------------

    def show(self, *, series: Bars | None, visible: Visible | None, is_stale: bool = False) -> None:
        """Show these bars, and mark those that the chart shows. Called once a frame; costs a
        microsecond where nothing changed."""
        state = None if series is None else (id(series), series.version)
        seen = (state, visible, is_stale)
        if seen == self._seen:
            return
        self._seen = seen
        self._series, self._visible, self._is_stale = series, visible, is_stale
        self.repaint()

    def set_theme(self, theme: Theme) -> None:
        """Use these colours from now on."""
        self._theme = theme
        self.repaint()

    def set_glyphs(self, glyphs: Glyphs) -> None:
        """Draw with these characters."""
        self._glyphs = glyphs
        self.repaint()

    def set_zone(self, zone: tzinfo | None) -> None:
        """Write times in this zone; None is the machine's own."""
        self._zone = zone
        self.repaint()

    @property
    def picture(self) -> StripPicture | None:
        """What was painted last."""
        return self._picture

    def _paint(self, width: int, height: int) -> Frame:
        first_ns, last_ns = self._visible or (None, None)
        self._picture = self._painter.paint(
            self._series,
            first_ns,
            last_ns,
            width,
            height,
            self._theme,
            self._glyphs,
            self._zone,
            is_stale=self._is_stale,
        )
        return self._picture.frame

    # -- mouse -----------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the part that is shown, or have it come to the mouse."""
        event.stop()
        cell = self._cell(event)
        shown = self._shown()
        self.capture_mouse()
        self._asked = None
        if shown is not None and shown[0] <= cell <= shown[1]:
            self._asked = (shown[0] + shown[1]) // 2
            self._grip = self._asked - cell
        else:
            self._grip = 0
            self._move_to(cell)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._grip is None:
            return
        event.stop()
        if event.button:
            self._move_to(self._cell(event) + self._grip)
        else:
            self._let_go()  # the button went up where no terminal told us

    def on_mouse_up(self, event: events.MouseUp) -> None:
        event.stop()
        self._let_go()

    def on_click(self, event: events.Click) -> None:
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Zoomed(self, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Zoomed(self, -1))

    def _shown(self) -> tuple[int, int] | None:
        """First and last cell of the part that is marked."""
        if self._picture is None or self._visible is None or not len(self._picture.starts_ns):
            return None
        first_ns, last_ns = self._visible
        return self._picture.column_of(first_ns), self._picture.column_of(last_ns)

    def _move_to(self, cell: int) -> None:
        """Have what stands in a cell in the middle of what is shown."""
        time_ns = None if self._picture is None else self._picture.time_at(cell)
        if time_ns is not None and cell != self._asked:
            self._asked = cell
            self.post_message(self.Moved(self, time_ns))

    def _let_go(self) -> None:
        self._grip = None
        self.release_mouse()

    def _cell(self, event: events.MouseEvent) -> int:
        return event.x - self.content_offset.x
