from __future__ import annotations

import gzip

import pytest

from brokers.binance import wire
from brokers.binance.symbols import as_instrument, fqme_part, instruments
from tests.support.recordings import recording

FQME = "btcusdt.spot.binance"


def test_a_listed_symbol_becomes_an_instrument_with_its_limits() -> None:
    path = recording("binance/gct_exchangeInfo_20250807_25sym.json.gz")
    listed = instruments(wire.decode_exchange_info(gzip.decompress(path.read_bytes())))

    market = listed[FQME]
    assert (str(market.price_tick), str(market.size_step)) == ("0.01000000", "0.00001000")
    assert (market.base, market.quote) == ("BTC", "USDT")
    assert (float(market.min_notional), float(market.max_size or 0)) == (5.0, 9000.0)
    assert len(listed) == 25


def test_a_filter_that_is_off_leaves_the_finest_step_and_no_limit() -> None:
    info = wire.SymbolInfo("AB", "A", "B", [wire.Filter("PRICE_FILTER")])
    market = as_instrument(info, "ab.spot.binance")

    assert (str(market.price_tick), str(market.size_step)) == ("1E-8", "1E-8")
    assert (market.max_price, market.max_size) == (None, None)


@pytest.mark.parametrize("symbol", ["", "A.B", "A B", "１２３", "x" * 41, "\x1b[2J"])
def test_a_symbol_that_cannot_be_part_of_a_name_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a market's name"):
        fqme_part(symbol)
