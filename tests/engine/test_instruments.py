"""Names of markets, and the only rounding to price tick and size step."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.errors import UsageError
from engine.instruments import Instrument, decimals, parse_fqme

STEPS = st.sampled_from(
    [Decimal(text) for text in ("0.00001", "0.01", "0.05", "0.25", "1", "5", "10", "0.00000001")]
)
PRICES = st.decimals(min_value=-(10**9), max_value=10**9, places=10)


def instrument(tick: Decimal = Decimal("0.01"), step: Decimal = Decimal("0.001")) -> Instrument:
    return Instrument(
        fqme="btcusdt.spot.sim",
        symbol="BTCUSDT",
        base="btc",
        quote="usdt",
        price_tick=tick,
        size_step=step,
    )


@pytest.mark.parametrize(
    ("text", "symbol", "venue", "broker"),
    [
        ("btcusdt.spot.binance", "btcusdt", "spot", "binance"),
        ("ES.CME.202612.ib", "es", "cme.202612", "ib"),
        (" acme.sim ", "acme", "", "sim"),
    ],
)
def test_a_name_has_its_parts(text: str, symbol: str, venue: str, broker: str) -> None:
    fqme = parse_fqme(text)

    assert (symbol, venue, broker) == (fqme.symbol, fqme.venue, fqme.broker)
    assert text.strip().lower() == str(fqme)


@pytest.mark.parametrize(
    "text", ["", "btc", ".", "a..b", "a b.c", "a.b\x1b", "-a.b", "a/b.c", "é.b"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_fqme(text)

    assert "btcusdt.spot.sim" in caught.value.hint
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("tick", "shown"), [("0.01", 2), ("0.25", 2), ("5", 0), ("10", 0), ("0.10", 1), ("1E-8", 8)]
)
def test_decimals_show_every_tick(tick: str, shown: int) -> None:
    assert shown == decimals(Decimal(tick))


@given(PRICES, STEPS)
def test_a_rounded_price_is_on_tick_and_at_most_half_a_tick_away(
    price: Decimal, tick: Decimal
) -> None:
    rounded = instrument(tick).round_price(price)

    assert instrument(tick).is_on_tick(rounded)
    assert abs(rounded - price) <= tick / 2


@given(PRICES, STEPS)
def test_down_and_up_enclose_the_price(price: Decimal, tick: Decimal) -> None:
    market = instrument(tick)

    assert market.round_price(price, "down") <= price <= market.round_price(price, "up")
    assert market.round_price(price, "up") - market.round_price(price, "down") <= tick


@given(PRICES, STEPS)
def test_a_rounded_size_is_never_more_than_was_asked_for(size: Decimal, step: Decimal) -> None:
    rounded = instrument(step=step).round_size(size)

    assert instrument(step=step).is_on_step(rounded)
    assert abs(rounded) <= abs(size)
    assert abs(size - rounded) < step


@given(st.integers(-(10**9), 10**9), STEPS)
def test_a_float_off_the_wire_is_the_tick_it_stands_for(steps: int, tick: Decimal) -> None:
    exact = steps * tick

    assert exact == instrument(tick).round_price(float(exact))


def test_a_rounded_price_is_written_in_the_instruments_decimals() -> None:
    assert str(instrument().round_price(64000)) == "64000.00"
    assert str(instrument(Decimal(5)).round_price(Decimal("64.999"))) == "65"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(UsageError):
        instrument().round_price(value)


def test_notional_counts_the_multiplier() -> None:
    future = Instrument(
        fqme="es.cme.202612.sim",
        symbol="ES",
        base="es",
        quote="usd",
        price_tick=Decimal("0.25"),
        size_step=Decimal(1),
        multiplier=Decimal(50),
    )

    assert Decimal(500_050) == future.notional(Decimal("5000.5"), Decimal(2))


def test_an_inverse_contract_is_worth_the_same_in_quote_at_every_price() -> None:
    linear = replace(instrument(), multiplier=Decimal(10))
    inverse = replace(linear, is_inverse=True)

    assert linear.notional(Decimal(5), Decimal(-3)) == -150
    assert inverse.notional(Decimal(5), Decimal(-3)) == -30
    assert ("usdt", "btc") == (linear.settle, inverse.settle)
