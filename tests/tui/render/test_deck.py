"""The deck on an emulator, driven by keys and prices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual.driver import Driver
from textual.pilot import Pilot

from engine.config import DeckConfig
from tests.support.emulator import Emulator
from tests.support.emulator_driver import EmulatorDriver, as_textual_draws, terminal_of
from tests.support.market_script import MovingMarket
from tests.support.scenes import WATCH, busy, settled
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink
from tui.app import DeckApp
from tui.paint.theme import Depth
from tui.terminal.plain import ascii_driver, to_ascii

KEYS = (
    "up", "left", "left", "l", "x", "up", "right", "escape", "minus", "plus", "t", "o", "f", "up",
    "escape", "question_mark", "escape", "slash", "e", "escape", "colon", "escape", "w", "i", "b",
)  # fmt: skip


class ShownDeck(DeckApp):
    """A deck whose terminal is an emulator."""

    def get_driver_class(self) -> type[Driver]:
        return ascii_driver(EmulatorDriver) if self.glyphs == "ascii" else EmulatorDriver


def play(
    *,
    keys: Sequence[str] = KEYS,
    size: tuple[int, int] = (120, 35),
    depth: Depth = "truecolor",
    **config: Any,
) -> Emulator:
    """Press keys on a deck whose markets move, and look at the terminal after each."""
    link = ScriptedLink()
    app = ShownDeck(
        link,
        DeckConfig(watch=WATCH, **{"glyphs": "braille"} | config),
        wall=lambda: NOW_NS,
        monotonic=lambda: 0.0,
        depth=depth,
    )
    moving = [MovingMarket(market) for market in MARKETS[:2]]

    async def run() -> None:
        async with app.run_test(headless=False, size=size) as pilot:
            await settled(pilot)
            link.give(*busy())
            for count, key in enumerate(keys):
                await pilot.press(key)
                for market in moving:
                    link.give(*market.trade(NOW_NS + count * NANOS, 0))
                await settled(pilot)
                check(pilot)

    asyncio.run(run())
    return terminal_of(app).emulator


def check(pilot: Pilot[int]) -> None:
    shown = terminal_of(pilot.app).emulator.shown()
    wanted = as_textual_draws(pilot.app)
    if isinstance(pilot.app, DeckApp) and pilot.app.glyphs == "ascii":
        wanted = [[cell._replace(text=to_ascii(cell.text)) for cell in row] for row in wanted]
    assert wanted == shown


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 50)], ids=str)
def test_the_terminal_shows_the_deck_after_every_key(size):
    play(size=size)


@pytest.mark.parametrize("depth", ["256", "16", "none"])
def test_it_does_so_in_fewer_colours(depth):
    play(depth=depth, keys=KEYS[:14])


def test_it_does_so_in_ascii():
    emulator = play(glyphs="ascii", keys=KEYS[:14])

    assert all(row.isascii() for row in emulator.rows())


def test_both_ways_show_the_same():
    assert play(render="plain", keys=KEYS[:14]).shown() == play(keys=KEYS[:14]).shown()


def test_a_garbled_terminal_is_right_after_ctrl_l():
    play(keys=("left", "ctrl+l", "x"))
