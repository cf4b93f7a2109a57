"""The ledger as beancount text.

Syntax by "Beancount Language Syntax" (beancount.github.io/docs/beancount_language_syntax.html)
and the lexer of beancount 2 and 3, by the narrower of the two: commodities are 2 to 24 of
``A-Z 0-9 ' . _ -``, begin with a letter and end with a letter or digit, and are not one of its
words (``TRUE``, ``FALSE``, ``NULL``); parts of account names are of ``A-Z a-z 0-9 -`` and begin
with a capital or a digit; strings are quoted, with ``\\`` and ``"`` escaped.

A spot trade is posted at its price (``1 BTC @ 100 USDT``), without a cost: which lots a sale
closes is for `engine.accounting.lots` or for the reader's own plugins, and shorts are no errors.
Contracts, and products longer than the 28 digits that beancount counts with, are balanced by
``Equity:Trading`` in each commodity, in 27 digits. Dates are those of a zone; the moment itself
is metadata.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Context, Decimal, localcontext
from typing import Final

from engine.accounting.ledger import Book, Entry, Posting
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.tables import iso, plain
from engine.text import safe

_ROOTS: Final[dict[Book, str]] = {
    "assets": "Assets",
    "contracts": "Assets",
    "trading": "Equity:Trading",
    "profit": "Income:Trading",
    "fees": "Expenses:Fees",
    "funding": "Income:Funding",
    "transfers": "Equity:Transfers",
    "adjustments": "Equity:Adjustments",
}
_WORDS = frozenset({"TRUE", "FALSE", "NULL"})
_COMMODITY = re.compile(r"[A-Z][A-Z0-9'._\-]{0,22}[A-Z0-9]")
_DIGITS = 27
"""Beancount multiplies and adds in 28 digits; one is kept for its sums."""

_SHORT: Final = Context(prec=_DIGITS)


def to_beancount(
    entries: Iterable[Entry], *, zone: tzinfo | None = UTC, with_balances: bool = False
) -> Iterator[str]:
    """The text, line by line.

    Args:
        entries: what to write.
        zone: whose dates are used; None is the machine's own.
        with_balances: assert what every asset comes to on the day after the last entry; for
            entries that are complete from the first one on.
    """
    ordered = sorted(entries, key=lambda entry: entry.time_ns)
    names = _Names()
    transactions = [_transaction(entry, names, zone) for entry in ordered]
    yield "; The account's ledger, written by tickdeck.\n\n"
    if not ordered:
        return
    first, last = _date(ordered[0], zone), _date(ordered[-1], zone)
    for account, commodity in names.opened.items():
        yield f"{first} open {account}{' ' + commodity if commodity else ''}\n"
    for transaction in transactions:
        yield "\n"
        yield from transaction
    if with_balances:
        yield "\n"
        yield from _balances(ordered, names, last + timedelta(days=1))


class _Names:
    """Valid names for ours; two of ours are never one."""

    def __init__(self) -> None:
        self.opened: dict[str, str] = {}
        """Accounts in use, with the commodity of those that hold only one."""
        self._commodities: dict[str, str] = {}
        self._parts: dict[str, str] = {}

    def commodity(self, asset: str) -> str:
        if asset not in self._commodities:
            name = commodity(asset)
            if name in self._commodities.values():
                name = f"{name[:15].rstrip(_ENDS)}-{_digest(asset)}"
            self._commodities[asset] = name
        return self._commodities[asset]

    def account(self, entry: Entry, posting: Posting) -> str:
        name = f"{_ROOTS[posting.book]}:{self._part(entry.account)}"
        if posting.book not in ("assets", "contracts"):
            self.opened.setdefault(name, "")
            return name
        held = self.commodity(posting.asset)
        name = f"{name}:{self._part(posting.asset)}"
        self.opened.setdefault(name, held)
        return name

    def _part(self, text: str) -> str:
        if text not in self._parts:
            name = account_part(text)
            if name in self._parts.values():
                name = f"{name}-{_digest(text)}"
            self._parts[text] = name
        return self._parts[text]


_ENDS = "'._-"


def commodity(asset: str) -> str:
    """A valid commodity for `asset`: upper case, other characters as dashes."""
    name = re.sub(r"[^A-Z0-9'._\-]", "-", asset.upper()).strip(_ENDS)
    if not name[:1].isalpha() or len(name) < 2 or name in _WORDS:
        name = f"X{name}" if name else f"X-{_digest(asset)}"
    if len(name) < 2 or len(name) > 24:
        name = f"{name[:15].rstrip(_ENDS)}-{_digest(asset)}"
    return name


def account_part(text: str) -> str:
    """A valid part of an account name for `text`."""
    name = re.sub(r"[^A-Za-z0-9\-]", "-", text).strip("-")
    return name[:1].upper() + name[1:] if name else f"X-{_digest(text)}"


def quoted(text: str) -> str:
    """`text` as a string of one line."""
    escaped = safe(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8].upper()


def _date(entry: Entry, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(entry.time_ns // 1_000_000_000, UTC).astimezone(zone).date()


def _transaction(entry: Entry, names: _Names, zone: tzinfo | None) -> list[str]:
    lines = [
        f"{_date(entry, zone)} * {quoted(_narration(entry))}\n",
        f"  entry: {quoted(entry.entry_id)}\n",
        f"  time: {quoted(iso(entry.time_ns))}\n",
    ]
    if entry.reference:
        lines.append(f"  reference: {quoted(entry.reference)}\n")
    lines += [
        f"  {names.account(entry, posting)}  {_amount(posting)} "
        f"{names.commodity(posting.asset)}{price}\n"
        for posting, price in _priced(entry, names)
    ]
    return lines


def _amount(posting: Posting) -> str:
    return plain(_SHORT.plus(posting.amount))


def _narration(entry: Entry) -> str:
    if entry.kind != "fill" or entry.size is None or entry.price is None:
        return entry.note or entry.kind
    side = "buy" if entry.size > 0 else "sell"
    text = f"{side} {plain(abs(entry.size))} {entry.fqme} at {plain(entry.price)}"
    return f"{text}: {entry.note}" if entry.note else text


def _priced(entry: Entry, names: _Names) -> Iterator[tuple[Posting, str]]:
    """The postings to write, with their prices."""
    trade = _spot_trade(entry)
    if trade is None:
        yield from ((posting, "") for posting in entry.postings)
        return
    base, quote, price = trade
    yield base, f" @ {plain(price)} {names.commodity(quote.asset)}"
    yield quote, ""
    for posting in entry.postings:
        if posting.book != "trading" and posting is not base and posting is not quote:
            yield posting, ""


def _spot_trade(entry: Entry) -> tuple[Posting, Posting, Decimal] | None:
    """What was bought or sold, what for, and at which price, if it can be written as such."""
    moved = [posting for posting in entry.postings if posting.book == "trading"]
    if entry.kind != "fill" or len(moved) != 2 or moved[0].asset == moved[1].asset:
        return None
    base, quote = (_countered(entry, posting) for posting in moved)
    if base is None or quote is None or base.amount * quote.amount > 0:
        return None
    with localcontext(EXACT):
        price = entry.price or abs(quote.amount / base.amount)
        is_exact = base.amount * price == -quote.amount
    fits = len(quote.amount.as_tuple().digits) <= _DIGITS
    return (base, quote, price) if is_exact and fits and price > 0 else None


def _countered(entry: Entry, moved: Posting) -> Posting | None:
    """The posting to the assets whose other side `moved` is."""
    wanted = Posting("assets", moved.asset, moved.amount.copy_negate())
    return next((posting for posting in entry.postings if posting == wanted), None)


def _balances(entries: Iterable[Entry], names: _Names, day: date) -> Iterator[str]:
    sums: dict[tuple[str, str], Decimal] = {}
    largest: dict[tuple[str, str], int] = {}
    with localcontext(EXACT):
        for entry in entries:
            for posting in entry.postings:
                if posting.book in ("assets", "contracts"):
                    key = (names.account(entry, posting), names.commodity(posting.asset))
                    sums[key] = sums.get(key, ZERO) + _SHORT.plus(posting.amount)
                    highest = max(sums[key].adjusted(), posting.amount.adjusted())
                    largest[key] = max(largest.get(key, highest), highest)
    for (account, held), amount in sums.items():
        about = _tolerance(amount, largest[account, held])
        yield f"{day} balance {account}  {plain(amount)}{about} {held}\n"


def _tolerance(amount: Decimal, highest: int) -> str:
    """What beancount's sums may be off by, where 28 digits do not hold them."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and highest - exponent < _DIGITS:
        return ""
    return f" ~ {plain(Decimal(1).scaleb(highest - _DIGITS + 4))}"
