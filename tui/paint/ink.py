"""Styles of labels, with as much ground as the link can take; and several texts in a row."""

from __future__ import annotations

from collections.abc import Sequence

from tui.paint.canvas import Canvas, Palette
from tui.paint.scene import Detail

Run = tuple[str, int]
"""Text, and the number of its style."""


def chip(palette: Palette, detail: Detail, role: str, *, is_loud: bool = False) -> int:
    """A label with `role` as its ground; only its text where grounds cost too much."""
    if detail == "slow":
        return palette.ink(role, bold=True, is_loud=is_loud)
    return palette.chip(role, is_loud=is_loud)


def tag(palette: Palette, detail: Detail, role: str, *, is_loud: bool = False) -> int:
    """Bold text of `role` on a ground that sets it off from the bars."""
    ground = "background" if detail == "slow" else "surface"
    return palette.ink(role, ground, bold=True, is_loud=is_loud)


def write(canvas: Canvas, row: int, column: int, runs: Sequence[Run], stop: int) -> int:
    """Write `runs` one after the other, cut before `stop`; returns where they end."""
    shown = "".join([text for text, _ in runs])[: max(0, stop - column)]
    if not shown:
        return column
    # One text in the first style, and the other styles over it: that is quicker than texts.
    canvas.text(row, column, shown, runs[0][1])
    end = column + len(shown)
    if len(runs) > 1 and column >= 0 and 0 <= row < canvas.height:
        styles, at = canvas.styles[row], column
        for text, style in runs:
            styles[at : min(at + len(text), end)] = style
            at += len(text)
    return end


def length_of(runs: Sequence[Run]) -> int:
    """Characters of `runs`."""
    return sum(len(text) for text, _ in runs)
