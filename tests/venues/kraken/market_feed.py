"""The market channels: what new readers get first, and what is told as markets go on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from engine.clock import NANOS
from tests.venues.exchange.bars import Bar
from tests.venues.exchange.faults import Faults
from tests.venues.exchange.market import BookChange, DayStats, SpotMarket
from tests.venues.exchange.tape import PublicTrade
from tests.venues.exchange.venue import SpotExchange
from tests.venues.kraken.amounts import encode, number, rfc3339
from tests.venues.kraken.bars import SNAPSHOT_TRADES, period, socket_bar, socket_trade
from tests.venues.kraken.book_view import Book
from tests.venues.kraken.modes import Modes
from tests.venues.kraken.pairs import Asset, Listing, Pair
from tests.venues.kraken.recorded import Recorded
from tests.venues.kraken.subscriptions import Key, Subscriptions

Told = dict[str, Any]

SNAPSHOT_BARS: Final = 10
_STATS_NS: Final = 10 * NANOS
"""How long statistics of a day are carried on by trades before they are made anew."""


class MarketFeed:
    """Listens to every market, and keeps what readers of its channels have."""

    def __init__(
        self,
        exchange: SpotExchange,
        listing: Listing,
        modes: Modes,
        subscriptions: Subscriptions,
        faults: Faults,
    ) -> None:
        self._exchange = exchange
        self._listing = listing
        self._modes = modes
        self._subscriptions = subscriptions
        self._faults = faults
        self.recorded: Recorded | None = None
        """Whose pairs are told from a recording."""
        self._books: dict[str, Book] = {}
        self._days: dict[str, tuple[int, DayStats]] = {}
        self._bars: dict[Key, Bar] = {}
        for market in exchange.markets.values():
            market.on_change.append(self._on_change)
            market.on_trade.append(self._on_trade)

    # -- snapshots -----------------------------------------------------------------------------

    def snapshot(self, key: Key, now_ns: int) -> list[Told]:
        """What a new reader of `key` gets first."""
        if key.channel == "instrument":
            return [self.instruments("snapshot", self._listing.pairs)]
        if self.recorded is not None and self.recorded.has(key.name):
            return self.recorded.snapshot(key)
        pair = self._listing.by_symbol[key.name]
        market = self._exchange.markets[key.name]
        match key.channel:
            case "book":
                book, depth = self._book(market), int(key.variant)
                if len(self._subscriptions.readers(key)) < 2:
                    book.drop_view(depth)  # nobody had it told of changes
                return [book.view(depth).snapshot(now_ns)]
            case "trade":
                trades = market.tape.last(SNAPSHOT_TRADES)
                return [_message("trade", "snapshot", [socket_trade(one, pair) for one in trades])]
            case "ohlc":
                return [self._bars_message(key, market, now_ns)]
            case _:
                return [_message("ticker", "snapshot", [self._ticker(pair, market, now_ns)])]

    def instruments(self, kind: str, pairs: tuple[Pair, ...]) -> Told:
        """`instrument`: all of them, or those that changed."""
        assets = [_asset(asset) for asset in self._listing.assets] if kind == "snapshot" else []
        told = [_pair(pair, self._modes.pair(pair.symbol)) for pair in pairs]
        return {"channel": "instrument", "type": kind, "data": {"assets": assets, "pairs": told}}

    def _bars_message(self, key: Key, market: SpotMarket, now_ns: int) -> Told:
        interval = int(key.variant)
        length = interval * 60 * NANOS
        start_ns = now_ns // length * length - 30 * length
        bars = market.bars(period(interval), start_ns, now_ns + 1, now_ns)
        told = [bar for bar in bars if bar.trades][-SNAPSHOT_BARS:]
        pair = self._listing.by_symbol[key.name]
        message = _message("ohlc", "snapshot", [socket_bar(bar, pair, interval) for bar in told])
        return message | {"timestamp": rfc3339(now_ns, 9)}

    # -- what happens ----------------------------------------------------------------------------

    def _is_recorded(self, market: SpotMarket) -> bool:
        return self.recorded is not None and self.recorded.has(market.symbol)

    def _on_change(self, market: SpotMarket, change: BookChange) -> None:
        if self._is_recorded(market):
            return
        book = self._books.get(market.symbol)
        if book is not None:
            book.apply(change.bids, change.asks)
            self._tell_book(book, market.symbol, change.time_ns)
        self._tell_ticker(market, "bbo", change.time_ns)

    def _tell_book(self, book: Book, symbol: str, time_ns: int) -> None:
        keys = self._subscriptions.keys("book", symbol)
        if not keys:
            del self._books[symbol]  # made anew when somebody asks for it
            return
        for key in keys:
            message = book.view(int(key.variant)).update(time_ns)
            if message is not None:
                self._publish(key, message)

    def _on_trade(self, market: SpotMarket, trade: PublicTrade) -> None:
        pair = self._listing.by_symbol[market.symbol]
        self._carry_on(market.symbol, trade)
        if self._is_recorded(market):
            return
        for key in self._subscriptions.keys("trade", market.symbol):
            self._publish(key, _message("trade", "update", [socket_trade(trade, pair)]))
        for key in self._subscriptions.keys("ohlc", market.symbol):
            self._tell_bar(key, market, pair, trade)
        self._tell_ticker(market, "trades", trade.time_ns)

    def _tell_bar(self, key: Key, market: SpotMarket, pair: Pair, trade: PublicTrade) -> None:
        interval = int(key.variant)
        length = interval * 60 * NANOS
        start_ns = trade.time_ns // length * length
        bar = market.bars(period(interval), start_ns, start_ns + 1, trade.time_ns)[-1]
        message = _message("ohlc", "update", [socket_bar(bar, pair, interval)])
        self._publish(key, message | {"timestamp": rfc3339(trade.time_ns, 9)})

    def _tell_ticker(self, market: SpotMarket, trigger: str, time_ns: int) -> None:
        for key in self._subscriptions.keys("ticker", market.symbol):
            if key.variant != trigger:
                continue
            pair = self._listing.by_symbol[market.symbol]
            message = _message("ticker", "update", [self._ticker(pair, market, time_ns)])
            self._publish(key, message)

    def tell_instruments(self, pairs: tuple[Pair, ...]) -> None:
        """These pairs changed."""
        self._publish(Key("instrument"), self.instruments("update", pairs))

    def _publish(self, key: Key, message: Told) -> None:
        faults = self._faults
        if faults.silent_streams or (key.channel == "book" and faults.takes("skip_updates")):
            return
        encoded = encode(message)
        if faults.takes("corrupt_updates"):
            encoded = encoded[: len(encoded) // 2] + b"\x00?"
        for reader in self._subscriptions.readers(key):
            reader.put(encoded)

    # -- kept ------------------------------------------------------------------------------------

    def _book(self, market: SpotMarket) -> Book:
        if market.symbol not in self._books:
            pair = self._listing.by_symbol[market.symbol]
            self._books[market.symbol] = Book(pair, market.bids(), market.asks())
        return self._books[market.symbol]

    def day(self, market: SpotMarket, now_ns: int) -> DayStats:
        """What traded in the last 24 hours."""
        made_ns, stats = self._days.get(market.symbol, (0, None))
        if stats is None or now_ns - made_ns > _STATS_NS:
            stats = market.stats(now_ns)
            self._days[market.symbol] = (now_ns, stats)
        return stats

    def _carry_on(self, symbol: str, trade: PublicTrade) -> None:
        if symbol not in self._days:
            return
        made_ns, stats = self._days[symbol]
        self._days[symbol] = (
            made_ns,
            replace(
                stats,
                high=max(stats.high, trade.price),
                low=min(stats.low, trade.price),
                last=trade.price,
                last_size=trade.size,
                volume=stats.volume + trade.size,
                quote_volume=stats.quote_volume + trade.cost,
                trades=stats.trades + 1,
            ),
        )

    def _ticker(self, pair: Pair, market: SpotMarket, now_ns: int) -> Told:
        stats, best = self.day(market, now_ns), market.best()
        places, sizes = pair.price_places, pair.size_places
        nothing = Decimal(0)
        return {
            "symbol": pair.symbol,
            "bid": number(best.bid or nothing, places),
            "bid_qty": number(best.bid_size, sizes),
            "ask": number(best.ask or nothing, places),
            "ask_qty": number(best.ask_size, sizes),
            "last": number(stats.last, places),
            "volume": number(stats.volume, sizes),
            "vwap": number(stats.average, places),
            "low": number(stats.low, places),
            "high": number(stats.high, places),
            "change": number(stats.change, places),
            "change_pct": number(stats.change_percent, 2),
            "timestamp": rfc3339(now_ns),
        }


def _message(channel: str, kind: str, data: list[Told]) -> Told:
    return {"channel": channel, "type": kind, "data": data}


def _asset(asset: Asset) -> Told:
    return {
        "id": asset.symbol,
        "status": "enabled",
        "precision": asset.decimals,
        "precision_display": asset.shown,
        "borrowable": False,
        "collateral_value": number(Decimal(1 if asset.is_cash else 0), 2),
        "margin_rate": number(Decimal(0), 6),
    }


def _pair(pair: Pair, status: str) -> Told:
    step = Decimal(1).scaleb(-pair.size_places)
    return {
        "symbol": pair.symbol,
        "base": pair.base.symbol,
        "quote": pair.quote.symbol,
        "status": status,
        "qty_precision": pair.size_places,
        "qty_increment": number(step, pair.size_places),
        "price_precision": pair.price_places,
        "cost_precision": pair.cost_places,
        "marginable": False,
        "has_index": True,
        "cost_min": number(pair.cost_min, 5),
        "tick_size": number(pair.tick, pair.price_places),
        "price_increment": number(pair.tick, pair.price_places),
        "qty_min": number(pair.order_min, pair.size_places),
    }
