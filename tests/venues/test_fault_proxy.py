"""The proxy fails as told, and not otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio
import trio.testing

from tests.venues.fault_proxy import FaultProxy, open_proxy


@asynccontextmanager
async def echo_behind_proxy(
    pauses: list[float] | None = None,
) -> AsyncIterator[tuple[FaultProxy, trio.SocketStream]]:
    """A client of an echo, with the proxy between them."""

    async def echo(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            async with stream:
                async for piece in stream:
                    await stream.send_all(piece)

    async def pause(seconds: float) -> None:
        assert pauses is not None
        pauses.append(seconds)
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, echo, [listener])
        async with (
            open_proxy(listener.socket.getsockname()[1], pause) as proxy,
            await trio.open_tcp_stream("127.0.0.1", proxy.port) as client,
        ):
            yield proxy, client
        nursery.cancel_scope.cancel()


async def read_all(stream: trio.SocketStream) -> bytes:
    read = b""
    try:
        async for piece in stream:
            read += piece
    except trio.BrokenResourceError:
        pass
    return read


async def test_without_faults_everything_passes() -> None:
    async with echo_behind_proxy() as (proxy, client):
        await client.send_all(b"hello")

        assert await client.receive_some(5) == b"hello"
        assert proxy.faults.passed == {"up": 5, "down": 5}


async def test_a_connection_is_cut_after_so_many_bytes_in_the_middle_of_a_piece() -> None:
    async with echo_behind_proxy() as (proxy, client):
        proxy.faults.cut_after["down"] = 3
        await client.send_all(b"hello")

        assert await read_all(client) == b"hel"
        async with await trio.open_tcp_stream("127.0.0.1", proxy.port) as again:
            await again.send_all(b"hello")
            assert await again.receive_some(5) == b"hello"


async def test_what_is_stalled_passes_later() -> None:
    async with echo_behind_proxy() as (proxy, client):
        proxy.faults.stalled.add("up")
        await client.send_all(b"hello")
        await trio.testing.wait_all_tasks_blocked()
        before = dict(proxy.faults.passed)
        proxy.faults.stalled.clear()
        proxy.faults.go_on()

        assert before == {"up": 0, "down": 0}
        assert await client.receive_some(5) == b"hello"


async def test_what_is_slow_takes_its_time() -> None:
    pauses: list[float] = []
    async with echo_behind_proxy(pauses) as (proxy, client):
        proxy.faults.bytes_per_s = 100.0
        await client.send_all(b"hello")

        assert await client.receive_some(5) == b"hello"
        assert sum(pauses) == 0.1
