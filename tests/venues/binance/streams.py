"""Market streams: who listens to what, and what they are told.

Read 2026-11: `web-socket-streams.md` of https://github.com/binance/binance-spot-api-docs. Names of
streams that do not exist are taken, and nothing comes of them, as at the venue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import msgspec
import trio

from engine.clock import NANOS
from tests.venues.binance import render, stream_payloads
from tests.venues.binance.market_data import PERIODS
from tests.venues.binance.render import Times
from tests.venues.binance.stream_payloads import Payload
from tests.venues.exchange.bars import Bar
from tests.venues.exchange.faults import Faults
from tests.venues.exchange.market import Best, BookChange, SpotMarket
from tests.venues.exchange.tape import PublicTrade

TICK_NS: Final = 100_000_000
_DEPTH: Final = re.compile(r"depth(5|10|20)?(@100ms|@1000ms)?")
_WINDOWS: Final = {"1h": 3600, "4h": 14_400, "1d": 86_400}

Build = Callable[[Times], Payload]


class Subscriber(Protocol):
    """One connection."""

    unit: int
    is_combined: bool

    def put(self, text: bytes) -> None: ...


class Hub:
    """Streams by name. Everything here is called in the order of the market's time."""

    def __init__(self, markets: Iterable[SpotMarket], faults: Faults) -> None:
        self._listeners: dict[str, dict[int, Subscriber]] = {}
        self._faults = faults
        self._is_listened = trio.Event()
        self._feeds = {market.symbol: _Feed(market, self, faults) for market in markets}

    def subscribe(self, name: str, subscriber: Subscriber) -> None:
        self._listeners.setdefault(name, {})[id(subscriber)] = subscriber
        self._is_listened.set()

    async def wait_listened(self) -> None:
        """Until somebody listened to a stream for the first time."""
        await self._is_listened.wait()

    def unsubscribe(self, name: str, subscriber: Subscriber) -> None:
        listeners = self._listeners.get(name, {})
        listeners.pop(id(subscriber), None)
        if not listeners:
            self._listeners.pop(name, None)

    def has(self, name: str) -> bool:
        return name in self._listeners

    def names(self, beginning: str) -> list[str]:
        """Streams that somebody listens to, of that beginning."""
        return [name for name in self._listeners if name.startswith(beginning)]

    def emit(self, name: str, build: Build) -> None:
        """Tell everyone who listens to `name`."""
        listeners = self._listeners.get(name)
        if not listeners or self._faults.silent_streams:
            return
        made: dict[int, bytes] = {}
        for one in tuple(listeners.values()):
            if one.unit not in made:
                made[one.unit] = self._encode(build, one.unit)
            one.put(framed(name, made[one.unit]) if one.is_combined else made[one.unit])

    def _encode(self, build: Build, unit: int) -> bytes:
        if self._faults.takes("corrupt_updates"):
            return b'{"e":"\xef\xbf\xbd","E":-1,"s":7,"b":[["NaN",null]]}'
        return msgspec.json.encode(build(lambda time_ns: time_ns // unit))

    def relay(self, name: str, payload: bytes) -> None:
        """Tell a message that is encoded already."""
        if self._faults.silent_streams:
            return
        for one in tuple(self._listeners.get(name, {}).values()):
            one.put(framed(name, payload) if one.is_combined else payload)

    def tick(self, now_ns: int) -> None:
        """A tenth of a second is over."""
        for feed in self._feeds.values():
            feed.tick(now_ns)
        if now_ns // TICK_NS % 10 == 0:
            self._tell_all(now_ns)

    def flush(self) -> None:
        """Tell what waited for the end of an action."""
        for feed in self._feeds.values():
            feed.flush()

    def _tell_all(self, now_ns: int) -> None:
        """Statistics of every market that traded in the last second."""
        wanted = [name for name in self.names("!") if name.removesuffix("@1000ms").endswith("@arr")]
        if not wanted:
            return
        moved = [feed for feed in self._feeds.values() if feed.has_traded]
        for name in wanted:
            shape = name[1:].removesuffix("@1000ms").removesuffix("@arr")
            found = [build for feed in moved if (build := feed.statistics(shape, now_ns))]
            if found:
                self.emit(name, lambda t, found=found: [build(t) for build in found])  # type: ignore[misc]
        for feed in moved:
            feed.has_traded = False


def framed(name: str, payload: bytes) -> bytes:
    """A message of a combined stream."""
    return b'{"stream":"%s","data":%s}' % (name.encode(), payload)


class _Feed:
    """The streams of one market."""

    def __init__(self, market: SpotMarket, hub: Hub, faults: Faults) -> None:
        self._market = market
        self._hub = hub
        self._faults = faults
        self._prefix = f"{market.symbol.lower()}@"
        self._diffs = {name: _Diff() for name in ("depth", "depth@100ms")}
        self._best: Best | None = None
        self._run: list[PublicTrade] = []
        self._klines: dict[str, int] = {}
        """Start of the bar that each kline stream told last."""
        self._traded: set[str] = set()
        """Kline streams whose bar changed since they told it."""
        self.has_traded = False
        market.on_change.append(self._on_change)
        market.on_trade.append(self._on_trade)

    # -- as it happens -----------------------------------------------------------------------

    def _on_change(self, market: SpotMarket, change: BookChange) -> None:
        for diff in self._diffs.values():
            diff.add(change)
        name = f"{self._prefix}bookTicker"
        if not self._hub.has(name):
            return
        best, before = market.best(), self._best
        self._best = best
        if before is None or _top(best) != _top(before):
            self._hub.emit(name, lambda t: stream_payloads.book_ticker(market.symbol, best))

    def _on_trade(self, market: SpotMarket, trade: PublicTrade) -> None:
        self.has_traded = True
        self._traded.update(self._hub.names(f"{self._prefix}kline_"))
        if self._run and self._run[-1].aggregate_id != trade.aggregate_id:
            self.flush()
        self._run.append(trade)
        self._hub.emit(
            f"{self._prefix}trade", lambda t: stream_payloads.trade(market.symbol, trade, t)
        )

    def flush(self) -> None:
        """Tell the aggregate of the last trades."""
        if not self._run:
            return
        (aggregate,) = self._market.tape.aggregates(self._run)
        self._run = []
        symbol = self._market.symbol
        self._hub.emit(
            f"{self._prefix}aggTrade", lambda t: stream_payloads.aggregate(symbol, aggregate, t)
        )

    # -- by the clock ------------------------------------------------------------------------

    def tick(self, now_ns: int) -> None:
        is_second = now_ns // TICK_NS % 10 == 0
        self._tell_depth(now_ns, is_second)
        klines = self._hub.names(f"{self._prefix}kline_")
        self._klines = {name: at for name, at in self._klines.items() if name in klines}
        for name in klines:
            self._tell_kline(name, now_ns, is_second)
        if is_second:
            self._tell_statistics(now_ns)

    def _tell_depth(self, now_ns: int, is_second: bool) -> None:
        for short, diff in self._diffs.items():
            if short == "depth" and not is_second:
                continue
            if diff.is_empty:
                continue
            payload = diff.take(self._market.symbol, now_ns)
            names = (short, "depth@1000ms") if short == "depth" else (short,)
            for name in (self._prefix + each for each in names):
                if self._hub.has(name) and not self._faults.takes("skip_updates"):
                    self._hub.emit(name, payload)
        for name in self._hub.names(f"{self._prefix}depth"):
            found = _DEPTH.fullmatch(name.removeprefix(self._prefix))
            if found and found[1] and (is_second or found[2] == "@100ms"):
                self._tell_top(name, int(found[1]))

    def _tell_top(self, name: str, levels: int) -> None:
        market = self._market
        bids, asks = market.bids(levels), market.asks(levels)
        payload = {
            "lastUpdateId": market.update_id,
            "bids": render.levels(bids),
            "asks": render.levels(asks),
        }
        self._hub.emit(name, lambda t: payload)

    def _tell_kline(self, name: str, now_ns: int, is_second: bool) -> None:
        """The bar when it changed, and once more when it is over."""
        interval = name.removeprefix(f"{self._prefix}kline_")
        if interval not in PERIODS:
            return
        period = PERIODS[interval]
        start_ns = period.start(now_ns)
        before_ns = self._klines.setdefault(name, start_ns)
        is_due = is_second and (interval == "1s" or now_ns // NANOS % 2 == 0)
        if start_ns != before_ns:
            self._klines[name] = start_ns
            for bar in self._market.bars(period, before_ns, start_ns, now_ns):
                self._emit_kline(name, interval, bar, now_ns, is_closed=True)
            self._traded.discard(name)
        elif is_due and name in self._traded:
            self._traded.discard(name)
            for bar in self._market.bars(period, start_ns, now_ns + 1, now_ns)[:1]:
                self._emit_kline(name, interval, bar, now_ns, is_closed=False)

    def _emit_kline(
        self, name: str, interval: str, bar: Bar, now_ns: int, *, is_closed: bool
    ) -> None:
        market = self._market
        ids = market.trade_ids(bar.start_ns, bar.end_ns)

        def build(t: Times) -> Payload:
            return {
                "e": "kline",
                "E": t(now_ns),
                "s": market.symbol,
                "k": stream_payloads.kline(market.symbol, interval, bar, ids, is_closed, t),
            }

        self._hub.emit(name, build)

    def _tell_statistics(self, now_ns: int) -> None:
        for name in self._hub.names(self._prefix):
            shape = name.removeprefix(self._prefix)
            build = self.statistics(shape, now_ns)
            if build is not None:
                self._hub.emit(name, build)

    def statistics(self, shape: str, now_ns: int) -> Build | None:
        """The message of a stream of statistics; None if `shape` is none."""
        market = self._market
        if shape == "avgPrice":
            return lambda t: stream_payloads.average(market, now_ns, t)
        if shape in ("miniTicker", "ticker"):
            stats, best = market.stats(now_ns), market.best()
            if shape == "miniTicker":
                return lambda t: stream_payloads.mini(market.symbol, stats, now_ns, t)
            return lambda t: stream_payloads.ticker(market.symbol, stats, best, now_ns, t)
        window = shape.removeprefix("ticker_")
        if shape.startswith("ticker_") and window in _WINDOWS:
            stats = market.stats(now_ns, _WINDOWS[window])
            return lambda t: stream_payloads.window(market.symbol, window, stats, now_ns, t)
        return None


class _Diff:
    """Book changes since they were last told: the newest size at each price."""

    def __init__(self) -> None:
        self._first_id = self._last_id = 0
        self._sides: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})

    @property
    def is_empty(self) -> bool:
        return not self._first_id

    def add(self, change: BookChange) -> None:
        self._first_id = self._first_id or change.update_id
        self._last_id = change.update_id
        for side, levels in zip(self._sides, (change.bids, change.asks), strict=True):
            side.update(levels)

    def take(self, symbol: str, now_ns: int) -> Build:
        first_id, last_id, (bids, asks) = self._first_id, self._last_id, self._sides
        self._first_id = 0
        self._sides = ({}, {})
        return lambda t: {
            "e": "depthUpdate",
            "E": t(now_ns),
            "s": symbol,
            "U": first_id,
            "u": last_id,
            "b": render.levels(bids.items()),
            "a": render.levels(asks.items()),
        }


def _top(best: Best) -> tuple[Any, ...]:
    return best.bid, best.bid_size, best.ask, best.ask_size
