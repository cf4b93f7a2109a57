"""`tickdeck fills`: every execution, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext

from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.positions import time_of
from engine.instruments import Instrument
from engine.locations import Locations
from engine.messages import Fill
from tui.commands.reports.asked import Asked, check_account
from tui.commands.reports.record import journal_in, read_traded
from tui.commands.reports.shown import amounts, in_zone, moment_of, money, number, price_of, size_of
from tui.commands.reports.table import (
    Column,
    Page,
    Tone,
    page,
    paragraph,
    put,
    rank_of_account,
    table,
)
from tui.commands.reports.written import fields_of, put_csv, put_json


def print_fills(locations: Locations, what: Asked, *, last: int | None = None) -> int:
    """Print fills by their times, oldest first.

    Raises:
        NoJournal: there is none.
        JournalFailed: it cannot be read.
        UsageError: there is no such account.
    """
    traded = read_traded(journal_in(locations.data_dir))
    check_account(what, traded.accounts, locations)
    fills = [fill for fill in traded.fills if what.wants(fill.account, fill.fqme, time_of(fill))]
    fills.sort(key=time_of)
    fills = fills[len(fills) - last :] if last is not None and last < len(fills) else fills
    markets = traded.instruments
    if what.form == "json":
        put_json(_fields(fill, markets) for fill in fills)
    elif what.form == "csv":
        put_csv((_fields(fill, markets) for fill in fills), _names())
    else:
        put(_lines(fills, markets, what, page()))
    return 0


def _fields(fill: Fill, markets: Mapping[str, Instrument]) -> dict[str, object]:
    market = markets.get(fill.fqme)
    return {
        **fields_of(fill),
        "notional": None if market is None else notional_of(fill, market),
        "quote": None if market is None else market.quote,
    }


def _names() -> list[str]:
    blank = Fill(order_id="", account="", fqme="", trade_id="", side="buy", price=ZERO, size=ZERO)
    return [*fields_of(blank), "notional", "quote"]


def notional_of(fill: Fill, market: Instrument) -> Decimal:
    """What was traded, in quote."""
    with localcontext(EXACT):
        return abs(market.notional(fill.price, fill.size))


def _lines(
    fills: Sequence[Fill], markets: Mapping[str, Instrument], what: Asked, on: Page
) -> Iterator[str]:
    if not fills:
        yield "no fills"
        return
    yield from table(
        _columns(markets, what, rank_of_account(fill.account for fill in fills)), fills, on
    )
    yield ""
    for line in _sums(fills, markets):
        yield from paragraph(line, "dim", on)


def _columns(markets: Mapping[str, Instrument], what: Asked, rank: int) -> list[Column[Fill]]:
    def value(fill: Fill) -> str:
        market = markets.get(fill.fqme)
        return "" if market is None else money(notional_of(fill, market), market.quote)

    def quote(fill: Fill) -> str:
        market = markets.get(fill.fqme)
        return "" if market is None else market.quote.upper()

    return [
        Column(in_zone("time", what.zone), lambda fill: moment_of(time_of(fill), what.zone)),
        Column("account", lambda fill: fill.account, rank=rank),
        Column("market", lambda fill: fill.fqme),
        Column("side", lambda fill: fill.side, tone=_side_tone),
        Column("size", lambda fill: size_of(fill.size, markets.get(fill.fqme)), "point"),
        Column("price", lambda fill: price_of(fill.price, markets.get(fill.fqme)), "point"),
        Column("value", value, "point", rank=3),
        Column("in", quote, rank=3),
        Column("fee", lambda fill: number(fill.fee) if fill.fee else "", "point", rank=2),
        Column("of", lambda fill: fill.fee_asset.upper() if fill.fee else "", rank=2),
        Column("as", lambda fill: fill.liquidity, rank=6),
        Column("trade id", lambda fill: fill.trade_id, rank=7, tone=lambda _: "dim"),
        Column("order id", lambda fill: fill.order_id, rank=8, tone=lambda _: "dim"),
    ]


def _side_tone(fill: Fill) -> Tone:
    return "up" if fill.side == "buy" else "down"


def _sums(fills: Sequence[Fill], markets: Mapping[str, Instrument]) -> Iterator[str]:
    """How many, what was traded by quote asset, and what was paid for it by asset."""
    traded: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for fill in fills:
            if (market := markets.get(fill.fqme)) is not None:
                traded[market.quote] = traded.get(market.quote, ZERO) + notional_of(fill, market)
            if fill.fee:
                fees[fill.fee_asset] = fees.get(fill.fee_asset, ZERO) + fill.fee
    sides = Counter(fill.side for fill in fills)
    noun = "fill" if len(fills) == 1 else "fills"
    values = ", ".join(f"{money(sum_, asset)} {asset.upper()}" for asset, sum_ in traded.items())
    yield f"{len(fills)} {noun}: {sides['buy']} bought, {sides['sell']} sold; traded {values}"
    if fees:
        yield f"fees {amounts(fees)}"
