"""One WebSocket v2 connection: text in, messages out. No socket, no clock.

Requests are answered in order; the answer to a subscription comes before its snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

import msgspec

from tests.venues.kraken.amounts import encode, rfc3339
from tests.venues.kraken.errors import (
    MALFORMED,
    MESSAGE_RATE,
    NO_TOKEN,
    UNSUPPORTED_EVENT,
    Refused,
)
from tests.venues.kraken.limits import Counter
from tests.venues.kraken.socket_terms import text
from tests.venues.kraken.subscriptions import (
    PRIVATE_CHANNELS,
    Key,
    Subscriptions,
    Wish,
)

Params = Mapping[str, Any]
Told = dict[str, Any]

HEARTBEAT_NS: Final = 10**9
"""A connection with a subscription hears something at least this often."""
MOST_MESSAGES: Final = 200.0
MESSAGES_DECAY: Final = 50.0
"""Requests of one connection; the venue says that there is a limit, and not which."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Back(Protocol):
    """The venue behind a connection. Its methods raise `Refused`."""

    subscriptions: Subscriptions

    def public_wishes(self, params: Params) -> list[Wish | tuple[str, Refused]]: ...

    def private_wish(self, params: Params, connection: Connection, now_ns: int) -> Wish: ...

    def snapshots(
        self, key: Key, params: Params, connection: Connection, now_ns: int
    ) -> list[Told]:
        """Messages that a new subscriber gets first."""
        ...

    def trade(
        self, method: str, params: Params, connection: Connection, now_ns: int
    ) -> list[Told | Refused]:
        """Answers of a method that trades: what each has besides its method and times."""
        ...

    def answered(self) -> None:
        """The last request that trades has its answer."""
        ...

    def methods(self) -> frozenset[str]: ...


class Connection:
    """Its messages gather in `outgoing`; `wake` is called when there is one. Whoever has the socket
    sets `wake` and `hang_up`."""

    def __init__(self, back: Back, number: int, *, client: str = "", patience: float = 1.0) -> None:
        self.number = number
        self.client = client
        self.outgoing: list[bytes] = []
        self.wake: Callable[[], None] = lambda: None
        self.hang_up: Callable[[], None] = lambda: None
        """Cuts the socket."""
        self.is_brief = False
        """Its executions leave out what only passes."""
        self._back = back
        self._sent_ns = 0
        self._patience = patience
        self._rate = Counter(MESSAGES_DECAY * patience)
        self._sequences: dict[str, int] = {}

    def put(self, message: bytes) -> None:
        self.outgoing.append(message)
        self.wake()

    def say(self, message: Told) -> None:
        self.put(encode(message))

    def opened(self, status: str, now_ns: int) -> None:
        """The first message tells of the venue's state."""
        self._sent_ns = now_ns
        self.tell_status(status)

    def tell_status(self, status: str) -> None:
        data = {
            "version": "2.0.10",
            "system": status,
            "api_version": "v2",
            "connection_id": 12_000_000_000_000_000_000 + self.number,
        }
        self.say({"channel": "status", "type": "update", "data": [data]})

    def next_sequence(self, channel: str) -> int:
        """Of messages of a private channel on this connection, from 1."""
        self._sequences[channel] = self._sequences.get(channel, 0) + 1
        return self._sequences[channel]

    def beat(self, now_ns: int) -> None:
        """A heartbeat is due each second, of connections that are subscribed to something."""
        if now_ns - self._sent_ns >= HEARTBEAT_NS:
            self._sent_ns = now_ns
            if self._back.subscriptions.reads(self):
                self.say({"channel": "heartbeat"})

    def closed(self) -> None:
        self._back.subscriptions.close(self)

    # -- requests ------------------------------------------------------------------------------

    def receive(self, said: str | bytes, now_ns: int) -> None:
        """Take a message of the client."""
        try:
            request = _decode(said)
        except (msgspec.DecodeError, ArithmeticError, RecursionError, UnicodeDecodeError):
            request = None
        if not isinstance(request, dict):
            self._fail(Refused(MALFORMED), {}, now_ns)
            return
        if self._rate.add(1, now_ns) > MOST_MESSAGES * self._patience:
            self._fail(Refused(MESSAGE_RATE), request, now_ns)
            return
        try:
            self._answer(request, now_ns)
        except Refused as refused:
            self._fail(refused, request, now_ns)

    def _answer(self, request: Told, now_ns: int) -> None:
        method, params = request.get("method"), request.get("params", {})
        if not isinstance(method, str) or (
            method not in ("ping", "subscribe", "unsubscribe")
            and method not in self._back.methods()
        ):
            raise Refused(UNSUPPORTED_EVENT)
        if not _is_req_id(request.get("req_id")):
            raise Refused("Req_id field must be an integer")
        if not isinstance(params, dict):
            raise Refused("Params field must be an object")
        match method:
            case "ping":
                self._pong(request, now_ns)
            case "subscribe":
                self._subscribe(request, params, now_ns)
            case "unsubscribe":
                self._unsubscribe(request, params, now_ns)
            case _:
                self._trade(method, request, params, now_ns)

    def _trade(self, method: str, request: Told, params: Params, now_ns: int) -> None:
        try:
            if "token" not in params:
                raise Refused(NO_TOKEN)
            for answer in self._back.trade(method, params, self, now_ns):
                if isinstance(answer, Refused):
                    self._fail(answer, request, now_ns)
                else:
                    self._succeed(answer, request, now_ns)
        except Refused as refused:
            self._fail(refused, request, now_ns)
        self._back.answered()

    def _pong(self, request: Told, now_ns: int) -> None:
        if "params" in request:
            raise Refused("Unsupported field: 'params' for the given msg type: ping")
        times = {"time_in": rfc3339(now_ns), "time_out": rfc3339(now_ns)}
        self.say({"method": "pong", **_req_id(request), **times})

    def _wishes(self, params: Params, now_ns: int) -> list[Wish | tuple[str, Refused]]:
        if text(params, "channel") in PRIVATE_CHANNELS:
            if "token" not in params:
                raise Refused(NO_TOKEN)
            return [self._back.private_wish(params, self, now_ns)]
        return self._back.public_wishes(params)

    def _subscribe(self, request: Told, params: Params, now_ns: int) -> None:
        for wish in self._wishes(params, now_ns):
            if not isinstance(wish, Wish):
                self._fail(wish[1], request, now_ns, symbol=wish[0])
                continue
            try:
                self._back.subscriptions.add(wish.key, self)
            except Refused as refused:
                self._fail(refused, request, now_ns, symbol=wish.result.get("symbol", ""))
                continue
            self._succeed({"result": wish.result}, request, now_ns)
            if wish.has_snapshot:
                for message in self._back.snapshots(wish.key, params, self, now_ns):
                    self.say(message)

    def _unsubscribe(self, request: Told, params: Params, now_ns: int) -> None:
        for wish in self._wishes(params, now_ns):
            if not isinstance(wish, Wish):
                self._fail(wish[1], request, now_ns, symbol=wish[0])
                continue
            try:
                self._back.subscriptions.remove(wish.key, self)
            except Refused as refused:
                self._fail(refused, request, now_ns, symbol=wish.result.get("symbol", ""))
                continue
            kept = {name: wish.result[name] for name in _KEPT if name in wish.result}
            self._succeed({"result": kept}, request, now_ns)

    def _succeed(self, answer: Told, request: Told, now_ns: int) -> None:
        self.say(
            {
                "method": request["method"],
                **_req_id(request),
                **answer,
                "success": True,
                "time_in": rfc3339(now_ns),
                "time_out": rfc3339(now_ns),
            }
        )

    def _fail(self, refused: Refused, request: Told, now_ns: int, *, symbol: str = "") -> None:
        answer: Told = {"error": str(refused)}
        if isinstance(request.get("method"), str):
            answer["method"] = request["method"]
        answer |= _req_id(request)
        answer["success"] = False
        if symbol:
            answer["symbol"] = symbol
        self.say(answer | {"time_in": rfc3339(now_ns), "time_out": rfc3339(now_ns)})


_KEPT: Final = ("channel", "symbol", "depth", "interval", "event_trigger")


def _is_req_id(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _req_id(request: Told) -> Told:
    value = request.get("req_id")
    return {"req_id": value} if _is_req_id(value) and value is not None else {}
