"""The main screen: its parts, who has the keys, and what of it is repainted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot

from engine.errors import UsageError
from engine.messages import (
    Cancel,
    EngineFailed,
    FeedStatus,
    Frame,
    GuardsUpdate,
    OrderState,
    OrderUpdate,
    PlaybackStatus,
)
from tests.support.scenes import (
    BTC,
    ETH,
    WATCH,
    busy,
    deck,
    order,
    press,
    run,
    screen_text,
    settled,
)
from tests.support.scripted_link import NOW_NS, ScriptedLink
from tui.app import DeckApp
from tui.screens.layout import PANELS
from tui.state import Part
from tui.widgets.blotter import Blotter
from tui.widgets.chart import Chart
from tui.widgets.watchlist import Watchlist

SMALL, MIDDLE, LARGE = (80, 24), (120, 35), (200, 50)
Play = Callable[[DeckApp, ScriptedLink, Pilot[int]], Awaitable[None]]


def _play(
    play: Play,
    *,
    watch: tuple[str, ...] = WATCH,
    size: tuple[int, int] = MIDDLE,
    busily: bool = False,
) -> None:
    link = ScriptedLink()
    app = deck(link, watch=watch)

    async def script(pilot: Pilot[int]) -> None:
        if busily:
            link.give(*busy())
            await settled(pilot)
        await play(app, link, pilot)

    run(app, script, size)


def _shown(app: DeckApp) -> list[str]:
    return [name for name in PANELS if app.deck.is_shown(name)]


# -- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE])
def test_each_part_stands_where_the_layout_puts_it(size: tuple[int, int]) -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        for name, part in app.deck._parts().items():
            place = app.deck._places.get(name)
            assert part.display == (place is not None), name
            if place is not None:
                assert part.region == place, name

    _play(play, size=size)


def test_where_there_is_room_panels_are_hidden_each_by_itself() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert set(_shown(app)) == set(PANELS)
        app.deck.toggle_panel("order")
        app.deck.toggle_panel("watchlist")
        assert _shown(app) == ["blotter"]
        app.deck.toggle_panel("order")
        assert set(_shown(app)) == {"order", "blotter"}
        app.deck.open_panel("order")
        assert set(_shown(app)) == {"order", "blotter"}

    _play(play)


def test_on_a_small_screen_a_panel_takes_the_place_of_the_one_before() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert _shown(app) == []
        for name in PANELS:
            app.deck.toggle_panel(name)
            assert _shown(app) == [name]
        app.deck.toggle_panel(PANELS[-1])
        assert _shown(app) == []

    _play(play, size=SMALL)


def test_the_failure_of_the_engine_and_what_is_staged_make_room_for_themselves() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert not app.deck.is_shown("strip")
        await press(pilot, "o", "f")
        assert app.deck.is_shown("strip")
        assert not app.deck.is_shown("banner")
        link.give(EngineFailed(reason="disk full"))
        await settled(pilot)
        assert app.deck.is_shown("banner")
        assert "ENGINE FAILED  disk full" in screen_text(app)

    _play(play, size=SMALL)


# -- who has the keys -----------------------------------------------------------------------------


def test_the_blotter_has_the_keys_only_while_it_is_there() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.deck.step_focus(1)
        assert "blotter" in app.deck.contexts()
        assert app.deck.blotter.has_keyboard
        app.deck.toggle_panel("blotter")
        assert "blotter" not in app.deck.contexts()
        assert not app.deck.blotter.has_keyboard

    _play(play)


def test_a_blotter_that_a_smaller_terminal_hides_takes_no_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "tab", "down")
        assert "blotter" in app.deck.contexts()
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert not app.deck.is_shown("blotter")
        assert "blotter" not in app.deck.contexts()
        await press(pilot, "c")
        assert link.sent_of(Cancel) == []

    _play(play, busily=True)


def test_contexts_are_those_that_hold_the_nearest_first() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.deck.contexts() == ("chart", "deck")
        app.deck.chart.toggle_cursor()
        assert app.deck.contexts() == ("cursor", "chart", "deck")
        await press(pilot, "o", "f")
        assert app.deck.contexts()[:2] == ("staged", "order")
        playing = PlaybackStatus(
            broker="sim", position_ns=NOW_NS, start_ns=0, end_ns=NOW_NS, speed=1.0
        )
        link.give(link.status(playbacks=[playing]))
        await settled(pilot)
        assert "playback" in app.deck.contexts()

    _play(play)


def test_back_leaves_the_blotter_then_closes_the_panel() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.deck.step_focus(1)
        assert (app.deck.focused_panel, _shown(app)) == ("blotter", ["blotter"])
        app.deck.back()
        assert (app.deck.focused_panel, _shown(app)) == ("", ["blotter"])
        app.deck.back()
        assert _shown(app) == []
        app.deck.back()
        assert _shown(app) == []

    _play(play, size=SMALL)


def test_keys_for_the_command_line_are_not_for_the_deck() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.deck.open_command()
        before = app.markets.period_s
        await pilot.press("o", "f", "5")
        assert app.deck.command is not None
        assert app.deck.command.line.text == "of5"
        assert not app.desk.is_armed
        await pilot.press("escape", "o")
        assert app.desk.is_armed
        assert app.markets.period_s == before

    _play(play)


def test_a_key_that_means_nothing_does_nothing_and_ctrl_c_is_answered() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        before = (len(link.sent), len(app.state.notices))
        await press(pilot, "f12", "ctrl+k")
        assert (len(link.sent), len(app.state.notices)) == before

    _play(play)


def test_pasted_text_is_no_keys_and_says_so() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        before = len(link.sent)
        app.post_message(events.Paste("o\nf\n"))
        await pilot.pause()
        assert len(link.sent) == before
        assert not app.desk.is_armed
        assert "pasted text is ignored" in app.state.notices[-1].text

    _play(play)


def test_an_error_of_a_deed_is_told_with_what_to_do_about_it() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        def fail() -> None:
            raise UsageError("not so", hint="but so")

        app.deck.act(fail)
        told = app.state.notices[-1]
        assert (told.text, told.level) == ("not so - but so", "warning")

        def break_down() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            app.deck.act(break_down)

    _play(play)


def test_every_target_of_an_action_is_known() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.deck.targets() == {
            "deck": app.actions,
            "chart": app.deck.chart,
            "blotter": app.deck.blotter,
            "desk": app.desk,
            "algos": app.algos,
            "guards": app.guards,
            "playback": app.playback,
        }

    _play(play)


# -- showing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fqme", "title"),
    [("", "no market: / finds one"), ("nope.spot.sim", "nope.spot.sim  no broker lists it")],
)
def test_the_chart_says_why_it_is_empty(fqme: str, title: str) -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.state.select(fqme)
        app.deck.show()
        assert app.deck.chart.render_line(0).text.strip().startswith(title)

    _play(play, watch=(BTC, "nope.spot.sim"))


def test_a_market_that_is_on_its_way_and_one_looked_at_say_so() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        assert app.deck.charts.scenes.title(BTC) == BTC
        assert app.deck.charts.scenes.title("slow.spot.sim") == "slow.spot.sim  opening"
        app.markets.preview = ETH
        assert app.deck.charts.scenes.title(ETH) == f"{ETH}  preview"

    _play(play)


def test_a_market_that_has_ended_is_charted_as_ended() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        status = link.status(stale=[BTC])
        ended = FeedStatus(fqme=BTC, state="ended", age_s=1.0, received=1)
        link.give(msgspec.structs.replace(status, feeds=(ended,)))
        await settled(pilot)
        assert "ENDED" in app.deck.chart.render_line(0).text

    _play(play)


def test_only_the_parts_that_are_touched_are_painted_anew() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        screen = app.deck
        painted: list[str] = []
        for name in ("watchlist", "order_pane", "blotter", "banner"):
            widget = getattr(screen, name)
            widget.redraw = lambda name=name: painted.append(name)
        for part, wanted in (
            (Part.NOTICES, set()),
            (Part.SEARCH, set()),
            (Part.BARS, {"watchlist"}),
            (Part.ORDERS, {"blotter", "banner"}),
            (Part.FAILURE, {"watchlist", "blotter", "banner"}),
        ):
            painted.clear()
            screen.show(part)
            assert set(painted) == wanted, part

    _play(play)


def test_the_order_pane_is_painted_anew_when_what_it_says_changed_and_not_otherwise() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        painted: list[str] = []
        app.deck.order_pane.redraw = lambda: painted.append("pane")  # type: ignore[method-assign]

        def is_painted(change: Callable[[], object]) -> bool:
            painted.clear()
            change()
            app.deck.show()
            return bool(painted)

        def tick(fqme: str) -> Callable[[], object]:
            quote = app.state.markets[fqme].quote
            return lambda: app.state.fold(Frame(fqme=fqme, ticks={}, quote=quote))

        filled = OrderUpdate(order=order(1, OrderState.FILLED))
        assert not is_painted(lambda: None)
        assert not is_painted(tick(ETH))
        assert is_painted(tick(BTC))
        assert is_painted(lambda: app.state.fold(filled))
        assert is_painted(app.desk.toggle_armed)
        assert is_painted(lambda: app.desk.stage("buy"))
        assert is_painted(lambda: app.desk.step_size(1))
        assert is_painted(lambda: app.markets.select(ETH))
        assert is_painted(app.desk.toggle_armed)

    _play(play)


def test_a_new_price_reaches_watchlist_and_chart() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        quote = app.state.markets[BTC].quote
        changed = msgspec.structs.replace(quote, last=64299.5, bid=64299.4, ask=64299.6)
        link.give(Frame(fqme=BTC, ticks={}, quote=changed))
        await settled(pilot)
        assert screen_text(app).count("64299.50") >= 2

    _play(play)


def test_completing_twice_adds_nothing() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        before = list(app.deck.children)
        blotter = app.deck.blotter
        app.deck.complete()
        await pilot.pause()
        assert list(app.deck.children) == before
        assert app.deck.blotter is blotter

    _play(play)


# -- what widgets ask for -------------------------------------------------------------------------


def test_a_market_that_is_clicked_is_selected() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.deck.watchlist.post_message(Watchlist.Selected(ETH))
        await pilot.pause()
        assert app.state.selected == ETH
        app.deck.blotter.post_message(Blotter.RowOpened(BTC))
        await pilot.pause()
        assert app.state.selected == BTC

    _play(play)


def test_a_click_gives_the_blotter_the_keys() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await pilot.click(app.deck.blotter, offset=(5, 2))
        assert app.deck.focused_panel == "blotter"

    _play(play, busily=True)


def test_a_price_that_is_clicked_moves_what_is_staged() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        chart = app.deck.chart
        chart.post_message(Chart.LevelClicked(chart, Decimal("64100.00"), None))
        await pilot.pause()
        assert app.desk.staged is not None
        assert app.desk.staged.price == Decimal("64100.00")

    _play(play)


def test_a_row_that_is_gone_is_told_and_not_canceled() -> None:
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.FILLED)))
        await settled(pilot)
        app.deck.blotter.post_message(Blotter.CancelWanted("orders", "order-1", 1e12))
        await pilot.pause()
        assert link.sent_of(Cancel) == []
        assert app.state.notices[-1].level == "warning"

    _play(play)


def test_what_is_told_keeps_clear_of_a_banner_for_as_long_as_there_is_one():
    async def play(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        for is_killed in (True, False):
            link.give(GuardsUpdate(is_killed=is_killed))
            await settled(pilot)
            assert app.has_class("-banner") == is_killed

    _play(play)
