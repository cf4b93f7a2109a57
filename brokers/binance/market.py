"""One market of a session: its book, top and trades, and the ticks made of messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import Final, Literal

import msgspec

from brokers.binance import wire
from brokers.binance.book import LocalBook
from brokers.binance.proof import TopProof
from brokers.binance.trades import PAGE, Placed, TradeSequence
from brokers.binance.wanted import Request, UnderWay, Wanted
from brokers.levels import Top
from brokers.statistics import BookStatistics, TradeStatistics
from engine.clock import NANOS
from engine.messages import Ask, Bid, Book, Break, Side, Tick, Trade
from engine.text import safe

MOST_REBUILDS: Final = 6
"""Times that a book is built anew, without being good in between, until it is told unverified."""

MOST_HELD_NS: Final = 30 * NANOS
"""Trades are held for no longer, without a step ahead, for the sake of those before them."""

GOOD_NS: Final = 30 * NANOS
"""A book that was good for so long is good: later faults are counted anew."""


class Market:
    """See the module. Methods that take a frame raise where it is not what it should be."""

    def __init__(self, symbol: str, fqme: str) -> None:
        self.symbol = symbol
        self.fqme = fqme
        self.book = LocalBook()
        self.books = BookStatistics()
        self.trades = TradeStatistics()
        self.sequence = TradeSequence()
        self.trade_type = ""
        """Type of message its trades are taken from: a recording may hold both."""
        self.has_book = False
        self.wants_book = False
        """It is streamed with a snapshot to be had for the asking."""
        self.wants_top = False
        """The top is to be asked for: the stream tells it only once it changes."""
        self.need: Callable[[], None] = _nothing
        """Called when `take_requests` has something new."""
        self._under_way = UnderWay()
        self.tries = 0
        """Times that the book had to be built anew, since it was good."""
        self._synced_ns = 0
        self._held_ns = 0
        """When trades began to be held, or the last missing ones came."""
        self._was_synced = False
        # As last given on; NaN, which equals nothing, while readers know none.
        self._bid = self._bid_size = self._ask = self._ask_size = nan
        self._top_id = -1
        self._ticker_id = -1
        self._proof = TopProof(self.books)

    @property
    def is_synced(self) -> bool:
        return self.book.is_synced

    @property
    def has_trades(self) -> bool:
        return bool(self.trade_type)

    @property
    def is_unverified(self) -> bool:
        """Its book failed as often as it was built anew."""
        return not self.is_synced and self.tries >= MOST_REBUILDS

    # -- what is to be asked -----------------------------------------------------------------

    def begin(self, trade_type: Literal["trade", "aggTrade"], last_trade_id: int) -> None:
        """Readers know a quote, with the single trade `last_trade_id` (-1: none) as its newest.
        What is missing from now on is asked for."""
        self.trade_type = trade_type
        self.sequence.begin(last_trade_id, is_single=trade_type == "trade")

    def joined(self, *, has_book: bool) -> None:
        """The venue streams it from now on; what it is at now is to be asked for."""
        self.wants_book, self.wants_top = has_book, not has_book
        self.sequence.look_for_newer()
        self.need()

    def take_requests(self) -> list[Request]:
        """What to ask for now; each once, until it is answered."""
        life, found = self._under_way.life, []
        if self.wants_book and not self.book.is_synced:
            found.append(Request("book", self.symbol, life, self.tries))
        if self.wants_top:
            found.append(Request("top", self.symbol, life))
        sequence = self.sequence
        if sequence.is_wanted:
            from_id = sequence.next_id if sequence.next_id >= 0 else None
            kind: Wanted = "trade" if self.trade_type == "trade" else "aggTrade"
            found.append(Request(kind, self.symbol, life, sequence.tries, from_id))
        return self._under_way.take(found)

    def is_awaited(self, request: Request) -> bool:
        """Its answer is of use; it is taken for answered now."""
        return self._under_way.ends(request)

    def not_answered(self, request: Request, recv_ns: int, *, is_final: bool = False) -> list[Tick]:
        """It could not be asked, or the answer was none, and never will be where `is_final`."""
        if not self.is_awaited(request):
            return []
        self.need()
        if request.kind == "book":
            return [] if self.book.is_synced else self._count_try(recv_ns)
        if request.kind == "top":
            self.wants_top = False  # of little use after a while: quotes will have come
            return []
        self.sequence.not_resent(is_final=is_final)
        return self._lose_trades(recv_ns) if self._waits_in_vain(recv_ns) else []

    # -- trades ------------------------------------------------------------------------------

    def on_trade(self, trade: wire.Trade, recv_ns: int) -> list[Tick]:
        trade_id = trade.trade_id
        side: Side = "sell" if trade.buyer_is_maker else "buy"
        tick = Trade(
            self.fqme,
            trade.price,
            trade.size,
            side,
            wire.time_ns(trade.time),
            recv_ns,
            str(trade_id),
        )
        sequence = self.sequence
        if trade_id == sequence.next_id and not sequence.held and self.trade_type == "trade":
            sequence.next_id = trade_id + 1
            self.trades.received += 1
            return [tick]
        return self._place("trade", Placed(trade_id, trade_id, trade_id, tick))

    def on_agg_trade(self, trade: wire.AggTrade, recv_ns: int) -> list[Tick]:
        trade_id, count = trade.trade_id, trade.last_id - trade.first_id + 1
        if count < 1:
            raise ValueError(f"trades {trade.first_id} to {trade.last_id} in one")
        side: Side = "sell" if trade.buyer_is_maker else "buy"
        tick = Trade(
            self.fqme,
            trade.price,
            trade.size,
            side,
            wire.time_ns(trade.time),
            recv_ns,
            str(trade_id),
            count,
        )
        sequence = self.sequence
        if trade_id == sequence.next_id and not sequence.held and self.trade_type == "aggTrade":
            sequence.next_id = trade_id + 1
            self.trades.received += 1
            return [tick]
        return self._place("aggTrade", Placed(trade_id, trade.first_id, trade.last_id, tick))

    def on_resent(self, trades: Sequence[Placed], recv_ns: int) -> list[Tick]:
        """Trades that were asked for, oldest first."""
        ticks = self._give_late(self.sequence.resent(trades, is_full=len(trades) >= PAGE), recv_ns)
        if ticks:
            self._held_ns = recv_ns
        self.need()
        return ticks + self._lose_trades(recv_ns) if self._waits_in_vain(recv_ns) else ticks

    def _place(self, kind: str, placed: Placed) -> list[Tick]:
        """A trade that may not be the next one."""
        if not self.trade_type:
            self.trade_type = kind
        tick = placed.tick
        place = "repeated" if kind != self.trade_type else self.sequence.place(placed)
        if place == "held":
            if len(self.sequence.held) == 1:
                self._held_ns = tick.recv_ns
                self.need()
            return self._lose_trades(tick.recv_ns) if self._waits_in_vain(tick.recv_ns) else []
        if place == "repeated":
            self.trades.repeated += 1
            return []
        ticks: list[Tick] = []
        if place == "missed":
            ticks = self._missed_trades(tick.venue_ns, tick.recv_ns)
        self.trades.received += 1
        ticks.append(tick)
        return ticks

    def _waits_in_vain(self, recv_ns: int) -> bool:
        """Those that are held wait for others that will not come, or not in time."""
        sequence = self.sequence
        return sequence.is_lost or bool(sequence.held and recv_ns - self._held_ns > MOST_HELD_NS)

    def _lose_trades(self, recv_ns: int) -> list[Tick]:
        """Those that are missing will not come: what was held goes on behind a break."""
        held = self.sequence.give_up()
        if not held:
            return []
        return self._missed_trades(held[0].venue_ns, recv_ns) + self._give_late(held, recv_ns)

    def _give_late(self, trades: Sequence[Trade], recv_ns: int) -> list[Tick]:
        """Trades in order, received when they can be given on: ticks never go back."""
        self.trades.received += len(trades)
        return [msgspec.structs.replace(trade, recv_ns=recv_ns) for trade in trades]

    def _missed_trades(self, venue_ns: int, recv_ns: int) -> list[Tick]:
        """A break. It voids what readers hold, so they are told again what is still good."""
        if not self.trades.count_gap():
            return []
        return [Break(self.fqme, "gap", venue_ns, recv_ns), *self.whole(venue_ns, recv_ns)]

    # -- top of book ---------------------------------------------------------------------------

    def on_ticker(self, ticker: wire.BookTicker, recv_ns: int) -> list[Tick]:
        """The venue gives no time with it: ours stands in."""
        update_id = ticker.update_id
        if update_id <= self._ticker_id:
            return []  # came before, over another socket
        bid, ask = ticker.bid, ticker.ask
        bid_size, ask_size = ticker.bid_size, ticker.ask_size
        if bid >= ask > 0:
            raise ValueError(f"top of book of {safe(self.symbol, 40)} is crossed: {bid} x {ask}")
        self._ticker_id = update_id
        if self.has_book:
            known_id = self.book.update_id
            if known_id is None or update_id > known_id:
                self._proof.tickers.append((update_id, (bid, bid_size, ask, ask_size)))
            elif self._proof.has_been_at(update_id):
                # It tells nothing new where they agree.
                if self._proof.is_right(update_id, (bid, bid_size, ask, ask_size)):
                    return []
                return self._void(recv_ns, recv_ns)
        if update_id < self._top_id:
            return []
        self._top_id = update_id
        # As `_give_top`, and the same again: most messages of a stream come this way.
        ticks: list[Tick] = []
        if bid != self._bid or bid_size != self._bid_size:
            self._bid, self._bid_size = bid, bid_size
            ticks.append(Bid(self.fqme, bid, bid_size, recv_ns, recv_ns))
        if ask != self._ask or ask_size != self._ask_size:
            self._ask, self._ask_size = ask, ask_size
            ticks.append(Ask(self.fqme, ask, ask_size, recv_ns, recv_ns))
        return ticks

    def _give_top(self, update_id: int, top: Top, venue_ns: int, recv_ns: int) -> list[Tick]:
        """The sides of `top` that changed, unless something newer was given already."""
        if update_id < self._top_id:
            return []
        self._top_id = update_id
        bid, bid_size, ask, ask_size = top
        ticks: list[Tick] = []
        if bid != self._bid or bid_size != self._bid_size:
            self._bid, self._bid_size = bid, bid_size
            ticks.append(Bid(self.fqme, bid, bid_size, venue_ns, recv_ns))
        if ask != self._ask or ask_size != self._ask_size:
            self._ask, self._ask_size = ask, ask_size
            ticks.append(Ask(self.fqme, ask, ask_size, venue_ns, recv_ns))
        return ticks

    def _top_ticks(self, venue_ns: int, recv_ns: int) -> list[Tick]:
        """The top that readers know, for those that know none."""
        if self._bid != self._bid:
            return []
        return [
            Bid(self.fqme, self._bid, self._bid_size, venue_ns, recv_ns),
            Ask(self.fqme, self._ask, self._ask_size, venue_ns, recv_ns),
        ]

    def _forget_top(self) -> None:
        self._bid = self._bid_size = self._ask = self._ask_size = nan

    # -- book --------------------------------------------------------------------------------

    def on_depth(self, update: wire.DepthUpdate, recv_ns: int) -> list[Tick]:
        venue_ns = wire.time_ns(update.time)
        last_id = update.last_id
        if last_id < update.first_id:
            raise ValueError(f"update ids run from {update.first_id} to {last_id}")
        self.has_book = True
        outcome = self.book.update(update)
        if outcome != "applied":
            return self._not_applied(outcome, venue_ns, recv_ns)
        self.books.updates += 1
        top = self.book.top()
        if not self._proof.holds(last_id, top):
            return self._void(venue_ns, recv_ns)
        if self.tries and recv_ns - self._synced_ns > GOOD_NS:
            self.tries = 0
        return [
            Book(self.fqme, update.bids, update.asks, venue_ns, recv_ns),
            *self._give_top(last_id, top, venue_ns, recv_ns),
        ]

    def on_snapshot(
        self, snapshot: wire.DepthSnapshot, recv_ns: int, most_levels: int | None
    ) -> list[Tick]:
        """A whole book, or of a market without one its top."""
        self.has_book = True
        if self.book.is_synced or not self.book.snapshot(snapshot, most_levels=most_levels):
            self.books.skipped += 1
            return [] if self.book.is_synced else self._count_try(recv_ns)
        self.books.snapshots += 1
        return self._catch_up(snapshot.last_update_id, recv_ns)

    def on_top(self, snapshot: wire.DepthSnapshot, recv_ns: int) -> list[Tick]:
        """The best levels, asked for their top alone."""
        self.wants_top = False
        top = _top(snapshot)
        return self._give_top(snapshot.last_update_id, top, recv_ns, recv_ns)

    def on_partial_depth(self, snapshot: wire.DepthSnapshot, recv_ns: int) -> list[Tick]:
        """The best levels of a book, whole each time: nothing to keep, nothing to prove."""
        book = Book(self.fqme, snapshot.bids, snapshot.asks, recv_ns, recv_ns, is_snapshot=True)
        top_ticks = self._give_top(snapshot.last_update_id, _top(snapshot), recv_ns, recv_ns)
        return [book, *top_ticks]

    def whole(self, venue_ns: int, recv_ns: int) -> list[Tick]:
        """What is good now of book and top, for a reader that knows nothing."""
        ticks: list[Tick] = []
        if self.book.is_synced:
            ticks.append(self._whole_book(recv_ns))
        return ticks + self._top_ticks(venue_ns, recv_ns)

    def lost(self, now_ns: int) -> list[Tick]:
        """The stream broke: nothing that readers hold is of now."""
        self._under_way.begin_anew()
        self.wants_book = self.wants_top = False
        self.book.void(drops_events=True)
        self._proof.clear()
        self._forget_top()
        self._top_id = self._ticker_id = -1
        return [Break(self.fqme, "stale", now_ns, now_ns)]

    def _catch_up(self, snapshot_id: int, recv_ns: int) -> list[Tick]:
        """The events that were buffered for a snapshot, each held against the proof."""
        is_proven = self._proof.holds(snapshot_id, self.book.top())
        for outcome, update in self.book.catch_up():
            if outcome == "applied":
                # It was counted as skipped when it was buffered.
                self.books.skipped -= 1
                self.books.updates += 1
                is_proven = self._proof.holds(update.last_id, self.book.top()) and is_proven
            elif outcome != "old":
                return self._not_applied(outcome, recv_ns, recv_ns)
        if not is_proven:
            return self._void(recv_ns, recv_ns)
        update_id = self.book.update_id
        assert update_id is not None
        ticks: list[Tick] = []
        if self._was_synced:
            ticks.append(Break(self.fqme, "resync", recv_ns, recv_ns))
        self._was_synced = True
        self._synced_ns = recv_ns
        ticks.append(self._whole_book(recv_ns))
        if self._top_id > update_id:
            return ticks + self._top_ticks(recv_ns, recv_ns)
        self._forget_top()
        return ticks + self._give_top(update_id, self.book.top(), recv_ns, recv_ns)

    def _not_applied(self, outcome: str, venue_ns: int, recv_ns: int) -> list[Tick]:
        if outcome in ("buffered", "old"):
            self.books.skipped += 1
            return []
        if outcome == "crossed":
            self.books.failed += 1
        self.books.gaps += 1
        return self._void(venue_ns, recv_ns)

    def _void(self, venue_ns: int, recv_ns: int) -> list[Tick]:
        """The book is not to be trusted. What the book tickers said still is."""
        self.book.void()
        self._proof.forget_book()
        if self._top_id > self._ticker_id:
            self._forget_top()
            self._top_id = self._ticker_id
        ticks: list[Tick] = [Break(self.fqme, "gap", venue_ns, recv_ns)]
        ticks += self._top_ticks(venue_ns, recv_ns)
        return ticks + self._count_try(recv_ns)

    def _count_try(self, recv_ns: int) -> list[Tick]:
        self.tries += 1
        self.need()
        if not self.wants_book or self.tries != MOST_REBUILDS:
            return []
        return [Break(self.fqme, "unverified", recv_ns, recv_ns)]

    def _whole_book(self, recv_ns: int) -> Book:
        return Book(
            self.fqme,
            self.book.bids.levels(),
            self.book.asks.levels(),
            recv_ns,
            recv_ns,
            is_snapshot=True,
        )


def _top(snapshot: wire.DepthSnapshot) -> Top:
    bid = max((level for level in snapshot.bids if level[1]), default=(0.0, 0.0))
    ask = min((level for level in snapshot.asks if level[1]), default=(0.0, 0.0))
    return bid + ask


def _nothing() -> None:
    pass
