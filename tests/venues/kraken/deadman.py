"""The dead man's switch: `CancelAllOrdersAfter`, of a whole account.

https://docs.kraken.com/api-reference/trading/cancel-all-orders-after-x, read 2026-11.
"""

from __future__ import annotations

from typing import Final

from engine.clock import NANOS
from tests.venues.kraken.amounts import rfc3339
from tests.venues.kraken.errors import invalid

LONGEST_S: Final = 86_400


class Switches:
    """When the orders of each account are cancelled, unless it is heard of again."""

    def __init__(self) -> None:
        self._due: dict[str, int] = {}

    def set(self, account: str, timeout_s: int, now_ns: int) -> dict[str, str]:
        """Start anew, or stop with 0; what the venue answers. Raises `Refused`."""
        if not 0 <= timeout_s <= LONGEST_S:
            raise invalid("timeout")
        if not timeout_s:
            self._due.pop(account, None)
            return {"currentTime": rfc3339(now_ns, 0), "triggerTime": "0"}
        self._due[account] = now_ns + timeout_s * NANOS
        return {
            "currentTime": rfc3339(now_ns, 0),
            "triggerTime": rfc3339(self._due[account], 0),
        }

    def take_due(self, now_ns: int) -> list[str]:
        """Accounts whose time is over; each once."""
        due = [account for account, due_ns in self._due.items() if due_ns <= now_ns]
        for account in due:
            del self._due[account]
        return due

    def due_ns(self, account: str) -> int:
        """0 if it is off."""
        return self._due.get(account, 0)
