"""Requests to venues: one call at a time for each order, none of them waits for another order.

A request that gets no answer in time may have reached the venue or not. That is reported as
such; nothing is ever sent again by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import trio

from engine.broker import TradingClient
from engine.ems.shape import denied
from engine.errors import OrderRejected, TickdeckError
from engine.failpoints import reach
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    DONE,
    Canceled,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
    RequestRefused,
)
from engine.text import safe

_log = logger(__name__)

RequestKind = Literal["submit", "amend", "cancel"]

_UNANSWERED = (OrderState.PENDING, OrderState.TRIGGERED)


@dataclass(eq=False, kw_only=True)
class Request:
    """Something to ask of the venue, and whether it has answered."""

    kind: RequestKind
    order_id: str
    price: Decimal | None = None
    size: Decimal = Decimal(0)
    answered: trio.Event = field(default_factory=trio.Event)

    def is_answered_by(self, order: Order) -> bool:
        """The order, as it is now, shows what the venue said to this."""
        if order.state in DONE:
            return True
        if self.kind == "submit":
            return order.state not in _UNANSWERED
        return order.awaiting != self.kind


class Lane:
    """The requests of one order. Only the router asks and marks; `Lanes` sends."""

    def __init__(self) -> None:
        self.waiting: deque[Request] = deque()
        """On record, and not yet given to the client."""
        self.open: list[Request] = []
        """Not yet answered, from the moment they are decided."""
        self.wanted_terms: tuple[Decimal | None, Decimal | None] | None = None
        """Price and size of an amend that waits for the answer to what came before; the newest
        of each wins, and None leaves what that answer makes of it."""
        self.is_sending = False

    @property
    def is_idle(self) -> bool:
        return not (self.waiting or self.open or self.is_sending or self.wanted_terms)

    def want(self, price: Decimal | None, size: Decimal | None) -> None:
        """Amend to these terms as soon as what came before is answered."""
        before = self.wanted_terms or (None, None)
        self.wanted_terms = (
            before[0] if price is None else price,
            before[1] if size is None else size,
        )

    def has_open(self, kind: RequestKind) -> bool:
        return any(request.kind == kind for request in self.open)

    def mark_answers(self, order: Order) -> None:
        """Close the requests that the order's state answers."""
        for request in self.open:
            if request.is_answered_by(order):
                request.answered.set()
        self.open = [request for request in self.open if not request.answered.is_set()]

    def give_up(self, request: Request) -> None:
        """No answer will be waited for any longer."""
        request.answered.set()
        self.open = [other for other in self.open if other is not request]


GetClient = Callable[[str], Awaitable[TradingClient]]
"""The client of an account, logged in first if need be."""


class Lanes:
    """Sends the requests of all orders."""

    def __init__(
        self,
        *,
        get_client: GetClient,
        order_of: Callable[[str], Order],
        instrument_of: Callable[[str], Instrument],
        report: Callable[[OrderEvent], None],
        no_answer: Callable[[Request, str], None],
        sent: Callable[[], None],
        answer_timeout_s: float,
    ) -> None:
        self._get_client = get_client
        self._order_of = order_of
        self._instrument_of = instrument_of
        self._report = report
        self._no_answer = no_answer
        self._sent = sent
        self._answer_timeout_s = answer_timeout_s
        self._lanes: dict[str, Lane] = {}
        self._turns: dict[str, trio.Event] = {}
        """By account, set once the last call that was to be made has begun."""

    def lane(self, order_id: str) -> Lane:
        return self._lanes.setdefault(order_id, Lane())

    def find(self, order_id: str) -> Lane | None:
        return self._lanes.get(order_id)

    @property
    def is_idle(self) -> bool:
        """Nothing is being sent, and no answer is waited for."""
        return all(lane.is_idle for lane in self._lanes.values())

    def send(self, requests: Iterable[Request], nursery: trio.Nursery) -> None:
        """Begin to send what is on record now; forget orders that have nothing left to ask."""
        for request in requests:
            self.lane(request.order_id).waiting.append(request)
        for order_id, lane in list(self._lanes.items()):
            if lane.is_idle:
                del self._lanes[order_id]
            elif lane.waiting and not lane.is_sending:
                lane.is_sending = True
                account = self._order_of(order_id).account
                before, turn = self._turns.get(account), trio.Event()
                self._turns[account] = turn
                nursery.start_soon(self._send_all, lane, nursery, before, turn)

    async def _send_all(
        self, lane: Lane, nursery: trio.Nursery, before: trio.Event | None, turn: trio.Event
    ) -> None:
        """Send what waits in a lane; its first call begins after `before`, and sets `turn`.

        Calls to an account so begin in the order in which they were decided, though none waits
        for another to end: tasks alone would begin in any order.
        """
        try:
            while lane.waiting:
                request = lane.waiting.popleft()
                if request.kind == "submit" and lane.has_open("cancel"):
                    self._drop(lane, request)
                    return
                deadline = trio.current_time() + self._answer_timeout_s
                if request.answered.is_set():
                    continue
                await self._send(lane, request, deadline, before, turn)
                nursery.start_soon(self._wait_for_answer, request, deadline)
        finally:
            turn.set()
            lane.is_sending = False
            self._sent()

    def _drop(self, lane: Lane, submit: Request) -> None:
        """It was canceled before it left: the venue need not hear of it."""
        for request in lane.open:
            request.answered.set()
        self._report(Canceled(order_id=submit.order_id, reason="canceled before it was sent"))

    async def _send(
        self,
        lane: Lane,
        request: Request,
        deadline: float,
        before: trio.Event | None,
        turn: trio.Event,
    ) -> None:
        """Give it to the venue; whatever goes wrong is reported, and nothing is raised."""
        is_given = False
        with trio.move_on_at(deadline) as scope:
            try:
                client = await self._get_client(self._order_of(request.order_id).account)
                if before is not None and not before.is_set():
                    await before.wait()
                if request.kind == "submit" and lane.has_open("cancel"):
                    self._drop(lane, request)
                    return
                is_given = True
                turn.set()
                reach("4-calling")
                await self._call(client, request)
                reach("5-called")
            except OrderRejected as error:
                self._refuse(lane, request, _refused(request, safe(error)))
            except Exception as error:
                self._fail(lane, request, error, is_given)
        if scope.cancelled_caught and not is_given:
            self._fail(lane, request, TimeoutError("the account did not log in in time"), False)

    def _fail(self, lane: Lane, request: Request, error: Exception, is_given: bool) -> None:
        reason = safe(str(error) or type(error).__name__, 400)
        # What a broker says is enough; only what it should not have raised needs the place.
        place = None if isinstance(error, TickdeckError | TimeoutError) else error
        _log.warning(
            "%s of order %s failed: %s", request.kind, request.order_id, reason, exc_info=place
        )
        if is_given:
            self._no_answer(request, reason)
        elif request.kind == "submit":
            order = self._order_of(request.order_id)
            self._refuse(
                lane, request, denied(order, "account", reason, "logged in", order.account)
            )
        else:
            self._refuse(lane, request, _refused(request, reason))

    def _refuse(self, lane: Lane, request: Request, event: OrderEvent) -> None:
        """It is certain that the venue did not take it."""
        if request.kind == "submit":
            lane.waiting.clear()  # there is nothing to amend or cancel
        self._report(event)

    async def _call(self, client: TradingClient, request: Request) -> None:
        order = self._order_of(request.order_id)
        match request.kind:
            case "submit":
                await client.submit(order, self._instrument_of(order.fqme))
            case "amend":
                await client.amend(order, request.price, request.size)
            case "cancel":
                await client.cancel(order)

    async def _wait_for_answer(self, request: Request, deadline: float) -> None:
        with trio.move_on_at(deadline):
            await request.answered.wait()
        if not request.answered.is_set():
            waited = f"no answer to the {request.kind} within {self._answer_timeout_s:g} s"
            self._no_answer(request, waited)


def _refused(request: Request, reason: str) -> OrderEvent:
    match request.kind:
        case "submit":
            return Rejected(order_id=request.order_id, reason=reason)
        case kind:
            return RequestRefused(order_id=request.order_id, request=kind, reason=reason)
