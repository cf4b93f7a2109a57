"""Which tier the deck draws by: the one chosen by hand, or the one that the link can take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from tui.paint.theme import Depth
from tui.terminal.bandwidth import BY_HAND, Tier, TierName, Wire, tier
from tui.terminal.link_weather import TICK_S, LinkWeather

Wanted = TierName | Literal["auto"]

WANTED: tuple[Wanted, ...] = ("auto", "full", "lean", "slow")


class Tiered(Protocol):
    """What this needs of the app."""

    def use_tier(self, tier: Tier) -> None: ...
    def set_interval(self, interval: float, callback: Callable[[], Any]) -> object: ...


class TierControl:
    """Knows the tier, and has the app use another when that changes."""

    def __init__(self, app: Tiered, wanted: Wanted, frame_hz: float, depth: Depth) -> None:
        """
        Args:
            app: told of each change by `use_tier`; not of the first tier, which it asks for.
            wanted: as configured.
            frame_hz: as configured: the most in any tier.
            depth: colours of the terminal: the most in any tier.
        """
        self._app = app
        self._frame_hz = frame_hz
        self._depth = depth
        self._weather: LinkWeather | None = None
        self.wanted: Wanted = wanted
        self.tier = self._tier()

    def start(self, driver: object) -> None:
        """Watch the link, once there is one. `driver` is the app's: where bytes do not leave
        through an outlet, as in a test without a terminal, there is none."""
        if self._weather is None and hasattr(driver, "outlet"):
            from tui.terminal.driver import OWN_MODES

            self._weather = LinkWeather(driver, self._settle, modes=OWN_MODES)  # type: ignore[arg-type]
            self._app.set_interval(TICK_S, self._weather.tick)

    def choose(self, wanted: Wanted) -> None:
        """Use that tier from now on; `auto` leaves it to the link."""
        self.wanted = wanted
        self._settle()

    def _tier(self) -> Tier:
        measured = self._weather.meter.tier if self._weather else "full"
        name = measured if self.wanted == "auto" else self.wanted
        return tier(name, self._frame_hz, self._depth)

    def _settle(self) -> None:
        new = self._tier()
        if new != self.tier:
            self.tier = new
            self._app.use_tier(new)

    @property
    def wire(self) -> Wire:
        """What goes to the terminal, and why."""
        weather = self._weather
        by_hand = self.wanted != "auto"
        return Wire(
            frames_s=weather.frames_s if weather else 0.0,
            bytes_s=weather.bytes_s if weather else 0.0,
            tier=self.tier.name,
            why=BY_HAND if by_hand else weather.meter.why if weather else "",
        )
