"""What a trade costs: a share of its worth, by which side of the book it stood on.

A venue that takes several commissions (Binance: standard, tax, special) takes each of the same
notional, so that their rates add up. What was really charged stands on the fill and is used as
it is; this is for what has not happened yet.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Literal

from engine.accounting.payoff import EXACT, worth
from engine.instruments import Instrument

Liquidity = Literal["maker", "taker", ""]


def rate_of(liquidity: Liquidity, instrument: Instrument) -> Decimal:
    """Share of the worth that is paid; the dearer one where the side is not known."""
    if liquidity == "maker":
        return instrument.maker_fee
    if liquidity == "taker":
        return instrument.taker_fee
    return max(instrument.maker_fee, instrument.taker_fee)


def fee_of(
    size: Decimal, price: Decimal, instrument: Instrument, liquidity: Liquidity = ""
) -> Decimal:
    """Fee of such a trade in the settlement asset; negative is a rebate."""
    with localcontext(EXACT):
        return abs(worth(size, price, instrument)) * rate_of(liquidity, instrument)
