"""The same rows for programs: CSV and JSON, every number in full.

Numbers of money are strings in JSON: no reader makes floats of them. Times stand twice: as ISO
8601 in UTC, and in nanoseconds. In CSV a text that a spreadsheet would take for a formula has a
quote before it.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from engine.accounting.tables import guarded, iso, plain
from engine.text import safe

Fields = Mapping[str, Any]
"""Names and values of a row: texts, numbers, truths, nothing, or amounts by asset."""


def fields_of(struct: msgspec.Struct) -> dict[str, Any]:
    """All fields of a message, with each time in words before it in nanoseconds."""
    fields: dict[str, Any] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if name.endswith("_ns"):
            fields[name.removesuffix("_ns") + "_time"] = time_text(value)
        fields[name] = value
    return fields


def time_text(time_ns: int | None) -> str | None:
    """ISO 8601 of a time; none of one that is not known, which is 0 in messages."""
    return iso(time_ns) if time_ns else None


def put_json(rows: Iterable[Fields]) -> None:
    """An array, a row in each line."""
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        text = json.dumps(_plain(row), ensure_ascii=False)
        sys.stdout.write(f"{',' if number else ''}\n  {text}")
    sys.stdout.write("\n]\n")
    sys.stdout.flush()


def put_csv(rows: Iterable[Fields], names: Sequence[str]) -> None:
    """A table with a header, which stands there without rows too."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    """`value` in what JSON knows."""
    match value:
        case Decimal():
            return plain(value)
        case Mapping():
            return {safe(key): _plain(one) for key, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case bool() | int() | None:
            return value
        case _:
            return safe(value)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return plain(value)
        case Mapping():
            return guarded(safe(" ".join(f"{plain(one)} {key}" for key, one in value.items())))
        case tuple() | list():
            return guarded(safe(" ".join(map(str, value))))
        case _:
            return guarded(safe(value))
