"""One Kraken v2 market-data connection as a protocol: bytes in, ticks and bytes out.

No socket, no clock, no awaiting. Whoever drives it stamps what arrives and sends what
`data_to_send` returns. A book whose checksum fails is void: the session asks for it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from math import inf
from typing import Literal

import msgspec

from brokers.kraken import wire
from brokers.kraken.book import LocalBook, as_levels
from brokers.kraken.halts import Halts
from brokers.levels import FloatLevels, Top, as_floats, check_levels
from brokers.statistics import (
    FAULTS,
    MOST_BREAKS,
    MOST_MARKETS,
    BookStatistics,
    SessionStatistics,
    Tally,
    TradeStatistics,
)
from engine.instruments import Instrument
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from engine.text import safe

PROOF = "checksum of the book"

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")


class _Market:
    """What is kept of one pair."""

    def __init__(self, symbol: str, fqme: str) -> None:
        self.symbol = symbol
        self.fqme = fqme
        self.book = LocalBook()
        self.books = BookStatistics()
        self.trades = TradeStatistics()
        self.trade_id: int | None = None
        self.top: Top | None = None
        """As last given on; None before the first, and after a break: readers know none then."""
        self.has_book = False
        self.has_trades = False
        self.was_synced = False

    @property
    def is_synced(self) -> bool:
        return self.book.is_synced


class Session:
    """See the module. `venue` is the middle part of the fqmes it gives."""

    def __init__(self, *, venue: str = "spot", broker: str = "kraken") -> None:
        self._ending = f".{venue}.{broker}"
        self._markets: dict[str, _Market] = {}
        self._symbols: dict[str, str] = {}
        self._pairs: dict[str, wire.Pair] = {}
        self._halts = Halts()
        self._new_pairs: list[str] = []
        self._tally = Tally()
        self._outgoing: list[bytes] = []
        self._request_id = 0

    # -- what goes out ---------------------------------------------------------------------

    def subscribe(self, channel: str, symbols: Iterable[str], **params: object) -> None:
        """Ask for a channel of these pairs: `subscribe("book", ["BTC/USD"], depth=10)`."""
        self._request("subscribe", {"channel": channel, "symbol": list(symbols), **params})

    def unsubscribe(self, channel: str, symbols: Iterable[str], **params: object) -> None:
        self._request("unsubscribe", {"channel": channel, "symbol": list(symbols), **params})

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
            return self._receive(data, recv_ns)
        except FAULTS as error:
            self._tally.count_fault(error)
            return []

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
        envelope = wire.decode_envelope(data)
        ticks: list[Tick] = []
        match envelope.channel:
            case "book":
                for book in wire.decode_books(envelope.data):
                    ticks += self._on_book(book, envelope.type == "snapshot", recv_ns)
            case "trade":
                ticks += self._on_trades(wire.decode_trades(envelope.data), envelope.type, recv_ns)
            case "ticker":
                for ticker in wire.decode_tickers(envelope.data):
                    ticks += self._on_ticker(ticker, recv_ns)
            case "instrument":
                for pair in wire.decode_instruments(envelope.data).pairs:
                    ticks += self._on_pair(pair, recv_ns)
            case "status":
                for status in wire.decode_statuses(envelope.data):
                    self._halts.on_exchange(status.system)
                    ticks += self._on_statuses(self._markets, recv_ns)
            case "" if not envelope.method and envelope.error is msgspec.UNSET:
                raise ValueError("not a message of the v2 API")
            case _:
                pass
        if self._new_pairs:
            new_pairs, self._new_pairs = self._new_pairs, []
            ticks = self._breaks(self._halts.news_of(new_pairs), recv_ns) + ticks
        name = envelope.channel or envelope.method or "error"
        self._tally.count_named(f"{name} {envelope.type}".strip())
        return ticks

    def _on_book(self, data: wire.BookData, is_snapshot: bool, recv_ns: int) -> list[Tick]:
        bids, asks = as_levels(data.bids), as_levels(data.asks)
        check_levels(bids)
        check_levels(asks)
        venue_ns = wire.time_ns(data.timestamp) if data.timestamp else recv_ns
        market = self._market(data.symbol)
        market.has_book = True
        outcome = market.book.snapshot(data) if is_snapshot else market.book.update(data)
        if outcome == "no book":
            market.books.skipped += 1
            return []
        market.books.checked += 1
        if outcome == "failed":
            return self._on_failed(market, venue_ns, recv_ns)
        if is_snapshot:
            return self._on_whole_book(market, venue_ns, recv_ns)
        market.books.updates += 1
        # What fell out of the subscribed depth is no longer kept up to date: it is removed.
        changed_bids = as_floats(bids) + _removals(market.book.cut_bids)
        changed_asks = as_floats(asks) + _removals(market.book.cut_asks)
        changes = Book(market.fqme, changed_bids, changed_asks, venue_ns, recv_ns)
        return [changes, *self._give_top(market, market.book.top(), venue_ns, recv_ns)]

    def _on_failed(self, market: _Market, venue_ns: int, recv_ns: int) -> list[Tick]:
        market.books.failed += 1
        market.books.gaps += 1
        market.top = None
        depth = market.book.depth
        self.unsubscribe("book", [market.symbol], depth=depth)
        self.subscribe("book", [market.symbol], depth=depth)
        return [Break(market.fqme, "gap", venue_ns, recv_ns)]

    def _on_whole_book(self, market: _Market, venue_ns: int, recv_ns: int) -> list[Tick]:
        market.books.snapshots += 1
        ticks: list[Tick] = []
        if market.was_synced:
            ticks.append(Break(market.fqme, "resync", venue_ns, recv_ns))
            market.top = None
        market.was_synced = True
        ticks.append(self._whole_book(market, venue_ns, recv_ns))
        return ticks + self._give_top(market, market.book.top(), venue_ns, recv_ns)

    def _on_trades(self, trades: list[wire.TradeData], kind: str, recv_ns: int) -> list[Tick]:
        """A snapshot holds the newest trades before the stream began: they belong to history.

        After a reconnect the same message fills what was missed.
        """
        fresh = {trade.symbol for trade in trades if self._market(trade.symbol).trade_id is None}
        ticks: list[Tick] = []
        for trade in trades:
            is_history = kind == "snapshot" and trade.symbol in fresh
            ticks += self._on_trade(trade, is_history, recv_ns)
        return ticks

    def _on_trade(self, trade: wire.TradeData, is_history: bool, recv_ns: int) -> list[Tick]:
        if not (0 < trade.price < inf and 0 <= trade.qty < inf):
            raise ValueError(f"trade of {trade.qty} at {trade.price}")
        venue_ns = wire.time_ns(trade.timestamp)
        market = self._market(trade.symbol)
        market.has_trades = True
        known = market.trade_id
        if is_history:
            market.trade_id = trade.trade_id
            market.trades.repeated += 1
            return []
        if known is not None and trade.trade_id <= known:
            market.trades.repeated += 1
            return []
        ticks: list[Tick] = []
        if known is not None and trade.trade_id != known + 1:
            ticks = self._missed_trades(market, venue_ns, recv_ns)
        market.trade_id = trade.trade_id
        market.trades.received += 1
        ticks.append(
            Trade(
                market.fqme,
                trade.price,
                trade.qty,
                trade.side,
                venue_ns,
                recv_ns,
                str(trade.trade_id),
            )
        )
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
            ticks.append(self._whole_book(market, venue_ns, recv_ns))
        if (top := market.top) is not None:
            ticks.append(Bid(market.fqme, top[0], top[1], venue_ns, recv_ns))
            ticks.append(Ask(market.fqme, top[2], top[3], venue_ns, recv_ns))
        return ticks

    def _on_ticker(self, ticker: wire.TickerData, recv_ns: int) -> list[Tick]:
        top = (ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)
        if not all(0 <= number < inf for number in top):
            raise ValueError(f"top of book of {safe(ticker.symbol, 40)} is out of range")
        venue_ns = wire.time_ns(ticker.timestamp) if ticker.timestamp else recv_ns
        market = self._market(ticker.symbol)
        if market.book.is_synced:
            return []
        return self._give_top(market, top, venue_ns, recv_ns)

    def _on_pair(self, pair: wire.Pair, recv_ns: int) -> list[Tick]:
        if pair.price_increment <= 0 or pair.qty_increment <= 0:
            raise ValueError(f"{safe(pair.symbol, 40)} has no price or size step")
        market = self._market(pair.symbol)
        market.book.precision.declare(pair.price_precision, pair.qty_precision)
        self._pairs[pair.symbol] = pair
        self._halts.on_pair(pair.symbol, pair.status)
        return self._on_statuses([pair.symbol], recv_ns)

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

    def _whole_book(self, market: _Market, venue_ns: int, recv_ns: int) -> Book:
        return Book(
            market.fqme,
            as_floats(market.book.bids.levels()),
            as_floats(market.book.asks.levels()),
            venue_ns,
            recv_ns,
            is_snapshot=True,
        )

    def _give_top(self, market: _Market, top: Top, venue_ns: int, recv_ns: int) -> list[Tick]:
        """The sides of `top` that changed."""
        before = market.top
        market.top = top
        ticks: list[Tick] = []
        if before is None or before[:2] != top[:2]:
            ticks.append(Bid(market.fqme, top[0], top[1], venue_ns, recv_ns))
        if before is None or before[2:] != top[2:]:
            ticks.append(Ask(market.fqme, top[2], top[3], venue_ns, recv_ns))
        return ticks

    def _market(self, symbol: str) -> _Market:
        market = self._markets.get(symbol)
        if market is None:
            name = fqme_part(symbol)
            if len(self._markets) >= MOST_MARKETS:
                raise ValueError("more pairs than the venue has")
            market = self._markets[symbol] = _Market(symbol, name + self._ending)
            self._new_pairs.append(symbol)
            self._symbols[market.fqme] = symbol
        return market

    def _request(self, method: str, params: dict[str, object]) -> None:
        self._request_id += 1
        self._outgoing.append(
            msgspec.json.encode({"method": method, "params": params, "req_id": self._request_id})
        )


def fqme_part(symbol: str) -> str:
    """A pair of the venue as the first part of an fqme: `BTC/USD` is `btcusd`.

    Raises:
        ValueError: it cannot be one: not letters, digits, `_`, `-`.
    """
    name = symbol.replace("/", "").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{safe(symbol, 40)!r} cannot be part of a market's name")
    return name


def as_instrument(pair: wire.Pair, fqme: str) -> Instrument:
    return Instrument(
        fqme=fqme,
        symbol=pair.symbol,
        base=pair.base,
        quote=pair.quote,
        price_tick=pair.price_increment,
        size_step=pair.qty_increment,
        min_size=pair.qty_min,
        min_notional=pair.cost_min,
    )


def _removals(prices: list[Decimal]) -> FloatLevels:
    return tuple([(float(price), 0.0) for price in prices])
