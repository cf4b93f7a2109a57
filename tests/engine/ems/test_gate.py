"""What the gate lets pass to a venue, and by which check it holds the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.broker import Capabilities
from engine.clock import NANOS
from engine.ems.accounts import Account
from engine.ems.blotter import Blotter
from engine.ems.gate import Gate, amended
from engine.ems.guards import Guards
from engine.ems.risk import RiskLimits
from engine.ems.usage import Usage
from engine.instruments import Instrument
from engine.messages import (
    Amend,
    AmendAlgo,
    BracketTerms,
    Break,
    CommandRefused,
    Order,
    OrderState,
    OrderUpdate,
    RequestRefused,
    SubmitAlgo,
)
from tests.support.orders import LIVE_LIMITS, AutojumpClock, hold, open_desk, opened
from tests.support.venue import EVERYTHING, FQME, INSTRUMENT, ScriptedMarkets

BRACKET = BracketTerms(
    side="buy",
    size=Decimal(1),
    price=Decimal(100),
    stop_price=Decimal("sNaN"),
    targets=((Decimal(105), Decimal(1)),),
)

# -- through the router ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"account": "nobody"}, "account"),
        ({"account": "other"}, "account"),
        ({"account": "narrow"}, "account"),
        ({"account": "bare"}, "limits"),
        ({"fqme": "nosuch.spot.test"}, "market"),
        ({"price": None}, "shape"),
        ({"size": Decimal("NaN")}, "size"),
        ({"size": Decimal("0.0005")}, "min_size"),
        ({"size": Decimal("1.0005")}, "size_step"),
        ({"size": Decimal(1001)}, "max_size"),
        ({"size": Decimal(11)}, "max_order_size"),
        ({"price": Decimal("100.001")}, "price_tick"),
        ({"price": Decimal("111")}, "price_band"),
        ({"size": Decimal("0.01")}, "min_notional"),
        ({"size": Decimal("10"), "price": Decimal("100.01")}, "max_order_notional"),
    ],
)
async def test_each_check_denies_with_its_name_and_nothing_is_sent(
    fields: dict[str, Any], check: str
) -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        order_id = desk.submit(**fields)
        await desk.router.wait_idle()

        denied = desk.denial(order_id)
        assert denied.check == check
        assert denied.reason
        assert denied.limit
        assert denied.value
        assert desk.order(order_id).state is OrderState.DENIED
        assert desk.venue.calls == []


@pytest.mark.parametrize("size", ["NaN", "sNaN"])
async def test_an_order_of_no_number_that_waits_for_its_account_stops_no_other(
    autojump_clock: AutojumpClock, size: str
) -> None:
    of_all = {"paper": RiskLimits(max_position=Decimal(5))}
    async with open_desk(all_limits=of_all) as desk:
        await hold(desk, "1")
        desk.submit("nonsense", size=Decimal(size), account="other")
        order_id = desk.submit()
        await desk.router.wait_idle()

        assert desk.order(order_id).state is OrderState.OPEN
        if size == "NaN":
            assert desk.denial("nonsense").check == "size"
        else:
            assert [refused.check for refused in desk.told(CommandRefused)] == ["number"]


@pytest.mark.parametrize(
    "command",
    [
        Amend(order_id="o1", price=Decimal("sNaN")),
        Amend(order_id="o1", size=Decimal("sNaN")),
        AmendAlgo(algo_id="b", terms=BRACKET),
        SubmitAlgo(algo_id="c", account="main", fqme=FQME, terms=BRACKET),
    ],
)
async def test_a_command_with_what_no_one_can_compare_is_refused(command: Any) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        good = replace(BRACKET, stop_price=Decimal(95))
        desk.router.handle(SubmitAlgo(algo_id="b", account="main", fqme=FQME, terms=good))
        await desk.router.wait_idle()
        before = desk.order(order_id)
        desk.router.handle(command)
        await desk.router.wait_idle()

        assert [refused.check for refused in desk.told(CommandRefused)] == ["number"]
        assert desk.order(order_id) == before


async def test_who_confirmed_an_order_in_a_stale_market_did_not_confirm_its_amends() -> None:
    limits = RiskLimits(stale_quote_s=5.0, on_stale="confirm")
    async with open_desk(limits=limits) as desk:
        desk.markets.now += 60 * 10**9
        order_id = desk.submit(accepts_stale=True)
        await desk.router.wait_idle()
        desk.router.handle(Amend(order_id=order_id, size=Decimal(50)))
        await desk.router.wait_idle()

        (refused,) = [
            update.event
            for update in desk.told(OrderUpdate)
            if isinstance(update.event, RequestRefused)
        ]
        assert refused.check == "stale_quote"
        assert desk.order(order_id).size == 1
        desk.router.handle(Amend(order_id=order_id, size=Decimal("0.5")))
        await desk.router.wait_idle()
        assert desk.order(order_id).size == Decimal("0.5")


@pytest.mark.parametrize(
    ("of_all", "state"),
    [
        (RiskLimits(stale_quote_s=5.0), OrderState.DENIED),
        (RiskLimits(stale_quote_s=5.0, on_stale="confirm"), OrderState.OPEN),
        (RiskLimits(), OrderState.OPEN),
    ],
)
async def test_an_account_that_asks_in_a_stale_market_does_not_loosen_the_limits_of_all(
    of_all: RiskLimits, state: OrderState
) -> None:
    limits = RiskLimits(stale_quote_s=5.0, on_stale="confirm")
    async with open_desk(limits=limits, all_limits={"paper": of_all}) as desk:
        desk.markets.now += 60 * 10**9
        order_id = desk.submit(accepts_stale=True)
        await desk.router.wait_idle()

        assert desk.order(order_id).state is state


async def test_open_orders_and_stale_data_are_denied() -> None:
    async with open_desk(limits=LIVE_LIMITS) as desk:
        for _ in range(3):
            await opened(desk)
        one_too_many = desk.submit()
        await desk.router.wait_idle()
        desk.markets.now += 6 * NANOS
        stale = desk.submit()
        await desk.router.wait_idle()

        assert desk.denial(one_too_many).check == "max_open_orders"
        denied = desk.denial(stale)
        assert (denied.check, denied.limit, denied.value) == ("stale_quote", "5 s", "6.0 s")


async def test_a_broken_stream_denies_until_it_resumes() -> None:
    async with open_desk() as desk:
        desk.tick(Break(FQME, "gap"))
        first = desk.submit()
        await desk.router.wait_idle()
        desk.tick(desk.trade(100.0))
        second = desk.submit()
        await desk.router.wait_idle()

        assert desk.denial(first).check == "stale_quote"
        assert desk.order(second).state is OrderState.OPEN


async def test_what_the_venue_cannot_do_is_denied_here() -> None:
    plain = Capabilities(
        can_trade=True,
        order_types=frozenset({"limit"}),
        times_in_force=frozenset({"gtc"}),
    )
    async with open_desk(capabilities=plain) as desk:
        ids = [
            desk.submit(order_type="market"),
            desk.submit(time_in_force="ioc"),
            desk.submit(post_only=True),
        ]
        order_id = await opened(desk)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(99)))
        await desk.router.wait_idle()

        assert [desk.denial(denied).check for denied in ids] == ["capability"] * 3
        refused = desk.told(OrderUpdate)[-1].event
        assert isinstance(refused, RequestRefused)
        assert refused.check == "capability"


# -- by itself ---------------------------------------------------------------------------------


class Door:
    """A gate over one account in one market at 99 / 101, and all that it is asked about."""

    def __init__(self, *orders: Order, instrument: Instrument = INSTRUMENT, **limits: Any) -> None:
        self.capabilities: Capabilities | None = EVERYTHING
        self.is_stale = False
        self.markets = ScriptedMarkets(instrument)
        self.blotter = Blotter()
        self.blotter.keep_instrument(instrument)
        for each in orders:
            self.blotter.add(each)
        accounts = {"main": Account(name="main", broker="test", limits=RiskLimits(**limits))}
        self.guards = Guards(accounts)
        self.gate = Gate(
            accounts=accounts,
            all_limits={},
            guards=self.guards,
            usage=Usage(
                blotter=self.blotter,
                quote_of=self.markets.quote_of,
                now_ns=lambda fqme: self.markets.now,
                wall_ns=lambda: self.markets.now,
            ),
            blotter=self.blotter,
            markets=self.markets,
            capabilities_of=lambda name: self.capabilities,
            is_stale=lambda fqme: self.is_stale,
            now_ns=lambda fqme: self.markets.now,
        )

    def amend(self, order: Order, price: str | None = None, size: str | None = None) -> str:
        """The check by which an amend is refused; empty if it passes."""
        terms = Amend(
            order_id=order.order_id,
            price=None if price is None else Decimal(price),
            size=None if size is None else Decimal(size),
        )
        refusal = self.gate.refuse_amend(order, replace(order, **amended(order, terms)), terms)
        return "" if refusal is None else refusal.check


def order(order_id: str = "o", **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "account": "main",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(1),
        "price": Decimal(100),
        "state": OrderState.OPEN,
    }
    return Order(order_id=order_id, **{**fields, **changes})


def test_an_amended_order_does_not_count_as_another_of_itself() -> None:
    resting = order()
    door = Door(resting, max_open_orders=1, max_position_notional=Decimal(150))

    assert door.amend(resting, price="101") == ""
    refusal = door.gate.refuse(order("second"))
    assert refusal is not None
    assert refusal.check == "max_open_orders"


@pytest.mark.parametrize(
    ("changes", "terms", "check"),
    [
        ({}, {"price": "99", "size": "2"}, ""),
        ({}, {}, ""),
        ({"state": OrderState.UNKNOWN}, {"price": "99"}, "state"),
        ({"awaiting": "cancel"}, {"price": "99"}, "state"),
        ({"awaiting": "amend"}, {"price": "99"}, ""),
        ({"order_type": "market", "price": None}, {"price": "99"}, "shape"),
        ({}, {"price": "99.001"}, "price_tick"),
        ({"filled": Decimal("0.4")}, {"size": "0.401"}, ""),
        ({"filled": Decimal("0.4")}, {"size": "0.4"}, "size"),
        ({"filled": Decimal("0.4")}, {"size": "0.3"}, "size"),
    ],
)
def test_an_amend_passes_only_what_the_order_can_become(
    changes: dict[str, Any], terms: dict[str, str], check: str
) -> None:
    resting = order(**changes)

    assert Door(resting).amend(resting, **terms) == check


def test_what_the_venue_cannot_amend_the_dark_book_can() -> None:
    live = order()
    dark = order("d", state=OrderState.DARK, route="dark", trigger_price=Decimal(105))
    door = Door(live, dark)
    door.capabilities = replace(EVERYTHING, can_amend=False)

    assert door.amend(live, price="99") == "capability"
    assert door.amend(dark, price="106") == ""


def test_nothing_passes_for_an_account_that_is_not_logged_in() -> None:
    resting = order()
    door = Door(resting)
    door.capabilities = None
    refusal = door.gate.refuse(order("new"))

    assert refusal is not None
    assert (refusal.check, refusal.limit) == ("account", "logged in")
    assert door.amend(resting, price="99") == "account"


def test_a_market_that_is_void_or_not_open_lets_nothing_pass() -> None:
    door = Door()
    door.is_stale = True
    void = door.gate.refuse(order())
    closed = door.gate.refuse(order(fqme="no\x1bsuch.spot.test"))

    assert void is not None
    assert void.check == "stale_quote"
    assert closed is not None
    assert (closed.check, closed.value) == ("market", "no\ufffdsuch.spot.test")


def test_an_amend_names_the_trigger_of_a_dark_order_and_the_limit_of_others() -> None:
    terms = Amend(order_id="o", price=Decimal(1), size=None)
    dark = order(state=OrderState.DARK)

    assert amended(order(), terms) == {"price": Decimal(1)}
    assert amended(dark, terms) == {"trigger_price": Decimal(1)}
    assert amended(dark, Amend(order_id="o", price=None, size=Decimal(3))) == {"size": Decimal(3)}
    assert amended(dark, Amend(order_id="o", price=None, size=None)) == {}


# -- the price that a touched order is sent with -----------------------------------------------


@pytest.mark.parametrize(
    ("side", "quote", "instrument", "price"),
    [
        ("buy", {"ask": 101.0}, {}, "101.05"),
        ("sell", {"bid": 99.0}, {}, "98.95"),
        ("buy", {"ask": 101.003}, {}, "101.06"),  # what is off the grid is rounded outwards
        ("sell", {"bid": 98.997}, {}, "98.94"),
        ("buy", {"ask": None}, {}, "105.05"),  # through what touched it
        ("sell", {"bid": None}, {}, "104.95"),
        ("buy", {"ask": 101.0}, {"max_price": Decimal("101.02")}, "101.02"),
        ("sell", {"bid": 99.0}, {"min_price": Decimal("98.99")}, "98.99"),
        ("sell", {"bid": 0.03}, {}, "0.01"),
        ("sell", {"bid": 0.03}, {"allows_negative_price": True}, "-0.02"),
    ],
)
def test_a_touched_order_goes_through_the_market_but_not_off_the_grid(
    side: str, quote: dict[str, Any], instrument: dict[str, Any], price: str
) -> None:
    door = Door(instrument=replace(INSTRUMENT, **instrument))
    door.markets.set_quote(FQME, **quote)

    through = door.gate.price_through(order(side=side, price=None), 105.0, 5)
    assert through == Decimal(price)


def test_a_touched_order_whose_market_is_gone_goes_through_what_touched_it() -> None:
    door = Door()
    del door.markets.quotes[FQME]

    assert door.gate.price_through(order(price=None), 105.0, 5) == Decimal("105.05")


def test_a_touched_order_keeps_its_own_price_and_a_market_order_has_none() -> None:
    door = Door()

    assert door.gate.price_through(order(), 105.0, 5) == 100
    market = order(order_type="market", price=None)
    assert door.gate.price_through(market, 105.0, 5) is None


# -- the venue's own names of its rules ----------------------------------------------------------


def as_binance() -> Instrument:
    rules = {"size_step": "LOT_SIZE", "min_notional": "NOTIONAL", "open_orders": "MAX_NUM_ORDERS"}
    return replace(INSTRUMENT, rules=rules, max_open_orders=2)


async def test_a_denial_names_the_rule_of_the_venue_that_the_order_does_not_keep() -> None:
    async with open_desk() as desk:
        desk.markets.instruments[FQME] = as_binance()
        off_step = desk.submit(size=Decimal("1.0005"))
        too_little = desk.submit(size=Decimal("0.001"))
        await opened(desk)
        await opened(desk)
        too_many = desk.submit()
        algo = BracketTerms(
            side="buy",
            size=Decimal("1.0005"),
            price=Decimal(100),
            stop_price=Decimal(95),
            targets=((Decimal(105), Decimal("1.0005")),),
        )
        desk.router.handle(SubmitAlgo(algo_id="A", account="main", fqme=FQME, terms=algo))
        await desk.router.wait_idle()

        step, worth = desk.denial(off_step), desk.denial(too_little)
        room = desk.denial(too_many)
        assert (step.check, step.reason[-11:]) == ("size_step", " (LOT_SIZE)")
        assert (worth.check, worth.reason[-11:]) == ("min_notional", " (NOTIONAL)")
        assert (room.check, room.limit, room.value) == ("open_orders", "2", "2")
        assert room.reason.endswith("(MAX_NUM_ORDERS)")
        assert desk.told(CommandRefused)[-1].reason.endswith("(LOT_SIZE)")


async def test_what_is_held_here_takes_no_room_at_the_venue() -> None:
    async with open_desk() as desk:
        desk.markets.instruments[FQME] = as_binance()
        await opened(desk)
        for number in range(3):
            price = Decimal(105 + number)
            desk.submit(route="dark", trigger_price=price, price=price)
        await desk.router.wait_idle()
        last = await opened(desk)

        assert [order.state for order in desk.router.working()].count(OrderState.DARK) == 3
        assert desk.order(last).state is OrderState.OPEN
