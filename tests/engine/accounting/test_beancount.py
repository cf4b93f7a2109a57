"""The ledger as beancount text, read again by the rules of its lexer and of its balances."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.beancount import account_part, commodity, quoted, to_beancount
from engine.accounting.ledger import Entry, Ledger, Posting, of_fill, of_fills, of_move
from engine.instruments import Instrument
from engine.messages import Fill
from tests.support.fills import CONTRACT, INVERSE, LINEAR, fill, fill_lists
from tests.support.venue import FQME, START_NS

CURRENCY = r"[A-Z][A-Z0-9'._\-]{0,22}[A-Z0-9]"
ACCOUNT = r"(?:Assets|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9\-]*)+"
NUMBER = r"-?[0-9]+(?:\.[0-9]*)?"
STRING = r'"(?:[^\\"\n]|\\.)*"'
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
POSTING = re.compile(rf"  ({ACCOUNT})  ({NUMBER}) ({CURRENCY})(?: @ ({NUMBER}) ({CURRENCY}))?")
LINES = [
    re.compile(pattern)
    for pattern in (
        r"",
        r";.*",
        rf"{DATE} open {ACCOUNT}(?: {CURRENCY})?",
        rf"{DATE} \* {STRING}",
        rf"  [a-z][a-zA-Z0-9\-_]+: {STRING}",
        rf"{DATE} balance {ACCOUNT}  {NUMBER}(?: ~ {NUMBER})? {CURRENCY}",
    )
]


def read(lines: Iterable[str]) -> dict[tuple[str, str], Decimal]:
    """What the accounts hold, after checking that every line is one of the language's, every
    transaction balances exactly, and every account is open when it is used."""
    opened: set[str] = set()
    sums: dict[tuple[str, str], Decimal] = {}
    weights: dict[str, Decimal] = {}
    for line in "".join(lines).split("\n"):
        posting = POSTING.fullmatch(line)
        if posting is None:
            assert any(pattern.fullmatch(line) for pattern in LINES), line
            assert not any(weights.values()), weights
            if found := re.match(rf"{DATE} open ({ACCOUNT})", line):
                opened.add(found[1])
            if found := re.match(rf"{DATE} balance ({ACCOUNT})  ({NUMBER}) ({CURRENCY})", line):
                assert sums[found[1], found[3]] == Decimal(found[2])
            continue
        account, number, currency, price, paid = posting.groups()
        assert account in opened
        amount = Decimal(number)
        sums[account, currency] = sums.get((account, currency), Decimal(0)) + amount
        weight, counted = (amount * Decimal(price), paid) if price else (amount, currency)
        weights[counted] = weights.get(counted, Decimal(0)) + weight
    return sums


def entries(market: Instrument, is_delivered: bool, *fills: Fill) -> list[Entry]:
    return list(of_fills(fills, {FQME: market}, lambda _: is_delivered))


def test_a_spot_trade_is_written_at_its_price() -> None:
    bought = fill("buy", "0.5", "100.10", "0.01", "bnb", at=START_NS, trade_id="t1")

    assert "".join(to_beancount(entries(LINEAR, True, bought))) == (
        "; The account's ledger, written by tickdeck.\n"
        "\n"
        "2023-11-14 open Assets:A:Btc BTC\n"
        "2023-11-14 open Assets:A:Usdt USDT\n"
        "2023-11-14 open Assets:A:Bnb BNB\n"
        "2023-11-14 open Expenses:Fees:A\n"
        "\n"
        '2023-11-14 * "buy 0.5 btcusdt.spot.test at 100.10"\n'
        '  entry: "fill:a:btcusdt.spot.test:t1"\n'
        '  time: "2023-11-14T22:13:20.000000000Z"\n'
        '  reference: "t1"\n'
        "  Assets:A:Btc  0.5 BTC @ 100.10 USDT\n"
        "  Assets:A:Usdt  -50.050 USDT\n"
        "  Assets:A:Bnb  -0.01 BNB\n"
        "  Expenses:Fees:A  0.01 BNB\n"
    )


def test_a_contract_is_balanced_by_what_was_traded() -> None:
    fills = [
        fill("buy", "2", "100", "1", at=START_NS, trade_id="a"),
        fill("sell", "2", "110", at=START_NS + 1, trade_id="b"),
    ]
    sums = read(to_beancount(entries(CONTRACT, False, *fills)))

    assert sums["Assets:A:Usdt", "USDT"] == 999
    assert sums["Income:Trading:A", "USDT"] == -1000
    assert sums["Assets:A:Btcusdt-spot-test", "BTCUSDT.SPOT.TEST"] == 0


def test_a_product_of_too_many_digits_is_balanced_without_a_price() -> None:
    bought = fill("buy", "1.123456789012345678", "12345.678901234567", at=START_NS)
    text = "".join(to_beancount(entries(LINEAR, True, bought)))
    sums = read([text])

    assert " @ " not in text
    assert sums["Equity:Trading:A", "BTC"] == Decimal("-1.123456789012345678")
    assert sums["Assets:A:Usdt", "USDT"] == Decimal("-13869.8367765584505540313988")


def test_dates_are_those_of_the_zone() -> None:
    bought = fill("buy", "1", "100", at=START_NS)
    text = "".join(to_beancount(entries(LINEAR, True, bought), zone=ZoneInfo("Asia/Tokyo")))

    assert "2023-11-15 * " in text
    assert "2023-11-14T22:13:20.000000000Z" in text


def test_transactions_are_in_the_order_of_their_times() -> None:
    fills = [
        fill("buy", "1", "200", at=START_NS + 9, trade_id="b"),
        fill("buy", "1", "100", at=START_NS, trade_id="a"),
    ]
    text = "".join(to_beancount(entries(LINEAR, True, *fills)))

    assert text.index("at 100") < text.index("at 200")


def test_balances_are_asserted_on_the_next_day() -> None:
    day_ns = 86_400 * 10**9
    fills = [
        fill("buy", "1", "100", at=START_NS, trade_id="a"),
        fill("sell", "0.4", "100", at=START_NS + day_ns, trade_id="b"),
    ]
    text = "".join(to_beancount(entries(LINEAR, True, *fills), with_balances=True))

    assert "2023-11-16 balance Assets:A:Btc  0.6 BTC\n" in text
    read([text])


def test_a_balance_of_more_digits_than_are_counted_with_is_asserted_about() -> None:
    moves = [
        of_move("transfer", entry_id=amount, account="a", time_ns=START_NS, asset="wei",
                amount=Decimal(amount))
        for amount in ("12345678901234567", "0.000000000000000001")
    ]  # fmt: skip
    text = "".join(to_beancount(moves, with_balances=True))

    assert "Assets:A:Wei  12345678901234567.000000000000000001 ~ 0.0000001 WEI\n" in text


def test_nothing_is_a_text_too() -> None:
    assert read(to_beancount([])) == {}


def test_names_of_ours_that_look_alike_there_stay_apart() -> None:
    moves = [
        of_move("transfer", entry_id=str(number), account=account, time_ns=START_NS, asset=asset,
                amount=Decimal(number + 1))
        for number, (account, asset) in enumerate([("a b", "x/y"), ("a-b", "x-y"), ("a b", "x y")])
    ]  # fmt: skip
    held = {key: amount for key, amount in read(to_beancount(moves)).items() if "Assets" in key[0]}

    assert sorted(held.values()) == [1, 2, 3]
    assert len({commodity for _, commodity in held}) == 3


@pytest.mark.parametrize(
    ("asset", "name"),
    [("btc", "BTC"), ("1inch", "X1INCH"), ("t", "XT"), ("a.b-c_d", "A.B-C_D"), ("true", "XTRUE")],
)
def test_a_commodity_is_written_as_the_language_wants_it(asset: str, name: str) -> None:
    assert name == commodity(asset)


def test_quotes_and_backslashes_are_escaped_and_lines_are_one() -> None:
    assert quoted('a"b\\c\nd\x1b') == '"a\\"b\\\\c\ufffdd\ufffd"'


# -- for all entries -----------------------------------------------------------------------------


@given(st.text(max_size=40))
@example("").via("empty")
@example("a" * 24)
@example("a" * 23 + ".")
@example("null")
def test_every_asset_and_account_has_a_valid_name(text: str) -> None:
    assert re.fullmatch(CURRENCY, commodity(text))
    assert commodity(text) not in ("TRUE", "FALSE", "NULL")
    assert re.fullmatch(ACCOUNT, f"Assets:{account_part(text)}")


@given(
    fill_lists(fee_assets=("usdt", "usd", "btc", "bnb")),
    st.sampled_from([(LINEAR, True), (CONTRACT, False), (INVERSE, False)]),
    st.booleans(),
)
def test_every_ledger_is_valid_and_holds_what_it_held(
    fills: list[Fill], market: tuple[Instrument, bool], with_balances: bool
) -> None:
    written = entries(*market, *fills)
    sums = read(to_beancount(written, with_balances=with_balances))

    for asset, amount in Ledger(written).balances().items():
        assert abs(sums[f"Assets:A:{account_part(asset)}", commodity(asset)] - amount) < Decimal(
            "1e-15"
        )


@given(st.text(max_size=30), st.text(max_size=30), st.text(min_size=1, max_size=12))
def test_no_text_from_outside_breaks_out_of_its_string(note: str, ref: str, asset: str) -> None:
    entry = of_move(
        "funding", entry_id=ref, account=note, time_ns=START_NS, asset=asset,
        amount=Decimal("-1E+2"), reference=ref, note=note,
    )  # fmt: skip

    assert len(read(to_beancount([entry]))) == 2


def test_a_trade_at_no_price_is_balanced_without_one() -> None:
    entry = of_fill(fill("buy", "1", "-5", at=START_NS), LINEAR, is_delivered=True)
    odd = replace(
        entry, entry_id="odd", postings=(*entry.postings, Posting("trading", "btc", Decimal(0)))
    )

    assert read(to_beancount([entry, odd]))["Assets:A:Usdt", "USDT"] == 10
    assert date(2023, 11, 14).isoformat() in "".join(to_beancount([entry]))
