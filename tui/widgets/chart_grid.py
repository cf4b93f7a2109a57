"""The charts beside and above one another, the active one marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.app import ComposeResult, RenderResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.charts.panes import GRIDS
from tui.widgets.chart import Chart
from tui.widgets.lines import mix, theme_of

RULE = 1
"""Columns of the rule at the left of each chart, where there are several."""

LEAST_WIDTH, LEAST_HEIGHT = 34, 9
"""What a chart of several has at least, its rule included."""

_WIDE = 50
"""Two charts stand side by side where each gets so many columns."""

_SHAPES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((1, 1),),
    2: ((2, 1), (1, 2)),
    4: ((2, 2),),
    6: ((3, 2), (2, 3)),
}
"""Columns and rows of each grid, the better ones first."""


def places(width: int, height: int, count: int) -> list[Region]:
    """Where each of `count` charts stands in `width` x `height` cells, with its rule; empty
    where they do not fit."""
    if count == 1:
        return [Region(0, 0, width, height)]
    fitting = [
        (columns, rows)
        for columns, rows in _SHAPES[count]
        if width // columns >= LEAST_WIDTH and height // rows >= LEAST_HEIGHT
    ]
    if not fitting:
        return []
    wide = [shape for shape in fitting if width // shape[0] >= _WIDE or count > 2]
    columns, rows = (wide or fitting[::-1])[0]
    lefts = [width * column // columns for column in range(columns + 1)]
    tops = [height * row // rows for row in range(rows + 1)]
    return [
        Region(
            lefts[column], tops[row], lefts[column + 1] - lefts[column], tops[row + 1] - tops[row]
        )
        for row in range(rows)
        for column in range(columns)
    ]


def fitting(width: int, height: int, count: int) -> int:
    """The largest grid of at most `count` charts that there is room for; one always is."""
    return max(grid for grid in GRIDS if grid <= max(1, count) and places(width, height, grid))


class ChartGrid(Widget):
    """Holds the charts of all panes, and shows those that it is told to."""

    DEFAULT_CSS = """
    ChartGrid { background: $background; overflow: hidden; }
    ChartGrid > Chart { position: absolute; }
    """

    def __init__(self, make: Callable[[int], Chart]) -> None:
        """`make` makes the chart of a pane by its number."""
        super().__init__(id="charts")
        self._make = make
        self.charts: list[Chart] = [make(0)]
        """By pane; they stay for as long as the deck is there."""
        self.active = 0
        self._shown: Sequence[int] = (0,)
        self._placed: object = None
        self._rules: list[Region] = []
        self._strips: dict[tuple[object, ...], Strip] = {}

    def compose(self) -> ComposeResult:
        yield from self.charts

    def put(self, size: Size, shown: Sequence[int], active: int) -> None:
        """Show these panes, as many as there is a grid of, in `size` cells."""
        state = (size, tuple(shown), active)
        if state == self._placed:
            return
        self._placed = state
        self.grow(max(shown) + 1)
        self._shown, self.active = shown, active
        regions = places(size.width, size.height, len(shown)) or [Region(0, 0, *size)]
        rule = RULE if len(regions) > 1 else 0
        for pane, chart in enumerate(self.charts):
            chart.display = pane in shown
        for pane, region in zip(shown, regions, strict=False):
            styles = self.charts[pane].styles
            styles.offset = (region.x + rule, region.y)
            styles.width, styles.height = region.width - rule, region.height
        self._rules = [region._replace(width=rule) for region in regions] if rule else []
        self.refresh()

    def grow(self, count: int) -> None:
        """Have so many charts at least."""
        new = [self._make(pane) for pane in range(len(self.charts), count)]
        self.charts += new
        if new and self.is_attached:
            self.mount(*new)

    def set_colours(self) -> None:
        """The theme is another."""
        self._strips.clear()
        self.refresh()

    def render(self) -> RenderResult:
        return ""

    def render_line(self, y: int) -> Strip:
        """The rules of this row; the rest is under the charts."""
        rules = tuple(
            (rule.x, self._shown[number] == self.active)
            for number, rule in enumerate(self._rules)
            if rule.y <= y < rule.bottom
        )
        key = (self.size.width, rules)
        if key not in self._strips:
            self._strips[key] = self._strip(rules)
        return self._strips[key]

    def _strip(self, rules: Sequence[tuple[int, bool]]) -> Strip:
        theme = theme_of(self)
        ground, border = mix("text", "background", theme), mix("border", "background", theme)
        accent = mix("accent bold", "background", theme)
        segments: list[Segment] = []
        x = 0
        for left, is_active in rules:
            segments.append(Segment(" " * (left - x), ground))
            segments.append(Segment("┃" if is_active else "│", accent if is_active else border))
            x = left + RULE
        return Strip(segments).adjust_cell_length(self.size.width, ground)
