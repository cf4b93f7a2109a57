from __future__ import annotations

import pytest

from brokers.kraken.options import REST_URL, WS_AUTH_URL, WS_URL, KrakenOptions
from engine.config import convert
from engine.errors import ConfigError


def read(**table: object) -> KrakenOptions:
    return convert(table, KrakenOptions, "options of kraken")


def test_nothing_said_is_the_live_venue() -> None:
    options = read()

    assert (options.rest_url, options.ws_url, options.ws_auth_url) == (
        REST_URL,
        WS_URL,
        WS_AUTH_URL,
    )
    assert options.dead_man_s == 0


def test_each_address_can_be_that_of_a_test_venue() -> None:
    options = read(
        rest_url="http://127.0.0.1:9081",
        ws_url="ws://127.0.0.1:9081/v2",
        ws_auth_url="ws://localhost:9081/v2",
    )

    assert options.rest_url == "http://127.0.0.1:9081"


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("rest_url", "http://api.kraken.com"),
        ("ws_url", "ws://ws.kraken.com/v2"),
        ("ws_auth_url", "ws://10.0.0.7/v2"),
    ],
)
def test_what_leaves_the_machine_is_encrypted(key: str, url: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}.*this machine only"):
        read(**{key: url})


@pytest.mark.parametrize(
    "url", ["api.kraken.com", "ftp://api.kraken.com", "https://", "https://me:pw@api.kraken.com"]
)
def test_an_address_of_another_shape_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="rest_url"):
        read(rest_url=url)


def test_a_depth_that_the_venue_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="depth"):
        read(depth=20)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ConfigError, match="rest_ulr"):
        read(rest_ulr="https://api.kraken.com")
