"""REST: a request in, a reply out. Sends nothing, waits for nothing.

What hangs up, or never answers, is told by the `Outcome`; the shell does it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from tests.venues.binance import errors, gate
from tests.venues.binance.endpoints import BY_ROUTE, PATHS, Endpoint
from tests.venues.binance.errors import VenueError
from tests.venues.binance.numbers import MICROSECOND, MILLISECOND
from tests.venues.binance.params import Params, parse_form
from tests.venues.binance.signatures import split_signed
from tests.venues.binance.state import BinanceState, Call
from tests.venues.exchange.faults import Verdict
from tests.venues.wire.messages import Hangup, Request, Response

_JSON: Final = "application/json;charset=UTF-8"
_NOT_FOUND: Final = b"<html><head><title>404 Not Found</title></head></html>"


class Outcome(NamedTuple):
    """What the shell is to do."""

    answer: Response | Hangup | None
    """None: let the caller wait for ever."""


def answer(state: BinanceState, request: Request) -> Outcome:
    """Everything that becomes of a REST request."""
    endpoint = BY_ROUTE.get((request.method, request.path))
    now_ns = state.clock.now_ns()
    if endpoint is None:
        return Outcome(_unknown_route(request))
    verdict = state.faults.before(endpoint.kind)
    if verdict == "hangup":
        return Outcome(Hangup())
    call = Call(
        state=state,
        params=Params({}),
        client=request.client,
        now_ns=now_ns,
        unit=_unit(request),
    )
    try:
        _refuse_by(verdict, state, request.client, now_ns)
        body = _answer(call, endpoint, request)
        response = _response(call, 200, body)
    except VenueError as error:
        return Outcome(_error(call, error))
    return _after(call, endpoint, response)


def _answer(call: Call, endpoint: Endpoint, request: Request) -> Any:
    text = request.body.decode(errors="replace")
    payload, signature = split_signed(request.query, text)
    sent = parse_form(request.query, text)
    sent.pop("signature", None)
    call.params = Params(sent)
    call.state.limits.spend(call.client, endpoint.weight_of(call), call.now_ns)
    if endpoint.security != "none":
        call.key = call.state.key_of(request.headers.get("x-mbx-apikey"))
    if endpoint.security in ("read", "trade"):
        if not signature:
            raise errors.missing("signature")
        if call.key is None or not call.key.is_signed(payload, signature):
            raise errors.bad_signature()
    return gate.run(call, endpoint)


def _after(call: Call, endpoint: Endpoint, response: Response) -> Outcome:
    """What a switch makes of the answer to a request that was done."""
    verdict = call.state.faults.after(endpoint.kind)
    match verdict:
        case "hangup":
            return Outcome(Hangup())
        case "mute":
            return Outcome(None)
        case "unknown":
            return Outcome(_error(call, errors.timeout()))
        case "fail":
            status = call.state.faults.fail_after_status
            return Outcome(_error(call, failure(status)))
    return Outcome(response)


def _refuse_by(verdict: Verdict, state: BinanceState, client: str, now_ns: int) -> None:
    """Raises the `VenueError` that a switch asks for."""
    match verdict:
        case "ban":
            state.limits.ban(client, now_ns, state.faults.ban_s)
            state.limits.spend(client, 0, now_ns)
        case "throttle":
            seconds = -(-int(state.faults.throttle_s * 1000) // 1000)
            raise errors.too_much_weight(state.limits.rules.weight_1m, seconds)
        case "fail":
            raise failure(state.faults.fail_status)


refuse_by = _refuse_by


def failure(status: int) -> VenueError:
    """An answer with that HTTP status, in the venue's words."""
    if status == 504:
        return errors.timeout()
    if status == 503:
        text = (
            "Server is currently overloaded with other requests. Please try again in a few minutes."
        )
        return VenueError(-1008, text, 503)
    return VenueError(-1000, "An unknown error occurred while processing the request.", status)


def _error(call: Call, error: VenueError) -> Response:
    if error.retry_after_s is not None:
        call.headers["Retry-After"] = str(error.retry_after_s)
    return _response(call, error.status, error.body())


def _response(call: Call, status: int, body: Any) -> Response:
    headers = {
        "Content-Type": _JSON,
        "X-MBX-UUID": "00000000-0000-4000-8000-000000000000",
        **call.state.limits.weight_headers(call.client, call.now_ns),
        **call.headers,
    }
    if call.orders_spent:
        headers.update(call.state.limits.order_headers(call.account.name, call.now_ns))
    return Response(status=status, headers=headers, body=msgspec.json.encode(body))


def _unit(request: Request) -> int:
    asked = request.headers.get("x-mbx-time-unit", "").upper()
    return MICROSECOND if asked == "MICROSECOND" else MILLISECOND


def _unknown_route(request: Request) -> Response:
    if request.path in PATHS:
        body = msgspec.json.encode(
            {"code": -1000, "msg": f"Request method '{request.method}' not supported"}
        )
        return Response(status=405, headers={"Content-Type": _JSON}, body=body)
    return Response(status=404, headers={"Content-Type": "text/html"}, body=_NOT_FOUND)
