"""Times in words: labels, separators, zones."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.bars import Series
from tests.support.bars import NANOS, bars, series_of, walk
from tui.paint.columns import ZOOMS, TimeAxis, Zoom, time_axis
from tui.paint.times import (
    DAY_RANK,
    MONTH_RANK,
    YEAR_RANK,
    TimeLabel,
    fitted,
    offsets,
    separators,
    time_labels,
)

MIDNIGHT = 1_699_920_000
"""2023-11-14 00:00 UTC, a Tuesday."""

HOUR, DAY = 3600, 86_400
NEW_YORK = ZoneInfo("America/New_York")


def _axis(
    series: Series, zoom: Zoom, *, width: int = 320, anchor_x: int = 300, **window: object
) -> TimeAxis:
    return time_axis([series], zoom, width, anchor_x=anchor_x, **window)  # type: ignore[arg-type]


def _view(count: int, period_s: int, zoom: Zoom, start_s: int) -> TimeAxis:
    series = series_of(walk(count, period_s=period_s, start_ns=start_s * NANOS), period_s)
    return _axis(series, zoom)


def _labels(axis: TimeAxis, zone: str = "UTC", gap: int = 12) -> list[tuple[str, bool]]:
    return [(label.text, label.is_major) for label in time_labels(axis, ZoneInfo(zone), gap)]


def test_minutes_and_the_day_that_begins() -> None:
    labels = _labels(_view(60, 60, Zoom(1, 4), MIDNIGHT - 20 * 60))

    assert labels == [
        ("23:40", False), ("23:50", False), ("14 Nov", True), ("00:10", False),
        ("00:20", False), ("00:30", False),
    ]  # fmt: skip


def test_seconds_hours_days_and_months() -> None:
    seconds = _labels(_view(70, 1, Zoom(1, 4), MIDNIGHT + HOUR), gap=14)
    assert seconds[:2] == [("01:00:00", False), ("01:00:10", False)]
    hours = _labels(_view(70, HOUR, Zoom(1, 4), MIDNIGHT))
    assert hours[:3] == [("14 Nov", True), ("06:00", False), ("12:00", False)]
    days = _labels(_view(70, DAY, Zoom(1, 4), MIDNIGHT))
    assert days[0] == ("20 Nov", True)
    months = _labels(_view(200, DAY, Zoom(1, 1), MIDNIGHT))
    assert [text for text, _ in months] == ["Dec", "2024", "Feb", "Mar", "Apr", "May"]


def test_the_first_day_of_a_year_says_the_year_and_outranks_months_and_days() -> None:
    axis = _view(75, DAY, Zoom(1, 4), MIDNIGHT)
    labels = {label.text: label.rank for label in time_labels(axis, UTC, 12)}

    assert labels["20 Nov"] == DAY_RANK
    assert labels["4 Dec"] == MONTH_RANK
    assert labels["2024"] == YEAR_RANK
    assert "1 Jan" not in labels


def test_decades_are_counted_from_round_years() -> None:
    axis = _view(40_000, DAY, Zoom(128, 1), 0)

    years = [label.text for label in time_labels(axis, UTC, 12)]

    assert years
    assert {int(year) % 10 for year in years} == {0}


@given(
    anchor=st.integers(120, 190),
    step=st.integers(1, 9),
    zoom=st.sampled_from([Zoom(1, 8), Zoom(1, 4), Zoom(1, 1), Zoom(4, 1)]),
    period_s=st.sampled_from([1, 60, 300, HOUR, DAY]),
)
def test_labels_move_with_the_bars_and_never_by_themselves(
    anchor: int, step: int, zoom: Zoom, period_s: int
) -> None:
    series = series_of(walk(1000, period_s=period_s, start_ns=MIDNIGHT * NANOS), period_s)

    def shown(at: int) -> dict[tuple[str, int], int]:
        axis = _axis(series, zoom, anchor_ns=int(series.time_ns[at * 5]), lead=1)
        moved = int(axis.keys[0]) * zoom.dots - int(axis.x[0])
        return {
            (label.text, start * 2 + moved - moved % 2): start
            for start, label in fitted(time_labels(axis, UTC, 12), 160)
        }

    before, after = shown(anchor), shown(anchor + step)

    # What stands well inside of both views is in both or in neither.
    shift = min(key[1] for key in after) - min(after.values()) * 2 if after else 0
    inside = {key for key in before if 24 <= key[1] - shift <= 270 and 24 <= before[key] * 2 <= 270}
    assert inside <= after.keys()


def test_local_time_follows_the_clocks_when_they_change() -> None:
    # New York put its clocks back at 2023-11-05 06:00 UTC.
    start = 1_699_156_800  # 04:00 UTC: midnight there, still in summer time
    labels = _labels(_view(70, 300, Zoom(1, 4), start), "America/New_York")

    hours = [text for text, _ in labels if text.endswith(":00")]
    assert hours[:5] == ["01:00", "01:00", "02:00", "03:00", "04:00"]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
)
@given(
    start=st.integers(-(2**31), 2**32),
    steps=st.lists(st.integers(0, 200 * DAY), min_size=1, max_size=20),
)
def test_offsets_are_those_of_the_zone_at_every_time(
    zone: str, start: int, steps: list[int]
) -> None:
    info = ZoneInfo(zone)
    seconds = start + np.cumsum(steps)

    found = np.broadcast_to(offsets(seconds, info), seconds.shape)

    for at, ahead in zip(seconds.tolist(), found.tolist(), strict=True):
        shift = datetime.fromtimestamp(at, UTC).astimezone(info).utcoffset()
        assert shift is not None
        assert ahead == shift.total_seconds()


def test_a_round_time_in_missing_time_stands_in_the_gap() -> None:
    first = MIDNIGHT + HOUR
    series = bars(
        (0, 1, 2, 1, 2), (1, 1, 2, 1, 2), (26, 1, 2, 1, 2), start_ns=(first + 5 * 60) * NANOS
    )
    axis = _axis(series, Zoom(1, 4), width=640)

    labels = time_labels(axis, UTC, 12)

    # The bar of 01:31 begins at dot 300, so the middle of the one that is missing is at 298.
    assert [(label.text, label.column) for label in labels] == [("01:30", 149)]


def test_the_first_bar_after_closed_hours_says_its_day() -> None:
    labels = _labels(_axis(_sessions(), Zoom(1, 1), width=640, anchor_x=600), "America/New_York")

    assert ("15 Nov", True) in labels
    assert ("00:00", False) not in labels


def test_labels_fit_side_by_side_and_days_come_first() -> None:
    labels = [
        TimeLabel(2, "23:50", 0),
        TimeLabel(7, "14 Nov", DAY_RANK),
        TimeLabel(20, "00:10", 0),
        TimeLabel(39, "00:20", 0),
    ]

    shown = fitted(labels, 40)

    assert [(start, label.text) for start, label in shown] == [(4, "14 Nov"), (18, "00:10")]


@given(st.lists(st.tuples(st.integers(-5, 85), st.integers(0, 3)), max_size=30))
def test_labels_never_meet_and_the_highest_of_neighbours_is_shown(
    wanted: list[tuple[int, int]],
) -> None:
    labels = [TimeLabel(column, "00:00", rank) for column, rank in wanted]

    shown = fitted(labels, 80)

    assert all(other - start > 5 for (start, _), (other, _) in pairwise(shown))
    assert all(0 <= start <= 75 for start, _ in shown)
    alone = {
        column
        for column, rank in wanted
        if 2 <= column <= 77
        and not any(
            0 < abs(column - other) <= 6 or (other == column and higher > rank)
            for other, higher in wanted
        )
    }
    assert alone <= {label.column for _, label in shown}


# -- separators -----------------------------------------------------------------------------------


def _sessions() -> Series:
    """Two sessions of New York's hours, in minutes: 09:30 to 16:00."""
    series = Series(60)
    for day in (14, 15):
        opens = datetime(2023, 11, day, 9, 30, tzinfo=NEW_YORK).timestamp()
        series.merge(walk(390, start_ns=int(opens) * NANOS))
    return series


def _dots(axis: TimeAxis, zone: str = "UTC") -> list[tuple[int, bool]]:
    return [(item.dot, item.is_session) for item in separators(axis, ZoneInfo(zone))]


def test_a_day_begins_at_midnight_of_the_zone() -> None:
    series = series_of(walk(200, period_s=900, start_ns=MIDNIGHT * NANOS), 900)
    axis = _axis(series, Zoom(1, 2), width=400, anchor_x=398)

    for zone, hours in (("UTC", 24), ("Europe/Berlin", 23), ("Asia/Kolkata", 18.5)):
        place = int(hours * 4)
        assert _dots(axis, zone)[0] == (int(axis.x[place]), False)


def test_days_that_would_stand_too_close_are_weeks_then_months_then_years() -> None:
    found = {}
    for bars_, dots in ((1, 4), (2, 1), (8, 1), (64, 1)):
        series = series_of(walk(20_000, period_s=HOUR, start_ns=MIDNIGHT * NANOS), HOUR)
        axis = _axis(series, Zoom(bars_, dots))
        zoom_s = HOUR * bars_ / dots
        at = [dot for dot, _ in _dots(axis)]
        found[bars_] = {round((b - a) * zoom_s / DAY) for a, b in pairwise(at)}

    assert found[1] == {1}
    assert found[2] == {7}
    assert found[8] <= set(range(27, 33))
    assert found[64] <= set(range(362, 370))


def test_where_closed_hours_are_cut_no_separator_doubles_the_mark() -> None:
    axis = _axis(_sessions(), Zoom(1, 1), width=640, anchor_x=600)

    assert axis.cut.any()
    assert _dots(axis, "America/New_York") == []


def test_where_closed_hours_take_their_place_a_session_and_its_day_begin() -> None:
    series = Series(900)
    for day in (14, 15):
        opens = datetime(2023, 11, day, 9, 30, tzinfo=NEW_YORK).timestamp()
        series.merge(walk(26, period_s=900, start_ns=int(opens) * NANOS))
    axis = _axis(series, Zoom(1, 2), closed_hours=True)

    found = _dots(axis, "America/New_York")

    opening = int(axis.x[26])
    assert found == [(opening - 38 * 2, False), (opening, True)]


def test_a_single_bar_and_none_are_no_trouble() -> None:
    for series in (Series(60), bars((0, 1, 2, 1, 2))):
        axis = _axis(series, Zoom(1, 4))
        assert separators(axis, UTC) == ()
        assert isinstance(time_labels(axis, UTC, 12), list)


@pytest.mark.parametrize(
    ("zoom", "period_s"),
    [
        (zoom, period_s)
        for zoom in ZOOMS
        for period_s in (1, 60, HOUR, DAY)
        if zoom.bars * period_s <= 400 * DAY
    ],
)
def test_no_zoom_has_more_labels_than_it_has_room_for(zoom: Zoom, period_s: int) -> None:
    series = series_of(walk(2000, period_s=period_s, start_ns=0), period_s)

    labels = time_labels(_axis(series, zoom), UTC, 12)

    assert len(labels) <= 320 // 12
