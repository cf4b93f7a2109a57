"""A socket between a client and a venue that fails as told: cut after so many bytes, stalled,
slow. It knows nothing of what passes through it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import trio

Way = Literal["up", "down"]
"""`up`: from the client to the venue."""


@dataclass
class Faults:
    """Switches, read for each piece that passes."""

    cut_after: dict[Way, int] = field(default_factory=dict)
    """Bytes of one way that pass before the connection is cut, in the middle of a piece too. Once:
    the next connection passes."""
    stalled: set[Way] = field(default_factory=set)
    """Nothing passes this way until it is taken out and `go_on` is called."""
    bytes_per_s: float = 0.0
    """0 is as fast as it goes."""
    passed: dict[Way, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    moved: trio.Event = field(default_factory=trio.Event)

    def go_on(self) -> None:
        """Look at the switches again."""
        self.moved.set()
        self.moved = trio.Event()


class FaultProxy:
    """Passes each connection on to `port` on this machine."""

    def __init__(self, port: int, pause: Callable[[float], Awaitable[None]] = trio.sleep) -> None:
        """
        Args:
            pause: waits for so many seconds, where it is slow.
        """
        self._venue_port = port
        self._pause = pause
        self.faults = Faults()
        self.port = 0
        self.connections = 0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._serve, [listener])

    async def _serve(self, client: trio.SocketStream) -> None:
        self.connections += 1
        venue = await trio.open_tcp_stream("127.0.0.1", self._venue_port)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pump, client, venue, "up", nursery)
                nursery.start_soon(self._pump, venue, client, "down", nursery)
        finally:
            client.socket.close()  # at once, also where this is cancelled
            venue.socket.close()

    async def _pump(
        self, source: trio.SocketStream, sink: trio.SocketStream, way: Way, nursery: trio.Nursery
    ) -> None:
        """Pass one way on until it ends or is cut; either ends the connection."""
        try:
            async for piece in source:
                while way in self.faults.stalled:
                    await self.faults.moved.wait()
                left = self.faults.cut_after.get(way, len(piece) + 1)
                if self.faults.bytes_per_s:
                    await self._pause(len(piece) / self.faults.bytes_per_s)
                self.faults.passed[way] += min(left, len(piece))
                await sink.send_all(bytes(piece[:left]))
                if way in self.faults.cut_after:
                    self.faults.cut_after[way] = left - len(piece)
                    if left <= len(piece):
                        del self.faults.cut_after[way]
                        break
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_proxy(
    port: int, pause: Callable[[float], Awaitable[None]] = trio.sleep
) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(port, pause)
    async with trio.open_nursery() as nursery:
        await nursery.start(proxy.run)
        yield proxy
        nursery.cancel_scope.cancel()
