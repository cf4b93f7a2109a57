"""`tickdeck positions`: what is held, what it cost, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from typing import NamedTuple

from engine.accounting.breakeven import Breakeven, breakeven
from engine.accounting.conversion import Mark, Markets, Unknown
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.positions import apply, time_of, unrealised
from engine.instruments import Instrument
from engine.locations import Locations
from engine.messages import Position
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import Counted, Terms, counted, prices_of
from tui.commands.reports.shown import (
    amounts,
    average_of,
    derived,
    money,
    price_of,
    size_of,
    tone_of,
)
from tui.commands.reports.table import Column, Page, page, paragraph, put, rank_of_account, table
from tui.commands.reports.written import fields_of, put_csv, put_json, time_text
from tui.paint.format import UNKNOWN


class Holding(NamedTuple):
    """A position, and what follows from the price of its market."""

    position: Position
    market: Instrument
    mark: Mark | None
    breakeven: Breakeven

    @property
    def value(self) -> Decimal | None:
        """In quote, with the sign of the position; None where the price is not known."""
        if self.mark is None:
            return None
        with localcontext(EXACT):
            return self.market.notional(self.mark.price, self.position.size)

    @property
    def unrealised(self) -> Decimal | None:
        """In the settlement asset, before fees; None where the price is not known."""
        if not self.position.size:
            return ZERO
        return unrealised(self.position, self.mark.price, self.market) if self.mark else None

    @property
    def total(self) -> Decimal | None:
        """Realised and unrealised less fees, those in other assets apart."""
        opened = self.unrealised
        if opened is None:
            return None
        with localcontext(EXACT):
            return self.position.realised + opened - self.position.fees


def print_positions(
    locations: Locations, what: Asked, terms: Terms, *, has_flat: bool = False
) -> int:
    """Print positions by account and market.

    Of `what`, `until` is the moment at which they stood so, and `since` leaves out what was not
    traded from then on.

    Args:
        has_flat: also markets in which nothing is held any more.

    Raises:
        NoJournal, JournalFailed: the journal cannot be read.
        UsageError: there is no such account or currency.
        DataError: something was traded of which nothing else is known.
    """
    data = counted(locations, what, terms)
    at_ns = data.now_ns if what.until_ns is None else min(what.until_ns, data.now_ns)
    positions = [
        held
        for held in _positions(data, what)
        if (held.size or has_flat) and (what.since_ns is None or held.updated_ns >= what.since_ns)
    ]
    wanted = {held.fqme: [at_ns] for held in positions if held.size}
    prices = prices_of(data, terms, locations, times_ns=wanted)
    markets = prices.markets_at(data.instruments, at_ns)
    holdings = [
        _holding(held, data.instruments[held.fqme], prices.mark(held.fqme, at_ns), markets)
        for held in positions
    ]
    if what.form == "json":
        put_json(map(_fields, holdings))
    elif what.form == "csv":
        put_csv(map(_fields, holdings), list(_fields(_BLANK)))
    else:
        on = page()
        put(_lines(holdings, data, markets, on))
        for note in prices.notes:
            put(paragraph(f"note: {note}", "warning", on))
    return 0


def _positions(data: Counted, what: Asked) -> list[Position]:
    held: dict[tuple[str, str], Position] = {}
    for fill in data.fills:
        if what.until_ns is None or time_of(fill) < what.until_ns:
            key = (fill.account, fill.fqme)
            before = held.get(key) or Position(account=fill.account, fqme=fill.fqme)
            held[key] = apply(before, fill, data.instruments[fill.fqme])
    return [held[key] for key in sorted(held)]


def _holding(
    position: Position, market: Instrument, mark: Mark | None, markets: Markets
) -> Holding:
    rates = {asset: markets.rate(asset, market.settle) for asset in position.entry_fees}
    worth = {asset: rate.value for asset, rate in rates.items() if not isinstance(rate, Unknown)}
    return Holding(position, market, mark, breakeven(position, market, worth_in_settle=worth))


def _fields(holding: Holding) -> dict[str, object]:
    held, mark, market = holding.position, holding.mark, holding.market
    return {
        **fields_of(held),
        "average_price": derived(held.average_price),
        "realised": derived(held.realised),
        "entry_fees": {asset: derived(fee) for asset, fee in held.entry_fees.items()},
        "settle": market.settle,
        "mark": None if mark is None else mark.price,
        "mark_time": None if mark is None else time_text(mark.time_ns),
        "mark_ns": None if mark is None else mark.time_ns,
        "value": derived(holding.value),
        "quote": market.quote,
        "unrealised": derived(holding.unrealised),
        "total": derived(holding.total),
        "breakeven": holding.breakeven.on_tick(held, market),
        "breakeven_unpriced": holding.breakeven.unpriced,
    }


_BLANK = Holding(
    Position(account="", fqme=""),
    Instrument(fqme="", symbol="", base="", quote="", price_tick=Decimal(1), size_step=Decimal(1)),
    None,
    Breakeven(None),
)


def _lines(holdings: Sequence[Holding], data: Counted, markets: Markets, on: Page) -> Iterator[str]:
    if not holdings:
        yield "no positions"
        return
    yield from table(
        _columns(rank_of_account(one.position.account for one in holdings)), holdings, on
    )
    yield ""
    for asset in sorted({one.market.settle for one in holdings}):
        of_asset = [one for one in holdings if one.market.settle == asset]
        yield from paragraph(_sum(of_asset, asset), "dim", on)
    for line in _unpriced(holdings):
        yield from paragraph(line, "dim", on)
    if data.currency:
        yield from paragraph(_together(holdings, markets, data.currency), "bold", on)


def _columns(rank: int) -> list[Column[Holding]]:
    def settled(value: Decimal | None, holding: Holding) -> str:
        return money(value, holding.market.settle, signed=True)

    def value(holding: Holding) -> str:
        return money(holding.value, holding.market.quote) if holding.position.size else ""

    def leaving(holding: Holding) -> str:
        if not holding.position.size:
            return ""
        at = holding.breakeven.on_tick(holding.position, holding.market)
        return UNKNOWN if at is None else price_of(at, holding.market)

    def last(holding: Holding) -> str:
        if not holding.position.size:
            return ""
        return price_of(holding.mark.price, holding.market) if holding.mark else UNKNOWN

    return [
        Column("account", lambda one: one.position.account, rank=rank),
        Column("market", lambda one: one.position.fqme),
        Column(
            "size",
            lambda one: size_of(one.position.size, one.market),
            "point",
            tone=lambda one: tone_of(one.position.size),
        ),
        Column("average", lambda one: average_of(one.position.average_price, one.market), "point"),
        Column("last", last, "point", rank=2),
        Column("value", value, "point", rank=5),
        Column("breakeven", leaving, "point", rank=6),
        Column(
            "unrealised",
            lambda one: settled(one.unrealised, one),
            "point",
            tone=lambda one: tone_of(one.unrealised),
        ),
        Column(
            "realised",
            lambda one: settled(one.position.realised, one),
            "point",
            rank=1,
            tone=lambda one: tone_of(one.position.realised),
        ),
        Column("fees", lambda one: money(one.position.fees, one.market.settle), "point", rank=3),
        Column("in", lambda one: one.market.settle.upper(), rank=1),
        Column("other fees", lambda one: amounts(one.position.fees_in_other), rank=7),
    ]


def _sum(holdings: Sequence[Holding], asset: str) -> str:
    """What is counted in one asset, together."""
    with localcontext(EXACT):
        realised = sum((one.position.realised for one in holdings), ZERO)
        fees = sum((one.position.fees for one in holdings), ZERO)
        opened = [one.unrealised for one in holdings]
        known = [one for one in opened if one is not None]
        is_whole = len(known) == len(opened)
        total = realised + sum(known, ZERO) - fees if is_whole else None
        unreal = sum(known, ZERO) if is_whole else None
    return (
        f"{asset.upper()}: unrealised {money(unreal, asset, signed=True)}, "
        f"realised {money(realised, asset, signed=True)}, fees {money(fees, asset)}, "
        f"together {money(total, asset, signed=True)}"
    )


def _together(holdings: Sequence[Holding], markets: Markets, currency: str) -> str:
    """Everything in one currency, or what of it is not known."""
    sums: dict[str, Decimal] = {}
    unmarked = [one.position.fqme for one in holdings if one.unrealised is None]
    with localcontext(EXACT):
        for one in holdings:
            settle = one.market.settle
            gained = one.position.realised + (one.unrealised or ZERO) - one.position.fees
            sums[settle] = sums.get(settle, ZERO) + gained
            for asset, fee in one.position.fees_in_other.items():
                sums[asset] = sums.get(asset, ZERO) - fee
    worth = markets.worth(sums, currency)
    name = currency.upper()
    missing = [
        *(f"{money(amount, asset)} {asset.upper()}" for asset, amount in worth.unknown.items()),
        *(f"what is open in {fqme}" for fqme in unmarked),
    ]
    known = money(worth.known, currency, signed=True)
    if not missing:
        return f"all in {name}: {known}"
    return f"all in {name}: {UNKNOWN}; known of it {known}, not known: {', '.join(missing)}"


def _unpriced(holdings: Sequence[Holding]) -> Iterator[str]:
    """Why a breakeven is not known."""
    for one in holdings:
        if one.breakeven.unpriced:
            assets = ", ".join(one.breakeven.unpriced).upper()
            yield (
                f"breakeven of {one.position.account} {one.position.fqme} is not known: fees were "
                f"paid in {assets}, of which no price in {one.market.settle.upper()} is"
            )
