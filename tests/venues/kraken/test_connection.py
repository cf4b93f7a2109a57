"""One WebSocket connection: what it says to what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.venues.kraken.rig import Client, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_first_message_tells_the_state(rig: Rig) -> None:
    connection = rig.venue.connect()
    (first,) = (msgspec.json.decode(one) for one in connection.outgoing)
    assert (first["channel"], first["type"]) == ("status", "update")
    assert (first["data"][0]["system"], first["data"][0]["api_version"]) == ("online", "v2")


def test_a_change_of_state_is_told(rig: Rig) -> None:
    client = rig.client()
    rig.venue.set_mode("cancel_only")
    assert client.take()[0]["data"][0]["system"] == "cancel_only"


def test_a_ping_is_answered_with_its_number(rig: Rig) -> None:
    client = rig.client()
    (pong,) = client.say('{"method":"ping","req_id":101}')
    assert (pong["method"], pong["req_id"]) == ("pong", 101)
    assert "req_id" not in client.say('{"method":"ping"}')[0]
    (refused,) = client.say('{"method":"ping","params":{}}')
    assert refused["error"] == "Unsupported field: 'params' for the given msg type: ping"


def test_each_pair_of_a_subscription_is_answered_before_its_snapshot(rig: Rig) -> None:
    client = rig.client()
    told = client.ask("subscribe", channel="book", symbol=["BTC/USD", "XBT/USD"], depth=25)
    ack, snapshot, refused = told
    assert ack["result"] == {"channel": "book", "depth": 25, "snapshot": True, "symbol": "BTC/USD"}
    assert (ack["req_id"], ack["success"], ack["method"]) == (7, True, "subscribe")
    assert (snapshot["channel"], snapshot["type"]) == ("book", "snapshot")
    assert (refused["error"], refused["success"]) == ("Currency pair not supported XBT/USD", False)


def test_a_subscription_may_be_without_snapshot_and_can_be_ended(rig: Rig) -> None:
    client = rig.client()
    (ack,) = client.ask("subscribe", channel="trade", symbol=["BTC/USD"], snapshot=False)
    assert ack["result"]["snapshot"] is False
    rig.market.print_trade(rig.market.last_price, rig.market.best().bid_size)
    assert [one["channel"] for one in client.take()] == ["trade"]
    (ended,) = client.ask("unsubscribe", channel="trade", symbol=["BTC/USD"])
    assert ended["result"] == {"channel": "trade", "symbol": "BTC/USD"}
    rig.market.print_trade(rig.market.last_price, rig.market.best().bid_size)
    assert client.take() == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("nonsense", "Malformed request"),
        ("[1]", "Malformed request"),
        ('{"method":"dance"}', "Unsupported event"),
        ('{"no":"method"}', "Unsupported event"),
        ('{"method":"subscribe","req_id":"x"}', "Req_id field must be an integer"),
        ('{"method":"subscribe","params":[]}', "Params field must be an object"),
        ('{"method":"subscribe","params":{}}', "Channel(s) not found"),
        ('{"method":"subscribe","params":{"channel":"x"}}', "Channel not supported"),
        ('{"method":"subscribe","params":{"channel":"trade"}}', "Symbol(s) not found"),
        (
            '{"method":"subscribe","params":{"channel":"trade","symbol":"BTC/USD"}}',
            "Symbol field must be an array",
        ),
        (
            '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":42}}',
            "Subscription depth not supported",
        ),
        (
            '{"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":2}}',
            "Subscription ohlc interval not supported",
        ),
        (
            '{"method":"unsubscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}',
            "Subscription Not Found",
        ),
        ('{"method":"subscribe","params":{"channel":"executions"}}', "Token(s) not found"),
        (
            '{"method":"subscribe","params":{"channel":"executions","token":"x"}}',
            "ESession:Invalid session",
        ),
        ('{"method":"cancel_all","params":{}}', "Token(s) not found"),
        ('{"method":"cancel_all","params":{"token":"x"}}', "ESession:Invalid session"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_venues_words(
    rig: Rig, said: str, error: str
) -> None:
    (answer,) = rig.client().say(said)
    assert (answer["error"], answer["success"]) == (error, False)


def test_a_second_subscription_to_the_same_is_refused(rig: Rig) -> None:
    client = rig.client()
    client.ask("subscribe", channel="book", symbol=["BTC/USD"])
    (again,) = client.ask("subscribe", channel="book", symbol=["BTC/USD"], depth=100)
    assert again["error"] == "Already subscribed"


def test_bars_of_several_intervals_may_be_read_at_once(rig: Rig) -> None:
    client = rig.client()
    for interval in (1, 5):
        ack, *_ = client.ask("subscribe", channel="ohlc", symbol=["BTC/USD"], interval=interval)
        assert ack["result"]["interval"] == interval


def heartbeats(client: Client, rig: Rig, seconds: int) -> int:
    for _ in range(seconds):
        rig.pass_s(1)
    return [one.get("channel") for one in client.take()].count("heartbeat")


def test_a_subscriber_hears_something_every_second(rig: Rig) -> None:
    client = rig.client()
    assert heartbeats(client, rig, 3) == 0
    client.ask("subscribe", channel="instrument")
    assert heartbeats(client, rig, 3) == 3


def test_too_many_messages_are_refused() -> None:
    rig = Rig(patience=1.0)
    client = rig.client()
    answers = [client.say('{"method":"ping"}')[0] for _ in range(201)]
    assert [one.get("error") for one in answers[-2:]] == [None, "Exceeded msg rate"]


def test_a_connection_that_is_gone_reads_nothing(rig: Rig) -> None:
    client = rig.client()
    client.ask("subscribe", channel="trade", symbol=["BTC/USD"])
    rig.venue.disconnected(client.connection)
    rig.market.print_trade(rig.market.last_price, rig.market.best().bid_size)
    assert client.take() == []
    assert rig.venue.subscriptions.keys("trade", "BTC/USD") == []


def test_numbers_of_requests_are_read_exactly(rig: Rig) -> None:
    client = rig.client()
    params: dict[str, Any] = {"order_type": "limit", "side": "buy", "symbol": "BTC/USD"}
    body = msgspec.json.encode({**params, "token": client.token})[:-1]
    said = b'{"method":"add_order","params":' + body
    client.say(said + b',"order_qty":0.10000001,"limit_price":40000.1}}')
    (record,) = rig.venue.records.working("mine")
    assert (str(record.volume), str(record.limit)) == ("0.10000001", "40000.1")
