"""What a file is, told by its content and never by its name."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence, Sized
from typing import Any

import msgspec

from brokers.binance import wire as binance_wire
from brokers.kraken import wire as kraken_wire
from brokers.replay.columns import (
    Layout,
    is_header,
    is_since_midnight,
    is_time,
    layout_by_header,
    layout_by_shape,
)
from brokers.replay.framing import Line, depth_symbol, take_apart
from brokers.replay.lean import LeanTape
from brokers.replay.lines import LineSource
from brokers.replay.protocol import Tape
from brokers.replay.streams import StreamTape
from brokers.replay.tables import TableTape, split_row
from engine.errors import DataError

HEAD_BYTES = 4 * 1024 * 1024
"""What is looked at of a file: enough for the longest message, a venue's list of markets."""

HEAD_LINES = 200

SHAPE_ROWS = 50

_JSON_FAULTS = (msgspec.MsgspecError, ValueError, RecursionError)  # not UTF-8: a ValueError
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FUTURES = re.compile(rb'"e" ?: ?"depthUpdate".{1,200}"pu" ?: ?\d', re.DOTALL)
"""Depth events of futures name the event before them; by the rules of spot each one would be a
gap."""
_READABLE = (
    "Binance streams and dumps, Kraken v2 streams, LEAN's equity files, and CSV files of trades"
    " or bars can be read"
)


class NotPlayable(DataError):
    """It may be of a venue, and tell something, but it is no stream of a market."""


def tape_of(source: LineSource) -> Tape:
    """The tape that a file is.

    Raises:
        DataError: it is none; one line says what it is instead, as far as can be told.
    """
    head = source.head(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    _refuse_what_is_no_text(source, head)
    lines = _first_lines(source)
    apart = [line for line in map(_apart, lines) if line.body]
    messages = [line for line in apart if line.body[:1] in (b"{", b"[")]
    if 2 * len(messages) > len(apart) or head.lstrip()[:1] in (b"{", b"["):
        return _stream_tape(source, head, messages)
    return _table_tape(source, lines)


def _refuse_what_is_no_text(source: LineSource, head: bytes) -> None:
    if not head.strip():
        cut = "cut short: nothing of it can be unpacked" if source.is_truncated else "empty"
        raise DataError(f"{source.name} is {cut}")
    if head[257:262] == b"ustar":
        raise NotPlayable(f"{source.name} is a tar archive: unpack it first")
    begin = head[:65536]
    if len(_CONTROL.findall(begin)) * 100 > len(begin):
        raise DataError(f"{source.name} is binary, not a recording", hint=_READABLE)


def _first_lines(source: LineSource) -> list[bytes]:
    """As many as are needed to tell what they are."""
    lines: list[bytes] = []
    held = 0
    for line in source:
        lines.append(line)
        held += len(line)
        if len(lines) >= HEAD_LINES or held >= HEAD_BYTES:
            break
    return lines


def _apart(line: bytes) -> Line:
    try:
        return take_apart(line)
    except ValueError:
        return Line(None, line)


# -- messages --------------------------------------------------------------------------------


def _stream_tape(source: LineSource, head: bytes, messages: Sequence[Line]) -> Tape:
    if not messages and source.too_long:
        raise DataError(f"{source.name} has no line that is short enough for a message")
    if any(_FUTURES.search(line.body) for line in messages):
        raise DataError(f"{source.name} is of Binance's futures, and only spot can be read")
    votes = [_venue(line) for line in messages]
    venues = [venue for venue in votes if venue]
    if venues:
        return StreamTape(source, max(("binance", "kraken"), key=venues.count))
    raise NotPlayable(f"{source.name} {_what_json(head, messages)}", hint=_READABLE)


def _venue(line: Line) -> str:
    """Whose message it is; empty if none of the two."""
    if line.url:
        return "binance" if depth_symbol(line.url) else ""
    try:
        of_binance = binance_wire.decode_envelope(line.body)
        if (
            of_binance.stream
            or (of_binance.event and of_binance.symbol)
            or of_binance.last_update_id is not None
            or (of_binance.update_id is not None and of_binance.symbol)
        ):
            return "binance"
    except _JSON_FAULTS:
        pass
    try:
        of_kraken = kraken_wire.decode_envelope(line.body)
        if of_kraken.channel or of_kraken.method:
            return "kraken"
    except _JSON_FAULTS:
        pass
    return ""


def _what_json(head: bytes, messages: Sequence[Line]) -> str:
    """What the JSON is, for people, when it is nothing that can be played."""
    document = _document(head)
    if document is None:
        document = next((one for one in map(_decoded, messages) if one is not None), None)
    match document:
        case {"symbols": list(symbols)}:
            return f"lists {_markets(symbols)} of Binance (exchangeInfo), and no trade or quote"
        case {"channel": "instrument", "data": {"pairs": list(pairs)}}:
            return f"lists {_markets(pairs)} of Kraken (instrument), and no trade or quote"
        case {"error": list(), "result": dict(result)} if _has_pairs(result):
            return f"lists {_markets(result)} of Kraken (AssetPairs), and no trade or quote"
        case {"error": list(), "result": _}:
            return "holds an answer of Kraken's REST API, not a recording of its stream"
        case {"event": _} | [int(), *_]:
            return "holds messages of Kraken's websocket API v1; only v2 can be read"
        case {"open": _, "close": _}:
            return "holds bars as JSON, which cannot be read; CSV can"
        case {"price": _, "size": _} | [{"price": _, "size": _}, *_]:
            return "holds trades or quotes as JSON of no venue that is known"
        case None:
            return "looks like JSON, and cannot be read as such"
    return "is JSON, but not of a recorded stream that is known"


def _markets(listed: Sized) -> str:
    return f"{len(listed)} market{'s' if len(listed) != 1 else ''}"


def _has_pairs(result: dict[str, Any]) -> bool:
    return all(isinstance(pair, dict) and "altname" in pair for pair in result.values())


def _document(head: bytes) -> Any:
    """The head as one JSON document; None if it is not."""
    try:
        return msgspec.json.decode(head) if len(head) < HEAD_BYTES else None
    except _JSON_FAULTS:
        return None


def _decoded(line: Line) -> Any:
    try:
        return msgspec.json.decode(line.body)
    except _JSON_FAULTS:
        return None


# -- tables ----------------------------------------------------------------------------------


def _table_tape(source: LineSource, lines: Sequence[bytes]) -> Tape:
    try:
        texts = [line.decode() for line in lines[:SHAPE_ROWS]]
    except UnicodeDecodeError:
        raise DataError(f"{source.name} is not text in UTF-8", hint=_READABLE) from None
    delimiter = max(",;\t", key=lambda sign: sum(text.count(sign) for text in texts[:10]))
    if not texts:
        raise DataError(f"{source.name} has no line that is short enough for a message")
    rows = [row for row in (_row(text, delimiter) for text in texts) if row]
    if not rows:
        raise DataError(f"{source.name} is text of no known format", hint=_READABLE)
    # Some put a line about themselves before the header.
    if len(rows) > 2 and len(rows[0]) < 3 <= len(rows[1]):
        rows = rows[1:]
    if len(rows[0]) < 3:
        raise DataError(f"{source.name} is text of no known format", hint=_READABLE)
    if _is_lean(rows):
        return LeanTape(source, rows)
    layout = _layout(source, rows)
    if layout is None:
        raise DataError(
            f"{source.name} looks like CSV, but its columns make neither trades nor bars",
            hint="a header with time, price and size, or time, open, high, low and close, helps",
        )
    return TableTape(source, layout, delimiter)


def _row(text: str, delimiter: str) -> list[str]:
    try:
        return split_row(text, delimiter)
    except csv.Error:
        return []


def _is_lean(rows: Sequence[list[str]]) -> bool:
    """Rows without a header that mostly begin with a time since midnight, and are of no other
    kind."""
    if is_header(rows[0]):
        return False
    layout = layout_by_shape([row for row in rows if len(row) == len(rows[0])])
    return layout is None and 2 * sum(is_since_midnight(row[:1]) for row in rows) > len(rows)


def _layout(source: LineSource, rows: Sequence[list[str]]) -> Layout | None:
    body = [row for row in rows if len(row) >= 3]
    if is_header(body[0]):
        layout = layout_by_header(body[0])
        times = [row[layout.time] for row in body[1:] if len(row) > layout.time] if layout else []
    else:
        layout = layout_by_shape([row for row in body if len(row) == len(body[0])])
        times = [row[layout.time if layout else 0] for row in body if len(row) == len(body[0])]
    if times and is_since_midnight(times):
        raise DataError(
            f"{source.name} counts time from midnight, under a header that LEAN does not write"
        )
    if layout is not None and times and not any(is_time(text) for text in times):
        raise DataError(f"{source.name} has times that cannot be read, the first is {times[0]!r}")
    return layout
