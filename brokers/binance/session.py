"""One Binance market-data connection as a protocol: bytes in, ticks and bytes out.

No socket, no clock, no awaiting. Whoever drives it stamps what arrives, sends what
`data_to_send` returns, gets a depth snapshot over REST for each market in `snapshots_wanted`
and hands it to `receive_snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

import msgspec

from brokers.binance import wire
from brokers.binance.book import LocalBook
from brokers.binance.symbols import fqme_part
from brokers.levels import BookSide, Top, as_floats, check_levels, top_of
from brokers.statistics import (
    FAULTS,
    MOST_BREAKS,
    MOST_MARKETS,
    BookStatistics,
    SessionStatistics,
    Tally,
    TradeStatistics,
)
from engine.messages import Ask, Bid, Book, Break, Side, Tick, Trade
from engine.text import safe

PROOF = "top of book against bookTicker at equal update ids"

KEPT_TICKERS = 4096
"""Book tickers kept until the book comes to their update id; without a book the oldest go."""

KEPT_TOPS = 64
"""States of the book kept for a book ticker that comes after them."""


class _Market:
    """What is kept of one symbol."""

    def __init__(self, symbol: str, fqme: str) -> None:
        self.symbol = symbol
        self.fqme = fqme
        self.book = LocalBook()
        self.books = BookStatistics()
        self.trades = TradeStatistics()
        self.trade_type = ""
        """Type of message its trades are taken from: a recording may hold both."""
        self.trade_id = -1
        self.top: Top | None = None
        """As last given on; None before the first, and after a break: readers know none then."""
        self.top_id = -1
        self.tickers: dict[int, wire.BookTicker] = {}
        self.tops: dict[int, Top] = {}
        self.was_synced = False
        self.has_book = False

    @property
    def is_synced(self) -> bool:
        return self.book.is_synced

    @property
    def has_trades(self) -> bool:
        return bool(self.trade_type)


class Session:
    """See the module. `venue` is the middle part of the fqmes it gives."""

    def __init__(self, *, venue: str = "spot", broker: str = "binance") -> None:
        self._ending = f".{venue}.{broker}"
        self._markets: dict[str, _Market] = {}
        self._symbols: dict[str, str] = {}
        self._tally = Tally()
        self._outgoing: list[bytes] = []
        self._request_id = 0
        self._readers: dict[str, Callable[[bytes | msgspec.Raw, int], list[Tick]]] = {
            "trade": self._on_trade,
            "aggTrade": self._on_agg_trade,
            "bookTicker": self._on_book_ticker,
            "depthUpdate": self._on_depth_update,
        }

    # -- what goes out ---------------------------------------------------------------------

    def subscribe(self, streams: Iterable[str]) -> None:
        """Ask for these streams, named as the venue does: `btcusdt@trade`."""
        self._request("SUBSCRIBE", streams)

    def unsubscribe(self, streams: Iterable[str]) -> None:
        self._request("UNSUBSCRIBE", streams)

    def data_to_send(self) -> list[bytes]:
        """Text frames to send now, in order; each is returned once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def snapshots_wanted(self) -> list[str]:
        """Symbols whose book waits for a depth snapshot."""
        return [market.symbol for market in self._markets.values() if market.book.is_waiting]

    # -- what comes in ---------------------------------------------------------------------

    def receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        """Take one text frame that arrived at `recv_ns`.

        Never raises: a frame that is not what the venue documents is counted and left out.
        """
        try:
            return self._receive(data, recv_ns)
        except FAULTS as error:
            self._tally.count_fault(error)
            return []

    def receive_snapshot(self, symbol: str, data: bytes, recv_ns: int) -> list[Tick]:
        """Take the body of `GET /api/v3/depth` for `symbol`. Never raises, as `receive`."""
        try:
            return self._on_snapshot(self._market(symbol), data, recv_ns)
        except FAULTS as error:
            self._tally.count_fault(error)
            return []

    def symbol(self, fqme: str) -> str:
        """The venue's spelling of a market that messages came for."""
        return self._symbols.get(fqme, fqme)

    def statistics(self) -> SessionStatistics:
        """A snapshot of all counts."""
        return self._tally.statistics(self._markets.values(), PROOF)

    # -- messages --------------------------------------------------------------------------

    def _receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        envelope = wire.decode_envelope(data)
        if envelope.stream:
            return self._on_stream(envelope.stream, envelope.data, recv_ns)
        if envelope.event:
            return self._dispatch(envelope.event, data, recv_ns)
        if envelope.last_update_id is not None:
            return self._on_nameless_snapshot(data, recv_ns)
        if envelope.update_id is not None and envelope.symbol is not None:
            return self._dispatch("bookTicker", data, recv_ns)
        if (envelope.result, envelope.error, envelope.code) != (msgspec.UNSET,) * 3:
            self._tally.count("reply")
            return []
        raise ValueError("not a message of the market streams")

    def _on_stream(self, stream: str, data: msgspec.Raw, recv_ns: int) -> list[Tick]:
        """A frame of a combined stream: `data` is what the single stream would have sent."""
        symbol, _, kind = stream.partition("@")
        kind = kind.partition("@")[0]
        if kind in self._readers:
            return self._dispatch(kind, data, recv_ns)
        if kind == "depth":
            return self._dispatch("depthUpdate", data, recv_ns)
        if kind in ("depth5", "depth10", "depth20"):
            return self._on_partial_depth(symbol.upper(), data, recv_ns)
        # User data come under a listen key; what is not read is still counted by its type.
        self._tally.count_named(wire.decode_event_name(data).event or kind or "unknown")
        return []

    def _dispatch(self, kind: str, data: bytes | msgspec.Raw, recv_ns: int) -> list[Tick]:
        reader = self._readers.get(kind)
        if reader is None:
            self._tally.count_named(kind)
            return []
        ticks = reader(data, recv_ns)
        self._tally.count(kind)
        return ticks

    def _on_trade(self, data: bytes | msgspec.Raw, recv_ns: int) -> list[Tick]:
        trade = wire.decode_trade(data)
        return self._trade("trade", trade, 1, recv_ns)

    def _on_agg_trade(self, data: bytes | msgspec.Raw, recv_ns: int) -> list[Tick]:
        trade = wire.decode_agg_trade(data)
        return self._trade("aggTrade", trade, trade.last_id - trade.first_id + 1, recv_ns)

    def _trade(
        self,
        kind: str,
        trade: wire.Trade | wire.AggTrade,
        count: int,
        recv_ns: int,
    ) -> list[Tick]:
        price, size = float(trade.price), float(trade.size)
        if not (0 < price < inf and 0 <= size < inf and count > 0):
            raise ValueError(f"trade of {safe(trade.size, 40)} at {safe(trade.price, 40)}")
        venue_ns, trade_id = wire.time_ns(trade.time), trade.trade_id
        market = self._market(trade.symbol)
        if not market.trade_type:
            market.trade_type = kind
        if kind != market.trade_type or trade_id <= market.trade_id:
            market.trades.repeated += 1
            return []
        ticks: list[Tick] = []
        if market.trade_id >= 0 and trade_id != market.trade_id + 1:
            ticks = self._missed_trades(market, venue_ns, recv_ns)
        market.trade_id = trade_id
        market.trades.received += 1
        side: Side = "sell" if trade.buyer_is_maker else "buy"
        ticks.append(Trade(market.fqme, price, size, side, venue_ns, recv_ns, str(trade_id), count))
        return ticks

    def _missed_trades(self, market: _Market, venue_ns: int, recv_ns: int) -> list[Tick]:
        """A break. It voids what readers hold, so they are told again what is still good.

        Where ids hardly ever follow each other they mean something else, and tell no breaks.
        """
        market.trades.gaps += 1
        if market.trades.gaps > MOST_BREAKS:
            return []
        ticks: list[Tick] = [Break(market.fqme, "gap", venue_ns, recv_ns)]
        if market.book.is_synced:
            ticks.append(self._whole_book(market, recv_ns))
        if (top := market.top) is not None:
            ticks.append(Bid(market.fqme, top[0], top[1], venue_ns, recv_ns))
            ticks.append(Ask(market.fqme, top[2], top[3], venue_ns, recv_ns))
        return ticks

    def _on_book_ticker(self, data: bytes | msgspec.Raw, recv_ns: int) -> list[Tick]:
        ticker = wire.decode_book_ticker(data)
        top = (float(ticker.bid), float(ticker.bid_size), float(ticker.ask), float(ticker.ask_size))
        bid, bid_size, ask, ask_size = top
        if not (0 <= bid < inf and 0 <= bid_size < inf and 0 <= ask < inf and 0 <= ask_size < inf):
            raise ValueError(f"top of book of {safe(ticker.symbol, 40)} is out of range")
        market = self._market(ticker.symbol)
        self._compare_later(market, ticker, top)
        # The venue gives no time with it: ours stands in.
        return self._give_top(market, ticker.update_id, top, recv_ns, recv_ns)

    def _on_depth_update(self, data: bytes | msgspec.Raw, recv_ns: int) -> list[Tick]:
        update = wire.decode_depth_update(data)
        check_levels(update.bids)
        check_levels(update.asks)
        venue_ns = wire.time_ns(update.time)
        if update.last_id < update.first_id:
            raise ValueError(f"update ids run from {update.first_id} to {update.last_id}")
        market = self._market(update.symbol)
        market.has_book = True
        return self._on_outcome(
            market, market.book.update(update), update, venue_ns, recv_ns, gives_book=True
        )

    def _on_outcome(
        self,
        market: _Market,
        outcome: str,
        update: wire.DepthUpdate,
        venue_ns: int,
        recv_ns: int,
        *,
        gives_book: bool,
    ) -> list[Tick]:
        if outcome == "gap":
            market.books.gaps += 1
            market.top = None
            return [Break(market.fqme, "gap", venue_ns, recv_ns)]
        if outcome != "applied":
            market.books.skipped += 1
            return []
        market.books.updates += 1
        top = market.book.top()
        self._compare_now(market, update.last_id, top)
        if not gives_book:
            return []
        changes = Book(
            market.fqme, as_floats(update.bids), as_floats(update.asks), venue_ns, recv_ns
        )
        return [changes, *self._give_top(market, update.last_id, top, venue_ns, recv_ns)]

    def _on_nameless_snapshot(self, data: bytes, recv_ns: int) -> list[Tick]:
        """A depth snapshot in a recording, without its symbol: it is of the market that waits
        for it, as the update ids tell."""
        last_id = wire.decode_depth_snapshot(data).last_update_id
        markets = [market for market in self._markets.values() if market.book.spans(last_id)]
        if not markets and len(self._markets) == 1:
            markets = list(self._markets.values())
        if len(markets) != 1:
            raise ValueError("a depth snapshot that fits no market, or more than one")
        return self._on_snapshot(markets[0], data, recv_ns)

    def _on_snapshot(self, market: _Market, data: bytes, recv_ns: int) -> list[Tick]:
        snapshot = wire.decode_depth_snapshot(data)
        check_levels(snapshot.bids)
        check_levels(snapshot.asks)
        self._tally.count("depth snapshot")
        market.has_book = True
        if market.book.is_synced or not market.book.snapshot(snapshot):
            market.books.skipped += 1
            return []
        market.books.snapshots += 1
        ticks: list[Tick] = []
        if market.was_synced:
            ticks.append(Break(market.fqme, "resync", recv_ns, recv_ns))
            market.top = None
        self._compare_now(market, snapshot.last_update_id, market.book.top())
        for outcome, update in market.book.catch_up():
            # It was counted as skipped when it was buffered.
            market.books.skipped -= outcome == "applied"
            ticks += self._on_outcome(market, outcome, update, recv_ns, recv_ns, gives_book=False)
        if market.book.update_id is None:
            return ticks
        market.was_synced = True
        ticks.append(self._whole_book(market, recv_ns))
        top_id = market.book.update_id
        return ticks + self._give_top(market, top_id, market.book.top(), recv_ns, recv_ns)

    def _on_partial_depth(self, symbol: str, data: msgspec.Raw, recv_ns: int) -> list[Tick]:
        """The best levels of a book, whole each time: nothing to keep, nothing to prove."""
        snapshot = wire.decode_depth_snapshot(data)
        check_levels(snapshot.bids)
        check_levels(snapshot.asks)
        self._tally.count("partial depth")
        market = self._market(symbol)
        bids, asks = BookSide(is_bid=True), BookSide(is_bid=False)
        bids.replace(snapshot.bids)
        asks.replace(snapshot.asks)
        book = Book(
            market.fqme,
            as_floats(bids.levels()),
            as_floats(asks.levels()),
            recv_ns,
            recv_ns,
            is_snapshot=True,
        )
        top = top_of(bids, asks)
        return [book, *self._give_top(market, snapshot.last_update_id, top, recv_ns, recv_ns)]

    # -- books and tops ----------------------------------------------------------------------

    def _whole_book(self, market: _Market, recv_ns: int) -> Book:
        return Book(
            market.fqme,
            as_floats(market.book.bids.levels()),
            as_floats(market.book.asks.levels()),
            recv_ns,
            recv_ns,
            is_snapshot=True,
        )

    def _give_top(
        self, market: _Market, update_id: int, top: Top, venue_ns: int, recv_ns: int
    ) -> list[Tick]:
        """The sides of `top` that changed, unless something newer was given already."""
        if update_id < market.top_id:
            return []
        market.top_id = update_id
        before = market.top
        market.top = top
        ticks: list[Tick] = []
        if before is None or before[:2] != top[:2]:
            ticks.append(Bid(market.fqme, top[0], top[1], venue_ns, recv_ns))
        if before is None or before[2:] != top[2:]:
            ticks.append(Ask(market.fqme, top[2], top[3], venue_ns, recv_ns))
        return ticks

    def _compare_later(self, market: _Market, ticker: wire.BookTicker, top: Top) -> None:
        """Compare a book ticker with the book at its update id, now or when it comes there."""
        held = market.tops.get(ticker.update_id)
        if held is not None:
            self._compare(market, ticker, held)
        elif market.book.update_id is None or ticker.update_id > market.book.update_id:
            market.tickers[ticker.update_id] = ticker
            if len(market.tickers) > KEPT_TICKERS:
                del market.tickers[next(iter(market.tickers))]

    def _compare_now(self, market: _Market, update_id: int, top: Top) -> None:
        """The book came to `update_id`: compare it with the ticker of that id, if it was there."""
        market.tops[update_id] = top
        if len(market.tops) > KEPT_TOPS:
            del market.tops[next(iter(market.tops))]
        for known_id in list(market.tickers):
            if known_id > update_id:
                break
            ticker = market.tickers.pop(known_id)
            if known_id == update_id:
                self._compare(market, ticker, top)

    def _compare(self, market: _Market, ticker: wire.BookTicker, top: Top) -> None:
        # Both come from decimal text by the same rounding, so floats are equal exactly when
        # the venue wrote the same number.
        market.books.checked += 1
        said = (
            float(ticker.bid),
            float(ticker.bid_size),
            float(ticker.ask),
            float(ticker.ask_size),
        )
        market.books.failed += said != top

    # -- counting ----------------------------------------------------------------------------

    def _market(self, symbol: str) -> _Market:
        market = self._markets.get(symbol)
        if market is None:
            name = fqme_part(symbol)
            if len(self._markets) >= MOST_MARKETS:
                raise ValueError("more symbols than the venue has")
            market = self._markets[symbol] = _Market(symbol, name + self._ending)
            self._symbols[market.fqme] = symbol
        return market

    def _request(self, method: str, streams: Iterable[str]) -> None:
        self._request_id += 1
        self._outgoing.append(
            msgspec.json.encode({"method": method, "params": list(streams), "id": self._request_id})
        )
