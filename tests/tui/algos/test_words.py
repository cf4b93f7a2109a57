"""How algos are said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.messages import (
    AlgoTerms,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)
from tests.support.desk import BTC
from tests.support.scenes import bracket, order
from tui.algos.words import describe, describe_terms, kind_of, role_of

D = Decimal


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (bracket().terms, "bracket buy 0.5 BTC @ 64000.00, stop 63000.00, target 65000.00"),
        (
            BracketTerms(
                side="sell", size=D(1), stop_price=D(65000),
                targets=((D(63000), D("0.75")), (D(62000), D("0.25"))),
            ),
            (
                "bracket sell 1 BTC at the market, stop 65000.00, target 63000.00 for 0.75, "
                "target 62000.00 for 0.25"
            ),
        ),
        (
            OcoTerms(side="sell", size=D(1), price=D(65000), stop_price=D(63000), reduce_only=True),
            "OCO sell 1 BTC @ 65000.00, or stop 63000.00, reduce-only",
        ),
        (
            OtoTerms(side="buy", size=D(1), price=D(6), then_side="sell", then_price=D(7)),
            "OTO buy 1 BTC @ 6.00, then sell @ 7.00",
        ),
        (
            IcebergTerms(side="buy", size=D(5), price=D(6), shown=D("0.5")),
            "iceberg buy 5 BTC @ 6.00, shows 0.5",
        ),
        (
            ScaleTerms(
                side="buy", size=D(1), count=5, first_price=D(6), last_price=D(5), shape="rising"
            ),
            "scale buy 1 BTC in 5 orders from 6.00 to 5.00, rising",
        ),
        (
            TwapTerms(side="sell", size=D(2), count=10, interval_s=120.0),
            "TWAP sell 2 BTC in 10 parts every 2 min, at the market",
        ),
        (
            ChaseTerms(
                side="sell", size=D(1), limit_price=D(6), offset_ticks=2, every_s=90.0,
                post_only=True,
            ),
            "chase sell 1 BTC down to 6.00, 2 ticks behind, moves every 90 s, post-only",
        ),
    ],
)  # fmt: skip
def test_all_that_an_algo_is_set_to_is_said(terms: AlgoTerms, said: str) -> None:
    assert describe(terms, BTC) == said


def test_without_its_market_prices_are_said_as_they_are() -> None:
    assert describe_terms(bracket().terms) == "@ 64000, stop 63000, target 65000"


def test_abbreviations_are_in_capitals_and_words_are_not() -> None:
    assert kind_of(bracket().terms) == "bracket"
    assert kind_of(TwapTerms(side="buy", size=D(1), count=1, interval_s=1.0)) == "TWAP"


@pytest.mark.parametrize(
    ("name", "role"),
    [("entry-1", "entry"), ("target2-3", "target 2"), ("stop1-1", "stop 1"), ("out-4", "out"),
     ("-1", "part"), ("odd", "part")],
)  # fmt: skip
def test_the_role_of_an_order_is_in_its_name(name: str, role: str) -> None:
    child = order(1, "open", order_id=f"a-b.c.{name}", parent_id="a-b.c")  # type: ignore[arg-type]

    assert role_of(child) == role


def test_an_order_of_no_algo_has_no_role() -> None:
    assert role_of(order(1, "open")) == ""  # type: ignore[arg-type]
