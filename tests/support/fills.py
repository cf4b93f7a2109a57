"""Fills and markets to count with, and strategies for them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from msgspec.structs import replace

from engine.messages import Fill, Position, Side
from tests.support.venue import FQME, INSTRUMENT

LINEAR = INSTRUMENT
"""btc/usdt, delivered."""

CONTRACT = replace(INSTRUMENT, multiplier=Decimal(50))
"""Fifty units to a contract, settled in quote."""

INVERSE = replace(INSTRUMENT, fqme=FQME, quote="usd", multiplier=Decimal(10), is_inverse=True)
"""Ten dollars to a contract, settled in btc."""

MARKETS = (LINEAR, CONTRACT, INVERSE)

FLAT = Position(account="a", fqme=FQME)

CLOSE = Decimal("1e-15")
"""What sums in the 28 digits of a test may differ by."""

DAY_NS = 86_400 * 1_000_000_000


def fill(
    side: Side,
    size: str,
    price: str,
    fee: str = "0",
    fee_asset: str = "usdt",
    *,
    at: int = 5,
    trade_id: str = "t",
    fqme: str = FQME,
) -> Fill:
    """A fill of account `a` at `at` nanoseconds."""
    return Fill(
        order_id="o",
        account="a",
        fqme=fqme,
        trade_id=trade_id,
        side=side,
        price=Decimal(price),
        size=Decimal(size),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        venue_ns=at,
    )


PRICES = st.decimals(min_value="0.01", max_value="100000", places=2)


def fill_lists(
    *, fee_assets: tuple[str, ...] = ("usdt", "btc"), most: int = 30
) -> st.SearchStrategy[list[Fill]]:
    """Fills in the order of their times, each with an id of its own."""
    one = st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.decimals(min_value="0.001", max_value="100", places=3).map(str),
        PRICES.map(str),
        st.decimals(min_value="-5", max_value="5", places=4).map(str),
        st.sampled_from(fee_assets),
        st.integers(min_value=0, max_value=2),
    )
    return st.lists(one, max_size=most).map(_numbered)


def _numbered(
    rows: list[tuple[Side, str, str, str, str, int]],
) -> list[Fill]:
    fills, at = [], 0
    for number, (side, size, price, fee, asset, later) in enumerate(rows):
        at += later
        fills.append(fill(side, size, price, fee, asset, at=at, trade_id=f"t{number}"))
    return fills
