"""Heikin-ashi: candles of averages, in which runs in one direction stand out.

The close is the mean of a bar's four prices, and the open the middle between open and close of
the candle before: a recursion over everything that was. Its memory halves with each candle, so
that after `WARM_UP` of them nothing is left that a float64 could hold, and the open is the same
sum of the closes before it however far the view has moved. Each candle is that sum of the 64
closes before it; with fewer the middle of the first bar's open and close stands for all that are
missing, as the recursion has it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tui.paint.columns import Columns
from tui.paint.formatters.base import Strokes
from tui.paint.formatters.candles import CandleFormatter
from tui.paint.scales import PriceScale

WARM_UP = 64


class HeikinAshiFormatter(CandleFormatter):
    """Candles of the averages of columns, of which `WARM_UP` more are needed before the view."""

    reach = WARM_UP

    def shown(self, columns: Columns) -> Columns:
        return heikin_ashi(columns, 0, len(columns))

    def draw(
        self, columns: Columns, start: int, stop: int, scale: PriceScale, rows: int
    ) -> Strokes:
        averages = heikin_ashi(columns, start, stop)
        return super().draw(averages, 0, stop - start, scale, rows)


def heikin_ashi(columns: Columns, start: int, stop: int) -> Columns:
    """Columns `start:stop` with heikin-ashi prices."""
    part = columns.part(start, stop)
    if not len(part):
        return part
    opens = _opens(columns, start, stop)
    closes = _closes(part)
    return replace(
        part,
        serial=0,
        open=opens,
        high=np.maximum(np.maximum(part.high, opens), closes),
        low=np.minimum(np.minimum(part.low, opens), closes),
        close=closes,
    )


def _closes(columns: Columns) -> np.ndarray:
    # Quarters first: the sum of four huge prices may be too large for a float.
    closes: np.ndarray = (columns.open * 0.25 + columns.high * 0.25) + (
        columns.low * 0.25 + columns.close * 0.25
    )
    return closes


def _opens(columns: Columns, start: int, stop: int) -> np.ndarray:
    """Sum of the closes before each, each worth half of the one after it.

    Summed by doubling: 2 terms, 4, 8, and so on, which for any column are the same operations on
    the same numbers wherever it stands in the arrays.
    """
    first = max(0, start - WARM_UP)
    closes = _closes(columns.part(first, max(first, stop - 1)))
    missing = WARM_UP - (start - first)
    seed = columns.open[0] * 0.5 + columns.close[0] * 0.5
    sums = np.concatenate([np.full(missing, seed), closes]) * 0.5
    terms = 1
    while terms < WARM_UP:
        sums = sums[terms:] + sums[:-terms] * 0.5**terms
        terms *= 2
    return sums
