"""The websocket whose messages are handed over where they are read.

It changes what a class of websockets does: these tests notice when that class does otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from websockets.exceptions import InvalidStatus

from brokers.net.socket import Socket
from tests.support.venue_socket import Dialer, VenueEnd, until


@asynccontextmanager
async def connected(most_bytes: int = 1000) -> AsyncIterator[tuple[Socket, VenueEnd]]:
    dialer = Dialer()
    async with dialer(
        "ws://venue.test/ws", connect_timeout_s=10.0, most_bytes=most_bytes, ping_s=0.0
    ) as socket:
        yield socket, dialer.ends[0]


async def test_gives_each_message_at_once_and_in_order(autojump_clock: object) -> None:
    got: list[bytes] = []
    async with connected() as (socket, venue):
        socket.listen(got.append)
        await venue.say("a", "b", "c")
        await until(lambda: got == [b"a", b"b", b"c"])
        assert all(type(message) is bytes for message in got)


async def test_keeps_what_comes_before_anybody_listens(autojump_clock: object) -> None:
    got: list[bytes] = []
    async with connected() as (socket, venue):
        await venue.say("early", "bird")
        await trio.sleep(1)
        socket.listen(got.append)
        await venue.say("late")
        await until(lambda: got == [b"early", b"bird", b"late"])


async def test_joins_parts_and_bounds_their_sum(autojump_clock: object) -> None:
    got: list[bytes] = []
    async with connected() as (socket, venue):
        socket.listen(got.append)
        await venue.say_in_parts("x" * 400, "y" * 400, "z")
        await until(lambda: got == [b"x" * 400 + b"y" * 400 + b"z"])
        await venue.say_in_parts("x" * 600, "y" * 600)
        await socket.stream_closed.wait()
        assert len(got) == 1


async def test_a_message_that_says_it_is_too_large_is_refused(autojump_clock: object) -> None:
    got: list[bytes] = []
    async with connected() as (socket, venue):
        socket.listen(got.append)
        await venue.say("x" * 1001)
        await socket.stream_closed.wait()
    assert got == []
    assert venue.protocol.close_rcvd is not None
    assert venue.protocol.close_rcvd.code == 1009


async def test_hears_messages_and_pings_but_not_answers_to_its_own(
    autojump_clock: object,
) -> None:
    heard = 0

    def hear() -> None:
        nonlocal heard
        heard += 1

    async with connected() as (socket, venue):
        socket.hear = hear
        socket.listen(lambda message: None)
        await (await socket.ping()).wait()
        assert (venue.pings, heard) == (1, 0)
        await venue.ping()
        await until(lambda: heard == 1)
        await venue.say("x")
        await until(lambda: heard == 2)


async def test_can_send_while_it_listens(autojump_clock: object) -> None:
    async with connected() as (socket, venue):
        socket.listen(lambda message: None)
        await socket.send("subscribe")
        await until(lambda: venue.heard == ["subscribe"])


async def test_raises_what_the_door_says(autojump_clock: object) -> None:
    dialer = Dialer()
    dialer.refusals = [429]
    with pytest.raises((InvalidStatus, ExceptionGroup)) as caught:
        async with dialer(
            "ws://venue.test/ws", connect_timeout_s=10.0, most_bytes=1000, ping_s=0.0
        ):
            pass
    error: BaseException = caught.value
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, InvalidStatus)
    assert error.response.status_code == 429
