"""API keys: signatures, nonces, rights.

https://docs.kraken.com/exchange/guides/rest/authentication and .../rest/api-keys, read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

import msgspec

from tests.venues.kraken.errors import (
    INVALID_KEY,
    INVALID_NONCE,
    INVALID_SIGNATURE,
    LOCKOUT,
    PERMISSION_DENIED,
    Refused,
)

Tier = str
"""`starter`, `intermediate` or `pro`."""

TRADING_RIGHTS: Final = frozenset(
    {
        *("query-funds", "query-open-trades", "query-closed-trades", "query-ledger"),
        *("modify-trades", "close-trades", "create-ws-token"),
    }
)
"""Of a key that trades, and can take nothing away."""

ALL_RIGHTS: Final = TRADING_RIGHTS | frozenset(
    {
        *("add-funds", "withdraw-funds", "earn-funds", "export-data"),
        *("add-withdraw-address", "update-withdraw-address"),
    }
)

LOCKING_FAULTS: Final = 20
"""Requests with unknown keys from one address before it is locked out."""
LOCKOUT_NS: Final = 900 * 10**9


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of key and secret, and what may be done with it."""

    key: str
    secret: str
    """Base64, as the venue shows it once."""
    account: str
    name: str = "demo"
    rights: frozenset[str] = TRADING_RIGHTS
    tier: Tier = "pro"
    otp: str = ""
    """The password that must come with each request; none if empty."""
    nonce_window: int = 0
    """By how much a nonce may be below the highest one that came."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What a private request says of who asks."""

    path: str
    key: str
    sign: str
    nonce: str
    body: bytes
    otp: str = ""
    client: str = ""


DEMO_KEY: Final = ApiKey(
    key="tickdeckDemoKey+Kraken/0000000000000000000000000000000000",
    secret=base64.b64encode(
        b"tickdeck demo secret of the test venue that is no secret at all!"
    ).decode(),
    account="demo",
)
"""Of the venue that is started by hand."""


def api_sign(secret: str, path: str, nonce: str, body: bytes) -> str:
    """The header `API-Sign` of a request.

    Raises:
        ValueError: the secret is not base64.
    """
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    digest = hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(hmac.digest(key, path.encode() + digest, "sha512")).decode()


class Keyring:
    """Checks who asks. Nonces are kept per key; one that does not grow is refused."""

    def __init__(self, keys: tuple[ApiKey, ...]) -> None:
        self._keys = {key.key: key for key in keys}
        self._nonces: dict[str, list[int]] = {}
        self._faults: dict[str, list[int]] = {}

    def add(self, key: ApiKey) -> None:
        self._keys[key.key] = key

    def revoke(self, key: str) -> None:
        """The key is unknown from now on."""
        self._keys.pop(key, None)

    def keys(self) -> tuple[ApiKey, ...]:
        return tuple(self._keys.values())

    def last_nonce(self, key: ApiKey) -> int:
        return max(self._nonces.get(key.key, [0]))

    def authenticate(self, asked: Signed, now_ns: int) -> ApiKey:
        """Whose request this is.

        Raises:
            Refused: nobody's, or it was said before.
        """
        if self._is_locked(asked.client, now_ns):
            raise Refused(LOCKOUT)
        known = self._keys.get(asked.key)
        if known is None:
            self._faults.setdefault(asked.client, []).append(now_ns)
            raise Refused(INVALID_KEY)
        self._faults.pop(asked.client, None)
        nonce = asked.nonce
        if not nonce.isascii() or not nonce.isdecimal() or int(nonce) >= 2**64:
            raise Refused(INVALID_NONCE)
        sign = api_sign(known.secret, asked.path, nonce, asked.body)
        if not hmac.compare_digest(sign.encode(), asked.sign.encode()):
            raise Refused(INVALID_SIGNATURE)
        if known.otp and asked.otp != known.otp:
            raise Refused(INVALID_SIGNATURE)
        self._take_nonce(known, int(nonce))
        return known

    def _take_nonce(self, key: ApiKey, nonce: int) -> None:
        seen = self._nonces.setdefault(key.key, [])
        if seen and (nonce in seen or nonce <= max(seen) - key.nonce_window):
            raise Refused(INVALID_NONCE)
        seen.append(nonce)
        if len(seen) > 1000:
            seen.remove(min(seen))

    def _is_locked(self, client: str, now_ns: int) -> bool:
        faults = self._faults.get(client, [])
        while faults and now_ns - faults[0] > LOCKOUT_NS:
            faults.pop(0)
        return len(faults) >= LOCKING_FAULTS


def require(key: ApiKey, *rights: str) -> None:
    """Refuse what needs one of `rights`, of which the key has none."""
    if rights and not key.rights.intersection(rights):
        raise Refused(PERMISSION_DENIED)
