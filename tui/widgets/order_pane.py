"""The order pane: what an order would use, what is held, and what is staged."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from decimal import Decimal

from rich.cells import cell_len

from engine.messages import Order, Position
from tui.orders.lines import Summary
from tui.orders.profit import Profit, profit_of
from tui.orders.staging import Preview, Staged
from tui.paint import format as text_of
from tui.state import DeckState, MarketView
from tui.widgets.blotter_rows import STATE_INKS, money_ink
from tui.widgets.lines import Line, Lines, Span, fit, spread_out

LABEL = 11
"""Width of the words on the left."""


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
    staged = _staged_lines(summary, market, width)
    if not staged:
        staged = _picked_lines(summary, market, width)
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
                [_label(word), Span(text_of.price(price, instrument), f"{ink} bold")],
                [Span(f"{sizes} ", "text")],
                width,
            )
        )

    volume = f"{text_of.compact(quote.day_volume)} {instrument.base.upper()}"
    return [
        side("ask", quote.ask, quote.ask_size),
        side("bid", quote.bid, quote.bid_size),
        _fact("24h", volume, text_of.percent(market.change), width),
    ]


def _account_lines(
    state: DeckState, summary: Summary, market: MarketView | None, width: int
) -> list[Line]:
    account = summary.account
    if account is None:
        text = "no account trades this market" if market else "no market"
        return [Line((Span(f" {text}", "muted"),))]
    mode = (
        [Span("real money ", "live bold")] if account.mode == "live" else [Span("paper ", "muted")]
    )
    lines = [
        Line(spread_out([_label("account"), Span(account.name, "text bold")], mode, width)),
        Line(
            spread_out(
                [_label("size"), Span(summary.size, "text")],
                [Span(f"{summary.route} ", f"{summary.route} bold"), Span("")],
                width,
            )
        ),
    ]
    limit = account.max_position_notional
    if limit is None:
        return [*lines, _fact("limit", "none set", "", width)]
    used = _used(state, account.name, market)
    share = f"{float(used / limit):.0%} used" if limit and market else ""
    quote = market.instrument.quote.upper() if market else ""
    return [*lines, _fact("limit", f"{text_of.compact(limit)} {quote}", share, width)]


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
    asset = market.instrument.quote.upper()
    if not position.size:
        first = Line((_label("position"), Span("flat", "muted")))
        done = _done_lines(profit, position, asset, width)
        return [first, *done] if profit.realised or profit.fees else [first]
    sign = "+" if position.size > 0 else ""
    size = f"{sign}{text_of.size(position.size, market.instrument)}"
    ink = "up" if position.size > 0 else "down"
    average = text_of.price(position.average_price, market.instrument)
    first = Line(
        spread_out(
            [_label("position"), Span(size, f"{ink} bold")], [Span(f"@ {average} ", "text")], width
        )
    )
    stale = "stale" if profit.is_stale else money_ink(profit.unrealised)
    return [
        first,
        _money("unrealised", profit.unrealised, asset, stale, width),
        *_done_lines(profit, position, asset, width),
    ]


def _done_lines(profit: Profit, position: Position, asset: str, width: int) -> list[Line]:
    lines = [_money("realised", profit.realised, asset, money_ink(profit.realised), width)]
    if profit.fees:
        lines.append(_money("fees", -profit.fees, asset, "muted", width))
    for other, amount in position.fees_in_other.items():
        paid = f"-{text_of.plain(amount)} {other.upper()} "
        lines.append(Line(spread_out([_label("fees")], [Span(paid, "muted")], width)))
    return lines


def _staged_lines(summary: Summary, market: MarketView | None, width: int) -> list[Line]:
    staged, preview = summary.staged, summary.preview
    if staged is None or preview is None or market is None:
        return []
    lines = [_staged_title(staged, width), _staged_price(staged, preview, market, width)]
    if staged.kind != "alert":
        notional = text_of.notional(preview.notional, market.instrument.quote)
        lines.append(_fact("notional", notional, "", width))
    if preview.distance is not None:
        share = preview.distance_share
        lines.append(
            _fact(
                "distance",
                text_of.change(preview.distance, market.instrument),
                "" if share is None else text_of.percent(float(share)),
                width,
            )
        )
    if preview.position is not None:
        lines.append(_after(preview, market, width))
    for texts, ink in ((preview.faults, "error"), (preview.warnings, "warning")):
        for text in texts:
            parts = textwrap.wrap(f"! {text}", max(1, width - 2))
            lines += [Line((Span(f" {part}", ink),)) for part in parts]
    keys = "enter sends   esc drops" if not preview.faults else "cannot be sent as it is"
    return [*lines, Line((Span(f" {keys}", "muted"),))]


def _staged_title(staged: Staged, width: int) -> Line:
    """What Enter would send; a live one is loud."""
    if staged.kind == "alert":
        chip = [Span(" ALERT ", "chip-alert bold")]
        words = "calls you, trades nothing"
    else:
        verb = "AMEND " if staged.kind == "amend" else ""
        chip = [
            Span(
                f" {verb}{staged.side.upper()} {staged.route.upper()} ", f"chip-{staged.route} bold"
            )
        ]
        words = "to the venue at once" if staged.route == "live" else "held until touched"
    room = width - 1 - len(chip[0].text)
    return Line((Span(" "), *chip, Span(fit(f" {words} ", room, right=True), "muted")))


def _staged_price(staged: Staged, preview: Preview, market: MarketView, width: int) -> Line:
    price = "market" if staged.price is None else text_of.price(staged.price, market.instrument)
    if staged.kind == "alert":
        return _fact("price", price, "", width, "text bold")
    size = f"{text_of.size(staged.size, market.instrument)} {market.instrument.base.upper()}"
    return Line(
        spread_out(
            [_label("staged"), Span(size, "text bold")], [Span(f"@ {price} ", "text bold")], width
        )
    )


def _after(preview: Preview, market: MarketView, width: int) -> Line:
    size = text_of.size(preview.position, market.instrument)
    if preview.position is not None and preview.position > 0:
        size = f"+{size}"
    if not preview.position:
        return _fact("then", "flat", "", width)
    average = text_of.price(preview.average_price, market.instrument)
    return Line(spread_out([_label("then"), Span(size)], [Span(f"@ {average} ")], width))


def _picked_lines(summary: Summary, market: MarketView | None, width: int) -> list[Line]:
    """The working order, or alert, that keys act on."""
    picked = summary.picked
    if picked is None or market is None:
        return []
    if not isinstance(picked, Order):
        price = text_of.price(picked.price, market.instrument)
        hint = Line((Span(" c cancels", "muted"),))
        return [_fact("picked", "alert", f"@ {price}", width, "alert"), hint]
    hint = Line((Span(" ↑↓ amends   c cancels", "muted"),))
    price = text_of.price(
        picked.trigger_price if picked.state == "dark" else picked.price, market.instrument
    )
    size = text_of.size(picked.remaining, market.instrument)
    return [
        _fact("picked", f"{picked.side} {size}", f"@ {price}", width, "text bold"),
        _fact(
            "state",
            picked.state.value,
            picked.awaiting,
            width,
            STATE_INKS.get(picked.state, "text"),
        ),
        hint,
    ]


def _label(word: str) -> Span:
    return Span(fit(f" {word}", LABEL + 1), "muted")


def _fact(word: str, value: str, note: str, width: int, ink: str = "text") -> Line:
    return Line(
        spread_out(
            [_label(word), Span(value, ink)], [Span(f"{note} " if note else " ", "muted")], width
        )
    )


def _money(word: str, value: Decimal, asset: str, ink: str, width: int) -> Line:
    right = [Span(text_of.pnl(value), ink), Span(f" {asset} ", "muted")]
    return Line(spread_out([_label(word)], right, width))


def strip_spans(summary: Summary, width: int) -> tuple[Span, ...]:
    """The staged line in words, for one row."""
    staged = summary.staged
    if staged is None:
        return ()
    ink = "chip-alert bold" if staged.kind == "alert" else f"chip-{staged.route} bold"
    word = "ALERT" if staged.kind == "alert" else staged.route.upper()
    tail = " enter sends "
    room = width - cell_len(word) - 4
    texts = [_routeless(text, staged.route) for text in summary.texts]
    text = next((text for text in texts if cell_len(text) <= room), texts[-1])
    has_tail = cell_len(text) + len(tail) <= room
    return spread_out(
        [Span(f" {word} ", ink), Span(f" {text}", "text")],
        [Span(tail, "muted")] if has_tail else [],
        width,
    )


def _routeless(text: str, route: str) -> str:
    """Words of what is staged, without those that stand before them."""
    return text.removeprefix("ALERT ").replace(f"{route.upper()} ", "", 1)
