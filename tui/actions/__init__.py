"""Everything that a key can do: the one registry behind help, footer and `keys.toml`.

An action names a method of a target; `perform` calls it. The deck maps the target names to
objects: `deck` (the app), `chart`, `blotter`, `desk` (`tui.orders.desk.OrderDesk`), `algos`
(`tui.algos.controls.AlgoControls`), `guards` (`tui.guards.GuardControls`) and `playback`
(`tui.playback.PlaybackControls`).

**Contexts.** A context is a state in which keys mean something. The deck passes those that
hold, the nearest first, always in the order of `CONTEXTS`; the first that knows the key has
it. An action that takes a key from a context below says so in `hides`; anything else is a
conflict. `STACKS` lists what can hold together.

**Order-sending actions** carry `sends_order`. Their methods take `at`, when the key was
pressed in seconds of the monotonic clock, and refuse what was not on the screen by then.
"""

from __future__ import annotations

from tui.actions.action import CONTEXTS, GROUPS, Action, Call, Entry
from tui.actions.registry import (
    ACTIONS,
    BY_NAME,
    STACKS,
    footer_for,
    help_rows,
    in_order,
    perform,
)

__all__ = [
    "ACTIONS",
    "BY_NAME",
    "CONTEXTS",
    "GROUPS",
    "STACKS",
    "Action",
    "Call",
    "Entry",
    "footer_for",
    "help_rows",
    "in_order",
    "perform",
]
