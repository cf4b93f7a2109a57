"""Moves of the terminal's cursor: each the shortest that every terminal understands.

Sources: ECMA-48 (5th edition) 8.3 for CUP, CHA, CUF, CUB, CUU, CUD and VPA; IND,
RI and BS as of the VT100. Line feed is not among them: a terminal line turns it into two bytes,
and whether the cursor goes to the first column depends on its settings.
"""

from __future__ import annotations

from functools import lru_cache

Place = tuple[int, int]
"""Row and column from 0."""


def move(start: Place | None, row: int, column: int) -> str:
    """What brings the cursor from `start`, None for a place unknown, to (`row`, `column`).

    `start` must be where a character can be written: after the last column of a row was, the
    place is unknown, since terminals differ in where the cursor waits then.
    """
    if start is None:
        return _to(row, column)
    step = _vertical(row - start[0], row) + _horizontal(start[1], column)
    far = _to(row, column)
    return step if len(step) <= len(far) else far


@lru_cache(maxsize=8192)
def _to(row: int, column: int) -> str:
    if column:
        return f"\x1b[{row + 1};{column + 1}H"
    return f"\x1b[{row + 1}H" if row else "\x1b[H"


@lru_cache(maxsize=4096)
def _vertical(rows: int, row: int) -> str:
    """Up or down by `rows`, to `row`, in the same column."""
    if not rows:
        return ""
    one, final = ("\x1bD", "B") if rows > 0 else ("\x1bM", "A")
    ways = [one * min(abs(rows), 3), f"\x1b[{abs(rows)}{final}", f"\x1b[{row + 1}d"]
    return min(ways[0 if abs(rows) <= 3 else 1 :], key=len)


@lru_cache(maxsize=8192)
def _horizontal(start: int, column: int) -> str:
    """Left or right within a row."""
    if column == start:
        return ""
    ways = [f"\x1b[{column + 1}G", "\r" + (_by(column, "C") if column else "")]
    if column > start:
        ways.append(_by(column - start, "C"))
    else:
        ways.append(_by(start - column, "D"))
        if start - column <= 4:
            ways.append("\b" * (start - column))
    return min(ways, key=len)


def _by(count: int, final: str) -> str:
    return f"\x1b[{count}{final}" if count > 1 else f"\x1b[{final}"
