"""Widgets that are made late look as the deck is configured, and as it is by then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from tests.support.scenes import deck, press, run, settled
from tests.support.scripted_link import ScriptedLink
from tui.app import DeckApp
from tui.charts.panes import PaneSpec

Play = Callable[[DeckApp, Pilot[int]], Awaitable[None]]


def play(script: Play) -> None:
    app = deck(ScriptedLink())

    async def whole(pilot: Pilot[int]) -> None:
        await script(app, pilot)

    run(app, whole)


def test_a_chart_is_made_as_its_pane_says():
    async def script(app: DeckApp, pilot: Pilot[int]) -> None:
        spec = PaneSpec(style="area", price_scale="log", is_percent=True)
        view = app.makers.chart(spec, 3).view
        assert (view.style, view.price_scale, view.overlay_percent) == ("area", "log", True)
        assert [app.makers.chart(spec, pane).id for pane in (0, 3)] == ["chart", "chart4"]

    play(script)


def test_a_chart_made_late_has_the_zone_and_colours_that_were_chosen_before():
    async def script(app: DeckApp, pilot: Pilot[int]) -> None:
        app.set_zone("America/New_York")
        app.actions.step_theme(1)
        chart = app.makers.chart(PaneSpec(), 1)
        strip = app.makers.strip()
        assert chart.view.zone == app.zone == strip._zone
        assert str(app.zone) == "America/New_York"
        assert chart._theme == app.colours.theme == strip._theme

    play(script)


def test_the_command_line_reads_what_the_deck_knows_by_then():
    async def script(app: DeckApp, pilot: Pilot[int]) -> None:
        app.open_command("layout save mine")
        await pilot.pause()
        await press(pilot, "enter")
        await settled(pilot)
        assert app.actions.layouts.names == ("mine",)
        bar = app.makers.command_bar(lambda call, at: None)
        assert "mine" in str(bar._complete("layout m"))
        assert bar._usage("layout")

    play(script)
