"""Kraken's exports (History, Export): `ledgers.csv`, and `trades.csv`.

Fields by https://support.kraken.com/hc/en-us/articles/360001169383 (ledger) and 115000302707
(what they differ in). Times are UTC; `amount` is before `fee`, both in the row's asset. The two
rows of a trade share its id as their `refid`, and are put together here. Fees of the ledger are
what was taken; those of `trades.csv` are an estimate in quote, so that the ledger is to be
preferred; a trade that was read from both with different fees is a conflict, and told as one.

The ledger does not name markets: of two assets that one is the base which the field puts first
(other coins, ether, bitcoin, dollar tokens, then EUR, GBP, AUD, USD, CAD, CHF, JPY).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from brokers.kraken.assets import LONG_NAMES, NEW_NAMES, asset_of
from engine.accounting.imports import (
    Fields,
    Imported,
    Problem,
    Row,
    entries_of,
    parse_time,
    read_fields,
    read_rows,
)
from engine.accounting.ledger import Kind
from engine.accounting.tables import number_of
from engine.errors import DataError

LEDGER_COLUMNS = frozenset({"txid", "refid", "time", "type", "asset", "amount", "fee"})
TRADE_COLUMNS = frozenset({"txid", "pair", "time", "type", "cost", "fee", "vol"})

_KINDS: dict[str, Kind] = {
    "deposit": "transfer",
    "withdrawal": "transfer",
    "transfer": "transfer",
    "staking": "funding",
    "dividend": "funding",
    "reward": "funding",
    "credit": "funding",
    "invite bonus": "funding",
    "rollover": "funding",
    "margin": "profit",
    "margin trade": "profit",
    "settled": "profit",
    "adjustment": "adjustment",
}
"""What the types of the ledger are here."""

_SWAPS = frozenset({"trade", "spend", "receive", "sale", "conversion"})
"""Types of rows that have another of the same `refid`."""

_BASES = ("eth", "btc", "usdt", "usdc", "dai", "eur", "gbp", "aud", "usd", "cad", "chf", "jpy")
"""What is base before what; any other asset is base before all of them."""

_QUOTES = sorted((*LONG_NAMES, *map(str.upper, _BASES), *NEW_NAMES), key=len, reverse=True)
"""What a pair may end with, the longest first."""


class _Move(NamedTuple):
    """A row of the ledger."""

    line: int
    refid: str
    row: Row


def read_export(lines: Iterable[str], account: str) -> Imported:
    """See `engine.broker.ReadExport`."""
    given = list(lines)
    names = set(given[0].lower().replace('"', "").strip().split(",")) if given else set()
    if names >= TRADE_COLUMNS:
        return read_rows(given, _check_header, lambda fields: _trade(fields, account))
    return _ledger(given, account)


def _check_header(names: set[str]) -> None:
    if not (names >= LEDGER_COLUMNS or names >= TRADE_COLUMNS):
        raise DataError(
            "this is neither of Kraken's exports",
            hint="the first line of ledgers.csv or trades.csv is missing",
        )


def _ledger(lines: Iterable[str], account: str) -> Imported:
    """Rows of the ledger, the two of each trade as one."""
    rows: list[tuple[int, Row]] = []
    swaps: dict[str, list[_Move]] = {}
    problems: list[Problem] = []
    for line, fields in read_fields(lines, _check_header):
        try:
            if fields["type"].lower() in _SWAPS:
                move = _Move(line, fields["refid"], _move(fields, account, "adjustment"))
                swaps.setdefault(move.refid, []).append(move)
            else:
                rows.append((line, _move(fields, account, _kind(fields))))
        except DataError as error:
            problems.append(Problem(line, str(error)))
    for moves in swaps.values():
        try:
            rows.append((moves[0].line, _swap(moves)))
        except DataError as error:
            problems += [Problem(move.line, str(error)) for move in moves]
    rows.sort(key=lambda one: one[0])
    taken = entries_of(row for _, row in rows)
    problems += [Problem(rows[line - 1][0], reason) for line, reason in taken.problems]
    return Imported(taken.entries, tuple(sorted(problems)))


def _kind(fields: Fields) -> Kind:
    name = fields["type"].lower()
    if name == "earn":
        # All but its rewards goes from one wallet of the account to another.
        return "funding" if fields.get("subtype", "").lower() == "reward" else "transfer"
    if name not in _KINDS:
        raise DataError(f"{fields['type']!r} is no type that is known here")
    return _KINDS[name]


def _move(fields: Fields, account: str, kind: Kind) -> Row:
    if not fields["txid"]:
        raise DataError("it is under way, and not in the balance yet: it has no txid")
    asset = asset_of(fields["asset"]).lower()
    return Row(
        account=account,
        time_ns=parse_time(fields["time"]),
        kind=kind,
        asset=asset,
        amount=number_of(fields["amount"]),
        fee=number_of(fields["fee"] or "0"),
        fee_asset=asset,
        reference=fields["txid"],
        note=" ".join(part for part in (fields["type"], fields.get("subtype", "")) if part),
    )


def _swap(moves: list[_Move]) -> Row:
    """One trade of its two rows."""
    if len(moves) != 2:
        raise DataError(f"{len(moves)} rows have the refid {moves[0].refid!r}: a trade has two")
    one, other = sorted((move.row for move in moves), key=lambda row: _rank(row.asset))
    if one.fee and other.fee:
        raise DataError(f"the trade {moves[0].refid!r} has fees in two assets")
    paid = other if other.fee else one
    return Row(
        account=one.account,
        time_ns=one.time_ns,
        kind="fill",
        asset=one.asset,
        amount=one.amount,
        counter_asset=other.asset,
        counter_amount=other.amount,
        fee=paid.fee,
        fee_asset=paid.asset if paid.fee else "",
        fqme=market_of(one.asset, other.asset),
        reference=moves[0].refid,
    )


def _trade(fields: Fields, account: str) -> Row:
    base, quote = pair_of(fields["pair"])
    side = fields["type"].lower()
    if side not in ("buy", "sell"):
        raise DataError(f"{fields['type']!r} is neither buy nor sell")
    if fields.get("margin") and number_of(fields["margin"]):
        raise DataError("a trade on margin moves no money: what it paid is in ledgers.csv")
    size, cost = number_of(fields["vol"]), number_of(fields["cost"])
    return Row(
        account=account,
        time_ns=parse_time(fields["time"]),
        kind="fill",
        asset=base,
        amount=size if side == "buy" else -size,
        counter_asset=quote,
        counter_amount=-cost if side == "buy" else cost,
        fee=number_of(fields["fee"] or "0"),
        fee_asset=quote,
        fqme=market_of(base, quote),
        reference=fields["txid"],
    )


def market_of(base: str, quote: str) -> str:
    """The fqme of a market, as the feed names it."""
    return f"{base}{quote}.spot.kraken"


def pair_of(name: str) -> tuple[str, str]:
    """Base and quote of a pair: `XXBTZUSD`, `XBTUSDT`, `XBT/USD`.

    Raises:
        DataError: it cannot be told where one ends.
    """
    base, quote = _halves(name.strip().upper())
    if not quote:
        raise DataError(f"{name!r} is no pair that is known here")
    return asset_of(base).lower(), asset_of(quote).lower()


def _halves(pair: str) -> tuple[str, str]:
    """The names in it; no second one where it cannot be told where the first ends."""
    if "/" in pair:
        base, _, quote = pair.partition("/")
        return base, quote
    if pair[:4] in LONG_NAMES and pair[4:] in LONG_NAMES:
        return pair[:4], pair[4:]
    for quote in _QUOTES:
        if pair.endswith(quote) and pair != quote:
            return pair.removesuffix(quote), quote
    return pair, ""


def _rank(asset: str) -> int:
    """The lower is the base."""
    return _BASES.index(asset) if asset in _BASES else -1
