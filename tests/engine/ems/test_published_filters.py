"""Filters of a venue as it publishes them: rule and real values, at their edges.

https://github.com/binance/binance-spot-api-docs/blob/master/filters.md (PRICE_FILTER, LOT_SIZE,
NOTIONAL, MARKET_LOT_SIZE, PERCENT_PRICE_BY_SIDE); values of `exchangeInfo` of 2025-08-07.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.ems.filters import check_range
from engine.ems.risk import RiskLimits, Terms, check
from engine.instruments import Instrument, PriceRange
from engine.messages import Order, Position, Quote, Side
from tests.support.venue import EVERYTHING

D = Decimal


def listed(
    name: str,
    tick: str,
    prices: tuple[str, str],
    step: str,
    sizes: tuple[str, str],
    notionals: tuple[str, str],
    market_max: str,
) -> Instrument:
    return Instrument(
        fqme=f"{name}.spot.binance",
        symbol=name.upper(),
        base=name[:3],
        quote=name[3:],
        price_tick=D(tick),
        min_price=D(prices[0]),
        max_price=D(prices[1]),
        size_step=D(step),
        min_size=D(sizes[0]),
        max_size=D(sizes[1]),
        min_notional=D(notionals[0]),
        max_notional=D(notionals[1]),
        market_max_size=D(market_max),
        max_notional_of_market=False,
        price_range=PriceRange(buy_low=D("0.2"), buy_high=D(5), sell_low=D("0.2"), sell_high=D(5)),
        average_minutes=5,
    )


BTCUSDT = listed(
    "btcusdt",
    "0.01",
    ("0.01", "1000000"),
    "0.00001",
    ("0.00001", "9000"),
    ("5", "9000000"),
    "97.09521512",
)
LTCBTC = listed(
    "ltcbtc",
    "0.000001",
    ("0.000001", "100000"),
    "0.001",
    ("0.001", "100000"),
    ("0.0001", "9000000"),
    "1887.97569874",
)
ETHBTC = listed(
    "ethbtc",
    "0.00001",
    ("0.00001", "922327"),
    "0.0001",
    ("0.0001", "100000"),
    ("0.0001", "9000000"),
    "1378.22417541",
)


def refused_by(
    instrument: Instrument,
    size: str,
    price: str | None,
    *,
    side: Side = "buy",
    last: str = "",
    average: str = "",
) -> str:
    """Name of the check that an order does not pass, a market order where there is no price; ""
    if it does."""
    order = Order(
        order_id="o",
        account="a",
        fqme=instrument.fqme,
        side=side,
        order_type="market" if price is None else "limit",
        size=D(size),
        price=None if price is None else D(price),
    )
    terms = Terms(
        limits=RiskLimits(),
        instrument=instrument,
        capabilities=EVERYTHING,
        quote=Quote(fqme=instrument.fqme, last=float(last or price or "0")),
        now_ns=0,
        position=Position(account="a", fqme=instrument.fqme),
        working=(),
        average_price=D(average) if average else None,
    )
    denied = check(order, terms)
    return "" if denied is None else denied.check


@pytest.mark.parametrize(
    ("instrument", "size", "price", "refused"),
    [
        (BTCUSDT, "0.001", "114000.01", ""),
        (BTCUSDT, "0.001", "114000.001", "price_tick"),
        (BTCUSDT, "9", "1000000.00", ""),
        (BTCUSDT, "9", "1000000.01", "max_price"),
        (BTCUSDT, "9000", "0.01", ""),
        (BTCUSDT, "9000", "0.00", "price"),
        (BTCUSDT, "0.00001", "500000", ""),
        (BTCUSDT, "0.000005", "1000000", "min_size"),
        (BTCUSDT, "0.000015", "500000", "size_step"),
        (BTCUSDT, "9000.00001", "1", "max_size"),
        (BTCUSDT, "0.00005", "100000", ""),
        (BTCUSDT, "0.00004", "124999.99", "min_notional"),
        (BTCUSDT, "90", "100000", ""),
        (BTCUSDT, "90.00001", "100000", "max_notional"),
        (LTCBTC, "0.1", "0.001", ""),
        (LTCBTC, "0.1", "0.0010001", "price_tick"),
        (LTCBTC, "0.0005", "1", "min_size"),
        (LTCBTC, "0.0015", "1", "size_step"),
        (LTCBTC, "0.099", "0.001", "min_notional"),
        (ETHBTC, "0.0031", "0.03226", ""),
        (ETHBTC, "0.0030", "0.03226", "min_notional"),
        (ETHBTC, "0.00315", "0.03226", "size_step"),
        (ETHBTC, "0.0031", "922327.00001", "max_price"),
        (ETHBTC, "100000.0001", "0.03226", "max_size"),
    ],
)
def test_a_published_filter_refuses_what_its_rule_says(
    instrument: Instrument, size: str, price: str, refused: str
) -> None:
    assert refused_by(instrument, size, price) == refused


@pytest.mark.parametrize(
    ("instrument", "size", "refused"),
    [
        (BTCUSDT, "97.09521", ""),
        (BTCUSDT, "97.09522", "market_max_size"),
        (LTCBTC, "1887.975", ""),
        (LTCBTC, "1887.976", "market_max_size"),
        (ETHBTC, "1378.2241", ""),
        (ETHBTC, "1378.2242", "market_max_size"),
        (BTCUSDT, "0.000001", "min_size"),
    ],
)
def test_a_market_order_keeps_to_both_lot_sizes(
    instrument: Instrument, size: str, refused: str
) -> None:
    assert refused_by(instrument, size, None, last="100000") == refused
    # A limit order has its own maximum only, which is larger.
    if refused == "market_max_size":
        assert refused_by(instrument, size, str(instrument.price_tick * 1000)) == ""


def test_a_rule_of_market_orders_that_is_on_is_held_to() -> None:
    market = replace(BTCUSDT, market_min_size=D("0.01"), market_size_step=D("0.01"))

    assert refused_by(market, "0.005", None, last="100000") == "market_min_size"
    assert refused_by(market, "0.015", None, last="100000") == "market_size_step"
    assert refused_by(market, "0.02", None, last="100000") == ""
    assert refused_by(market, "0.005", "100000") == ""


BY_SIDE = replace(
    BTCUSDT,
    price_range=PriceRange(buy_low=D("0.2"), buy_high=D("1.2"), sell_low=D("0.8"), sell_high=D(5)),
)
"""The multipliers of the example in filters.md."""


@pytest.mark.parametrize(
    ("side", "price", "refused"),
    [
        ("buy", "120", ""),
        ("buy", "120.01", "price_range"),
        ("buy", "20", ""),
        ("buy", "19.99", "price_range"),
        ("sell", "500", ""),
        ("sell", "500.01", "price_range"),
        ("sell", "80", ""),
        ("sell", "79.99", "price_range"),
    ],
)
def test_a_limit_price_keeps_to_the_range_of_its_side(side: Side, price: str, refused: str) -> None:
    assert refused_by(BY_SIDE, "1", price, side=side, last="50", average="100") == refused


def test_a_range_is_held_against_the_last_price_where_no_average_is_taken() -> None:
    market = replace(BY_SIDE, average_minutes=0)

    assert refused_by(market, "1", "120.01", last="100") == "price_range"
    assert refused_by(market, "1", "120", last="100") == ""


def test_a_range_whose_average_is_not_known_is_left_to_the_venue() -> None:
    assert refused_by(BY_SIDE, "1", "120.01", last="100") == ""


def test_a_market_order_is_worth_what_the_average_price_says() -> None:
    assert refused_by(BTCUSDT, "0.00005", None, last="100001", average="99999") == "min_notional"
    assert refused_by(BTCUSDT, "0.00005", None, last="99999", average="100000") == ""
    # Its own minimum is asked of market orders by this venue, its maximum is not.
    assert refused_by(BTCUSDT, "97", None, last="100000", average="100000") == ""
    assert refused_by(replace(BTCUSDT, max_notional_of_market=True), "97", None, last="1e5") != ""
    lenient = replace(BTCUSDT, min_notional_of_market=False)
    assert refused_by(lenient, "0.00001", None, last="100000", average="100000") == ""
    assert refused_by(lenient, "0.00001", "100000") == "min_notional"


def test_a_denial_by_range_says_bound_and_price() -> None:
    order = Order(
        order_id="o",
        account="a",
        fqme=BY_SIDE.fqme,
        side="buy",
        order_type="limit",
        size=D(1),
        price=D("120.01"),
    )
    denied = check_range(order, BY_SIDE, D(100))

    assert denied is not None
    assert (denied.limit, denied.value) == ("120", "120.01")
    assert "average price of 100" in denied.reason
