"""A flume: one open market, with its details, its present, and its series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from engine.broker import Broker
from engine.clock import NANOS
from engine.errors import BrokerError
from engine.feed.bars import Series
from engine.feed.book_state import BookState, after_book, after_break
from engine.feed.history import PAGE_BARS, History
from engine.feed.topics import TopicStatistics
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, FeedStatus, Quote, Tick, Trade

FeedState = Literal["opening", "live", "stale", "ended", "failed"]


class Flume:
    """One market while it is open. All readers of a market share it."""

    _quote: Quote | None
    """Built when it is asked for; the fields below are what ticks change."""
    _last: float
    _last_size: float
    _bid: float | None
    _bid_size: float
    _ask: float | None
    _ask_size: float
    _day_open: float | None
    _day_volume: float | None
    _venue_ns: int
    _recv_ns: int

    def __init__(self, broker: Broker, instrument: Instrument, quote: Quote) -> None:
        self.fqme = instrument.fqme
        self.instrument = instrument
        self.broker = broker
        """Who serves it; replaced when the broker was started anew."""
        self.failure = ""
        """Why its stream is lost for good; empty while it is not."""
        self.is_closed = False
        self.broken_ns: int | None = None
        """Since when the stream has been silent; None while it is not."""
        self._history: History | None = None
        self._break = ""
        self._newest: Tick | None = None
        # A playback need not have recorded the book of every market.
        is_awaited = broker.capabilities.has_depth and not broker.capabilities.can_play
        self._book: BookState = "syncing" if is_awaited else ""
        self.set_quote(quote)

    # -- the present ----------------------------------------------------------------------------

    @property
    def quote(self) -> Quote:
        """What is known now."""
        if self._quote is None:
            self._quote = Quote(
                fqme=self.fqme,
                last=self._last,
                last_size=self._last_size,
                bid=self._bid,
                bid_size=self._bid_size,
                ask=self._ask,
                ask_size=self._ask_size,
                day_open=self._day_open,
                day_volume=self._day_volume,
                venue_ns=self._venue_ns,
                recv_ns=self._recv_ns,
            )
        return self._quote

    def set_quote(self, quote: Quote) -> None:
        """Take the present from a stream that has just begun."""
        self._quote = quote
        self._last, self._last_size = quote.last, quote.last_size
        self._bid, self._bid_size = quote.bid, quote.bid_size
        self._ask, self._ask_size = quote.ask, quote.ask_size
        self._day_open, self._day_volume = quote.day_open, quote.day_volume
        self._venue_ns, self._recv_ns = quote.venue_ns, quote.recv_ns

    def on_ticks(self, ticks: Sequence[Tick]) -> None:
        """Fold ticks into the present. Runs for every tick."""
        for tick in ticks:
            kind = type(tick)
            if kind is Bid:
                self._bid = tick.price if tick.size else None  # type: ignore[union-attr]
                self._bid_size = tick.size  # type: ignore[union-attr]
            elif kind is Ask:
                self._ask = tick.price if tick.size else None  # type: ignore[union-attr]
                self._ask_size = tick.size  # type: ignore[union-attr]
            elif kind is Trade:
                self._last, size = tick.price, tick.size  # type: ignore[union-attr]
                if size:
                    self._last_size = size
                    if self._day_volume is not None:
                        self._day_volume += size
            elif kind is Book:
                if self._book != "good":
                    self._book = after_book(self._book, tick)  # type: ignore[arg-type]
            elif kind is Break:
                self._on_break(tick)  # type: ignore[arg-type]
                continue
            self._newest = tick
            if self._break or self.broken_ns is not None:
                self._on_resumed()
        if (newest := self._newest) is not None:
            self._venue_ns, self._recv_ns = newest.venue_ns, newest.recv_ns
        self._quote = None

    def _on_resumed(self) -> None:
        """The first tick after a break: what was missed is in history."""
        self._break = ""
        from_ns, self.broken_ns = self.broken_ns, None
        if from_ns is not None and self._history is not None:
            self._history.mend(from_ns)

    def _on_break(self, tick: Break) -> None:
        self._book = after_break(self._book, tick)
        if tick.reason in ("stale", "end"):
            self._break = tick.reason
        if tick.reason in ("stale", "gap") and self.broken_ns is None:
            self.broken_ns = min(self._recv_ns, tick.recv_ns) if self._recv_ns else tick.recv_ns
        if tick.reason == "end" and self._history is not None:
            self._history.end()
        if tick.reason == "seek":
            self._break, self.broken_ns, self._newest = "", None, None
            self._day_volume = None  # what was traded up to there is not known
            if self._history is not None:
                self._history.seek(tick.venue_ns)

    # -- bars -----------------------------------------------------------------------------------

    def use_history(self, history: History) -> None:
        """Where its series come from, while it is open."""
        self._history = history

    async def open_series(self, period_s: int, count: int = PAGE_BARS) -> Series:
        """The live series of this period, sampled from now on while the market is open.

        Older bars, up to `count` in all, are loaded from now on, newest first, and announced by
        the sampler.

        Raises:
            UsageError: the period is not a positive number of seconds.
            BrokerError: the market is closed.
        """
        return self._open_history().open_series(period_s, count)

    def is_loading(self, period_s: int) -> bool:
        """Older bars of this series are on their way."""
        return self._history is not None and self._history.is_loading(period_s)

    def has_more(self, period_s: int) -> bool:
        """Older bars of this series can be had."""
        return self._history is not None and self._history.has_more(period_s)

    def load_more(self, period_s: int, count: int = PAGE_BARS) -> None:
        """Load `count` bars older than those that are there; nothing, while it is loading."""
        self._open_history().load_more(period_s, count)

    def close(self) -> None:
        """Give everything back; for the hub."""
        self.is_closed = True
        if self._history is not None:
            self._history.close()
            self._history = None

    def _open_history(self) -> History:
        if self._history is None:
            raise BrokerError(f"{self.fqme} is closed")
        return self._history

    # -- how it is ------------------------------------------------------------------------------

    def status(self, counters: TopicStatistics, stale_after_s: float) -> FeedStatus:
        """State, age and counters of its stream."""
        age_s = self._age_s()
        return FeedStatus(
            fqme=self.fqme,
            state=self._state(age_s, stale_after_s),
            age_s=age_s,
            received=counters.received,
            framed=counters.framed,
            conflated=counters.conflated,
            overruns=counters.overruns,
            dropped=counters.dropped,
            delay_ms=self._delay_ms(),
            book=self._book,
        )

    def _state(self, age_s: float | None, stale_after_s: float) -> FeedState:
        if self.failure:
            return "failed"
        if self._break == "end":
            return "ended"
        if self._break or (age_s is not None and age_s > stale_after_s * self._pace()):
            return "stale"
        return "live"

    def _pace(self) -> float:
        """Seconds of the market in one of ours, at least 1: who looks on ages no faster."""
        playback = self.broker.playback()
        if playback is None:
            return 1.0
        return max(1.0, playback.speed) if playback.speed else math.inf

    def _age_s(self) -> float | None:
        if not self._recv_ns:
            return None
        return max(0.0, (self.broker.now_ns() - self._recv_ns) / NANOS)

    def _delay_ms(self) -> float | None:
        """None where the venue gave no time, or its clock is ahead of ours."""
        newest = self._newest
        if newest is None or not newest.venue_ns or newest.venue_ns >= newest.recv_ns:
            return None
        return (newest.recv_ns - newest.venue_ns) / 1e6
