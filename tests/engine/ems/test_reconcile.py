"""Ours against theirs: single cases, and any history of which we missed any part."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.ems.blotter import Blotter
from engine.ems.reconcile import GONE, NEVER_THERE, Agreement, Difference, Ours, Theirs, reconcile
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Fill,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Position,
    Reopened,
)
from tests.support.bars import INSTRUMENT
from tests.support.histories import histories

FQME = INSTRUMENT.fqme
ASKED_NS = 1_000


def order(order_id: str = "o1", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "order_id": order_id,
        "account": "sim",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(10),
        "price": Decimal(100),
        "state": OrderState.OPEN,
        "created_ns": 10,
        "updated_ns": 20,
    }
    return Order(**(values | changes))


def fill(order_id: str = "o1", trade_id: str = "t1", size: int = 3, **changes: Any) -> Fill:
    values: dict[str, Any] = {
        "order_id": order_id,
        "account": "sim",
        "fqme": FQME,
        "trade_id": trade_id,
        "side": "buy",
        "price": Decimal(100),
        "size": Decimal(size),
    }
    return Fill(**(values | changes))


def theirs(open_orders: Sequence[Order] = (), fills: Sequence[Fill] = (), **changes: Any) -> Theirs:
    values: dict[str, Any] = {
        "asked_ns": ASKED_NS,
        "open_orders": open_orders,
        "fills": fills,
        "fills_since_ns": 0,
    }
    return Theirs(**(values | changes))


def ours(*orders: Order, trade_ids: Sequence[str] = (), **held: int) -> Ours:
    positions = {FQME: Position(account="sim", fqme=FQME, size=Decimal(held.get("held", 0)))}
    return Ours(
        {one.order_id: one for one in orders}, [(FQME, name) for name in trade_ids], positions
    )


def agreed(mine: Ours, said: Theirs) -> Agreement:
    return reconcile(mine, said)


# -- single cases ----------------------------------------------------------------------------


def test_what_agrees_needs_nothing() -> None:
    assert agreed(ours(order()), theirs([order()])) == Agreement((), (), (), ())


def test_an_unknown_order_that_the_venue_lists_works() -> None:
    found = agreed(ours(order(state=OrderState.UNKNOWN)), theirs([order(venue_order_id="v")]))

    assert found.events == (Accepted(order_id="o1", venue_order_id="v"),)


def test_terms_that_were_changed_meanwhile_are_taken_over() -> None:
    found = agreed(ours(order()), theirs([order(price=Decimal(99), size=Decimal(7))]))

    assert found.events == (Amended(order_id="o1", price=Decimal(99), size=Decimal(7)),)


def test_a_fill_while_we_were_away_is_folded_before_anything_is_concluded() -> None:
    found = agreed(ours(order()), theirs([], [fill(size=10)]))

    assert [type(event) for event in found.events] == [Filled]
    assert found.unresolved == ()


def test_what_is_not_listed_does_not_work_where_the_list_is_proof() -> None:
    found = agreed(ours(order()), theirs([], [fill(size=3)]))

    assert found.events[-1] == Canceled(order_id="o1", reason=GONE)


def test_what_was_never_acknowledged_is_told_from_what_worked_once() -> None:
    unknown = order(state=OrderState.UNKNOWN)
    for mine, said, reason in (
        (unknown, theirs(), NEVER_THERE),
        (unknown, theirs(fills=[fill(size=3)]), GONE),
        (msgspec.structs.replace(unknown, venue_order_id="v1"), theirs(), GONE),
        (msgspec.structs.replace(unknown, filled=Decimal(1)), theirs(), GONE),
    ):
        assert agreed(ours(mine), said).events[-1] == Canceled(order_id="o1", reason=reason)


def test_nothing_is_concluded_of_what_is_not_listed_where_that_is_no_proof() -> None:
    unknown = order(state=OrderState.UNKNOWN)
    for said in (
        theirs(is_proof=False),
        theirs(settle_ns=ASKED_NS),  # too young for the venue's lists
        theirs(fills_since_ns=11),  # a fill of it may be older than what was asked for
    ):
        assert agreed(ours(unknown), said) == Agreement((), (), ("o1",), ())


def test_a_dark_order_is_nothing_that_the_venue_could_list() -> None:
    assert agreed(ours(order(state=OrderState.DARK)), theirs()) == Agreement((), (), (), ())


def test_an_order_that_is_not_ours_is_adopted_and_counted() -> None:
    foreign = order("x", filled=Decimal(5), average_price=Decimal(99), state=OrderState.PARTIAL)
    # It was made before the time from which on fills were asked for: of the rest nobody tells.
    said = theirs([foreign], [fill("x", size=3)], fills_since_ns=foreign.created_ns + 1)
    found = agreed(ours(), said)

    assert found.adopted == (msgspec.structs.replace(foreign, filled=Decimal(2), is_external=True),)
    assert [event.order_id for event in found.events] == ["x"]


def test_a_fill_of_an_order_that_nobody_knows_is_not_dropped() -> None:
    found = agreed(ours(), theirs([], [fill("x", "t1", 3), fill("x", "t2", 2)]))

    assert [one.size for one in found.adopted] == [Decimal(5)]
    assert len(found.events) == 2


def test_an_order_that_we_took_for_done_and_that_works_is_opened_again() -> None:
    found = agreed(ours(order(state=OrderState.CANCELED)), theirs([order()]))

    assert [type(event) for event in found.events] == [Reopened]


def test_what_we_heard_after_the_list_was_asked_for_is_newer() -> None:
    canceled = order(state=OrderState.CANCELED, updated_ns=ASKED_NS + 1)

    mine = ours(canceled)._replace(newer=frozenset({"o1"}))

    assert agreed(mine, theirs([order()])).events == ()


def test_fills_that_the_venue_counts_and_does_not_list_are_a_difference() -> None:
    found = agreed(ours(order()), theirs([order(filled=Decimal(4))], [fill(size=3)]))

    assert found.differences == (Difference("filled", "o1", Decimal(3), Decimal(4)),)


def test_a_position_of_another_size_is_shown_with_both_numbers() -> None:
    said = [Position(account="sim", fqme=FQME, size=Decimal(4))]
    found = agreed(ours(held=2), theirs(fills=[fill(size=3)], positions=said))
    same = agreed(ours(held=1), theirs(fills=[fill(size=3)], positions=said))

    assert found.differences == (Difference("position", FQME, Decimal(5), Decimal(4)),)
    assert same.differences == ()


def test_a_position_that_only_one_side_knows_is_a_difference() -> None:
    other = Position(account="sim", fqme="eth.x", size=Decimal(-1))
    found = agreed(ours(held=2), theirs(positions=[other]))

    assert found.differences == (
        Difference("position", FQME, Decimal(2), Decimal(0)),
        Difference("position", "eth.x", Decimal(0), Decimal(-1)),
    )


# -- any history ----------------------------------------------------------------------------------


class Venue:
    """The truth: orders, what traded of them, and which of its reports reached us."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.said: list[OrderEvent] = []

    def do(self, step: tuple[str, int, int]) -> None:
        kind, number, size = step
        name = f"o{number}"
        known = self.orders.get(name)
        if kind == "new" and known is None:
            self.orders[name] = order(name, size=Decimal(size))
            self._say(Accepted(order_id=name))
        elif known is None or not known.is_working:
            return
        elif kind == "fill":
            self._fill(known, min(Decimal(size), known.remaining))
        elif kind == "cancel":
            self._move(known, OrderState.CANCELED)
            self._say(Canceled(order_id=name))
        elif kind == "amend" and Decimal(size) > known.filled:
            self.orders[name] = msgspec.structs.replace(known, size=Decimal(size))
            self._say(Amended(order_id=name, price=known.price, size=Decimal(size)))

    def _fill(self, known: Order, size: Decimal) -> None:
        made = fill(known.order_id, f"t{len(self.fills)}", size=1)
        made = msgspec.structs.replace(made, size=size)
        self.fills.append(made)
        filled = known.filled + size
        state = OrderState.FILLED if filled >= known.size else OrderState.PARTIAL
        self.orders[known.order_id] = msgspec.structs.replace(known, filled=filled, state=state)
        self._say(
            Filled(order_id=known.order_id, trade_id=made.trade_id, price=made.price, size=size)
        )

    def _move(self, known: Order, state: OrderState) -> None:
        self.orders[known.order_id] = msgspec.structs.replace(known, state=state)

    def _say(self, event: OrderEvent) -> None:
        self.said.append(event)

    def statement(self) -> Theirs:
        working = [one for one in self.orders.values() if one.is_working]
        held = sum((made.size for made in self.fills), Decimal(0))
        position = Position(account="sim", fqme=FQME, size=held)
        return theirs(working, self.fills, positions=[position])


def view(blotter: Blotter) -> Ours:
    return Ours(
        dict(blotter.orders),
        [(key.fqme, key.trade_id) for key in blotter.fills],
        {fqme: held for (_, fqme), held in blotter.positions.items()},
    )


def settle(blotter: Blotter, found: Agreement) -> None:
    for one in found.adopted:
        blotter.add(one)
    for event in found.events:
        blotter.fold(event, ASKED_NS)


STEPS = histories(
    st.tuples(
        st.sampled_from(["new", "fill", "fill", "cancel", "amend"]),
        st.integers(0, 3),
        st.integers(1, 12),
    ),
    25,
)


@given(STEPS, st.sets(st.integers(0, 40)), st.sets(st.sampled_from(["o0", "o1", "o2", "o3"])))
def test_after_any_part_was_missed_ours_is_theirs_and_asking_again_gives_nothing(
    steps: list[tuple[str, int, int]], heard: set[int], asked: set[str]
) -> None:
    venue = Venue()
    sizes: dict[str, Decimal] = {}
    for step in steps:
        venue.do(step)
        for name, one in venue.orders.items():
            sizes.setdefault(name, one.size)
    blotter = Blotter()
    blotter.keep_instrument(INSTRUMENT)
    for name in sorted(asked & sizes.keys()):
        blotter.add(order(name, state=OrderState.PENDING, size=sizes[name]))
    for number, event in enumerate(venue.said):
        if number in heard and event.order_id in blotter.orders:
            blotter.fold(event, 30)

    found = reconcile(view(blotter), venue.statement())
    settle(blotter, found)

    assert not found.differences
    assert not found.unresolved
    assert blotter.position("sim", FQME).size == sum((f.size for f in venue.fills), Decimal(0))
    for name, truth in venue.orders.items():
        mine = blotter.orders.get(name)
        if mine is None:
            assert not truth.is_working
            assert not truth.filled
            continue
        assert mine.is_working == truth.is_working
        assert mine.filled == truth.filled
        if truth.is_working:
            assert (mine.size, mine.price) == (truth.size, truth.price)
    again = reconcile(view(blotter), venue.statement())
    assert again == Agreement((), (), (), ())


def test_fills_of_an_order_made_elsewhere_that_are_listed_late_are_counted_once() -> None:
    """The list of orders has them, the list of fills has them a moment later."""
    found = order("x", state=OrderState.PARTIAL, filled=Decimal(3), created_ns=50)
    first = agreed(ours(), theirs([found]))
    (adopted,) = first.adopted

    assert adopted.filled == 0
    assert first.differences == (Difference("filled", "x", Decimal(0), Decimal(3)),)

    second = agreed(ours(adopted), theirs([found], [fill("x")]))

    assert [type(event) for event in second.events] == [Filled]
    assert not second.differences
