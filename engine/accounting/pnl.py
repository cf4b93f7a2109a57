"""Profit of periods, and the curve of equity, from fills and marks.

A period's profit is what it realised, plus what the open profit changed by, less its fees: marked
to market at both ends, as daily statements are (Interactive Brokers, "Mark-to-Market Performance
Summary"; CME, daily settlement). So the profits of neighbouring periods sum to that of both.

Realised, unrealised, fees and funding are kept apart, and so are assets: a row is of one
settlement asset. Fees in other assets stand beside them. A mark that is not known is said, and
leaves the sum unknown: nothing is taken for zero.

How closed parts are matched with opened ones (`engine.accounting.lots`) shares a period's profit
between realised and unrealised in another way, and leaves their sum as it is.

What happens at the very moment that a period ends belongs to the next one; the curve at a moment
counts what happened before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import NamedTuple

import msgspec

from engine.accounting.conversion import Markets, Worth
from engine.accounting.lots import LotBook, Method
from engine.accounting.payoff import EXACT, ZERO, flow
from engine.accounting.periods import Span
from engine.accounting.positions import apply, signed, time_of, unrealised
from engine.errors import UsageError
from engine.instruments import Instrument
from engine.messages import Fill, Position

MarkAt = Callable[[str, int], Decimal | None]
"""The price of a market (fqme) at a moment (nanoseconds UTC), None where it is not known."""


class Move(NamedTuple):
    """Money that came or went without a trade."""

    time_ns: int
    asset: str
    amount: Decimal


class Profit(msgspec.Struct, frozen=True, kw_only=True):
    """Profit of one period in one settlement asset."""

    span: Span
    asset: str
    realised: Decimal = ZERO
    """Of parts closed in it, before fees."""
    unrealised: Decimal = ZERO
    """By how much the open profit changed; of the markets with known marks."""
    fees: Decimal = ZERO
    fees_in_other: dict[str, Decimal] = {}
    """Fees in other assets, by asset; not part of `net`."""
    funding: Decimal = ZERO
    """Received less paid."""
    fills: int = 0
    unmarked: tuple[str, ...] = ()
    """Markets held at an end of the period at which no price of theirs is known."""

    @property
    def net(self) -> Decimal | None:
        """All of it together, before fees in other assets; None where a mark is missing."""
        if self.unmarked:
            return None
        with localcontext(EXACT):
            return self.realised + self.unrealised - self.fees + self.funding


class Equity(msgspec.Struct, frozen=True, kw_only=True):
    """What an account was worth at a moment."""

    time_ns: int
    target: str
    cash: dict[str, Decimal]
    """By asset: what was there at first, what came and went, what trades and fees paid."""
    value: dict[str, Decimal]
    """By settlement asset: what is held, at its marks."""
    equity: Decimal | None
    """Cash and value in `target`; None where a part of it is not known."""
    unknown: tuple[str, ...] = ()
    """Assets that cannot be converted, and markets held without a mark."""
    is_stale: bool = False


_Key = tuple[str, str]
"""Account and fqme: accounts are not netted against each other."""


class _Book:
    """Positions, and what they have realised and paid, as time goes on."""

    def __init__(
        self,
        fills: Iterable[Fill],
        instruments: Mapping[str, Instrument],
        method: Method = "average",
    ) -> None:
        self.positions: dict[_Key, Position] = {}
        self.lots: dict[_Key, LotBook] = {}
        """Where lots are matched otherwise than at average cost."""
        self.realised: dict[_Key, Decimal] = {}
        self.trades: dict[_Key, int] = {}
        self.instruments = instruments
        self._method = method
        self._fills = sorted(fills, key=time_of)
        self._next = 0

    def advance(self, end_ns: int) -> Iterator[Fill]:
        """Fold what happened before `end_ns`, fill by fill."""
        while self._next < len(self._fills) and time_of(self._fills[self._next]) < end_ns:
            fill = self._fills[self._next]
            self._next += 1
            key = (fill.account, fill.fqme)
            held = self.positions.get(key) or Position(account=fill.account, fqme=fill.fqme)
            after = self.positions[key] = apply(held, fill, self.instrument(fill.fqme))
            if self._method == "average":
                self.realised[key] = after.realised
            else:
                self._match(key, fill)
            self.trades[key] = self.trades.get(key, 0) + 1
            yield fill

    def _match(self, key: _Key, fill: Fill) -> None:
        if key not in self.lots:
            self.lots[key] = LotBook(self.instrument(fill.fqme), self._method)
        closed = self.lots[key].apply(fill)
        with localcontext(EXACT):
            gains = sum((lot.price_gain for lot in closed), ZERO)
            self.realised[key] = self.realised.get(key, ZERO) + gains

    def open_profit(self, key: _Key, mark: Decimal) -> Decimal:
        """What is held would gain at `mark`, before fees."""
        if key in self.lots:
            return self.lots[key].unrealised(mark)
        return unrealised(self.positions[key], mark, self.instrument(key[1]))

    def instrument(self, fqme: str) -> Instrument:
        found = self.instruments.get(fqme)
        if found is None:
            raise UsageError(f"nothing is known of the market {fqme}")
        return found


def profits(
    fills: Iterable[Fill],
    instruments: Mapping[str, Instrument],
    mark_at: MarkAt,
    spans: Sequence[Span],
    funding: Iterable[Move] = (),
    *,
    method: Method = "average",
) -> list[Profit]:
    """A row for every span and settlement asset in which something was held or happened.

    Args:
        fills: in any order, from the first one on: what is held at the start of the first span
            is what they sum to. Of several accounts, each is counted and then summed.
        instruments: by fqme.
        mark_at: prices at the ends of spans.
        spans: oldest first, none overlapping another.
        funding: payments that are profit or loss without a trade.
        method: which opened part a closing trade realises.

    Raises:
        UsageError: a fill is of a market that is not among `instruments`.
    """
    book = _Book(fills, instruments, method)
    rows: list[Profit] = []
    paid = sorted(funding)
    for span in spans:
        _drain(book, span.start_ns)
        before = _states(book, mark_at, span.start_ns)
        _drain(book, span.end_ns)
        after = _states(book, mark_at, span.end_ns)
        moved = _sums(move for move in paid if span.start_ns <= move.time_ns < span.end_ns)
        rows += _rows(span, before, after, moved, instruments)
    return rows


def equity_curve(
    fills: Iterable[Fill],
    instruments: Mapping[str, Instrument],
    mark_at: MarkAt,
    times_ns: Sequence[int],
    *,
    target: str,
    markets_at: Callable[[int], Markets],
    opening: Mapping[str, Decimal] | None = None,
    moves: Iterable[Move] = (),
) -> list[Equity]:
    """What the account was worth in `target` at each of `times_ns`, which go up.

    Args:
        fills: in any order, from the first one on.
        instruments: by fqme.
        mark_at: prices of what is held.
        times_ns: moments, oldest first.
        target: the asset to count in.
        markets_at: rates between assets at a moment.
        opening: balances before the first fill, by asset.
        moves: transfers, funding and adjustments.
    """
    book = _Book(fills, instruments)
    curve: list[Equity] = []
    cash = dict(opening or {})
    coming = deque(sorted(moves))
    for time_ns in times_ns:
        with localcontext(EXACT):
            for fill in book.advance(time_ns):
                _pay(cash, fill, book.instrument(fill.fqme))
            while coming and coming[0].time_ns < time_ns:
                move = coming.popleft()
                cash[move.asset] = cash.get(move.asset, ZERO) + move.amount
            value, unmarked = _value(book, mark_at, time_ns)
            together = _sums(Move(0, *item) for item in (*cash.items(), *value.items()))
        worth = markets_at(time_ns).worth(together, target)
        unknown = (*sorted(worth.unknown), *unmarked)
        curve.append(
            Equity(
                time_ns=time_ns,
                target=target,
                cash=dict(cash),
                value=value,
                equity=None if unknown else worth.known,
                unknown=unknown,
                is_stale=worth.is_stale,
            )
        )
    return curve


def together(rows: Iterable[Profit], markets: Markets, target: str) -> Worth:
    """Profits of several periods or assets as one amount of `target`, fees in other assets
    counted; what cannot be converted, and markets without a mark, are unknown in it."""
    amounts: dict[str, Decimal] = {}
    unmarked: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for row in rows:
            known = row.realised + row.unrealised - row.fees + row.funding
            amounts[row.asset] = amounts.get(row.asset, ZERO) + known
            for asset, fee in row.fees_in_other.items():
                amounts[asset] = amounts.get(asset, ZERO) - fee
            unmarked |= dict.fromkeys(row.unmarked, ZERO)
    worth = markets.worth(amounts, target)
    return msgspec.structs.replace(worth, unknown=worth.unknown | unmarked)


class Points(NamedTuple):
    """A curve as columns, for a picture."""

    time_ns: tuple[int, ...]
    equity: tuple[float | None, ...]
    """None where it is not known: a gap, not a zero."""


def points(curve: Sequence[Equity]) -> Points:
    """`curve` as columns."""
    return Points(
        tuple(row.time_ns for row in curve),
        tuple(None if row.equity is None else float(row.equity) for row in curve),
    )


class _State(NamedTuple):
    """Of one market at a moment."""

    position: Position
    realised: Decimal
    open_profit: Decimal | None
    trades: int


def _drain(book: _Book, end_ns: int) -> None:
    for _ in book.advance(end_ns):
        pass


def _states(book: _Book, mark_at: MarkAt, time_ns: int) -> dict[_Key, _State]:
    return {
        key: _State(
            held, book.realised[key], _open_profit(key, book, mark_at, time_ns), book.trades[key]
        )
        for key, held in book.positions.items()
    }


def _open_profit(key: _Key, book: _Book, mark_at: MarkAt, time_ns: int) -> Decimal | None:
    if not book.positions[key].size:
        return ZERO
    mark = mark_at(key[1], time_ns)
    return None if mark is None else book.open_profit(key, mark)


def _rows(
    span: Span,
    before: Mapping[_Key, _State],
    after: Mapping[_Key, _State],
    funding: Mapping[str, Decimal],
    instruments: Mapping[str, Instrument],
) -> Iterator[Profit]:
    by_asset: dict[str, list[_Key]] = {asset: [] for asset in funding}
    for key, state in after.items():
        was = before.get(key)
        # A market is of the period if it was held in it, or traded.
        if was is None or was.trades < state.trades or was.position.size:
            by_asset.setdefault(instruments[key[1]].settle, []).append(key)
    for asset in sorted(by_asset):
        states = [(before.get(key), after[key]) for key in by_asset[asset]]
        yield _row(span, asset, states, funding.get(asset, ZERO))


def _row(
    span: Span, asset: str, states: Sequence[tuple[_State | None, _State]], funding: Decimal
) -> Profit:
    realised = opened = fees = ZERO
    others: dict[str, Decimal] = {}
    unmarked: list[str] = []
    trades = 0
    with localcontext(EXACT):
        for held, now in states:
            was = held or _State(Position(account="", fqme=now.position.fqme), ZERO, ZERO, 0)
            realised += now.realised - was.realised
            fees += now.position.fees - was.position.fees
            trades += now.trades - was.trades
            for other, paid in now.position.fees_in_other.items():
                change = paid - was.position.fees_in_other.get(other, ZERO)
                if change:
                    others[other] = others.get(other, ZERO) + change
            if now.open_profit is None or was.open_profit is None:
                unmarked.append(now.position.fqme)
            else:
                opened += now.open_profit - was.open_profit
    return Profit(
        span=span,
        asset=asset,
        realised=realised,
        unrealised=opened,
        fees=fees,
        fees_in_other=others,
        funding=funding,
        fills=trades,
        unmarked=tuple(sorted(set(unmarked))),
    )


def _pay(cash: dict[str, Decimal], fill: Fill, instrument: Instrument) -> None:
    change = flow(signed(fill.side, fill.size), fill.price, instrument)
    cash[instrument.settle] = cash.get(instrument.settle, ZERO) + change
    if fill.fee:
        cash[fill.fee_asset] = cash.get(fill.fee_asset, ZERO) - fill.fee


def _value(
    book: _Book, mark_at: MarkAt, time_ns: int
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """What is held by settlement asset, and the markets held without a mark."""
    value: dict[str, Decimal] = {}
    unmarked: list[str] = []
    for (_, fqme), held in sorted(book.positions.items(), key=lambda item: item[0][::-1]):
        if not held.size:
            continue
        mark, market = mark_at(fqme, time_ns), book.instrument(fqme)
        if mark is None:
            unmarked.append(fqme)
        else:
            # What closing it at the mark would bring.
            worth = flow(-held.size, mark, market)
            value[market.settle] = value.get(market.settle, ZERO) + worth
    return value, tuple(dict.fromkeys(unmarked))


def _sums(moves: Iterable[Move]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for move in moves:
            sums[move.asset] = sums.get(move.asset, ZERO) + move.amount
    return sums
