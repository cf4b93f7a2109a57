"""Pens: how a cell is inked, as small numbers, and the shortest way from one pen to another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_ON = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
"""SGR parameter of each attribute bit, in the order of `rich.style.Style`: bold, dim, italic,
underline, blink, blink2, reverse, conceal, strike, underline2, frame, encircle, overline."""

_OFF = ("22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55")
"""What ends each of them; one parameter ends two where they share it (ECMA-48, 8.3.117)."""

SHOWS_ON_BLANK = sum(1 << bit for bit in (3, 6, 8, 9, 10, 11, 12))
"""Attributes that show where there is no character: lines, frames and exchanged colours."""

_MOST_CHANGES = 20_000
"""Changes from pen to pen that are remembered."""


class Pen(NamedTuple):
    """What a cell is written with."""

    attributes: int = 0
    """Bits, see `_ON`."""
    foreground: str = ""
    """SGR parameters such as `38;2;230;180;80`; empty for the terminal's own colour."""
    background: str = ""


class PenBook:
    """All pens that were used, by number; pen 0 is the terminal's own."""

    def __init__(self) -> None:
        self._pens: list[Pen] = []
        self._numbers: dict[Pen, int] = {}
        self._grounds: dict[str, int] = {}
        self._changes: dict[tuple[int, int], str] = {}
        self._blank_list: list[int] = []
        self._ground_list: list[int] = []
        self._blank = np.zeros(0, dtype=np.int64)
        self._ground = np.zeros(0, dtype=np.int64)
        self._cells = (np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64))
        self.number(Pen())

    def __len__(self) -> int:
        return len(self._pens)

    def pen(self, number: int) -> Pen:
        """The pen of that number."""
        return self._pens[number]

    def number(self, pen: Pen) -> int:
        """The number of `pen`; made up when it is first asked for."""
        known = self._numbers.get(pen)
        if known is not None:
            return known
        is_plain = not pen.attributes & SHOWS_ON_BLANK
        bare = Pen(background=pen.background)
        blank = self.number(bare) if is_plain and bare != pen else len(self._pens)
        number = self._numbers[pen] = len(self._pens)
        self._pens.append(pen)
        ground = self._grounds.setdefault(pen.background, len(self._grounds))
        self._blank_list.append(blank)
        self._ground_list.append(ground if is_plain else -1)
        return number

    @property
    def blank(self) -> np.ndarray:
        """Of each pen the one in which a blank looks the same; (pens,) int64."""
        if len(self._blank) != len(self._pens):
            self._blank = np.array(self._blank_list, dtype=np.int64)
        return self._blank

    @property
    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each pen the upper half of its cells, and of those that are blank; (pens,) uint64."""
        if len(self._cells[0]) != len(self._pens):
            whole = np.arange(len(self._pens), dtype=np.uint64) << np.uint64(32)
            self._cells = whole, self.blank.astype(np.uint64) << np.uint64(32)
        return self._cells

    @property
    def ground(self) -> np.ndarray:
        """Of each pen a number for its background, or -1 where its blanks show more than that;
        (pens,) int64. Blanks in pens of the same ground look the same."""
        if len(self._ground) != len(self._pens):
            self._ground = np.array(self._ground_list, dtype=np.int64)
        return self._ground

    def change(self, old: int | None, new: int) -> str:
        """The SGR sequence that makes pen `new` of pen `old`; None stands for a pen unknown."""
        if old == new:
            return ""
        key = (-1 if old is None else old, new)
        known = self._changes.get(key)
        if known is None:
            if len(self._changes) >= _MOST_CHANGES:
                self._changes.clear()
            before = None if old is None else self._pens[old]
            known = self._changes[key] = pen_change(before, self._pens[new])
        return known


def pen_change(old: Pen | None, new: Pen) -> str:
    """The shorter of the two ways to `new`: by what differs from `old`, or by a reset first."""
    afresh = _sgr(["0", *_on(new.attributes), *_colours(Pen(), new)])
    if old is None:
        return afresh
    ended = {_OFF[bit] for bit in _bits(old.attributes & ~new.attributes)}
    # Ending bold ends dim too: what shares its end with something that goes has to come again.
    kept = [bit for bit in _bits(old.attributes & new.attributes) if _OFF[bit] in ended]
    came = new.attributes & ~old.attributes | sum(1 << bit for bit in kept)
    step = _sgr([*sorted(ended), *_on(came), *_colours(old, new)])
    return step if len(step) <= len(afresh) else afresh


def _sgr(parameters: list[str]) -> str:
    return "\x1b[m" if parameters == ["0"] else f"\x1b[{';'.join(parameters)}m"


def _bits(attributes: int) -> list[int]:
    return [bit for bit in range(len(_ON)) if attributes >> bit & 1]


def _on(attributes: int) -> list[str]:
    return [_ON[bit] for bit in _bits(attributes)]


def _colours(old: Pen, new: Pen) -> list[str]:
    parameters = []
    if old.foreground != new.foreground:
        parameters.append(new.foreground or "39")
    if old.background != new.background:
        parameters.append(new.background or "49")
    return parameters
