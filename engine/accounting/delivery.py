"""Whether a trade exchanges base for quote, or only its profit is ever paid.

Nothing that a venue lists says so in one way, so that it is read off the instrument: what is
inverse or stands for several units is a contract, and so is what its venue's name calls one, by
a word or by the date on which it ends. All else (spot, shares, foreign exchange) is delivered.
"""

from __future__ import annotations

import re

from engine.errors import UsageError
from engine.instruments import Instrument, parse_fqme

CONTRACTS = frozenset(
    {
        *("perp", "perps", "perpetual", "swap", "swaps", "fut", "future", "futures"),
        *("linear", "inverse", "coinm", "usdm", "option", "options", "cfd", "margin"),
    }
)
"""Parts of a venue's name that stand for contracts."""

_EXPIRY = re.compile(r"20\d{4}(?:\d\d)?|\d{6}")
"""`202612`, `20261225`, `261225`."""


def is_delivered(instrument: Instrument) -> bool:
    """Base and quote of a trade change hands; else it is settled by its profit."""
    if instrument.is_inverse or instrument.multiplier != 1:
        return False
    try:
        parts = parse_fqme(instrument.fqme).venue.split(".")
    except UsageError:
        return True
    return not any(part in CONTRACTS or _EXPIRY.fullmatch(part) for part in parts)
