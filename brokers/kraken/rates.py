"""What Kraken's counters take of orders: one for each account and pair, falling with time.

Each order, amend and cancel raises it, amends and cancels the more the younger the order is; above
its threshold the venue refuses with `EOrder:Rate limit exceeded`. By
https://docs.kraken.com/api/docs/guides/spot-ratelimits (read 2026-11), where the counter of REST is
told too. Both are kept here as the venue keeps them, so that what would be refused is not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
import trio

from brokers.net.budgets import DecayingBudget

Tier = Literal["starter", "intermediate", "pro"]


class TierRules(msgspec.Struct, frozen=True):
    """Counters of one verification tier."""

    pair_limit: float
    pair_decay_per_s: float
    rest_limit: float
    rest_decay_per_s: float


TIERS: Final[dict[Tier, TierRules]] = {
    "starter": TierRules(60, 1.0, 15, 0.33),
    "intermediate": TierRules(125, 2.34, 20, 0.5),
    "pro": TierRules(180, 3.75, 20, 1.0),
}

KEPT_BACK: Final = 16.0
"""Of a pair's counter, for cancels: two of orders that are new."""

ADD: Final = 1.0
_AMEND: Final = ((5.0, 4.0), (10.0, 3.0), (15.0, 2.0))
_AMEND_OLD: Final = 1.0
_CANCEL: Final = ((5.0, 8.0), (10.0, 6.0), (15.0, 5.0), (45.0, 4.0), (90.0, 2.0), (300.0, 1.0))
_CANCEL_OLD: Final = 0.0

_REST_COSTS: Final = {"ClosedOrders": 2.0, "TradesHistory": 2.0, "CancelAllOrdersAfter": 0.0}
"""Everything else that is asked here counts once."""

MOST_KEPT: Final = 10_000


def amend_cost(age_s: float) -> float:
    """Of an amend of an order that was made or amended `age_s` ago."""
    return _by_age(_AMEND, age_s, _AMEND_OLD)


def cancel_cost(age_s: float) -> float:
    return _by_age(_CANCEL, age_s, _CANCEL_OLD)


def rest_cost(method: str) -> float:
    """Of a question to private REST."""
    return _REST_COSTS.get(method, 1.0)


def rest_budget(tier: Tier) -> DecayingBudget:
    """The counter of private REST of one key."""
    rules = TIERS[tier]
    return DecayingBudget(rules.rest_limit, rules.rest_decay_per_s)


class Rates:
    """The counters of one account."""

    def __init__(self, tier: Tier) -> None:
        self._rules = TIERS[tier]
        self._pairs: dict[str, DecayingBudget] = {}
        self._changed_s: dict[str, float] = {}
        """By order id, when the order was made or amended, by trio's clock."""

    def learn(self, limit: float) -> None:
        """The venue says where a pair's counter is full: that tells the tier."""
        if limit <= KEPT_BACK or limit == self._rules.pair_limit:
            return
        known = [rules for rules in TIERS.values() if rules.pair_limit <= limit]
        decay = known[-1].pair_decay_per_s if known else TIERS["starter"].pair_decay_per_s
        self._rules = msgspec.structs.replace(self._rules, pair_limit=limit, pair_decay_per_s=decay)
        for symbol, before in self._pairs.items():
            self._pairs[symbol] = self._counter()
            self._pairs[symbol].note_used(before.used)

    def try_add(self, symbol: str, order_id: str) -> float:
        """Count a new order: 0.0 if there is room, else the seconds until there is."""
        if wait_s := self._pair(symbol).try_spend(ADD):
            return wait_s
        self._note(order_id)
        return 0.0

    def try_amend(self, symbol: str, order_id: str) -> float:
        """Count an amend, in the same way."""
        if wait_s := self._pair(symbol).try_spend(amend_cost(self._age_s(order_id))):
            return wait_s
        self._note(order_id)
        return 0.0

    def cancel(self, symbol: str, order_id: str) -> None:
        """Count a cancel. It is always sent: taking an order back must not wait, and the venue has
        the last word."""
        pair, cost = self._pair(symbol), cancel_cost(self._age_s(order_id))
        if pair.try_spend(cost, is_urgent=True):
            pair.note_used(pair.used + cost)

    def refused(self, symbol: str) -> None:
        """The venue says that the counter is full."""
        pair = self._pair(symbol)
        pair.note_used(pair.limit)

    @property
    def used_share(self) -> float:
        """Of the counter that is fullest, 0 to 1."""
        return max((pair.used_share for pair in self._pairs.values()), default=0.0)

    def _pair(self, symbol: str) -> DecayingBudget:
        if symbol not in self._pairs:
            self._pairs[symbol] = self._counter()
        return self._pairs[symbol]

    def _counter(self) -> DecayingBudget:
        rules = self._rules
        return DecayingBudget(rules.pair_limit, rules.pair_decay_per_s, kept_back=KEPT_BACK)

    def _note(self, order_id: str) -> None:
        self._changed_s.pop(order_id, None)
        self._changed_s[order_id] = trio.current_time()
        if len(self._changed_s) > MOST_KEPT:
            del self._changed_s[next(iter(self._changed_s))]

    def _age_s(self, order_id: str) -> float:
        """Orders of before this log-in are taken for new: the venue counts no more than that."""
        return trio.current_time() - self._changed_s.get(order_id, trio.current_time())


def _by_age(table: Sequence[tuple[float, float]], age_s: float, old: float) -> float:
    return next((cost for below_s, cost in table if age_s < below_s), old)
