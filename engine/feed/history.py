"""History of one market: pages from its broker, newest first, joined to what is sampled live.

Closed bars come from the longest period that the broker serves and that divides the wanted one.
The live stream begins in the middle of bars. For each of these, whatever its period, the part
before comes from shorter bars of history, and the rest from the live series of the shortest
period of that ladder; in that series the few bars around the beginning (the *seam*), of which
neither alone knows all trades, are asked of the broker once they are closed. So nothing is
missing and nothing is doubled, and the same join mends bars after a gap in the stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import trio

from engine.broker import Broker
from engine.clock import NANOS
from engine.errors import BrokerError, NotSupported, UnknownSymbol
from engine.feed.bars import (
    Series,
    between,
    concat,
    empty_columns,
    overlay,
    pick,
    resample,
)
from engine.feed.ladder import (
    SKEW_NS,
    Seam,
    clock_offset_ns,
    floor,
    ladder,
    segments,
    venue_now_ns,
)
from engine.feed.sampler import Sampler
from engine.log import logger
from engine.messages import Columns
from engine.services import backoff

_log = logger(__name__)

PAGE_BARS = 1000
"""Most bars that are asked for at once; the first page shows after one answer."""

LATE_S, LATE_TRIES = 2.0, 5
"""How long, and how often, a venue is waited for that does not list a bar in which trades came."""

ATTEMPTS = 6
"""Failures in a row after which a series counts as not loading; it is tried on all the same."""


class _Load:
    """One series, and how far it is loaded."""

    def __init__(self, series: Series, rungs: Sequence[int]) -> None:
        self.series = series
        self.period_s = series.period_s
        self.period_ns = series.period_ns
        self.rungs = rungs
        self.wanted = 0
        self.is_loading = bool(rungs)
        self.joined: Seam | None = None
        """The seam up to which history was joined to what is sampled."""
        self.parts: list[Columns] = []
        """What was taken from history for that."""
        self.unsure_ns: int | None = None
        """From here on, bars may lack trades; None once the seam is closed."""
        self.late_tries = 0
        """Times that the venue did not list all bars of the seam."""
        self.news = trio.Event()
        self.restart(0)

    def restart(self, cursor_ns: int) -> None:
        """Begin anew, with bars before `cursor_ns`."""
        self.cursor_ns = cursor_ns
        self.rest = empty_columns()
        self.has_more = bool(self.rungs)

    def follow_trim(self) -> None:
        """Where old bars were dropped from the series, the next page ends where it begins."""
        if self.is_trimmed():
            self.restart(self.series.trimmed_ns)

    def is_trimmed(self) -> bool:
        """Bars that were loaded have been dropped, and can be loaded again."""
        return bool(self.rungs) and self.series.trimmed_ns > self.cursor_ns

    def is_short(self) -> bool:
        """Older bars are wanted and can be had."""
        return self.has_more and len(self.series) < self.wanted

    def page_size(self) -> int:
        short = max(1, self.wanted - len(self.series))
        return min(PAGE_BARS, short * (self.period_s // self.rungs[0]))

    def take_page(self, page: Columns, has_more: bool) -> Columns:
        """The whole bars that this page completes. The parts of its oldest bar are kept until
        the next page has the others."""
        page = between(page, 0, self.cursor_ns)
        self.has_more = has_more and len(page) > 0
        if len(page):
            self.cursor_ns = int(page.time_ns[0])
        parts, self.rest = concat([page, self.rest]), empty_columns()
        if self.has_more and self.rungs[0] != self.period_s:
            whole_ns = floor(self.cursor_ns - 1, self.period_ns) + self.period_ns
            self.rest = between(parts, 0, whole_ns)
            parts = between(parts, whole_ns, _END_NS)
        return resample(parts, self.period_s)

    def wake(self) -> None:
        self.news.set()
        self.news = trio.Event()


class History:
    """Loads and mends the series of one market, in tasks of the nursery that it is given."""

    def __init__(
        self,
        fqme: str,
        *,
        get_broker: Callable[[], Broker],
        price: Callable[[], float],
        sampler: Sampler,
        nursery: trio.Nursery,
    ) -> None:
        """
        Args:
            get_broker: finds the one that serves the market now: it may be started anew.
            price: the market's last price, for bars that begin before the first trade.
        """
        self._fqme = fqme
        self._get_broker = get_broker
        self._price = price
        self._sampler = sampler
        self._nursery = nursery
        self._loads: dict[int, _Load] = {}
        self._seams: dict[int, Seam] = {}
        self._is_ended = False

    def open_series(self, period_s: int, count: int) -> Series:
        """The live series, sampled from now on; loads older bars until it has `count`.

        Raises:
            UsageError: the period is not a positive number of seconds.
        """
        load = self._loads.get(period_s) or self._begin(period_s)
        if count > load.wanted:
            load.wanted = count
            load.series.kept_bars = max(load.series.kept_bars, count)
            load.follow_trim()
            load.is_loading = load.is_loading or load.is_short()
            load.wake()
        return load.series

    def is_loading(self, period_s: int) -> bool:
        """Older bars of this series are on their way."""
        load = self._loads.get(period_s)
        return load is not None and load.is_loading

    def has_more(self, period_s: int) -> bool:
        """Older bars of this series can be had."""
        load = self._loads.get(period_s)
        return load is not None and (load.has_more or load.is_trimmed())

    def load_more(self, period_s: int, count: int = PAGE_BARS) -> None:
        """Load `count` older bars of an open series; nothing, while it is loading."""
        load = self._loads.get(period_s)
        if load is not None and self.has_more(period_s) and not load.is_loading:
            self.open_series(period_s, len(load.series) + count)

    def mend(self, from_ns: int) -> None:
        """The stream has begun anew: bars from `from_ns` to now may lack trades."""
        self._is_ended = False
        broker = self._get_broker()
        self._renew_seams(venue_now_ns(broker))
        from_ns += clock_offset_ns(broker) - SKEW_NS
        for load in self._loads.values():
            load.unsure_ns = min(from_ns, load.unsure_ns or from_ns)
            load.wake()

    def seek(self, to_ns: int) -> None:
        """A playback moved to `to_ns`. The sampler has cut the series, or is about to."""
        self._renew_seams(to_ns)
        self._is_ended = False
        for load in self._loads.values():
            series, start_ns = load.series, floor(to_ns, load.period_ns)
            if len(series) and series.time_ns[0] < start_ns:
                unsure_ns = min(start_ns, int(series.time_ns[-1]))
                load.unsure_ns = min(unsure_ns, load.unsure_ns or unsure_ns)
            elif load.rungs:
                load.restart(self._first_cursor(load))
                load.unsure_ns = self._seams[load.rungs[-1]].start_ns
            load.wake()

    def end(self) -> None:
        """No more data will come, and no more time pass: what can be had is there now."""
        self._is_ended = True
        for load in self._loads.values():
            load.wake()

    def close(self) -> None:
        """Give the series back to the sampler. The nursery ends the tasks."""
        for period_s in (*self._loads, *self._seams):
            self._sampler.unregister(self._fqme, period_s)
        self._loads.clear()
        self._seams.clear()

    # -- beginning ------------------------------------------------------------------------------

    def _begin(self, period_s: int) -> _Load:
        broker = self._get_broker()
        native = broker.native_periods(self._fqme) if broker.capabilities.has_history else ()
        rungs = ladder(period_s, native)
        shorter = [known for known in self._sampler.periods(self._fqme) if period_s % known == 0]
        load = self._loads[period_s] = _Load(self._register(period_s), rungs)
        if rungs:
            if rungs[-1] not in self._seams:
                self._register(rungs[-1])
                self._seams[rungs[-1]] = Seam(rungs[-1], venue_now_ns(broker))
            load.restart(self._first_cursor(load))
            load.unsure_ns = self._seams[rungs[-1]].start_ns
            self._nursery.start_soon(self._work, load)
        elif shorter and not len(load.series):
            self._resample_from(shorter[-1], period_s)
        return load

    def _register(self, period_s: int) -> Series:
        series = self._sampler.register(self._fqme, period_s, lambda: self._get_broker().now_ns())
        self._sampler.seed(self._fqme, self._price())
        return series

    def _resample_from(self, shorter_s: int, period_s: int) -> None:
        """The broker has no bars that this period could be made of, but we sampled some."""
        known = self._sampler.series(self._fqme, shorter_s)
        if known is not None:
            columns = resample(known.columns(), period_s)
            self._sampler.merge(self._fqme, period_s, columns, sealed_ns=0)

    def _renew_seams(self, now_ns: int) -> None:
        self._seams = {period_s: Seam(period_s, now_ns) for period_s in self._seams}

    def _first_cursor(self, load: _Load) -> int:
        """Pages begin with the newest bar that is closed for sure."""
        return floor(self._seams[load.rungs[-1]].start_ns, load.period_ns)

    # -- work -----------------------------------------------------------------------------------

    async def _work(self, load: _Load) -> None:
        """Do whatever one series needs, as long as the market is open."""
        delays, failures = backoff(), 0
        while True:
            try:
                await self._work_once(load)
                delays, failures = backoff(), 0
            except (NotSupported, UnknownSymbol) as error:
                _log.warning("no history of %s, %d s: %s", self._fqme, load.period_s, error)
                load.is_loading = load.has_more = False
                return
            except Exception as error:
                # A package's own error would be a bug of it; live bars go on all the same.
                is_bug = not isinstance(error, BrokerError)
                _log.warning(
                    "history of %s, %d s failed: %s",
                    self._fqme,
                    load.period_s,
                    error,
                    exc_info=error if is_bug else None,
                )
                failures += 1
                load.is_loading = load.is_loading and failures < ATTEMPTS
                await trio.sleep(next(delays))

    async def _work_once(self, load: _Load) -> None:
        """The most urgent thing: what is newest, then older pages, then the seam."""
        seam = self._seams[load.rungs[-1]]
        if load.joined is not seam:
            await self._join(load, seam)
        elif load.is_short():
            await self._load_page(load, seam)
        else:
            load.is_loading = False
            if load.unsure_ns is None:
                await load.news.wait()
            elif (left_ns := self._until_closed_ns(seam)) > 0:
                # In steps: a playback may be fast, slow or paused.
                with trio.move_on_after(min(max(left_ns / NANOS, 0.1), 1.0)):
                    await load.news.wait()
            else:
                await self._close_seam(load, seam)

    def _until_closed_ns(self, seam: Seam) -> int:
        """Time until all bars of the seam are closed at the venue, and it has told all trades."""
        if self._is_ended:
            return 0
        return seam.end_ns + SKEW_NS - venue_now_ns(self._get_broker())

    async def _join(self, load: _Load, seam: Seam) -> None:
        """Make the bars that may lack trades whole, as far as is known before the seam."""
        open_ns = floor(seam.start_ns, load.period_ns)
        unsure_ns = open_ns if load.unsure_ns is None else load.unsure_ns
        first_ns = floor(min(unsure_ns, open_ns), load.period_ns)
        parts = [await self._fetch(load.rungs[0], first_ns, open_ns)]
        for period_s, start_ns, end_ns in segments(open_ns, seam.start_ns, load.rungs):
            parts.append(await self._fetch(period_s, start_ns, end_ns))
        # The rest of it cannot be closed yet, and need not be asked for.
        closed_ns = floor(venue_now_ns(self._get_broker()) + SKEW_NS, load.rungs[-1] * NANOS)
        bars = await self._fetch(load.rungs[-1], seam.start_ns, min(seam.end_ns, closed_ns))
        if seam is self._seams[load.rungs[-1]]:
            load.joined, load.parts, load.late_tries = seam, parts, 0
            # Closed bars of the seam may lack late trades, or have some that are yet to come.
            # They are better than nothing until it is closed, but trades still add to them.
            self._compose(load, seam, self._fuller(load, bars), seam.start_ns)

    async def _load_page(self, load: _Load, seam: Seam) -> None:
        """Ask for the next older page."""
        load.is_loading = True
        asked_ns, size = load.cursor_ns, load.page_size()
        page = await self._get_broker().history(self._fqme, load.rungs[0], asked_ns, size)
        load.follow_trim()
        if load.cursor_ns == asked_ns and seam is self._seams[load.rungs[-1]]:
            bars = load.take_page(page.columns, page.has_more)
            self._sampler.merge(self._fqme, load.period_s, bars, sealed_ns=0)

    async def _close_seam(self, load: _Load, seam: Seam) -> None:
        """The bars of the seam are closed: have them from history. A venue that lists them later
        than that is waited for: what came live of them may not be all."""
        bars = await self._fetch(load.rungs[-1], seam.start_ns, seam.end_ns)
        if load.late_tries < LATE_TRIES and self._is_late(load, seam, bars):
            load.late_tries += 1
            with trio.move_on_after(LATE_S):
                await load.news.wait()
            return
        if seam is self._seams[load.rungs[-1]]:
            self._compose(load, seam, bars, seam.end_ns)
            load.unsure_ns, load.parts = None, []

    def _compose(self, load: _Load, seam: Seam, bars: Columns, sealed_ns: int) -> None:
        """Build bars of history before the seam, `bars` of it, and of what was sampled since."""
        base_s = load.rungs[-1]
        if (base := self._sampler.series(self._fqme, base_s)) is not None:
            live = base.columns(base.index_at(seam.start_ns))
            parts = concat([*load.parts, overlay(live, bars)])
            whole = resample(parts, load.period_s)
            self._sampler.merge(self._fqme, load.period_s, whole, sealed_ns=sealed_ns)

    def _is_late(self, load: _Load, seam: Seam, bars: Columns) -> bool:
        """Trades came live in a bar of the seam that history does not list."""
        base = self._sampler.series(self._fqme, load.rungs[-1])
        if base is None or self._is_ended:
            return False
        live = between(base.columns(base.index_at(seam.start_ns)), seam.start_ns, seam.end_ns)
        traded = live.time_ns[live.volume > 0]
        return bool(len(np.setdiff1d(traded, bars.time_ns)))

    def _fuller(self, load: _Load, bars: Columns) -> Columns:
        """Those of `bars` that have more volume than the same ones sampled live."""
        base = self._sampler.series(self._fqme, load.rungs[-1])
        if base is None or not len(base):
            return bars
        at = np.minimum(np.searchsorted(base.time_ns, bars.time_ns), len(base) - 1)
        is_sampled = (base.time_ns[at] == bars.time_ns) & (base.volume[at] >= bars.volume)
        return pick(bars, ~is_sampled)

    async def _fetch(self, period_s: int, start_ns: int, end_ns: int) -> Columns:
        """All bars of history that start in the range."""
        pages: list[Columns] = []
        while start_ns < end_ns:
            count = math.ceil((end_ns - start_ns) / (period_s * NANOS))
            page = await self._get_broker().history(
                self._fqme, period_s, end_ns, min(count, PAGE_BARS)
            )
            bars = between(page.columns, start_ns, end_ns)
            pages.append(bars)
            if not len(bars) or not page.has_more:
                break
            end_ns = int(bars.time_ns[0])
        return concat(pages[::-1])


_END_NS = 2**63 - 1
