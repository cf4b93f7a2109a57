"""Sockets that are opened and closed as markets need them, against venue ends in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from brokers.pool import PooledSocket, SocketPool
from brokers.runner import Runner, SocketRules
from brokers.watches import Watch
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable
from tests.support.venue_socket import Dialer, until

BTC, ETH = "btcusd.spot.venue", "ethusd.spot.venue"
LINGER_S = 10.0


class QuietSession:
    """Says nothing, and is live at once."""

    is_live = True

    def opened(self, now_ns: int) -> None:
        pass

    def receive(self, data: bytes, recv_ns: int) -> Sequence[str]:
        return []

    def data_to_send(self) -> list[bytes]:
        return []

    def lost(self, now_ns: int) -> Sequence[str]:
        return []


class Socket(PooledSocket[Watch]):
    def __init__(self, number: int, dialer: Dialer) -> None:
        super().__init__()
        self.number = number
        self.runner = Runner(
            broker="venue",
            name=f"market data {number}",
            url="ws://venue.test/ws",
            session=QuietSession(),
            deliver=lambda events: None,
            clock=TrioClock(NANOS),
            rules=SocketRules(silence_s=1e6, ping_s=0.0),
            dial=dialer,
        )


class Rig:
    def __init__(self) -> None:
        self.pool: SocketPool[Socket] = SocketPool("venue", LINGER_S)
        self._dialer = Dialer()

    def open(self) -> Socket:
        return self.pool.open(lambda number: Socket(number, self._dialer))

    @property
    def numbers(self) -> list[int]:
        return [socket.number for socket in self.pool]


@asynccontextmanager
async def running() -> AsyncIterator[Rig]:
    rig = Rig()
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.pool.run)
        yield rig
        nursery.cancel_scope.cancel()


async def test_each_socket_has_a_number_and_is_held_open(autojump_clock: object) -> None:
    async with running() as rig:
        sockets = [rig.open(), rig.open()]
        for socket in sockets:
            await socket.runner.wait_live()

        assert rig.numbers == [1, 2]
        told = [(status.name, status.state) for status in rig.pool.statuses()]
        assert told == [("market data 1", "live"), ("market data 2", "live")]


async def test_a_market_is_found_where_somebody_reads_it(autojump_clock: object) -> None:
    async with running() as rig:
        first, second = rig.open(), rig.open()
        watch = Watch(ETH)
        assert first.join(Watch(BTC))
        assert second.join(watch)
        assert not second.join(Watch(ETH))

        assert rig.pool.that_has(BTC) is first
        assert rig.pool.that_has(ETH) is second
        assert not second.leave(watch)
        assert rig.pool.that_has(ETH) is second
        assert rig.pool.that_has("solusd.spot.venue") is None


async def test_a_socket_is_closed_once_it_has_had_no_market_for_a_while(
    autojump_clock: object,
) -> None:
    async with running() as rig:
        socket, watch = rig.open(), Watch(BTC)
        socket.join(watch)
        await socket.runner.wait_live()
        assert socket.leave(watch)
        await trio.sleep(LINGER_S - 0.1)
        assert rig.numbers == [1]
        await trio.sleep(0.2)

        assert rig.numbers == []
        await until(lambda: socket.runner.status().state == "closed")
        rig.open()
        assert rig.numbers == [2], "numbers are not given again"


async def test_the_time_without_a_market_is_counted_anew_each_time(autojump_clock: object) -> None:
    async with running() as rig:
        socket, watch = rig.open(), Watch(BTC)
        for _ in range(5):
            socket.join(watch)
            await trio.sleep(1)
            socket.leave(watch)
            await trio.sleep(LINGER_S - 1)
        assert rig.numbers == [1]
        socket.join(watch)
        await trio.sleep(LINGER_S * 5)
        assert rig.numbers == [1]
        socket.leave(watch)
        await trio.sleep(LINGER_S + 1)
        assert rig.numbers == []


async def test_a_new_socket_waits_for_its_first_market(autojump_clock: object) -> None:
    async with running() as rig:
        rig.open()
        await trio.sleep(LINGER_S * 5)

        assert rig.numbers == [1]


async def test_a_pool_that_does_not_run_opens_nothing(autojump_clock: object) -> None:
    rig = Rig()
    with pytest.raises(BrokerUnavailable, match="broker venue does not run"):
        rig.open()

    async with running() as rig:
        socket, watch = rig.open(), Watch(BTC)
        socket.join(watch)
        await socket.runner.wait_live()
    assert rig.numbers == []
    assert socket.runner.status().state == "closed"
    socket.leave(watch)
    with pytest.raises(BrokerUnavailable):
        rig.open()
