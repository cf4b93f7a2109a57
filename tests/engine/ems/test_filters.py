"""What a venue asks of an order by where its market is; published values are tried elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.ems.filters import by_rule, check_range, check_room, check_worth
from engine.instruments import PriceRange
from engine.messages import Order, OrderState
from tests.support.venue import FQME, INSTRUMENT

D = Decimal
RANGED = replace(
    INSTRUMENT, price_range=PriceRange(buy_low=D("0.5"), buy_high=D(2), sell_low=D("0.9"))
)


def order(**fields: Any) -> Order:
    terms = {"order_type": "limit", "price": D(100), "side": "buy", "size": D(1), **fields}
    return Order(order_id="o", account="a", fqme=FQME, **terms)


@given(cents=st.integers(1, 40_000), average=st.integers(1, 400), is_buy=st.booleans())
def test_a_price_passes_exactly_within_the_range_of_its_side(
    cents: int, average: int, is_buy: bool
) -> None:
    price = D(cents).scaleb(-2)
    refused = check_range(order(price=price, side="buy" if is_buy else "sell"), RANGED, D(average))

    low, high = (D("0.5"), D(2)) if is_buy else (D("0.9"), None)
    passes = price >= low * average and (high is None or price <= high * average)
    assert (refused is None) is passes
    if refused is not None:
        bound = low if price < low * average else high
        assert (D(refused.limit), D(refused.value)) == ((bound or 0) * average, price)


@pytest.mark.parametrize(
    ("terms", "average"),
    [({"price": D(1)}, None), ({"price": None, "order_type": "market"}, D(100)), ({}, D(0))],
)
def test_without_a_price_or_an_average_there_is_no_range(terms: Any, average: Any) -> None:
    assert check_range(order(**terms), RANGED, average) is None
    assert check_range(order(price=D(1)), INSTRUMENT, D(100)) is None


@pytest.mark.parametrize(
    ("order_type", "size", "check"),
    [
        ("limit", "0.04", "min_notional"),
        ("limit", "0.05", None),
        ("limit", "1", None),
        ("limit", "1.001", "max_notional"),
        ("market", "0.04", None),
        ("market", "1.001", None),
    ],
)
def test_an_order_is_worth_enough_and_not_too_much_where_that_is_asked(
    order_type: str, size: str, check: str | None
) -> None:
    market = replace(
        INSTRUMENT,
        max_notional=D(100),
        min_notional_of_market=False,
        max_notional_of_market=False,
    )
    price = D(100) if order_type == "limit" else None
    refused = check_worth(order(order_type=order_type, price=price, size=D(size)), market, D(100))

    assert (None if refused is None else refused.check) == check


CROWDED = replace(INSTRUMENT, max_open_orders=3, max_open_stops=1, max_open_icebergs=1)
STOP = {"order_type": "stop", "price": None, "stop_price": D(99), "state": OrderState.OPEN}
ICEBERG = {"shown": D(1), "size": D(3), "state": OrderState.OPEN}
LIMIT = {"state": OrderState.OPEN}


@pytest.mark.parametrize(
    ("fields", "others", "check"),
    [
        (LIMIT, [LIMIT, LIMIT], ""),
        (LIMIT, [LIMIT, LIMIT, LIMIT], "open_orders"),
        (LIMIT, [LIMIT, LIMIT, {"state": OrderState.DARK}], ""),  # not at the venue
        (STOP, [LIMIT], ""),
        (STOP, [STOP], "open_stops"),
        (LIMIT, [STOP, ICEBERG], ""),
        (ICEBERG, [ICEBERG], "open_icebergs"),
    ],
)
def test_a_venue_takes_so_many_orders_of_an_account_in_a_market(
    fields: dict[str, Any], others: list[dict[str, Any]], check: str
) -> None:
    refused = check_room(order(**fields), CROWDED, [order(**other) for other in others])

    assert ("" if refused is None else refused.check) == check


def test_orders_in_other_markets_take_no_room() -> None:
    elsewhere = [replace(order(**LIMIT), fqme="ethusdt.spot.test")] * 5

    assert check_room(order(), CROWDED, elsewhere) is None
    assert check_room(order(), INSTRUMENT, [order(**LIMIT)] * 500) is None


def test_a_refusal_names_the_rule_as_the_venue_does() -> None:
    refused = check_worth(order(size=D("0.01")), INSTRUMENT, D(100))
    named = by_rule(refused, replace(INSTRUMENT, rules={"min_notional": "NOTIONAL"}))

    assert named is not None
    assert named.reason == f"the venue takes no order worth less, in {INSTRUMENT.quote} (NOTIONAL)"
    assert by_rule(refused, INSTRUMENT) == refused
    assert by_rule(None, INSTRUMENT) is None
