"""Signatures by the vector that the venue publishes, and nonces that only grow."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.signing import Nonces, Signer, signature
from engine.credentials import Credentials, Secret
from engine.errors import BrokerUnavailable

SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
"""Published for illustration: https://docs.kraken.com/api/docs/guides/spot-rest-auth."""


class StandingClock:
    """Says what it is told."""

    def __init__(self, now_ns: int) -> None:
        self.now = now_ns

    def now_ns(self) -> int:
        return self.now

    async def sleep_until_ns(self, wall_ns: int) -> None:
        raise AssertionError("nothing here sleeps")


def signer(**changed: Any) -> Signer:
    fields: dict[str, Any] = {
        "credentials": Credentials(Secret("the-key"), Secret(SECRET)),
        "clock": StandingClock(1_616_492_376_594),
        "account": "main",
        "nonces": Nonces(),
    }
    return Signer(**{**fields, **changed})


def test_signs_as_the_published_vector_says() -> None:
    body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"

    signed = signature(base64.b64decode(SECRET), "/0/private/AddOrder", "1616492376594", body)

    assert signed == (
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    )


def test_a_request_carries_the_vector_s_body_and_signature() -> None:
    fields = {
        "ordertype": "limit",
        "pair": "XBTUSD",
        "price": "37500",
        "type": "buy",
        "volume": "1.25",
    }

    body, headers = signer().sign("/0/private/AddOrder", fields)

    assert body.startswith(b"nonce=1616492376594&ordertype=limit&pair=XBTUSD")
    assert headers["API-Key"] == "the-key"
    assert headers["API-Sign"].startswith("4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8")


@given(st.lists(st.integers(0, 10**18), min_size=1, max_size=50))
def test_nonces_grow_however_the_clock_goes(times: list[int]) -> None:
    nonces = Nonces()

    made = [nonces.next("key", now_ns) for now_ns in times]

    assert all(later > earlier for earlier, later in pairwise(made))
    assert all(nonce >= now_ns for nonce, now_ns in zip(made, times, strict=True))


def test_two_clients_of_one_key_share_its_nonces() -> None:
    nonces = Nonces()
    one, other = signer(nonces=nonces), signer(nonces=nonces)

    bodies = [who.sign("/0/private/Balance", {})[0].decode() for who in (one, other, one)]

    used = [int(parse_qs(body)["nonce"][0]) for body in bodies]
    assert used == sorted(set(used))


def test_a_restart_goes_on_above_what_was_used_before() -> None:
    before = Nonces().next("key", 1_000)

    assert Nonces().next("key", 2_000) > before


@pytest.mark.parametrize("secret", ["not base64!", "abc", ""])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    credentials = Credentials(Secret("the-key"), Secret(secret))

    with pytest.raises(BrokerUnavailable) as caught:
        signer(credentials=credentials)

    assert "account main" in str(caught.value)
    assert not secret or secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_signer_shows_nothing_of_its_keys() -> None:
    assert repr(signer()) == "Signer(***)"
