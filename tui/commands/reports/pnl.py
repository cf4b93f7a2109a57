"""`tickdeck pnl` as it is printed: a table, a curve, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Final

from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.periods import Span
from engine.locations import Locations
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import Terms
from tui.commands.reports.curves import Curve, bar, drawn
from tui.commands.reports.profit import Cut, Report, Row, report
from tui.commands.reports.shown import amounts, derived, money, tone_of
from tui.commands.reports.table import Column, Page, page, paragraph, put, table
from tui.commands.reports.written import put_csv, put_json, time_text

BAR_WIDTH: Final = 16


def print_pnl(
    locations: Locations, what: Asked, terms: Terms, cut: Cut, *, has_curve: bool | None = None
) -> int:
    """Print profit by periods or markets.

    Args:
        has_curve: draw it; None draws where people look, which is on a terminal.

    Raises:
        NoJournal, JournalFailed: the journal cannot be read.
        UsageError: there is no such account or currency.
        DataError: something was traded of which nothing else is known.
    """
    on = page()
    wants_curve = on.width is not None if has_curve is None else has_curve
    found = report(locations, what, terms, cut, has_curve=wants_curve and what.form == "table")
    if what.form == "json":
        put_json(map(_fields, found.rows))
    elif what.form == "csv":
        put_csv(map(_fields, found.rows), list(_fields(_BLANK)))
    else:
        put(_lines(found, what, cut, on))
    return 0


def _fields(row: Row) -> dict[str, object]:
    return {
        "period": row.name,
        "start_time": time_text(row.span.start_ns),
        "start_ns": row.span.start_ns,
        "end_time": time_text(row.span.end_ns),
        "end_ns": row.span.end_ns,
        "asset": row.asset,
        "realised": derived(row.realised),
        "unrealised": derived(row.unrealised),
        "fees": derived(row.fees),
        "fees_in_other": {asset: derived(fee) for asset, fee in row.fees_in_other.items()},
        "funding": derived(row.funding),
        "net": derived(row.net),
        "fills": row.fills,
        "unknown": row.unknown,
    }


_BLANK = Row("", Span("", 0, 0), "", ZERO, ZERO, ZERO, ZERO, ZERO, 0, {}, ())


def _lines(found: Report, what: Asked, cut: Cut, on: Page) -> Iterator[str]:
    if not found.rows:
        yield "no profit and no loss: nothing was traded or held"
        return
    yield from table(_columns(found.rows, cut), found.rows, on)
    yield ""
    yield from _curve(found, what, cut, on)
    for asset in sorted({row.asset for row in found.rows}):
        rows = [row for row in found.rows if row.asset == asset]
        yield from paragraph(_sum(rows, asset), "bold", on)
        if cut.by != "market" and (text := _record(rows, asset)):
            yield from paragraph(text, "dim", on)
    unknown = sorted({name for row in found.rows for name in row.unknown})
    if unknown:
        yield from paragraph(f"not known: what {', '.join(unknown)} is worth", "warning", on)
    for note in found.prices.notes:
        yield from paragraph(f"note: {note}", "warning", on)


def _columns(rows: Sequence[Row], cut: Cut) -> list[Column[Row]]:
    most = max((abs(row.net) for row in rows if row.net is not None), default=ZERO)
    has_assets = len({row.asset for row in rows}) > 1

    def paid(value: Decimal | None, row: Row) -> str:
        return money(value, row.asset, signed=True)

    def funding(row: Row) -> str:
        return paid(row.funding, row) if row.funding != 0 else ""

    columns = [
        Column[Row](cut.by, lambda row: row.name),
        Column[Row](
            "realised", lambda row: paid(row.realised, row), "point",
            rank=1, tone=lambda row: tone_of(row.realised),
        ),
        Column[Row](
            "unrealised", lambda row: paid(row.unrealised, row), "point",
            rank=2, tone=lambda row: tone_of(row.unrealised),
        ),
        Column[Row]("fees", lambda row: money(row.fees, row.asset), "point", rank=3),
        Column[Row](
            "other fees", lambda row: amounts(dict(row.fees_in_other)), "right", rank=7
        ),
        Column[Row](
            "funding", funding, "point", rank=4
        ),
        Column[Row](
            "net", lambda row: paid(row.net, row), "point", tone=lambda row: tone_of(row.net)
        ),
        Column[Row]("in", lambda row: row.asset.upper()),
        Column[Row]("fills", lambda row: str(row.fills), "right", rank=5),
    ]  # fmt: skip
    if not has_assets and len(rows) > 1:
        columns.append(
            Column(
                "",
                lambda row: bar(row.net, most, BAR_WIDTH),
                rank=6,
                tone=lambda row: tone_of(row.net),
            )
        )
    return columns


def _curve(found: Report, what: Asked, cut: Cut, on: Page) -> Iterator[str]:
    opening = cut.opening or ZERO
    values = [None if value is None else float(opening + value) for _, value in found.curve]
    lines = drawn(Curve([at for at, _ in found.curve], values, what.zone, float(opening)), on)
    if lines:
        name, asset = "profit" if cut.opening is None else "equity", found.asset.upper()
        yield from paragraph(f"{name} in {asset}, with what is open", "dim", on)
        yield from lines
        if found.left_out:
            names = ", ".join(found.left_out).upper()
            yield from paragraph(
                f"without fees in {names}: what they are worth is not known", "dim", on
            )
        yield ""


def _sum(rows: Sequence[Row], asset: str) -> str:
    """All periods together."""
    with localcontext(EXACT):
        net = _whole([row.net for row in rows])
        opened = _whole([row.unrealised for row in rows])
        realised = _whole([row.realised for row in rows])
        fees = sum((row.fees for row in rows), ZERO)
        funding = _whole([row.funding for row in rows])
        others = _sums(row.fees_in_other for row in rows)
        known = sum((row.known for row in rows), ZERO)
    paid = f", funding {money(funding, asset, signed=True)}" if funding != 0 else ""
    more = f"; fees in other assets {amounts(others)}" if others else ""
    so_far = "" if net is not None else f" (known of it {money(known, asset, signed=True)})"
    return (
        f"{asset.upper()} {money(net, asset, signed=True)}{so_far}: "
        f"realised {money(realised, asset, signed=True)}, "
        f"unrealised {money(opened, asset, signed=True)}, fees {money(fees, asset)}{paid}{more}"
    )


def _sums(parts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for part in parts:
        for asset, amount in part.items():
            sums[asset] = sums.get(asset, ZERO) + amount
    return sums


def _whole(parts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; unknown if a part is."""
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None


def _record(rows: Sequence[Row], asset: str) -> str:
    """Of several periods: how many were good, the best, the worst, and the deepest fall."""
    nets = [row.net for row in rows if row.net is not None]
    if len(rows) < 2 or len(nets) < len(rows):
        return ""
    best = max(rows, key=lambda row: row.net or ZERO)
    worst = min(rows, key=lambda row: row.net or ZERO)
    good = sum(net > 0 for net in nets)
    return (
        f"{good} of {len(rows)} with a gain; "
        f"best {best.name} {money(best.net, asset, signed=True)}, "
        f"worst {worst.name} {money(worst.net, asset, signed=True)}, "
        f"deepest fall {money(deepest_fall(nets), asset)}"
    )


def deepest_fall(nets: Sequence[Decimal]) -> Decimal:
    """By how much the sum fell at most from where it had been, the beginning included."""
    peak = total = fall = ZERO
    with localcontext(EXACT):
        for net in nets:
            total += net
            peak = max(peak, total)
            fall = max(fall, peak - total)
    return fall
