"""Two linked orders, one request."""

from __future__ import annotations

from decimal import Decimal

import pytest
import trio
import trio.testing

from brokers.binance.pairs import PAIR_S, Pairs
from engine.errors import BrokerError, OrderRejected, OutcomeUnknown
from engine.messages import Order


def order(name: str, group: str = "g") -> Order:
    return Order(
        order_id=name,
        account="main",
        fqme="btcusdt.spot.binance",
        side="sell",
        order_type="limit",
        size=Decimal(1),
        link_group=group,
    )


class Venue:
    def __init__(self, error: BrokerError | None = None) -> None:
        self.placed: list[tuple[str, str]] = []
        self.error = error
        self.holds = False

    async def place(self, pair: tuple[Order, Order]) -> None:
        self.placed.append((pair[0].order_id, pair[1].order_id))
        if self.holds:
            await trio.sleep_forever()
        if self.error is not None:
            raise self.error


async def submit(pairs: Pairs, name: str, said: dict[str, object], group: str = "g") -> None:
    try:
        await pairs.submit(order(name, group))
        said[name] = "taken"
    except BrokerError as error:
        said[name] = error


async def test_both_are_placed_by_one_request(autojump_clock: trio.testing.MockClock) -> None:
    venue, said = Venue(), dict[str, object]()
    pairs = Pairs(venue.place)
    async with trio.open_nursery() as nursery:
        for name, group in (("a", "g"), ("c", "h"), ("b", "g"), ("d", "h")):
            nursery.start_soon(submit, pairs, name, said, group)

    assert sorted(sorted(pair) for pair in venue.placed) == [["a", "b"], ["c", "d"]]
    assert said == dict.fromkeys("abcd", "taken")


@pytest.mark.parametrize("kind", [OrderRejected, OutcomeUnknown])
async def test_what_comes_of_one_comes_of_both(
    kind: type[BrokerError], autojump_clock: trio.testing.MockClock
) -> None:
    venue, said = Venue(kind("so it is")), dict[str, object]()
    pairs = Pairs(venue.place)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(submit, pairs, "a", said)
        nursery.start_soon(submit, pairs, "b", said)

    assert [type(said[name]) for name in "ab"] == [kind, kind]
    assert said["a"] is not said["b"]
    assert str(said["a"]) == "so it is"


async def test_one_whose_other_half_does_not_come_is_not_sent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue, said = Venue(), dict[str, object]()
    pairs = Pairs(venue.place)
    await submit(pairs, "a", said)
    waited = trio.current_time()
    await submit(pairs, "b", said)

    assert waited == pytest.approx(PAIR_S)
    assert venue.placed == []
    assert all(isinstance(said[name], OrderRejected) for name in "ab")


async def test_one_that_was_given_up_is_no_half_for_another(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue, said = Venue(), dict[str, object]()
    pairs = Pairs(venue.place)
    with trio.move_on_after(PAIR_S / 2):
        await submit(pairs, "a", said)
    await submit(pairs, "b", said)

    assert venue.placed == []
    assert isinstance(said["b"], OrderRejected)


async def test_a_request_that_is_cut_off_leaves_both_unknown(
    autojump_clock: trio.testing.MockClock,
) -> None:
    venue, said = Venue(), dict[str, object]()
    venue.holds = True
    pairs = Pairs(venue.place)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(submit, pairs, "a", said)
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(1):
            await submit(pairs, "b", said)

    assert isinstance(said["a"], OutcomeUnknown)
