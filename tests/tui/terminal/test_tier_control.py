"""The tier: what was chosen by hand, else what the link can take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tui.terminal.bandwidth import BY_HAND, Meter, Tier
from tui.terminal.tier_control import TierControl, Wanted


class App:
    def __init__(self) -> None:
        self.used: list[Tier] = []

    def use_tier(self, tier: Tier) -> None:
        self.used.append(tier)

    def set_interval(self, interval: float, callback: Callable[[], Any]) -> object:
        raise AssertionError("there is no link to watch")


def control(app: App, wanted: Wanted = "auto") -> TierControl:
    return TierControl(app, wanted, 15.0, "truecolor")


def test_without_a_link_auto_is_full() -> None:
    tiers = control(App())
    tiers.start(object())

    assert tiers.tier.name == "full"
    assert (tiers.wire.tier, tiers.wire.why) == ("full", "")


def test_what_is_configured_holds_from_the_start() -> None:
    app = App()

    assert control(app, "slow").tier == ("slow", 1.0, "256", "slow")
    assert app.used == []


def test_a_choice_is_used_at_once_and_told_as_one() -> None:
    app = App()
    tiers = control(app)
    tiers.choose("lean")

    assert [tier.name for tier in app.used] == ["lean"]
    assert tiers.wire.why == BY_HAND


def test_the_same_choice_again_changes_nothing() -> None:
    app = App()
    tiers = control(app)
    tiers.choose("lean")
    tiers.choose("lean")

    assert len(app.used) == 1


class Weather:
    """A link that took less: as `LinkWeather` says it."""

    frames_s, bytes_s = 3.0, 1200.0
    meter = Meter(level=2, why="writes blocked")


def test_a_choice_beats_the_link_until_it_is_auto_again() -> None:
    app = App()
    tiers = control(app)
    tiers._weather = Weather()  # type: ignore[assignment]
    tiers._settle()
    assert tiers.wire == (3.0, 1200.0, "slow", "writes blocked")

    tiers.choose("full")
    assert tiers.wire == (3.0, 1200.0, "full", BY_HAND)

    tiers.choose("auto")
    assert [tier.name for tier in app.used] == ["slow", "full", "slow"]
