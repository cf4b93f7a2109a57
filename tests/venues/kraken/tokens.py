"""Tokens that open the private part of a WebSocket.

One is good for 15 minutes after it was given out; a connection that used it in time may go on
with it for as long as the connection lives
(https://docs.kraken.com/exchange/guides/websockets/authentication, read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from tests.venues.kraken.errors import INVALID_SESSION, Refused
from tests.venues.kraken.keys import ApiKey

LIFETIME_S: Final = 900


class Tokens:
    """Given out and checked. `seed` makes the same tokens in each run."""

    def __init__(self, seed: int = 0, lifetime_s: int = LIFETIME_S) -> None:
        self._seed = seed
        self.lifetime_s = lifetime_s
        self._count = 0
        self._given: dict[str, tuple[ApiKey, int]] = {}
        self._used: dict[str, set[int]] = {}
        """Connections that hold a token open."""

    def give(self, key: ApiKey, now_ns: int) -> str:
        """A new token for this key."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}/{key.key}".encode()).digest()
        token = base64.b64encode(digest).decode().rstrip("=")
        self._given[token] = (key, now_ns)
        return token

    def use(self, token: str, connection: int, now_ns: int) -> ApiKey:
        """Whose token it is; the connection may use it again.

        Raises:
            Refused: it is unknown, or its time is over.
        """
        if token not in self._given:
            raise Refused(INVALID_SESSION)
        key, given_ns = self._given[token]
        holders = self._used.setdefault(token, set())
        if connection not in holders and now_ns - given_ns > self.lifetime_s * 10**9:
            raise Refused(INVALID_SESSION)
        holders.add(connection)
        return key

    def close(self, connection: int) -> None:
        """The connection is gone."""
        for holders in self._used.values():
            holders.discard(connection)

    def revoke_all(self) -> None:
        """No token that was given out is good any more."""
        self._given.clear()
        self._used.clear()
