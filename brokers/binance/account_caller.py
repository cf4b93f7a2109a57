"""Asks the venue about one account: by the WebSocket API while that is there, else by REST.

A request is sent once. Where its answer does not come, what reads is `BrokerUnavailable` and what
changes something is `OutcomeUnknown`; which way it went makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
import trio
from msgspec.structs import replace

from brokers.binance.access import Access
from brokers.binance.account_requests import TIME, Request
from brokers.binance.account_session import AccountSession, Answer, Unanswered
from brokers.binance.account_wire import RateLimit, decode_time
from brokers.binance.errors import CLOCK, Refusal, read_refusal
from brokers.binance.order_counts import OrderCounts
from brokers.binance.signing import Params, Signer, encoded
from brokers.net.rest import Reply, Throttled
from engine.clock import NANOS
from engine.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from engine.log import logger
from engine.text import safe

_log = logger(__name__)

T = TypeVar("T")

ANSWER_TIMEOUT_S = 8.0
"""Less than the engine waits, so that it hears what happened rather than nothing."""

NO_ANSWER = "the venue did not answer: it may have been done, or not"


class Refused(Exception):
    """The venue said no, as it said it; never leaves the package."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class AccountCaller:
    """See the module."""

    def __init__(
        self, access: Access, signer: Signer, session: AccountSession, wake: Callable[[], None]
    ) -> None:
        """
        Args:
            wake: the session has something to send.
        """
        self._access = access
        self._signer = signer
        self._session = session
        self._wake = wake
        self._waiting: dict[int, trio.MemorySendChannel[Answer | Unanswered]] = {}
        self.counts = OrderCounts()

    def now_ms(self) -> int:
        """The venue's time."""
        return self._access.offset.now_ms(self._access.clock)

    # -- asking ----------------------------------------------------------------------------------

    async def ask(self, request: Request, params: Params, decode: Callable[[bytes], T]) -> T:
        """The venue's answer.

        Raises:
            OrderRejected: nothing was done, of what would have changed something.
            OutcomeUnknown: it may have been done.
            BrokerUnavailable: there is no answer to what only reads.
        """
        try:
            return await self.try_ask(request, params, decode)
        except Refused as refused:
            raise refused.refusal.error(mutates=request.mutates) from None

    async def try_ask(self, request: Request, params: Params, decode: Callable[[bytes], T]) -> T:
        """The same, but that a certain refusal of the venue is raised as `Refused`."""
        body = await self._ask_in_time(request, params)
        try:
            return decode(body)
        except (msgspec.MsgspecError, ArithmeticError) as error:
            reason = f"the venue's answer to {request.name} cannot be read"
            _log.warning("%s: %s", reason, safe(error, 200))
            raise (OutcomeUnknown if request.mutates else BrokerUnavailable)(reason) from None

    async def _ask_in_time(self, request: Request, params: Params) -> bytes:
        """What the venue refused for its time stamp is asked again where it only reads."""
        try:
            return await self._ask(request, params)
        except Refused as refused:
            if refused.refusal.code != CLOCK:
                raise
            self._access.offset.clear()
            await self.read_clock()
            if request.mutates:
                raise
        return await self._ask(request, params)

    async def read_clock(self) -> None:
        """See how far the venue's clock is from ours; without an answer ours has to do."""
        try:
            reply = await self._access.rest.call(
                TIME.verb, TIME.path, budgets=[(self._access.weight, TIME.weight)]
            )
            if reply.status == 200:
                venue_ns = decode_time(reply.body).server_time * 1_000_000
                self._access.offset.add(reply.sent_ns, venue_ns, reply.recv_ns)
        except (BrokerError, msgspec.MsgspecError) as error:
            _log.warning("the venue's clock cannot be read: %s", safe(error, 200))

    async def _ask(self, request: Request, params: Params) -> bytes:
        await self._spend(request)
        self.counts.begin(request.orders)
        try:
            if self._session.is_live:
                return await self._ask_socket(request, params)
            return await self._ask_rest(request, params)
        finally:
            self.counts.end(request.orders)

    async def _spend(self, request: Request) -> None:
        """Wait for the budget, or say at once that there is none: an order that is sent later than
        it was meant is another order."""
        access = self._access
        rest = access.rest.status()  # a ban or a pause is of the address, whichever way it came
        left_s = (rest.until_ns - access.clock.now_ns()) / NANOS
        if rest.until_ns and left_s > 0:
            word = "banned" if rest.state == "banned" else "throttled"
            raise _unsent(request, f"{word} by the venue for {left_s:.0f} s more")
        if refusal := self.counts.refusal(request.orders, self.now_ms()) if request.orders else "":
            raise _unsent(request, refusal)
        if not request.mutates:
            await access.weight.spend(request.weight)
        elif access.weight.try_spend(request.weight, is_urgent=request.is_urgent):
            raise _unsent(request, "the venue's request weight of this minute is used up")

    # -- by socket -------------------------------------------------------------------------------

    async def _ask_socket(self, request: Request, params: Params) -> bytes:
        send, receive = trio.open_memory_channel[Answer | Unanswered](1)
        session = self._session
        request_id = session.ask(request.name, params, is_signed=request.is_signed)
        self._waiting[request_id] = send
        self._wake()
        answer: Answer | Unanswered = Unanswered(request_id)
        never_left = False
        try:
            with trio.move_on_after(ANSWER_TIMEOUT_S):
                answer = await receive.receive()
        finally:
            del self._waiting[request_id]
            never_left = session.give_up(request_id)
        if isinstance(answer, Unanswered):
            if never_left:
                raise _unsent(request, "the connection took nothing")
            raise _unanswered(request)
        self._note_limits(answer.limits)
        if answer.refusal is not None:
            self._obey(answer.refusal)
            raise _raised(answer.refusal, mutates=request.mutates)
        return answer.result

    def on_answer(self, answer: Answer | Unanswered) -> None:
        """What the session made of a message."""
        if waiting := self._waiting.get(answer.request_id):
            waiting.send_nowait(answer)

    def _note_limits(self, limits: Sequence[RateLimit]) -> None:
        for limit in limits:
            if limit.rate_limit_type == "REQUEST_WEIGHT":
                self._access.weight.note_used(limit.count)
        self.counts.note(limits, self.now_ms())

    def _obey(self, refusal: Refusal) -> None:
        """Ask nothing for as long as the venue wants that; the address is meant, not the way."""
        access = self._access
        if not refusal.is_throttled:
            return
        until_ns = 0
        if refusal.retry_at_ms:
            until_ns = refusal.retry_at_ms * 1_000_000 - access.offset.offset_ns
        if refusal.is_ban:
            now_ns = access.clock.now_ns()
            access.bans.ban("", max(until_ns, now_ns + 60 * NANOS), refusal.reason)
        elif refusal.code != -1015:  # of orders alone: cancels may go on
            seconds = (until_ns - access.clock.now_ns()) / NANOS if until_ns else None
            access.rest.throttle(None if seconds is None else max(seconds, 0.0), refusal.reason)

    # -- by REST ---------------------------------------------------------------------------------

    async def _ask_rest(self, request: Request, params: Params) -> bytes:
        reply = await self._call_rest(request, params)
        self.counts.note_headers(reply.headers, self.now_ms())
        if reply.status < 400:
            return reply.body
        refusal = read_refusal(reply.status, reply.body)
        refusal = replace(refusal, text=self._signer.hide(refusal.text))
        self._obey(refusal)
        raise _raised(refusal, mutates=request.mutates)

    async def _call_rest(self, request: Request, params: Params) -> Reply:
        def sign() -> tuple[str, bytes, Mapping[str, str]]:
            if not request.is_signed:
                return encoded(params), b"", {}
            return self._signer.query(params, self.now_ms()), b"", self._signer.headers

        try:
            with trio.fail_after(ANSWER_TIMEOUT_S):
                return await self._access.rest.call(
                    request.verb,
                    request.path,
                    is_urgent=request.is_urgent,
                    mutates=request.mutates,
                    sign=sign,
                )
        except Throttled as error:
            raise _unsent(request, str(error)) from None
        except trio.TooSlowError:
            raise _unanswered(request) from None
        except BrokerUnavailable as error:
            if request.mutates:  # no connection: nothing was sent
                raise OrderRejected(f"nothing was sent: {error}", hint=error.hint) from None
            raise


def _raised(refusal: Refusal, *, mutates: bool) -> Exception:
    """A refusal that is certain as it is; any other as what it means."""
    return refusal.error(mutates=mutates) if refusal.is_unknown else Refused(refusal)


def _unsent(request: Request, why: str) -> BrokerError:
    kind = OrderRejected if request.mutates else BrokerUnavailable
    return kind(f"nothing was sent: {why}")


def _unanswered(request: Request) -> BrokerError:
    return OutcomeUnknown(NO_ANSWER) if request.mutates else BrokerUnavailable("no answer in time")
