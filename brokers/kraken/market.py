"""What a session keeps of one pair."""

from __future__ import annotations

from typing import NamedTuple

from brokers.kraken import wire
from brokers.kraken.book import LocalBook
from brokers.levels import Top
from brokers.statistics import BookStatistics, TradeStatistics
from engine.messages import Quote, Side

RESYNCS = 5
"""Times in a row that a book is built anew; after that it is shown, and said to be unverified."""

STEADY_NS = 60_000_000_000
"""A book that was good for so long may fail as often again."""

SLOW_RETRY_NS = 300_000_000_000
"""How often a book that is unverified is built anew all the same."""

FIRST_DELAY_NS = 1_000_000_000
"""Pause before the second time that a book is built anew; each later one is twice as long."""


class Traded(NamedTuple):
    """One trade, from whichever interface."""

    trade_id: int
    price: float
    size: float
    side: Side
    """Of the taker."""
    time_ns: int


class Market:
    """See the module."""

    def __init__(self, symbol: str, fqme: str) -> None:
        self.symbol = symbol
        self.fqme = fqme
        self.book = LocalBook()
        self.books = BookStatistics()
        self.trades = TradeStatistics()
        self.trade_id: int | None = None
        """Of the newest trade that was given on, or is known to be in history."""
        self.trade_ns = 0
        """When that was, by the venue."""
        self.last = 0.0
        self.last_size = 0.0
        self.ticker: wire.TickerData | None = None
        self.top: Top | None = None
        """As last given on; None before the first, and after a break: readers know none then."""
        self.has_book = False
        self.has_trades = False
        self.was_synced = False
        self.is_unverified = False
        self.innocent_holes = 0
        """Times in a row that trade ids jumped, and there were no trades between them."""
        self._failures = 0
        self._synced_ns = 0

    @property
    def is_synced(self) -> bool:
        return self.book.is_synced

    def note_trade(self, trade: Traded) -> None:
        """This is the newest one that readers, or history, have."""
        self.trade_id, self.trade_ns = trade.trade_id, trade.time_ns
        self.last, self.last_size = trade.price, trade.size

    def on_cut(self) -> None:
        """The connection is gone: what comes over another one begins anew, trades excepted."""
        self.book.void()
        self.top = None
        self.is_unverified = False
        self._failures = 0
        self.innocent_holes = 0

    def on_whole_book(self, recv_ns: int) -> None:
        """The book was built, and proved."""
        self.was_synced = True
        self.is_unverified = False
        self._synced_ns = recv_ns

    def on_failure(self, recv_ns: int) -> int | None:
        """The proof failed. Returns the nanoseconds after which the book is to be built anew;
        None where that was done often enough, and the book goes on as unverified."""
        if self._synced_ns and recv_ns - self._synced_ns >= STEADY_NS:
            self._failures = 0
        self._failures += 1
        if self._failures > RESYNCS:
            return None
        return 0 if self._failures == 1 else FIRST_DELAY_NS << (self._failures - 2)

    def quote(self, recv_ns: int) -> Quote | None:
        """What is known now; None without a last price."""
        ticker = self.ticker
        last = self.last or (ticker.last if ticker is not None else 0.0)
        if last <= 0:
            return None
        top = self.top
        if top is None:
            top = (0.0, 0.0, 0.0, 0.0)
            if ticker is not None:
                top = (ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)
        return Quote(
            fqme=self.fqme,
            last=last,
            last_size=self.last_size,
            bid=top[0] if top[1] else None,
            bid_size=top[1],
            ask=top[2] if top[3] else None,
            ask_size=top[3],
            day_open=None if ticker is None else _day_open(ticker),
            day_volume=None if ticker is None else ticker.volume,
            venue_ns=wire.time_ns(ticker.timestamp) if ticker and ticker.timestamp else recv_ns,
            recv_ns=recv_ns,
        )


def _day_open(ticker: wire.TickerData) -> float | None:
    """The price 24 hours ago, as the venue counts `change` from it."""
    opened = ticker.last - ticker.change
    return opened if opened > 0 else None
