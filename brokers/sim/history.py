"""What traded before anyone watched: bars and prints along the reference path, made on demand.

Minute bars are drawn at once: open and close from the path and the side that traded, high and
low from the law of a Brownian bridge's extremes, volume and number of trades from the path's
rate. The prints of a minute are then made to fit its bar exactly: they open, reach the high and
the low, close, and sum up to its volume. Bars of seconds are those prints counted, so they
agree with the minutes by construction. All in integer ticks and steps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from brokers.sim.instruments import Listing
from brokers.sim.noise import Floats, Ints, bits, key_of, normal, uniform
from brokers.sim.path import MINUTES_A_DAY, Minutes, Path, join_minutes
from engine.clock import NANOS

MINUTE_NS: Final = 60 * NANOS
_MOST_TRADES: Final = 2048
"""In a minute; counters of prints are this far apart."""
_CLUSTER: Final = 5.0
"""Variance of the number of trades over its mean: they come in bursts."""
_BURST: Final = 3
"""Prints that come together."""
_RUN: Final = 8
"""Prints in a row on one side of the market."""
_DAYS_KEPT: Final = 3


class Bars(NamedTuple):
    """Bars in ticks and steps, strictly increasing in time; those without trades may miss."""

    time_ns: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    trades: Ints

    def part(self, start_ns: int, end_ns: int) -> Bars:
        """Bars that start in [start, end)."""
        cut = slice(*np.searchsorted(self.time_ns, (start_ns, end_ns)))
        return Bars(*(column[cut] for column in self))


class Prints(NamedTuple):
    """Trades in order of time."""

    time_ns: Ints
    price: Ints
    size: Ints

    def part(self, start_ns: int, end_ns: int) -> Prints:
        """Trades in [start, end)."""
        cut = slice(*np.searchsorted(self.time_ns, (start_ns, end_ns)))
        return Prints(*(column[cut] for column in self))


class History:
    """The past of one market, a function of the seed alone."""

    def __init__(self, listing: Listing, seed: int) -> None:
        self.listing = listing
        self.path = Path(listing, seed)
        key = key_of("history", seed, listing.fqme)
        names = ("sides", "high", "low", "count", "volume", "time", "print", "size")
        self._keys = {name: key_of(key, name) for name in names}
        self._days: OrderedDict[int, tuple[Minutes, Bars]] = OrderedDict()

    def minutes(self, start_ns: int, end_ns: int) -> Bars:
        """Every minute bar that starts in [start, end), from whole minutes."""
        if end_ns <= start_ns:
            return Bars(*(np.zeros(0, np.int64) for _ in Bars._fields))
        return self._span(start_ns // MINUTE_NS, -(-end_ns // MINUTE_NS))[1]

    def reference(self, minute: int) -> tuple[Minutes, Floats]:
        """The path of one minute since 1970, and its 61 values at full seconds."""
        part = self._span(minute, minute + 1)[0]
        return part, self.path.seconds(part)[0]

    def prints(self, start_ns: int, end_ns: int) -> Prints:
        """Every trade in [start, end)."""
        if end_ns <= start_ns:
            return Prints(*(np.zeros(0, np.int64) for _ in Prints._fields))
        minutes, bars = self._span(start_ns // MINUTE_NS, -(-end_ns // MINUTE_NS))
        return self._prints(minutes, bars).part(start_ns, end_ns)

    def last_before(self, time_ns: int) -> int:
        """Price of the last trade before `time_ns`, in ticks."""
        minute_ns = time_ns // MINUTE_NS * MINUTE_NS
        prints = self.prints(minute_ns, time_ns)
        if len(prints.price):
            return int(prints.price[-1])
        return int(self.minutes(minute_ns - MINUTE_NS, minute_ns).close[-1])

    # -- making ----------------------------------------------------------------------------

    def _span(self, first: int, stop: int) -> tuple[Minutes, Bars]:
        """Minutes `first` up to, not including, `stop`, since 1970."""
        first_day, last_day = first // MINUTES_A_DAY, (stop - 1) // MINUTES_A_DAY
        if last_day - first_day < 2:
            # Most questions are about the present: its days are kept.
            days = [self._day(day) for day in range(first_day, last_day + 1)]
            minutes = join_minutes([day[0] for day in days])
            bars = join_bars([day[1] for day in days])
        else:
            minutes = self.path.days(first_day, last_day - first_day + 1)
            bars = self._bars(minutes)
        return minutes.part(first, stop), bars.part(first * MINUTE_NS, stop * MINUTE_NS)

    def _day(self, day: int) -> tuple[Minutes, Bars]:
        if day not in self._days:
            minutes = self.path.days(day, 1)
            self._days[day] = (minutes, self._bars(minutes))
            if len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        self._days.move_to_end(day)
        return self._days[day]

    def _bars(self, minutes: Minutes) -> Bars:
        """Minute bars of whole days."""
        at = np.arange(minutes.first, minutes.first + len(minutes.open))
        trades = self._trade_counts(at, minutes.rate)
        coins = bits(self._keys["sides"], at)
        half = minutes.half_spread
        open_ = _on_tick(minutes.open + np.where(coins & np.uint64(1), half, -half))
        close = _on_tick(minutes.close + np.where(coins & np.uint64(2), half, -half))
        close = np.where(trades == 1, open_, close)
        top, bottom = np.maximum(open_, close), np.minimum(open_, close)
        reach_up, reach_down = self._reach(at, minutes, trades)
        # One print between open and close can be one extreme, two can be both.
        high = np.where(trades > 2, np.maximum(top, _on_tick(reach_up + half)), top)
        low = np.where(trades > 3, np.minimum(bottom, _on_tick(reach_down - half)), bottom)
        size = self.listing.mean_size * np.exp(0.5 * normal(self._keys["volume"], at) - 0.125)
        volume = trades * np.maximum(1, np.rint(size).astype(np.int64))
        bars = Bars(at * MINUTE_NS, open_, high, low, close, volume, trades)
        return _carry_close(bars)

    def _trade_counts(self, at: Ints, rate: Floats) -> Ints:
        spread = np.log1p(_CLUSTER / rate)
        factor = np.exp(np.sqrt(spread) * normal(self._keys["count"], at) - 0.5 * spread)
        trades = np.clip(np.rint(rate * factor), 0, _MOST_TRADES - 1).astype(np.int64)
        # A day's first minute trades, so that no bar's close depends on the day before.
        return np.where(at % MINUTES_A_DAY == 0, np.maximum(trades, 1), trades)

    def _reach(self, at: Ints, minutes: Minutes, trades: Ints) -> tuple[Floats, Floats]:
        """Highest and lowest fair value at which a minute trades, given its ends.

        A path that is looked at now and then shows less of its extremes (Broadie, Glasserman,
        Kou: "A continuity correction for discrete barrier options", 1997).
        """
        ends, apart = minutes.open + minutes.close, (minutes.close - minutes.open) ** 2
        up, down = (
            np.sqrt(apart - 2.0 * minutes.sigma**2 * np.log(uniform(self._keys[name], at)))
            for name in ("high", "low")
        )
        unseen = 0.5826 * minutes.sigma * np.sqrt(_BURST / np.maximum(trades, _BURST))
        return (ends + up) / 2.0 - unseen, (ends - down) / 2.0 + unseen

    def _prints(self, minutes: Minutes, bars: Bars) -> Prints:
        """The trades that make up these minute bars."""
        trades = bars.trades[bars.trades > 0]
        row = np.repeat(np.flatnonzero(bars.trades > 0), trades)
        starts = np.cumsum(trades) - trades
        nth = np.arange(len(row)) - np.repeat(starts, trades)
        counter = (minutes.first + row) * _MOST_TRADES + nth
        share = self._times(row, counter, nth)
        price = self._prices(minutes, bars, row, counter - nth % _RUN, share)
        _fit(price, bars, row, starts, trades)
        size = self._sizes(bars, row, counter, starts, trades)
        time_ns = bars.time_ns[row] + (share * MINUTE_NS).astype(np.int64)
        return Prints(time_ns, price, size)

    def _times(self, row: Ints, counter: Ints, nth: Ints) -> Floats:
        """When in its minute each print is, as a share of it, ascending, in bursts."""
        burst = uniform(self._keys["time"], counter - nth % _BURST)
        share = (burst + 0.05 * uniform(self._keys["print"], counter)) % 1.0
        return np.sort(row + share) - row

    def _prices(self, minutes: Minutes, bars: Bars, row: Ints, run: Ints, share: Floats) -> Ints:
        """Fair value at the time of each print, plus or minus the half spread; the prints of
        a run are on one side."""
        path = self.path.seconds(minutes)
        second = np.minimum((share * 60).astype(np.int64), 59)
        rest = share * 60 - second
        fair = path[row, second] * (1.0 - rest) + path[row, second + 1] * rest
        half = minutes.half_spread[row]
        coins = bits(self._keys["print"], run)
        price = _on_tick(fair + np.where(coins & np.uint64(1), half, -half))
        return np.clip(price, bars.low[row], bars.high[row])

    def _sizes(self, bars: Bars, row: Ints, counter: Ints, starts: Ints, trades: Ints) -> Ints:
        """At least a step each, the rest of the bar's volume by heavy-tailed weights."""
        weight = np.cumsum(np.exp(1.1 * normal(self._keys["size"], counter)))
        before = np.repeat(np.where(starts > 0, weight[starts - 1], 0.0), trades)
        total = np.repeat(weight[starts + trades - 1], trades) - before
        extra = (bars.volume - bars.trades)[row]
        upto = np.floor(extra * ((weight - before) / total)).astype(np.int64)
        previous = np.concatenate([[0], upto[:-1]])
        previous[starts] = 0
        return np.asarray(1 + upto - previous)


def count_bars(prints: Prints, period_s: int) -> Bars:
    """Bars of `prints`; periods without any are left out."""
    if not len(prints.price):
        return Bars(*(np.zeros(0, np.int64) for _ in Bars._fields))
    period_ns = period_s * NANOS
    starts = prints.time_ns - prints.time_ns % period_ns
    firsts = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
    lasts = np.concatenate([firsts[1:], [len(starts)]]) - 1
    return Bars(
        starts[firsts],
        prints.price[firsts],
        np.maximum.reduceat(prints.price, firsts),
        np.minimum.reduceat(prints.price, firsts),
        prints.price[lasts],
        np.add.reduceat(prints.size, firsts),
        lasts - firsts + 1,
    )


def fill_bars(bars: Bars, start_ns: int, end_ns: int, period_s: int, close: int) -> Bars:
    """Every bar that starts in [start, end), whole periods both: one without trades repeats
    the close before it, at first `close`, with volume 0."""
    period_ns = period_s * NANOS
    times = np.arange(start_ns, end_ns, period_ns)
    at = (bars.time_ns - start_ns) // period_ns
    dense = [np.zeros(len(times), np.int64) for _ in Bars._fields[1:]]
    for column, values in zip(dense, bars[1:], strict=True):
        column[at] = values
    return _carry_close(Bars(times, *dense), close)


def join_bars(parts: Sequence[Bars]) -> Bars:
    """Bars of several spans of time, in their order."""
    return Bars(*map(np.concatenate, zip(*parts, strict=True)))


def _carry_close(bars: Bars, close: int = 0) -> Bars:
    """Bars without trades get all four prices from the last close, at first `close`."""
    has_trades = bars.trades > 0
    last = np.maximum.accumulate(np.where(has_trades, np.arange(len(has_trades)), -1))
    carried = np.where(last >= 0, bars.close[last], close)
    open_, high, low, closes = (np.where(has_trades, column, carried) for column in bars[1:5])
    return Bars(bars.time_ns, open_, high, low, closes, bars.volume, bars.trades)


def _fit(price: Ints, bars: Bars, row: Ints, starts: Ints, trades: Ints) -> None:
    """Make the prints of each minute open, close, and reach the extremes as its bar does."""
    lasts = starts + trades - 1
    inner = np.ones(len(price), bool)
    inner[starts] = inner[lasts] = False
    most = np.iinfo(np.int64).max
    for extreme, sign in ((bars.high, 1), (bars.low, -1)):
        reached = np.where(inner, price * sign, -most)
        best = np.repeat(np.maximum.reduceat(reached, starts), trades) if len(starts) else reached
        hits = np.where(inner & (reached == best), np.arange(len(price)), most)
        at = np.minimum.reduceat(hits, starts) if len(starts) else hits
        at = at[at < most]
        price[at] = extreme[row[at]]
        inner[at] = False
    price[starts] = bars.open[row[starts]]
    price[lasts] = bars.close[row[lasts]]


def _on_tick(value: Floats) -> Ints:
    return np.maximum(np.rint(value), 1.0).astype(np.int64)
