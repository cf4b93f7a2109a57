"""Alerts: prices at which to call the user. They rest in the dark book beside dark orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from engine.ems.dark import DarkBook, Touch, standing
from engine.ems.shape import LARGEST, text
from engine.messages import Alert, CancelAlert, CommandRefused, Quote, SetAlert
from engine.text import safe

_KEY = "alert "
"""Put before an alert's id in the dark book, where orders are held under their own."""


class Alerts:
    """All alerts of this run. Each method returns the alert as it is then, or why not."""

    def __init__(
        self,
        dark: DarkBook,
        *,
        quote_of: Callable[[str], Quote | None],
        now_ns: Callable[[str], int],
    ) -> None:
        self._dark = dark
        self._quote_of = quote_of
        self._now_ns = now_ns
        self._alerts: dict[str, Alert] = {}

    def set(self, command: SetAlert) -> Alert | CommandRefused:
        """Arm an alert, in the direction in which the market would reach it from here."""
        known = self._alerts.get(command.alert_id)
        if known is not None:
            return known
        if not command.price.is_finite() or abs(command.price) > LARGEST:
            reason = "no market has such a price"
            return _refused("setalert", "price", reason, text(LARGEST), text(command.price))
        quote = self._quote_of(command.fqme)
        if quote is None:
            reason = f"market {safe(command.fqme, 80)} is not open"
            return _refused("setalert", "market", reason, "open", command.fqme)
        key = _KEY + command.alert_id
        at = standing(quote, command.reference)
        direction = self._dark.hold(
            "alert", key, command.fqme, command.price, at, source=command.reference
        )
        return self._keep(
            Alert(
                alert_id=command.alert_id,
                fqme=command.fqme,
                price=command.price,
                note=safe(command.note, 400),
                reference=command.reference,
                direction=direction,
                created_ns=self._now_ns(command.fqme),
            )
        )

    def restore(self, alert: Alert) -> None:
        """An alert of the run before: what was armed rests again, in the direction it had."""
        self._keep(alert)
        if alert.state == "armed":
            self._dark.hold(
                "alert",
                _KEY + alert.alert_id,
                alert.fqme,
                alert.price,
                None,
                source=alert.reference,
                direction=alert.direction,
            )

    def markets(self) -> list[str]:
        """Of every alert that is armed."""
        return [alert.fqme for alert in self._alerts.values() if alert.state == "armed"]

    def cancel(self, command: CancelAlert) -> Alert | CommandRefused:
        """Disarm an alert."""
        alert = self._alerts.get(command.alert_id)
        if alert is None or alert.state != "armed":
            reason = "there is no such alert" if alert is None else f"the alert is {alert.state}"
            return _refused("cancelalert", "alert", reason, "armed", command.alert_id)
        self._dark.release(_KEY + command.alert_id)
        return self._keep(replace(alert, state="canceled"))

    def call(self, touch: Touch) -> Alert | None:
        """The market reached an alert; None if it was canceled in the same moment."""
        alert = self._alerts[touch.held_id.removeprefix(_KEY)]
        if alert.state != "armed":
            return None
        return self._keep(
            replace(
                alert,
                state="triggered",
                triggered_ns=touch.recv_ns,
                triggered_price=touch.price,
            )
        )

    def _keep(self, alert: Alert) -> Alert:
        self._alerts[alert.alert_id] = alert
        return alert


def notification(alert: Alert) -> str:
    """One line that a terminal can be sent as a desktop notification; "" unless it calls.

    OSC 9 ends with its terminator, and OSC 777 separates its fields by semicolons
    (https://codeberg.org/dnkl/foot/wiki, "Desktop notifications"): neither is in what comes
    back, nor any other control character.
    """
    if alert.state != "triggered":
        return ""
    price, touched = text(alert.price), alert.triggered_price
    # All digits of it: a price of six is no rarity.
    reached = "" if touched is None else f", {alert.reference} {text(Decimal(repr(touched)))}"
    note = f": {alert.note}" if alert.note else ""
    return safe(f"{alert.fqme} reached {price}{reached}{note}", 200).replace(";", ",")


def _refused(command: str, check: str, reason: str, limit: str, value: str) -> CommandRefused:
    return CommandRefused(
        command=command, reason=reason, check=check, limit=limit, value=safe(value, 80)
    )
