"""What the embedded exchange gives its users of an account: nothing but the deck's own ledger.

Its accounts live in the journal of whoever trades there. `tickdeck ledger export --format csv`
writes them, and this reads that, so that a ledger can be taken to another machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from engine.accounting.imports import Imported
from engine.accounting.tables import from_csv


def read_export(lines: Iterable[str], account: str) -> Imported:
    """See `engine.broker.ReadExport`. Entries keep the account that they name."""
    entries = (replace(one, account=one.account or account) for one in from_csv(lines))
    return Imported(tuple(entries), ())
