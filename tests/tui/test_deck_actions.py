"""What keys and commands ask of the deck itself."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from engine.messages import (
    Alert,
    AlertUpdate,
    Event,
    OpenBars,
    OrderState,
    OrderUpdate,
    Search,
    Unwatch,
    Watch,
)
from tests.support.scenes import BTC, ETH, WATCH, busy, deck, order, run, settled
from tests.support.scripted_link import ScriptedLink
from tui.actions import ACTIONS
from tui.app import DeckApp
from tui.deck_actions import DeckActions
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.screens.search import SearchScreen

SOL = "solusdt.spot.sim"
Deed = Callable[[DeckApp, ScriptedLink, Pilot[int]], Awaitable[None]]


def _play(deed: Deed, *, watch: tuple[str, ...] = WATCH, size: tuple[int, int] = (120, 35)) -> None:
    link = ScriptedLink()
    app = deck(link, watch=watch)

    async def script(pilot: Pilot[int]) -> None:
        await deed(app, link, pilot)

    run(app, script, size)


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action.target == "deck"], ids=lambda a: a.name
)
def test_every_action_of_the_deck_is_here_and_takes_its_arguments(action: object) -> None:
    method = getattr(DeckActions, action.method)  # type: ignore[attr-defined]

    inspect.signature(method).bind(None, *action.arguments)  # type: ignore[attr-defined]
    assert method.__doc__


# -- markets --------------------------------------------------------------------------------------


def test_the_watchlist_is_walked_and_ends_at_its_ends() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.step_market(1)
        assert app.state.selected == ETH
        app.actions.step_market(-5)
        assert app.state.selected == BTC
        app.actions.step_market(99)
        assert app.state.selected == WATCH[-1]

    _play(deed)


def test_going_to_a_market_watches_and_charts_it() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.go_to(SOL)
        await settled(pilot)
        assert app.state.watch == [BTC, SOL]
        assert (app.state.selected, app.markets.shown) == (SOL, SOL)
        assert SOL in {bars.fqme for bars in link.sent_of(OpenBars)}

    _play(deed, watch=(BTC,))


def test_watching_selects_nothing_and_takes_each_market_once() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        before = len(link.sent_of(Watch))
        app.actions.watch(ETH, SOL, ETH, BTC)
        assert app.state.watch == [BTC, ETH, SOL]
        assert app.state.selected == BTC
        assert len(link.sent_of(Watch)) == before + 2

    _play(deed, watch=(BTC,))


def test_a_market_with_working_orders_stays_on_the_watchlist_and_says_why() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)))
        await settled(pilot)
        app.actions.unwatch(ETH, BTC, SOL)
        assert BTC in app.state.watch
        assert not {ETH, SOL} & set(app.state.watch)
        assert link.sent_of(Unwatch) == [Unwatch(fqmes=(ETH,)), Unwatch(fqmes=(SOL,))]
        assert app.state.notices[-1].text == f"{BTC} has working orders: it stays on the watchlist"

        link.give(OrderUpdate(order=order(1, OrderState.CANCELED)))
        await settled(pilot)
        app.actions.unwatch(BTC)
        assert BTC not in app.state.watch

    _play(deed)


@pytest.mark.parametrize(
    ("waiting", "over"),
    [
        (
            OrderUpdate(order=order(1, OrderState.DARK)),
            OrderUpdate(order=order(1, OrderState.CANCELED)),
        ),
        (
            AlertUpdate(alert=Alert(alert_id="a", fqme=BTC, price=Decimal(64200))),
            AlertUpdate(alert=Alert(alert_id="a", fqme=BTC, price=Decimal(1), state="canceled")),
        ),
    ],
    ids=["order", "alert"],
)
def test_a_market_stays_open_while_something_waits_for_its_price(
    waiting: Event, over: Event
) -> None:
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        link.give(waiting)
        await settled(pilot)
        app.actions.unwatch(BTC)
        assert not link.sent_of(Unwatch)
        assert "stays on the watchlist" in app.state.notices[-1].text
        link.give(over)
        await settled(pilot)
        app.actions.unwatch(BTC)
        assert link.sent_of(Unwatch) == [Unwatch(fqmes=(BTC,))]

    run(app, script)


def test_the_selected_market_is_taken_off_and_another_is_shown() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.unwatch_selected()
        await settled(pilot)
        assert app.state.watch == [ETH]
        assert app.state.selected == app.markets.shown == ETH

        app.actions.unwatch_selected()
        app.actions.unwatch_selected()
        await settled(pilot)
        assert app.state.watch == []
        assert link.sent_of(Unwatch) == [Unwatch(fqmes=(BTC,)), Unwatch(fqmes=(ETH,))]

    _play(deed, watch=(BTC, ETH))


def test_a_period_is_set_or_stepped() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.set_period(300)
        assert app.markets.period_s == 300
        app.actions.step_period(1)
        assert app.markets.period_s == 900
        app.actions.step_period(-2)
        assert app.markets.period_s == 60

    _play(deed)


def test_the_style_is_that_of_the_chart() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.set_style("curve")
        assert app.deck.chart.view.style == "curve"
        app.actions.set_style("bars")
        assert app.deck.chart.view.style == "bars"

    _play(deed)


# -- panels ---------------------------------------------------------------------------------------


def test_panels_are_hidden_and_shown_and_the_focus_is_given_and_taken_back() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.toggle_panel("blotter")
        assert not app.deck.is_shown("blotter")
        app.actions.step_focus(1)
        assert app.deck.is_shown("blotter")
        assert app.deck.focused_panel == "blotter"
        app.actions.back()
        assert app.deck.focused_panel == ""
        assert app.deck.is_shown("blotter")

    _play(deed)


# -- themes ---------------------------------------------------------------------------------------


def test_themes_are_gone_through_in_both_ways_and_told() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        names = list(app.theme_names)
        at = names.index("night")
        seen = []
        for _ in names:
            app.actions.step_theme(1)
            seen.append(app.deck_theme.name)
            assert app.state.notices[-1].text == f"theme {app.deck_theme.name}"
        assert seen == names[at + 1 :] + names[: at + 1]
        app.actions.step_theme(-1)
        assert app.deck_theme.name == names[at - 1]

    _play(deed)


def test_swapped_colours_stay_swapped_in_another_theme() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        up = app.deck_theme.colours.up
        app.actions.toggle_swap()
        assert app.deck_theme.colours.down == up
        app.actions.set_theme("day")
        assert (app.deck_theme.name, app.deck_theme.is_swapped) == ("day", True)
        app.actions.toggle_swap()
        app.actions.set_theme("night")
        assert not app.deck_theme.is_swapped
        assert app.deck_theme.colours.up == up

    _play(deed)


# -- other screens --------------------------------------------------------------------------------


def test_search_and_the_command_line_open_with_what_was_typed() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.open_search("sol")
        await settled(pilot)
        assert isinstance(app.screen, SearchScreen)
        assert link.sent_of(Search)[-1].text == "sol"
        await pilot.press("escape")
        await settled(pilot)

        app.actions.open_command("buy 1")
        await pilot.pause()
        assert app.deck.command is not None
        assert app.deck.command.is_open
        assert app.deck.command.line.text == "buy 1"

    _play(deed)


def test_help_opens_over_the_deck() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.actions.open_help()
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)

    _play(deed)


def test_leaving_asks_where_orders_work() -> None:
    async def deed(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(*busy())
        await settled(pilot)
        app.actions.quit_deck()
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        assert app.return_value is None

    _play(deed)
