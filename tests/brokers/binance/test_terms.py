"""What can be asked of the venue, and what is said of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokers.binance.orders import place
from brokers.binance.signing import RECV_WINDOW_MS
from brokers.binance.terms import ORDER_TYPES, SETTLE_S, TIMES_IN_FORCE, TRADING
from engine.messages import Order, OrderType

PRICES: dict[str, dict[str, Any]] = {
    "limit": {"price": Decimal(100)},
    "market": {},
    "stop": {"stop_price": Decimal(101)},
    "stop_limit": {"stop_price": Decimal(101), "price": Decimal(102)},
    "take_profit": {"stop_price": Decimal(99)},
    "take_profit_limit": {"stop_price": Decimal(99), "price": Decimal(98)},
    "trailing_stop": {"trail": Decimal(1), "trail_unit": "percent"},
}


@pytest.mark.parametrize("order_type", sorted(ORDER_TYPES))
def test_every_type_of_order_that_is_claimed_can_be_asked_for(order_type: OrderType) -> None:
    order = Order(
        order_id="o1",
        account="main",
        fqme="btcusdt.spot.binance",
        side="buy",
        order_type=order_type,
        size=Decimal(1),
        **PRICES[order_type],
    )

    assert place(order, "BTCUSDT", "o1", order.size)["side"] == "BUY"


def test_terms_are_capabilities_and_what_is_not_found_is_proof_after_the_window() -> None:
    capabilities = TRADING

    assert capabilities.can_trade
    assert not capabilities.has_positions
    assert "gtd" not in TIMES_IN_FORCE
    assert capabilities.query_is_proof
    assert RECV_WINDOW_MS / 1000 < SETTLE_S
