"""Photograph the deck as SVG: the program itself, on a recording, with keys pressed.

    python -m tests.support.picture OUT.svg FILE... [--seek 3600] [--seconds 170] [--size 160x45]
        [--keys "o f :zone~utc wait:2"]

The engine's clock is moved by hand, so the same recording and keys give the same picture.
Keys are Textual's names; `wait:2` lets two seconds of the market pass, and what begins with a
colon is typed on the command line, with `~` for blanks.
"""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path

from brokers.replay.tape import open_tape
from engine.config import DeckConfig
from engine.ems.accounts import Account
from engine.ems.risk import RiskLimits
from tests.support.deck_rig import DeckRig, run_flow

STEP_S = 1.0
"""The deck sees the market at least this often on the way."""


async def play(rig: DeckRig, seconds: float) -> None:
    """Let the market go on, in steps as a person would see it."""
    while seconds > 0:
        await rig.advance(min(STEP_S, seconds))
        seconds -= STEP_S


async def type_line(rig: DeckRig, line: str) -> None:
    """Give a command: `:seek~+60s`."""
    rig.app.open_command(line[1:].replace("~", " "))
    await rig.press("enter")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--seek", type=float, default=0.0, help="seconds into the recording")
    parser.add_argument("--seconds", type=float, default=170.0)
    parser.add_argument("--size", default="160x45")
    parser.add_argument("--period", default="5s")
    parser.add_argument("--theme", default="night")
    parser.add_argument("--keys", default="")
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))

    async def flow(rig: DeckRig) -> None:
        if options.seek:
            await type_line(rig, f":seek~{options.seek:+.0f}s")
        await play(rig, options.seconds)
        for key in options.keys.split():
            if key.startswith("wait:"):
                await play(rig, float(key[5:]))
            elif key.startswith(":"):
                await type_line(rig, key)
            else:
                await rig.press(key)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(rig.app.export_screenshot(title="tickdeck"), encoding="utf-8")

    run_flow(
        flow,
        *map(open_tape, options.files),
        deck=DeckConfig(period=options.period, theme=options.theme),
        accounts=[
            Account(
                name="paper",
                broker="paper",
                limits=RiskLimits(
                    max_position_notional=Decimal(100_000), price_band_pct=Decimal(20)
                ),
            )
        ],
        size=(columns, rows),
    )


if __name__ == "__main__":
    main()
