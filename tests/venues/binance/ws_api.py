"""The WebSocket API: one connection's session, without its wire.

Read 2026-11: `web-socket-api.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from tests.venues.binance import errors, gate, rest
from tests.venues.binance.endpoints import BY_METHOD, Endpoint
from tests.venues.binance.errors import VenueError
from tests.venues.binance.numbers import MICROSECOND, MILLISECOND
from tests.venues.binance.params import Params
from tests.venues.binance.signatures import ApiKey, socket_payload
from tests.venues.binance.state import BinanceState, Call
from tests.venues.exchange.faults import RequestKind
from tests.venues.wire.messages import Request

_VERSION: Final = re.compile(r"v\d+/")
_CONNECTION_WEIGHT: Final = 2
Message = dict[str, Any]


class Said(NamedTuple):
    """What is done about one message."""

    answer: Message | None
    """None: nothing is ever said."""
    cuts: bool = False
    """The connection is broken instead."""


class Session:
    """State of one connection."""

    def __init__(self, state: BinanceState, request: Request) -> None:
        params = request.query_params()
        self._state = state
        self._client = request.client
        unit = params.get("timeUnit", "").upper()
        self.unit = MICROSECOND if unit == "MICROSECOND" else MILLISECOND
        self._tells_limits = params.get("returnRateLimits", "true").lower() != "false"
        self._connected_ns = state.clock.now_ns()
        self.key: ApiKey | None = None
        """Of the log-on."""
        self._authorized_ns = 0
        self.subscriptions: dict[int, str] = {}
        """Account of each user data subscription."""
        self._log_on_subscription = -1
        self._last_subscription = -1

    def answer(self, text: str) -> Said:
        """Everything that becomes of one message."""
        now_ns = self._state.clock.now_ns()
        call = Call(
            state=self._state,
            params=Params({}),
            client=self._client,
            now_ns=now_ns,
            unit=self.unit,
            is_socket=True,
        )
        try:
            asked = _parse(text)
        except VenueError as error:
            return Said(self._reply(call, None, self._tells_limits, error))
        request_id = asked.get("id")
        sent: Message = dict(asked.get("params") or {})
        tells = sent.get("returnRateLimits", self._tells_limits)
        endpoint = self._endpoint(_VERSION.sub("", asked["method"], 1))
        kind: RequestKind = "public" if endpoint is None else endpoint.kind
        verdict = self._state.faults.before(kind)
        if verdict == "hangup":
            return Said(None, cuts=True)
        try:
            if endpoint is None:
                raise VenueError(-1020, "This operation is not supported.")
            rest.refuse_by(verdict, self._state, self._client, now_ns)
            result = self._run(call, endpoint, sent)
        except VenueError as error:
            return Said(self._reply(call, request_id, tells, error))
        return self._after(call, kind, self._reply(call, request_id, tells, result))

    def _after(self, call: Call, kind: RequestKind, reply: Message) -> Said:
        match self._state.faults.after(kind):
            case "hangup":
                return Said(None, cuts=True)
            case "mute":
                return Said(None)
            case "unknown":
                return Said(self._reply(call, reply["id"], False, errors.timeout()))
            case "fail":
                failed = rest.failure(self._state.faults.fail_after_status)
                return Said(self._reply(call, reply["id"], False, failed))
        return Said(reply)

    def _run(self, call: Call, endpoint: Endpoint, sent: Message) -> Any:
        payload = socket_payload(sent)
        signature, key_text = sent.pop("signature", None), sent.pop("apiKey", None)
        sent.pop("returnRateLimits", None)  # signed like all others, and read by none
        call.params = Params(sent)
        self._state.limits.spend(self._client, endpoint.weight_of(call), call.now_ns)
        if endpoint.security != "none":
            call.key = self._key(endpoint, key_text, signature, payload)
        return gate.run(call, endpoint)

    def _key(self, endpoint: Endpoint, key_text: Any, signature: Any, payload: str) -> ApiKey:
        """That of the request, or of the log-on. Raises `VenueError`."""
        if key_text is None:
            if self.key is None:
                raise errors.missing("apiKey")
            return self.key
        key = self._state.key_of(str(key_text))
        if endpoint.security != "key":
            if not signature:
                raise errors.missing("signature")
            if not key.is_signed(payload, str(signature)):
                raise errors.bad_signature()
        return key

    def _reply(self, call: Call, request_id: Any, tells_limits: Any, result: Any) -> Message:
        reply: Message = {"id": request_id, "status": 200}
        if isinstance(result, VenueError):
            reply["status"] = result.status
            reply["error"] = result.body()
            if result.retry_after_s is not None:
                at = call.t(call.now_ns)
                later = call.t(call.now_ns + result.retry_after_s * 1_000_000_000)
                reply["error"]["data"] = {"serverTime": at, "retryAfter": later}
        else:
            reply["result"] = result
        if tells_limits:
            limits = self._state.limits
            rows = limits.weight_rows(self._client, call.now_ns)
            if call.orders_spent:
                rows = limits.order_rows(call.account.name, call.now_ns) + rows
            reply["rateLimits"] = rows
        return reply

    # -- the session's own ---------------------------------------------------------------------

    def _endpoint(self, method: str) -> Endpoint | None:
        own = {
            "session.logon": Endpoint(self._log_on, None, method, 2, "read", "account"),
            "session.status": Endpoint(self._status, None, method, 2),
            "session.logout": Endpoint(self._log_out, None, method, 2),
            "session.subscriptions": Endpoint(self._list_subscriptions, None, method, 2),
            "userDataStream.subscribe": Endpoint(self._subscribe, None, method, 2),
            "userDataStream.subscribe.signature": Endpoint(
                self._subscribe_signed, None, method, 2, "read", "account"
            ),
            "userDataStream.unsubscribe": Endpoint(self._unsubscribe, None, method, 2),
        }
        return own.get(method) or BY_METHOD.get(method)

    def _log_on(self, call: Call) -> Any:
        assert call.key is not None  # it is signed
        if call.key.kind != "ed25519":
            raise VenueError(-4056, "HMAC_SHA256 API key is not supported.")
        self.key, self._authorized_ns = call.key, call.now_ns
        return self._status(call)

    def _status(self, call: Call) -> Any:
        return {
            "apiKey": None if self.key is None else self.key.key,
            "authorizedSince": None if self.key is None else call.t(self._authorized_ns),
            "connectedSince": call.t(self._connected_ns),
            "returnRateLimits": self._tells_limits,
            "serverTime": call.t(call.now_ns),
            "userDataStream": bool(self.subscriptions),
        }

    def _log_out(self, call: Call) -> Any:
        self.key = None
        self.subscriptions.pop(self._log_on_subscription, None)
        return self._status(call)

    def _list_subscriptions(self, call: Call) -> Any:
        return [{"subscriptionId": one} for one in self.subscriptions]

    def _subscribe(self, call: Call) -> Any:
        if self.key is None:
            raise VenueError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        self._log_on_subscription = self._open(self.key.account)
        return {"subscriptionId": self._log_on_subscription}

    def _subscribe_signed(self, call: Call) -> Any:
        assert call.key is not None  # it is signed
        return {"subscriptionId": self._open(call.key.account)}

    def _open(self, account: str) -> int:
        """Raises `VenueError` for a second subscription to the same account."""
        if account in self.subscriptions.values():
            raise VenueError(-2035, "User Data Stream subscription already active.")
        self._last_subscription += 1
        self.subscriptions[self._last_subscription] = account
        return self._last_subscription

    def _unsubscribe(self, call: Call) -> Any:
        number = call.params.number("subscriptionId")
        if number is None:
            self.subscriptions.clear()
        elif self.subscriptions.pop(number, None) is None:
            raise VenueError(-2036, "User Data Stream subscription not active.")
        return {}


def _parse(text: str) -> Message:
    """A request with a method. Raises `VenueError` -1135."""
    bad = VenueError(-1135, "Invalid JSON Request")
    try:
        asked = json.loads(text)
    except ValueError:
        raise bad from None
    if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
        raise bad
    if not isinstance(asked.get("params") or {}, dict):
        raise errors.bad_data("params")
    return asked
