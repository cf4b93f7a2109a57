"""What the mouse does on a chart: wheel, drag, click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tui.charts.chart_view import Pivot
from tui.paint.scales import PriceScale
from tui.paint.scene import View

if TYPE_CHECKING:
    from textual import events

    from tui.widgets.chart import Chart

Part = Literal["plot", "prices", "times"]
"""Of a chart: bars and volume, the price axis at the right, the time axis below."""

WHEEL_COLUMNS = 4
"""Columns of bars that a step of the wheel pans by."""


class Grip(NamedTuple):
    """Where a mouse button went down, and what was seen then."""

    part: Part
    x: int
    y: int
    view: View
    prices: PriceScale | None
    pivot: Pivot | None
    """The bar under the mouse."""


class ChartMouse:
    """The mouse of one chart, in cells of its content."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._grip: Grip | None = None
        self._is_dragging = False

    def press(self, event: events.MouseDown) -> None:
        """A button went down: what follows may be a click or a drag."""
        event.stop()
        chart = self._chart
        x, y = self._place(event)
        part = self._part(x, y)
        self._is_dragging = False
        prices = None if chart.picture is None else chart.picture.prices
        self._grip = Grip(part, x, y, chart.view, prices, chart.pivot_at(x))
        chart.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        """The mouse moved: with a button down something is dragged along."""
        grip = self._grip
        if grip is None:
            return
        event.stop()
        if not event.button:
            self.release()  # the button was let go where no terminal told us
            return
        x, y = self._place(event)
        if not self._is_dragging and (x, y) == (grip.x, grip.y):
            return
        self._is_dragging = True
        self._drag(grip, x, y, is_free=event.shift or event.ctrl or event.meta)

    def release(self) -> None:
        """The button went up, or the mouse is somebody else's now."""
        self._grip = None
        self._chart.release_mouse()

    def click(self, event: events.Click) -> None:
        """A click that was no drag: on the plot it means a price, twice on an axis its range."""
        event.stop()
        if self._is_dragging:
            self._is_dragging = False
            return
        x, y = self._place(event)
        part = self._part(x, y)
        if event.chain == 2 and part == "prices":
            self._chart.y_auto()
        elif event.chain == 2 and part == "times":
            self._chart.follow()
        else:
            self._chart.point(x, y)

    def scroll(self, event: events.MouseEvent, steps: int) -> None:
        """Wheel: zoom about the mouse; with shift: pan; over the price axis or with ctrl:
        stretch prices."""
        event.stop()
        x, y = self._place(event)
        part = self._part(x, y)
        if event.shift:
            self._chart.pan(-WHEEL_COLUMNS * steps)
        elif event.ctrl or part == "prices":
            self._chart.y_zoom(steps)
        else:
            self._chart.zoom(steps, x if part == "plot" else None)

    def scroll_aside(self, event: events.MouseEvent, steps: int) -> None:
        """A wheel that turns sideways pans."""
        event.stop()
        self._chart.pan(WHEEL_COLUMNS * steps)

    def _drag(self, grip: Grip, x: int, y: int, *, is_free: bool) -> None:
        chart = self._chart
        layout = None if chart.picture is None else chart.picture.layout
        if layout is None:
            return
        if grip.part == "plot":
            if grip.pivot is not None:
                chart.drag(grip.pivot, x - grip.x)
            if is_free and grip.prices is not None:
                chart.drag_prices(grip.prices, (y - grip.y) / layout.plot_rows)
        elif grip.part == "prices":
            if grip.prices is not None:
                # Half the height of the plot makes it twice as high, or half.
                chart.stretch_prices(grip.prices, 4.0 ** ((y - grip.y) / layout.plot_rows))
        else:
            anchor = layout.anchor_x(grip.view.scale) / 2
            reach = max(2.0, anchor - grip.x)
            chart.stretch(grip.view, max(2.0, anchor - x) / reach)

    def _part(self, x: int, y: int) -> Part:
        layout = None if self._chart.picture is None else self._chart.picture.layout
        if layout is None:
            return "plot"
        if y >= layout.time_row:
            return "times"
        return "prices" if x >= layout.axis_left else "plot"

    def _place(self, event: events.MouseEvent) -> tuple[int, int]:
        left, top = self._chart.content_offset
        return event.x - left, event.y - top
