"""What a trade costs."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.accounting.fees import Liquidity, fee_of
from engine.accounting.positions import fold
from tests.support.fills import CONTRACT, FLAT, INVERSE, LINEAR, fill
from tests.support.recordings import recording


@pytest.mark.parametrize(("side", "fee"), [("maker", "0.2"), ("taker", "0.4"), ("", "0.4")])
def test_an_unknown_side_of_the_book_pays_the_dearer_fee(side: Liquidity, fee: str) -> None:
    assert fee_of(Decimal(-2), Decimal(100), LINEAR, side) == Decimal(fee)


def test_a_fee_is_a_share_of_what_the_contracts_stand_for() -> None:
    assert fee_of(Decimal(2), Decimal(100), CONTRACT, "maker") == 10
    assert fee_of(Decimal(2), Decimal(100), INVERSE, "maker") == Decimal("0.0002")


def test_a_rebate_is_a_negative_fee() -> None:
    market = replace(LINEAR, maker_fee=Decimal("-0.0001"))

    assert fee_of(Decimal(-3), Decimal(100), market, "maker") == Decimal("-0.03")


def test_the_published_commission_example_is_met() -> None:
    """Binance, commission FAQ: three commissions on one sale, in quote and in BNB."""
    text = recording("VECTORS.md").read_text(encoding="utf-8")
    section = text.split("## 7.")[1].split("## 8.")[0]
    size, price = re.search(r"SELL MARKET ([\d.]+) BTC @ (\d+)", section).groups()  # type: ignore[union-attr]
    fees = re.findall(r"(?:standard|tax|special) ([\d.]+) -> ([\d.]+)", section)
    exact = {"0.00000230": "0.0402298750"}  # the page prints it rounded
    in_bnb = re.search(r"= (4\.\d+)\.", section).group(1)  # type: ignore[union-attr]

    paid = Decimal(0)
    for rate, amount in fees:
        market = replace(LINEAR, taker_fee=Decimal(rate))
        fee = fee_of(Decimal(size), Decimal(price), market, "taker")
        assert fee == Decimal(exact.get(rate, amount))
        paid += fee
    together = replace(LINEAR, taker_fee=sum((Decimal(rate) for rate, _ in fees), Decimal(0)))

    assert len(fees) == 3
    assert fee_of(Decimal(size), Decimal(price), together) == paid
    in_quote = fold(FLAT, [fill("sell", size, price, str(paid))], LINEAR)
    assert in_quote.fees == Decimal("1049.5257246250")
    in_other = fold(FLAT, [fill("sell", size, price, in_bnb, "bnb")], LINEAR)
    assert (in_other.fees, in_other.fees_in_other) == (0, {"bnb": Decimal("4.036607129")})
