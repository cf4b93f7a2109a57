"""The paper broker as the engine sees it: behind the port, driven by ticks and time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from brokers.paper import models, open_broker
from brokers.paper.broker import PaperBroker
from brokers.paper.models import PaperOptions
from engine.broker import BrokerSettings, MarketTap
from engine.clock import NANOS, TrioClock
from engine.errors import BrokerUnavailable, OrderRejected
from engine.messages import (
    Accepted,
    AccountInfo,
    Ask,
    Bid,
    Canceled,
    Filled,
    Order,
    OrderEvent,
    Quote,
    Trade,
)
from tests.check_broker import Harness, check_broker
from tests.support.venue import FQME, INSTRUMENT, START_NS

ACCOUNT = AccountInfo(name="paper", broker="paper")


class Tape:
    """A market that stands at 99 / 101, with a time of its own."""

    def __init__(self, broker: PaperBroker) -> None:
        self.broker = broker
        self.now = START_NS
        broker.on_instrument(INSTRUMENT, lambda: self.now)

    def tell(self) -> None:
        times = {"venue_ns": self.now, "recv_ns": self.now}
        self.broker.on_ticks(
            FQME,
            [
                Bid(FQME, 99.0, 5.0, **times),
                Ask(FQME, 101.0, 5.0, **times),
                Trade(FQME, 100.0, 1.0, **times),
            ],
        )

    async def advance(self, seconds: float) -> None:
        self.now += round(seconds * NANOS)
        self.tell()
        await trio.sleep(seconds)

    def quote(self) -> Quote:
        return Quote(fqme=FQME, last=100.0, bid=99.0, ask=101.0, recv_ns=self.now)


def open_paper(**options: Any) -> PaperBroker:
    settings = BrokerSettings(name="paper", clock=TrioClock(START_NS), options=options)
    broker = open_broker(settings)
    assert isinstance(broker, PaperBroker)
    return broker


@asynccontextmanager
async def run_paper(**options: Any) -> AsyncIterator[PaperBroker]:
    broker = open_paper(**options)
    async with trio.open_nursery() as nursery:
        await nursery.start(broker.run)
        yield broker
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def make_harness(**options: Any) -> AsyncIterator[Harness]:
    async with run_paper(**options) as broker:
        tape = Tape(broker)
        tape.tell()
        yield Harness(
            broker=broker,
            fqme=FQME,
            account=ACCOUNT,
            advance=tape.advance,
            instrument=INSTRUMENT,
            quote=tape.quote,
        )


def order(**changes: Any) -> Order:
    fields = {
        "order_id": "o1",
        "account": "paper",
        "fqme": FQME,
        "side": "buy",
        "order_type": "market",
        "size": Decimal(1),
    }
    return Order(**{**fields, **changes})


@pytest.mark.parametrize("slippage", ["book", "ticks", "none"])
async def test_keeps_every_promise_of_the_port(
    autojump_clock: trio.testing.MockClock, slippage: str
) -> None:
    await check_broker(partial(make_harness, slippage=slippage, report_delay_ms=5))


def test_is_fed_with_the_markets_of_others() -> None:
    assert isinstance(open_paper(), MarketTap)


def test_refuses_options_that_it_does_not_have() -> None:
    with pytest.raises(BrokerUnavailable, match="slippage_tick") as caught:
        open_paper(slippage_tick=3)
    assert caught.value.hint == "did you mean 'slippage_ticks'?"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("delay_ms", -1),
        ("delay_ms", "soon"),
        ("delay_ms", float("inf")),
        ("jitter_ms", float("nan")),
        ("report_delay_ms", 10**12),
        ("maker_fee", "NaN"),
        ("maker_fee", "much"),
        ("taker_fee", 10),
        ("slippage", "books"),
        ("slippage_ticks", 1.5),
        ("slippage_ticks", -1),
        ("queue", "first"),
        ("balances", {"usdt": float("nan")}),
        ("balances", {"usdt": "all"}),
        ("seed", "x"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(BrokerUnavailable, match=f"options of paper: .*{key}"):
        open_paper(**{key: value})


def test_a_model_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BrokerUnavailable) as caught:
        open_paper(queue="behnd")
    assert caught.value.hint == "did you mean 'behind'?"


def test_every_option_is_explained_in_the_notes() -> None:
    notes = Path(models.__file__).with_name("NOTES.md").read_text()

    for key in PaperOptions.__struct_fields__:
        assert f"`{key}`" in notes, key


async def test_a_request_arrives_after_the_delay_of_the_market(
    autojump_clock: trio.testing.MockClock,
) -> None:
    events: list[OrderEvent] = []
    async with run_paper(delay_ms=50) as broker:
        tape = Tape(broker)
        tape.tell()
        async with broker.open_client(ACCOUNT, events.append) as client:
            await client.submit(order(), INSTRUMENT)
            tape.now += 49_000_000
            tape.tell()
            early = list(events)
            tape.now += 1_000_000
            await trio.sleep(0.02)

    assert early == []
    assert [type(event) for event in events] == [Accepted, Filled]
    assert all(event.venue_ns == START_NS + 50_000_000 for event in events)


async def test_an_order_in_a_paused_playback_arrives_all_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    events: list[OrderEvent] = []
    async with run_paper(delay_ms=50) as broker:
        tape = Tape(broker)
        tape.tell()
        async with broker.open_client(ACCOUNT, events.append) as client:
            await client.submit(order(), INSTRUMENT)
            await trio.sleep(1.0)

    assert [type(event) for event in events] == [Accepted, Filled]


async def test_a_market_order_waits_for_the_first_price(
    autojump_clock: trio.testing.MockClock,
) -> None:
    events: list[OrderEvent] = []
    async with run_paper() as broker, broker.open_client(ACCOUNT, events.append) as client:
        await client.submit(order(), INSTRUMENT)
        await trio.sleep(1.0)
        before = [type(event) for event in events]
        Tape(broker).tell()

    assert before == [Accepted]
    assert [type(event) for event in events] == [Accepted, Filled]


async def test_fills_while_logged_out_can_be_asked_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    events: list[OrderEvent] = []
    async with run_paper() as broker:
        tape = Tape(broker)
        async with broker.open_client(ACCOUNT, events.append) as client:
            await client.submit(order(), INSTRUMENT)
        tape.now += NANOS
        tape.tell()
        async with broker.open_client(ACCOUNT, events.append) as client:
            fills = await client.fills(0)
            balances = await client.balances()

    assert events == []
    assert [fill.size for fill in fills] == [1]
    assert balances == {"btc": Decimal(1), "usdt": Decimal("-101.202")}


async def test_one_account_is_logged_in_once() -> None:
    broker = open_paper()
    async with broker.open_client(ACCOUNT, print):
        with pytest.raises(BrokerUnavailable, match="logged in already"):
            async with broker.open_client(ACCOUNT, print):
                pass


async def test_refuses_requests_in_markets_that_never_had_an_order() -> None:
    broker = open_paper()
    async with broker.open_client(ACCOUNT, print) as client:
        with pytest.raises(OrderRejected, match="no orders"):
            await client.cancel(order())


async def test_accounts_do_not_see_each_other(autojump_clock: trio.testing.MockClock) -> None:
    events: dict[str, list[OrderEvent]] = {"a": [], "b": []}
    async with run_paper() as broker:
        tape = Tape(broker)
        info = [AccountInfo(name=name, broker="paper") for name in events]
        async with (
            broker.open_client(info[0], events["a"].append) as first,
            broker.open_client(info[1], events["b"].append) as second,
        ):
            resting = order(account="a", order_type="limit", price=Decimal(90))
            await first.submit(resting, INSTRUMENT)
            await tape.advance(1.0)
            seen = await second.open_orders()
            await first.cancel(resting)
            await tape.advance(1.0)

    assert seen == ()
    assert [type(event) for event in events["a"]] == [Accepted, Canceled]
    assert events["b"] == []
