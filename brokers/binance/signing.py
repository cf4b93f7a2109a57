"""Signatures of requests, with the three kinds of keys that the venue takes.

"Request security" of `rest-api` and `web-socket-api` in
https://github.com/binance/binance-spot-api-docs (read 2026-11):

* HMAC-SHA256, as hex, with the secret as it was given; Ed25519 and RSA (PKCS #1 v1.5, SHA-256),
  as base64, with a private key in PEM.
* REST signs the query as it goes over the wire, percent-encoded. The WebSocket API signs all
  parameters sorted by name, as they are: UTF-8, nothing encoded.

Only this module reveals a secret, and the API key to those who send it to the venue.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import quote

from engine.credentials import HIDDEN, Credentials, CredentialsMissing

Value = str | int | bool
"""Of a parameter."""

Params = Mapping[str, Value]

KeyKind = Literal["hmac", "ed25519", "rsa"]

RECV_WINDOW_MS = 5000
"""How old a request may be when the venue takes it up: it is refused from then on, so that none
is carried out that was given up long ago. The venue recommends no more."""


class Signer:
    """Signs for one key; shows nothing of it."""

    __slots__ = ("_api_key", "_secrets", "_sign", "kind")

    def __init__(self, credentials: Credentials) -> None:
        """
        Raises:
            CredentialsMissing: there is no key, or its private key cannot be read.
        """
        if not credentials.api_key or not credentials.secret:
            raise CredentialsMissing("an account of Binance needs an API key and its secret")
        self.kind: KeyKind
        self.kind, self._sign = _signing(credentials)
        self._api_key = credentials.api_key
        self._secrets = (credentials.api_key, credentials.secret, credentials.passphrase)

    def __repr__(self) -> str:
        return f"Signer({self.kind}, {HIDDEN})"

    @property
    def can_log_on(self) -> bool:
        """A whole session of the WebSocket API can be authenticated: by Ed25519 alone."""
        return self.kind == "ed25519"

    @property
    def headers(self) -> dict[str, str]:
        """What names the key to the REST API."""
        return {"X-MBX-APIKEY": self._api_key.reveal()}

    def query(self, params: Params, now_ms: int) -> str:
        """The signed query of a REST request, made at the venue's time `now_ms`."""
        query = encoded({**params, "recvWindow": RECV_WINDOW_MS, "timestamp": now_ms})
        return f"{query}&signature={quote(self._sign(query.encode()), safe='')}"

    def params(self, params: Params, now_ms: int) -> dict[str, Value]:
        """The signed parameters of a request to the WebSocket API."""
        signed: dict[str, Value] = {**params, "apiKey": self._api_key.reveal()}
        signed |= timed({}, now_ms)
        signed["signature"] = self._sign(payload(signed).encode())
        return signed

    def hide(self, text: str) -> str:
        """`text` of the venue without anything of the key, should it say that back to us."""
        for secret in self._secrets:
            if secret:
                text = text.replace(secret.reveal(), HIDDEN)
        return text


def timed(params: Params, now_ms: int) -> dict[str, Value]:
    """Parameters of a request in a session that is authenticated as a whole."""
    return {**params, "recvWindow": RECV_WINDOW_MS, "timestamp": now_ms}


def encoded(params: Params) -> str:
    """`params` as a query, in the order in which they come."""
    return "&".join(f"{name}={quote(_text(value), safe='')}" for name, value in params.items())


def payload(params: Params) -> str:
    """What the WebSocket API has signed of `params`."""
    return "&".join(f"{name}={_text(params[name])}" for name in sorted(params))


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Sign = Callable[[bytes], str]


def _signing(credentials: Credentials) -> tuple[KeyKind, Sign]:
    secret = credentials.secret.reveal().strip()
    if "-----BEGIN" not in secret:
        key = secret.encode()
        return "hmac", lambda data: hmac.new(key, data, hashlib.sha256).hexdigest()
    return _private_key(secret, credentials.passphrase.reveal())


def _private_key(pem: str, passphrase: str) -> tuple[KeyKind, Sign]:
    # Imported where it is used: it takes a tenth of a second.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), passphrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What it says of it may have parts of the key in it.
        raise CredentialsMissing(
            "the private key of an account of Binance cannot be read",
            hint="it is a PEM file; one with a passphrase needs that too",
        ) from None
    if isinstance(key, Ed25519PrivateKey):
        ed25519 = key
        return "ed25519", lambda data: _base64(ed25519.sign(data))
    if isinstance(key, RSAPrivateKey):
        rsa = key
        return "rsa", lambda data: _base64(rsa.sign(data, PKCS1v15(), SHA256()))
    raise CredentialsMissing("Binance takes private keys of Ed25519 and RSA only")


def _base64(signature: bytes) -> str:
    return base64.b64encode(signature).decode()
