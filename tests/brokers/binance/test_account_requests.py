"""Requests of an account against what the test venue makes of the venue's documents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.binance import account_requests
from brokers.binance.account_requests import OPEN_ORDERS, Request
from tests.venues.binance.endpoints import BY_METHOD

REQUESTS = [one for one in vars(account_requests).values() if isinstance(one, Request)]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: one.name)
def test_a_request_has_one_meaning_and_one_cost_over_both_ways(request_: Request) -> None:
    endpoint = BY_METHOD[request_.name]

    assert endpoint.rest == (request_.verb, request_.path)
    assert request_.is_signed == (endpoint.security != "none")
    assert request_.mutates == (endpoint.kind in ("submit", "cancel", "amend"))
    if request_ is not OPEN_ORDERS and isinstance(endpoint.weight, int):
        assert Decimal(request_.weight) == endpoint.weight


def test_only_what_takes_risk_away_is_urgent() -> None:
    assert [one.name for one in REQUESTS if one.is_urgent] == ["order.cancel"]
    assert {one.name: one.orders for one in REQUESTS if one.orders} == {
        "order.place": 1,
        "order.cancelReplace": 1,
        "orderList.place.oco": 2,
    }
