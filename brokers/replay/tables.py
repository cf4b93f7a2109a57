"""Tapes of CSV files: public dumps of trades and klines, and what others export."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import gcd, inf
from pathlib import Path
from typing import Literal

from brokers.replay.barticks import LAST_MOMENT_NS, Bar, trades_of
from brokers.replay.columns import Layout, is_header, time_ns
from brokers.replay.lines import LineSource
from brokers.replay.protocol import Played, TapeStatistics
from brokers.replay.steps import Steps, symbol_of
from engine.clock import NANOS
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Tick, Trade
from engine.text import safe

LOOKED_AT = 20_000
"""Rows that the market's steps are learnt from."""

LOOKED_AT_PERIOD = 2_000
"""Rows that the period of bars is learnt from."""

DEFAULT_PERIOD_S = 60
"""Of a file with a single bar."""

SHORTEST_DAY_S = 20 * 3600

MOST_REVERSED = 3_000_000
"""Rows of a file with the newest first that are held to be turned around."""

_BUYS = frozenset({"buy", "b", "bid", "1", "buyer", "taker_buy"})
_SELLS = frozenset({"sell", "s", "ask", "-1", "seller", "taker_sell"})


class TableTape:
    """Rows of trades or bars of one market."""

    def __init__(self, source: LineSource, layout: Layout, delimiter: str) -> None:
        """Look through the file once: steps, period, time span.

        Raises:
            DataError: no row of it can be read.
        """
        self.path: Path = source.path
        self.kind = f"{layout.kind} csv"
        self.bar_period_s: int | None = None
        self._source = source
        self._layout = layout
        self._delimiter = delimiter
        self._is_reversed = False
        self._given = 0
        self._faults = 0
        self._first_fault = ""
        self._size_decimals = 0
        symbol = symbol_of(source.path)
        self._fqme = symbol.lower() + (".spot.binance" if layout.is_binance_spot else ".file")
        self.start_ns = self.end_ns = 0
        steps = self._look_through()
        self.markets: tuple[Instrument, ...] = (steps.instrument(self._fqme, symbol),)
        self._size_decimals = max(steps.size_decimals, 8)

    def play(self) -> Iterator[Played]:
        self._given, self._faults, self._first_fault = 0, 0, ""
        read = self._trades if self._layout.kind == "trades" else self._bar_trades
        now_ns = self.start_ns
        for trade in read():
            now_ns = max(now_ns, trade.venue_ns)
            ticks: list[Tick] = [trade]
            yield now_ns, self._fqme, ticks

    def statistics(self) -> TapeStatistics:
        notes = list(self._source.notes)
        if self._is_reversed:
            notes.append("the newest row came first; it was turned around")
        return TapeStatistics(
            size_bytes=self._source.size_bytes,
            lines=self._source.lines,
            malformed=self._faults,
            first_malformed=self._first_fault,
            rows=self._given,
            too_long=self._source.too_long,
            is_truncated=self._source.is_truncated,
            notes=notes,
        )

    # -- rows to ticks -----------------------------------------------------------------------

    def _trades(self) -> Iterator[Trade]:
        for row in self._in_order():
            try:
                trade = self._trade(row)
            except (ValueError, IndexError) as error:
                self._count_fault(row, error)
                continue
            self._given += 1
            yield trade

    def _trade(self, row: Sequence[str]) -> Trade:
        layout = self._layout
        price, size = float(row[layout.price]), float(row[layout.size])
        if not (0 < price < inf and 0 <= size < inf):
            raise ValueError("price or size is out of range")
        venue_ns = time_ns(row[layout.time])
        count = 1
        if layout.first_id >= 0 and layout.last_id >= 0:
            count = int(row[layout.last_id]) - int(row[layout.first_id]) + 1
            if count < 1:
                raise ValueError("the last trade is before the first")
        trade_id = safe(row[layout.trade_id], 40) if layout.trade_id >= 0 else ""
        side = _side(row, layout)
        return Trade(self._fqme, price, size, side, venue_ns, venue_ns, trade_id, count)

    def _bar_trades(self) -> Iterator[Trade]:
        """The trades of each bar. A bar in which nothing happened gives none: between bars the
        last close holds anyway."""
        close = 0.0
        period_s = self.bar_period_s or DEFAULT_PERIOD_S
        for row in self._in_order():
            try:
                bar = self._bar(row)
            except (ValueError, IndexError) as error:
                self._count_fault(row, error)
                continue
            self._given += 1
            is_flat = bar.high == bar.low == close and not bar.volume and not bar.trades
            close = bar.close
            if not is_flat:
                yield from trades_of(bar, self._fqme, period_s, self._size_decimals)

    def _bar(self, row: Sequence[str]) -> Bar:
        layout = self._layout
        open_, high = float(row[layout.open]), float(row[layout.high])
        low, close = float(row[layout.low]), float(row[layout.close])
        volume = float(row[layout.volume] or 0) if layout.volume >= 0 else 0.0
        count = int(float(row[layout.trades] or 0)) if layout.trades >= 0 else 0
        if not (0 < low <= min(open_, close) and max(open_, close) <= high < inf):
            raise ValueError("open, high, low and close make no bar")
        if not 0 <= volume < inf or count < 0:
            raise ValueError("volume or number of trades is out of range")
        start_ns = time_ns(row[layout.time])
        if self.bar_period_s is not None:
            # Days may begin at a venue's midnight, hours at half past: a period is one of UTC.
            start_ns -= start_ns % (self.bar_period_s * NANOS)
        return Bar(start_ns, open_, high, low, close, volume, count)

    # -- rows --------------------------------------------------------------------------------

    def _in_order(self) -> Iterator[list[str]]:
        """Rows, oldest first."""
        if not self._is_reversed:
            return self._rows()
        held = list(self._rows(most=MOST_REVERSED))
        return reversed(held)

    def _rows(self, most: int | None = None) -> Iterator[list[str]]:
        """Rows as they stand, without headers. Lines that are no text are counted.

        Raises:
            DataError: there are more than `most`.
        """
        given = 0
        for line in self._source:
            try:
                row = split_row(line.decode(), self._delimiter)
            except (ValueError, csv.Error) as error:
                self._count_fault([], error)
                continue
            if self._source.lines <= 3 and (is_header(row) or len(row) < 3):
                continue
            given += 1
            if most is not None and given > most:
                raise DataError(
                    f"{self._source.name} has its newest row first, and too many to turn around",
                    hint="sort it by time",
                )
            yield row

    def _count_fault(self, row: Sequence[str], error: Exception) -> None:
        self._faults += 1
        if not self._first_fault:
            where = f" in {safe(self._delimiter.join(row), 80)!r}" if row else ""
            self._first_fault = f"line {self._source.lines}: {safe(error, 100)}{where}"

    # -- looking through ---------------------------------------------------------------------

    def _look_through(self) -> Steps:
        steps, times, newest = Steps(), [], deque[str](maxlen=16)
        for count, row in enumerate(self._rows()):
            if count < LOOKED_AT:
                try:
                    times.append(self._look_at(row, steps))
                except (ValueError, IndexError):
                    continue
            elif len(row) > self._layout.time:
                newest.append(row[self._layout.time])
        if not times:
            raise DataError(f"{self._source.name} has no row that can be read")
        times += _readable(newest)
        self._is_reversed = len(times) > 1 and times[0] > times[-1]
        self.start_ns, self.end_ns = min(times), max(times)
        if self._layout.kind == "bars":
            self.bar_period_s = period_s(times[:LOOKED_AT_PERIOD])
            period_ns = self.bar_period_s * NANOS
            self.start_ns -= self.start_ns % period_ns
            self.end_ns += period_ns - self.end_ns % period_ns - LAST_MOMENT_NS
        return steps

    def _look_at(self, row: Sequence[str], steps: Steps) -> int:
        layout = self._layout
        if layout.kind == "trades":
            trade = self._trade(row)
            steps.see_text(row[layout.price], row[layout.size])
            return trade.venue_ns
        bar = self._bar(row)
        volume = row[layout.volume] if layout.volume >= 0 else ""
        for at in (layout.open, layout.high, layout.low, layout.close):
            steps.see_text(row[at], volume)
        return bar.time_ns


def split_row(text: str, delimiter: str) -> list[str]:
    """The fields of a line.

    Raises:
        csv.Error: its quotes do not match.
    """
    if '"' in text:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    return text.split(delimiter)


def period_s(times_ns: Sequence[int]) -> int:
    """The period of bars that start at these times: their greatest common step.

    Bars without trades may be left out, so no two of them need to follow each other. Days,
    weeks and months are taken as days: summer time moves them, so they have no common step.
    """
    steps = [step for time, later in pairwise(times_ns) if (step := abs(later - time))]
    if not steps:
        return DEFAULT_PERIOD_S
    if min(steps) >= SHORTEST_DAY_S * NANOS:
        return 86_400
    return gcd(*steps) // NANOS or DEFAULT_PERIOD_S


def _readable(texts: Sequence[str]) -> list[int]:
    times = []
    for text in texts:
        try:
            times.append(time_ns(text))
        except ValueError:
            continue
    return times


def _side(row: Sequence[str], layout: Layout) -> Literal["buy", "sell", ""]:
    if layout.buyer_is_maker >= 0:
        flag = row[layout.buyer_is_maker].strip().lower()
        return "sell" if flag in ("true", "1") else "buy" if flag in ("false", "0") else ""
    if layout.side >= 0:
        word = row[layout.side].strip().lower()
        return "buy" if word in _BUYS else "sell" if word in _SELLS else ""
    return ""
