"""`tickdeck ledger reconcile`: the ledger's balances against the venue's."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import trio

from engine.accounting.ledger import Difference, asset_name, reconcile
from engine.accounting.tables import number_of
from engine.errors import BrokerError, DataError, NotSupported, UsageError
from engine.locations import Locations
from engine.text import safe
from tui.commands.reports.asked import Asked, check_account
from tui.commands.reports.ledger import Books, open_books
from tui.commands.reports.shown import money, tone_of
from tui.commands.reports.table import Column, Page, page, paragraph, put, table
from tui.commands.reports.written import put_csv, put_json

WAIT_S: Final = 30.0
"""How long a venue is waited for."""


def print_reconciled(
    locations: Locations,
    what: Asked,
    *,
    given: Iterable[str] = (),
    file: Path | None = None,
    tolerance: str = "0",
) -> int:
    """Print both balances of every asset of one account. 1 if any differ.

    Args:
        given: balances that the venue shows, as in `usdt=1000`.
        file: a CSV of them, with the columns `asset` and `amount` (or `balance`).
        tolerance: by how much two may differ and count as the same.

    Raises:
        UsageError: it is not clear of which account, or a balance is not written as one.
        BrokerError: the venue cannot be asked.
    """
    books = open_books(locations)
    check_account(what, books.accounts, locations)
    account = what.account or _only(books)
    allowed = number_of(tolerance)
    theirs = _theirs(locations, account, list(given), file)
    ours = books.ledger.balances(account)
    differing = {one.asset for one in reconcile(ours, theirs, tolerance=allowed)}
    rows = _rows(ours, theirs)
    if what.form == "json":
        put_json(map(_fields, rows))
    elif what.form == "csv":
        put_csv(map(_fields, rows), ("asset", "ours", "theirs", "gap"))
    else:
        put(_lines(rows, differing, account, page()))
    return 1 if differing else 0


def _only(books: Books) -> str:
    if len(books.accounts) == 1:
        return next(iter(books.accounts))
    raise UsageError(
        "a venue's balances are those of one account",
        hint=f"name it with --account: {' '.join(sorted(books.accounts))}",
    )


def _rows(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> list[Difference]:
    """Both balances of each asset, the same ones too: everything is a difference of more than
    less than nothing."""
    return reconcile(ours, theirs, tolerance=Decimal(-1))


def _fields(row: Difference) -> dict[str, object]:
    return {**row._asdict(), "gap": row.gap}


def _lines(
    rows: Sequence[Difference], differing: set[str], account: str, on: Page
) -> Iterator[str]:
    columns = [
        Column[Difference]("asset", lambda row: row.asset.upper()),
        Column[Difference]("ours", lambda row: money(row.ours, row.asset), "point"),
        Column[Difference]("theirs", lambda row: money(row.theirs, row.asset), "point"),
        Column[Difference](
            "gap",
            lambda row: f"{row.gap:+f}" if row.asset in differing else "",
            "point",
            tone=lambda row: tone_of(row.gap),
        ),
    ]
    if rows:
        yield from table(columns, rows, on)
        yield ""
    if not differing:
        yield from paragraph(f"{account}: the ledger and the venue agree", "", on)
        return
    text = (
        f"{account}: {len(differing)} of {len(rows)} differ; nothing was changed. What is missing "
        "can be imported, or added by hand as a transfer or an adjustment"
    )
    yield from paragraph(text, "warning", on)


# -- what the venue says ---------------------------------------------------------------------


def _theirs(
    locations: Locations, account: str, given: Sequence[str], file: Path | None
) -> dict[str, Decimal]:
    if given and file is not None:
        raise UsageError("--balance and --balances are two sources", hint="name one of them")
    if given:
        return _of_pairs(given)
    if file is not None:
        return _of_file(file)
    return _asked(locations, account)


def _of_pairs(given: Sequence[str]) -> dict[str, Decimal]:
    balances: dict[str, Decimal] = {}
    for text in given:
        asset, equals, number = text.partition("=")
        if not equals or not asset.strip():
            raise UsageError(
                f"{safe(text, 60)!r} is not a balance", hint="write it as in usdt=1000"
            )
        balances[asset_name(asset)] = number_of(number)
    return balances


def _of_file(path: Path) -> dict[str, Decimal]:
    """Raises `DataError` where it is no such table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
            amount = names.get("amount") or names.get("balance") or names.get("total")
            if "asset" not in names or amount is None:
                raise DataError(f"{safe(path, 200)}: its first line names no asset and amount")
            return {
                asset_name(row[names["asset"]] or ""): number_of(row[amount] or "0")
                for row in reader
            }
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{safe(path, 200)} cannot be read: {safe(error, 120)}") from error


def _asked(locations: Locations, name: str) -> dict[str, Decimal]:
    """What the account's broker says. It is logged in to for that alone."""
    from brokers import registry
    from engine.broker import BrokerSettings
    from engine.clock import SystemClock
    from engine.services import sole_error
    from engine.settings import load_brokers
    from tui.commands.unlocking import Stores

    file = load_brokers(locations.brokers_file)
    account = next((one for one in file.accounts if one.name == name), None)
    if account is None:
        raise UsageError(
            f"brokers.toml does not say where {safe(name, 60)} is held",
            hint="give the venue's balances with --balance or --balances",
        )
    stores = Stores(locations, file.accounts, os.environ)
    settings = BrokerSettings(
        name=account.broker,
        clock=SystemClock(),
        options=file.options.get(account.broker, {}),
        data_dir=locations.data_dir / "brokers" / account.broker,  # bans are kept there
        credentials=stores.keystore.get,
    )
    broker = registry.load(account.broker)(settings)
    if not broker.capabilities.outlives_engine:
        raise NotSupported(
            f"{account.broker} forgets its balances when the engine ends: there is nothing to ask",
            hint="give the balances that you saw with --balance or --balances",
        )

    stores.unlock_for([name])

    async def ask() -> Mapping[str, Decimal]:
        with trio.fail_after(WAIT_S):
            async with trio.open_nursery() as nursery:
                await nursery.start(broker.run)
                async with broker.open_client(account.info(), lambda _: None) as client:
                    balances = await client.balances()
                nursery.cancel_scope.cancel()
        return balances

    try:
        return dict(trio.run(ask))
    except trio.TooSlowError as error:
        raise BrokerError(f"{account.broker} did not answer within {WAIT_S:.0f} s") from error
    except ExceptionGroup as group:
        raise sole_error(group) from None
