from __future__ import annotations

from brokers.asset_names import NAMES, pair_name


def test_a_pair_is_called_what_people_call_its_assets() -> None:
    assert pair_name("BTC", "USD") == "Bitcoin / US Dollar"
    assert pair_name("BTC", "XYZ") == "Bitcoin / XYZ"
    assert pair_name("ABC", "XYZ") == ""


def test_codes_are_in_order_so_that_one_is_found() -> None:
    assert list(NAMES) == sorted(NAMES)
