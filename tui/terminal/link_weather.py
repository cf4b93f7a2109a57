"""What the link to the terminal can take, watched while the deck runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.clock import monotonic_s
from engine.log import logger
from tui.terminal.bandwidth import Meter, Observation
from tui.terminal.intake import ModeReport
from tui.terminal.outlet import Outlet
from tui.terminal.probe import Probe

TICK_S = 0.25
"""How often `LinkWeather.tick` is to be called."""

OBSERVE_S = 1.0
"""How often the meter is told."""

_log = logger(__name__)


class Asking(Protocol):
    """What this needs of a driver."""

    outlet: Outlet
    on_report: Callable[[ModeReport, float], object] | None

    def ask(self, mode: int) -> None: ...


class LinkWeather:
    """Asks the terminal now and then, looks at what leaves, and says which tier fits."""

    def __init__(
        self,
        driver: Asking,
        changed: Callable[[], object],
        *,
        modes: tuple[int, ...],
        monotonic: Callable[[], float] = monotonic_s,
    ) -> None:
        """
        Args:
            driver: of the terminal.
            changed: called from the loop when `meter.tier` is another.
            modes: that the terminal is asked about.
            monotonic: seconds.
        """
        self._driver = driver
        self._outlet = driver.outlet
        self._changed = changed
        self._monotonic = monotonic
        self._probe = Probe(modes)
        self._own_modes = modes
        self._answer_s: float | None = None
        self._observed_s = monotonic()
        self._blocked_s = self._outlet.blocked_s
        self._frames = self._outlet.frames_sent
        self._bytes = self._outlet.bytes_sent
        self.frames_s = 0.0
        """Pictures that left in the last second or so, by the second."""
        self.bytes_s = 0.0
        self.meter = Meter()
        driver.on_report = self._reported

    def _reported(self, report: ModeReport, at_s: float) -> None:
        took_s = self._probe.answered(report.mode, at_s)
        if took_s is not None:
            self._answer_s = max(took_s, self._answer_s or 0.0)
        self._outlet.hold(self._probe.is_overdue(self._monotonic()))

    def tick(self) -> None:
        """Ask if it is time to, hold back what would only queue up, and tell the meter."""
        now_s = self._monotonic()
        if not self._outlet.bytes_waiting:
            mode = self._probe.wish(now_s, self._outlet.bytes_sent)
            if mode is not None:
                self._driver.ask(mode)
        self._outlet.hold(self._probe.is_overdue(now_s))
        if now_s - self._observed_s >= OBSERVE_S:
            self._observe(now_s)

    def _observe(self, now_s: float) -> None:
        outlet, past_s = self._outlet, now_s - self._observed_s
        blocked_s, frames, sent = outlet.blocked_s, outlet.frames_sent, outlet.bytes_sent
        observation = Observation(
            at_s=now_s,
            answer_s=self._answer_s,
            unanswered_s=self._probe.unanswered_s(now_s),
            blocked=min(1.0, (blocked_s - self._blocked_s) / past_s),
            waiting_s=outlet.waiting_s,
        )
        self.frames_s = (frames - self._frames) / past_s
        self.bytes_s = (sent - self._bytes) / past_s
        self._blocked_s, self._frames, self._bytes = blocked_s, frames, sent
        self._observed_s, self._answer_s = now_s, None
        before, self.meter = self.meter.tier, self.meter.fold(observation)
        if self.meter.tier != before:
            _log.info("link takes %s, was %s %s", self.meter.tier, before, self.meter.why)
            self._changed()
