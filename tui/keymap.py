"""Which key does what: the defaults of the registry, changed by the user's `keys.toml`.

`keys.toml` gives an action other keys; what it does not name keeps its own::

    buy = "B"
    sell = ["S", "ctrl+s"]
    quit = []              # no key

Keys are written as they look (`[`, `+`, `C`) or by name (`enter`, `shift+up`, `ctrl+q`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import tomli

from engine.config import read_toml
from engine.errors import ConfigError
from engine.text import safe
from tui.actions import ACTIONS, BY_NAME, CONTEXTS, STACKS, Action, Entry, footer_for, help_rows

# -- names of keys ------------------------------------------------------------------------------

# The terminal layer names a punctuation key by its Unicode name, but for these.
_SHORT_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In the order in which the terminal layer writes them."""

_ARROWS = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete")
_NAMED = frozenset(
    {*_ARROWS, "tab", "enter", "escape", "space", "backspace", *(f"f{n}" for n in range(1, 25))}
)
_CHARACTERS = "".join(chr(code) for code in range(33, 127))

# A terminal sends the same bytes for both.
_ALIASES = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+left_square_bracket": "escape",
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "backtab": "shift+tab",
}

_SHOWN = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "enter": "enter",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "backspace": "bksp",
}


def key_of_character(character: str) -> str:
    """The name of the key that types `character`: `slash` for `/`, `C` for `C`."""
    if character == " ":
        return "space"
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORT_NAMES.get(name, name)


_CHARACTER_OF = {key_of_character(character): character for character in _CHARACTERS}


def display(key: str) -> str:
    """`key` as a person reads it: `/` for `slash`, `shift+↑` for `shift+up`."""
    *modifiers, last = key.split("+")
    return "+".join((*modifiers, _SHOWN.get(last) or _CHARACTER_OF.get(last, last)))


def parse_key(text: str) -> str | None:
    """The name of the key that a user calls `text`; None if no key is called so."""
    text = text.strip()
    if len(text) == 1:
        return key_of_character(text) if text in _CHARACTERS else None
    lowered = text.lower()
    head, _, last = lowered.rpartition("+")
    if head.endswith("+") and not last:  # 'ctrl++'
        head, last = head[:-1], "+"
    modifiers = sorted(head.split("+")) if head else []
    if len(last) == 1 and last in _CHARACTERS:
        last = key_of_character(last)
    last = _ALIASES.get(last, last)
    if len(set(modifiers)) != len(modifiers) or not set(modifiers) <= set(_MODIFIERS):
        return None
    if last not in _NAMED and last not in _CHARACTER_OF and "+" not in last:
        return None
    if modifiers == ["shift"] and last in _CHARACTER_OF:
        # Shift with a character is another character, and arrives as that.
        return last.upper() if last.isalpha() and len(last) == 1 else None
    key = "+".join((*modifiers, last))
    return _ALIASES.get(key, key)


def known_keys() -> Iterator[str]:
    """Names of keys to suggest to someone who mistyped one."""
    yield from sorted(_NAMED)
    yield from (name for name in sorted(_CHARACTER_OF) if len(name) > 1)
    for modifier in ("shift", "ctrl"):
        yield from (f"{modifier}+{arrow}" for arrow in _ARROWS)
    yield from (f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")


# -- the map ------------------------------------------------------------------------------------


class Conflict(NamedTuple):
    """Two actions that want one key at one time."""

    key: str
    first: Action
    second: Action


class Keymap:
    """Keys by action, and the action that a key means in a stack of contexts."""

    def __init__(self, keys_of: Mapping[str, Sequence[str]] | None = None) -> None:
        """Keys by action name; an action that is not named keeps its own."""
        changed = keys_of or {}
        self.keys_of: dict[str, tuple[str, ...]] = {
            action.name: tuple(changed.get(action.name, action.keys)) for action in ACTIONS
        }
        self._bound: dict[tuple[str, str], Action] = {
            (action.context, key): action
            for action in reversed(ACTIONS)
            for key in self.keys_of[action.name]
        }

    def resolve(self, contexts: Iterable[str], key: str) -> Action | None:
        """What `key` does where `contexts` hold, the nearest first; None if nothing."""
        for context in contexts:
            if action := self._bound.get((context, key)):
                return action
        return None

    def conflicts(self) -> list[Conflict]:
        """Keys that two actions want in one stack, where neither says that it hides the other."""
        users: dict[str, list[Action]] = {}
        for action in ACTIONS:
            for key in self.keys_of[action.name]:
                users.setdefault(key, []).append(action)
        return [
            Conflict(key, first, second)
            for key, actions in users.items()
            for at, first in enumerate(actions)
            for second in actions[at + 1 :]
            if _clash(first, second)
        ]

    def footer(self, contexts: Sequence[str]) -> list[Entry]:
        """What works now, with the keys of this map."""
        return footer_for(contexts, self.keys_of)

    def help(self) -> list[Entry]:
        """Every action, with the keys of this map."""
        return help_rows(self.keys_of)


def _clash(first: Action, second: Action) -> bool:
    if first.context == second.context:
        return True
    nearer, below = sorted((first, second), key=lambda action: CONTEXTS.index(action.context))
    together = any({first.context, second.context} <= set(stack) for stack in STACKS)
    return together and below.name not in nearer.hides


DEFAULT_KEYMAP = Keymap()


# -- keys.toml ----------------------------------------------------------------------------------


def load_keymap(source: str | Path | None) -> Keymap:
    """The map that `keys.toml` makes of the defaults.

    Args:
        source: the file, or its text; None or a file that does not exist is the defaults.

    Raises:
        ConfigError: no TOML, an unknown action or key, or two actions on one key. The message
            names file, action and key; the hint the nearest known name.
    """
    if source is None:
        return DEFAULT_KEYMAP
    if isinstance(source, Path):
        return _keymap_of(read_toml(source), safe(source, 200))
    try:
        table = tomli.loads(source)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"keys.toml: not valid TOML: {safe(error, 200)}") from error
    return _keymap_of(table, "keys.toml")


def template() -> str:
    """A `keys.toml` that changes nothing: every action with its keys, commented out."""
    lines = [
        '# tickdeck keys: action = "key", or a list of keys; [] takes them away.',
        "# What is commented out is the default.",
    ]
    group = ""
    for entry in help_rows():
        if entry.group != group:
            group = entry.group
            lines += ["", f"# -- {group} --"]
        keys = ", ".join(f'"{_written(key)}"' for key in entry.keys)
        lines += [f"# {entry.text}", f"# {entry.action.name} = [{keys}]"]
    return "\n".join(lines) + "\n"


def _written(key: str) -> str:
    """`key` as a person would write it in TOML."""
    *modifiers, last = key.split("+")
    character = _CHARACTER_OF.get(last, last)
    return "+".join((*modifiers, last if character in '"\\' else character))


def _keymap_of(table: Mapping[str, Any], file: str) -> Keymap:
    if not table:
        return DEFAULT_KEYMAP
    keymap = Keymap({name: _keys_of(file, name, value) for name, value in table.items()})
    if conflicts := keymap.conflicts():
        raise ConfigError(
            f"{file}: " + "; ".join(_say(conflict) for conflict in conflicts[:3]),
            hint="give one of them another key, or none: name = []",
        )
    return keymap


def _keys_of(file: str, name: str, value: Any) -> tuple[str, ...]:
    if name not in BY_NAME:
        raise ConfigError(
            f"{file}: {safe(name, 60)!r} is no action", hint=_nearest(name, list(BY_NAME))
        )
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list) or not all(isinstance(item, str) for item in written):
        raise ConfigError(
            f"{file}: {name}: keys are written as text or a list of texts",
            hint=f'write {name} = "x" or {name} = ["x", "ctrl+x"]',
        )
    return tuple(dict.fromkeys(_key_of(file, name, item) for item in written))


def _key_of(file: str, name: str, text: str) -> str:
    if (key := parse_key(text)) is None:
        raise ConfigError(
            f"{file}: {name}: {safe(text, 40)!r} is no key",
            hint=_nearest(text.lower(), list(known_keys())),
        )
    return key


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else ""


def _say(conflict: Conflict) -> str:
    key, first, second = conflict
    where = (
        f"in {first.context}"
        if first.context == second.context
        else f"in {first.context} and {second.context}"
    )
    return f"key {display(key)!r} is bound to both {first.name} and {second.name} {where}"
