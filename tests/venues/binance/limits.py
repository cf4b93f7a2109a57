"""Request weight and order counts, and what happens to those who use too much.

Read 2026-11, "LIMITS" of `rest-api.md` in https://github.com/binance/binance-spot-api-docs: windows
begin with the minute, the ten seconds, the day; a 429 says when to come back; who goes on all the
same is banned, from two minutes up to three days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from engine.clock import NANOS
from tests.venues.binance import errors

FIRST_BAN_S: Final = 120
LONGEST_BAN_S: Final = 3 * 86_400


class LimitRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one address may use, and one account."""

    weight_1m: int = 6000
    orders_10s: int = 100
    orders_1d: int = 200_000
    raw_5m: int = 61_000
    patience: int = 10
    """Requests after a 429, within its minute, that lead to a ban."""

    def listed(self) -> list[dict[str, Any]]:
        """As `exchangeInfo` has them."""
        rows = (
            ("REQUEST_WEIGHT", "MINUTE", 1, self.weight_1m),
            ("ORDERS", "SECOND", 10, self.orders_10s),
            ("ORDERS", "DAY", 1, self.orders_1d),
            ("RAW_REQUESTS", "MINUTE", 5, self.raw_5m),
        )
        return [_row(*row) for row in rows]


def _row(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


class Window:
    """A count that begins anew at every multiple of its length."""

    def __init__(self, length_s: int) -> None:
        self._length_ns = length_s * NANOS
        self._start_ns = 0
        self._count = 0

    def add(self, now_ns: int, by: int = 1) -> int:
        self._turn(now_ns)
        self._count += by
        return self._count

    def count(self, now_ns: int) -> int:
        self._turn(now_ns)
        return self._count

    def left_s(self, now_ns: int) -> int:
        """Whole seconds until it begins anew, rounded up."""
        return -(-(self._length_ns - now_ns % self._length_ns) // NANOS)

    def _turn(self, now_ns: int) -> None:
        start_ns = now_ns - now_ns % self._length_ns
        if start_ns != self._start_ns:
            self._start_ns, self._count = start_ns, 0


@dataclass
class _Caller:
    weight: Window = field(default_factory=lambda: Window(60))
    raw: Window = field(default_factory=lambda: Window(300))
    refused: Window = field(default_factory=lambda: Window(60))
    banned_until_ns: int = 0
    bans: int = 0


@dataclass
class _Orders:
    short: Window = field(default_factory=lambda: Window(10))
    day: Window = field(default_factory=lambda: Window(86_400))


class Limits:
    def __init__(self, rules: LimitRules) -> None:
        self.rules = rules
        self._callers: dict[str, _Caller] = {}
        self._orders: dict[str, _Orders] = {}

    def spend(self, client: str, weight: int, now_ns: int) -> None:
        """Count a request of an address.

        Raises:
            VenueError: 429 or 418 with Retry-After.
        """
        caller = self._callers.setdefault(client, _Caller())
        self._check_ban(caller, now_ns)
        used = caller.weight.add(now_ns, weight)
        caller.raw.add(now_ns)
        if used <= self.rules.weight_1m:
            return
        if caller.refused.add(now_ns) > self.rules.patience:
            self.ban(client, now_ns)
            self._check_ban(caller, now_ns)
        raise errors.too_much_weight(self.rules.weight_1m, caller.weight.left_s(now_ns))

    def ban(self, client: str, now_ns: int, for_s: float = 0.0) -> None:
        """Ban an address: for so long, or each time for longer than before."""
        caller = self._callers.setdefault(client, _Caller())
        length_s = for_s or min(FIRST_BAN_S * 4**caller.bans, LONGEST_BAN_S)
        caller.bans += 1
        caller.banned_until_ns = now_ns + int(length_s * NANOS)

    def pardon(self) -> None:
        """Forget everything about everyone."""
        self._callers.clear()
        self._orders.clear()

    def _check_ban(self, caller: _Caller, now_ns: int) -> None:
        if now_ns < caller.banned_until_ns:
            left_s = -(-(caller.banned_until_ns - now_ns) // NANOS)
            raise errors.banned(caller.banned_until_ns // 1_000_000, left_s)

    def spend_orders(self, account: str, count: int, now_ns: int) -> None:
        """Count new orders of an account. Raises `VenueError` -1015."""
        orders = self._orders.setdefault(account, _Orders())
        short = orders.short.add(now_ns, count)
        day = orders.day.add(now_ns, count)
        if short > self.rules.orders_10s:
            raise errors.too_many_orders(self.rules.orders_10s, "10 SECOND")
        if day > self.rules.orders_1d:
            raise errors.too_many_orders(self.rules.orders_1d, "1 DAY")

    def give_back(self, account: str, count: int, now_ns: int) -> None:
        """Filled orders do not count: they take up no room of a book.

        See `faqs/order_count_decrement.md`.
        """
        orders = self._orders.setdefault(account, _Orders())
        for window in (orders.short, orders.day):
            window.add(now_ns, -min(count, window.count(now_ns)))

    # -- what is told of it --------------------------------------------------------------------

    def weight_headers(self, client: str, now_ns: int) -> dict[str, str]:
        used = str(self._callers.setdefault(client, _Caller()).weight.count(now_ns))
        return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}

    def order_headers(self, account: str, now_ns: int) -> dict[str, str]:
        orders = self._orders.setdefault(account, _Orders())
        return {
            "X-MBX-ORDER-COUNT-10S": str(orders.short.count(now_ns)),
            "X-MBX-ORDER-COUNT-1D": str(orders.day.count(now_ns)),
        }

    def weight_rows(self, client: str, now_ns: int) -> list[dict[str, Any]]:
        """As `rateLimits` of the WebSocket API."""
        used = self._callers.setdefault(client, _Caller()).weight.count(now_ns)
        return [{**_row("REQUEST_WEIGHT", "MINUTE", 1, self.rules.weight_1m), "count": used}]

    def order_rows(self, account: str, now_ns: int) -> list[dict[str, Any]]:
        orders = self._orders.setdefault(account, _Orders())
        short, day = orders.short.count(now_ns), orders.day.count(now_ns)
        return [
            {**_row("ORDERS", "SECOND", 10, self.rules.orders_10s), "count": short},
            {**_row("ORDERS", "DAY", 1, self.rules.orders_1d), "count": day},
        ]
