"""Sizes: on steps, in slots of what is free or held, never across zero."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.accounting.allocate import NO_EQUITY
from engine.instruments import Instrument
from engine.messages import AccountInfo, Fill, OrderState, Position, Side, Submit
from tests.support.desk import ACME, BTC, CL, ES, PAPER, SIM, Bench
from tui.orders import sizing as sizes
from tui.orders.sizing import Sizing, Standing
from tui.orders.staging import fit_price

D = Decimal
INSTRUMENTS = (BTC, ACME, ES, CL)
ONE = Sizing()
"""One slot."""


def standing(held: str = "0", average: str | None = None, **fields: object) -> Standing:
    position = Position(
        account="paper",
        fqme=ACME.fqme,
        size=D(held),
        average_price=D(average) if average else D(100) if D(held) else None,
    )
    known: dict[str, object] = {"account": PAPER, "position": position}
    return Standing(**{**known, **fields})  # type: ignore[arg-type]


def size(sizing: Sizing, side: Side = "buy", **fields: object) -> Decimal:
    held = fields.pop("standing", standing())
    return sizes.size_of(sizing, side, ACME, D(100), held, **fields).size  # type: ignore[arg-type]


# -- sizes --------------------------------------------------------------------------------------


def test_a_slot_is_the_position_limit_divided_by_the_slots() -> None:
    assert sizes.slot_notional(PAPER) == D(2000)
    assert sizes.slots_to_size(D(1), BTC, D(64000), PAPER) == D("0.03125")
    assert sizes.slots_to_size(D(4), ACME, D(100), PAPER) == D(80)


def test_without_a_limit_a_slot_is_worth_the_default() -> None:
    assert sizes.slot_notional(SIM) == sizes.DEFAULT_SLOT_NOTIONAL
    assert sizes.slots_to_size(D(2), ACME, D(100), None) == D(20)


def test_a_slot_worth_less_than_the_least_order_is_the_least_order() -> None:
    assert sizes.slots_to_size(D(1), ES, D(5900), SIM) == D(1)
    assert sizes.slots_to_size(D(1), BTC, D(10) ** 9, SIM) == D("0.00010")


def test_the_least_size_respects_step_size_and_notional() -> None:
    assert sizes.least_size(ACME, D(100)) == D(1)
    assert sizes.least_size(BTC, D(64000)) == D("0.00010")
    assert sizes.least_size(BTC, D(10)) == D("0.50000")


@pytest.mark.parametrize(
    ("instrument", "price", "step"),
    [
        (BTC, D(64000), "0.001"),
        (ACME, D("101.5"), "1"),
        (ES, D(5900), "1"),
        (ACME, D("0.5"), "100"),
    ],
)
def test_a_unit_step_is_a_power_of_ten_of_steps_of_some_tenth_of_a_slot(
    instrument: Instrument, price: Decimal, step: str
) -> None:
    assert sizes.unit_step(instrument, price, SIM) == D(step)


def test_digits_set_the_size_in_the_unit_that_is_set() -> None:
    sizing = Sizing(unit="units")
    for key in "0.25":
        sizing = sizes.typed(sizing, key)

    assert sizing.typed == "0.25"
    assert sizes.size_of(sizing, "buy", BTC, D(64000), standing(account=SIM)).size == D("0.25000")

    slots = sizes.typed(Sizing(unit="slots"), "3")
    assert size(slots, standing=standing(account=SIM)) == D(30)


def test_a_digit_after_the_number_is_done_begins_a_new_one() -> None:
    sizing = sizes.typed(sizes.untyped(sizes.typed(Sizing(), "5")), "3")

    assert sizing.slots == 3


def test_no_size_is_one_slot_again_when_the_number_is_done() -> None:
    sizing = sizes.untyped(sizes.typed(Sizing(), "0"))

    assert sizing.slots == 1


def test_digits_can_be_taken_back_to_none() -> None:
    sizing = sizes.erased(sizes.typed(sizes.typed(Sizing(), "4"), "2"))
    assert sizing.slots == 4

    sizing = sizes.erased(sizing)
    assert sizing.slots == 0
    assert size(sizing, standing=standing(account=SIM)) == 0


def test_changing_the_unit_keeps_the_size() -> None:
    sizing = Sizing(unit="slots", slots=D(3))
    before = size(sizing, standing=standing(account=SIM))
    in_units = sizes.in_unit(sizing, "units", before)

    assert size(in_units, standing=standing(account=SIM)) == before
    assert sizes.in_unit(in_units, "slots", before).slots == 3


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from(INSTRUMENTS),
    st.decimals(-100, 500, places=2),
    st.sampled_from((SIM, PAPER, None)),
    st.lists(st.sampled_from([*"0123456789.", "+", "-", "u", "<", "!"]), max_size=25),
)
def test_any_keys_leave_a_size_on_a_step_and_not_above_the_largest(
    instrument: Instrument, raw: Decimal, account: AccountInfo | None, keys: list[str]
) -> None:
    price = fit_price(raw, instrument)
    sizing = Sizing()
    flat = Position(account="paper", fqme=instrument.fqme)
    held = Standing(account=account, position=flat)
    for key in keys:
        size = sizes.size_of(sizing, "buy", instrument, price, held).size
        if key in "+-":
            step = 1 if key == "+" else -1
            sizing = sizes.stepped(sizing, step, size, instrument, price, account)
        elif key == "u":
            unit = "units" if sizing.unit == "slots" else "slots"
            sizing = sizes.in_unit(sizing, unit, size)  # type: ignore[arg-type]
        elif key == "<":
            sizing = sizes.erased(sizing)
        elif key == "!":
            sizing = sizes.untyped(sizing)
        else:
            sizing = sizes.typed(sizing, key)
        size = sizes.size_of(sizing, "buy", instrument, price, held).size

        assert size >= 0
        assert instrument.is_on_step(size)
        assert instrument.max_size is None or size <= instrument.max_size


# -- slots of the position limit ------------------------------------------------------------------


def test_an_entry_takes_slots_of_what_is_free() -> None:
    assert size(ONE) == D(20)
    assert size(Sizing(slots=D(2))) == D(40)
    assert size(Sizing(slots=D(9))) == D(80)
    assert size(Sizing(slots=D("1.5"))) == D(30)
    assert size(ONE, standing=standing("70")) == D(10)


def test_what_works_already_is_as_if_it_were_done() -> None:
    assert size(Sizing(slots=D(4)), standing=standing(buying=D(60))) == D(20)

    full = sizes.size_of(ONE, "buy", ACME, D(100), standing(buying=D(80)))
    assert full.size == 0
    assert "the position limit is used up" in full.reason


@pytest.mark.parametrize(("loading", "wanted"), [("even", 20), ("front", 32), ("back", 8)], ids=str)
def test_the_first_slots_are_as_large_as_the_plan_says(loading: str, wanted: int) -> None:
    account = msgspec.structs.replace(PAPER, loading=loading)

    assert size(ONE, standing=standing(account=account)) == wanted


def test_a_limit_in_percent_needs_to_know_the_equity() -> None:
    account = msgspec.structs.replace(PAPER, position_limit=D(50), limit_unit="percent")
    poor = sizes.size_of(ONE, "buy", ACME, D(100), standing(account=account))
    assert (poor.size, poor.reason) == (0, NO_EQUITY)

    rich = msgspec.structs.replace(account, equity=D(8000))
    assert size(ONE, standing=standing(account=rich)) == D(10)
    assert sizes.slot_notional(rich) == D(1000)


def test_an_exit_gives_back_slots_of_what_is_held_and_never_more() -> None:
    held = standing("80")

    assert size(ONE, "sell", standing=held) == D(20)
    assert size(Sizing(slots=D(9)), "sell", standing=held) == D(80)
    assert size(ONE, "sell", standing=standing("80", selling=D(60))) == D(20)
    done = sizes.size_of(ONE, "sell", ACME, D(100), standing("80", selling=D(80)))
    assert (done.size, done.reason) == (0, "all that is held is in working orders")


def test_an_exit_needs_no_limit() -> None:
    assert size(ONE, "sell", standing=standing("40", account=SIM)) == D(10)
    broken = msgspec.structs.replace(PAPER, position_limit=D(0))
    assert size(ONE, "sell", standing=standing("40", account=broken)) > 0
    assert size(ONE, standing=standing(account=broken)) == 0


def test_slots_of_an_exit_are_of_the_most_that_was_held() -> None:
    account = msgspec.structs.replace(SIM, slots=4)

    assert size(ONE, "sell", standing=standing("80", account=account, peak=D(160))) == D(40)
    assert size(ONE, "sell", standing=standing("80", account=account)) == D(20)


def test_units_that_leave_are_no_more_than_are_held_unless_that_is_meant() -> None:
    units = Sizing(unit="units", units=D(50))
    held = standing("30", selling=D(10))
    cut = sizes.size_of(units, "sell", ACME, D(100), held)

    assert (cut.size, cut.reason) == (D(20), "no more is held than that")
    assert size(units, "sell", standing=held, reduces=False) == D(50)
    assert size(units, "buy", standing=held) == D(50)
    assert size(ONE, "sell", standing=held, reduces=False) == D(20)


def test_what_may_only_reduce_has_no_size_where_nothing_is_held() -> None:
    for sizing in (ONE, Sizing(unit="units", units=D(5))):
        none = sizes.size_of(sizing, "sell", ACME, D(100), standing(), reduces=True)
        assert (none.size, none.reason) == (0, "nothing is held that it could reduce")


def test_a_part_of_what_is_held_is_on_a_step() -> None:
    assert sizes.part_of_held(D("0.5"), "sell", ACME, standing("31")).size == D(15)
    assert sizes.part_of_held(D(1), "buy", ACME, standing("-31")).size == D(31)
    assert sizes.part_of_held(D("0.5"), "sell", ACME, standing("31", selling=D(25))).size == D(6)


def test_half_of_what_cannot_be_halved_is_nothing_and_says_why() -> None:
    sized = sizes.part_of_held(D("0.5"), "sell", ACME, standing("1"))

    assert sized == sizes.Sized(
        size=D(0), reason="that part of what is held is below the size step, 1"
    )


def test_slots_in_use_are_counted_where_there_is_a_limit() -> None:
    position = standing("40").position

    assert sizes.slots_taken(PAPER, position, ACME) == (D(2), 4)
    assert sizes.slots_taken(SIM, position, ACME) is None
    assert sizes.slots_taken(None, position, ACME) is None


@settings(deadline=None, derandomize=True)
@given(
    st.integers(-200, 200),
    st.lists(
        st.tuples(
            st.sampled_from(("buy", "sell")),
            st.sampled_from(("slots", "units")),
            st.integers(0, 12),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.sampled_from((SIM, PAPER)),
)
def test_exits_staged_one_after_the_other_never_cross_zero(
    held: int, presses: list[tuple[Side, str, int, bool]], account: AccountInfo
) -> None:
    buying, selling, filled = D(0), D(0), D(held)
    for side, unit, count, fills in presses:
        now = standing(str(filled), account=account, buying=buying, selling=selling)
        if not now.is_exit(side):
            continue
        sizing = Sizing(unit=unit, slots=D(count), units=D(count * 10))  # type: ignore[arg-type]
        wanted = size(sizing, side, standing=now)
        if fills:
            filled += wanted if side == "buy" else -wanted
        elif side == "buy":
            buying += wanted
        else:
            selling += wanted

        assert filled * held >= 0
        assert filled - selling >= 0 if held > 0 else filled + buying <= 0


# -- what stands in the market --------------------------------------------------------------------


def test_orders_of_the_account_and_market_are_reserved_those_that_are_linked_once() -> None:
    bench = Bench()
    for number, fields in enumerate(
        (
            {"side": "sell", "size": D(3), "filled": D(1), "state": OrderState.PARTIAL},
            {"side": "sell", "size": D(5), "link_group": "g"},
            {"side": "sell", "size": D(4), "link_group": "g"},
            {"side": "buy", "size": D(7), "state": OrderState.UNKNOWN},
            {"side": "sell", "size": D(9), "account": "paper"},
            {"side": "sell", "size": D(9), "state": OrderState.CANCELED},
        )
    ):
        bench.order(f"o{number}", **fields)
    now = sizes.standing_of(bench.state, SIM, BTC.fqme)

    assert (now.selling, now.buying) == (D(7), D(7))
    assert sizes.standing_of(bench.state, SIM, BTC.fqme, without="o3").buying == 0
    assert sizes.standing_of(bench.state, None, BTC.fqme).position.size == 0


def test_a_stop_and_a_target_may_each_leave_with_all_that_is_held() -> None:
    bench = Bench()
    bench.hold("9", "60000")
    only = {"side": "sell", "reduce_only": True}
    stop = {"order_type": "market", "trigger_direction": "down", "trigger_price": D(1)}
    bench.order("target", size=D(4), **only)
    bench.order("stop", size=D(9), **only, order_type="stop", price=None, stop_price=D(1))
    bench.order("held", size=D(2), **only, **stop, state=OrderState.DARK, route="dark", price=None)
    bench.order("free", size=D(1), side="sell")

    for_stop = sizes.standing_of(bench.state, SIM, BTC.fqme, for_type="trailing_stop")
    for_target = sizes.standing_of(bench.state, SIM, BTC.fqme, for_type="take_profit")
    assert (for_stop.selling, for_target.selling) == (D(12), D(5))

    sent = [
        Submit(order_id="s", account="sim", fqme=BTC.fqme, order_type="stop", size=D(3), **only)  # type: ignore[arg-type]
    ]
    at_market = sizes.standing_of(bench.state, SIM, BTC.fqme, sent=sent, for_type="market")
    assert at_market.selling == D(5)


def test_what_was_sent_and_is_not_told_of_yet_works_as_well() -> None:
    bench = Bench()
    bench.order("known", side="sell", size=D(3))
    sent = [
        Submit(
            order_id=name, account="sim", fqme=BTC.fqme, side=side, order_type="market", size=D(2)
        )
        for name, side in (("known", "sell"), ("new", "sell"), ("other", "buy"))
    ]
    now = sizes.standing_of(bench.state, SIM, BTC.fqme, sent=sent)

    assert (now.selling, now.buying) == (D(5), D(2))
    assert sizes.standing_of(bench.state, PAPER, BTC.fqme, sent=sent).selling == 0


def test_the_peak_is_the_largest_size_since_the_position_was_opened() -> None:
    def fill(side: Side, amount: int, **fields: object) -> Fill:
        known: dict[str, object] = {"account": "sim", "fqme": BTC.fqme}
        return Fill(
            order_id="o", trade_id="t", side=side, price=D(1), size=D(amount), **{**known, **fields}
        )

    fills = [
        fill("buy", 50),
        fill("sell", 50),
        fill("buy", 9),
        fill("buy", 70, fqme=ACME.fqme),
        fill("sell", 4),
        fill("buy", 1),
    ]
    held = Position(account="sim", fqme=BTC.fqme, size=D(6), average_price=D(1))

    assert sizes.peak_of(held, fills) == 9
    assert sizes.peak_of(held, []) == 6
    short = Position(account="sim", fqme=BTC.fqme, size=D(-3), average_price=D(1))
    assert sizes.peak_of(short, [fill("sell", 8), fill("buy", 5)]) == 8
