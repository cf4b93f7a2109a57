"""Alerts: armed where the market stands, called once, or canceled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.messages import (
    AlertUpdate,
    CancelAlert,
    CommandRefused,
    SetAlert,
)
from tests.support.orders import open_desk
from tests.support.venue import FQME


async def test_an_alert_calls_once_when_the_last_price_reaches_it() -> None:
    async with open_desk() as desk:
        desk.router.handle(SetAlert(alert_id="a", fqme=FQME, price=Decimal(90), note="x\x07"))
        await desk.router.wait_idle()
        desk.tick(desk.trade(95.0))
        desk.tick(desk.trade(89.5), desk.trade(89.0))
        await desk.router.wait_idle()

        alerts = [update.alert for update in desk.told(AlertUpdate)]
        assert [alert.state for alert in alerts] == ["armed", "triggered"]
        assert (alerts[0].direction, alerts[0].note) == ("down", "x\ufffd")
        assert alerts[1].triggered_price == 89.5


async def test_a_canceled_alert_does_not_call() -> None:
    async with open_desk() as desk:
        desk.router.handle(SetAlert(alert_id="a", fqme=FQME, price=Decimal(110)))
        desk.router.handle(CancelAlert(alert_id="a"))
        desk.router.handle(CancelAlert(alert_id="a"))
        await desk.router.wait_idle()
        desk.tick(desk.trade(111.0))
        await desk.router.wait_idle()

        assert [update.alert.state for update in desk.told(AlertUpdate)] == ["armed", "canceled"]
        assert desk.told(CommandRefused)[0].reason == "the alert is canceled"


@pytest.mark.parametrize(
    ("alert", "check"),
    [
        (SetAlert(alert_id="a", fqme="nosuch.spot.test", price=Decimal(1)), "market"),
        (SetAlert(alert_id="a", fqme=FQME, price=Decimal("NaN")), "price"),
    ],
)
async def test_an_alert_that_could_never_call_is_refused(alert: SetAlert, check: str) -> None:
    async with open_desk() as desk:
        desk.router.handle(alert)
        await desk.router.wait_idle()

        (refused,) = desk.told(CommandRefused)
        assert refused.check == check
        assert refused.limit
        assert refused.value
