"""A Binance that says what it is told to, over real sockets: for what no exchange does by itself.

`tests.venues.binance` is the one that behaves. This one has no market behind it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio

from brokers.binance.broker import BinanceBroker, open_broker
from engine.broker import BrokerSettings
from engine.clock import SystemClock, wall_ns
from engine.messages import Break, Quote, Tick
from tests.venues.wire.messages import Hangup, Request, Response, WireRules
from tests.venues.wire.server import serve
from tests.venues.wire.websocket import Socket, SocketClosed

PATIENCE_S = 60.0
"""More than anything here takes."""

FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
]


class Line:
    """One websocket that a client opened, and what it asked for."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.requests: list[dict[str, Any]] = []
        self.streams: set[str] = set()

    def send(self, frame: bytes) -> None:
        self.socket.put(frame)


class ScriptedBinance:
    """See the module. Fields are read for each request: set them at any time."""

    def __init__(self, symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")) -> None:
        self.statuses = dict.fromkeys(symbols, "TRADING")
        self.lines: list[Line] = []
        """Open ones, oldest first."""
        self.opened = 0
        self.asked: list[Request] = []
        """REST requests, in order."""
        self.answers: dict[str, Callable[[dict[str, str]], Response | Hangup]] = {}
        """By path behind `/api/v3/`; instead of what it says by itself."""
        self.snapshot: dict[str, Any] = {
            "lastUpdateId": 10,
            "bids": [["99", "5"]],
            "asks": [["101", "5"]],
        }
        self.trades: list[dict[str, Any]] = []
        """Aggregates that it has, oldest first."""
        self.last_trade_id = 100
        self.grants = True
        """It answers SUBSCRIBE."""
        self.refuses_sockets = 0
        """So many more attempts to open a websocket are answered with 503."""
        self.port = 0

    # -- what it was asked --------------------------------------------------------------------

    def count(self, path: str) -> int:
        return sum(request.path.endswith("/" + path) for request in self.asked)

    def params(self, path: str) -> list[dict[str, str]]:
        return [one.query_params() for one in self.asked if one.path.endswith("/" + path)]

    @property
    def streams(self) -> set[str]:
        return set().union(*(line.streams for line in self.lines))

    # -- serving ------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response | Hangup:
        self.asked.append(request)
        path = request.path.removeprefix("/api/v3/")
        params = request.query_params()
        if path in self.answers:
            return self.answers[path](params)
        made = {
            "exchangeInfo": self._info,
            "ticker/24hr": self._ticker,
            "depth": lambda params: self.snapshot,
            "aggTrades": self._agg_trades,
            "time": lambda params: {"serverTime": wall_ns() // 1_000_000},
            "klines": lambda params: [],
        }.get(path)
        if made is None:
            return told({"code": -1, "msg": f"no {path} here"}, 404)
        return told(made(params))

    def admit(self, request: Request) -> Response | None:
        if self.refuses_sockets:
            self.refuses_sockets -= 1
            return Response(status=503)
        return None

    async def talk(self, request: Request, socket: Socket) -> None:
        line = Line(socket)
        self.lines.append(line)
        self.opened += 1
        try:
            while True:
                self._take(line, json.loads(await socket.receive()))
        except SocketClosed:
            pass
        finally:
            self.lines.remove(line)

    def _take(self, line: Line, asked: dict[str, Any]) -> None:
        line.requests.append(asked)
        if asked["method"] == "SUBSCRIBE":
            line.streams.update(asked["params"])
        else:
            line.streams.difference_update(asked["params"])
        if self.grants:
            line.send(json.dumps({"result": None, "id": asked["id"]}).encode())

    def _info(self, params: dict[str, str]) -> dict[str, Any]:
        wanted = json.loads(params["symbols"]) if "symbols" in params else list(self.statuses)
        return {
            "timezone": "UTC",
            "rateLimits": [],
            "symbols": [
                {
                    "symbol": symbol,
                    "status": self.statuses[symbol],
                    "baseAsset": symbol[:-4],
                    "quoteAsset": symbol[-4:],
                    "filters": FILTERS,
                }
                for symbol in wanted
            ],
        }

    def _ticker(self, params: dict[str, str]) -> object:
        if "symbol" in params:
            return self._ticker_of(params["symbol"])
        return [self._ticker_of(symbol) for symbol in self.statuses]

    def _ticker_of(self, symbol: str) -> dict[str, Any]:
        return {
            "symbol": symbol,
            "lastPrice": "100.00",
            "lastQty": "1",
            "bidPrice": "99",
            "bidQty": "5",
            "askPrice": "101",
            "askQty": "5",
            "openPrice": "90",
            "volume": "1234.5",
            "quoteVolume": "123450",
            "closeTime": 1_700_000_000_000,
            "lastId": self.last_trade_id,
        }

    def _agg_trades(self, params: dict[str, str]) -> list[dict[str, Any]]:
        if "fromId" in params:
            return [one for one in self.trades if one["a"] >= int(params["fromId"])][:1000]
        return self.trades[-1000:]


def told(value: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status=status, headers=named, body=json.dumps(value).encode())


def aggregate(trade_id: int, first: int, last: int, price: str = "100.0") -> dict[str, Any]:
    """One of `GET /api/v3/aggTrades`."""
    ids = {"a": trade_id, "f": first, "l": last}
    return ids | {"p": price, "q": "1.0", "T": 1_700_000_000_000, "m": True, "M": True}


class Reader:
    """A stream of a broker, and what it has given."""

    def __init__(self, broker: BinanceBroker, fqme: str) -> None:
        self.ticks: list[Tick] = []
        self.before_quote = 0
        self.quote: Quote | None = None
        self._broker = broker
        self._fqme = fqme
        self.scope = trio.CancelScope()

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Read until `scope` is cancelled, or the stream fails; `started()` with the quote."""
        with self.scope:
            async with trio.open_nursery() as nursery:
                self.quote = await nursery.start(self._broker.stream, self._fqme, self._sink)
                task_status.started()

    def kinds(self) -> list[str]:
        return [
            tick.reason if isinstance(tick, Break) else type(tick).__name__.lower()
            for tick in self.ticks
        ]

    def _sink(self, fqme: str, ticks: Any) -> None:
        self.before_quote += self.quote is None
        assert fqme == self._fqme
        self.ticks += ticks


@asynccontextmanager
async def open_line(
    venue: ScriptedBinance, *, pings: float = 0.0, **options: Any
) -> AsyncIterator[tuple[BinanceBroker, trio.Nursery]]:
    """A broker at work with this venue, and a nursery for what uses it."""
    async with trio.open_nursery() as nursery:
        venue.port = await nursery.start(
            partial(
                serve,
                on_request=venue.answer,
                on_socket=venue.talk,
                on_upgrade=venue.admit,
                rules=WireRules(ping_s=pings),
            )
        )
        broker = open_broker(
            BrokerSettings(
                name="binance",
                clock=SystemClock(),
                options={
                    "rest_url": f"http://127.0.0.1:{venue.port}",
                    "stream_url": f"ws://127.0.0.1:{venue.port}",
                    "environment": "data",
                    **options,
                },
            )
        )
        await nursery.start(broker.run)
        yield broker, nursery
        nursery.cancel_scope.cancel()


async def read(nursery: trio.Nursery, broker: BinanceBroker, fqme: str) -> Reader:
    """A reader that has its quote."""
    reader = Reader(broker, fqme)
    await nursery.start(reader.run)
    return reader


async def until(so: Callable[[], object], what: str = "it") -> None:
    """Wait until `so` holds; fails where it does not come to that."""
    with trio.move_on_after(PATIENCE_S):
        while not so():  # noqa: ASYNC110 - what others do sends no event
            await trio.sleep(0.005)
        return
    raise AssertionError(f"{what} did not become so")
