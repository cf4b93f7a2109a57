"""The keys of a playback: what they ask of the engine for the selected market."""

from __future__ import annotations

from collections.abc import Callable

from engine.messages import Command, Playback, PlaybackStatus
from tui.orders.ticket import Notify
from tui.paint import format as text_of
from tui.state import DeckState

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 0.0)
"""Times real time that the keys step through; 0, as fast as it goes, comes last."""


class PlaybackControls:
    """Pause, speed, seek and loop of the recording that the selected market comes from."""

    def __init__(self, state: DeckState, send: Callable[[Command], None], notify: Notify) -> None:
        self._state = state
        self._send = send
        self._notify = notify

    @property
    def status(self) -> PlaybackStatus | None:
        """Where the playback stands; None where the selected market is no playback."""
        return self._state.playbacks.get(self._broker)

    @property
    def contexts(self) -> tuple[str, ...]:
        """`playback` while its keys mean something."""
        return ("playback",) if self.status else ()

    @property
    def _broker(self) -> str:
        return self._state.selected.rpartition(".")[2]

    def toggle_pause(self) -> None:
        """Pause, or go on."""
        if status := self._known():
            self._ask("resume" if status.is_paused else "pause")

    def pause(self) -> None:
        """Stop where it stands."""
        if self._known():
            self._ask("pause")

    def resume(self) -> None:
        """Go on."""
        if self._known():
            self._ask("resume")

    def step(self, messages: int) -> None:
        """Play so many messages, then pause."""
        if self._known():
            self._ask("step", messages)

    def step_speed(self, step: int) -> None:
        """Play at the next speed of `SPEEDS` up or down."""
        if status := self._known():
            self.set_speed(next_speed(status.speed, step))

    def set_speed(self, speed: float) -> None:
        """Play at `speed` times real time; 0 is as fast as it goes."""
        if self._known():
            self._ask("speed", speed)
            told = f"{text_of.plain(speed)}x" if speed else "as fast as it goes"
            self._notify(f"playback speed: {told}", "info")

    def seek(self, seconds: float) -> None:
        """Go so many seconds of the recording on, or back."""
        if self._known():
            self._ask("seek", seconds)

    def restart(self) -> None:
        """Go to the start of the recording."""
        if status := self._known():
            # Far enough whatever was played since the last status; the player stops at the start.
            self._ask("seek", -(status.end_ns - status.start_ns) / 1e9 - 1)

    def toggle_loop(self) -> None:
        """Start again at the end, or stop there."""
        if status := self._known():
            self.set_loop(not status.is_looping)

    def set_loop(self, is_looping: bool) -> None:
        """Start again at the end, or stop there."""
        if self._known():
            self._ask("loop", 1 if is_looping else 0)
            self._notify("playback loops" if is_looping else "playback stops at its end", "info")

    def _known(self) -> PlaybackStatus | None:
        if (status := self.status) is None:
            self._notify("this market is not a playback", "warning")
        return status

    def _ask(self, action: str, value: float = 0.0) -> None:
        self._send(Playback(broker=self._broker, action=action, value=float(value)))  # type: ignore[arg-type]


def next_speed(speed: float, step: int) -> float:
    """The speed of `SPEEDS` that many steps above `speed`, or below; it stops at the ends."""
    ordered = [value or float("inf") for value in SPEEDS]
    present = speed or float("inf")
    above = [value for value in ordered if value > present]
    below = [value for value in ordered if value < present]
    side = above if step > 0 else below[::-1]
    if not side:
        return speed
    chosen = side[min(abs(step), len(side)) - 1]
    return 0.0 if chosen == float("inf") else chosen
