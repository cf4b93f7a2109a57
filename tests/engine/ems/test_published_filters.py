"""Filters of a venue as it publishes them: rule and real values, at their edges.

https://github.com/binance/binance-spot-api-docs/blob/master/filters.md (PRICE_FILTER, LOT_SIZE,
NOTIONAL); values of `exchangeInfo` of 2025-08-07. MARKET_LOT_SIZE is not known to an instrument,
and PERCENT_PRICE_BY_SIDE is the account's own price band here.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.ems.risk import RiskLimits, Terms, check
from engine.instruments import Instrument
from engine.messages import Order, Position, Quote
from tests.support.venue import EVERYTHING

D = Decimal


def listed(
    name: str,
    tick: str,
    prices: tuple[str, str],
    step: str,
    sizes: tuple[str, str],
    notionals: tuple[str, str],
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
    )


BTCUSDT = listed(
    "btcusdt", "0.01", ("0.01", "1000000"), "0.00001", ("0.00001", "9000"), ("5", "9000000")
)
LTCBTC = listed(
    "ltcbtc",
    "0.000001",
    ("0.000001", "100000"),
    "0.001",
    ("0.001", "100000"),
    ("0.0001", "9000000"),
)
ETHBTC = listed(
    "ethbtc",
    "0.00001",
    ("0.00001", "922327"),
    "0.0001",
    ("0.0001", "100000"),
    ("0.0001", "9000000"),
)


def refused_by(instrument: Instrument, size: str, price: str) -> str:
    """Name of the check that a limit order does not pass; "" if it does."""
    order = Order(
        order_id="o",
        account="a",
        fqme=instrument.fqme,
        side="buy",
        order_type="limit",
        size=D(size),
        price=D(price),
    )
    terms = Terms(
        limits=RiskLimits(),
        instrument=instrument,
        capabilities=EVERYTHING,
        # Far above: what a limit order is worth is its own price here.
        quote=Quote(fqme=instrument.fqme, last=float(price)),
        now_ns=0,
        position=Position(account="a", fqme=instrument.fqme),
        working=(),
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
