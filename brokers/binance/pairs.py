"""Two orders that the engine links become one order list of the venue.

The engine sends them one by one, right after each other; the venue takes them together or not at
all. So the first one waits for the second, for a moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from engine.errors import BrokerError, OrderRejected, OutcomeUnknown
from engine.messages import Order

PAIR_S: Final = 2.0
"""How long the first one waits: both are decided in one moment."""

PlacePair = Callable[[tuple[Order, Order]], Awaitable[None]]


class _Half:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.met = trio.Event()
        self.done = trio.Event()
        self.error: BrokerError | None = None


class Pairs:
    """Of one account."""

    def __init__(self, place: PlacePair) -> None:
        """
        Args:
            place: sends both; raises as `TradingClient.submit` does.
        """
        self._place = place
        self._waiting: dict[str, _Half] = {}
        """By link group."""

    async def submit(self, order: Order) -> None:
        """Send `order` with the other one of its group.

        Raises:
            OrderRejected: the venue took neither, or there is no other one.
            OutcomeUnknown: it has both or none.
        """
        half = self._waiting.pop(order.link_group, None)
        if half is None:
            await self._wait(order)
        else:
            await self._send(half, order)

    async def _wait(self, order: Order) -> None:
        half = self._waiting[order.link_group] = _Half(order)
        try:
            with trio.move_on_after(PAIR_S):
                await half.met.wait()
        finally:
            if not half.met.is_set():
                del self._waiting[order.link_group]
        if not half.met.is_set():
            raise OrderRejected(
                "nothing was sent: the order that it is linked to did not come, and the venue "
                "links no order to one that works"
            )
        await half.done.wait()
        if half.error is not None:
            raise type(half.error)(str(half.error), hint=half.error.hint)

    async def _send(self, half: _Half, order: Order) -> None:
        half.met.set()
        # Where this is cancelled in the middle, nobody knows.
        half.error = OutcomeUnknown("the venue did not answer: it has both orders, or none")
        try:
            await self._place((half.order, order))
            half.error = None
        except BrokerError as error:
            half.error = error
            raise
        finally:
            half.done.set()
