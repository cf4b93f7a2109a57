"""One connection to the market streams: what it subscribes to, and what it may not do.

Read 2026-11: `web-socket-streams.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
import trio

from tests.venues.binance.numbers import MICROSECOND, MILLISECOND
from tests.venues.binance.streams import Hub
from tests.venues.wire.messages import Request
from tests.venues.wire.websocket import Socket

MOST_STREAMS: Final = 1024
MOST_MESSAGES: Final = 5
"""In a second: messages, pings and pongs."""
METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_ID: Final = re.compile(r"[A-Za-z0-9\-_]{1,36}")


class BadRequest(Exception):
    """A message that is answered with an error."""

    def __init__(self, code: int, text: str, request_id: Any = None) -> None:
        super().__init__(text)
        self.code = code
        self.request_id = request_id


class MarketSocket:
    """A `Subscriber` of the hub. `attach` and `detach` see to streams of accounts."""

    def __init__(
        self,
        request: Request,
        socket: Socket,
        hub: Hub,
        *,
        attach: Callable[[str, MarketSocket], bool],
        detach: Callable[[str, MarketSocket], None],
        message_limit: int = MOST_MESSAGES,
    ) -> None:
        params = request.query_params()
        self._socket = socket
        self._hub = hub
        self._attach, self._detach = attach, detach
        self._message_limit = message_limit
        self._second = (0, 0)
        self.is_combined = request.path.startswith("/stream")
        unit = params.get("timeUnit", "").upper()
        self.unit = MICROSECOND if unit == "MICROSECOND" else MILLISECOND
        self.names: list[str] = []
        socket.on_frame = self._count
        for name in _first_streams(request, params):
            self._subscribe(name)

    def put(self, text: bytes) -> None:
        self._socket.put(text)

    def close(self) -> None:
        """Unsubscribe from everything."""
        for name in tuple(self.names):
            self._unsubscribe(name)

    async def run(self) -> None:
        """Answer messages until the connection ends; raises `SocketClosed`."""
        while True:
            text = await self._socket.receive()
            self._socket.put(msgspec.json.encode(self.answer(text)))

    def answer(self, text: str) -> dict[str, Any]:
        """What is said to one message."""
        try:
            return self._answer(text)
        except BadRequest as bad:
            said = {"code": bad.code, "msg": str(bad)}
            return {"error": said, "id": bad.request_id} if bad.request_id is not None else said

    def _answer(self, text: str) -> dict[str, Any]:
        try:
            asked = json.loads(text)
        except ValueError as error:
            position = f"line 1 column {getattr(error, 'colno', 1)}"
            raise BadRequest(3, f"Invalid JSON: expected value at {position}") from None
        if not isinstance(asked, dict):
            raise BadRequest(2, "Invalid request: request must be an object")
        request_id, params = asked.get("id"), asked.get("params")
        if not _is_id(request_id):
            raise BadRequest(2, "Invalid request: request ID must be an unsigned integer")
        if "method" not in asked:
            where = f"line 1 column {len(text)}"
            raise BadRequest(2, f"Invalid request: missing field `method` at {where}", request_id)
        if set(asked) - {"method", "params", "id"}:
            raise BadRequest(2, "Invalid request: too many parameters", request_id)
        result = self._do(asked["method"], params, request_id)
        return {"result": result, "id": request_id}

    def _do(self, method: Any, params: Any, request_id: Any) -> Any:
        match method:
            case "SUBSCRIBE":
                names = _names(params, request_id)
                fresh = [name for name in dict.fromkeys(names) if name not in self.names]
                if len(self.names) + len(fresh) > MOST_STREAMS:
                    text = f"Invalid request: more than {MOST_STREAMS} streams"
                    raise BadRequest(2, text, request_id)
                for name in fresh:
                    self._subscribe(name)
                return None
            case "UNSUBSCRIBE":
                for name in _names(params, request_id):
                    self._unsubscribe(name)
                return None
            case "LIST_SUBSCRIPTIONS":
                return list(self.names)
            case "SET_PROPERTY":
                self.is_combined = _property(params, request_id, has_value=True)
                return None
            case "GET_PROPERTY":
                _property(params, request_id, has_value=False)
                return self.is_combined
        known = ", ".join(f"`{name}`" for name in METHODS)
        text = f"Invalid request: unknown variant `{method}`, expected one of {known}"
        raise BadRequest(2, text, request_id)

    def _subscribe(self, name: str) -> None:
        if name in self.names or len(self.names) >= MOST_STREAMS:
            return
        self.names.append(name)
        if not self._attach(name, self):
            self._hub.subscribe(name, self)

    def _unsubscribe(self, name: str) -> None:
        if name in self.names:
            self.names.remove(name)
            self._hub.unsubscribe(name, self)
            self._detach(name, self)

    def _count(self) -> None:
        """A message, ping or pong came: too many in a second end the connection."""
        second = int(trio.current_time())
        self._second = (second, self._second[1] + 1 if self._second[0] == second else 1)
        if self._second[1] > self._message_limit:
            self._socket.close(1008, "Too many requests")


def _first_streams(request: Request, params: dict[str, str]) -> list[str]:
    """Those that the address names."""
    if request.path.startswith("/stream"):
        return [name for name in params.get("streams", "").split("/") if name]
    return [name for name in request.path.removeprefix("/ws").split("/") if name]


def _is_id(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return bool(_ID.fullmatch(value))
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _names(params: Any, request_id: Any) -> list[str]:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise BadRequest(2, "Invalid request: params must be an array of strings", request_id)
    return params


def _property(params: Any, request_id: Any, *, has_value: bool) -> bool:
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        text = "Invalid request: property name must be a string"
        raise BadRequest(2, text, request_id)
    if params[0] != "combined":
        raise BadRequest(0, "Unknown property", request_id)
    if not has_value:
        return False
    if len(params) < 2 or not isinstance(params[1], bool):
        raise BadRequest(1, "Invalid value type: expected Boolean", request_id)
    return params[1]
