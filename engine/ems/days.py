"""What an account did since its day began: orders made, and positions as they were then.

Folded with everything else that the blotter is told, so that a start from the journal comes to
the same counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.clock import NANOS
from engine.messages import Order, Position

DAY_NS: Final = 24 * 3600 * NANOS


class Days:
    """Counts of each account, by its day: days before the newest are let go of."""

    def __init__(self, starts_ns: Mapping[str, int] | None = None) -> None:
        """
        Args:
            starts_ns: by account, nanoseconds from midnight UTC to when its day begins.
        """
        self._starts_ns = starts_ns or {}
        self._made: dict[str, tuple[int, int]] = {}
        """By account: the day, and the orders made in it."""
        self._newest: dict[str, str] = {}
        """By account, the market of its newest order."""
        self._before: dict[tuple[str, str], tuple[int, Position]] = {}
        """By (account, fqme): the day of its newest fill, and the position before its first."""

    def day_of(self, account: str, now_ns: int) -> int:
        """The number of the account's day."""
        return (now_ns - self._starts_ns.get(account, 0)) // DAY_NS

    def count(self, order: Order, change: int = 1) -> None:
        """An order was made; -1: it was denied, and does not count."""
        day = self.day_of(order.account, order.created_ns)
        self._newest[order.account] = order.fqme
        newest, made = self._made.get(order.account, (day, 0))
        if day > newest:
            self._made[order.account] = (day, max(change, 0))
        elif day == newest:
            self._made[order.account] = (day, made + change)

    def orders(self, account: str, now_ns: int) -> int:
        """Orders of the account that were made in the day of `now_ns`."""
        day, made = self._made.get(account, (0, 0))
        return made if day == self.day_of(account, now_ns) else 0

    def newest_market(self, account: str) -> str:
        """The market of its newest order; empty if it made none."""
        return self._newest.get(account, "")

    def trade(self, before: Position, now_ns: int) -> None:
        """A position is about to change."""
        key, day = (before.account, before.fqme), self.day_of(before.account, now_ns)
        known = self._before.get(key)
        if known is None or day > known[0]:
            self._before[key] = (day, before)

    def at_start(self, held: Position, now_ns: int) -> Position:
        """The position, as it is now, as it was when the day of `now_ns` began."""
        known = self._before.get((held.account, held.fqme))
        if known is None or known[0] != self.day_of(held.account, now_ns):
            return held
        return known[1]
