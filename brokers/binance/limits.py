"""How much the venue lets one address ask, and what each request costs of that.

"IP Limits" and the weights of `rest-api`, and "WebSocket Limits" of `web-socket-streams`, of
https://developers.binance.com/docs/binance-spot-api-docs (read 2026-11). What the venue says
itself, in `rateLimits` of its list and in the header of each answer, goes before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from brokers.binance.wire import RateLimit
from brokers.net.budgets import Budget
from brokers.net.rest import Reply

MINUTE_S: Final = 60.0
WEIGHT: Final = 6000
"""A minute."""
RAW_REQUESTS, RAW_S = 61_000, 300.0
KEPT_BACK: Final = 0.1
"""Share of the weight that only cancels may use."""

CONNECTS, CONNECTS_S = 300, 300.0
SENDS: Final = 4
"""Messages a second over a socket: of the venue's five one is left for pongs."""

EXCHANGE_INFO: Final = 20
TICKER: Final = 2
ALL_TICKERS: Final = 80
KLINES: Final = 2
AGG_TRADES: Final = 4
OLD_TRADES: Final = 25
TIME: Final = 1

LEVELS: Final = ((100, 5), (500, 25), (1000, 50), (5000, 250))
"""Levels of a depth snapshot, and what so many cost."""

USED: Final = "x-mbx-used-weight-1m"

_SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}


def depth_weight(levels: int) -> int:
    """Of `GET /api/v3/depth` with this limit."""
    return next((weight for most, weight in LEVELS if levels <= most), LEVELS[-1][1])


def levels_for(waiting: int) -> int:
    """Levels to ask of each of so many books that wait: a few can have all that there is, many
    must not wait for minutes."""
    return 5000 if waiting <= 4 else 1000 if waiting <= 40 else 500


class Limits:
    """Budgets of one address."""

    def __init__(self, history_share: float = 0.5) -> None:
        """
        Args:
            history_share: of the weight, for history at most.
        """
        self._history_share = history_share
        self.weight = Budget(WEIGHT, MINUTE_S, kept_back=WEIGHT * KEPT_BACK)
        self.history = Budget(WEIGHT * history_share, MINUTE_S)
        self.raw = Budget(RAW_REQUESTS, RAW_S)
        self.connects = Budget(CONNECTS, CONNECTS_S)

    def take_over(self, limits: Iterable[RateLimit]) -> None:
        """What the venue says of itself, as far as it is in the windows known here."""
        for limit in limits:
            seconds = _SECONDS.get(limit.interval, 0) * limit.interval_num
            if limit.limit < 1:
                continue
            if limit.kind == "REQUEST_WEIGHT" and seconds == MINUTE_S:
                self.weight.limit = float(limit.limit)
                self.weight.kept_back = limit.limit * KEPT_BACK
                self.history.limit = limit.limit * self._history_share
            elif limit.kind == "RAW_REQUESTS" and seconds == RAW_S:
                self.raw.limit = float(limit.limit)

    def on_reply(self, reply: Reply) -> None:
        """Take note of what the venue has counted: others may ask from this address too."""
        used = reply.headers.get(USED, "")
        if used.isascii() and used.isdigit() and len(used) < 10:
            self.weight.note_used(float(used))
