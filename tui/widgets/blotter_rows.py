"""What stands in the tabs of the blotter: rows from the state, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import NamedTuple

from engine.messages import Alert, Fill, Notice, Order, OrderState, Position
from tui.algos.words import kind_of, role_of
from tui.orders.news import why
from tui.orders.profit import profit_of
from tui.orders.terms import held_words, notes, trail_words, type_words
from tui.paint import format as text_of
from tui.state import DeckState
from tui.widgets.account_rows import ACCOUNT_COLUMNS, account_rows, troubles
from tui.widgets.algo_rows import ALGO_COLUMNS, algo_rows
from tui.widgets.inks import (
    STATE_INKS,
    Numbers,
    money_ink,
    price_text,
    side_ink,
    size_text,
    time_text,
)
from tui.widgets.lines import Span
from tui.widgets.table import Column, Row
from tui.widgets.venue_rows import VENUE_COLUMNS, count_amiss, venue_rows

__all__ = ["STATE_INKS", "TABS", "Tab", "counts", "money_ink"]

ORDERS_SHOWN = 200
"""Newest orders in the tab; the working ones are always there."""

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
            Span(time_text(order.created_ns, zone), "muted"),
            Span(order.fqme, ink),
            Span(order.side, side_ink(order.side, order.is_working)),
            Span(_kind(order), "muted"),
            Span(size_text(state, order.fqme, order.size), ink),
            Span(size_text(state, order.fqme, order.filled) if order.filled else "", ink),
            Span(_aside(order) if price is None else price_text(state, order.fqme, price), ink),
            Span(price_text(state, order.fqme, order.average_price) if order.filled else "", ink),
            Span(word, STATE_INKS.get(order.state, "muted")),
            Span(order.account, "muted"),
            Span(_note(state, order), "muted" if order.is_working else "text"),
        ),
        order.order_id,
    )


def _aside(order: Order) -> str:
    """What stands for the price of an order that has none: how far behind it trails."""
    if order.trail is None:
        return "market"
    return f"trail {trail_words(order.trail, order.trail_unit)}"


def _kind(order: Order) -> str:
    """Its type in the words of the field, with the terms that are not the usual ones."""
    return " ".join([type_words(order), *notes(order)])


def _note(state: DeckState, order: Order) -> str:
    """Why it is as it is, whose it is, and where it waits."""
    parts = [why(order, state.denials.get(order.order_id))]
    if order.parent_id in state.algos:
        algo = state.algos[order.parent_id]
        number = state.algo_number(order.parent_id)
        parts.append(f"{role_of(order)} of A{number} {kind_of(algo.terms)}")
    if order.is_external:
        parts.append("made elsewhere")
    if order.held_at == "engine":
        parts.append(held_words(order))
    return " · ".join(part for part in parts if part)


def fill_rows(state: DeckState, zone: tzinfo | None) -> list[Row]:
    return [_fill_row(state, fill, zone) for fill in reversed(state.fills[-ORDERS_SHOWN:])]


def _fill_row(state: DeckState, fill: Fill, zone: tzinfo | None) -> Row:
    fee = f"{text_of.plain(fill.fee)} {fill.fee_asset.upper()}" if fill.fee else ""
    return Row(
        (
            Span(time_text(fill.venue_ns or fill.recv_ns, zone), "muted"),
            Span(fill.fqme),
            Span(fill.side, side_ink(fill.side)),
            Span(size_text(state, fill.fqme, fill.size)),
            Span(price_text(state, fill.fqme, fill.price)),
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
    last = price_text(state, position.fqme, market.quote.last if market else None)
    stale = "stale" if profit.is_stale else ""
    asset = market.instrument.settle.upper() if market else ""
    return Row(
        (
            Span(position.fqme, "text" if position.size else "muted"),
            Span(position.account, "muted"),
            Span(
                _signed_size(state, position),
                "muted" if not position.size else "up" if position.size > 0 else "down",
            ),
            Span(price_text(state, position.fqme, position.average_price) if position.size else ""),
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
            Span(time_text(alert.triggered_ns or alert.created_ns, zone), "muted"),
            Span(alert.fqme, "text" if is_armed else "muted"),
            Span(price_text(state, alert.fqme, alert.price), "text" if is_armed else "muted"),
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
            Span(time_text(notice.now_ns, zone), "muted"),
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
    "algos": Tab(ALGO_COLUMNS, algo_rows, "no algos: :bracket, :twap, :chase ... start one"),
    "alerts": Tab(
        ALERT_COLUMNS, lambda state, zone, _: alert_rows(state, zone), "no alerts: o, then a"
    ),
    "accounts": Tab(
        ACCOUNT_COLUMNS, lambda state, _, number_of: account_rows(state, number_of), "no accounts"
    ),
    "venues": Tab(
        VENUE_COLUMNS,
        lambda state, zone, _: venue_rows(state, zone),
        "no connections: what is open here needs no network",
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
        "algos": sum(1 for algo in state.algos.values() if not algo.is_ended),
        "alerts": len(state.armed_alerts()),
        "accounts": troubles(state),
        "venues": count_amiss(state),
        "log": 0,
    }


def _signed_size(state: DeckState, position: Position) -> str:
    text = size_text(state, position.fqme, position.size)
    return f"+{text}" if position.size > 0 else text
