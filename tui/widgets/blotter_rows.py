"""What stands in the tabs of the blotter: rows from the state, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from decimal import Decimal
from typing import NamedTuple

from engine.messages import Alert, Fill, Notice, Order, OrderState, Position
from tui.orders.profit import profit_of
from tui.paint import format as text_of
from tui.state import DeckState
from tui.widgets.lines import Span
from tui.widgets.table import Column, Row

STATE_INKS: dict[OrderState, str] = {
    OrderState.STAGED: "staged",
    OrderState.PENDING: "unacked",
    OrderState.OPEN: "working",
    OrderState.PARTIAL: "working",
    OrderState.DARK: "dark",
    OrderState.TRIGGERED: "triggered",
    OrderState.FILLED: "own",
    OrderState.UNKNOWN: "unknown bold",
    OrderState.REJECTED: "error",
    OrderState.DENIED: "error",
}
"""Inks of the states that are not muted."""

ORDERS_SHOWN = 200
"""Newest orders in the tab; the working ones are always there."""

Numbers = Callable[[str], int]
"""The number that the user calls an order by."""

ORDER_COLUMNS = (
    Column("#", "right"),
    Column("time", rank=4),
    Column("market"),
    Column("side"),
    Column("type", rank=6),
    Column("size", "point"),
    Column("filled", "point", rank=2),
    Column("price", "point"),
    Column("average", "point", rank=7),
    Column("state"),
    Column("account", rank=5),
    Column("note", is_flexible=True, rank=3),
)
FILL_COLUMNS = (
    Column("time"),
    Column("market"),
    Column("side"),
    Column("size", "point"),
    Column("price", "point"),
    Column("fee", "point", rank=2),
    Column("", rank=3),
    Column("account", rank=1),
    Column("trade", is_flexible=True, rank=4),
)
POSITION_COLUMNS = (
    Column("market"),
    Column("account", rank=2),
    Column("size", "point"),
    Column("average", "point"),
    Column("last", "point", rank=1),
    Column("unrealised", "point"),
    Column("realised", "point", rank=3),
    Column("fees", "point", rank=4),
    Column("net", "point", rank=1),
    Column("", is_flexible=True),
)
ALERT_COLUMNS = (
    Column("time", rank=2),
    Column("market"),
    Column("price", "point"),
    Column("when", rank=1),
    Column("away", "point", rank=3),
    Column("state"),
    Column("note", is_flexible=True, rank=4),
)
LOG_COLUMNS = (
    Column("time"),
    Column("from", rank=1),
    Column("", is_flexible=True),
)


def order_rows(state: DeckState, zone: tzinfo | None, number_of: Numbers) -> list[Row]:
    """Working orders first, then what became of the others."""
    newest = sorted(state.orders.values(), key=lambda order: -order.created_ns)
    working = [order for order in newest if order.is_working]
    done = [order for order in newest if not order.is_working]
    shown = working + done[: max(0, ORDERS_SHOWN - len(working))]
    return [_order_row(state, order, zone, number_of(order.order_id)) for order in shown]


def _order_row(state: DeckState, order: Order, zone: tzinfo | None, number: int) -> Row:
    ink = "text" if order.is_working else "muted"
    price = order.trigger_price if order.state is OrderState.DARK else order.price
    if price is None:
        # One that never left the dark book has only its trigger, whatever became of it.
        price = order.stop_price if order.stop_price is not None else order.trigger_price
    word = f"{order.state}{' …' + order.awaiting if order.awaiting else ''}"
    return Row(
        (
            Span(str(number), ink),
            Span(_time(order.created_ns, zone), "muted"),
            Span(order.fqme, ink),
            Span(order.side, _side_ink(order.side, order.is_working)),
            Span(_kind(order), "muted"),
            Span(_size(state, order.fqme, order.size), ink),
            Span(_size(state, order.fqme, order.filled) if order.filled else "", ink),
            Span("market" if price is None else _price(state, order.fqme, price), ink),
            Span(_price(state, order.fqme, order.average_price) if order.filled else "", ink),
            Span(word, STATE_INKS.get(order.state, "muted")),
            Span(order.account, "muted"),
            Span(order.reason, "muted" if order.is_working else "text"),
        ),
        order.order_id,
    )


def _kind(order: Order) -> str:
    kind = order.order_type.replace("_", " ")
    terms = "" if order.time_in_force == "gtc" else f" {order.time_in_force}"
    return f"{kind}{terms}{' post' if order.post_only else ''}"


def fill_rows(state: DeckState, zone: tzinfo | None) -> list[Row]:
    return [_fill_row(state, fill, zone) for fill in reversed(state.fills[-ORDERS_SHOWN:])]


def _fill_row(state: DeckState, fill: Fill, zone: tzinfo | None) -> Row:
    fee = f"{text_of.plain(fill.fee)} {fill.fee_asset.upper()}" if fill.fee else ""
    return Row(
        (
            Span(_time(fill.venue_ns or fill.recv_ns, zone), "muted"),
            Span(fill.fqme),
            Span(fill.side, _side_ink(fill.side)),
            Span(_size(state, fill.fqme, fill.size)),
            Span(_price(state, fill.fqme, fill.price)),
            Span(fee, "muted"),
            Span(fill.liquidity, "muted"),
            Span(fill.account, "muted"),
            Span(fill.trade_id, "muted"),
        ),
        fill.fqme,
    )


def position_rows(state: DeckState) -> list[Row]:
    """What is held first, then what was."""
    positions = sorted(state.positions.values(), key=lambda held: (not held.size, held.fqme))
    return [_position_row(state, position) for position in positions]


def _position_row(state: DeckState, position: Position) -> Row:
    market = state.markets.get(position.fqme)
    profit = profit_of(position, market)
    last = _price(state, position.fqme, market.quote.last if market else None)
    stale = "stale" if profit.is_stale else ""
    asset = market.instrument.quote.upper() if market else ""
    return Row(
        (
            Span(position.fqme, "text" if position.size else "muted"),
            Span(position.account, "muted"),
            Span(
                _signed_size(state, position),
                "muted" if not position.size else "up" if position.size > 0 else "down",
            ),
            Span(_price(state, position.fqme, position.average_price) if position.size else ""),
            Span(last if position.size else "", stale or "text"),
            Span(
                text_of.pnl(profit.unrealised) if position.size else "",
                stale or money_ink(profit.unrealised),
            ),
            Span(text_of.pnl(profit.realised), money_ink(profit.realised)),
            Span(text_of.pnl(-profit.fees) if profit.fees else "", "muted"),
            Span(text_of.pnl(profit.net), f"{stale or money_ink(profit.net)} bold"),
            Span(asset, "muted"),
        ),
        position.fqme,
    )


def alert_rows(state: DeckState, zone: tzinfo | None) -> list[Row]:
    """Armed ones first, the newest before the older."""
    alerts = sorted(
        state.alerts.values(), key=lambda alert: (alert.state != "armed", -alert.created_ns)
    )
    return [_alert_row(state, alert, zone) for alert in alerts[:ORDERS_SHOWN]]


def _alert_row(state: DeckState, alert: Alert, zone: tzinfo | None) -> Row:
    is_armed = alert.state == "armed"
    # Nobody looks at prices for it any more, or nobody knows: it must not be relied on.
    shown = "unknown" if is_armed and state.failure else alert.state
    market = state.markets.get(alert.fqme)
    away = ""
    if is_armed and market is not None and market.quote.last:
        away = text_of.percent(float(alert.price) / market.quote.last - 1)
    ways = {"up": "at or above", "down": "at or below", "": ""}
    inks = {"armed": "alert", "triggered": "triggered", "unknown": "unknown"}
    return Row(
        (
            Span(_time(alert.triggered_ns or alert.created_ns, zone), "muted"),
            Span(alert.fqme, "text" if is_armed else "muted"),
            Span(_price(state, alert.fqme, alert.price), "text" if is_armed else "muted"),
            Span(ways[alert.direction], "muted"),
            Span(away, "muted"),
            Span(shown, inks.get(shown, "muted")),
            Span(alert.note),
        ),
        alert.alert_id,
    )


def log_rows(state: DeckState, zone: tzinfo | None) -> list[Row]:
    return [_log_row(notice, zone) for notice in reversed(state.notices)]


def _log_row(notice: Notice, zone: tzinfo | None) -> Row:
    inks = {"info": "text", "warning": "warning", "error": "error"}
    return Row(
        (
            Span(_time(notice.now_ns, zone), "muted"),
            Span(notice.source, "muted"),
            Span(notice.text, inks[notice.level]),
        )
    )


class Tab(NamedTuple):
    """What a tab shows."""

    columns: tuple[Column, ...]
    rows: Callable[[DeckState, tzinfo | None, Numbers], list[Row]]
    nothing: str
    """What an empty one says."""


TABS: dict[str, Tab] = {
    "orders": Tab(ORDER_COLUMNS, order_rows, "no orders yet: o arms order mode"),
    "fills": Tab(FILL_COLUMNS, lambda state, zone, _: fill_rows(state, zone), "no fills yet"),
    "positions": Tab(
        POSITION_COLUMNS, lambda state, zone, _: position_rows(state), "nothing is held"
    ),
    "alerts": Tab(
        ALERT_COLUMNS, lambda state, zone, _: alert_rows(state, zone), "no alerts: o, then a"
    ),
    "log": Tab(LOG_COLUMNS, lambda state, zone, _: log_rows(state, zone), "nothing to tell"),
}
"""The tabs in their order."""


def counts(state: DeckState) -> dict[str, int]:
    """What is worth counting beside each tab's name: what works, is held, is armed."""
    return {
        "orders": len(state.working()),
        "fills": len(state.fills),
        "positions": sum(1 for position in state.positions.values() if position.size),
        "alerts": len(state.armed_alerts()),
        "log": 0,
    }


def money_ink(value: Decimal) -> str:
    """Ink of an amount of profit."""
    return "muted" if not value else "up" if value > 0 else "down"


def _side_ink(side: str, is_working: bool = True) -> str:
    return "muted" if not is_working else "up" if side == "buy" else "down"


def _time(time_ns: int, zone: tzinfo | None) -> str:
    return text_of.clock(time_ns, zone) if time_ns else ""


def _price(state: DeckState, fqme: str, price: Decimal | float | None) -> str:
    market = state.markets.get(fqme)
    return text_of.price(price, market.instrument) if market else text_of.plain(price)


def _size(state: DeckState, fqme: str, size: Decimal) -> str:
    market = state.markets.get(fqme)
    return text_of.size(size, market.instrument) if market else text_of.plain(size)


def _signed_size(state: DeckState, position: Position) -> str:
    text = _size(state, position.fqme, position.size)
    return f"+{text}" if position.size > 0 else text
