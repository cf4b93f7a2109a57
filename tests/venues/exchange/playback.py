"""Recordings played to whoever listens, at any speed.

    for message in read_recording(path, time_of):    # pure
    await play(path, speed, tell, time_of)           # paced by trio's clock

What can be read is what `brokers.replay.framing` takes apart: with or without the time of each
message, plain or packed. `time_of` finds the venue's own time in a message for recordings that
hold no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import trio

from brokers.replay.framing import take_apart
from brokers.replay.lines import LineSource
from engine.clock import NANOS

TimeOf = Callable[[bytes], int | None]
"""Time of a message in nanoseconds UTC; None where it has none. Must not raise."""

_TURN: Final = 200
"""Messages told in a row without giving others a turn, when there is no pace to keep."""


class Played(msgspec.Struct, frozen=True, gc=False):
    """One message of a recording."""

    time_ns: int
    """When it came, or the time in it; never before that of the message before; 0 if neither
    it nor any before it says."""
    body: bytes
    url: str = ""
    """Of the request that it answers."""


def read_recording(path: Path, time_of: TimeOf = lambda body: None) -> Iterator[Played]:
    """Every message, in the order of the file. Lines with a time that none could be meant by are
    left out.

    Raises:
        DataError: the file cannot be read, or no further.
    """
    latest_ns = 0
    for raw in LineSource(path):
        try:
            line = take_apart(raw)
        except ValueError:
            continue
        if not line.body:
            continue
        found_ns = line.recv_ns if line.recv_ns is not None else time_of(line.body)
        latest_ns = max(latest_ns, found_ns or 0)
        yield Played(latest_ns, line.body, line.url)


async def play(
    path: Path,
    speed: float,
    tell: Callable[[Played], None],
    time_of: TimeOf = lambda body: None,
    drain: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
) -> None:
    """Call `tell` with each message when it is due; `speed` 0 knows no waiting.

    Args:
        drain: awaited every so often when there is no pace to keep: until listeners are not far
            behind.

    Raises:
        DataError: the file cannot be read, or no further.
    """
    began, first_ns = trio.current_time(), 0
    for nth, message in enumerate(read_recording(path, time_of)):
        first_ns = first_ns or message.time_ns
        due = began + (message.time_ns - first_ns) / NANOS / speed if speed else began
        if due > trio.current_time():
            await trio.sleep_until(due)
        elif nth % _TURN == 0:
            await drain()
        tell(message)
