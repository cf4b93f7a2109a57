"""Tapes of LEAN's equity files: trades, trade bars and quote bars of one market and one day.

========================================================  ==================================
columns                                                   what
========================================================  ==================================
time, open, high, low, close, volume                      trade bars of a second or a minute
time, bid open, high, low, close, size, ask ..., size     quote bars; a side may be empty
time, price, size, exchange, condition, suspicious        trades
========================================================  ==================================

Times are milliseconds since midnight in New York, prices are in ten-thousandths of a dollar. The
day stands in the file's name only: `20131007_trade.zip`, in folders `minute/spy` that tell period
and symbol, or all in the name. https://github.com/QuantConnect/Lean, Data/equity (read 2026-11).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from brokers.replay.barticks import LAST_MOMENT_NS, Bar, trades_of
from brokers.replay.columns import is_number
from brokers.replay.lines import LineSource
from brokers.replay.protocol import Played, TapeStatistics
from brokers.replay.steps import Steps
from engine.clock import NANOS
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Tick, Trade
from engine.text import safe

ZONE = "America/New_York"
PRICE_UNIT = 10_000
MILLISECOND_NS = 1_000_000

LOOKED_AT = 20_000
"""Rows that the market's steps are learnt from."""

PERIODS_S = {"second": 1, "minute": 60}

Content = Literal["trades", "bars", "quotes"]

_CONTENTS: dict[Content, str] = {
    "trades": "lean trades",
    "bars": "lean bars",
    "quotes": "lean quote bars",
}
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z]{1,2}(?=[_-]))?")
_NO_SYMBOLS = frozenset((
    "lean", "tick", "second", "minute", "hour", "daily", "trade", "quote", "csv", "gz", "zip",
    "txt", "equity", "usa", "data",
))  # fmt: skip


class Label(NamedTuple):
    """What path and name of a file say of it."""

    day: date
    symbol: str
    period_s: int | None
    """None where neither name nor folder says it."""


Moments = list[list[Tick]]
"""The ticks of one row: in order, those of one moment together."""


class LeanTape:
    """One day of one stock."""

    def __init__(self, source: LineSource, rows: Sequence[Sequence[str]]) -> None:
        """Look through the file once: steps and time span.

        Args:
            rows: the first of it, by which its columns are told.

        Raises:
            DataError: its name says no day, it is of another kind, or no row can be read.
        """
        self.path: Path = source.path
        self._source = source
        self._content = content_of(source.name, rows)
        self._label = label_of(source.path)
        self._clock = NewYorkDay(self._label.day)
        self._given = self._faults = self._suspicious = 0
        self._first_fault = ""
        self.kind = _CONTENTS[self._content]
        self._period_s = self._label.period_s or _common_step_s(rows)
        self.bar_period_s = self._period_s if self._content == "bars" else None
        symbol = self._label.symbol
        self._fqme = f"{symbol.lower()}.stock.lean"
        self.start_ns = self.end_ns = 0
        steps = self._look_through()
        self.markets: tuple[Instrument, ...] = (
            Instrument(
                fqme=self._fqme,
                symbol=symbol,
                base=symbol,
                quote="USD",
                price_tick=Decimal(1).scaleb(-steps.price_decimals),
                size_step=Decimal(1),
                session="US equities",
            ),
        )

    def play(self) -> Iterator[Played]:
        self._given = self._faults = self._suspicious = 0
        self._first_fault = ""
        now_ns = self.start_ns
        for moments in self._rows():
            for ticks in moments:
                now_ns = max(now_ns, ticks[0].venue_ns)
                yield now_ns, self._fqme, ticks

    def statistics(self) -> TapeStatistics:
        notes = list(self._source.notes)
        if self._suspicious:
            are = "trade was" if self._suspicious == 1 else "trades were"
            notes.append(f"{self._suspicious:,} {are} left out: marked as suspicious")
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

    def _rows(self) -> Iterator[Moments]:
        for line in self._source:
            try:
                row = self._read(line.decode().strip().split(","))
            except (ValueError, IndexError, csv.Error) as error:
                self._faults += 1
                if not self._first_fault:
                    text = safe(line[:80].decode(errors="replace"), 80)
                    self._first_fault = f"line {self._source.lines}: {safe(error, 100)} in {text!r}"
                continue
            if row is not None:
                self._given += 1
                yield row

    def _read(self, fields: Sequence[str]) -> Moments | None:
        """The ticks of a row; None if it is one to leave out.

        Raises:
            ValueError: it makes no sense.
            IndexError: it is too short.
        """
        time_ns = self._clock.time_ns(int(fields[0]))
        if self._content == "trades":
            if fields[5].strip() not in ("", "0"):
                self._suspicious += 1
                return None
            price, size = _price(fields[1]), _size(fields[2])
            return [[Trade(self._fqme, price, size, "", time_ns, time_ns)]]
        if self._content == "bars":
            bar = Bar(time_ns, *_prices(fields[1:5]), _size(fields[5]), 0)
            return [[trade] for trade in trades_of(bar, self._fqme, self._period_s, 0)]
        return self._quotes(time_ns, fields)

    def _quotes(self, time_ns: int, fields: Sequence[str]) -> Moments:
        """Both sides at the open, the lowest, the highest and the close of the bar.

        The order of the two extremes is that in which a bar of trades has them, and the same
        for both sides: so the bid stands above the ask nowhere where it did not.
        """
        bid, bid_size = _side(fields[1:6])
        ask, ask_size = _side(fields[6:11])
        if not bid and not ask:
            raise ValueError("neither bid nor ask")
        open_, _, _, close = bid or ask or (0.0, 0.0, 0.0, 0.0)
        order = (0, 2, 1, 3) if close >= open_ else (0, 1, 2, 3)
        step_ns = (self._period_s * NANOS - LAST_MOMENT_NS) // 3
        moments: Moments = []
        for nth, at in enumerate(order):
            at_ns, ticks = time_ns + nth * step_ns, list[Tick]()
            if bid and (nth == 0 or bid[at] != bid[order[nth - 1]]):
                ticks.append(Bid(self._fqme, bid[at], bid_size, at_ns, at_ns))
            if ask and (nth == 0 or ask[at] != ask[order[nth - 1]]):
                ticks.append(Ask(self._fqme, ask[at], ask_size, at_ns, at_ns))
            if ticks:
                moments.append(ticks)
        return moments

    def _look_through(self) -> Steps:
        """Steps and time span of what `play` will give."""
        steps = Steps()
        for count, moments in enumerate(self._rows()):
            first_ns, last_ns = moments[0][0].venue_ns, moments[-1][0].venue_ns
            self.start_ns = min(self.start_ns or first_ns, first_ns)
            self.end_ns = max(self.end_ns, last_ns)
            if count < LOOKED_AT:
                for ticks in moments:
                    for tick in ticks:
                        steps.see(tick)
        if not self.end_ns:
            raise DataError(f"{self._source.name} has no row that can be read")
        if self._content != "trades":
            # To the end of the last bar, also where its price did not move.
            period_ns = self._period_s * NANOS
            self.end_ns += period_ns - self.end_ns % period_ns - LAST_MOMENT_NS
        return steps


class NewYorkDay:
    """Times of one day in New York."""

    def __init__(self, day: date) -> None:
        self._midnight = datetime(day.year, day.month, day.day)
        self._hours_ns: dict[int, int] = {}
        try:
            self._zone = ZoneInfo(ZONE)
        except ZoneInfoNotFoundError:
            raise DataError(
                f"the time zone {ZONE} is not known on this machine",
                hint="install its time zones: pip install tzdata",
            ) from None

    def time_ns(self, milliseconds: int) -> int:
        """Nanoseconds UTC of a time of the day, as the clock on the wall shows it.

        Raises:
            ValueError: it is not of this day.
        """
        hour, rest = divmod(milliseconds, 3_600_000)
        if not 0 <= hour < 24:
            raise ValueError(f"{milliseconds} ms are not within a day")
        if (start_ns := self._hours_ns.get(hour)) is None:
            # Each hour by itself: on two days a year the clock is moved.
            on_wall = (self._midnight + timedelta(hours=hour)).replace(tzinfo=self._zone)
            start_ns = self._hours_ns[hour] = int(on_wall.timestamp()) * NANOS
        return start_ns + rest * MILLISECOND_NS


def content_of(name: str, rows: Sequence[Sequence[str]]) -> Content:
    """What the columns are.

    Raises:
        DataError: nothing that LEAN writes of trades or of bars.
    """
    widths = Counter(len(row) for row in rows)
    width = widths.most_common(1)[0][0]
    if width == 11:
        return "quotes"
    if width == 6:
        numbers = [all(map(is_number, row[1:5])) for row in rows if len(row) == 6]
        return "bars" if 2 * sum(numbers) > len(numbers) else "trades"
    raise DataError(
        f"{name} counts time from midnight (as LEAN does), but has not the columns of LEAN's"
        " trades, trade bars or quote bars"
    )


def label_of(path: Path) -> Label:
    """Day, symbol and period by the name of a file and of the folders that it is in.

    Raises:
        DataError: the name has no date.
    """
    found = _DATE.search(path.name)
    try:
        if found is None:
            raise ValueError
        day = date(*map(int, found.groups()))
    except ValueError:
        raise DataError(
            f"{safe(path.name, 80)} counts time from midnight (as LEAN does), and its name"
            " does not say of which day",
            hint="name it as LEAN does, as in 20131007_trade.csv or lean_spy_minute_20131007",
        ) from None
    folders = [part.name for part in path.absolute().parents][:2]
    words = [word.lower() for word in _WORD.findall(path.name)]
    symbols = [word for word in words if word not in _NO_SYMBOLS]
    places = [*words, *(folder.lower() for folder in folders)]
    period_s = next((PERIODS_S[word] for word in places if word in PERIODS_S), None)
    return Label(day, safe((symbols or folders or ["stock"])[0].upper(), 20), period_s)


def _common_step_s(rows: Sequence[Sequence[str]]) -> int:
    """A second, where bars begin at other times than full minutes; else a minute."""
    times = [int(row[0]) for row in rows if row[0].strip().isdecimal()]
    return 60 if all(time % 60_000 == 0 for time in times) else 1


def _price(text: str) -> float:
    price = float(text) / PRICE_UNIT
    if not 0 < price < 1e9:
        raise ValueError("price is out of range")
    return price


def _prices(fields: Sequence[str]) -> tuple[float, float, float, float]:
    open_, high, low, close = (_price(field) for field in fields)
    if not (low <= min(open_, close) and max(open_, close) <= high):
        raise ValueError("open, high, low and close make no bar")
    return open_, high, low, close


def _size(text: str) -> float:
    size = float(text or 0)
    if not 0 <= size < 1e15:
        raise ValueError("size is out of range")
    return size


def _side(fields: Sequence[str]) -> tuple[tuple[float, float, float, float] | None, float]:
    """One side of a quote bar and its last size; None where it is empty."""
    if not any(field.strip() for field in fields[:4]):
        return None, 0.0
    return _prices(fields[:4]), _size(fields[4])
