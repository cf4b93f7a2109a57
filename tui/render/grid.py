"""A screen as numbers: of each cell the character and the pen, in one array.

A cell is a 64-bit number: its pen in the upper half, the code point of its character in the
lower. Characters of two cells stand in the left one, and `CONTINUED` in the right one, in the
same pen. What is made of several code points (a letter and its accents, a flag) has a code
beyond Unicode, given out by `Clusters`. Blanks are in the pen of their background alone,
wherever nobody sees a difference, so that equal numbers look equal.
"""

from __future__ import annotations

import numpy as np
from rich.cells import split_graphemes

from tui.render.pens import PenBook

BLANK = 0x20
CONTINUED = 0x110000
"""The right half of a character of two cells."""

FIRST_CLUSTER = CONTINUED + 1

UNKNOWN = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
"""What a cell holds of which nothing is known: equal to no cell that can be wanted."""

PEN_SHIFT = np.uint64(32)
CODE_MASK = np.uint64(0xFFFF_FFFF)

MOST_CLUSTERS = 20_000
"""Beyond so many different ones (no language has them; a hostile name might) they are replaced."""

_REPLACED = {1: "\N{REPLACEMENT CHARACTER}", 2: "\N{IDEOGRAPHIC SPACE}"}

_ONE_CELL = np.zeros(0x3000, dtype=bool)
"""Code points that are known to take one cell and to join no other, so that text of them needs
no measuring: Latin, dashes, quotes and arrows, boxes, blocks and shapes, braille."""
for _first, _last in (
    (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x2FF), (0x2010, 0x2027), (0x2190, 0x21FF),
    (0x2500, 0x25FC), (0x2800, 0x28FF),
):  # fmt: skip
    _ONE_CELL[_first : _last + 1] = True


class Clusters:
    """Codes of characters that are made of several code points."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, text: str, width: int) -> int:
        """The code of `text`, which takes `width` cells."""
        if len(text) == 1:
            return ord(text)
        known = self._codes.get(text)
        if known is None:
            if len(self._texts) >= MOST_CLUSTERS:
                return ord(_REPLACED[width])
            known = self._codes[text] = FIRST_CLUSTER + len(self._texts)
            self._texts.append(text)
        return known

    def text(self, code: int) -> str:
        """What is to be written for `code`; nothing for the right half of a character."""
        if code < CONTINUED:
            return chr(code)
        return "" if code == CONTINUED else self._texts[code - FIRST_CLUSTER]


class CellGrid:
    """`height` x `width` cells, see the module. All blank in pen 0 at first.

    Several grids that are compared share the same pens and clusters.
    """

    def __init__(self, width: int, height: int, pens: PenBook, clusters: Clusters) -> None:
        self.width = width
        self.height = height
        self.pens = pens
        self.clusters = clusters
        self.cells = np.full((height, width), BLANK, dtype=np.uint64)

    def write(self, row: int, column: int, text: str, pen: int) -> None:
        """Write `text` from (`row`, `column`) on; what does not fit on the row is left out."""
        self.put(row, column, cells_of([(text, pen)], self.pens, self.clusters))

    def put(self, row: int, column: int, cells: np.ndarray) -> None:
        """Write cells; what does not fit on the row is left out, and characters of which half
        is written over, or does not fit, become blanks as they do in a terminal."""
        if column >= self.width:
            return
        line = self.cells[row]
        stop = min(column + len(cells), self.width)
        if column and _is_right_half(line[column]):
            line[column - 1] = self._blanked(line[column - 1])
        if stop < self.width and _is_right_half(line[stop]):
            line[stop] = self._blanked(line[stop])
        line[column:stop] = cells[: stop - column]
        if stop - column < len(cells) and _is_right_half(cells[stop - column]):
            line[stop - 1] = self._blanked(line[stop - 1])

    def _blanked(self, cell: np.uint64) -> np.uint64:
        """A blank where `cell` was."""
        pen = self.pens.blank[int(cell >> PEN_SHIFT)]
        return np.uint64(int(pen) << 32 | BLANK)


def _is_right_half(cell: np.uint64) -> bool:
    return int(cell & CODE_MASK) == CONTINUED


def cells_of(runs: list[tuple[str, int]], pens: PenBook, clusters: Clusters) -> np.ndarray:
    """The cells of runs of text, each in one pen; (cells,) uint64.

    Characters that take no cell go with the one before; control characters draw nothing and
    are left out.
    """
    text = "".join([run for run, _ in runs])
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    if not are_one_cell(codes):
        return _measured_cells(runs, pens, clusters)
    numbers = np.repeat([pen for _, pen in runs], [len(run) for run, _ in runs])
    return _packed(codes, numbers, pens)


def are_one_cell(codes: np.ndarray) -> bool:
    """Whether each of these code points is known to take one cell and to join no other."""
    return bool(_ONE_CELL.take(codes, mode="clip").all())


def _measured_cells(runs: list[tuple[str, int]], pens: PenBook, clusters: Clusters) -> np.ndarray:
    codes: list[int] = []
    numbers: list[int] = []
    for text, pen in runs:
        drawn = "".join([char for char in text if not _is_control(char)])
        for start, stop, width in split_graphemes(drawn)[0]:
            if width:
                codes.append(clusters.code(drawn[start:stop], min(width, 2)))
                codes.extend([CONTINUED] * (width - 1))
                numbers.extend([pen] * width)
    return _packed(np.array(codes, dtype=np.uint32), np.array(numbers, dtype=np.int64), pens)


def _is_control(char: str) -> bool:
    return char < " " or "\x7f" <= char < "\xa0" or "\ud800" <= char <= "\udfff"


def _packed(codes: np.ndarray, numbers: np.ndarray, pens: PenBook) -> np.ndarray:
    """Codes and pens as cells, blanks in the pens that blanks have."""
    whole, blank = pens.cells
    cells: np.ndarray = np.where(codes == BLANK, blank[numbers], whole[numbers]) | codes
    return cells
