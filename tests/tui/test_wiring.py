"""What the configuration, a tier and a layout make of the deck."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.config import DeckConfig
from engine.errors import ConfigError
from engine.messages import OpenBars, Search, Watch
from tests.support.scenes import BTC, ETH, run, screen_text, settled
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.app import DeckApp
from tui.charts.layouts import Layout, Layouts
from tui.charts.panes import Overlaid, PaneSpec

ACME = "acme.stock.sim"
LAYOUT = Layout(
    panes=(
        PaneSpec(fqme=BTC, overlays=(Overlaid(ACME, 2),)),
        PaneSpec(fqme=ETH, period_s=900, style="candles", price_scale="log"),
    ),
    active=1,
    period_s=300,
    hidden=("blotter",),
    history=False,
)


def app_of(link: ScriptedLink, history_file: Path | None = None, **config: object) -> DeckApp:
    deck = DeckConfig(**{"glyphs": "braille", "watch": (BTC, ETH), **config})  # type: ignore[arg-type]
    return DeckApp(link, deck, history_file=history_file, wall=lambda: NOW_NS, depth="truecolor")


def saved(tmp_path: Path, name: str = "desk") -> Path:
    Layouts(tmp_path / "layouts.json").save(name, LAYOUT)
    return tmp_path / "command_history"


def test_a_chart_begins_as_it_is_configured():
    app = app_of(
        ScriptedLink(), style="area", price_scale="log", closed_hours=True, timezone="Asia/Tokyo"
    )
    view = app.deck.chart.view

    assert (view.style, view.price_scale, view.closed_hours) == ("area", "log", True)
    assert datetime(2026, 1, 1, tzinfo=view.zone).utcoffset().total_seconds() == 9 * 3600  # type: ignore[union-attr]


def test_a_zone_that_is_none_is_a_configuration_error():
    with pytest.raises(ConfigError, match="no time zone named 'Mars/Olympus'"):
        app_of(ScriptedLink(), timezone="Mars/Olympus")


@pytest.mark.parametrize(("history", "is_shown"), [("auto", True), ("on", True), ("off", False)])
def test_the_strip_of_history_is_there_as_configured(history: str, is_shown: bool):
    app = app_of(ScriptedLink(), history=history)

    async def script(pilot: Pilot[int]) -> None:
        assert app.deck.is_shown("history") == is_shown

    run(app, script)


def test_the_deck_opens_with_a_layout(tmp_path: Path):
    link = ScriptedLink()
    app = app_of(link, saved(tmp_path), layout="desk")

    async def script(pilot: Pilot[int]) -> None:
        assert app.state.selected == ETH
        assert app.actions.layout() == LAYOUT
        assert link.sent[0] == Watch(fqmes=(ETH, BTC, ACME), throttle_hz=15.0)
        opened = {(c.fqme, c.period_s) for c in link.sent_of(OpenBars)}  # type: ignore[attr-defined]
        assert {(BTC, 300), (ACME, 300), (ETH, 900)} <= opened
        assert not app.deck.is_shown("blotter")

    run(app, script, (200, 50))


def test_a_layout_does_not_keep_the_watchlist_from_being_filled(tmp_path: Path):
    link = ScriptedLink()
    app = app_of(link, saved(tmp_path), layout="desk", watch=())

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        assert len(link.sent_of(Search)) == 1
        assert app.state.selected == ETH
        assert app.state.watch[0] == ETH
        assert len(app.state.watch) == len(link.markets)

    run(app, script)


def test_a_layout_that_is_not_there_is_told_and_the_deck_opens(tmp_path: Path):
    app = app_of(ScriptedLink(), saved(tmp_path), layout="dsek")

    async def script(pilot: Pilot[int]) -> None:
        told = [notice.text for notice in app.state.notices]
        assert any("deck.layout: no layout named 'dsek'" in text for text in told)
        assert app.state.selected == BTC

    run(app, script)


def test_layouts_that_cannot_be_read_are_told(tmp_path: Path):
    (tmp_path / "layouts.json").write_text("{")
    app = app_of(ScriptedLink(), tmp_path / "command_history")

    async def script(pilot: Pilot[int]) -> None:
        assert any("kept as layouts.bad" in notice.text for notice in app.state.notices)

    run(app, script)


def test_a_tier_sets_pace_colours_and_detail_and_gives_them_back():
    app = app_of(ScriptedLink())

    async def script(pilot: Pilot[int]) -> None:
        app.actions.set_tier("slow")
        await settled(pilot)
        assert app._frames is not None
        assert app._frames._interval == 1.0
        assert (app.deck_theme.depth, app.deck.chart.view.detail) == ("256", "slow")
        assert "slow: by hand" in screen_text(app)
        app.actions.set_grid(2)
        assert app.deck.charts.of(1).view.detail == "slow"
        app.actions.set_tier("full")
        await settled(pilot)
        assert app._frames._interval == pytest.approx(1 / 15)
        assert (app.deck_theme.depth, app.deck.chart.view.detail) == ("truecolor", "full")
        assert "by hand" not in screen_text(app)

    run(app, script, (200, 50))


def test_what_goes_to_the_terminal_is_counted_when_asked_for():
    app = app_of(ScriptedLink())

    async def script(pilot: Pilot[int]) -> None:
        assert "/s" not in screen_text(app).splitlines()[0]
        app.actions.show_wire(True)
        app.deck.show()
        await settled(pilot)
        assert "0/s" in screen_text(app).splitlines()[0]

    run(app, script, (200, 50))


def test_another_zone_is_in_all_times_at_once():
    app = app_of(ScriptedLink())

    async def script(pilot: Pilot[int]) -> None:
        assert "UTC" in screen_text(app)
        app.actions.set_zone("Asia/Tokyo")
        app.actions.set_grid(2)
        await settled(pilot)
        text = screen_text(app)
        assert "UTC" not in text
        assert text.count("JST") >= 3
        assert app.deck.charts.strip is None or app.deck.charts.strip._zone == app.zone
        with pytest.raises(ConfigError):
            app.actions.set_zone("nope")
        assert app.zone is not UTC

    run(app, script, (200, 50))
