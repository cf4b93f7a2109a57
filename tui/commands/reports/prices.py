"""What markets cost, now and at the ends of periods, and what converts one asset into another.

A price counts from when it was made until the next one is known, but for no longer than a market
usually pauses: an old price is not the present. What is not known is unknown, and never zero.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal

from engine.accounting.conversion import Mark, Markets
from engine.accounting.positions import time_of
from engine.clock import NANOS
from engine.ems.shape import LARGEST
from engine.errors import UsageError
from engine.instruments import Instrument, parse_fqme
from engine.messages import Fill
from engine.text import safe

Source = Literal["market", "fills", "none"]
"""Prices are asked of the markets, are those of one's own fills, or none but those given."""

SOURCES: Final[tuple[Source, ...]] = ("market", "fills", "none")

LONGEST_PAUSE_NS: Final = 5 * 86_400 * NANOS
"""Longest that a market is closed: a weekend with holidays on both sides of it."""


class Prices:
    """Prices of markets by their times."""

    def __init__(self, now_ns: int, *, longest_ns: int | None = LONGEST_PAUSE_NS) -> None:
        self.now_ns = now_ns
        self.instruments: dict[str, Instrument] = {}
        """Of markets that are known for their prices alone."""
        self.notes: list[str] = []
        """Why some are not known."""
        self._longest_ns = longest_ns
        self._known: dict[str, list[tuple[int, Decimal]]] = {}
        self._given: dict[str, Decimal] = {}

    def add(self, fqme: str, time_ns: int, price: Decimal) -> None:
        """The market cost `price` from `time_ns` on."""
        insort(self._known.setdefault(fqme, []), (time_ns, price))

    def give(self, fqme: str, price: Decimal) -> None:
        """A person says what the market costs now; it beats what is known otherwise."""
        self._given[fqme] = price

    def mark(self, fqme: str, time_ns: int) -> Mark | None:
        """The price that counts at `time_ns`; the present one for all that is to come."""
        time_ns = min(time_ns, self.now_ns)
        if time_ns == self.now_ns and fqme in self._given:
            return Mark(self._given[fqme], time_ns)
        known = self._known.get(fqme, [])
        at = bisect_right(known, time_ns, key=lambda one: one[0])
        if not at:
            return None
        since_ns, price = known[at - 1]
        if self._longest_ns is not None and time_ns - since_ns > self._longest_ns:
            return None
        return Mark(price, since_ns)

    def at(self, fqme: str, time_ns: int) -> Decimal | None:
        """The same without its time: what `engine.accounting.pnl` asks for."""
        mark = self.mark(fqme, time_ns)
        return None if mark is None else mark.price

    def markets_at(self, instruments: Mapping[str, Instrument], time_ns: int) -> Markets:
        """What converts assets at that time: `instruments`, and those known for their prices."""
        known = {**self.instruments, **instruments}
        marks = ((one, self.mark(fqme, time_ns)) for fqme, one in known.items())
        return Markets((one, mark) for one, mark in marks if mark is not None)


def of_fills(fills: Iterable[Fill], now_ns: int) -> Prices:
    """The prices at which one traded oneself: however old, they are what is known."""
    prices = Prices(now_ns, longest_ns=None)
    for fill in fills:
        prices.add(fill.fqme, time_of(fill), fill.price)
    return prices


def parse_marks(texts: Iterable[str]) -> dict[str, Decimal]:
    """Prices that a person gives, as in `btcusdt.spot.sim=64000`.

    Raises:
        UsageError: one is not written so.
    """
    marks: dict[str, Decimal] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        price = _number(number)
        if not equals or price is None:
            raise UsageError(
                f"{safe(text, 80)!r} is not a price of a market",
                hint="write it as in btcusdt.spot.sim=64000",
            )
        marks[str(parse_fqme(name))] = price
    return marks


def parse_source(text: str) -> Source:
    """Raises `UsageError` where it is none."""
    for source in SOURCES:
        if text == source:
            return source
    raise UsageError(
        f"{safe(text, 40)!r} is no source of prices", hint="sources: " + " ".join(SOURCES)
    )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        return None
    return number if number.is_finite() and abs(number) <= LARGEST else None
