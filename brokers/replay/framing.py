"""How recorders write messages down: one a line, with or without the time they came.

=====================================  =======================================================
line                                   written by
=====================================  =======================================================
`{...}`                                most: the message alone
`1723161253937085768 {...}`            hftbacktest: our time in ns (s, ms and us as well)
`1633998512.0633569: {...}`            cryptofeed, websocket file: our time in s
`https://... -> 1633998512.3: {...}`   cryptofeed, http file: an answer and its time
`wss://... <-> 1633998511.15`          cryptofeed: a connection was opened
`configuration: {...}`                 cryptofeed: what was asked for
=====================================  =======================================================
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

LATEST_NS = 4_102_444_800_000_000_000
"""The year 2100: what claims to be later is damage, and would draw out a playback for ever."""

_STAMPED = re.compile(rb"(\d{9,19}(?:\.\d{1,9})?):?[ \t]+(?=[{\[])")
_ANSWER = re.compile(rb"(https?://\S{1,2000}) -> (\d{9,19}(?:\.\d{1,9})?): ?")
_REMARK = re.compile(rb"(wss?|https?)://|configuration:")


class Line(NamedTuple):
    """One line, taken apart."""

    recv_ns: int | None
    """When it came; None where the line does not say."""
    body: bytes
    """The message; empty for a remark of the recorder."""
    url: str = ""
    """Of the request that the body answers."""


def take_apart(line: bytes) -> Line:
    """Time and message of a line.

    Raises:
        ValueError: its time is none that could be meant.
    """
    if line.startswith((b"{", b"[")):
        return Line(None, line)
    if line[19:21] == b" {" and line[:19].isdigit():  # most lines of large recordings
        return Line(epoch_ns(line[:19].decode()), line[20:])
    if found := _STAMPED.match(line):
        return Line(epoch_ns(found.group(1).decode()), line[found.end() :])
    if found := _ANSWER.match(line):
        recv_ns = epoch_ns(found.group(2).decode())
        return Line(recv_ns, line[found.end() :], found.group(1).decode(errors="replace"))
    if _REMARK.match(line):
        return Line(None, b"")
    return Line(None, line)


def depth_symbol(url: str) -> str | None:
    """The symbol whose depth snapshot `url` asked Binance for; None if it asked for other."""
    parts = urlsplit(url)
    if not parts.path.endswith("/depth"):
        return None
    return parse_qs(parts.query).get("symbol", [None])[0]


def epoch_ns(text: str) -> int:
    """Seconds, milli-, micro- or nanoseconds since 1970 as nanoseconds, told by their size.

    Whole seconds have fewer than 12 digits until the year 5138, milliseconds have from 1973.

    Raises:
        ValueError: not a number, or a time outside 1970 to 2100.
    """
    whole, _, fraction = text.partition(".")
    value = int(whole)
    if value < 10**11:
        unit = 1_000_000_000
    elif value < 10**14:
        unit = 1_000_000
    elif value < 10**17:
        unit = 1_000
    else:
        unit = 1
    nanos = value * unit
    if fraction:
        nanos += int(f"{fraction:0<18}"[:18]) * unit // 10**18
    if not 0 <= nanos < LATEST_NS:
        raise ValueError(f"time {text[:40]} is out of range")
    return nanos
