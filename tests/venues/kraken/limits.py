"""Counters that fall with time, and what each request adds to them.

REST: https://docs.kraken.com/exchange/guides/rest/ratelimits. Matching, per account and pair:
https://docs.kraken.com/exchange/guides/general/ratelimits. Both read 2026-11.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tests.venues.kraken.errors import API_RATE_LIMIT, ORDERS_LIMIT, RATE_LIMIT, Refused


class TierLimits(msgspec.Struct, frozen=True):
    """Of one verification tier."""

    rest_most: float
    rest_decay: float
    """Per second."""
    pair_most: float
    pair_decay: float
    open_orders: int
    """Of each pair."""


TIERS: Final = {
    "starter": TierLimits(15, 0.33, 60, 1.0, 60),
    "intermediate": TierLimits(20, 0.5, 125, 2.34, 80),
    "pro": TierLimits(20, 1.0, 180, 3.75, 225),
}

PUBLIC_MOST: Final = 30.0
PUBLIC_DECAY: Final = 1.0
"""Public requests by address; those of trades and bars by address and pair. The venue says about
one a second; how far one may run ahead it does not."""

FREE: Final = frozenset(
    {
        *("AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder", "CancelOrder"),
        *("CancelOrderBatch", "CancelAll", "CancelAllOrdersAfter"),
    }
)
"""What the counter of REST does not count."""
DOUBLE: Final = frozenset({"Ledgers", "QueryLedgers", "TradesHistory", "ClosedOrders"})

_CANCEL: Final = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))
_EDIT: Final = ((5, 6), (10, 5), (15, 4), (45, 2), (90, 1))
_AMEND: Final = ((5, 3), (10, 2), (15, 1))


def rest_cost(method: str) -> float:
    if method in FREE:
        return 0.0
    return 2.0 if method in DOUBLE else 1.0


def add_cost(count: int = 1) -> float:
    """Of a new order, or of a batch of so many."""
    return 1.0 if count == 1 else count / 2


def cancel_cost(age_ns: int) -> float:
    return _by_age(_CANCEL, age_ns)


def edit_cost(age_ns: int) -> float:
    return 1.0 + _by_age(_EDIT, age_ns)


def amend_cost(age_ns: int) -> float:
    return 1.0 + _by_age(_AMEND, age_ns)


def _by_age(table: tuple[tuple[int, int], ...], age_ns: int) -> float:
    return next((float(cost) for below_s, cost in table if age_ns < below_s * 10**9), 0.0)


class Counter:
    """One number that falls to zero."""

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self._value = 0.0
        self._at_ns = 0

    def value(self, now_ns: int) -> float:
        elapsed_s = max(0, now_ns - self._at_ns) / 10**9
        return max(0.0, self._value - elapsed_s * self._decay)

    def add(self, cost: float, now_ns: int) -> float:
        self._value = self.value(now_ns) + cost
        self._at_ns = max(now_ns, self._at_ns)
        return self._value


class Limits:
    """All counters of the venue. `factor` above 1 makes them that much more patient."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self._public: dict[str, Counter] = {}
        self._rest: dict[str, Counter] = {}
        self._pairs: dict[tuple[str, str], Counter] = {}

    def ask_public(self, who: str, now_ns: int) -> None:
        """Raises `Refused`."""
        counter = self._public.setdefault(who, Counter(PUBLIC_DECAY * self.factor))
        if counter.value(now_ns) + 1 > PUBLIC_MOST * self.factor:
            raise Refused(API_RATE_LIMIT)
        counter.add(1, now_ns)

    def ask_rest(self, key: str, tier: str, method: str, now_ns: int) -> None:
        """Count a private request. Raises `Refused`."""
        limits = TIERS[tier]
        counter = self._rest.setdefault(key, Counter(limits.rest_decay * self.factor))
        cost = rest_cost(method)
        if cost and counter.value(now_ns) + cost > limits.rest_most * self.factor:
            raise Refused(API_RATE_LIMIT)
        counter.add(cost, now_ns)

    def trade(self, account: str, tier: str, symbol: str, cost: float, now_ns: int) -> float:
        """Count an order, edit or amend of a pair; the counter after it.

        Raises:
            Refused: it is full. What is refused counts too.
        """
        value = self._pair(account, tier, symbol).add(cost, now_ns)
        if value > TIERS[tier].pair_most * self.factor:
            raise Refused(RATE_LIMIT)
        return value

    def cancel(self, account: str, tier: str, symbol: str, cost: float, now_ns: int) -> float:
        """Count a cancel, which is never refused for it; the counter after it."""
        return self._pair(account, tier, symbol).add(cost, now_ns)

    def check_open(self, tier: str, count: int) -> None:
        """Raises `Refused` if one order more is too many."""
        if count >= TIERS[tier].open_orders:
            raise Refused(ORDERS_LIMIT)

    def pair_count(self, account: str, tier: str, symbol: str, now_ns: int) -> float:
        return self._pair(account, tier, symbol).value(now_ns)

    def _pair(self, account: str, tier: str, symbol: str) -> Counter:
        decay = TIERS[tier].pair_decay * self.factor
        return self._pairs.setdefault((account, symbol), Counter(decay))
