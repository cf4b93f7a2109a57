"""The deck on a scripted engine: keys in, commands out, events on the screen."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from engine.messages import (
    Alert,
    AlertUpdate,
    Algo,
    AlgoUpdate,
    Amend,
    Break,
    Cancel,
    CancelAlert,
    CancelAlgo,
    CancelAll,
    EngineFailed,
    Frame,
    GuardsUpdate,
    KillSwitch,
    Notice,
    OpenBars,
    OrderState,
    OrderUpdate,
    PauseAlgo,
    Search,
    SearchResults,
    SetAlert,
    Submit,
    SubmitAlgo,
    Trade,
    Unwatch,
    Watch,
)
from tests.support.scenes import (
    BTC,
    ETH,
    WATCH,
    bracket,
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
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.screens.search import SearchScreen


def test_the_watchlist_is_opened_and_the_first_market_is_charted():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        assert link.sent_of(Watch) == [Watch(fqmes=WATCH, throttle_hz=15.0)]
        wanted = [command for command in link.sent_of(OpenBars) if command.fqme == BTC]
        assert [command.period_s for command in wanted] == [60]
        assert "64231.05" in screen_text(app)

    run(app, script)


def test_keys_work_while_the_engine_is_still_starting():
    link = ScriptedLink(answers=False)
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        assert "engine starting" in screen_text(app)
        await press(pilot, "b", "w", "o", "f", "enter", "tab", "c", "slash")
        assert isinstance(app.screen, SearchScreen)
        await press(pilot, "escape", "p")
        assert app.markets.period_s == 300
        assert link.sent_of(Submit) == []

    run(app, script)


def test_an_engine_that_cannot_start_is_told_like_one_that_failed_later():
    link = ScriptedLink(answers=False)
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(EngineFailed(reason="brokers.toml: unknown key 'slotz'"))
        await settled(pilot)
        assert "ENGINE FAILED  brokers.toml: unknown key 'slotz'" in screen_text(app)

    run(app, script)


def test_without_a_watchlist_the_deck_opens_what_the_brokers_list_first():
    link = ScriptedLink()
    app = deck(link, watch=())

    async def script(pilot: Pilot[int]) -> None:
        await settled(pilot)
        assert link.sent_of(Watch) == [Watch(fqmes=WATCH, throttle_hz=15.0)]
        assert app.state.selected == BTC

    run(app, script)


def test_down_selects_the_next_market_and_its_bars_are_asked_for():
    link = ScriptedLink()
    app = deck(link, period="5m")

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "down")
        assert app.state.selected == ETH
        assert [c.fqme for c in link.sent_of(OpenBars) if c.period_s == 300] == [BTC, ETH]

    run(app, script)


def test_a_key_sends_what_was_staged_once():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f", "down", "enter", "enter")
        (sent,) = link.sent_of(Submit)
        assert (sent.fqme, sent.side, sent.route) == (BTC, "buy", "dark")
        assert sent.trigger_price == Decimal("64231.04")

    run(app, script)


def test_a_key_that_was_typed_ahead_of_the_paint_sends_nothing():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        await press(pilot, "enter", later_s=-1.0)
        assert link.sent_of(Submit) == []
        await press(pilot, "enter")
        assert len(link.sent_of(Submit)) == 1

    run(app, script)


def test_pasted_text_does_nothing():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        before = list(link.sent)
        app.post_message(events.Paste("\r\nC\ry"))
        await pilot.pause()
        assert link.sent == before
        assert app.desk.staged is not None

    run(app, script)


def test_what_was_covered_by_another_screen_must_be_seen_again_before_it_is_sent():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape")
        await press(pilot, "enter", later_s=-1.0)
        assert link.sent_of(Submit) == []

    run(app, script)


def test_coming_back_to_the_window_sends_nothing():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        app.post_message(events.AppBlur())
        await pilot.pause()
        app.post_message(events.AppFocus())
        await press(pilot, "enter", later_s=-1.0)
        assert link.sent_of(Submit) == []

    run(app, script)


def test_an_alert_is_staged_and_set():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "a", "shift+up", "enter")
        (alert,) = link.sent_of(SetAlert)
        assert alert.price == Decimal("64231.15")

    run(app, script)


def test_a_working_order_is_picked_amended_and_canceled():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)))
        await settled(pilot)
        await press(pilot, "o", "tab", "up", "enter")
        assert link.sent_of(Amend) == [Amend(order_id="order-1", price=Decimal("64100.01"))]
        await press(pilot, "tab", "c")
        assert link.sent_of(Cancel) == [Cancel(order_id="order-1")]

    run(app, script)


def test_canceling_all_asks_first_and_enter_alone_means_no():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "o", "C")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "enter")
        assert link.sent_of(CancelAll) == []
        await press(pilot, "C", "y")
        assert link.sent_of(CancelAll) == [CancelAll(fqme=BTC)]

    run(app, script)


def test_a_yes_that_was_typed_before_the_question_does_not_answer_it():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "o", "C")
        await press(pilot, "y", later_s=-1.0)
        assert isinstance(app.screen, ConfirmScreen)
        assert link.sent_of(CancelAll) == []

    run(app, script)


def test_a_row_of_the_blotter_is_canceled_from_there():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "tab", "down", "c")
        assert link.sent_of(Cancel) == [Cancel(order_id="order-2")]
        app.deck.blotter.show_tab("alerts")
        await press(pilot, "c")
        assert link.sent_of(CancelAlert) == [CancelAlert(alert_id="alert-1")]

    run(app, script)


def test_the_cursor_of_the_blotter_stays_on_its_order_when_another_comes_in_above():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "tab", "down")
        link.give(OrderUpdate(order=order(0, OrderState.OPEN)))
        await settled(pilot)
        await press(pilot, "c")
        assert link.sent_of(Cancel) == [Cancel(order_id="order-2")]

    run(app, script)


def test_search_previews_what_is_selected_and_opens_what_is_chosen():
    link = ScriptedLink()
    app = deck(link, watch=(BTC,))

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        await pilot.press("e", "u", "r")
        await settled(pilot)
        assert link.sent_of(Search)[-1].text == "eur"
        screen._preview()
        await settled(pilot)
        assert app.markets.shown == "eurusd.fx.sim"
        assert app.state.selected == BTC
        await pilot.press("enter")
        await settled(pilot)
        assert app.state.watch == [BTC, "eurusd.fx.sim"]
        assert app.state.selected == "eurusd.fx.sim"
        assert link.sent_of(Unwatch) == []

    run(app, script)


def test_a_preview_that_is_not_chosen_is_closed_again():
    link = ScriptedLink()
    app = deck(link, watch=(BTC,))

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        await pilot.press("down")
        screen._preview()
        await settled(pilot)
        assert app.markets.shown == ETH
        await pilot.press("escape")
        await settled(pilot)
        assert app.markets.shown == BTC
        assert link.sent_of(Unwatch) == [Unwatch(fqmes=(ETH,))]
        assert ETH not in app.state.markets

    run(app, script)


def test_results_of_an_older_text_do_not_replace_those_of_a_newer_one():
    link = ScriptedLink()
    app = deck(link, watch=(BTC,))

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "slash")
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        await pilot.press("s", "o", "l")
        await settled(pilot)
        screen.show("so", SearchResults(request_id=1, matches=()), 0)
        assert [match.fqme for match in screen._results.matches] == ["solusdt.spot.sim"]

    run(app, script)


def test_markets_used_last_come_first_in_search():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "down", "down", "slash")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        found = [match.fqme for match in screen._results.matches]
        assert found[:3] == ["solusdt.spot.sim", ETH, BTC]

    run(app, script)


def test_markets_used_last_are_remembered_from_one_deck_to_the_next(tmp_path: Path):
    async def first(pilot: Pilot[int]) -> None:
        await press(pilot, "down")

    async def second(pilot: Pilot[int]) -> None:
        assert app.markets.recent == [BTC, ETH]

    app = deck(history_file=tmp_path / "command_history")
    run(app, first)
    app = deck(history_file=tmp_path / "command_history", watch=(BTC,))
    run(app, second)


def test_a_failed_engine_is_told_loudly_and_its_orders_are_unknown():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy(), EngineFailed(reason="disk full"))
        await settled(pilot)
        text = screen_text(app)
        assert "ENGINE FAILED  disk full" in text
        assert "5 orders in an UNKNOWN state" in text
        assert app.state.orders["order-1"].state is OrderState.UNKNOWN
        link.close()
        await press(pilot, "o", "f", "enter")
        assert link.sent_of(Submit) == []
        await press(pilot, "q")

    run(app, script)
    assert app.return_value == 70


def test_leaving_without_orders_asks_nothing():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "q")

    run(app, script)
    assert app.return_value == 0


def test_leaving_with_orders_says_what_becomes_of_each_kind_and_stays_by_default():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "q")
        text = screen_text(app)
        assert "5 orders still working" in text
        assert "3 orders on paper or the embedded exchange" in text
        await press(pilot, "enter")
        assert app.screen is app.deck
        await press(pilot, "q", "l")

    run(app, script)
    assert app.return_value == 0
    assert link.sent_of(CancelAll) == []


def test_leaving_can_cancel_everything_first():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)))
        await settled(pilot)
        await press(pilot, "q", "c")
        assert link.sent_of(CancelAll) == [CancelAll()]
        assert app.return_value is None
        link.give(OrderUpdate(order=order(1, OrderState.CANCELED)))
        await app.workers.wait_for_complete()

    run(app, script)
    assert app.return_value == 0


def test_stale_data_is_said_to_be_old():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(link.status(stale=[BTC]))
        await settled(pilot)
        rows = screen_text(app).splitlines()
        assert "stale 42s" in rows[0]
        assert "42s old" in "\n".join(rows)
        trade = Trade(BTC, 64240.0, 0.1, "buy", NOW_NS, NOW_NS)
        link.give(Frame(fqme=BTC, ticks={"trade": [trade]}))
        await settled(pilot)
        assert "sim live" in screen_text(app).splitlines()[0]
        link.give(Frame(fqme=BTC, ticks={"break": [Break(BTC, "stale", NOW_NS, NOW_NS)]}))
        await settled(pilot)
        assert "sim stale" in screen_text(app).splitlines()[0]

    run(app, script)


def test_text_from_outside_is_never_markup():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        text = "[bold red]not[/] [link=x]markup"
        link.give(Notice(level="info", text=text, source="venue"))
        await settled(pilot)
        app.deck.blotter.show_tab("log")
        await pilot.pause()
        assert text in screen_text(app)
        link.give(Notice(level="error", text=text, source="venue"))
        await pilot.pause()
        app.take_in()
        await pilot.pause()
        assert screen_text(app).count(text) >= 2

    run(app, script)


def test_every_theme_can_be_shown_one_after_the_other():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        seen = {app.deck_theme.name}
        for _ in app.theme_names:
            await press(pilot, "t")
            seen.add(app.deck_theme.name)
        assert seen == set(app.theme_names)
        before = app.deck_theme.colours.up
        await press(pilot, "T")
        assert app.deck_theme.colours.down == before

    run(app, script)


def test_only_lines_that_changed_are_repainted():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        watchlist, blotter = app.deck.watchlist, app.deck.blotter
        before = (watchlist.repainted, blotter.repainted)
        quote = app.state.markets[ETH].quote
        changed = msgspec.structs.replace(quote, last=quote.last + 0.01)
        link.give(Frame(fqme=ETH, ticks={}, quote=changed))
        await settled(pilot)
        assert watchlist.repainted - before[0] <= 2
        assert blotter.repainted == before[1]

    run(app, script)


def test_a_typed_command_does_what_its_key_does():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "colon")
        await pilot.press(*"period 5m", "enter")
        await settled(pilot)
        assert app.markets.period_s == 300
        await press(pilot, "colon")
        await pilot.press(*"theme day")
        await press(pilot, "enter")
        assert app.deck_theme.name == "day"

    run(app, script)


def test_a_typed_command_can_ask_and_open_other_screens():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        await press(pilot, "colon")
        await pilot.press(*"cancel all")
        await press(pilot, "enter")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "y")
        assert link.sent_of(CancelAll) == [CancelAll()]
        await press(pilot, "colon")
        await pilot.press(*"find sol")
        await press(pilot, "enter")
        await settled(pilot)
        assert isinstance(app.screen, SearchScreen)
        assert [match.fqme for match in app.screen._results.matches] == ["solusdt.spot.sim"]
        await press(pilot, "escape", "p")
        assert app.markets.period_s == 300

    run(app, script)


def test_a_triggered_alert_rings_the_bell():
    link = ScriptedLink()
    app = deck(link)
    rung: list[bool] = []
    app.bell = lambda: rung.append(True)  # type: ignore[method-assign]

    async def script(pilot: Pilot[int]) -> None:
        alert = Alert(alert_id="a", fqme=BTC, price=Decimal(64300))
        link.give(AlertUpdate(alert=alert))
        await settled(pilot)
        assert not rung
        link.give(AlertUpdate(alert=msgspec.structs.replace(alert, state="triggered")))
        await settled(pilot)
        assert rung == [True]

    run(app, script)


def test_an_alert_that_calls_is_sent_to_the_desktop_once_where_that_is_wanted():
    for notify, wanted in (("osc9", ["\x1b]9;btc reached 64300\x1b\\"]), ("off", [""])):
        link = ScriptedLink()
        app = deck(link, notify=notify)
        written: list[str] = []

        async def script(
            pilot: Pilot[int],
            app: DeckApp = app,
            link: ScriptedLink = link,
            written: list[str] = written,
        ) -> None:
            assert app._driver is not None
            app._driver.write = written.append  # type: ignore[method-assign]
            app.bell = lambda: None  # type: ignore[method-assign]
            alert = Alert(alert_id="a", fqme=BTC, price=Decimal(64300), state="triggered")
            for _ in range(2):
                link.give(AlertUpdate(alert=alert, text="btc reached 64300"))
                await settled(pilot)

        run(app, script)
        assert written == wanted


def test_the_kill_switch_is_turned_by_one_key_and_a_yes_and_shown_when_the_engine_says_so():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "K", "enter")
        assert link.sent_of(KillSwitch) == []
        await press(pilot, "K", "y")
        assert link.sent_of(KillSwitch) == [KillSwitch(is_on=True, note="by hand")]
        assert "KILL SWITCH ON" not in screen_text(app).splitlines()[1]
        link.give(GuardsUpdate(is_killed=True, kill_reason="by hand", killed_ns=NOW_NS))
        await settled(pilot)
        assert screen_text(app).splitlines()[1].startswith(" KILL SWITCH ON since 14:00:00")
        await press(pilot, "K", "y")
        assert link.sent_of(KillSwitch)[-1] == KillSwitch(is_on=False, note="by hand")
        link.give(GuardsUpdate())
        await settled(pilot)
        assert "KILL SWITCH" not in screen_text(app)

    run(app, script)


def test_a_yes_typed_ahead_of_the_question_does_not_turn_the_kill_switch():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "K", "y", later_s=0.0)
        assert link.sent_of(KillSwitch) == []

    run(app, script)


def test_an_algo_is_typed_agreed_to_paused_and_canceled_from_its_row():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        app.open_command(f"twap buy 0.5 {BTC} in 5 every 30s")
        await pilot.pause()
        await press(pilot, "enter", "y")
        (command,) = link.sent_of(SubmitAlgo)
        assert isinstance(command, SubmitAlgo)
        algo = Algo(
            algo_id=command.algo_id, account="sim", fqme=BTC, terms=command.terms,
            created_ns=NOW_NS,
        )  # fmt: skip
        link.give(AlgoUpdate(algo=algo))
        await settled(pilot)
        await press(pilot, "tab", *["right_square_bracket"] * 3)
        assert "A1  btcusdt.spot.sim  TWAP" in screen_text(app)
        await press(pilot, "p", "c")
        assert link.sent[-2:] == [
            PauseAlgo(algo_id=command.algo_id),
            CancelAlgo(algo_id=command.algo_id),
        ]

    run(app, script)


def test_an_algo_row_that_was_not_seen_yet_is_not_acted_on():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(AlgoUpdate(algo=bracket()))
        await settled(pilot)
        app.above.seen_at = None
        app.pause_row("a", at=1.0)
        assert link.sent_of(PauseAlgo) == []
        assert "not on the screen" in app.state.notices[-1].text

    run(app, script)


def test_panels_open_one_at_a_time_on_a_small_screen():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        shown = app.deck.is_shown
        assert [name for name in ("watchlist", "order", "blotter") if shown(name)] == []
        for key, name in (("w", "watchlist"), ("i", "order"), ("b", "blotter")):
            await press(pilot, key)
            assert [n for n in ("watchlist", "order", "blotter") if shown(n)] == [name]
        await press(pilot, "escape")
        assert not shown("blotter")

    run(app, script, (80, 24))


def test_what_is_staged_is_on_a_small_screen_too():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "o", "f")
        assert "BUY 0.3892 BTC @ 64231.05" in screen_text(app)

    run(app, script, (80, 24))


def test_a_notice_on_a_small_screen_covers_neither_what_is_staged_nor_the_prices():
    app = deck()

    async def script() -> None:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await settled(pilot)
            await press(pilot, "o", "f")
            app.tell("a notice")
            await settled_toasts(pilot)
            (toast,) = app.screen.query(Toast)
            assert toast.region.y == 3  # below the chart's header and legend
            assert not toast.region.overlaps(app.deck.strip.region)
            assert toast.region.right < app.size.width // 2

    async def settled_toasts(pilot: Pilot[int]) -> None:
        for _ in range(3):
            await pilot.pause()

    asyncio.run(script())


@pytest.mark.parametrize("size", [(120, 35), (200, 50)])
def test_notices_on_a_large_screen_cover_no_panel(size: tuple[int, int]):
    app = deck()

    async def script() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            for number in range(3):
                app.tell(f"notice {number}, of some length, as they are", "error")
            for _ in range(3):
                await pilot.pause()
            toasts = list(app.screen.query(Toast))
            assert len(toasts) == 3
            screen = app.deck
            for panel in (screen.blotter, screen.order_pane, screen.watchlist, screen.status):
                assert not any(toast.region.overlaps(panel.region) for toast in toasts)
            assert all(screen.charts.grid.region.contains_region(one.region) for one in toasts)

    asyncio.run(script())


def test_arming_is_said_by_the_badge_and_by_no_notice():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        before = app.state.notice_count
        await press(pilot, "o")
        assert " ARMED " in screen_text(app)
        await press(pilot, "o")
        assert "disarmed" in screen_text(app)
        assert app.state.notice_count == before

    run(app, script)


def test_escape_hides_the_crosshair():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "x", "escape")
        assert app.deck.chart.cursor_price is None

    run(app, script)


def test_the_footer_shows_only_keys_that_do_something():
    link = ScriptedLink()
    app = deck(link)

    def footer() -> str:
        return screen_text(app).splitlines()[-1]

    async def script(pilot: Pilot[int]) -> None:
        await press(pilot, "b")
        assert " tab " not in footer()
        await press(pilot, "o")
        assert "cancel" not in footer()
        assert "pick" not in footer()
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)))
        await settled(pilot)
        await press(pilot, "tab")
        assert "c cancel" in footer()
        assert "send" not in footer()
        await press(pilot, "up")
        assert "send" in footer()

    run(app, script, (200, 50))


def test_the_deck_follows_the_size_of_the_terminal():
    app = deck()

    async def script(pilot: Pilot[int]) -> None:
        for width, height in ((80, 24), (200, 50), (40, 12), (120, 35)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            rows = screen_text(app).splitlines()
            assert "btcusdt" in "\n".join(rows)
            assert max(map(len, rows)) <= width

    run(app, script)
