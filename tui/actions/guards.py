"""Keys of the guards."""

from __future__ import annotations

from tui.actions.action import Action

GUARDS: tuple[Action, ...] = (
    Action(
        "kill_switch", "guards", "ask_kill", (),
        "Kill switch: cancel everything, take no new order (asks first); again lifts it",
        "Guards", "deck", ("K",), footer="kill", rank=4,
    ),
)  # fmt: skip
