"""Orders out of the parameters of the WebSocket."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.socket_terms import order_terms
from tests.venues.kraken.terms import Close, PriceTerm

ORDER = {
    "order_type": "limit",
    "side": "buy",
    "symbol": "BTC/USD",
    "order_qty": Decimal("1.25"),
    "limit_price": Decimal("37500.5"),
}


def terms(**changes: Any) -> Any:
    given = {name: value for name, value in (ORDER | changes).items() if value is not None}
    return order_terms(given, LISTED)


def test_a_limit_order_is_read() -> None:
    read = terms(
        time_in_force="gtd",
        expire_time="2026-05-28T20:26:41Z",
        fee_preference="base",
        order_userref=5,
        stp_type="cancel_oldest",
    )
    assert (read.volume, read.limit) == (Decimal("1.25"), PriceTerm(Decimal("37500.5")))
    assert (read.time_in_force, read.expire_ns) == ("GTD", 1_780_000_001 * 10**9)
    assert (read.is_fee_in_base, read.userref, read.stp) == (True, 5, "cancel-oldest")


def test_triggers_and_what_closes_are_read() -> None:
    read = terms(
        order_type="stop-loss",
        limit_price=None,
        triggers={"reference": "index", "price": Decimal(-5), "price_type": "pct"},
        conditional={"order_type": "limit", "limit_price": Decimal(40000)},
    )
    assert (read.reference, read.trigger) == ("index", PriceTerm(Decimal(-5), "pct"))
    assert read.close == Close(order_type="limit", limit=PriceTerm(Decimal(40000)))


def test_a_trail_and_its_limit_are_offsets() -> None:
    read = terms(
        order_type="trailing-stop-limit",
        limit_price=Decimal(0),
        triggers={"price": Decimal(150), "price_type": "quote"},
    )
    assert read.trigger == PriceTerm(Decimal(150), "quote")
    assert read.limit == PriceTerm(Decimal(0), "quote")


def test_an_amount_of_money_is_the_size_of_a_market_order() -> None:
    read = terms(order_type="market", order_qty=None, limit_price=None, cash_order_qty=Decimal(100))
    assert (read.volume, read.is_cash) == (Decimal(100), True)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"symbol": "XBT/USD"}, "Currency pair not supported XBT/USD"),
        ({"symbol": None}, "Symbol(s) not found"),
        ({"order_type": None}, "Order_type(s) not found"),
        ({"order_qty": None}, "Order_qty(s) not found"),
        ({"order_qty": "1.25"}, "Order_qty field must be a number_float"),
        ({"limit_price": "37500"}, "Limit_price field must be a number_float"),
        ({"limit_price": True}, "Limit_price field must be a number_float"),
        ({"cash_order_qty": "1"}, "Cash_order_qty field must be a number_float"),
        ({"post_only": "true"}, "Post_only field must be a boolean"),
        ({"order_userref": 1.5}, "Order_userref field must be an integer"),
        ({"cl_ord_id": 7}, "Cl_ord_id field must be a string"),
        ({"triggers": []}, "Triggers field must be an object"),
        ({"expire_time": "later"}, "EGeneral:Invalid arguments:expire_time"),
        ({"limit_price_type": "guess"}, "EGeneral:Invalid arguments:limit_price_type"),
        ({"fee_preference": "none"}, "EGeneral:Invalid arguments:fee_preference"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        terms(**changes)
    assert str(refused.value) == text
