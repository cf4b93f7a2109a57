"""Our orders as the venue's requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from brokers.kraken.orders import (
    add_params,
    amend_params,
    cancel_params,
    number,
    time_text,
    unfit,
)
from brokers.kraken.wire import time_ns
from engine.messages import Order

D = Decimal
NOON_NS = 1_795_262_400_250_000_000


def order(**fields: Any) -> Order:
    usual: dict[str, Any] = {
        "order_id": "o1",
        "account": "main",
        "fqme": "btcusd.spot.kraken",
        "side": "buy",
        "order_type": "limit",
        "size": D("0.5"),
        "price": D("27000.1"),
    }
    return Order(**{**usual, **fields})


def sent(**fields: Any) -> dict[str, Any]:
    """The parameters as they stand on the wire, numbers as their text."""
    params = add_params(order(**fields), "BTC/USD", 0)
    texts: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(params), type=dict)
    return texts


def test_a_limit_order_says_all_that_it_is() -> None:
    assert sent() == {
        "order_type": "limit",
        "side": "buy",
        "order_qty": 0.5,
        "symbol": "BTC/USD",
        "cl_ord_id": "tdbo1",
        "fee_preference": "quote",
        "limit_price": 27000.1,
        "limit_price_type": "static",
        "time_in_force": "gtc",
    }


def test_a_market_order_has_neither_price_nor_term() -> None:
    params = sent(order_type="market", price=None)

    assert params["order_type"] == "market"
    assert not {"limit_price", "time_in_force", "triggers"} & params.keys()


@pytest.mark.parametrize(
    ("order_type", "venue_type"),
    [("stop", "stop-loss"), ("take_profit", "take-profit")],
)
def test_a_stop_waits_for_the_last_price(order_type: str, venue_type: str) -> None:
    params = sent(order_type=order_type, price=None, stop_price=D("26000"))

    assert params["order_type"] == venue_type
    assert params["triggers"] == {"reference": "last", "price": 26000, "price_type": "static"}
    assert "limit_price" not in params


@pytest.mark.parametrize(
    ("order_type", "venue_type"),
    [("stop_limit", "stop-loss-limit"), ("take_profit_limit", "take-profit-limit")],
)
def test_a_stop_limit_has_both_prices(order_type: str, venue_type: str) -> None:
    params = sent(order_type=order_type, price=D("25900"), stop_price=D("26000"))

    assert params["order_type"] == venue_type
    assert params["triggers"]["price"] == 26000
    assert params["limit_price"] == 25900


@pytest.mark.parametrize(("trail_unit", "unit"), [("price", "quote"), ("percent", "pct")])
def test_a_trailing_stop_says_its_distance(trail_unit: str, unit: str) -> None:
    params = sent(order_type="trailing_stop", price=None, trail=D("1.5"), trail_unit=trail_unit)

    assert params["order_type"] == "trailing-stop"
    assert params["triggers"] == {"reference": "last", "price": 1.5, "price_type": unit}


@pytest.mark.parametrize(("side", "offset"), [("buy", 20), ("sell", -20)])
def test_a_trailing_stop_limit_is_willing_beyond_its_stop(side: str, offset: int) -> None:
    params = sent(
        order_type="trailing_stop_limit",
        side=side,
        price=None,
        trail=D("100"),
        limit_offset=D("20"),
    )

    assert params["limit_price"] == offset
    assert params["limit_price_type"] == "quote"


def test_an_iceberg_shows_what_it_is_to_show() -> None:
    params = sent(size=D("10"), shown=D("2"))

    assert params["order_type"] == "iceberg"
    assert params["display_qty"] == 2


def test_an_iceberg_that_shows_all_of_itself_is_a_limit_order() -> None:
    params = sent(size=D("10"), shown=D("10"))

    assert params["order_type"] == "limit"
    assert "display_qty" not in params


def test_terms_are_said_where_they_are_not_the_usual_ones() -> None:
    params = sent(time_in_force="gtd", expires_ns=NOON_NS, post_only=True)

    assert params["time_in_force"] == "gtd"
    assert time_ns(params["expire_time"]) == NOON_NS
    assert params["post_only"] is True


def test_a_deadline_is_sent_where_the_venue_s_clock_is_known() -> None:
    params = add_params(order(), "BTC/USD", NOON_NS)

    assert time_ns(params["deadline"]) == NOON_NS


@pytest.mark.parametrize("text", ["0.00000001", "1E-8", "1000000000000", "1E+3", "0.10", "-20"])
def test_numbers_go_out_with_every_digit_and_without_exponent(text: str) -> None:
    said = bytes(number(D(text))).decode()

    assert D(said) == D(text)
    assert "E" not in said.upper()


def test_an_amend_names_only_what_changes() -> None:
    working = order(venue_order_id="OABC", post_only=True)

    smaller = amend_params(working, D("27000.1"), D("0.3"), 0)
    elsewhere = amend_params(working, D("26000"), D("0.5"), NOON_NS)

    assert smaller == {"order_id": "OABC", "order_qty": number(D("0.3"))}
    assert elsewhere["limit_price"] == number(D("26000"))
    assert elsewhere["post_only"] is True
    assert time_ns(elsewhere["deadline"]) == NOON_NS


def test_an_order_is_named_by_the_venue_s_id_once_that_is_known() -> None:
    assert cancel_params(order(venue_order_id="OABC")) == {"order_id": ["OABC"]}
    assert cancel_params(order()) == {"cl_ord_id": ["tdbo1"]}
    assert cancel_params(order(order_id="OXYZ", is_external=True)) == {"order_id": ["OXYZ"]}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"reduce_only": True}, "margin"),
        ({"order_type": "stop_limit", "stop_price": D(1), "shown": D("0.1")}, "limit orders"),
        ({"size": D(16), "shown": D(1)}, "display_qty"),
        ({"order_type": "stop", "stop_price": D(1), "time_in_force": "ioc"}, "immediate"),
    ],
)
def test_what_the_venue_has_no_order_for_is_said_before_it_is_sent(
    fields: dict[str, Any], word: str
) -> None:
    assert word in unfit(order(**fields))


def test_usual_orders_fit() -> None:
    assert unfit(order()) == ""
    assert unfit(order(size=D(15), shown=D(1))) == ""


def test_times_are_in_utc_to_the_millisecond() -> None:
    assert time_text(NOON_NS) == "2026-11-21T12:00:00.250Z"
    assert time_ns(time_text(NOON_NS)) == NOON_NS
