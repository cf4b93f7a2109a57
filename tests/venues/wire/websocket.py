"""The server's end of one WebSocket."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import trio
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from tests.venues.wire.messages import WireRules

HIGH_MARK = 1 << 18
"""Unsent bytes above which `Socket.send` waits."""

LINGER_S = 5.0
"""How long the other side has to leave after the last that was sent."""


class SocketClosed(Exception):
    """The other side is gone, or the connection was closed here."""


class Socket:
    """One open WebSocket.

    `put` never waits, and is what listeners to events call; `send` waits while much is unsent.
    What is put on a socket that is closing is lost, as on any network.
    """

    def __init__(self, stream: trio.SocketStream, rules: WireRules) -> None:
        self._stream = stream
        self._rules = rules
        self._protocol = ServerProtocol(max_size=rules.most_message)
        self._received: deque[str] = deque()
        self._unsent: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._changed = trio.Event()
        self._parts: list[bytes] = []
        self._is_over = False
        self._is_ending = False
        self._reading = trio.CancelScope()
        self.pong_time = 0.0
        """When something was last heard that proves life, by trio's clock."""
        self.on_frame: Callable[[], None] | None = None
        """Called for each message, ping and pong that comes in."""

    # -- for handlers ------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return not self._is_over and self._protocol.state is State.OPEN

    async def receive(self) -> str:
        """The next message; a binary one as text.

        Raises:
            SocketClosed: there will be none.
        """
        while not self._received:
            if self._is_over:
                raise SocketClosed
            await self._change()
        await trio.lowlevel.checkpoint()
        return self._received.popleft()

    def put(self, text: str | bytes) -> None:
        """Send a text message, without waiting until it has left."""
        if not self.is_open:
            return
        self._protocol.send_text(text.encode() if isinstance(text, str) else text)
        self._flush()
        if self._unsent_bytes > self._rules.most_unsent:
            self.abort()

    async def send(self, text: str | bytes) -> None:
        """`put`, then wait while the reader is far behind.

        Raises:
            SocketClosed: it cannot be sent.
        """
        if not self.is_open:
            raise SocketClosed
        self.put(text)
        await trio.lowlevel.checkpoint()
        await self.drain()

    async def drain(self) -> None:
        """Wait while the reader is far behind."""
        while self._unsent_bytes > HIGH_MARK and not self._is_over:
            await self._change()

    def ping(self, payload: bytes = b"") -> None:
        if self.is_open:
            self._protocol.send_ping(payload)
            self._flush()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin to close; `receive` ends when the other side agreed."""
        if self.is_open:
            self._protocol.send_close(code, reason)
            self._flush()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._is_over = True
        self._reading.cancel()
        self._unsent.clear()
        self._unsent_bytes = 0
        self._tell()

    # -- for the server ----------------------------------------------------------------------

    def shake_hands(self, handshake: Handshake, rest: bytes) -> bool:
        """Answer the opening request; `rest` is what came behind it. Whether it is open now."""
        self._protocol.receive_data(handshake.serialize())
        for event in self._protocol.events_received():
            if isinstance(event, Handshake):
                self._protocol.send_response(self._protocol.accept(event))
        self._flush()
        if self._protocol.state is State.OPEN and rest:
            self._take(rest)
        return self._protocol.state is not State.CONNECTING

    async def read(self) -> None:
        """Take what comes until the connection ends."""
        with self._reading, suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await self._stream.receive_some(65536):
                self._take(data)
            self._protocol.receive_eof()
        self._is_over = True
        self._tell()

    async def write(self) -> None:
        """Send what was put, until nothing more can be."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while not self._is_over:
                while self._unsent:
                    batch = b"".join(self._unsent)
                    self._unsent.clear()
                    await self._stream.send_all(batch)
                    self._unsent_bytes = sum(map(len, self._unsent))
                    self._tell()
                if self._is_ending:
                    await self._stream.send_eof()
                    self._reading.deadline = trio.current_time() + LINGER_S
                    return
                await self._change()

    async def keep_pinged(self) -> None:
        """Ping by the rules; close what does not answer."""
        rules = self._rules
        while rules.ping_s and self.is_open:
            await trio.sleep(rules.ping_s)
            if trio.current_time() - self.pong_time > rules.pong_s:
                self.close(1008, "Pong timeout")
                return
            self.ping(str(int(trio.current_time() * 1000)).encode())

    def _take(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take_frame(event)
        self._flush()
        self._tell()

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            self.pong_time = trio.current_time()
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._received.append(b"".join(self._parts).decode(errors="replace"))
                self._parts.clear()
        if self.on_frame is not None and frame.fin and frame.opcode is not Opcode.CLOSE:
            self.on_frame()

    def _flush(self) -> None:
        try:
            chunks = self._protocol.data_to_send()
        except InvalidState:  # the connection ended on the way
            return
        for chunk in chunks:
            self._is_ending |= chunk == SEND_EOF
            self._unsent.append(chunk)
            self._unsent_bytes += len(chunk)
        self._tell()

    async def _change(self) -> None:
        await self._changed.wait()

    def _tell(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = trio.Event()
