"""Identifiers of orders, trades, amends and ledger entries: `OQCLML-BW3P3-BUCMWZ`."""

from __future__ import annotations

import hashlib
from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Ids:
    """Makes them, the same ones in each run of one seed, with a letter for their kind first."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._count = 0

    def next(self, kind: str) -> str:
        """`O` is an order, `T` a trade or amend, `L` an entry of the ledger."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
        letters = kind + "".join(_ALPHABET[byte % 32] for byte in digest[:16])
        return f"{letters[:6]}-{letters[6:11]}-{letters[11:17]}"
