"""Dark orders and alerts: held here by price until the market touches them.

Triggers of a market rest in two ladders, those above the market and those below it, each
sorted by price: a tick costs the triggers it touches, not the number that rest. On which side
one rests is decided by the last price when it is set. They wait while the market is stale or
crossed, and each is given out at most once: what is touched is no longer held.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from engine.messages import Ask, Bid, Break, Tick, Trade

Direction = Literal["up", "down", ""]
"""From where a trigger is touched: `up` at or above its price, `down` at or below it; "" while
no price of the market is known."""

HeldKind = Literal["order", "alert"]


class Touch(NamedTuple):
    """A trigger that the market reached."""

    kind: HeldKind
    held_id: str
    price: float
    """Last price that touched it."""
    venue_ns: int
    recv_ns: int


@dataclass(slots=True, eq=False)
class _Held:
    kind: HeldKind
    held_id: str
    fqme: str
    price: float
    sequence: int
    direction: Direction = ""


def _rank(held: _Held) -> tuple[float, int]:
    """Sorts a ladder so that what is touched first is last, at one price who came first."""
    return (-held.price if held.direction == "up" else held.price, -held.sequence)


class _Market:
    """The triggers of one market, and the little of it that decides when they wait."""

    def __init__(self) -> None:
        self.up: list[_Held] = []
        self.down: list[_Held] = []
        self.ladders: dict[Direction, list[_Held]] = {"up": self.up, "down": self.down, "": []}
        self.bid: float | None = None
        self.ask: float | None = None
        self.last: Trade | None = None
        self.is_news = False
        """The last trade is still to be held against the triggers: the market was crossed."""
        self.is_stale = False

    @property
    def is_crossed(self) -> bool:
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    def add(self, held: _Held, last: float | None) -> None:
        if last is not None:
            held.direction = "up" if held.price >= last else "down"
        insort(self.ladders[held.direction], held, key=_rank)

    def remove(self, held: _Held) -> None:
        ladder = self.ladders[held.direction]
        at = bisect_left(ladder, _rank(held), key=_rank)
        if ladder[at : at + 1] == [held]:
            del ladder[at]

    def see(self, tick: Tick) -> None:
        if isinstance(tick, Trade):
            self.last, self.is_news = tick, True
            self.is_stale = False
            if self.ladders[""]:
                self._place(tick.price)
        elif isinstance(tick, Bid):
            self.bid = tick.price if tick.size > 0 else None
            self.is_stale = False
        elif isinstance(tick, Ask):
            self.ask = tick.price if tick.size > 0 else None
            self.is_stale = False
        elif isinstance(tick, Break):
            # What was known is void: triggers wait for a trade after it.
            self.bid = self.ask = self.last = None
            self.is_stale = True

    def _place(self, last: float) -> None:
        """Sort in what was set before any price was known."""
        unplaced, self.ladders[""] = self.ladders[""], []
        for held in unplaced:
            self.add(held, last)

    def take_touched(self) -> list[Touch]:
        up, down, last = self.up, self.down, self.last
        if last is None or not self.is_news or self.is_stale or self.is_crossed:
            return []
        # Once: what is set later waits for a later trade.
        self.is_news = False
        touched: list[_Held] = []
        while up and up[-1].price <= last.price:
            touched.append(up.pop())
        while down and down[-1].price >= last.price:
            touched.append(down.pop())
        return [
            Touch(held.kind, held.held_id, last.price, last.venue_ns, last.recv_ns)
            for held in touched
        ]


class DarkBook:
    """Everything that is held, by market. Pure: ticks in, touches out."""

    def __init__(self) -> None:
        self._markets: dict[str, _Market] = {}
        self._held: dict[str, _Held] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, held_id: str) -> bool:
        return held_id in self._held

    def hold(
        self, kind: HeldKind, held_id: str, fqme: str, price: Decimal, last: float | None
    ) -> Direction:
        """Hold a trigger at `price`; `last` is where the market stands, None if not known.

        Returns the direction from which it will be touched. A trigger at the last price itself
        waits for a trade at or above it.

        Raises:
            ValueError: something of this id is held already.
        """
        if held_id in self._held:
            raise ValueError(f"{held_id} is held already")
        self._sequence += 1
        held = _Held(kind, held_id, fqme, float(price), self._sequence)
        self._held[held_id] = held
        self._market(fqme).add(held, last)
        return held.direction

    def release(self, held_id: str) -> bool:
        """Hold it no longer; False if it was not held."""
        held = self._held.pop(held_id, None)
        if held is None:
            return False
        self._market(held.fqme).remove(held)
        return True

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> Iterator[Touch]:
        """What these ticks touch, in the order they do, while they are gone through; it is held
        no longer. A tick that cannot be read so keeps back nothing that was touched before it.
        """
        market = self._markets.get(fqme) or self._market(fqme)
        for tick in ticks:
            market.see(tick)
            if market.up or market.down:
                for touch in market.take_touched():
                    del self._held[touch.held_id]
                    yield touch
            else:
                market.is_news = False

    def direction(self, held_id: str) -> Direction:
        """From where it will be touched; "" while that is not known, or it is not held."""
        held = self._held.get(held_id)
        return "" if held is None else held.direction

    def is_stale(self, fqme: str) -> bool:
        """The stream broke, and nothing came since."""
        return self._market(fqme).is_stale

    def _market(self, fqme: str) -> _Market:
        return self._markets.setdefault(fqme, _Market())
