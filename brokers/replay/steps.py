"""What a recording does not say of its markets, guessed from what it holds: steps and names."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from engine.instruments import Instrument, decimals
from engine.messages import Ask, Bid, Tick, Trade

QUOTES = (
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "DAI", "USD", "EUR", "GBP", "JPY", "CHF",
    "AUD", "CAD", "TRY", "BRL", "BTC", "XBT", "ETH", "BNB",
)  # fmt: skip
"""Assets that others are quoted in; the longest that fits wins by its place here."""

MOST_DECIMALS = 12

_EXTENSIONS = re.compile(r"(\.(gz|zip|csv|txt|json|ndjson|jsonl|log|tsv))+$", re.IGNORECASE)
_PARTS = re.compile(r"[^A-Za-z0-9]+")


class Steps:
    """The finest price tick and size step that the numbers of a market show."""

    def __init__(self) -> None:
        self.price_decimals = 0
        self.size_decimals = 0

    def see(self, tick: Tick) -> None:
        """Take note of a tick's decimals: floats are read by their shortest decimal form."""
        if isinstance(tick, Trade | Bid | Ask):
            self.price_decimals = max(self.price_decimals, float_decimals(tick.price))
            self.size_decimals = max(self.size_decimals, float_decimals(tick.size))

    def see_text(self, price: str, size: str) -> None:
        """Take note of numbers as they stand in a file."""
        self.price_decimals = max(self.price_decimals, text_decimals(price))
        self.size_decimals = max(self.size_decimals, text_decimals(size))

    def instrument(self, fqme: str, symbol: str) -> Instrument:
        base, quote = split_symbol(symbol)
        return Instrument(
            fqme=fqme,
            symbol=symbol,
            base=base,
            quote=quote,
            price_tick=Decimal(1).scaleb(-min(self.price_decimals, MOST_DECIMALS)),
            size_step=Decimal(1).scaleb(-min(self.size_decimals, MOST_DECIMALS)),
        )


def float_decimals(value: float) -> int:
    """Decimals of the shortest text that reads back as `value`."""
    return decimals(Decimal(repr(value)))


def text_decimals(text: str) -> int:
    """Decimals of a number as written, without trailing zeros."""
    if "e" in text or "E" in text:
        return float_decimals(float(text))
    return len(text.partition(".")[2].rstrip("0 "))


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote asset; the quote is empty where it cannot be told."""
    for sign in "/-_:":
        base, found, quote = symbol.partition(sign)
        if found and base and quote:
            return base.upper(), quote.upper()
    upper = symbol.upper()
    for quote in QUOTES:
        if upper.endswith(quote) and len(upper) > len(quote):
            return upper.removesuffix(quote), quote
    return upper, ""


def symbol_of(path: Path) -> str:
    """A label for the one market of a file that names none: the symbol-like word of its name.

    `BTCUSDT-aggTrades-2025-01-01.zip` and `binance_BTCUSDT_1m.csv.gz` are BTCUSDT.
    """
    words = [word for word in _PARTS.split(_EXTENSIONS.sub("", path.name)) if word]
    known = [word for word in words if word.isupper() and split_symbol(word)[1]]
    letters = [word for word in words if not word.isdigit()]
    return (known or letters or ["FILE"])[0].upper()[:40]
