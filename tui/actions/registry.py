"""All actions, what can hold together, and how one is performed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from tui.actions.action import CONTEXTS, GROUPS, Action, Call, Entry
from tui.actions.blotter import BLOTTER
from tui.actions.chart import CHART
from tui.actions.deck import DECK
from tui.actions.guards import GUARDS
from tui.actions.markets import MARKETS
from tui.actions.orders import ORDERS
from tui.actions.playback import PLAYBACK

ACTIONS: tuple[Action, ...] = (*MARKETS, *CHART, *ORDERS, *BLOTTER, *GUARDS, *PLAYBACK, *DECK)
"""The registry. Nothing else binds keys of the main screen."""

BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}


def _stacks() -> Iterable[tuple[str, ...]]:
    """`chart` and `deck` always hold; nothing is staged while order mode is off."""
    optional = [context for context in CONTEXTS if context not in ("chart", "deck")]
    for choice in product((False, True), repeat=len(optional)):
        held = {context for context, holds in zip(optional, choice, strict=True) if holds}
        if "staged" in held and "order" not in held:
            continue
        yield tuple(c for c in CONTEXTS if c in held or c in ("chart", "deck"))


STACKS: tuple[tuple[str, ...], ...] = tuple(_stacks())
"""Every set of contexts that can hold at one time, the nearest first."""


def in_order(contexts: Iterable[str]) -> tuple[str, ...]:
    """`contexts` as `CONTEXTS` has them: the nearest first."""
    held = set(contexts)
    return tuple(context for context in CONTEXTS if context in held)


def perform(action: Action | Call, targets: Mapping[str, Any], at: float) -> Any:
    """Call the method of an action, or of a typed command, on its target.

    Args:
        targets: objects by the names that actions use.
        at: when the key was pressed, seconds of the monotonic clock (`Key.time`).
    """
    if isinstance(action, Call) or action.takes_keys:
        # What is opened may get the keys only later, and an Enter that closes it may come
        # twice: neither may send what is staged, however long that has been on the screen.
        targets["desk"].unsee()
    method = getattr(targets[action.target], action.method)
    if action.sends_order:
        return method(*action.arguments, at=at)
    return method(*action.arguments)


def footer_for(
    contexts: Sequence[str], keys_of: Mapping[str, tuple[str, ...]] | None = None
) -> list[Entry]:
    """What works now and has a word for the footer, the nearest context first.

    Args:
        contexts: those that hold, the nearest first.
        keys_of: keys by action name, as a `Keymap` has them; the defaults without it.
    """
    seen: set[str] = set()
    entries: list[Entry] = []
    for context in contexts:
        for action in ACTIONS:
            if action.context != context:
                continue
            keys = action.keys if keys_of is None else keys_of.get(action.name, ())
            free = tuple(key for key in keys if key not in seen)
            if free and action.footer:
                entries.append(Entry(free, action.footer, action.group, action))
        # What a nearer context binds is not free below, shown or not.
        seen.update(_keys_of_context(context, keys_of))
    return entries


def help_rows(keys_of: Mapping[str, tuple[str, ...]] | None = None) -> list[Entry]:
    """Every action with its keys, by group in the order of `GROUPS`; unbound ones last."""
    rows = [
        Entry(
            action.keys if keys_of is None else keys_of.get(action.name, ()),
            action.help,
            action.group,
            action,
        )
        for action in ACTIONS
    ]
    return sorted(rows, key=lambda row: (GROUPS.index(row.group), not row.keys))


def _keys_of_context(context: str, keys_of: Mapping[str, tuple[str, ...]] | None) -> Iterable[str]:
    for action in ACTIONS:
        if action.context == context:
            yield from action.keys if keys_of is None else keys_of.get(action.name, ())
