"""What a venue says of an order comes to the same, in whatever order and however often it is said.

A life of an order is made up first: what was asked of the venue, what it did, what it says of
that. What was asked is known here before anything can be said of it; what is said is shuffled,
and parts of it repeated, as several connections and a resent log would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.ems.blotter import Blotter
from engine.errors import BadTransition
from engine.messages import (
    DONE,
    Accepted,
    Amended,
    AmendRequested,
    Canceled,
    CancelRequested,
    Expired,
    Filled,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
    RequestRefused,
)
from tests.support.venue import FQME, INSTRUMENT

D = Decimal
ID = "o"


@dataclass
class Life:
    """An order, what was asked of its venue first, and what is said of all that."""

    size: Decimal
    asked: list[OrderEvent] = field(default_factory=list)
    said: list[OrderEvent] = field(default_factory=list)
    start: OrderState = OrderState.PENDING


def fold_all(life: Life, said: Sequence[OrderEvent]) -> tuple[Order, object]:
    """The order, and its position, after these; what contradicts the state is left out, as the
    desk leaves it out."""
    blotter = Blotter()
    blotter.keep_instrument(INSTRUMENT)
    blotter.add(
        Order(
            order_id=ID,
            account="a",
            fqme=FQME,
            side="buy",
            order_type="limit",
            size=life.size,
            price=D(100),
            state=life.start,
        )
    )
    for event in (*life.asked, *said):
        try:
            blotter.fold(event, 7)
        except BadTransition:
            continue
    order = blotter.orders[ID]
    if order.state is OrderState.FILLED:
        order = replace(order, reason="")  # what was refused on the way is a comment
    position = blotter.position("a", FQME)
    return order, (position.size, position.fees, position.fees_in_other)


def fills(sizes: Sequence[int], prices: Sequence[str], assets: Sequence[str]) -> list[OrderEvent]:
    return [
        Filled(
            order_id=ID,
            trade_id=f"t{number}",
            price=D(price),
            size=D(size),
            fee=D("0.1") * number,
            fee_asset=asset,
            venue_ns=10 + number,
        )
        for number, (size, price, asset) in enumerate(zip(sizes, prices, assets, strict=True))
    ]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    size = draw(st.integers(1, 6))
    start = draw(st.sampled_from([OrderState.PENDING, OrderState.TRIGGERED]))
    life = Life(D(size), start=start)
    is_cancel_asked = draw(st.booleans())
    if draw(st.integers(0, 9)) == 0:
        life.said = [Rejected(order_id=ID, reason="no")]
        return life
    life.said.append(Accepted(order_id=ID, venue_order_id="v", venue_ns=1))
    last = size
    amend = draw(st.sampled_from(["", "done", "refused", "twice"]))
    if amend == "twice":
        last = draw(st.integers(1, 6))
        first = Amended(order_id=ID, price=D(98), size=D(last), venue_ns=2)
        # It is answered before the next one is asked for, and said again after that.
        life.asked += [AmendRequested(order_id=ID, price=D(98), size=D(last)), first]
        life.said.append(first)
    if amend:
        wanted = draw(st.integers(1, 9))
        life.asked.append(AmendRequested(order_id=ID, price=D(99), size=D(wanted)))
        if amend == "refused":
            life.said.append(RequestRefused(order_id=ID, request="amend", reason="no amend"))
        else:
            last = wanted
            life.said.append(Amended(order_id=ID, price=D(99), size=D(wanted), venue_ns=3))
    left, sizes = last, []
    while left and draw(st.integers(0, 2)):
        sizes.append(draw(st.integers(1, left)))
        left -= sizes[-1]
    prices = [draw(st.sampled_from(["99", "100.01", "101.003"])) for _ in sizes]
    assets = [draw(st.sampled_from(["usdt", "bnb", "btc"])) for _ in sizes]
    life.said += fills(sizes, prices, assets)
    if is_cancel_asked:
        life.asked.append(CancelRequested(order_id=ID))
    if not left:
        if is_cancel_asked:
            life.said.append(RequestRefused(order_id=ID, request="cancel", reason="too late"))
    elif is_cancel_asked or draw(st.booleans()):
        life.said.append(Canceled(order_id=ID, reason="as asked", venue_ns=20))
    elif draw(st.booleans()):
        life.said.append(Expired(order_id=ID, reason="its time", venue_ns=20))
    return life


@settings(max_examples=1000, deadline=None)
@given(lives(), st.data())
def test_any_order_and_any_repetition_of_what_is_said_comes_to_the_same(
    life: Life, data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(life.said), max_size=6))
    shuffled = data.draw(st.permutations([*life.said, *repeated]))

    assert fold_all(life, shuffled) == fold_all(life, life.said)


def test_every_permutation_of_one_full_life_comes_to_the_same() -> None:
    life = Life(
        D(2),
        asked=[
            AmendRequested(order_id=ID, price=D(99), size=D(7)),
            CancelRequested(order_id=ID),
        ],
        said=[
            Accepted(order_id=ID, venue_order_id="v"),
            Amended(order_id=ID, price=D(99), size=D(7), venue_ns=3),
            *fills([2, 1, 3], ["99", "100.01", "101.003"], ["usdt", "bnb", "usdt"]),
            Canceled(order_id=ID, reason="as asked"),
        ],
    )
    ends = [fold_all(life, said) for said in permutations(life.said)]

    assert all(end == ends[0] for end in ends)
    order, _ = ends[0]
    assert (order.state, order.filled, order.size) == (OrderState.CANCELED, 6, 7)
    assert order.traded == 2 * D(99) + D("100.01") + 3 * D("101.003")
    assert order.average_price is not None
    assert abs(order.average_price * 6 - order.traded) < D("1e-50")


@given(lives())
def test_what_is_said_in_order_ends_as_the_venue_has_it(life: Life) -> None:
    order, _ = fold_all(life, life.said)
    traded = sum((event.size for event in life.said if isinstance(event, Filled)), D(0))
    is_ended = any(isinstance(event, Canceled | Expired | Rejected) for event in life.said)

    assert order.filled == traded
    assert (order.state in DONE) == (is_ended or order.filled == order.size)
    assert order.awaiting == ""
    assert order.asked_size is None
