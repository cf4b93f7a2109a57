"""Orders at the embedded exchange, from command to position, through the whole engine."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from trio.testing import MockClock

from engine.ems.accounts import Account
from engine.ems.risk import PAPER_LIMITS
from engine.messages import AlgoUpdate, IcebergTerms, OrderState, SubmitAlgo
from tests.support.engine_rig import Rig, open_rig

BTC = "btcusdt.spot.sim"
D = Decimal


def accounts(*names: str) -> list[Account]:
    return [
        Account(name=name, broker="sim", serves=("sim",), limits=PAPER_LIMITS) for name in names
    ]


def inside(rig: Rig) -> str:
    """A price between bid and ask."""
    quote = rig.quote()
    assert quote.bid is not None
    return str(D(repr(quote.bid)) + D("0.1"))


async def opened(rig: Rig) -> str:
    """Watch the market until there is room between bid and ask; a price in there."""
    await rig.watch(BTC)

    def has_room() -> bool:
        quote = rig.quote()
        return quote.bid is not None and quote.ask is not None and quote.ask - quote.bid > 0.25

    await rig.until("room in the spread", has_room)
    return inside(rig)


async def test_an_iceberg_is_one_order_of_which_the_book_sees_a_part(
    mock_clock: MockClock,
) -> None:
    async with open_rig(mock_clock, accounts=accounts("sim", "other")) as rig:
        price = await opened(rig)
        terms = IcebergTerms(side="buy", size=D(1), price=D(price), shown=D("0.25"))
        rig.send(SubmitAlgo(algo_id="ice", account="sim", fqme=BTC, terms=terms))
        await rig.until("its order", lambda: "ice.part-1" in rig.orders)
        await rig.settle()

        order = rig.order("ice.part-1")
        assert (order.size, order.shown, order.state) == (1, D("0.25"), OrderState.OPEN)
        assert rig.told(AlgoUpdate)[-1].algo.is_native
        await rig.submit("sell", "1", account="other", price=price, time_in_force="fok")
        await rig.until("all of it", lambda: rig.order("ice.part-1").state is OrderState.FILLED)

        assert [fill.size for fill in rig.fills_of("ice.part-1")] == [D("0.25")] * 4
        assert rig.position("sim").size == 1
        assert rig.told(AlgoUpdate)[-1].algo.status == "done"


async def test_a_decremented_order_goes_on_with_the_size_that_is_left(
    mock_clock: MockClock,
) -> None:
    options = {"sim": {"self_trade": "decrement"}}
    async with open_rig(mock_clock, accounts=accounts("sim"), options=options) as rig:
        price = await opened(rig)
        maker = await rig.submit("buy", "0.5", account="sim", price=price)
        await rig.settle()
        taker = await rig.submit("sell", "0.2", account="sim", price=price)
        await rig.until("its end", lambda: rig.order(taker).state is OrderState.EXPIRED)

        assert rig.order(taker).reason == "self-trade prevention"
        left = rig.order(maker)
        assert (left.state, left.size, left.remaining) == (OrderState.OPEN, D("0.3"), D("0.3"))
        assert rig.fills == []


async def test_a_transfer_is_a_fill_without_fee_for_both_accounts(mock_clock: MockClock) -> None:
    options = {"sim": {"self_trade": "transfer", "trade_groups": {"one": "g", "two": "g"}}}
    async with open_rig(mock_clock, accounts=accounts("one", "two"), options=options) as rig:
        price = await opened(rig)
        await rig.submit("buy", "0.6", account="one", price=price)
        await rig.settle()
        taker = await rig.submit("sell", "0.2", account="two", price=price)
        await rig.until("its end", lambda: rig.order(taker).state is OrderState.FILLED)

        assert [(fill.size, fill.fee, fill.price) for fill in rig.fills] == [
            (D("0.2"), 0, D(price)),
            (D("0.2"), 0, D(price)),
        ]
        assert (rig.position("one").size, rig.position("two").size) == (D("0.2"), D("-0.2"))


@pytest.mark.parametrize(
    ("terms", "check"),
    [
        ({"size": "121"}, "market_max_size"),
        ({"size": "0.00001"}, "min_notional"),
    ],
)
async def test_what_the_venue_would_refuse_never_leaves(
    mock_clock: MockClock, terms: dict[str, str], check: str
) -> None:
    async with open_rig(mock_clock, accounts=accounts("sim")) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", terms["size"], account="sim")
        await rig.settle()

        assert rig.order(order_id).state is OrderState.DENIED
        assert rig.happened(order_id) == ["Denied"]
        assert rig.order(order_id).venue_order_id == ""


async def test_what_only_the_venue_knows_it_refuses_by_itself(mock_clock: MockClock) -> None:
    """The average of five minutes is the venue's: a price beyond its range is sent, and refused."""
    wide = Account(
        name="sim",
        broker="sim",
        serves=("sim",),
        limits=replace(PAPER_LIMITS, price_band_pct=D(99)),
    )
    async with open_rig(mock_clock, accounts=[wide]) as rig:
        await rig.watch(BTC)
        order_id = await rig.submit("buy", "1", account="sim", price="10000")
        await rig.until("an answer", lambda: rig.order(order_id).state is OrderState.REJECTED)

        assert "too far below the average price" in rig.order(order_id).reason
