"""In which state the venue and each pair are, and what may be done then.

https://docs.kraken.com/api-reference/market-data/get-system-status, read 2026-11: `online`,
`maintenance`, `cancel_only`, `post_only`; pairs also `limit_only`, `reduce_only`, `delisted`, ...
"""

from __future__ import annotations

from tests.venues.kraken.errors import (
    CANCEL_ONLY,
    LIMIT_ONLY,
    POST_ONLY_MODE,
    UNAVAILABLE,
    Refused,
)
from tests.venues.kraken.terms import LIMITED, Terms


class Modes:
    """`online` unless it is set."""

    def __init__(self) -> None:
        self.system = "online"
        self._pairs: dict[str, str] = {}

    def set_pair(self, symbol: str, mode: str) -> None:
        self._pairs[symbol] = mode

    def pair(self, symbol: str) -> str:
        return self._pairs.get(symbol, "online")

    def check_new(self, terms: Terms) -> None:
        """Whether a new order is taken now. Raises `Refused`."""
        for mode in (self.system, self.pair(terms.pair.symbol)):
            match mode:
                case "maintenance" | "work_in_progress" | "delisted":
                    raise Refused(UNAVAILABLE)
                case "cancel_only":
                    raise Refused(CANCEL_ONLY)
                case "post_only" if not terms.post_only:
                    raise Refused(POST_ONLY_MODE)
                case "limit_only" if terms.order_type not in LIMITED:
                    raise Refused(LIMIT_ONLY)

    def check_change(self, symbol: str) -> None:
        """Whether orders are amended or edited now. Raises `Refused`."""
        for mode in (self.system, self.pair(symbol)):
            if mode in ("maintenance", "work_in_progress"):
                raise Refused(UNAVAILABLE)
            if mode == "cancel_only":
                raise Refused(CANCEL_ONLY)

    def check_cancel(self) -> None:
        """Raises `Refused`."""
        if self.system == "maintenance":
            raise Refused(UNAVAILABLE)
