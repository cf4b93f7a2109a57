"""What an account's key may do, where the venue tells (`GetApiKeyInfo`).

https://docs.kraken.com/api-reference/account-data/get-api-key-info, read 2026-11.
"""

from __future__ import annotations

from typing import Final

from brokers.kraken import account_wire as wire
from brokers.kraken.private import PrivateRest
from engine.errors import BrokerError
from engine.log import logger

_log = logger(__name__)

WITHDRAW: Final = ("withdraw-funds", "funds-withdraw")
NEEDED: Final = {
    "modify-trades": "place orders",
    "query-open-trades": "see open orders",
    "query-closed-trades": "see fills",
}


class Rights:
    """One key's. `note` is empty until they were asked for, and where there is nothing to say."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.note = ""

    async def look(self, private: PrivateRest) -> None:
        """Ask for them. That the venue does not tell them is no reason to stop."""
        try:
            told = await private.ask("GetApiKeyInfo", {}, wire.decode_key_info)
        except BrokerError as error:
            _log.info("rights of the key of account %s are not told: %s", self._account, error)
            return
        self.note = note_of(told.permissions)
        if self.note:
            _log.warning("account %s: %s", self._account, self.note)


def note_of(permissions: list[str]) -> str:
    """What a person must know of a key with these permissions."""
    if not permissions:
        return ""
    said = []
    if any(right in permissions for right in WITHDRAW):
        said.append("the key may WITHDRAW funds: this program needs no such right, take it away")
    lacking = [what for right, what in NEEDED.items() if right not in permissions]
    if lacking:
        said.append(f"the key may not {', nor '.join(lacking)}")
    return "; ".join(said)
