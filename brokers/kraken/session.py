"""Kraken v2 market data as a protocol: bytes in, ticks and bytes out.

No socket, no clock, no awaiting. Whoever drives it stamps what arrives and sends what
`data_to_send` returns. A book whose checksum fails is void: the session asks for it anew, some
times, and then shows it as unverified. What is told to a venue that listens, and what is done
about trades that were missed, is in `live`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from operator import attrgetter
from typing import Any, Final, Literal, get_args

import msgspec

from brokers.kraken import wire
from brokers.kraken.halts import Halts
from brokers.kraken.market import SLOW_RETRY_NS, Market, Traded
from brokers.kraken.pairs import as_instrument, fqme_part
from brokers.levels import Top
from brokers.statistics import FAULTS, MOST_MARKETS, SessionStatistics, Tally
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from engine.text import safe

PROOF: Final = "checksum of the book"


class Session:
    """See the module. `venue` is the middle part of the fqmes it gives."""

    def __init__(self, *, venue: str = "spot", broker: str = "kraken") -> None:
        self._ending = f".{venue}.{broker}"
        self._markets: dict[str, Market] = {}
        self._symbols: dict[str, str] = {}
        self._pairs: dict[str, wire.Pair] = {}
        self._halts = Halts()
        self._new_pairs: list[str] = []
        self._due: dict[str, int] = {}
        """When the books of which pairs are to be asked for anew, in our time."""
        self._tally = Tally()
        self._outgoing: list[bytes] = []
        self._request_id = 0
        self._readers: Final[dict[type, Callable[[Any, int], list[Tick]]]] = {
            wire.BookMessage: self._on_books,
            wire.TradeMessage: self._on_trades,
            wire.TickerMessage: self._on_tickers,
            wire.InstrumentMessage: self._on_pairs,
            wire.StatusMessage: self._on_exchange,
            wire.Heartbeat: _on_heartbeat,
        }

    # -- what goes out ---------------------------------------------------------------------

    def subscribe(self, channel: str, symbols: Iterable[str], **params: object) -> int:
        """Ask for a channel of these pairs: `subscribe("book", ["BTC/USD"], depth=10)`. Returns
        the number that the answers will have."""
        return self._request("subscribe", {"channel": channel, "symbol": list(symbols), **params})

    def unsubscribe(self, channel: str, symbols: Iterable[str], **params: object) -> int:
        return self._request("unsubscribe", {"channel": channel, "symbol": list(symbols), **params})

    def data_to_send(self) -> list[bytes]:
        """Text frames to send now, in order; each is returned once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    # -- what comes in ---------------------------------------------------------------------

    def receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        """Take one text frame that arrived at `recv_ns`.

        Never raises: a frame that is not what the venue documents is counted and left out.
        """
        try:
            ticks = self._receive(data, recv_ns)
        except FAULTS as error:
            self._tally.count_fault(error)
            ticks = []
        if self._due:
            self._ask_for_due(recv_ns)
        return ticks

    def instruments(self) -> dict[str, Instrument]:
        """By fqme: every pair that the `instrument` channel told of."""
        told = {}
        for pair in self._pairs.values():
            fqme = fqme_part(pair.symbol) + self._ending
            told[fqme] = as_instrument(pair, fqme)
        return told

    def symbol(self, fqme: str) -> str:
        """The venue's spelling of a market that messages came for."""
        return self._symbols.get(fqme, fqme)

    def statistics(self) -> SessionStatistics:
        """A snapshot of all counts."""
        return self._tally.statistics(self._markets.values(), PROOF)

    # -- messages --------------------------------------------------------------------------

    def _receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        try:
            message = wire.decode_market(data)
        except msgspec.ValidationError:
            # Another kind of message; or one of these that is not what it should be.
            return self._on_other(data, recv_ns)
        kind = type(message)
        ticks = self._readers[kind](message, recv_ns)
        if self._new_pairs:
            new_pairs, self._new_pairs = self._new_pairs, []
            ticks = self._breaks(self._halts.news_of(new_pairs), recv_ns) + ticks
        self._tally.count(_COUNTED[kind].get(message.type) or self._named(kind, message.type))
        return ticks

    def _on_other(self, data: bytes, recv_ns: int) -> list[Tick]:
        envelope = wire.decode_envelope(data)
        if envelope.channel in wire.CHANNELS:
            wire.decode_market(data)  # says what is wrong with it
        if not (envelope.channel or envelope.method) and envelope.error is msgspec.UNSET:
            raise ValueError("not a message of the v2 API")
        ticks = self._on_answer(data, recv_ns) if envelope.method else []
        name = envelope.channel or envelope.method or "error"
        self._tally.count_named(f"{name} {envelope.type}".strip())
        return ticks

    def _on_answer(self, data: bytes, recv_ns: int) -> list[Tick]:
        """The answer to a request of ours."""
        return []

    def _on_books(self, message: wire.BookMessage, recv_ns: int) -> list[Tick]:
        is_snapshot = message.type == "snapshot"
        if len(message.data) == 1:
            return self._on_book(message.data[0], is_snapshot, recv_ns)
        ticks: list[Tick] = []
        for data in message.data:
            ticks += self._on_book(data, is_snapshot, recv_ns)
        return ticks

    def _on_book(self, data: wire.BookData, is_snapshot: bool, recv_ns: int) -> list[Tick]:
        venue_ns = wire.time_ns(data.timestamp) if data.timestamp else recv_ns
        market = self._market(data.symbol)
        book = market.book
        if is_snapshot:
            outcome = book.snapshot(data)
        else:
            outcome = book.update(data, is_trusting=market.is_unverified)
        market.has_book = True
        if outcome == "no book":
            market.books.skipped += 1
            return []
        market.books.checked += 1
        if outcome != "applied":
            market.books.failed += outcome == "failed"
            return self._on_unproved(market, is_snapshot, venue_ns, recv_ns)
        if is_snapshot or market.is_unverified:
            return self._on_whole_book(market, is_snapshot, venue_ns, recv_ns)
        market.books.updates += 1
        changes = Book(market.fqme, book.bid_changes, book.ask_changes, venue_ns, recv_ns)
        return [changes, *self._give_top(market, book.top(), venue_ns, recv_ns)]

    def _on_unproved(
        self, market: Market, is_snapshot: bool, venue_ns: int, recv_ns: int
    ) -> list[Tick]:
        """The checksum is wrong, or bids and asks cross."""
        if market.is_unverified:
            return [self._whole_book(market, venue_ns, recv_ns)]
        market.books.gaps += 1
        market.top = None
        delay_ns = market.on_failure(recv_ns)
        if delay_ns is not None:
            market.book.void()
            self._due[market.symbol] = recv_ns + delay_ns
            return [Break(market.fqme, "gap", venue_ns, recv_ns)]
        market.is_unverified = True
        market.was_synced = True
        self._due[market.symbol] = recv_ns + SLOW_RETRY_NS
        return [
            Break(market.fqme, "unverified", venue_ns, recv_ns),
            self._whole_book(market, venue_ns, recv_ns),
        ]

    def _on_whole_book(
        self, market: Market, is_snapshot: bool, venue_ns: int, recv_ns: int
    ) -> list[Tick]:
        """It was taken over, or agrees with the proof again, and is good."""
        market.books.snapshots += is_snapshot
        market.books.updates += not is_snapshot
        ticks: list[Tick] = []
        if market.was_synced:
            ticks.append(Break(market.fqme, "resync", venue_ns, recv_ns))
            market.top = None
        market.on_whole_book(recv_ns)
        self._due.pop(market.symbol, None)
        ticks.append(self._whole_book(market, venue_ns, recv_ns))
        return ticks + self._give_top(market, market.book.top(), venue_ns, recv_ns)

    def _ask_for_due(self, now_ns: int) -> None:
        """Ask anew for the books whose time has come."""
        for symbol in [symbol for symbol, due_ns in self._due.items() if due_ns <= now_ns]:
            market = self._markets[symbol]
            if market.is_unverified:
                self._due[symbol] = now_ns + SLOW_RETRY_NS
            else:
                del self._due[symbol]
            self.unsubscribe("book", [symbol], depth=market.book.depth)
            self.subscribe("book", [symbol], depth=market.book.depth)

    def _on_trades(self, message: wire.TradeMessage, recv_ns: int) -> list[Tick]:
        """A snapshot holds the newest trades before the stream began: they belong to history.

        After a reconnect the same message fills what was missed.
        """
        is_snapshot = message.type == "snapshot"
        fresh = (
            {data.symbol for data in message.data if self._market(data.symbol).trade_id is None}
            if is_snapshot
            else ()
        )
        ticks: list[Tick] = []
        trades = sorted(message.data, key=attrgetter("trade_id")) if is_snapshot else message.data
        for data in trades:
            if not (0 < data.price < inf and 0 <= data.qty < inf):
                raise ValueError(f"trade of {data.qty} at {data.price}")
            trade = Traded(
                data.trade_id, data.price, data.qty, data.side, wire.time_ns(data.timestamp)
            )
            market = self._market(data.symbol)
            market.has_trades = True
            if data.symbol in fresh:
                market.trades.repeated += 1
                market.note_trade(trade)
            else:
                ticks += self._on_trade(market, trade, recv_ns)
        return ticks

    def _on_trade(self, market: Market, trade: Traded, recv_ns: int) -> list[Tick]:
        known = market.trade_id
        if known is not None and trade.trade_id <= known:
            market.trades.repeated += 1
            return []
        ticks: list[Tick] = []
        if known is not None and trade.trade_id != known + 1:
            ticks = self._missed_trades(market, trade.time_ns, recv_ns)
        ticks.append(self._give_trade(market, trade, recv_ns))
        return ticks

    def _give_trade(self, market: Market, trade: Traded, recv_ns: int) -> Trade:
        market.note_trade(trade)
        market.trades.received += 1
        return Trade(
            market.fqme,
            trade.price,
            trade.size,
            trade.side,
            trade.time_ns,
            recv_ns,
            str(trade.trade_id),
        )

    def _missed_trades(self, market: Market, venue_ns: int, recv_ns: int) -> list[Tick]:
        """A break. It voids what readers hold, so they are told again what is still good."""
        if not market.trades.count_gap():
            return []
        return [Break(market.fqme, "gap", venue_ns, recv_ns), *self._still_good(market, recv_ns)]

    def _still_good(self, market: Market, now_ns: int) -> list[Tick]:
        """Book and top of a market, for readers that know nothing of it."""
        ticks: list[Tick] = []
        if market.book.is_synced:
            ticks.append(self._whole_book(market, now_ns, now_ns))
        if (top := market.top) is not None:
            ticks.append(Bid(market.fqme, top[0], top[1], now_ns, now_ns))
            ticks.append(Ask(market.fqme, top[2], top[3], now_ns, now_ns))
        return ticks

    def _on_tickers(self, message: wire.TickerMessage, recv_ns: int) -> list[Tick]:
        ticks: list[Tick] = []
        for ticker in message.data:
            ticks += self._on_ticker(ticker, recv_ns)
        return ticks

    def _on_ticker(self, ticker: wire.TickerData, recv_ns: int) -> list[Tick]:
        top = (ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)
        if not all(0 <= number < inf for number in top):
            raise ValueError(f"top of book of {safe(ticker.symbol, 40)} is out of range")
        venue_ns = wire.time_ns(ticker.timestamp) if ticker.timestamp else recv_ns
        market = self._market(ticker.symbol)
        market.ticker = ticker
        if market.book.is_synced:
            return []
        return self._give_top(market, top, venue_ns, recv_ns)

    def _on_pairs(self, message: wire.InstrumentMessage, recv_ns: int) -> list[Tick]:
        ticks: list[Tick] = []
        for pair in message.data.pairs:
            try:
                ticks += self._on_pair(pair, recv_ns)
            except FAULTS as error:  # one pair that cannot be a market spoils none of the others
                self._tally.count_fault(error)
        return ticks

    def _on_pair(self, pair: wire.Pair, recv_ns: int) -> list[Tick]:
        if pair.price_increment <= 0 or pair.qty_increment <= 0:
            raise ValueError(f"{safe(pair.symbol, 40)} has no price or size step")
        market = self._market(pair.symbol)
        market.book.precision.declare(pair.price_precision, pair.qty_precision)
        self._pairs[pair.symbol] = pair
        self._halts.on_pair(pair.symbol, pair.status)
        return self._on_statuses([pair.symbol], recv_ns)

    def _on_exchange(self, message: wire.StatusMessage, recv_ns: int) -> list[Tick]:
        ticks: list[Tick] = []
        for status in message.data:
            self._halts.on_exchange(status.system)
            ticks += self._on_statuses(self._markets, recv_ns)
        return ticks

    def _on_statuses(self, pairs: Iterable[str], recv_ns: int) -> list[Tick]:
        ticks = self._breaks(self._halts.news_of(pairs), recv_ns)
        for tick in ticks:
            self._markets[self.symbol(tick.fqme)].top = None
        return ticks

    def _breaks(self, changes: list[tuple[str, bool]], recv_ns: int) -> list[Tick]:
        """What readers are told of pairs that are halted, or trade again."""
        ticks: list[Tick] = []
        for pair, is_halted in changes:
            market = self._market(pair)
            reason: Literal["halt", "resume"] = "halt" if is_halted else "resume"
            ticks.append(Break(market.fqme, reason, recv_ns, recv_ns))
        return ticks

    # -- books, tops, counting -------------------------------------------------------------------

    def _whole_book(self, market: Market, venue_ns: int, recv_ns: int) -> Book:
        bids, asks = market.book.bids.levels(), market.book.asks.levels()
        return Book(market.fqme, bids, asks, venue_ns, recv_ns, is_snapshot=True)

    def _give_top(self, market: Market, top: Top, venue_ns: int, recv_ns: int) -> list[Tick]:
        """The sides of `top` that changed."""
        before = market.top
        if before == top:
            return []
        market.top = top
        ticks: list[Tick] = []
        if before is None or before[:2] != top[:2]:
            ticks.append(Bid(market.fqme, top[0], top[1], venue_ns, recv_ns))
        if before is None or before[2:] != top[2:]:
            ticks.append(Ask(market.fqme, top[2], top[3], venue_ns, recv_ns))
        return ticks

    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol)
        if market is None:
            name = fqme_part(symbol)
            if len(self._markets) >= MOST_MARKETS:
                raise ValueError("more pairs than the venue has")
            market = self._markets[symbol] = Market(symbol, name + self._ending)
            self._new_pairs.append(symbol)
            self._symbols[market.fqme] = symbol
        return market

    def _named(self, kind: type, said: str) -> str:
        """What a message of this channel is counted as, if its type is not one that is known."""
        return safe(f"{kind.__struct_config__.tag} {said}".strip(), 40)  # type: ignore[attr-defined]

    def _request(self, method: str, params: dict[str, object]) -> int:
        self._request_id += 1
        self._outgoing.append(
            msgspec.json.encode({"method": method, "params": params, "req_id": self._request_id})
        )
        return self._request_id


_COUNTED: Final[dict[type, dict[str, str]]] = {
    kind: {said: f"{kind.__struct_config__.tag} {said}" for said in ("snapshot", "update")}
    for kind in get_args(wire.MarketMessage)
}
"""What messages are counted as, by channel and type."""


def _on_heartbeat(message: wire.Heartbeat, recv_ns: int) -> list[Tick]:
    return []
