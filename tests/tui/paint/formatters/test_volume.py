"""Volume, from the ground up."""

from __future__ import annotations

from tests.support.strokes import columns_of, text_of, unpacked
from tui.paint.formatters import (
    DOWN,
    UP,
    VolumeFormatter,
)
from tui.paint.scales import PriceScale


def test_volume_stands_on_the_ground_and_any_of_it_is_seen() -> None:
    columns = columns_of(4, (0, 1, 2, 1, 2, 1000.0), (1, 2, 2, 1, 1, 0.001), (2, 1, 2, 1, 2, 0.0))

    strokes = VolumeFormatter().update(columns, PriceScale(0.0, 1000.0), 2)

    assert text_of(strokes, columns, 6) == ["⣿⡇    ", "⣿⡇⣀⡀  "]
    assert strokes.kinds.tolist() == [UP, DOWN, UP]


def test_a_market_without_volume_draws_none() -> None:
    columns = columns_of(4, (0, 1, 2, 1, 2, 0.0))

    assert not VolumeFormatter().update(columns, PriceScale(0.0, 0.0), 2).halves.any()


def test_a_volume_that_is_not_known_is_not_drawn() -> None:
    columns = columns_of(4, (0, 1, 2, 1, 2, float("nan")), (1, 1, 2, 1, 2, 10.0))

    unknown, full = VolumeFormatter().update(columns, PriceScale(0.0, 10.0), 2).halves

    assert not unknown.any()
    assert unpacked(full) == [*[list(range(8))] * 3, []]
