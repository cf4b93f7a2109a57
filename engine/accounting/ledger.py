"""The ledger: what came into an account and what left it, in double entry.

An entry is one event; its postings say which book of the account gets how much of which asset.
The postings of an entry sum to zero in every asset. Trades touch two assets, so that each is
balanced by the `trading` book: no price is needed for it, and that book's sum in all assets is
what trading has gained (P. Selinger, "Tutorial on multiple currency accounting"; GnuCash calls
them trading accounts).

* What is **delivered** (spot) changes hands: base for quote.
* What is **margined** (futures, perpetuals) moves no money when it is opened; closing pays the
  realised profit at average cost into the settlement asset, as venues' wallet balances do
  (Binance Futures: wallet balance = transfers + realised profit + funding + commission). The
  contracts themselves are kept in the book `contracts`, under the market's name.
* A fee leaves the asset that it was charged in, whichever that is.

Entries are only ever added. One that is known already (`is_same`) changes nothing; one that has
the id of another and says something else is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from decimal import Context, Decimal, localcontext
from typing import Literal, NamedTuple

import msgspec

from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.positions import apply, signed, time_of
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Fill, Position
from engine.text import safe

Kind = Literal["fill", "fee", "profit", "funding", "transfer", "adjustment"]
"""`profit` is what a venue's statement says was realised, where its trades are not listed."""
Book = Literal[
    "assets", "contracts", "trading", "profit", "fees", "funding", "transfers", "adjustments"
]

COUNTERPART: dict[Kind, Book] = {
    "fee": "fees",
    "profit": "profit",
    "funding": "funding",
    "transfer": "transfers",
    "adjustment": "adjustments",
}
"""Where the other side of an entry that is no trade goes."""


PLACES = 18
"""Decimals of a profit that is booked: those of the finest asset there is (a wei of ether)."""

_WIDE = Context(prec=300)
"""Sums of an entry's own amounts are exact."""

_SECOND_NS = 1_000_000_000


class Posting(msgspec.Struct, frozen=True):
    """What one book gets: negative is what it gives."""

    book: Book
    asset: str
    amount: Decimal


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an account."""

    entry_id: str
    """Unique: one event is one entry."""
    account: str
    time_ns: int
    kind: Kind
    postings: tuple[Posting, ...]
    fqme: str = ""
    reference: str = ""
    """The venue's id of it: of a fill its trade id."""
    note: str = ""
    size: Decimal | None = None
    """Of a fill, negative for a sale."""
    price: Decimal | None = None
    """Of a fill."""


class Difference(NamedTuple):
    """Two balances that should be the same."""

    asset: str
    ours: Decimal
    theirs: Decimal

    @property
    def gap(self) -> Decimal:
        """Theirs less ours."""
        with localcontext(EXACT):
            return self.theirs - self.ours


class Merged(NamedTuple):
    """What came of adding many entries."""

    added: int
    known: int
    conflicts: tuple[str, ...]
    """Ids of entries that are known with another content; they changed nothing."""


class Ledger:
    """Entries, and what they sum to. Append-only."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[str, Entry] = {}
        self._sums: dict[tuple[str, Book, str], Decimal] = {}
        self._alike: dict[Hashable, list[str]] = {}
        """Ids of entries that could tell of one event, by what is the same in all of them."""
        for entry in entries:
            self.append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order in which they were added."""
        return iter(tuple(self._entries.values()))

    def append(self, entry: Entry) -> bool:
        """Add `entry`; false if it is known already.

        Raises:
            DataError: it does not balance, or its id is known with another content.
        """
        known = self._entries.get(entry.entry_id)
        if known is not None:
            if not is_same(known, entry):
                raise DataError(f"entry {safe(entry.entry_id, 120)} is known with other values")
            return False
        check(entry)
        self._entries[entry.entry_id] = entry
        self._alike.setdefault(_likeness(entry), []).append(entry.entry_id)
        with localcontext(EXACT):
            for posting in entry.postings:
                key = (entry.account, posting.book, posting.asset)
                self._sums[key] = self._sums.get(key, ZERO) + posting.amount
        return True

    def same_as(self, entry: Entry) -> list[Entry]:
        """Entries that tell of the same event under whatever id."""
        alike = self._alike.get(_likeness(entry), ())
        return [self._entries[one] for one in alike if is_same(self._entries[one], entry)]

    def merge(self, entries: Iterable[Entry]) -> Merged:
        """Add what is new of `entries`; says what was known, and what contradicts it.

        Raises:
            DataError: an entry does not balance.
        """
        added = known = 0
        conflicts = []
        for entry in entries:
            mine = self._entries.get(entry.entry_id)
            if mine is None:
                added += self.append(entry)
            elif is_same(mine, entry):
                known += 1
            else:
                conflicts.append(entry.entry_id)
        return Merged(added, known, tuple(conflicts))

    def sums(self, book: Book, account: str | None = None) -> dict[str, Decimal]:
        """What a book holds by asset, of one account or of all; assets at zero are left out."""
        found: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for (name, which, asset), amount in self._sums.items():
                if which == book and account in (None, name):
                    found[asset] = found.get(asset, ZERO) + amount
        return {asset: amount for asset, amount in sorted(found.items()) if amount}

    def balances(self, account: str | None = None) -> dict[str, Decimal]:
        """What is there by asset."""
        return self.sums("assets", account)


def check(entry: Entry) -> None:
    """That `entry` balances in every asset, in numbers that are amounts.

    Raises:
        DataError: it does not.
    """
    name = safe(entry.entry_id, 120)
    numbers = (entry.size, entry.price, *(posting.amount for posting in entry.postings))
    if not all(number is None or is_countable(number) for number in numbers):
        raise DataError(f"entry {name} has a number that is no amount")
    sums: dict[str, Decimal] = {}
    with localcontext(_WIDE):
        for posting in entry.postings:
            sums[posting.asset] = sums.get(posting.asset, ZERO) + posting.amount
    for asset, amount in sums.items():
        if amount:
            raise DataError(f"entry {name} does not balance: {amount} {safe(asset, 40)} too many")


def is_countable(number: Decimal) -> bool:
    """Whether it is finite, and of a size that amounts of money have: what is written as
    `1e999999999` would fill the memory if it were written in full."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -150 and number.adjusted() <= 40


def is_same(one: Entry, other: Entry) -> bool:
    """Whether both tell of the same event: who, what, how much, and when to the second, since
    exports of venues leave out what is below it. Notes may differ."""
    return (
        (one.account, one.kind, one.fqme) == (other.account, other.kind, other.fqme)
        and abs(one.time_ns - other.time_ns) < _SECOND_NS
        and sorted(one.postings, key=_order) == sorted(other.postings, key=_order)
    )


def fill_id(account: str, fqme: str, trade_id: str) -> str:
    """The id of a fill's entry: unique by account, market and trade id, as fills are."""
    return safe(f"fill:{account}:{fqme}:{trade_id}")


def of_fill(
    fill: Fill, instrument: Instrument, *, is_delivered: bool, realised: Decimal = ZERO
) -> Entry:
    """The entry of `fill`.

    Args:
        fill: what traded.
        instrument: its market.
        is_delivered: base and quote change hands; else only profit does.
        realised: of what is margined, the profit that the fill closed with, before fees, in the
            settlement asset.

    Raises:
        ValueError: an inverse contract delivers nothing.
    """
    if is_delivered and instrument.is_inverse:
        raise ValueError(f"{instrument.fqme} is inverse: it delivers nothing")
    size = signed(fill.side, fill.size)
    with localcontext(EXACT):
        if is_delivered:
            units = size * instrument.multiplier
            postings = [
                *_pair("assets", "trading", asset_name(instrument.base), units),
                *_pair("assets", "trading", asset_name(instrument.quote), -units * fill.price),
            ]
        else:
            postings = [
                *_pair("contracts", "trading", fill.fqme, size),
                *_pair("assets", "profit", asset_name(instrument.settle), realised),
            ]
        postings += _pair("assets", "fees", asset_name(fill.fee_asset), -fill.fee)
    return Entry(
        entry_id=fill_id(fill.account, fill.fqme, fill.trade_id),
        account=fill.account,
        time_ns=time_of(fill),
        kind="fill",
        postings=tuple(postings),
        fqme=fill.fqme,
        reference=safe(fill.trade_id, 200),
        size=size,
        price=fill.price,
    )


class Bookkeeper:
    """Makes entries of fills as they come: it knows what each has realised."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        is_delivered: Callable[[Instrument], bool],
    ) -> None:
        self._instruments = instruments
        self._is_delivered = is_delivered
        self._positions: dict[tuple[str, str], Position] = {}

    def entry(self, fill: Fill) -> Entry:
        """The entry of `fill`, which is counted from here on. Fills are given once, in the
        order in which they are folded into positions.

        Raises:
            DataError: nothing is known of its market.
        """
        instrument = self._instruments.get(fill.fqme)
        if instrument is None:
            raise DataError(f"nothing is known of the market {safe(fill.fqme, 80)}")
        key = (fill.account, fill.fqme)
        before = self._positions.get(key) or Position(account=fill.account, fqme=fill.fqme)
        after = self._positions[key] = apply(before, fill, instrument)
        with localcontext(EXACT):
            realised = _booked(after.realised) - _booked(before.realised)
        is_delivered = self._is_delivered(instrument)
        return of_fill(fill, instrument, is_delivered=is_delivered, realised=realised)


def of_fills(
    fills: Iterable[Fill],
    instruments: Mapping[str, Instrument],
    is_delivered: Callable[[Instrument], bool],
) -> Iterator[Entry]:
    """Entries of all fills of an engine, from the first one on, in the order they are given.

    Raises:
        DataError: a fill is of a market that is not among `instruments`.
    """
    bookkeeper = Bookkeeper(instruments, is_delivered)
    return map(bookkeeper.entry, fills)


def of_move(
    kind: Kind,
    *,
    entry_id: str,
    account: str,
    time_ns: int,
    asset: str,
    amount: Decimal,
    fqme: str = "",
    reference: str = "",
    note: str = "",
) -> Entry:
    """The entry of money that came (or, negative, went) without a trade.

    Raises:
        ValueError: `kind` is a trade.
    """
    if kind == "fill":
        raise ValueError("a fill is not a move: see of_fill")
    return Entry(
        entry_id=entry_id,
        account=account,
        time_ns=time_ns,
        kind=kind,
        postings=tuple(_pair("assets", COUNTERPART[kind], asset_name(asset), amount)),
        fqme=fqme,
        reference=safe(reference, 200),
        note=safe(note, 500),
    )


def reconcile(
    ours: Mapping[str, Decimal],
    theirs: Mapping[str, Decimal],
    *,
    tolerance: Decimal = ZERO,
) -> list[Difference]:
    """Where the venue's balances are not ours, by more than `tolerance`; by asset's name.

    Assets are told apart by their names in lower case. One that a side does not list is at zero
    there. Nothing is corrected: an adjustment is
    an entry that a person makes.
    """
    ours, theirs = _named(ours), _named(theirs)
    with localcontext(EXACT):
        differences = (
            Difference(asset, ours.get(asset, ZERO), theirs.get(asset, ZERO))
            for asset in sorted({*ours, *theirs})
        )
        return [one for one in differences if abs(one.gap) > tolerance]


def asset_name(asset: str) -> str:
    """An asset as it is booked: in lower case, since venues spell one asset in several ways."""
    return asset.strip().lower()


def _named(balances: Mapping[str, Decimal]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for asset, amount in balances.items():
            name = asset_name(asset)
            sums[name] = sums.get(name, ZERO) + amount
    return sums


def _booked(realised: Decimal) -> Decimal:
    """A profit as it is booked: quotients without end are cut, and what is cut of one fill is
    part of the next, so that the sum is never further off than one cut."""
    return round(realised, PLACES)


def _likeness(entry: Entry) -> Hashable:
    """The same of any two entries that `is_same` holds for."""
    return entry.account, entry.kind, entry.fqme, frozenset(entry.postings)


def _order(posting: Posting) -> tuple[str, str, Decimal]:
    return posting.book, posting.asset, posting.amount


def _pair(book: Book, other: Book, asset: str, amount: Decimal) -> list[Posting]:
    """`amount` of `asset` to `book` from `other`; nothing if there is none."""
    if not amount:
        return []
    return [Posting(book, asset, amount), Posting(other, asset, amount.copy_negate())]
