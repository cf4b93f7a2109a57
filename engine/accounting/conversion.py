"""What an amount of one asset is worth in another, through markets whose prices are known.

Assets are places, markets are the roads between them, passable both ways: selling base at the
price, or buying it at one over the price. The way with the fewest markets is taken, since each
adds its spread and its age; of ways of one length the one with fewer stale prices, then the one
with fewer contracts (a perpetual's price is near its base's price, and is not it), then the
first by the names of its markets, so that the same markets always give the same way.

No way is an answer too: `Unknown`, with the reason. Nothing is ever converted one to one but an
asset into itself (a dollar token is not a dollar), and nothing unknown is left out of a sum in
silence. Contracts of which a unit is not one base (with a multiplier, or inverse) convert
nothing; neither do prices of zero or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from engine.accounting.payoff import EXACT, ZERO
from engine.errors import UsageError
from engine.instruments import Instrument, parse_fqme

ONE = Decimal(1)


class Mark(NamedTuple):
    """The last price of a market."""

    price: Decimal
    time_ns: int = 0
    is_stale: bool = False


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How many `target` one `source` is: `up / down`, kept apart so that nothing is rounded
    before an amount is converted."""

    source: str
    target: str
    up: Decimal = ONE
    down: Decimal = ONE
    path: tuple[str, ...] = ()
    """The fqmes that lead there; empty from an asset to itself."""
    is_stale: bool = False
    """A price on the way is not of now."""
    oldest_ns: int | None = None
    """Time of the oldest price on the way; None where there is none."""

    @property
    def value(self) -> Decimal:
        with localcontext(EXACT):
            return self.up / self.down

    def convert(self, amount: Decimal) -> Decimal:
        """`amount` of `source` in `target`."""
        with localcontext(EXACT):
            return amount * self.up / self.down


class Unknown(NamedTuple):
    """There is no known way from `source` to `target`."""

    source: str
    target: str
    reason: str


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What several amounts are worth together."""

    target: str
    known: Decimal = ZERO
    """Sum of what could be converted."""
    unknown: dict[str, Decimal] = {}
    """By asset, what could not; or by market, what has no price."""
    is_stale: bool = False

    @property
    def total(self) -> Decimal | None:
        """The sum of all; None if a part of it is not known."""
        return None if self.unknown else self.known


class _Road(NamedTuple):
    fqme: str
    target: str
    mark: Mark
    is_sale: bool
    """It sells base; else it buys it."""
    is_contract: bool


class Markets:
    """Known markets with their last prices; answers are kept until it is made anew."""

    def __init__(self, marks: Iterable[tuple[Instrument, Mark]]) -> None:
        self._roads: dict[str, list[_Road]] = {}
        self._rates: dict[tuple[str, str], Rate | Unknown] = {}
        for instrument, mark in marks:
            if converts(instrument, mark):
                self._add(instrument, mark)

    def rate(self, source: str, target: str) -> Rate | Unknown:
        """How many `target` one `source` is, or why that is not known."""
        key = (source, target)
        if key not in self._rates:
            self._rates[key] = self._find(source, target)
        return self._rates[key]

    def worth(self, amounts: Mapping[str, Decimal], target: str) -> Worth:
        """What `amounts`, by asset, are worth together in `target`."""
        known, unknown, is_stale = ZERO, {}, False
        with localcontext(EXACT):
            for asset, amount in amounts.items():
                if not amount:
                    continue
                rate = self.rate(asset, target)
                if isinstance(rate, Unknown):
                    unknown[asset] = amount
                    continue
                known += rate.convert(amount)
                is_stale |= rate.is_stale
        return Worth(target=target, known=known, unknown=unknown, is_stale=is_stale)

    def _add(self, instrument: Instrument, mark: Mark) -> None:
        base, quote, fqme = instrument.base, instrument.quote, instrument.fqme
        is_contract = not _is_spot(fqme)
        for source, target, is_sale in ((base, quote, True), (quote, base, False)):
            road = _Road(fqme, target, mark, is_sale, is_contract)
            self._roads.setdefault(source, []).append(road)

    def _find(self, source: str, target: str) -> Rate | Unknown:
        if source == target:
            return Rate(source=source, target=target)
        for asset in (source, target):
            if asset not in self._roads:
                return Unknown(source, target, f"no market with a price trades {asset or '?'}")
        roads = self._shortest(source, target)
        if roads is None:
            return Unknown(source, target, f"no markets lead from {source} to {target}")
        return _rate_of(source, target, roads)

    def _shortest(self, source: str, target: str) -> tuple[_Road, ...] | None:
        """Dijkstra's algorithm; a way costs (markets, stale ones, contracts, names)."""
        start = (0, 0, 0, ())
        waiting: list[tuple[tuple[int, int, int, tuple[str, ...]], str, tuple[_Road, ...]]] = []
        heappush(waiting, (start, source, ()))
        done: set[str] = set()
        while waiting:
            (count, stale, contracts, names), asset, way = heappop(waiting)
            if asset == target:
                return way
            if asset in done:
                continue
            done.add(asset)
            for road in self._roads[asset]:
                if road.target not in done:
                    cost = (
                        count + 1,
                        stale + road.mark.is_stale,
                        contracts + road.is_contract,
                        (*names, road.fqme),
                    )
                    heappush(waiting, (cost, road.target, (*way, road)))
        return None


def converts(instrument: Instrument, mark: Mark) -> bool:
    """Whether the market says what a unit of its base is worth."""
    return (
        instrument.multiplier == 1
        and not instrument.is_inverse
        and instrument.base != instrument.quote
        and mark.price.is_finite()
        and mark.price > 0
    )


def _is_spot(fqme: str) -> bool:
    try:
        return parse_fqme(fqme).venue.split(".")[0] == "spot"
    except UsageError:
        return False


def _rate_of(source: str, target: str, roads: tuple[_Road, ...]) -> Rate:
    up = down = ONE
    with localcontext(EXACT):
        for road in roads:
            if road.is_sale:
                up *= road.mark.price
            else:
                down *= road.mark.price
    return Rate(
        source=source,
        target=target,
        up=up,
        down=down,
        path=tuple(road.fqme for road in roads),
        is_stale=any(road.mark.is_stale for road in roads),
        oldest_ns=min(road.mark.time_ns for road in roads),
    )
