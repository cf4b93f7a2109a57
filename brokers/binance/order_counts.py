"""How many orders an account may still make: the venue counts them, and we do in between.

"Unfilled Order Count" of `web-socket-api` and `faqs/order_count_decrement` in
https://github.com/binance/binance-spot-api-docs (read 2026-11): by account, in intervals that begin
at whole multiples of their length, UTC. An order that is filled is taken off the count again, so
what counts is what the venue said last, and the orders of ours that it has not answered since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from brokers.binance.account_wire import RateLimit

_SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
_LETTERS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_HEADER: Final = "x-mbx-order-count-"

DEFAULTS: Final = {10: 50, 86_400: 160_000}
"""Limits by seconds, as the documents have them, until the venue says its own."""


class _Interval:
    def __init__(self, seconds: int, limit: int) -> None:
        self.seconds = seconds
        self.limit = limit
        self.count = 0
        self.index = 0
        """Of the interval that `count` was said in."""

    def used(self, now_ms: int) -> int:
        return self.count if now_ms // 1000 // self.seconds == self.index else 0


class OrderCounts:
    """Of one account."""

    def __init__(self, limits: Mapping[int, int] = DEFAULTS) -> None:
        self._intervals = {seconds: _Interval(seconds, limit) for seconds, limit in limits.items()}
        self._under_way = 0

    def refusal(self, orders: int, now_ms: int) -> str:
        """Why so many more orders would be too many for the venue; empty where they are not."""
        for interval in self._intervals.values():
            used = interval.used(now_ms) + self._under_way
            if used + orders > interval.limit:
                return f"{used} of {interval.limit} orders in {interval.seconds} s are made"
        return ""

    def begin(self, orders: int) -> None:
        """So many are sent now."""
        self._under_way += orders

    def end(self, orders: int) -> None:
        """They are answered, or nobody waits for that any longer."""
        self._under_way -= orders

    def note(self, limits: Iterable[RateLimit], now_ms: int) -> None:
        """What an answer says, or the venue's list of limits."""
        for limit in limits:
            seconds = _SECONDS.get(limit.interval, 0) * limit.interval_num
            if limit.rate_limit_type == "ORDERS" and seconds:
                interval = self._intervals.setdefault(seconds, _Interval(seconds, limit.limit))
                interval.limit = limit.limit
                self._set(interval, limit.count, now_ms)

    def note_headers(self, headers: Mapping[str, str], now_ms: int) -> None:
        """What an answer of REST says: `x-mbx-order-count-10s: 12`."""
        for name, value in headers.items():
            length = name.removeprefix(_HEADER)
            if length == name or not (length[:-1].isdecimal() and value.isdecimal()):
                continue
            seconds = int(length[:-1]) * _LETTERS.get(length[-1], 0)
            if interval := self._intervals.get(seconds):
                self._set(interval, int(value), now_ms)

    @property
    def used_share(self) -> float:
        """Of the limit that is used the most, as the venue said last."""
        return max(one.count / one.limit for one in self._intervals.values())

    def _set(self, interval: _Interval, count: int, now_ms: int) -> None:
        interval.count = count
        interval.index = now_ms // 1000 // interval.seconds
