"""`tickdeck pnl --by lot`: every part that was closed, with what opened it: what a tax report
is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from typing import NamedTuple

from engine.accounting.lots import ClosedLot, LotBook, Method
from engine.accounting.payoff import EXACT, ZERO
from engine.clock import NANOS
from engine.instruments import Instrument
from engine.locations import Locations
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import Counted, Terms, counted
from tui.commands.reports.shown import (
    amounts,
    average_of,
    derived,
    in_zone,
    moment_of,
    money,
    price_of,
    size_of,
    tone_of,
)
from tui.commands.reports.table import Column, Page, page, paragraph, put, rank_of_account, table
from tui.commands.reports.written import put_csv, put_json, time_text
from tui.paint.format import span


class Closed(NamedTuple):
    """A closed part of one account and market."""

    account: str
    market: Instrument
    lot: ClosedLot

    @property
    def fees_in_other(self) -> dict[str, Decimal]:
        """Fees of both ends that are not in `gain`, by asset."""
        lot, settle = self.lot, self.market.settle
        with localcontext(EXACT):
            assets = [one for one in {**lot.entry_fees, **lot.exit_fees} if one != settle]
            return {
                one: lot.entry_fees.get(one, ZERO) + lot.exit_fees.get(one, ZERO) for one in assets
            }


def print_lots(locations: Locations, what: Asked, terms: Terms, method: Method) -> int:
    """Print what was closed in the time that is asked about, by when it was.

    Raises:
        NoJournal, JournalFailed: the journal cannot be read.
        UsageError: there is no such account.
        DataError: something was traded of which nothing else is known.
    """
    data = counted(locations, what, terms)
    closed = [
        one
        for one in closed_lots(data, method)
        if what.wants(one.account, one.market.fqme, one.lot.closed_ns)
    ]
    closed.sort(key=lambda one: one.lot.closed_ns)
    if what.form == "json":
        put_json(map(_fields, closed))
    elif what.form == "csv":
        put_csv(map(_fields, closed), NAMES)
    else:
        put(_lines(closed, method, what, page()))
    return 0


def closed_lots(data: Counted, method: Method) -> Iterator[Closed]:
    """All closed parts, account by account and market by market."""
    books: dict[tuple[str, str], LotBook] = {}
    for fill in data.fills:
        market = data.instruments[fill.fqme]
        key = (fill.account, fill.fqme)
        if key not in books:
            books[key] = LotBook(market, method)
        books[key].apply(fill)
    for (account, fqme), book in books.items():
        for lot in book.closed:
            yield Closed(account, data.instruments[fqme], lot)


NAMES = (
    "account", "fqme", "side", "size", "opened_time", "opened_ns", "closed_time", "closed_ns",
    "held_s", "opened_by", "closed_by", "entry_price", "exit_price", "cost", "proceeds", "gain",
    "price_gain", "asset", "fees_in_other",
)  # fmt: skip


def _fields(one: Closed) -> dict[str, object]:
    lot = one.lot
    return {
        "account": one.account,
        "fqme": one.market.fqme,
        "side": _side(one),
        "size": lot.size,
        "opened_time": time_text(lot.opened_ns),
        "opened_ns": lot.opened_ns,
        "closed_time": time_text(lot.closed_ns),
        "closed_ns": lot.closed_ns,
        "held_s": lot.held_ns // NANOS,
        "opened_by": lot.opened_by,
        "closed_by": lot.closed_by,
        "entry_price": derived(lot.entry_price),
        "exit_price": lot.exit_price,
        "cost": derived(lot.cost),
        "proceeds": derived(lot.proceeds),
        "gain": derived(lot.gain),
        "price_gain": derived(lot.price_gain),
        "asset": one.market.settle,
        "fees_in_other": {asset: derived(fee) for asset, fee in one.fees_in_other.items()},
    }


def _side(one: Closed) -> str:
    return "long" if one.lot.size > 0 else "short"


def _lines(closed: Sequence[Closed], method: Method, what: Asked, on: Page) -> Iterator[str]:
    if not closed:
        yield "nothing was closed"
        return
    yield from table(_columns(what, rank_of_account(one.account for one in closed)), closed, on)
    yield ""
    for asset in sorted({one.market.settle for one in closed}):
        of_asset = [one for one in closed if one.market.settle == asset]
        yield from paragraph(_sum(of_asset, asset, method), "bold", on)


def _columns(what: Asked, rank: int) -> list[Column[Closed]]:
    return [
        Column(in_zone("closed", what.zone), lambda one: moment_of(one.lot.closed_ns, what.zone)),
        Column("account", lambda one: one.account, rank=rank),
        Column("market", lambda one: one.market.fqme),
        Column("side", _side),
        Column("size", lambda one: size_of(abs(one.lot.size), one.market), "point"),
        Column("entry", lambda one: average_of(one.lot.entry_price, one.market), "point"),
        Column("exit", lambda one: price_of(one.lot.exit_price, one.market), "point"),
        Column("held", lambda one: span(one.lot.held_ns / NANOS), "right", rank=3),
        Column("cost", lambda one: money(one.lot.cost, one.market.settle), "point", rank=4),
        Column("proceeds", lambda o: money(o.lot.proceeds, o.market.settle), "point", rank=4),
        Column(
            "gain",
            lambda one: money(one.lot.gain, one.market.settle, signed=True),
            "point",
            tone=lambda one: tone_of(one.lot.gain),
        ),
        Column("in", lambda one: one.market.settle.upper(), rank=1),
        Column("other fees", lambda one: amounts(one.fees_in_other), "right", rank=6),
    ]


def _sum(closed: Sequence[Closed], asset: str, method: Method) -> str:
    with localcontext(EXACT):
        gains = [one.lot.gain for one in closed]
        won = sum((gain for gain in gains if gain > 0), ZERO)
        lost = sum((gain for gain in gains if gain < 0), ZERO)
        others: dict[str, Decimal] = {}
        for one in closed:
            for name, fee in one.fees_in_other.items():
                others[name] = others.get(name, ZERO) + fee
        together = won + lost
    noun = "lot" if len(closed) == 1 else "lots"
    more = f"; fees in other assets {amounts(others)}" if others else ""
    return (
        f"{asset.upper()} {money(together, asset, signed=True)} of {len(closed)} {noun} by "
        f"{method}, fees counted: gains {money(won, asset, signed=True)}, "
        f"losses {money(lost, asset, signed=True)}{more}"
    )
