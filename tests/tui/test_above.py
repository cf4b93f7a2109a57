"""What opens above the deck, and what keys do meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.support.scenes import busy, deck, press, run, settled
from tests.support.scripted_link import ScriptedLink
from tui.app import DeckApp
from tui.screens.help import HelpScreen
from tui.screens.search import SearchScreen

Play = Callable[[DeckApp, ScriptedLink, Pilot[int]], Awaitable[None]]


def play(script: Play) -> None:
    """`script` on a deck with orders."""
    link = ScriptedLink()
    app = deck(link)

    async def whole(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await script(app, link, pilot)

    run(app, whole)


def redrawn(app: DeckApp) -> list[bool]:
    """Grows each time that the terminal is drawn anew."""
    drawn: list[bool] = []
    redraw = app.redraw

    def noted() -> None:
        drawn.append(True)
        redraw()

    app.redraw = noted  # type: ignore[method-assign]
    return drawn


@pytest.mark.parametrize("opening", ["question_mark", "slash", "q"])
def test_the_terminal_is_drawn_anew_whatever_is_open(opening: str):
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        drawn = redrawn(app)
        await press(pilot, opening)
        screen = app.screen
        assert screen is not app.deck
        await press(pilot, "ctrl+l")
        assert drawn == [True]
        assert app.screen is screen

    play(script)


def test_the_deck_is_drawn_anew_once_for_one_key():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        drawn = redrawn(app)
        await press(pilot, "ctrl+l")
        assert drawn == [True]

    play(script)


def test_other_keys_go_to_what_is_open():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "slash", "l", "e")
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        assert screen._text == "le"
        await press(pilot, "escape")
        assert app.screen is app.deck

    play(script)


def test_the_deck_counts_as_seen_only_while_nothing_hides_it():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.above.seen_at is not None
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        assert app.above.seen_at is None
        app.above.seen(3.0)
        app.above.seen(5.0)
        assert app.above.seen_at == 3.0
        await press(pilot, "escape")
        assert app.above.seen_at != 3.0

    play(script)
