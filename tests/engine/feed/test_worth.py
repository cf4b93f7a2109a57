from __future__ import annotations

import pytest

from engine.feed.worth import ROUGHLY, worth


def test_an_amount_is_worth_the_same_in_any_asset_by_its_order_of_magnitude() -> None:
    dollars = worth(1e6, "USD")

    assert dollars == worth(1e6, "usdt") == 1e6
    assert dollars / 2 < worth(1.5e8, "jpy") < dollars * 2
    assert dollars / 2 < worth(12, "BTC") < dollars * 2


def test_what_nobody_here_knows_counts_least() -> None:
    assert 0 == worth(1e12, "xyz")


@pytest.mark.parametrize("asset", sorted(ROUGHLY))
def test_assets_are_known_by_their_lower_case_names(asset: str) -> None:
    assert asset == asset.lower()
    assert ROUGHLY[asset] > 0
