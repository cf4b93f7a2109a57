"""What the keys of a playback ask for."""

from __future__ import annotations

import pytest

from engine.messages import Command, EngineStatus, Playback, PlaybackStatus
from tui.playback import SPEEDS, PlaybackControls, next_speed
from tui.state import DeckState

SECOND = 1_000_000_000


class _Controls(PlaybackControls):
    def __init__(self, **fields: object) -> None:
        self.state = DeckState(["btcusdt.spot.replay", "btcusdt.spot.sim"])
        self.sent: list[Command] = []
        self.said: list[str] = []
        known: dict[str, object] = {
            "broker": "replay",
            "position_ns": 50 * SECOND,
            "start_ns": 0,
            "end_ns": 100 * SECOND,
            "speed": 1.0,
        }
        status = PlaybackStatus(**{**known, **fields})  # type: ignore[arg-type]
        self.state.fold(EngineStatus(now_ns=0, playbacks=(status,)))
        super().__init__(self.state, self.sent.append, lambda text, level: self.said.append(text))

    @property
    def asked(self) -> list[tuple[str, float]]:
        commands = [command for command in self.sent if isinstance(command, Playback)]
        assert all(command.broker == "replay" for command in commands)
        return [(command.action, command.value) for command in commands]


def test_the_keys_hold_only_in_a_market_that_is_played() -> None:
    controls = _Controls()
    assert controls.contexts == ("playback",)

    controls.state.select("btcusdt.spot.sim")
    assert controls.contexts == ()
    controls.toggle_pause()
    controls.seek(60)
    assert controls.sent == []
    assert controls.said == ["this market is not a playback"] * 2


def test_pause_goes_both_ways() -> None:
    playing, paused = _Controls(), _Controls(is_paused=True)
    playing.toggle_pause()
    paused.toggle_pause()

    assert playing.asked == [("pause", 0.0)]
    assert paused.asked == [("resume", 0.0)]


def test_seek_step_and_loop_name_their_value() -> None:
    controls = _Controls()
    controls.seek(-60)
    controls.step(5)
    controls.toggle_loop()
    controls.set_loop(False)
    controls.pause()
    controls.resume()

    assert controls.asked == [
        ("seek", -60.0),
        ("step", 5.0),
        ("loop", 1.0),
        ("loop", 0.0),
        ("pause", 0.0),
        ("resume", 0.0),
    ]


def test_a_restart_goes_back_by_more_than_the_whole_recording() -> None:
    controls = _Controls()
    controls.restart()

    assert controls.asked == [("seek", -101.0)]


def test_speed_steps_through_the_ladder_and_says_what_it_is() -> None:
    controls = _Controls(speed=20.0)
    controls.step_speed(1)
    controls.step_speed(-1)
    controls.set_speed(0.0)

    assert controls.asked == [("speed", 50.0), ("speed", 10.0), ("speed", 0.0)]
    assert controls.said[-1] == "playback speed: as fast as it goes"


@pytest.mark.parametrize(
    ("speed", "step", "then"),
    [
        (1.0, 1, 2.0),
        (3.0, 1, 5.0),
        (3.0, -1, 2.0),
        (0.1, -1, 0.1),
        (1000.0, 1, 0.0),
        (0.0, 1, 0.0),
        (0.0, -1, 1000.0),
    ],
)
def test_the_next_speed_is_the_next_of_the_ladder(speed: float, step: int, then: float) -> None:
    assert next_speed(speed, step) == then
    assert then in SPEEDS
