"""One session of the WebSocket API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.venues.binance import demo
from tests.venues.binance.asking import SYMBOL, Desk, limit_order, sign
from tests.venues.binance.limits import LimitRules
from tests.venues.binance.signatures import socket_payload
from tests.venues.binance.ws_api import Said


def log_on(desk: Desk, session: Any) -> Any:
    return desk.ask_signed(session, "session.logon", "ed25519")


def test_public_requests_need_nothing() -> None:
    desk = Desk()
    session = desk.session()
    answer = desk.ask(session, "time")
    assert answer == {
        "id": 1,
        "status": 200,
        "result": {"serverTime": desk.now_ms},
        "rateLimits": [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": 6000,
                "count": 1,
            }
        ],
    }
    book = desk.ask(session, "depth", symbol=SYMBOL, limit=1)["result"]
    assert book["bids"] == [["59999.00000000", "1.00000000"]]
    bars = desk.ask(session, "klines", symbol=SYMBOL, interval="1m", limit=3)["result"]
    assert len(bars) == 3


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_an_order_is_placed_asked_for_and_cancelled_by_signed_requests(kind: str) -> None:
    desk = Desk()
    session = desk.session()
    placed = desk.ask_signed(session, "order.place", kind, **limit_order(newClientOrderId="mine"))
    assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
    assert [row["count"] for row in placed["rateLimits"]] == [1, 1, 1]
    found = desk.ask_signed(session, "order.status", kind, symbol=SYMBOL, origClientOrderId="mine")
    assert found["result"]["orderId"] == placed["result"]["orderId"]
    canceled = desk.ask_signed(
        session, "order.cancel", kind, symbol=SYMBOL, origClientOrderId="mine"
    )
    assert canceled["result"]["status"] == "CANCELED"
    gone = desk.ask_signed(session, "order.cancel", kind, symbol=SYMBOL, origClientOrderId="mine")
    assert (gone["status"], gone["error"]) == (400, {"code": -2011, "msg": "Unknown order sent."})


def test_a_log_on_signs_what_comes_after_it() -> None:
    desk = Desk()
    session = desk.session()
    assert desk.ask(session, "session.status")["result"]["apiKey"] is None
    refused = desk.ask(session, "order.place", **limit_order(), timestamp=desk.now_ms)
    assert refused["error"]["code"] == -1102
    told = log_on(desk, session)["result"]
    assert (told["apiKey"], told["authorizedSince"]) == (demo.ED25519_KEY, desk.now_ms)
    placed = desk.ask(session, "order.place", **limit_order(), timestamp=desk.now_ms)
    assert placed["status"] == 200
    assert desk.ask(session, "order.place", **limit_order())["error"]["code"] == -1102
    desk.ask(session, "session.logout")
    again = desk.ask(session, "order.place", **limit_order(), timestamp=desk.now_ms)
    assert again["error"]["code"] == -1102


def test_only_ed25519_keys_log_on() -> None:
    desk = Desk()
    answer = desk.ask_signed(desk.session(), "session.logon", "hmac")
    assert answer["error"]["msg"] == "HMAC_SHA256 API key is not supported."


def test_a_bad_signature_or_an_old_request_is_refused() -> None:
    desk = Desk()
    session = desk.session()
    sent = {"apiKey": demo.HMAC_KEY, "timestamp": desk.now_ms}
    bad = desk.ask(session, "account.status", **sent, signature="beef")
    assert bad["error"]["code"] == -1022
    old = {**sent, "timestamp": desk.now_ms - 60_000}
    late = desk.ask(session, "account.status", **old, signature=sign(socket_payload(old)))
    assert late["error"]["code"] == -1021


def test_limits_may_be_left_out_by_request_or_by_connection() -> None:
    desk = Desk()
    assert "rateLimits" not in desk.ask(desk.session(), "ping", returnRateLimits=False)
    quiet = desk.session("returnRateLimits=false")
    assert "rateLimits" not in desk.ask(quiet, "ping")
    signed = desk.ask_signed(desk.session(), "account.status", returnRateLimits=False)
    assert signed["status"] == 200


def test_times_are_microseconds_where_the_address_says_so() -> None:
    desk = Desk()
    session = desk.session("timeUnit=MICROSECOND")
    assert desk.ask(session, "time")["result"]["serverTime"] == desk.now_ms * 1000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", -1135),
        ("[]", -1135),
        ('{"id": 1}', -1135),
        ('{"id": 1, "method": "order.guess"}', -1020),
        ('{"id": 1, "method": "ping", "params": 7}', -1130),
        ('{"id": 1, "method": "ping", "params": {"x": 1}}', -1104),
    ],
)
def test_a_malformed_request_is_refused(text: str, code: int) -> None:
    answer = Desk().session().answer(text).answer
    assert answer is not None
    assert (answer["status"], answer["error"]["code"]) == (400, code)


def test_a_method_may_say_its_version_and_an_id_is_anything() -> None:
    session = Desk().session()
    said = session.answer(json.dumps({"id": "x-1", "method": "v3/ping"})).answer
    assert said is not None
    assert (said["id"], said["result"]) == ("x-1", {})


def test_too_much_weight_says_when_to_come_back() -> None:
    desk = Desk(limits=LimitRules(weight_1m=10))
    answer = desk.ask(desk.session(), "exchangeInfo")
    assert answer["status"] == 429
    assert answer["error"]["data"]["retryAfter"] == desk.now_ms + 60_000


# -- user data subscriptions -----------------------------------------------------------------------


def test_a_session_subscribes_to_its_own_account() -> None:
    desk = Desk()
    session = desk.session()
    assert desk.ask(session, "userDataStream.subscribe")["status"] == 401
    log_on(desk, session)
    assert desk.ask(session, "userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert session.subscriptions == {0: demo.ACCOUNT}
    assert desk.ask(session, "session.status")["result"]["userDataStream"] is True
    again = desk.ask(session, "userDataStream.subscribe")
    assert again["error"] == {
        "code": -2035,
        "msg": "User Data Stream subscription already active.",
    }
    assert desk.ask(session, "userDataStream.unsubscribe")["result"] == {}
    assert desk.ask(session, "userDataStream.subscribe")["result"] == {"subscriptionId": 1}
    desk.ask(session, "session.logout")
    assert session.subscriptions == {}


def test_a_signed_subscription_needs_no_log_on() -> None:
    desk = Desk()
    session = desk.session()
    answer = desk.ask_signed(session, "userDataStream.subscribe.signature")
    assert answer["result"] == {"subscriptionId": 0}
    assert desk.ask(session, "session.subscriptions")["result"] == [{"subscriptionId": 0}]
    gone = desk.ask(session, "userDataStream.unsubscribe", subscriptionId=7)
    assert gone["error"]["code"] == -2036
    desk.ask(session, "userDataStream.unsubscribe", subscriptionId=0)
    assert session.subscriptions == {}


# -- switches --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "is_taken", "said"),
    [
        ("drop_before_ack", False, Said(None, cuts=True)),
        ("drop_after_ack", True, Said(None, cuts=True)),
        ("mute", True, Said(None)),
    ],
)
def test_a_request_may_be_lost_before_or_after_it_is_taken(
    switch: str, is_taken: bool, said: Said
) -> None:
    desk = Desk()
    session = desk.session()
    log_on(desk, session)
    desk.state.faults.set({switch: True})
    params = {**limit_order(), "timestamp": desk.now_ms}
    text = json.dumps({"id": 1, "method": "order.place", "params": params})
    assert session.answer(text) == said
    assert bool(desk.account.orders) is is_taken


def test_an_unknown_outcome_is_told_in_the_venues_words() -> None:
    desk = Desk()
    desk.state.faults.unknown = True
    answer = desk.ask_signed(desk.session(), "order.place", **limit_order())
    assert (answer["status"], answer["error"]["code"]) == (504, -1007)
    assert len(desk.account.orders) == 1
