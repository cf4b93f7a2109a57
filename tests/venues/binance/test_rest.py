"""REST requests before their handlers: routes, keys, signatures, times, weights."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.venues.binance import demo, rest
from tests.venues.binance.asking import CLIENT, Desk, limit_order, sign
from tests.venues.binance.limits import LimitRules
from tests.venues.binance.signatures import ApiKey
from tests.venues.wire.messages import Hangup, Request, Response


def told(answer: Response) -> tuple[int, int]:
    """Status and code."""
    return answer.status, json.loads(answer.body)["code"]


def test_what_is_not_there_is_told_as_by_a_web_server() -> None:
    desk = Desk()
    assert desk.send("GET", "nowhere").status == 404
    assert desk.send("POST", "depth").status == 405


def test_a_request_tells_the_weight_that_is_used() -> None:
    desk = Desk()
    desk.send("GET", "depth", symbol="BTCUSDT", limit=5000)
    headers = desk.send("GET", "ping").headers
    assert headers["X-MBX-USED-WEIGHT-1M"] == "251"


def test_only_orders_tell_order_counts() -> None:
    desk = Desk()
    answer = desk.try_signed("POST", "order", **limit_order())
    assert answer.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    assert answer.headers["X-MBX-ORDER-COUNT-1D"] == "1"
    assert "X-MBX-ORDER-COUNT-10S" not in desk.try_signed("GET", "account").headers


def test_a_refusal_for_weight_says_when_to_come_back() -> None:
    desk = Desk(limits=LimitRules(weight_1m=10))
    desk.clock.pass_s(50)
    assert desk.send("GET", "exchangeInfo").headers["Retry-After"] == "10"
    assert told(desk.send("GET", "ping")) == (429, -1003)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("", (401, -2014)), ("bad key", (401, -2014)), ("k" * 64, (401, -2015))],
)
def test_a_key_must_be_one_of_the_venues(key: str, expected: tuple[int, int]) -> None:
    desk = Desk()
    query = f"timestamp={desk.now_ms}"
    answer = desk.request("GET", "account", f"{query}&signature={sign(query)}", key=key)
    assert told(answer) == expected


def test_a_signature_must_be_there_and_good() -> None:
    desk = Desk()
    query = f"timestamp={desk.now_ms}"
    assert told(desk.request("GET", "account", query)) == (400, -1102)
    assert told(desk.request("GET", "account", f"{query}&signature=beef")) == (400, -1022)
    changed = f"{query}&omitZeroBalances=true&signature={sign(query)}"
    assert told(desk.request("GET", "account", changed)) == (400, -1022)


def test_an_ed25519_signature_signs_as_well() -> None:
    desk = Desk()
    query = f"timestamp={desk.now_ms}"
    signed = urlencode({"signature": sign(query, "ed25519")})
    answer = desk.request("GET", "account", f"{query}&{signed}", key=demo.ED25519_KEY)
    assert answer.status == 200


def test_parameters_may_come_in_the_body_or_in_both() -> None:
    desk = Desk()
    form = urlencode({**limit_order(), "timestamp": desk.now_ms})
    body = f"{form}&signature={sign(form)}"
    assert desk.request("POST", "order", body=body).status == 200
    query, rest_of = form.split("&", 3)[0], form.split("&", 1)[1]
    mixed = f"{rest_of}&signature={sign(query + rest_of)}"
    assert desk.request("POST", "order", query, mixed).status == 200


@pytest.mark.parametrize(
    ("off_ms", "window", "code"),
    [
        (0, None, None),
        (-4_999, None, None),
        (-5_002, None, -1021),
        (999, None, None),
        (1_000, None, -1021),
        (-59_000, "60000", None),
        (0, "60001", -1131),
        (-2, "0.5", -1021),
        (0, "abc", -1100),
    ],
)
def test_a_request_is_good_for_its_window(
    off_ms: int, window: str | None, code: int | None
) -> None:
    desk = Desk()
    params = {"timestamp": desk.now_ms + off_ms, **({"recvWindow": window} if window else {})}
    answer = desk.try_signed("GET", "account", **params)
    assert (None if answer.status == 200 else json.loads(answer.body)["code"]) == code


def test_times_may_be_told_and_asked_for_in_microseconds() -> None:
    desk = Desk()
    query = f"timestamp={desk.now_ms * 1000}"
    request = Request(
        method="GET",
        path="/api/v3/account",
        query=f"{query}&signature={sign(query)}",
        headers={"x-mbx-apikey": demo.HMAC_KEY, "x-mbx-time-unit": "MICROSECOND"},
        client=CLIENT,
    )
    answer = rest.answer(desk.state, request).answer
    assert isinstance(answer, Response)
    assert json.loads(answer.body)["updateTime"] == desk.clock.now_ns() // 1_000


def test_a_key_does_what_its_rights_allow() -> None:
    desk = Desk()
    reads = ApiKey(
        key=demo.HMAC_KEY, account=demo.ACCOUNT, secret=demo.HMAC_SECRET, can_trade=False
    )
    desk.state.keys[demo.HMAC_KEY] = reads
    assert desk.signed("GET", "account")["canTrade"] is False
    assert desk.place_error() == (-2015, "Invalid API-key, IP, or permissions for action.")


# -- switches --------------------------------------------------------------------------------------


def outcome(desk: Desk) -> rest.Outcome:
    query = urlencode({**limit_order(newClientOrderId="mine"), "timestamp": desk.now_ms})
    request = Request(
        method="POST",
        path="/api/v3/order",
        query=f"{query}&signature={sign(query)}",
        headers={"x-mbx-apikey": demo.HMAC_KEY},
        client=CLIENT,
    )
    return rest.answer(desk.state, request)


@pytest.mark.parametrize(
    ("switch", "is_taken", "answer"),
    [
        ("drop_before_ack", False, Hangup()),
        ("drop_after_ack", True, Hangup()),
        ("mute", True, None),
    ],
)
def test_a_request_may_be_lost_before_or_after_it_is_taken(
    switch: str, is_taken: bool, answer: object
) -> None:
    desk = Desk()
    desk.state.faults.set({switch: True})
    assert outcome(desk).answer == answer
    assert bool(desk.account.orders) is is_taken


@pytest.mark.parametrize(
    ("switches", "is_taken", "expected"),
    [
        ({"fail_status": 503}, False, (503, -1008)),
        ({"fail_after_status": 500}, True, (500, -1000)),
        ({"unknown": True}, True, (504, -1007)),
        ({"throttle_s": 3.0}, False, (429, -1003)),
        ({"ban_s": 30.0}, False, (418, -1003)),
    ],
)
def test_a_request_may_be_answered_with_what_the_venue_says_of_failures(
    switches: dict[str, object], is_taken: bool, expected: tuple[int, int]
) -> None:
    desk = Desk()
    desk.state.faults.set(switches)
    answer = outcome(desk).answer
    assert isinstance(answer, Response)
    assert told(answer) == expected
    assert bool(desk.account.orders) is is_taken
    if expected[0] in (429, 418):
        assert answer.headers["Retry-After"] == ("3" if expected[0] == 429 else "30")


def test_what_was_sent_under_a_client_id_is_counted_also_when_it_is_refused() -> None:
    desk = Desk()
    outcome(desk)
    outcome(desk)
    assert desk.account.submits == {"mine": 2}
    assert len(desk.account.orders) == 1
