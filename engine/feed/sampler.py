"""The sampler: the one writer of bars.

It is a tap of the bus: trades fold into one open bar per series, by the venue's time, so that
the bars are those of the venue. Besides, one task steps all series once a second, which closes
what is over (in the time of each market) and opens the next bar: a bar without trades repeats
the close with volume 0.

Who listens to a period is told of steps, and of bars that changed behind the open one: late
trades, history, a playback that moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import trio

from engine.clock import NANOS
from engine.errors import UsageError
from engine.feed.bars import KEPT_BARS, Series
from engine.feed.openbar import OpenBar
from engine.messages import Break, Columns, Tick, Trade

LEAST_SLEEP_S = 0.05
"""Steps are at least this far apart, however fast a market's time goes."""


class Step(msgspec.Struct, frozen=True):
    """Bars of this period were opened: those before `time_ns` are closed."""

    period_s: int
    time_ns: int
    """Start of the newest of them."""
    fqmes: frozenset[str] = frozenset()
    """The markets that stepped; playbacks do so at times of their own."""


class Backfill(msgspec.Struct, frozen=True):
    """Bars that start in `start_ns <= time < end_ns` changed behind the open one."""

    fqme: str
    period_s: int
    start_ns: int
    end_ns: int
    is_cut: bool = False
    """A playback moved: what was known from `start_ns` on is void."""


class Listener:
    """What a listener of one period has not received yet. It cannot overflow: changes of one
    market merge into one, and so do steps."""

    def __init__(self, period_s: int) -> None:
        self.period_s = period_s
        self._backfills: dict[str, Backfill] = {}
        self._step: Step | None = None
        self._wake = trio.Event()
        self._is_closed = False

    def put_step(self, step: Step) -> None:
        if (known := self._step) is not None:
            newest_ns = max(known.time_ns, step.time_ns)
            step = Step(step.period_s, newest_ns, known.fqmes | step.fqmes)
        self._step = step
        self._wake.set()

    def put_backfill(self, change: Backfill) -> None:
        if (known := self._backfills.get(change.fqme)) is not None:
            change = Backfill(
                change.fqme,
                change.period_s,
                min(known.start_ns, change.start_ns),
                max(known.end_ns, change.end_ns),
                known.is_cut or change.is_cut,
            )
        self._backfills[change.fqme] = change
        self._wake.set()

    def close(self) -> None:
        self._is_closed = True
        self._wake.set()

    async def receive(self) -> Step | Backfill:
        """The next change, or the newest step; changes first.

        Raises:
            trio.ClosedResourceError: it was closed.
        """
        await trio.lowlevel.checkpoint()
        while True:
            if self._is_closed:
                raise trio.ClosedResourceError(f"listener of {self.period_s} s bars is closed")
            if self._backfills:
                return self._backfills.pop(next(iter(self._backfills)))
            if (step := self._step) is not None:
                self._step = None
                return step
            self._wake = trio.Event()
            await self._wake.wait()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> Step | Backfill:
        try:
            return await self.receive()
        except trio.ClosedResourceError:
            raise StopAsyncIteration from None


class _Market:
    """The series of one market."""

    __slots__ = ("bars", "is_broken", "last", "now_ns")

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.now_ns = now_ns
        self.bars: list[OpenBar] = []
        self.is_broken = False
        """The stream is silent or ended: time alone makes no bars."""
        self.last: float | None = None
        """The last price, once it is known."""

    def bar(self, period_s: int) -> OpenBar | None:
        return next((bar for bar in self.bars if bar.series.period_s == period_s), None)

    def resume(self, time_ns: int) -> None:
        """The first tick after a break: what lies between is not known, and stays a gap."""
        self.is_broken = False
        for bar in self.bars:
            bar.fill_from_ns = time_ns


class Sampler:
    """All series that are being sampled, by (fqme, period)."""

    def __init__(self, *, kept_bars: int = KEPT_BARS) -> None:
        """
        Args:
            kept_bars: how many bars of a series are kept at least; `Series.kept_bars`.
        """
        self._kept_bars = kept_bars
        self._markets: dict[str, _Market] = {}
        self._listeners: dict[int, tuple[Listener, ...]] = {}

    def register(self, fqme: str, period_s: int, now_ns: Callable[[], int]) -> Series:
        """Sample this series from now on; the one there is, if it is sampled already.

        Args:
            now_ns: reads the market's time (`Broker.now_ns`).

        Raises:
            UsageError: the period is not a positive number of seconds.
        """
        if period_s < 1:
            raise UsageError(f"a bar of {period_s} s cannot be sampled")
        market = self._markets.setdefault(fqme, _Market(now_ns))
        if (bar := market.bar(period_s)) is None:
            bar = OpenBar(Series(period_s))
            bar.series.kept_bars = self._kept_bars
            market.bars.append(bar)
        bar.users += 1
        return bar.series

    def unregister(self, fqme: str, period_s: int) -> None:
        """Undo one `register`; after the last, the series is sampled no longer."""
        if (market := self._markets.get(fqme)) is None or (bar := market.bar(period_s)) is None:
            return
        bar.users -= 1
        if not bar.users:
            market.bars.remove(bar)
        if not market.bars:
            del self._markets[fqme]

    def series(self, fqme: str, period_s: int) -> Series | None:
        """The series, if it is sampled."""
        market = self._markets.get(fqme)
        bar = market.bar(period_s) if market else None
        return bar.series if bar else None

    def periods(self, fqme: str) -> tuple[int, ...]:
        """Periods in seconds that are sampled of a market, shortest first."""
        market = self._markets.get(fqme)
        return tuple(sorted(bar.series.period_s for bar in market.bars)) if market else ()

    def seed(self, fqme: str, price: float) -> None:
        """The market's last price, from a quote: what bars start from before the first trade."""
        if (market := self._markets.get(fqme)) is not None and market.last is None:
            market.last = price

    # -- ticks in -----------------------------------------------------------------------------

    def on_ticks(self, fqme: str, ticks: Sequence[Tick]) -> None:
        """Fold the trades of a market into its bars. A tap of the bus; runs for every tick."""
        market = self._markets.get(fqme)
        if market is None:
            return
        is_traded = False
        for tick in ticks:
            kind = type(tick)
            if kind is Trade:
                is_traded = True
                price, time_ns = tick.price, tick.venue_ns or tick.recv_ns  # type: ignore[union-attr]
                market.last = price
                if market.is_broken:
                    market.resume(time_ns)
                for bar in market.bars:
                    # Only a trade that prolongs the open bar is handled here: nearly all.
                    if bar.last_ns <= time_ns < bar.end_ns and bar.trades:
                        if price > bar.high:
                            bar.high = price
                        elif price < bar.low:
                            bar.low = price
                        bar.close = price
                        bar.last_ns = time_ns
                        bar.volume += tick.size  # type: ignore[union-attr]
                        bar.trades += tick.count  # type: ignore[union-attr]
                        bar.is_dirty = True
                    else:
                        bar.add(time_ns, price, tick.size, tick.count)  # type: ignore[union-attr]
            elif kind is Break:
                self._on_break(fqme, market, tick)  # type: ignore[arg-type]
            elif market.is_broken:
                market.resume(tick.venue_ns or tick.recv_ns)
        if is_traded:
            for bar in market.bars:
                if bar.is_dirty:
                    bar.write()

    def _on_break(self, fqme: str, market: _Market, tick: Break) -> None:
        if tick.reason == "seek":
            for bar in market.bars:
                self._cut(fqme, bar, tick.venue_ns)
            # A price of another time says nothing of this one.
            market.last = None
            market.is_broken = False
        elif tick.reason in ("stale", "gap", "end"):
            market.is_broken = True

    def _cut(self, fqme: str, bar: OpenBar, time_ns: int) -> None:
        series = bar.series
        start_ns = time_ns - time_ns % bar.period_ns
        known_ns = int(series.time_ns[-1]) + bar.period_ns if len(series) else start_ns
        bar.cut(time_ns)
        bar.told_ns = 0
        bar.take_changes()
        self._tell(Backfill(fqme, series.period_s, start_ns, max(known_ns, start_ns), is_cut=True))

    # -- time ---------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Step, once a second, until cancelled."""
        task_status.started()
        while True:
            await trio.sleep(self._until_next_s())
            self.step()

    def step(self) -> None:
        """Close what is over and open the next, by each market's time; tell who listens."""
        steps: dict[tuple[int, int], list[str]] = {}
        for fqme, market in self._markets.items():
            now_ns = market.now_ns()
            for bar in market.bars:
                if now_ns >= bar.end_ns and market.last is not None and not market.is_broken:
                    bar.roll(now_ns - now_ns % bar.period_ns, market.last)
                if bar.start_ns > bar.told_ns:
                    bar.told_ns = bar.start_ns
                    steps.setdefault((bar.series.period_s, bar.start_ns), []).append(fqme)
                if (changed := bar.take_changes()) is not None:
                    self._tell(Backfill(fqme, bar.series.period_s, *changed))
        for (period_s, start_ns), fqmes in steps.items():
            step = Step(period_s, start_ns, frozenset(fqmes))
            for listener in self._listeners.get(period_s, ()):
                listener.put_step(step)

    def _until_next_s(self) -> float:
        """Seconds until the next whole second of some market, taken at the speed of ours."""
        left_ns = [NANOS - market.now_ns() % NANOS for market in self._markets.values()]
        return max(LEAST_SLEEP_S, min(left_ns, default=NANOS) / NANOS)

    # -- history, and who listens ---------------------------------------------------------------

    def merge(
        self, fqme: str, period_s: int, columns: Columns, *, sealed_ns: int | None = None
    ) -> None:
        """Put bars from history into a series; where both have a bar, history's wins.

        Args:
            sealed_ns: trades before this are in those bars, and are not counted again should
                they come late; the end of the last bar unless given.
        """
        market = self._markets.get(fqme)
        bar = market.bar(period_s) if market else None
        if bar is None or not len(columns):
            return
        end_ns = int(columns.time_ns[-1]) + bar.period_ns
        bar.merge(columns, end_ns if sealed_ns is None else sealed_ns)
        self.broadcast_all(fqme, period_s, int(columns.time_ns[0]), end_ns)

    def broadcast_all(self, fqme: str, period_s: int, start_ns: int, end_ns: int) -> None:
        """Tell all listeners of a period that bars in this range changed."""
        self._tell(Backfill(fqme, period_s, start_ns, end_ns))

    @contextmanager
    def listen(self, period_s: int) -> Iterator[Listener]:
        """Listen to the steps and changes of all series of one period."""
        listener = Listener(period_s)
        self._listeners[period_s] = (*self._listeners.get(period_s, ()), listener)
        try:
            yield listener
        finally:
            listener.close()
            kept = tuple(one for one in self._listeners[period_s] if one is not listener)
            self._listeners[period_s] = kept

    def _tell(self, change: Backfill) -> None:
        for listener in self._listeners.get(change.period_s, ()):
            listener.put_backfill(change)
