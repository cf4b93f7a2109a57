"""Sockets that carry market data: opened when a market needs one, closed once none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import trio

from brokers.runner import Runner
from brokers.watches import W, Watches
from engine.errors import BrokerUnavailable
from engine.messages import ConnectionStatus


class PooledSocket(Generic[W]):
    """One connection, and who reads what it carries."""

    runner: Runner[Any]

    def __init__(self) -> None:
        self.watches: Watches[W] = Watches()
        self._used, self._emptied = trio.Event(), trio.Event()
        """One of them is set: whether it carries a market. Neither before the first one."""

    async def run(self) -> None:
        """Hold it open until cancelled."""
        await self.runner.run()

    def join(self, watch: W) -> bool:
        """One more reader. True where it is the first one of its market."""
        is_first = self.watches.add(watch)
        self._used.set()
        self._emptied = trio.Event()
        return is_first

    def leave(self, watch: W) -> bool:
        """One reader less. True where nobody is left who reads its market."""
        is_last = self.watches.remove(watch)
        if not len(self.watches):
            self._used = trio.Event()
            self._emptied.set()
        return is_last

    async def wait_idle(self, linger_s: float) -> None:
        """Until it has had no market for so long, after it had one."""
        while True:
            await self._emptied.wait()
            with trio.move_on_after(linger_s):
                await self._used.wait()
            if not len(self.watches):
                return


S = TypeVar("S", bound=PooledSocket[Any])


class SocketPool(Generic[S]):
    """All of one broker, the oldest first."""

    def __init__(self, broker: str, linger_s: float) -> None:
        """
        Args:
            linger_s: how long a socket without markets is kept: the next one may be on its way.
        """
        self._broker = broker
        self._linger_s = linger_s
        self._sockets: list[S] = []
        self._opened = 0
        self._nursery: trio.Nursery | None = None

    def __iter__(self) -> Iterator[S]:
        return iter(tuple(self._sockets))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold sockets open until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None
            self._sockets.clear()

    def that_has(self, fqme: str) -> S | None:
        """The one that carries a market; None where nobody reads it."""
        return next((socket for socket in self._sockets if fqme in socket.watches), None)

    def open(self, make: Callable[[int], S]) -> S:
        """One more, of the number that `make` is given; numbers are not given again.

        Raises:
            BrokerUnavailable: the pool does not run.
        """
        if self._nursery is None:
            raise BrokerUnavailable(f"broker {self._broker} does not run")
        self._opened += 1
        socket = make(self._opened)
        self._sockets.append(socket)
        self._nursery.start_soon(self._carry, socket)
        return socket

    def statuses(self) -> list[ConnectionStatus]:
        """How each socket is."""
        return [socket.runner.status() for socket in self._sockets]

    async def _carry(self, socket: S) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.run)
            await socket.wait_idle(self._linger_s)
            self._sockets.remove(socket)  # first, so that no market joins one that is closing
            nursery.cancel_scope.cancel()
