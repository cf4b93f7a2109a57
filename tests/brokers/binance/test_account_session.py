"""The connection of an account, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.binance.account_session import (
    AccountSession,
    Answer,
    Ending,
    Executed,
    Item,
    LogOnRefused,
    StreamEnded,
    Unanswered,
)
from brokers.binance.signing import Signer, payload
from engine.credentials import Credentials, Secret
from tests.brokers.binance.test_signing import API_KEY, PEM, SECRET, sign

NOW_MS = 1_700_000_000_000


def signer(secret: str) -> Signer:
    return Signer(Credentials(Secret(API_KEY), Secret(secret)))


class Rig:
    def __init__(self, secret: str) -> None:
        self.signer = signer(secret)
        self.now_ms = NOW_MS
        self.session = AccountSession(self.signer, lambda: self.now_ms)

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(message) for message in self.session.data_to_send()]

    def say(self, **message: Any) -> list[Item]:
        return self.session.receive(json.dumps(message).encode(), 1)

    def answer(self, request: dict[str, Any], result: Any = None) -> list[Item]:
        return self.say(id=request["id"], status=200, result=result or {})

    def refuse(self, request: dict[str, Any], code: int, status: int = 400) -> list[Item]:
        error = {"code": code, "msg": f"no, {API_KEY}"}
        return self.say(id=request["id"], status=status, error=error)

    def go_live(self) -> None:
        self.session.opened(0)
        while not self.session.is_live:
            for request in self.sent():
                self.answer(request, {"subscriptionId": 0})


@pytest.fixture(params=[SECRET, PEM], ids=["hmac", "ed25519"])
def rig(request: pytest.FixtureRequest) -> Rig:
    return Rig(request.param)


def test_a_key_of_ed25519_logs_the_session_on_and_then_subscribes() -> None:
    rig = Rig(PEM)
    rig.session.opened(0)
    (log_on,) = rig.sent()
    params = log_on["params"]
    signature = params.pop("signature")
    rig.answer(log_on, {"apiKey": API_KEY})
    (subscribe,) = rig.sent()
    before = rig.session.is_live
    rig.answer(subscribe, {"subscriptionId": 0})

    assert log_on["method"] == "session.logon"
    assert params == {"apiKey": API_KEY, "recvWindow": 5000, "timestamp": NOW_MS}
    assert signature == sign(rig.signer, payload(params))
    assert subscribe == {"id": 2, "method": "userDataStream.subscribe"}
    assert (before, rig.session.is_live) == (False, True)


def test_any_other_key_signs_its_subscription() -> None:
    rig = Rig(SECRET)
    rig.session.opened(0)
    (subscribe,) = rig.sent()
    signature = subscribe["params"].pop("signature")
    rig.answer(subscribe, {"subscriptionId": 0})

    assert subscribe["method"] == "userDataStream.subscribe.signature"
    assert signature == sign(rig.signer, payload(subscribe["params"]))
    assert rig.session.is_live


def test_a_request_is_signed_where_the_session_is_not() -> None:
    for secret, is_signed in ((SECRET, True), (PEM, False)):
        rig = Rig(secret)
        rig.go_live()
        rig.now_ms += 5
        rig.session.ask("order.status", {"symbol": "BTCUSDT", "orderId": 3})
        (asked,) = rig.sent()

        assert asked["params"]["timestamp"] == NOW_MS + 5
        assert ("signature" in asked["params"]) == is_signed
        assert ("apiKey" in asked["params"]) == is_signed


def test_answers_find_their_requests_in_any_order(rig: Rig) -> None:
    rig.go_live()
    one = rig.session.ask("order.status", {})
    other = rig.session.ask("time", {}, is_signed=False)
    first, second = rig.sent()
    limits = [
        {
            "rateLimitType": "ORDERS",
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": 50,
            "count": 12,
        }
    ]
    (late,) = rig.say(id=second["id"], status=200, result={"serverTime": 1}, rateLimits=limits)
    (early,) = rig.refuse(first, -2013)

    assert "params" not in second
    assert isinstance(late, Answer)
    assert (late.request_id, late.result) == (other, b'{"serverTime": 1}')
    assert late.limits[0].count == 12
    assert isinstance(early, Answer)
    assert early.request_id == one
    assert early.refusal is not None
    assert (early.refusal.code, early.refusal.text) == (-2013, "no, ***")


def test_an_answer_counts_once_and_not_where_nobody_waits(rig: Rig) -> None:
    rig.go_live()
    rig.session.ask("order.status", {})
    (asked,) = rig.sent()

    assert len(rig.answer(asked)) == 1
    assert rig.answer(asked) == []
    assert rig.say(id=99, status=200, result={}) == []


def test_what_is_given_up_before_it_left_never_leaves(rig: Rig) -> None:
    rig.go_live()
    unsent = rig.session.ask("order.place", {})
    never_left = rig.session.give_up(unsent)
    sent = rig.session.ask("order.place", {})
    (asked,) = rig.sent()

    assert never_left
    assert asked["id"] == sent
    assert not rig.session.give_up(sent)
    assert rig.answer(asked) == []


def test_what_was_not_answered_when_the_last_socket_is_gone_is_told(rig: Rig) -> None:
    rig.go_live()
    sent = rig.session.ask("order.place", {"symbol": "BTCUSDT"})
    rig.sent()
    waiting = rig.session.ask("order.cancel", {})
    items = rig.session.lost(0)
    rig.session.opened(0)
    begins = rig.sent()

    assert items[:2] == [Unanswered(sent), Unanswered(waiting)]
    assert isinstance(items[2], StreamEnded)
    assert len(begins) == 1  # the log-on or the subscription: nothing is sent again
    assert begins[0]["method"] not in ("order.place", "order.cancel")
    assert not rig.session.is_live
    assert rig.session.lost(0) == items[2:]


def test_answers_to_the_old_socket_count_while_a_new_one_logs_on(rig: Rig) -> None:
    rig.go_live()
    request_id = rig.session.ask("order.place", {})
    (asked,) = rig.sent()
    rig.session.opened(0)
    rig.sent()
    is_live = rig.session.is_live
    (answer,) = rig.answer(asked)

    assert not is_live
    assert isinstance(answer, Answer)
    assert answer.request_id == request_id


def test_a_key_that_is_refused_is_told(rig: Rig) -> None:
    rig.session.opened(0)
    (first,) = rig.sent()
    (item,) = rig.refuse(first, -2015, status=401)

    assert isinstance(item, LogOnRefused)
    assert item.refusal.code == -2015
    assert not rig.session.is_live


def test_a_subscription_that_is_refused_is_told() -> None:
    rig = Rig(PEM)
    rig.session.opened(0)
    rig.answer(rig.sent()[0])
    (item,) = rig.refuse(rig.sent()[0], -1020)

    assert isinstance(item, LogOnRefused)


REPORT: dict[str, Any] = {
    "e": "executionReport",
    "s": "BTCUSDT",
    "c": "o1",
    "i": 28,
    "x": "NEW",
    "X": "NEW",
    "q": "1.00000000",
    "p": "100.00000000",
    "n": "0",
    "N": None,
    "T": 1499405658657,
    "t": -1,
}


def test_what_becomes_of_an_order_is_read(rig: Rig) -> None:
    rig.go_live()
    (item,) = rig.say(subscriptionId=0, event=REPORT)

    assert isinstance(item, Executed)
    assert (item.report.client_order_id, item.report.order_id) == ("o1", 28)


@pytest.mark.parametrize(
    "event",
    [
        {"e": "outboundAccountPosition", "B": [{"a": "ETH", "f": "1", "l": "0"}]},
        {"e": "listStatus", "g": 2},
        {"e": "balanceUpdate"},
        {"e": "externalLockUpdate"},
        {"e": "something else"},
    ],
)
def test_other_events_are_no_fault_and_nothing_to_orders(rig: Rig, event: Any) -> None:
    rig.go_live()

    assert rig.say(subscriptionId=0, event=event) == []
    assert rig.session.malformed == 0


def test_the_end_of_the_stream_and_of_the_connection_are_told(rig: Rig) -> None:
    rig.go_live()
    (ended,) = rig.say(subscriptionId=0, event={"e": "eventStreamTerminated", "E": 1})
    is_live = rig.session.is_live
    (ending,) = rig.say(event={"e": "serverShutdown", "E": 1})

    assert isinstance(ended, StreamEnded)
    assert not is_live
    assert isinstance(ending, Ending)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"id":1}',
        b'{"id":"x","status":200,"result":{}}',
        b'{"event":{}}',
        b'{"event":{"e":"executionReport"}}',
        b'{"id":1,"status":"200"}',
        b"\xff\xfe",
        json.dumps({"event": {**REPORT, "p": "NaN"}}).encode(),
        json.dumps({"event": {**REPORT, "n": "Infinity"}}).encode(),
        json.dumps({"event": {**REPORT, "i": "x"}}).encode(),
    ],
)
def test_what_is_no_message_of_the_venue_is_counted_and_left_out(rig: Rig, message: bytes) -> None:
    rig.go_live()

    assert rig.session.receive(message, 1) == []
    assert rig.session.malformed == 1


@given(st.binary(max_size=200))
def test_nothing_that_comes_raises(message: bytes) -> None:
    rig = Rig(SECRET)
    rig.go_live()
    rig.session.receive(message, 1)


def test_a_request_that_the_venue_cannot_read_is_no_fault_of_its_answer(rig: Rig) -> None:
    rig.go_live()
    refused = {"code": -1135, "msg": "Invalid JSON Request"}

    assert rig.say(id=None, status=400, error=refused) == []
    assert rig.session.malformed == 0
