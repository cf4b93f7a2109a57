"""What came into an account and what left it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.ledger import (
    Difference,
    Entry,
    Ledger,
    Merged,
    Posting,
    check,
    of_fill,
    of_fills,
    of_move,
    reconcile,
)
from engine.accounting.positions import fold, signed
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Fill
from tests.support.fills import CLOSE, CONTRACT, FLAT, INVERSE, LINEAR, fill, fill_lists
from tests.support.venue import FQME


def delivered(*fills: Fill) -> Ledger:
    return Ledger(of_fills(fills, {FQME: LINEAR}, lambda _: True))


def margined(market: Instrument, *fills: Fill) -> Ledger:
    return Ledger(of_fills(fills, {FQME: market}, lambda _: False))


def move(amount: str, **changes: str) -> Entry:
    return of_move(
        "transfer", entry_id="x1", account="a", time_ns=5, asset="usdt", amount=Decimal(amount),
        **changes,
    )  # fmt: skip


def test_a_spot_trade_changes_base_for_quote_and_pays_its_fee() -> None:
    ledger = delivered(fill("buy", "2", "100", "0.01", "bnb"))

    assert ledger.balances() == {"bnb": Decimal("-0.01"), "btc": 2, "usdt": -200}
    assert ledger.sums("trading") == {"btc": -2, "usdt": 200}
    assert ledger.sums("fees") == {"bnb": Decimal("0.01")}


def test_a_fee_in_what_was_bought_leaves_less_of_it() -> None:
    assert delivered(fill("buy", "2", "100", "0.002", "btc")).balances()["btc"] == Decimal("1.998")


def test_a_rebate_comes_in() -> None:
    assert delivered(fill("sell", "1", "100", "-0.5")).balances()["usdt"] == Decimal("100.5")


def test_a_contract_moves_money_only_when_it_is_closed() -> None:
    opened = fill("buy", "2", "100", "1", trade_id="a")
    closed = fill("sell", "3", "110", "2", trade_id="b")

    assert margined(CONTRACT, opened).balances() == {"usdt": -1}
    ledger = margined(CONTRACT, opened, closed)
    assert ledger.balances() == {"usdt": 997}
    assert ledger.sums("profit") == {"usdt": -1000}
    assert ledger.sums("contracts") == {FQME: -1}


def test_an_inverse_contract_pays_in_base() -> None:
    fills = [fill("buy", "10", "100", trade_id="a"), fill("sell", "10", "125", trade_id="b")]

    assert margined(INVERSE, *fills).balances() == {"btc": Decimal("0.2")}


def test_an_inverse_contract_delivers_nothing() -> None:
    with pytest.raises(ValueError, match="delivers nothing"):
        of_fill(fill("buy", "1", "100"), INVERSE, is_delivered=True)


def test_a_fill_has_its_market_trade_and_price() -> None:
    entry = of_fill(fill("sell", "2", "100", at=9, trade_id="t9"), LINEAR, is_delivered=True)

    assert (entry.kind, entry.account, entry.fqme, entry.reference) == ("fill", "a", FQME, "t9")
    assert (entry.size, entry.price, entry.time_ns) == (-2, 100, 9)
    assert entry.entry_id == f"fill:a:{FQME}:t9"


@pytest.mark.parametrize(
    ("kind", "book"),
    [
        ("fee", "fees"),
        ("profit", "profit"),
        ("funding", "funding"),
        ("transfer", "transfers"),
        ("adjustment", "adjustments"),
    ],
)
def test_money_that_comes_without_a_trade_has_another_side(kind: str, book: str) -> None:
    entry = of_move(
        kind, entry_id="x", account="a", time_ns=1, asset="usdt", amount=Decimal(-3)  # type: ignore[arg-type]
    )  # fmt: skip
    ledger = Ledger([entry])

    assert ledger.balances() == {"usdt": -3}
    assert ledger.sums(book) == {"usdt": 3}  # type: ignore[arg-type]


def test_text_from_outside_is_made_safe() -> None:
    entry = move("1", reference="a\x1b[2J", note="b\u202ec\nd")

    assert (entry.reference, entry.note) == ("a\ufffd[2J", "b\ufffdc\ufffdd")
    assert (
        "\x1b"
        not in of_fill(fill("buy", "1", "1", trade_id="\x1b"), LINEAR, is_delivered=True).entry_id
    )


def test_an_entry_that_is_known_changes_nothing() -> None:
    ledger = Ledger([move("7")])

    assert not ledger.append(replace(move("7"), note="said otherwise", time_ns=999_999_999))
    assert (len(ledger), ledger.balances()) == (1, {"usdt": 7})


@pytest.mark.parametrize(
    "other",
    [move("8"), replace(move("7"), time_ns=2_000_000_000), replace(move("7"), account="b"),
     replace(move("7"), kind="funding")],
)  # fmt: skip
def test_the_same_id_with_other_values_is_refused(other: Entry) -> None:
    ledger = Ledger([move("7")])

    with pytest.raises(DataError, match="other values"):
        ledger.append(other)
    assert ledger.merge([move("7"), other, replace(other, entry_id="x2")]) == Merged(1, 1, ("x1",))


@pytest.mark.parametrize(
    "postings",
    [
        (Posting("assets", "usdt", Decimal(1)),),
        (Posting("assets", "usdt", Decimal(1)), Posting("fees", "btc", Decimal(-1))),
        (Posting("assets", "usdt", Decimal("NaN")), Posting("fees", "usdt", Decimal("NaN"))),
        (Posting("assets", "usdt", Decimal("Infinity")),),
    ],
)
def test_what_does_not_balance_is_refused(postings: tuple[Posting, ...]) -> None:
    entry = replace(move("7"), postings=postings)

    with pytest.raises(DataError):
        check(entry)
    with pytest.raises(DataError):
        Ledger([entry])


def test_a_market_that_nothing_is_known_of_is_refused() -> None:
    with pytest.raises(DataError, match="xyz"):
        list(of_fills([fill("buy", "1", "1", fqme="xyz.sim")], {}, lambda _: True))


def test_accounts_are_kept_apart() -> None:
    ledger = Ledger([move("7"), replace(move("5"), entry_id="x2", account="b")])

    assert (ledger.balances("a"), ledger.balances("b")) == ({"usdt": 7}, {"usdt": 5})
    assert ledger.balances() == {"usdt": 12}
    assert [entry.account for entry in ledger] == ["a", "b"]


def test_balances_are_held_against_the_venues() -> None:
    ours = {"btc": Decimal("1.5"), "usdt": Decimal(100), "bnb": Decimal(2)}
    theirs = {"btc": Decimal("1.4"), "usdt": Decimal("100.00"), "eur": Decimal(3)}

    assert reconcile(ours, theirs) == [
        Difference("bnb", Decimal(2), Decimal(0)),
        Difference("btc", Decimal("1.5"), Decimal("1.4")),
        Difference("eur", Decimal(0), Decimal(3)),
    ]
    assert reconcile(ours, theirs)[1].gap == Decimal("-0.1")
    assert [one.asset for one in reconcile(ours, theirs, tolerance=Decimal(2))] == ["eur"]


# -- for all fills -------------------------------------------------------------------------------

FILLS = fill_lists(fee_assets=("usdt", "usd", "btc", "bnb"))


@given(FILLS, st.booleans(), st.sampled_from([LINEAR, CONTRACT, INVERSE]))
def test_every_entry_balances(fills: list[Fill], is_delivered: bool, market: Instrument) -> None:
    is_delivered = is_delivered and not market.is_inverse
    for entry in of_fills(fills, {FQME: market}, lambda _: is_delivered):
        check(entry)


@given(FILLS)
def test_what_is_there_is_what_was_traded_less_fees(fills: list[Fill]) -> None:
    """Position equals the sum of fills, and cash what was paid for it."""
    balances = delivered(*fills).balances()
    fees = {
        asset: sum((one.fee for one in fills if one.fee_asset == asset), Decimal(0))
        for asset in ("btc", "usdt", "usd", "bnb")
    }
    bought = fold(FLAT, fills, LINEAR).size
    paid = sum((signed(one.side, one.size) * one.price for one in fills), Decimal(0))
    expected = {"btc": bought - fees["btc"], "usdt": -paid - fees["usdt"]}

    for asset in fees:
        found = balances.get(asset, Decimal(0))
        assert abs(found - expected.get(asset, -fees[asset])) < CLOSE


@given(FILLS, st.sampled_from([LINEAR, CONTRACT, INVERSE]))
def test_a_margin_account_has_what_was_realised_less_fees(
    fills: list[Fill], market: Instrument
) -> None:
    ledger, position = margined(market, *fills), fold(FLAT, fills, market)
    settled = position.realised - position.fees

    assert abs(ledger.balances().get(market.settle, Decimal(0)) - settled) < CLOSE * 10**6
    assert ledger.sums("contracts").get(FQME, Decimal(0)) == position.size
    for asset, fee in position.fees_in_other.items():
        assert abs(ledger.balances().get(asset, Decimal(0)) + fee) < CLOSE


@given(FILLS, st.integers(min_value=0, max_value=30))
def test_adding_entries_again_changes_nothing(fills: list[Fill], cut: int) -> None:
    entries = list(of_fills(fills, {FQME: LINEAR}, lambda _: True))
    ledger = Ledger(entries)
    before = ledger.balances()

    assert ledger.merge(entries[cut:]) == Merged(0, len(entries[cut:]), ())
    assert ledger.balances() == before


@given(FILLS, st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_the_order_of_entries(fills: list[Fill], shuffled: object) -> None:
    entries = list(of_fills(fills, {FQME: LINEAR}, lambda _: True))
    other = entries[:]
    shuffled.shuffle(other)  # type: ignore[attr-defined]

    assert Ledger(entries).balances() == Ledger(other).balances()
