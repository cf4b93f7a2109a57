"""What waits to leave for the terminal: pictures and control sequences, bounded."""

from __future__ import annotations

import threading
from collections import deque

MOST_WAITING = 1 << 20
"""Bytes that may wait; what would pass it is dropped. Far above any one picture: a screen of
200 x 50 in full colour is some 120 KB."""

_CUT = b"\x18\x1b[?2026l\x1b[0m"
"""Ends a picture that is not finished: cancel (ECMA-48 8.3.9) what sequence is under way, show
what came of a synchronized update, take no colour along."""


class Piece:
    """Bytes that leave together: one picture, or one control sequence."""

    __slots__ = ("data", "given_at", "is_frame", "number", "sent")

    def __init__(self, data: bytes, *, is_frame: bool, given_at: float) -> None:
        self.data = data
        self.is_frame = is_frame
        self.given_at = given_at
        self.number = 0
        """How many were given up to this one."""
        self.sent = 0


class Backlog:
    """Pieces in the order in which they leave. One thread takes, any may give."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()
        # Reentrant: a signal's handler, in the main thread, gives as well.
        self._lock = threading.RLock()
        self.given = 0
        self.dropped = 0
        self.dropped_frames = 0
        self.frames_sent = 0
        self.bytes_sent = 0

    def __len__(self) -> int:
        """Pieces that wait, the one under way included."""
        return len(self._pieces)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        with self._lock:
            return sum(len(piece.data) - piece.sent for piece in self._pieces)

    @property
    def oldest_at(self) -> float | None:
        """When the oldest of what waits was given."""
        with self._lock:
            return self._pieces[0].given_at if self._pieces else None

    def give(self, piece: Piece) -> bool:
        """Take a piece in, or drop it where too much waits. Whether it is the only one."""
        with self._lock:
            self.given += 1
            piece.number = self.given
            if not piece.is_frame:
                self._forget_equal(piece.data)
            if self.size + len(piece.data) > MOST_WAITING:
                self._drop(piece)
                return False
            self._pieces.append(piece)
            return len(self._pieces) == 1

    def _forget_equal(self, data: bytes) -> None:
        """A control sequence that waits already waits in its new place only."""
        for piece in list(self._pieces)[1:]:  # the first is on its way
            if not piece.is_frame and piece.data == data:
                self._pieces.remove(piece)
                self._drop(piece)
                return

    def _drop(self, piece: Piece) -> None:
        self.dropped += 1
        self.dropped_frames += piece.is_frame

    def has_left(self, number: int) -> bool:
        """Whether nothing waits of what was given up to that number."""
        with self._lock:
            return not self._pieces or self._pieces[0].number > number

    def first(self) -> Piece | None:
        """What leaves next."""
        with self._lock:
            return self._pieces[0] if self._pieces else None

    def sent(self, piece: Piece, count: int) -> bool:
        """So many more bytes of the first piece left. Whether that was all of it."""
        with self._lock:
            self.bytes_sent += count
            piece.sent += count
            if piece.sent < len(piece.data) or not self._pieces or self._pieces[0] is not piece:
                return False
            self._pieces.popleft()
            self.frames_sent += piece.is_frame
            return True

    def cut_frame(self) -> None:
        """Drop a picture that would leave next, or end it where it is under way."""
        with self._lock:
            while self._pieces and self._pieces[0].is_frame:
                cut = self._pieces.popleft()
                self._drop(cut)
                if cut.sent:
                    self._pieces.appendleft(Piece(_CUT, is_frame=False, given_at=cut.given_at))

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            while self._pieces:
                self._drop(self._pieces.popleft())
