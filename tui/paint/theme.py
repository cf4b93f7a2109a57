"""What each role looks like, at the depth of colour that the terminal has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import msgspec
from rich.style import Style
from textual.color import Color

from tui.paint.color import DEFAULT, blend, is_hex, nearest_256, readable_on

Depth = Literal["truecolor", "256", "16", "none"]
"""What the terminal can show. `none` (NO_COLOR): attributes only."""

Kind = Literal["dark", "light"]


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """What each role looks like: `#rrggbb`, or an `ansi_` name."""

    background: str
    surface: str
    """Behind panels beside the chart."""
    raised: str
    """Behind what is selected or edited."""
    border: str
    text: str
    muted: str
    """Text that explains other text."""
    accent: str
    """Where the keyboard is; titles."""

    up: str
    down: str
    flat: str
    bid: str
    ask: str
    last: str

    position: str
    breakeven: str
    """Where a position would be closed without profit or loss, fees paid."""
    own: str
    """Our fills."""
    staged: str
    """An order that is only on the screen: neutral on purpose."""
    unacked: str
    """Sent, and not yet acknowledged."""
    working: str
    dark: str
    """Held here; no venue has seen it."""
    triggered: str
    unknown: str
    alert: str
    live: str
    """Real money: loud on purpose, and the colour of nothing else."""

    overlay1: str
    """Markets that share a chart with another one, by their slot."""
    overlay2: str
    overlay3: str
    overlay4: str
    overlay5: str
    overlay6: str
    overlay7: str

    stale: str
    grid: str
    session: str
    """Where a day or a session begins: behind everything, as the grid is."""
    axis: str
    cursor: str
    measure: str
    """What is measured or marked on a chart."""
    success: str
    warning: str
    error: str


ROLES: tuple[str, ...] = Colours.__struct_fields__

OVERLAY_ROLES = tuple(f"overlay{slot}" for slot in range(1, 8))

# On 16 colours the background is the terminal's own, so that text stays readable whether it
# is dark or light; hues are those that say the same in most terminals. What is selected is
# shown in reverse: no pair of the sixteen can be read in all of their palettes (in Nord and
# Dracula white on blue is 2.4 to 1), but what the terminal writes with always can.
_ANSI = dict.fromkeys(("background", "surface", "raised", "text"), DEFAULT) | {
    "border": "ansi_bright_black",
    "muted": "ansi_bright_black",
    "accent": "ansi_cyan",
    "up": "ansi_green",
    "down": "ansi_red",
    "flat": "ansi_bright_black",
    "bid": "ansi_green",
    "ask": "ansi_red",
    "last": DEFAULT,
    "position": "ansi_cyan",
    "breakeven": "ansi_bright_cyan",
    "own": "ansi_cyan",
    "staged": DEFAULT,
    "unacked": "ansi_yellow",
    "working": "ansi_bright_blue",
    "dark": "ansi_magenta",
    "triggered": "ansi_yellow",
    "unknown": "ansi_red",
    "alert": "ansi_yellow",
    "live": "ansi_bright_magenta",
    "overlay1": "ansi_bright_cyan",
    "overlay2": "ansi_magenta",
    "overlay3": "ansi_bright_yellow",
    "overlay4": "ansi_bright_blue",
    "overlay5": "ansi_bright_red",
    "overlay6": "ansi_bright_green",
    "overlay7": "ansi_white",
    "stale": "ansi_bright_black",
    "grid": "ansi_bright_black",
    "session": "ansi_bright_black",
    "axis": "ansi_bright_black",
    "cursor": DEFAULT,
    "measure": "ansi_bright_yellow",
    "success": "ansi_green",
    "warning": "ansi_yellow",
    "error": "ansi_red",
}
# Bright hues are pale on a light ground.
_ANSI_LIGHT = _ANSI | {
    "alert": "ansi_magenta",
    "breakeven": "ansi_cyan",
    "measure": "ansi_magenta",
    "overlay1": "ansi_blue",
    "overlay2": "ansi_magenta",
    "overlay3": "ansi_cyan",
    "overlay4": "ansi_yellow",
    "overlay5": "ansi_red",
    "overlay6": "ansi_green",
    "overlay7": "ansi_bright_black",
    "working": "ansi_blue",
}

# How a role is told from plain text where there is no colour at all.
_ATTRIBUTES: dict[str, dict[str, bool]] = {
    "muted": {"dim": True},
    "accent": {"bold": True},
    "border": {"dim": True},
    "up": {"bold": True},
    "flat": {"dim": True},
    "last": {"bold": True},
    "position": {"bold": True},
    "breakeven": {"underline": True},
    "own": {"bold": True},
    "staged": {"bold": True},
    "unacked": {"dim": True},
    "working": {"bold": True},
    "dark": {"underline": True},
    "triggered": {"bold": True, "underline": True},
    "unknown": {"bold": True, "reverse": True},
    "alert": {"underline": True},
    "live": {"bold": True, "reverse": True},
    "stale": {"dim": True},
    "grid": {"dim": True},
    "session": {"dim": True},
    "axis": {"dim": True},
    "cursor": {"bold": True},
    "measure": {"bold": True},
    "warning": {"bold": True, "underline": True},
    "error": {"bold": True, "reverse": True},
}


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """One theme, at one depth of colour."""

    name: str
    kind: Kind
    colours: Colours
    ansi: dict[str, str] = {}
    """Roles that its file sets for 16 colours."""
    depth: Depth = "truecolor"
    is_swapped: bool = False
    """Up and down have changed colours, as markets in East Asia show them."""

    def colour(self, role: str) -> str:
        """The colour of `role`, as Textual's style sheets write it."""
        value: str = getattr(self.colours, role)
        return value

    def swapped(self) -> Theme:
        """This theme with the colours of up and down exchanged. Bid and ask stay."""
        ansi = {"up": self._ansi("down"), "down": self._ansi("up")}
        colours = msgspec.structs.replace(self.colours, up=self.colours.down, down=self.colours.up)
        return msgspec.structs.replace(
            self, colours=colours, ansi=self.ansi | ansi, is_swapped=not self.is_swapped
        )

    def at_depth(self, depth: Depth) -> Theme:
        """This theme in colours that a terminal of `depth` has."""
        reduced = {role: self._reduced(role, depth) for role in ROLES}
        return msgspec.structs.replace(self, colours=Colours(**reduced), depth=depth)

    def style(
        self, role: str, on: str = "background", *, bold: bool = False, is_stale: bool = False
    ) -> Style:
        """Text or marks of `role` on the ground of role `on`; stale ones are faded."""
        return _style(self.colours, self.depth, role, on, bold, is_stale)

    def chip(self, role: str, *, is_stale: bool = False) -> Style:
        """A label with `role` as its ground: what must be seen first."""
        return _chip(self.colours, self.depth, role, is_stale)

    def _ansi(self, role: str) -> str:
        shared = _ANSI_LIGHT if self.kind == "light" else _ANSI
        return self.ansi.get(role, shared[role])

    def _reduced(self, role: str, depth: Depth) -> str:
        if depth == "none":
            return DEFAULT
        if depth == "16":
            return self._ansi(role)
        return nearest_256(self.colour(role)) if depth == "256" else self.colour(role)


@lru_cache(maxsize=4096)
def _style(colours: Colours, depth: Depth, role: str, on: str, bold: bool, is_stale: bool) -> Style:
    ground: str = getattr(colours, on)
    fore: str = getattr(colours, role)
    attributes: dict[str, bool] = {"bold": True} if bold else {}
    if depth == "none":
        attributes |= _ATTRIBUTES.get(role, {})
    if on == "raised" and ground == DEFAULT:
        # Hues are left out of a selection: each would be a ground of its own.
        fore = DEFAULT
        attributes["reverse"] = not attributes.get("reverse", False)
    if is_stale and is_hex(fore):
        fore = blend(fore, ground, 0.55)
    elif is_stale:
        attributes |= {"dim": True, "bold": False}
    return Style(color=_rich(fore), bgcolor=_rich(ground), **attributes)  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _chip(colours: Colours, depth: Depth, role: str, is_stale: bool) -> Style:
    ground: str = getattr(colours, role)
    if ground == DEFAULT:
        attributes = _ATTRIBUTES.get(role, {}) if depth == "none" else {}
        return Style(
            reverse=True,
            bold=attributes.get("bold", False) and not is_stale,
            underline=attributes.get("underline", False),
            dim=is_stale,
        )
    if is_stale and is_hex(ground):
        ground = blend(ground, colours.background, 0.55)
    return Style(
        color=_rich(readable_on(ground)),
        bgcolor=_rich(ground),
        dim=is_stale and not is_hex(ground),
    )


@lru_cache(maxsize=512)
def _rich(colour: str) -> Any:
    return Color.parse(colour).rich_color


def detect_depth(environ: Mapping[str, str]) -> Depth:
    """What the terminal says that it can show.

    Asked before the app is made, since Textual takes NO_COLOR out of the environment.
    """
    if environ.get("NO_COLOR"):
        return "none"
    forced = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if forced in ("truecolor", "256", "standard"):
        return "16" if forced == "standard" else "256" if forced == "256" else "truecolor"
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    term = environ.get("TERM", "").strip().lower()
    if term in ("", "dumb", "unknown") or term.startswith("vt"):
        return "none"
    if term.endswith("-direct"):
        return "truecolor"
    return "256" if term.endswith(("-256color", "-kitty", "-ghostty")) else "16"
