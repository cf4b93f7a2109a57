"""The journal in memory."""

from __future__ import annotations

import msgspec

from engine.ems.journal import MemoryJournal, Record
from engine.messages import Canceled


async def test_keeps_records_in_their_order() -> None:
    journal = MemoryJournal()
    records = [Record(number, Canceled(order_id=str(number))) for number in range(5)]
    await journal.append(records[:2])
    await journal.append([])
    await journal.append(records[2:])

    assert journal.records() == tuple(records)


def test_a_record_can_be_written_and_read_again() -> None:
    record = Record(7, Canceled(order_id="o", reason="r"))
    written = msgspec.msgpack.encode(record)

    assert msgspec.msgpack.decode(written, type=Record) == record
