"""Where a playback begins: at the first moment at which its markets have a price."""

from __future__ import annotations

from collections.abc import Iterable

from brokers.replay.player import Item
from engine.clock import NANOS
from engine.messages import Ask, Bid, Trade

PRELUDE_NS = 600 * NANOS
"""How far into a recording a price is waited for before the playback begins without it."""


class Beginning:
    """A scan over the first items of a recording.

    A market's price is its first trade; for one that does not trade within the prelude, the
    moment when both its sides are first quoted. One without either is not waited for.
    """

    def __init__(self, fqmes: Iterable[str], start_ns: int) -> None:
        self._start_ns = start_ns
        self._untraded = set(fqmes)
        self._traded_ns: dict[str, int] = {}
        self._sides: dict[str, set[type]] = {}
        self._quoted_ns: dict[str, int] = {}

    @property
    def at_ns(self) -> int:
        """The beginning, as far as the items that were taken tell."""
        return max({**self._quoted_ns, **self._traded_ns}.values(), default=self._start_ns)

    def take(self, item: Item) -> bool:
        """Whether the scan is over: with `item`, or before it."""
        if not self._untraded or item.tape_ns > self._start_ns + PRELUDE_NS:
            return True
        if item.fqme in self._untraded:
            self._look_at(item)
        return not self._untraded

    def _look_at(self, item: Item) -> None:
        sides = self._sides.setdefault(item.fqme, set())
        for tick in item.ticks:
            if isinstance(tick, Trade):
                self._untraded.discard(item.fqme)
                self._traded_ns.setdefault(item.fqme, item.tape_ns)
            elif isinstance(tick, Bid | Ask) and tick.size > 0:
                sides.add(type(tick))
        if len(sides) == 2:
            self._quoted_ns.setdefault(item.fqme, item.tape_ns)
