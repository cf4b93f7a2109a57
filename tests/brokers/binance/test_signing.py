"""Signatures against what the venue publishes."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from brokers.binance.signing import Signer, encoded, payload
from engine.credentials import Credentials, CredentialsMissing, Secret

API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u
-----END PRIVATE KEY-----
"""


def signer(secret: str = SECRET, api_key: str = API_KEY, passphrase: str = "") -> Signer:
    return Signer(Credentials(Secret(api_key), Secret(secret), Secret(passphrase)))


def sign(one: Signer, text: str) -> str:
    return one._sign(text.encode())


ORDER: dict[str, Any] = {
    "symbol": "LTCBTC",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "0.1",
    "recvWindow": 5000,
    "timestamp": 1499827319559,
}
SOCKET: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01000000",
    "price": "52000.00",
    "recvWindow": 100,
    "timestamp": 1645423376532,
    "apiKey": API_KEY,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            encoded(ORDER),
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
            id="a query of REST",
        ),
        pytest.param(
            encoded({**ORDER, "symbol": "１２３４５６"}),
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
            id="a query of REST is encoded before it is signed",
        ),
        pytest.param(
            payload(SOCKET),
            "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24",
            id="parameters of the WebSocket API are sorted",
        ),
        pytest.param(
            payload(
                {
                    **SOCKET,
                    "symbol": "１２３４５６",
                    "side": "BUY",
                    "price": "0.10000000",
                    "quantity": "1.00000000",
                    "recvWindow": 5000,
                }
            ),
            "b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd",
            id="and are not encoded",
        ),
        pytest.param(
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
            "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
            id="query and body, joined by nothing",
        ),
    ],
)
def test_hmac_signs_as_the_venue_publishes(text: str, expected: str) -> None:
    assert sign(signer(), text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "A\x01EXAMPLE\x01SPOT\x011\x0120240627-11:17:25.223",
            "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA==",
            id="as the venue publishes",
        ),
        pytest.param(
            "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2"
            "&timestamp=1668481559918&recvWindow=5000",
            "inDT086KVIP8vgUfw5sV3VTkescWztiAGlf4x8FLKHM4NInsn0c1kYVLoGMO8cyjfR6vmTku2YQE0gtfVVlfCw==",
            id="as was computed of that key elsewhere",
        ),
    ],
)
def test_ed25519_signs_as_the_venue_publishes(text: str, expected: str) -> None:
    assert sign(signer(PEM), text) == expected


def test_rsa_signs_by_pkcs1_and_sha256() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    signature = base64.b64decode(sign(signer(pem), "symbol=BTCUSDT"))

    key.public_key().verify(signature, b"symbol=BTCUSDT", PKCS1v15(), SHA256())
    assert not signer(pem).can_log_on


def test_only_ed25519_logs_a_whole_session_on() -> None:
    assert signer(PEM).can_log_on
    assert not signer().can_log_on


def test_a_query_of_rest_ends_with_its_signature_encoded() -> None:
    query = signer(PEM).query({"symbol": "BTCUSDT"}, 1668481559918)
    asked, _, signature = query.partition("&signature=")

    assert asked == "symbol=BTCUSDT&recvWindow=5000&timestamp=1668481559918"
    assert signature.endswith("%3D%3D")
    assert not set("+/=") & set(signature)


def test_parameters_of_the_websocket_api_name_the_key_and_are_signed_whole() -> None:
    params = signer().params({"symbol": "BTCUSDT", "flag": True}, 1645423376532)
    signature = params.pop("signature")

    assert params["apiKey"] == API_KEY
    assert "flag=true" in payload(params)
    assert signature == sign(signer(), payload(params))


def test_a_private_key_with_a_passphrase_is_read() -> None:
    key = Ed25519PrivateKey.generate()
    kept = BestAvailableEncryption(b"open sesame")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept).decode()

    signature = base64.b64decode(sign(signer(pem, passphrase="open sesame"), "x"))

    key.public_key().verify(signature, b"x")


def _elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("secret", "passphrase", "says"),
    [
        pytest.param(PEM.replace("BCIEIIJEYWtG", "BCIEIIJEYW"), "", "cannot be read", id="cut"),
        pytest.param(PEM, "needless", "cannot be read", id="a passphrase where there is none"),
        pytest.param(_elliptic(), "", "Ed25519 and RSA only", id="another kind"),
        pytest.param("", "", "needs an API key", id="none"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_without_a_word_of_it(
    secret: str, passphrase: str, says: str
) -> None:
    with pytest.raises(CredentialsMissing, match=says) as caught:
        signer(secret, passphrase=passphrase)

    assert "IIJEYW" not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_signer_shows_nothing_of_its_key_and_hides_it_in_what_the_venue_says() -> None:
    one = signer()
    assert SECRET[:8] not in repr(one)
    assert API_KEY[:8] not in repr(one)

    said = f"Invalid API-key {API_KEY}, secret {SECRET}"
    assert one.hide(said) == "Invalid API-key ***, secret ***"
