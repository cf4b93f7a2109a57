"""Opening a tape: one recording, understood, that can be played from its start."""

from __future__ import annotations

from pathlib import Path

from brokers.replay.formats import tape_of
from brokers.replay.lines import LineSource
from brokers.replay.protocol import Played, Tape, TapeStatistics
from engine.errors import DataError
from engine.text import safe

__all__ = ["Played", "Tape", "TapeStatistics", "open_tape"]


def open_tape(path: Path) -> Tape:
    """Find out what `path` is, by its content, and make it playable.

    The file is read once, from start to end: for its markets, their steps, and the time span.

    Raises:
        DataError: it is not a recording that can be played; one line says why.
    """
    name = safe(path.name or path, 80)
    try:
        if not path.exists():
            raise DataError(f"{name} does not exist")
        if path.is_dir():
            raise DataError(f"{name} is a directory, not a recording")
        if not path.is_file():
            raise DataError(f"{name} is not a regular file")
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise DataError(f"{name} cannot be read: {safe(error, 80)}") from error
    return tape_of(LineSource(path))
