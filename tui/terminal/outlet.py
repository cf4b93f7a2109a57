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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from engine.clock import monotonic_s
from tui.terminal.backlog import Backlog, Piece

QUIET_S = 1.0
"""How long `stop` waits for a terminal that takes nothing."""

MOST_STOP_S = 3.0
"""How long `stop` waits for one that takes little."""

_CHUNK = 1 << 16
_BLOCKING_CHUNK = 1 << 12


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


class _Watcher(NamedTuple):
    callback: Callable[[], object]
    number: int | None
    """Of the last piece that must have left; None: nothing must wait any more."""


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
        self._backlog = Backlog()
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: list[_Watcher] = []
        self._collected: list[str] | None = None
        self._collector = 0
        self._wake_fd = self._woken_fd = -1
        self._fd = fileno
        self._is_own = False
        self._is_ending = False
        self._is_given_up = False
        self._blocked_since: float | None = None
        self._blocked_s = 0.0
        self._is_held = False
        self._times_left = 0
        self.is_gone = False
        """The terminal was closed; what is written is thrown away."""

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
        if not self.is_gone:
            data = text.encode(self._encoding, "replace")
            if self._backlog.give(Piece(data, is_frame=is_frame, given_at=self._monotonic())):
                self._wake()

    # -- asking ---------------------------------------------------------------------------------

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits to leave, so that a picture drawn now would leave now."""
        return not (self._backlog or self._is_held or self.is_gone)

    @property
    def generation(self) -> int:
        """Goes up when what the terminal shows is not what was written: application mode was
        left, or a picture was dropped. Who draws by difference must then draw everything."""
        return self._times_left + self._backlog.dropped_frames

    @property
    def bytes_waiting(self) -> int:
        return self._backlog.size

    @property
    def waiting_s(self) -> float:
        """How long the oldest of what waits has waited; 0.0 where nothing does."""
        oldest_at = self._backlog.oldest_at
        return 0.0 if oldest_at is None else self._monotonic() - oldest_at

    @property
    def blocked_s(self) -> float:
        """All the time in which the terminal took nothing though something waited, seconds."""
        with self._lock:
            since = self._blocked_since
            return self._blocked_s + (self._monotonic() - since if since is not None else 0.0)

    @property
    def bytes_sent(self) -> int:
        return self._backlog.bytes_sent

    @property
    def frames_sent(self) -> int:
        """Pictures of which the last byte left."""
        return self._backlog.frames_sent

    @property
    def writes(self) -> int:
        """Pictures and control sequences that were given."""
        return self._backlog.given

    def statistics(self) -> OutletStatistics:
        return OutletStatistics(
            bytes_sent=self.bytes_sent,
            frames_sent=self.frames_sent,
            writes=self.writes,
            dropped=self._backlog.dropped,
            bytes_waiting=self.bytes_waiting,
            waiting_s=self.waiting_s,
            blocked_s=self.blocked_s,
        )

    def hold(self, is_held: bool) -> None:
        """Be clear no more, or again: what left is known to be stuck on its way."""
        self._is_held = is_held
        if self.is_clear:
            self._announce()

    def when_clear(self, callback: Callable[[], object]) -> None:
        """Call once, from the loop, when nothing waits any more: soon, if nothing does now.

        Not called once the terminal is gone.
        """
        self._watch(_Watcher(callback, None))

    def when_sent(self, callback: Callable[[], object]) -> None:
        """Call once, from the loop, when all that was given so far has left; what is given
        later need not have. Not called once the terminal is gone."""
        self._watch(_Watcher(callback, self._backlog.given))

    def _watch(self, watcher: _Watcher) -> None:
        self._watchers.append(watcher)
        if self._is_due(watcher):
            self._announce()

    def _is_due(self, watcher: _Watcher) -> bool:
        if watcher.number is None:
            return self.is_clear
        return not self.is_gone and self._backlog.has_left(watcher.number)

    def _announce(self) -> None:
        """From any thread."""
        if self._watchers and self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        due = [watcher for watcher in self._watchers if self._is_due(watcher)]
        self._watchers = [watcher for watcher in self._watchers if watcher not in due]
        for watcher in due:
            watcher.callback()

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
        self._times_left += 1
        thread = self._thread
        if thread is None or not thread.is_alive():
            return not self.is_gone
        self._is_ending = True
        self._wake()
        is_done = self._join(thread, quiet_s, most_s)
        self._backlog.clear()
        return is_done and not self.is_gone

    def _join(self, thread: threading.Thread, quiet_s: float, most_s: float) -> bool:
        started = moved = monotonic_s()
        sent = self.bytes_sent
        while thread.is_alive():
            thread.join(0.02)
            now = monotonic_s()
            if sent != self.bytes_sent:
                sent, moved = self.bytes_sent, now
            if now - started > most_s or now - moved > quiet_s:
                self._is_given_up = True
                self._wake()
                thread.join(0.1)  # longer only where it hangs in a write; it is a daemon
                return False
        return True

    # -- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_given_up and not self.is_gone:
            if self._is_ending:
                self._backlog.cut_frame()
            piece = self._backlog.first()
            if piece is not None:
                self._send(piece)
            elif self._is_ending:
                break
            else:
                self._wait()
        self._close()

    def _send(self, piece: Piece) -> None:
        if not self._is_own:
            self._wait_for_room()
        chunk = _CHUNK if self._is_own else _BLOCKING_CHUNK
        try:
            count = os.write(self._fd, memoryview(piece.data)[piece.sent : piece.sent + chunk])
        except BlockingIOError:
            self._wait_for_room()
        except OSError:
            self.is_gone = True
            self._backlog.clear()
        else:
            if self._backlog.sent(piece, count):
                self._announce()

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
