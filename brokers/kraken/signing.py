"""Signs requests to Kraken's private REST, with nonces that only grow.

By https://docs.kraken.com/api/docs/guides/spot-rest-auth (read 2026-11): the `API-Sign` header is
base64(HMAC-SHA512(base64-decoded secret, path + SHA256(nonce + body))), and each nonce must be
greater than all before it of the same key, whoever used them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import trio

from engine.clock import Clock
from engine.credentials import Credentials
from engine.errors import BrokerUnavailable

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


class Nonces:
    """Nonces by key, for all who sign in this process.

    They are wall time in nanoseconds, as in the venue's own library: what was used before a
    restart, or by another program that counts so, lies behind. Where the clock stands still or
    goes back they go on by one.
    """

    def __init__(self) -> None:
        self._last: dict[bytes, int] = {}
        """By digest of the key: the key itself is kept nowhere."""
        self._turns: dict[bytes, trio.Lock] = {}

    def next(self, api_key: str, now_ns: int) -> int:
        name = _digest(api_key)
        nonce = max(now_ns, self._last.get(name, 0) + 1)
        self._last[name] = nonce
        return nonce

    def turn(self, api_key: str) -> trio.Lock:
        """Held from signing to the answer: requests of one key must arrive in the order of their
        nonces, whichever connections they take."""
        return self._turns.setdefault(_digest(api_key), trio.Lock())


NONCES: Final = Nonces()
"""Of this process: several clients may use one key."""


class Signer:
    """Signs for one account."""

    def __init__(
        self, credentials: Credentials, clock: Clock, account: str, nonces: Nonces = NONCES
    ) -> None:
        """
        Raises:
            BrokerUnavailable: the secret is not what the venue gives out.
        """
        self._credentials = credentials
        self._clock = clock
        self._nonces = nonces
        try:
            self._secret = base64.b64decode(credentials.secret.reveal(), validate=True)
        except (binascii.Error, ValueError):
            raise BrokerUnavailable(
                f"the secret of account {account} is not one of Kraken: it is not base64",
                hint=f"tickdeck keys set {account}",
            ) from None
        if not (self._secret and credentials.api_key):
            raise BrokerUnavailable(
                f"the key or the secret of account {account} is empty",
                hint=f"tickdeck keys set {account}",
            )

    def __repr__(self) -> str:
        return "Signer(***)"

    @property
    def turn(self) -> trio.Lock:
        """See `Nonces.turn`."""
        return self._nonces.turn(self._credentials.api_key.reveal())

    def sign(self, path: str, fields: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a request to `path` (`/0/private/...`), with the next nonce."""
        api_key = self._credentials.api_key.reveal()
        nonce = str(self._nonces.next(api_key, self._clock.now_ns()))
        body = urlencode({"nonce": nonce, **fields})
        headers = {
            "API-Key": api_key,
            "API-Sign": signature(self._secret, path, nonce, body),
            "Content-Type": CONTENT_TYPE,
        }
        return body.encode(), headers


def _digest(api_key: str) -> bytes:
    return hashlib.sha256(api_key.encode()).digest()


def signature(secret: bytes, path: str, nonce: str, body: str) -> str:
    """The `API-Sign` of a request.

    Args:
        secret: base64-decoded.
        body: urlencoded, with the nonce in it.
    """
    digest = hashlib.sha256((nonce + body).encode()).digest()
    return base64.b64encode(hmac.digest(secret, path.encode() + digest, "sha512")).decode()
