"""Several charts, what lies over them and the strip under them, from the key press on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from engine.messages import (
    EngineStatus,
    FillReport,
    FlumeFailed,
    OpenBars,
    OrderState,
    OrderUpdate,
    Submit,
    Unwatch,
    Watch,
)
from tests.support.scenes import (
    BTC,
    ETH,
    busy,
    deck,
    fill,
    order,
    press,
    run,
    settled,
    until,
)
from tests.support.scripted_link import MARKETS, NANOS, NOW_NS, ScriptedLink
from tui.app import DeckApp
from tui.widgets.chart import Chart
from tui.widgets.history_strip import HistoryStrip

SOL, EUR = MARKETS[2].fqme, MARKETS[3].fqme
WATCH = (BTC, ETH, SOL, EUR)
LARGE, MIDDLE, SMALL = (200, 50), (120, 35), (80, 24)
Play = Callable[[DeckApp, ScriptedLink, Pilot[int]], Awaitable[None]]


def _play(play: Play, *keys: str, size: tuple[int, int] = LARGE, busily: bool = False) -> None:
    """`play` on a deck that was given `keys`."""
    link = ScriptedLink()
    app = deck(link, watch=WATCH)

    async def script(pilot: Pilot[int]) -> None:
        if busily:
            link.give(*busy())
            await settled(pilot)
        await press(pilot, *keys)
        await settled(pilot)
        await play(app, link, pilot)

    run(app, script, size)


async def type_line(pilot: Pilot[int], line: str) -> None:
    """Enter a line into the command line."""
    pilot.app.open_command(line)  # type: ignore[attr-defined]
    await pilot.pause()
    await press(pilot, "enter")
    await settled(pilot)


def shown(app: DeckApp) -> list[str]:
    """The first word of the header of each chart that is shown."""
    charts = [app.deck.charts.of(pane) for pane in app.deck.charts.shown]
    return [chart.render_line(0).text.split()[0] for chart in charts]


# -- the grid -----------------------------------------------------------------------------------


def test_a_key_shows_two_four_six_and_one_charts_again() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        counts = []
        for _ in range(4):
            await press(pilot, "ctrl+g")
            counts.append(len(shown(app)))
        assert counts == [2, 4, 6, 1]

    _play(play)


def test_each_chart_shows_a_market_of_the_watchlist() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert shown(app) == [BTC, ETH, SOL, EUR]
        assert len([c for c in link.sent_of(OpenBars) if c.count >= 2000]) == 4  # type: ignore[attr-defined]

    _play(play, "ctrl+g", "ctrl+g")


def test_the_next_chart_has_the_keys_and_its_market_is_selected() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.deck.chart is app.deck.charts.of(1)
        assert app.state.selected == ETH
        await press(pilot, "v")
        styles = [app.deck.charts.of(pane).view.style for pane in range(4)]
        assert styles == ["bars", "candles", "bars", "bars"]
        await press(pilot, "left_curly_bracket", "left_curly_bracket")
        assert app.state.selected == EUR

    _play(play, "ctrl+g", "ctrl+g", "right_curly_bracket")


def test_a_market_that_is_selected_goes_to_the_chart_that_has_the_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "down")
        assert shown(app) == [BTC, SOL, SOL, EUR]

    _play(play, "ctrl+g", "ctrl+g", "right_curly_bracket")


@pytest.mark.parametrize(("size", "count"), [(SMALL, 4), (MIDDLE, 4), (LARGE, 6)])
def test_as_many_charts_are_shown_as_have_room_and_that_is_said(
    size: tuple[int, int], count: int
) -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "grid 6")
        assert len(app.deck.charts.shown) == count
        told = [notice.text for notice in app.state.notices if "room for" in notice.text]
        assert bool(told) == (count < 6)
        if count < 6:
            assert shown(app)[0] == "1/6"
            await press(pilot, *["right_curly_bracket"] * 5)
            assert list(app.deck.charts.shown) == [2, 3, 4, 5]

    _play(play, size=size)


def test_a_linked_chart_follows_the_one_that_has_the_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "link market")
        await press(pilot, "right_curly_bracket")
        assert shown(app) == [ETH, ETH]

    _play(play, "ctrl+g")


def test_a_period_is_of_all_charts_but_those_that_keep_their_own() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "free period")
        await press(pilot, "5")
        panes = app.markets.panes
        assert [panes.period_of(pane) for pane in (0, 1)] == [300, 60]

    _play(play, "ctrl+g")


def test_a_crosshair_is_shown_on_the_other_charts_at_its_time_unless_it_is_kept() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        first, second = app.deck.charts.of(0), app.deck.charts.of(1)
        await press(pilot, "x", "left")
        await pilot.pause()
        assert second.view.linked_ns == first.cursor_time_ns is not None
        await press(pilot, "escape")
        await pilot.pause()
        assert second.view.linked_ns is None
        await type_line(pilot, "free cursor")
        await press(pilot, "x")
        await pilot.pause()
        assert second.view.linked_ns is None

    _play(play, "ctrl+g")


# -- orders go where the eye is ------------------------------------------------------------------


def test_going_to_another_chart_drops_what_is_staged_and_sends_nothing() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.desk.staged is not None
        await press(pilot, "right_curly_bracket", "enter")
        assert app.desk.staged is None
        assert link.sent_of(Submit) == []
        await press(pilot, "left_curly_bracket", "enter")
        assert link.sent_of(Submit) == []

    _play(play, "ctrl+g", "o", "f")


def test_an_order_is_for_the_market_of_the_chart_that_has_the_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "right_curly_bracket", "f", "enter")
        (sent,) = link.sent_of(Submit)
        assert sent.fqme == ETH  # type: ignore[attr-defined]

    _play(play, "ctrl+g", "o")


def test_an_order_is_staged_at_the_crosshair_of_the_chart_that_has_the_keys_only() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "x", *["shift+up"] * 3, "right_curly_bracket", "o", "f")
        market, staged = app.state.market, app.desk.staged
        assert market is not None
        assert staged is not None
        assert staged.price == Decimal(str(market.quote.bid))
        assert app.deck.charts.of(0).cursor_price is None

    _play(play, "ctrl+g")


def test_an_enter_that_comes_with_the_change_of_charts_sends_nothing_in_the_same_market() -> None:
    """What is staged stays so on another chart of its market, but must be seen again first."""

    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "link market")
        await press(pilot, "right_curly_bracket")
        await type_line(pilot, "link market")  # both charts are of one market now
        await press(pilot, "o", "f")
        staged = app.desk.staged
        app.deck.act(lambda: app.deck.activate(0))
        app.desk.submit(at=0.0)
        assert link.sent_of(Submit) == []
        assert app.desk.staged == staged is not None
        for _ in range(100):  # a machine that is busy paints it later
            if app.desk._painted_at is not None:
                break
            await settled(pilot)
        await press(pilot, "enter")
        assert len(link.sent_of(Submit)) == 1

    _play(play, "ctrl+g")


def test_the_click_that_goes_to_another_chart_moves_no_staged_order() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "link market")
        await press(pilot, "right_curly_bracket")
        await type_line(pilot, "link market")
        await press(pilot, "o", "f")
        before = app.desk.staged
        other = app.deck.charts.of(0)
        await pilot.click(other, offset=(20, 6))
        await pilot.pause()
        assert app.deck.chart is other
        assert app.desk.staged == before is not None
        await pilot.click(other, offset=(20, 6))
        await pilot.pause()
        assert app.desk.staged is not None
        assert app.desk.staged.price != before.price

    _play(play, "ctrl+g")


def test_lines_and_fills_are_on_every_chart_of_their_market_and_on_no_other() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)), FillReport(fill=fill()))
        await settled(pilot)
        scenes = [app.deck.charts.of(pane)._scene for pane in range(4)]
        assert [len(scene.fills) for scene in scenes] == [1, 0, 0, 0]
        assert [bool(scene.levels) for scene in scenes] == [True, False, False, False]
        await press(pilot, "right_curly_bracket")
        await type_line(pilot, f"go {BTC}")
        assert len(app.deck.charts.of(1)._scene.fills) == 1

    _play(play, "ctrl+g", "ctrl+g")


# -- overlays -----------------------------------------------------------------------------------


def test_markets_are_laid_over_the_chart_and_taken_off_again() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, f"overlay {ETH} acme.stock.sim")
        scene = app.deck.chart._scene
        assert [(one.title, one.slot) for one in scene.overlays] == [
            (ETH, 1),
            ("acme.stock.sim", 2),
        ]
        assert all(one.series is not None for one in scene.overlays)
        assert Watch(fqmes=("acme.stock.sim",)) in link.sent
        await type_line(pilot, f"overlay off {ETH}")
        assert [(one.title, one.slot) for one in app.deck.chart._scene.overlays] == [
            ("acme.stock.sim", 2)
        ]
        await type_line(pilot, "overlay off")
        assert app.deck.chart._scene.overlays == ()
        assert link.sent[-1] == Unwatch(fqmes=("acme.stock.sim",))
        assert list(WATCH) == app.state.watch

    _play(play)


def test_an_overlay_says_that_it_is_opening_and_why_it_cannot_be() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link._answers = False
        await type_line(pilot, "overlay nope.spot.sim")
        assert app.deck.chart._scene.overlays[0].title == "nope.spot.sim  opening"
        link.give(FlumeFailed(fqme="nope.spot.sim", reason="no broker lists it"))
        await settled(pilot)
        assert app.deck.chart._scene.overlays[0].title == "nope.spot.sim  no broker lists it"

    _play(play)


def test_overlays_are_shown_in_percent_and_each_on_its_own_axis_again() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "overlay percent")
        assert app.deck.chart.view.overlay_percent
        await press(pilot, "ampersand")
        assert not app.deck.chart.view.overlay_percent

    _play(play)


def test_a_market_that_was_found_can_be_laid_over_the_chart() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await pilot.press(*"acme")
        await press(pilot, "ctrl+o")
        await until(pilot, lambda: app.deck.chart._scene.overlays)
        assert [one.title for one in app.deck.chart._scene.overlays] == ["acme.stock.sim"]
        assert app.state.selected == BTC

    _play(play)


# -- the strip of all history -------------------------------------------------------------------


def test_the_strip_shows_what_there_is_and_a_key_hides_it() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        strip = app.deck.charts.strip
        assert strip is not None
        assert app.deck.is_shown("history")
        assert strip._series is app.state.markets[BTC].series[60]
        before = app.deck.chart.size.height
        await press(pilot, "H")
        assert not app.deck.is_shown("history")
        assert app.deck.chart.size.height == before + 3
        await press(pilot, "H")
        assert app.deck.is_shown("history")

    _play(play)


def test_a_small_screen_has_the_strip_only_when_it_is_asked_for() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert not app.deck.is_shown("history")
        await press(pilot, "H")
        assert app.deck.is_shown("history")

    _play(play, size=SMALL)


def test_dragging_the_strip_moves_the_chart_that_has_the_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        strip, chart = app.deck.charts.strip, app.deck.chart
        assert strip is not None
        wanted_ns = NOW_NS - 1500 * 60 * NANOS
        strip.post_message(HistoryStrip.Moved(strip, wanted_ns))
        await pilot.pause()
        seen = chart.visible_range()
        assert seen is not None
        assert seen[0] < wanted_ns < seen[1]
        await settled(pilot)
        assert strip._visible == chart.visible_range()

    _play(play, "ctrl+g", "right_curly_bracket")


def test_under_a_live_chart_the_strip_shows_the_minutes() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        strip = app.deck.charts.strip
        assert strip is not None
        assert strip._series is app.state.markets[BTC].series[60]
        assert app.deck.chart._scene.series is app.state.markets[BTC].series[1]

    _play(play, "1")


# -- full screen --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["F", "escape"])
def test_the_chart_alone_is_left_by_the_same_key_and_by_escape(key: str) -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert shown(app)[-1:] != []
        assert len(app.deck.charts.shown) == 1
        assert app.deck.chart.size == (LARGE[0], LARGE[1] - 2)
        assert not any(map(app.deck.is_shown, ("watchlist", "order", "blotter")))
        await press(pilot, key)
        assert app.deck.is_shown("blotter")
        assert len(app.deck.charts.shown) == 4

    _play(play, "ctrl+g", "ctrl+g", "right_curly_bracket", "F")


@pytest.mark.parametrize(("key", "panel"), [("b", "blotter"), ("tab", "blotter"), ("i", "order")])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_chart_alone_makes_room_for_a_panel_that_is_asked_for(
    key: str, panel: str, size: tuple[int, int]
) -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, key)
        assert app.deck.is_shown(panel)
        assert not app.deck.is_full
        assert app.deck.focused_panel == ("blotter" if key == "tab" else "")

    _play(play, "F", size=size)


def test_full_screen_opens_and_closes_nothing_in_the_engine() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.sent.clear()
        await press(pilot, "F", "F")
        assert link.sent == []

    _play(play, "ctrl+g", "ctrl+g")


# -- dates --------------------------------------------------------------------------------------


def test_a_date_is_gone_to_when_older_history_has_come() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "g")
        assert app.deck.command is not None
        await pilot.press(*"2026-11-10")
        await press(pilot, "enter")
        for _ in range(3):
            app.state.fold(EngineStatus(now_ns=app.state.now_ns + 2 * NANOS))
            link.give(link.status())
            await settled(pilot)
        wanted_ns = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp()) * NANOS
        seen = app.deck.chart.visible_range()
        assert seen is not None
        assert seen[0] <= wanted_ns <= seen[1]

    _play(play)


def test_where_history_ends_before_the_date_that_is_said_and_its_beginning_shown() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link._answers = False
        await type_line(pilot, "go 2020-01-01")
        for later_s in (2, 4, 6):
            link.give(EngineStatus(now_ns=NOW_NS + later_s * NANOS))
            await settled(pilot)
        assert "no bars of 1m before" in app.state.notices[-1].text
        assert app.deck.chart.wanted_ns is None
        seen = app.deck.chart.visible_range()
        assert seen is not None
        assert seen[0] == int(app.state.markets[BTC].series[60].time_ns[0])

    _play(play)


# -- cost ---------------------------------------------------------------------------------------


def test_only_charts_whose_market_was_touched_are_shown_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[str] = []
    show = Chart.show

    def noted(self: Chart, **scene: object) -> None:
        painted.append(str(scene["title"]))
        show(self, **scene)  # type: ignore[arg-type]

    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.deck.show()
        painted.clear()
        app.deck.show()
        assert painted == []
        market = app.state.markets[SOL]
        market.version += 1
        app.deck.show()
        assert painted == [SOL]

    monkeypatch.setattr(Chart, "show", noted)
    _play(play, "ctrl+g", "ctrl+g")


# -- layouts ------------------------------------------------------------------------------------


def test_a_layout_brings_back_charts_overlays_and_panels() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "right_curly_bracket", "v", "5")
        await type_line(pilot, f"overlay {SOL}")
        await press(pilot, "b", "H")
        await type_line(pilot, "layout save desk")
        saved = app.actions.layout()
        await press(pilot, "b", "H", "1", "V")
        await type_line(pilot, "grid 1")
        await type_line(pilot, f"go {BTC}")
        await type_line(pilot, "layout desk")
        assert app.actions.layout() == saved
        assert shown(app) == [BTC, ETH]
        assert app.state.selected == ETH
        assert app.deck.chart.view.style == "candles"
        assert [one.title for one in app.deck.chart._scene.overlays] == [SOL]
        assert not app.deck.is_shown("blotter")
        assert not app.deck.is_shown("history")

    _play(play, "ctrl+g")


def test_a_layout_of_another_market_drops_what_is_staged() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await type_line(pilot, "layout save here")
        await press(pilot, "right_curly_bracket", "o", "f")
        assert app.desk.staged is not None
        await type_line(pilot, "layout here")
        await press(pilot, "enter")
        assert (app.state.selected, app.desk.staged) == (BTC, None)
        assert link.sent_of(Submit) == []

    _play(play, "ctrl+g")


def test_another_zone_is_that_of_charts_and_of_the_strip() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        strip = app.deck.charts.strip
        assert strip is not None
        before = strip.render_line(strip.size.height - 1).text
        await type_line(pilot, "zone America/New_York")
        zones = {str(app.deck.charts.of(pane).view.zone) for pane in range(2)}
        assert zones == {"America/New_York"}
        assert strip.render_line(strip.size.height - 1).text != before

    _play(play, "ctrl+g")
