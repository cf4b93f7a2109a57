"""A scripted venue for the feed's tests: it knows every trade there ever was and will be.

Its history and its stream are two views of the same list of trades, so whatever the feed makes
of both can be compared with bars that are folded from the list by the slowest, plainest means.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np
import trio

from engine.broker import Capabilities, HistoryPage, TickSink
from engine.clock import NANOS, Clock
from engine.errors import BrokerError, BrokerUnavailable, NotSupported, UnknownSymbol
from engine.feed.bars import empty_columns
from engine.instruments import Instrument
from engine.messages import Break, Columns, Match, PlaybackStatus, Quote, Trade

START_NS = 1_700_000_000 * NANOS
"""Start of the scripted market's time: 2023-11-14T22:13:20Z, not on a minute."""

FQME = "aaa.spot.truth"

Bars = dict[int, tuple[float, float, float, float, float, float]]
"""Start of each traded bar, ns -> open, high, low, close, volume, trades."""


def instrument(fqme: str = FQME) -> Instrument:
    return Instrument(
        fqme=fqme,
        symbol=fqme.partition(".")[0].upper(),
        base="AAA",
        quote="USD",
        price_tick=Decimal("0.01"),
        size_step=Decimal("0.001"),
    )


def random_trades(
    seed: int, start_ns: int, end_ns: int, every_s: float, fqme: str = FQME
) -> list[Trade]:
    """Trades at random times, clustered, with quiet spells; sizes are binary fractions, so that
    sums are exact in whatever order."""
    rng = random.Random(seed)
    trades: list[Trade] = []
    time_ns, price = start_ns, 100.0
    while time_ns < end_ns:
        price = max(1.0, price + rng.randint(-4, 4) / 4)
        trades.append(
            Trade(fqme, price, rng.randint(1, 64) / 64, "buy", time_ns, time_ns, str(len(trades)))
        )
        time_ns += round(rng.expovariate(1 / every_s) ** 1.5 * NANOS) + 1
    return trades


def plain_bars(trades: Sequence[Trade], period_s: int) -> Bars:
    """Traded bars by the definition: per period, in order of the venue's time."""
    grouped: dict[int, list[Trade]] = {}
    for trade in sorted(trades, key=lambda trade: trade.venue_ns):
        start_ns = trade.venue_ns // (period_s * NANOS) * (period_s * NANOS)
        grouped.setdefault(start_ns, []).append(trade)
    return {
        start_ns: (
            group[0].price,
            max(trade.price for trade in group),
            min(trade.price for trade in group),
            group[-1].price,
            sum(trade.size for trade in group),
            float(sum(trade.count for trade in group)),
        )
        for start_ns, group in grouped.items()
    }


def traded_bars(columns: Columns) -> Bars:
    """The traded bars of a series, in the form of `plain_bars`."""
    return {
        int(time_ns): (
            float(columns.open[at]),
            float(columns.high[at]),
            float(columns.low[at]),
            float(columns.close[at]),
            float(columns.volume[at]),
            float(columns.trades[at]),
        )
        for at, time_ns in enumerate(columns.time_ns)
        if columns.volume[at] or columns.trades[at]
    }


def as_columns(bars: Bars) -> Columns:
    if not bars:
        return empty_columns()
    rows = sorted((start_ns, *values) for start_ns, values in bars.items())
    times, *values = zip(*rows, strict=True)
    names = ("open", "high", "low", "close", "volume", "trades")
    return Columns(
        time_ns=np.array(times, np.int64),
        **{name: np.array(value) for name, value in zip(names, values, strict=True)},
    )


class TruthBroker:
    """Plays `trades` at their times, and serves bars of those that have been.

    Switches: `fail_streams`, `fail_history`, `unknown`; `skew_ns` is how far the venue's clock,
    which stamps trades, is ahead of ours; `opened` counts streams by fqme.
    """

    name = "truth"

    def __init__(
        self,
        clock: Clock,
        trades: Mapping[str, Sequence[Trade]],
        *,
        native_s: Sequence[int] = (60,),
        skew_ns: int = 0,
        has_history: bool = True,
        page_most: int = 1000,
    ) -> None:
        self.capabilities = Capabilities(
            has_market_data=True, has_history=has_history, can_search=True
        )
        self.opened: dict[str, int] = {}
        self.streaming: set[str] = set()
        self.asked: list[tuple[int, int, int]] = []
        self.unknown: set[str] = set()
        self.fail_history = 0
        self.lists_after_s = 0.0
        """How long after its end a bar is in history."""
        self.open_delay_s = 0.1
        self.played: PlaybackStatus | None = None
        """What it says of itself if it is to be a playback."""
        self.history_delay_s = 0.05
        self._clock = clock
        self._trades = trades
        self._native_s = native_s
        self.serves_s = native_s
        self.skew_ns = skew_ns
        self._page_most = page_most
        self._failing: dict[str, trio.Event] = {}
        self._sinks: dict[str, TickSink] = {}
        self._known_bars: dict[tuple[str, int], Bars] = {}
        self._moved_ns = 0
        self._stopped_ns = 0
        self._is_ending = False
        self._moved = trio.Event()

    def playback(self) -> PlaybackStatus | None:
        return self.played

    def now_ns(self) -> int:
        return self._stopped_ns or self._clock.now_ns() + self._moved_ns

    def stop_time(self) -> None:
        """Stay at this time, as a playback at its end does."""
        self._stopped_ns = self.now_ns()

    def seek(self, seconds: float) -> None:
        """Move the market's time, as a playback does."""
        self._moved_ns += round(seconds * NANOS)
        now_ns = self.now_ns()
        for fqme, sink in self._sinks.items():
            sink(fqme, [Break(fqme, "seek", now_ns, now_ns)])
        self._moved.set()
        self._moved = trio.Event()

    def fail_stream(self, fqme: str = FQME) -> None:
        """End the market's stream with an error."""
        self._failing[fqme].set()

    def end_stream(self, fqme: str = FQME) -> None:
        """End the market's stream without an error, which the port does not allow."""
        self._is_ending = True
        self._failing[fqme].set()

    async def instrument(self, fqme: str) -> Instrument:
        await trio.sleep(self.open_delay_s)
        if fqme not in self._trades or fqme in self.unknown:
            raise UnknownSymbol(f"{fqme} is not listed")
        return instrument(fqme)

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        self.opened[fqme] = self.opened.get(fqme, 0) + 1
        self._failing[fqme] = trio.Event()
        await trio.sleep(self.open_delay_s)
        if fqme in self.unknown:
            raise UnknownSymbol(f"{fqme} is not listed")
        self.streaming.add(fqme)
        self._sinks[fqme] = sink
        try:
            task_status.started(self._quote(fqme))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._play, fqme, sink)
                await self._failing[fqme].wait()
                nursery.cancel_scope.cancel()
            if not self._is_ending:
                raise BrokerUnavailable("the line is dead")
        finally:
            self.streaming.discard(fqme)
            del self._sinks[fqme]

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        self.asked.append((period_s, end_ns, limit))
        await trio.sleep(self.history_delay_s)
        if period_s not in self.serves_s:
            raise NotSupported(f"no bars of {period_s} s")
        if self.fail_history:
            self.fail_history -= 1
            raise BrokerError("the venue is busy")
        listed_ns = self.now_ns() + self.skew_ns - round(self.lists_after_s * NANOS)
        closed = [
            (start_ns, values)
            for start_ns, values in self._bars(fqme, period_s).items()
            if start_ns < end_ns and start_ns + period_s * NANOS <= listed_ns
        ]
        newest = closed[-min(limit, self._page_most) :]
        return HistoryPage(columns=as_columns(dict(newest)), has_more=len(closed) > len(newest))

    def native_periods(self, fqme: str) -> Sequence[int]:
        return self._native_s

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        await trio.sleep(self.open_delay_s)
        return [Match(fqme=fqme, broker=self.name) for fqme in self._trades if text in fqme][:limit]

    def _bars(self, fqme: str, period_s: int) -> Bars:
        key = (fqme, period_s)
        if key not in self._known_bars:
            self._known_bars[key] = plain_bars(self._trades[fqme], period_s)
        return self._known_bars[key]

    def _past(self, fqme: str) -> list[Trade]:
        venue_now_ns = self.now_ns() + self.skew_ns
        return [trade for trade in self._trades[fqme] if trade.venue_ns <= venue_now_ns]

    def _quote(self, fqme: str) -> Quote:
        newest = self._past(fqme)[-1]
        now_ns = self.now_ns()
        return Quote(
            fqme=fqme,
            last=newest.price,
            last_size=newest.size,
            venue_ns=newest.venue_ns,
            recv_ns=now_ns,
        )

    async def _play(self, fqme: str, sink: TickSink) -> None:
        trades, at = self._trades[fqme], len(self._past(fqme))
        while at < len(trades) and not self._stopped_ns:
            moved, trade = self._moved, trades[at]
            left_ns = trade.venue_ns - self.skew_ns - self.now_ns()
            with trio.move_on_after(max(0.0, left_ns / NANOS)):
                await moved.wait()
                at = len(self._past(fqme))
                continue
            if self._stopped_ns:
                break
            sink(fqme, [msgspec.structs.replace(trade, recv_ns=self.now_ns())])
            at += 1
