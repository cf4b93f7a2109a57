"""Themes: read from TOML files, checked, and handed to Textual.

A theme file is named after its theme and says, in `[colors]`, what each role looks like as
`#rrggbb`. What it does not say comes from the theme it `inherits`: `night` unless it says
otherwise, or `day` if it is light. `[ansi]` says what a role is on a terminal of 16 colours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import tomli
from textual.theme import Theme as TextualTheme

from engine.text import safe
from tui.paint.color import DEFAULT, is_ansi, is_hex
from tui.paint.theme import ROLES, Colours, Depth, Kind, Theme, detect_depth

__all__ = [
    "DEFAULT_THEME",
    "ROLES",
    "Colours",
    "Depth",
    "Kind",
    "Theme",
    "ThemeError",
    "detect_depth",
    "load_themes",
    "parse_theme",
    "textual_theme",
    "theme_variables",
]

DEFAULT_THEME = "night"
_BASE: dict[str, str] = {"dark": "night", "light": "day"}
_MOST_BYTES = 64 * 1024


def textual_theme(theme: Theme) -> TextualTheme:
    """`theme` for Textual: its own variables, and each role as `$role` (`$up`, `$dark`, ...).

    On 16 colours and without colour it is an `ansi` theme; the app must then be made with
    `ansi_color=True`, or Textual turns the terminal's colours into its own.
    """
    colours = theme.colours
    return TextualTheme(
        name=theme.name,
        primary=colours.accent,
        secondary=colours.border,
        warning=colours.warning,
        error=colours.error,
        success=colours.success,
        accent=colours.accent,
        foreground=colours.text,
        background=colours.background,
        surface=colours.surface,
        panel=colours.raised,
        dark=theme.kind == "dark",
        variables=theme_variables(theme),
        ansi=theme.depth in ("16", "none"),
    )


def theme_variables(theme: Theme) -> dict[str, str]:
    """Variables of the style sheet: each role by its name, and Textual's own that follow them.

    An app returns those of its default theme from `get_theme_variable_defaults`, since its
    sheet is read before a theme is set.
    """
    colours = theme.colours
    roles = {role.replace("_", "-"): theme.colour(role) for role in ROLES}
    return roles | {
        "text-muted": colours.muted,
        "block-cursor-foreground": colours.text,
        "block-cursor-background": colours.raised,
        "border-blurred": colours.border,
        "scrollbar": colours.border,
        "scrollbar-background": colours.surface,
        "scrollbar-corner-color": colours.surface,
        "footer-key-foreground": colours.accent,
        "input-selection-background": colours.border,
        # Textual 8.2 leaves these out of an `ansi` theme, though its own widgets use them.
        "ansi-background": DEFAULT,
        "ansi-foreground": DEFAULT,
        "foreground-disabled": colours.muted,
        "surface-active": colours.raised,
        # Where what is selected has no ground of its own it is shown in reverse.
        "block-cursor-text-style": "bold reverse" if colours.raised == DEFAULT else "bold",
    }


def load_themes(user_dir: Path | None = None) -> tuple[dict[str, Theme], list[str]]:
    """All themes by name, and what is wrong with those that could not be read.

    A file in `user_dir` wins over a built-in theme of its name, unless it is wrong.
    """
    themes = _built_in()
    problems: list[str] = []
    for path in _files_in(user_dir, problems):
        try:
            theme = parse_theme(path.stem, _text_of(path), _built_in())
        except ThemeError as error:
            problems.extend(f"{safe(path.name, 60)}: {problem}" for problem in error.problems)
        else:
            themes[theme.name] = theme
    return themes, problems


class ThemeError(Exception):
    """A theme file is wrong: everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def parse_theme(name: str, text: str, bases: Mapping[str, Theme]) -> Theme:
    """The theme that a file says.

    Raises:
        ThemeError: with every problem found.
    """
    try:
        document = tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ThemeError([f"not TOML: {safe(error, 120)}"]) from error
    problems = _unknown_keys(document, ("kind", "inherits", "colors", "ansi"), "")
    kind = document.get("kind", "dark")
    if kind not in _BASE:
        problems.append(f"kind is {safe(kind, 30)!r}; it must be dark or light")
        kind = "dark"
    colours = _table(document, "colors", _is_colour, "#rrggbb", problems)
    ansi = _table(document, "ansi", is_ansi, "a terminal colour like ansi_red", problems)
    base = _base(document, kind, bases, problems)
    inherited = {} if base is None else {role: base.colour(role) for role in ROLES}
    missing = [role for role in ROLES if role not in inherited | colours]
    if missing:
        problems.append(f"colors does not say {', '.join(missing)}")
    if problems:
        raise ThemeError(problems)
    return Theme(
        name=safe(name, 40),
        kind=kind,
        colours=Colours(**(inherited | colours)),
        ansi=({} if base is None else base.ansi) | ansi,
    )


def _base(
    document: dict[str, Any], kind: str, bases: Mapping[str, Theme], problems: list[str]
) -> Theme | None:
    if not bases:
        return None
    name = document.get("inherits", _BASE[kind])
    if name in bases:
        return bases[name]
    problems.append(f"inherits {safe(name, 30)!r}; there is {', '.join(sorted(bases))}")
    return bases[_BASE[kind]]


def _table(
    document: dict[str, Any],
    key: str,
    is_valid: Callable[[Any], bool],
    wanted: str,
    problems: list[str],
) -> dict[str, str]:
    """The valid entries of a table of roles; the others are added to `problems`."""
    table = document.get(key, {})
    if not isinstance(table, dict):
        problems.append(f"{key} must be a table")
        return {}
    problems.extend(_unknown_keys(table, ROLES, f"{key}."))
    wrong = [role for role in ROLES if role in table and not is_valid(table[role])]
    problems.extend(f"{key}.{role} is {safe(table[role], 30)!r}; write {wanted}" for role in wrong)
    return {role: table[role] for role in ROLES if role in table and role not in wrong}


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and is_hex(value)


def _unknown_keys(table: dict[str, Any], known: tuple[str, ...], where: str) -> list[str]:
    problems = []
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(f"{where}{safe(key, 40)} is not known{hint}")
    return problems


@lru_cache(maxsize=1)
def _read_built_in() -> dict[str, Theme]:
    """The themes of the package. Read once: they do not change while we run."""
    texts = {
        file.name.removesuffix(".toml"): file.read_text("utf-8")
        for file in resources.files("themes").iterdir()
        if file.name.endswith(".toml")
    }
    complete = {name: parse_theme(name, texts[name], {}) for name in _BASE.values()}
    return complete | {
        name: parse_theme(name, text, complete)
        for name, text in sorted(texts.items())
        if name not in complete
    }


def _built_in() -> dict[str, Theme]:
    return dict(_read_built_in())


def _files_in(user_dir: Path | None, problems: list[str]) -> list[Path]:
    if user_dir is None or not user_dir.is_dir():
        return []
    try:
        return sorted(user_dir.glob("*.toml"))
    except OSError as error:
        problems.append(f"{safe(user_dir, 120)}: {safe(error.strerror)}")
        return []


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ThemeError(["too large for a theme"])
        return data.decode("utf-8")
    except OSError as error:
        raise ThemeError([f"cannot be read: {safe(error.strerror)}"]) from error
    except UnicodeDecodeError as error:
        raise ThemeError(["not UTF-8 text"]) from error
