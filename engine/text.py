"""Text from outside is hostile: names, venue errors, file names, config values.

A terminal obeys what it is sent. `safe` is called where such text enters, so that
nothing behind it needs to ask where a string came from.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: they move the cursor, start escape sequences
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls: they reorder what is read
    "\u2028\u2029"  # line and paragraph separators: they break rows
    "\ud800-\udfff"  # lone surrogates: no terminal can be sent them
    "]"
)


_NUMBER = re.compile(r"[0-9][0-9.,:]*")


def gist(text: str) -> str:
    """`text` without its numbers: of two that differ in how long something still takes, one is
    told."""
    return _NUMBER.sub("", text)


def safe(text: object, limit: int = 4096) -> str:
    """`text` as one line that a terminal can only print.

    C0, C1, DEL, bidi controls, line separators and lone surrogates become U+FFFD, one for
    one. More than `limit` characters are cut, with an ellipsis as the last one.
    """
    cleaned = _UNSAFE.sub(REPLACEMENT, str(text)[: limit + 1])
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"
