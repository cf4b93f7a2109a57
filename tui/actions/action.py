"""What an action is, in which contexts keys mean something, and what a typed line calls."""

from __future__ import annotations

from typing import Any, NamedTuple

CONTEXTS = ("staged", "blotter", "order", "cursor", "playback", "chart", "deck")
"""All contexts, the nearest first.

`staged`: an intent is staged, or a working order is picked; `blotter`: the blotter has the
focus; `order`: order mode is armed; `cursor`: the crosshair is on; `playback`: the market is
a recording being played; `chart` and `deck` always hold on the main screen.
"""

GROUPS = ("Markets", "Chart", "Orders", "Guards", "Blotter", "Playback", "Deck")
"""The chapters of the help page, in its order."""


class Action(NamedTuple):
    """One thing that a key does."""

    name: str
    """What `keys.toml` calls it."""
    target: str
    """Whose method it is: `deck`, `chart`, `desk`, `algos`, `guards`, `playback`, `blotter`."""
    method: str
    arguments: tuple[Any, ...]
    help: str
    """What it does, in one line."""
    group: str
    context: str
    keys: tuple[str, ...]
    """The keys it has by default, by the names that the terminal layer gives them."""
    sends_order: bool = False
    """It can send, change or cancel an order; it is performed with the time of the key."""
    footer: str = ""
    """A word for the footer; empty keeps it out. Neighbours with one word share a place."""
    rank: int = 3
    """Where the footer is short of room the lower ranks stay."""
    hides: tuple[str, ...] = ()
    """Actions of contexts below that do not get its keys while its own context holds."""
    takes_keys: bool = False
    """It opens something that the keys after it are meant for."""


class Call(NamedTuple):
    """What a line of the command line asks for: a method of a target, as an action does."""

    target: str
    method: str
    arguments: tuple[Any, ...] = ()
    sends_order: bool = False


class Entry(NamedTuple):
    """A line of the footer or the help page."""

    keys: tuple[str, ...]
    text: str
    group: str
    action: Action
