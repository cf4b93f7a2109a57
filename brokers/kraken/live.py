"""A session that speaks to the venue: it subscribes, resumes after a cut, and misses no trade.

Besides ticks it gives what its driver must act on: a first `Quote`, `Missing` trades to be had
from REST, a pair that the venue `Refused`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from brokers.kraken import wire
from brokers.kraken.holes import Hole, Missing
from brokers.kraken.market import Market, Traded
from brokers.kraken.session import Session
from brokers.kraken.subscriptions import Refused, Request, Subscriptions
from engine.messages import Break, Quote, Tick
from engine.text import safe


class ClockSample(NamedTuple):
    """Of the venue's clock: an answer says when the request came there."""

    sent_ns: int
    venue_ns: int
    recv_ns: int


Event = Tick | Quote | Missing | Refused | ClockSample

INNOCENT_HOLES = 5
"""Holes in a row in which REST has no trade either: the ids of this pair are not in sequence."""


class LiveSession(Session):
    """One connection. Driven as `brokers.runner.Session` says."""

    def __init__(self, *, depth: int, venue: str = "spot", broker: str = "kraken") -> None:
        super().__init__(venue=venue, broker=broker)
        self._depth = depth
        self._subscriptions = Subscriptions()
        self._holes: dict[str, Hole] = {}
        self._events: list[Missing | Quote | Refused | ClockSample] = []
        self._first_request = (0, 0)
        """Number of the first request on this connection, and when it was sent."""
        self._is_open = False
        self._is_live: bool | None = False
        """Whether it is live; None where that has to be found out."""

    # -- what is wanted of it --------------------------------------------------------------

    @property
    def wanted(self) -> Sequence[str]:
        """The pairs that it carries."""
        return tuple(self._subscriptions.wanted)

    def watch(self, symbol: str) -> None:
        """Carry a pair from now on. Raises `ValueError` where it is none."""
        if symbol in self._subscriptions.wanted:
            return
        self._forget(symbol)
        self._market(symbol)
        self._subscriptions.want(symbol)
        self._is_live = None

    def leave(self, symbol: str) -> None:
        """Carry it no longer."""
        self._subscriptions.leave(symbol)
        self._forget(symbol)

    def _forget(self, symbol: str) -> None:
        """Know no more of a pair than what is listed of it, which the venue says only once."""
        self._holes.pop(symbol, None)
        self._due.pop(symbol, None)
        self._is_live = None
        if self._markets.pop(symbol, None) is not None and (pair := self._pairs.get(symbol)):
            declare = self._market(symbol).book.precision.declare
            declare(pair.price_precision, pair.qty_precision)

    def present(self, symbol: str, now_ns: int) -> tuple[Quote | None, list[Tick]]:
        """Quote, book and top of a pair, for one more reader."""
        market = self._market(symbol)
        ticks: list[Tick] = []
        if self._halts.is_halted(symbol):
            ticks.append(Break(market.fqme, "halt", now_ns, now_ns))
        if market.is_unverified:
            ticks.append(Break(market.fqme, "unverified", now_ns, now_ns))
        return market.quote(now_ns), ticks + self._still_good(market, now_ns)

    @property
    def malformed(self) -> int:
        """Messages that could not be read."""
        return self._tally.malformed

    # -- the connection --------------------------------------------------------------------

    def opened(self, now_ns: int) -> None:
        """A new socket is open: everything is asked for on it."""
        self._is_open = True
        self._is_live = None
        self._outgoing.clear()
        self._due.clear()
        for symbol in self._subscriptions.wanted:
            self._market(symbol).on_cut()
        self._subscriptions.begin()
        number = self._request("subscribe", {"channel": "instrument", "snapshot": True})
        self._first_request = (number, now_ns)

    def lost(self, now_ns: int) -> list[Event]:
        """No socket is left: nothing more is known of any market."""
        if not self._is_open:
            return []
        self._is_open = self._is_live = False
        self._due.clear()
        self._halts.forget(self._subscriptions.wanted)
        ticks: list[Event] = []
        for symbol in self._subscriptions.wanted:
            market = self._market(symbol)
            market.on_cut()
            ticks.append(Break(market.fqme, "stale", now_ns, now_ns))
        return ticks

    @property
    def is_live(self) -> bool:
        """See `brokers.runner.Session`: every book is there too, proved or known not to be."""
        if self._is_live is None:
            self._is_live = self._is_open and self._subscriptions.is_complete and self._has_books()
        return self._is_live

    def _has_books(self) -> bool:
        return all(self._markets[symbol].book.has_levels for symbol in self._subscriptions.wanted)

    def data_to_send(self) -> list[bytes]:
        """See `Session.data_to_send`."""
        if self._is_open and self._subscriptions.has_requests:
            for request in self._subscriptions.requests():
                self._ask(request)
        return super().data_to_send()

    def receive(self, data: bytes, recv_ns: int) -> Sequence[Event]:  # type: ignore[override]
        """See `Session.receive`."""
        ticks = super().receive(data, recv_ns)
        if self._subscriptions.has_refused:
            for request in self._subscriptions.due(recv_ns):
                self._ask(request)
        if not self._events:
            return ticks
        events, self._events = self._events, []
        return [*events, *ticks]

    def _ask(self, request: Request) -> None:
        params: dict[str, object] = {}
        if request.channel == "book":
            params["depth"] = self._depth
        if request.channel == "ticker":
            params["event_trigger"] = "bbo"
        if request.method == "unsubscribe":
            self.unsubscribe(request.channel, request.symbols, **params)
        else:
            number = self.subscribe(request.channel, request.symbols, snapshot=True, **params)
            self._subscriptions.note(number, request)

    def _on_answer(self, data: bytes, recv_ns: int) -> list[Tick]:
        answer = wire.decode_answer(data)
        self._is_live = None
        number, sent_ns = self._first_request
        if answer.req_id == number and answer.time_in:
            self._events.append(ClockSample(sent_ns, wire.time_ns(answer.time_in), recv_ns))
        if answer.method != "subscribe":
            return []
        result = answer.result
        if answer.success and result.channel == "book" and result.depth and result.symbol:
            self._market(result.symbol).book.subscribed(result.depth)
        if (unknown := self._subscriptions.answered(answer, recv_ns)) is not None:
            fqme = self._market(unknown).fqme
            self._events.append(Refused(fqme, safe(answer.error, 200), is_unknown=True))
        return []

    def _on_whole_book(
        self, market: Market, is_snapshot: bool, venue_ns: int, recv_ns: int
    ) -> list[Tick]:
        self._is_live = None
        return super()._on_whole_book(market, is_snapshot, venue_ns, recv_ns)

    def _on_unproved(
        self, market: Market, is_snapshot: bool, venue_ns: int, recv_ns: int
    ) -> list[Tick]:
        self._is_live = None
        return super()._on_unproved(market, is_snapshot, venue_ns, recv_ns)

    # -- trades and quotes -----------------------------------------------------------------

    def filled(
        self, missing: Missing, fetched: Sequence[Traded], *, is_whole: bool, now_ns: int
    ) -> list[Tick]:
        """Trades that were `Missing` are there; those that were held are given on behind them.

        Args:
            is_whole: the venue has no others. Where not, a break says that some were missed.
        """
        hole = self._holes.get(missing.symbol)
        if hole is None or hole.after_id != missing.after_id:
            return []  # it was given up meanwhile, or nobody reads this pair any more
        return self._close_hole(hole, missing.symbol, fetched, is_whole=is_whole, now_ns=now_ns)

    def _close_hole(
        self,
        hole: Hole,
        symbol: str,
        fetched: Sequence[Traded],
        *,
        is_whole: bool,
        now_ns: int,
    ) -> list[Tick]:
        del self._holes[symbol]
        market = self._market(symbol)
        trades, count = hole.fill(fetched)
        market.innocent_holes = 0 if count or not is_whole else market.innocent_holes + 1
        ticks: list[Tick] = []
        for trade in trades:
            known = market.trade_id
            if not is_whole and known is not None and trade.trade_id != known + 1:
                ticks += self._missed_trades(market, trade.time_ns, now_ns)
            ticks.append(self._give_trade(market, trade, now_ns))
        return ticks

    def _on_trade(self, market: Market, trade: Traded, recv_ns: int) -> list[Tick]:
        known = market.trade_id
        if known is None or trade.trade_id <= known:
            return super()._on_trade(market, trade, recv_ns)
        hole = self._holes.get(market.symbol)
        if hole is None:
            if trade.trade_id == known + 1 or market.innocent_holes >= INNOCENT_HOLES:
                return [self._give_trade(market, trade, recv_ns)]
            hole = self._holes[market.symbol] = Hole(known)
            self._events.append(
                Missing(market.fqme, market.symbol, known, market.trade_ns, trade.trade_id)
            )
        if not hole.hold(trade):
            market.trades.repeated += 1
        if hole.is_full:
            return self._close_hole(hole, market.symbol, (), is_whole=False, now_ns=recv_ns)
        return []

    def _on_tickers(self, message: wire.TickerMessage, recv_ns: int) -> list[Tick]:
        ticks = super()._on_tickers(message, recv_ns)
        if message.type == "snapshot":
            for ticker in message.data:
                quote = self._market(ticker.symbol).quote(recv_ns)
                if quote is not None:
                    self._events.append(quote)
        return ticks
