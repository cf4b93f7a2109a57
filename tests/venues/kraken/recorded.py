"""A recording of WebSocket v2, as it is told to whoever subscribes.

Books are kept and told level by level, so that each reader may have a depth of its own; whatever
was recorded of a checksum is passed on, right or wrong. Recordings that lost trailing zeros get
them back: the decimals of a pair are those that make the first checksum right. Trades, tickers and
bars are passed on as they are. A pair that nobody lists becomes one of the venue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import islice, product
from typing import Any, Final, NamedTuple

import msgspec

from tests.venues.exchange.playback import Played
from tests.venues.kraken.amounts import encode, fixed, parse_rfc3339
from tests.venues.kraken.bars import SNAPSHOT_TRADES
from tests.venues.kraken.book_view import DEPTHS, Book, as_message, changes
from tests.venues.kraken.checksum import Level, checksum
from tests.venues.kraken.pairs import LISTED, Asset, Pair
from tests.venues.kraken.subscriptions import MARKET_CHANNELS, Key, Subscriptions

Told = dict[str, Any]

SCANNED: Final = 20_000
"""Messages that are looked through for pairs before any is played."""
MOST_DECIMALS: Final = 10

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def decode(body: bytes) -> Told:
    """A message of a market channel; empty for anything else."""
    try:
        message = _decode(body)
    except (msgspec.DecodeError, ArithmeticError, RecursionError):
        return {}
    if not isinstance(message, dict) or message.get("type") not in ("snapshot", "update"):
        return {}
    data = message.get("data")
    if message.get("channel") == "instrument":
        return message if isinstance(data, dict) and _is_each_named(data.get("pairs", [])) else {}
    is_known = message.get("channel") in MARKET_CHANNELS
    return message if is_known and data and _is_each_named(data) else {}


def _is_each_named(parts: object) -> bool:
    return isinstance(parts, list) and all(
        isinstance(part, dict) and isinstance(part.get("symbol"), str) for part in parts
    )


def time_of(body: bytes) -> int | None:
    """The venue's time in a message."""
    message = decode(body)
    data = message.get("data")
    for part in data if isinstance(data, list) else []:
        said = part.get("timestamp") if isinstance(part, dict) else None
        try:
            return parse_rfc3339(said) if isinstance(said, str) else None
        except ValueError:
            return None
    return None


class Listed(NamedTuple):
    """A pair of a recording."""

    pair: Pair
    price: float
    """The first that is seen; 0 if none is."""


def scan(messages: Iterable[Played]) -> dict[str, Listed]:
    """Pairs of a recording by symbol, with the decimals that its books were summed with."""
    told: dict[str, Mapping[str, Any]] = {}
    books: dict[str, Told] = {}
    prices: dict[str, float] = {}
    for played in islice(messages, SCANNED):
        message = decode(played.body)
        if message.get("channel") == "instrument":
            told |= {pair["symbol"]: pair for pair in message["data"].get("pairs", [])}
            continue
        for part in message.get("data", []):
            symbol = part["symbol"]
            prices[symbol] = prices.get(symbol) or _first_price(part)
            if message["channel"] == "book" and message["type"] == "snapshot":
                books.setdefault(symbol, part)
    return {
        symbol: Listed(_pair(symbol, told.get(symbol), books.get(symbol)), price)
        for symbol, price in prices.items()
    }


def _first_price(part: Told) -> float:
    """A price in a message, of whatever channel."""
    for name in ("price", "last", "close"):
        if name in part:
            return float(part[name])
    levels = [*part.get("bids", []), *part.get("asks", [])]
    return float(levels[0]["price"]) if levels else 0.0


def _pair(symbol: str, told: Mapping[str, Any] | None, book: Told | None) -> Pair:
    known = LISTED.by_symbol.get(symbol)
    price_places, size_places = (known.price_places, known.size_places) if known else (5, 8)
    if told is not None:
        price_places, size_places = int(told["price_precision"]), int(told["qty_precision"])
    elif book is not None:
        price_places, size_places = _places(book, (price_places, size_places))
    if known and (known.price_places, known.size_places) == (price_places, size_places):
        return known
    base, _, quote = symbol.partition("/")
    tick = Decimal(1).scaleb(-price_places)
    return Pair(
        base=LISTED.asset(base) or Asset(base, base, base, 10, 5),
        quote=LISTED.asset(quote) or Asset(quote, quote, quote, 4, 2),
        price_places=price_places,
        cost_places=max(5, price_places),
        size_places=size_places,
        tick=tick,
        order_min=known.order_min if known else Decimal(1).scaleb(-size_places),
        cost_min=Decimal("0.5"),
        fqme=f"{base}{quote}.spot.kraken".lower(),
    )


def _places(book: Told, usual: tuple[int, int]) -> tuple[int, int]:
    """Decimals of price and size that make the checksum of a snapshot right; `usual` if none do."""
    asks, bids = _levels(book["asks"]), _levels(book["bids"])
    for prices, sizes in (usual, *product(range(MOST_DECIMALS + 1), repeat=2)):
        if checksum(asks, bids, prices, sizes) == book.get("checksum"):
            return prices, sizes
    return usual


def _levels(given: Iterable[Mapping[str, Any]]) -> list[Level]:
    return [(Decimal(level["price"]), Decimal(level["qty"])) for level in given]


class _Market:
    """What is kept of one recorded pair."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.book: Book | None = None
        self.depth = 0
        self.tops: dict[int, tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]] = {}
        """Of each depth that is read: what its readers have."""
        self.sum = 0
        self.time = ""
        self.trades: list[Any] = []
        self.ticker: Any = None
        self.bars: dict[str, list[Any]] = {}


class Recorded:
    """Takes messages as they are played, and tells readers of market channels."""

    def __init__(self, listed: Mapping[str, Listed], subscriptions: Subscriptions) -> None:
        self._markets = {symbol: _Market(one.pair) for symbol, one in listed.items()}
        self._subscriptions = subscriptions
        self.on_asked: Callable[[], None] = lambda: None
        """Called when somebody subscribes to a pair of it."""
        self.played = 0

    def symbols(self) -> list[str]:
        return list(self._markets)

    def has(self, symbol: str) -> bool:
        return symbol in self._markets

    # -- what readers get --------------------------------------------------------------------

    def snapshot(self, key: Key) -> list[Told]:
        """What a new reader gets; nothing if nothing was played of it yet."""
        self.on_asked()
        market = self._markets[key.name]
        match key.channel:
            case "book":
                return self._book_snapshot(market, int(key.variant))
            case "trade":
                data = market.trades[-SNAPSHOT_TRADES:]
            case "ticker":
                data = [] if market.ticker is None else [market.ticker]
            case _:
                data = market.bars.get(key.variant, [])
        return [{"channel": key.channel, "type": "snapshot", "data": data}] if data else []

    def _book_snapshot(self, market: _Market, depth: int) -> list[Told]:
        if market.book is None:
            return []
        bids, asks = market.book.bids.top(depth), market.book.asks.top(depth)
        market.tops[depth] = (bids, asks)
        levels = list(bids.items()), list(asks.items())
        return [as_message(market.pair, "snapshot", *levels, market.sum, market.time)]

    # -- what is played ----------------------------------------------------------------------

    def tell(self, played: Played) -> None:
        """The next message of the recording."""
        message = decode(played.body)
        data = message.get("data")
        if not isinstance(data, list):
            return
        self.played += 1
        for part in data:
            market = self._markets.get(part.get("symbol", ""))
            if market is not None:
                self._take(market, message["channel"], message["type"], part)

    def _take(self, market: _Market, channel: str, kind: str, part: Told) -> None:
        symbol = market.pair.symbol
        match channel:
            case "book":
                self._take_book(market, kind, part)
            case "trade":
                part = self._exact(market, part, prices=("price",), sizes=("qty",))
                market.trades = [*market.trades[1 - SNAPSHOT_TRADES :], part]
                self._pass_on(Key("trade", symbol), kind, part)
            case "ticker":
                market.ticker = part = self._exact(market, part, prices=_TICKER, sizes=_SIZES)
                for key in self._subscriptions.keys("ticker", symbol):
                    self._pass_on(key, kind, part)
            case _:
                part = self._exact(market, part, prices=_BAR, sizes=("volume",))
                interval = str(part.get("interval", 1))
                kept = market.bars.setdefault(interval, [])
                if kept and kept[-1].get("interval_begin") == part.get("interval_begin"):
                    kept.pop()
                kept.append(part)
                del kept[:-10]
                self._pass_on(Key("ohlc", symbol, interval), kind, part)

    def _take_book(self, market: _Market, kind: str, part: Told) -> None:
        bids, asks = _levels(part["bids"]), _levels(part["asks"])
        market.sum = part.get("checksum", 0)
        market.time = part.get("timestamp", market.time)
        if kind == "snapshot":
            held = max(len(bids), len(asks))
            market.depth = next((depth for depth in DEPTHS if depth >= held), held)
            market.book = Book(market.pair, bids, asks)
            for key in self._subscriptions.keys("book", market.pair.symbol):
                for message in self._book_snapshot(market, int(key.variant)):
                    self._publish(key, message)
            return
        if market.book is None:
            return
        market.book.apply(bids, asks)
        market.book.bids.cut(market.depth)
        market.book.asks.cut(market.depth)
        for key in self._subscriptions.keys("book", market.pair.symbol):
            self._tell_changes(market, key)

    def _tell_changes(self, market: _Market, key: Key) -> None:
        assert market.book is not None
        depth = int(key.variant)
        old_bids, old_asks = market.tops.get(depth, ({}, {}))
        bids, asks = market.book.bids.top(depth), market.book.asks.top(depth)
        market.tops[depth] = (bids, asks)
        news = (
            changes(old_bids, bids, market.book.bids),
            changes(old_asks, asks, market.book.asks),
        )
        if any(news):
            self._publish(key, as_message(market.pair, "update", *news, market.sum, market.time))

    def _exact(
        self, market: _Market, part: Told, *, prices: Iterable[str], sizes: Iterable[str]
    ) -> Told:
        """The same with the decimals of its pair."""
        exact = dict(part)
        for names, places in (
            (prices, market.pair.price_places),
            (sizes, market.pair.size_places),
        ):
            for name in names:
                value = part.get(name)
                if isinstance(value, (int, Decimal)):
                    exact[name] = msgspec.Raw(f"{fixed(Decimal(value), places):f}".encode())
        return {
            name: msgspec.Raw(f"{value:f}".encode()) if isinstance(value, Decimal) else value
            for name, value in exact.items()
        }

    def _pass_on(self, key: Key, kind: str, part: Told) -> None:
        self._publish(key, {"channel": key.channel, "type": kind, "data": [part]})

    def _publish(self, key: Key, message: Told) -> None:
        readers = self._subscriptions.readers(key)
        encoded = encode(message) if readers else b""
        for reader in readers:
            reader.put(encoded)


_TICKER: Final = ("bid", "ask", "last", "vwap", "low", "high", "change")
_SIZES: Final = ("bid_qty", "ask_qty", "volume")
_BAR: Final = ("open", "high", "low", "close", "vwap")
