"""Terms of algos: what is wrong with them, said with what would have passed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.ems.algos.terms import check_terms
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
from tests.support.venue import INSTRUMENT

D = Decimal
BRACKET = BracketTerms(
    side="buy", size=D(2), price=D(100), stop_price=D(95), targets=((D(105), D(2)),)
)
OCO = OcoTerms(side="buy", size=D(1), price=D(95), stop_price=D(105))
OTO = OtoTerms(side="buy", size=D(1), price=D(95), then_side="sell", then_price=D(105))
ICEBERG = IcebergTerms(side="buy", size=D(5), price=D(99), shown=D(1))
SCALE = ScaleTerms(side="buy", size=D(3), count=3, first_price=D(99), last_price=D(97))
TWAP = TwapTerms(side="buy", size=D(3), count=3, interval_s=1.0)
CHASE = ChaseTerms(side="buy", size=D(3), limit_price=D(103))


@pytest.mark.parametrize("terms", [BRACKET, OCO, OTO, ICEBERG, SCALE, TWAP, CHASE])
def test_terms_that_are_sound_pass(terms: AlgoTerms) -> None:
    assert check_terms(terms, INSTRUMENT) is None


@pytest.mark.parametrize(
    ("terms", "check", "limit", "value"),
    [
        (replace(TWAP, size=D(0)), "size", "0", "0"),
        (replace(TWAP, size=D("NaN")), "size", "0", "NaN"),
        (replace(TWAP, size=D("0.0005")), "size_step", "0.001", "0.0005"),
        (replace(ICEBERG, shown=D(0)), "size", "0", "0"),
        (replace(ICEBERG, shown=D("0.001")), "count", "200", "5000"),
        (replace(OCO, price=D("95.001")), "price_tick", "0.01", "95.001"),
        (replace(OTO, then_price=D(0)), "price", "0", "0"),
        (replace(OCO, stop_price=D(95)), "stop", "95", "95"),
        (replace(BRACKET, stop_price=D(101)), "stop", "100", "101"),
        (replace(BRACKET, targets=()), "targets", "1", "0"),
        (replace(BRACKET, targets=((D(105), D(1)),)), "targets", "2", "1"),
        (replace(SCALE, count=0), "count", "200", "0"),
        (replace(SCALE, count=201), "count", "200", "201"),
        (replace(SCALE, size=D("0.002")), "min_size", "0.001", "0"),
        (replace(TWAP, interval_s=0.0), "interval", "86400 s", "0 s"),
        (replace(TWAP, interval_s=float("nan")), "interval", "86400 s", "nan s"),
        (replace(CHASE, every_s=0.0), "chase", "0", "less"),
        (replace(CHASE, offset_ticks=-1), "chase", "0", "less"),
    ],
)
def test_what_is_wrong_is_said(terms: AlgoTerms, check: str, limit: str, value: str) -> None:
    fault = check_terms(terms, INSTRUMENT)

    assert fault is not None
    assert (fault.check, fault.limit, fault.value) == (check, limit, value)
    assert fault.reason


def test_a_venue_that_cannot_amend_gets_no_chase() -> None:
    fault = check_terms(CHASE, INSTRUMENT, can_amend=False)

    assert fault is not None
    assert fault.check == "capability"


def test_the_last_part_of_an_iceberg_counts_however_small_it_is() -> None:
    shown = INSTRUMENT.size_step * 2
    whole = IcebergTerms(side="buy", size=shown * 200, price=D(99), shown=shown)
    assert check_terms(whole, INSTRUMENT) is None
    fault = check_terms(replace(whole, size=whole.size + INSTRUMENT.size_step), INSTRUMENT)
    assert fault is not None
    assert (fault.check, fault.value) == ("count", "201")
