"""A websocket whose text frames are handed over where they are read.

`websockets.trio` queues frames for `recv`, and each costs a turn of the scheduler. A market's
stream has thousands a second, and its reader never waits: so `process_event`, which websockets
lets subclasses change (`create_connection`), gives each whole message to a callback at once.
While that runs nothing more is read, so that a slow reader slows the venue, and not our memory.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import trio
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.trio.client import ClientConnection, connect


class OpenSocket(Protocol):
    """Opens a socket, as `open_socket` does."""

    def __call__(
        self,
        url: str,
        *,
        connect_timeout_s: float,
        most_bytes: int,
        ping_s: float,
        headers: dict[str, str] | None = None,
    ) -> AbstractAsyncContextManager[Socket]: ...


Receive = Callable[[bytes], None]
"""Takes one whole message; never waits, never raises."""

_quiet = logging.getLogger("brokers.websockets")
# Its lines have whole messages in them, keys and signatures included.
_quiet.addHandler(logging.NullHandler())
_quiet.setLevel(logging.CRITICAL + 1)
_quiet.propagate = False


class Socket(ClientConnection):
    """See the module. `receive` is set once the socket is open; what came before waits for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.receive: Receive | None = None
        self.hear: Callable[[], None] = _nothing
        """Called for whatever comes by itself: messages and pings, not the answers to our own."""
        self._early: list[bytes] = []
        self._parts: list[bytes] = []

    def process_event(self, event: Event) -> None:
        """Take a frame; for websockets."""
        if self.response is not None and isinstance(event, Frame):
            if event.opcode is not Opcode.PONG:
                self.hear()
            if event.opcode in _DATA:
                self._take(event)
                return
        super().process_event(event)

    def listen(self, receive: Receive) -> None:
        """Have messages from now on, and first those that came with the handshake."""
        early, self._early = self._early, []
        for message in early:
            receive(message)
        self.receive = receive

    def _take(self, frame: Frame) -> None:
        if not frame.fin or self._parts:
            # The sum of the parts is bounded by `max_size`, which websockets sees to.
            self._parts.append(bytes(frame.data))
            if not frame.fin:
                return
            message, self._parts = b"".join(self._parts), []
        else:
            message = bytes(frame.data)
        if self.receive is None:
            self._early.append(message)
        else:
            self.receive(message)


_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


def _nothing() -> None:
    pass


@asynccontextmanager
async def open_socket(
    url: str,
    *,
    connect_timeout_s: float,
    most_bytes: int,
    ping_s: float,
    headers: dict[str, str] | None = None,
    stream: trio.abc.Stream | None = None,
) -> AsyncIterator[Socket]:
    """A socket to `url`; closed in order, within a second, when the block is left.

    Args:
        most_bytes: of a message; one that says that it is larger is refused before it is read.
        ping_s: a ping goes out so often, and has as long to be answered; 0 sends none.
        stream: what it goes over, where that is open already.

    Raises:
        OSError, TimeoutError: it cannot be reached.
        websockets.exceptions.InvalidHandshake: what answers does not take us.
        websockets.exceptions.InvalidURI: `url` is none.
    """
    async with connect(
        url,
        stream=stream,
        compression=None,  # costs more time here than it saves on any link but the slowest
        additional_headers=headers,
        open_timeout=connect_timeout_s,
        ping_interval=ping_s or None,
        ping_timeout=ping_s or None,
        close_timeout=1.0,
        max_size=most_bytes,
        logger=_quiet,
        create_connection=Socket,
    ) as socket:
        assert isinstance(socket, Socket)
        yield socket
