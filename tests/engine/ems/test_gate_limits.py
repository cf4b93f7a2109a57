"""Limits of markets, of all accounts together, and over time: each denies with its name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio

from engine.clock import NANOS
from engine.ems.days import DAY_NS
from engine.ems.limits import MarketLimits, RiskLimits
from engine.messages import Denied, Flatten, OrderState
from tests.support.orders import AutojumpClock, Desk, hold, open_desk, opened
from tests.support.venue import FQME, INSTRUMENT

D = Decimal


async def sent(desk: Desk, **fields: Any) -> Denied | None:
    """Why an order is denied; None if it passes."""
    order_id = desk.submit(**fields)
    await desk.router.wait_idle()
    if desk.order(order_id).state is not OrderState.DENIED:
        return None
    return desk.denial(order_id)


def said(denial: Denied | None) -> tuple[str, str, str] | None:
    return None if denial is None else (denial.check, denial.limit, denial.value)


# -- of a market -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "fields", "expected"),
    [
        ({"max_order_size": D(2)}, {"size": D(3)}, ("max_order_size", "2", "3")),
        ({"max_order_notional": D(150)}, {"size": D(2)}, ("max_order_notional", "150", "200")),
        ({"max_position": D(2)}, {"size": D(3)}, ("max_position", "2", "3")),
        (
            {"max_position_notional": D(150)},
            {"size": D(2)},
            ("max_position_notional", "150", "200"),
        ),
        ({"price_band_pct": D(5)}, {"price": D(90)}, ("price_band", "5 %", "10.0 %")),
        ({"max_open_orders": 0}, {}, ("max_open_orders", "0", "0")),
    ],
)
async def test_a_limit_of_a_market_counts_where_its_pattern_matches(
    limits: dict[str, Any], fields: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    of_market = MarketLimits(**limits)
    async with open_desk(limits=RiskLimits(markets={"eth*": of_market})) as desk:
        assert said(await sent(desk, **fields)) is None
    async with open_desk(limits=RiskLimits(markets={"BTC*.test": of_market})) as desk:
        assert said(await sent(desk, **fields)) == expected


async def test_the_account_and_every_pattern_have_to_be_passed() -> None:
    markets = {"*": MarketLimits(max_order_size=D(5)), "btc*": MarketLimits(max_order_size=D(9))}
    limits = RiskLimits(max_order_size=D(7), markets=markets)
    async with open_desk(limits=limits) as desk:
        assert said(await sent(desk, size=D(8))) == ("max_order_size", "7", "8")
        denial = await sent(desk, size=D(6))
        assert said(denial) == ("max_order_size", "5", "6")
        assert denial is not None
        assert denial.reason == "the order is larger than the account in * allows"
        assert await sent(desk, size=D(5)) is None


# -- of all accounts ---------------------------------------------------------------------------


async def test_accounts_together_have_limits_of_their_own() -> None:
    all_limits = {"paper": RiskLimits(max_position=D(3), max_open_orders=1)}
    async with open_desk(all_limits=all_limits) as desk:
        await hold(desk, "2")
        desk.venue.working.clear()
        denial = await sent(desk, size=D(2))
        assert said(denial) == ("max_position", "3", "4")
        assert denial is not None
        assert "all paper accounts" in denial.reason
        await opened(desk)
        assert said(await sent(desk, size=D("0.1"))) == ("max_open_orders", "1", "1")


async def test_limits_of_live_accounts_say_nothing_of_paper() -> None:
    async with open_desk(all_limits={"live": RiskLimits(max_open_orders=0)}) as desk:
        assert await sent(desk) is None


# -- over time ---------------------------------------------------------------------------------


async def test_so_many_orders_in_any_second(autojump_clock: AutojumpClock) -> None:
    async with open_desk(limits=RiskLimits(max_orders_per_second=2)) as desk:
        assert [await sent(desk), await sent(desk)] == [None, None]
        assert said(await sent(desk)) == ("max_orders_per_second", "2", "2")
        dark = desk.submit(route="dark", trigger_price=D(105), price=None)
        await desk.router.wait_idle()
        assert desk.order(dark).state is OrderState.DARK
        await trio.sleep(1)
        assert await sent(desk) is None


async def test_an_exit_does_not_wait_for_its_second() -> None:
    async with open_desk(limits=RiskLimits(max_orders_per_second=1)) as desk:
        await hold(desk, "1")
        desk.router.handle(Flatten(order_id="x", fqme=FQME, account="main"))
        await desk.router.wait_idle()

        assert desk.order("x").state is OrderState.OPEN


async def test_so_many_orders_in_a_day_also_over_a_restart() -> None:
    limits = RiskLimits(max_orders_per_day=2)
    async with open_desk(limits=limits) as before:
        await opened(before)
        await opened(before)
        assert said(await sent(before)) == ("max_orders_per_day", "2", "2")
    async with open_desk(limits=limits, before=before) as desk:
        assert said(await sent(desk, order_id="a")) == ("max_orders_per_day", "2", "2")
        desk.markets.now += DAY_NS
        desk.markets.set_quote()
        assert await sent(desk, order_id="b") is None


LOSS = RiskLimits(max_day_loss=D(10), loss_currency="USDT")


async def test_a_day_that_cost_too_much_takes_only_what_reduces() -> None:
    async with open_desk(limits=LOSS) as desk:
        await hold(desk, "2")
        desk.markets.set_quote(bid=95.0, ask=96.0, last=95.5)

        denial = await sent(desk)
        assert said(denial) == ("max_day_loss", "10 USDT", "10")
        assert await sent(desk, side="sell", price=D(96)) is None


async def test_what_was_realised_counts_over_a_restart_and_ends_with_the_day() -> None:
    async with open_desk(limits=LOSS) as before:
        await hold(before, "1")
        order_id = before.submit(order_type="market", side="sell")
        await before.router.wait_idle()
        before.venue.fill(order_id, "1", "85", fee="1")
        await before.router.wait_idle()
    async with open_desk(limits=LOSS, before=before) as desk:
        assert said(await sent(desk, order_id="a")) == ("max_day_loss", "10 USDT", "16")
        desk.markets.now += DAY_NS
        desk.markets.set_quote()
        assert await sent(desk, order_id="b") is None


async def test_a_cost_that_is_not_known_counts_as_too_high() -> None:
    limits = msgspec.structs.replace(LOSS, loss_currency="eur")
    async with open_desk(limits=limits) as desk:
        assert await sent(desk, size=D("0.1")) is None
        await hold(desk, "1")
        denial = await sent(desk)

        assert said(denial) == ("max_day_loss", "10 eur", "unknown")
        assert await sent(desk, side="sell", price=D(101)) is None


# -- hours and stale markets -------------------------------------------------------------------


async def test_no_order_goes_to_a_market_that_is_closed_but_exits() -> None:
    # The clock of these tests stands at 22:13 on a Tuesday.
    async with open_desk(limits=RiskLimits(hours="mon-fri 09:30-16:00")) as desk:
        assert said(await sent(desk)) == ("hours", "open", "closed")
    async with open_desk(limits=RiskLimits(hours="mon-fri 22:00-23:00")) as desk:
        assert await sent(desk) is None
        await hold(desk, "1")
        desk.markets.now += 3600 * NANOS
        desk.router.handle(Flatten(order_id="x", fqme=FQME, account="main"))
        await desk.router.wait_idle()
        assert desk.order("x").state is OrderState.OPEN


@pytest.mark.parametrize(
    ("session", "check"),
    [("24/7", ""), ("US equities", ""), ("mon-fri 09:30-16:00 America/New_York", "hours")],
)
async def test_a_market_may_say_its_hours_itself(session: str, check: str) -> None:
    async with open_desk() as desk:
        instrument = msgspec.structs.replace(INSTRUMENT, session=session)
        desk.markets.instruments[FQME] = instrument
        denial = await sent(desk)

        assert ("" if denial is None else denial.check) == check


@pytest.mark.parametrize(
    ("on_stale", "accepts", "check"),
    [
        ("block", False, "stale_quote"),
        ("block", True, "stale_quote"),
        ("confirm", False, "stale_quote"),
        ("confirm", True, ""),
    ],
)
async def test_a_stale_market_takes_what_a_person_confirmed_where_that_may_be(
    on_stale: Any, accepts: bool, check: str
) -> None:
    async with open_desk(limits=RiskLimits(stale_quote_s=5.0, on_stale=on_stale)) as desk:
        desk.markets.now += 6 * NANOS
        denial = await sent(desk, accepts_stale=accepts)

        assert ("" if denial is None else denial.check) == check
        if denial is not None:
            assert (denial.limit, denial.value) == ("5 s", "6.0 s")
            assert ("nobody confirmed" in denial.reason) is (on_stale == "confirm")


# -- amends ------------------------------------------------------------------------------------


async def test_less_of_an_order_is_always_let_through() -> None:
    from engine.messages import Amend, SetTradingState

    async with open_desk() as desk:
        order_id = await opened(desk, size=D(3))
        desk.router.handle(SetTradingState(state="reducing"))
        for size in (D(2), D(4)):
            desk.router.handle(Amend(order_id=order_id, size=size))
            await desk.router.wait_idle()

        assert desk.order(order_id).size == 2
        assert desk.venue.calls.count(("amend", order_id)) == 1
