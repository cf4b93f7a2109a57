"""The theme that is shown."""

from __future__ import annotations

import pytest

from tui.colours import Colours
from tui.paint.theme import Depth
from tui.themes import DEFAULT_THEME, load_themes


def colours(name: str = "night", depth: Depth = "truecolor") -> Colours:
    return Colours(load_themes()[0], name=name, is_swapped=False, depth=depth)


def test_a_theme_that_is_not_there_is_the_default_one():
    assert colours("nope").theme.name == DEFAULT_THEME


def test_swapped_colours_stay_swapped_in_another_theme_and_at_another_depth():
    shown = colours()
    shown.swap()
    shown.choose("day")
    shown.limit("256")

    assert (shown.theme.name, shown.theme.is_swapped, shown.theme.depth) == ("day", True, "256")
    assert not shown.swap().is_swapped


def test_the_terminal_is_never_given_more_colours_than_it_has():
    shown = colours(depth="16")

    assert shown.limit("truecolor").depth == "16"
    assert shown.limit("none").depth == "none"
    assert shown.limit("truecolor").depth == "16"


def test_themes_are_gone_through_in_both_ways():
    shown = colours()

    assert shown.step(1).name == shown.names[(shown.names.index("night") + 1) % len(shown.names)]
    assert shown.step(-1).name == "night"


def test_an_unknown_name_changes_nothing():
    shown = colours()
    with pytest.raises(KeyError):
        shown.choose("nope")

    assert shown.theme.name == "night"
