"""Volume: from the ground up."""

from __future__ import annotations

import numpy as np

from tui.paint.cells import DOTS_Y
from tui.paint.columns import Columns
from tui.paint.formatters.base import Formatter, Strokes, direction, from_row
from tui.paint.scales import PriceScale


class VolumeFormatter(Formatter):
    """Columns from the ground; any volume at all is at least one dot.

    The scale's `high` is the volume that takes the whole height.
    """

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        high, dots = rows * DOTS_Y, columns.zoom.dots
        # What is not known is not drawn.
        volume = np.fmax(columns.volume[start:stop], 0.0)
        share = volume / scale.high if scale.high > 0 else np.zeros(stop - start)
        tall = np.maximum(np.rint(share * high).astype(np.int64), share > 0)
        halves = np.zeros((stop - start, dots, rows), dtype=np.uint8)
        halves[:, : max(1, dots - 1)] = from_row(high - tall, rows)[:, None]
        return Strokes(halves, direction(columns, start, stop))
