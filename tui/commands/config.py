"""`tickdeck config`: where the configuration is, and whether it is right."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.config import load_config, template
from engine.errors import ConfigError
from engine.locations import Locations
from engine.text import safe

EXIT_EXISTS = 73
"""EX_CANTCREAT of sysexits.h."""


def print_paths(locations: Locations) -> int:
    """Every file and folder that is read or written, and whether it is there."""
    places = {
        "config": locations.config_file,
        "brokers": locations.brokers_file,
        "keys": locations.keys_file,
        "secrets": locations.secrets_file,
        "encrypted": locations.encrypted_file,
        "themes": locations.themes_dir,
        "data": locations.data_dir,
        "state": locations.state_dir,
        "log": locations.log_file,
    }
    for name, path in places.items():
        mark = "" if path.exists() else "  (not there)"
        print(f"{name:9} {safe(path)}{mark}")
    return 0


def write_templates(locations: Locations, *, force: bool) -> int:
    """Write `config.toml` and `keys.toml`; what is there is kept unless `force`.

    Raises:
        ConfigError: a file cannot be written.
    """
    from tui import keymap

    texts = {locations.config_file: template(), locations.keys_file: keymap.template()}
    kept = [path for path in texts if path.exists() and not force]
    for path in kept:
        print(f"{safe(path)} is there already; --force overwrites it")
    for path, text in texts.items():
        if path not in kept:
            _write(path, text)
            print(f"wrote {safe(path)}")
    return EXIT_EXISTS if kept else 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{safe(path)}: cannot be written: {error.strerror}") from error


def check(locations: Locations) -> int:
    """Read everything, and print each fault. 78 if there is one."""
    faults = find_faults(locations)
    for fault in faults:
        print(f"fault: {fault}")
        if fault.hint:
            print(f"       {fault.hint}")
    if not faults:
        print("no faults")
    return ConfigError.exit_code if faults else 0


def find_faults(locations: Locations) -> list[ConfigError]:
    """What is wrong with the configuration files, each file's first fault."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: _check_config(locations),
        lambda: _check_brokers(locations),
        lambda: _check_keys(locations),
    )
    faults = [fault for read in readers if (fault := _fault_of(read)) is not None]
    return faults + _theme_faults(locations)


def _fault_of(read: Callable[[], object]) -> ConfigError | None:
    try:
        read()
    except ConfigError as error:
        return error
    return None


def _check_config(locations: Locations) -> None:
    from engine.config import nearest
    from tui.themes import load_themes

    config = load_config(locations.config_file, os.environ)
    themes, _ = load_themes(locations.themes_dir)
    if config.deck.theme not in themes:
        raise ConfigError(
            f"{safe(locations.config_file)}: deck.theme: no theme named "
            f"{safe(config.deck.theme, 60)!r}",
            hint=nearest(config.deck.theme, themes),
        )


def _check_brokers(locations: Locations) -> None:
    from brokers import registry
    from engine.settings import check_brokers, load_brokers

    check_brokers(load_brokers(locations.brokers_file), registry.load)


def _check_keys(locations: Locations) -> None:
    from tui.keymap import load_keymap

    load_keymap(locations.keys_file)


def _theme_faults(locations: Locations) -> list[ConfigError]:
    from tui.themes import load_themes

    _, problems = load_themes(locations.themes_dir)
    return [ConfigError(str(problem)) for problem in problems]
