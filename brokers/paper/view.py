"""What is shown of a market: best prices, depth where there is any, last price.

Prices are kept as integers in ticks, sizes as the floats that came; they become Decimal
through the instrument when an order needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, Side, Trade

OPPOSITE: dict[Side, Side] = {"buy": "sell", "sell": "buy"}


class Shown:
    """One side of the book, as the ticks tell it, less what our own orders took of it."""

    def __init__(self, side: Side, instrument: Instrument) -> None:
        self.side = side
        self.best: tuple[int, float] | None = None
        """Price in ticks, and size."""
        self.is_known = False
        """Something was said of this side, if only that it is empty."""
        self._instrument = instrument
        self._per_tick = 1 / float(instrument.price_tick)
        self._sign = 1 if side == "buy" else -1
        self._depth: dict[int, float] = {}
        self._has_touch = False
        self._taken: dict[int, Decimal] = {}

    def ticks(self, price: float | Decimal) -> int:
        return round(float(price) * self._per_tick)

    def clear(self) -> None:
        """Nothing of this side is known any longer."""
        self.best = None
        self.is_known = self._has_touch = False
        self._depth.clear()
        self._taken.clear()

    def on_touch(self, tick: Bid | Ask) -> None:
        """The best price and size changed."""
        self._has_touch = self.is_known = True
        self.best = (self.ticks(tick.price), tick.size) if tick.size > 0 else None
        if self.best is not None:
            self._taken.pop(self.best[0], None)

    def on_levels(self, levels: Iterable[tuple[float, float]], *, is_snapshot: bool) -> None:
        """Levels of the depth changed, or all of it."""
        self.is_known = True
        if is_snapshot:
            self._depth.clear()
            self._taken.clear()
        for price, size in levels:
            at = self.ticks(price)
            self._taken.pop(at, None)
            if size > 0:
                self._depth[at] = size
            else:
                self._depth.pop(at, None)
        if not self._has_touch:
            self.best = None
            if self._depth:
                at = max(self._depth, key=lambda ticks: ticks * self._sign)
                self.best = (at, self._depth[at])

    def best_price(self) -> Decimal | None:
        return None if self.best is None else self._price(self.best[0])

    def at(self, at: int) -> float | None:
        """Size shown at a price in ticks; None where that cannot be known."""
        if self.best is None:
            return 0.0 if self.is_known else None
        best_at, best_size = self.best
        if at == best_at:
            return best_size
        if (at - best_at) * self._sign > 0:
            return 0.0  # better than the best: nobody is there
        return self._depth.get(at, 0.0) if self._depth else None

    def levels(self) -> list[tuple[Decimal, Decimal | None]]:
        """Price and size that can still be taken, best first."""
        if self.best is None:
            return []
        best_at, best_size = self.best
        sizes = {at: size for at, size in self._depth.items() if (best_at - at) * self._sign > 0}
        sizes[best_at] = best_size
        return [
            (self._price(at), self._size(sizes[at]) - self._taken.get(at, Decimal(0)))
            for at in sorted(sizes, key=lambda ticks: -ticks * self._sign)
        ]

    def take(self, price: Decimal, size: Decimal) -> None:
        """One of our orders took this; it is gone until the level is told anew."""
        at = self.ticks(price)
        self._taken[at] = self._taken.get(at, Decimal(0)) + size

    def available(self) -> Decimal:
        """Size at the best price that our orders have not taken."""
        levels = self.levels()[:1]
        return max(levels[0][1] or Decimal(0), Decimal(0)) if levels else Decimal(0)

    def _price(self, at: int) -> Decimal:
        return self._instrument.round_price(at * self._instrument.price_tick)

    def _size(self, size: float) -> Decimal:
        return self._instrument.nearest_size(size)


class MarketView:
    """Both sides and the last price of one market."""

    def __init__(self, instrument: Instrument) -> None:
        self.bids = Shown("buy", instrument)
        self.asks = Shown("sell", instrument)
        self._instrument = instrument
        self._last: float | None = None
        self._is_doubted = False
        """The depth is unverified: what it tells is no depth to trade against."""

    @property
    def last(self) -> Decimal | None:
        """Price of the last trade; None where it is not known."""
        return None if self._last is None else self._instrument.round_price(self._last)

    def on_trade(self, tick: Trade) -> None:
        self._last = tick.price

    def side(self, side: Side) -> Shown:
        return self.bids if side == "buy" else self.asks

    def on_book(self, tick: Book) -> None:
        """Levels of the depth; left alone while that is unverified."""
        if self._is_doubted:
            return
        self.bids.on_levels(tick.bids, is_snapshot=tick.is_snapshot)
        self.asks.on_levels(tick.asks, is_snapshot=tick.is_snapshot)

    def on_break(self, tick: Break) -> None:
        """The stream broke: what was known is void. An unverified depth counts again once it was
        built anew, by this stream or by another."""
        if tick.reason == "unverified":
            self._is_doubted = True
        elif tick.reason in ("resync", "stale", "seek"):
            self._is_doubted = False
        self.bids.clear()
        self.asks.clear()
        self._last = None

    def to_take(self, side: Side) -> list[tuple[Decimal, Decimal | None]]:
        """What an order of `side` could take. Where only trades are known, the last price,
        in a size that is not known."""
        other = self.side(OPPOSITE[side])
        last = self.last
        return other.levels() if other.is_known or last is None else [(last, None)]
