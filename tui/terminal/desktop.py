"""Desktop notifications through the terminal: OSC 9 and OSC 777.

Two forms are in use, and a terminal that knows neither may show their text as rubbish, so they
are sent unasked only to terminals that are known to show them, which their names tell:

* OSC 9 ; text: iTerm2 (https://iterm2.com/documentation-escape-codes.html), kitty, Ghostty,
  WezTerm (https://wezterm.org/escape-sequences.html);
* OSC 777 ; notify ; title ; text: foot, rxvt-unicode with its `notify` extension.

The name of a terminal is all that an SSH connection carries of it, in TERM. A multiplexer stands
between, and keeps to itself what it does not know: there, nothing is sent unless it was asked for;
then tmux is asked to let it through (`set -g allow-passthrough on`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.text import safe

Wanted = Literal["auto", "off", "osc9", "osc777"]
Form = Literal["", "osc9", "osc777"]

LONGEST = 200
"""Characters of a text; a desktop shows fewer."""

_ESCAPE = "\x1b"
_END = f"{_ESCAPE}\\"

_BY_TERM: dict[str, Form] = {
    "xterm-kitty": "osc9",
    "xterm-ghostty": "osc9",
    "wezterm": "osc9",
    "foot": "osc777",
    "foot-extra": "osc777",
    "rxvt-unicode": "osc777",
    "rxvt-unicode-256color": "osc777",
}
_BY_PROGRAM: dict[str, Form] = {"iTerm.app": "osc9", "WezTerm": "osc9", "ghostty": "osc9"}


def form_for(wanted: Wanted, environ: Mapping[str, str]) -> Form:
    """How this terminal is sent notifications; empty where it is not."""
    if wanted == "off":
        return ""
    if wanted != "auto":
        return wanted
    if is_multiplexed(environ):
        return ""
    by_name = _BY_TERM.get(environ.get("TERM", ""), "")
    return by_name or _BY_PROGRAM.get(environ.get("TERM_PROGRAM", ""), "")


def is_multiplexed(environ: Mapping[str, str]) -> bool:
    """A multiplexer stands between us and the terminal."""
    term = environ.get("TERM", "")
    return bool(environ.get("TMUX") or environ.get("STY")) or term.startswith(("tmux", "screen"))


def notification(form: Form, text: str, environ: Mapping[str, str]) -> str:
    """The bytes, as text, that show `text` on the desktop; empty where nothing is sent.

    Whatever `text` has in it, it cannot end the sequence or begin another one, nor be read as
    one of the numbered commands that ConEmu puts behind OSC 9.
    """
    if not form:
        return ""
    plain = safe(text, LONGEST).replace(";", ",")
    body = f"9;{plain}" if form == "osc9" else f"777;notify;tickdeck;{plain}"
    sequence = f"{_ESCAPE}]{body}{_END}"
    if not environ.get("TMUX"):
        return sequence
    return f"{_ESCAPE}Ptmux;{sequence.replace(_ESCAPE, _ESCAPE * 2)}{_END}"
