"""How large the next order is, from a position limit that is split in slots."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.accounting.allocate import (
    NO_EQUITY,
    Loading,
    Plan,
    Unit,
    after_order,
    allocate,
    largest_order,
    least_order,
    plan_of,
    slots_used,
)
from engine.accounting.positions import after_fill
from engine.errors import UsageError
from engine.instruments import Instrument
from engine.messages import AccountInfo, Position, Side
from tests.support.fills import CLOSE, CONTRACT, FLAT, INVERSE, LINEAR, MARKETS

WHOLE = replace(LINEAR, size_step=Decimal(1), min_size=Decimal(1), min_notional=Decimal(0))
"""A market of whole units."""

PRICE = Decimal(100)


def held(size: str, price: str = "100") -> Position:
    return replace(FLAT, size=Decimal(size), average_price=Decimal(price))


def units(limit: int, loading: Loading = "even", slots: int = 4) -> Plan:
    return Plan(limit=Decimal(limit), unit="units", slots=slots, loading=loading)


def walk(
    plan: Plan, side: Side, start: Position, market: Instrument = WHOLE, price: Decimal = PRICE
) -> list[Decimal]:
    """The sizes of one order after the other until there is none."""
    sizes, position = [], start
    peak = abs(start.size)
    for _ in range(50):
        size = allocate(plan, position, side, price, market, peak=peak).size
        if not size:
            break
        sizes.append(size)
        position = after_fill(position, side, size, price, market)
        if sizes and not position.size:
            break
    return sizes


# -- entries -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loading", "sizes"),
    [("even", [100, 100, 100, 100]), ("front", [160, 120, 80, 40]), ("back", [40, 80, 120, 160])],
)
def test_entries_take_a_slot_each_until_the_limit(loading: Loading, sizes: list[int]) -> None:
    assert walk(units(400, loading), "buy", FLAT) == sizes
    assert walk(units(400, loading), "sell", FLAT) == sizes


def test_a_limit_in_currency_is_counted_at_the_price() -> None:
    plan = Plan(limit=Decimal(1000))

    assert allocate(plan, FLAT, "buy", PRICE, LINEAR).size == Decimal("2.5")
    assert allocate(plan, FLAT, "buy", Decimal(333), LINEAR).size == Decimal("0.750")
    assert allocate(plan, FLAT, "sell", PRICE, CONTRACT).size == Decimal("0.05")


def test_an_inverse_contract_takes_its_currency_whatever_the_price() -> None:
    assert allocate(Plan(limit=Decimal(1000)), FLAT, "buy", PRICE, INVERSE).size == 25
    assert allocate(Plan(limit=Decimal(1000)), FLAT, "buy", Decimal(7), INVERSE).size == 25


def test_a_limit_in_percent_is_of_equity() -> None:
    plan = Plan(limit=Decimal(10), unit="percent")

    assert allocate(plan, FLAT, "buy", PRICE, LINEAR, equity=Decimal(10_000)).size == Decimal("2.5")
    unknown = allocate(plan, FLAT, "buy", PRICE, LINEAR)
    assert (unknown.size, unknown.reason) == (0, NO_EQUITY)
    assert allocate(plan, FLAT, "buy", PRICE, LINEAR, equity=Decimal(-5)).size == 0


def test_what_is_used_is_what_was_paid() -> None:
    """Of 1,000, 900 were paid; that they are worth 450 now frees nothing."""
    found = allocate(Plan(limit=Decimal(1000)), held("9", "100"), "buy", Decimal(50), LINEAR)

    assert (found.size, found.slot) == (2, 4)


def test_working_entries_are_used_too() -> None:
    plan = units(400)

    assert allocate(plan, held("100"), "buy", PRICE, WHOLE, reserved=Decimal(250)).size == 50
    full = allocate(plan, held("100"), "buy", PRICE, WHOLE, reserved=Decimal(300))
    assert full.size == 0
    assert full.reason.startswith("the position limit is used up")


def test_a_position_above_the_limit_takes_nothing_more() -> None:
    assert allocate(units(400), held("500"), "buy", PRICE, WHOLE).size == 0
    assert allocate(units(400), held("-500"), "sell", PRICE, WHOLE).size == 0


def test_a_slot_below_the_least_order_is_the_least_order() -> None:
    """Five usdt at least: 0.05 at 100."""
    found = allocate(Plan(limit=Decimal(10)), FLAT, "buy", PRICE, LINEAR)

    assert found.size == Decimal("0.05")
    assert allocate(Plan(limit=Decimal(4)), FLAT, "buy", PRICE, LINEAR) == replace(
        found, size=Decimal(0), reason="the least order is 0.050, and 0.040 is left"
    )


def test_no_order_is_larger_than_the_market_takes() -> None:
    market = replace(LINEAR, max_size=Decimal(2), max_notional=Decimal(150))

    assert allocate(Plan(limit=Decimal(4000)), FLAT, "buy", PRICE, market).size == Decimal("1.5")
    assert (least_order(PRICE, market), largest_order(PRICE, market)) == (
        Decimal("0.05"),
        Decimal("1.5"),
    )
    assert largest_order(PRICE, replace(LINEAR, max_size=None)) is None


def test_thirds_are_whole_where_they_can_be() -> None:
    assert walk(units(9, slots=3), "buy", FLAT) == [3, 3, 3]


def test_rounding_to_steps_does_not_make_two_slots_of_one() -> None:
    plan = Plan(limit=Decimal(1000), loading="front")
    first = allocate(plan, FLAT, "buy", Decimal(333), LINEAR)
    position = after_fill(FLAT, "buy", first.size, Decimal(333), LINEAR)

    assert (first.size, first.slot) == (Decimal("1.201"), 1)
    assert allocate(plan, position, "buy", Decimal(333), LINEAR).slot == 2


def test_a_market_at_zero_has_nothing_to_count_with() -> None:
    found = allocate(Plan(limit=Decimal(10)), FLAT, "buy", Decimal(0), LINEAR)

    assert (found.size, found.reason) == (0, "there is no price to count at")


# -- exits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loading", "sizes"),
    [("even", [100, 100, 100, 100]), ("front", [160, 120, 80, 40]), ("back", [40, 80, 120, 160])],
)
def test_exits_give_back_a_slot_each(loading: Loading, sizes: list[int]) -> None:
    assert walk(units(400, loading), "sell", held("400")) == sizes
    assert walk(units(400, loading), "buy", held("-400")) == sizes


@pytest.mark.parametrize(("size", "first"), [("149", 149), ("150", 100), ("100", 100), ("30", 30)])
def test_a_rest_of_less_than_one_and_a_half_slots_goes_at_once(size: str, first: int) -> None:
    assert allocate(units(400), held(size), "sell", PRICE, WHOLE).size == first


def test_a_position_above_its_limit_is_split_by_what_it_is() -> None:
    assert walk(units(400), "sell", held("1000")) == [250, 250, 250, 250]


def test_exits_are_slotted_in_units_whatever_the_price_is_now() -> None:
    plan, position = Plan(limit=Decimal(1000)), held("10", "100")

    for price in (Decimal(50), Decimal(100), Decimal(400)):
        assert allocate(plan, position, "sell", price, LINEAR).size == Decimal("2.5")


def test_an_exit_needs_no_equity() -> None:
    plan = Plan(limit=Decimal(10), unit="percent")

    assert allocate(plan, held("8"), "sell", PRICE, LINEAR).size == 2


def test_what_works_already_cannot_be_sold_twice() -> None:
    plan = units(400)

    assert allocate(plan, held("100"), "sell", PRICE, WHOLE, reserved=Decimal(40)).size == 60
    none = allocate(plan, held("100"), "sell", PRICE, WHOLE, reserved=Decimal(100))
    assert (none.size, none.is_exit) == (0, True)
    assert none.reason == "all that is held is in working orders"


def test_an_exit_leaves_nothing_that_could_not_be_sold() -> None:
    market = replace(WHOLE, min_size=Decimal(30))

    assert allocate(units(100, "front"), held("100"), "sell", PRICE, market).size == 40
    assert allocate(units(200, slots=2), held("120"), "sell", PRICE, market).size == 120
    assert allocate(units(40, slots=4), held("40"), "sell", PRICE, market).size == 40


def test_what_is_less_than_the_least_order_stays_and_that_is_said() -> None:
    found = allocate(units(10), held("0.01"), "sell", PRICE, LINEAR)

    assert found.size == 0
    assert found.reason == "the least order is 0.050, and 0.010 is left"


def test_a_last_unit_can_be_sold_where_units_are_whole() -> None:
    assert allocate(units(1, slots=4), held("1"), "sell", PRICE, WHOLE).size == 1


# -- slots ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loading", "size", "slots"),
    [("even", "250", "2.5"), ("front", "160", "1"), ("front", "220", "1.5"), ("back", "40", "1"),
     ("even", "-400", "4"), ("even", "500", "5"), ("even", "0", "0")],
)  # fmt: skip
def test_slots_used_are_counted_in_parts(loading: Loading, size: str, slots: str) -> None:
    position = held(size) if Decimal(size) else FLAT

    assert slots_used(units(400, loading), position, WHOLE) == Decimal(slots)


def test_slots_of_a_limit_that_is_not_known_are_not_known() -> None:
    plan = Plan(limit=Decimal(10), unit="percent")

    assert slots_used(plan, held("1"), LINEAR) is None
    assert slots_used(plan, held("1"), LINEAR, Decimal(2000)) == 2
    assert slots_used(plan, held("1"), LINEAR, Decimal(0)) == 4


def test_a_plan_is_what_the_account_says() -> None:
    account = AccountInfo(name="a", broker="sim", slots=5, max_position_notional=Decimal(100))

    assert plan_of(account) == Plan(limit=Decimal(100), slots=5)
    assert plan_of(replace(account, max_position_notional=None)) is None


def test_what_the_slots_share_may_be_another_limit_than_that_of_the_position() -> None:
    account = AccountInfo(
        name="a",
        broker="sim",
        slots=3,
        max_position_notional=Decimal(100),
        position_limit=Decimal(20),
        limit_unit="percent",
        loading="front",
    )

    assert plan_of(account) == Plan(limit=Decimal(20), unit="percent", slots=3, loading="front")


@pytest.mark.parametrize(
    "wrong", [{"limit": Decimal(0)}, {"limit": Decimal("NaN")}, {"limit": Decimal(1), "slots": 0}]
)
def test_a_plan_that_leaves_nothing_to_trade_is_refused(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(UsageError):
        Plan(**wrong)  # type: ignore[arg-type]


# -- after an order ------------------------------------------------------------------------------


def test_after_an_order_there_is_an_average_a_breakeven_and_slots() -> None:
    plan = Plan(limit=Decimal(1000))
    before = replace(held("2", "100"), entry_fees={"usdt": Decimal("0.4")})
    found = after_order(before, "buy", Decimal(2), Decimal(110), LINEAR, plan=plan)

    assert (found.position.size, found.position.average_price) == (4, 105)
    assert found.fee == Decimal("0.44")
    assert found.slots_used == Decimal("1.68")
    expected = (105 + Decimal("0.84") / 4) / (1 - LINEAR.taker_fee)
    assert found.breakeven.price is not None
    assert abs(found.breakeven.price - expected) < CLOSE


def test_after_an_order_that_closes_there_is_nothing_to_break_even_with() -> None:
    found = after_order(held("2"), "sell", Decimal(2), Decimal(110), LINEAR)

    assert (found.position.size, found.breakeven.price, found.slots_used) == (0, None, None)
    assert found.position.realised == 20


def test_no_order_changes_nothing() -> None:
    assert after_order(held("2"), "buy", Decimal(0), PRICE, LINEAR).position == held("2")


# -- for all plans -------------------------------------------------------------------------------

PLANS = st.builds(
    lambda limit, unit, slots, loading: Plan(limit=limit, unit=unit, slots=slots, loading=loading),
    st.decimals(min_value="0.1", max_value="5000", places=2),
    st.sampled_from(["units", "currency", "percent"]),
    st.integers(min_value=1, max_value=9),
    st.sampled_from(["even", "front", "back"]),
)
SIZES = st.decimals(min_value="-50", max_value="50", places=3)
PRICES = st.decimals(min_value="0.01", max_value="2000", places=2)
BOUNDED = st.builds(
    lambda market, least, largest, notional: replace(
        market,
        min_size=least,
        max_size=largest,
        min_notional=notional,
        max_notional=notional * 40 + 1000,
    ),
    st.sampled_from(MARKETS),
    st.decimals(min_value="0.001", max_value="1", places=3),
    st.decimals(min_value="2", max_value="40", places=3),
    st.decimals(min_value="0", max_value="20", places=1),
)
EQUITY = Decimal(3000)


def limit_of(plan: Plan) -> Decimal:
    return plan.limit * EQUITY / 100 if plan.unit == "percent" else plan.limit


def measured(unit: Unit, size: Decimal, price: Decimal, market: Instrument) -> Decimal:
    return abs(size) if unit == "units" else abs(market.notional(price, size))


@given(PLANS, SIZES, PRICES, PRICES, BOUNDED, st.sampled_from(["buy", "sell"]),
       st.decimals(min_value="0", max_value="30", places=3))  # fmt: skip
def test_every_size_is_one_that_the_market_takes_and_that_fits(
    plan: Plan, size: Decimal, paid: Decimal, price: Decimal, market: Instrument, side: Side,
    reserved: Decimal,
) -> None:  # fmt: skip
    position = held(str(size), str(paid)) if size else FLAT
    found = allocate(plan, position, side, price, market, equity=EQUITY, reserved=reserved)

    assert bool(found.size) == (not found.reason)
    assert found.is_exit == (size != 0 and (size > 0) == (side == "sell"))
    if not found.size:
        return
    largest = largest_order(price, market)
    assert largest is not None
    assert market.is_on_step(found.size)
    assert least_order(price, market) <= found.size <= largest
    assert market.min_size <= found.size
    assert abs(market.notional(price, found.size)) >= market.min_notional
    if found.is_exit:
        assert found.size <= abs(size) - reserved
    else:
        used = measured(plan.unit, size, paid, market) + measured(
            plan.unit, reserved + found.size, price, market
        )
        assert used <= limit_of(plan) + CLOSE


@given(PLANS, PRICES, st.sampled_from(MARKETS), st.sampled_from(["buy", "sell"]))
def test_entries_one_after_the_other_fill_the_limit(
    plan: Plan, price: Decimal, market: Instrument, side: Side
) -> None:
    market = replace(market, max_size=None, min_notional=Decimal(0))
    assume(plan.unit != "percent")
    slot = limit_of(plan) / (plan.slots * (plan.slots + 1))
    assume(measured(plan.unit, market.size_step * 4, price, market) < slot)
    sizes = walk(plan, side, FLAT, market, price)
    used = measured(plan.unit, sum(sizes, Decimal(0)), price, market)

    # What rounding leaves of each slot may come to one small order more.
    assert plan.slots <= len(sizes) <= plan.slots + 2
    assert limit_of(plan) - used < measured(plan.unit, market.size_step, price, market)


@given(PLANS, SIZES, PRICES, st.sampled_from(MARKETS))
def test_exits_one_after_the_other_end_at_zero(
    plan: Plan, size: Decimal, price: Decimal, market: Instrument
) -> None:
    market = replace(market, max_size=None, min_notional=Decimal(0))
    assume(size and plan.unit != "percent")
    sizes = walk(plan, "sell" if size > 0 else "buy", held(str(size), str(price)), market, price)

    assert sum(sizes, Decimal(0)) == abs(size)
    # Slots of few steps lose much by rounding, and take more orders.
    if abs(size) >= market.size_step * 4 * plan.slots * (plan.slots + 1):
        assert len(sizes) <= plan.slots + 2


@given(PLANS, SIZES, PRICES, st.sampled_from(MARKETS))
def test_slots_used_agree_with_the_share_of_the_limit(
    plan: Plan, size: Decimal, price: Decimal, market: Instrument
) -> None:
    position = held(str(size), str(price)) if size else FLAT
    used = slots_used(plan, position, market, EQUITY)
    share = measured(plan.unit, size, price, market) / limit_of(plan)

    assert used is not None
    if plan.loading == "even" or share >= 1:
        assert abs(used - share * plan.slots) < CLOSE * max(1, used)
    else:
        assert 0 <= used <= plan.slots
        assert (used >= share * plan.slots - CLOSE) == (plan.loading == "back") or abs(
            used - share * plan.slots
        ) < CLOSE
