"""One open market as the deck sees it, and how its present follows from the ticks of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from engine.messages import Ask, Bid, Break, FeedStatus, Trade

if TYPE_CHECKING:
    from engine.feed.bars import Series
    from engine.instruments import Instrument
    from engine.messages import Frame, Quote


class MarketView:
    """One open market: what it is and what is known of its present."""

    def __init__(self, instrument: Instrument, quote: Quote) -> None:
        self.instrument = instrument
        self.quote = quote
        self.series: dict[int, Series] = {}
        """Bars by period in seconds."""
        self.loading: set[int] = set()
        """Periods of which older bars are still coming."""
        self.feed: FeedStatus | None = None
        self.is_stale = False
        """The stream is silent, broken or ended: the quote is history, not the present."""
        self.version = 0
        """Goes up with every change but those of the bars."""

    @property
    def fqme(self) -> str:
        return self.instrument.fqme

    @property
    def age_s(self) -> float | None:
        """Seconds of market time since the last tick, as of the last status or frame."""
        return self.feed.age_s if self.feed else None

    @property
    def spread(self) -> float | None:
        """Ask minus bid; None where one side is missing."""
        bid, ask = self.quote.bid, self.quote.ask
        return None if bid is None or ask is None else ask - bid

    @property
    def change(self) -> float | None:
        """Share by which the last price stands above the day's open; None if that is unknown."""
        opened = self.quote.day_open
        return None if not opened else self.quote.last / opened - 1.0


def quote_after(quote: Quote, frame: Frame) -> Quote:
    """The present of a market after the ticks of `frame`."""
    changes: dict[str, Any] = {}
    trades = [tick for tick in frame.ticks.get("trade", ()) if isinstance(tick, Trade)]
    if trades:
        changes |= {"last": trades[-1].price, "last_size": trades[-1].size}
        if quote.day_volume is not None:
            changes["day_volume"] = quote.day_volume + sum(trade.size for trade in trades)
    bids, asks = frame.ticks.get("bid"), frame.ticks.get("ask")
    if bids and isinstance(bid := bids[-1], Bid):
        changes |= {"bid": bid.price if bid.size else None, "bid_size": bid.size}
    if asks and isinstance(ask := asks[-1], Ask):
        changes |= {"ask": ask.price if ask.size else None, "ask_size": ask.size}
    newest = [ticks[-1] for ticks in frame.ticks.values() if ticks]
    if newest:
        changes["venue_ns"] = max(tick.venue_ns for tick in newest)
        changes["recv_ns"] = max(tick.recv_ns for tick in newest)
    return msgspec.structs.replace(quote, **changes)


def stale_after(is_stale: bool, frame: Frame) -> bool:
    """Whether a market is stale after `frame`: newer data ends it, a break that says so begins
    it."""
    data = [ticks[-1].recv_ns for kind, ticks in frame.ticks.items() if ticks and kind != "break"]
    silent = [
        tick.recv_ns
        for tick in frame.ticks.get("break", ())
        if isinstance(tick, Break) and tick.reason in ("stale", "end")
    ]
    if silent:
        return not data or max(silent) >= max(data)
    return is_stale and not data
