"""`/0/public/*`: parameters in, the result out. No HTTP here.

https://docs.kraken.com/api-reference/market-data, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.clock import NANOS
from tests.venues.exchange.market import DayStats, SpotMarket
from tests.venues.exchange.venue import SpotExchange
from tests.venues.kraken.amounts import parse_amount, rfc1123, rfc3339, text
from tests.venues.kraken.bars import (
    INTERVALS,
    MOST_BARS,
    MOST_TRADES,
    period,
    rest_bar,
    rest_price,
    rest_trade,
)
from tests.venues.kraken.errors import UNKNOWN_ASSET, UNKNOWN_METHOD, UNKNOWN_PAIR, Refused, invalid
from tests.venues.kraken.market_feed import MarketFeed
from tests.venues.kraken.modes import Modes
from tests.venues.kraken.pairs import Listing, Pair, asset_pair, rest_asset

Params = Mapping[str, str]

MOST_LEVELS: Final = 500
MOST_SPREADS: Final = 200
DAY_NS: Final = 86_400 * NANOS


class Spreads:
    """The last best prices of each pair, as they changed."""

    def __init__(self, exchange: SpotExchange) -> None:
        self._kept: dict[str, list[tuple[int, Decimal, Decimal]]] = {}
        for market in exchange.markets.values():
            self._kept[market.symbol] = []
            market.on_change.append(lambda changed, change: self._see(changed, change.time_ns))

    def _see(self, market: SpotMarket, time_ns: int) -> None:
        best, kept = market.best(), self._kept[market.symbol]
        if best.bid is None or best.ask is None:
            return
        if not kept or kept[-1][1:] != (best.bid, best.ask):
            kept.append((time_ns, best.bid, best.ask))
            del kept[:-MOST_SPREADS]

    def since(self, symbol: str, since_ns: int) -> list[tuple[int, Decimal, Decimal]]:
        return [one for one in self._kept[symbol] if one[0] >= since_ns]


class PublicRest:
    """Answers by method name. Raises `Refused`."""

    def __init__(
        self, exchange: SpotExchange, listing: Listing, modes: Modes, feed: MarketFeed
    ) -> None:
        self._exchange = exchange
        self._listing = listing
        self._modes = modes
        self._feed = feed
        self._spreads = Spreads(exchange)
        self._methods: dict[str, Callable[[Params, int], Any]] = {
            "Time": self._time,
            "SystemStatus": self._status,
            "Assets": self._assets,
            "AssetPairs": self._pairs,
            "Ticker": self._ticker,
            "OHLC": self._ohlc,
            "Depth": self._depth,
            "Trades": self._trades,
            "Spread": self._spread,
        }

    def counted_by(self, method: str, params: Params) -> str:
        """What the rate limit of a request goes by, besides the address."""
        return params.get("pair", "") if method in ("Trades", "OHLC") else ""

    def answer(self, method: str, params: Params, now_ns: int) -> Any:
        if method not in self._methods:
            raise Refused(UNKNOWN_METHOD)
        return self._methods[method](params, now_ns)

    def _time(self, params: Params, now_ns: int) -> Any:
        return {"unixtime": now_ns // NANOS, "rfc1123": rfc1123(now_ns)}

    def _status(self, params: Params, now_ns: int) -> Any:
        return {"status": self._modes.system, "timestamp": rfc3339(now_ns, 0)}

    def _assets(self, params: Params, now_ns: int) -> Any:
        names = _list(params, "asset")
        found = [self._listing.asset(name) for name in names] if names else self._listing.assets
        if None in found:
            raise Refused(UNKNOWN_ASSET)
        return {asset.key: rest_asset(asset) for asset in found if asset is not None}

    def _pairs(self, params: Params, now_ns: int) -> Any:
        info = params.get("info", "info")
        told = {}
        for key, pair in self._asked_pairs(params).items():
            whole = asset_pair(pair) | {"status": self._modes.pair(pair.symbol)}
            told[key] = _part(whole, info)
        return told

    def _ticker(self, params: Params, now_ns: int) -> Any:
        asked = self._asked_pairs(params)
        return {key: self._told_ticker(pair, now_ns) for key, pair in asked.items()}

    def _told_ticker(self, pair: Pair, now_ns: int) -> dict[str, Any]:
        market = self._market(pair)
        day, best = self._feed.day(market, now_ns), market.best()
        today = _today(market, now_ns)
        return {
            "a": _side(best.ask, best.ask_size, pair),
            "b": _side(best.bid, best.bid_size, pair),
            "c": [rest_price(day.last, pair), text(day.last_size, 8)],
            "v": [text(today.volume, 8), text(day.volume, 8)],
            "p": [rest_price(today.average, pair), rest_price(day.average, pair)],
            "t": [today.trades, day.trades],
            "l": [rest_price(today.low, pair), rest_price(day.low, pair)],
            "h": [rest_price(today.high, pair), rest_price(day.high, pair)],
            "o": rest_price(today.open, pair),
        }

    def _ohlc(self, params: Params, now_ns: int) -> Any:
        (key, pair), interval = self._one_pair(params), _whole(params, "interval", 1)
        if interval not in INTERVALS:
            raise invalid("interval")
        length = interval * 60 * NANOS
        open_ns = now_ns // length * length
        first_ns = open_ns - (MOST_BARS - 1) * length
        bars = self._market(pair).bars(period(interval), first_ns, now_ns + 1, now_ns)
        since_ns = _whole(params, "since", 0) * NANOS
        told = [rest_bar(bar, pair) for bar in bars if bar.start_ns > since_ns or not since_ns]
        # The last bar is open; what comes after the one before it is news the next time.
        return {key: told, "last": (open_ns - length) // NANOS}

    def _depth(self, params: Params, now_ns: int) -> Any:
        (key, pair), count = self._one_pair(params), _whole(params, "count", 100)
        if not 1 <= count <= MOST_LEVELS:
            raise invalid("count")
        market = self._market(pair)

        def told(levels: list[tuple[Decimal, Decimal]]) -> list[Any]:
            seconds = now_ns // NANOS
            return [[rest_price(price, pair), text(size, 3), seconds] for price, size in levels]

        asks, bids = market.asks(count), market.bids(count)
        return {key: {"asks": told(asks), "bids": told(bids)}}

    def _trades(self, params: Params, now_ns: int) -> Any:
        (key, pair), count = self._one_pair(params), _whole(params, "count", MOST_TRADES)
        if not 1 <= count <= MOST_TRADES:
            raise invalid("count")
        tape, since = self._market(pair).tape, params.get("since", "")
        if since:
            since_ns = _since_ns(since)
            trades = tape.between(since_ns + 1, now_ns + 1, count)
        else:
            since_ns, trades = now_ns, tape.last(count)
        last_ns = trades[-1].time_ns if trades else since_ns
        return {key: [rest_trade(one, pair) for one in trades], "last": str(last_ns)}

    def _spread(self, params: Params, now_ns: int) -> Any:
        key, pair = self._one_pair(params)
        since_ns = _whole(params, "since", 0) * NANOS
        told = [
            [time_ns // NANOS, rest_price(bid, pair), rest_price(ask, pair)]
            for time_ns, bid, ask in self._spreads.since(pair.symbol, since_ns)
        ]
        return {key: told, "last": now_ns // NANOS}

    # -- parameters ------------------------------------------------------------------------------

    def _market(self, pair: Pair) -> SpotMarket:
        return self._exchange.markets[pair.symbol]

    def _one_pair(self, params: Params) -> tuple[str, Pair]:
        """A pair, and the name that it has in the answer."""
        name = params.get("pair", "")
        if not name:
            raise invalid("")
        return self._found(name)

    def _asked_pairs(self, params: Params) -> dict[str, Pair]:
        """Pairs by the names that they have in the answer; all if none are named."""
        names = _list(params, "pair")
        if not names:
            return {pair.key: pair for pair in self._listing.pairs}
        return dict(self._found(name) for name in names)

    def _found(self, name: str) -> tuple[str, Pair]:
        """One that is asked for with a slash keeps that name, as clients of the venue count on."""
        pair = self._listing.pair(name)
        if pair is None:
            raise Refused(UNKNOWN_PAIR)
        return name if "/" in name else pair.key, pair


def _part(pair: dict[str, Any], info: str) -> dict[str, Any]:
    """The part of a pair that `info` asks for."""
    fields = {
        "leverage": ("leverage_buy", "leverage_sell"),
        "fees": ("fees", "fees_maker", "fee_volume_currency"),
        "margin": ("margin_call", "margin_level"),
    }
    if info == "info":
        return pair
    if info not in fields:
        raise invalid("info")
    return {name: pair[name] for name in fields[info] if name in pair}


def _today(market: SpotMarket, now_ns: int) -> DayStats:
    """Since midnight, UTC."""
    return market.stats(now_ns, max(60, now_ns % DAY_NS // (60 * NANOS) * 60))


def _side(price: Decimal | None, size: Decimal, pair: Pair) -> list[str]:
    """A best price, with its size in whole units and in all of them."""
    told = rest_price(price or Decimal(0), pair)
    return [told, str(max(1, int(size))), text(size, 3)]


def _list(params: Params, name: str) -> list[str]:
    return [one.strip() for one in params.get(name, "").split(",") if one.strip()]


def _whole(params: Params, name: str, usual: int) -> int:
    given = params.get(name, "")
    if not given:
        return usual
    try:
        return int(parse_amount(given))
    except ValueError:
        raise invalid(name) from None


def _since_ns(given: str) -> int:
    """Nanoseconds, as `last` is told; seconds, with a fraction too, are taken as well."""
    try:
        value = parse_amount(given)
    except ValueError:
        raise invalid("since") from None
    return int(value) if value >= 10**14 else int(value * NANOS)
