"""`tickdeck`: put engine and deck together, and run them."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.config import PERIODS, Config, DeckConfig, load_config, nearest
from engine.errors import ConfigError, TickdeckError, UsageError
from engine.instruments import parse_fqme
from engine.locations import Locations, find_locations
from engine.log import log_to
from engine.text import safe

if TYPE_CHECKING:
    from engine.credentials import GetCredentials
    from engine.ems.accounts import Account
    from engine.link.embedded import EmbeddedLink
    from tui.app import DeckApp


JOURNAL_FILE = "journal.db"


def version() -> str:
    """The installed version; `unknown` when run from a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed_version

    try:
        return installed_version("tickdeck")
    except PackageNotFoundError:
        return "unknown"


def open_deck(
    *,
    locations: Locations | None = None,
    markets: tuple[str, ...] = (),
    theme: str | None = None,
    period: str | None = None,
    config: Config | None = None,
    broker_options: dict[str, dict[str, Any]] | None = None,
    paper_only: bool = False,
) -> int:
    """Open the deck on the embedded engine, and come back when it is closed.

    `markets`, `theme` and `period` beat the configuration; `broker_options` are put over those
    of `brokers.toml`. With `paper_only` there are no accounts but those at the paper venue: a
    recorded market must not be able to move a real order.
    """
    require_terminal()
    places = locations or find_locations(os.environ)
    if not paper_only:
        refuse_in_use(places.data_dir)
    config = config or load_config(places.config_file, os.environ)
    deck = chosen(config.deck, markets=markets, theme=theme, period=period)
    _open_log(places.log_file, config.engine.log_level)
    config = msgspec.structs.replace(config, deck=deck)
    return _run_deck(places, config, broker_options or {}, paper_only=paper_only)


def refuse_in_use(data_dir: Path) -> None:
    """Told before the screen opens. Raises `DataInUse`; the engine itself takes the lock later."""
    from engine.data_lock import lock_data

    with contextlib.suppress(OSError), lock_data(data_dir):
        pass


def _open_log(path: Path, level: str) -> None:
    try:
        log_to(path, level)
    except OSError as error:
        raise ConfigError(
            f"{safe(path)}: cannot be written: {error.strerror}",
            hint="mend its owner or mode, or name another folder with --data-dir",
        ) from error


def require_terminal() -> None:
    """Raises `UsageError` where there is no terminal to draw on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the deck needs a terminal, and standard input or output is none",
            hint="over ssh, ask for one: ssh -t HOST tickdeck",
        )
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError(
            "this terminal cannot place a cursor (TERM is dumb or not set)",
            hint="set TERM to what your terminal is, such as xterm-256color",
        )


def chosen(
    deck: DeckConfig, *, markets: tuple[str, ...], theme: str | None, period: str | None
) -> DeckConfig:
    """`deck` with what was said on the command line in place of what the file says.

    Raises:
        UsageError: not a market name, or not a period.
    """
    changes: dict[str, Any] = {}
    if markets:
        changes["watch"] = tuple(str(parse_fqme(name)) for name in markets)
    if theme is not None:
        changes["theme"] = theme
    if period is not None:
        if period not in PERIODS:
            raise UsageError(
                f"{safe(period, 40)!r} is not a period", hint="periods: " + " ".join(PERIODS)
            )
        changes["period"] = period
    return msgspec.structs.replace(deck, **changes)


def _run_deck(
    places: Locations, config: Config, options: dict[str, dict[str, Any]], *, paper_only: bool
) -> int:
    # Numpy starts a thread per core for linear algebra, of which the deck does none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # what imports make stays: looking through it meanwhile is time lost
    link = _open_link(places, config, options, paper_only=paper_only)
    app = _open_app(link, places, config.deck, is_on_record=not paper_only)
    gc.freeze()
    gc.enable()
    try:
        app.run()
    finally:
        stopped = link.close()
    if app.state.failure:
        raise_failure(app.state.failure, app.state.failure_hint, app.state.exit_code)
    if not stopped:
        sys.stderr.write("tickdeck: the engine did not stop in time; see the log\n")
        return 70
    return app.return_code or 0


def raise_failure(reason: str, hint: str, exit_code: int) -> None:
    """What ended the engine, as the error that the program ends with. Raises `TickdeckError`."""
    error = TickdeckError(reason, hint=hint)
    error.exit_code = exit_code
    raise error


def _open_link(
    places: Locations, config: Config, options: dict[str, dict[str, Any]], *, paper_only: bool
) -> EmbeddedLink:
    from brokers import registry
    from engine.clock import SystemClock
    from engine.link.embedded import EmbeddedLink, serve_deck
    from engine.settings import EngineSettings, check_brokers, load_brokers

    brokers = load_brokers(places.brokers_file)
    check_brokers(brokers, registry.load)
    accounts = [one for one in brokers.accounts if one.broker == "paper" or not paper_only]
    settings = EngineSettings(
        config=config.engine,
        accounts=tuple(accounts),
        credentials=_open_keystore(places, accounts),
        all_limits=brokers.all_limits,
        broker_options={**brokers.options, **options},
        load_broker=registry.load,
        needs_home=not config.deck.watch,
        clock=SystemClock(),
        data_dir=places.data_dir,
        # A playback trades on paper that is gone with it: nothing of it is for the record.
        journal=None if paper_only else places.data_dir / JOURNAL_FILE,
    )
    return EmbeddedLink(serve_deck(settings))


def _open_keystore(places: Locations, accounts: list[Account]) -> GetCredentials:
    """Where brokers find keys. A passphrase is asked for now, while the terminal is free."""
    from tui.commands.unlocking import Stores

    stores = Stores(places, accounts, os.environ)
    stores.unlock_for(account.name for account in accounts)
    return stores.keystore.get


def _open_app(
    link: EmbeddedLink, places: Locations, deck: DeckConfig, *, is_on_record: bool = True
) -> DeckApp:
    from tui.app import DeckApp
    from tui.keymap import load_keymap
    from tui.themes import load_themes

    themes, problems = load_themes(places.themes_dir)
    if deck.theme not in themes:
        raise ConfigError(
            f"no theme named {safe(deck.theme, 60)!r}", hint=nearest(deck.theme, themes)
        )
    return DeckApp(
        link,
        deck,
        keymap=load_keymap(places.keys_file),
        themes=themes,
        problems=problems,
        history_file=places.history_file,
        is_on_record=is_on_record,
    )
