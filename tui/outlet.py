"""Where bytes leave for the terminal, without anybody ever waiting for it.

A thread of its own writes. What is written here is taken at once and leaves in order, but a
terminal that does not read gets no backlog of pictures: who draws asks `is_clear` first, skips
the picture while something waits, and draws the present when `when_clear` calls. Of control
sequences (modes, the bell, the shape of the pointer) one of each kind waits, the newest.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from engine.clock import monotonic_s

MOST_WAITING = 1 << 20
"""Bytes that may wait; what would pass it is dropped. Far above any one picture: a screen of
200 x 50 in full colour is some 120 KB."""

QUIET_S = 1.0
"""How long `stop` waits for a terminal that takes nothing."""

MOST_STOP_S = 3.0
"""How long `stop` waits for one that takes little."""

_CHUNK = 1 << 16
_BLOCKING_CHUNK = 1 << 12

_CUT = b"\x18\x1b[?2026l\x1b[0m"
"""Ends a picture that is not finished: cancel (ECMA-48 8.3.9) what sequence is under way, show
what came of a synchronized update, take no colour along."""


class OutletStatistics(NamedTuple):
    """What left so far, and what waits."""

    bytes_sent: int = 0
    frames_sent: int = 0
    writes: int = 0
    """Pieces that were given: pictures and control sequences."""
    dropped: int = 0
    """Pieces that never left: too much waited, or the terminal was left meanwhile."""
    bytes_waiting: int = 0
    waiting_s: float = 0.0
    """Since when the oldest of what waits does so."""
    blocked_s: float = 0.0
    """All time in which the terminal took nothing though something waited."""


class _Piece:
    """Bytes that leave together: one picture, or one control sequence."""

    __slots__ = ("data", "given_at", "is_frame", "sent")

    def __init__(self, data: bytes, *, is_frame: bool, given_at: float) -> None:
        self.data = data
        self.is_frame = is_frame
        self.given_at = given_at
        self.sent = 0


class Outlet:
    """Takes text from any thread, and writes it to a file descriptor when that takes it."""

    def __init__(
        self,
        fileno: int,
        *,
        encoding: str = "utf-8",
        monotonic: Callable[[], float] = monotonic_s,
    ) -> None:
        """
        Args:
            fileno: of the terminal; it stays as it is and open.
            encoding: of the bytes; what it has not becomes `?`.
            monotonic: seconds.
        """
        self._given_fd = fileno
        self._encoding = encoding
        self._monotonic = monotonic
        self._pieces: deque[_Piece] = deque()
        # Reentrant: a signal's handler, in the main thread, writes as well.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: list[Callable[[], object]] = []
        self._collected: list[str] | None = None
        self._collector = 0
        self._wake_fd = self._woken_fd = -1
        self._fd = fileno
        self._is_own = False
        self._is_ending = False
        self._is_given_up = False
        self._blocked_since: float | None = None
        self._blocked_s = 0.0
        self._bytes_sent = 0
        self._frames_sent = 0
        self._writes = 0
        self._dropped = 0
        self.is_gone = False
        """The terminal was closed; what is written is thrown away."""
        self.generation = 0
        """Goes up when what the terminal shows is not what was written: application mode was
        left, or a picture was dropped. Who draws by difference must draw everything."""

    # -- giving ---------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Take a control sequence, or, within `frame`, a part of a picture. Never waits."""
        if self._collected is not None and self._collector == threading.get_ident():
            self._collected.append(text)
        elif text:
            self._put(text, is_frame=False)

    @contextmanager
    def frame(self) -> Iterator[None]:
        """All that this thread writes within is one picture, and leaves as one piece.

        To be entered when `is_clear`. A picture that is given while others wait is taken, for
        a drawer by difference depends on it.
        """
        if self._collected is not None and self._collector == threading.get_ident():
            yield
            return
        self._collector = threading.get_ident()
        self._collected = []
        try:
            yield
        finally:
            self._end_frame(is_frame=True)

    def _end_frame(self, *, is_frame: bool) -> None:
        text, self._collected = "".join(self._collected or ()), None
        if text:
            self._put(text, is_frame=is_frame)

    def _put(self, text: str, *, is_frame: bool) -> None:
        data = text.encode(self._encoding, "replace")
        piece = _Piece(data, is_frame=is_frame, given_at=self._monotonic())
        with self._lock:
            self._writes += 1
            if self.is_gone:
                return
            if not is_frame:
                self._forget_equal(data)
            if self.bytes_waiting + len(data) > MOST_WAITING:
                self._dropped += 1
                self.generation += is_frame
                return
            was_clear = not self._pieces
            self._pieces.append(piece)
        if was_clear:
            self._wake()

    def _forget_equal(self, data: bytes) -> None:
        """A control sequence that waits already waits in its new place only."""
        for piece in list(self._pieces)[1:]:  # the first is on its way
            if not piece.is_frame and piece.data == data:
                self._pieces.remove(piece)
                self._dropped += 1
                return

    # -- asking ---------------------------------------------------------------------------------

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits to leave, so that a picture drawn now would leave now."""
        return not self._pieces and not self.is_gone

    @property
    def bytes_waiting(self) -> int:
        with self._lock:
            return sum(len(piece.data) - piece.sent for piece in self._pieces)

    @property
    def waiting_s(self) -> float:
        """How long the oldest of what waits has waited; 0.0 where nothing does."""
        with self._lock:
            return self._monotonic() - self._pieces[0].given_at if self._pieces else 0.0

    @property
    def blocked_s(self) -> float:
        """All the time in which the terminal took nothing though something waited, seconds."""
        with self._lock:
            since = self._blocked_since
            return self._blocked_s + (self._monotonic() - since if since is not None else 0.0)

    @property
    def bytes_sent(self) -> int:
        return self._bytes_sent

    @property
    def frames_sent(self) -> int:
        """Pictures of which the last byte left."""
        return self._frames_sent

    @property
    def writes(self) -> int:
        """Pictures and control sequences that were given."""
        return self._writes

    def statistics(self) -> OutletStatistics:
        return OutletStatistics(
            bytes_sent=self._bytes_sent,
            frames_sent=self._frames_sent,
            writes=self._writes,
            dropped=self._dropped,
            bytes_waiting=self.bytes_waiting,
            waiting_s=self.waiting_s,
            blocked_s=self.blocked_s,
        )

    def when_clear(self, callback: Callable[[], object]) -> None:
        """Call once, from the loop, when nothing waits any more: soon, if nothing does now.

        Not called once the terminal is gone.
        """
        self._watchers.append(callback)
        if self.is_clear:
            self._announce()

    def _announce(self) -> None:
        """From any thread."""
        if self._watchers and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._tell_clear)

    def _tell_clear(self) -> None:
        if self.is_clear:
            watchers, self._watchers = self._watchers, []
            for watcher in watchers:
                watcher()

    # -- beginning and ending -------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write; `when_clear` calls from `loop`."""
        self._loop = loop
        self._is_ending = self._is_given_up = False
        if self._thread is not None and self._thread.is_alive():
            return  # one that a terminal still held when it was stopped goes on
        self._wake_fd, self._woken_fd = _pipe()
        self._fd, self._is_own = _own_descriptor(self._given_fd)
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    def stop(self, *, quiet_s: float = QUIET_S, most_s: float = MOST_STOP_S) -> bool:
        """Write control sequences that wait, drop pictures, and end. Whether all of it left.

        A terminal that takes nothing for `quiet_s`, or needs more than `most_s`, is given up.
        """
        if self._collected is not None:
            self._end_frame(is_frame=False)  # a signal came while a picture was made
        self.generation += 1
        thread = self._thread
        if thread is None or not thread.is_alive():
            return not self.is_gone
        self._is_ending = True
        self._wake()
        is_done = self._join(thread, quiet_s, most_s)
        with self._lock:
            self._dropped += len(self._pieces)
            self._pieces.clear()
        return is_done and not self.is_gone

    def _join(self, thread: threading.Thread, quiet_s: float, most_s: float) -> bool:
        started = moved = self._monotonic()
        sent = self._bytes_sent
        while thread.is_alive():
            thread.join(0.02)
            now = self._monotonic()
            if sent != self._bytes_sent:
                sent, moved = self._bytes_sent, now
            if now - started > most_s or now - moved > quiet_s:
                self._is_given_up = True
                self._wake()
                thread.join(0.1)  # longer only where it hangs in a write; it is a daemon
                return False
        return True

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_given_up and not self.is_gone:
            piece = self._first()
            if piece is not None:
                self._send(piece)
            elif self._is_ending:
                break
            else:
                self._wait()
        self._close()

    def _first(self) -> _Piece | None:
        with self._lock:
            while self._is_ending and self._pieces and self._pieces[0].is_frame:
                cut = self._pieces.popleft()
                self._dropped += 1
                if cut.sent:
                    end = _Piece(_CUT, is_frame=False, given_at=cut.given_at)
                    self._pieces.appendleft(end)
            return self._pieces[0] if self._pieces else None

    def _send(self, piece: _Piece) -> None:
        if not self._is_own:
            self._wait_for_room()
        chunk = _CHUNK if self._is_own else _BLOCKING_CHUNK
        try:
            sent = os.write(self._fd, memoryview(piece.data)[piece.sent : piece.sent + chunk])
        except BlockingIOError:
            self._wait_for_room()
            return
        except OSError:
            self._lose()
            return
        self._bytes_sent += sent
        piece.sent += sent
        if piece.sent == len(piece.data):
            self._done(piece)

    def _done(self, piece: _Piece) -> None:
        with self._lock:
            if self._pieces and self._pieces[0] is piece:
                self._pieces.popleft()
            self._frames_sent += piece.is_frame
            is_clear = not self._pieces
        if is_clear:
            self._announce()

    def _lose(self) -> None:
        with self._lock:
            self.is_gone = True
            self._dropped += len(self._pieces)
            self._pieces.clear()

    def _wait(self) -> None:
        """For something to do."""
        select.select([self._woken_fd], [], [])
        self._forget_wakes()

    def _wait_for_room(self) -> None:
        """For the terminal to take something, or for another wish of the deck's."""
        with self._lock:
            self._blocked_since = since = self._monotonic()
        select.select([self._woken_fd], [self._fd], [])
        self._forget_wakes()
        with self._lock:
            self._blocked_since = None
            self._blocked_s += self._monotonic() - since

    def _wake(self) -> None:
        with self._lock:
            if self._wake_fd >= 0:
                with suppress(BlockingIOError):  # full: it is awake
                    os.write(self._wake_fd, b"\0")

    def _forget_wakes(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken_fd, 4096)

    def _close(self) -> None:
        if self._is_own:
            os.close(self._fd)
        with self._lock:
            os.close(self._woken_fd)
            os.close(self._wake_fd)
            self._wake_fd = self._woken_fd = -1


def _pipe() -> tuple[int, int]:
    """A pipe that neither end waits on: its end to write, and that to read."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return write, read


def _own_descriptor(fileno: int) -> tuple[int, bool]:
    """`fileno`, opened anew so that it need not wait, and whether that could be had.

    Not waiting is a property of the open file that is shared with the shell and with what else
    runs in the terminal; set on what we were given, it would break those.
    """
    own = -1
    try:
        own = os.open(os.ttyname(fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        if os.fstat(own).st_rdev == os.fstat(fileno).st_rdev:
            return own, True
    except OSError:  # no terminal, one of another namespace, or of another user
        pass
    if own >= 0:
        os.close(own)
    return fileno, False
