"""Entries of the ledger from rows that somebody else has written.

A broker module turns its venue's export into `Row`s; a table whose header names their fields is
read as it is. What cannot be read is said, row by row, and the rest is taken.

Reading a file twice adds nothing. A trade that names its market and its trade id gets the id of
its fill's entry, so that it is the same as what the journal has, or a conflict. Any other row
that has a reference is known by kind, account, asset and reference; one without by all that it
says and by how many rows of the file say the same before it.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import NamedTuple, get_args

import msgspec

from engine.accounting.ledger import COUNTERPART, Entry, Kind, Ledger, Posting, fill_id, is_same
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.tables import number_of
from engine.errors import DataError
from engine.text import safe

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an export. Amounts are what the account got: negative is what it gave."""

    account: str
    time_ns: int
    kind: Kind
    asset: str
    """Of a trade its base."""
    amount: Decimal
    counter_asset: str = ""
    """Of a trade its quote."""
    counter_amount: Decimal = ZERO
    fee: Decimal = ZERO
    """Positive is paid."""
    fee_asset: str = ""
    fqme: str = ""
    reference: str = ""
    """The venue's id of it."""
    note: str = ""


class Problem(NamedTuple):
    """A row that could not be taken."""

    line: int
    """Counts rows from 1, without the header."""
    reason: str


class Told(NamedTuple):
    """Entries that somebody else wrote, held against a ledger."""

    new: tuple[Entry, ...]
    known: tuple[Entry, ...]
    conflicts: tuple[str, ...]
    """Ids that the ledger has with other contents."""


class Imported(NamedTuple):
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


Fields = Mapping[str, str]
"""A line of a table: its fields by the names of their columns, in lower case, cleaned of what a
terminal would obey."""


def read_table(lines: Iterable[str], account: str) -> Imported:
    """The entries of a CSV table with a header that names the fields of `Row`.

    Time is `time` (ISO 8601, UTC where it names no zone) or `time_ns`. `account` is that of the
    rows which name none. Other columns are passed over.

    Raises:
        DataError: there is no header with `kind`, `asset`, `amount` and a time.
    """
    return read_rows(lines, _check_header, lambda fields: parse_row(fields, account))


def read_rows(
    lines: Iterable[str], check_header: Callable[[set[str]], None], read: Callable[[Fields], Row]
) -> Imported:
    """The entries of a CSV table, each line a row.

    Args:
        check_header: raises `DataError` where these columns are not those of such a table.
        read: makes a row of a line, or raises `DataError` with the reason why it is none.

    Raises:
        DataError: it is no such table.
    """
    rows: list[Row] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for line, fields in read_fields(lines, check_header):
        try:
            rows.append(read(fields))
            numbers.append(line)
        except DataError as error:
            problems.append(Problem(line, str(error)))
    taken = entries_of(rows)
    problems += [Problem(numbers[line - 1], reason) for line, reason in taken.problems]
    return Imported(taken.entries, tuple(sorted(problems)))


def read_fields(
    lines: Iterable[str], check_header: Callable[[set[str]], None]
) -> Iterator[tuple[int, Fields]]:
    """The lines of a CSV table after its header, numbered from 1.

    Raises:
        DataError: it is no such table.
    """
    reader = csv.DictReader(lines, restkey="", strict=True)
    try:
        check_header({_column(name) for name in reader.fieldnames or ()})
        for line, named in enumerate(reader, 1):
            yield line, _cleaned(named)
    except csv.Error as error:
        raise DataError(f"line {reader.reader.line_num}: {safe(error, 120)}") from None


def entries_of(rows: Iterable[Row]) -> Imported:
    """The entries of `rows`, and which of them are none."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen: Counter[str] = Counter()
    for line, row in enumerate(rows, 1):
        try:
            postings = _postings(row)
        except DataError as error:
            problems.append(Problem(line, str(error)))
            continue
        entries.append(_entry(row, postings, _id(row, seen)))
    return Imported(tuple(entries), tuple(problems))


def told_apart(ledger: Ledger, entries: Iterable[Entry]) -> Told:
    """Which of `entries` the ledger does not have yet.

    A trade whose export names no id is known if the ledger has one of the same account, market,
    amounts and second that no other row of the export stands for: the journal's, for one.
    """
    new: list[Entry] = []
    known: list[Entry] = []
    conflicts: list[str] = []
    used: set[str] = set()
    merged: dict[str, Entry] = {one.entry_id: one for one in ledger}
    for entry in entries:
        mine = merged.get(entry.entry_id)
        if mine is not None:
            if is_same(mine, entry):
                known.append(entry)
            else:
                conflicts.append(entry.entry_id)
            continue
        alike = () if entry.reference else ledger.same_as(entry)
        twin = next((one.entry_id for one in alike if one.entry_id not in used), None)
        if twin is not None:
            used.add(twin)
            known.append(entry)
            continue
        new.append(entry)
        merged[entry.entry_id] = entry
    return Told(tuple(new), tuple(known), tuple(conflicts))


def parse_row(named: Mapping[str, str | None], account: str) -> Row:
    """The row that named fields say, cleaned of what a terminal would obey.

    Raises:
        DataError: a field is missing or is not what it should be.
    """
    fields = _cleaned(named)
    kind = fields.get("kind", "").lower()
    if kind not in get_args(Kind):
        raise DataError(f"{kind!r} is none of {', '.join(get_args(Kind))}")
    return Row(
        account=fields.get("account") or account,
        time_ns=_time(fields),
        kind=kind,  # type: ignore[arg-type]
        asset=fields.get("asset", "").lower(),
        amount=number_of(fields.get("amount", "")),
        counter_asset=fields.get("counter_asset", "").lower(),
        counter_amount=number_of(fields.get("counter_amount") or "0"),
        fee=number_of(fields.get("fee") or "0"),
        fee_asset=fields.get("fee_asset", "").lower(),
        fqme=fields.get("fqme", "").lower(),
        reference=fields.get("reference", ""),
        note=fields.get("note", ""),
    )


def _column(name: str | None) -> str:
    # Spreadsheets begin a file with a mark of its byte order.
    return (name or "").strip().lstrip("\ufeff").strip('"').lower()


def _cleaned(named: Mapping[str, str | None]) -> dict[str, str]:
    return {
        _column(key): safe((value or "").strip(), 500)
        for key, value in named.items()
        if isinstance(value, str | None)
    }


def _check_header(names: set[str]) -> None:
    missing = [name for name in ("kind", "asset", "amount") if name not in names]
    if not names & {"time", "time_ns"}:
        missing.append("time")
    if missing:
        raise DataError(f"the first line names no {', '.join(missing)}")


def _time(fields: Mapping[str, str]) -> int:
    if text := fields.get("time_ns"):
        try:
            return int(text)
        except ValueError:
            raise DataError(f"{text!r} is not a time") from None
    return parse_time(fields.get("time") or "")


def parse_time(text: str) -> int:
    """Nanoseconds of a time in ISO 8601, UTC where it names no zone.

    Raises:
        DataError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"{safe(text, 40)!r} is not a time") from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def _postings(row: Row) -> tuple[Posting, ...]:
    """What `row` moves.

    Raises:
        DataError: it does not say enough, or too much.
    """
    if not row.asset:
        raise DataError("no asset is named")
    if row.fee and not row.fee_asset:
        raise DataError("a fee is in no asset")
    pairs: list[tuple[str, str, str, Decimal]] = []
    if row.kind == "fill":
        _check_trade(row)
        pairs += [
            ("assets", "trading", row.asset, row.amount),
            ("assets", "trading", row.counter_asset, row.counter_amount),
        ]
    elif row.counter_asset or row.counter_amount:
        raise DataError(f"a {row.kind} has no other side")
    else:
        pairs.append(("assets", COUNTERPART[row.kind], row.asset, row.amount))
    pairs.append(("assets", "fees", row.fee_asset, row.fee.copy_negate()))
    return tuple(
        Posting(book, asset, change)  # type: ignore[arg-type]
        for taker, giver, asset, amount in pairs
        for book, change in ((taker, amount), (giver, amount.copy_negate()))
        if amount
    )


def _check_trade(row: Row) -> None:
    if not row.counter_asset:
        raise DataError("a trade without the asset that it was paid in")
    if row.asset == row.counter_asset:
        raise DataError(f"a trade of {row.asset} for itself")
    if row.amount * row.counter_amount > 0:
        raise DataError("a trade of which both sides come in, or both go out")


def _id(row: Row, seen: Counter[str]) -> str:
    if row.kind == "fill" and row.fqme and row.reference:
        return fill_id(row.account, row.fqme, row.reference)
    if row.reference:
        return safe(f"{row.kind}:{row.account}:{row.asset}:{row.reference}")
    digest = hashlib.sha256(msgspec.json.encode(row)).hexdigest()[:24]
    seen[digest] += 1
    return safe(f"{row.kind}:{row.account}:{digest}:{seen[digest]}")


def _entry(row: Row, postings: tuple[Posting, ...], entry_id: str) -> Entry:
    is_trade = row.kind == "fill"
    with localcontext(EXACT):
        price = abs(row.counter_amount / row.amount) if is_trade and row.amount else None
    return Entry(
        entry_id=entry_id,
        account=row.account,
        time_ns=row.time_ns,
        kind=row.kind,
        postings=postings,
        fqme=row.fqme,
        reference=row.reference,
        note=row.note,
        size=row.amount if is_trade else None,
        price=price,
    )
