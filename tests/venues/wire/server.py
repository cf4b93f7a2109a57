"""An HTTP/1.1 and WebSocket server on one loopback port, for test venues.

    port = await nursery.start(
        partial(serve, on_request=answer, on_socket=talk, on_upgrade=admit, rules=WireRules()))

* `on_request(Request) -> Response | Hangup`, awaited: everything that is no WebSocket.
* `on_upgrade(Request) -> Response | Hangup | None`: None lets the WebSocket open.
* `on_socket(Request, Socket)`, awaited: one open WebSocket; it is closed when this returns, and
  cut when it raises. It is cancelled when the other side is gone and it does not `receive`.

`Request`, `Response`, `Hangup` and `WireRules` are in `messages`, `Socket` and `SocketClosed` in
`websocket`. Connections are kept alive; bodies may be chunked. Keys and signatures are none of its
business: the query and the body come as they were sent.

An exception of a handler ends the server, for it is a fault of the venue; `on_error` may make an
answer of it instead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

import h11
import trio
from websockets.datastructures import Headers
from websockets.http11 import Request as Handshake

from tests.venues.wire.messages import Hangup, Request, Response, WireRules, split_target
from tests.venues.wire.websocket import Socket, SocketClosed

Answer = Response | Hangup
OnRequest = Callable[[Request], Awaitable[Answer]]
OnSocket = Callable[[Request, Socket], Awaitable[None]]
OnUpgrade = Callable[[Request], Answer | None]
OnError = Callable[[Request, Exception], Answer]


async def _no_socket(request: Request, socket: Socket) -> None:
    socket.close(1008, "no WebSocket is served here")


async def serve(
    *,
    on_request: OnRequest,
    on_socket: OnSocket = _no_socket,
    on_upgrade: OnUpgrade = lambda request: None,
    on_error: OnError | None = None,
    rules: WireRules | None = None,
    port: int = 0,
    host: str = "127.0.0.1",
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; `started` tells the port.

    Raises:
        OSError: the port is taken.
    """
    (listener,) = await trio.open_tcp_listeners(port, host=host)
    server = _Server(on_request, on_socket, on_upgrade, on_error, rules or WireRules())
    async with trio.open_nursery() as nursery:
        task_status.started(listener.socket.getsockname()[1])
        await trio.serve_listeners(server.connect, [listener], handler_nursery=nursery)


class _Server:
    def __init__(
        self,
        on_request: OnRequest,
        on_socket: OnSocket,
        on_upgrade: OnUpgrade,
        on_error: OnError | None,
        rules: WireRules,
    ) -> None:
        self._on_request = on_request
        self._on_socket = on_socket
        self._on_upgrade = on_upgrade
        self._on_error = on_error
        self._rules = rules

    async def connect(self, stream: trio.SocketStream) -> None:
        """Serve one connection to its end."""
        try:
            await _Connection(stream, self._rules).run(self)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            stream.socket.close()  # at once: a checkpoint here could hide what was raised

    async def answer(self, request: Request) -> Answer:
        try:
            return await self._on_request(request)
        except Exception as error:
            if self._on_error is None:
                raise
            return self._on_error(request, error)

    def admit(self, request: Request) -> Answer | None:
        """None if a WebSocket may open."""
        return self._on_upgrade(request)

    async def talk(self, request: Request, socket: Socket) -> None:
        """Run the handler of one WebSocket, which is over after it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.write)
            nursery.start_soon(socket.keep_pinged)
            nursery.start_soon(partial(self._handle, request, socket, nursery))
            await socket.read()
            nursery.cancel_scope.cancel()

    async def _handle(self, request: Request, socket: Socket, nursery: trio.Nursery) -> None:
        try:
            await self._on_socket(request, socket)
            socket.close()
        except SocketClosed:
            pass
        except Exception as error:
            if self._on_error is None:
                raise
            self._on_error(request, error)
            socket.close(1011, "internal error")


class _Connection:
    """HTTP on one stream."""

    def __init__(self, stream: trio.SocketStream, rules: WireRules) -> None:
        self._stream = stream
        self._rules = rules
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=rules.most_head)
        self._client = stream.socket.getpeername()[0]

    async def run(self, server: _Server) -> None:
        """Answer requests until the client leaves, or a WebSocket takes over."""
        while True:
            try:
                head = await self._next_event()
                if not isinstance(head, h11.Request):
                    return
                if _size(head) > self._rules.most_head:
                    await self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                    return
                if _wants_socket(head):
                    await self._open_socket(server, head)
                    return
                body = await self._body()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                return
            if body is None:
                await self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            answer = await server.answer(self._request(head, body))
            if isinstance(answer, Hangup):
                return
            await self._send(answer, is_head=head.method == b"HEAD")
            if answer.when_sent is not None:
                answer.when_sent()
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _next_event(self) -> h11.Event | None:
        """None where the client must wait for its answer before it says more."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Event):
                return event
            if event is h11.PAUSED:
                return None
            if self._http.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                await self._stream.send_all(self._http.send(go_on))
            self._http.receive_data(await self._stream.receive_some(65536))

    async def _body(self) -> bytes | None:
        """All of it; None if it is too long."""
        parts, length = [], 0
        while isinstance(event := await self._next_event(), h11.Data):
            parts.append(bytes(event.data))
            length += len(event.data)
            if length > self._rules.most_body:
                return None
        return b"".join(parts)

    def _request(self, head: h11.Request, body: bytes) -> Request:
        path, query = split_target(head.target.decode("latin-1"))
        headers: dict[str, str] = {}
        for raw_name, raw_value in head.headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Request(
            method=head.method.decode(),
            path=path,
            query=query,
            headers=headers,
            body=body,
            client=self._client,
        )

    async def _send(self, response: Response, *, is_head: bool = False) -> None:
        headers = [(name, value) for name, value in response.headers.items()]
        headers.append(("Content-Length", str(len(response.body))))
        status = h11.Response(
            status_code=response.status, headers=headers, reason=_phrase(response.status)
        )
        parts = [self._http.send(status)]
        if response.body and not is_head:
            parts.append(self._http.send(h11.Data(data=response.body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        await self._stream.send_all(b"".join(part for part in parts if part))

    async def _refuse(self, status: int) -> None:
        """Answer what is no request, if that is still possible."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self._send(Response(status=status, headers={"Connection": "close"}))

    # -- WebSocket -----------------------------------------------------------------------------

    async def _open_socket(self, server: _Server, head: h11.Request) -> None:
        request = self._request(head, b"")
        answer = server.admit(request)
        if isinstance(answer, Hangup):
            return
        if answer is not None:
            await self._next_event()
            await self._send(answer)
            return
        socket = Socket(self._stream, self._rules)
        socket.pong_time = trio.current_time()
        self._http.next_event()  # the end of the request: what comes behind it is not HTTP
        rest, _ = self._http.trailing_data
        socket.shake_hands(_handshake(head), rest)
        if socket.is_open:
            await server.talk(request, socket)
        else:
            await socket.write()


def _wants_socket(head: h11.Request) -> bool:
    return any(
        name == b"upgrade" and value.strip().lower() == b"websocket" for name, value in head.headers
    )


def _size(head: h11.Request) -> int:
    """Bytes of a request line and headers; h11 bounds only what came in part."""
    return len(head.target) + sum(len(name) + len(value) for name, value in head.headers)


def _handshake(head: h11.Request) -> Handshake:
    headers = Headers()
    for name, value in head.headers:
        headers[name.decode("latin-1")] = value.decode("latin-1")
    return Handshake(head.target.decode("latin-1"), headers)


def _phrase(status: int) -> str:
    """The reason phrase; venues use numbers that have none, such as 418 in older lists."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
