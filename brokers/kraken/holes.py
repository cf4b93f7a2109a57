"""Trades that were missed, and those that came after them and wait until they are there.

A new connection begins with the newest 50 trades of each pair. Where more were missed, the rest is
had from REST; newer trades are held meanwhile, so that readers get all of them in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from brokers.kraken.market import Traded

MOST_HELD: Final = 20_000
"""Trades of one pair that are held; then what was missed is given up."""


class Missing(NamedTuple):
    """Trades of one market that a session wants to have."""

    fqme: str
    symbol: str
    after_id: int
    """Those with greater ids,"""
    after_ns: int
    """which are not older than this, by the venue,"""
    before_id: int
    """and of smaller ids than this one."""


class Hole:
    """What is held of one pair while older trades are fetched."""

    def __init__(self, after_id: int) -> None:
        self.after_id = after_id
        self.held: dict[int, Traded] = {}
        self.newest_id = after_id

    def hold(self, trade: Traded) -> bool:
        """Keep it until the hole is filled. False where it was there already."""
        if trade.trade_id in self.held:
            return False
        self.held[trade.trade_id] = trade
        self.newest_id = max(self.newest_id, trade.trade_id)
        return True

    @property
    def is_full(self) -> bool:
        return len(self.held) >= MOST_HELD

    def fill(self, fetched: Iterable[Traded]) -> tuple[list[Traded], int]:
        """All trades behind `after_id`, in order, and how many of them were only `fetched`.

        What is neither fetched nor held never was: the venue leaves out ids.
        """
        found = {
            trade.trade_id: trade
            for trade in fetched
            if self.after_id < trade.trade_id <= self.newest_id and trade.trade_id not in self.held
        }
        both = {**found, **self.held}
        return [both[trade_id] for trade_id in sorted(both)], len(found)
