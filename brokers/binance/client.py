"""One account at Binance: orders, what becomes of them, and what the venue knows.

Events come over the WebSocket API, which also takes the requests. While it cannot be reached, REST
takes them, and what becomes of orders is asked for (`account_poll`). When the connection that
events came over is lost, or is back, the client ends with an error: the engine then takes every
order for unknown, logs in again, and asks for all of it. There is no other way in which what was
missed is found.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

import trio
from msgspec.structs import replace

from brokers.binance import account_wire as wire
from brokers.binance.access import Access
from brokers.binance.account_caller import AccountCaller
from brokers.binance.account_history import AccountHistory, Symbols
from brokers.binance.account_poll import poll
from brokers.binance.account_requests import ACCOUNT, CANCEL, PLACE, PLACE_OCO, TEST
from brokers.binance.account_session import (
    AccountSession,
    Answer,
    Ending,
    Executed,
    Item,
    LogOnRefused,
    StreamEnded,
    Unanswered,
)
from brokers.binance.amending import Amending
from brokers.binance.client_ids import client_id, known_client_id, marked
from brokers.binance.errors import CLOCK
from brokers.binance.key_rights import note_of_rights
from brokers.binance.order_table import OrderTable
from brokers.binance.orders import oco, place
from brokers.binance.pairs import Pairs
from brokers.binance.signing import Signer, Value
from brokers.net.failures import one_error
from brokers.runner import Runner, SocketRules
from engine.broker import Report, TradingClient
from engine.errors import BrokerUnavailable, NotSupported, OrderRejected
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import AccountInfo, ConnectionStatus, Fill, Order, OrderEvent, Position
from engine.text import safe

_log = logger(__name__)

LIVE_S: Final = 4.0
"""How long a log-in waits for the WebSocket API before it makes do with REST."""
POLL_S: Final = 5.0
"""How often orders are asked for while no events come."""
KEPT_IDS: Final = 100_000
SILENCE_S: Final = 60.0
"""The venue pings every 20 s."""


@asynccontextmanager
async def open_client(
    access: Access, account: AccountInfo, report: Report
) -> AsyncIterator[TradingClient]:
    """See `engine.broker.Broker.open_client`.

    Raises:
        CredentialsMissing: there are no keys, or none that can be read.
        BrokerUnavailable: the venue cannot be reached, or does not take the key; or, while the
            block is open, what was heard of orders has holes.
    """
    signer = Signer(await access.credentials(account.name))
    symbols = Symbols(await access.instruments())
    client = BinanceClient(access, account, report, signer, symbols)
    with access.track(client.status), one_error():
        async with trio.open_nursery() as nursery:
            await client.log_in(nursery)
            yield client
            nursery.cancel_scope.cancel()


class BinanceClient:
    """See the module. Only inside `open_client`."""

    def __init__(
        self,
        access: Access,
        account: AccountInfo,
        report: Report,
        signer: Signer,
        symbols: Symbols,
    ) -> None:
        self._access = access
        self._account = account
        self._tell = report
        self._signer = signer
        self._symbols = symbols
        self._table = OrderTable()
        self._session = AccountSession(signer, self._now_ms)
        self._runner: Runner[Item] = Runner(
            broker=access.name,
            name=f"account {account.name}",
            url=access.options.urls.ws_api,
            session=self._session,
            deliver=self._take,
            clock=access.clock,
            rules=SocketRules(
                silence_s=SILENCE_S,
                lifetime_s=access.options.lifetime_s,
                connects=access.connects,
            ),
            bans=access.bans,
        )
        self._caller = AccountCaller(access, signer, self._session, self._runner.wake)
        self._history = AccountHistory(self._caller, self._table, symbols, account.name)
        self._pairs = Pairs(self._place_pair)
        self._amending = Amending(self._caller, self._table, self._history, self._say)
        self._sent: dict[str, None] = {}
        """Ids of the newest orders of this log-in: the venue takes one again once the first order
        is done."""
        self._noted: dict[str, Order] = {}
        self._markets: set[str] = set()
        self._has_stream = False
        """Events have come since the log-in."""
        self._broken = trio.Event()
        self._why = ""
        self._note = ""

    def status(self) -> ConnectionStatus:
        """How its connection is, for the deck."""
        status = self._runner.status()
        offset = self._access.offset
        return replace(
            status,
            clock_offset_ms=offset.offset_ms,
            budget_used=max(self._access.weight.used_share, self._caller.counts.used_share),
            note=self._note,
        )

    # -- logging in --------------------------------------------------------------------------------

    async def log_in(self, nursery: trio.Nursery) -> None:
        """Connect, and see that the key is taken."""
        if self._access.offset.best is None:
            await self._caller.read_clock()
        nursery.start_soon(self._runner.run)
        with trio.move_on_after(LIVE_S):
            async with trio.open_nursery() as waiting:
                waiting.start_soon(self._until_live, waiting.cancel_scope)
                waiting.start_soon(self._until_broken, waiting.cancel_scope)
        self._check()
        self._has_stream = self._session.is_live
        if not self._has_stream:
            _log.warning("%s: no WebSocket API, REST has to do", self._access.name)
        account = await self._caller.ask(ACCOUNT, {"omitZeroBalances": True}, wire.decode_account)
        if not account.can_trade:
            self._note = "the account may not trade"
        nursery.start_soon(self._watch)
        nursery.start_soon(self._look_at_rights)
        if not self._has_stream:
            nursery.start_soon(self._poll)

    async def _until_live(self, scope: trio.CancelScope) -> None:
        await self._runner.wait_live()
        scope.cancel()

    async def _until_broken(self, scope: trio.CancelScope) -> None:
        await self._broken.wait()
        scope.cancel()

    def _check(self) -> None:
        if self._why:
            raise BrokerUnavailable(self._why)

    async def _watch(self) -> None:
        """End the client once what it heard has holes."""
        if self._has_stream:
            await self._broken.wait()
        else:
            async with trio.open_nursery() as waiting:
                waiting.start_soon(self._until_live, waiting.cancel_scope)
                waiting.start_soon(self._until_broken, waiting.cancel_scope)
            self._why = self._why or "events of the account can be had again"
        self._check()

    async def _poll(self) -> None:
        while True:
            await trio.sleep(POLL_S)
            try:
                events = await poll(self._table, self._history)
            except BrokerUnavailable as error:
                _log.warning("orders of %s cannot be asked for: %s", self._account.name, error)
                continue
            self._say(events)

    async def _look_at_rights(self) -> None:
        note = await note_of_rights(self._access, self._signer, self._account.name)
        if note:
            self._note = f"{self._note}; {note}" if self._note else note

    def _break(self, why: str) -> None:
        self._why = self._why or why
        self._broken.set()

    # -- what comes in -----------------------------------------------------------------------------

    def _take(self, items: Sequence[Item]) -> None:
        for item in items:
            match item:
                case Answer() | Unanswered():
                    self._caller.on_answer(item)
                case Executed():
                    self._say(self._table.take(item.report))
                case LogOnRefused(refusal):
                    self._on_refused_log_on(refusal.code, str(refusal.error(mutates=False)))
                case StreamEnded(reason):
                    if self._has_stream:
                        self._break(reason)
                case Ending():
                    self._runner.renew()

    def _on_refused_log_on(self, code: int, reason: str) -> None:
        if code == CLOCK:
            self._access.offset.clear()  # read anew by the next attempt
        self._break(f"the venue does not log {self._account.name} in: {reason}")

    def _say(self, events: Iterable[OrderEvent]) -> None:
        for event in events:
            self._tell(event)

    def _now_ms(self) -> int:
        return self._access.offset.now_ms(self._access.clock)

    # -- requests ----------------------------------------------------------------------------------

    async def submit(self, order: Order, instrument: Instrument) -> None:
        """See `engine.broker.TradingClient`."""
        if order.order_id in self._sent:
            raise OrderRejected("nothing was sent: an order of this id was sent before")
        self._symbols.learn(instrument)
        params = place(order, instrument.symbol, _client_id(order), order.size)
        self._sent[order.order_id] = None
        if len(self._sent) > KEPT_IDS:
            del self._sent[next(iter(self._sent))]
        if order.link_group:
            await self._pairs.submit(order)
            return
        self._table.send(order, instrument.symbol)
        try:
            reply = await self._caller.ask(PLACE, params, wire.decode_order)
        except OrderRejected:
            self._table.refused(order.order_id)
            raise
        self._say(self._table.placed(order.order_id, reply))

    async def _place_pair(self, pair: tuple[Order, Order]) -> None:
        one, other = pair
        symbol = self._symbol(one.fqme)
        ids = {client_id(order.order_id): order.order_id for order in pair}
        first, second = ids
        params = oco(pair, symbol, (first, second))
        for order in (one, other):
            self._table.send(order, symbol)
        try:
            reply = await self._caller.ask(PLACE_OCO, params, wire.decode_list)
        except OrderRejected:
            for order in (one, other):
                self._table.refused(order.order_id)
            raise
        for part in reply.reports:
            if order_id := ids.get(part.client_order_id):
                self._say(self._table.placed(order_id, part))

    async def test(self, order: Order, instrument: Instrument) -> None:
        """Have the venue check an order that it does not take: nothing is placed.

        Raises:
            BrokerUnavailable: it would refuse it, and says why; or it does not answer.
        """
        params = place(order, self._symbol(order.fqme), _client_id(order), order.size)
        del params["newOrderRespType"]
        await self._caller.ask(TEST, params, bytes)

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        """See `engine.broker.TradingClient`."""
        await self._amending.amend(order, self._symbol(order.fqme), price, size)

    async def cancel(self, order: Order) -> None:
        """See `engine.broker.TradingClient`."""
        params: dict[str, Value] = {"symbol": self._symbol(order.fqme)}
        tracked = self._table.get(order.order_id)
        # The id that the engine knows may be that of a part which was replaced since.
        venue_id = tracked.current if tracked else 0
        try:
            client, name = known_client_id(order.order_id), marked(order.order_id, "c")
        except ValueError as error:
            raise OrderRejected(f"nothing was sent: {error}") from None
        if venue_id:
            params["orderId"] = venue_id
        else:
            params["origClientOrderId"] = client
        if name:
            params["newClientOrderId"] = name
        for reply in await self._caller.ask(CANCEL, params, wire.decode_canceled):
            self._say(self._table.canceled(reply))

    # -- questions ---------------------------------------------------------------------------------

    def note(self, orders: Iterable[Order], markets: Iterable[str]) -> None:
        """See `engine.broker.AsksByMarket`."""
        self._noted = {order.order_id: order for order in orders}
        self._markets |= set(markets)
        for order in self._noted.values():
            symbol = self._symbols.symbol(order.fqme)
            if symbol and order.venue_order_id.isdecimal():
                self._table.note(order.order_id, symbol, int(order.venue_order_id))

    async def order(self, order_id: str) -> Order | None:
        """See `engine.broker.TradingClient`."""
        tracked, noted = self._table.get(order_id), self._noted.get(order_id)
        if tracked is None and noted is None:
            raise BrokerUnavailable(f"nobody knows in which market order {order_id} would be")
        symbol = tracked.symbol if tracked else ""
        venue_id = tracked.current if tracked else 0
        if noted is not None:
            symbol = symbol or self._symbols.symbol(noted.fqme)
            if not venue_id and noted.venue_order_id.isdecimal():
                venue_id = int(noted.venue_order_id)
        if not symbol:
            _log.warning("order %s is of a market that is not listed", safe(order_id, 80))
            return None  # and where there is no market, nothing works
        return await self._history.order(order_id, symbol, venue_id)

    async def open_orders(self) -> Sequence[Order]:
        """See `engine.broker.TradingClient`."""
        return await self._history.open_orders()

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        """See `engine.broker.TradingClient`. Looked for where the account works, holds or held
        something, or traded since."""
        fqmes = self._markets | {
            order.fqme
            for order in self._noted.values()
            if order.is_working or order.updated_ns >= since_ns
        }
        symbols = {self._symbols.symbol(fqme) for fqme in fqmes} | self._table.symbols()
        named = [symbol for symbol in symbols if self._symbols.fqme(symbol)]
        return await self._history.fills(named, since_ns)

    async def positions(self) -> Sequence[Position]:
        """See `engine.broker.TradingClient`."""
        raise NotSupported("Binance spot knows balances, and no positions")

    async def balances(self) -> Mapping[str, Decimal]:
        """See `engine.broker.TradingClient`."""
        params: dict[str, Value] = {"omitZeroBalances": True}
        account = await self._caller.ask(ACCOUNT, params, wire.decode_account)
        return {one.asset: one.free + one.locked for one in account.balances}

    def _symbol(self, fqme: str) -> str:
        symbol = self._symbols.symbol(fqme)
        if not symbol:
            raise OrderRejected(f"nothing was sent: the venue lists no {fqme}")
        return symbol


def _client_id(order: Order) -> str:
    try:
        return client_id(order.order_id)
    except ValueError as error:
        raise OrderRejected(f"nothing was sent: {error}") from None
