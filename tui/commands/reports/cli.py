"""The reports as typer reads them; each does its work in a module of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import UsageError
from engine.locations import Locations

Account = Annotated[str | None, typer.Option(help="of this account only")]
Market = Annotated[str | None, typer.Option(help="of this market only, as in btcusdt.spot.sim")]
Since = Annotated[
    str | None, typer.Option(help="from then on: 2026-11-01, yesterday, monday, 7d, '1 mar 14:30'")
]
Until = Annotated[str | None, typer.Option(help="up to then, and without that moment")]
Zone = Annotated[
    str | None, typer.Option(help="time zone of times and days; default: the deck's timezone")
]
AsJson = Annotated[bool, typer.Option("--json", help="a JSON array; money is text, unrounded")]
AsCsv = Annotated[bool, typer.Option("--csv", help="a table for programs, with every column")]
PricesOf = Annotated[
    str, typer.Option("--prices", help="market: ask the markets; fills: your own last; none")
]
Marks = Annotated[
    list[str] | None,
    typer.Option("--mark", help="a price of now, as in btcusdt.spot.sim=64000; may be repeated"),
]
Currency = Annotated[
    str | None, typer.Option(help="convert into this through known markets, as in USDT")
]
Last = Annotated[int | None, typer.Option(min=1, help="only so many, the newest")]


ledger_app = typer.Typer(
    help="What came into an account and what left it, in double entry.",
    invoke_without_command=True,
)


def register(app: typer.Typer) -> None:
    """Add the reports to the shell commands."""
    app.command()(orders)
    app.command()(fills)
    app.command()(positions)
    app.command()(pnl)
    app.add_typer(ledger_app, name="ledger")


def orders(
    context: typer.Context,
    account: Account = None,
    market: Market = None,
    since: Since = None,
    until: Until = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="only those that can still trade, as last recorded")
    ] = False,
    last: Last = None,
    zone: Zone = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print orders, and what became of them. Also while a deck is open."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.orders import print_orders

    places = locations_of(context)
    what = asked(
        places,
        account=account,
        market=market,
        since=since,
        until=until,
        zone=zone,
        as_json=as_json,
        as_csv=as_csv,
    )
    raise typer.Exit(print_orders(places, what, is_open=is_open, last=last))


def fills(
    context: typer.Context,
    account: Account = None,
    market: Market = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    zone: Zone = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print executions, and what they come to. Also while a deck is open."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.fills import print_fills

    places = locations_of(context)
    what = asked(
        places,
        account=account,
        market=market,
        since=since,
        until=until,
        zone=zone,
        as_json=as_json,
        as_csv=as_csv,
    )
    raise typer.Exit(print_fills(places, what, last=last))


def positions(
    context: typer.Context,
    account: Account = None,
    market: Market = None,
    since: Annotated[str | None, typer.Option(help="only what was traded from then on")] = None,
    until: Annotated[str | None, typer.Option(help="as they stood then")] = None,
    flat: Annotated[bool, typer.Option("--flat", help="also what is closed")] = False,
    prices: PricesOf = "market",
    marks: Marks = None,
    currency: Currency = None,
    zone: Zone = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print positions: average cost, breakeven with costs, profit. Also while a deck is open."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.counting import Terms
    from tui.commands.reports.positions import print_positions
    from tui.commands.reports.prices import parse_marks, parse_source

    places = locations_of(context)
    what = asked(
        places,
        account=account,
        market=market,
        since=since,
        until=until,
        zone=zone,
        as_json=as_json,
        as_csv=as_csv,
    )
    terms = Terms(parse_source(prices), parse_marks(marks or ()), currency or "")
    raise typer.Exit(print_positions(places, what, terms, has_flat=flat))


def pnl(
    context: typer.Context,
    account: Account = None,
    market: Market = None,
    since: Since = None,
    until: Until = None,
    by: Annotated[str, typer.Option(help="day week month session market lot")] = "day",
    lots: Annotated[
        str, typer.Option(help="what a sale closes: average fifo lifo hifo")
    ] = "average",
    currency: Currency = None,
    prices: PricesOf = "market",
    marks: Marks = None,
    pause: Annotated[str, typer.Option(help="a session ends after so long without a trade")] = "6h",
    day_start: Annotated[
        str, typer.Option(help="when a day begins; after noon, that of the next date")
    ] = "00:00",
    opening: Annotated[
        str, typer.Option(help="what there was at the beginning: draws equity, not profit alone")
    ] = "",
    curve: Annotated[
        bool | None, typer.Option("--curve/--no-curve", help="default: on a terminal")
    ] = None,
    zone: Zone = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print profit and loss, marked to market at both ends of each period, and its curve.

    Periods are whole: the first may begin before --since. Also while a deck is open.
    """
    from tui.commands.reports.asked import asked
    from tui.commands.reports.counting import Terms
    from tui.commands.reports.lots import print_lots
    from tui.commands.reports.pnl import print_pnl
    from tui.commands.reports.prices import parse_marks, parse_source
    from tui.commands.reports.profit import parse_cut

    places = locations_of(context)
    cut = parse_cut(by if by != "lot" else "day", lots, pause, day_start, opening)
    what = asked(
        places,
        account=account,
        market=market,
        since=since,
        until=until,
        zone=zone,
        as_json=as_json,
        as_csv=as_csv,
    )
    terms = Terms(parse_source(prices), parse_marks(marks or ()), currency or "")
    if by == "lot":
        raise typer.Exit(print_lots(places, what, terms, cut.method))
    raise typer.Exit(print_pnl(places, what, terms, cut, has_curve=curve))


@ledger_app.callback()
def ledger(
    context: typer.Context, account: Account = None, as_json: AsJson = False, as_csv: AsCsv = False
) -> None:
    """Print what each account has, as far as its ledger knows."""
    if context.invoked_subcommand is not None:
        return
    from tui.commands.reports.asked import asked
    from tui.commands.reports.ledger import print_balances

    places = locations_of(context)
    what = asked(places, account=account, as_json=as_json, as_csv=as_csv)
    raise typer.Exit(print_balances(places, what))


@ledger_app.command("export")
def ledger_export(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or beancount")] = "csv",
    out: Annotated[Path | None, typer.Option(help="write this file; default: print")] = None,
    account: Account = None,
    market: Market = None,
    since: Since = None,
    until: Until = None,
    zone: Zone = None,
    balances: Annotated[
        bool, typer.Option("--balances", help="beancount: assert what each asset comes to")
    ] = False,
) -> None:
    """Write all entries, oldest first: fills, fees, funding, transfers."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.ledger import export

    places = locations_of(context)
    what = asked(places, account=account, market=market, since=since, until=until, zone=zone)
    raise typer.Exit(export(places, what, form=form, out=out, has_balances=balances))


@ledger_app.command("import")
def ledger_import(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a venue's export, or a table of entries")],
    broker: Annotated[
        str, typer.Option(help="whose export it is: binance, kraken, sim; default: a table")
    ] = "",
    account: Annotated[str, typer.Option(help="of lines that name none")] = "",
    trial: Annotated[
        bool, typer.Option("--trial", help="say what is new, and add nothing")
    ] = False,
) -> None:
    """Add what is new in a file; what is known is left as it is. Twice adds nothing.

    A table names its columns in the first line: time, kind (fill, fee, funding, transfer, profit,
    adjustment), asset, amount, and of trades counter_asset, counter_amount, fqme and reference.
    """
    from tui.commands.reports.ledger import account_at, import_file

    places = locations_of(context)
    named = account_at(places, broker, account)
    raise typer.Exit(import_file(places, file, broker=broker, account=named, is_trial=trial))


@ledger_app.command("add")
def ledger_add(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="transfer funding fee profit adjustment")],
    asset: Annotated[str, typer.Argument(help="as in usdt")],
    amount: Annotated[str, typer.Argument(help="what came; after -- negative for what went")],
    account: Annotated[str, typer.Option(help="whose")] = "",
    when: Annotated[str, typer.Option("--time", help="default: now")] = "",
    note: Annotated[str, typer.Option(help="what it was")] = "",
) -> None:
    """Add an entry by hand: money that came or went without a trade. It stays."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.ledger import add

    places = locations_of(context)
    what = asked(places, account=account)
    raise typer.Exit(add(places, what, kind=kind, asset=asset, amount=amount, when=when, note=note))


@ledger_app.command("reconcile")
def ledger_reconcile(
    context: typer.Context,
    account: Account = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(help="what the venue shows, as in usdt=1000; may be repeated"),
    ] = None,
    balances: Annotated[
        Path | None, typer.Option(help="a CSV of it, with asset and amount; default: ask it")
    ] = None,
    tolerance: Annotated[str, typer.Option(help="what may differ and count as the same")] = "0",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Hold the ledger against the venue's balances. Exits with 1 where they differ."""
    from tui.commands.reports.asked import asked
    from tui.commands.reports.reconciling import print_reconciled

    places = locations_of(context)
    what = asked(places, account=account, as_json=as_json, as_csv=as_csv)
    raise typer.Exit(
        print_reconciled(places, what, given=balance or (), file=balances, tolerance=tolerance)
    )


def locations_of(context: typer.Context) -> Locations:
    """Where things live, as `tickdeck` found it."""
    root = context.find_root().obj
    if not isinstance(root, Locations):
        raise UsageError("commands are run through `tickdeck`")
    return root
