"""Which bars the engine was asked for, how many, and how far back they are to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.clock import NANOS
from engine.feed.bars import Series
from engine.messages import CloseBars, Command, OpenBars
from tui.state import DeckState

EXTEND_AT = 50
"""Older bars are asked for when a chart comes this near to the oldest one."""

MOST_BARS = 64_000
"""Panning asks for no more than this,"""

MOST_REACHED = 500_000
"""and a jump to a date for no more than this."""

ANSWER_S = 2
"""Within so many seconds the engine begins to load what it was asked for."""

Key = tuple[str, int]
"""Market and period in seconds."""


class AskedBars:
    """Bars by market and period: opened once however many want them, closed with the last."""

    def __init__(self, state: DeckState, send: Callable[[Command], None]) -> None:
        """`send` hands a command to the engine; series of `state` that are closed are dropped."""
        self._state = state
        self._send = send
        self._counts: dict[Key, int] = {}
        self._before: dict[Key, tuple[int, int]] = {}
        """When bars were last asked for: the oldest that was there, and the engine's time."""
        self._reaching: dict[Key, int] = {}
        """Times that charts wait for, nanoseconds."""

    def settle(self, wanted: Mapping[Key, int]) -> None:
        """Have as many bars as are wanted of open markets, and no others."""
        for key in [key for key in self._counts if key not in wanted]:
            self._close(key)
        for key, count in wanted.items():
            if key[0] in self._state.markets and self._counts.get(key, 0) < count:
                self._ask(key, count)

    def forget(self, fqme: str) -> None:
        """A market is closed, and with it in the engine its bars."""
        self._counts = {key: count for key, count in self._counts.items() if key[0] != fqme}

    def extend(self, key: Key, first: int) -> None:
        """Ask for older bars where bar number `first`, the oldest on a chart, is near the
        oldest that is known; twice as many as before, until there are no more."""
        asked = self._counts.get(key, 0)
        if first <= EXTEND_AT and asked < MOST_BARS and self._has_more(key):
            self._ask(key, min(2 * asked, MOST_BARS))

    def reach(self, key: Key, time_ns: int) -> None:
        """Ask for older bars until there is one of that time, or there are no more."""
        self._reaching[key] = time_ns

    def follow(self) -> list[Key]:
        """Go on asking for what charts wait for. Returns what there is no more hope of."""
        return [key for key in list(self._reaching) if self._has_ended(key)]

    # -- inside ---------------------------------------------------------------------------------

    def _series(self, key: Key) -> Series | None:
        """The bars that are there, if none are on their way."""
        market = self._state.markets.get(key[0])
        if market is None or key[1] in market.loading:
            return None
        return market.series.get(key[1])

    def _first_ns(self, key: Key) -> int:
        """Start of the oldest bar that is known; 0 without any."""
        market = self._state.markets.get(key[0])
        series = market.series.get(key[1]) if market else None
        return int(series.time_ns[0]) if series is not None and len(series) else 0

    def _has_more(self, key: Key) -> bool:
        """Whether there may be older bars than are known, and none are on their way."""
        series = self._series(key)
        return series is not None and len(series) >= self._counts.get(key, 0) - EXTEND_AT

    def _has_ended(self, key: Key) -> bool:
        """Ask for what is still missing of what a chart waits for. True once there is no hope."""
        if key not in self._counts:
            del self._reaching[key]  # nobody shows it any more
            return False
        series, wanted_ns = self._series(key), self._reaching[key]
        if series is None:
            return False
        if len(series) and int(series.time_ns[0]) <= wanted_ns:
            del self._reaching[key]
            return False
        if not self._is_answered(key):
            return False
        asked = self._counts[key]
        if asked >= MOST_REACHED or not self._has_more(key):
            del self._reaching[key]
            return True
        newest_ns = int(series.time_ns[-1]) if len(series) else self._state.now_ns
        far = (newest_ns - wanted_ns) // (key[1] * NANOS) + EXTEND_AT
        # Where markets are closed at times fewer bars do, and where that is not enough more.
        self._ask(key, min(max(far, 2 * asked), MOST_REACHED))
        return False

    def _is_answered(self, key: Key) -> bool:
        """Whether what there is came after bars were last asked for: there are older ones, or
        the engine had the time to begin loading them, and does not."""
        first_ns, now_ns = self._before.get(key, (0, 0))
        has_older = self._first_ns(key) != first_ns
        return has_older or self._state.now_ns - now_ns >= ANSWER_S * NANOS

    def _ask(self, key: Key, count: int) -> None:
        self._counts[key] = count
        self._before[key] = self._first_ns(key), self._state.now_ns
        self._send(OpenBars(fqme=key[0], period_s=key[1], count=count))

    def _close(self, key: Key) -> None:
        fqme, period_s = key
        del self._counts[key]
        self._before.pop(key, None)
        self._send(CloseBars(fqme=fqme, period_s=period_s))
        if market := self._state.markets.get(fqme):
            market.series.pop(period_s, None)
            market.loading.discard(period_s)
