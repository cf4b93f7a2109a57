"""Dark orders, alerts and the stops of algos: held here until the market touches them.

Triggers of a market rest in ladders, one for each price that can be held against them (`last`,
`bid`, `ask`, `mid`), nearest first: a tick costs the triggers it touches, not the number that
rest. From which side one is touched is decided by that price when it is set, unless it is said.
They wait while the market is stale, crossed or halted, and each is given out at most once: what
is touched is no longer held.

After a break, and after a halt, only prices that come then count: what a market showed while
nobody could trade touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from engine.ems.ladder import Direction, Held, HeldKind, Ladder, Source, Trail
from engine.messages import Ask, Bid, Break, Order, Quote, Tick, Trade

__all__ = ["DarkBook", "Direction", "HeldKind", "Source", "Touch", "Trail", "source_of", "standing"]

_CHANGED_BY: Final[dict[type, tuple[Source, ...]]] = {
    Trade: ("last",),
    Bid: ("bid", "mid"),
    Ask: ("ask", "mid"),
}


class Touch(NamedTuple):
    """A trigger that the market reached."""

    kind: HeldKind
    held_id: str
    price: float
    """The price that touched it."""
    venue_ns: int
    recv_ns: int
    trigger: Decimal | None = None
    """Where the trigger was then: one that trails had moved."""


class _Market:
    """The triggers of one market, and the little of it that decides when they wait."""

    def __init__(self) -> None:
        self.ladders: dict[Source, Ladder] = {}
        self.bid: float | None = None
        self.ask: float | None = None
        self.last: float | None = None
        self.news: dict[Source, Tick] = {}
        """Prices that are still to be held against the triggers, and the tick that told them."""
        self.moved: dict[str, Decimal] = {}
        self.is_stale = False
        self.is_halted = False

    @property
    def is_crossed(self) -> bool:
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    def ladder(self, source: Source) -> Ladder:
        return self.ladders.setdefault(source, Ladder())

    def price(self, source: Source) -> float | None:
        if source == "last":
            return self.last
        if source == "bid":
            return self.bid
        if source == "ask":
            return self.ask
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    def see(self, tick: Tick) -> None:
        if isinstance(tick, Trade):
            self.last = tick.price + 0.0  # raises for what is no number, before it counts
        elif isinstance(tick, Bid):
            self.bid = tick.price if tick.size > 0 else None
        elif isinstance(tick, Ask):
            self.ask = tick.price if tick.size > 0 else None
        elif isinstance(tick, Break):
            self._break(tick)
            return
        else:
            return
        self.is_stale = False
        for source in _CHANGED_BY[type(tick)]:
            ladder = self.ladders.get(source)
            if ladder is not None and ladder.count:
                self.news[source] = tick

    def _break(self, tick: Break) -> None:
        """What was known is void: triggers wait for a price after it. So it is also where only
        the book is void (`resync`, `unverified`): the best prices may have been its own. Those
        that come then are good: an unverified book gives none."""
        self.bid = self.ask = self.last = None
        self.news.clear()
        self.is_stale = True
        if tick.reason == "halt":
            self.is_halted = True
        elif tick.reason in ("resume", "stale", "seek", "end"):
            # A stream that begins anew, or elsewhere, says again that its market is halted.
            self.is_halted = False

    def take_touched(self) -> list[Touch]:
        if self.is_stale or self.is_crossed or self.is_halted:
            return []
        # Once: what is set later waits for a later price.
        news, self.news = self.news, {}
        touches: list[Touch] = []
        for source, tick in news.items():
            price = self.price(source)
            if price is not None:
                touches += [
                    Touch(held.kind, held.held_id, price, tick.venue_ns, tick.recv_ns, held.price)
                    for held in self.ladders[source].touch(price, self.moved)
                ]
        return touches


class DarkBook:
    """Everything that is held, by market. Pure: ticks in, touches out."""

    def __init__(self) -> None:
        self._markets: dict[str, _Market] = {}
        self._held: dict[str, Held] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, held_id: str) -> bool:
        return held_id in self._held

    def hold(
        self,
        kind: HeldKind,
        held_id: str,
        fqme: str,
        price: Decimal | None,
        last: float | None,
        *,
        source: Source = "last",
        direction: Direction = "",
        trail: Trail | None = None,
    ) -> Direction:
        """Hold a trigger at `price`; `last` is where the price that `source` names stands, None
        if it is not known.

        Returns the direction from which it will be touched. A trigger at that price itself
        waits for one at or above it. One with a trail needs its direction, begins at `price` or
        else its distance behind the market, and follows it.

        Raises:
            ValueError: something of this id is held already, or there is neither a price nor a
                trail with a direction.
        """
        if held_id in self._held:
            raise ValueError(f"{held_id} is held already")
        if (price is None and trail is None) or (trail is not None and not direction):
            raise ValueError(f"{held_id} has no place to be held at")
        self._sequence += 1
        held = Held(kind, held_id, fqme, source, price, self._sequence, direction, trail)
        self._held[held_id] = held
        self._market(fqme).ladder(source).add(held, last)
        return held.direction

    def release(self, held_id: str) -> bool:
        """Hold it no longer; False if it was not held."""
        held = self._held.pop(held_id, None)
        if held is None:
            return False
        market = self._market(held.fqme)
        market.ladder(held.source).remove(held)
        market.moved.pop(held_id, None)
        return True

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> Iterator[Touch]:
        """What these ticks touch, in the order they do, while they are gone through; it is held
        no longer. A tick that cannot be read so keeps back nothing that was touched before it.
        """
        market = self._markets.get(fqme) or self._market(fqme)
        for tick in ticks:
            market.see(tick)
            if market.news:
                for touch in market.take_touched():
                    del self._held[touch.held_id]
                    market.moved.pop(touch.held_id, None)
                    yield touch

    def direction(self, held_id: str) -> Direction:
        """From where it will be touched; "" while that is not known, or it is not held."""
        held = self._held.get(held_id)
        return "" if held is None else held.direction

    def price(self, held_id: str) -> Decimal | None:
        """Where it will be touched now; None while that is not known, or it is not held."""
        held = self._held.get(held_id)
        return None if held is None else held.price

    def take_moved(self, fqme: str) -> dict[str, Decimal]:
        """New prices of the triggers that trailed the market since the last call, by id."""
        market = self._market(fqme)
        moved, market.moved = market.moved, {}
        return moved

    def has_moved(self, fqme: str) -> bool:
        """Something trailed the market since `take_moved`."""
        market = self._markets.get(fqme)
        return market is not None and bool(market.moved)

    def is_halted(self, fqme: str) -> bool:
        """The venue does not trade the market now."""
        return self._market(fqme).is_halted

    def is_stale(self, fqme: str) -> bool:
        """What is known of the market is void: its stream broke and nothing came since, or it is
        halted, where what comes is nothing that can be traded."""
        market = self._market(fqme)
        return market.is_stale or market.is_halted

    def _market(self, fqme: str) -> _Market:
        return self._markets.setdefault(fqme, _Market())


def source_of(order: Order) -> Source:
    """The price that a held order waits for: `touch` is what it would meet in the market, the
    ask for a buy and the bid for a sale, as the emulated orders of NautilusTrader are held against
    BID_ASK (https://nautilustrader.io/docs/latest/concepts/orders/emulated). The "bid/ask" method
    of Interactive Brokers takes the other side, and so triggers later."""
    if order.reference == "touch":
        return "ask" if order.side == "buy" else "bid"
    return order.reference


def standing(quote: Quote | None, source: Source) -> float | None:
    """Where that price of a market stands; None if it is not known."""
    if quote is None:
        return None
    if source == "last":
        return quote.last
    if source == "mid":
        return None if quote.bid is None or quote.ask is None else (quote.bid + quote.ask) / 2
    return quote.bid if source == "bid" else quote.ask
