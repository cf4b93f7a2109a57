"""The HTTP and WebSocket server that test venues stand on, asked by other libraries' clients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import pytest
import trio
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.trio.client import connect

from tests.venues.wire.messages import Hangup, Request, Response, WireRules
from tests.venues.wire.server import serve
from tests.venues.wire.websocket import Socket, SocketClosed


async def echo(request: Request) -> Response | Hangup:
    if request.path == "/gone":
        return Hangup()
    if request.path == "/broken":
        raise ZeroDivisionError
    text = f"{request.method} {request.path}?{request.query} {request.headers.get('x-who', '-')} "
    return Response(headers={"X-Seen": "yes"}, body=text.encode() + request.body)


async def shout(request: Request, socket: Socket) -> None:
    while True:
        text = await socket.receive()
        if text == "bye":
            socket.close(4001, "as you wish")
        elif text == "cut":
            socket.abort()
        elif text == "leave":
            return
        else:
            await socket.send(text.upper())


def admit(request: Request) -> Response | Hangup | None:
    return {"/teapot": Response(status=418, body=b"no"), "/gone": Hangup()}.get(request.path)


@asynccontextmanager
async def serving(**options: object) -> AsyncIterator[str]:
    """Where a server listens, as `host:port`."""
    async with trio.open_nursery() as nursery:
        given = {"on_request": echo, "on_socket": shout, "on_upgrade": admit, **options}
        port = await nursery.start(partial(serve, **given))
        yield f"127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


async def open_stream(at: str) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", int(at.split(":")[1]))


async def read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    seen = b""
    while end not in seen:
        chunk = await stream.receive_some()
        assert chunk, seen
        seen += chunk
    return seen


async def test_a_request_arrives_as_it_was_sent() -> None:
    async with serving() as at, httpx2.AsyncClient() as client:
        url = f"http://{at}/a%20b?q=%2B1&e="
        answer = await client.post(url, content=b"x=1", headers={"X-Who": "me"})
        assert answer.status_code == 200
        assert answer.headers["x-seen"] == "yes"
        assert answer.text == "POST /a b?q=%2B1&e= me x=1"


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving() as at, await open_stream(at) as stream:
        for nth in range(3):
            await stream.send_all(f"GET /{nth} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            seen = await read_until(stream, f"GET /{nth}? -".encode())
            assert seen.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_in_chunks_is_put_together() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one,"
        yield b"two"

    async with serving() as at, httpx2.AsyncClient() as client:
        answer = await client.post(f"http://{at}/", content=chunks())
        assert answer.text.endswith("- one,two")


async def test_a_head_request_gets_no_body() -> None:
    async with serving() as at, httpx2.AsyncClient() as client:
        answer = await client.head(f"http://{at}/")
        assert (answer.status_code, answer.content) == (200, b"")


async def test_what_is_too_large_is_refused() -> None:
    rules = WireRules(most_body=10, most_head=500)
    async with serving(rules=rules) as at, httpx2.AsyncClient() as client:
        assert (await client.post(f"http://{at}/", content=b"x" * 11)).status_code == 413
        long = {"X-Long": "y" * 1000}
        assert (await client.get(f"http://{at}/", headers=long)).status_code == 431
        assert (await client.post(f"http://{at}/", content=b"x" * 10)).status_code == 200


async def test_what_is_no_http_is_refused() -> None:
    async with serving() as at:
        async with await open_stream(at) as stream:
            await stream.send_all(b"\x00\x01 hello\r\n\r\n")
            seen = b"".join([chunk async for chunk in stream])
        assert seen.startswith(b"HTTP/1.1 400 ")


async def test_a_hangup_answers_nothing() -> None:
    async with serving() as at, httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(f"http://{at}/gone")
        with pytest.raises(InvalidMessage):
            async with connect(f"ws://{at}/gone"):
                pass


async def test_a_fault_of_a_handler_ends_the_server_unless_it_is_made_an_answer() -> None:
    def explain(request: Request, error: Exception) -> Response:
        return Response(status=500, body=type(error).__name__.encode())

    async with serving(on_error=explain) as at, httpx2.AsyncClient() as client:
        answer = await client.get(f"http://{at}/broken")
        assert (answer.status_code, answer.text) == (500, "ZeroDivisionError")
    with pytest.raises(BaseExceptionGroup) as raised:
        async with serving() as at, httpx2.AsyncClient() as client:
            await client.get(f"http://{at}/broken")
    assert raised.value.subgroup(ZeroDivisionError)


async def test_a_websocket_talks_both_ways_and_says_why_it_closes() -> None:
    async with serving() as at, connect(f"ws://{at}/ws") as client:
        for text in ("a", "β" * 70_000, "c"):
            await client.send(text)
            assert await client.recv() == text.upper()
        await client.send("bye")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "as you wish")


async def test_a_message_in_fragments_is_put_together() -> None:
    async with serving() as at, connect(f"ws://{at}/ws") as client:
        await client.send(["a", "b", "c"])
        assert await client.recv() == "ABC"


async def test_a_handler_that_returns_closes_its_websocket() -> None:
    async with serving() as at, connect(f"ws://{at}/ws") as client:
        await client.send("leave")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd.code == 1000


async def test_a_cut_websocket_ends_without_a_word() -> None:
    async with serving() as at, connect(f"ws://{at}/ws") as client:
        await client.send("cut")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is None


async def test_a_message_that_is_too_large_ends_its_websocket() -> None:
    rules = WireRules(most_message=1000)
    async with serving(rules=rules) as at, connect(f"ws://{at}/ws") as client:
        await client.send("x" * 1001)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd.code == 1009


async def test_a_websocket_may_be_refused() -> None:
    async with serving() as at:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{at}/teapot"):
                pass
        assert refused.value.response.status_code == 418
        assert refused.value.response.body == b"no"


async def test_pings_are_sent_on_schedule_and_silence_is_closed() -> None:
    rules = WireRules(ping_s=0.02, pong_s=0.2)
    has_answered = trio.Event()

    async def count(request: Request, socket: Socket) -> None:
        socket.on_frame = has_answered.set
        await shout(request, socket)

    async with serving(rules=rules, on_socket=count) as at, connect(f"ws://{at}/ws") as client:
        await has_answered.wait()
        async with await open_stream(at) as mute:  # a client that answers no ping
            await mute.send_all(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n"
            )
            seen = await read_until(mute, b"Pong timeout")
        assert seen.startswith(b"HTTP/1.1 101 ")
        assert client.state.name == "OPEN"


async def test_a_reader_that_lets_too_much_pile_up_is_cut() -> None:
    async def flood(request: Request, socket: Socket) -> None:
        await socket.receive()
        while socket.is_open:
            socket.put("x" * 100_000)
        with pytest.raises(SocketClosed):
            await socket.send("more")

    rules = WireRules(most_unsent=10_000_000)
    async with (
        serving(rules=rules, on_socket=flood) as at,
        connect(f"ws://{at}/ws", max_queue=1) as client,
    ):
        await client.send("go")
        await client.wait_closed()
        assert client.close_code == 1006


async def test_a_sender_waits_for_a_slow_reader() -> None:
    sent = 0

    async def count_up(request: Request, socket: Socket) -> None:
        nonlocal sent
        while sent < 200:
            sent += 1
            await socket.send("x" * 100_000)

    async with (
        serving(on_socket=count_up) as at,
        connect(f"ws://{at}/ws", max_queue=1) as client,
    ):
        await client.recv()
        assert sent < 200  # 20 MB are more than the network holds
        for _ in range(199):
            assert len(await client.recv()) == 100_000
