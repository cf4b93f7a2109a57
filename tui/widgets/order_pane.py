"""The order pane: what an order would use, what is held, and what is staged."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.accounting.breakeven import breakeven
from engine.instruments import Instrument
from engine.messages import AccountInfo, Position
from engine.text import safe
from tui.orders.lines import Summary
from tui.orders.profit import Profit, profit_of
from tui.paint import format as text_of
from tui.state import DeckState, MarketView
from tui.widgets.blotter_rows import money_ink
from tui.widgets.lines import Line, Lines, Span, spread_out
from tui.widgets.staged_block import (
    fact,
    label,
    picked_lines,
    route_ink,
    staged_lines,
    strip_spans,
    wrapped_fact,
)


class OrderPane(Lines):
    """Account, size and limits; the position with its profit; what is staged or picked."""

    DEFAULT_CSS = "OrderPane { height: 1fr; }"

    def __init__(self, state: DeckState, summary: Callable[[], Summary]) -> None:
        super().__init__(id="order")
        self._state = state
        self._summary = summary

    def paint(self, width: int, height: int) -> list[Line]:
        return pane_lines(self._state, self._summary(), width, height)


class StagedStrip(Lines):
    """One row under the chart that says what is staged, where the order pane is not shown."""

    DEFAULT_CSS = "StagedStrip { height: 1; background: $raised; }"
    GROUND = "raised"

    def __init__(self, summary: Callable[[], Summary]) -> None:
        super().__init__(id="strip")
        self._summary = summary

    def paint(self, width: int, height: int) -> list[Line]:
        return [Line(strip_spans(self._summary(), width))]


def pane_lines(state: DeckState, summary: Summary, width: int, height: int) -> list[Line]:
    """The pane in `width` x `height` cells. What is staged keeps its place: where room is short
    the facts above it give way."""
    market = state.market
    top = [_header(summary, width)]
    facts = [*_account_lines(state, summary, market, width)]
    held = _position_lines(state, summary, market, width)
    quote = _quote_lines(market, width)
    staged = staged_lines(summary, market, width)
    if not staged:
        staged = picked_lines(summary, market, width)
    blocks = [block for block in (facts, held, staged) if block]
    lines = _stacked(top, blocks, height)
    if len(lines) + len(quote) < height:
        lines = _stacked(top, [quote, *blocks], height)
    if len(lines) <= height:
        return lines
    if staged:
        return [*top, *[*held, *facts][: max(0, height - 1 - len(staged))], *staged]
    return lines[:height]


def _stacked(top: list[Line], blocks: list[list[Line]], height: int) -> list[Line]:
    """Blocks under each other, with blank lines between them where there is room for those."""
    needed = len(top) + sum(len(block) for block in blocks)
    gaps = len(blocks) if needed + len(blocks) <= height else 0
    lines = list(top)
    for block in blocks:
        lines += [Line()] * bool(gaps)
        lines += block
    return lines


def _header(summary: Summary, width: int) -> Line:
    right = (
        [Span(" ARMED ", "chip-warning bold"), Span(" ")]
        if summary.is_armed
        else [Span("disarmed ", "muted")]
    )
    return Line(spread_out([Span(" order", "muted")], right, width))


def _quote_lines(market: MarketView | None, width: int) -> list[Line]:
    """The touch with its sizes, the larger facts of the day below it."""
    if market is None:
        return []
    quote, instrument = market.quote, market.instrument

    def side(word: str, price: float | None, size: float) -> Line:
        ink = "stale" if market.is_stale else word
        sizes = text_of.size(size, instrument) if price is not None else ""
        return Line(
            spread_out(
                [label(word), Span(text_of.price(price, instrument), f"{ink} bold")],
                [Span(f"{sizes} ", "text")],
                width,
            )
        )

    volume = f"{text_of.compact(quote.day_volume)} {instrument.base.upper()}"
    return [
        side("ask", quote.ask, quote.ask_size),
        side("bid", quote.bid, quote.bid_size),
        fact("24h", volume, text_of.percent(market.change), width),
    ]


def _account_lines(
    state: DeckState, summary: Summary, market: MarketView | None, width: int
) -> list[Line]:
    account = summary.account
    if account is None:
        text = "no account trades this market" if market else "no market"
        return [Line((Span(f" {text}", "muted"),))]
    mode = _mode(summary, account)
    lines = [
        Line(spread_out([label("account"), Span(account.name, "text bold")], mode, width)),
        *_guard_lines(summary, width),
        Line(
            spread_out(
                [label("size"), Span(summary.size, "text")],
                [Span(f"{summary.route} ", f"{route_ink(summary.route)} bold"), Span("")],
                width,
            )
        ),
    ]
    if summary.slots is not None:
        used, count = summary.slots
        text = f"{text_of.fixed(used, 1)} of {count}"
        lines.append(fact("slots", text, _loading(account), width))
    limit = account.max_position_notional
    if limit is None:
        return [*lines, fact("limit", _own_limit(account, market), "", width)]
    notional = _used(state, account.name, market)
    share = f"{float(notional / limit):.0%} used" if limit and market else ""
    quote = market.instrument.quote.upper() if market else ""
    return [*lines, fact("limit", f"{text_of.compact(limit)} {quote}", share, width)]


def _own_limit(account: AccountInfo, market: MarketView | None) -> str:
    """What the slots share where nothing else bounds a position."""
    limit, unit = account.position_limit, account.limit_unit
    if limit is None:
        return "none set"
    if unit == "percent":
        return f"{text_of.plain(limit)} % of equity"
    asset = ""
    if market is not None:
        asset = market.instrument.base if unit == "units" else market.instrument.quote
    return f"{text_of.compact(limit)} {asset.upper()}".rstrip()


def _mode(summary: Summary, account: AccountInfo) -> list[Span]:
    """Paper, or real money: loud once it is armed."""
    if account.mode != "live":
        return [Span("paper ", "muted")]
    if summary.is_account_armed:
        return [Span(" REAL MONEY ", "chip-live bold"), Span(" ")]
    return [Span("real money ", "live bold")]


def _guard_lines(summary: Summary, width: int) -> list[Line]:
    """Why the account takes not all orders, where it does not."""
    account, guards = summary.account, summary.guards
    lines = []
    if account is not None and account.mode == "live":
        words = "armed: L disarms" if summary.is_account_armed else "not armed: L arms it"
        lines.append(fact("", words, "", width, "live"))
    if guards is not None and guards.missing_limits:
        lines += wrapped_fact("lacks", ", ".join(guards.missing_limits), width, "warning")
    if guards is not None and guards.state != "active":
        words = "only reduces" if guards.state == "reducing" else "halted"
        lines.append(fact("state", words, "", width, "warning bold"))
        lines += wrapped_fact("", safe(guards.reason, 80), width, "muted")
    return lines


def _loading(account: AccountInfo) -> str:
    return "" if account.loading == "even" else f"{account.loading}-loaded"


def _used(state: DeckState, account: str, market: MarketView | None) -> Decimal:
    """Notional of what the account holds in the market, at its last price."""
    if market is None:
        return Decimal(0)
    held = state.position(account, market.fqme)
    last = Decimal(repr(float(market.quote.last)))
    return abs(market.instrument.notional(last, held.size))


def _position_lines(
    state: DeckState, summary: Summary, market: MarketView | None, width: int
) -> list[Line]:
    if market is None or summary.account is None:
        return []
    position = state.position(summary.account.name, market.fqme)
    profit = profit_of(position, market)
    if not position.size:
        first = Line((label("position"), Span("flat", "muted")))
        done = _done_lines(profit, position, market.instrument, width)
        return [first, *done] if profit.realised or profit.fees else [first]
    sign = "+" if position.size > 0 else ""
    size = f"{sign}{text_of.size(position.size, market.instrument)}"
    ink = "up" if position.size > 0 else "down"
    average = text_of.price(position.average_price, market.instrument)
    first = Line(
        spread_out(
            [label("position"), Span(size, f"{ink} bold")], [Span(f"@ {average} ", "text")], width
        )
    )
    stale = "stale" if profit.is_stale else money_ink(profit.unrealised)
    return [
        first,
        *_breakeven_lines(position, market, width),
        _money("unrealised", profit.unrealised, market.instrument, stale, width),
        *_done_lines(profit, position, market.instrument, width),
    ]


def _breakeven_lines(position: Position, market: MarketView, width: int) -> list[Line]:
    """Where leaving would lose nothing, all costs counted; or why that is not known."""
    found = breakeven(position, market.instrument)
    price = found.on_tick(position, market.instrument)
    if price is not None:
        return [fact("breakeven", text_of.price(price, market.instrument), "", width)]
    if found.unpriced:
        assets = ", ".join(asset.upper() for asset in found.unpriced)
        return [fact("breakeven", text_of.UNKNOWN, f"fees in {assets}", width)]
    return []


def _done_lines(
    profit: Profit, position: Position, instrument: Instrument, width: int
) -> list[Line]:
    realised = profit.realised
    lines = [_money("realised", realised, instrument, money_ink(realised), width)]
    if profit.fees:
        lines.append(_money("fees", -profit.fees, instrument, "muted", width))
    for other, amount in position.fees_in_other.items():
        paid = f"-{text_of.plain(amount)} {other.upper()} "
        lines.append(Line(spread_out([label("fees")], [Span(paid, "muted")], width)))
    return lines


def _money(word: str, value: Decimal, instrument: Instrument, ink: str, width: int) -> Line:
    """An amount in the settlement asset, which of an inverse contract is worth many a quote."""
    amount = text_of.pnl(value, 6 if instrument.is_inverse else 2)
    right = [Span(amount, ink), Span(f" {instrument.settle.upper()} ", "muted")]
    return Line(spread_out([label(word)], right, width))
