"""One account at Kraken, logged in: orders over its socket, questions over REST.

The account's connection is live before the client is handed out. Once it breaks, or something that
was said over it is missing, the client ends with an error: the engine logs in anew, and asks what
became of everything. Requests that were under way end as unknown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final, Literal

import trio
from msgspec.structs import replace

from brokers.kraken import account_wire as wire
from brokers.kraken.access import Access
from brokers.kraken.account_session import AccountEvent, AccountSession, Down
from brokers.kraken.dead_man import DeadMan
from brokers.kraken.errors import Verdict, verdict
from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names
from brokers.kraken.orders import (
    DEADLINE_NS,
    Params,
    add_params,
    amend_params,
    cancel_params,
    unfit,
)
from brokers.kraken.private import PrivateRest
from brokers.kraken.queries import Queries
from brokers.kraken.rates import Rates
from brokers.kraken.reports import Reports
from brokers.kraken.requests import Requests
from brokers.kraken.rights import Rights
from brokers.kraken.signing import Signer
from brokers.net.failures import one_error
from brokers.runner import Runner, SocketRules
from engine.broker import Report
from engine.errors import (
    BrokerError,
    BrokerUnavailable,
    NotSupported,
    OrderRejected,
)
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    AccountInfo,
    ConnectionStatus,
    Fill,
    Order,
    OrderEvent,
    Position,
    Rejected,
    RequestRefused,
)
from engine.text import safe

_log = logger(__name__)

LONGEST_WAIT_S: Final = 2.0
"""An order waits so long for the counter of its pair to fall; one that would wait longer is
refused, which is better than an order that comes when nobody expects it."""

LEAVE_S: Final = 2.0
"""What the venue has to switch the dead-man's switch off when the account is left in order."""


@asynccontextmanager
async def open_client(
    access: Access, account: AccountInfo, report: Report
) -> AsyncIterator[KrakenClient]:
    """Log in; order events go to `report` while the block is open.

    Raises:
        BrokerUnavailable: the account cannot be logged in to, or its connection broke.
    """
    with one_error():
        async with _opened(access, account, report) as client:
            yield client


@asynccontextmanager
async def _opened(
    access: Access, account: AccountInfo, report: Report
) -> AsyncIterator[KrakenClient]:
    instruments = await access.instruments()
    signer = Signer(await access.credentials(account.name), access.clock, account.name)
    client = KrakenClient(access, account, report, instruments, signer)
    await client.fetch_token()  # here, so that whoever logs in is told what is wrong with a key
    with access.track(client.status):
        async with trio.open_nursery() as nursery:
            await nursery.start(client.run)
            try:
                yield client
            except trio.Cancelled:
                await client.leave()
                raise
            await client.leave()
            nursery.cancel_scope.cancel()


class KrakenClient:
    """See the module, and `engine.broker.TradingClient`."""

    def __init__(
        self,
        access: Access,
        account: AccountInfo,
        report: Report,
        instruments: Mapping[str, Instrument],
        signer: Signer,
    ) -> None:
        self._access = access
        self._account = account.name
        self._report = report
        self._markets = Markets(instruments)
        self._names = Names()
        self._private = PrivateRest(access, account.name, signer)
        self._rights = Rights(account.name)
        self._rates = Rates(access.options.tier)
        self._reports = Reports(account.name, self._names, self._markets)
        self._session = AccountSession(self._reports)
        self._runner = Runner(
            broker=access.name,
            name=f"account {account.name}",
            url=self._url,
            session=self._session,
            deliver=self._deliver,
            clock=access.clock,
            rules=account_rules(access),
            bans=access.bans,
        )
        self._requests = Requests(self._session, self._runner.wake)
        self._queries = Queries(
            account.name,
            private=self._private,
            names=self._names,
            markets=self._markets,
            reports=self._reports,
        )
        timeout_s = access.options.dead_man_of(account.name)
        self._dead_man = DeadMan(timeout_s, self._arm, account.name) if timeout_s else None
        self._is_fresh = False
        """The token was not used yet."""
        self._sent: set[str] = set()
        """Ids of orders that were sent: none is sent twice."""
        self._down: Down | None = None
        self._ended = trio.Event()

    # -- life -------------------------------------------------------------------------------------

    async def fetch_token(self) -> None:
        """Have what lets the next socket in. Raises `BrokerUnavailable`."""
        self._session.admit(await self._private.token())
        self._is_fresh = True

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Connect; `started()` once the account is live. Raises once it is not any more."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._fail_when_down)
            await nursery.start(self._runner.run)
            await self._runner.wait_live()
            self._rates.learn(self._session.most_rate)
            if self._session.time_sample is not None:
                self._access.offset.add(*self._session.time_sample)
            task_status.started()
            nursery.start_soon(self._rights.look, self._private)
            if self._dead_man is not None:
                nursery.start_soon(self._dead_man.run)

    async def leave(self) -> None:
        """The account is left in order: somebody ended the engine, and nothing broke. The socket
        may be closing already, so that this goes another way."""
        is_wanted = self._access.options.dead_man_off_on_leave and self._down is None
        if self._dead_man is None or not is_wanted:
            return
        with trio.move_on_after(LEAVE_S, shield=True) as scope:
            try:
                await self._private.disarm()
            except BrokerError as error:
                _log.error("account %s: %s", self._account, error)
        if scope.cancelled_caught:
            _log.error("account %s: the dead-man's switch may still be set", self._account)

    def status(self) -> ConnectionStatus:
        """How its connection is, and what a person must know of the account."""
        notes = [self._rights.note, self._dead_man.note if self._dead_man else ""]
        used = max(self._private.used_share, self._rates.used_share)
        return replace(
            self._runner.status(),
            budget_used=used,
            note="; ".join(note for note in notes if note),
        )

    async def _url(self) -> str:
        if not self._is_fresh:
            await self.fetch_token()
        self._is_fresh = False
        return self._access.options.ws_auth_url

    async def _fail_when_down(self) -> None:
        await self._ended.wait()
        assert self._down is not None
        raise BrokerUnavailable(self._down.reason)

    def _deliver(self, events: Sequence[AccountEvent]) -> None:
        for event in events:
            if isinstance(event, Down):
                self._down = self._down or event
                self._ended.set()
            else:
                self._report(event)

    async def _arm(self, timeout_s: int) -> None:
        await self._requests.ask(
            "cancel_all_orders_after", {"timeout": timeout_s}, what="the dead-man's switch"
        )

    # -- orders -----------------------------------------------------------------------------------

    async def submit(self, order: Order, instrument: Instrument) -> None:
        """See `TradingClient`. An id is sent once: the venue keeps ids apart among open orders
        only, and would trade one that is done a second time."""
        await trio.lowlevel.checkpoint()
        if why := unfit(order):
            raise OrderRejected(f"Kraken takes no such order: {why}")
        if order.order_id in self._sent:
            raise OrderRejected(f"order {order.order_id} was sent before, and is not sent twice")
        if instrument.fqme == order.fqme:
            self._markets.learn(instrument)
        symbol = self._markets.symbol(order.fqme)
        if not symbol:
            raise OrderRejected(f"Kraken does not list {safe(order.fqme, 80)}")
        await self._wait_for_room(lambda: self._rates.try_add(symbol, order.order_id))

        def taken(result: bytes) -> None:
            if venue_id := wire.decode_placed(result).order_id:
                self._tell(self._reports.on_placed(order, venue_id, 0))

        def refused(reason: str) -> None:
            self._report(Rejected(order_id=order.order_id, reason=reason))

        self._sent.add(order.order_id)
        self._reports.expect(order)
        try:
            await self._requests.ask(
                "add_order",
                add_params(order, symbol, self._deadline_ns()),
                what=f"order {order.order_id}",
                taken=taken,
                refused=refused,
            )
        except OrderRejected as error:
            self._reports.forget(order)
            self._note_refusal(symbol, error)
            raise

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        """See `TradingClient`. That it was done is told by the channel, with the terms."""
        await trio.lowlevel.checkpoint()
        symbol = self._markets.symbol(order.fqme)
        await self._wait_for_room(lambda: self._rates.try_amend(symbol, order.order_id))
        params = amend_params(order, price, size, self._deadline_ns())
        await self._change("amend", "amend_order", order, symbol, params)

    async def cancel(self, order: Order) -> None:
        """See `TradingClient`."""
        await trio.lowlevel.checkpoint()
        symbol = self._markets.symbol(order.fqme)
        self._rates.cancel(symbol, order.order_id)
        await self._change("cancel", "cancel_order", order, symbol, cancel_params(order))

    async def _change(
        self,
        request: Literal["amend", "cancel"],
        method: str,
        order: Order,
        symbol: str,
        params: Params,
    ) -> None:
        def refused(reason: str) -> None:
            self._report(RequestRefused(order_id=order.order_id, request=request, reason=reason))

        what = f"{request} of order {order.order_id}"
        try:
            await self._requests.ask(method, params, what=what, refused=refused)
        except OrderRejected as error:
            self._note_refusal(symbol, error)
            raise

    async def _wait_for_room(self, try_spend: Callable[[], float]) -> None:
        """Raises `OrderRejected` where there is none soon."""
        left_s = LONGEST_WAIT_S
        while (wait_s := try_spend()) > 0:
            if wait_s > left_s:
                raise OrderRejected(
                    "not sent: Kraken would answer EOrder:Rate limit exceeded; "
                    f"there is room in {wait_s:.0f} s"
                )
            left_s -= wait_s
            await trio.sleep(wait_s)

    def _note_refusal(self, symbol: str, error: OrderRejected) -> None:
        if verdict(str(error)) is Verdict.THROTTLED:
            self._rates.refused(symbol)
        if "deadline" in str(error).lower():
            self._access.offset.clear()  # one of the clocks was set, or the way took so long

    def _deadline_ns(self) -> int:
        """When the venue's engine is to refuse what is sent now, by its own clock; 0 where that is
        not known, so that its usual 5 s hold."""
        offset = self._access.offset
        if offset.best is None:
            return 0
        return self._access.clock.now_ns() + offset.offset_ns + DEADLINE_NS

    def _tell(self, events: Iterable[OrderEvent]) -> None:
        for event in events:
            self._report(event)

    # -- questions --------------------------------------------------------------------------------

    def note(self, orders: Iterable[Order], markets: Iterable[str]) -> None:
        """See `AsksByMarket`: ids of ours that cannot be read back from the venue's names, and the
        venue's ids of orders that trades are told of by."""
        self._queries.note(orders)

    async def order(self, order_id: str) -> Order | None:
        """See `TradingClient`."""
        return await self._queries.order(order_id)

    async def open_orders(self) -> Sequence[Order]:
        """See `TradingClient`."""
        return await self._queries.open_orders()

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        """See `TradingClient`."""
        return await self._queries.fills(since_ns)

    async def positions(self) -> Sequence[Position]:
        """Spot has none."""
        raise NotSupported("Kraken spot keeps no positions: what is held are balances")

    async def balances(self) -> Mapping[str, Decimal]:
        """See `TradingClient`. As the socket told them; asked for where it does not."""
        await trio.lowlevel.checkpoint()
        held = self._session.balances
        return await self._queries.balances() if held is None else self._queries.totals(held)


def account_rules(access: Access) -> SocketRules:
    """Of private sockets. Heartbeats come every second while there is nothing else, and pings are
    answered besides; sockets that carry no subscription are closed, and ours always carry two
    (https://docs.kraken.com/api/docs/guides/spot-ws-intro, read 2026-11)."""
    return SocketRules(
        silence_s=access.options.silence_s,
        ping_s=access.options.silence_s / 2,
        app_ping=b'{"method":"ping"}',
        connects=access.connects,
    )
