"""One market of the exchange: book, crowd, record of what traded, and what is told of it.

Everything happens in the order of its time: `advance` lets the crowd do what it does up to now,
then a command of an account comes. The log of the matching engine is therefore a function of
seed, start, and the commands with their times; in which steps it was advanced does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np

from brokers.averages import AveragePrice
from brokers.sim.book import BookSide
from brokers.sim.events import Event, Executed, log_line
from brokers.sim.flow import Crowd, Flow
from brokers.sim.history import (
    MINUTE_NS,
    Bars,
    History,
    Prints,
    count_bars,
    fill_bars,
    join_bars,
)
from brokers.sim.matching import MatchingEngine
from brokers.sim.orders import BUY, SELL, NewOrder
from brokers.sim.recorder import Recorder
from engine.clock import NANOS
from engine.messages import Ask, Bid, Book, Break, Columns, Quote, Tick, Trade

DAY_NS: Final = 86_400 * NANOS
SECONDS_HORIZON_NS: Final = 6 * 3600 * NANOS
"""How far back bars of a second go."""
LONGEST_CATCH_UP_NS: Final = 20 * NANOS
"""Time that is caught up action by action; of longer absences only the bars are made."""

LONGEST_ABSENCE_NS: Final = 30 * DAY_NS
"""After a longer one the market begins anew, and all before is the path's."""

LogSink = Callable[[bytes], None]
EventSink = Callable[["Market", list[Event]], None]
BookSink = Callable[["Market", int], None]
"""Called after each action that changed the book, with its time, before the `changed` levels of
the engine's sides are cleared."""
OpenCrowd = Callable[[History, MatchingEngine, int, int, int], Crowd]
"""Takes the market's past, its engine, the seed, the time, and the last price in ticks."""


def _ignore(market: Market, events: list[Event]) -> None:
    pass


class Market:
    """A listing that trades since `start_ns`, a whole second."""

    def __init__(
        self,
        history: History,
        seed: int,
        start_ns: int,
        *,
        on_events: EventSink = _ignore,
        log: LogSink | None = None,
        on_book: BookSink | None = None,
        open_crowd: OpenCrowd = Flow,
    ) -> None:
        self.listing = history.listing
        self.instrument = history.listing.instrument
        self.fqme = self.instrument.fqme
        self._history = history
        self._start_ns = start_ns - start_ns % NANOS
        self._on_events = on_events
        self._log = log
        self._on_book = on_book
        self._tick, self._step = (
            Fraction(self.instrument.price_tick),
            Fraction(self.instrument.size_step),
        )
        self._last = history.last_before(self._start_ns)
        self._last_size = 0
        self._opening = self._last
        self._average = AveragePrice(self.instrument.average_minutes)
        self._begin_record()
        self.engine = MatchingEngine(self._last)
        self._flow = open_crowd(history, self.engine, seed, self._start_ns, self._last)
        self._time_ns = self._start_ns
        self._received_ns = self._start_ns
        self._best: dict[int, tuple[int, int]] = {}
        self._pending: list[Tick] | None = None
        self._take(self._flow.open_book(self._start_ns), self._start_ns)

    # -- time and commands -------------------------------------------------------------------

    @property
    def next_ns(self) -> int:
        """When something happens here next, if no command comes."""
        expiry_ns = self.engine.next_expiry_ns
        return self._flow.next_ns if expiry_ns is None else min(expiry_ns, self._flow.next_ns)

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due at `now_ns`."""
        self._received_ns = max(now_ns, self._received_ns)
        if now_ns - self._time_ns > LONGEST_CATCH_UP_NS:
            self._skip_to(now_ns)
        flow = self._flow
        while (due_ns := self.next_ns) <= now_ns:
            # What ends at a time has ended when something else happens at it.
            is_expiry = due_ns < flow.next_ns or due_ns == self.engine.next_expiry_ns
            self._take(self.engine.expire(due_ns) if is_expiry else flow.step(), due_ns)
        self._time_ns = max(now_ns, self._time_ns)

    def submit(self, new: NewOrder, now_ns: int) -> list[Event]:
        self.advance(now_ns)
        return self._take(self.engine.submit(new, self._time_ns), self._time_ns)

    def amend(self, order_id: int, price: int | None, size: int, now_ns: int) -> list[Event]:
        self.advance(now_ns)
        return self._take(self.engine.amend(order_id, price, size, self._time_ns), self._time_ns)

    def cancel(self, order_id: int, now_ns: int) -> list[Event]:
        self.advance(now_ns)
        return self._take(self.engine.cancel(order_id, self._time_ns), self._time_ns)

    def _take(self, events: list[Event], time_ns: int, *, is_counted: bool = True) -> list[Event]:
        """Log, count and tell what happened in one action."""
        for event in events:
            if is_counted and isinstance(event, Executed):
                self._count(event)
        if self._log is not None:
            for event in events:
                self._log(log_line(event))
        self._tell_book(time_ns)
        self._on_events(self, events)
        return events

    def _count(self, trade: Executed) -> None:
        self._last, self._last_size = trade.price, trade.size
        self._average.on_trade(trade.time_ns, Fraction(trade.price), Fraction(trade.size))
        self._seconds.add(trade.time_ns, trade.price, trade.size)
        self._minutes.add(trade.time_ns, trade.price, trade.size)
        if self._pending is not None:
            self._pending.append(
                Trade(
                    self.fqme,
                    self.price(trade.price),
                    self.size(trade.size),
                    "buy" if trade.taker_side == BUY else "sell",
                    trade.time_ns,
                    self._received_ns,
                    trade.trade_id,
                )
            )

    # -- what is told ------------------------------------------------------------------------

    def listen(self) -> None:
        """Start to gather ticks."""
        if self._pending is None:
            self._pending = []
            self._best.clear()

    def mute(self) -> None:
        """Nobody listens any more."""
        self._pending = None

    def take_ticks(self) -> list[Tick]:
        """Ticks since the last call."""
        if not self._pending:
            return []
        ticks, self._pending = self._pending, []
        return ticks

    def snapshot(self) -> list[Tick]:
        """The whole book and the best prices now."""
        bids, asks = (self._levels(side) for side in (self.engine.bids, self.engine.asks))
        at = (self._time_ns, self._received_ns)
        return [Book(self.fqme, bids, asks, *at, True), *self._best_ticks(*at)]

    def quote(self) -> Quote:
        """The present: last trade, best prices, the day so far."""
        bid, ask = self.engine.bids.best, self.engine.asks.best
        day_open, volume = self._day()
        return Quote(
            fqme=self.fqme,
            last=self.price(self._last),
            last_size=self.size(self._last_size),
            bid=self.price(bid.price) if bid else None,
            bid_size=self.size(bid.size) if bid else 0.0,
            ask=self.price(ask.price) if ask else None,
            ask_size=self.size(ask.size) if ask else 0.0,
            day_open=self.price(day_open),
            day_volume=self.size(volume),
            venue_ns=self._time_ns,
            recv_ns=self._received_ns,
        )

    def average_price(self) -> Decimal:
        """Of the trades of the instrument's `average_minutes`; the last price where there are
        none. To 8 digits after those of a tick."""
        average = self._average.at(self._time_ns)
        ticks = Fraction(self._last) if average is None else average
        exact = ticks * self._tick
        digits = self.instrument.price_decimals + 8
        return Decimal(round(exact * 10**digits)).scaleb(-digits)

    def price(self, ticks: int) -> float:
        """The float nearest to that many ticks."""
        return ticks * self._tick.numerator / self._tick.denominator

    def size(self, steps: int) -> float:
        """The float nearest to that many steps."""
        return steps * self._step.numerator / self._step.denominator

    def _tell_book(self, time_ns: int) -> None:
        bids, asks = self.engine.bids.changed, self.engine.asks.changed
        if self._pending is not None and (bids or asks):
            self._pending.append(
                Book(
                    self.fqme,
                    self._changes(self.engine.bids),
                    self._changes(self.engine.asks),
                    time_ns,
                    self._received_ns,
                )
            )
            self._pending += self._best_ticks(time_ns, self._received_ns, only_changed=True)
        if self._on_book is not None and (bids or asks):
            self._on_book(self, time_ns)
        bids.clear()
        asks.clear()

    def _changes(self, side: BookSide) -> tuple[tuple[float, float], ...]:
        return tuple((self.price(at), self.size(side.size_at(at))) for at in side.changed)

    def _levels(self, side: BookSide) -> tuple[tuple[float, float], ...]:
        return tuple((self.price(level.price), self.size(level.size)) for level in side)

    def _best_ticks(self, venue_ns: int, recv_ns: int, *, only_changed: bool = False) -> list[Tick]:
        ticks: list[Tick] = []
        for side, kind in ((BUY, Bid), (SELL, Ask)):
            level = self.engine.side(side).best
            # An empty side keeps the price that it last had, with a size of 0.
            gone = (self._best.get(side, (self._last, 0))[0], 0)
            best = (level.price, level.size) if level else gone
            if only_changed and self._best.get(side) == best:
                continue
            self._best[side] = best
            ticks.append(
                kind(self.fqme, self.price(best[0]), self.size(best[1]), venue_ns, recv_ns)
            )
        return ticks

    # -- the past ----------------------------------------------------------------------------

    def columns(self, start_ns: int, end_ns: int, period_s: int) -> Columns:
        """Bars that start in [start, end): of the path before the market opened here, and
        of what traded since. `period_s` is 1 or 60; both times are whole periods."""
        seam_ns = self._start_ns if period_s == 1 else self._minute_of(self._start_ns)
        recorder = self._seconds if period_s == 1 else self._minutes
        parts = []
        if start_ns < seam_ns:
            parts.append(past_bars(self._history, start_ns, min(end_ns, seam_ns), period_s))
        parts.append(recorder.bars(max(start_ns, seam_ns), end_ns))
        bars = join_bars(parts)
        close = recorder.close_before(start_ns)
        if close is None:
            close = self._history.last_before(min(start_ns, self._start_ns))
        filled = fill_bars(bars, start_ns, end_ns, period_s, close)
        return bars_to_columns(filled, self._tick, self._step)

    def _day(self) -> tuple[int, int]:
        """Price 24 h ago in ticks, and the volume since in steps."""
        since_ns = self._minute_of(self._time_ns - DAY_NS)
        seam_ns = self._minute_of(self._start_ns)
        live = self._minutes.bars(since_ns, self._time_ns + 1)
        if since_ns >= seam_ns:
            before = self._minutes.close_before(since_ns)
            opening = int(live.open[0]) if len(live.open) else self._last
            return (opening if before is None else before), int(live.volume.sum())
        past = self._history.minutes(since_ns, seam_ns)
        return int(past.open[0]), int(past.volume.sum() + live.volume.sum())

    def _begin_record(self) -> None:
        """Keep bars from `_start_ns` on; the minute of that time is kept whole."""
        self._seconds = Recorder(1, SECONDS_HORIZON_NS // NANOS)
        self._minutes = Recorder(60, 2 * LONGEST_ABSENCE_NS // MINUTE_NS)
        minute_ns = self._minute_of(self._start_ns)
        self._replay(self._history.prints(minute_ns, self._start_ns))

    def _replay(self, prints: Prints) -> None:
        """Count trades of the path into the bars of a minute."""
        for time_ns, price, size in zip(*(column.tolist() for column in prints), strict=True):
            self._minutes.add(time_ns, price, size)

    @staticmethod
    def _minute_of(time_ns: int) -> int:
        return time_ns - time_ns % MINUTE_NS

    # -- absence -----------------------------------------------------------------------------

    def _skip_to(self, now_ns: int) -> None:
        """Pass over a time that nobody saw: the process stood still.

        The path says what traded meanwhile; accounts' orders that it went through are done at
        their prices. The work does not grow with the absence but for its bars.
        """
        first_ns = -(-(self._time_ns + 1) // NANOS) * NANOS
        until_ns = now_ns - now_ns % NANOS
        if until_ns - first_ns > LONGEST_ABSENCE_NS:
            self._start_ns = until_ns
            self._begin_record()
            missed = self._history.minutes(until_ns - LONGEST_ABSENCE_NS, until_ns)
        else:
            missed = self._record(first_ns, until_ns)
        self._time_ns = until_ns
        if self._pending is not None:
            self._pending.append(Break(self.fqme, "gap", until_ns, self._received_ns))
        self._take(self._flow.leave(until_ns), until_ns)
        if len(missed.close):
            self._sweep(int(missed.low.min()), int(missed.high.max()), until_ns)
            self._last = int(missed.close[-1])
        self._flow.seat(until_ns, self._last)
        self._flow.restart(until_ns)
        self._take(self._flow.open_book(until_ns), until_ns)
        if len(missed.close):
            for price in (int(missed.low.min()), int(missed.high.max()), self._last):
                self._take(self.engine.touch(price, until_ns), until_ns)
        if self._pending is not None:
            self._pending += self.snapshot()

    def _record(self, first_ns: int, until_ns: int) -> Bars:
        """Take the path's bars of [first, until) into the record; its minutes, or parts."""
        seconds_ns = max(first_ns, until_ns - SECONDS_HORIZON_NS)
        self._seconds.extend(count_bars(self._history.prints(seconds_ns, until_ns), 1))
        whole_ns = min(-(-first_ns // MINUTE_NS) * MINUTE_NS, until_ns)
        last_ns = max(whole_ns, self._minute_of(until_ns))
        head = self._history.prints(first_ns, whole_ns)
        tail = self._history.prints(last_ns, until_ns)
        self._replay(head)
        middle = self._history.minutes(whole_ns, last_ns)
        self._minutes.extend(middle)
        self._replay(tail)
        return join_bars([count_bars(head, 60), middle, count_bars(tail, 60)])

    def _sweep(self, low: int, high: int, time_ns: int) -> None:
        """Fill the accounts' resting orders between `low` and `high`; the crowd has left."""
        for side, price in ((SELL, low), (BUY, high)):
            resting = self.engine.side(-side)
            size = sum(level.size for level in resting if (level.price - price) * side <= 0)
            if size:
                sweep = NewOrder("", side, size, "limit", price, time_in_force="ioc")
                # Stops must wait until there is a book again. Not counted: the path's bars
                # already hold what traded then.
                events = self.engine.submit(sweep, time_ns, elects_stops=False)
                self._take(events, time_ns, is_counted=False)


def past_bars(history: History, start_ns: int, end_ns: int, period_s: int) -> Bars:
    """Bars of the path that start in [start, end); those without trades may be left out."""
    if period_s == 1:
        return count_bars(history.prints(start_ns, end_ns), 1)
    return history.minutes(start_ns, end_ns)


def bars_to_columns(bars: Bars, tick: Fraction, step: Fraction) -> Columns:
    """Bars in prices and sizes, each the float nearest to its ticks and steps."""
    prices = [column * tick.numerator / tick.denominator for column in bars[1:5]]
    return Columns(
        time_ns=bars.time_ns,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=bars.volume * step.numerator / step.denominator,
        trades=bars.trades.astype(np.float64),
    )
