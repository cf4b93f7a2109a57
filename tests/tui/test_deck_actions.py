"""What keys and typed commands do to the deck itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual.pilot import Pilot

from engine.messages import Alert, AlertUpdate, Event, OrderState, OrderUpdate, Unwatch
from tests.support.scenes import BTC, deck, order, run, settled
from tests.support.scripted_link import ScriptedLink


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
