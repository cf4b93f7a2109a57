"""What a tape is, whatever it was recorded as."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from brokers.statistics import SessionStatistics
from engine.instruments import Instrument
from engine.messages import Tick

Played = tuple[int, str, list[Tick]]
"""Tape time (nanoseconds UTC), source fqme, and the ticks of it that came then."""


class TapeStatistics(msgspec.Struct, kw_only=True):
    """What was read, and what could not be. Counts start anew with each `play`."""

    size_bytes: int = 0
    """Of the file as it is, packed."""
    lines: int = 0
    """Lines that are not empty."""
    malformed: int = 0
    """Lines that could not be understood, and were left out."""
    first_malformed: str = ""
    """What was wrong with the first of them."""
    too_long: int = 0
    """Lines above the longest that is held; skipped, and never held whole."""
    rows: int = 0
    """Rows of trades or bars that were read; 0 for messages of a venue."""
    is_truncated: bool = False
    """The compressed data ends before its end."""
    notes: list[str] = []
    """What a person should know of the reading, one sentence each."""
    session: SessionStatistics | None = None
    """What the venue's session counted; None where the tape holds no messages of a venue."""


class Tape(Protocol):
    """One recording. Streams from the file: a large one is never held whole."""

    path: Path
    kind: str
    """What it was found to be: `binance stream`, `kraken stream`, `trades csv`, `bars csv`."""
    markets: tuple[Instrument, ...]
    """What is on it; each fqme ends in the venue it came from."""
    start_ns: int
    """Tape time of its first message, nanoseconds UTC."""
    end_ns: int
    """Tape time of its last message."""
    bar_period_s: int | None
    """Period of the bars that it is made of; None where it holds trades or quotes."""

    def play(self) -> Iterator[Played]:
        """All of it, in order: tape times never go down. May be called again at any time.

        Raises:
            DataError: while reading, where the file can be read no further.
        """
        ...

    def statistics(self) -> TapeStatistics:
        """Of the newest `play` so far."""
        ...
