"""Alerts: armed where the market stands, called once, or canceled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.ems.alerts import Alerts, notification
from engine.ems.dark import DarkBook
from engine.messages import (
    Alert,
    AlertReference,
    AlertUpdate,
    Ask,
    Bid,
    CancelAlert,
    CommandRefused,
    SetAlert,
    Trade,
)
from tests.support.orders import open_desk
from tests.support.venue import FQME, START_NS, ScriptedMarkets


def test_what_is_notified_has_every_digit_and_nothing_that_a_terminal_obeys() -> None:
    alert = Alert(
        alert_id="a",
        fqme=FQME,
        price=Decimal("65000.50"),
        note="out;now\x1b\x07",
        state="triggered",
        triggered_price=1234567.05,
    )

    assert notification(replace(alert, state="armed")) == ""
    assert notification(alert) == (f"{FQME} reached 65000.5, last 1234567.05: out,now\ufffd\ufffd")


# -- through the router ------------------------------------------------------------------------


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


# -- by themselves -----------------------------------------------------------------------------


class Watch:
    """Alerts over a dark book, in one market at 100 whose clock says `START_NS`."""

    def __init__(self) -> None:
        self.dark = DarkBook()
        self.markets = ScriptedMarkets()
        self.alerts = Alerts(
            self.dark,
            quote_of=self.markets.quote_of,
            now_ns=lambda fqme: START_NS,
        )

    def set(self, price: str, alert_id: str = "a", note: str = "") -> Alert:
        alert = self.alerts.set(
            SetAlert(alert_id=alert_id, fqme=FQME, price=Decimal(price), note=note)
        )
        assert isinstance(alert, Alert)
        return alert

    def trade(self, price: float) -> list[Alert | None]:
        touches = self.dark.on_ticks(FQME, [Trade(FQME, price, 1.0, "", START_NS, START_NS + 5)])
        return [self.alerts.call(touch) for touch in touches]


@pytest.mark.parametrize(
    ("price", "direction"), [("100.01", "up"), ("100", "up"), ("99.99", "down")]
)
def test_an_alert_is_armed_in_the_direction_in_which_the_market_would_reach_it(
    price: str, direction: str
) -> None:
    assert Watch().set(price) == Alert(
        alert_id="a",
        fqme=FQME,
        price=Decimal(price),
        state="armed",
        direction=direction,
        created_ns=START_NS,
    )


def test_an_alert_set_again_under_its_id_is_the_one_that_there_is() -> None:
    watch = Watch()
    first = watch.set("110")

    assert watch.set("120") == first
    assert len(watch.dark) == 1


def test_an_alert_that_was_called_tells_by_what_price_and_when_and_calls_no_more() -> None:
    watch = Watch()
    armed = watch.set("110", note="breakout")

    assert watch.trade(110.5) == [
        replace(armed, state="triggered", triggered_ns=START_NS + 5, triggered_price=110.5)
    ]
    assert watch.trade(111.0) == []
    assert len(watch.dark) == 0


def test_an_alert_canceled_after_its_touch_is_not_called() -> None:
    watch = Watch()
    watch.set("110")
    (touch,) = watch.dark.on_ticks(FQME, [Trade(FQME, 110.0, 1.0)])
    canceled = watch.alerts.cancel(CancelAlert(alert_id="a"))

    assert isinstance(canceled, Alert)
    assert canceled.state == "canceled"
    assert watch.alerts.call(touch) is None


def test_an_alert_and_an_order_of_the_same_id_are_held_beside_each_other() -> None:
    watch = Watch()
    watch.dark.hold("order", "a", FQME, Decimal(105), 100.0)
    watch.set("105")
    watch.alerts.cancel(CancelAlert(alert_id="a"))

    assert "a" in watch.dark
    assert len(watch.dark) == 1


@pytest.mark.parametrize("price", ["NaN", "sNaN", "-Infinity", "1e16", "-1e400"])
def test_a_price_that_no_market_can_have_is_refused_and_holds_nothing(price: str) -> None:
    watch = Watch()
    refused = watch.alerts.set(SetAlert(alert_id="a", fqme=FQME, price=Decimal(price)))

    assert isinstance(refused, CommandRefused)
    assert (refused.command, refused.check) == ("setalert", "price")
    assert len(watch.dark) == 0


def test_a_cancel_says_why_there_is_nothing_to_cancel() -> None:
    watch = Watch()
    watch.set("110", "called")
    watch.trade(110.0)

    reasons = []
    for alert_id in ("never\x1b", "called"):
        refused = watch.alerts.cancel(CancelAlert(alert_id=alert_id))
        assert isinstance(refused, CommandRefused)
        reasons.append((refused.reason, refused.value))
    assert reasons == [
        ("there is no such alert", "never\ufffd"),
        ("the alert is triggered", "called"),
    ]


@pytest.mark.parametrize("reference", ["bid", "ask", "mid"])
async def test_an_alert_can_be_held_against_a_quote(reference: AlertReference) -> None:
    async with open_desk() as desk:
        price = {"bid": Decimal(102), "ask": Decimal(104), "mid": Decimal(103)}[reference]
        desk.router.handle(
            SetAlert(alert_id="a", fqme=FQME, price=price, note="now", reference=reference)
        )
        await desk.router.wait_idle()
        desk.tick(desk.trade(110.0))
        await desk.router.wait_idle()
        before = desk.told(AlertUpdate)[-1].alert.state
        desk.tick(Bid(FQME, 102.0, 1.0), Ask(FQME, 104.0, 1.0))
        await desk.router.wait_idle()

        assert before == "armed"
        update = desk.told(AlertUpdate)[-1]
        assert (update.alert.state, update.alert.reference) == ("triggered", reference)
        assert update.text == f"{FQME} reached {price}, {reference} {price}: now"
