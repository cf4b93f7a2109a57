"""Entries of the private channels on their way to the connections of an account."""

from __future__ import annotations

from typing import Any, Final

from tests.venues.exchange.faults import Faults
from tests.venues.kraken.connection import Connection
from tests.venues.kraken.ledger import Entry, socket_entry
from tests.venues.kraken.subscriptions import Key, Subscriptions

Told = dict[str, Any]

QUIET_TYPES: Final = frozenset({"pending_new", "amended", "restated", "status"})
"""Left out where a subscription has `order_status` false."""


class Outbox:
    """Holds what belongs to one request until it is answered; else it leaves at once."""

    def __init__(self, subscriptions: Subscriptions, faults: Faults) -> None:
        self._subscriptions = subscriptions
        self._faults = faults
        self._held: list[tuple[str, str, list[Told]]] | None = None

    def hold(self) -> None:
        """Keep what comes from now on."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Send what was kept."""
        held, self._held = self._held, None
        for channel, account, data in self._faults.arranged(held or []):
            self._send(channel, account, data)

    def tell_execution(self, account: str, entry: Told) -> None:
        self._put("executions", account, [entry])

    def tell_entries(self, account: str, entries: list[Entry]) -> None:
        self._put("balances", account, [socket_entry(entry) for entry in entries])

    def _put(self, channel: str, account: str, data: list[Told]) -> None:
        if self._held is not None:
            self._held.append((channel, account, data))
            return
        for message in self._faults.arranged([(channel, account, data)]):
            self._send(*message)

    def _send(self, channel: str, account: str, data: list[Told]) -> None:
        for reader in self._subscriptions.readers(Key(channel, account)):
            assert isinstance(reader, Connection)
            if reader.is_brief and data[0].get("exec_type") in QUIET_TYPES:
                continue
            sequence = reader.next_sequence(channel)
            reader.say({"channel": channel, "type": "update", "data": data, "sequence": sequence})
