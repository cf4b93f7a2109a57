"""Themes: files, problems, depths of colour."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import numpy as np
import pytest
from textual.app import App
from textual.color import Color
from textual.widgets import Static

from tui.paint.color import contrast, oklab, rgb
from tui.paint.levels import LOOKS
from tui.paint.theme import OVERLAY_ROLES
from tui.themes import (
    DEFAULT_THEME,
    ROLES,
    Depth,
    Theme,
    load_themes,
    textual_theme,
    theme_variables,
)

THEMES = load_themes()[0]
DEPTHS: tuple[Depth, ...] = ("truecolor", "256", "16", "none")
GROUNDS = ("background", "surface", "raised")
QUIET = ("border", "grid", "session")
"""Roles that carry no meaning of their own."""


def _distance(one: str, other: str) -> float:
    """How unlike two colours look: distance in Oklab."""
    labs = oklab(np.array([rgb(one), rgb(other)], dtype=float))
    return float(np.linalg.norm(labs[0] - labs[1]))


# What protanopes and deuteranopes see (Viénot, Brettel and Mollon, 1999), in linear light.
_BLIND = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


def _as_seen(colour: str, by: str) -> str:
    light = np.array(rgb(colour)) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(_BLIND[by]) @ linear, 0, 1)
    coded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(coded * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def test_there_are_dark_light_contrasting_and_colour_blind_safe_themes() -> None:
    themes, problems = load_themes()

    assert problems == []
    assert {"night", "day", "contrast", "okabe", "ember"} <= themes.keys()
    assert themes["night"].kind == "dark"
    assert themes["day"].kind == "light"
    assert DEFAULT_THEME in themes


@pytest.mark.parametrize("depth", ["truecolor", "256"])
@pytest.mark.parametrize("name", sorted(THEMES))
def test_everything_that_means_something_can_be_read(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)
    wanted = {"stale": 3.4} if name != "contrast" else dict.fromkeys(ROLES, 7.0)
    for role in set(ROLES) - set(GROUNDS) - set(QUIET):
        ratio = contrast(theme.colour(role), theme.colour("background"))
        assert ratio >= wanted.get(role, 4.4), f"{role} {ratio:.2f}"


@pytest.mark.parametrize("name", sorted(THEMES))
def test_text_can_be_read_on_every_ground(name: str) -> None:
    theme = THEMES[name]
    for ground in GROUNDS:
        assert contrast(theme.colour("text"), theme.colour(ground)) >= 7.0
        assert contrast(theme.colour("muted"), theme.colour(ground)) >= 3.0


@pytest.mark.parametrize("name", sorted(THEMES))
def test_kinds_of_levels_look_different_from_each_other(name: str) -> None:
    theme = THEMES[name]
    lines = {look.role for look in LOOKS.values() if look.pattern}
    for one, other in itertools.combinations(sorted(lines), 2):
        assert _distance(theme.colour(one), theme.colour(other)) > 0.05, (one, other)


@pytest.mark.parametrize("depth", ["truecolor", "256"])
@pytest.mark.parametrize("name", sorted(THEMES))
def test_real_money_has_a_colour_that_is_like_no_other(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)
    for role in set(ROLES) - {"live"}:
        assert _distance(theme.colour("live"), theme.colour(role)) > 0.09, role


@pytest.mark.parametrize("name", sorted(THEMES))
def test_real_money_has_a_colour_of_its_own_among_sixteen(name: str) -> None:
    theme = THEMES[name].at_depth("16")

    assert theme.colour("live") not in {theme.colour(role) for role in set(ROLES) - {"live"}}


@pytest.mark.parametrize("depth", ["truecolor", "256"])
@pytest.mark.parametrize("name", sorted(THEMES))
def test_markets_on_one_chart_look_different_from_each_other(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)
    for one, other in itertools.combinations(OVERLAY_ROLES, 2):
        assert _distance(theme.colour(one), theme.colour(other)) > 0.08, (one, other)
    for role, main in itertools.product(OVERLAY_ROLES, ("up", "down")):
        assert _distance(theme.colour(role), theme.colour(main)) > 0.06, (role, main)


@pytest.mark.parametrize("name", sorted(THEMES))
def test_sixteen_colours_are_enough_for_seven_markets_beside_up_and_down(name: str) -> None:
    theme = THEMES[name].at_depth("16")
    colours = [theme.colour(role) for role in OVERLAY_ROLES]

    assert len(set(colours)) == 7
    if theme.kind == "dark" and name not in ("okabe", "contrast"):
        assert not {theme.colour("up"), theme.colour("down")} & set(colours)


@pytest.mark.parametrize("eyes", sorted(_BLIND))
def test_the_markets_of_okabe_are_told_apart_by_colour_blind_eyes(eyes: str) -> None:
    theme = THEMES["okabe"]
    seen = {role: _as_seen(theme.colour(role), eyes) for role in (*OVERLAY_ROLES, "up", "down")}
    for one, other in itertools.combinations(seen, 2):
        assert _distance(seen[one], seen[other]) > 0.08, (one, other)


@pytest.mark.parametrize("name", sorted(THEMES))
def test_a_grid_and_what_separates_sessions_stay_behind(name: str) -> None:
    theme = THEMES[name]
    ground = theme.colour("background")
    for role in ("grid", "session"):
        assert 1.05 < contrast(theme.colour(role), ground) < contrast(theme.colour("muted"), ground)


@pytest.mark.parametrize("eyes", sorted(_BLIND))
def test_up_and_down_of_okabe_are_told_apart_by_colour_blind_eyes(eyes: str) -> None:
    theme = THEMES["okabe"]
    for one, other in (("up", "down"), ("bid", "ask")):
        seen = [_as_seen(theme.colour(role), eyes) for role in (one, other)]
        assert _distance(*seen) > 0.15


def test_a_user_theme_says_only_what_it_changes(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[colors]\nup = "#00ff00"\n')
    (tmp_path / "pale.toml").write_text('kind = "light"\n[colors]\nup = "#005500"\n')
    (tmp_path / "moor.toml").write_text('inherits = "ember"\n[ansi]\nup = "ansi_cyan"\n')

    themes, problems = load_themes(tmp_path)

    assert problems == []
    assert themes["mine"].colour("up") == "#00ff00"
    assert themes["mine"].colour("down") == THEMES["night"].colour("down")
    assert themes["pale"].colour("background") == THEMES["day"].colour("background")
    assert themes["moor"].at_depth("16").colour("up") == "ansi_cyan"


def test_a_user_theme_wins_over_a_built_in_one_unless_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "night.toml").write_text('[colors]\nup = "#00ff00"\n')
    (tmp_path / "day.toml").write_text("[colors]\nup = 3\n")

    themes, problems = load_themes(tmp_path)

    assert themes["night"].colour("up") == "#00ff00"
    assert themes["day"] == THEMES["day"]
    assert problems == ["day.toml: colors.up is '3'; write #rrggbb"]


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        'kind = "dim"\nname = "x"\ninherits = "nigth"\n'
        '[colors]\nupp = "#000000"\ndown = "red"\n[ansi]\nup = "green"\n'
    )
    (tmp_path / "broken.toml").write_text("[colors\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "huge.toml").write_bytes(b"#" * 100_000)
    (tmp_path / "folder.toml").mkdir()

    themes, problems = load_themes(tmp_path)

    assert themes.keys() == THEMES.keys()
    assert problems[:6] == [
        "bad.toml: name is not known",
        "bad.toml: kind is 'dim'; it must be dark or light",
        "bad.toml: colors.upp is not known; did you mean up?",
        "bad.toml: colors.down is 'red'; write #rrggbb",
        "bad.toml: ansi.up is 'green'; write a terminal colour like ansi_red",
        "bad.toml: inherits 'nigth'; there is contrast, day, ember, night, okabe, slate",
    ]
    assert problems[6] == "binary.toml: not UTF-8 text"
    assert problems[7].startswith("broken.toml: not TOML: ")
    assert problems[8].startswith("folder.toml: cannot be read: ")
    assert problems[9] == "huge.toml: too large for a theme"


def test_a_hostile_theme_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "evil.toml").write_text('[colors]\nup = "\\u001b]0;x\\u0007"\n')

    problems = load_themes(tmp_path)[1]

    assert len(problems) == 1
    assert problems[0].isprintable() or "\ufffd" in problems[0]
    assert "\x1b" not in problems[0]


def test_no_folder_is_no_problem(tmp_path: Path) -> None:
    assert load_themes(tmp_path / "missing") == (load_themes()[0], [])


class _Themed(App[None]):
    """Shows one label in the colours of a theme."""

    CSS = "Static { color: $up; background: $raised; }"

    def __init__(self, theme: Theme) -> None:
        self._shown = theme
        super().__init__(ansi_color=theme.depth in ("16", "none"))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme_variables(self._shown)

    def compose(self):  # type: ignore[no-untyped-def]
        yield Static("text")

    def on_mount(self) -> None:
        self.register_theme(textual_theme(self._shown))
        self.theme = self._shown.name


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", sorted(THEMES))
def test_textual_takes_every_theme_at_every_depth(name: str, depth: Depth) -> None:
    theme = THEMES[name].at_depth(depth)

    async def colours() -> tuple[Color, Color]:
        app = _Themed(theme)
        async with app.run_test():
            styles = app.query_one(Static).styles
            return styles.color, styles.background

    assert asyncio.run(colours()) == (
        Color.parse(theme.colour("up")),
        Color.parse(theme.colour("raised")),
    )
