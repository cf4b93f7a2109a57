from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio

from brokers.watches import Watch, Watches
from engine.errors import BrokerUnavailable
from engine.messages import Tick, Trade

BTC, ETH, SOL = "btcusd.spot.venue", "ethusd.spot.venue", "solusd.spot.venue"


class Reader:
    """Keeps what it is given: each time the fqme, and the ids of the trades."""

    def __init__(self) -> None:
        self.given: list[tuple[str, list[str]]] = []

    def __call__(self, fqme: str, ticks: Sequence[Tick]) -> None:
        self.given.append((fqme, [tick.trade_id for tick in ticks if isinstance(tick, Trade)]))


def trade(fqme: str, trade_id: int) -> Trade:
    return Trade(fqme, 100.0, 1.0, "buy", trade_id, trade_id, str(trade_id))


def fail(fqme: str, ticks: Sequence[Tick]) -> None:
    raise RuntimeError("a reader's own fault")


def test_each_reader_of_a_market_is_given_the_ticks_of_it() -> None:
    watches: Watches[Watch] = Watches()
    one, other, elsewhere = Reader(), Reader(), Reader()
    watches.add(Watch(BTC, one))
    watches.add(Watch(BTC, other))
    watches.add(Watch(ETH, elsewhere))

    watches.give([trade(BTC, 1), trade(BTC, 2)])
    watches.give([trade(SOL, 3)])

    assert one.given == other.given == [(BTC, ["1", "2"])]
    assert elsewhere.given == []


def test_ticks_of_several_markets_go_to_the_readers_of_each_in_their_order() -> None:
    watches: Watches[Watch] = Watches()
    btc, eth = Reader(), Reader()
    watches.add(Watch(BTC, btc))
    watches.add(Watch(ETH, eth))

    # The first and the last are of one market, and those between are not.
    watches.give([trade(BTC, 1), trade(BTC, 2), trade(ETH, 3), trade(SOL, 4), trade(BTC, 5)])

    assert btc.given == [(BTC, ["1", "2"]), (BTC, ["5"])]
    assert eth.given == [(ETH, ["3"])]


def test_the_first_and_the_last_reader_of_a_market_are_told_apart() -> None:
    watches: Watches[Watch] = Watches()
    one, other, elsewhere = Watch(BTC), Watch(BTC), Watch(ETH)

    assert [watches.add(watch) for watch in (one, other, elsewhere)] == [True, False, True]
    assert (list(watches), len(watches)) == ([BTC, ETH], 2)
    assert watches.of(BTC) == (one, other)
    assert not watches.remove(one)
    assert BTC in watches
    assert watches.remove(other)
    assert BTC not in watches
    assert (list(watches), watches.of(BTC)) == ([ETH], ())


def test_a_reader_may_leave_while_it_is_given_something() -> None:
    watches: Watches[Watch] = Watches()
    later = Reader()

    def leave(fqme: str, ticks: Sequence[Tick]) -> None:
        watches.remove(first)

    first = Watch(BTC, leave)
    watches.add(first)
    watches.add(Watch(BTC, later))
    watches.give([trade(BTC, 1)])

    assert later.given == [(BTC, ["1"])]
    assert len(watches.of(BTC)) == 1


async def test_a_reader_that_fails_is_given_no_more_and_harms_nobody() -> None:
    watches: Watches[Watch] = Watches()
    failing, sound = Watch(BTC, fail), Reader()
    watches.add(failing)
    watches.add(Watch(BTC, sound))
    watches.give([trade(BTC, 1)])
    taken = Reader()
    failing.begin(taken)
    watches.give([trade(BTC, 2)])

    assert sound.given == [(BTC, ["1"]), (BTC, ["2"])]
    assert taken.given == []
    with pytest.raises(RuntimeError, match="a reader's own fault"):
        await failing.wait_failed()


async def test_the_first_failure_is_the_one_that_ends_a_reader() -> None:
    watch = Watch(BTC, fail)
    caught: list[Exception] = []

    async def wait() -> None:
        try:
            await watch.wait_failed()
        except BrokerUnavailable as error:
            caught.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        watch.check()
        watch.fail(BrokerUnavailable("refused"))
        watch.give([trade(BTC, 1)])

    assert [str(error) for error in caught] == ["refused"]
    with pytest.raises(BrokerUnavailable, match="refused"):
        watch.check()


def test_a_reader_takes_nothing_before_it_begins() -> None:
    watch, reader = Watch(BTC), Reader()
    watch.give([trade(BTC, 1)])
    assert not watch.has_begun
    watch.begin(reader)
    watch.give([trade(BTC, 2)])

    assert watch.has_begun
    assert reader.given == [(BTC, ["2"])]
