"""Pictures of a profit: plotext draws the line, and what stands around it is ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from tui.commands.reports.table import Page, Tone, painted
from tui.paint.format import UNKNOWN, compact, fixed, moment

HEIGHT: Final = 10
"""Rows of a picture."""

WIDTH: Final = 100
"""Columns of a picture where there is no end to the page."""

LEAST_WIDTH: Final = 20
LABEL_ROWS: Final = 3
"""Rows from one label to the next, at least."""

DAYS_NS: Final = 3 * 86_400 * 1_000_000_000
"""From such a length on, times are told as days."""

_BASE = "┄"
_BLANK_BRAILLE = "\u2800"


class Curve(NamedTuple):
    """A line to draw."""

    time_ns: Sequence[int]
    """They go up."""
    values: Sequence[float | None]
    """None where it is not known: a gap."""
    zone: tzinfo | None
    base: float = 0.0
    """Where a line is drawn: above it is a gain."""


def drawn(curve: Curve, on: Page, height: int = HEIGHT) -> list[str]:
    """The curve with its labels; no lines if fewer than two points are known."""
    known = [value for value in curve.values if value is not None]
    if len(known) < 2:
        return []
    low, high = min(curve.base, *known), max(curve.base, *known)
    if low == high:
        low, high = low - 1.0, high + 1.0
    labels = _labels(low, high, height)
    label_width = max(map(len, labels.values())) + 1
    width = max(LEAST_WIDTH, min(on.width or WIDTH, 2 * WIDTH) - label_width)
    rows = _picture(curve, low, high, width, height)
    base = round((high - curve.base) / (high - low) * (height - 1))
    tone: Tone = "up" if known[-1] >= curve.base else "down"
    lines = []
    for at, row in enumerate(rows):
        label = painted(labels.get(at, "").rjust(label_width), "dim", on)
        lines.append(_row(row, tone, on, is_base=at == base) + label)
    return [*(line.rstrip() for line in lines), painted(_times(curve, width), "dim", on)]


def _row(row: str, tone: Tone, on: Page, *, is_base: bool) -> str:
    """A row of the picture, with the line of its base where nothing is drawn over it."""
    text = row.replace(_BLANK_BRAILLE, " ")
    if not on.has_colours:
        return text.replace(" ", _BASE) if is_base else text
    parts, start = [], 0
    while start < len(text):
        is_blank, end = text[start] == " ", start
        while end < len(text) and (text[end] == " ") == is_blank:
            end += 1
        part = text[start:end]
        if not is_blank:
            parts.append(painted(part, tone, on))
        else:
            parts.append(painted(_BASE * len(part), "dim", on) if is_base else part)
        start = end
    return "".join(parts)


def _picture(curve: Curve, low: float, high: float, width: int, height: int) -> list[str]:
    """The line in braille: exactly `height` rows of `width` cells."""
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(width, height)
    figure.axes(False)
    figure.ruler("x").frequency(0)
    figure.ruler("y").frequency(0)
    first, last = curve.time_ns[0], curve.time_ns[-1]
    figure.ruler("x").lim(0, width - 1)
    figure.ruler("y").lim(low, high)
    scale = (width - 1) / max(1, last - first)
    for piece in _pieces(curve):
        x = [(time_ns - first) * scale for time_ns, _ in piece]
        y = [value for _, value in piece]
        figure.draw(figure.signal(x, y, marker="braille").lines(True))
    rows = figure.build().string().split("\n")[:height]
    rows = [_plain(row).ljust(width)[:width] for row in rows]
    return rows + [" " * width] * (height - len(rows))


def _plain(row: str) -> str:
    from rich.text import Text

    return Text.from_ansi(row).plain


def _pieces(curve: Curve) -> list[list[tuple[int, float]]]:
    """What is known, cut where something is not."""
    pieces: list[list[tuple[int, float]]] = [[]]
    for time_ns, value in zip(curve.time_ns, curve.values, strict=True):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((time_ns, value))
    return [piece for piece in pieces if piece]


def _labels(low: float, high: float, height: int) -> dict[int, str]:
    """Round values by the row that they stand in."""
    least = Decimal(repr((high - low) / max(1, height // LABEL_ROWS)))
    power = Decimal(1).scaleb(least.adjusted())
    step = next(power * one for one in (1, 2, Decimal("2.5"), 5, 10) if power * one >= least)
    first = int((Decimal(repr(low)) / step).to_integral_value(ROUND_CEILING))
    last = int((Decimal(repr(high)) / step).to_integral_value(ROUND_FLOOR))
    labels = {}
    for number in range(first, last + 1):
        value = step * number
        row = round((high - float(value)) / (high - low) * (height - 1))
        labels[row] = _label(value, step)
    return labels


def _label(value: Decimal, step: Decimal) -> str:
    if abs(step) >= 1000:
        return compact(value)
    exponent = step.normalize().as_tuple().exponent
    return fixed(value, max(0, -exponent) if isinstance(exponent, int) else 0)


def _times(curve: Curve, width: int) -> str:
    """When it begins, and when it ends."""
    first, last = curve.time_ns[0], curve.time_ns[-1]
    form = "%Y-%m-%d" if last - first >= DAYS_NS else "%Y-%m-%d %H:%M"
    begin, end = (f"{moment(at, curve.zone):{form}}" for at in (first, last))
    if len(begin) + len(end) + 2 > width:
        return end.rjust(width)
    return begin + end.rjust(width - len(begin))


def bar(value: Decimal | None, most: Decimal, width: int) -> str:
    """A bar of up to `width` cells: as much of it as `value`, of either sign, is of `most`."""
    if value is None or not most:
        return UNKNOWN if value is None else ""
    halves = round(abs(value) / most * width * 2)
    return "━" * (halves // 2) + "╸" * (halves % 2)
