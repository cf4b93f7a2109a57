"""Triggers that one price of a market is held against, the nearest first.

Each side is a binary heap: to put one in costs O(log n) whatever its place, where a sorted array
would move up to n references, and to see that none is touched costs one comparison. What is
released or moves stays in the heap as a dead entry until it comes up, or until half are dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from heapq import heapify, heappop, heappush
from typing import Final, Literal, NamedTuple

from engine.messages import TrailUnit

Direction = Literal["up", "down", ""]
"""From where a trigger is touched: `up` at or above its price, `down` at or below it; "" while
no price of the market is known."""

HeldKind = Literal["order", "alert", "algo"]

Source = Literal["last", "bid", "ask", "mid"]
"""The price of the market that a trigger is held against."""

SIGN: Final = {"up": 1, "down": -1}

_EXACT: Final = Context(prec=60)
_FEW: Final = 1000
"""Dead entries that are not worth a rebuild."""


class Trail(NamedTuple):
    """How a trigger follows the market: the distance that it stays behind."""

    distance: Decimal
    unit: TrailUnit

    def behind(self, price: Decimal, sign: int) -> Decimal:
        """Where the trigger is when the market is best at `price`; exact. `sign` is +1 where
        the trigger stays above the market."""
        with localcontext(_EXACT):
            away = self.distance if self.unit == "price" else price * self.distance / 100
            return price + away * sign


@dataclass(slots=True, eq=False)
class Held:
    """One trigger."""

    kind: HeldKind
    held_id: str
    fqme: str
    source: Source
    price: Decimal | None
    """None for one that trails and has seen no price yet."""
    sequence: int
    direction: Direction = ""
    trail: Trail | None = None
    version: int = 0
    """Grows when its price changes or it is released: entries of earlier versions are dead."""


Entry = tuple[float, int, int, Held]
"""Price by the sign of its side, sequence, version, trigger: sorts as they are touched."""


@dataclass(slots=True, eq=False)
class _Side:
    sign: int
    heap: list[Entry] = field(default_factory=list)
    dead: int = 0
    trailing: dict[str, Held] = field(default_factory=dict)
    extreme: float | None = None
    """Every trailing trigger here has been held against a price as good as this."""

    def put(self, held: Held) -> None:
        assert held.price is not None
        key = float(held.price) * self.sign
        heappush(self.heap, (key, held.sequence, held.version, held))

    def drop(self) -> None:
        """An entry died."""
        self.dead += 1
        if self.dead > _FEW and self.dead * 2 > len(self.heap):
            self.heap = [entry for entry in self.heap if entry[2] == entry[3].version]
            heapify(self.heap)
            self.dead = 0

    def take(self, price: float, touched: list[Held]) -> None:
        """Move what `price` touches to `touched`."""
        heap, reached = self.heap, price * self.sign
        while heap and heap[0][0] <= reached:
            _, _, version, held = heappop(heap)
            if version != held.version:
                self.dead -= 1
                continue
            held.version += 1
            self.trailing.pop(held.held_id, None)
            touched.append(held)

    def follow(self, price: float, moved: dict[str, Decimal]) -> None:
        """Move trailing triggers with the market; costs as many steps as there are of them,
        at prices better than all before, and nothing at others."""
        sign = self.sign
        if self.extreme is not None and (price - self.extreme) * sign >= 0:
            return
        self.extreme = price
        at = Decimal(repr(price))
        for held in self.trailing.values():
            assert held.trail is not None
            wanted = held.trail.behind(at, sign)
            if held.price is None or (held.price - wanted) * sign > 0:
                had_price = held.price is not None
                held.version += 1
                held.price = moved[held.held_id] = wanted
                if had_price:
                    self.drop()
                self.put(held)


class Ladder:
    """All triggers that one price of a market is held against."""

    def __init__(self) -> None:
        self._up = _Side(1)
        self._down = _Side(-1)
        self._unplaced: dict[str, Held] = {}
        self.count = 0

    def add(self, held: Held, at: float | None) -> None:
        """Put in a trigger; `at` is where its price of the market stands, None if not known.
        A direction that is not given is decided by that."""
        self.count += 1
        if held.direction == "" and at is None:
            self._unplaced[held.held_id] = held
            return
        if held.direction == "":
            assert held.price is not None
            held.direction = "up" if held.price >= Decimal(repr(at)) else "down"
        side = self._side(held)
        if held.trail is not None:
            side.trailing[held.held_id] = held
            # It has seen no better price than this one: the others wait for it.
            side.extreme = None
            if at is not None and held.price is None:
                held.price = held.trail.behind(Decimal(repr(at)), side.sign)
        if held.price is not None:
            side.put(held)

    def remove(self, held: Held) -> None:
        self.count -= 1
        held.version += 1
        if self._unplaced.pop(held.held_id, None) is None:
            side = self._side(held)
            side.trailing.pop(held.held_id, None)
            if held.price is not None:
                side.drop()

    def touch(self, price: float, moved: dict[str, Decimal]) -> list[Held]:
        """What the market touches at `price`, nearest first; `moved` takes new prices of
        triggers that trail."""
        if self._unplaced:
            self._place(price)
        touched: list[Held] = []
        for side in (self._up, self._down):
            if side.trailing:
                side.follow(price, moved)
            side.take(price, touched)
        self.count -= len(touched)
        return touched

    def _place(self, price: float) -> None:
        """Sort in what was set before any price was known."""
        unplaced, self._unplaced = self._unplaced, {}
        for held in unplaced.values():
            self.count -= 1
            self.add(held, price)

    def _side(self, held: Held) -> _Side:
        return self._up if held.direction == "up" else self._down
