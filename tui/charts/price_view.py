"""How the range of prices is stretched, shifted and held. Pure: a range gives the next one.

On a logarithmic scale all of it is done by shares and not by differences, such that what is
seen grows and moves by the same number of rows everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tui.paint.scales import PriceScale

STEP = 0.8
"""What one step nearer leaves of the height."""

INSIDE = 0.25
"""How far inside a locked range the last price stands after the range moved to it."""

LEAST_TICKS = 4
"""No range is less high than so many ticks."""

MOST_TIMES = 1e6
"""None reaches farther than so many times its middle."""


def stretched(prices: PriceScale, factor: float, tick: float) -> PriceScale:
    """A range `factor` times as high about the same middle, but of some ticks at least."""
    low, high, back = _linear(prices)
    middle, half = (low + high) / 2, (high - low) / 2 * factor
    most = math.log(MOST_TIMES) if prices.is_log else MOST_TIMES * max(abs(middle), tick)
    half = min(half, most)
    wider = _back(back, middle - half, middle + half)
    if wider.high - wider.low >= LEAST_TICKS * tick:
        return wider
    centre = back(middle)
    return PriceScale(centre - LEAST_TICKS / 2 * tick, centre + LEAST_TICKS / 2 * tick)


def shifted(prices: PriceScale, share: float) -> PriceScale:
    """The range higher by this share of its height."""
    low, high, back = _linear(prices)
    shift = (high - low) * share
    return _back(back, low + shift, high + shift)


def held(prices: PriceScale, last: float) -> PriceScale:
    """The range where `last` lies in it; else one of the same height that is moved to it, so
    far that the next ticks need not move it again."""
    if prices.low <= last <= prices.high or (prices.is_log and last <= 0):
        return prices
    low, high, back = _linear(prices)
    at = math.log(last) if prices.is_log else last
    inside = (high - low) * INSIDE
    shift = at - (low + inside) if at < low else at - (high - inside)
    return _back(back, low + shift, high + shift)


def _linear(prices: PriceScale) -> tuple[float, float, Callable[[float], float]]:
    """Ends of the range where rows are equally far apart, and the way back to prices."""
    if prices.is_log and prices.low > 0:
        return math.log(prices.low), math.log(prices.high), math.exp
    return prices.low, prices.high, float


def _back(back: Callable[[float], float], low: float, high: float) -> PriceScale:
    return PriceScale(back(low), back(high))
