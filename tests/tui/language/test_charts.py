"""What can be typed of charts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.support.desk import ACME, BTC, CONTEXT, action_classes
from tui.actions import Call
from tui.language.commands import complete, parse
from tui.language.words import CommandError

NANOS = 1_000_000_000
NOW_NS = int(datetime(2026, 11, 21, 14, tzinfo=UTC).timestamp()) * NANOS
KNOWN = msgspec.structs.replace(CONTEXT, layouts=("desk", "night-shift"), now_ns=NOW_NS)


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * NANOS  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("grid 4", Call("deck", "set_grid", (4,))),
        ("overlay acme.stock.sim", Call("deck", "overlay", (ACME.fqme,))),
        ("overlay a.sim b.sim a.sim", Call("deck", "overlay", ("a.sim", "b.sim"))),
        ("overlay off", Call("deck", "take_off", ())),
        ("overlay off a.sim", Call("deck", "take_off", ("a.sim",))),
        ("overlay percent", Call("chart", "set_overlay_percent", (True,))),
        ("overlay absolute", Call("chart", "set_overlay_percent", (False,))),
        ("layout desk", Call("deck", "open_layout", ("desk",))),
        ("layout save scalping", Call("deck", "save_layout", ("scalping",))),
        ("layout delete NIGHT-shift", Call("deck", "delete_layout", ("night-shift",))),
        ("layout list", Call("deck", "list_layouts")),
        ("link market", Call("deck", "link", ("market", True))),
        ("free all", Call("deck", "link", ("all", False))),
        ("scale log", Call("chart", "set_price_scale", ("log",))),
        ("range lock", Call("deck", "lock_range")),
        ("range auto", Call("chart", "y_auto")),
        ("range 1 2.5", Call("chart", "set_range", (1.0, 2.5))),
        ("style heikin-ashi", Call("chart", "set_style", ("heikin-ashi",))),
        ("hours full", Call("chart", "set_closed_hours", (True,))),
        ("hours cut", Call("chart", "set_closed_hours", (False,))),
        ("zone local", Call("deck", "set_zone", ("local",))),
        ("zone europe/berlin", Call("deck", "set_zone", ("Europe/Berlin",))),
        ("tier lean", Call("deck", "set_tier", ("lean",))),
        ("wire on", Call("deck", "show_wire", (True,))),
        ("redraw", Call("deck", "redraw")),
        ("go 2023-03-01", Call("chart", "jump", (ns(2023, 3, 1),))),
        ("go 1 mar 14:30", Call("chart", "jump", (ns(2026, 3, 1, 14, 30),))),
        ("go 1.3.2023", Call("chart", "jump", (ns(2023, 3, 1),))),
        (f"go {BTC.fqme}", Call("deck", "go_to", (BTC.fqme,))),
        ("go new.spot.sim", Call("deck", "go_to", ("new.spot.sim",))),
    ],
)
def test_a_line_is_a_call_of_what_there_is(text: str, call: Call) -> None:
    assert parse(text, KNOWN) == call
    assert hasattr(action_classes()[call.target], call.method)


def test_dates_are_read_in_the_zone_of_the_deck() -> None:
    there = msgspec.structs.replace(KNOWN, zone=ZoneInfo("America/New_York"))

    assert parse("go 2023-03-01", there).arguments == (ns(2023, 3, 1, 5),)


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("grid 3", "3", "no grid"),
        ("grid", "", "how many is missing"),
        ("overlay", "", "the market is missing"),
        ("overlay what", "what", "what"),
        ("layout dsek", "dsek", "no layout"),
        ("layout save", "", "its name is missing"),
        ("scale cubic", "cubic", "no scale"),
        ("zone Mars/Olympus", "Mars/Olympus", "no time zone"),
        ("hours long", "long", "length of closed hours"),
        ("tier fast", "fast", "no tier"),
        ("go nowhere at all", "nowhere at all", ""),
        ("go btcusdt", "btcusdt", ""),
        ("range 2 1", "1", "above the lowest"),
    ],
)
def test_an_error_points_at_the_word(text: str, at: str, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(text, KNOWN)

    assert text[caught.value.start : caught.value.end] == at
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("grid ", ["grid 1", "grid 2", "grid 4", "grid 6"]),
        ("layout n", ["layout night-shift"]),
        ("scale l", ["scale linear", "scale log"]),
        ("zone europe/berl", ["zone Europe/Berlin"]),
        ("overlay o", ["overlay off"]),
        ("link c", ["link cursor"]),
        ("tier s", ["tier slow"]),
        ("hours ", ["hours cut", "hours full"]),
        ("range l", ["range lock"]),
    ],
)
def test_a_line_can_be_completed(text: str, choices: list[str]) -> None:
    assert complete(text, KNOWN) == choices
