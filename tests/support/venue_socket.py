"""The other end of a websocket, in memory: a venue that says what a test has it say."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import trio
import trio.testing
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from brokers.net.socket import Socket, open_socket

Refusal = Exception | int
"""What an attempt to connect meets: an error of the network, or the status of an HTTP answer."""


class VenueEnd:
    """One connection, as the venue sees it."""

    def __init__(self, stream: trio.testing.MemorySendStream, status: int, headers: dict[str, str]):
        self._stream = stream
        self._status = status
        self._headers = headers
        self.protocol = ServerProtocol()
        self.heard: list[str] = []
        self.pings = 0
        self.answers_pings = True
        self.is_over = False
        self.path = ""

    async def serve(self, receive: trio.testing.MemoryReceiveStream) -> None:
        with suppress(trio.ClosedResourceError, trio.BrokenResourceError):
            async for chunk in receive:
                self.protocol.receive_data(chunk)
                for event in self.protocol.events_received():
                    self._on_event(event)
                await self._flush()
        self.is_over = True

    def _on_event(self, event: object) -> None:
        if isinstance(event, Request):
            self.path = event.path
            if self._status == 101:
                self.protocol.send_response(self.protocol.accept(event))
            else:
                response = self.protocol.reject(self._status, "no\n")
                response.headers.update(self._headers)
                self.protocol.send_response(response)
        elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            self.heard.append(bytes(event.data).decode())
        elif isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings += 1
            if not self.answers_pings:
                self.protocol.data_to_send()

    async def say(self, *texts: str) -> None:
        """Send messages, all in one piece."""
        for text in texts:
            self.protocol.send_text(text.encode())
        await self._flush()

    async def say_in_parts(self, *parts: str) -> None:
        """Send one message as several frames."""
        self.protocol.send_text(parts[0].encode(), fin=len(parts) == 1)
        for number, part in enumerate(parts[1:], start=2):
            self.protocol.send_continuation(part.encode(), fin=number == len(parts))
        await self._flush()

    async def ping(self) -> None:
        self.protocol.send_ping(b"venue")
        await self._flush()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End it in order."""
        self.protocol.send_close(code, reason)
        await self._flush()

    async def cut(self) -> None:
        """The line is gone."""
        self.is_over = True
        await trio.aclose_forcefully(self._stream)

    async def _flush(self) -> None:
        with suppress(trio.ClosedResourceError, trio.BrokenResourceError):
            for chunk in self.protocol.data_to_send():
                if chunk:
                    await self._stream.send_all(chunk)
                else:
                    await self._stream.aclose()


class Dialer:
    """Opens sockets to venue ends of its own; see `open_socket`."""

    def __init__(self) -> None:
        self.ends: list[VenueEnd] = []
        self.urls: list[str] = []
        self.dialled_s: list[float] = []
        self.refusals: list[Refusal] = []
        """Of the next attempts, first one first."""
        self.refusal_headers: dict[str, str] = {}
        """Of their HTTP answers."""
        self.closing_fails = False

    @asynccontextmanager
    async def __call__(
        self,
        url: str,
        *,
        connect_timeout_s: float,
        most_bytes: int,
        ping_s: float,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[Socket]:
        self.urls.append(url)
        self.dialled_s.append(trio.current_time())
        refusal = self.refusals.pop(0) if self.refusals else 101
        if isinstance(refusal, Exception):
            raise refusal
        ours, theirs = trio.testing.memory_stream_pair()
        end = VenueEnd(theirs.send_stream, refusal, self.refusal_headers)
        if refusal == 101:
            self.ends.append(end)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end.serve, theirs.receive_stream)
            async with open_socket(
                url,
                connect_timeout_s=connect_timeout_s,
                most_bytes=most_bytes,
                ping_s=ping_s,
                headers=headers,
                stream=ours,
            ) as socket:
                yield socket
            nursery.cancel_scope.cancel()
        if self.closing_fails:
            raise OSError(107, "Transport endpoint is not connected")


async def until(so: Callable[[], object], within_s: float = math.inf) -> None:
    """Let things happen until `so` holds; for tests whose clock jumps."""
    with trio.fail_after(within_s):
        while not so():  # noqa: ASYNC110 - what is looked at sends no event
            await trio.sleep(0.01)
