"""Styles of labels, and several texts in a row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.stages import NIGHT, rows_of
from tui.paint.canvas import Canvas, Palette
from tui.paint.ink import chip, length_of, tag, write


@given(
    texts=st.lists(st.text("ab ◂", max_size=6), max_size=5),
    column=st.integers(0, 25),
    stop=st.integers(0, 24),
)
def test_texts_stand_one_after_the_other_each_in_its_style(
    texts: list[str], column: int, stop: int
) -> None:
    palette = Palette(NIGHT)
    roles = ["up", "down", "text", "bid", "ask"]
    runs = [(text, palette.ink(role)) for text, role in zip(texts, roles, strict=False)]
    at_once, singly = (Canvas(24, 1, palette, "braille") for _ in range(2))

    end = write(at_once, 0, column, runs, stop)

    at = column
    for text, style in runs:
        shown = text[: max(0, stop - at)]
        singly.text(0, at, shown, style)
        at += len(shown)
    assert end == at
    assert rows_of(at_once) == rows_of(singly)
    assert (at_once.styles == singly.styles).all()
    assert length_of(runs) == sum(map(len, texts))


def test_a_slow_link_is_spared_grounds() -> None:
    palette = Palette(NIGHT, is_stale=True)

    assert palette.styles[chip(palette, "full", "last")] == NIGHT.chip("last", is_stale=True)
    assert palette.styles[chip(palette, "slow", "last", is_loud=True)] == NIGHT.style(
        "last", bold=True
    )
    assert palette.styles[tag(palette, "lean", "bid", is_loud=True)] == NIGHT.style(
        "bid", "surface", bold=True
    )
    assert palette.styles[tag(palette, "slow", "bid", is_loud=True)] == NIGHT.style(
        "bid", bold=True
    )
