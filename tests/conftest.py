"""What holds for every test: the same examples in every run, and nothing of this machine's user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: how long an example takes says how busy the machine is, and no more.
settings.register_profile("tickdeck", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("tickdeck")


@pytest.fixture(autouse=True)
def nobodys_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the developer's configuration, themes, logs and colours out of every test."""
    home = tmp_path_factory.getbasetemp() / "nobodys-home"
    for name in [name for name in os.environ if name.startswith("TICKDECK_")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    return home
