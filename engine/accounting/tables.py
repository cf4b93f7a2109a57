"""The ledger as a table and as lines of JSON, there and back.

CSV (RFC 4180) has a row for each posting, with the entry's fields repeated, so that a
spreadsheet can sum a column. A text that a spreadsheet would take for a formula gets a quote
before it (OWASP, "CSV Injection"), which is taken off again when it is read. JSON has an entry
in a line, and numbers as strings: no reader makes floats of them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from engine.accounting.ledger import Entry, Posting, check, is_countable
from engine.errors import DataError
from engine.text import safe

COLUMNS = (
    "entry_id", "account", "time", "time_ns", "kind", "fqme", "reference", "note", "size",
    "price", "book", "asset", "amount",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "'", "\t", "\r")
_NANOS = 1_000_000_000

_encoder = msgspec.json.Encoder(decimal_format="string")
_decoder = msgspec.json.Decoder(Entry)


def to_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """The table, line by line, header first; lines end with a newline."""
    yield _line(COLUMNS)
    for entry in entries:
        head = (
            *map(guarded, (entry.entry_id, entry.account)),
            iso(entry.time_ns),
            str(entry.time_ns),
            entry.kind,
            *map(guarded, (entry.fqme, entry.reference, entry.note)),
            "" if entry.size is None else plain(entry.size),
            "" if entry.price is None else plain(entry.price),
        )
        for posting in entry.postings:
            yield _line((*head, posting.book, guarded(posting.asset), plain(posting.amount)))


def from_csv(lines: Iterable[str]) -> list[Entry]:
    """The entries of a table that `to_csv` wrote.

    Raises:
        DataError: it is not such a table; the message names the line.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None)
        if header is None or tuple(header) != COLUMNS:
            raise DataError("not a ledger: its first line does not name the columns of one")
        groups: dict[str, list[dict[str, str]]] = {}
        for row in reader:
            if len(row) != len(COLUMNS):
                raise DataError(f"line {reader.line_num}: {len(row)} fields, not {len(COLUMNS)}")
            named = dict(zip(COLUMNS, row, strict=True))
            groups.setdefault(named["entry_id"], []).append(named)
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {safe(error, 120)}") from None
    return [_entry(rows) for rows in groups.values()]


def to_json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """An entry in each line; lines end with a newline."""
    for entry in entries:
        yield _encoder.encode(entry).decode() + "\n"


def from_json_lines(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of lines that `to_json_lines` wrote; empty lines are passed over.

    Raises:
        DataError: a line is not an entry, or one that does not balance.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = _cleaned(_decoder.decode(line))
            check(entry)
        except msgspec.DecodeError as error:
            raise DataError(f"line {number}: {safe(error, 200)}") from None
        except DataError as error:
            raise DataError(f"line {number}: {error}") from None
        yield entry


def plain(number: Decimal) -> str:
    """`number` in full, without an exponent."""
    return f"{number:f}"


def iso(time_ns: int) -> str:
    """A time as ISO 8601 in UTC, to the nanosecond."""
    seconds, nanos = divmod(time_ns, _NANOS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"


def number_of(text: str) -> Decimal:
    """The number that `text` is.

    Raises:
        DataError: it is none, or none that money has. Thousands are not marked off: whether a comma
            is one or a decimal point cannot be known.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not is_countable(number) or "_" in text:
        raise DataError(f"{safe(text, 40)!r} is not a number")
    return number


def _line(fields: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(fields)
    return buffer.getvalue()


def guarded(text: str) -> str:
    """`text`, with a quote before it where a spreadsheet would take it for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def _bare(text: str) -> str:
    return safe(text[1:] if text.startswith("'") else text)


def _entry(rows: list[dict[str, str]]) -> Entry:
    first = rows[0]
    name = safe(first["entry_id"], 80)
    shared = COLUMNS[:-3]
    for row in rows:
        if any(row[column] != first[column] for column in shared):
            raise DataError(f"entry {name}: its lines do not agree")
    fields = {
        **{key: _bare(first[key]) for key in ("entry_id", "account", "fqme", "reference", "note")},
        "kind": first["kind"],
        "time_ns": _whole(first["time_ns"], name),
        "size": number_of(first["size"]) if first["size"] else None,
        "price": number_of(first["price"]) if first["price"] else None,
        "postings": [
            {"book": row["book"], "asset": _bare(row["asset"]), "amount": number_of(row["amount"])}
            for row in rows
        ],
    }
    try:
        entry = msgspec.convert(fields, Entry)
    except msgspec.ValidationError as error:
        raise DataError(f"entry {name}: {safe(error, 200)}") from None
    check(entry)
    return entry


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(f"entry {name}: {safe(text, 40)!r} is not a time") from None


def _cleaned(entry: Entry) -> Entry:
    """`entry` with text that a terminal can only print."""
    return msgspec.structs.replace(
        entry,
        entry_id=safe(entry.entry_id),
        account=safe(entry.account),
        fqme=safe(entry.fqme),
        reference=safe(entry.reference),
        note=safe(entry.note),
        postings=tuple(
            Posting(posting.book, safe(posting.asset), posting.amount) for posting in entry.postings
        ),
    )
