"""What order mode shows: lines on the chart, the words of an order, the order pane's facts."""

from __future__ import annotations

from datetime import UTC, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from engine.accounting.breakeven import breakeven
from engine.instruments import Instrument
from engine.messages import AccountGuards, AccountInfo, Alert, Order, OrderState, Route
from tui.algos.words import role_of
from tui.orders import terms
from tui.orders.guarded import guards_of, is_armed
from tui.orders.preview import Preview, market_price
from tui.orders.sizing import SizeUnit, slots_taken
from tui.orders.staging import Staged
from tui.paint import format as text_of
from tui.state import DeckState, MarketView

if TYPE_CHECKING:
    from tui.orders.desk import OrderDesk

_KINDS = {
    OrderState.STAGED: "staged",
    OrderState.PENDING: "unacked",
    OrderState.OPEN: "working",
    OrderState.PARTIAL: "working",
    OrderState.DARK: "dark",
    OrderState.TRIGGERED: "triggered",
    OrderState.UNKNOWN: "unknown",
}


class Line(NamedTuple):
    """A horizontal line on the chart."""

    price: float
    kind: str
    """`staged`, `unacked`, `working`, `dark`, `triggered`, `unknown`, `alert`, `position`,
    `breakeven`."""
    label: str
    side: str = ""
    """`buy`, `sell`, or nothing."""
    shorter: tuple[str, ...] = ()
    """The label in fewer words, the longest first."""
    is_picked: bool = False
    """Keys act on it."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said of order mode at one moment."""

    is_armed: bool
    account: AccountInfo | None
    """The account of the next order; None where none trades the selected market."""
    is_account_armed: bool = True
    """That account takes orders that add risk: paper always, real money once armed."""
    guards: AccountGuards | None = None
    """What is known of what the account may do; None where nothing was said."""
    route: Route
    unit: SizeUnit
    size: str
    """The size as it is set: `2 slots`, `0.5 BTC`; with a cursor while it is typed."""
    staged: Staged | None
    preview: Preview | None
    texts: tuple[str, ...]
    """What is staged, in one line, in ever fewer words; empty without that."""
    picked: Order | Alert | None
    slots: tuple[Decimal, int] | None = None
    """Slots that the account uses in the market, of how many; None without a known limit."""
    zone: tzinfo | None = UTC
    revision: int
    """Give it back to `OrderDesk.painted` once this was drawn."""


def kind_of(order: Order) -> str:
    """How the line of `order` is drawn: what is asked and not yet answered looks like it."""
    if order.awaiting and order.state != OrderState.UNKNOWN:
        return "unacked"
    return _KINDS.get(order.state, "working")


def describe(
    staged: Staged,
    instrument: Instrument | None = None,
    *,
    has_price: bool = True,
    zone: tzinfo | None = UTC,
) -> str:
    """What is staged, in words: `LIVE BUY 0.5 BTC @ 64000.00`, `LIVE SELL 0.5 BTC stop-limit
    63000.00 @ 62990.00 reduce-only`."""

    def worded(price: Decimal) -> str:
        return text_of.price(price, instrument) if instrument else text_of.plain(price)

    limit = "" if staged.price is None or not has_price else f"@ {worded(staged.price)}"
    if staged.kind == "alert":
        return " ".join(word for word in ("ALERT", limit, staged.note) if word)
    size = text_of.plain(staged.size) + (f" {instrument.base.upper()}" if instrument else "")
    words = ["AMEND"] if staged.kind == "amend" else []
    words += [staged.route.upper(), staged.side.upper(), size]
    if staged.order_type != "limit" and staged.kind == "order":
        words.append(terms.WORDS[staged.order_type])
    if staged.stop_price is not None and has_price:
        words.append(worded(staged.stop_price))
    words += [limit, *terms.notes(staged, instrument, zone)]
    return " ".join(word for word in words if word)


def describe_preview(
    staged: Staged,
    preview: Preview,
    instrument: Instrument,
    *,
    is_brief: bool = False,
    has_price: bool = True,
    zone: tzinfo | None = UTC,
) -> str:
    """The words of a staged line: what it is, its value, where it stands, what comes of it, and
    what speaks against it. A brief one rounds, and says first what may be cut off last."""
    asset = instrument.quote.upper()
    notes = [f"! {text}" for text in (*preview.faults, *preview.warnings)]
    parts = [describe(staged, instrument, has_price=has_price, zone=zone)]
    if is_brief:
        parts += notes
    if staged.kind != "alert":
        value = text_of.notional(preview.notional, instrument.quote)
        parts.append(f"{text_of.compact(float(preview.notional))} {asset}" if is_brief else value)
    if preview.distance_ticks is not None and preview.distance_share is not None:
        away = preview.distance_ticks
        ticks = f"{away:+d} tick{'' if abs(away) == 1 else 's'}" if away else "at the market"
        share = text_of.percent(float(preview.distance_share))
        parts.append(ticks if is_brief else f"{ticks} {share}")
    if preview.position is not None:
        held = f"→ {'+' if preview.position > 0 else ''}{text_of.plain(preview.position)}"
        if preview.average_price is not None:
            held += f" @ {text_of.price(preview.average_price, instrument)}"
        parts.append(held if preview.position else "→ flat")
    if not is_brief:
        parts += notes
    return " · ".join(parts)


def lines(desk: OrderDesk, state: DeckState, fqme: str) -> list[Line]:
    """Every line that orders, alerts and the position of `fqme` draw; the staged one last."""
    market = state.markets.get(fqme)
    if market is None:
        return []
    picked = desk.picked
    account = desk.account_for(fqme)
    drawn = [_of_breakeven(state, account, market), _of_position(state, account, market)]
    drawn += [_of_alert(alert, alert is picked) for alert in state.armed_alerts(fqme)]
    for order in state.working(fqme):
        drawn += _of_order(order, desk.number_of(order.order_id), order is picked, market)
    staged, preview = desk.staged, desk.preview()
    if staged is not None and staged.fqme == fqme and preview is not None:
        text, *shorter = (
            describe_preview(
                staged,
                preview,
                market.instrument,
                is_brief=brief,
                has_price=priced,
                zone=desk.zone,
            )
            # The axis has the price, in the same row.
            for brief, priced in ((False, True), (False, False), (True, False))
        )
        side = "" if staged.kind == "alert" else staged.side
        at = preview.line if preview.line is not None else market_price(staged, market.quote)
        if staged.kind == "order" and staged.stop_price is not None and staged.price is not None:
            drawn.append(Line(float(staged.price), "staged", "its limit", side))
        drawn.append(Line(float(at), "staged", text, side, tuple(shorter)))
    return [line for line in drawn if line is not None]


def summary(desk: OrderDesk, state: DeckState) -> Summary:
    """What is said of order mode now."""
    staged, preview, market = desk.staged, desk.preview(), state.market
    texts: tuple[str, ...] = ()
    if staged is not None and preview is not None and market is not None:
        texts = tuple(
            describe_preview(
                staged,
                preview,
                market.instrument,
                is_brief=brief,
                has_price=priced,
                zone=desk.zone,
            )
            for brief, priced in ((False, True), (True, True), (True, False))
        )
    account = desk.account
    slots = None
    if account is not None and market is not None:
        held = state.position(account.name, market.fqme)
        slots = slots_taken(account, held, market.instrument)
    return Summary(
        is_armed=desk.is_armed,
        account=account,
        is_account_armed=account is None or is_armed(state.guards, account),
        guards=guards_of(state.guards, account.name) if account else None,
        route=desk.route,
        unit=desk.sizing.unit,
        size=_size_text(desk, market),
        staged=staged,
        preview=preview,
        texts=texts,
        picked=desk.picked,
        slots=slots,
        zone=desk.zone,
        revision=desk.revision,
    )


def _of_position(state: DeckState, account: AccountInfo | None, market: MarketView) -> Line | None:
    position = state.positions.get((account.name, market.fqme)) if account else None
    if position is None or position.average_price is None:
        return None
    side = "buy" if position.size > 0 else "sell"
    return Line(
        float(position.average_price), "position", f"{text_of.plain(position.size)} held", side
    )


def _of_breakeven(state: DeckState, account: AccountInfo | None, market: MarketView) -> Line | None:
    """Where leaving would lose nothing; none where that is the average price itself."""
    position = state.positions.get((account.name, market.fqme)) if account else None
    if position is None or position.average_price is None or not position.size:
        return None
    price = breakeven(position, market.instrument).on_tick(position, market.instrument)
    if price is None or price == market.instrument.round_price(position.average_price):
        return None
    side = "buy" if position.size > 0 else "sell"
    return Line(float(price), "breakeven", "breakeven", side)


def _of_alert(alert: Alert, is_picked: bool) -> Line:
    mark = "▸" if is_picked else ""
    label = f"{mark}alert {alert.note}".rstrip()
    return Line(float(alert.price), "alert", label, is_picked=is_picked)


def _of_order(order: Order, number: int, is_picked: bool, market: MarketView) -> list[Line]:
    """The line of an order, and that of the limit behind its stop."""
    is_held = order.state == OrderState.DARK
    price = order.trigger_price if is_held else order.stop_price
    limit = order.price
    if price is None:
        price, limit = limit if limit is not None else order.trigger_price, None
    if price is None:
        return []  # a market order has nowhere to stand
    mark = "▸" if is_picked else ""
    kind, side = kind_of(order), order.side
    role = role_of(order)
    head = f"{mark}#{number} {role} {side}" if role else f"{mark}#{number} {side}"
    size = text_of.plain(order.remaining)
    type_words = terms.type_of(order)
    named = "" if type_words == "limit" else f" {terms.WORDS[type_words]}"
    state = f"{order.awaiting} asked" if order.awaiting else _state_words(order)
    notes = terms.notes(order, market.instrument)
    long = " · ".join([f"{head}{named} {size} {state}", *notes])
    shorter = (f"{head}{named} {size} {state}", f"{head}{named} {size}", f"{head} {size}")
    drawn = [Line(float(price), kind, long, side, shorter, is_picked)]
    if limit is not None:
        drawn.append(Line(float(limit), kind, f"limit of #{number}", side))
    return drawn


def _state_words(order: Order) -> str:
    """The state, and where it waits if that is not what the state says."""
    if order.state == OrderState.DARK and terms.type_of(order) != "limit":
        return "held here"
    return str(order.state)


def _size_text(desk: OrderDesk, market: MarketView | None) -> str:
    sizing = desk.sizing
    if sizing.typed:
        number = f"{sizing.typed}_"
    elif sizing.unit == "slots":
        number = text_of.plain(sizing.slots)
    else:
        number = "one slot" if sizing.units is None else text_of.plain(sizing.units)
    if sizing.unit == "slots":
        return f"{number} slot" if number == "1" else f"{number} slots"
    base = market.instrument.base.upper() if market else "units"
    return f"{number} {base}" if sizing.typed or sizing.units is not None else number
