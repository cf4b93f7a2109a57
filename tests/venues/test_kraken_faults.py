"""Orders at Kraken through everything that can go wrong on the way: what the engine believes in the
end is what the venue has, and nothing was placed twice or counted twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from engine.messages import OrderState
from tests.venues.fault_proxy import FaultProxy, Way
from tests.venues.kraken_rig import Rig, open_rig

D = Decimal
CUTS = 100
"""In the life of one engine: its record, and the venue's, grow with each."""


async def exchange(rig: Rig, order_id: str) -> None:
    """An order, another price, and its end, whatever happens to them on the way."""
    rig.submit(order_id)
    await rig.settled(order_id)
    rig.check(order_id)
    if rig.order(order_id).state is OrderState.OPEN:
        rig.amend(order_id, 0.89)
        await rig.settled(order_id)
        rig.check(order_id)
    # As often as it takes: a cancel that was lost may be asked for again, an order may not.
    while rig.order(order_id).is_working:
        rig.cancel(order_id)
        await rig.settled(order_id)
        rig.check(order_id)


async def length_of_exchange(rig: Rig, proxy: FaultProxy, way: Way) -> int:
    before = proxy.faults.passed[way]
    await exchange(rig, "measured")  # a name as long as those of the others
    return proxy.faults.passed[way] - before


@pytest.mark.parametrize(("way", "step"), [("up", 23), ("down", 101)])
async def test_cut_at_some_bytes_an_order_ends_as_the_venue_has_it(
    way: Way, step: int, autojump_clock: trio.testing.MockClock
) -> None:
    await cut_at(way, step)


@pytest.mark.slow
@pytest.mark.parametrize(("way", "step"), [("up", 1), ("down", 3)])
async def test_cut_byte_by_byte_an_order_ends_as_the_venue_has_it(
    way: Way, step: int, autojump_clock: trio.testing.MockClock
) -> None:
    await cut_at(way, step)


@pytest.mark.parametrize(("way", "step"), [("up", 41), ("down", 67)])
async def test_cut_while_an_order_trades_each_trade_counts_once(
    way: Way, step: int, autojump_clock: trio.testing.MockClock
) -> None:
    await cut_at(way, step, fill="0.004")


async def cut_at(way: Way, step: int, fill: str = "") -> None:
    """The account's socket is cut after each `step`th number of bytes; of each order somebody
    trades `fill` as soon as it is there."""
    async with open_rig() as rig:
        rig.venue.faults.fill = fill
        length = await length_of_exchange(rig, rig.socket, way)
        assert bool(rig.fills) == bool(fill)
    assert length > 400
    numbers = list(range(0, length, step))
    for start in range(0, len(numbers), CUTS):
        await cut_after(way, numbers[start : start + CUTS], fill)


async def cut_after(way: Way, numbers: list[int], fill: str) -> None:
    async with open_rig() as rig:
        rig.venue.faults.fill = fill
        connections = rig.socket.connections
        for number in numbers:
            rig.socket.faults.cut_after[way] = number
            await exchange(rig, f"cut-{number:04}")
            rig.socket.faults.cut_after.clear()

        assert rig.socket.connections >= connections + len(numbers) - 1  # each was cut


# -- what stalls, and what is slow --------------------------------------------------------------


@pytest.mark.parametrize("way", ["up", "down"])
async def test_what_stalls_is_unknown_and_what_comes_late_counts(
    way: Way, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig(silence_s=600) as rig:
        rig.socket.faults.stalled.add(way)
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") is OrderState.UNKNOWN)
        rig.socket.faults.stalled.clear()
        rig.socket.faults.go_on()
        await rig.settled("o1")

        rig.check("o1")
        # What left late comes after its deadline: the venue refuses it.
        wanted = OrderState.REJECTED if way == "up" else OrderState.OPEN
        assert rig.order("o1").state in (wanted, OrderState.CANCELED)
        assert len(rig.records("o1")) == (way == "down")


async def test_a_silent_connection_is_given_up_and_what_it_left_open_is_asked_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig(silence_s=5) as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.socket.faults.stalled.add("down")
        rig.submit("o2")
        await rig.until(lambda: not rig.is_agreed)
        rig.socket.faults.stalled.clear()
        rig.socket.faults.go_on()
        await rig.settled("o2")

        rig.check("o1")
        rig.check("o2")
        assert rig.order("o1").state is OrderState.OPEN
        assert rig.order("o2").state is OrderState.OPEN


async def test_what_is_slow_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    async with open_rig(silence_s=600) as rig:
        rig.socket.faults.bytes_per_s = 500.0
        began_s = trio.current_time()
        await exchange(rig, "o1")

        assert trio.current_time() - began_s > 4.0
        assert rig.order("o1").state is OrderState.CANCELED
        assert len(rig.records("o1")) == 1


# -- answers that are lost, wrong, doubled, out of order ------------------------------------------


async def after_fault(rig: Rig, order_id: str = "o1", **terms: Any) -> OrderState:
    """The state of an order that was sent through a fault, once nothing is in doubt; the fault is
    over when the venue is asked."""
    rig.submit(order_id, **terms)
    await rig.decided(order_id)
    await rig.router.wait_idle()
    rig.venue.faults.clear()
    await rig.settled(order_id)
    rig.check(order_id)
    return rig.order(order_id).state


@pytest.mark.parametrize(
    ("switches", "state"),
    [
        ({"drop_before_ack": True}, OrderState.CANCELED),
        ({"drop_after_ack": True}, OrderState.OPEN),
        ({"mute": True}, OrderState.OPEN),
        ({"mute": True, "mute_events": True}, OrderState.OPEN),
        ({"mute_events": True}, OrderState.OPEN),
        ({"unknown": True}, OrderState.OPEN),
        ({"unknown": True, "mute_events": True}, OrderState.OPEN),
        ({"fail_status": 500}, OrderState.CANCELED),
        ({"fail_after_status": 500}, OrderState.OPEN),
        ({"fail_after_status": 500, "mute_events": True}, OrderState.OPEN),
        ({"duplicate": True, "fill": "0.004"}, OrderState.PARTIAL),
        ({"reorder": True, "fill": "0.004"}, OrderState.PARTIAL),
        ({"events_before_ack": True, "fill": "all"}, OrderState.FILLED),
        ({"reorder": True, "events_before_ack": True, "fill": "all"}, OrderState.FILLED),
        ({"mute": True, "fill": "all"}, OrderState.FILLED),
        ({"mute": True, "mute_events": True, "fill": "all"}, OrderState.FILLED),
        ({"drop_after_ack": True, "fill": "0.004"}, OrderState.PARTIAL),
        ({"drop_after_ack": True, "fill": "all"}, OrderState.FILLED),
        ({"delay_s": 0.3, "fill": "all"}, OrderState.FILLED),
        ({"throttle_s": 5.0}, OrderState.REJECTED),
    ],
)
async def test_whatever_becomes_of_the_answer_an_order_ends_as_the_venue_has_it(
    switches: dict[str, Any], state: OrderState, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.venue.faults.set(switches)

        assert await after_fault(rig) is state


@pytest.mark.parametrize("kind", ["amend", "cancel"])
@pytest.mark.parametrize(
    ("switches", "is_done"),
    [
        ({"drop_before_ack": True}, False),
        ({"drop_after_ack": True}, True),
        ({"mute": True}, True),
        ({"mute": True, "mute_events": True}, True),
        ({"mute_events": True}, True),
        ({"unknown": True}, True),
        ({"fail_status": 500}, False),
        ({"throttle_s": 5.0}, False),
        ({"duplicate": True}, True),
        ({"reorder": True, "events_before_ack": True}, True),
    ],
)
async def test_whatever_becomes_of_an_amend_or_a_cancel_the_order_is_as_the_venue_has_it(
    kind: str,
    switches: dict[str, Any],
    is_done: bool,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.faults.set({**switches, "hits": kind})
        if kind == "amend":
            rig.amend("o1", 0.8)
        else:
            rig.cancel("o1")
        await rig.until(lambda: not (rig.order("o1").awaiting and rig.is_agreed))
        await rig.router.wait_idle()
        rig.venue.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        if kind == "cancel":
            wanted = OrderState.CANCELED if is_done else OrderState.OPEN
            assert rig.order("o1").state is wanted
        else:
            assert rig.order("o1").price == rig.price(0.8 if is_done else 0.9)


async def test_a_fill_that_is_told_after_the_cancel_counts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.faults.set({"fill_after_cancel": "0.003"})
        rig.cancel("o1")
        await rig.until(lambda: bool(rig.fills))
        rig.venue.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").filled == D("0.003")


async def test_a_lie_of_the_lists_is_taken_back_by_the_next_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.venue.faults.set({"mute": True, "mute_events": True, "deny_knowing": True})
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") is OrderState.CANCELED)
        rig.venue.faults.clear()
        rig.venue.disconnect()
        await rig.until(lambda: rig.state("o1") is OrderState.OPEN)

        rig.check("o1")


# -- messages of the account that go missing ------------------------------------------------------


async def test_a_message_that_is_missing_by_its_number_has_everything_asked_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        connections = rig.socket.connections
        (connection,) = rig.venue._connections.values()
        connection.next_sequence("executions")  # one that never leaves
        rig.market.place("sell", rig.order("o1").price or D(0), D("0.004"))
        await rig.until(lambda: rig.order("o1").filled > 0)
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.PARTIAL
        assert rig.socket.connections == connections + 1


@pytest.mark.parametrize("happening", ["fill", "part", "cancel", "nothing"])
async def test_what_happens_while_nobody_listens_is_known_afterwards(
    happening: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.faults.set({"refuse_sockets": 503})
        rig.venue.disconnect()
        await rig.until(lambda: rig.state("o1") is OrderState.UNKNOWN)
        match happening:
            case "fill":
                rig.market.place("sell", rig.order("o1").price or D(0), D("0.01"))
            case "part":
                rig.market.place("sell", rig.order("o1").price or D(0), D("0.004"))
            case "cancel":
                rig.venue.trading.cancel(rig.key, rig.records("o1")[0].order_id, rig.now_ns)
        await trio.sleep(90)
        rig.venue.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        wanted = {
            "fill": OrderState.FILLED,
            "part": OrderState.PARTIAL,
            "cancel": OrderState.CANCELED,
            "nothing": OrderState.OPEN,
        }
        assert rig.order("o1").state is wanted[happening]


async def test_nothing_is_sent_while_the_account_is_not_connected(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.venue.faults.set({"refuse_sockets": 503})
        rig.venue.disconnect()
        await rig.until(lambda: not rig.is_agreed)
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") in (OrderState.DENIED, OrderState.REJECTED))

        assert rig.records("o1") == []


# -- the side that is asked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {"fail_status": 500},
        {"fail_status": 403},
        {"drop_before_ack": True},
        {"drop_after_ack": True},
        {"mute": True},
        {"throttle_s": 5.0},
        {"unknown": True},
    ],
)
@pytest.mark.parametrize("hits", ["query", "account"])
async def test_an_account_stays_in_doubt_until_its_venue_answers(
    switches: dict[str, Any], hits: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.faults.set({**switches, "hits": hits})
        rig.venue.disconnect()
        await rig.until(lambda: rig.state("o1") is OrderState.UNKNOWN)
        await trio.sleep(60)
        assert rig.order("o1").state is OrderState.UNKNOWN
        assert not rig.is_agreed
        rig.venue.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.OPEN


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
async def test_answers_that_are_cut_are_asked_for_again(
    way: Way, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        before = rig.rest.faults.passed[way]
        await reconnect(rig)
        length = rig.rest.faults.passed[way] - before
        for number in range(0, length, 7):
            rig.rest.faults.cut_after[way] = number
            await reconnect(rig)
            rig.rest.faults.cut_after.clear()

            rig.check("o1")
            assert rig.order("o1").state is OrderState.OPEN
        assert length > 500


async def reconnect(rig: Rig) -> None:
    """The account's socket ends, and everything is asked for again."""
    rig.venue.disconnect()
    await rig.until(lambda: not rig.is_agreed)
    await rig.until(lambda: rig.is_agreed and rig.is_settled("o1"))


# -- keys, tokens, modes --------------------------------------------------------------------------


async def test_a_token_that_is_taken_back_is_followed_by_another(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.venue.tokens.revoke_all()
        rig.submit("o1")
        await rig.settled("o1")
        assert rig.order("o1").state is OrderState.REJECTED
        await rig.until(lambda: rig.socket.connections == 2 and rig.is_agreed)
        rig.submit("o2")
        await rig.settled("o2")

        rig.check("o1")
        rig.check("o2")
        assert rig.order("o2").state is OrderState.OPEN


async def test_a_key_that_is_taken_back_leaves_the_account_in_doubt_and_says_why(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.keyring.revoke(rig.key.key)
        rig.venue.disconnect()
        await rig.until(lambda: "EAPI:Invalid key" in (rig.account.reason if rig.account else ""))

        assert rig.order("o1").state is OrderState.UNKNOWN
        assert len(rig.records("o1")) == 1


@pytest.mark.parametrize(
    ("mode", "word"), [("cancel_only", "cancel_only"), ("maintenance", "EService:Unavailable")]
)
async def test_what_the_venue_takes_no_orders_for_is_said(
    mode: Any, word: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.venue.set_mode(mode)
        rig.submit("o1")
        await rig.decided("o1")
        reason = rig.order("o1").reason
        rig.venue.set_mode("online")
        await rig.settled("o1")

        assert word in reason
        rig.check("o1")
        assert rig.records("o1") == []


# -- others, and other lives ----------------------------------------------------------------------


async def test_an_order_made_elsewhere_is_adopted_filled_and_canceled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        terms = rig.terms(size="0.01", share=0.9)
        record = rig.venue.trading.add(rig.key, terms, rig.now_ns)
        assert record is not None
        await rig.until(lambda: record.order_id in rig.router.blotter.orders)
        rig.market.place("sell", rig.price(0.9), D("0.004"))
        await rig.until(lambda: rig.order(record.order_id).filled == D("0.004"))
        rig.cancel(record.order_id)
        await rig.settled(record.order_id)

        ours = rig.order(record.order_id)
        assert ours.is_external
        assert ours.state is OrderState.CANCELED
        assert record.status == "canceled"
        assert len(rig.fills) == 1


ALGO_ORDER = "0123456789abcdef0123456789abcdef.exit-1"
"""An id whose name at the venue cannot be read back from the name alone."""


@pytest.mark.parametrize("order_id", ["td0123456789abcdef01", "plain-1", ALGO_ORDER])
@pytest.mark.parametrize("happening", ["fill", "part", "nothing"])
async def test_after_a_restart_orders_are_known_by_their_names(
    order_id: str, happening: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.submit(order_id)
        await rig.settled(order_id)
        await rig.stop_engine()
        if happening != "nothing":
            size = D("0.01") if happening == "fill" else D("0.004")
            rig.market.place("sell", rig.price(0.9), size)
        await trio.sleep(30)
        await rig.start_engine()
        await rig.settled(order_id)

        rig.check(order_id)
        wanted = {
            "fill": OrderState.FILLED,
            "part": OrderState.PARTIAL,
            "nothing": OrderState.OPEN,
        }
        assert rig.order(order_id).state is wanted[happening]
        assert set(rig.router.blotter.orders) == {order_id}
        if happening != "fill":
            rig.cancel(order_id)
            await rig.settled(order_id)
            rig.check(order_id)


async def test_an_order_whose_answer_was_never_heard_is_known_after_a_restart(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.venue.faults.set({"mute": True, "mute_events": True, "fill": "0.004"})
        rig.submit(ALGO_ORDER)
        await trio.sleep(1)
        await rig.stop_engine()
        rig.venue.faults.clear()
        await rig.start_engine()
        await rig.settled(ALGO_ORDER)

        rig.check(ALGO_ORDER)
        assert rig.order(ALGO_ORDER).state is OrderState.PARTIAL
        assert set(rig.router.blotter.orders) == {ALGO_ORDER}


# -- the dead-man's switch ------------------------------------------------------------------------


async def test_orders_outlive_any_time_while_the_switch_is_renewed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig(dead_man_s=60) as rig:
        rig.submit("o1")
        await rig.settled("o1")
        await trio.sleep(600)

        rig.check("o1")
        assert rig.order("o1").state is OrderState.OPEN


async def test_the_switch_takes_back_everything_once_the_way_to_the_venue_is_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig(dead_man_s=60) as rig:
        terms = rig.terms(size="0.01", share=0.8)
        elsewhere = rig.venue.trading.add(rig.key, terms, rig.now_ns)
        assert elsewhere is not None
        rig.submit("o1")
        await rig.settled("o1")
        rig.venue.faults.set({"refuse_sockets": 503})
        rig.venue.disconnect()
        await trio.sleep(120)
        assert elsewhere.status == "canceled"
        rig.venue.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.CANCELED


async def test_without_the_switch_orders_stay_when_the_way_to_the_venue_is_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        await rig.stop_engine()
        await trio.sleep(600)

        assert rig.records("o1")[0].status == "open"


@pytest.mark.parametrize(("is_off", "status"), [(True, "open"), (False, "canceled")])
async def test_what_an_engine_leaves_behind_is_as_its_owner_chose(
    is_off: bool, status: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig(dead_man_s={"main": 60}, dead_man_off_on_leave=is_off) as rig:
        rig.submit("o1")
        await rig.settled("o1")
        await rig.stop_engine()
        await trio.sleep(120)

        assert rig.records("o1")[0].status == status


# -- what never leaves ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "check", "rule"),
    [
        ({"size": D("0.00001")}, "min_size", "ordermin"),
        ({"price": D("20000.05")}, "price_tick", "tick_size"),
        ({"size": D("0.010000001")}, "size_step", "lot_decimals"),
        ({"size": D("0.16"), "shown": D("0.01")}, "iceberg_parts", "display_qty"),
    ],
)
async def test_a_denial_names_the_venue_s_rule(
    terms: dict[str, Any], check: str, rule: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1", **terms)
        await rig.decided("o1")

        order = rig.order("o1")
        assert order.state is OrderState.DENIED
        assert f"({rule})" in order.reason
        assert [event.check for event in rig.denials] == [check]
        assert rig.records("o1") == []
