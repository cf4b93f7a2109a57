"""What a market's stream leaves open, to be asked for over REST."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Wanted = Literal["book", "top", "trade", "aggTrade"]
"""A whole book; the top alone, of a market whose book is not kept; trades of one kind."""

_WHAT: Final = {"book": "book", "top": "top", "trade": "trades", "aggTrade": "trades"}


class Request(NamedTuple):
    """One thing to ask for; its answer goes to `Session.answer`."""

    kind: Wanted
    symbol: str
    life: int
    """Of the connection that it was made in: an answer that comes in another one is of no use."""
    tries: int = 0
    """Answers in a row that did not help: reason to wait."""
    from_id: int | None = None
    """Of the first trade that is wanted; None for the newest ones."""


class UnderWay:
    """Requests of one market that have no answer yet: of each thing one."""

    def __init__(self) -> None:
        self.life = 0
        self._kinds: set[str] = set()

    def take(self, wanted: Iterable[Request]) -> list[Request]:
        """Those that are not under way already; they are now."""
        fresh = [request for request in wanted if _WHAT[request.kind] not in self._kinds]
        self._kinds.update(_WHAT[request.kind] for request in fresh)
        return fresh

    def ends(self, request: Request) -> bool:
        """It is answered. False where the answer is of no use any more."""
        if request.life != self.life:
            return False
        self._kinds.discard(_WHAT[request.kind])
        return True

    def begin_anew(self) -> None:
        """The connection was lost."""
        self.life += 1
        self._kinds.clear()
