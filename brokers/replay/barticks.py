"""A bar as the trades that rebuild it."""

from __future__ import annotations

from typing import NamedTuple

from engine.clock import NANOS
from engine.messages import Trade

LAST_MOMENT_NS = 1_000_000
"""The close trades this long before the period ends."""


class Bar(NamedTuple):
    """One bar as it stands in a file."""

    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int
    """Number of them; 0 where the file does not say."""


def trades_of(bar: Bar, fqme: str, period_s: int, size_decimals: int) -> list[Trade]:
    """Trades inside the bar's period whose fold is exactly this bar.

    They go from the open to the close by both extremes; to the farther one from the close
    first, as prices mostly do. The volume is shared out evenly, the rest goes to the close.
    """
    prices = _path(bar)
    sizes = _shared(bar.volume, len(prices), size_decimals)
    # What has neither size nor count is no trade: a bar without volume is made of one each.
    counts = _counts(bar.trades if bar.volume else max(bar.trades, len(prices)), len(prices))
    span_ns, steps = period_s * NANOS - LAST_MOMENT_NS, max(1, len(prices) - 1)
    trades = []
    for at, (price, size, count) in enumerate(zip(prices, sizes, counts, strict=True)):
        time_ns = bar.time_ns + at * span_ns // steps
        trades.append(Trade(fqme, price, size, "", time_ns, time_ns, "", count))
    return trades


def _path(bar: Bar) -> list[float]:
    extremes = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    prices = [bar.open]
    for price in (*extremes, bar.close):
        if price != prices[-1]:
            prices.append(price)
    return prices


def _shared(volume: float, parts: int, size_decimals: int) -> list[float]:
    """`volume` in `parts`, such that adding them up in order gives exactly `volume`.

    By Sterbenz' lemma the difference of two floats within a factor of two of each other is
    exact: so the last part makes up for whatever the others were rounded by.
    """
    share = round(volume / parts, size_decimals)
    sizes = [share] * (parts - 1)
    given = _added_up(sizes)
    if parts > 1 and not volume / 2 <= given <= volume * 2:
        # Too little to share in steps of the market, or just two parts.
        sizes = [volume / 2, volume / 4, volume / 8][: parts - 1]
        given = _added_up(sizes)
    return [*sizes, volume - given]


def _added_up(sizes: list[float]) -> float:
    """The sum as a fold makes it; `sum` rounds less often."""
    total = 0.0
    for size in sizes:
        total += size
    return total


def _counts(count: int, parts: int) -> list[int]:
    """`count` trades on `parts`; one that is not known stays 0."""
    if count < parts:
        return [count, *([0] * (parts - 1))]
    return [*([1] * (parts - 1)), count - parts + 1]
