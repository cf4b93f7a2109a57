"""Signatures as the venue publishes them; the keys are those of its documentation."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.venues.binance import demo
from tests.venues.binance.asking import sign
from tests.venues.binance.signatures import (
    ApiKey,
    is_key_shaped,
    socket_payload,
    split_signed,
)

HMAC, ED25519 = demo.demo_keys()
PLAIN = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
    "&recvWindow=5000&timestamp=1499827319559"
)
FOREIGN = PLAIN.replace("LTCBTC", "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96")


@pytest.mark.parametrize(
    ("payload", "signature"),
    [
        (PLAIN, "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (FOREIGN, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
        (
            PLAIN.replace("GTC&", "GTC"),
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        ),
    ],
)
def test_published_hmac_signatures_of_rest_are_good(payload: str, signature: str) -> None:
    assert HMAC.is_signed(payload, signature)
    assert HMAC.is_signed(payload, signature.upper())
    assert not HMAC.is_signed(payload + " ", signature)


@pytest.mark.parametrize(
    ("changed", "signature"),
    [
        (
            {
                "symbol": "BTCUSDT",
                "side": "SELL",
                "price": "52000.00",
                "quantity": "0.01000000",
                "recvWindow": 100,
            },
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
        ),
        (
            {
                "symbol": "１２３４５６",
                "side": "BUY",
                "price": "0.10000000",
                "quantity": "1.00000000",
                "recvWindow": 5000,
            },
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
        ),
    ],
)
def test_published_hmac_signatures_of_the_websocket_api_are_good(
    changed: dict[str, object], signature: str
) -> None:
    params = {
        "type": "LIMIT",
        "timeInForce": "GTC",
        "timestamp": 1645423376532,
        "apiKey": demo.HMAC_KEY,
        **changed,
        "signature": signature,
    }
    assert HMAC.is_signed(socket_payload(params), signature)


def test_a_published_ed25519_signature_is_good() -> None:
    payload = "A\x01EXAMPLE\x01SPOT\x011\x0120240627-11:17:25.223"
    signature = (
        "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA=="
    )
    assert ED25519.is_signed(payload, signature)
    assert not ED25519.is_signed(payload + "!", signature)
    assert not ED25519.is_signed(payload, "not base64!")


def test_an_rsa_signature_is_known_by_its_public_key() -> None:
    private = generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = ApiKey(key="k" * 64, account="me", kind="rsa", public_pem=pem.decode())
    signature = base64.b64encode(private.sign(b"a=1", PKCS1v15(), hashes.SHA256())).decode()
    assert key.is_signed("a=1", signature)
    assert not key.is_signed("a=2", signature)


def test_the_signature_is_no_part_of_what_is_signed_wherever_it_stands() -> None:
    good = sign("a=1&b=2")
    for query in (f"a=1&b=2&signature={good}", f"signature={good}&a=1&b=2"):
        assert split_signed(query, "") == ("a=1&b=2", good)
    assert split_signed("a=1", f"b=2&signature={good}") == ("a=1b=2", good)
    assert split_signed("a=1", "b=2") == ("a=1b=2", "")
    assert split_signed("a=1&signature=x%2By%3D", "")[1] == "x+y="


def test_a_key_has_a_shape() -> None:
    assert is_key_shaped(demo.HMAC_KEY)
    for bad in ("", "short", "x" * 64 + "!", "x" * 200):
        assert not is_key_shaped(bad)
