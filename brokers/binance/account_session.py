"""One connection to the WebSocket API as a protocol: requests and answers by number, and the events
of the account's user data stream.

No socket, no clock, no awaiting. `web-socket-api` of
https://github.com/binance/binance-spot-api-docs (read 2026-11): with a key of Ed25519 the session
is authenticated (`session.logon`) and subscribes to its account (`userDataStream.subscribe`); with
any other each request is signed, and so is the subscription (`userDataStream.subscribe.signature`).

A request goes over one socket once. What was not answered when that socket is gone may have been
carried out: it is told as unanswered, and nothing that waited to be sent goes over the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from brokers.binance import account_wire as wire
from brokers.binance.account_wire import ZERO, Envelope, ExecutionReport, RateLimit
from brokers.binance.errors import Refusal, read_refusal
from brokers.binance.signing import Params, Signer, Value, timed
from engine.text import safe


class Answer(NamedTuple):
    """To a request of ours."""

    request_id: int
    result: bytes
    """JSON; empty where it was refused."""
    refusal: Refusal | None
    limits: Sequence[RateLimit] = ()


class Unanswered(NamedTuple):
    """The connection of a request is gone: it was carried out, or not."""

    request_id: int


class Executed(NamedTuple):
    """Something became of an order."""

    report: ExecutionReport
    recv_ns: int


class LogOnRefused(NamedTuple):
    """The key was not taken, or the stream of its account."""

    refusal: Refusal


class StreamEnded(NamedTuple):
    """No more events of the account come; some may be missing."""

    reason: str


class Ending(NamedTuple):
    """The venue is about to close this connection: another one should take over."""


Item = Answer | Unanswered | Executed | LogOnRefused | StreamEnded | Ending


class AccountSession:
    """See the module."""

    def __init__(self, signer: Signer, now_ms: Callable[[], int]) -> None:
        """
        Args:
            now_ms: the venue's time; only what is signed asks for it.
        """
        self._signer = signer
        self._now_ms = now_ms
        self._outgoing: dict[int, bytes] = {}
        """By number, what was not handed out yet."""
        self._last_id = 0
        self._pending: dict[int, None] = {}
        """Requests of ours that wait for their answers, oldest first."""
        self._log_on_id = 0
        self._subscribe_id = 0
        self._is_live = False
        self.malformed = 0
        """Messages that were not what the venue documents."""

    @property
    def is_live(self) -> bool:
        """The newest connection is authenticated, and tells of the account."""
        return self._is_live

    # -- what goes out ---------------------------------------------------------------------------

    def opened(self, now_ns: int) -> None:
        """See `brokers.runner.Session`."""
        self._is_live = False
        self.begin()

    def begin(self) -> None:
        """Ask for what makes the newest connection of use; again where that was refused."""
        if self._signer.can_log_on:
            self._log_on_id = self._send("session.logon", self._signer.params({}, self._now_ms()))
        else:
            self._subscribe(self._signer.params({}, self._now_ms()))

    def _subscribe(self, signed: dict[str, Value]) -> None:
        method = "userDataStream.subscribe" + (".signature" if signed else "")
        self._subscribe_id = self._send(method, signed)

    def ask(self, method: str, params: Params, *, is_signed: bool = True) -> int:
        """Queue a request; returns its number. Only while `is_live`."""
        assert self._is_live, "the connection is not there yet"
        asked: dict[str, Value] = dict(params)
        if is_signed and self._signer.can_log_on:
            asked = timed(params, self._now_ms())
        elif is_signed:
            asked = self._signer.params(params, self._now_ms())
        request_id = self._send(method, asked)
        self._pending[request_id] = None
        return request_id

    def give_up(self, request_id: int) -> bool:
        """Nobody waits for this answer any longer. True where the request never left, and never
        will."""
        self._pending.pop(request_id, None)
        return self._outgoing.pop(request_id, None) is not None

    def _send(self, method: str, params: dict[str, Value]) -> int:
        self._last_id += 1
        request: dict[str, object] = {"id": self._last_id, "method": method}
        if params:
            request["params"] = params
        self._outgoing[self._last_id] = msgspec.json.encode(request)
        return self._last_id

    def data_to_send(self) -> list[bytes]:
        """See `brokers.runner.Session`."""
        outgoing, self._outgoing = self._outgoing, {}
        return list(outgoing.values())

    # -- what comes in ---------------------------------------------------------------------------

    def receive(self, data: bytes, recv_ns: int) -> list[Item]:
        """Take one message. Never raises: one that is not what the venue documents is counted."""
        try:
            return self._receive(wire.decode_envelope(data), recv_ns)
        except (msgspec.MsgspecError, ValueError, ArithmeticError):
            self.malformed += 1
            return []

    def lost(self, now_ns: int) -> list[Item]:
        """See `brokers.runner.Session`."""
        self._outgoing.clear()  # it was signed for a moment that is past
        self._is_live = False
        self._log_on_id = self._subscribe_id = 0
        unanswered: list[Item] = [Unanswered(request_id) for request_id in self._pending]
        self._pending.clear()
        return [*unanswered, StreamEnded("the connection to the venue was lost")]

    def _receive(self, message: Envelope, recv_ns: int) -> list[Item]:
        if message.event:
            return self._on_event(message.event, recv_ns)
        if message.status == 0:
            raise ValueError("neither an answer nor an event")
        refusal = read_refusal(message.status, message.error) if message.error else None
        if refusal is None and message.status >= 400:
            refusal = Refusal(status=message.status)
        if refusal is not None:
            refusal = msgspec.structs.replace(refusal, text=self._signer.hide(refusal.text))
        if message.id is None and refusal is not None:
            return []  # of a request that the venue could not read: it will not be answered
        if not isinstance(message.id, int):
            raise ValueError("an answer to what was not asked")
        return self._on_answer(message.id, message, refusal)

    def _on_answer(self, request_id: int, message: Envelope, refusal: Refusal | None) -> list[Item]:
        if request_id == self._log_on_id:
            self._log_on_id = 0
            if refusal is not None:
                return [LogOnRefused(refusal)]
            self._subscribe({})
        elif request_id == self._subscribe_id:
            self._subscribe_id = 0
            if refusal is not None:
                return [LogOnRefused(refusal)]
            self._is_live = True
        elif request_id in self._pending:
            del self._pending[request_id]
            return [Answer(request_id, bytes(message.result), refusal, message.rate_limits)]
        return []  # nobody waits for it any longer

    def _on_event(self, event: msgspec.Raw, recv_ns: int) -> list[Item]:
        match wire.decode_event_name(event).event:
            case "executionReport":
                return [Executed(_sound(wire.decode_execution(event)), recv_ns)]
            case "eventStreamTerminated":
                self._is_live = False
                return [StreamEnded("the venue ended the stream of the account")]
            case "serverShutdown":
                return [Ending()]
            case "":
                raise ValueError("an event without a name")
        return []  # balances and lists: asked for where they are needed


def _sound(report: ExecutionReport) -> ExecutionReport:
    """`report`, where its numbers are some."""
    numbers = (
        *(report.price, report.size, report.executed, report.prevented),
        *(report.last_price, report.last_size, report.fee or ZERO),
    )
    if not all(number.is_finite() for number in numbers):
        raise ValueError(f"no numbers of an order: {safe(report.client_order_id, 40)}")
    return report
