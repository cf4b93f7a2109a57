"""Keys of the chart, pressed on the deck: each does to the chart what its help says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.events import MouseDown, MouseMove, MouseUp
from textual.pilot import Pilot

from engine.messages import Submit
from tests.support.scenes import deck, press, run, settled
from tests.support.scripted_link import NANOS, ScriptedLink
from tui.actions import ACTIONS
from tui.app import DeckApp
from tui.paint.columns import DEFAULT_ZOOM
from tui.widgets.chart import Chart

Play = Callable[[DeckApp, Chart, Pilot[int]], Awaitable[None]]


def _play(play: Play) -> None:
    app = deck(ScriptedLink())

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        await play(app, app.deck.chart, pilot)

    run(app, script)


def _start(chart: Chart) -> int:
    seen = chart.visible_range()
    assert seen is not None
    return seen[0]


def test_arrows_pan_by_a_bar_by_some_and_by_a_page() -> None:
    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        steps = []
        for key in ("ctrl+left", "left", "shift+left"):
            await press(pilot, "end")
            newest = _start(chart)
            await press(pilot, key)
            steps.append((newest - _start(chart)) // (60 * NANOS))
        assert steps[:2] == [1, 8]
        assert steps[2] > 20
        await press(pilot, "shift+right")
        assert chart.is_following

    _play(play)


def test_the_crosshair_steps_by_bars_rows_and_ticks_near_and_far() -> None:
    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        await press(pilot, "x")
        at_ns, price = chart.cursor_time_ns, chart.cursor_price
        assert at_ns is not None
        assert price is not None
        await press(pilot, "left")
        assert chart.cursor_time_ns == at_ns - 60 * NANOS
        await press(pilot, "shift+left")
        assert chart.cursor_time_ns == at_ns - 11 * 60 * NANOS
        await press(pilot, "shift+right", "right")
        assert chart.cursor_time_ns == at_ns
        assert chart.picture is not None
        tick = app.state.markets[app.state.selected].instrument.price_tick
        await press(pilot, "ctrl+up")
        assert chart.cursor_price == price + tick
        await press(pilot, "up")
        assert chart.cursor_price is not None
        assert chart.cursor_price > price + tick
        await press(pilot, "escape")
        assert chart.cursor_price is None

    _play(play)


def test_a_range_is_marked_measured_and_zoomed_to() -> None:
    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        await press(pilot, "n", "M", "shift+left", "shift+left")
        assert chart.view.mark_ns is not None
        assert chart.view.measure is not None
        await press(pilot, "M")
        assert chart.view.measure is None
        await press(pilot, "n")
        assert chart.view.mark_ns is None
        assert chart.view.zoom < DEFAULT_ZOOM
        await press(pilot, "A")
        assert chart.view.zoom > DEFAULT_ZOOM
        await press(pilot, "r")
        assert chart.view.zoom == DEFAULT_ZOOM

    _play(play)


def test_prices_are_locked_scaled_and_fitted_again() -> None:
    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        await press(pilot, "Y")
        assert chart.view.is_locked
        await press(pilot, "y")
        assert chart.is_auto
        assert not chart.view.is_locked
        await press(pilot, "percent_sign")
        assert chart.view.price_scale == "log"
        await press(pilot, "v", "v", "V", "N")
        assert chart.view.style == "candles"
        assert chart.view.closed_hours

    _play(play)


@pytest.mark.parametrize(
    ("typed", "is_following"), [("-30m", False), ("now", True), ("today noon", False)]
)
def test_a_date_is_asked_for_and_shown(typed: str, is_following: bool) -> None:
    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        await press(pilot, "g")
        for character in typed:
            key = {"-": "minus", " ": "space"}.get(character, character)
            await press(pilot, key)
        await press(pilot, "enter")
        await settled(pilot)
        assert chart.is_following == is_following

    _play(play)


def test_no_way_to_look_at_a_chart_sends_anything() -> None:
    keys = [
        key
        for action in ACTIONS
        if action.group == "Chart" and action.target == "chart"
        for key in action.keys
    ]

    async def play(app: DeckApp, chart: Chart, pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        link = app.link
        assert isinstance(link, ScriptedLink)
        await press(pilot, *(key for key in keys if key not in ("enter",)))
        for kind, at in ((MouseDown, 60), (MouseMove, 80), (MouseUp, 80)):
            await pilot._post_mouse_events([kind], Chart, offset=(at - 40, 10), button=1)
        assert not any(isinstance(command, Submit) for command in link.sent)

    _play(play)
