"""What a key may do, as far as the venue tells: a key of a trading program should not withdraw."""

from __future__ import annotations

from typing import Final

import msgspec

from brokers.binance.access import Access
from brokers.binance.account_wire import decode_rights
from brokers.binance.signing import Signer
from engine.errors import BrokerError
from engine.log import logger

_log = logger(__name__)

PATH: Final = "/sapi/v1/account/apiRestrictions"
"""https://developers.binance.com/docs/wallet/account/api-key-permission (read 2026-11). The test
network has no such address."""


async def note_of_rights(access: Access, signer: Signer, account: str) -> str:
    """What a person must know of the key; empty where there is nothing, or the venue does not
    tell. Warned of in the log too."""
    now_ms = access.offset.now_ms(access.clock)
    try:
        reply = await access.rest.call(
            "GET",
            PATH,
            sign=lambda: (signer.query({}, now_ms), b"", signer.headers),
            budgets=[(access.weight, 1)],
        )
        rights = decode_rights(reply.body) if reply.status == 200 else None
    except (BrokerError, msgspec.MsgspecError):
        rights = None
    if rights is None:
        return ""
    notes = []
    if rights.can_withdraw:
        notes.append("its key may withdraw")
    if not rights.can_trade:
        notes.append("its key may not trade")
    for note in notes:
        _log.warning("account %s: %s", account, note)
    return "; ".join(notes)
