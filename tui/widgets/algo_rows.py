"""What stands in the tab of algos: each with the orders it made, and what it holds here.

`where`: `venue` links its orders, or they are linked `here`, which needs this host and this feed.
"""

from __future__ import annotations

from datetime import tzinfo

from engine.messages import Algo, Order
from tui.algos.lines import Waiting, waiting
from tui.algos.words import describe_terms, kind_of, role_of
from tui.paint import format as text_of
from tui.state import DeckState
from tui.widgets.inks import STATE_INKS, Numbers, price_text, side_ink, time_text
from tui.widgets.lines import Span
from tui.widgets.table import Column, Row

ENDED_SHOWN = 50
"""Newest algos that have ended; those that run are always there."""

DONE_SHOWN = 3
"""Newest orders of a running algo that are over; those that work are always there."""

ALGO_COLUMNS = (
    Column("#", "right"),
    Column("time", rank=6),
    Column("market"),
    Column("algo"),
    Column("side"),
    Column("size", "point"),
    Column("filled", "point", rank=3),
    Column("price", "point", rank=1),
    Column("state"),
    Column("where", rank=2),
    Column("account", is_flexible=True, rank=5),
)
_BLANK = tuple(Span("") for _ in ALGO_COLUMNS)

_STATUS_INKS = {
    "running": "working",
    "paused": "warning",
    "canceling": "unacked",
    "failed": "error bold",
    "unknown": "unknown bold",
}


def algo_rows(state: DeckState, zone: tzinfo | None, number_of: Numbers) -> list[Row]:
    """Those that run first, the newest before the older; under each its orders."""
    newest = sorted(state.algos.values(), key=lambda algo: -algo.created_ns)
    running = [algo for algo in newest if not algo.is_ended]
    ended = [algo for algo in newest if algo.is_ended][:ENDED_SHOWN]
    rows: list[Row] = []
    for algo in (*running, *ended):
        rows += [_algo_row(state, algo, zone), _terms_row(state, algo)]
        children = state.children(algo.algo_id)
        rows += [_waiting_row(state, algo, part) for part in waiting(algo, children)]
        rows += [
            _child_row(state, order, zone, number_of(order.order_id))
            for order in shown_children(algo, children)
        ]
    return rows


def shown_children(algo: Algo, children: list[Order]) -> list[Order]:
    """Orders of an algo that work, and while it runs the newest of those that are over."""
    working = [order for order in children if order.is_working]
    over = [order for order in children if not order.is_working]
    return working + ([] if algo.is_ended else over[::-1][:DONE_SHOWN])


def _algo_row(state: DeckState, algo: Algo, zone: tzinfo | None) -> Row:
    terms = algo.terms
    ink = "muted" if algo.is_ended else "text"
    # Nobody runs it any more, or nobody knows: it must not be relied on.
    status = "unknown" if state.failure and not algo.is_ended else algo.status
    price = getattr(terms, "price", None) or getattr(terms, "limit_price", None)
    return Row(
        (
            Span(f"A{state.algo_number(algo.algo_id)}", ink),
            Span(time_text(algo.created_ns, zone), "muted"),
            Span(algo.fqme, ink),
            Span(kind_of(terms), ink if algo.is_ended else "text bold"),
            Span(terms.side, side_ink(terms.side, not algo.is_ended)),
            Span(text_of.plain(terms.size), ink),
            Span(text_of.plain(algo.filled) if algo.filled else "", ink),
            Span("" if price is None else price_text(state, algo.fqme, price), ink),
            Span(status, _STATUS_INKS.get(status, "muted")),
            Span("" if algo.is_ended else "venue" if algo.is_native else "here", "muted"),
            Span(algo.account, "muted"),
        ),
        algo.algo_id,
    )


def _terms_row(state: DeckState, algo: Algo) -> Row:
    """What it is set to, and why it stands as it does."""
    market = state.markets.get(algo.fqme)
    told = describe_terms(algo.terms, market.instrument if market else None)
    if algo.reason:
        told = f"{algo.reason} · {told}"
    ink = "error" if algo.status == "failed" else "text" if algo.reason else "muted"
    return Row(_BLANK, f"{algo.algo_id} terms", Span(f"      {told}", ink), algo.algo_id)


def _waiting_row(state: DeckState, algo: Algo, part: Waiting) -> Row:
    word = "unknown" if state.failure else "held" if part.is_held else "to come"
    ink = "unknown" if state.failure else "dark" if part.is_held else "muted"
    return Row(
        (
            Span(""),
            Span(""),
            Span(""),
            Span(f"└ {part.role}", ink),
            Span(part.side, side_ink(part.side)),
            Span(text_of.plain(part.size), "muted"),
            Span(""),
            Span(price_text(state, algo.fqme, part.price)),
            Span(word, ink),
            Span("here" if part.is_held else "", "dark"),
            Span(""),
        ),
        f"{algo.algo_id} {part.role}",
        about=algo.algo_id,
    )


def _child_row(state: DeckState, order: Order, zone: tzinfo | None, number: int) -> Row:
    ink = "text" if order.is_working else "muted"
    price = order.stop_price if order.stop_price is not None else order.price
    word = f"{order.state}{' …' + order.awaiting if order.awaiting else ''}"
    return Row(
        (
            Span(str(number), ink),
            Span(time_text(order.created_ns, zone), "muted"),
            Span(""),
            Span(f"└ {role_of(order)}", ink),
            Span(order.side, side_ink(order.side, order.is_working)),
            Span(text_of.plain(order.size), ink),
            Span(text_of.plain(order.filled) if order.filled else "", ink),
            Span("market" if price is None else price_text(state, order.fqme, price), ink),
            Span(word, STATE_INKS.get(order.state, "muted")),
            Span({"engine": "here", "venue": "venue", "": ""}[order.held_at], "muted"),
            Span(order.reason, "muted"),
        ),
        order.order_id,
    )
