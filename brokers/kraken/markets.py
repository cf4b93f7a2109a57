"""The many names of Kraken's markets and assets, for what the private side speaks of.

WebSocket v2 says `BTC/USD`. REST says `XBTUSD` of an order, `XXBTZUSD` of its trades, and `XXBT` or
`ZUSD` of an asset; which of them has the long form is told by nothing but the name itself, so that
all forms of the markets that are listed are known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from brokers.kraken.assets import asset_of, names_of
from engine.instruments import Instrument


class Markets:
    """Finds markets by any of their names."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._fqmes: dict[str, str] = {}
        self._assets: dict[str, str] = {}
        for instrument in instruments.values():
            self.learn(instrument)

    def learn(self, instrument: Instrument) -> None:
        """Know one more market: it may have been listed since."""
        if instrument.fqme in self._instruments:
            return
        self._instruments[instrument.fqme] = instrument
        for name in pair_names(instrument.symbol):
            self._fqmes.setdefault(name, instrument.fqme)
        for asset in (instrument.base, instrument.quote):
            self._assets.setdefault(asset.upper(), asset)

    def symbol(self, fqme: str) -> str:
        """What v2 calls the market; empty where it is not listed."""
        instrument = self._instruments.get(fqme)
        return "" if instrument is None else instrument.symbol

    def quote(self, fqme: str) -> str:
        """The asset that the market is priced in; empty where it is not listed."""
        instrument = self._instruments.get(fqme)
        return "" if instrument is None else instrument.quote

    def fqme(self, name: str) -> str:
        """The market that the venue calls `name`; one made of the name itself where it is not
        listed (any more): what is known of it must not be dropped."""
        known = self._fqmes.get(name.upper())
        if known is not None:
            return known
        ending = next(iter(self._instruments), ".kraken").rpartition(".")[2]
        plain = "".join(sign for sign in name.lower() if sign.isascii() and sign.isalnum())
        return f"{plain or 'unnamed'}.spot.{ending}"

    def asset(self, name: str) -> str:
        """The asset as instruments spell it; what is staked or earns is counted with the rest."""
        plain = asset_of(name)
        return self._assets.get(plain, plain)


def pair_names(symbol: str) -> Iterable[str]:
    """All that a pair of v2, `BTC/USD`, may be called, in upper case."""
    base, _, quote = symbol.upper().partition("/")
    bases, quotes = names_of(base), names_of(quote)
    yield f"{base}/{quote}"
    for one in bases:
        for other in quotes:
            yield f"{one}{other}"
            yield f"{one}/{other}"
