"""One Binance market-data connection as a protocol: bytes in, ticks and bytes out.

No socket, no clock, no awaiting. There are two ways to drive it.

* As a connection of a broker, by `brokers.runner`: markets are `watch`ed, what is missing is asked
  for over REST as `take_requests` says, and the answers are given to `answer`.
* By hand, or with what a recording holds: `receive` takes frames of any market, `receive_snapshot`
  depth snapshots. Nothing can be asked for then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal, Protocol

import msgspec

from brokers.binance import wire
from brokers.binance.market import Market
from brokers.binance.readers import Route, key_of, route
from brokers.binance.resent import resent_trades
from brokers.binance.subscriptions import Subscriptions
from brokers.binance.symbols import fqme_part
from brokers.binance.wanted import Request
from brokers.statistics import FAULTS, MOST_MARKETS, SessionStatistics, Tally
from engine.messages import Tick
from engine.text import safe

PROOF = "top of book against bookTicker at equal update ids"

Message = bytes | msgspec.Raw


class Owner(Protocol):
    """Who drives a session, and is told what it wants besides; none of these may wait."""

    def requests_due(self) -> None:
        """`take_requests` has something new."""
        ...

    def renewal_due(self) -> None:
        """The venue is about to end the connection."""
        ...

    def connection_lost(self) -> None:
        """All that is watched is told to be stale."""
        ...

    def refused(self, symbol: str, why: str) -> None:
        """The venue does not stream this market."""
        ...


class _Nobody:
    def requests_due(self) -> None: ...

    def renewal_due(self) -> None: ...

    def connection_lost(self) -> None: ...

    def refused(self, symbol: str, why: str) -> None: ...


class Session:
    """See the module. `venue` is the middle part of the fqmes it gives."""

    def __init__(
        self, *, venue: str = "spot", broker: str = "binance", owner: Owner | None = None
    ) -> None:
        """
        Args:
            owner: drives it as a connection: only what is watched is read then.
        """
        self._ending = f".{venue}.{broker}"
        self._owner: Owner = owner or _Nobody()
        self._reads_all = owner is None
        self._markets: dict[str, Market] = {}
        self._symbols: dict[str, str] = {}
        self._streams: dict[str, tuple[str, ...]] = {}
        """Streams that are watched, by symbol."""
        self._joining: dict[str, set[str]] = {}
        """Of those, the ones that were not granted yet."""
        self._routes: dict[bytes, Route] = {}
        self._subscriptions = Subscriptions()
        self._tally = Tally()
        self._malformed = 0
        self._readers: dict[str, Callable[[Message, int], list[Tick]]] = {
            "trade": self._on_trade,
            "aggTrade": self._on_agg_trade,
            "bookTicker": self._on_book_ticker,
            "depthUpdate": self._on_depth_update,
        }

    # -- as a connection -------------------------------------------------------------------

    def watch(
        self,
        symbol: str,
        *,
        trade_type: Literal["trade", "aggTrade"],
        has_depth: bool,
        last_trade_id: int,
    ) -> None:
        """Stream a market from now on, after a quote that knows its trades to `last_trade_id`."""
        market = self._market(symbol)
        market.need = self._owner.requests_due
        market.begin(trade_type, last_trade_id)
        kinds = [trade_type, "bookTicker", *(["depth@100ms"] if has_depth else [])]
        streams = tuple(f"{symbol.lower()}@{kind}" for kind in kinds)
        self._streams[symbol] = streams
        for stream in streams:
            self._route(market, stream)
        # Those that were ended a moment ago may still be there, and are not asked for anew.
        self._subscriptions.add(streams)
        joining = {one for one in streams if not self._subscriptions.is_granted(one)}
        self._joining[symbol] = joining
        self._join(symbol, joining)

    def unwatch(self, symbol: str) -> None:
        """Stream it no longer."""
        streams = self._streams.pop(symbol, ())
        self._subscriptions.remove(streams)
        self._joining.pop(symbol, None)
        for stream in streams:
            self._forget_route(stream)
        market = self._markets.pop(symbol, None)
        if market is not None:
            self._symbols.pop(market.fqme, None)

    def opened(self, now_ns: int) -> None:
        """A new socket is open; an older one may still carry everything."""
        self._subscriptions.restart()

    def lost(self, now_ns: int) -> list[Tick]:
        """No socket is left."""
        self._subscriptions.restart()
        self._joining = {symbol: set(streams) for symbol, streams in self._streams.items()}
        self._owner.connection_lost()
        return [tick for market in self._markets.values() for tick in market.lost(now_ns)]

    @property
    def stream_count(self) -> int:
        """Streams that are watched."""
        return len(self._subscriptions)

    @property
    def is_live(self) -> bool:
        """The newest socket streams everything that is watched."""
        return self._subscriptions.is_live

    @property
    def malformed(self) -> int:
        """Messages that could not be read."""
        return self._malformed

    def data_to_send(self) -> list[bytes]:
        """Text frames to send now, in order; each is returned once."""
        return self._subscriptions.requests()

    def take_requests(self) -> list[Request]:
        """What is to be asked over REST now; each once, until it is answered."""
        return [request for market in self._markets.values() for request in market.take_requests()]

    def answer(
        self, request: Request, body: bytes, recv_ns: int, *, most_levels: int | None = None
    ) -> list[Tick]:
        """Take the body of an answer; never raises. `most_levels` is how many of a side of the
        book were asked for."""
        market = self._markets.get(request.symbol)
        if market is None:
            return []
        try:
            if request.kind in ("book", "top"):
                snapshot = wire.decode_depth_snapshot(body)
            else:
                trades = resent_trades(request.kind, market.fqme, body, recv_ns)  # type: ignore[arg-type]  # not those two
        except FAULTS as error:
            self._count_fault(error)
            return market.not_answered(request, recv_ns)
        if not market.is_awaited(request):
            return []
        if request.kind == "book":
            self._tally.count("depth snapshot")
            return market.on_snapshot(snapshot, recv_ns, most_levels)
        if request.kind == "top":
            return market.on_top(snapshot, recv_ns)
        return market.on_resent(trades, recv_ns)

    def not_answered(self, request: Request, now_ns: int, *, is_final: bool = False) -> list[Tick]:
        """It could not be asked, or was refused: for ever, where `is_final`."""
        market = self._markets.get(request.symbol)
        return [] if market is None else market.not_answered(request, now_ns, is_final=is_final)

    def whole(self, symbol: str, now_ns: int) -> list[Tick]:
        """What is good now of a market's book and top, for one more reader."""
        market = self._markets.get(symbol)
        return [] if market is None else market.whole(now_ns, now_ns)

    # -- by hand -----------------------------------------------------------------------------

    def subscribe(self, streams: Iterable[str]) -> None:
        """Ask for these streams, named as the venue does: `btcusdt@trade`."""
        self._subscriptions.add(streams)

    def unsubscribe(self, streams: Iterable[str]) -> None:
        self._subscriptions.remove(streams)

    def snapshots_wanted(self) -> list[str]:
        """Symbols whose book waits for a depth snapshot."""
        return [market.symbol for market in self._markets.values() if market.book.is_waiting]

    def receive_snapshot(
        self, symbol: str, data: bytes, recv_ns: int, *, most_levels: int | None = None
    ) -> list[Tick]:
        """Take the body of `GET /api/v3/depth` for `symbol`. Never raises, as `receive`."""
        try:
            market, snapshot = self._market(symbol), wire.decode_depth_snapshot(data)
        except FAULTS as error:
            self._count_fault(error)
            return []
        self._tally.count("depth snapshot")
        return market.on_snapshot(snapshot, recv_ns, most_levels)

    def symbol(self, fqme: str) -> str:
        """The venue's spelling of a market that messages came for."""
        return self._symbols.get(fqme, fqme)

    def statistics(self) -> SessionStatistics:
        """A snapshot of all counts."""
        found = self._tally.statistics(self._markets.values(), PROOF)
        for one in self._routes.values():
            if one.count:
                found.messages[one.kind] = found.messages.get(one.kind, 0) + one.count
        return found

    # -- what comes in -----------------------------------------------------------------------

    def receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        """Take one text frame that arrived at `recv_ns`.

        Never raises: a frame that is not what the venue documents is counted and left out.
        """
        try:
            # The key of its stream: see `readers.key_of`.
            found = self._routes.get(data[: data.find(b'"', 11, 96)])
            if found is None:
                return self._receive(data, recv_ns)
            ticks = found.read(data, recv_ns)
            found.count += 1
            return ticks
        except FAULTS as error:
            self._count_fault(error)
            return []

    def _receive(self, data: bytes, recv_ns: int) -> list[Tick]:
        """A frame of any kind: slower, and whatever its spelling."""
        envelope = wire.decode_envelope(data)
        if envelope.stream:
            return self._on_stream(envelope.stream, envelope.data, recv_ns)
        if envelope.event:
            return self._dispatch(envelope.event, data, recv_ns)
        if (envelope.result, envelope.error, envelope.code) != (msgspec.UNSET,) * 3:
            self._on_reply(data)
            return []
        if envelope.last_update_id is not None:
            return self._on_nameless_snapshot(data, recv_ns)
        if envelope.update_id is not None and envelope.symbol is not None:
            return self._dispatch("bookTicker", data, recv_ns)
        raise ValueError("not a message of the market streams")

    def _on_stream(self, stream: str, data: msgspec.Raw, recv_ns: int) -> list[Tick]:
        """A frame of a combined stream: `data` is what the single stream would have sent."""
        symbol, _, kind = stream.partition("@")
        kind = kind.partition("@")[0]
        if kind in ("depth5", "depth10", "depth20"):
            return self._on_partial_depth(symbol.upper(), data, recv_ns)
        event = "depthUpdate" if kind == "depth" else kind
        if event not in self._readers:
            # User data come under a listen key; what is not read is still counted by its type.
            event = wire.decode_event_name(data).event or kind or "unknown"
            return self._dispatch(event if event in _NOTICES else "", data, recv_ns, event)
        ticks = self._dispatch(event, data, recv_ns)
        market = self._markets.get(symbol.upper())
        if market is not None and self._reads_all and symbol == market.symbol.lower():
            self._route(market, stream)
        return ticks

    def _dispatch(self, kind: str, data: Message, recv_ns: int, name: str = "") -> list[Tick]:
        if kind in _NOTICES:
            self._owner.renewal_due()
        reader = self._readers.get(kind)
        if reader is None:
            self._tally.count_named(name or kind)
            return []
        ticks = reader(data, recv_ns)
        self._tally.count(kind)
        return ticks

    def _on_trade(self, data: Message, recv_ns: int) -> list[Tick]:
        trade = wire.decode_trade(data)
        market = self._known(trade.symbol)
        return market.on_trade(trade, recv_ns) if market else []

    def _on_agg_trade(self, data: Message, recv_ns: int) -> list[Tick]:
        trade = wire.decode_agg_trade(data)
        market = self._known(trade.symbol)
        return market.on_agg_trade(trade, recv_ns) if market else []

    def _on_book_ticker(self, data: Message, recv_ns: int) -> list[Tick]:
        ticker = wire.decode_book_ticker(data)
        market = self._known(ticker.symbol)
        return market.on_ticker(ticker, recv_ns) if market else []

    def _on_depth_update(self, data: Message, recv_ns: int) -> list[Tick]:
        update = wire.decode_depth_update(data)
        market = self._known(update.symbol)
        return market.on_depth(update, recv_ns) if market else []

    def _on_partial_depth(self, symbol: str, data: msgspec.Raw, recv_ns: int) -> list[Tick]:
        snapshot = wire.decode_depth_snapshot(data)
        self._tally.count("partial depth")
        market = self._known(symbol)
        return market.on_partial_depth(snapshot, recv_ns) if market else []

    def _on_nameless_snapshot(self, data: bytes, recv_ns: int) -> list[Tick]:
        """A depth snapshot in a recording, without its symbol: it is of the market that waits
        for it, as the update ids tell."""
        snapshot = wire.decode_depth_snapshot(data)
        last_id = snapshot.last_update_id
        markets = [market for market in self._markets.values() if market.book.spans(last_id)]
        if not markets and len(self._markets) == 1:
            markets = list(self._markets.values())
        if len(markets) != 1 or not self._reads_all:
            raise ValueError("a depth snapshot that fits no market, or more than one")
        self._tally.count("depth snapshot")
        return markets[0].on_snapshot(snapshot, recv_ns, None)

    def _on_reply(self, data: bytes) -> None:
        reply = wire.decode_reply(data)
        self._tally.count("reply")
        streams = self._subscriptions.answered(reply.id)
        error = reply.error or (None if reply.code is None else reply)
        for stream in streams:
            symbol = stream.partition("@")[0].upper()
            if error is not None:
                self._owner.refused(symbol, safe(error.msg, 200) or "the venue gave no reason")
            elif (joining := self._joining.get(symbol)) is not None:
                joining.discard(stream)
                self._join(symbol, joining)

    def _join(self, symbol: str, joining: set[str]) -> None:
        """The market is there once all of its streams are granted."""
        if not joining:
            del self._joining[symbol]
            has_book = any("@depth" in stream for stream in self._streams[symbol])
            self._markets[symbol].joined(has_book=has_book)

    # -- markets -----------------------------------------------------------------------------

    def _known(self, symbol: str) -> Market | None:
        """The market of a message; None for one that is not watched any more."""
        return self._market(symbol) if self._reads_all else self._markets.get(symbol)

    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol)
        if market is None:
            name = fqme_part(symbol)
            if len(self._markets) >= MOST_MARKETS:
                raise ValueError("more symbols than the venue has")
            market = self._markets[symbol] = Market(symbol, name + self._ending)
            self._symbols[market.fqme] = symbol
        return market

    def _route(self, market: Market, stream: str) -> None:
        found = route(market, stream.partition("@")[2].partition("@")[0])
        if found is not None:
            self._routes[key_of(stream)] = found

    def _forget_route(self, stream: str) -> None:
        found = self._routes.pop(key_of(stream), None)
        for _ in range(found.count if found else 0):
            self._tally.count(found.kind)  # type: ignore[union-attr]  # there is one

    def _count_fault(self, error: Exception) -> None:
        self._malformed += 1
        self._tally.count_fault(error)


_NOTICES: Final = frozenset({"serverShutdown", "eventStreamTerminated"})
"""Events that announce the end of the connection."""
