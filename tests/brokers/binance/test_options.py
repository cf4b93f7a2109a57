from __future__ import annotations

from typing import Any

import pytest

from brokers.binance.broker import open_broker
from brokers.binance.options import PRESETS, BinanceOptions
from engine.broker import BrokerSettings
from engine.clock import TrioClock
from engine.errors import BrokerUnavailable


def test_an_environment_names_all_addresses() -> None:
    assert BinanceOptions().urls == PRESETS["live"]
    assert BinanceOptions(environment="testnet").urls.rest == "https://testnet.binance.vision"
    assert not BinanceOptions(environment="data").can_trade


def test_each_address_can_be_another() -> None:
    urls = BinanceOptions(
        rest_url="http://127.0.0.1:9080/",
        stream_url="ws://127.0.0.1:9080",
        ws_api_url="ws://127.0.0.1:9080/ws-api/v3",
    ).urls

    assert urls == (
        "http://127.0.0.1:9080",
        "ws://127.0.0.1:9080",
        "ws://127.0.0.1:9080/ws-api/v3",
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rest_url": "wss://api.binance.com"}, "rest_url"),
        ({"stream_url": "stream.binance.com"}, "stream_url"),
        ({"ws_api_url": "wss://name:hunter2@host/"}, "ws_api_url"),
        ({"rest_url": "http://api.binance.com"}, "rest_url"),
        ({"stream_url": "ws://10.0.0.7:9080"}, "stream_url"),
        ({"ws_api_url": "ws://ws-api.binance.com/ws-api/v3"}, "ws_api_url"),
        ({"streams_per_socket": 1025}, "streams_per_socket"),
        ({"history_share": 1.0}, "history_share"),
        ({"lifetime_s": 0}, "lifetime_s"),
        ({"quiet_s": 0}, "quiet_s"),
        ({"environment": "moon"}, "environment"),
        ({"trades": "all"}, "trades"),
        ({"trades": "trade", "environment": "data"}, "trades"),
        ({"depht": True}, "depht"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, Any], named: str) -> None:
    settings = BrokerSettings(name="binance", clock=TrioClock(0), options=options)

    with pytest.raises(BrokerUnavailable) as caught:
        open_broker(settings)
    assert named in str(caught.value)
    assert "hunter2" not in str(caught.value)
