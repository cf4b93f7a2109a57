"""The program that runs when an alert calls, and the line that a terminal is sent."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.ems.alert_command import AlertCommand, arguments
from engine.ems.alerts import notification
from engine.messages import Alert, AlertUpdate


def update(note: str = "", **fields: Any) -> AlertUpdate:
    alert = Alert(
        alert_id="a",
        fqme="btcusdt.spot.sim",
        price=Decimal("101.50"),
        note=note,
        state="triggered",
        triggered_price=101.75,
    )
    return AlertUpdate(alert=alert, text=notification(alert), **fields)


@pytest.mark.parametrize(
    ("note", "given"),
    [
        ("a; rm -rf ~", "a; rm -rf ~"),
        ("$(reboot) `x` 'y' \"z\" | w > /f", "$(reboot) `x` 'y' \"z\" | w > /f"),
        ("--exec=x", "exec=x"),
        ("{price}", "{price}"),
        ("", ""),
    ],
)
def test_what_an_alert_says_is_one_argument_and_nothing_else(note: str, given: str) -> None:
    said = arguments(["notify", "-u", "low", "{note}", "at {price}"], update(note))

    assert said == ["notify", "-u", "low", given, "at 101.5"]


def test_the_program_is_never_made_of_what_an_alert_says() -> None:
    assert arguments(["{note}"], update("sh")) == ["{note}"]


async def test_it_is_run_without_a_shell(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "import json, sys; json.dump(sys.argv[2:], open(sys.argv[1], 'w'))"
    command = [sys.executable, "-c", script, str(out), "{fqme}", "{text}"]
    await AlertCommand(command).run(update("x && y"))

    assert json.loads(out.read_text()) == [
        "btcusdt.spot.sim",
        "btcusdt.spot.sim reached 101.5, last 101.75: x && y",
    ]


@pytest.mark.parametrize("command", [[], ["/no/such/program"], [sys.executable, "-c", "1 / 0"]])
async def test_a_program_that_fails_takes_nothing_with_it(command: list[str]) -> None:
    await AlertCommand(command).run(update())


def test_a_notification_cannot_end_the_sequence_that_carries_it() -> None:
    said = notification(update("a\x07b\x1b\\c;d\x9ce").alert)

    assert said.startswith("btcusdt.spot.sim reached 101.5")
    assert not any(char in said for char in "\x07\x1b\x9c;")


def test_only_an_alert_that_calls_notifies() -> None:
    assert notification(Alert(alert_id="a", fqme="x.y", price=Decimal(1))) == ""
