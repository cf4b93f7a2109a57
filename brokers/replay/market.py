"""One market of a playback: what is known of it at the present position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rapidfuzz import fuzz

from brokers.replay.played import PlayedBars
from engine.broker import HistoryPage, TickSink
from engine.clock import NANOS
from engine.errors import NotSupported
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, Match, Quote, Tick, Trade

Side = TypeVar("Side", Bid, Ask)

DAY_NS = 86_400 * NANOS
MIN_HIT = 60.0
"""Likeness, of 100, from which a market is a hit of a search."""
TICK_PERIODS_S = (1, 60)
"""Periods that bars of trades are kept in."""


class Depth:
    """A book of price levels, kept by the changes that the tape tells."""

    def __init__(self) -> None:
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._newest: Book | None = None
        self._is_doubted = False

    def apply(self, book: Book) -> None:
        """Change levels. Without a snapshot nothing is known, and changes mean nothing; nor does
        what is told while the book is unverified."""
        if self._is_doubted:
            return
        if book.is_snapshot:
            self._bids, self._asks = {}, {}
        elif self._newest is None:
            return
        _change(self._bids, book.bids)
        _change(self._asks, book.asks)
        self._newest = book

    def on_break(self, tick: Break) -> None:
        """Where a change was missed, the book is not known until the next snapshot; where it was
        found wrong too often, not until it was built anew."""
        if tick.reason in ("gap", "unverified"):
            self._newest = None
        if tick.reason in ("unverified", "resync", "stale"):
            self._is_doubted = tick.reason == "unverified"

    def snapshot(self) -> Book | None:
        """The whole book, best levels first; None where it is not known."""
        if self._newest is None:
            return None
        return Book(
            self._newest.fqme,
            tuple(sorted(self._bids.items(), reverse=True)),
            tuple(sorted(self._asks.items())),
            self._newest.venue_ns,
            self._newest.recv_ns,
            True,
        )


class Market:
    """A fold over the ticks of one market, and the sinks that want them."""

    def __init__(self, instrument: Instrument, bar_period_s: int | None = None) -> None:
        self.instrument = instrument
        self.fqme = instrument.fqme
        self.sinks: list[TickSink] = []
        """Whom its ticks are published to."""
        periods = TICK_PERIODS_S if bar_period_s is None else (bar_period_s,)
        self._bars = {period: PlayedBars(period) for period in periods}
        self.forget()

    def forget(self) -> None:
        """The recording is played anew: nothing is known but what the market is."""
        self._trade: Trade | None = None
        self._bid: Bid | None = None
        self._ask: Ask | None = None
        self._depth = Depth()
        for bars in self._bars.values():
            bars.clear()

    def take(self, tick: Tick) -> None:
        """What is known after `tick`."""
        if isinstance(tick, Bid):
            self._bid = tick
        elif isinstance(tick, Ask):
            self._ask = tick
        elif isinstance(tick, Book):
            self._depth.apply(tick)
        elif isinstance(tick, Trade):
            self._trade = tick
            for bars in self._bars.values():
                bars.add(tick.venue_ns, tick.price, tick.size, tick.count)
        elif isinstance(tick, Break):
            self._depth.on_break(tick)
            if tick.reason == "gap":
                for bars in self._bars.values():
                    bars.lose()

    @property
    def periods_s(self) -> tuple[int, ...]:
        return tuple(self._bars)

    @property
    def has_traded(self) -> bool:
        return self._trade is not None

    @property
    def has_price(self) -> bool:
        """A quote can be given: it has traded, or both sides are quoted."""
        return self._trade is not None or None not in (_if_there(self._bid), _if_there(self._ask))

    def quote(self, now_ns: int) -> Quote:
        """The present. Where nothing has traded yet, the middle stands for the last price.

        Raises:
            LookupError: it `has_price` no more than a market that was never heard of.
        """
        bid, ask = _if_there(self._bid), _if_there(self._ask)
        if self._trade is not None:
            last, last_size = self._trade.price, self._trade.size
        elif bid is not None and ask is not None:
            last, last_size = (bid.price + ask.price) / 2, 0.0
        else:
            raise LookupError(f"{self.fqme} has no price yet")
        known = [tick for tick in (self._trade, self._bid, self._ask) if tick is not None]
        day_open, day_volume = self._day(now_ns)
        return Quote(
            fqme=self.fqme,
            last=last,
            last_size=last_size,
            bid=None if bid is None else bid.price,
            bid_size=0.0 if bid is None else bid.size,
            ask=None if ask is None else ask.price,
            ask_size=0.0 if ask is None else ask.size,
            day_open=day_open,
            day_volume=None if day_open is None else day_volume,
            venue_ns=max(tick.venue_ns for tick in known),
            recv_ns=max(tick.recv_ns for tick in known),
        )

    def restated(self, *, with_last: bool = False) -> list[Tick]:
        """What is known, as ticks, in the order in which it became known and with its times:
        the book, both sides, and the last price as a trade of size 0 and count 0."""
        book = self._depth.snapshot()
        ticks: list[Tick] = [tick for tick in (book, self._bid, self._ask) if tick is not None]
        if with_last and (last := self._trade) is not None:
            ticks.append(
                Trade(self.fqme, last.price, 0.0, "", last.venue_ns, last.recv_ns, last.trade_id, 0)
            )
        return sorted(ticks, key=lambda tick: tick.recv_ns)

    def history(self, period_s: int, end_ns: int, now_ns: int, limit: int) -> HistoryPage:
        """Bars of what was played; see `Broker.history`."""
        if period_s not in self._bars:
            served = ", ".join(f"{period} s" for period in self._bars)
            raise NotSupported(f"{self.fqme} has no bars of {period_s} s", hint=f"only {served}")
        return self._bars[period_s].page(end_ns, now_ns, limit)

    def match(self, now_ns: int) -> Match:
        """This market as a hit of a search."""
        price, volume = self._day(now_ns)
        instrument = self.instrument
        return Match(
            fqme=self.fqme,
            name=instrument.name or instrument.symbol,
            broker=self.fqme.rpartition(".")[2],
            volume=0.0 if price is None else price * volume,
            quote=instrument.quote,
        )

    def _day(self, now_ns: int) -> tuple[float | None, float]:
        """Price 24 h ago or, of a younger recording, the first one; and the volume since."""
        return self._bars[self.periods_s[-1]].since(now_ns - DAY_NS)


def _if_there(side: Side | None) -> Side | None:
    """`side`, unless it says that nobody quotes."""
    return side if side is not None and side.size > 0 else None


def _change(levels: dict[float, float], changes: tuple[tuple[float, float], ...]) -> None:
    for price, size in changes:
        if size > 0:
            levels[price] = size
        else:
            levels.pop(price, None)


def ranked(text: str, matches: Sequence[Match]) -> list[Match]:
    """The hits among `matches`, best first; equal ones as they were."""
    scored = [
        (max(fuzz.WRatio(text, match.fqme), fuzz.WRatio(text, match.name.lower())), match)
        for match in matches
    ]
    hits = [(score, match) for score, match in scored if score >= MIN_HIT]
    return [match for _, match in sorted(hits, key=lambda hit: -hit[0])]
