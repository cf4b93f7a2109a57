"""The shell commands, as typer reads them; each does its work in `tui.commands`.

With `tui.commands` this is where the parts of tickdeck are put together, and the only room
of the deck that may know brokers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from engine.locations import find_locations
from tui.commands.reports import cli as reports
from tui.commands.reports.cli import locations_of

EXIT_CODES = """Exit codes: 0 done, 1 something was found wrong, 2 usage, 65 bad data, 66 nothing
to read, 69 broker unavailable, 70 engine failure, 73 file exists, 74 the journal cannot be read or
written, 75 the data is in use, 78 bad configuration, 130 interrupted."""


class _MarketsOrCommands(TyperGroup):
    """A group that takes market names where a command is expected: they open the deck."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and "." in args[0]:
            return "deck", self.commands["deck"], args
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_MarketsOrCommands,
    help=f"A keyboard-driven trading deck for the terminal.\n\n{EXIT_CODES}",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Where the configuration is, and whether it is right.")
app.add_typer(config_app, name="config")
keys_app = typer.Typer(help="Keys of accounts: kept, looked after, never shown.")
app.add_typer(keys_app, name="keys")

AccountName = Annotated[str, typer.Argument(help="an account of brokers.toml")]
StoreOption = Annotated[
    str | None, typer.Option("--store", help="file, encrypted or keyring; default: brokers.toml's")
]


def dispatch(arguments: list[str]) -> int:
    """Run one command line. Usage errors are printed by the parser and exit with 2."""
    try:
        app(args=arguments, prog_name="tickdeck")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _print_version(wanted: bool) -> None:
    if wanted:
        from tui.commands.deck import version

        typer.echo(f"tickdeck {version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="configuration file, or the folder of all of them")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="where data and logs go")] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="print and exit"),
    ] = False,
) -> None:
    context.obj = find_locations(os.environ, config=config, data_dir=data_dir)
    if context.invoked_subcommand is not None:
        return
    from tui.commands.deck import open_deck

    raise typer.Exit(open_deck(locations=context.obj))


@app.command()
def deck(
    context: typer.Context,
    markets: Annotated[
        list[str] | None, typer.Argument(help="markets to open, as in btcusdt.spot.sim")
    ] = None,
    theme: Annotated[str | None, typer.Option(help="colour theme")] = None,
    period: Annotated[str | None, typer.Option(help="chart period: 1s 5s 15s 1m ... 1d")] = None,
) -> None:
    """Open the deck (also what `tickdeck` alone and `tickdeck MARKET ...` do)."""
    from tui.commands.deck import open_deck

    names = tuple(markets or ())
    raise typer.Exit(
        open_deck(locations=locations_of(context), markets=names, theme=theme, period=period)
    )


@app.command()
def replay(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="recordings, played together by their times")],
    speed: Annotated[str, typer.Option(help="0.1 to 1000 times real time, or max")] = "1",
    loop: Annotated[bool, typer.Option("--loop", help="start again at the end")] = False,
    paused: Annotated[bool, typer.Option("--paused", help="wait for the play key")] = False,
    theme: Annotated[str | None, typer.Option(help="colour theme")] = None,
    period: Annotated[
        str | None, typer.Option(help="chart period; default: one that suits the recording")
    ] = None,
) -> None:
    """Play recorded market data as if it were live; orders go to paper."""
    from tui.commands.replay import play

    raise typer.Exit(
        play(
            files,
            locations=locations_of(context),
            speed=speed,
            loop=loop,
            paused=paused,
            theme=theme,
            period=period,
        )
    )


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="a recording")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    bars: Annotated[
        str | None, typer.Option(help="print the bars of its trades: 1s 5s 15s 1m ... 1d")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="write the bars to this file")] = None,
) -> None:
    """Say what a recording holds, and prove its order books."""
    from tui.commands.inspect import inspect as run

    raise typer.Exit(run(file, as_json=as_json, bars=bars, out=out))


@app.command()
def chart(
    context: typer.Context,
    market_or_file: Annotated[
        str, typer.Argument(help="a market, as in btcusdt.spot.sim, or a recording")
    ],
    period: Annotated[
        str | None,
        typer.Option(help="1s 5s 15s 1m ... 1d; default: 1h, or one that suits the recording"),
    ] = None,
    bars: Annotated[int, typer.Option(help="how many of the newest")] = 200,
    market: Annotated[str | None, typer.Option(help="which, of a recording of several")] = None,
    width: Annotated[int | None, typer.Option(help="cells; default: the terminal's")] = None,
    height: Annotated[int | None, typer.Option(help="cells; default: what fits")] = None,
    style: Annotated[
        str, typer.Option(help="candles bars heikin-ashi line area steps")
    ] = "candles",
    svg: Annotated[Path | None, typer.Option(help="draw it in this file")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", "--no-color", help="without colours, as in a pipe")
    ] = False,
) -> None:
    """Print one chart, to a terminal, a pipe or a file."""
    from tui.commands.chart import print_chart

    raise typer.Exit(
        print_chart(
            market_or_file,
            locations=locations_of(context),
            period=period,
            bars=bars,
            market=market,
            width=width,
            height=height,
            style=style,
            svg=svg,
            plain=plain,
        )
    )


@app.command()
def doctor(
    context: typer.Context,
    venues: Annotated[
        bool, typer.Option("--venues", help="also connect to the venues that are set up")
    ] = False,
) -> None:
    """Check terminal, configuration, places and brokers; say what to do about each fault."""
    from tui.commands.doctor import examine

    raise typer.Exit(examine(locations_of(context), asks_venues=venues))


@config_app.command("path")
def config_path(context: typer.Context) -> None:
    """Print the files that are read, and whether they are there."""
    from tui.commands.config import print_paths

    raise typer.Exit(print_paths(locations_of(context)))


@config_app.command("init")
def config_init(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="overwrite what is there")] = False,
) -> None:
    """Write config.toml and keys.toml with every key explained; they change nothing."""
    from tui.commands.config import write_templates

    raise typer.Exit(write_templates(locations_of(context), force=force))


@config_app.command("check")
def config_check(context: typer.Context) -> None:
    """Read all configuration files, and report every fault."""
    from tui.commands.config import check

    raise typer.Exit(check(locations_of(context)))


@keys_app.command("set")
def keys_set(
    context: typer.Context,
    account: AccountName,
    store: StoreOption = None,
    generate: Annotated[
        bool, typer.Option("--generate-ed25519", help="make a key pair; print the public key")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="a new pair may take the place of keys that are there")
    ] = False,
) -> None:
    """Ask for API key and secret, or read both from a pipe, a line each, and keep them."""
    from tui.commands.keys import set_keys

    places = locations_of(context)
    raise typer.Exit(set_keys(places, account, store=store, generate=generate, force=force))


@keys_app.command("list")
def keys_list(context: typer.Context) -> None:
    """Print which store has keys of which account."""
    from tui.commands.keys import list_keys

    raise typer.Exit(list_keys(locations_of(context)))


@keys_app.command("check")
def keys_check(context: typer.Context, account: AccountName) -> None:
    """Log in to the account once; say what its keys may do."""
    from tui.commands.keys_check import check_keys

    raise typer.Exit(check_keys(locations_of(context), account))


@keys_app.command("public")
def keys_public(context: typer.Context, account: AccountName, store: StoreOption = None) -> None:
    """Print the public half of the account's private key, which its venue is given."""
    from tui.commands.keys import print_public

    raise typer.Exit(print_public(locations_of(context), account, store=store))


@keys_app.command("forget")
def keys_forget(
    context: typer.Context,
    account: AccountName,
    store: StoreOption = None,
    force: Annotated[bool, typer.Option("--force", help="without asking")] = False,
) -> None:
    """Remove the keys of an account, from one store or all of them."""
    from tui.commands.keys import forget

    raise typer.Exit(forget(locations_of(context), account, store=store, force=force))


reports.register(app)
