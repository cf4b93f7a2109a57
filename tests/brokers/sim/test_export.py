"""The ledger's own table, read as the export of sim."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.sim.export import read_export
from engine.accounting.ledger import of_move
from engine.accounting.tables import to_csv
from engine.errors import DataError

ENTRY = of_move(
    "transfer", entry_id="e", account="sim", time_ns=5, asset="usdt", amount=Decimal("1.50")
)


def test_what_was_exported_is_read_as_it_was() -> None:
    found = read_export(list(to_csv([ENTRY])), "other")

    assert found.entries == (ENTRY,), "entries keep the account that they name"
    assert found.problems == ()


def test_another_table_is_none() -> None:
    with pytest.raises(DataError, match="not a ledger"):
        read_export(["a,b\n", "1,2\n"], "sim")
