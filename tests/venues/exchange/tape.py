"""Every trade of a market with its number, and the bars made of them.

Before the market opened they are those of the sim's path, thirty days back; the first of them has
number 1. Bars go back two years.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np

from brokers.sim.history import Bars, History, count_bars, fill_bars
from engine.clock import NANOS
from engine.instruments import Instrument
from tests.venues.exchange.bars import (
    DAY_S,
    MINUTE_NS,
    Bar,
    Flows,
    Period,
    coarsen,
    cut_flows,
    group,
    join_flows,
    past_flows,
)

DAY_NS: Final = DAY_S * NANOS
_CHUNK_NS: Final = 32 * DAY_NS
TRADES_BACK_NS: Final = 30 * DAY_NS
BARS_BACK_NS: Final = 730 * DAY_NS


class PublicTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade as everybody sees it."""

    trade_id: int
    price: Decimal
    size: Decimal
    time_ns: int
    is_buyer_maker: bool
    aggregate_id: int
    """Of the trades that one order took at one price at once."""
    is_market: bool = False
    """A market order took it; known of accounts' orders only."""

    @property
    def cost(self) -> Decimal:
        return self.price * self.size


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """Trades of one taking order at one price."""

    aggregate_id: int
    price: Decimal
    size: Decimal
    first_id: int
    last_id: int
    time_ns: int
    is_buyer_maker: bool


class Tape:
    def __init__(self, history: History, start_ns: int) -> None:
        self._history = history
        self._instrument: Instrument = history.listing.instrument
        self._start_ns = start_ns
        self._seam_ns = start_ns - start_ns % MINUTE_NS
        self._first_ns = (start_ns - TRADES_BACK_NS) // DAY_NS * DAY_NS
        before = history.minutes(self._first_ns, self._seam_ns).trades
        seam = len(history.prints(self._seam_ns, start_ns).price)
        self._counts = np.concatenate([[0], np.cumsum(before), [before.sum() + seam]])
        """Trades before each minute since `_first_ns`; the last is what the path had in all."""
        self.past_count = int(self._counts[-1])
        self._live: list[PublicTrade] = []
        self._seconds = Recorder(1)
        self._minutes = Recorder(60)
        self._hours: dict[int, Flows] = {}
        """Hours of the path, by the first of the days that are made at once."""
        for trade in self._path(self._seam_ns, start_ns):
            self._minutes.add(self._ticks(trade), self._steps(trade), trade)

    # -- trades ------------------------------------------------------------------------------

    @property
    def last_id(self) -> int:
        return self.past_count + len(self._live)

    def next_aggregate_id(self) -> int:
        return self._live[-1].aggregate_id + 1 if self._live else self.past_count + 1

    def add(self, trade: PublicTrade, ticks: int, steps: int) -> None:
        self._live.append(trade)
        self._seconds.add(ticks, steps, trade)
        self._minutes.add(ticks, steps, trade)

    def last(self, limit: int) -> list[PublicTrade]:
        """The newest, oldest of them first."""
        return self.since_id(max(1, self.last_id - limit + 1), limit)

    def since_id(self, trade_id: int, limit: int) -> list[PublicTrade]:
        """Up to `limit` trades from that number on."""
        first = max(1, trade_id)
        stop = min(first + limit, self.last_id + 1)
        found: list[PublicTrade] = []
        if first <= self.past_count:
            low, high = np.searchsorted(self._counts, (first - 1, stop - 2), "right") - 1
            end_ns = min(self._minute_ns(int(high) + 1), self._start_ns)
            past = self._path(self._minute_ns(int(low)), end_ns)
            found = [trade for trade in past if first <= trade.trade_id < stop]
        live = slice(max(0, first - 1 - self.past_count), max(0, stop - 1 - self.past_count))
        return found + self._live[live]

    def between(self, start_ns: int, end_ns: int, limit: int) -> list[PublicTrade]:
        """The first up to `limit` trades of [start, end)."""
        first = self._id_at(start_ns)
        return [trade for trade in self.since_id(first, limit) if trade.time_ns < end_ns]

    def ids_between(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Numbers of the first and last trade of [start, end); -1 where there are none."""
        first, stop = self._id_at(start_ns), self._id_at(end_ns)
        return (first, stop - 1) if first < stop else (-1, -1)

    def aggregates(self, trades: list[PublicTrade]) -> list[Aggregate]:
        """`trades`, put together; whole aggregates only come of whole runs of trades."""
        runs: list[list[PublicTrade]] = []
        for trade in trades:
            if runs and runs[-1][-1].aggregate_id == trade.aggregate_id:
                runs[-1].append(trade)
            else:
                runs.append([trade])
        return [aggregate_of(run) for run in runs]

    def aggregates_since_id(self, aggregate_id: int, limit: int) -> list[Aggregate]:
        first = aggregate_id
        if aggregate_id > self.past_count:
            at = bisect_left(self._live, aggregate_id, key=lambda trade: trade.aggregate_id)
            first = self.past_count + 1 + at
        return self._whole(first, limit)

    def aggregates_between(self, start_ns: int, end_ns: int, limit: int) -> list[Aggregate]:
        found = self._whole(self._id_at(start_ns), limit)
        return [one for one in found if one.time_ns < end_ns]

    def last_aggregates(self, limit: int) -> list[Aggregate]:
        return self.aggregates_since_id(max(1, self.next_aggregate_id() - limit), limit)

    def _whole(self, first: int, limit: int) -> list[Aggregate]:
        """`limit` aggregates from the trade `first` on, each with all of its trades."""
        wanted = limit
        while True:
            trades = self.since_id(first, wanted)
            found = self.aggregates(trades)
            if len(found) > limit or len(trades) < wanted:
                return found[:limit]
            wanted *= 2

    def _id_at(self, time_ns: int) -> int:
        """Number of the first trade not before `time_ns`."""
        if time_ns >= self._start_ns:
            at = bisect_left(self._live, time_ns, key=lambda trade: trade.time_ns)
            return self.past_count + 1 + at
        time_ns = max(time_ns, self._first_ns)
        minute_ns = time_ns - time_ns % MINUTE_NS
        before = len(self._history.prints(minute_ns, time_ns).price)
        return int(self._counts[(minute_ns - self._first_ns) // MINUTE_NS]) + before + 1

    def _minute_ns(self, nth: int) -> int:
        return self._first_ns + nth * MINUTE_NS

    def _path(self, start_ns: int, end_ns: int) -> list[PublicTrade]:
        """The path's trades from a whole minute up to `end_ns`."""
        prints = self._history.prints(start_ns, end_ns)
        nth = int(self._counts[(start_ns - self._first_ns) // MINUTE_NS])
        tick, step = self._instrument.price_tick, self._instrument.size_step
        found, minute, before, is_buy = [], -1, 0, True
        for time_ns, price, size in zip(*(column.tolist() for column in prints), strict=True):
            if time_ns // MINUTE_NS != minute:
                # Who took is not recorded: told by the last change of the price in its minute.
                minute, before, is_buy = time_ns // MINUTE_NS, price, bool(minute % 2)
            is_buy = price > before if price != before else is_buy
            before, nth = price, nth + 1
            found.append(PublicTrade(nth, price * tick, size * step, time_ns, not is_buy, nth))
        return found

    def _ticks(self, trade: PublicTrade) -> int:
        return int(trade.price / self._instrument.price_tick)

    def _steps(self, trade: PublicTrade) -> int:
        return int(trade.size / self._instrument.size_step)

    # -- bars --------------------------------------------------------------------------------

    def bars(self, period: Period, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Every bar that starts in [start, end) up to now; the last may be open.

        One without trades repeats the close before it.
        """
        first_ns = max(start_ns, (now_ns - BARS_BACK_NS) // DAY_NS * DAY_NS)
        first_ns = first_ns if period.start(first_ns) == first_ns else self._after(period, first_ns)
        last_ns = period.start(min(end_ns - 1, now_ns))
        if last_ns < first_ns:
            return []
        stop_ns = min(period.next_start(last_ns), now_ns + 1)
        unit_ns = NANOS if period.seconds < 60 else MINUTE_NS
        stop_ns = -(-stop_ns // unit_ns) * unit_ns
        parts = []
        hours_end_ns = min(stop_ns, self._seam_ns) // DAY_NS * DAY_NS
        if period.seconds >= 3600 and first_ns < hours_end_ns:
            parts.append(self._past_hours(first_ns, hours_end_ns))
            first_ns = hours_end_ns
        if first_ns < stop_ns:
            parts.append(self._flows(first_ns, stop_ns, unit_ns))
        return group(join_flows(parts), period, self._instrument)

    def _past_hours(self, start_ns: int, end_ns: int) -> Flows:
        """Of whole hours before the market opened, up to a whole day; kept once made."""
        parts, day_ns = [], start_ns // _CHUNK_NS * _CHUNK_NS
        while day_ns < end_ns:
            if day_ns not in self._hours:
                until_ns = min(day_ns + _CHUNK_NS, self._seam_ns // DAY_NS * DAY_NS)
                minutes = past_flows(self._history.minutes(day_ns, until_ns))
                self._hours[day_ns] = coarsen(minutes, Period(3600))
            parts.append(self._hours[day_ns])
            day_ns += _CHUNK_NS
        return cut_flows(join_flows(parts), start_ns, end_ns)

    @staticmethod
    def _after(period: Period, time_ns: int) -> int:
        return period.next_start(period.start(time_ns))

    def _flows(self, start_ns: int, stop_ns: int, unit_ns: int) -> Flows:
        """Bars of a second or minute, without gaps."""
        is_second = unit_ns == NANOS
        seam_ns = self._start_ns - self._start_ns % NANOS if is_second else self._seam_ns
        recorder = self._seconds if is_second else self._minutes
        parts = []
        if start_ns < seam_ns:
            until_ns = min(stop_ns, seam_ns)
            past = self._history.minutes
            bars = self._past_seconds if is_second else past
            parts.append(past_flows(bars(start_ns, until_ns)))
        if stop_ns > seam_ns:
            from_ns = max(start_ns, seam_ns)
            close = self._close_before(from_ns, recorder)
            parts.append(recorder.flows(from_ns, stop_ns, close))
        return join_flows(parts)

    def _past_seconds(self, start_ns: int, end_ns: int) -> Bars:
        bars = count_bars(self._history.prints(start_ns, end_ns), 1)
        return fill_bars(bars, start_ns, end_ns, 1, self._history.last_before(start_ns))

    def _close_before(self, time_ns: int, recorder: Recorder) -> int:
        close = recorder.close_before(time_ns)
        return self._history.last_before(min(time_ns, self._start_ns)) if close is None else close


def aggregate_of(run: list[PublicTrade]) -> Aggregate:
    """Trades of one aggregate, put together."""
    first = run[0]
    return Aggregate(
        first.aggregate_id,
        first.price,
        sum((trade.size for trade in run), Decimal(0)),
        first.trade_id,
        run[-1].trade_id,
        first.time_ns,
        first.is_buyer_maker,
    )


class Recorder:
    """Bars of trades as they are added, as lists of ints: start, o, h, l, c, volume, trades,
    quote, bought, bought quote."""

    def __init__(self, period_s: int) -> None:
        self._period_ns = period_s * NANOS
        self._rows: list[list[int]] = []

    def add(self, ticks: int, steps: int, trade: PublicTrade) -> None:
        start_ns = trade.time_ns - trade.time_ns % self._period_ns
        bought = 0 if trade.is_buyer_maker else steps
        if not self._rows or self._rows[-1][0] != start_ns:
            self._rows.append([start_ns, ticks, ticks, ticks, ticks, 0, 0, 0, 0, 0])
        row = self._rows[-1]
        row[2], row[3], row[4] = max(row[2], ticks), min(row[3], ticks), ticks
        row[5] += steps
        row[6] += 1
        row[7] += ticks * steps
        row[8] += bought
        row[9] += bought * ticks

    @property
    def start_ns(self) -> int | None:
        """Of the first bar."""
        return self._rows[0][0] if self._rows else None

    def close_before(self, time_ns: int) -> int | None:
        at = bisect_left(self._rows, time_ns, key=lambda row: row[0])
        return self._rows[at - 1][4] if at else None

    def flows(self, start_ns: int, stop_ns: int, close: int) -> Flows:
        """Bars that start in [start, stop), whole periods both; `close` is that before them."""
        first = bisect_left(self._rows, start_ns, key=lambda row: row[0])
        stop = bisect_left(self._rows, stop_ns, key=lambda row: row[0])
        table = np.array(self._rows[first:stop], np.int64).reshape(-1, 10).T
        period_s = self._period_ns // NANOS
        bars = fill_bars(Bars(*table[:7]), start_ns, stop_ns, period_s, close)
        at = (table[0] - start_ns) // self._period_ns
        dense = [np.zeros(len(bars.time_ns), np.int64) for _ in range(3)]
        for column, values in zip(dense, table[7:], strict=True):
            column[at] = values
        return Flows(bars, *dense)
