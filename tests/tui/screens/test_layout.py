"""Where the parts of the deck stand, in a terminal of any size."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from tui.screens.layout import PANELS, arrange


@given(
    width=st.integers(20, 400),
    height=st.integers(8, 120),
    opened=st.sampled_from(["", *PANELS]),
    hidden=st.sets(st.sampled_from(PANELS)),
    has_banner=st.booleans(),
    has_strip=st.booleans(),
    covered=st.sampled_from([0, 46]),
    is_full=st.booleans(),
    history=st.sampled_from([None, True, False]),
)
def test_parts_stay_on_the_screen_and_never_overlap(
    width: int,
    height: int,
    opened: str,
    hidden: set[str],
    has_banner: bool,
    has_strip: bool,
    covered: int,
    is_full: bool,
    history: bool | None,
):
    places = arrange(
        width,
        height,
        opened=opened,
        hidden=hidden,
        has_banner=has_banner,
        has_strip=has_strip,
        covered=covered,
        is_full=is_full,
        history=history,
    )
    screen = Region(0, 0, width, height)

    assert {"status", "keys", "chart"} <= places.keys()
    for place in places.values():
        assert place.area > 0
        assert screen.contains_region(place)
    for one, other in combinations(places.values(), 2):
        assert not one.overlaps(other)


@given(st.integers(20, 400), st.integers(8, 120))
def test_without_banner_and_cover_every_cell_belongs_to_a_part(width: int, height: int):
    places = arrange(width, height)

    assert sum(place.area for place in places.values()) == width * height


@pytest.mark.parametrize(
    ("size", "shown"),
    [((80, 24), set()), ((120, 35), set(PANELS)), ((200, 50), set(PANELS))],
)
def test_panels_are_there_where_there_is_room(size: tuple[int, int], shown: set[str]):
    assert arrange(*size).keys() & set(PANELS) == shown


def test_what_is_staged_is_always_somewhere():
    assert "strip" in arrange(80, 24, has_strip=True)
    assert "strip" in arrange(120, 35, has_strip=True, hidden={"order"})
    assert "strip" not in arrange(120, 35, has_strip=True)
    assert "strip" not in arrange(80, 24, has_strip=True, opened="order")


def test_the_failure_of_the_engine_has_rows_of_its_own():
    assert arrange(80, 24, has_banner=True)["banner"] == Region(0, 1, 80, 2)


def test_the_strip_of_history_is_there_where_the_chart_is_high_or_it_was_asked_for():
    def has(size: tuple[int, int], history: bool | None, *, is_full: bool = False) -> bool:
        return "history" in arrange(*size, history=history, is_full=is_full)

    assert [has(size, None) for size in ((80, 24), (120, 35), (200, 50))] == [False, True, True]
    assert "history" not in arrange(120, 35, history=None, charts=4)
    assert "history" in arrange(200, 50, history=None, charts=4)
    assert has((80, 24), True)
    assert not has((80, 13), True)
    assert not has((200, 50), False)
    assert not has((200, 50), None, is_full=True)
    assert has((200, 50), True, is_full=True)


def test_the_chart_alone_has_all_but_status_and_keys_and_never_hides_what_is_staged():
    places = arrange(120, 35, is_full=True, has_strip=True)

    assert set(places) == {"status", "keys", "chart", "strip"}
    assert places["chart"].width == 120
