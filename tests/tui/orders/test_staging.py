"""Staged values: prices on ticks, sizes on steps, previews that add up."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.instruments import Instrument
from engine.messages import AccountInfo, Amend, Order, OrderState, Position, SetAlert, Submit
from tests.support.desk import ACME, BTC, CL, ES, PAPER, QUOTES, SIM
from tui.orders import staging
from tui.orders.staging import Sizing, Staged

D = Decimal
INSTRUMENTS = (BTC, ACME, ES, CL)


def _staged(**fields: object) -> Staged:
    known: dict[str, object] = {
        "kind": "order",
        "intent_id": "id1",
        "fqme": BTC.fqme,
        "price": D("63990.00"),
        "size": D("0.5"),
        "account": "sim",
    }
    return Staged(**{**known, **fields})  # type: ignore[arg-type]


def _order(**fields: object) -> Order:
    known: dict[str, object] = {
        "order_id": "o1",
        "account": "sim",
        "fqme": BTC.fqme,
        "side": "buy",
        "order_type": "limit",
        "size": D("0.5"),
        "price": D("63000.00"),
        "state": OrderState.OPEN,
    }
    return Order(**{**known, **fields})  # type: ignore[arg-type]


def _preview(staged: Staged, held: str = "0", average: str | None = None) -> staging.Preview:
    position = Position(
        account="sim",
        fqme=BTC.fqme,
        size=D(held),
        average_price=D(average) if average else None,
    )
    return staging.preview(staged, BTC, QUOTES[BTC.fqme], position=position, account=SIM)


# -- commands -----------------------------------------------------------------------------------


def test_a_live_limit_order_carries_its_price_and_no_trigger() -> None:
    command = staging.command_of(_staged(route="live"))

    assert command == Submit(
        order_id="id1",
        account="sim",
        fqme=BTC.fqme,
        side="buy",
        order_type="limit",
        size=D("0.5"),
        price=D("63990.00"),
        route="live",
    )


def test_a_dark_order_carries_a_trigger_and_gets_its_limit_when_that_is_touched() -> None:
    command = staging.command_of(_staged(route="dark"))

    assert isinstance(command, Submit)
    assert (command.price, command.trigger_price) == (None, D("63990.00"))


def test_an_alert_is_set_at_its_price() -> None:
    command = staging.command_of(_staged(kind="alert", note="look"))

    assert command == SetAlert(alert_id="id1", fqme=BTC.fqme, price=D("63990.00"), note="look")


def test_an_amend_names_only_what_it_changes() -> None:
    amend = staging.staged_amend(_order())
    moved = staging.moved(amend, 3, BTC)

    assert not amend.is_changed
    assert moved.is_changed
    assert staging.command_of(moved) == Amend(order_id="o1", price=D("63000.03"))


def test_an_amend_of_what_is_held_dark_moves_its_trigger() -> None:
    dark = _order(price=None, trigger_price=D("62000.00"), state=OrderState.DARK, route="dark")
    moved = staging.moved(staging.staged_amend(dark), -1, BTC)

    wanted = Amend(order_id="o1", price=D("61999.99"), of_trigger=True)
    assert staging.command_of(moved) == wanted


# -- prices -------------------------------------------------------------------------------------


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from(INSTRUMENTS),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
    st.lists(st.integers(-(10**7), 10**7), max_size=8),
)
def test_a_price_is_always_on_a_tick_and_inside_the_limits(
    instrument: Instrument, start: float, steps: list[int]
) -> None:
    low, high = staging.price_bounds(instrument)
    staged = _staged(price=staging.fit_price(start, instrument))
    for step in steps:
        staged = staging.moved(staged, step, instrument)

        assert staged.price is not None
        assert instrument.is_on_tick(staged.price)
        assert low <= staged.price <= high


def test_a_price_stops_at_a_tick_above_zero_unless_the_market_goes_below() -> None:
    assert staging.moved(_staged(price=D("0.05")), -100, BTC).price == D("0.01")
    assert staging.moved(_staged(price=D("0.05")), -100, CL).price == D("-0.95")
    assert staging.moved(_staged(price=D("-99.00")), -1000, CL).price == D("-100.00")


def test_a_move_is_undone_by_the_move_back() -> None:
    staged = _staged()

    assert staging.moved(staging.moved(staged, 137, BTC), -137, BTC) == staged


# -- sizes --------------------------------------------------------------------------------------


def test_a_slot_is_the_position_limit_divided_by_the_slots() -> None:
    assert staging.slot_notional(PAPER) == D(2000)
    assert staging.slots_to_size(D(1), BTC, D(64000), PAPER) == D("0.03125")
    assert staging.slots_to_size(D(4), ACME, D(100), PAPER) == D(80)


def test_without_a_limit_a_slot_is_worth_the_default() -> None:
    assert staging.slot_notional(SIM) == staging.DEFAULT_SLOT_NOTIONAL
    assert staging.slots_to_size(D(2), ACME, D(100), None) == D(20)


def test_a_slot_worth_less_than_the_least_order_is_the_least_order() -> None:
    assert staging.slots_to_size(D(1), ES, D(5900), SIM) == D(1)
    assert staging.slots_to_size(D(1), BTC, D(10) ** 9, SIM) == D("0.00010")


def test_the_least_size_respects_step_size_and_notional() -> None:
    assert staging.least_size(ACME, D(100)) == D(1)
    assert staging.least_size(BTC, D(64000)) == D("0.00010")
    assert staging.least_size(BTC, D(10)) == D("0.50000")


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
    assert staging.unit_step(instrument, price, SIM) == D(step)


def test_digits_set_the_size_in_the_unit_that_is_set() -> None:
    sizing = Sizing(unit="units")
    for key in "0.25":
        sizing = staging.typed(sizing, key)

    assert sizing.typed == "0.25"
    assert staging.size_of(sizing, BTC, D(64000), SIM) == D("0.25000")

    slots = staging.typed(Sizing(unit="slots"), "3")
    assert staging.size_of(slots, ACME, D(100), SIM) == D(30)


def test_a_digit_after_the_number_is_done_begins_a_new_one() -> None:
    sizing = staging.typed(staging.untyped(staging.typed(Sizing(), "5")), "3")

    assert sizing.slots == 3


def test_no_size_is_one_slot_again_when_the_number_is_done() -> None:
    sizing = staging.untyped(staging.typed(Sizing(), "0"))

    assert sizing.slots == 1


def test_digits_can_be_taken_back_to_none() -> None:
    sizing = staging.erased(staging.typed(staging.typed(Sizing(), "4"), "2"))
    assert sizing.slots == 4

    sizing = staging.erased(sizing)
    assert sizing.slots == 0
    assert staging.size_of(sizing, ACME, D(100), SIM) == 0


def test_changing_the_unit_keeps_the_size() -> None:
    sizing = Sizing(unit="slots", slots=D(3))
    size = staging.size_of(sizing, ACME, D(100), SIM)
    in_units = staging.in_unit(sizing, "units", size)

    assert staging.size_of(in_units, ACME, D(100), SIM) == size
    assert staging.in_unit(in_units, "slots", size).slots == 3


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
    price = staging.fit_price(raw, instrument)
    sizing = Sizing()
    for key in keys:
        size = staging.size_of(sizing, instrument, price, account)
        if key in "+-":
            step = 1 if key == "+" else -1
            sizing = staging.stepped(sizing, step, instrument, price, account)
        elif key == "u":
            unit = "units" if sizing.unit == "slots" else "slots"
            sizing = staging.in_unit(sizing, unit, size)  # type: ignore[arg-type]
        elif key == "<":
            sizing = staging.erased(sizing)
        elif key == "!":
            sizing = staging.untyped(sizing)
        else:
            sizing = staging.typed(sizing, key)
        size = staging.size_of(sizing, instrument, price, account)

        assert size >= 0
        assert instrument.is_on_step(size)
        assert instrument.max_size is None or size <= instrument.max_size


# -- preview ------------------------------------------------------------------------------------


def test_a_preview_shows_value_distance_and_the_position_after_the_fill() -> None:
    preview = _preview(_staged(), held="0.5", average="64990.00")

    assert preview.notional == D("31995.000000")
    assert preview.distance == D("-10.01")
    assert preview.distance_ticks == -1001
    assert preview.distance_share is not None
    assert round(preview.distance_share, 6) == D("-0.000156")
    assert preview.position == D("1.0")
    assert preview.average_price == D("64490.00")
    assert preview.faults == ()


def test_a_preview_through_zero_opens_the_rest_at_the_price_of_the_order() -> None:
    preview = _preview(_staged(side="sell", size=D("0.8")), held="0.5", average="60000")

    assert preview.position == D("-0.3")
    assert preview.average_price == D("63990.00")


def test_an_alert_is_compared_with_the_last_price_and_moves_no_position() -> None:
    preview = _preview(_staged(kind="alert", price=D("64100.00")), held="0.5", average="60000")

    assert preview.distance_ticks == 10000
    assert preview.position is None


def test_a_preview_of_an_amend_counts_what_is_left() -> None:
    order = _order(size=D("0.5"), filled=D("0.2"), state=OrderState.PARTIAL)
    preview = _preview(staging.moved(staging.staged_amend(order), 1, BTC))

    assert preview.size == D("0.3")
    assert preview.position == D("0.3")


def test_faults_say_why_it_cannot_be_sent() -> None:
    filled = _order(filled=D("0.4"), state=OrderState.PARTIAL)
    shrunk = staging.staged_amend(filled)

    assert _preview(_staged(size=D(0))).faults == ("no size",)
    assert _preview(_staged(size=D("0.00005"))).faults == ("below the least size, 0.0001",)
    assert _preview(shrunk).faults == ("nothing is changed",)
    assert (
        "no size is left"
        in _preview(
            Staged(
                kind="amend",
                intent_id="o1",
                fqme=BTC.fqme,
                price=filled.price,
                size=D("0.3"),
                amended=filled,
            )
        ).faults
    )


def test_an_order_above_the_venues_largest_is_a_fault() -> None:
    capped = msgspec.structs.replace(BTC, max_notional=D(1000))
    preview = staging.preview(
        _staged(),
        capped,
        QUOTES[BTC.fqme],
        position=Position(account="sim", fqme=BTC.fqme),
        account=SIM,
    )

    assert preview.faults == ("above the largest order, 1 000.00",)


def test_warnings_say_what_may_be_overlooked() -> None:
    live = _staged(route="live", price=D("64000.01"))
    position = Position(account="paper", fqme=BTC.fqme)

    assert _preview(live).warnings == ("takes at once",)
    assert _preview(_staged(route="live", price=D("64000.01"), post_only=True)).warnings == (
        "would be rejected: post-only",
    )
    assert _preview(_staged(price=D("64000.01"))).warnings == ()
    over = staging.preview(
        _staged(), BTC, QUOTES[BTC.fqme], position=position, account=PAPER, is_stale=True
    )
    assert over.warnings == ("the market is stale", "above the position limit, 8 000.00")
