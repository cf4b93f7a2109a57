"""The broker of the scripted venue: its client in the engine's process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
import trio

from engine.broker import BrokerSettings, Capabilities, HistoryPage, Report, TickSink
from engine.errors import BrokerUnavailable, NotSupported, OutcomeUnknown
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    Fill,
    Match,
    Order,
    OrderEvent,
    Playback,
    PlaybackStatus,
    Position,
    Quote,
    Trade,
)

FQME = "btcusdt.spot.scripted"
LOST = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


class ScriptedBroker:
    """One market and one account. Options: `port`, and any capability."""

    def __init__(self, settings: BrokerSettings) -> None:
        options = dict(settings.options)
        self.name = settings.name
        self._port = int(options.pop("port"))
        self._clock = settings.clock
        defaults: dict[str, Any] = {"can_query": True, "query_is_proof": True}
        self.capabilities = Capabilities(
            has_market_data=True,
            can_trade=True,
            can_amend=True,
            order_types=frozenset({"limit", "market"}),
            times_in_force=frozenset({"gtc"}),
            **{**defaults, **options},
        )

    def now_ns(self) -> int:
        return self._clock.now_ns()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        await trio.sleep_forever()

    @asynccontextmanager
    async def open_client(self, account: AccountInfo, report: Report) -> AsyncIterator[Client]:
        async with open_connection(self._port) as connection, trio.open_nursery() as nursery:
            connection.report = report
            nursery.start_soon(connection.read)
            await connection.ask("listen")
            yield Client(connection, account.name)
            nursery.cancel_scope.cancel()

    async def instrument(self, fqme: str) -> Instrument:
        async with open_connection(self._port) as connection, trio.open_nursery() as nursery:
            nursery.start_soon(connection.read)
            truth = await connection.ask("truth")
            nursery.cancel_scope.cancel()
        return Instrument(
            fqme=FQME,
            symbol="BTCUSDT",
            base="btc",
            quote="usdt",
            price_tick=Decimal(truth["switches"]["price_tick"]),
            size_step=Decimal("0.001"),
        )

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        def tick(price: float) -> None:
            now_ns = self.now_ns()
            sink(fqme, [Trade(fqme, price, 1.0, venue_ns=now_ns, recv_ns=now_ns)])

        async with open_connection(self._port) as connection, trio.open_nursery() as nursery:
            connection.tick = tick
            nursery.start_soon(connection.read)
            await connection.ask("listen")
            now_ns = self.now_ns()
            task_status.started(Quote(fqme=fqme, last=100.0, venue_ns=now_ns, recv_ns=now_ns))

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        _no()

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        _no()

    def native_periods(self, fqme: str) -> Sequence[int]:
        return ()

    def play(self, command: Playback) -> None:
        _no()

    def playback(self) -> PlaybackStatus | None:
        return None


class Connection:
    """Questions and answers by number, and what the venue says by itself."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._asked = 0
        self._waiting: dict[int, trio.MemorySendChannel[Any]] = {}
        self._is_broken = False
        self._lock = trio.Lock()
        self.report: Report | None = None
        self.tick: Any = None

    async def read(self) -> None:
        pending = b""
        try:
            async for chunk in self._stream:
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))
        except LOST:
            pass
        self._is_broken = True
        for waiting in self._waiting.values():
            waiting.close()
        raise BrokerUnavailable("the venue closed the connection")

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            channel = self._waiting.pop(message["id"], None)
            if channel is not None:
                channel.send_nowait(message["answer"])
        elif "tick" in message["said"]:
            if self.tick is not None:
                self.tick(message["said"]["tick"])
        elif self.report is not None:
            self.report(msgspec.convert(message["said"], OrderEvent))

    async def ask(self, do: str, **fields: Any) -> Any:
        """Raises `OutcomeUnknown` where the connection breaks before the answer."""
        if self._is_broken:
            raise OutcomeUnknown("the connection is broken")
        self._asked += 1
        send, receive = trio.open_memory_channel[Any](1)
        self._waiting[self._asked] = send
        question = json.dumps({"id": self._asked, "do": do, **fields}).encode() + b"\n"
        try:
            async with self._lock:
                await self._stream.send_all(question)
            return await receive.receive()
        except (*LOST, trio.EndOfChannel) as error:
            raise OutcomeUnknown("the connection broke") from error


@asynccontextmanager
async def open_connection(port: int) -> AsyncIterator[Connection]:
    try:
        stream = await trio.open_tcp_stream("127.0.0.1", port)
    except OSError as error:
        raise BrokerUnavailable("the venue does not answer") from error
    async with stream:
        yield Connection(stream)


class Client:
    def __init__(self, connection: Connection, account: str) -> None:
        self._ask = connection.ask
        self._account = account

    async def submit(self, order: Order, instrument: Instrument) -> None:
        await self._ask("submit", order=msgspec.to_builtins(order))

    async def amend(self, order: Order, price: Decimal | None, size: Decimal) -> None:
        text = None if price is None else str(price)
        await self._ask("amend", order_id=order.order_id, price=text, size=str(size))

    async def cancel(self, order: Order) -> None:
        await self._ask("cancel", order_id=order.order_id)

    async def order(self, order_id: str) -> Order | None:
        found = await self._ask("order", order_id=order_id)
        return None if found is None else self._order(found)

    async def open_orders(self) -> Sequence[Order]:
        return [self._order(found) for found in await self._ask("open_orders")]

    async def fills(self, since_ns: int) -> Sequence[Fill]:
        said = await self._ask("fills", since_ns=since_ns)
        return [msgspec.convert({**one, "account": self._account}, Fill) for one in said]

    async def positions(self) -> Sequence[Position]:
        held = await self._ask("positions")
        return [
            Position(account=self._account, fqme=fqme, size=Decimal(f"{size:g}"))
            for fqme, size in held.items()
        ]

    async def balances(self) -> Mapping[str, Decimal]:
        return {}

    def _order(self, found: dict[str, Any]) -> Order:
        return msgspec.convert({**found, "kind": "order", "account": self._account}, Order)


def _no() -> NoReturn:
    raise NotSupported("the scripted venue has no such thing")


def open_broker(settings: BrokerSettings) -> ScriptedBroker:
    return ScriptedBroker(settings)
