"""Limits as they are stated: what matches a market, what lacks, what does not fit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.ems.limits import (
    PAPER_LIMITS,
    REQUIRED_LIVE,
    MarketLimits,
    RiskLimits,
    fault,
    matching,
    missing_live_limits,
)


def test_every_pattern_that_a_market_matches_counts() -> None:
    markets = {
        "*": MarketLimits(max_open_orders=1),
        "BTC*.spot.*": MarketLimits(max_open_orders=2),
        "eth*": MarketLimits(max_open_orders=3),
    }

    found = matching(RiskLimits(markets=markets), "btcusdt.spot.sim")

    assert [pattern for pattern, _ in found] == ["*", "BTC*.spot.*"]


def test_a_live_account_has_to_state_its_limits() -> None:
    assert missing_live_limits(None) == REQUIRED_LIVE
    assert missing_live_limits(RiskLimits()) == REQUIRED_LIVE
    assert missing_live_limits(PAPER_LIMITS) == ()


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        (RiskLimits(max_day_loss=Decimal(1)), "loss_currency"),
        (RiskLimits(max_day_loss=Decimal(-1), loss_currency="usd"), "max_day_loss"),
        (RiskLimits(hours="nine to five"), "hours"),
        (RiskLimits(markets={"es*": MarketLimits(hours="always")}), "markets.es*.hours"),
    ],
)
def test_limits_that_do_not_fit_are_named(limits: RiskLimits, key: str) -> None:
    found = fault(limits)

    assert found is not None
    assert found[0] == key


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_limit(number: str) -> None:
    of_market = {"es*": MarketLimits(max_order_size=Decimal(number))}

    of_account = fault(RiskLimits(max_position=Decimal(number)))
    of_pattern = fault(RiskLimits(markets=of_market))

    assert of_account is not None
    assert of_account[0] == "max_position"
    assert of_pattern is not None
    assert of_pattern[0] == "markets.es*.max_order_size"


def test_limits_that_fit_have_no_fault() -> None:
    markets = {"es*": MarketLimits(hours="sun-thu 17:00-16:00 America/Chicago")}

    assert fault(PAPER_LIMITS) is None
    assert fault(RiskLimits(markets=markets, hours="24/7")) is None
