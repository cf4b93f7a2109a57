"""The ways out of the deck."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from engine.messages import AlgoUpdate, CancelAlgo, CancelAll, OrderState, OrderUpdate
from tests.support.scenes import bracket, deck, order, press, run, screen_text, settled
from tests.support.scripted_link import ScriptedLink
from tui import leaving
from tui.app import DeckApp

Play = Callable[[DeckApp, ScriptedLink, Pilot[int]], Awaitable[None]]


def play(script: Play) -> DeckApp:
    """`script` on a deck with one working order."""
    link = ScriptedLink()
    app = deck(link)

    async def whole(pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.OPEN)))
        await settled(pilot)
        await script(app, link, pilot)

    run(app, whole)
    return app


def test_with_a_working_order_leaving_asks_and_escape_stays():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await press(pilot, "q")
        assert app.screen is not app.deck
        await press(pilot, "escape")
        assert app.screen is app.deck
        assert app.is_running
        assert link.sent_of(CancelAll) == []

    play(script)


def test_without_one_it_leaves_at_once():
    link = ScriptedLink()
    app = deck(link)

    async def script(pilot: Pilot[int]) -> None:
        app.leaving.ask()

    run(app, script)
    assert app.return_code == 0


def test_an_end_from_outside_asks_nobody(monkeypatch: pytest.MonkeyPatch):
    started: list[float] = []

    class _Timer:
        daemon = False

        def __init__(self, delay: float, function: object, arguments: object) -> None:
            started.append(delay)

        def start(self) -> None:
            assert self.daemon

    monkeypatch.setattr(leaving.threading, "Timer", _Timer)

    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.leaving.end(signal.SIGTERM)

    app = play(script)
    assert app.return_code == 128 + signal.SIGTERM
    assert started == [leaving.END_S]


def test_what_still_works_after_canceling_keeps_the_deck_open(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leaving, "CANCEL_WAIT_S", 0.0)

    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        await app.leaving._cancel_and_leave()
        assert len(link.sent_of(CancelAll)) == 1
        assert app.is_running
        assert "not left" in app.state.notices[-1].text
        assert app.state.notices[-1].level == "error"

    play(script)


def test_it_leaves_once_everything_is_canceled():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.CANCELED)))
        await app.leaving._cancel_and_leave()

    assert play(script).return_code == 0


def test_algos_are_ended_before_orders_are_canceled_or_they_would_send_them_again():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(AlgoUpdate(algo=bracket()), AlgoUpdate(algo=bracket(algo_id="b", status="done")))
        await settled(pilot)
        link.sent.clear()
        link.give(
            OrderUpdate(order=order(1, OrderState.CANCELED)),
            AlgoUpdate(algo=bracket(status="canceled")),
        )
        await app.leaving._cancel_and_leave()
        assert link.sent == [CancelAlgo(algo_id="a"), CancelAll()]

    assert play(script).return_code == 0


def test_an_algo_that_does_not_end_keeps_the_deck_open(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leaving, "CANCEL_WAIT_S", 0.0)

    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        link.give(OrderUpdate(order=order(1, OrderState.CANCELED)), AlgoUpdate(algo=bracket()))
        await settled(pilot)
        await app.leaving._cancel_and_leave()
        assert app.is_running
        assert "algos still run: 1: not left" in app.state.notices[-1].text

    play(script)


def test_what_is_on_no_record_is_said_to_end():
    async def script(app: DeckApp, link: ScriptedLink, pilot: Pilot[int]) -> None:
        app.is_on_record = False
        link.give(OrderUpdate(order=order(2, OrderState.DARK)))
        await settled(pilot)
        await press(pilot, "q")
        assert "1 order held here: ends with this process" in screen_text(app)

    play(script)
