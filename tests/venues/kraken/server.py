"""The venue on a loopback port: `/0/public/*`, `/0/private/*`, WebSocket v2 on `/v2`.

    async with open_kraken(clock) as running:
        running.rest_url, running.ws_url, running.ws_auth_url
        running.venue          # everything behind the wire, switches and truth included

`POST /__control__` takes what `tests.venues.exchange.control` says, and of this venue `mode`
(`mode`, `symbol`), `revoke_tokens`, `revoke_key` (`key`), `disconnect`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.clock import NANOS, Clock, SystemClock
from engine.errors import DataError
from tests.venues.exchange.control import PATH as CONTROL_PATH
from tests.venues.exchange.faults import RequestKind
from tests.venues.exchange.playback import read_recording
from tests.venues.kraken.amounts import encode
from tests.venues.kraken.connection import Connection
from tests.venues.kraken.errors import (
    API_RATE_LIMIT,
    INVALID_ARGUMENTS,
    TIMEOUT,
    UNKNOWN_METHOD,
    Refused,
)
from tests.venues.kraken.keys import ApiKey, Signed
from tests.venues.kraken.kinds import rest_kind
from tests.venues.kraken.recorded import scan, time_of
from tests.venues.kraken.rest_terms import Params, word
from tests.venues.kraken.venue import KrakenVenue
from tests.venues.wire.messages import Hangup, Request, Response, WireRules
from tests.venues.wire.server import OnError, serve
from tests.venues.wire.websocket import Socket, SocketClosed

SOCKET_PATHS: Final = ("/v2", "/v2/")
BEAT_S: Final = 0.02
"""How often everything that is due is done."""
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_HANG_S: Final = 3600.0
_TURN: Final = 50
"""Messages that are played in a row without looking at who reads them."""
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_QUIET: Final = WireRules(ping_s=0.0)


class KrakenServer:
    """What the wire calls."""

    def __init__(self, venue: KrakenVenue) -> None:
        self.venue = venue
        self._sockets: dict[Socket, None] = {}

    # -- HTTP ----------------------------------------------------------------------------------

    async def on_request(self, request: Request) -> Response | Hangup:
        if request.path == CONTROL_PATH:
            answer = self.venue.controller.answer(request)
            self.venue.pass_time()
            return answer
        if self.venue.faults.delay_s:
            await trio.sleep(self.venue.faults.delay_s)
        reply = self.answer(request)
        if reply is None:
            await trio.sleep(_HANG_S)
            return Hangup()
        return reply

    def answer(self, request: Request) -> Response | Hangup | None:
        """One request of the venue's API; None is silence."""
        parts = request.path.strip("/").split("/")
        if len(parts) != 3 or parts[0] != "0" or parts[1] not in ("public", "private"):
            return refuse(UNKNOWN_METHOD, 404)
        is_public, method = parts[1] == "public", parts[2]
        kind: RequestKind = "public" if is_public else rest_kind(method)
        try:
            verdict = self.venue.verdict(kind, request.client)
        except Refused as refused:
            return refuse(_throttled(refused, kind))
        if verdict == "hangup":
            return Hangup()
        if verdict == "fail":
            return Response(status=self.venue.faults.fail_status)
        try:
            result = self._public(method, request) if is_public else self._private(method, request)
            reply = Response(headers=_JSON, body=encode({"error": [], "result": result}))
        except Refused as refused:
            reply = refuse(str(refused))
        finally:
            if not is_public:
                self.venue.settle()
        return self._after(kind, reply)

    def _after(self, kind: RequestKind, reply: Response) -> Response | Hangup | None:
        match self.venue.faults.after(kind):
            case "hangup":
                return Hangup()
            case "mute":
                return None
            case "unknown":
                return refuse(TIMEOUT)
            case "fail":
                return Response(status=self.venue.faults.fail_after_status)
            case _:
                return reply

    def _public(self, method: str, request: Request) -> Any:
        params = request.query_params()
        if request.method == "POST":
            params |= {name: word(form_or_json(request), name) for name in form_or_json(request)}
        return self.venue.public(method, params, request.client)

    def _private(self, method: str, request: Request) -> Any:
        if request.method != "POST" or not self.venue.has_private(method):
            raise Refused(UNKNOWN_METHOD)
        params = form_or_json(request)
        key = self._who(request, params)
        return self.venue.private(key, method, params)

    def _who(self, request: Request, params: Params) -> ApiKey:
        asked = Signed(
            path=request.path,
            key=request.headers.get("api-key", ""),
            sign=request.headers.get("api-sign", ""),
            nonce=word(params, "nonce"),
            body=request.body,
            otp=word(params, "otp"),
            client=request.client,
        )
        return self.venue.keyring.authenticate(asked, self.venue.clock.now_ns())

    # -- WebSocket -----------------------------------------------------------------------------

    def on_upgrade(self, request: Request) -> Response | Hangup | None:
        faults = self.venue.faults
        if request.path not in SOCKET_PATHS:
            return Response(status=404)
        try:
            verdict = self.venue.verdict("connect", request.client)
        except Refused:
            return Response(status=429)
        if verdict == "hangup":
            return Hangup()
        return Response(status=faults.refuse_sockets) if faults.refuse_sockets else None

    async def on_socket(self, request: Request, socket: Socket) -> None:
        connection = self.venue.connect(request.client)
        flush = _Flush(connection, socket, self.venue)
        connection.wake, connection.hang_up = flush.wake, socket.abort
        flush.wake()
        self._sockets[socket] = None
        try:
            async with trio.open_nursery() as nursery:
                flush.nursery = nursery
                await self._converse(socket, connection)
                nursery.cancel_scope.cancel()
        finally:
            del self._sockets[socket]
            self.venue.disconnected(connection)

    async def _converse(self, socket: Socket, connection: Connection) -> None:
        while True:
            try:
                said = await socket.receive()
            except SocketClosed:
                return
            if self.venue.faults.delay_s:
                await trio.sleep(self.venue.faults.delay_s)
            connection.receive(said, self.venue.clock.now_ns())

    async def run(self) -> None:
        """Let time pass."""
        clock = self.venue.clock
        while True:
            self.venue.pass_time()
            await clock.sleep_until_ns(clock.now_ns() + int(BEAT_S * NANOS))

    async def play(self, path: Path, speed: float) -> None:
        """Play a recording from when somebody asks for a pair of it; with `speed` 0 as fast as the
        slowest reader takes it.

        Raises:
            DataError: the file cannot be read, or no further.
        """
        recorded, asked = self.venue.recorded, trio.Event()
        recorded.on_asked = asked.set
        await asked.wait()
        began_s = first_ns = 0.0
        for nth, played in enumerate(read_recording(path, time_of)):
            if speed and played.time_ns:
                if not first_ns:
                    began_s, first_ns = trio.current_time(), played.time_ns
                await trio.sleep_until(began_s + (played.time_ns - first_ns) / NANOS / speed)
            elif nth % _TURN == 0:
                await self._drain()
            recorded.tell(played)

    async def _drain(self) -> None:
        """Wait for every reader that is far behind."""
        await trio.lowlevel.checkpoint()
        for socket in list(self._sockets):
            await socket.drain()


class _Flush:
    """Moves what a connection says onto its socket, late if a switch says so."""

    def __init__(self, connection: Connection, socket: Socket, venue: KrakenVenue) -> None:
        self._connection = connection
        self._socket = socket
        self._venue = venue
        self.nursery: trio.Nursery | None = None

    def wake(self) -> None:
        messages, self._connection.outgoing = self._connection.outgoing, []
        delay_s = self._venue.faults.delay_s
        if delay_s and self.nursery is not None and not self.nursery.cancel_scope.cancel_called:
            self.nursery.start_soon(self._later, messages, delay_s)
            return
        self._put(messages)

    async def _later(self, messages: list[bytes], delay_s: float) -> None:
        await trio.sleep(delay_s)
        self._put(messages)

    def _put(self, messages: list[bytes]) -> None:
        for message in messages:
            self._socket.put(message)


def form_or_json(request: Request) -> Params:
    """Parameters of the body. Raises `Refused`."""
    if "json" not in request.headers.get("content-type", ""):
        return request.body_params()
    try:
        given = _decode(request.body)
    except msgspec.DecodeError:
        raise Refused(INVALID_ARGUMENTS) from None
    if not isinstance(given, dict):
        raise Refused(INVALID_ARGUMENTS)
    return given


def refuse(error: str, status: int = 200) -> Response:
    """The venue says no with 200, nearly always."""
    return Response(status=status, headers=_JSON, body=encode({"error": [error]}))


def _throttled(refused: Refused, kind: RequestKind) -> str:
    is_rate = str(refused).endswith("Rate limit exceeded")
    return API_RATE_LIMIT if is_rate and kind not in ("submit", "amend", "cancel") else str(refused)


class Running:
    """A venue that listens."""

    def __init__(self, server: KrakenServer, port: int) -> None:
        self.server = server
        self.venue = server.venue
        self.port = port
        self.rest_url = f"http://127.0.0.1:{port}"
        self.ws_url = self.ws_auth_url = f"ws://127.0.0.1:{port}/v2"


async def run_kraken(
    clock: Clock | None = None,
    *,
    port: int = 0,
    play: Path | None = None,
    speed: float = 1.0,
    on_error: OnError | None = None,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
    **options: Any,
) -> None:
    """Serve a venue until cancelled; `options` are those of `KrakenVenue`. With `play` the market
    channels of its pairs are told from that recording, `speed` times as fast as it was made. A
    fault of the venue itself ends it, unless `on_error` makes an answer of it.

    Raises:
        DataError: the recording cannot be read, or nothing in it is of this venue.
        OSError: the port is taken.
    """
    if play is not None:
        options["recording"] = scan(read_recording(play, time_of))
        if not options["recording"]:
            raise DataError(f"{play.name} holds no messages of Kraken's market channels")
    server = KrakenServer(KrakenVenue(clock or SystemClock(), **options))
    async with trio.open_nursery() as nursery:
        listen = partial(
            serve,
            on_request=server.on_request,
            on_socket=server.on_socket,
            on_upgrade=server.on_upgrade,
            on_error=on_error,
            rules=_QUIET,
            port=port,
        )
        running = Running(server, await nursery.start(listen))
        nursery.start_soon(server.run)
        if play is not None:
            nursery.start_soon(server.play, play, speed)
        task_status.started(running)


@asynccontextmanager
async def open_kraken(clock: Clock | None = None, **options: Any) -> AsyncIterator[Running]:
    """A venue on a free port for as long as the block runs."""
    async with trio.open_nursery() as nursery:
        start: Mapping[str, Any] = options
        yield await nursery.start(partial(run_kraken, clock, **start))
        nursery.cancel_scope.cancel()
