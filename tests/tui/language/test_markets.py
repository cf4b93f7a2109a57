"""Markets, prices and sizes as they are typed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.support.desk import ACME, BTC, CL, CONTEXT
from tui.language.markets import instrument_of, price_of, size_of
from tui.language.words import CommandError, Word, Words


def word(text: str) -> Word:
    return Word(text, 0, len(text))


def test_a_market_is_the_one_named_or_the_one_selected():
    assert instrument_of(word("ACME.stock.sim"), CONTEXT, Words("x")) == ACME
    assert instrument_of(None, CONTEXT, Words("x")) == BTC


def test_without_either_the_market_is_missing():
    nothing = msgspec.structs.replace(CONTEXT, selected="")
    with pytest.raises(CommandError, match="the market is missing"):
        instrument_of(None, nothing, Words("x"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("acme.stock.sm", "did you mean 'acme.stock.sim'?"), ("xrp.spot.sim", ":watch xrp.spot.sim")],
)
def test_a_market_that_is_not_open_is_a_slip_or_can_be_opened(name: str, hint: str):
    with pytest.raises(CommandError, match="is not open") as caught:
        instrument_of(word(name), CONTEXT, Words("x"))
    assert hint in caught.value.hint


def test_a_price_is_exact_and_has_the_digits_of_its_tick():
    assert str(price_of(word("64000"), BTC)) == "64000.00"
    assert price_of(word("-3.25"), CL) == Decimal("-3.25")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("64000.005", "not on a tick of 0.01", "64000.00 or 64000.01"),
        ("-1", "outside of", ""),
        ("nan", "no price", "write it as"),
        ("1e5", "no price", "write it as"),
    ],
)
def test_what_is_no_price_of_the_market_is_refused_and_not_rounded(text: str, said: str, hint: str):
    with pytest.raises(CommandError, match=said) as caught:
        price_of(word(text), BTC)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "more than nothing"),
        ("0.00005", "below the least size"),
        ("101", "above the largest size"),
        ("0.123456", "not on a step"),
        ("lots", "no size"),
    ],
)
def test_what_is_no_size_of_the_market_is_refused_and_not_rounded(text: str, said: str):
    with pytest.raises(CommandError, match=said):
        size_of(word(text), BTC)


def test_a_size_is_exact():
    assert size_of(word("0.5"), BTC) == Decimal("0.5")
