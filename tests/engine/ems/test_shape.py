"""What an order must look like: each field and number by itself, at its edge and beyond it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.broker import Capabilities
from engine.ems.shape import LARGEST, as_sent, check_shape, denied, held_as, terms_kept, text
from engine.instruments import TrailRange
from engine.messages import Denied, Order
from tests.support.venue import EVERYTHING, FQME, INSTRUMENT

LIMIT = {"price": Decimal(100)}
STOP = {"order_type": "stop", "stop_price": Decimal(101)}
STOP_LIMIT = {"order_type": "stop_limit", "price": Decimal(102), "stop_price": Decimal(101)}
MARKET = {"order_type": "market"}
TAKE_PROFIT = {"order_type": "take_profit", "stop_price": Decimal(101)}
TAKE_PROFIT_LIMIT = {**TAKE_PROFIT, "order_type": "take_profit_limit", "price": Decimal(100)}
TRAILING = {"order_type": "trailing_stop", "trail": Decimal(2)}
TRAILING_LIMIT = {**TRAILING, "order_type": "trailing_stop_limit", "limit_offset": Decimal(1)}
GTD = {"time_in_force": "gtd", "expires_ns": 5}
DARK = {"route": "dark", "trigger_price": Decimal(105)}


def order(**changes: Any) -> Order:
    fields: dict[str, Any] = {
        "order_id": "o",
        "account": "a",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(1),
    }
    return Order(**{**fields, **changes})


def refusal(
    fields: dict[str, Any], capabilities: Capabilities = EVERYTHING, **instrument: Any
) -> Denied | None:
    return check_shape(order(**fields), replace(INSTRUMENT, **instrument), capabilities)


def told(denial: Denied | None) -> tuple[str, str, str]:
    assert denial is not None
    assert denial.order_id == "o"
    assert denial.reason
    return denial.check, denial.limit, denial.value


# -- fields ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        LIMIT,
        MARKET,
        STOP,
        STOP_LIMIT,
        {**LIMIT, **DARK},
        {**MARKET, **DARK},
        DARK,  # it is given a price through the market when it is sent
        {**LIMIT, "post_only": True},
        {**LIMIT, **DARK, "post_only": True},
        {**LIMIT, "time_in_force": "fok"},
        TAKE_PROFIT,
        TAKE_PROFIT_LIMIT,
        TRAILING,
        {**TRAILING, "trail": Decimal("0.123"), "trail_unit": "percent"},
        TRAILING_LIMIT,
        {"route": "dark", "trail": Decimal(2)},
        {"route": "dark", "trail": Decimal(2), "trigger_price": Decimal(90)},
        {**DARK, "reference": "touch"},
        {**MARKET, **DARK, **GTD},
        {**LIMIT, **GTD},
        {**LIMIT, **GTD, "post_only": True},
        {**STOP, **GTD},
        {**LIMIT, "reduce_only": True},
        {**LIMIT, "link_group": "g"},
    ],
)
def test_an_order_whose_fields_fit_its_type_has_a_shape(fields: dict[str, Any]) -> None:
    assert refusal(fields) is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "a limit order needs a price"),
        ({**MARKET, **LIMIT}, "a market order has no limit price"),
        ({**STOP, **LIMIT}, "a stop order has no limit price"),
        ({**STOP, "stop_price": None}, "a stop order needs a stop price"),
        ({**STOP_LIMIT, "price": None}, "a stop_limit order needs a price"),
        ({**STOP_LIMIT, "stop_price": None}, "a stop_limit order needs a stop price"),
        ({**LIMIT, "stop_price": Decimal(101)}, "a limit order has no stop price"),
        ({**LIMIT, "trigger_price": Decimal(101)}, "only a dark order has a trigger price"),
        ({**LIMIT, "route": "dark"}, "a dark order needs a trigger price or a trail"),
        ({**STOP, **DARK}, "a dark order has a trigger of its own and no stop"),
        ({**STOP_LIMIT, **DARK}, "a dark order has a trigger of its own and no stop"),
        ({**MARKET, "post_only": True}, "only a resting limit order can be post-only"),
        (
            {**LIMIT, "post_only": True, "time_in_force": "ioc"},
            "only a resting limit order can be post-only",
        ),
        ({**TAKE_PROFIT, "stop_price": None}, "a take_profit order needs a stop price"),
        ({**TAKE_PROFIT_LIMIT, "price": None}, "a take_profit_limit order needs a price"),
        ({**TRAILING, "trail": None}, "a trailing_stop order needs a trail"),
        ({**TRAILING, "stop_price": Decimal(99)}, "a trailing_stop order has no stop price"),
        ({**TRAILING, "price": Decimal(99)}, "a trailing_stop order has no limit price"),
        ({**TRAILING, "limit_offset": Decimal(1)}, "a trailing_stop order has no limit offset"),
        (
            {**TRAILING_LIMIT, "limit_offset": None},
            "a trailing_stop_limit order needs a limit offset",
        ),
        ({**LIMIT, "trail": Decimal(2)}, "a limit order does not trail"),
        ({**LIMIT, "limit_offset": Decimal(2)}, "only what trails has a limit offset"),
        ({**LIMIT, "expires_ns": 5}, "only a gtd order has a time of its own end"),
        ({**LIMIT, "time_in_force": "gtd"}, "a gtd order needs a time to end at"),
        ({**LIMIT, **GTD, "created_ns": 5}, "the time to end at is past"),
        ({**MARKET, **GTD}, "a market order does not wait"),
        (
            {**LIMIT, "reference": "mid"},
            "only what is held here is held against another price than the last",
        ),
        ({**DARK, "post_only": True}, "what is sent through the market cannot be post-only"),
    ],
)
def test_fields_have_to_fit_the_type_of_the_order(fields: dict[str, Any], reason: str) -> None:
    denial = refusal(fields)

    assert told(denial)[0] == "shape"
    assert denial is not None
    assert denial.reason == reason


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"trail": Decimal(0)}, ("trail", "0", "0")),
        ({"trail": Decimal(-1)}, ("trail", "0", "-1")),
        ({"trail": Decimal("NaN")}, ("trail", "0", "NaN")),
        ({"trail": Decimal(100), "trail_unit": "percent"}, ("trail", "100 %", "100")),
        ({"trail": Decimal("0.015")}, ("price_tick", "0.01", "0.015")),
        ({"limit_offset": Decimal("-0.01")}, ("trail", "0", "-0.01")),
        ({"limit_offset": Decimal("0.005")}, ("price_tick", "0.01", "0.005")),
    ],
)
def test_a_trail_is_a_distance_that_the_venue_can_keep(
    fields: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert told(refusal({**TRAILING_LIMIT, **fields})) == expected


@pytest.mark.parametrize(
    ("fields", "lacks", "expected"),
    [
        (STOP, set(), None),
        (LIMIT, {"limit"}, None),  # nothing here could trade in its place
        (STOP, {"stop"}, "market"),
        (STOP, {"stop", "market"}, "limit"),
        (STOP_LIMIT, {"stop_limit"}, "limit"),
        (TAKE_PROFIT, {"take_profit"}, "market"),
        (TAKE_PROFIT_LIMIT, {"take_profit_limit"}, "limit"),
        (TRAILING, {"trailing_stop"}, "market"),
        (TRAILING_LIMIT, {"trailing_stop_limit"}, "limit"),
        ({**STOP, "reference": "touch"}, set(), "market"),
        ({**STOP, "route": "dark"}, set(), "market"),
        ({**STOP_LIMIT, "route": "dark"}, set(), "limit"),
        ({**TRAILING, "route": "dark"}, {"market"}, "limit"),
        ({**STOP, **DARK}, set(), None),  # two triggers are refused
        (DARK, {"stop"}, None),
    ],
)
def test_a_stop_that_the_venue_does_not_take_is_held_here(
    fields: dict[str, Any], lacks: set[str], expected: str | None
) -> None:
    order_types = frozenset(EVERYTHING.order_types - lacks)
    capabilities = replace(EVERYTHING, order_types=order_types)

    assert held_as(order(**fields), capabilities) == expected


def test_a_trail_in_a_unit_that_the_venue_does_not_have_is_held_here() -> None:
    capabilities = replace(EVERYTHING, trail_units=frozenset({"percent"}))

    assert held_as(order(**TRAILING, trail_unit="price"), capabilities) == "market"
    assert held_as(order(**TRAILING, trail_unit="percent"), capabilities) is None


# -- what the venue can do ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "fields", "expected"),
    [
        ({"can_trade": False}, LIMIT, ("none", "limit")),
        ({"order_types": frozenset({"limit", "stop"})}, MARKET, ("limit, stop", "market")),
        (
            {"times_in_force": frozenset({"gtc", "fok"})},
            {**LIMIT, "time_in_force": "ioc"},
            ("fok, gtc", "ioc"),
        ),
        ({"can_post_only": False}, {**LIMIT, "post_only": True}, ("may take", "post-only")),
        ({"can_link": False}, {**LIMIT, "link_group": "g"}, ("alone", "linked")),
        (
            {"times_in_force": frozenset({"ioc"})},
            {**LIMIT, **GTD},
            ("ioc", "gtd"),
        ),
    ],
)
def test_what_the_venue_cannot_do_is_said_with_what_it_can(
    lacks: dict[str, Any], fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusal(fields) is None
    assert told(refusal(fields, replace(EVERYTHING, **lacks))) == ("capability", *expected)


ICEBERG = {**LIMIT, "size": Decimal(2), "shown": Decimal("0.5")}


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({}, None),
        ({"shown": Decimal(2)}, None),
        ({"shown": Decimal("2.001")}, "shown"),
        ({"shown": Decimal(0)}, "shown"),
        ({"shown": Decimal("NaN")}, "shown"),
        ({"shown": Decimal("0.0005")}, "size_step"),
        ({"time_in_force": "ioc"}, "shape"),
        ({"order_type": "market", "price": None}, "shape"),
    ],
)
def test_an_iceberg_shows_a_part_of_an_order_that_rests(
    fields: dict[str, Any], check: str | None
) -> None:
    refused = refusal({**ICEBERG, **fields}, replace(EVERYTHING, can_iceberg=True))

    assert (None if refused is None else refused.check) == check
    assert told(refusal(ICEBERG)) == ("capability", "all shown", "a part shown")


@pytest.mark.parametrize(
    ("lacks", "kept", "sent"),
    [
        ({}, (), ("gtd", True)),
        ({"times_in_force": frozenset({"gtc"})}, ("gtd",), ("gtc", True)),
        ({"can_reduce_only": False}, ("reduce_only",), ("gtd", False)),
        (
            {"times_in_force": frozenset({"gtc"}), "can_reduce_only": False},
            ("gtd", "reduce_only"),
            ("gtc", False),
        ),
    ],
)
def test_terms_that_the_venue_lacks_are_kept_here_and_not_sent(
    lacks: dict[str, Any], kept: tuple[str, ...], sent: tuple[str, bool]
) -> None:
    capabilities = replace(EVERYTHING, **lacks)
    fields = {**LIMIT, **GTD, "reduce_only": True}
    asked = as_sent(order(**fields), capabilities)

    assert refusal(fields, capabilities) is None
    assert terms_kept(order(**fields), capabilities) == kept
    assert (asked.time_in_force, asked.reduce_only) == sent
    assert bool(asked.expires_ns) == (sent[0] == "gtd")
    assert check_shape(asked, INSTRUMENT, capabilities) is None


def test_a_market_order_needs_no_term_of_the_venue() -> None:
    termless = replace(EVERYTHING, times_in_force=frozenset())

    assert refusal(MARKET, termless) is None
    assert told(refusal(LIMIT, termless))[0] == "capability"


# -- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("0.001", None),
        ("1000", None),
        ("0", ("size", "0", "0")),
        ("-1", ("size", "0", "-1")),
        ("NaN", ("size", "0", "NaN")),
        ("Infinity", ("size", "0", "Infinity")),
        ("1e40", ("size", "1000000000000000", "1E+40")),
        ("0.0009", ("min_size", "0.001", "0.0009")),
        ("1000.001", ("max_size", "1000", "1000.001")),
        ("1.0001", ("size_step", "0.001", "1.0001")),
    ],
)
def test_a_size_has_to_be_one_that_the_venue_takes(
    size: str, expected: tuple[str, str, str] | None
) -> None:
    denial = refusal({**LIMIT, "size": Decimal(size)})

    assert (denial and told(denial)) == expected


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("90", None),
        ("110", None),
        ("0", ("price", "0", "0")),
        ("-0.01", ("price", "0", "-0.01")),
        ("NaN", ("price", "1000000000000000", "NaN")),
        ("-Infinity", ("price", "1000000000000000", "-Infinity")),
        ("1e15", ("max_price", "110", "1E+15")),
        ("1000000000000000.01", ("price", "1000000000000000", "1000000000000000.01")),
        ("100.005", ("price_tick", "0.01", "100.005")),
        ("89.99", ("min_price", "90", "89.99")),
        ("110.01", ("max_price", "110", "110.01")),
    ],
)
def test_a_price_has_to_be_one_that_the_venue_takes(
    price: str, expected: tuple[str, str, str] | None
) -> None:
    fields = {"price": Decimal(price)}
    denial = refusal(fields, min_price=Decimal(90), max_price=Decimal(110))

    assert (denial and told(denial)) == expected


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"price": Decimal("100.001")}, "limit price"),
        ({**STOP_LIMIT, "stop_price": Decimal("100.001")}, "stop price"),
        ({**DARK, "trigger_price": Decimal("100.001")}, "trigger price"),
    ],
)
def test_every_price_is_checked_and_named(fields: dict[str, Any], name: str) -> None:
    denial = refusal(fields)

    assert told(denial)[0] == "price_tick"
    assert denial is not None
    assert name in denial.reason


def test_negative_prices_pass_only_where_the_instrument_allows_them() -> None:
    negative = {"price": Decimal(-10)}

    assert told(refusal(negative))[0] == "price"
    assert refusal(negative, allows_negative_price=True) is None
    assert refusal({"price": Decimal(0)}, allows_negative_price=True) is None


@given(st.integers(1, 10**15 - 1), st.integers(-30, 15), st.integers(1, 999))
def test_the_grid_is_exact_for_every_number_that_is_let_pass(
    steps: int, exponent: int, part: int
) -> None:
    """Decimal's usual 28 digits are not enough for a large price on a fine grid."""
    step = Decimal(1).scaleb(exponent)
    limits = {"size_step": step, "min_size": Decimal(0), "max_size": None}
    on_grid = steps * step
    with_more = on_grid + part * step.scaleb(-3)
    if with_more > LARGEST or len(with_more.as_tuple().digits) > 28:
        return

    assert refusal({**LIMIT, "size": on_grid}, **limits) is None
    assert told(refusal({**LIMIT, "size": with_more}, **limits))[0] == "size_step"


def test_the_largest_price_on_the_finest_grid_can_still_be_checked() -> None:
    fine = {"price_tick": Decimal("1e-30"), "max_price": None}

    assert refusal({"price": LARGEST}, **fine) is None
    assert refusal({"price": LARGEST - 1}, **fine) is None


def test_the_largest_size_is_one_that_a_market_without_a_limit_takes() -> None:
    unbounded = {"max_size": None}

    assert refusal({**LIMIT, "size": LARGEST}, **unbounded) is None
    assert told(refusal({**LIMIT, "size": LARGEST + 1}, **unbounded))[0] == "size"


# -- how a refusal is told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told_as"),
    [
        (Decimal("100.500"), "100.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("0.00"), "0"),
        (Decimal("-2.50"), "-2.5"),
        (Decimal("1E+40"), "1E+40"),
        (Decimal("NaN"), "NaN"),
        (3, "3"),
        ("gtc", "gtc"),
    ],
)
def test_numbers_are_told_as_people_write_them(value: object, told_as: str) -> None:
    assert text(value) == told_as


def test_a_refusal_names_the_order_the_check_and_both_numbers() -> None:
    assert denied(order(), "band", "too far", Decimal("10.0"), "12 %") == Denied(
        order_id="o", check="band", reason="too far", limit="10", value="12 %"
    )


def test_an_iceberg_has_no_more_parts_than_its_venue_takes() -> None:
    iceberg = {**LIMIT, "size": Decimal(5), "shown": Decimal(2)}
    capabilities = replace(EVERYTHING, can_iceberg=True)

    assert refusal(iceberg, capabilities, max_iceberg_parts=3) is None
    denial = refusal(iceberg, capabilities, max_iceberg_parts=2)
    assert told(denial) == ("iceberg_parts", "2", "3")


@pytest.mark.parametrize(
    ("side", "trail", "expected"),
    [
        ("buy", "0.1", None),
        ("buy", "0.09", ("trail_range", "0.1", "0.09")),
        ("buy", "20.01", ("trail_range", "20", "20.01")),
        ("sell", "0.1", ("trail_range", "0.2", "0.1")),
        ("sell", "10", None),
    ],
)
def test_a_trail_at_the_venue_is_as_long_as_that_lets_it_be(
    side: str, trail: str, expected: tuple[str, str, str] | None
) -> None:
    bounds = ("0.1", "20", "0.2", "10")
    names = ("buy_least", "buy_most", "sell_least", "sell_most")
    limits = TrailRange(**{name: Decimal(one) for name, one in zip(names, bounds, strict=True)})
    fields = {**TRAILING, "side": side, "trail": Decimal(trail), "trail_unit": "percent"}
    denial = refusal(fields, trail_range=limits)
    held = {"route": "dark", "trail": Decimal(50), "trail_unit": "percent"}

    assert (None if denial is None else told(denial)) == expected
    assert refusal(held, trail_range=limits) is None
