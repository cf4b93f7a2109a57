"""Text in lines of cells: cut, padded, set flush, aligned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.themes import load_themes
from tui.widgets.lines import Span, align_points, clip, fit, mix, spread_out

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Mn", "Me", "Cf", "Cn", "Co")))


@given(TEXT, st.integers(0, 40), st.booleans())
def test_a_fitted_text_has_exactly_its_width(text: str, width: int, right: bool):
    assert cell_len(fit(text, width, right=right)) == width


def test_a_text_that_is_cut_says_so():
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 5) == "日本…"
    assert fit("日本語", 4) == "日 …"
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, right=True) == "  ab"


@given(TEXT, TEXT, st.integers(12, 60))
def test_two_ends_fill_the_width(left: str, right: str, width: int):
    right = fit(right, min(cell_len(right), width - 1))
    spans = spread_out([Span(left)], [Span(right)], width)

    assert sum(cell_len(span.text) for span in spans) == width
    assert spans[-1].text == right


def test_clipping_keeps_whole_spans_and_cuts_the_one_that_does_not_fit():
    kept, used = clip([Span("abc"), Span("def"), Span("g")], 5)

    assert [span.text for span in kept] == ["abc", "d…"]
    assert used == 5


def test_decimal_points_stand_in_line():
    aligned = align_points(["1.25", "100", "3.5", ""])

    assert aligned == ["1.25", "100   ", "3.5 ", "   "]


def test_inks_are_roles_of_the_theme_with_modifiers():
    theme = load_themes()[0]["night"]
    style = mix("up bold", "surface", theme)

    assert style.color is not None
    assert style.bgcolor is not None
    assert style.color.name == theme.colours.up
    assert style.bgcolor.name == theme.colours.surface
    assert style.bold
    chip = mix("chip-live", "surface", theme)
    assert chip.bgcolor is not None
    assert chip.bgcolor.name == theme.colours.live
