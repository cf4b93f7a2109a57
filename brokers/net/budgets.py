"""What a venue lets its clients ask in a time, and how much of that is spent.

A part can be kept back for cancels: whoever has used up all else can still take orders back.
Times are trio's. Waiting is first come, first served; cancels go before all who wait.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import trio


class Allowance(Protocol):
    """Something that is spent and comes back."""

    @property
    def used_share(self) -> float:
        """What is spent of it now, 0 to 1 (more where the venue counts more than we do)."""
        ...

    def try_spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> float:
        """Spend `cost` if there is room: 0.0 then, else the seconds until there will be."""
        ...

    async def spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> None:
        """Spend `cost`, once there is room."""
        ...

    def note_used(self, used: float) -> None:
        """The venue says that so much is used now."""
        ...


class _Waiting:
    """The waiting that all allowances have in common."""

    def __init__(self) -> None:
        self._queue = trio.Lock()

    def try_spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> float:
        raise NotImplementedError

    async def spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> None:
        """See `Allowance`."""
        if is_urgent:
            await self._wait(cost, is_urgent=True)
            return
        async with self._queue:
            await self._wait(cost, is_urgent=False)

    async def _wait(self, cost: float, *, is_urgent: bool) -> None:
        await trio.lowlevel.checkpoint()
        # No event says when there is room: others may spend, and the venue may correct us.
        while (left_s := self.try_spend(cost, is_urgent=is_urgent)) > 0:  # noqa: ASYNC110
            await trio.sleep(left_s)


class Budget(_Waiting):
    """At most `limit` within any `per_s` seconds.

    Venues count in windows of their own that begin when they like; what is within the limit in
    every window of that length is within it in theirs.
    """

    def __init__(self, limit: float, per_s: float, *, kept_back: float = 0.0) -> None:
        """
        Args:
            kept_back: part of `limit` that only urgent spending may use.
        """
        super().__init__()
        if not 0 <= kept_back < limit or per_s <= 0:
            raise ValueError(f"no budget: {limit} in {per_s} s, {kept_back} kept back")
        self.limit = limit
        self.per_s = per_s
        self.kept_back = kept_back
        self._spent: deque[tuple[float, float]] = deque()
        """(when, how much), oldest first."""
        self._used = 0.0

    @property
    def used(self) -> float:
        """Spent in the last `per_s` seconds."""
        self._forget()
        return self._used

    @property
    def used_share(self) -> float:
        """See `Allowance`."""
        return self.used / self.limit

    def try_spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> float:
        """See `Allowance`. What costs more than the whole budget is let through when nothing
        else is spent: it could never go otherwise."""
        self._forget()
        room = self.limit - self._used - (0.0 if is_urgent else self.kept_back)
        if cost <= room or not self._spent:
            self._add(cost)
            return 0.0
        return self._until_free(cost - room)

    def note_used(self, used: float) -> None:
        """See `Allowance`: others may spend of the same budget, from this address or account."""
        self._forget()
        if used > self._used:
            self._add(used - self._used)

    def _add(self, cost: float) -> None:
        self._spent.append((trio.current_time(), cost))
        self._used += cost

    def _until_free(self, wanted: float) -> float:
        """Seconds until so much of what was spent is forgotten."""
        free_s, freed = 0.0, 0.0
        for spent_s, cost in self._spent:
            free_s, freed = spent_s + self.per_s, freed + cost
            if freed >= wanted:
                break
        return max(free_s - trio.current_time(), 1e-3)

    def _forget(self) -> None:
        horizon_s = trio.current_time() - self.per_s
        while self._spent and self._spent[0][0] <= horizon_s:
            self._used -= self._spent.popleft()[1]
        if not self._spent:
            self._used = 0.0


class DecayingBudget(_Waiting):
    """A counter that each request raises, that falls with time, and that must stay under a limit.

    As Kraken counts: https://docs.kraken.com/api/docs/guides/spot-rest-ratelimits (read 2026-11).
    """

    def __init__(self, limit: float, decay_per_s: float, *, kept_back: float = 0.0) -> None:
        super().__init__()
        if not 0 <= kept_back < limit or decay_per_s <= 0:
            raise ValueError(f"no budget: {limit}, falling by {decay_per_s}, {kept_back} kept back")
        self.limit = limit
        self.decay_per_s = decay_per_s
        self.kept_back = kept_back
        self._level = 0.0
        self._since_s = 0.0

    @property
    def used(self) -> float:
        """Where the counter stands now."""
        now_s = trio.current_time()
        self._level = max(0.0, self._level - (now_s - self._since_s) * self.decay_per_s)
        self._since_s = now_s
        return self._level

    @property
    def used_share(self) -> float:
        """See `Allowance`."""
        return self.used / self.limit

    def try_spend(self, cost: float = 1.0, *, is_urgent: bool = False) -> float:
        """See `Allowance`."""
        most = self.limit - (0.0 if is_urgent else self.kept_back)
        over = self.used + cost - most
        if over > 0 and self._level > 0:
            return max(min(over, self._level) / self.decay_per_s, 1e-3)
        self._level += cost
        return 0.0

    def note_used(self, used: float) -> None:
        """See `Allowance`."""
        self._level = max(self.used, used)
