"""Which pairs the venue does not match now: by its own state, or by that of the pair.

`status` says of the whole exchange whether "order matching will occur", the `instrument` channel
of each pair (https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/status, read
2026-11). Words that are not known are taken for trading: a halt that is made up would hold back
triggers for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

UNMATCHED: Final = frozenset(
    {"cancel_only", "post_only", "maintenance", "work_in_progress", "delisted"}
)


class Halts:
    """Told of statuses; tells what changed."""

    def __init__(self) -> None:
        self._is_exchange_halted = False
        self._halted_pairs: set[str] = set()
        self._told: set[str] = set()

    def on_exchange(self, status: str) -> None:
        """The exchange is in this state."""
        self._is_exchange_halted = status in UNMATCHED

    def on_pair(self, pair: str, status: str) -> None:
        """A pair is in this state."""
        if status in UNMATCHED:
            self._halted_pairs.add(pair)
        else:
            self._halted_pairs.discard(pair)

    def news_of(self, pairs: Iterable[str]) -> list[tuple[str, bool]]:
        """(pair, halted) of each of these for which that was not said before."""
        return [(pair, self.is_halted(pair)) for pair in pairs if self._is_news(pair)]

    def forget(self, pairs: Iterable[str]) -> None:
        """Nothing was said of these: whoever listens begins anew."""
        self._told.difference_update(pairs)

    def is_halted(self, pair: str) -> bool:
        return self._is_exchange_halted or pair in self._halted_pairs

    def _is_news(self, pair: str) -> bool:
        is_halted = self.is_halted(pair)
        if is_halted == (pair in self._told):
            return False
        (self._told.add if is_halted else self._told.discard)(pair)
        return True
