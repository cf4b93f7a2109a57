"""Terms that a venue does not take: kept here, at a venue that knows nothing of them."""

from __future__ import annotations

from decimal import Decimal

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.ems.kept import OVER
from engine.messages import OrderState
from tests.support.orders import AutojumpClock, Desk, hold, open_desk, opened
from tests.support.venue import EVERYTHING, FQME

S = 1_000_000_000
D = Decimal
PLAIN = replace(EVERYTHING, times_in_force=frozenset({"gtc", "ioc"}), can_reduce_only=False)


async def open_until(desk: Desk, seconds: int, **fields: object) -> str:
    until = desk.markets.now + seconds * S
    return await opened(desk, time_in_force="gtd", expires_ns=until, **fields)


async def pass_time(desk: Desk, seconds: float) -> None:
    """In the market, and enough of ours for what is done by time."""
    desk.markets.now += int(seconds * S)
    desk.markets.set_quote(FQME)
    await trio.sleep(1)


async def test_an_order_ends_at_its_time_at_a_venue_that_would_go_on(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        order_id = await open_until(desk, 5)
        sent = desk.venue.working[order_id]
        assert (sent.time_in_force, sent.expires_ns) == ("gtc", 0)

        await pass_time(desk, 4.9)
        assert desk.order(order_id).state is OrderState.OPEN
        await pass_time(desk, 0.1)

        order = desk.order(order_id)
        assert (order.state, order.reason) == (OrderState.EXPIRED, OVER)
        assert order.time_in_force == "gtd"
        assert desk.venue.calls == [("submit", order_id), ("cancel", order_id)]


async def test_a_venue_that_ends_orders_by_itself_is_left_to_it(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await open_until(desk, 5)
        assert desk.venue.working[order_id].time_in_force == "gtd"

        await pass_time(desk, 60)

        assert desk.order(order_id).state is OrderState.OPEN
        assert desk.venue.calls == [("submit", order_id)]


async def test_an_end_that_is_not_answered_is_asked_for_again(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        order_id = await open_until(desk, 5)
        desk.venue.reject_later = {"cancel": "try again"}
        await pass_time(desk, 5)
        await pass_time(desk, 1)
        assert desk.venue.calls.count(("cancel", order_id)) == 1
        assert desk.order(order_id).state is OrderState.OPEN

        desk.venue.recover()
        await pass_time(desk, 5)

        assert desk.venue.calls.count(("cancel", order_id)) == 2
        assert desk.order(order_id).state is OrderState.EXPIRED


async def test_a_fill_before_its_end_is_kept(autojump_clock: AutojumpClock) -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        order_id = await open_until(desk, 5, size=D(2))
        desk.venue.fill(order_id, "1", "100")
        await desk.router.wait_idle()
        await pass_time(desk, 5)

        order = desk.order(order_id)
        assert (order.state, order.filled) == (OrderState.EXPIRED, 1)


async def test_an_end_that_passed_while_the_engine_was_away_is_seen_to(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk(capabilities=PLAIN) as before:
        order_id = await open_until(before, 5)
    async with open_desk(capabilities=PLAIN, before=before) as desk:
        assert desk.order(order_id).state is OrderState.OPEN
        await pass_time(desk, 6)

        assert desk.order(order_id).state is OrderState.EXPIRED
        assert desk.venue.working == {}


async def test_a_person_cancels_before_the_end_and_it_stays_canceled(
    autojump_clock: AutojumpClock,
) -> None:
    from engine.messages import Cancel

    async with open_desk(capabilities=PLAIN) as desk:
        order_id = await open_until(desk, 5)
        desk.router.handle(Cancel(order_id=order_id))
        await desk.router.wait_idle()
        await pass_time(desk, 6)

        assert desk.order(order_id).state is OrderState.CANCELED
        assert desk.venue.calls.count(("cancel", order_id)) == 1


# -- what only reduces ------------------------------------------------------------------------


async def test_exits_together_are_never_more_than_what_is_held() -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        await hold(desk, "3")
        exit_terms = {"side": "sell", "reduce_only": True, "price": D(105)}
        first = await opened(desk, size=D(2), **exit_terms)
        assert not desk.venue.working[first].reduce_only
        second = desk.submit(size=D(2), **exit_terms)
        await desk.router.wait_idle()
        third = await opened(desk, size=D(1), **exit_terms)

        denial = desk.denial(second)
        assert (denial.check, denial.limit, denial.value) == ("reduce_only", "1", "2")
        assert desk.order(third).state is OrderState.OPEN


async def test_the_newest_exit_is_canceled_when_something_else_reduced() -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        await hold(desk, "3")
        exit_terms = {"side": "sell", "reduce_only": True, "price": D(105)}
        first = await opened(desk, size=D(2), **exit_terms)
        second = await opened(desk, size=D(1), **exit_terms)

        await hold(desk, "1", "sell")

        assert desk.order(first).state is OrderState.OPEN
        assert desk.order(second).state is OrderState.CANCELED


async def test_an_exit_that_a_venue_will_not_cancel_is_asked_for_once() -> None:
    async with open_desk(capabilities=PLAIN) as desk:
        await hold(desk, "1")
        only = await opened(desk, side="sell", reduce_only=True, price=D(105))
        desk.venue.reject_later = {"cancel": "no"}
        await hold(desk, "1", "sell")

        assert desk.order(only).state is OrderState.OPEN
        assert desk.venue.calls.count(("cancel", only)) == 1


async def test_a_venue_that_only_reduces_by_itself_is_left_to_it() -> None:
    async with open_desk() as desk:
        order_id = await opened(desk, side="sell", reduce_only=True, size=D(5), price=D(105))

        assert desk.venue.working[order_id].reduce_only
        assert desk.venue.calls == [("submit", order_id)]


async def test_a_venue_that_forgot_what_is_held_is_not_asked_to_see_to_it() -> None:
    """Paper and sim begin with nothing: what only reduces is seen to here after a start."""
    forgetful = replace(EVERYTHING, outlives_engine=False)
    async with open_desk(capabilities=forgetful) as before:
        await hold(before, "3")
    async with open_desk(capabilities=forgetful, before=before) as desk:
        exit_terms = {"side": "sell", "reduce_only": True, "price": D(105)}
        order_id = await opened(desk, order_id="exit", size=D(2), **exit_terms)
        too_many = desk.submit("more", size=D(2), **exit_terms)
        await desk.router.wait_idle()

        assert desk.order(order_id).reduce_only
        assert not desk.venue.working[order_id].reduce_only
        assert desk.denial(too_many).check == "reduce_only"
        await hold(desk, "2", "sell")
        assert desk.order(order_id).state is OrderState.CANCELED


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["exit", "fill", "trade"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 4),
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(start=st.integers(-4, 4), steps=STEPS)
def test_exits_never_flip_whatever_is_sent_and_filled(
    start: int, steps: list[tuple[str, str, int]]
) -> None:
    """At a venue that answers at once, and that does not know of reduce-only."""

    async def run() -> None:
        async with open_desk(capabilities=PLAIN) as desk:
            if start:
                await hold(desk, str(abs(start)), "buy" if start > 0 else "sell")
            for kind, side, size in steps:
                if kind == "exit":
                    price = D(105) if side == "sell" else D(95)
                    desk.submit(side=side, size=D(size), reduce_only=True, price=price)
                elif kind == "trade":
                    await hold(desk, str(size), side)
                else:
                    exits = [o for o in desk.router.blotter.working() if o.reduce_only]
                    if exits:
                        chosen = exits[size % len(exits)]
                        desk.venue.fill(chosen.order_id, str(chosen.remaining), "100")
                await desk.router.wait_idle()
                held = desk.router.blotter.position("main", FQME).size
                for way, room in (("sell", held), ("buy", -held)):
                    exits = [
                        o for o in desk.router.blotter.working() if o.reduce_only and o.side == way
                    ]
                    assert sum(o.exposed for o in exits) <= max(room, D(0))

    trio.run(run)
