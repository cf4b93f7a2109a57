"""Tables of text: columns as wide as what is in them, the least wanted left out where room is
short, numbers with their decimal points in line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from tui.widgets.lines import Line, Span, align_points, fit

GAP = "  "


class Column(NamedTuple):
    """One column."""

    title: str
    align: Literal["left", "right", "point"] = "left"
    """`point`: right, with decimal points in line."""
    rank: int = 0
    """Where room is short the highest rank leaves first; rank 0 stays."""
    is_flexible: bool = False
    """Takes the room that is left, and is cut where there is none; one per table."""


class Row(NamedTuple):
    """One row: a cell for each column, and what it stands for."""

    cells: tuple[Span, ...]
    key: str = ""
    whole: Span | None = None
    """What stands over the whole row, in place of its cells."""
    about: str = ""
    """What keys act on, where several rows are about one thing; else what `key` says."""

    @property
    def thing(self) -> str:
        """What keys act on."""
        return self.about or self.key


def layout(
    columns: Sequence[Column],
    rows: Sequence[Row],
    width: int,
    *,
    selected: int | None = None,
    mark: str = "▌",
) -> list[Line]:
    """A line of titles, then one for each row, in `width` cells; `selected` is marked."""
    texts = [_texts(column, rows, at) for at, column in enumerate(columns)]
    wanted = [
        max([cell_len(column.title), *(cell_len(text) for text in column_texts)])
        for column, column_texts in zip(columns, texts, strict=True)
    ]
    shown = _shown(columns, wanted, width - 2)
    widths = _widths(columns, wanted, shown, width - 2)
    lines = [Line((Span(" "), *_joined(_titles(columns, shown, widths))))]
    for number, row in enumerate(rows):
        is_selected = number == selected
        if row.whole is not None:
            lines.append(_whole_line(row.whole, width, mark if is_selected else ""))
            continue
        cells = [
            Span(
                fit(texts[at][number], widths[at], right=columns[at].align != "left"),
                row.cells[at].ink,
            )
            for at in shown
        ]
        first = Span(mark, "accent bold") if is_selected else Span(" ")
        lines.append(Line((first, *_joined(cells)), "raised" if is_selected else ""))
    return lines


def _whole_line(text: Span, width: int, mark: str) -> Line:
    first = Span(mark, "accent bold") if mark else Span(" ")
    return Line((first, Span(fit(text.text, width - 2), text.ink)), "raised" if mark else "")


def _texts(column: Column, rows: Sequence[Row], at: int) -> list[str]:
    texts = [row.cells[at].text for row in rows]
    return align_points(texts) if column.align == "point" else texts


def _shown(columns: Sequence[Column], wanted: Sequence[int], width: int) -> list[int]:
    """Indices of the columns that fit, the flexible one counted at its title's width."""
    kept = list(range(len(columns)))
    while len(kept) > 1:
        needed = sum(_least(columns[at], wanted[at]) for at in kept) + len(GAP) * (len(kept) - 1)
        worst = max(kept, key=lambda at: columns[at].rank)
        if needed <= width or columns[worst].rank == 0:
            break
        kept.remove(worst)
    return kept


def _least(column: Column, wanted: int) -> int:
    return max(cell_len(column.title), min(wanted, 12)) if column.is_flexible else wanted


def _widths(
    columns: Sequence[Column], wanted: Sequence[int], shown: Sequence[int], width: int
) -> list[int]:
    widths = list(wanted)
    flexible = [at for at in shown if columns[at].is_flexible]
    if flexible:
        used = sum(widths[at] for at in shown if at != flexible[0])
        widths[flexible[0]] = max(0, width - used - len(GAP) * (len(shown) - 1))
    return widths


def _titles(columns: Sequence[Column], shown: Sequence[int], widths: Sequence[int]) -> list[Span]:
    return [
        Span(fit(columns[at].title, widths[at], right=columns[at].align != "left"), "muted")
        for at in shown
    ]


def _joined(cells: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for number, cell in enumerate(cells):
        if number:
            joined.append(Span(GAP))
        joined.append(cell)
    return joined
