"""Rows for people: aligned, and never wider than the terminal.

Numbers stand with their points below each other. Columns in which nothing stands are left out;
where there is no room for all, those of the highest rank go first, and it is said which.
In a pipe there is always room, and there are no colours.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Generic, Literal, NamedTuple, TypeVar

from rich.cells import cell_len, set_cell_size

from engine.text import safe

Tone = Literal["", "up", "down", "dim", "bold", "warning"]
Align = Literal["left", "right", "point"]

_CODES: dict[Tone, str] = {"up": "32", "down": "31", "dim": "2", "bold": "1", "warning": "33"}
_GAP = "  "
LEAST_WIDTH = 40

R = TypeVar("R")


class Column(NamedTuple, Generic[R]):
    """One thing that is told of every row."""

    title: str
    shown: Callable[[R], str]
    align: Align = "left"
    """`point` is of numbers: their decimal points stand below each other."""
    rank: int = 0
    """0 is always shown; the higher, the sooner it goes where there is no room."""
    tone: Callable[[R], Tone] | None = None


class Page(NamedTuple):
    """What is printed on."""

    width: int | None
    """Cells; None where there is no end."""
    has_colours: bool


def page() -> Page:
    """Standard output as it is."""
    if not sys.stdout.isatty():
        return Page(None, False)
    has_colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Page(max(LEAST_WIDTH, shutil.get_terminal_size().columns), has_colours)


def table(columns: Sequence[Column[R]], rows: Sequence[R], on: Page) -> Iterator[str]:
    """The lines of a table, header first."""
    filled = [_Filled.of(column, rows) for column in columns]
    filled = [one for one in filled if one.has_content]
    shown, left_out = _fitting(filled, on.width)
    yield painted(_GAP.join(one.head for one in shown).rstrip(), "bold", on)
    for number, row in enumerate(rows):
        cells = [one.cells[number] for one in shown]
        if not on.has_colours:
            yield _GAP.join(cells).rstrip()
            continue
        tones = [one.column.tone(row) if one.column.tone else "" for one in shown]
        line = _GAP.join(painted(c, tone, on) for c, tone in zip(cells, tones, strict=True))
        yield line.rstrip()
    if names := ", ".join(name for name in left_out if name):
        yield from paragraph(f"no room here for {names}; --csv has them", "dim", on)


def rank_of_account(accounts: Iterable[str]) -> int:
    """Whose a row is has to be told where there are several; else it is the first to go."""
    return 0 if len(set(accounts)) > 1 else 10


def painted(text: str, tone: Tone, on: Page) -> str:
    """`text` in a tone, where there are colours."""
    return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if tone and text and on.has_colours else text


def paragraph(text: str, tone: Tone, on: Page) -> Iterator[str]:
    """A sentence, in as many lines as it needs."""
    lines = [text] if on.width is None else wrap(text, on.width, subsequent_indent="  ")
    for line in lines:
        yield painted(line, tone, on)


def put(lines: Iterable[str]) -> None:
    """Print lines, in what standard output can show."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        try:
            line.encode(encoding)
        except UnicodeEncodeError:
            from tui.commands.printed import in_ascii

            line = in_ascii(line)
        print(line)
    sys.stdout.flush()


class _Filled(NamedTuple):
    """A column with its cells, all of one width."""

    column: Column  # type: ignore[type-arg]
    head: str
    cells: list[str]
    has_content: bool
    width: int

    @classmethod
    def of(cls, column: Column[R], rows: Sequence[R]) -> _Filled:
        texts = [safe(column.shown(row), 200) for row in rows]
        has_content = column.rank == 0 or any(texts)
        if column.align == "point":
            texts = _on_points(texts)
        width = max(map(cell_len, (column.title, *texts)))
        is_left = column.align == "left"
        head, *cells = (_padded(text, width, is_left=is_left) for text in (column.title, *texts))
        return cls(column, head, cells, has_content, width)


def _on_points(texts: Sequence[str]) -> list[str]:
    """With as many blanks behind them as put all decimal points into one column."""
    ends = [_decimals(text) for text in texts]
    most = max(ends, default=0)
    return [
        text + " " * (most - end) if text else "" for text, end in zip(texts, ends, strict=True)
    ]


def _decimals(text: str) -> int:
    """Characters from the decimal point on."""
    return len(text) - at if (at := text.find(".")) >= 0 else 0


def _padded(text: str, width: int, *, is_left: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return text + blanks if is_left else blanks + text


def _fitting(filled: list[_Filled], width: int | None) -> tuple[list[_Filled], list[str]]:
    """The columns that there is room for, and the names of the others."""
    shown, left_out = list(filled), []
    while width is not None and _width(shown) > width:
        last = max(shown, key=lambda one: (one.column.rank, one.width))
        if last.column.rank == 0:
            break
        shown.remove(last)
        left_out.append(last.column.title)
    if width is not None and _width(shown) > width:
        shown = _narrowed(shown, width)
    return shown, left_out


def _narrowed(shown: list[_Filled], width: int) -> list[_Filled]:
    """Texts cut where nothing else can be left out. Numbers are never cut: part of one is
    another one; the terminal breaks their lines."""
    texts = [one for one in shown if one.column.align == "left"]
    if not texts:
        return shown
    widest = max(texts, key=lambda one: one.width)
    room = max(8, widest.width - (_width(shown) - width))
    cut = widest._replace(
        head=set_cell_size(widest.head, room),
        cells=[_cut(cell.rstrip(), room).ljust(room) for cell in widest.cells],
        width=room,
    )
    return [cut if one is widest else one for one in shown]


def _width(shown: Sequence[_Filled]) -> int:
    return sum(one.width for one in shown) + len(_GAP) * max(0, len(shown) - 1)


def _cut(text: str, width: int | None) -> str:
    if width is None or cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…"
