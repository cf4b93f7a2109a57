from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from brokers.replay.steps import Steps, split_symbol, symbol_of, text_decimals
from engine.instruments import parse_fqme
from engine.messages import Bid, Trade


def test_steps_are_as_fine_as_the_finest_number_seen() -> None:
    steps = Steps()
    steps.see(Trade("a.b", 61837.6, 0.25))
    steps.see(Bid("a.b", 61837.63, 1e-05))

    market = steps.instrument("btcusdt.spot.binance", "BTCUSDT")
    assert (market.price_tick, market.size_step) == (Decimal("0.01"), Decimal("0.00001"))


def test_numbers_in_files_count_without_their_last_zeros() -> None:
    assert [text_decimals(text) for text in ("1", "1.50", "1.0", "1e-7", "0.001")] == [
        0,
        1,
        0,
        7,
        3,
    ]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("BTC/USD", ("BTC", "USD")),
        ("eth-eur", ("ETH", "EUR")),
        ("BTCFDUSD", ("BTC", "FDUSD")),
        ("USDT", ("USDT", "")),
        ("SPY", ("SPY", "")),
    ],
)
def test_a_symbol_is_split_into_its_assets(symbol: str, expected: tuple[str, str]) -> None:
    assert split_symbol(symbol) == expected


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT-aggTrades-2025-01-01.zip", "BTCUSDT"),
        ("binance_XRPETH_aggtrades_201910.csv.gz", "XRPETH"),
        ("btcperp_1m_20211231.csv", "BTCPERP"),
        ("2024-01-01.csv", "FILE"),
        ("\x1b[2J.csv", "2J"),
        ("数据.csv", "FILE"),
    ],
)
def test_a_market_that_a_file_does_not_name_is_called_by_the_files_name(
    name: str, symbol: str
) -> None:
    assert symbol_of(Path(name)) == symbol
    parse_fqme(f"{symbol.lower()}.file")
