"""Rows that come as plain cells: what is drawn of them is what their strips would be."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem

from engine.config import DeckConfig
from tests.support.emulator_driver import EmulatorDriver
from tests.support.market_script import MovingMarket
from tests.support.scenes import WATCH, settled
from tests.support.scripted_link import MARKETS, NOW_NS, ScriptedLink
from tests.tui.render.test_deck import ShownDeck, check
from tui.paint.canvas import Palette
from tui.paint.frame import Row
from tui.render.display import WantedScreen
from tui.render.grid import cells_of
from tui.themes import load_themes

CHARACTERS = " aé│▌⣿⠁あ\N{COMBINING ACUTE ACCENT}"
ROLES = ("text", "up", "down", "muted", "grid")


@given(st.text(CHARACTERS, min_size=1, max_size=30), st.data())
def test_a_row_makes_the_cells_that_its_strip_makes(text, data):
    palette = Palette(load_themes()[0]["night"])
    inks = [palette.ink(role) for role in ROLES]
    inks += [palette.ink("text", "raised"), palette.chip("up"), palette.dots("down")]
    numbers = data.draw(st.lists(st.sampled_from(inks), min_size=len(text), max_size=len(text)))
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    row = Row(codes, np.array(numbers, dtype=np.int16), palette)
    screen = WantedScreen(ColorSystem.TRUECOLOR)

    runs = [(segment, screen._pen(style)) for segment, style, _ in row.strip()]

    strip = cells_of(runs, screen.pens, screen.clusters)
    assert screen._cells_of(row).tolist() == strip.tolist()


def test_styles_that_a_palette_gets_later_are_known():
    palette = Palette(load_themes()[0]["night"])
    screen = WantedScreen(ColorSystem.TRUECOLOR)
    cells = []
    for role in ROLES:
        styles = np.array([palette.ink(role)], dtype=np.int16)
        cells += screen._cells_of(Row(np.array([65], dtype=np.uint32), styles, palette)).tolist()

    assert len(set(cells)) == len(ROLES)


def test_parts_of_a_row_are_its_cells():
    palette = Palette(load_themes()[0]["night"])
    codes = np.array([65, 66, 67, 68], dtype=np.uint32)
    row = Row(codes, np.zeros(4, dtype=np.int16), palette)

    assert row.part(0, 4) is row
    assert row.part(1, 3).strip().text == "BC"


def test_what_changed_once_is_not_remembered_for_ever():
    link = ScriptedLink()
    app = ShownDeck(
        link,
        DeckConfig(watch=WATCH, glyphs="braille"),
        wall=lambda: NOW_NS,
        monotonic=lambda: 0.0,
        depth="truecolor",
    )
    market = MovingMarket(MARKETS[0])

    async def run() -> tuple[int, int]:
        async with app.run_test(headless=False, size=(120, 35)) as pilot:
            await settled(pilot)
            assert isinstance(app._driver, EmulatorDriver)
            widgets = (app.deck.chart, app.deck.watchlist)
            before = sum(len(widget._dirty_regions) for widget in widgets)
            for _ in range(20):
                link.give(*market.trade(NOW_NS, 0))
                await settled(pilot)
            check(pilot)
            return before, sum(len(widget._dirty_regions) for widget in widgets)

    before, after = asyncio.run(run())
    assert after <= before
