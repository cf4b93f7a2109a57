"""Binance's export of spot trades. The first two rows of the table are of real exports."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.binance.export import read_export
from engine.accounting.ledger import Entry, Ledger
from engine.errors import DataError

HEADER = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"


def read(*rows: str) -> tuple[Entry, ...]:
    found = read_export([HEADER, *(row + "\n" for row in rows)], "b")
    assert found.problems == ()
    return found.entries


def test_a_sale_and_a_purchase() -> None:
    sale, purchase = read(
        "2022-03-28 13:01:36,SOLBUSD,SELL,110.03,0.1800000000SOL,19.8054BUSD,0.0198054BUSD",
        "2021-06-05 16:36:56,DOGEEUR,BUY,0.31031,500DOGE,155.15500000EUR,0.5DOGE",
    )

    assert Ledger([sale]).balances("b") == {
        "sol": Decimal("-0.18"),
        "busd": Decimal("19.8054") - Decimal("0.0198054"),
    }
    assert Ledger([purchase]).balances("b") == {
        "doge": Decimal("499.5"),
        "eur": Decimal("-155.155"),
    }
    assert (sale.fqme, sale.size, sale.price) == (
        "solbusd.spot.binance",
        Decimal("-0.18"),
        Decimal("110.03"),
    )
    assert sale.time_ns == 1_648_472_496 * 10**9


def test_assets_that_begin_with_a_digit_are_told_by_their_pair() -> None:
    (entry,) = read("2026-01-05 00:00:00,1INCHUSDT,BUY,0.4,12.51INCH,5.0USDT,0.0011INCH")

    assert Ledger([entry]).balances() == {"1inch": Decimal("12.499"), "usdt": Decimal("-5.0")}


def test_amounts_without_an_asset_are_those_of_the_pair() -> None:
    (entry,) = read("2025-01-15 10:30:00,BTCEUR,BUY,42000.00,0.05,2100.00,0.001BTC")

    assert Ledger([entry]).balances() == {"btc": Decimal("0.049"), "eur": Decimal(-2100)}


def test_commas_mark_off_thousands() -> None:
    (entry,) = read('2026-01-05 00:00:00,BTCUSDT,SELL,"60,000",1BTC,"60,000.5USDT","0.01BNB"')

    assert Ledger([entry]).balances()["usdt"] == Decimal("60000.5")


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-05 00:00:00,BTCUSDT,HOLD,1,1BTC,1USDT,0BNB",
        "sometime,BTCUSDT,BUY,1,1BTC,1USDT,0BNB",
        "2026-01-05 00:00:00,BTCUSDT,BUY,1,1ETH,1USDT,0BNB",
        "2026-01-05 00:00:00,BTCUSDT,BUY,1,oneBTC,1USDT,0BNB",
        "2026-01-05 00:00:00,BTCUSDT,BUY,1,1BTC,1USDT,free",
        "2026-01-05 00:00:00,BTCUSDT,BUY,1",
    ],
)
def test_a_row_that_is_no_trade_is_told_and_the_rest_is_taken(row: str) -> None:
    good = "2026-01-05 00:00:00,BTCUSDT,BUY,1,1BTC,1USDT,0BNB"
    found = read_export([HEADER, row + "\n", good + "\n"], "b")

    assert [problem.line for problem in found.problems] == [1]
    assert len(found.entries) == 1


def test_another_table_is_none() -> None:
    with pytest.raises(DataError, match="not Binance's export"):
        read_export(["User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"], "b")
    with pytest.raises(DataError, match="not Binance's export"):
        read_export([], "b")
