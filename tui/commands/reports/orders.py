"""`tickdeck orders`: what was asked for, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from engine.locations import Locations
from engine.messages import Denied, Order, OrderState
from tui.commands.reports.asked import Asked, check_account
from tui.commands.reports.record import Ordered, journal_in, read_orders
from tui.commands.reports.shown import average_of, in_zone, moment_of, number, price_of, size_of
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
from tui.orders.news import why

_TONES: dict[OrderState, Tone] = {
    OrderState.UNKNOWN: "warning",
    OrderState.REJECTED: "down",
    OrderState.DENIED: "down",
    OrderState.CANCELED: "dim",
    OrderState.EXPIRED: "dim",
}


def print_orders(
    locations: Locations, what: Asked, *, is_open: bool = False, last: int | None = None
) -> int:
    """Print orders by when they were made, oldest first. 1 if the record does not add up.

    Args:
        is_open: only those that can still trade, as far as is recorded.
        last: only so many, the newest.

    Raises:
        NoJournal: there is none.
        JournalFailed: it cannot be read.
        UsageError: there is no such account.
    """
    found = read_orders(journal_in(locations.data_dir))
    check_account(what, found.accounts, locations)
    orders = [
        order
        for order in found.orders
        if what.wants(order.account, order.fqme, order.created_ns or order.updated_ns)
        and (order.is_working or not is_open)
    ]
    orders = orders[len(orders) - last :] if last is not None and last < len(orders) else orders
    if what.form == "json":
        put_json(_fields(order, found.denials) for order in orders)
    elif what.form == "csv":
        names = _fields(_BLANK, {})
        put_csv((_fields(order, found.denials) for order in orders), tuple(names))
    else:
        put(_lines(orders, found, what, page()))
        put(f"problem: {problem}" for problem in found.problems)
    return 1 if found.problems else 0


_BLANK = Order(order_id="", account="", fqme="", side="buy", order_type="limit", size=Decimal(0))


def _fields(order: Order, denials: Mapping[str, Denied]) -> dict[str, object]:
    denial = denials.get(order.order_id)
    return {
        **fields_of(order),
        "remaining": order.remaining,
        "held_at": order.held_at,
        "denied_by": denial.check if denial else "",
        "denied_limit": denial.limit if denial else "",
        "denied_value": denial.value if denial else "",
    }


def _lines(orders: Sequence[Order], found: Ordered, what: Asked, on: Page) -> Iterator[str]:
    if not orders:
        yield "no orders"
        return
    yield from table(
        _columns(found, what, rank_of_account(order.account for order in orders)), orders, on
    )
    yield ""
    counts = Counter(order.state for order in orders)
    states = ", ".join(f"{counts[state]} {state}" for state in OrderState if counts[state])
    noun = "order" if len(orders) == 1 else "orders"
    yield from paragraph(f"{len(orders)} {noun}: {states}", "dim", on)


def _columns(found: Ordered, what: Asked, rank: int) -> list[Column[Order]]:
    markets = found.instruments

    def reason(order: Order) -> str:
        return why(order, found.denials.get(order.order_id))

    def priced(order: Order, price: Decimal | None) -> str:
        return price_of(price, markets.get(order.fqme))

    def trigger(order: Order) -> str:
        return priced(order, order.trigger_price if order.route == "dark" else order.stop_price)

    def average(order: Order) -> str:
        return average_of(order.average_price, markets.get(order.fqme))

    return [
        Column(
            in_zone("made", what.zone),
            lambda order: moment_of(order.created_ns or order.updated_ns, what.zone),
        ),
        Column("account", lambda order: order.account, rank=rank),
        Column("market", lambda order: order.fqme),
        Column("side", lambda order: order.side, tone=_side_tone),
        Column("type", kind_of, rank=1),
        Column("size", lambda o: size_of(o.size, markets.get(o.fqme)), "point"),
        Column("price", lambda order: priced(order, order.price), "point"),
        Column("trigger", trigger, "point", rank=3),
        Column("filled", lambda o: size_of(o.filled, markets.get(o.fqme)), "point", rank=2),
        Column(
            "average", lambda o: average_of(o.average_price, markets.get(o.fqme)), "point", rank=4
        ),
        Column("state", lambda order: order.state, tone=lambda o: _TONES.get(o.state, "")),
        Column("held", lambda order: order.held_at, rank=6),
        Column("fee", lambda o: number(o.fees) if o.fees else "", "point", rank=8),
        Column("of", lambda o: o.fee_asset.upper() if o.fees else "", rank=8),
        Column("reason", reason, rank=7, tone=lambda _: "dim"),
        Column("id", lambda order: order.order_id, rank=9, tone=lambda _: "dim"),
    ]


def kind_of(order: Order) -> str:
    """Its type and terms in words: `limit post-only`, `stop reduce-only`, `dark market`."""
    words = [order.order_type.replace("_", "-")]
    if order.route == "dark":
        words.insert(0, "dark")
    if order.time_in_force != "gtc":
        words.append(order.time_in_force)
    if order.post_only:
        words.append("post-only")
    if order.reduce_only:
        words.append("reduce-only")
    if order.is_external:
        words.append("(external)")
    return " ".join(words)


def _side_tone(order: Order) -> Tone:
    return "up" if order.side == "buy" else "down"
