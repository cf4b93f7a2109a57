"""What the venue says of an account when it is asked: orders that work, single ones, and fills.

It lists fills by market only, and each by the venue's id of its order. Trade ids of a market are
those of its public trades ("Account trade history", "Aggregate trades" of `web-socket-api` in
https://github.com/binance/binance-spot-api-docs, read 2026-11): so from a time on fills are listed
by the id of the first trade that the market had since then, page by page, and none is left out,
however long ago that is and however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from brokers.binance import account_wire as wire
from brokers.binance.account_caller import AccountCaller, Refused
from brokers.binance.account_requests import (
    AGGREGATES,
    ALL_ORDERS,
    OPEN_ORDERS,
    STATUS,
    TRADES,
)
from brokers.binance.account_wire import ZERO, OrderReply, TradeReply
from brokers.binance.client_ids import known_client_id, marked, parse
from brokers.binance.client_ids import order_id as our_id
from brokers.binance.errors import ARCHIVED, NO_SUCH_ORDER
from brokers.binance.order_table import OrderTable
from brokers.binance.orders import REPLACES, as_order
from brokers.binance.signing import Value
from brokers.binance.wire import time_ns
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import DONE, Fill, Order
from engine.text import safe

_log = logger(__name__)

PAGE: Final = 1000
WINDOW_MS: Final = 86_400_000
"""The longest time that fills can be asked for at once."""
FEW: Final = 4
"""So many orders are looked up one by one; more of them are listed."""
MOST_PARTS: Final = 500
"""Of one order; an amend makes one."""


class Symbols:
    """The venue's names of markets and ours."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._symbols = {fqme: one.symbol for fqme, one in instruments.items()}
        self._fqmes = {symbol: fqme for fqme, symbol in self._symbols.items()}

    def learn(self, instrument: Instrument) -> None:
        """A market may have been listed since."""
        self._symbols[instrument.fqme] = instrument.symbol
        self._fqmes[instrument.symbol] = instrument.fqme

    def symbol(self, fqme: str) -> str:
        """Empty where the venue lists no such market."""
        return self._symbols.get(fqme, "")

    def fqme(self, symbol: str) -> str:
        """Empty where the market has no name here."""
        return self._fqmes.get(symbol, "")


class AccountHistory:
    """Of one account. Each method raises `BrokerUnavailable` where there is no answer."""

    def __init__(
        self, caller: AccountCaller, table: OrderTable, symbols: Symbols, account: str
    ) -> None:
        self._caller = caller
        self._table = table
        self._symbols = symbols
        self._account = account

    # -- orders ------------------------------------------------------------------------------------

    async def open_replies(self) -> list[OrderReply]:
        """The orders that work, as the venue lists them."""
        return await self._caller.ask(OPEN_ORDERS, {}, wire.decode_orders)

    async def open_orders(self) -> list[Order]:
        """The same as orders of ours; those of markets that have no name here are left out."""
        orders = []
        for reply in await self.open_replies():
            if not self._symbols.fqme(reply.symbol):
                symbol = safe(reply.symbol, 40)
                _log.warning("an order works in %s, which has no name here", symbol)
                continue
            name = self._table.order_id(reply.symbol, reply.order_id)
            orders.append(await self._known(reply, name or _name(reply)))
        return orders

    async def order(self, order_id: str, symbol: str, venue_id: int = 0) -> Order | None:
        """One order of ours, working or done.

        Args:
            venue_id: the venue's id of the newest part of it that is known; 0 for none.
        """
        try:
            client = known_client_id(order_id)
        except ValueError:
            return None  # the venue would not have taken it
        reply = await self._find(symbol, origClientOrderId=client)
        if reply is None and venue_id:
            # It was canceled by somebody who gave it another client order id.
            reply = await self._find(symbol, orderId=venue_id)
        for name in (marked(order_id, "c"), marked(order_id, "r")):
            if reply is None and name:
                reply = await self._find(symbol, origClientOrderId=name)
        return None if reply is None else await self._known(reply, order_id)

    async def reply(self, symbol: str, venue_id: int) -> OrderReply | None:
        """One order as the venue has it, by its own id."""
        return await self._find(symbol, orderId=venue_id)

    async def _find(self, symbol: str, **key: Value) -> OrderReply | None:
        try:
            return await self._caller.try_ask(STATUS, {"symbol": symbol, **key}, wire.decode_order)
        except Refused as refused:
            if refused.refusal.code in (NO_SUCH_ORDER, ARCHIVED):
                return None
            raise refused.refusal.error(mutates=False) from None

    async def _known(self, reply: OrderReply, order_id: str) -> Order:
        parts = await self._parts(reply, order_id)
        order = as_order(
            reply,
            order_id=order_id,
            account=self._account,
            fqme=self._symbols.fqme(reply.symbol),
            before=sum(parts.values(), ZERO) - reply.executed,
        )
        self._table.listed(reply, order, parts, is_done=order.state in DONE)
        return order

    async def _parts(self, reply: OrderReply, order_id: str) -> dict[int, Decimal]:
        """What the venue's orders have traded that this one goes on with, by their ids."""
        tracked = self._table.get(order_id)
        if tracked is not None and tracked.current == reply.order_id:
            return {**tracked.parts, reply.order_id: reply.executed}
        parts = {reply.order_id: reply.executed}
        part: OrderReply | None = reply
        while part is not None and part.strategy_type == REPLACES and len(parts) < MOST_PARTS:
            if part.strategy_id in parts:
                break
            part = await self._find(reply.symbol, orderId=part.strategy_id)
            if part is not None:
                parts[part.order_id] = part.executed
        return parts

    # -- fills -------------------------------------------------------------------------------------

    async def fills(self, symbols: Iterable[str], since_ns: int) -> list[Fill]:
        """Executions in these markets at or after `since_ns`, oldest first."""
        trades: list[TradeReply] = []
        for symbol in sorted(symbols):
            trades += await self._trades(symbol, since_ns)
        trades = [trade for trade in trades if time_ns(trade.time) >= since_ns]
        names = await self._names(trades)
        fills = [self._fill(trade, names[trade.symbol, trade.order_id]) for trade in trades]
        return sorted(fills, key=lambda fill: fill.venue_ns)

    async def fills_of(self, symbol: str, venue_id: int, order_id: str) -> list[Fill]:
        """All executions of one of the venue's orders."""
        params: dict[str, Value] = {"symbol": symbol, "orderId": venue_id}
        trades = await self._caller.ask(TRADES, params, wire.decode_trades)
        return [self._fill(trade, order_id) for trade in trades]

    async def _trades(self, symbol: str, since_ns: int) -> Sequence[TradeReply]:
        since_ms, now_ms = since_ns // 1_000_000, self._caller.now_ms()
        if since_ms <= 0:
            return await self._trades_from(symbol, 0)
        if now_ms - since_ms < WINDOW_MS - 3_600_000:
            window: dict[str, Value] = {"startTime": since_ms, "endTime": since_ms + WINDOW_MS}
            page = await self._page(symbol, window)
            if len(page) < PAGE:
                return page
        params: dict[str, Value] = {"symbol": symbol, "startTime": since_ms, "limit": 1}
        first = await self._caller.ask(AGGREGATES, params, wire.decode_aggregates)
        if first:
            return await self._trades_from(symbol, first[0].first_id)
        return await self._page(symbol, {})  # the newest: nobody traded there since, or just now

    async def _trades_from(self, symbol: str, trade_id: int) -> list[TradeReply]:
        trades = page = await self._page(symbol, {"fromId": trade_id})
        while len(page) == PAGE:
            page = await self._page(symbol, {"fromId": page[-1].trade_id + 1})
            trades = trades + page
        return trades

    async def _page(self, symbol: str, params: dict[str, Value]) -> list[TradeReply]:
        asked = {"symbol": symbol, **params, "limit": PAGE}
        return await self._caller.ask(TRADES, asked, wire.decode_trades)

    async def _names(self, trades: Iterable[TradeReply]) -> dict[tuple[str, int], str]:
        """Our ids of the orders of these trades, by symbol and the venue's id."""
        names: dict[tuple[str, int], str] = {}
        missing: dict[str, set[int]] = {}
        for trade in trades:
            name = self._table.order_id(trade.symbol, trade.order_id)
            if name:
                names[trade.symbol, trade.order_id] = name
            else:
                missing.setdefault(trade.symbol, set()).add(trade.order_id)
        for symbol, venue_ids in missing.items():
            for venue_id, name in (await self._look_up(symbol, venue_ids)).items():
                self._table.note(name, symbol, venue_id)
                names[symbol, venue_id] = name
        return names

    async def _look_up(self, symbol: str, venue_ids: set[int]) -> dict[int, str]:
        """What the venue's orders are called; one that it does not know any more is called by the
        venue's own number."""
        found: dict[int, str] = {}
        if len(venue_ids) <= FEW:
            for venue_id in venue_ids:
                reply = await self._find(symbol, orderId=venue_id)
                found |= {} if reply is None else {venue_id: _name(reply)}
        else:
            found = await self._list(symbol, min(venue_ids), max(venue_ids))
        return {venue_id: found.get(venue_id) or f"{symbol}-{venue_id}" for venue_id in venue_ids}

    async def _list(self, symbol: str, first: int, last: int) -> dict[int, str]:
        found: dict[int, str] = {}
        while first <= last:
            params: dict[str, Value] = {"symbol": symbol, "orderId": first, "limit": PAGE}
            page = await self._caller.ask(ALL_ORDERS, params, wire.decode_orders)
            found |= {reply.order_id: _name(reply) for reply in page}
            if len(page) < PAGE:
                break
            first = max(reply.order_id for reply in page) + 1
        return found

    def _fill(self, trade: TradeReply, order_id: str) -> Fill:
        return Fill(
            order_id=order_id,
            account=self._account,
            fqme=self._symbols.fqme(trade.symbol),
            trade_id=str(trade.trade_id),
            side="buy" if trade.is_buyer else "sell",
            price=trade.price,
            size=trade.size,
            fee=trade.fee,
            fee_asset=trade.fee_asset if trade.fee else "",
            liquidity="maker" if trade.is_maker else "taker",
            venue_ns=time_ns(trade.time),
        )


def _name(reply: OrderReply) -> str:
    """Our id of an order; only of one that was canceled a mark of ours may be a part of it."""
    if reply.status == "CANCELED":
        return parse(reply.client_order_id).order_id
    return our_id(reply.client_order_id)
