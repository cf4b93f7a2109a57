"""Keys of a playback."""

from __future__ import annotations

from tui.actions.action import Action

PLAYBACK: tuple[Action, ...] = (
    Action(
        "playback_pause", "playback", "toggle_pause", (), "Pause the playback, or go on",
        "Playback", "playback", ("space",), footer="pause", rank=1,
    ),
    Action(
        "playback_slower", "playback", "step_speed", (-1,), "Play slower", "Playback",
        "playback", ("less_than_sign",), footer="speed", rank=2,
    ),
    Action(
        "playback_faster", "playback", "step_speed", (1,), "Play faster", "Playback",
        "playback", ("greater_than_sign",), footer="speed", rank=2,
    ),
    Action(
        "playback_step", "playback", "step", (1,), "Play one message", "Playback", "playback",
        ("full_stop",), footer="step",
    ),
    Action(
        "playback_back", "playback", "seek", (-60,), "Go back a minute", "Playback", "playback",
        ("ctrl+left",), footer="seek", hides=("bar_left",),
    ),
    Action(
        "playback_forward", "playback", "seek", (60,), "Go on a minute", "Playback", "playback",
        ("ctrl+right",), footer="seek", hides=("bar_right",),
    ),
    Action(
        "playback_restart", "playback", "restart", (), "Go to the start", "Playback", "playback",
        ("ctrl+home",),
    ),
    Action(
        "playback_loop", "playback", "toggle_loop", (), "Start again at the end, or stop there",
        "Playback", "playback", ("L",),
    ),
)  # fmt: skip
