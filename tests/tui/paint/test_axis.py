"""Round prices, labels that make room for each other, and times."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.bars import NANOS, bars, series_of, walk
from tui.paint.axis import (
    TimeLabel,
    fitted,
    price_step,
    round_prices,
    spread_out,
    time_labels,
)
from tui.paint.columns import Columns, Zoom, columns_in_view


@pytest.mark.parametrize(
    ("span", "most", "tick", "step"),
    [
        ("100", 10, "0.01", "10"),
        ("100", 9, "0.01", "20"),
        ("0.00100", 6, "0.00001", "0.0002"),
        ("3", 12, "0.25", "0.25"),
        ("3", 5, "0.25", "1"),
        ("0.5", 8, "0.25", "0.25"),
        ("30", 7, "5", "5"),
        ("1", 8, "0.03125", "0.25"),
        ("0.02", 8, "0.01", "0.01"),
        ("90000", 4, "0.1", "25000"),
    ],
)
def test_a_step_is_round_and_a_multiple_of_the_tick(
    span: str, most: int, tick: str, step: str
) -> None:
    assert price_step(Decimal(span), most, Decimal(tick)) == Decimal(step)


def test_a_tick_that_is_nowhere_round_is_counted_in_itself() -> None:
    assert price_step(Decimal("2"), 8, Decimal("0.0833333")) % Decimal("0.0833333") == 0


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(0.05, 1e5),
    most=st.integers(1, 20),
    tick=st.sampled_from(["0.01", "0.25", "0.5", "5", "0.00001"]),
)
def test_round_prices_are_in_the_range_on_the_tick_and_not_too_many(
    low: float, span: float, most: int, tick: str
) -> None:
    found = round_prices(low, low + span, most, Decimal(tick))

    assert len(found) <= most + 1
    assert list(found) == sorted(set(found))
    for price in found:
        assert price % Decimal(tick) == 0
        assert low <= float(price) <= low + span


def test_prices_below_zero_have_labels_too() -> None:
    assert round_prices(-1.0, 1.0, 4, Decimal("0.01")) == (
        Decimal("-1"), Decimal("-0.5"), Decimal(0), Decimal("0.5"), Decimal("1"),
    )  # fmt: skip


def test_labels_that_do_not_meet_stay_where_they_are() -> None:
    assert spread_out([1, 4, 9], [1, 1, 1], 10) == [1, 4, 9]


def test_labels_of_one_row_share_the_way() -> None:
    assert spread_out([5, 5, 5], [1, 1, 1], 20) == [4, 5, 6]


def test_a_heavy_label_holds_on_to_its_row() -> None:
    assert spread_out([5, 5, 5], [1, 20, 1], 20) == [4, 5, 6]
    assert spread_out([5, 5], [20, 1], 20) == [5, 6]
    assert spread_out([5, 5], [1, 20], 20) == [4, 5]


def test_labels_at_the_edges_stay_inside() -> None:
    assert spread_out([0, 0, 0], [1, 1, 1], 3) == [0, 1, 2]
    assert spread_out([9, 9], [1, 1], 10) == [8, 9]


@given(
    rows=st.integers(1, 40),
    data=st.data(),
)
def test_labels_never_overlap_are_never_cut_off_and_keep_their_order(
    rows: int, data: st.DataObject
) -> None:
    wanted = sorted(data.draw(st.lists(st.integers(0, rows - 1), max_size=rows)))
    weights = [data.draw(st.sampled_from([1.0, 20.0, 50.0])) for _ in wanted]

    placed = spread_out(wanted, weights, rows)

    assert placed == sorted(set(placed))
    assert all(0 <= row < rows for row in placed)
    if len(set(wanted)) == len(wanted):
        assert placed == wanted


def _labels(columns: Columns, zone: str = "UTC", gap: int = 12) -> list[tuple[str, bool]]:
    return [(label.text, label.is_major) for label in time_labels(columns, ZoneInfo(zone), gap)]


def _view(count: int, period_s: int, zoom: Zoom, start_s: int) -> Columns:
    series = series_of(walk(count, period_s=period_s, start_ns=start_s * NANOS), period_s)
    return columns_in_view(series, zoom, 320, anchor=count - 1, anchor_x=300)


MIDNIGHT = 1_699_920_000
"""2023-11-14 00:00 UTC, a Tuesday."""


def test_minutes_and_the_day_that_begins() -> None:
    labels = _labels(_view(60, 60, Zoom(1, 4), MIDNIGHT - 20 * 60))

    assert labels == [
        ("23:40", False), ("23:50", False), ("14 Nov", True), ("00:10", False),
        ("00:20", False), ("00:30", False),
    ]  # fmt: skip


def test_seconds_hours_days_and_months() -> None:
    seconds = _labels(_view(70, 1, Zoom(1, 4), MIDNIGHT + 3600), gap=14)
    assert seconds[:2] == [("01:00:00", False), ("01:00:10", False)]
    hours = _labels(_view(70, 3600, Zoom(1, 4), MIDNIGHT))
    assert hours[:3] == [("14 Nov", True), ("06:00", False), ("12:00", False)]
    days = _labels(_view(70, 86_400, Zoom(1, 4), MIDNIGHT))
    assert days[0] == ("20 Nov", True)
    months = _labels(_view(200, 86_400, Zoom(1, 1), MIDNIGHT))
    assert ("2024", True) in months
    assert months == [
        ("Dec", False),
        ("2024", True),
        ("Feb", False),
        ("Mar", False),
        ("Apr", False),
        ("May", False),
    ]


def test_labels_move_with_the_bars_and_never_by_themselves() -> None:
    series = series_of(walk(200, start_ns=MIDNIGHT * NANOS))

    def times(anchor: int) -> dict[str, int]:
        columns = columns_in_view(series, Zoom(1, 4), 320, anchor=anchor, anchor_x=300)
        labels = time_labels(columns, ZoneInfo("UTC"), 12)
        return {label.text: label.column for label in labels}

    before, after = times(150), times(153)

    shared = before.keys() & after.keys()
    assert len(shared) >= 6
    assert {before[text] - after[text] for text in shared} == {6}


def test_local_time_follows_the_clocks_when_they_change() -> None:
    # New York put its clocks back at 2023-11-05 06:00 UTC.
    start = 1_699_156_800  # 04:00 UTC: midnight there, still in summer time
    labels = _labels(_view(70, 300, Zoom(1, 4), start), "America/New_York")

    hours = [text for text, _ in labels if text.endswith(":00")]
    assert hours[:5] == ["01:00", "01:00", "02:00", "03:00", "04:00"]


def test_a_round_time_in_missing_time_stands_in_the_gap() -> None:
    first = MIDNIGHT + 3600
    series = bars(
        (0, 1, 2, 1, 2), (1, 1, 2, 1, 2), (26, 1, 2, 1, 2), start_ns=(first + 5 * 60) * NANOS
    )
    columns = columns_in_view(series, Zoom(1, 4), 640, anchor=2, anchor_x=300)

    labels = time_labels(columns, ZoneInfo("UTC"), 12)

    # The bar of 01:31 begins at dot 300, so the middle of the one that is missing is at 298.
    assert [(label.text, label.column) for label in labels] == [("01:30", 149)]


def test_labels_fit_side_by_side_and_days_come_first() -> None:
    labels = [
        TimeLabel(2, "23:50", False),
        TimeLabel(7, "14 Nov", True),
        TimeLabel(20, "00:10", False),
        TimeLabel(39, "00:20", False),
    ]

    shown = fitted(labels, 40)

    assert [(start, label.text) for start, label in shown] == [(4, "14 Nov"), (18, "00:10")]
