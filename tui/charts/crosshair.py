"""Where the crosshair can stand in a picture. Pure: a picture gives times, prices and cells."""

from __future__ import annotations

from decimal import Decimal

from engine.instruments import Instrument
from tui.charts.chart_view import bar_at, index_at
from tui.paint.cells import DOTS_X, DOTS_Y
from tui.paint.chart import Picture
from tui.paint.columns import Bars
from tui.paint.levels import Level
from tui.paint.scene import Cursor, Scene

CLICK_ROWS = 1
"""A click this far from a level, in rows, means the level."""


def first_cursor(scene: Scene, picture: Picture | None) -> Cursor | None:
    """On the close of the newest bar in view; None where there is none."""
    if picture is None or scene.instrument is None or scene.series is None:
        return None
    columns = picture.columns
    if not len(columns):
        return None
    start = int(scene.series.time_ns[int(columns.first[-1])])
    return Cursor(start, scene.instrument.round_price(float(columns.close[-1])))


def moved_time(series: Bars, time_ns: int, bars: int) -> int:
    """Start of the bar `bars` after that of `time_ns`, or of the last one that way."""
    at = index_at(series, time_ns) + bars
    return int(series.time_ns[min(max(0, at), len(series) - 1)])


def cell_of(picture: Picture, time_ns: int) -> int | None:
    """The cell in which the column of that time begins; None where it is not wholly in the
    plot."""
    columns = picture.columns
    whole = columns.x >= 0
    starts = columns.start_ns[whole]
    at = int(starts.searchsorted(time_ns, side="right")) - 1
    if at < 0 or time_ns >= int(starts[at]) + columns.zoom.bars * columns.period_ns:
        return None
    return int(columns.x[whole][at]) // DOTS_X


def price_at(picture: Picture, instrument: Instrument, row: int) -> Decimal | None:
    """Price in the middle of a row of cells, on the tick grid; None outside the plot."""
    layout, prices = picture.layout, picture.prices
    if layout is None or prices is None or not layout.plot_top <= row < layout.volume_top:
        return None
    dot = (row - layout.plot_top) * DOTS_Y + (DOTS_Y - 1) / 2
    return instrument.round_price(prices.price(dot, layout.dots_high))


def time_at(picture: Picture, series: Bars, cell: int) -> int | None:
    """Start of the bar that stands in a column of cells; None where there is none."""
    bar = bar_at(picture.columns, cell)
    return None if bar is None else int(series.time_ns[bar])


def ticks_of_rows(picture: Picture, instrument: Instrument, price: Decimal, rows: int) -> int:
    """Price ticks that `rows` of cells up from `price` are, one at least."""
    layout, prices = picture.layout, picture.prices
    if layout is None or prices is None:
        return 0
    dot = prices.row(float(price), layout.dots_high) - rows * DOTS_Y
    far = prices.price(dot, layout.dots_high) - prices.price(dot + rows * DOTS_Y, layout.dots_high)
    return round(far / float(instrument.price_tick)) or (1 if rows > 0 else -1)


def level_near(picture: Picture, scene: Scene, row: int) -> Level | None:
    """The level whose line is nearest to a row of cells, if one is near."""
    layout, prices = picture.layout, picture.prices
    if layout is None or prices is None:
        return None
    far = [
        (abs(layout.plot_top + prices.row(level.price, layout.dots_high) // DOTS_Y - row), at)
        for at, level in enumerate(scene.levels)
    ]
    distance, at = min(far, default=(CLICK_ROWS + 1, 0))
    return scene.levels[at] if distance <= CLICK_ROWS else None
