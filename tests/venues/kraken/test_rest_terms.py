"""Orders out of the parameters of REST."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.rest_terms import order_terms, price_term
from tests.venues.kraken.terms import Close, PriceTerm

NOW_NS = 1_780_000_000 * 10**9
ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "1.25", "price": "37500"}


def terms(**changes: Any) -> Any:
    return order_terms(ORDER | changes, LISTED, NOW_NS)


def test_a_limit_order_is_read() -> None:
    read = terms(oflags="post,fcib", userref="12", timeinforce="gtd", expiretm="+60")
    assert (read.pair.symbol, read.side, read.volume) == ("BTC/USD", "buy", Decimal("1.25"))
    assert read.limit == PriceTerm(Decimal(37500))
    assert (read.post_only, read.is_fee_in_base, read.userref) == (True, True, 12)
    assert (read.time_in_force, read.expire_ns) == ("GTD", NOW_NS + 60 * 10**9)


def test_which_price_is_the_limit_goes_by_the_type() -> None:
    stop = terms(ordertype="stop-loss-limit", price="51000", price2="51100")
    assert (stop.trigger, stop.limit) == (PriceTerm(Decimal(51000)), PriceTerm(Decimal(51100)))
    trail = terms(ordertype="trailing-stop-limit", price="+2%", price2="-10")
    assert trail.trigger == PriceTerm(Decimal(2), "pct")
    assert trail.limit == PriceTerm(Decimal(-10), "quote")
    assert terms(ordertype="market").limit is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("37500.5", PriceTerm(Decimal("37500.5"))),
        ("+100", PriceTerm(Decimal(100), "quote")),
        ("-100", PriceTerm(Decimal(-100), "quote")),
        ("+5%", PriceTerm(Decimal(5), "pct")),
        ("-0.5%", PriceTerm(Decimal("-0.5"), "pct")),
        ("#50", PriceTerm(Decimal(50), "quote", is_signed=False)),
        ("#5%", PriceTerm(Decimal(5), "pct", is_signed=False)),
    ],
)
def test_prices_may_be_relative(text: str, wanted: PriceTerm) -> None:
    assert price_term(text) == wanted


@pytest.mark.parametrize("nested", [True, False])
def test_a_closing_order_is_read_out_of_forms_and_json(nested: bool) -> None:
    given = {"ordertype": "stop-loss-limit", "price": "30000", "price2": "29900"}
    flat = {f"close[{name}]": value for name, value in given.items()}
    read = terms(**({"close": given} if nested else flat))
    limit, trigger = PriceTerm(Decimal(29900)), PriceTerm(Decimal(30000))
    assert read.close == Close(order_type="stop-loss-limit", limit=limit, trigger=trigger)


def test_json_may_have_numbers_and_truths() -> None:
    read = terms(volume=Decimal("0.5"), userref=3, validate=True, price=37500)
    assert (read.volume, read.userref, read.is_test) == (Decimal("0.5"), 3, True)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pair": "XYZUSD"}, "EQuery:Unknown asset pair"),
        ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
        ({"volume": "much"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": ""}, "EGeneral:Invalid arguments:volume"),
        ({"price": "1e5x"}, "EGeneral:Invalid arguments:price"),
        ({"oflags": "fcib,fciq"}, "EGeneral:Invalid arguments:oflags"),
        ({"oflags": "magic"}, "EGeneral:Invalid arguments:oflags"),
        ({"userref": str(2**31)}, "EGeneral:Invalid arguments:userref"),
        ({"userref": "x"}, "EGeneral:Invalid arguments:userref"),
        ({"expiretm": "tomorrow"}, "EGeneral:Invalid arguments:expiretm"),
        ({"deadline": "soon"}, "EGeneral:Invalid arguments:deadline"),
        ({"validate": "perhaps"}, "EGeneral:Invalid arguments:validate"),
        ({"trigger": "moon"}, "EGeneral:Invalid arguments:trigger"),
        ({"ordertype": "trailing-stop", "price": "50000"}, "EGeneral:Invalid arguments:price"),
        ({"volume": [1]}, "EGeneral:Invalid arguments:volume"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        terms(**changes)
    assert str(refused.value) == text
