"""The state table and the fold of order events."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ems.orders import NEXT, fold, new_order
from engine.errors import BadTransition
from engine.messages import (
    DONE,
    WORKING,
    Accepted,
    Amended,
    AmendRequested,
    Canceled,
    CancelRequested,
    Denied,
    Expired,
    Filled,
    Held,
    Lost,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
    Reopened,
    RequestRefused,
    Submit,
    Triggered,
)
from tests.support.histories import histories

ID = "o"
SAMPLES: dict[type, OrderEvent] = {
    Accepted: Accepted(order_id=ID, venue_order_id="v"),
    Rejected: Rejected(order_id=ID, reason="r"),
    Denied: Denied(order_id=ID, check="c", reason="r"),
    Filled: Filled(order_id=ID, trade_id="t", price=Decimal(100), size=Decimal(1)),
    Canceled: Canceled(order_id=ID),
    Expired: Expired(order_id=ID),
    AmendRequested: AmendRequested(order_id=ID, price=Decimal(99), size=Decimal(10)),
    Amended: Amended(order_id=ID, price=Decimal(99), size=Decimal(10)),
    CancelRequested: CancelRequested(order_id=ID),
    RequestRefused: RequestRefused(order_id=ID, request="cancel", reason="r"),
    Held: Held(order_id=ID),
    Triggered: Triggered(order_id=ID, touched_price=1.0, price=Decimal(101)),
    Lost: Lost(order_id=ID, reason="time-out"),
    Reopened: Reopened(order_id=ID, reason="listed"),
}
STATES = [state for state in OrderState if state is not OrderState.STAGED]


def order(state: OrderState = OrderState.PENDING, **fields: object) -> Order:
    defaults: dict[str, object] = {"size": Decimal(10), "price": Decimal(100)}
    if state in (OrderState.PARTIAL, OrderState.FILLED):
        filled = Decimal(10 if state is OrderState.FILLED else 4)
        defaults |= {"filled": filled, "average_price": Decimal(100)}
    return Order(
        order_id=ID,
        account="a",
        fqme="x.y",
        side="buy",
        order_type="limit",
        state=state,
        **{**defaults, **fields},  # type: ignore[arg-type]
    )


def after(start: Order, *events: OrderEvent) -> Order:
    for event in events:
        start = fold(start, event, 1)
    return start


def fill(size: str, price: str = "100", **fields: object) -> Filled:
    return Filled(
        order_id=ID,
        trade_id="t",
        price=Decimal(price),
        size=Decimal(size),
        **fields,  # type: ignore[arg-type]
    )


def test_every_event_has_a_sample() -> None:
    assert set(SAMPLES) == set(get_args(OrderEvent))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", SAMPLES)
def test_what_the_table_names_happens_and_everything_else_raises(
    state: OrderState, kind: type
) -> None:
    if (state, kind) in NEXT:
        assert fold(order(state), SAMPLES[kind], 1).order_id == ID
    else:
        with pytest.raises(BadTransition, match=f"{kind.__name__} while {state}"):
            fold(order(state), SAMPLES[kind], 1)


def test_the_table_knows_no_way_out_of_done_but_evidence_of_the_venue() -> None:
    leaving = {
        (state, kind) for (state, kind), to in NEXT.items() if state in DONE and to is not state
    }

    assert leaving == {
        (OrderState.REJECTED, Filled),
        (OrderState.FILLED, Amended),
        (OrderState.CANCELED, Reopened),
        (OrderState.EXPIRED, Reopened),
        (OrderState.REJECTED, Reopened),
    }


def test_the_table_never_leads_back_to_pending_or_dark() -> None:
    back = {to for (state, _), to in NEXT.items() if to is not state}

    assert back.isdisjoint({OrderState.PENDING, OrderState.STAGED})
    assert {state for (state, _), to in NEXT.items() if to is OrderState.DARK} == {
        OrderState.PENDING,
        OrderState.DARK,
    }


def test_what_is_denied_stays_so() -> None:
    assert not [kind for state, kind in NEXT if state is OrderState.DENIED]


def test_an_event_without_an_order_is_a_bug() -> None:
    with pytest.raises(BadTransition, match="not known"):
        fold(None, SAMPLES[Accepted], 1)


def test_an_event_of_another_order_is_a_bug() -> None:
    with pytest.raises(BadTransition, match="given to"):
        fold(order(), Accepted(order_id="other"), 1)


def test_a_new_order_is_pending_and_carries_what_was_asked() -> None:
    submit = Submit(
        order_id=ID,
        account="a",
        fqme="x.y",
        side="sell",
        order_type="stop_limit",
        size=Decimal(2),
        price=Decimal(99),
        stop_price=Decimal(98),
        time_in_force="ioc",
    )
    made = new_order(submit, 7)

    assert (made.state, made.created_ns, made.updated_ns) == (OrderState.PENDING, 7, 7)
    for name in submit.__struct_fields__:
        assert getattr(made, name) == getattr(submit, name)


def test_a_fill_before_the_acknowledgement_leaves_it_partial() -> None:
    result = after(order(), fill("4"), SAMPLES[Accepted])

    assert (result.state, result.filled, result.venue_order_id) == (
        OrderState.PARTIAL,
        Decimal(4),
        "v",
    )


def test_a_fill_after_the_cancel_counts_and_it_stays_canceled() -> None:
    result = after(order(OrderState.OPEN), SAMPLES[Canceled], fill("4"))

    assert (result.state, result.filled) == (OrderState.CANCELED, Decimal(4))


def test_a_fill_after_the_cancel_that_completes_it_makes_it_filled() -> None:
    result = after(order(OrderState.OPEN), SAMPLES[Canceled], fill("4"), fill("6"))

    assert result.state is OrderState.FILLED


def test_a_fill_of_a_rejected_order_makes_it_unknown() -> None:
    result = after(order(), SAMPLES[Rejected], fill("4"))

    assert (result.state, result.filled) == (OrderState.UNKNOWN, Decimal(4))


def test_more_than_ordered_is_held_all_the_same() -> None:
    result = after(order(OrderState.OPEN), fill("11"))

    assert (result.state, result.filled) == (OrderState.FILLED, Decimal(11))


def test_the_average_is_that_of_the_fills() -> None:
    result = after(order(OrderState.OPEN), fill("1", "100"), fill("2", "103"))

    assert result.average_price == Decimal(102)


@pytest.mark.parametrize("state", [OrderState.OPEN, OrderState.PARTIAL])
def test_a_rejection_of_what_works_leaves_it_unknown_until_there_is_more(state: OrderState) -> None:
    unsure = after(order(state), SAMPLES[Rejected])

    assert (unsure.state, unsure.reason) == (OrderState.UNKNOWN, "r")
    assert after(unsure, SAMPLES[Accepted]).is_working
    assert after(unsure, SAMPLES[Canceled]).state is OrderState.CANCELED


def test_no_digit_of_a_fee_is_lost_in_a_large_sum() -> None:
    start = order(OrderState.OPEN, fees=Decimal(1234567890123), fee_asset="shib")
    result = after(start, fill("1", fee=Decimal("1e-18"), fee_asset="shib"))

    assert str(result.fees) == "1234567890123.000000000000000001"


def test_fees_are_summed_in_one_asset_only_the_same_in_whatever_order_they_come() -> None:
    fees = [("0.1", "usdt"), ("9", "bnb"), ("0.2", "usdt"), ("0", ""), ("1", "bnb")]
    fills = [fill("1", fee=Decimal(fee), fee_asset=asset) for fee, asset in fees]
    for told in (fills, fills[::-1]):
        result = after(order(OrderState.OPEN), *told)

        assert (result.fees, result.fee_asset) == (Decimal(10), "bnb")


def test_an_amend_that_is_told_late_or_again_does_not_undo_a_newer_one() -> None:
    def amended(price: int, venue_ns: int) -> Amended:
        return Amended(order_id=ID, price=Decimal(price), size=Decimal(2), venue_ns=venue_ns)

    result = after(order(OrderState.OPEN), amended(101, 5), amended(102, 7), amended(101, 5))

    assert result.price == 102


def test_what_an_amend_asks_for_may_trade_until_it_is_answered() -> None:
    asked = after(
        order(OrderState.OPEN),
        AmendRequested(order_id=ID, price=Decimal(100), size=Decimal(13)),
        fill("10"),
    )
    refused = RequestRefused(order_id=ID, request="amend", reason="no")
    lost = after(asked, Lost(order_id=ID, reason="no answer"))

    assert (asked.state, asked.exposed) == (OrderState.PARTIAL, 3)
    assert (lost.state, lost.exposed) == (OrderState.UNKNOWN, 3)
    assert after(asked, refused).state is OrderState.FILLED
    assert after(asked, SAMPLES[Canceled]).exposed == 0


def test_the_average_of_what_was_made_elsewhere_at_unknown_prices_is_unknown() -> None:
    unseen = {"filled": Decimal(1), "average_price": None}
    adopted = order(OrderState.PARTIAL, **unseen)
    known = order(OrderState.PARTIAL, filled=Decimal(1), size=Decimal(9), average_price=Decimal(90))

    assert after(adopted, fill("1", "100")).average_price is None
    assert after(known, fill("1", "100")).average_price == 95


@pytest.mark.parametrize("kind", [Accepted, Canceled, Expired, Lost, RequestRefused, Held])
def test_an_event_that_repeats_changes_nothing(kind: type) -> None:
    start = order(OrderState.DARK if kind is Held else OrderState.OPEN)
    once = after(start, SAMPLES[kind])

    assert after(once, SAMPLES[kind]) == once


def test_a_late_answer_of_a_filled_order_changes_nothing_that_counts() -> None:
    start = order(OrderState.FILLED)
    late = (Accepted, Canceled, Lost, Expired, RequestRefused)
    result = after(start, *(SAMPLES[kind] for kind in late))

    assert (result.state, result.filled, result.reason) == (OrderState.FILLED, Decimal(10), "")


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        (SAMPLES[Accepted], OrderState.OPEN),
        (SAMPLES[Rejected], OrderState.REJECTED),
        (SAMPLES[Canceled], OrderState.CANCELED),
        (SAMPLES[Expired], OrderState.EXPIRED),
        (SAMPLES[Amended], OrderState.OPEN),
        (fill("4"), OrderState.PARTIAL),
        (fill("10"), OrderState.FILLED),
    ],
)
def test_evidence_resolves_unknown(evidence: OrderEvent, state: OrderState) -> None:
    assert after(order(), SAMPLES[Lost], evidence).state is state


@pytest.mark.parametrize("kind", [Lost, RequestRefused, CancelRequested])
def test_what_is_not_evidence_leaves_it_unknown(kind: type) -> None:
    assert after(order(), SAMPLES[Lost], SAMPLES[kind]).state is OrderState.UNKNOWN


def test_a_fill_does_not_tell_whether_a_lost_cancel_arrived() -> None:
    lost = after(order(OrderState.OPEN), SAMPLES[CancelRequested], SAMPLES[Lost])
    filled = after(lost, fill("4"))

    assert (lost.awaiting, filled.state) == ("cancel", OrderState.UNKNOWN)
    assert after(filled, SAMPLES[Accepted]).state is OrderState.PARTIAL


def test_an_amend_that_was_lost_and_came_through_is_open_on_the_new_terms() -> None:
    result = after(order(OrderState.OPEN), SAMPLES[AmendRequested], SAMPLES[Lost], SAMPLES[Amended])

    assert (result.state, result.price, result.awaiting) == (OrderState.OPEN, Decimal(99), "")


def test_an_amend_down_to_what_is_filled_completes_the_order() -> None:
    down = Amended(order_id=ID, price=None, size=Decimal(4))
    result = after(order(OrderState.PARTIAL), down)

    assert (result.state, result.price) == (OrderState.FILLED, Decimal(100))


def test_an_amend_that_grew_a_filled_order_lets_it_work_on() -> None:
    up = Amended(order_id=ID, price=None, size=Decimal(12))

    assert after(order(OrderState.FILLED), up).state is OrderState.PARTIAL


def test_a_refusal_of_our_own_does_not_answer_what_is_at_the_venue() -> None:
    ours = RequestRefused(order_id=ID, request="amend", reason="r", check="price_band")
    waiting = after(order(OrderState.OPEN), SAMPLES[AmendRequested], ours)
    theirs = RequestRefused(order_id=ID, request="amend", reason="r")

    assert waiting.awaiting == "amend"
    assert after(waiting, theirs).awaiting == ""


def test_a_dark_order_is_triggered_at_most_once() -> None:
    triggered = after(order(), SAMPLES[Held], SAMPLES[Triggered])

    assert triggered.price == Decimal(101)
    with pytest.raises(BadTransition):
        fold(triggered, SAMPLES[Triggered], 1)


SIZES = st.decimals(min_value="0.001", max_value="5", places=3)
EVENTS = st.one_of(
    st.sampled_from([event for kind, event in SAMPLES.items() if kind is not Filled]),
    st.builds(fill, SIZES.map(str), st.sampled_from(["99", "100", "101.5"])),
)


@given(st.sampled_from([OrderState.PENDING, OrderState.DARK]), histories(EVENTS, 30))
def test_any_order_of_events_keeps_the_books(start: OrderState, events: list[OrderEvent]) -> None:
    current = order(start)
    fills: list[Filled] = []
    for event in events:
        try:
            following = fold(current, event, len(fills))
        except BadTransition:
            continue
        if isinstance(event, Filled):
            fills.append(event)
        assert following.updated_ns >= current.updated_ns
        if following.state in DONE:
            assert following.awaiting == ""
        if following.state is OrderState.FILLED:
            assert following.filled >= following.size
        if following.state in (OrderState.OPEN, OrderState.PARTIAL):
            assert following.filled < following.size
        current = following

    assert current.filled == sum(event.size for event in fills)
    cost = sum(event.size * event.price for event in fills)
    if fills:
        assert current.average_price is not None
        assert abs(current.average_price * current.filled - cost) < Decimal("1e-40")
    assert current.state in WORKING | DONE
