"""Each check by itself: at its limit an order passes, one step beyond it does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.clock import NANOS
from engine.ems.accounts import Account, built_in_accounts
from engine.ems.risk import (
    PAPER_LIMITS,
    REQUIRED_LIVE,
    RiskLimits,
    Terms,
    check,
    dearest_price,
    missing_live_limits,
    reference_price,
)
from engine.messages import Denied, Order, OrderState, Position, Quote
from tests.support.venue import EVERYTHING, FQME, INSTRUMENT, START_NS

QUOTE = Quote(fqme=FQME, last=100.0, bid=99.0, ask=101.0, recv_ns=START_NS)


def terms(**changes: Any) -> Terms:
    limits = {name: changes.pop(name) for name in list(changes) if name in NAMES}
    fields: dict[str, Any] = {
        "limits": RiskLimits(**limits),
        "instrument": INSTRUMENT,
        "capabilities": EVERYTHING,
        "quote": QUOTE,
        "now_ns": START_NS,
        "position": Position(account="a", fqme=FQME),
        "working": (),
    }
    return Terms(**{**fields, **changes})


NAMES = RiskLimits.__struct_fields__


def order(**changes: Any) -> Order:
    fields: dict[str, Any] = {
        "order_id": "o",
        "account": "a",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(1),
        "price": Decimal(100),
    }
    return Order(**{**fields, **changes})


def held(size: str) -> Position:
    return Position(account="a", fqme=FQME, size=Decimal(size), average_price=Decimal(100))


def told(denied: Denied | None) -> tuple[str, str, str]:
    assert denied is not None
    assert denied.order_id == "o"
    assert denied.reason
    assert denied.limit
    assert denied.value
    return denied.check, denied.limit, denied.value


def test_a_plain_order_passes() -> None:
    assert check(order(), terms()) is None


@pytest.mark.parametrize(
    ("good", "bad", "limits", "expected"),
    [
        (
            {"size": Decimal(2)},
            {"size": Decimal("2.001")},
            {"max_order_size": Decimal(2)},
            ("max_order_size", "2", "2.001"),
        ),
        (
            {"size": Decimal(2)},
            {"size": Decimal("2.001")},
            {"max_order_notional": Decimal(200)},
            ("max_order_notional", "200", "200.1"),
        ),
        (
            {"size": Decimal(2)},
            {"size": Decimal("2.001")},
            {"max_position_notional": Decimal(200)},
            ("max_position_notional", "200", "200.1"),
        ),
        (
            {"price": Decimal(90)},
            {"price": Decimal("89.99")},
            {"price_band_pct": Decimal(10)},
            ("price_band", "10 %", "10.0 %"),
        ),
        (
            {"price": Decimal(110)},
            {"price": Decimal(112)},
            {"price_band_pct": Decimal(10)},
            ("price_band", "10 %", "12.0 %"),
        ),
    ],
)
def test_a_limit_holds_at_its_value_and_denies_one_step_beyond(
    good: dict[str, Any],
    bad: dict[str, Any],
    limits: dict[str, Any],
    expected: tuple[str, str, str],
) -> None:
    assert check(order(**good), terms(**limits)) is None
    assert told(check(order(**bad), terms(**limits))) == expected


@pytest.mark.parametrize(
    ("limits", "fields", "expected"),
    [
        ({}, {"size": Decimal("0.049")}, ("min_notional", "5", "4.9")),
        ({"max_notional": Decimal(99)}, {}, ("max_notional", "99", "100")),
        ({}, {"size": Decimal(0)}, ("size", "0", "0")),
    ],
)
def test_what_the_venue_would_refuse_is_denied_first(
    limits: dict[str, Any], fields: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    instrument = replace(INSTRUMENT, **limits)

    assert told(check(order(**fields), terms(instrument=instrument))) == expected


def test_a_market_without_a_price_is_not_traded() -> None:
    assert told(check(order(), terms(quote=None)))[0] == "quote"


def test_data_may_be_as_old_as_the_limit_and_no_older() -> None:
    limits = {"stale_quote_s": 5.0}

    assert check(order(), terms(now_ns=START_NS + 5 * NANOS, **limits)) is None
    old = terms(now_ns=START_NS + 5 * NANOS + 100_000_000, **limits)
    assert told(check(order(), old)) == ("stale_quote", "5 s", "5.1 s")


def test_a_stream_that_broke_is_stale_at_any_age() -> None:
    assert told(check(order(), terms(is_stale=True)))[0] == "stale_quote"


def test_the_position_counts_with_what_works_on_the_same_side() -> None:
    limits = {"max_position_notional": Decimal(500)}
    working = (
        order(order_id="1", size=Decimal(3), filled=Decimal(1), state=OrderState.PARTIAL),
        order(order_id="2", size=Decimal(1), state=OrderState.UNKNOWN),
        order(order_id="3", size=Decimal(9), side="sell", state=OrderState.OPEN),
        order(order_id="4", size=Decimal(9), state=OrderState.DARK),
        order(order_id="5", size=Decimal(9), state=OrderState.OPEN, fqme="other.test"),
    )

    assert check(order(), terms(position=held("1"), working=working, **limits)) is None
    beyond = terms(position=held("1.5"), working=working, **limits)
    assert told(check(order(), beyond)) == ("max_position_notional", "500", "550")


def test_taking_off_risk_passes_though_the_limit_is_exceeded() -> None:
    limits = {"max_position_notional": Decimal(500)}
    large = terms(position=held("20"), **limits)

    assert check(order(side="sell", size=Decimal(20)), large) is None
    assert told(check(order(side="sell", size=Decimal(26)), large))[2] == "600"
    assert told(check(order(side="buy"), large))[2] == "2100"


def test_an_exit_passes_the_limits_of_the_account_but_not_those_of_the_venue() -> None:
    limits: dict[str, Any] = {
        "max_order_size": Decimal("0.1"),
        "max_order_notional": Decimal(1),
        "max_position_notional": Decimal(1),
        "max_open_orders": 0,
    }
    closing = order(side="sell", order_type="market", price=None, size=Decimal(5))

    assert check(closing, terms(position=held("5"), is_exit=True, **limits)) is None
    too_large = replace(closing, size=Decimal(1001))
    assert told(check(too_large, terms(is_exit=True, **limits)))[0] == "max_size"


@pytest.mark.parametrize(
    ("fields", "quote", "price"),
    [
        ({"price": Decimal(90)}, QUOTE, "90"),
        ({"price": None, "stop_price": Decimal(91)}, QUOTE, "91"),
        ({"price": None, "trigger_price": Decimal(92)}, QUOTE, "92"),
        ({"price": None}, QUOTE, "101"),
        ({"price": None, "side": "sell"}, QUOTE, "99"),
        ({"price": None}, replace(QUOTE, ask=None), "100"),
    ],
)
def test_an_order_is_worth_its_own_price_or_the_worst_that_is_known(
    fields: dict[str, Any], quote: Quote, price: str
) -> None:
    assert reference_price(order(**fields), quote, INSTRUMENT) == Decimal(price)


def test_a_live_account_without_limits_lacks_all_of_them_and_paper_has_its_own() -> None:
    live = Account(name="l", broker="b", mode="live")
    paper = Account(name="p", broker="b")

    assert missing_live_limits(live.risk_limits) == REQUIRED_LIVE
    assert paper.risk_limits is PAPER_LIMITS
    assert missing_live_limits(PAPER_LIMITS) == ()
    assert paper.info().max_position_notional == PAPER_LIMITS.max_position_notional
    assert live.info().max_position_notional is None


def test_there_is_an_account_for_the_exchange_and_one_for_the_rest() -> None:
    sim, paper = (account.info() for account in built_in_accounts())

    assert (sim.broker, sim.serves, sim.mode) == ("sim", ("sim",), "paper")
    assert (paper.broker, paper.serves, paper.mode) == ("paper", (), "paper")


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"side": "sell", "price": Decimal(60)}, "99"),
        ({"side": "sell", "price": Decimal(120)}, "120"),
        ({"side": "buy", "price": Decimal(120)}, "120"),
        ({"side": "buy", "price": Decimal(60)}, "60"),
        ({"side": "sell", "price": Decimal(60), "stop_price": Decimal(90)}, "90"),
        ({"side": "sell", "price": Decimal(60), "trigger_price": Decimal(130)}, "130"),
        ({"side": "sell", "order_type": "market", "price": None}, "99"),
        ({"side": "buy", "order_type": "market", "price": None}, "101"),
    ],
)
def test_an_order_is_worth_what_it_would_trade_for_and_not_only_where_it_stops(
    fields: dict[str, Any], price: str
) -> None:
    assert dearest_price(order(**fields), QUOTE, INSTRUMENT) == Decimal(price)


def test_a_buy_at_a_negative_price_is_worth_what_the_market_pays_for_taking_it() -> None:
    quote = Quote(fqme=FQME, last=-38.0, bid=-41.0, ask=-40.0, recv_ns=START_NS)

    assert dearest_price(order(price=Decimal(-10)), quote, INSTRUMENT) == -40


@pytest.mark.parametrize("name", ["max_order_notional", "max_position_notional"])
def test_a_sale_far_below_the_bid_does_not_pass_a_limit_that_it_would_exceed(name: str) -> None:
    limited = terms(**{name: Decimal(200)})
    sale = order(side="sell", price=Decimal(60), size=Decimal(3))

    assert told(check(sale, limited)) == (name, "200", "297")
    assert check(replace(sale, size=Decimal(2)), limited) is None
