"""What the venue lists, with what is traded of it, for `brokers.listings`."""

from __future__ import annotations

from collections.abc import Iterable

from brokers.binance import wire
from brokers.binance.symbols import instruments
from brokers.listings import Listed

TRADING = "TRADING"


def listed_markets(
    info: wire.ExchangeInfo, tickers: Iterable[wire.Ticker24h], *, ending: str
) -> list[Listed]:
    """All symbols whose names can be names of markets.

    Args:
        tickers: of whichever symbols there are any.
        ending: of the fqmes: `.spot.binance`.
    """
    volumes = {ticker.symbol: ticker.quote_volume for ticker in tickers}
    halted = {symbol.symbol for symbol in info.symbols if symbol.status != TRADING}
    return [
        Listed(
            instrument=instrument,
            volume=volumes.get(instrument.symbol, 0.0),
            is_halted=instrument.symbol in halted,
        )
        for instrument in instruments(info, ending=ending).values()
    ]
