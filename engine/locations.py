"""Every place that tickdeck reads or writes, by the XDG base directory rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs.unix import Unix

NAME = "tickdeck"


class Locations(msgspec.Struct, frozen=True, kw_only=True):
    """Where things live. Nothing is created until something is written there."""

    config_dir: Path
    """What a person writes: `config.toml`, `brokers.toml`, `keys.toml`, `themes/`, and keys of
    accounts."""
    config_file: Path
    data_dir: Path
    """What must not be lost: journals, recorded history."""
    state_dir: Path
    """What may be lost: logs, command history."""
    runtime_dir: Path
    """Sockets; mode 0700."""

    @property
    def brokers_file(self) -> Path:
        return self.config_dir / "brokers.toml"

    @property
    def keys_file(self) -> Path:
        return self.config_dir / "keys.toml"

    @property
    def secrets_file(self) -> Path:
        """Keys of accounts, as text."""
        return self.config_dir / "secrets.toml"

    @property
    def encrypted_file(self) -> Path:
        """Keys of accounts, under a passphrase."""
        return self.config_dir / "secrets.enc"

    @property
    def themes_dir(self) -> Path:
        return self.config_dir / "themes"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "tickdeck.log"

    @property
    def history_file(self) -> Path:
        """Lines typed on the deck's command line."""
        return self.state_dir / "command_history"


def find_locations(
    environ: Mapping[str, str], *, config: Path | None = None, data_dir: Path | None = None
) -> Locations:
    """Where things live for this user.

    `config` names a configuration file, or the directory of all of them; `data_dir` holds data
    and state. Each beats its variable (`TICKDECK_CONFIG`, `TICKDECK_DATA_DIR`), which beats XDG.
    """
    user = Unix(appname=NAME, appauthor=False)
    config = config or _path(environ.get("TICKDECK_CONFIG"))
    data_dir = data_dir or _path(environ.get("TICKDECK_DATA_DIR"))
    config_dir = user.user_config_path if config is None else config
    config_file = config_dir / "config.toml"
    if config is not None and config.suffix == ".toml":
        config_dir, config_file = config.parent, config
    state_dir = user.user_state_path if data_dir is None else data_dir / "state"
    runtime = _path(environ.get("XDG_RUNTIME_DIR"))
    return Locations(
        config_dir=config_dir,
        config_file=config_file,
        data_dir=user.user_data_path if data_dir is None else data_dir,
        state_dir=state_dir,
        # Where the system gives none, one of our own: a shared /tmp is no place for a socket.
        runtime_dir=state_dir / "run" if runtime is None or data_dir else runtime / NAME,
    )


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
