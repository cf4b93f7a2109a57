"""Messages and answers of the private side: amounts to the last digit, times to the nanosecond."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from brokers.kraken import account_wire as wire

D = Decimal


def test_amounts_keep_every_digit_as_number_and_as_text() -> None:
    data = b'[{"exec_type":"trade","order_id":"O","last_qty":0.00000001,"last_price":65000.10}]'
    (entry,) = wire.decode_executions(data)
    order = wire.decode_open_orders(
        b'{"open":{"O":{"status":"open","descr":{"pair":"XBTUSD","type":"buy","ordertype":"limit"},'
        b'"vol":"1.25000000","vol_exec":0.37500000,"opentm":1688666559.8974}}}'
    ).open["O"]

    assert entry.last_qty == D("0.00000001")
    assert str(entry.last_price) == "65000.10"
    assert (order.vol, order.vol_exec) == (D("1.25000000"), D("0.37500000"))
    assert wire.seconds_ns(order.opentm) == 1_688_666_559_897_400_000


@pytest.mark.parametrize("seconds", ["-1", "NaN", "Infinity", "1e30"])
def test_what_is_no_time_is_refused(seconds: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        wire.seconds_ns(D(seconds))


def test_balances_are_read_with_or_without_what_is_held() -> None:
    held = wire.decode_extended_balances(
        b'{"ZUSD":{"balance":25435.21,"hold_trade":8249.76},"XXBT":{"balance":"1.2435"}}'
    )

    assert held["ZUSD"].balance == D("25435.21")
    assert held["XXBT"].hold_trade == 0


@pytest.mark.parametrize(
    "data",
    [
        b'{"apiKeyName":"k","nonceWindow":0,"permissions":["withdraw-funds"],"ipAllowlist":[]}',
        b'{"api_key_name":"k","nonce_window":"0","permissions":["withdraw-funds"]}',
    ],
)
def test_rights_are_read_however_the_venue_writes_what_is_around_them(data: bytes) -> None:
    assert wire.decode_key_info(data).permissions == ["withdraw-funds"]


def test_the_switch_tells_when_it_fires() -> None:
    armed = wire.decode_armed(
        b'{"currentTime":"2024-05-19T19:22:20Z","triggerTime":"2024-05-19T19:22:25Z"}'
    )

    assert armed.trigger_time == "2024-05-19T19:22:25Z"


def test_a_token_shows_itself_to_nobody() -> None:
    token = wire.decode_token(b'{"token":"the-token","expires":900}')

    assert token.token == "the-token"
    assert "the-token" not in repr(token)


def test_an_error_in_an_answer_with_a_token_says_nothing_of_it() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        wire.decode_token(b'{"token":"the-token","expires":"soon"}')

    assert "the-token" not in str(caught.value)
