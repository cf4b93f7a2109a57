"""The trades of one market in their order: each once, and none lost that the venue can send again.

Their ids count up by one, for `trade` and for `aggTrade` alike. Where they jump, what comes after
is held until the trades between are there, from `GET /api/v3/aggTrades` or `historicalTrades`.
Without anyone to ask for those, or where they cannot be had, a jump is a gap.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from engine.messages import Trade

MOST_HELD: Final = 20_000
"""Trades held while those before them are asked for."""

MOST_MISSING: Final = 50_000
"""Trades asked for after a break; a longer one is a gap."""

MOST_REPEATED: Final = 5_000
"""Trades in a row with ids from before: the venue has begun to count anew, as its test network
does each month."""

MOST_TRIES: Final = 6
"""Requests without a step ahead, after which the missing trades count as lost."""

PAGE: Final = 1000
"""Most trades of one answer."""

Place = Literal["next", "repeated", "held", "missed"]


class Placed(NamedTuple):
    """A trade and what tells its place."""

    trade_id: int
    first_id: int
    """First and last of the single trades in it; that of the trade itself where it is single."""
    last_id: int
    tick: Trade


class TradeSequence:
    """See the module."""

    def __init__(self) -> None:
        self.next_id = -1
        """That the next trade has; -1 while that is not known."""
        self.can_ask = False
        """Somebody asks the venue for what is missing."""
        self.is_wanted = False
        """Trades before those that are held, or after the last one, are to be asked for."""
        self.tries = 0
        """Answers in a row that did not help."""
        self.held: deque[Placed] = deque()
        self._base_id = -1
        """Of the newest single trade that readers know of; -1 for none."""
        self._repeated = 0

    def begin(self, last_id: int, *, is_single: bool) -> None:
        """Readers know of all trades up to the single trade `last_id` (-1: of none), and what is
        missing can be asked for.

        Args:
            is_single: the trades to come are single ones.
        """
        self.can_ask = True
        self._base_id = last_id
        if is_single and last_id >= 0:
            self.next_id = last_id + 1

    def look_for_newer(self) -> None:
        """The stream begins, or goes on: there may have been trades that it did not carry."""
        if self.can_ask and (self.next_id >= 0 or self._base_id >= 0):
            self.is_wanted = True
            self.tries = 0

    def place(self, placed: Placed) -> Place:
        """Where a trade of the stream belongs: it is the next; came before; is held now; or is the
        next after some that are missing for good."""
        trade_id, known_id = placed.trade_id, self.next_id
        if self.held:
            known_id = self.held[-1].trade_id + 1
        elif known_id < 0:
            return self._first(placed)
        if trade_id < known_id:
            return self._again(trade_id)
        self._repeated = 0
        if trade_id == known_id and not self.held:
            self.next_id = trade_id + 1
            return "next"
        return self._hold(placed)

    def resent(self, trades: Iterable[Placed], *, is_full: bool) -> list[Trade]:
        """Trades that were asked for, oldest first; returns those to give on, held ones included.

        Args:
            is_full: there are more than these.
        """
        given: list[Trade] = []
        for placed in trades:
            if self._is_next(placed):
                given.append(placed.tick)
                self.next_id = placed.trade_id + 1
            elif placed.trade_id > self.next_id >= 0:
                break  # the venue itself has a hole there
        self._release(given)
        self.is_wanted = bool(self.held) or (is_full and bool(given))
        self.tries = 0 if given or not self.is_wanted else self.tries + 1
        return given

    def not_resent(self, *, is_final: bool = False) -> None:
        """They could not be asked for, and never can be where `is_final`."""
        self.tries = MOST_TRIES if is_final else self.tries + 1
        self.is_wanted = True

    @property
    def is_lost(self) -> bool:
        """What is missing will not come any more: `give_up`."""
        return self.is_wanted and self.tries >= MOST_TRIES

    def give_up(self) -> list[Trade]:
        """Go on without the missing ones; returns what was held. Something was missed where this
        returns anything."""
        given = [placed.tick for placed in self.held]
        if self.held:
            self.next_id = self.held[-1].trade_id + 1
        self.held.clear()
        self.is_wanted = False
        self.tries = 0
        return given

    # -- places ------------------------------------------------------------------------------

    def _first(self, placed: Placed) -> Place:
        """The first trade; a quote may tell which ones it has."""
        if self._base_id >= placed.last_id:
            return "repeated"
        if self._base_id < 0 or placed.first_id <= self._base_id + 1:
            self.next_id = placed.trade_id + 1
            return "next"
        return self._hold(placed)

    def _again(self, trade_id: int) -> Place:
        self._repeated += 1
        if self._repeated < MOST_REPEATED:
            return "repeated"
        self._repeated = 0
        self.held.clear()
        self.is_wanted = False
        self.next_id = trade_id + 1
        return "missed"

    def _hold(self, placed: Placed) -> Place:
        missing = placed.trade_id - self.next_id if self.next_id >= 0 else 0
        if not self.can_ask or missing > MOST_MISSING or len(self.held) >= MOST_HELD:
            if not self.held:
                self.next_id = placed.trade_id + 1
                return "missed"
            self.tries = MOST_TRIES  # those that are held go first: `give_up`
        self.held.append(placed)
        self.is_wanted = True
        return "held"

    def _is_next(self, placed: Placed) -> bool:
        if self.next_id >= 0:
            return placed.trade_id == self.next_id
        return placed.last_id > self._base_id

    def _release(self, given: list[Trade]) -> None:
        """What is held and is next now."""
        held = self.held
        while held and held[0].trade_id <= self.next_id:
            placed = held.popleft()
            if placed.trade_id == self.next_id:
                given.append(placed.tick)
                self.next_id += 1
