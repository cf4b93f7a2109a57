"""Why a socket did not open, or ended, in words for people; and errors without their wrapping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import trio
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from brokers.net.rest import BANNED, LONGEST_DELAY_S, THROTTLED, retry_after_s
from brokers.net.socket import Socket
from engine.clock import NANOS
from engine.errors import TickdeckError, describe
from engine.services import sole_error
from engine.text import safe


class Refusal(NamedTuple):
    """What an attempt to connect met."""

    why: str
    until_ns: int = 0
    """Until when the venue wants no other attempt; 0 if it did not say."""
    is_bug: bool = False
    """Nothing that a network or a venue does: of ours."""


def refusal_of(error: Exception, now_ns: int) -> Refusal:
    """What `error` says of an attempt to connect."""
    if isinstance(error, InvalidStatus):
        return _of_status(error, now_ns)
    if isinstance(error, TimeoutError | trio.TooSlowError):
        return Refusal("it cannot be reached: no answer in time")
    if isinstance(error, OSError):
        return Refusal(f"it cannot be reached: {safe(error.strerror or error, 120)}")
    if isinstance(error, InvalidHandshake | InvalidURI):
        return Refusal(f"no websocket there: {type(error).__name__}")
    return Refusal(describe(error), is_bug=not isinstance(error, TickdeckError))


def _of_status(error: InvalidStatus, now_ns: int) -> Refusal:
    """An HTTP answer instead of a socket. A throttled client that is not told for how long just
    comes back later, as after any other refusal."""
    status = error.response.status_code
    pause_s = retry_after_s(error.response.headers.get("Retry-After", ""), now_ns)
    why = f"HTTP {status} instead of a websocket"
    if status == BANNED or (status == THROTTLED and pause_s):
        return Refusal(why, now_ns + round((pause_s or LONGEST_DELAY_S) * NANOS))
    return Refusal(why)


def why_closed(socket: Socket) -> str:
    """Why a socket ended, as far as the other side said."""
    code, reason = socket.close_code, socket.close_reason
    if code in (None, 1006):
        return "the connection broke"
    if code == 1005:  # no code was given (RFC 6455, 7.1.5)
        return "the venue closed it"
    return f"the venue closed it ({code}{' ' + safe(reason, 80) if reason else ''})"


@contextmanager
def one_error() -> Iterator[None]:
    """One error that ends the block leaves it as what it is: the nurseries within wrap it."""
    try:
        yield
    except ExceptionGroup as group:
        error = sole_error(group)
        if error is group:
            raise
        raise error from None
