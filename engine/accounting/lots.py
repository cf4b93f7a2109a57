"""Lots: which purchase a sale closes, and what was gained on it.

Every opening part of a fill is a lot; every closing part is matched against open lots by one of

* ``fifo``: the oldest first (the rule where nothing else is chosen: IRS Publication 550,
  Interactive Brokers, beancount's FIFO);
* ``lifo``: the newest first;
* ``hifo``: the one that gains least first, fees included. Of longs that is the dearest; of
  shorts the one that was sold lowest (Interactive Brokers' "Highest Cost": largest loss, else
  smallest gain);
* ``average``: lots share one average price and their fees, and are closed oldest first, so that
  a holding time is known (Publication 550 on average basis).

Of equal lots the older is closed first, but with ``lifo`` the newer; lots of one nanosecond are
as old as the order in which they were opened. A fill that goes through zero closes what is held
and opens the rest; its fee is shared by size. Shorts are lots too: opened by a sale.

**Fees.** The cost of a lot includes its share of the fee for buying, its proceeds are net of
the share of the fee for selling (Publications 550 and 551: commissions are part of the basis,
selling expenses reduce what is realised; Interactive Brokers: "commissions are netted"), so
``gain = proceeds - cost`` is after fees, and ``price_gain`` is before them: that one sums to the
realised profit of `engine.accounting.positions` over a full round trip, whatever the method.
Only fees in the settlement asset can be netted. Others stay beside the lot, by asset, and are
never converted here. A fee that a venue takes out of what was bought is one of those.

Wash sales, and how long is long-term, are rules of states and not of accounting: what they need
(times, sizes, gains) is on every closed lot.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

import msgspec

from engine.accounting.payoff import EXACT, ZERO, flow, gain, level, price_at
from engine.accounting.positions import parts_of, signed, time_of
from engine.instruments import Instrument
from engine.messages import Fill

Method = Literal["fifo", "lifo", "hifo", "average"]
Fees = dict[str, Decimal]


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What is still open of one opening trade."""

    number: int
    """Counts the openings of the account and market from 0."""
    trade_id: str
    """Of the fill that opened it."""
    size: Decimal
    """Negative is short."""
    price: Decimal
    """What was paid; with `average` what all open lots paid on average."""
    fees: Fees
    """Share of the opening fees, by asset."""
    opened_ns: int


class ClosedLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot, or a part of one, and what closed it. Money is in the settlement asset."""

    number: int
    opened_by: str
    closed_by: str
    """Trade ids."""
    size: Decimal
    """With the sign of the lot: negative was short."""
    entry_price: Decimal
    exit_price: Decimal
    opened_ns: int
    closed_ns: int
    cost: Decimal
    """Paid for the bought side, with its fee."""
    proceeds: Decimal
    """Received for the sold side, less its fee."""
    price_gain: Decimal
    """Gain before fees."""
    entry_fees: Fees
    exit_fees: Fees

    @property
    def gain(self) -> Decimal:
        """Gain after fees in the settlement asset."""
        with localcontext(EXACT):
            return self.proceeds - self.cost

    @property
    def held_ns(self) -> int:
        """How long it was held, in nanoseconds of the venue's time."""
        return self.closed_ns - self.opened_ns


@dataclass(slots=True)
class _Open:
    number: int
    trade_id: str
    size: Decimal
    price: Decimal
    fees: Fees
    opened_ns: int
    order: tuple[Decimal | int, ...]
    """What it is sorted by: the last of all is closed first."""


class LotBook:
    """The lots of one account in one market, folded over its fills."""

    def __init__(self, instrument: Instrument, method: Method = "fifo") -> None:
        self.instrument = instrument
        self.method = method
        self.size = ZERO
        """Sum of the open lots."""
        self.closed: list[ClosedLot] = []
        """In the order in which they were closed."""
        self._account = ""
        self._lots: list[_Open] = []
        self._opened = 0
        # What all open lots share; kept for `average` alone.
        self._levels = ZERO
        self._fees: Fees = {}

    @property
    def open(self) -> tuple[Lot, ...]:
        """The open lots, in the order in which they were opened."""
        lots = sorted(self._lots, key=lambda lot: lot.number)
        return tuple(self._shown(lot) for lot in lots)

    @property
    def realised(self) -> Decimal:
        """Gains of all closed lots before fees, in the settlement asset."""
        with localcontext(EXACT):
            return sum((lot.price_gain for lot in self.closed), ZERO)

    def unrealised(self, price: Decimal) -> Decimal:
        """What the open lots would gain at `price`, before fees, in the settlement asset."""
        with localcontext(EXACT):
            gains = (gain(lot.size, lot.price, price, self.instrument) for lot in self.open)
            return sum(gains, ZERO)

    def apply(self, fill: Fill) -> list[ClosedLot]:
        """Take `fill` in; returns what it closed.

        Raises:
            ValueError: the fill is of another account or market.
        """
        self._account = self._account or fill.account
        if (self._account, self.instrument.fqme) != (fill.account, fill.fqme):
            raise ValueError(f"fill of {fill.account} {fill.fqme} given to {self.instrument.fqme}")
        parts = parts_of(self.size, signed(fill.side, fill.size))
        fees = {fill.fee_asset: fill.fee} if fill.fee else {}
        closed: list[ClosedLot] = []
        with localcontext(EXACT):
            if parts.closing:
                exit_fees, fees = _split(fees, abs(parts.closing), fill.size)
                closed = list(self._close(fill, abs(parts.closing), exit_fees))
                self.closed += closed
            if parts.opening:
                self._open(fill, parts.opening, fees)
            self.size += parts.closing + parts.opening
        return closed

    def _open(self, fill: Fill, size: Decimal, fees: Fees) -> None:
        lot = _Open(self._opened, fill.trade_id, size, fill.price, fees, time_of(fill), ())
        lot.order = self._order(lot)
        self._opened += 1
        insort(self._lots, lot, key=lambda one: one.order)
        if self.method == "average":
            self._levels += size * level(fill.price, self.instrument)
            self._fees = _sum(self._fees, fees)

    def _order(self, lot: _Open) -> tuple[Decimal | int, ...]:
        age = (-lot.opened_ns, -lot.number)
        if self.method == "lifo":
            return (lot.opened_ns, lot.number)
        if self.method != "hifo":
            return age
        entry = lot.size * level(lot.price, self.instrument) * self.instrument.multiplier
        fee = lot.fees.get(self.instrument.settle, ZERO)
        return ((entry + fee) / abs(lot.size), *age)

    def _close(self, fill: Fill, size: Decimal, fees: Fees) -> Iterator[ClosedLot]:
        """Close `size` (positive) of the lots, in their order."""
        left, held = size, abs(self.size)
        while left:
            lot = self._lots[-1]
            part = min(left, abs(lot.size))
            exit_fees, fees = _split(fees, part, left)
            price, entry_fees = self._take(lot, part, held)
            closing = part.copy_sign(lot.size)
            lot.size -= closing
            if not lot.size:
                self._lots.pop()
            left, held = left - part, held - part
            yield self._closed_lot(lot, closing, price, entry_fees, fill, exit_fees)

    def _take(self, lot: _Open, part: Decimal, held: Decimal) -> tuple[Decimal, Fees]:
        """Entry price and fees of `part` of `lot`, taken out of it, or out of the pool."""
        if self.method != "average":
            taken, lot.fees = _split(lot.fees, part, abs(lot.size))
            return lot.price, taken
        price = self._average(held.copy_sign(lot.size))
        taken, self._fees = _split(self._fees, part, held)
        self._levels = ZERO if part == held else self._levels - self._levels * part / held
        return price, taken

    def _average(self, held: Decimal) -> Decimal:
        return price_at(self._levels / held, self.instrument)

    def _closed_lot(
        self,
        lot: _Open,
        size: Decimal,
        price: Decimal,
        entry_fees: Fees,
        fill: Fill,
        exit_fees: Fees,
    ) -> ClosedLot:
        market, settle = self.instrument, self.instrument.settle
        entered = flow(size, price, market) - entry_fees.get(settle, ZERO)
        left = flow(-size, fill.price, market) - exit_fees.get(settle, ZERO)
        # A long inverse contract sells quote at its entry: its base is received there.
        is_bought_first = (size > 0) != market.is_inverse
        paid, received = (entered, left) if is_bought_first else (left, entered)
        return ClosedLot(
            number=lot.number,
            opened_by=lot.trade_id,
            closed_by=fill.trade_id,
            size=size,
            entry_price=price,
            exit_price=fill.price,
            opened_ns=lot.opened_ns,
            closed_ns=time_of(fill),
            cost=-paid,
            proceeds=received,
            price_gain=gain(size, price, fill.price, market),
            entry_fees=entry_fees,
            exit_fees=exit_fees,
        )

    def _shown(self, lot: _Open) -> Lot:
        price, fees = lot.price, lot.fees
        if self.method == "average":
            with localcontext(EXACT):
                price = self._average(self.size)
                fees = _split(self._fees, lot.size, self.size)[0]
        return Lot(
            number=lot.number,
            trade_id=lot.trade_id,
            size=lot.size,
            price=price,
            fees=dict(fees),
            opened_ns=lot.opened_ns,
        )


def match(fills: Iterable[Fill], instrument: Instrument, method: Method = "fifo") -> LotBook:
    """The lots after `fills` of one account and market, in the order they are given."""
    book = LotBook(instrument, method)
    for fill in fills:
        book.apply(fill)
    return book


def basis(lot: Lot, instrument: Instrument) -> Decimal:
    """What an open long cost with its fee, or what an open short brought less its fee; in the
    settlement asset."""
    with localcontext(EXACT):
        entered = flow(lot.size, lot.price, instrument) - lot.fees.get(instrument.settle, ZERO)
        return -entered if (lot.size > 0) != instrument.is_inverse else entered


def _split(fees: Fees, part: Decimal, whole: Decimal) -> tuple[Fees, Fees]:
    """`part / whole` of each fee, and the rest: together exactly what there was."""
    if not fees or part == whole:
        return fees, {}
    taken = {asset: fee * part / whole for asset, fee in fees.items()}
    return taken, {asset: fee - taken[asset] for asset, fee in fees.items()}


def _sum(one: Fees, other: Fees) -> Fees:
    return {asset: one.get(asset, ZERO) + other.get(asset, ZERO) for asset in {**one, **other}}
