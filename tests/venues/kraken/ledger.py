"""Entries of an account's ledger, and balances, as REST and the `balances` channel tell them.

https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/balances and
https://docs.kraken.com/api-reference/account-data/get-ledgers-info, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from tests.venues.kraken.amounts import epoch, number, rfc3339, text
from tests.venues.kraken.pairs import Asset

Told = dict[str, Any]

PLACES: Final = 10
"""Decimals of amounts of the ledger, at most; those of an asset are fewer."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a balance."""

    ledger_id: str
    ref_id: str
    """Of the trade."""
    asset: Asset
    amount: Decimal
    """Before the fee."""
    fee: Decimal
    balance: Decimal
    """After it."""
    time_ns: int
    kind: str = "trade"


class Ledger:
    """Entries of every account, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}

    def add(self, account: str, entry: Entry) -> None:
        self._entries.setdefault(account, []).append(entry)

    def entries(self, account: str) -> list[Entry]:
        return self._entries.get(account, [])


def rest_entry(entry: Entry) -> Told:
    places = entry.asset.decimals
    return {
        "aclass": "currency",
        "amount": text(entry.amount, places),
        "asset": entry.asset.key,
        "balance": text(entry.balance, places),
        "fee": text(entry.fee, places),
        "refid": entry.ref_id,
        "time": epoch(entry.time_ns),
        "type": entry.kind,
        "subtype": "",
    }


def socket_entry(entry: Entry) -> Told:
    places = entry.asset.decimals
    return {
        "ledger_id": entry.ledger_id,
        "ref_id": entry.ref_id,
        "timestamp": rfc3339(entry.time_ns),
        "type": entry.kind,
        "asset": entry.asset.symbol,
        "asset_class": "currency",
        "category": "trade" if entry.kind == "trade" else "deposit",
        "wallet_type": "spot",
        "wallet_id": "main",
        "amount": number(entry.amount, places),
        "fee": number(entry.fee, places),
        "balance": number(entry.balance, places),
    }


def socket_balances(balances: Mapping[Asset, Decimal]) -> list[Told]:
    """Snapshot of the `balances` channel: whole balances, held parts included."""
    told = []
    for asset, balance in balances.items():
        amount = number(balance, asset.decimals)
        told.append(
            {
                "asset": asset.symbol,
                "asset_class": "currency",
                "balance": amount,
                "wallets": [{"type": "spot", "id": "main", "balance": amount}],
            }
        )
    return told
