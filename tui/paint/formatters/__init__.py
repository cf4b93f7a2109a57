"""How columns become dots: one module for each way of drawing a price.

A formatter is an incremental transformation, numpy in and numpy out: it keeps what it was given
and what it made of it, and makes anew only the columns that are not as they were (or that depend
on one that is not). Its `statistics` say how many those are.
"""

from __future__ import annotations

from engine.config import ChartStyle
from tui.paint.formatters.bars import BarFormatter
from tui.paint.formatters.base import DOWN, FLAT, UP, Formatter, Statistics, Strokes
from tui.paint.formatters.candles import CandleFormatter
from tui.paint.formatters.curve import AreaFormatter, CurveFormatter
from tui.paint.formatters.heikin_ashi import HeikinAshiFormatter
from tui.paint.formatters.steps import StepFormatter
from tui.paint.formatters.volume import VolumeFormatter

__all__ = [
    "DOWN",
    "FLAT",
    "UP",
    "AreaFormatter",
    "BarFormatter",
    "CandleFormatter",
    "CurveFormatter",
    "Formatter",
    "HeikinAshiFormatter",
    "Statistics",
    "StepFormatter",
    "Strokes",
    "VolumeFormatter",
    "formatter_for",
]

_FORMATTERS: dict[ChartStyle, type[Formatter]] = {
    "bars": BarFormatter,
    "curve": CurveFormatter,
    "area": AreaFormatter,
    "steps": StepFormatter,
}
_CANDLES: dict[ChartStyle, type[CandleFormatter]] = {
    "candles": CandleFormatter,
    "heikin-ashi": HeikinAshiFormatter,
}


def formatter_for(style: ChartStyle, *, is_hollow: bool = False) -> Formatter:
    """A new formatter for `style`; candles that rose are hollow where colours do not say it."""
    if style in _CANDLES:
        return _CANDLES[style](is_hollow=is_hollow)
    return _FORMATTERS[style]()
