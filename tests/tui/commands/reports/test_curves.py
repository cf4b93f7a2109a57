"""Pictures of a profit."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from tests.support.records import DAY_NS, HOUR_NS, START_NS
from tui.commands.reports.curves import Curve, bar, drawn
from tui.commands.reports.table import Page

PLAIN = Page(60, False)


def curve_of(*values: float | None, step_ns: int = DAY_NS) -> Curve:
    return Curve([START_NS + n * step_ns for n in range(len(values))], values, UTC)


def test_it_rises_from_the_lower_left_to_the_upper_right() -> None:
    lines = drawn(curve_of(0, 5, 10, step_ns=2 * DAY_NS), PLAIN, 8)

    assert len(lines) == 9
    assert lines[0].removesuffix("10").rstrip()[-1] > "\u2800"
    assert lines[7].startswith(tuple(chr(mark) for mark in range(0x2801, 0x2900)))
    assert lines[-1].split() == ["2026-01-05", "2026-01-09"]


def test_zero_is_a_line_and_has_its_label() -> None:
    lines = drawn(curve_of(-10, 10), PLAIN, 9)
    (zero,) = [line for line in lines if "┄" in line]

    assert zero.split()[-1] == "0"


def test_what_is_not_known_is_a_gap() -> None:
    whole = "".join(drawn(curve_of(5, 5, 5, 5), PLAIN))
    gap = "".join(drawn(curve_of(5, None, None, 5), PLAIN))

    assert sum("\u2800" < mark <= "\u28ff" for mark in gap) < sum(
        "\u2800" < mark <= "\u28ff" for mark in whole
    )


def test_times_within_days_are_told_by_the_clock() -> None:
    lines = drawn(curve_of(1, 2, step_ns=HOUR_NS), PLAIN)

    assert lines[-1].split() == ["2026-01-05", "00:00", "2026-01-05", "01:00"]


@pytest.mark.parametrize("values", [(), (1.0,), (None, None), (None, 3.0)])
def test_less_than_two_known_points_are_no_curve(values: tuple[float | None, ...]) -> None:
    assert drawn(curve_of(*values), PLAIN) == []


def test_colours_say_how_it_ends() -> None:
    up = "".join(drawn(curve_of(0, 1), Page(60, True)))
    down = "".join(drawn(curve_of(0, -1), Page(60, True)))

    assert "\x1b[32m" in up
    assert "\x1b[31m" in down


@given(
    st.lists(
        st.none() | st.floats(-1e9, 1e9, allow_nan=False).filter(lambda x: abs(x) > 1e-6),
        min_size=2,
        max_size=60,
    ),
    st.integers(40, 200),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_it_is_never_wider_than_the_page(
    values: list[float | None], width: int, has_colours: bool
) -> None:
    for line in drawn(curve_of(*values), Page(width, has_colours)):
        assert cell_len(Text.from_ansi(line).plain) <= width


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(Decimal(5), Decimal(10), 8) == "━━━━"
    assert bar(Decimal(-10), Decimal(10), 8) == "━" * 8
    assert bar(Decimal("0.6"), Decimal(10), 8) == "╸"
    assert bar(Decimal(0), Decimal(0), 8) == ""
    assert bar(None, Decimal(10), 8) == "–"
