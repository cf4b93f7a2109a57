"""Kraken's exports. Headers and the shapes of rows are those of real ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.kraken.export import pair_of, read_export
from engine.accounting.imports import told_apart
from engine.accounting.ledger import Ledger
from engine.errors import DataError

LEDGER = (
    '"txid","refid","time","type","subtype","aclass","asset","wallet","amount","fee","balance"\n'
)
TRADES = (
    '"txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin",'
    '"misc","ledgers"\n'
)


def row(
    txid: str, refid: str, kind: str, asset: str, amount: str, fee: str = "0", subtype: str = ""
) -> str:
    return (
        f'"{txid}","{refid}","2026-01-05 12:00:00","{kind}","{subtype}","currency","{asset}",'
        f'"spot / main",{amount},{fee},0\n'
    )


def balances(*rows: str) -> dict[str, Decimal]:
    found = read_export([LEDGER, *rows], "k")
    assert found.problems == ()
    return Ledger(found.entries).balances("k")


def test_deposits_withdrawals_and_their_fees() -> None:
    assert balances(
        row("L1", "Q1", "deposit", "ZEUR", "1000.0000"),
        row("L2", "A1", "withdrawal", "XXBT", "-0.5000000000", "0.0001000000"),
    ) == {"eur": 1000, "btc": Decimal("-0.5001")}


def test_the_two_rows_of_a_trade_are_one_fill() -> None:
    found = read_export(
        [
            LEDGER,
            row("L1", "TA4RTP", "trade", "ZEUR", "-100.0000", "0.1800"),
            row("L2", "TA4RTP", "trade", "XXBT", "0.0020000000"),
        ],
        "k",
    )
    (entry,) = found.entries

    assert entry.entry_id == "fill:k:btceur.spot.kraken:TA4RTP"
    assert (entry.size, entry.price) == (Decimal("0.002"), 50_000)
    assert Ledger([entry]).balances() == {"btc": Decimal("0.002"), "eur": Decimal("-100.18")}


def test_a_trade_of_both_exports_is_one_where_they_agree_and_a_conflict_where_not() -> None:
    ledger = read_export(
        [
            LEDGER,
            row("L1", "T1", "trade", "ZUSD", "-100", "0.26"),
            row("L2", "T1", "trade", "XXBT", "0.002"),
        ],
        "k",
    )
    trade = (
        '"T1","O1","XXBTZUSD","2026-01-05 12:00:00","buy","limit",50000,100,{fee},0.002,0,"",""\n'
    )
    same = read_export([TRADES, trade.format(fee="0.26")], "k")
    other = read_export([TRADES, trade.format(fee="0.30")], "k")
    known = Ledger(ledger.entries)

    assert len(told_apart(known, same.entries).known) == 1
    assert told_apart(known, other.entries).conflicts == ("fill:k:btcusd.spot.kraken:T1",)


@pytest.mark.parametrize(
    ("assets", "market"),
    [
        (("XETH", "XXBT"), "ethbtc"),
        (("ADA", "XETH"), "adaeth"),
        (("USDT", "ZUSD"), "usdtusd"),
        (("ZEUR", "ZUSD"), "eurusd"),
        (("ZUSD", "ZJPY"), "usdjpy"),
        (("XXDG", "USDT"), "dogeusdt"),
    ],
)
def test_the_base_is_the_one_that_the_field_puts_first(
    assets: tuple[str, str], market: str
) -> None:
    base, quote = assets
    for rows in (
        [row("L1", "T1", "trade", base, "2"), row("L2", "T1", "trade", quote, "-1")],
        [row("L1", "T1", "trade", quote, "-1"), row("L2", "T1", "trade", base, "2")],
    ):
        (entry,) = read_export([LEDGER, *rows], "k").entries
        assert entry.fqme == f"{market}.spot.kraken"
        assert entry.size == 2


def test_rewards_are_funding_and_what_goes_between_wallets_sums_to_nothing() -> None:
    found = read_export(
        [
            LEDGER,
            row("L1", "R1", "earn", "DOT28.S", "0.5", subtype="reward"),
            row("L2", "R2", "earn", "DOT", "-3", subtype="allocation"),
            row("L3", "R2", "earn", "DOT28.S", "3", subtype="allocation"),
            row("L4", "R3", "rollover", "ZUSD", "0", "0.02"),
        ],
        "k",
    )
    ledger = Ledger(found.entries)

    assert ledger.balances() == {"dot": Decimal("0.5"), "usd": Decimal("-0.02")}
    assert ledger.sums("funding") == {"dot": Decimal("-0.5")}


def test_what_is_not_understood_is_told_line_by_line() -> None:
    found = read_export(
        [
            LEDGER,
            row("L1", "Q1", "deposit", "ZEUR", "5"),
            row("L2", "Q2", "magic", "ZEUR", "5"),
            row("", "Q3", "deposit", "ZEUR", "5"),
            row("L4", "T4", "trade", "ZEUR", "5"),
            row("L5", "Q5", "deposit", "ZEUR", "many"),
        ],
        "k",
    )

    assert len(found.entries) == 1
    assert [problem.line for problem in found.problems] == [2, 3, 4, 5]


def test_a_trade_with_two_fees_or_one_row_is_not_guessed_at() -> None:
    found = read_export(
        [
            LEDGER,
            row("L1", "T1", "trade", "ZEUR", "-100", "0.1"),
            row("L2", "T1", "trade", "XXBT", "0.002", "0.00001"),
            row("L3", "T2", "trade", "XXBT", "0.002"),
        ],
        "k",
    )

    assert found.entries == ()
    assert [problem.line for problem in found.problems] == [1, 2, 3]


def test_a_trade_on_margin_is_not_taken_for_a_purchase() -> None:
    line = '"T1","O1","XXBTZUSD","2026-01-05 12:00:00","buy","limit",50000,100,0.2,0.002,20,"",""\n'
    found = read_export([TRADES, line], "k")

    assert found.entries == ()
    assert "margin" in found.problems[0].reason


@pytest.mark.parametrize(
    ("name", "pair"),
    [("XXBTZUSD", ("btc", "usd")), ("XBTUSDT", ("btc", "usdt")), ("XBT/EUR", ("btc", "eur")),
     ("ETHXBT", ("eth", "btc")), ("USDTZUSD", ("usdt", "usd")), ("XDGUSD", ("doge", "usd"))],
)  # fmt: skip
def test_pairs_are_taken_apart(name: str, pair: tuple[str, str]) -> None:
    assert pair_of(name) == pair


def test_another_table_is_none() -> None:
    for lines in ([], ["a,b\n"], ["txid,refid\n"]):
        with pytest.raises(DataError, match="neither of Kraken's exports"):
            read_export(lines, "k")
    for name in ("NONSENSE", "XBT/", ""):
        with pytest.raises(DataError, match="no pair"):
            pair_of(name)
