"""`tickdeck pnl`: what was gained and lost, by days, weeks, months, sessions or markets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from decimal import Decimal, localcontext
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from engine.accounting.conversion import Markets
from engine.accounting.lots import Method
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.periods import Calendar, Span, session, sessions, spans
from engine.accounting.pnl import Profit, equity_curve, profits
from engine.accounting.positions import time_of
from engine.accounting.tables import number_of
from engine.clock import NANOS
from engine.errors import DataError, UsageError
from engine.locations import Locations
from engine.messages import Fill
from engine.text import safe
from tui.commands.reports.asked import Asked
from tui.commands.reports.counting import Counted, Terms, assets_of, counted, prices_of
from tui.commands.reports.prices import Prices

By = Literal["day", "week", "month", "session", "market"]
BYS: Final[tuple[By, ...]] = ("day", "week", "month", "session", "market")
METHODS: Final[tuple[Method, ...]] = ("average", "fifo", "lifo", "hifo")

POINTS: Final = 240
"""Of a curve: some two in each column of dots."""

_STEPS_S: Final = (60, 300, 900, 3600, 14_400, 86_400, 7 * 86_400)
"""Between two points of a curve."""


class Cut(NamedTuple):
    """How profit is shared out."""

    by: By = "day"
    method: Method = "average"
    pause_s: int = 6 * 3600
    """A session ends where nothing was traded for longer."""
    day_start: time = time(0)
    opening: Decimal | None = None
    """What there was at the beginning: the curve is then of equity, and not of profit alone."""


class Row(NamedTuple):
    """Profit of a period or a market, in one asset."""

    name: str
    span: Span
    asset: str
    realised: Decimal | None
    """None where it is in an asset that cannot be converted."""
    unrealised: Decimal | None
    """None where that is so, or a price is not known."""
    fees: Decimal
    funding: Decimal | None
    net: Decimal | None
    fills: int
    fees_in_other: Mapping[str, Decimal]
    """What is not in `fees`; empty where all is in one currency."""
    unknown: tuple[str, ...]
    """Markets without a price, and assets that cannot be converted."""

    @property
    def known(self) -> Decimal:
        """What is known of `net`."""
        with localcontext(EXACT):
            parts = (self.realised, self.unrealised, self.funding)
            return sum((part for part in parts if part is not None), -self.fees)


class Report(NamedTuple):
    """What is printed."""

    rows: list[Row]
    asset: str
    """What the curve is in; empty without one."""
    curve: list[tuple[int, Decimal | None]]
    """Profit since the beginning at moments of the time that is asked about."""
    left_out: tuple[str, ...]
    """Assets of fees that the curve does without: what they are worth is not known."""
    prices: Prices


def report(locations: Locations, what: Asked, terms: Terms, cut: Cut, *, has_curve: bool) -> Report:
    """Count profit.

    Raises:
        NoJournal, JournalFailed: the journal cannot be read.
        UsageError: there is no such account or currency.
        DataError: something was traded of which nothing else is known.
    """
    data = counted(locations, what, terms)
    parts = _spans(data, what, cut)
    grid = _grid(parts, data) if has_curve and parts else []
    ends = {at for span in parts for at in (span.start_ns, span.end_ns)}
    moments = sorted({*ends, *grid})
    prices = prices_of(
        data, terms, locations, times_ns=dict.fromkeys(data.instruments, moments) if parts else {}
    )
    rows = list(_rows(data, prices, parts, cut))
    target = data.currency or _only({row.asset for row in rows})
    if not grid or not target:
        return Report(rows, "", [], (), prices)
    curve, left_out = _curve(data, prices, grid, target)
    return Report(rows, target, curve, left_out, prices)


def parse_cut(by: str, method: str, pause: str, day_start: str, opening: str = "") -> Cut:
    """How to share profit out, as it is written on a command line.

    Raises:
        UsageError: a word is none of those that there are.
    """
    from tui.paint.format import parse_period

    if by not in BYS:
        raise UsageError(
            f"{safe(by, 40)!r} is no period", hint="periods: " + " ".join((*BYS, "lot"))
        )
    if method not in METHODS:
        raise UsageError(f"{safe(method, 40)!r} is no method", hint="methods: " + " ".join(METHODS))
    pause_s = parse_period(pause)
    if pause_s is None:
        raise UsageError(f"{safe(pause, 40)!r} is no length of time", hint="as in 6h or 30m")
    try:
        start = time.fromisoformat(day_start)
    except ValueError:
        raise UsageError(f"{safe(day_start, 40)!r} is no time of day", hint="as in 17:00") from None
    return Cut(
        by=next(one for one in BYS if one == by),
        method=next(one for one in METHODS if one == method),
        pause_s=pause_s,
        day_start=start.replace(tzinfo=None),
        opening=_amount(opening) if opening else None,
    )


def _amount(text: str) -> Decimal:
    try:
        return number_of(text)
    except DataError as error:
        raise UsageError(str(error), hint="as in 10000") from None


# -- periods ---------------------------------------------------------------------------------


def _spans(data: Counted, what: Asked, cut: Cut) -> list[Span]:
    """The periods that are asked about: whole ones, but for what is not cut by the calendar."""
    times = data.times_ns
    if not times:
        return []
    first_ns = times[0]
    start_ns = first_ns if what.since_ns is None else max(what.since_ns, first_ns)
    end_ns = data.now_ns if what.until_ns is None else min(what.until_ns, data.now_ns)
    end_ns = max(end_ns, start_ns + 1)
    if what.until_ns is None:
        end_ns = max(end_ns, times[-1] + 1)
    elif what.until_ns <= first_ns:
        return []
    calendar = Calendar(what.zone, cut.day_start)
    if cut.by == "market":
        return [session(start_ns, end_ns)]
    if cut.by == "session":
        # Funding comes by itself, and makes no session.
        trades = [time_of(fill) for fill in data.fills] or times
        within = (time_ns for time_ns in trades if time_ns >= start_ns)
        return sessions(within, end_ns, cut.pause_s * NANOS, calendar)
    return list(spans(start_ns, end_ns, cut.by, calendar))


def _rows(data: Counted, prices: Prices, parts: Sequence[Span], cut: Cut) -> Iterator[Row]:
    if cut.by != "market":
        for profit in _together(data, data.fills, prices, parts, cut):
            yield profit._replace(name=profit.span.name)
        return
    for fqme in sorted(data.instruments):
        fills = [fill for fill in data.fills if fill.fqme == fqme]
        for row in _together(data, fills, prices, parts, cut):
            yield row._replace(name=fqme)


def _together(
    data: Counted, fills: Sequence[Fill], prices: Prices, parts: Sequence[Span], cut: Cut
) -> Iterator[Row]:
    """A row for each period and asset; or for each period, in one currency."""
    # Funding is not of one market; by markets it is left out.
    moves = () if cut.by == "market" else data.moves
    made = profits(fills, data.instruments, prices.at, parts, moves, method=cut.method)
    if not data.currency:
        yield from map(_row, made)
        return
    for span in parts:
        of_span = [profit for profit in made if profit.span == span]
        if of_span:
            markets = prices.markets_at(data.instruments, span.end_ns)
            yield _converted(span, of_span, markets, data.currency)


def _row(profit: Profit) -> Row:
    return Row(
        name="",
        span=profit.span,
        asset=profit.asset,
        realised=profit.realised,
        unrealised=None if profit.unmarked else profit.unrealised,
        fees=profit.fees,
        funding=profit.funding,
        net=profit.net,
        fills=profit.fills,
        fees_in_other=profit.fees_in_other,
        unknown=profit.unmarked,
    )


def _converted(span: Span, made: Sequence[Profit], markets: Markets, currency: str) -> Row:
    """Profits in several assets as one, at the rates of the end of the period."""
    realised = markets.worth(_sums((one.asset, one.realised) for one in made), currency)
    opened = markets.worth(_sums((one.asset, one.unrealised) for one in made), currency)
    funding = markets.worth(_sums((one.asset, one.funding) for one in made), currency)
    fees = markets.worth(
        _sums(paid for one in made for paid in ((one.asset, one.fees), *one.fees_in_other.items())),
        currency,
    )
    missing = {*realised.unknown, *opened.unknown, *funding.unknown, *fees.unknown}
    unmarked = {fqme for one in made for fqme in one.unmarked}
    with localcontext(EXACT):
        net = realised.known + opened.known + funding.known - fees.known
    return Row(
        name="",
        span=span,
        asset=currency,
        realised=realised.total,
        unrealised=None if unmarked else opened.total,
        fees=fees.known,
        funding=funding.total,
        net=None if missing or unmarked else net,
        fills=sum(one.fills for one in made),
        fees_in_other=fees.unknown,
        unknown=(*sorted(unmarked), *sorted(missing)),
    )


def _sums(pairs: Iterator[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for asset, amount in pairs:
            sums[asset] = sums.get(asset, ZERO) + amount
    return sums


# -- the curve -------------------------------------------------------------------------------


def _grid(parts: Sequence[Span], data: Counted) -> list[int]:
    """Moments of a curve: at round times from the first event on, and at both ends."""
    end_ns = min(parts[-1].end_ns, data.now_ns)
    start_ns = max(parts[0].start_ns, data.times_ns[0])
    step_s = next(
        (one for one in _STEPS_S if (end_ns - start_ns) // (one * NANOS) <= POINTS), _STEPS_S[-1]
    )
    step_ns = step_s * NANOS
    first = start_ns // step_ns + 1
    inner = range(first * step_ns, end_ns, step_ns)
    return [start_ns, *inner, end_ns] if end_ns > start_ns else []


def _curve(
    data: Counted, prices: Prices, grid: Sequence[int], target: str
) -> tuple[list[tuple[int, Decimal | None]], tuple[str, ...]]:
    """Profit since the first moment of `grid`, in `target`."""
    now = prices.markets_at(data.instruments, grid[-1])
    assets = sorted(assets_of(data.fills, data.instruments))
    left_out = tuple(
        asset for asset in assets if now.worth({asset: Decimal(1)}, target).total is None
    )
    fills = [replace(fill, fee=ZERO) if fill.fee_asset in left_out else fill for fill in data.fills]
    curve = equity_curve(
        fills,
        data.instruments,
        prices.at,
        grid,
        target=target,
        markets_at=lambda time_ns: prices.markets_at(data.instruments, time_ns),
        moves=data.moves,
    )
    begin = curve[0].equity
    with localcontext(EXACT):
        values = [
            (one.time_ns, None if one.equity is None or begin is None else one.equity - begin)
            for one in curve
        ]
    return values, left_out


def _only(assets: set[str]) -> str:
    return next(iter(assets)) if len(assets) == 1 else ""
