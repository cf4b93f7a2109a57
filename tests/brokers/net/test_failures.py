"""What an attempt to connect met, in words, and until when no other is wanted."""

from __future__ import annotations

import pytest
import trio
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.http11 import Response

from brokers.net.failures import one_error, refusal_of
from brokers.net.rest import LONGEST_DELAY_S
from engine.clock import NANOS
from engine.errors import BrokerUnavailable

NOW_NS = 1_795_226_417_250_000_000


def status(code: int, **headers: str) -> InvalidStatus:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return InvalidStatus(Response(code, "no", Headers(named)))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(111, "Connection refused"), "cannot be reached: Connection refused"),
        (TimeoutError("timed out"), "no answer in time"),
        (trio.TooSlowError(), "no answer in time"),
        (status(503), "HTTP 503"),
        (InvalidURI("x", "y"), "no websocket there"),
        (BrokerUnavailable("no token to be had"), "no token to be had"),
        (OSError(1, "\x1b[2J"), "cannot be reached"),
    ],
)
def test_says_why_in_words_that_a_terminal_can_print(error: Exception, why: str) -> None:
    refusal = refusal_of(error, NOW_NS)
    assert why in refusal.why
    assert "\x1b" not in refusal.why
    assert not refusal.is_bug
    assert refusal.until_ns == 0


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (status(418, Retry_After="300"), 300.0),
        (status(418), LONGEST_DELAY_S),
        (status(429, Retry_After="7"), 7.0),
    ],
)
def test_takes_note_of_how_long_the_venue_wants_to_hear_nothing(
    error: Exception, seconds: float
) -> None:
    assert refusal_of(error, NOW_NS).until_ns == NOW_NS + round(seconds * NANOS)


def test_a_throttled_client_that_is_told_no_time_just_comes_back_later() -> None:
    assert refusal_of(status(429), NOW_NS).until_ns == 0


def test_what_no_network_does_is_a_bug_of_ours() -> None:
    assert refusal_of(KeyError("x"), NOW_NS).is_bug


async def test_one_error_leaves_its_nurseries_as_what_it_is() -> None:
    with pytest.raises(BrokerUnavailable, match="gone"), one_error():
        async with trio.open_nursery(), trio.open_nursery():
            raise BrokerUnavailable("gone")
    with pytest.raises(ExceptionGroup), one_error():
        raise ExceptionGroup("two", [BrokerUnavailable("gone"), ValueError("and wrong")])
