"""Roles as styles, at every depth of colour."""

from __future__ import annotations

import pytest
from textual.color import Color

from tui.paint.color import DEFAULT, blend, contrast, is_ansi
from tui.paint.theme import ROLES, Colours, Depth, Theme, detect_depth
from tui.themes import load_themes

THEMES = load_themes()[0]
NIGHT = THEMES["night"]
DEPTHS: tuple[Depth, ...] = ("truecolor", "256", "16", "none")


def _rich(colour: str) -> object:
    return Color.parse(colour).rich_color


def test_a_theme_has_a_colour_for_each_role_and_for_nothing_else() -> None:
    assert set(ROLES) == set(Colours.__struct_fields__)
    assert NIGHT.colour("up") == NIGHT.colours.up
    with pytest.raises(AttributeError):
        NIGHT.colour("upp")


# -- depths ---------------------------------------------------------------------------------------


def test_at_full_depth_a_theme_is_itself() -> None:
    assert NIGHT.at_depth("truecolor") == NIGHT


@pytest.mark.parametrize("name", sorted(THEMES))
def test_sixteen_colours_are_the_terminals_own(name: str) -> None:
    theme = THEMES[name].at_depth("16")

    assert all(is_ansi(theme.colour(role)) for role in ROLES)
    assert theme.colour("up") != theme.colour("down")
    assert theme.colour("background") == "ansi_default"
    assert theme.style("up").color is not None
    assert theme.style("up").color.triplet is None  # type: ignore[union-attr]


def test_what_a_theme_says_of_sixteen_colours_is_used_for_them_alone() -> None:
    theme = Theme(name="x", kind="dark", colours=NIGHT.colours, ansi={"up": "ansi_cyan"})

    assert theme.at_depth("16").colour("up") == "ansi_cyan"
    assert theme.at_depth("16").colour("down") == "ansi_red"
    assert theme.at_depth("256").colour("up") == NIGHT.at_depth("256").colour("up")


@pytest.mark.parametrize("depth", ["16", "none"])
@pytest.mark.parametrize("name", sorted(THEMES))
def test_what_is_selected_can_be_read_in_any_palette(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)

    for role in ("up", "down", "muted", "text", "warning"):
        style = theme.style(role, "raised")
        assert style.reverse
        assert style.color == style.bgcolor == _rich(DEFAULT)
    assert theme.style("text", "raised", bold=True).bold


def test_a_theme_may_say_what_is_behind_a_selection_in_sixteen_colours() -> None:
    theme = Theme(name="x", kind="dark", colours=NIGHT.colours, ansi={"raised": "ansi_blue"})
    style = theme.at_depth("16").style("up", "raised")

    assert style.bgcolor == _rich("ansi_blue")
    assert style.color == _rich("ansi_green")
    assert not style.reverse


def test_without_colour_there_are_only_attributes() -> None:
    theme = NIGHT.at_depth("none")

    for role in ROLES:
        style = theme.style(role)
        assert style.color is None or style.color.is_default
        assert style.bgcolor is None or style.bgcolor.is_default
    assert theme.style("live").reverse
    assert theme.style("muted").dim
    assert theme.style("up").bold
    assert theme.chip("last").reverse
    assert theme.style("text", "raised").reverse


def test_without_colour_what_is_reversed_stands_out_of_a_selection_too() -> None:
    theme = NIGHT.at_depth("none")

    assert theme.style("live").reverse
    assert not theme.style("live", "raised").reverse


def test_without_colour_danger_looks_unlike_all_that_is_calm() -> None:
    theme = NIGHT.at_depth("none")

    for loud in ("live", "unknown", "error"):
        for calm in ("text", "muted", "working", "dark", "staged", "up"):
            assert theme.style(loud) != theme.style(calm)
    assert theme.style("up") != theme.style("down")


# -- styles ---------------------------------------------------------------------------------------


def test_a_role_stands_on_the_ground_of_another() -> None:
    style = NIGHT.style("up", "surface", bold=True)

    assert style.color == _rich(NIGHT.colour("up"))
    assert style.bgcolor == _rich(NIGHT.colour("surface"))
    assert style.bold
    assert not NIGHT.style("up").bold


def test_stale_marks_fade_and_without_colour_are_dim() -> None:
    faded = blend(NIGHT.colour("up"), NIGHT.colour("background"), 0.55)

    assert NIGHT.style("up", is_stale=True).color == _rich(faded)
    assert NIGHT.at_depth("16").style("up", is_stale=True).dim
    stale = NIGHT.at_depth("none").style("up", is_stale=True)
    assert stale.dim
    assert not stale.bold


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", sorted(THEMES))
def test_a_label_can_be_read_on_its_ground(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)
    for role in ("live", "dark", "staged", "warning", "error", "cursor", "last"):
        chip = theme.chip(role)
        if theme.colour(role) == DEFAULT:
            assert chip.reverse, role
        else:
            assert chip.bgcolor == _rich(theme.colour(role))
            assert chip.color != chip.bgcolor
        if depth in ("truecolor", "256"):
            assert chip.color is not None
            written = chip.color.get_truecolor()
            text = "#{:02x}{:02x}{:02x}".format(*written)
            assert contrast(text, theme.colour(role)) >= 4.4, role


def test_a_stale_label_is_quieter_at_every_depth() -> None:
    for depth in DEPTHS:
        theme = NIGHT.at_depth(depth)
        assert theme.chip("warning", is_stale=True) != theme.chip("warning"), depth
    faded = blend(NIGHT.colour("warning"), NIGHT.colour("background"), 0.55)
    assert NIGHT.chip("warning", is_stale=True).bgcolor == _rich(faded)
    assert NIGHT.at_depth("16").chip("warning", is_stale=True).dim


# -- up and down ----------------------------------------------------------------------------------


def test_swapping_exchanges_up_and_down_at_every_depth() -> None:
    swapped = NIGHT.swapped()

    assert swapped.colour("up") == NIGHT.colour("down")
    assert swapped.colour("down") == NIGHT.colour("up")
    assert swapped.colour("bid") == NIGHT.colour("bid")
    assert swapped.is_swapped
    assert swapped.at_depth("16").colour("up") == NIGHT.at_depth("16").colour("down")
    assert not swapped.swapped().is_swapped
    assert swapped.swapped().colours == NIGHT.colours
    assert swapped.swapped().at_depth("16").colours == NIGHT.at_depth("16").colours


# -- what the terminal says -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": " TrueColor "}, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": "yes"}, "256"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "DUMB"}, "none"),
        ({}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "COLORTERM": "truecolor"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"NO_COLOR": "1", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, "none"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "256"}, "256"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, "16"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "auto"}, "16"),
    ],
)
def test_the_depth_is_what_the_terminal_says(environ: dict[str, str], depth: Depth) -> None:
    assert detect_depth(environ) == depth
