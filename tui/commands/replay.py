"""`tickdeck replay`: recorded market data through the same deck as live data."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from engine.clock import NANOS
from engine.config import PERIODS, Config, load_config
from engine.errors import UsageError
from engine.locations import Locations
from engine.text import safe
from tui.commands.deck import open_deck, require_terminal

BARS_WANTED = 60
"""A recording is first shown in the longest period that makes this many bars of it."""


def play(
    files: list[Path],
    *,
    locations: Locations,
    speed: str,
    loop: bool,
    paused: bool,
    theme: str | None,
    period: str | None,
) -> int:
    """Open the deck on recordings. Raises `DataError` for a file that is none."""
    from brokers.replay.tape import open_tape

    rate = parse_speed(speed)
    tapes = [open_tape(file) for file in files]  # a bad file is told before the screen opens
    require_terminal()
    config = load_config(locations.config_file, os.environ)
    start_ns = min(tape.start_ns for tape in tapes)
    end_ns = max(tape.end_ns for tape in tapes)
    return open_deck(
        locations=locations,
        theme=theme,
        period=period or suited_period((end_ns - start_ns) / NANOS),
        config=on_replay(config),
        paper_only=True,
        broker_options={
            "replay": {
                "files": [str(file) for file in files],
                "speed": rate,
                "loop": loop,
                "paused": paused,
            }
        },
    )


def parse_speed(text: str) -> float:
    """Times real time; 0 stands for as fast as it goes. Raises `UsageError`."""
    if text == "max":
        return 0.0
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = -1.0
    if not 0.1 <= speed <= 1000:
        raise UsageError(f"{safe(text, 40)!r} is not a speed", hint="say 0.1 to 1000, or max")
    return speed


def suited_period(span_s: float) -> str:
    """The longest period of which a recording of `span_s` seconds makes `BARS_WANTED` bars."""
    fitting = [name for name, seconds in PERIODS.items() if span_s / seconds >= BARS_WANTED]
    return fitting[-1] if fitting else next(iter(PERIODS))


def on_replay(config: Config) -> Config:
    """`config` with the playback as the broker whose markets are shown."""
    return msgspec.structs.replace(
        config,
        deck=msgspec.structs.replace(config.deck, watch=()),
        engine=msgspec.structs.replace(config.engine, broker="replay"),
    )
