"""What the venue says to a new order before the book is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.pairs import LISTED
from tests.venues.kraken.terms import Close, PriceTerm, Terms, check, check_id

BITCOIN = LISTED.by_symbol["BTC/USD"]
LAST = Decimal(50_000)
NOW_NS = 1_780_000_000 * 10**9
S = 10**9


def price(text: str, unit: Any = "static") -> PriceTerm:
    return PriceTerm(Decimal(text), unit)


def order(**changes: Any) -> Terms:
    """A limit order that is taken, but for `changes`."""
    given: dict[str, Any] = {
        "pair": BITCOIN,
        "side": "buy",
        "order_type": "limit",
        "volume": Decimal("0.01"),
        "limit": price("49000"),
    }
    return Terms(**(given | changes))


GOOD = [
    {},
    {"order_type": "market", "limit": None},
    {"order_type": "market", "limit": None, "is_cash": True, "volume": Decimal(100)},
    {"order_type": "market", "limit": None, "no_mpp": True},
    {"order_type": "iceberg", "display": Decimal("0.001")},
    {"order_type": "stop-loss", "limit": None, "trigger": price("51000")},
    {"order_type": "stop-loss-limit", "trigger": price("51000")},
    {"order_type": "trailing-stop", "limit": None, "trigger": price("2", "pct")},
    {"time_in_force": "IOC"},
    {"time_in_force": "GTD", "expire_ns": NOW_NS + 60 * S},
    {"post_only": True},
    {"start_ns": NOW_NS + 60 * S},
    {"deadline_ns": NOW_NS + 5 * S},
    {"cl_ord_id": "6d1b345e-2821-40e2-ad83-4ecb18a06876"},
    {"limit": price("-2", "pct")},
    {"close": Close(order_type="stop-loss", trigger=price("45000"))},
]


@pytest.mark.parametrize("changes", GOOD)
def test_an_order_that_is_right_is_taken(changes: dict[str, Any]) -> None:
    check(order(**changes), LAST, NOW_NS)


BAD = [
    ({"order_type": "hope"}, "EGeneral:Invalid arguments:ordertype"),
    ({"limit": None}, "EGeneral:Invalid arguments:price"),
    ({"limit": price("49000.05")}, "can only be specified up to 1 decimals"),
    ({"limit": price("1e30")}, "EGeneral:Invalid arguments:price"),
    ({"limit": price("1e30", "quote")}, "EGeneral:Invalid arguments:price"),
    ({"volume": Decimal("1e30")}, "EGeneral:Invalid arguments:volume"),
    ({"limit": price("0")}, "EGeneral:Invalid arguments:price"),
    ({"trigger": price("49000")}, "EGeneral:Invalid arguments:price2"),
    ({"order_type": "stop-loss", "limit": None}, "EGeneral:Invalid arguments:price"),
    ({"volume": Decimal("0.00001")}, "volume minimum not met"),
    ({"volume": Decimal("0.000000001")}, "EGeneral:Invalid arguments:volume"),
    ({"volume": Decimal(-1)}, "EGeneral:Invalid arguments:volume"),
    ({"volume": Decimal("0.0001"), "limit": price("1000")}, "EOrder:Cost minimum not met"),
    ({"time_in_force": "FOK"}, "EGeneral:Invalid arguments:timeinforce"),
    ({"time_in_force": "GTD"}, "EGeneral:Invalid arguments:expiretm"),
    ({"expire_ns": NOW_NS + S}, "EGeneral:Invalid arguments:expiretm"),
    ({"time_in_force": "GTD", "expire_ns": NOW_NS - S}, "EGeneral:Invalid arguments:expiretm"),
    ({"post_only": True, "time_in_force": "IOC"}, "EGeneral:Invalid arguments:post"),
    ({"no_mpp": True}, "no_mpp order option is only available when ordertype = market"),
    ({"is_cash": True}, "EGeneral:Invalid arguments:viqc"),
    ({"reduce_only": True}, "EOrder:Reduce only:No position exists"),
    ({"leverage": "2"}, "EGeneral:Invalid arguments:leverage"),
    ({"display": Decimal("0.001")}, "EGeneral:Invalid arguments:display-volume"),
    (
        {"order_type": "iceberg", "display": Decimal("0.0001")},
        "EGeneral:Invalid arguments:display-volume",
    ),
    ({"deadline_ns": NOW_NS - 1}, "EService:Deadline elapsed"),
    ({"deadline_ns": NOW_NS + 61 * S}, "EGeneral:Invalid arguments:deadline"),
    ({"cl_ord_id": "a name that is far too long"}, "EGeneral:Invalid arguments:cl_ord_id"),
    ({"cl_ord_id": "mine", "userref": 3}, "mutually exclusive"),
    ({"stp": "none"}, "EGeneral:Invalid arguments:stptype"),
    ({"close": Close(order_type="market")}, "EGeneral:Invalid arguments:close"),
    ({"close": Close(order_type="stop-loss")}, "EGeneral:Invalid arguments:close"),
]


@pytest.mark.parametrize(("changes", "text"), BAD)
def test_an_order_that_is_not_right_is_refused_in_the_venues_words(
    changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(Refused) as refused:
        check(order(**changes), LAST, NOW_NS)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    "good", ["x", "a-b_c.d", "123456789012345678", "6d1b345e282140e2ad834ecb18a06876"]
)
def test_client_ids_are_uuids_or_short_text(good: str) -> None:
    check_id(good)


@pytest.mark.parametrize("bad", ["1234567890123456789", "with space", "ümlaut", ""])
def test_other_client_ids_are_refused(bad: str) -> None:
    with pytest.raises(Refused, match="cl_ord_id"):
        check_id(bad)


@pytest.mark.parametrize(
    ("term", "side", "wanted"),
    [
        (price("123.4"), 1, "123.4"),
        (price("-100", "quote"), 1, "49900.0"),
        (price("2", "pct"), 1, "51000.0"),
        (PriceTerm(Decimal(100), "quote", is_signed=False), -1, "49900.0"),
        (PriceTerm(Decimal(1), "pct", is_signed=False), 1, "50500.0"),
    ],
)
def test_a_relative_price_is_made_of_the_last_one(term: PriceTerm, side: int, wanted: str) -> None:
    assert term.against(LAST, BITCOIN, side) == Decimal(wanted)


def test_flags_are_told_as_the_venue_tells_them() -> None:
    assert order().flags == "fciq"
    assert order(is_fee_in_base=True, post_only=True).flags == "fcib,post"
