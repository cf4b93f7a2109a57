"""Binance's export of spot trades (Orders, Spot Order, Trade History, Export).

Its columns are ``Date(UTC),Pair,Side,Price,Executed,Amount,Fee``, with the asset behind each of
the last three: ``0.5BTC,30000USDT,0.0005BNB``. It names no trade ids, and its times are whole
seconds: a row that the journal has as a fill is found by its market, its amounts and its second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from engine.accounting.imports import Fields, Imported, Row, parse_time, read_rows
from engine.accounting.tables import number_of
from engine.errors import DataError

COLUMNS = frozenset({"date(utc)", "pair", "side", "price", "executed", "amount", "fee"})

_QUOTES = (
    *("usdt", "usdc", "fdusd", "tusd", "busd", "dai", "usd", "eur", "gbp", "try", "brl", "jpy"),
    *("btc", "eth", "bnb"),
)
"""What pairs end with, where their amounts do not say it."""

_NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_AMOUNT = re.compile(rf"({_NUMBER.pattern})\s*([a-z][a-z0-9]*)")


def read_export(lines: Iterable[str], account: str) -> Imported:
    """See `engine.broker.ReadExport`."""
    return read_rows(lines, _check_header, lambda fields: _trade(fields, account))


def _check_header(names: set[str]) -> None:
    if not names >= COLUMNS:
        raise DataError(
            "this is not Binance's export of spot trades",
            hint="its first line names Date(UTC), Pair, Side, Price, Executed, Amount and Fee",
        )


def _trade(fields: Fields, account: str) -> Row:
    side = fields["side"].lower()
    if side not in ("buy", "sell"):
        raise DataError(f"{fields['side']!r} is neither BUY nor SELL")
    pair = fields["pair"].replace("/", "").lower()
    executed, amount = fields["executed"].lower(), fields["amount"].lower()
    base, quote = _assets(pair, executed, amount)
    size, cost = _number(executed, base), _number(amount, quote)
    fee, fee_asset = _fee(fields["fee"].lower(), base)
    return Row(
        account=account,
        time_ns=parse_time(fields["date(utc)"]),
        kind="fill",
        asset=base,
        amount=size if side == "buy" else -size,
        counter_asset=quote,
        counter_amount=-cost if side == "buy" else cost,
        fee=fee,
        fee_asset=fee_asset,
        fqme=f"{pair}.spot.binance",
    )


def _assets(pair: str, executed: str, amount: str) -> tuple[str, str]:
    """Base and quote of a pair: the names of assets may begin with digits (`1inch`), so that
    only the pair tells where a number ends."""
    for at in range(1, len(pair)):
        if executed.endswith(pair[:at]) and amount.endswith(pair[at:]):
            return pair[:at], pair[at:]
    for quote in _QUOTES:
        if pair.endswith(quote) and pair != quote and _NUMBER.fullmatch(executed):
            return pair.removesuffix(quote), quote
    raise DataError(f"{executed!r} for {amount!r} is not a trade in {pair!r}")


def _number(text: str, asset: str) -> Decimal:
    """Commas mark off thousands in this export: its decimals are behind a point."""
    bare = text.removesuffix(asset).strip()
    if not _NUMBER.fullmatch(bare):
        raise DataError(f"{text!r} is not an amount of {asset}")
    return number_of(bare.replace(",", ""))


def _fee(text: str, base: str) -> tuple[Decimal, str]:
    if text.endswith(base) and _NUMBER.fullmatch(text.removesuffix(base).strip()):
        return _number(text, base), base
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise DataError(f"{text!r} is not a fee with its asset")
    return number_of(match[1].replace(",", "")), match[2]
