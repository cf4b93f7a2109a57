"""`tickdeck ledger`: what came into an account and what left it, in double entry.

The ledger is the journal's fills and the entries that were kept beside it (`kept`). A fill that an
import also has is one entry; where the two differ, the journal's stands, and it is told.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, NamedTuple

from engine.accounting.beancount import to_beancount
from engine.accounting.delivery import is_delivered
from engine.accounting.imports import Imported, read_table, told_apart
from engine.accounting.ledger import Entry, Kind, Ledger, is_countable, of_fills, of_move
from engine.accounting.tables import to_csv, to_json_lines
from engine.clock import wall_ns
from engine.config import nearest
from engine.errors import DataError, UsageError
from engine.locations import Locations
from engine.text import safe
from tui.commands.reports.asked import Asked, check_account
from tui.commands.reports.kept import keep, read_kept
from tui.commands.reports.record import NoJournal, Traded, journal_in, read_traded
from tui.commands.reports.shown import money
from tui.commands.reports.table import Column, Page, page, paragraph, put, rank_of_account, table
from tui.commands.reports.written import put_csv, put_json
from tui.language.when import parse_when

Format = Literal["csv", "jsonl", "beancount"]
FORMATS: Final[Mapping[str, Format]] = {
    "csv": "csv",
    "jsonl": "jsonl",
    "json": "jsonl",
    "beancount": "beancount",
}
"""By the names that people give them."""

MOVES: Final[tuple[Kind, ...]] = ("transfer", "funding", "fee", "profit", "adjustment")
"""What a person can add: money that came or went without a trade of ours."""

MOST_TOLD: Final = 20
"""Lines of a file that are told one by one."""


class Books(NamedTuple):
    """The ledger, and what is wrong with it."""

    ledger: Ledger
    accounts: set[str]
    conflicts: tuple[str, ...]
    """Ids of kept entries that the journal has with other contents."""


class Balance(NamedTuple):
    """What an account has of an asset."""

    account: str
    asset: str
    amount: Decimal


def open_books(locations: Locations) -> Books:
    """The ledger of all accounts.

    Raises:
        NoJournal: there is neither a journal nor an entry of another source.
        JournalFailed: a file cannot be read.
        DataError: the journal does not say what a market is.
    """
    kept = read_kept(locations.data_dir)
    try:
        traded = read_traded(journal_in(locations.data_dir))
    except NoJournal:
        if not kept:
            raise
        traded = Traded()
    ledger = Ledger(of_fills(traded.fills, traded.instruments, is_delivered))
    told = told_apart(ledger, kept)
    for entry in told.new:
        ledger.append(entry)
    accounts = traded.accounts | {entry.account for entry in ledger}
    return Books(ledger, accounts, told.conflicts)


# -- balances --------------------------------------------------------------------------------


def print_balances(locations: Locations, what: Asked) -> int:
    """Print what each account has, as far as its ledger knows. 1 if entries contradict it."""
    books = open_books(locations)
    check_account(what, books.accounts, locations)
    rows = [
        Balance(account, asset, amount)
        for account in sorted(books.accounts)
        if what.account in ("", account)
        for asset, amount in books.ledger.balances(account).items()
    ]
    if what.form == "json":
        put_json(row._asdict() for row in rows)
    elif what.form == "csv":
        put_csv((row._asdict() for row in rows), Balance._fields)
    else:
        put(_balance_lines(rows, books, what, page()))
    return 1 if books.conflicts else 0


def _balance_lines(rows: Sequence[Balance], books: Books, what: Asked, on: Page) -> Iterator[str]:
    columns = [
        Column[Balance]("account", lambda row: row.account, rank=rank_of_account(books.accounts)),
        Column[Balance]("asset", lambda row: row.asset.upper()),
        Column[Balance]("balance", lambda row: money(row.amount, row.asset), "point"),
    ]
    if rows:
        yield from table(columns, rows, on)
        yield ""
    counts = Counter(entry.kind for entry in books.ledger if what.account in ("", entry.account))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    noun = "entry" if counts.total() == 1 else "entries"
    told = f"{counts.total()} {noun}: {kinds}" if kinds else "no entries"
    yield from paragraph(told, "dim", on)
    if not any(entry.kind == "transfer" for entry in books.ledger):
        text = (
            "what was there before is not in it: say so with `tickdeck ledger add transfer`, or "
            "import the venue's export"
        )
        yield from paragraph(text, "dim", on)
    for conflict in books.conflicts[:MOST_TOLD]:
        text = f"{conflict}: the journal has other values, and stands"
        yield from paragraph(text, "warning", on)


# -- export ----------------------------------------------------------------------------------


def export(
    locations: Locations,
    what: Asked,
    *,
    form: str,
    out: Path | None = None,
    has_balances: bool = False,
) -> int:
    """Write the entries, oldest first, to `out` or to standard output.

    Raises:
        UsageError: there is no such format or account, or the file cannot be written.
    """
    if form not in FORMATS:
        raise UsageError(f"{safe(form, 40)!r} is no format", hint="formats: " + " ".join(FORMATS))
    books = open_books(locations)
    check_account(what, books.accounts, locations)
    entries = [
        entry for entry in books.ledger if what.wants(entry.account, entry.fqme, entry.time_ns)
    ]
    entries.sort(key=lambda entry: entry.time_ns)
    lines = _written(entries, FORMATS[form], what, has_balances=has_balances)
    if out is None:
        sys.stdout.writelines(lines)
        sys.stdout.flush()
        return 0
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise UsageError(f"{safe(out, 200)} cannot be written: {error.strerror}") from error
    put([f"{safe(out, 200)}: {len(entries)} entries"])
    return 0


def _written(
    entries: Sequence[Entry], form: Format, what: Asked, *, has_balances: bool
) -> Iterator[str]:
    match form:
        case "csv":
            yield from to_csv(entries)
        case "jsonl":
            yield from to_json_lines(entries)
        case "beancount":
            is_whole = what.since_ns is None and not what.market
            yield from to_beancount(
                entries, zone=what.zone, with_balances=has_balances and is_whole
            )


# -- import ----------------------------------------------------------------------------------


def import_file(
    locations: Locations, path: Path, *, broker: str, account: str, is_trial: bool = False
) -> int:
    """Add what is new in a file. 1 if lines of it are none, or contradict what is known.

    Args:
        broker: whose export it is; empty for a table that names the columns of a ledger.
        account: of the lines that name none.
        is_trial: say what would be added, and add nothing.

    Raises:
        UsageError: the file cannot be read, or it is not said whose it is.
        DataError: it is no such file.
        BrokerError: there is no such broker, or it reads no exports.
    """
    found = _read(path, broker, account)
    if any(not entry.account for entry in found.entries):
        raise UsageError("it does not say of which account it is", hint="name it with --account")
    try:
        books = open_books(locations)
    except NoJournal:
        books = Books(Ledger(), set(), ())
    told = told_apart(books.ledger, found.entries)
    if told.new and not is_trial:
        source = f"{broker or 'table'} {path.name}"
        keep(locations.data_dir, told.new, source=source, now_ns=wall_ns())
    on = page()
    verb = "would be added" if is_trial else "added"
    said = (
        f"{safe(path.name, 80)}: {len(told.new)} {verb}, {len(told.known)} known, "
        f"{len(told.conflicts)} in conflict, {len(found.problems)} not understood"
    )
    put(paragraph(said, "", on))
    for name in told.conflicts[:MOST_TOLD]:
        put(paragraph(f"conflict: {name} is known with other values, which stand", "warning", on))
    for line, reason in found.problems[:MOST_TOLD]:
        put(paragraph(f"line {line} after the header: {reason}", "warning", on))
    more = len(told.conflicts[MOST_TOLD:]) + len(found.problems[MOST_TOLD:])
    if more:
        put(paragraph(f"and {more} more", "warning", on))
    return 1 if told.conflicts or found.problems else 0


def _read(path: Path, broker: str, account: str) -> Imported:
    from brokers.registry import load_export

    read = load_export(broker) if broker else read_table
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return read(file, account)
    except OSError as error:
        raise UsageError(f"{safe(path, 200)} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{safe(path, 200)} is not text in UTF-8") from error


def account_at(locations: Locations, broker: str, account: str) -> str:
    """The account that is meant: the one that is named, or the only one at that broker."""
    if account or not broker:
        return account
    from engine.settings import load_brokers

    accounts = load_brokers(locations.brokers_file).accounts
    names = [one.name for one in accounts if one.broker == broker]
    return names[0] if len(names) == 1 else ""


# -- by hand ---------------------------------------------------------------------------------


def add(
    locations: Locations,
    what: Asked,
    *,
    kind: str,
    asset: str,
    amount: str,
    when: str = "",
    note: str = "",
) -> int:
    """Add one entry that a person says.

    Raises:
        UsageError: it makes no sense.
    """
    if kind not in MOVES:
        hint = nearest(kind, MOVES) or "kinds: " + " ".join(MOVES)
        raise UsageError(f"{safe(kind, 40)!r} is nothing that can be added", hint=hint)
    if not what.account:
        raise UsageError("an entry is of an account", hint="name it with --account")
    check_account(what, _known_accounts(locations), locations)
    number = _amount(amount)
    now_ns = wall_ns()
    time_ns = parse_when(when, now_ns, what.zone) if when else now_ns
    entry = of_move(
        next(one for one in MOVES if one == kind),
        entry_id=safe(f"{kind}:{what.account}:by-hand:{now_ns}"),
        account=safe(what.account, 80),
        time_ns=time_ns,
        asset=safe(asset, 40),
        amount=number,
        note=note,
    )
    keep(locations.data_dir, [entry], source="by hand", now_ns=now_ns)
    sign = "came" if number > 0 else "went"
    put([f"added: {abs(number):f} {safe(asset, 40).upper()} {sign}, as a {kind}"])
    return 0


def _known_accounts(locations: Locations) -> set[str]:
    try:
        return open_books(locations).accounts
    except NoJournal:
        return set()


def _amount(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        number = Decimal("NaN")
    if "_" in text or not is_countable(number) or not number:
        raise UsageError(
            f"{safe(text, 40)!r} is not an amount",
            hint="as in 1000 for what came, -50 for what went (after -- where it is negative)",
        )
    return number
