"""What an amount is roughly worth, so that markets with other quote assets can be put in order.

By no means a rate of exchange: nothing is converted by it, and nothing but an order of hits hangs
on it. That a market trades in yen must not put it a hundred times above the same one in dollars.
"""

from __future__ import annotations

from collections.abc import Mapping

_DOLLARS = (
    "usd", "usdt", "usdc", "fdusd", "tusd", "busd", "usdp", "dai", "usd1", "usde", "pyusd",
    "rlusd", "usdg", "usds", "usdq", "usdr", "xusd",
)  # fmt: skip

_EUROS = ("eur", "eurt", "eurc", "euri", "eurq", "eurr", "eurs", "aeur")

_OTHERS = {
    "gbp": 1.3, "chf": 1.2, "cad": 0.7, "aud": 0.65, "aed": 0.27, "pln": 0.27, "ron": 0.23,
    "brl": 0.18, "zar": 0.055, "mxn": 0.055, "czk": 0.045, "try": 0.025, "uah": 0.024,
    "rub": 0.012, "inr": 0.012, "jpy": 0.0067, "ars": 0.0007, "ngn": 0.00065, "cop": 0.00025,
    "idr": 0.00006, "vnd": 0.00004,
    "btc": 80_000.0, "xbt": 80_000.0, "eth": 3_000.0, "bnb": 700.0, "sol": 150.0, "dot": 4.0,
    "xrp": 2.0, "trx": 0.3, "doge": 0.15,
}  # fmt: skip
"""Dollars, to one digit: what was so in 2025 and 2026."""

ROUGHLY: Mapping[str, float] = {
    **dict.fromkeys(_DOLLARS, 1.0),
    **dict.fromkeys(_EUROS, 1.1),
    **_OTHERS,
}
"""Dollars for one of an asset, by its name in lower case."""


def worth(amount: float, asset: str) -> float:
    """Roughly how many dollars; 0 for an asset that nobody here knows, which so counts least."""
    return amount * ROUGHLY.get(asset.lower(), 0.0)
