"""Orders at Binance through everything that can go wrong on the way: what the engine believes in
the end is what the venue has, and nothing was placed twice or counted twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from brokers.binance.client_ids import client_id
from engine.messages import OcoTerms, OrderState
from tests.brokers.binance.live_venue import Kind, rename_canceled
from tests.venues.binance_rig import WAITS, Rig, open_rig
from tests.venues.fault_proxy import Way

D = Decimal
AutojumpClock = trio.testing.MockClock


# -- answers that are lost, wrong, doubled, out of order -------------------------------------------


async def after_fault(rig: Rig, order_id: str = "o1", **terms: Any) -> OrderState:
    """The state of an order that was sent through a fault, once nothing is in doubt; the fault is
    over when the venue is asked."""
    rig.submit(order_id, **terms)
    await rig.decided(order_id)
    await rig.router.wait_idle()
    rig.faults.clear()
    await rig.settled(order_id)
    rig.check(order_id)
    return rig.order(order_id).state


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
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
    ids=str,
)
async def test_whatever_becomes_of_the_answer_an_order_ends_as_the_venue_has_it(
    switches: dict[str, Any], state: OrderState, kind: Kind, autojump_clock: AutojumpClock
) -> None:
    async with open_rig(kind=kind) as rig:
        rig.faults.set(switches)

        assert await after_fault(rig) is state


@pytest.fixture
def _renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    rename_canceled(monkeypatch)


@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize("request_kind", ["amend", "cancel"])
@pytest.mark.parametrize("filled", ["", "0.004"], ids=["whole", "part"])
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
    ids=str,
)
async def test_whatever_becomes_of_an_amend_or_a_cancel_the_order_is_as_the_venue_has_it(
    request_kind: str,
    filled: str,
    switches: dict[str, Any],
    is_done: bool,
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        if filled:
            rig.fill("o1", filled)
            await rig.until(lambda: rig.order("o1").filled > 0)
        # Another price is one request that places; but for an order that has traded it is two, of
        # which the first one is hit here.
        is_replaced = request_kind == "amend" and not filled
        rig.faults.set({**switches, "hits": "submit" if is_replaced else "cancel"})
        if request_kind == "amend":
            rig.amend("o1", 0.8)
        else:
            rig.cancel("o1")
        await rig.until(lambda: not (rig.order("o1").awaiting and rig.is_agreed))
        await rig.router.wait_idle()
        rig.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        order = rig.order("o1")
        working = OrderState.PARTIAL if filled else OrderState.OPEN
        if request_kind == "cancel":
            assert order.state is (OrderState.CANCELED if is_done else working)
        elif not filled:
            assert order.price == rig.price(0.8 if is_done else 0.9)
        elif order.is_working:
            assert order.price in (rig.price(0.8), rig.price(0.9))


@pytest.mark.parametrize(
    "switches",
    [
        {"drop_before_ack": True},
        {"drop_after_ack": True},
        {"mute": True},
        {"mute": True, "mute_events": True},
        {"unknown": True},
        {"fail_status": 500},
        {"throttle_s": 5.0},
    ],
    ids=str,
)
async def test_an_amend_whose_second_half_goes_wrong_leaves_what_the_venue_has(
    switches: dict[str, Any], autojump_clock: AutojumpClock
) -> None:
    """The order has traded, so it is canceled, and what is left of it placed anew."""
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.fill("o1", "0.004")
        await rig.until(lambda: rig.order("o1").filled > 0)
        rig.faults.set({**switches, "hits": "submit"})
        rig.amend("o1", 0.8)
        await rig.until(lambda: not (rig.order("o1").awaiting and rig.is_agreed))
        await rig.router.wait_idle()
        rig.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").filled == D("0.004")


async def test_a_fill_that_is_told_after_the_cancel_counts(autojump_clock: AutojumpClock) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.faults.set({"fill_after_cancel": "0.003"})
        rig.cancel("o1")
        await rig.until(lambda: bool(rig.fills))
        rig.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").filled == D("0.003")


async def test_a_lie_of_the_lists_is_taken_back_by_the_next_one(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.faults.set({"mute": True, "mute_events": True, "deny_knowing": True})
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") is OrderState.CANCELED)
        rig.faults.clear()
        rig.disconnect()
        await rig.until(lambda: rig.state("o1") is OrderState.OPEN)

        rig.check("o1")


# -- connections that break, stall, and are slow ---------------------------------------------------


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


async def trading_exchange(rig: Rig, order_id: str) -> None:
    """The same with an order that trades before it is amended, and after."""
    rig.submit(order_id)
    await rig.settled(order_id)
    rig.check(order_id)
    if rig.order(order_id).is_working:
        rig.fill(client_id(order_id), "0.004")
        rig.amend(order_id, 0.89)
        await rig.settled(order_id)
        rig.check(order_id)
    if rig.order(order_id).is_working:
        rig.fill(client_id(order_id), "0.002")
    while rig.order(order_id).is_working:
        rig.cancel(order_id)
        await rig.settled(order_id)
        rig.check(order_id)


Exchange = Callable[[Rig, str], Awaitable[None]]


async def cut_at(way: Way, step: int, exchange: Exchange) -> None:
    """The connection of events and requests is cut after each `step`th number of bytes."""
    async with open_rig() as rig:
        rig.do("deposit", account="demo", asset="USDT", amount="10000000")
        before = rig.socket.faults.passed[way]
        await exchange(rig, "cut-none")  # a name as long as those of the others
        length = rig.socket.faults.passed[way] - before
        connections = rig.socket.connections
        cuts = range(0, length, step)
        for number in cuts:
            rig.socket.faults.cut_after[way] = number
            await exchange(rig, f"cut-{number:04}")
            rig.socket.faults.cut_after.clear()
            await trio.sleep(1)  # for the venue's count of orders, which is by time

        assert length > 500
        # Each was cut, but for the last ones: what is told of balances then comes after the end.
        assert rig.socket.connections >= connections + 0.9 * len(cuts)


@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize(("way", "step"), [("up", 41), ("down", 211)])
@pytest.mark.parametrize("trades", [False, True])
async def test_cut_at_some_bytes_an_order_ends_as_the_venue_has_it(
    trades: bool, way: Way, step: int, autojump_clock: AutojumpClock
) -> None:
    await cut_at(way, step, trading_exchange if trades else exchange)


@pytest.mark.slow
@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize(
    ("way", "step", "trades"),
    [("up", 1, False), ("down", 5, False), ("up", 7, True), ("down", 13, True)],
)
async def test_cut_byte_by_byte_an_order_ends_as_the_venue_has_it(
    way: Way, step: int, trades: bool, autojump_clock: AutojumpClock
) -> None:
    await cut_at(way, step, trading_exchange if trades else exchange)


@pytest.mark.parametrize("way", ["up", "down"])
async def test_what_stalls_is_unknown_and_what_comes_late_counts(
    way: Way, autojump_clock: AutojumpClock
) -> None:
    async with open_rig() as rig:
        rig.socket.faults.stalled.add(way)
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") is OrderState.UNKNOWN)
        await trio.sleep(3)
        rig.socket.faults.stalled.clear()
        rig.socket.faults.go_on()
        await rig.settled("o1")

        rig.check("o1")
        # What left late comes after its time: the venue does not take it any more.
        wanted = OrderState.CANCELED if way == "up" else OrderState.OPEN
        assert rig.order("o1").state is wanted


async def test_what_is_slow_is_waited_for(autojump_clock: AutojumpClock) -> None:
    async with open_rig() as rig:
        rig.socket.faults.bytes_per_s = 2000.0
        began_s = trio.current_time()
        await exchange(rig, "o1")

        assert trio.current_time() - began_s > 1.0
        assert rig.order("o1").state is OrderState.CANCELED


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
@pytest.mark.parametrize("happening", ["fill", "part", "cancel", "nothing", "elsewhere"])
async def test_what_happens_while_nobody_listens_is_known_afterwards(
    happening: str, kind: Kind, autojump_clock: AutojumpClock
) -> None:
    async with open_rig(kind=kind) as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.socket.faults.stalled |= {"up", "down"}
        rig.rest.faults.stalled |= {"up", "down"}
        rig.disconnect()
        match happening:
            case "fill":
                rig.fill("o1", "0.01")
            case "part":
                rig.fill("o1", "0.004")
            case "cancel":
                rig.do("cancel", account="demo", client_id="o1")
            case "elsewhere":
                terms = {"side": "buy", "kind": "limit", "size": "0.02"}
                rig.do(
                    "submit",
                    account="demo",
                    symbol="BTCUSDT",
                    client_id="web_1",
                    price=str(rig.price(0.8)),
                    extra={"type": "LIMIT", "tif": "GTC"},
                    **terms,
                )
        await trio.sleep(90)
        for proxy in (rig.socket, rig.rest):
            proxy.faults.stalled.clear()
            proxy.faults.go_on()
        await rig.until(lambda: rig.state("o1") is not OrderState.UNKNOWN)
        await rig.settled("o1")

        rig.check("o1")
        wanted = {
            "fill": OrderState.FILLED,
            "part": OrderState.PARTIAL,
            "cancel": OrderState.CANCELED,
        }
        assert rig.order("o1").state is wanted.get(happening, OrderState.OPEN)
        if happening == "elsewhere":
            other = rig.order(":web_1")
            assert (other.is_external, other.state, other.size) == (
                True,
                OrderState.OPEN,
                D("0.02"),
            )


async def test_without_the_websocket_api_orders_go_by_rest_and_no_fill_is_lost(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("before")
        await rig.settled("before")
        rig.faults.set({"refuse_sockets": 503})
        rig.disconnect()
        await rig.until(lambda: not rig.is_agreed)
        await rig.until(lambda: rig.is_agreed)
        rig.submit("during", price=rig.price(0.85))
        await rig.settled("during")
        rig.fill("before", "0.004")
        await rig.until(lambda: rig.order("before").filled == D("0.004"))
        rig.amend("during", 0.8)
        await rig.settled("during")
        rig.check("during")
        rig.cancel("during")
        await rig.settled("during")
        rig.faults.clear()
        rig.fill("before", "0.006")
        await rig.until(lambda: rig.order("before").state is OrderState.FILLED)
        rig.submit("after")
        await rig.settled("after")

        for order_id in ("before", "during", "after"):
            rig.check(order_id)
        assert rig.order("during").state is OrderState.CANCELED
        assert rig.order("after").state is OrderState.OPEN


async def test_nothing_is_sent_while_the_venue_cannot_be_reached(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        for proxy in (rig.socket, rig.rest):
            proxy.faults.stalled |= {"up", "down"}
        rig.disconnect()
        await rig.until(lambda: not rig.is_agreed)
        rig.submit("o1")
        await rig.until(lambda: rig.state("o1") in (OrderState.DENIED, OrderState.REJECTED))

        assert "o1" not in rig.demo.submits


# -- starts of the engine --------------------------------------------------------------------------


@pytest.mark.usefixtures("_renamed")
@pytest.mark.parametrize("happening", ["fill", "part", "cancel", "nothing"])
async def test_what_happened_while_no_engine_ran_is_known_after_its_start(
    happening: str, autojump_clock: AutojumpClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.fill("o1", "0.002")
        await rig.until(lambda: rig.order("o1").filled > 0)
        rig.amend("o1", 0.89)
        await rig.settled("o1")
        await rig.stop_engine()
        match happening:
            case "fill":
                rig.fill("o1", "0.008")
            case "part":
                rig.fill("o1", "0.003")
            case "cancel":
                rig.do("cancel", account="demo", client_id="o1")
        await trio.sleep(30)
        await rig.start_engine()
        await rig.settled("o1")

        rig.check("o1")
        wanted = {"fill": OrderState.FILLED, "cancel": OrderState.CANCELED}
        assert rig.order("o1").state is wanted.get(happening, OrderState.PARTIAL)


async def test_an_order_whose_answer_was_never_heard_is_known_after_a_restart(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.faults.set({"mute": True, "mute_events": True, "fill": "0.004"})
        rig.submit("o1")
        await rig.until(lambda: "o1" in rig.demo.submits)
        await rig.stop_engine()
        rig.faults.clear()
        await rig.start_engine()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.PARTIAL


async def test_an_order_made_elsewhere_is_adopted_amended_filled_and_canceled(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        for name, share in (("web_1", 0.8), ("android-2", 0.85)):
            rig.do(
                "submit",
                account="demo",
                symbol="BTCUSDT",
                side="buy",
                kind="limit",
                size="0.02",
                client_id=name,
                price=str(rig.price(share)),
                extra={"type": "LIMIT", "tif": "GTC"},
            )
        ours = {"web_1": ":web_1", "android-2": "android-2"}
        for name in ours.values():
            await rig.until(lambda name=name: rig.state(name) is OrderState.OPEN)  # type: ignore[misc]
        rig.fill("android-2", "0.005")
        await rig.until(lambda: rig.order("android-2").filled == D("0.005"))
        rig.amend(":web_1", 0.79)
        await rig.until(lambda: rig.order(":web_1").price == rig.price(0.79))
        for name in ours.values():
            rig.cancel(name)
            await rig.settled(name)

        assert all(rig.order(name).is_external for name in ours.values())
        assert all(rig.state(name) is OrderState.CANCELED for name in ours.values())
        assert [fill.size for fill in rig.fills] == [D("0.005")]
        assert not any(one.is_open for one in rig.demo.orders.values())


# -- the questions that are asked ------------------------------------------------------------------


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
    ids=str,
)
@pytest.mark.parametrize("hits", ["query", "account"])
async def test_an_account_stays_in_doubt_until_its_venue_answers(
    switches: dict[str, Any], hits: str, autojump_clock: AutojumpClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.faults.set({**switches, "hits": hits})
        rig.disconnect()
        await rig.until(lambda: rig.state("o1") is OrderState.UNKNOWN)
        await trio.sleep(60)
        assert rig.order("o1").state is OrderState.UNKNOWN
        assert not rig.is_agreed
        rig.faults.clear()
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").state is OrderState.OPEN


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
async def test_answers_by_rest_that_are_cut_are_asked_for_again(
    way: Way, autojump_clock: AutojumpClock
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.faults.set({"refuse_sockets": 503})
        before = rig.rest.faults.passed[way]
        await reconnect(rig)
        length = rig.rest.faults.passed[way] - before
        for number in range(0, length, 23):
            rig.rest.faults.cut_after[way] = number
            await reconnect(rig)
            rig.rest.faults.cut_after.clear()

            rig.check("o1")
            assert rig.order("o1").state is OrderState.OPEN
        assert length > 500


async def reconnect(rig: Rig) -> None:
    """What the account is told over ends, and everything is asked for again."""
    rig.faults.refuse_sockets = 0
    while not (rig.is_connected and rig.is_agreed):  # noqa: ASYNC110 - it is told nowhere
        await trio.sleep(1)
    rig.faults.refuse_sockets = 503
    rig.disconnect()
    await rig.until(lambda: not rig.is_agreed)
    await rig.until(lambda: rig.is_agreed and rig.is_settled("o1"))


async def test_a_ban_is_waited_for_and_then_everything_is_asked_for(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        rig.do("ban", seconds=180)
        rig.fill("o1", "0.004")
        rig.submit("o2")
        await rig.decided("o2")
        rig.disconnect()
        await rig.until(lambda: not rig.is_agreed)
        await rig.until(lambda: rig.is_agreed)
        await rig.settled("o1")

        rig.check("o1")
        assert rig.order("o1").filled == D("0.004")
        assert rig.order("o2").state is OrderState.REJECTED
        assert "o2" not in rig.demo.submits


async def test_a_key_that_is_taken_back_leaves_the_account_in_doubt_and_says_why(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_rig() as rig:
        rig.submit("o1")
        await rig.settled("o1")
        keys = dict(rig.venue.state.keys)
        rig.venue.state.keys.clear()
        rig.disconnect()
        await rig.until(lambda: rig.account is not None and "API-key" in rig.account.reason)
        state = rig.state("o1")
        rig.venue.state.keys.update(keys)
        await rig.settled("o1")

        assert state is OrderState.UNKNOWN
        rig.check("o1")


# -- two orders of which one cancels the other -----------------------------------------------------


def pair(rig: Rig) -> list[str]:
    """Ids of the two orders that work, the stop first."""
    orders = [order.order_id for order in rig.router.working()]
    return sorted(orders, key=lambda name: ".limit" in name)


@pytest.mark.parametrize(
    ("switches", "works"),
    [
        ({}, 2),
        ({"drop_before_ack": True}, 0),
        ({"drop_after_ack": True}, 2),
        ({"mute": True}, 2),
        ({"mute": True, "mute_events": True}, 2),
        ({"unknown": True}, 2),
        ({"fail_status": 500}, 0),
        ({"duplicate": True}, 2),
        ({"reorder": True, "events_before_ack": True}, 2),
    ],
    ids=str,
)
async def test_a_linked_pair_is_at_the_venue_whole_or_not_at_all(
    switches: dict[str, Any], works: int, autojump_clock: AutojumpClock
) -> None:
    async with open_rig() as rig:
        rig.faults.set({**switches, "times": 1})
        terms = {"price": rig.price(1.1), "stop_price": rig.price(0.9)}
        rig.submit_algo(OcoTerms(side="sell", size=D("0.01"), **terms))
        await rig.until(lambda: rig.algo is not None and len(rig.router.blotter.orders) >= 2)
        await rig.router.wait_idle()
        await rig.until(lambda: rig.is_agreed and not _in_doubt(rig))
        open_there = [one for one in rig.demo.orders.values() if one.is_open]

        # One that never got there is made again under another name: it protects.
        assert len(open_there) == 2
        assert {one.client_id for one in open_there} == {client_id(name) for name in pair(rig)}
        if works:
            assert len(rig.demo.orders) == 2
        rig.faults.clear()
        rig.fill(next(one.client_id for one in open_there if one.kind == "limit"), "0.01")
        await rig.until(lambda: rig.algo is not None and rig.algo.is_ended)
        assert sum(fill.size for fill in rig.fills) == D("0.01")
        assert not any(one.is_open for one in rig.demo.orders.values())


def _in_doubt(rig: Rig) -> bool:
    return any(order.state in WAITS for order in rig.router.working())
