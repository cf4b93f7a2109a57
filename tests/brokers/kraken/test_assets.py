"""Assets by every name that the venue has for them."""

from __future__ import annotations

import pytest

from brokers.kraken.assets import LONG_NAMES, NEW_NAMES, asset_of, names_of, new_name


@pytest.mark.parametrize(
    ("name", "asset"),
    [("XXBT", "BTC"), ("XBT.M", "BTC"), ("ZUSD", "USD"), ("ZETA", "ZETA"), ("DOT28.S", "DOT"),
     ("XXDG", "DOGE"), ("xtz", "XTZ"), (" xbt ", "BTC"), ("1INCH", "1INCH")],
)  # fmt: skip
def test_assets_have_the_names_that_others_know_them_by(name: str, asset: str) -> None:
    assert asset_of(name) == asset


def test_older_names_become_those_of_version_2() -> None:
    assert [new_name(old) for old in ("XBT", "XDG", "ETH")] == ["BTC", "DOGE", "ETH"]


@pytest.mark.parametrize("name", sorted(LONG_NAMES | NEW_NAMES.keys()))
def test_each_name_that_is_known_is_among_the_names_of_its_asset(name: str) -> None:
    names = names_of(asset_of(name))

    assert name in names
    assert names[0] == asset_of(name)


def test_only_names_of_three_letters_have_another_before_them() -> None:
    assert names_of("BTC") == ["BTC", "XBT", "XBTC", "ZBTC", "XXBT", "ZXBT"]
    assert names_of("USDT") == ["USDT"]
