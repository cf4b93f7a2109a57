"""`tickdeck doctor`: what may be wrong here, and what to do about each fault."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.errors import ConfigError, TickdeckError
from engine.locations import Locations
from engine.text import safe

if TYPE_CHECKING:
    from engine.keystore.store import Store

Verdict = Literal["ok", "note", "fault"]
LEAST_COLUMNS, LEAST_LINES = 80, 24
MARKS: dict[Verdict, str] = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


class Finding(NamedTuple):
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""
    """What to do about it, unless it is fine."""


def examine(locations: Locations, *, asks_venues: bool = False) -> int:
    """Print every finding, those of venues if they are to be asked. 1 if there is a fault."""
    findings = [
        *terminal_findings(os.environ),
        *text_findings(_encoding()),
        *config_findings(locations),
        *place_findings(locations),
        *key_findings(locations),
        *broker_findings(),
        *(venue_findings(locations) if asks_venues else ()),
    ]
    for finding in findings:
        print(f"{MARKS[finding.verdict]}  {finding.subject:12} {finding.detail}")
        if finding.remedy:
            print(f"{'':21}{finding.remedy}")
    faults = sum(finding.verdict == "fault" for finding in findings)
    print(f"\n{faults} fault{'' if faults == 1 else 's'}" if faults else "\nno faults")
    return 1 if faults else 0


def terminal_findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Terminal, size and colours."""
    if not sys.stdout.isatty():
        yield Finding("terminal", "note", "output is not a terminal", "run it where you trade")
    elif environ.get("TERM", "dumb") == "dumb":
        yield Finding("terminal", "fault", "TERM is dumb or not set", "set TERM=xterm-256color")
    else:
        yield Finding("terminal", "ok", safe(environ["TERM"], 40))
    columns, lines = shutil.get_terminal_size()
    if columns < LEAST_COLUMNS or lines < LEAST_LINES:
        least = f"{LEAST_COLUMNS}x{LEAST_LINES}"
        yield Finding("size", "fault", f"{columns}x{lines}", f"make the window at least {least}")
    else:
        yield Finding("size", "ok", f"{columns}x{lines}")
    yield _colour_finding(environ)


def _colour_finding(environ: Mapping[str, str]) -> Finding:
    if environ.get("NO_COLOR"):
        return Finding("colours", "note", "none: NO_COLOR is set", "unset NO_COLOR for colours")
    if environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Finding("colours", "ok", "16 million")
    depth = "256" if "256color" in environ.get("TERM", "") else "16"
    remedy = "if your terminal has more, set COLORTERM=truecolor (ssh: SendEnv COLORTERM)"
    return Finding("colours", "note", depth, remedy)


def text_findings(encoding: str) -> Iterator[Finding]:
    """Whether braille can be written. Only a person can tell whether it can be read."""
    try:
        "⣿".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        remedy = 'set LANG=C.UTF-8 (or your language\'s .UTF-8), or glyphs = "ascii"'
        yield Finding("text", "fault", f"{encoding} has no braille", remedy)
        return
    yield Finding("text", "ok", encoding)
    yield Finding(
        "braille",
        "note",
        "⡀⡄⡆⡇⣇⣧⣷⣿  ▁▂▃▄▅▆▇█  if you see boxes or blanks here,",
        'choose a font with braille, or set glyphs = "ascii" in [deck]',
    )


def config_findings(locations: Locations) -> Iterator[Finding]:
    """Whether each configuration file is valid."""
    from tui.commands.config import find_faults

    there = locations.config_file.exists()
    detail = safe(locations.config_file) if there else "no config.toml: defaults"
    faults = find_faults(locations)
    if not faults:
        yield Finding("config", "ok", detail)
    for fault in faults:
        yield Finding("config", "fault", safe(fault), fault.hint or "mend the file")


def place_findings(locations: Locations) -> Iterator[Finding]:
    """Whether data and logs can be written."""
    for subject, path in (("data", locations.data_dir), ("state", locations.state_dir)):
        problem = _write_problem(path)
        if problem:
            remedy = "mend its owner or mode, or name another folder with --data-dir"
            yield Finding(subject, "fault", f"{safe(path)}: {problem}", remedy)
        else:
            yield Finding(subject, "ok", safe(path))


def _write_problem(path: Path) -> str:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def key_findings(locations: Locations) -> Iterator[Finding]:
    """Whether files of keys are private and right, and whether every real account has keys."""
    from engine.errors import ConfigError
    from engine.settings import load_brokers
    from tui.commands.unlocking import Stores

    try:
        accounts = load_brokers(locations.brokers_file).accounts
    except ConfigError:
        accounts = ()  # told as a fault of the configuration
    stores = Stores(locations, accounts, os.environ)
    known: set[str] = set()
    for store in stores.keystore.stores[
        :-1
    ]:  # the keyring is not asked: it may have to be unlocked
        try:
            names = store.accounts()
        except TickdeckError as error:
            yield Finding("keys", "fault", safe(error), "see that nobody else can use or read it")
            continue
        known.update(names)
        if names:
            yield Finding("keys", "ok", f"{store.place}: {safe(' '.join(names), 200)}")
        yield from _faulty_keys(store, names)
    for name in stores.environment.unclaimed():
        yield Finding("keys", "note", f"{safe(name, 80)} is of no account", "is it misspelt?")
    for account in accounts:
        if account.mode == "live" and account.name not in known and account.keys != "keyring":
            detail = f"account {account.name}: no keys, unless the system's keyring has them"
            yield Finding("keys", "note", detail, f"tickdeck keys set {account.name}")


def _faulty_keys(store: Store, names: Sequence[str]) -> Iterator[Finding]:
    from engine.keystore.store import fault_of

    for name in names:
        if store.name == "encrypted":
            return  # it is not opened for this
        try:
            keys = store.find(name)
            fault = "" if keys is None else fault_of(keys)
        except TickdeckError as error:
            fault = str(error)
        if fault:
            detail = f"account {safe(name, 60)}: {safe(fault)}"
            yield Finding("keys", "fault", detail, f"tickdeck keys set {safe(name, 60)}")


def broker_findings() -> Iterator[Finding]:
    """Whether each broker loads."""
    from brokers import registry

    for name in registry.names():
        try:
            registry.load(name)
        except TickdeckError as error:
            remedy = error.hint or "reinstall the package it comes from"
            yield Finding("broker", "fault", safe(error), remedy)
        else:
            yield Finding("broker", "ok", name)


def venue_findings(locations: Locations) -> list[Finding]:
    """Whether each venue can be reached. Only this connects to anything."""
    from tui.commands.reaching import reach_venues

    try:
        return reach_venues(locations)
    except ConfigError:  # told of already
        return [Finding("venue", "note", "not asked", "mend the configuration first")]


def _encoding() -> str:
    return sys.stdout.encoding or locale.getpreferredencoding(do_setlocale=False)
