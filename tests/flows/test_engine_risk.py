"""Every check between an intent and the venue denies, says why, and lets nothing out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from trio.testing import MockClock

from brokers.paper.broker import PaperBroker
from brokers.replay.tape import Played
from engine import ems
from engine.ems.accounts import Account
from engine.ems.journal import Intent
from engine.ems.risk import RiskLimits
from engine.messages import Denied, OrderState, OrderUpdate, RequestRefused
from tests.support.engine_rig import Rig, open_rig
from tests.support.tapes import MemoryTape, instrument, prices, quote

VENUE = "btcusdt.spot.binance"
BTC = "btcusdt.spot.replay"

MARKET = msgspec.structs.replace(
    instrument(VENUE),
    min_size=Decimal("0.01"),
    max_size=Decimal(50),
    min_price=Decimal(20),
    max_price=Decimal(500),
    min_notional=Decimal(5),
    max_notional=Decimal(4000),
)
"""Quoted 99 to 101, one tick 0.01, one step 0.001."""

NEW_ORDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # check: (limits of the account, terms of the order)
    "account": ({}, {"size": "1", "account": "nobody"}),
    "limits": ({}, {"size": "1", "account": "real"}),
    "market": ({}, {"size": "1", "fqme": "ethusdt.spot.replay"}),
    "shape": ({}, {"size": "1", "route": "dark"}),
    "size": ({}, {"size": "0"}),
    "min_size": ({}, {"size": "0.009"}),
    "max_size": ({}, {"size": "50.001"}),
    "size_step": ({}, {"size": "1.0005"}),
    "price": ({}, {"size": "1", "price": "-5"}),
    "price_tick": ({}, {"size": "1", "price": "99.005"}),
    "min_price": ({}, {"size": "1", "price": "19.99"}),
    "max_price": ({}, {"size": "1", "price": "500.01"}),
    "max_order_size": ({"max_order_size": Decimal(2)}, {"size": "2.001"}),
    "price_band": ({"price_band_pct": Decimal(5)}, {"size": "1", "price": "105.01"}),
    "min_notional": ({}, {"size": "0.04", "price": "99"}),
    "max_notional": ({}, {"size": "45"}),
    "max_order_notional": ({"max_order_notional": Decimal(300)}, {"size": "3"}),
    "max_position_notional": ({"max_position_notional": Decimal(300)}, {"size": "3"}),
    "max_open_orders": ({"max_open_orders": 0}, {"size": "1", "price": "90"}),
}

OTHERWISE = {
    "capability": "needs a venue that can do less than paper",
    "stale_quote": "needs a market that fell silent, or ended",
    "state": "needs an amend",
    "journal": "needs a disk without room",
    "trail": "needs a trailing order",
    "kill_switch": "needs a person: tests/engine/ems/test_guard_desk.py",
    "armed": "needs a live account: tests/engine/ems/test_guard_desk.py",
    "reduce_only": "needs a position: tests/engine/ems/test_exits.py",
    "hours": "needs a market with hours: tests/engine/ems/test_gate_limits.py",
    "price_range": "needs a venue with such a filter: tests/engine/ems/test_filters.py",
    "market_min_size": "tests/engine/ems/test_filters.py",
    "market_max_size": "tests/engine/ems/test_filters.py",
    "market_size_step": "tests/engine/ems/test_filters.py",
    "shown": "needs an order that shows a part: tests/engine/ems/test_shape.py",
    "iceberg_parts": "needs a venue with such a rule: tests/engine/ems/test_shape.py",
    "trail_range": "needs a venue with such a rule: tests/engine/ems/test_shape.py",
    "max_position": "tests/engine/ems/test_gate_limits.py",
    "max_orders_per_second": "tests/engine/ems/test_gate_limits.py",
    "max_orders_per_day": "tests/engine/ems/test_gate_limits.py",
    "max_day_loss": "tests/engine/ems/test_gate_limits.py",
    "quote": "an open market has a quote: it opens with one",
}
"""Checks that have a test of their own, or cannot be reached through the engine."""


def accounts(limits: Mapping[str, Any]) -> list[Account]:
    """A paper account with these limits, a live one without any, and one of a playback."""
    return [
        Account(name="paper", broker="paper", limits=RiskLimits(**limits)),
        Account(name="real", broker="paper", mode="live"),
        Account(name="watching", broker="replay"),
    ]


def standing(*more: Played) -> MemoryTape:
    """A market that stands still, and is quoted once a second for a minute."""
    messages = [
        *prices(VENUE, (0, 100)),
        *(quote(VENUE, second, 99, 101, 50) for second in range(1, 60)),
    ]
    return MemoryTape([*messages, *more], markets=[MARKET])


def paper(rig: Rig) -> PaperBroker:
    """The paper broker that runs in the engine."""
    (broker,) = (broker for broker in rig.engine.venues.running() if broker.name == "paper")
    return cast(PaperBroker, broker)


def at_the_venue(rig: Rig) -> list[str]:
    """Orders that the paper venue was ever told of."""
    return list(paper(rig).venue._orders)


def denials(rig: Rig) -> list[Denied]:
    return [update.event for update in rig.told(OrderUpdate) if isinstance(update.event, Denied)]


def refusals(rig: Rig) -> list[RequestRefused]:
    return [
        update.event for update in rig.told(OrderUpdate) if isinstance(update.event, RequestRefused)
    ]


@pytest.mark.parametrize("check", NEW_ORDERS)
async def test_an_order_is_denied_by(mock_clock: MockClock, check: str) -> None:
    limits, terms = NEW_ORDERS[check]
    async with open_rig(mock_clock, standing(), accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        order_id = await rig.submit("buy", **terms)
        await rig.advance(1.0)

        (denied,) = denials(rig)
        assert denied.check == check
        assert rig.order(order_id).state is OrderState.DENIED
        assert rig.order(order_id).reason
        assert at_the_venue(rig) == []
        # What was wanted and refused is on record all the same.
        entries = rig.entries()
        assert [type(entry) for entry in entries] == [Intent, Denied]


@pytest.mark.parametrize("check", [check for check in NEW_ORDERS if NEW_ORDERS[check][0]])
async def test_at_its_limit_an_order_passes(mock_clock: MockClock, check: str) -> None:
    """The same orders, a step smaller or nearer: it was that limit, and nothing else."""
    limits, _ = NEW_ORDERS[check]
    within: dict[str, dict[str, Any]] = {
        "max_order_size": {"size": "2"},
        "price_band": {"size": "1", "price": "105"},
        "max_order_notional": {"size": "2.97"},
        "max_position_notional": {"size": "2.97"},
        "max_open_orders": {"size": "1", "price": "90"},
    }
    if check == "max_open_orders":
        limits = {"max_open_orders": 1}
    async with open_rig(mock_clock, standing(), accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        order_id = await rig.submit("buy", **within[check])
        await rig.advance(1.0)

        assert denials(rig) == []
        assert at_the_venue(rig) == [order_id]


@pytest.mark.parametrize(
    ("lacks", "terms"),
    [
        ({"order_types": frozenset({"limit"})}, {}),
        ({"times_in_force": frozenset({"gtc"})}, {"price": "98", "time_in_force": "ioc"}),
        ({"can_post_only": False}, {"price": "98", "post_only": True}),
        ({"can_trade": False}, {}),
    ],
)
async def test_what_the_venue_cannot_do_is_denied(
    mock_clock: MockClock, lacks: dict[str, Any], terms: dict[str, Any]
) -> None:
    async with open_rig(mock_clock, standing(), accounts=accounts({})) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        paper(rig).capabilities = msgspec.structs.replace(paper(rig).capabilities, **lacks)
        await rig.submit("buy", "1", **terms)
        await rig.advance(1.0)

        assert [denied.check for denied in denials(rig)] == ["capability"]
        assert at_the_venue(rig) == []


async def test_what_the_venue_cannot_amend_is_not_amended(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, standing(), accounts=accounts({})) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        paper(rig).capabilities = msgspec.structs.replace(paper(rig).capabilities, can_amend=False)
        order_id = await rig.submit("buy", "1", price="98")
        await rig.advance(1.0)
        await rig.amend(order_id, price="97")
        await rig.advance(1.0)

        assert [refused.check for refused in refusals(rig)] == ["capability"]
        assert rig.order(order_id).price == 98


async def test_an_account_that_does_not_open_denies_its_orders(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, standing(), accounts=accounts({})) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        order_id = await rig.submit("buy", "1", account="watching")
        await rig.advance(1.0)

        assert [denied.check for denied in denials(rig)] == ["account"]
        assert "recording cannot be traded" in rig.order(order_id).reason


async def test_silence_denies_until_there_is_data_again(mock_clock: MockClock) -> None:
    tape = standing(quote(VENUE, 120, 99, 101, 50), quote(VENUE, 400, 99, 101))
    limits = {"stale_quote_s": 10.0}
    async with open_rig(mock_clock, tape, accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(68.0)
        fresh = await rig.submit("buy", "1")
        await rig.advance(2.0)
        late = await rig.submit("buy", "1")
        await rig.advance(51.0)
        again = await rig.submit("buy", "1")
        await rig.advance(1.0)

        states = [rig.order(order_id).state for order_id in (fresh, late, again)]
        assert states == [OrderState.FILLED, OrderState.DENIED, OrderState.FILLED]
        assert [denied.check for denied in denials(rig)] == ["stale_quote"]


async def test_the_end_of_the_data_denies(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, standing(), accounts=accounts({})) as rig:
        await rig.watch(BTC)
        await rig.advance(61.0)
        await rig.submit("buy", "1")

        assert [denied.check for denied in denials(rig)] == ["stale_quote"]


async def test_working_orders_count_towards_the_position(mock_clock: MockClock) -> None:
    limits = {"max_position_notional": Decimal(300)}
    async with open_rig(mock_clock, standing(), accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        await rig.submit("buy", "2", price="98")
        await rig.advance(1.0)
        too_much = await rig.submit("buy", "2", price="98")
        other_side = await rig.submit("sell", "2", price="103")
        await rig.advance(1.0)

        assert rig.order(too_much).state is OrderState.DENIED
        assert rig.order(other_side).state is OrderState.OPEN


async def test_what_takes_off_risk_passes_a_limit_that_is_exceeded(mock_clock: MockClock) -> None:
    messages = [
        *prices(VENUE, (0, 100)),
        *(quote(VENUE, second, 99, 101, 50) for second in range(1, 5)),
        *prices(VENUE, (5, 200), (6, 200), (60, 200)),
    ]
    limits = {"max_position_notional": Decimal(300)}
    tape = MemoryTape(messages, markets=[MARKET])
    async with open_rig(mock_clock, tape, accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        await rig.submit("buy", "2.5")
        await rig.advance(6.0)
        more = await rig.submit("buy", "0.1")
        less = await rig.submit("sell", "2")
        await rig.advance(1.0)

        assert rig.order(more).state is OrderState.DENIED
        assert rig.order(less).state is OrderState.FILLED


@pytest.mark.parametrize(
    ("terms", "check"),
    [
        ({"price": "98.005"}, "price_tick"),
        ({"price": "600"}, "max_price"),
        ({"size": "51"}, "max_size"),
        ({"size": "3.5"}, "max_order_notional"),
        ({"price": "94.9"}, "price_band"),
    ],
)
async def test_an_amend_is_checked_as_the_order_that_it_would_make(
    mock_clock: MockClock, terms: dict[str, str], check: str
) -> None:
    limits = {"max_order_notional": Decimal(300), "price_band_pct": Decimal(5)}
    async with open_rig(mock_clock, standing(), accounts=accounts(limits)) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        order_id = await rig.submit("buy", "1", price="98")
        await rig.advance(1.0)
        before = rig.order(order_id)
        await rig.amend(order_id, **terms)
        await rig.advance(1.0)

        assert [refused.check for refused in refusals(rig)] == [check]
        after = rig.order(order_id)
        assert (after.state, after.price, after.size) == (before.state, before.price, before.size)


async def test_an_order_that_is_being_canceled_is_not_amended(mock_clock: MockClock) -> None:
    async with open_rig(mock_clock, standing(), accounts=accounts({})) as rig:
        await rig.watch(BTC)
        await rig.advance(1.5)
        order_id = await rig.submit("buy", "1", price="98")
        await rig.advance(1.0)
        await rig.cancel(order_id)
        await rig.amend(order_id, price="97")
        await rig.advance(1.0)

        assert [refused.check for refused in refusals(rig)] == ["state"]
        assert rig.order(order_id).state is OrderState.CANCELED


async def test_an_order_cannot_shrink_below_what_is_filled(mock_clock: MockClock) -> None:
    tape = MemoryTape(prices(VENUE, (0, 100), (30, 100), size=2), markets=[MARKET])
    async with open_rig(mock_clock, tape, accounts=accounts({})) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "5", price="101")
        await rig.advance(1.0)
        assert rig.order(order_id).filled == 2
        await rig.amend(order_id, size="2")
        await rig.advance(1.0)

        assert [refused.check for refused in refusals(rig)] == ["size"]
        assert rig.order(order_id).size == 5


def test_every_check_is_tried() -> None:
    """A check that is added without a test here fails this one."""
    names: set[str] = set()
    for source in Path(ems.__file__ or "").parent.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        names |= set(re.findall(r'denied\(\s*\w+,\s*"(\w+)"', text))

    assert names == NEW_ORDERS.keys() | OTHERWISE.keys()
