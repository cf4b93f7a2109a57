"""Round numbers for a price axis: prices on linear and logarithmic scales, and percents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import NamedTuple

from engine.instruments import Instrument
from tui.paint import format as fmt
from tui.paint.cells import DOTS_Y
from tui.paint.scales import PriceScale
from tui.paint.scene import Detail, Layout

_EVEN_ENOUGH = 2.0
"""A logarithmic range of fewer times its lowest price is labelled as a linear one."""

_LEADING: tuple[tuple[str, ...], ...] = (
    ("1",),
    ("5", "2"),
    ("3", "7"),
    ("1.5", "4", "2.5", "6", "8", "9"),
    ("1.2", "1.8", "3.5", "4.5", "5.5", "6.5", "7.5", "8.5", "9.5"),
)
"""First digits of prices on a logarithmic scale, the roundest first."""


_DENSE = 2
"""Where labels stand so many times as far apart as they might, they are not made more."""


class RoundPrice(NamedTuple):
    """A round number on a price axis."""

    row: int
    """Row of cells of the plot."""
    dot: int
    """Row of dots of the plot."""
    text: str


def price_step(span: Decimal, most: int, tick: Decimal) -> Decimal:
    """The smallest round step that is a multiple of `tick` and divides `span` in at most
    `most` parts. Round is 1, 2, 2.5 or 5 times a power of ten, where the tick allows it."""
    least = max(span / max(1, most), tick)
    power = least.adjusted() - 1
    for exponent in range(power, power + 6):
        for digits in ("1", "2", "2.5", "5"):
            step = Decimal(digits).scaleb(exponent)
            if step >= least and step % tick == 0:
                return step
    return (least / tick).to_integral_value(rounding=ROUND_CEILING) * tick


@lru_cache(maxsize=256)
def round_prices(low: float, high: float, most: int, tick: Decimal) -> tuple[Decimal, ...]:
    """Round prices from `low` to `high`, lowest first, at most some `most`."""
    bottom, top = Decimal(repr(float(low))), Decimal(repr(float(high)))
    step = price_step(top - bottom, most, tick)
    return _multiples(bottom, top, step)


def round_log_prices(
    low: float, high: float, rows: int, apart: int, tick: Decimal
) -> tuple[Decimal, ...]:
    """Round prices from `low` (positive) to `high` that are some `apart` of `rows` rows from each
    other on a logarithmic scale, lowest first: powers of ten, then 5 and 2 times those, and
    finer ones only where these leave much room."""
    found: list[tuple[float, Decimal]] = []
    height = math.log(high / low)
    for digits in _LEADING:
        if len(found) * apart * _DENSE >= rows:
            break
        for price in _with_leading(digits, low, high, tick):
            at = math.log(float(price) / low) / height * rows
            if all(abs(at - other) >= apart for other, _ in found):
                found.append((at, price))
    return tuple(price for _, price in sorted(found))


def _with_leading(digits: Sequence[str], low: float, high: float, tick: Decimal) -> list[Decimal]:
    """Prices that begin with one of `digits`, in its order of roundness, on the tick grid."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    prices = [Decimal(digit).scaleb(power) for digit in digits for power in powers]
    return [price for price in prices if low <= price <= high and price % tick == 0]


def round_percents(low: float, high: float, most: int) -> tuple[tuple[Decimal, str], ...]:
    """Round shares from `low` to `high` with their texts, lowest first: 0.015 is `+1.5%`."""
    bottom, top = Decimal(repr(low * 100)), Decimal(repr(high * 100))
    step = price_step(top - bottom, most, Decimal("0.0001"))
    exponent = step.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return tuple(
        (share / 100, f"{fmt.fixed(share, places, signed=True)}%")
        for share in _multiples(bottom, top, step)
    )


def _multiples(bottom: Decimal, top: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    first = (bottom / step).to_integral_value(rounding=ROUND_CEILING)
    last = (top / step).to_integral_value(rounding=ROUND_FLOOR)
    return tuple((first + count) * step for count in range(int(last - first) + 1))


def round_rows(
    layout: Layout, instrument: Instrument, prices: PriceScale, detail: Detail = "full"
) -> tuple[RoundPrice, ...]:
    """Round numbers on an axis, lowest first: prices in the instrument's decimals, or percents."""
    apart = 4 if layout.plot_rows >= 24 else 3
    if detail != "full":
        apart += 3
    return _round_rows(layout.plot_rows, prices, instrument.price_tick, apart)


@lru_cache(maxsize=256)
def _round_rows(
    plot_rows: int, prices: PriceScale, tick: Decimal, apart: int
) -> tuple[RoundPrice, ...]:
    found: list[tuple[float, str]]
    most = max(1, plot_rows // apart)
    if prices.kind == "percent" and prices.base is not None:
        base = prices.base
        shares = round_percents(prices.share(prices.low), prices.share(prices.high), most)
        found = [(base * (1 + float(share)), text) for share, text in shares]
    else:
        places = fmt.decimals_of_tick(tick)
        if prices.is_log and prices.high >= _EVEN_ENOUGH * prices.low:
            values = round_log_prices(prices.low, prices.high, plot_rows, apart, tick)
        else:
            values = round_prices(prices.low, prices.high, most, tick)
        found = [(float(price), fmt.fixed(price, places)) for price in values]
    rows = []
    for price, text in found:
        dot = prices.row(price, plot_rows * DOTS_Y)
        if 0 <= dot < plot_rows * DOTS_Y:
            rows.append(RoundPrice(dot // DOTS_Y, dot, text))
    return tuple(rows)
