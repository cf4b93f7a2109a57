"""Where the recordings of real venues are, and small files made in their shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
"""Recordings are kept beside the checkout: not all of them may be copied into it."""


def recording(name: str) -> Path:
    """The recording `name`, as in `binance/xyz.gz`; skips the test where it is absent."""
    path = (ROOT / name).resolve()
    if not path.is_file():
        pytest.skip(f"no recording {name} in {ROOT.resolve()}")
    return path


def all_recordings() -> list[Path]:
    """Every recording there is; none where the folder is absent."""
    return sorted(path.resolve() for path in ROOT.glob("*/*.gz"))
