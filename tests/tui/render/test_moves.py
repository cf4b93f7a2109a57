from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from tui.render.moves import move

PLACES = st.tuples(st.integers(0, 29), st.integers(0, 119))


@given(st.one_of(st.none(), PLACES), PLACES)
def test_a_move_arrives_and_is_no_longer_than_the_absolute_one(start, end):
    screen = pyte.Screen(120, 30)
    stream = pyte.Stream(screen)
    row, column = start or (7, 7)
    stream.feed(f"\x1b[{row + 1};{column + 1}H")

    text = move(start, *end)
    stream.feed(text)

    assert (screen.cursor.y, screen.cursor.x) == end
    assert len(text) <= len(f"\x1b[{end[0] + 1};{end[1] + 1}H")
    assert "\n" not in text


def test_short_ways_are_short():
    assert move((3, 10), 3, 10) == ""
    assert move((3, 10), 3, 0) == "\r"
    assert move((3, 10), 3, 9) == "\b"
    assert move((3, 10), 4, 10) == "\x1bD"
    assert move((3, 10), 4, 0) == "\x1bD\r"
    assert move((3, 10), 3, 11) == "\x1b[C"
