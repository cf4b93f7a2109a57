"""A ticket: what is armed, staged and picked, and how the next order is sized and routed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.messages import AccountInfo, EngineFailed, OrderState, Quote
from tests.support.desk import ACME, BTC, PAPER, REAL, SIM, Bench
from tui.actions import BY_NAME
from tui.orders.sizing import SizeUnit
from tui.orders.staging import Staged
from tui.orders.ticket import Ticket, new_order_id
from tui.state import DeckState

D = Decimal


class Rig(Bench):
    """A ticket alone, on the same markets: it has nothing to send with."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.ticket = Ticket(
            self.state,
            notify=lambda text, level: self.said.append(f"{level}: {text}"),
            now=lambda: self.time,
            new_id=self._new_id,
            cursor_price=lambda: self.cursor,
            **options,  # type: ignore[arg-type]
        )

    @property
    def staged(self) -> Staged:
        assert self.ticket.staged is not None
        return self.ticket.staged

    def quote(self, **fields: float | None) -> None:
        """Give BTC another quote."""
        self.state.markets[BTC.fqme].quote = Quote(fqme=BTC.fqme, **fields)  # type: ignore[arg-type]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def armed(bench: Bench) -> Bench:
    bench.press("o")
    return bench


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.ticket.arm()
    rig.said.clear()
    return rig


# -- arming -------------------------------------------------------------------------------------


def test_the_deck_starts_disarmed_and_says_so(bench: Bench) -> None:
    assert not bench.desk.is_armed
    assert not bench.desk.summary().is_armed
    assert bench.desk.contexts == ()


def test_nothing_is_staged_while_disarmed(bench: Bench) -> None:
    bench.desk.stage("buy")
    bench.desk.stage_alert()

    assert bench.desk.staged is None
    assert bench.said == ["order mode is off: o arms it"] * 2


def test_leaving_order_mode_drops_what_is_staged(armed: Bench) -> None:
    armed.press("f", "o")

    assert not armed.desk.is_armed
    assert armed.desk.staged is None
    assert armed.sent == []


def test_escape_drops_what_is_staged_then_leaves_order_mode(armed: Bench) -> None:
    armed.press("f", "escape")
    assert armed.desk.staged is None
    assert armed.desk.is_armed

    armed.press("escape")
    assert not armed.desk.is_armed
    assert armed.sent == []


def test_arming_twice_changes_nothing(armed: Bench) -> None:
    revision = armed.desk.revision
    armed.desk.arm()

    assert armed.desk.revision == revision


@pytest.mark.parametrize(
    ("accounts", "said"),
    [((SIM, REAL), []), ((REAL, SIM), ["order mode armed on real: REAL MONEY"])],
    ids=["paper first", "real first"],
)
def test_arming_says_so_where_it_is_about_real_money(
    accounts: tuple[AccountInfo, ...], said: list[str]
) -> None:
    bench = Bench(accounts=accounts)
    bench.desk.arm()

    assert [text for text in bench.said if "REAL" in text] == said


def test_an_engine_that_is_gone_cannot_be_armed_for(bench: Bench) -> None:
    bench.state.fold(EngineFailed(reason="disk full"))
    bench.press("o")

    assert not bench.desk.is_armed
    assert bench.said == ["the engine is gone: disk full"]


def test_leaving_order_mode_lets_go_of_what_is_picked(rig: Rig) -> None:
    rig.order("o1")
    rig.ticket.pick(1)
    rig.ticket.disarm()
    rig.ticket.arm()

    assert rig.ticket.picked is None


# -- staging ------------------------------------------------------------------------------------


def test_a_buy_is_staged_at_the_bid_and_a_sell_at_the_ask(armed: Bench) -> None:
    armed.press("f")
    assert armed.desk.staged is not None
    assert armed.desk.staged.price == D("63999.99")

    armed.press("d")
    assert armed.desk.staged.price == D("64000.01")
    assert armed.sent == []


def test_brackets_jump_to_bid_and_ask(armed: Bench) -> None:
    armed.press("f", "ctrl+down", "right_square_bracket")
    assert armed.desk.staged is not None
    assert armed.desk.staged.price == D("64000.01")

    armed.press("left_square_bracket")
    assert armed.desk.staged.price == D("63999.99")


def test_a_click_moves_the_staged_line_and_does_nothing_without_one(armed: Bench) -> None:
    armed.desk.to_price(D("63000"))
    assert armed.desk.staged is None

    armed.press("f")
    armed.desk.to_price(63000.004)
    assert armed.desk.staged is not None
    assert armed.desk.staged.price == D("63000.00")


def test_a_one_sided_book_has_no_ask_to_jump_to(armed: Bench) -> None:
    market = armed.state.markets[BTC.fqme]
    market.quote = type(market.quote)(fqme=BTC.fqme, last=64000.0, bid=63999.99)
    armed.press("d", "right_square_bracket")

    assert armed.desk.staged is not None
    assert armed.desk.staged.price == D("64000.00")
    assert armed.said[-1] == "there is no ask"


def test_without_an_account_nothing_is_staged() -> None:
    bench = Bench(accounts=())
    bench.press("o", "f")

    assert bench.desk.staged is None
    assert bench.said[-1] == "no account trades btcusdt.spot.sim"


def test_what_is_staged_has_a_new_id_the_account_and_the_route() -> None:
    rig = Rig(route="live")
    rig.ticket.arm()
    rig.ticket.stage("sell")

    assert rig.staged == Staged(
        kind="order",
        intent_id="id1",
        fqme=BTC.fqme,
        price=D("64000.01"),
        side="sell",
        size=D("0.01562"),
        account="sim",
        route="live",
    )


def test_where_one_side_of_the_book_is_empty_the_last_price_is_taken(rig: Rig) -> None:
    rig.quote(last=64000.004)
    rig.ticket.stage("buy")
    assert rig.staged.price == D("64000.00")

    rig.ticket.stage("sell")
    assert rig.staged.price == D("64000.00")


def test_an_alert_is_staged_at_the_crosshair_or_at_the_last_price(rig: Rig) -> None:
    rig.ticket.stage_alert()
    assert (rig.staged.kind, rig.staged.price) == ("alert", D("64000.00"))

    rig.cursor = D("65000.50")
    rig.ticket.stage_alert()
    assert (rig.staged.intent_id, rig.staged.price) == ("id2", D("65000.50"))


def test_dropping_drops_the_staged_first_and_then_what_is_picked(rig: Rig) -> None:
    rig.order("o1")
    rig.ticket.pick(1)
    rig.ticket.move_price(1)
    assert rig.staged.kind == "amend"

    rig.ticket.unstage()
    assert rig.ticket.staged is None
    assert rig.ticket.picked is rig.state.orders["o1"]

    rig.ticket.unstage()
    assert rig.ticket.picked is None


def test_staging_lets_go_of_what_is_picked(rig: Rig) -> None:
    rig.order("o1")
    rig.ticket.pick(1)
    rig.ticket.stage("buy")

    assert rig.ticket.picked is None


def test_nothing_is_moved_where_nothing_is_staged_or_picked(rig: Rig) -> None:
    rig.ticket.move_price(5)
    rig.ticket.to_bid()
    rig.ticket.to_ask()

    assert rig.ticket.staged is None
    assert rig.said == []


@given(st.lists(st.integers(-500, 500), max_size=10))
def test_ticks_up_and_down_add_up(moves: list[int]) -> None:
    rig = Rig()
    rig.ticket.arm()
    rig.ticket.stage("buy")
    for ticks in moves:
        rig.ticket.move_price(ticks)

    assert rig.staged.price == D("63999.99") + sum(moves) * D("0.01")
    assert rig.staged.intent_id == "id1"


def test_another_market_drops_what_is_staged_and_says_for_which(rig: Rig) -> None:
    rig.ticket.stage("buy")
    rig.select(ACME.fqme)

    assert rig.ticket.staged is None
    assert rig.said == [f"info: dropped what was staged for {BTC.fqme}; nothing was sent"]


# -- seen -----------------------------------------------------------------------------------------


def test_everything_that_a_person_should_see_first_is_a_new_revision(rig: Rig) -> None:
    rig.order("o1")
    ticket = rig.ticket
    deeds = {
        "stage": lambda: ticket.stage("buy"),
        "move": lambda: ticket.move_price(1),
        "digit": lambda: ticket.type_digit("2"),
        "erase": ticket.erase_digit,
        "size": lambda: ticket.set_size(D(3)),
        "unit": ticket.toggle_size_unit,
        "route": ticket.toggle_route,
        "account": lambda: ticket.step_account(1),
        "drop": ticket.unstage,
        "pick": lambda: ticket.pick(1),
        "let go": ticket.unstage,
        "unsee": ticket.unsee,
    }
    for name, deed in deeds.items():
        before = ticket.revision
        deed()
        assert ticket.revision > before, name


def test_a_key_may_act_on_what_was_painted_long_enough_before_it(rig: Rig) -> None:
    rig.ticket.stage("buy")
    assert not rig.ticket._may_act(None)
    assert rig.said == [
        "warning: nothing done: it was not on the screen yet; look, then press again"
    ]

    rig.ticket.painted(rig.time)
    assert not rig.ticket._may_act(rig.time + 0.05)
    assert rig.ticket._may_act(rig.time + 0.5)
    rig.time += 1.0
    assert rig.ticket._may_act(None)


def test_the_first_repaint_counts_and_one_of_an_older_revision_does_not(rig: Rig) -> None:
    rig.ticket.stage("buy")
    drawn = rig.ticket.revision
    rig.ticket.move_price(1)
    rig.ticket.painted(1.0, drawn)
    assert not rig.ticket._may_act(50.0)

    rig.ticket.painted(50.0, rig.ticket.revision)
    rig.ticket.painted(99.0)
    assert rig.ticket._may_act(60.0)


def test_a_market_that_changed_between_drawing_and_painting_was_not_seen(rig: Rig) -> None:
    rig.ticket.stage("buy")
    drawn = rig.ticket.revision
    rig.select(ACME.fqme)
    rig.ticket.painted(1.0, drawn)

    assert not rig.ticket._may_act(50.0)


# -- sizes and routes ---------------------------------------------------------------------------


def test_moving_the_line_ends_the_number_being_typed(armed: Bench) -> None:
    armed.press("f", "2", "up", "3")

    assert armed.desk.sizing.slots == 3


def test_units_belong_to_their_market(armed: Bench) -> None:
    armed.press("u", "5")
    armed.select(ACME.fqme)
    assert armed.desk.contexts == ("order",)
    assert armed.desk.summary().size == "one slot"

    armed.select(BTC.fqme)
    assert armed.desk.summary().size == "5 BTC"


def test_a_size_can_be_set_in_either_unit(armed: Bench) -> None:
    armed.desk.set_size(D(2), "slots")
    armed.press("f")
    assert armed.desk.staged is not None
    assert armed.desk.staged.size == D("0.03125")

    armed.desk.set_size(D("0.4"), "units")
    assert armed.desk.staged.size == D("0.40000")


def test_a_digit_is_taken_back_only_while_a_number_is_typed(rig: Rig) -> None:
    rig.ticket.type_digit("2")
    rig.ticket.type_digit("5")
    rig.ticket.erase_digit()
    assert rig.ticket.sizing.typed == "2"

    rig.ticket.erase_digit()
    before = rig.ticket.revision
    rig.ticket.erase_digit()
    assert rig.ticket.revision == before


def test_changing_the_unit_keeps_the_size_of_what_is_staged(rig: Rig) -> None:
    rig.ticket.stage("buy")
    size = rig.staged.size
    rig.ticket.toggle_size_unit()

    assert (rig.ticket.sizing.unit, rig.staged.size) == ("units", size)
    rig.ticket.toggle_size_unit()
    assert rig.ticket.sizing.unit == "slots"


def test_the_route_is_for_what_is_staged_and_for_what_will_be(rig: Rig) -> None:
    rig.ticket.stage("buy")
    rig.ticket.toggle_route()
    assert rig.staged.route == "live"

    rig.ticket.stage("sell")
    assert rig.staged.route == "live"
    rig.ticket.toggle_route()
    assert rig.ticket.route == rig.staged.route == "dark"


def test_an_alert_has_no_route_to_change(rig: Rig) -> None:
    rig.ticket.stage_alert()
    alert = rig.staged
    rig.ticket.set_route("live")

    assert rig.ticket.route == "live"
    assert rig.staged == alert
    assert rig.said == []


def test_a_size_steps_by_slots_or_by_units_and_is_that_of_what_is_staged(rig: Rig) -> None:
    rig.ticket.stage("buy")
    rig.ticket.step_size(2)
    assert (rig.ticket.sizing.slots, rig.staged.size) == (3, D("0.04687"))

    rig.ticket.set_size(D("0.5"), "units")
    rig.ticket.step_size(-1)
    assert rig.staged.size < D("0.5")
    assert rig.ticket.sizing.units == rig.staged.size


@pytest.mark.parametrize(("unit", "size"), [("slots", "0.51562"), ("units", "0.50100")])
def test_the_size_of_a_picked_order_steps_in_the_unit_that_is_set(
    rig: Rig, unit: SizeUnit, size: str
) -> None:
    rig.order("o1", price=D("64000.00"))
    rig.ticket.set_size_unit(unit)
    sizing = rig.ticket.sizing
    rig.ticket.pick(1)
    rig.ticket.step_size(1)

    assert (rig.staged.kind, rig.staged.size) == ("amend", D(size))
    assert rig.ticket.sizing == sizing


def test_a_size_in_a_market_that_is_not_open_changes_nothing(rig: Rig) -> None:
    rig.select("xrp.spot.sim")
    before = rig.ticket.sizing
    rig.ticket.step_size(1)

    assert rig.ticket.sizing == before


# -- walking working orders -----------------------------------------------------------------------


def test_tab_walks_working_orders_and_alerts_of_the_market(armed: Bench) -> None:
    armed.order("o1")
    armed.order("o2", price=D("62000.00"))
    armed.order("elsewhere", fqme=ACME.fqme)
    armed.order("done", state=OrderState.FILLED)
    armed.alert("a1")
    seen = []
    for _ in range(4):
        armed.press("tab")
        picked = armed.desk.picked
        seen.append(getattr(picked, "order_id", None) or getattr(picked, "alert_id", None))

    assert seen == ["o1", "o2", "a1", "o1"]
    armed.press("shift+tab")
    assert armed.desk.picked is armed.state.alerts["a1"]


def test_shift_tab_begins_at_the_last(armed: Bench) -> None:
    armed.order("o1")
    armed.order("o2")
    armed.press("shift+tab")

    assert armed.desk.picked is armed.state.orders["o2"]


def test_sizing_an_amend_leaves_the_size_of_the_next_order_alone(armed: Bench) -> None:
    armed.order("o1")
    armed.press("2", "tab", "9", "escape", "escape")

    assert armed.desk.sizing.slots == 2


def test_an_amend_counts_in_slots_of_the_account_of_its_order(rig: Rig) -> None:
    rig.order("o1", account="paper")
    rig.ticket.pick(1)
    rig.ticket.step_size(1)
    stepped = rig.staged.size
    rig.ticket.type_digit("2")

    assert rig.ticket.account == SIM
    assert stepped == D("0.5") + D(2000) / 64000
    assert rig.staged.size == BTC.round_size(D(4000) / 63000)


def test_picking_drops_what_is_staged_and_says_so(armed: Bench) -> None:
    armed.order("o1")
    armed.press("f", "tab")

    assert armed.desk.staged is None
    assert armed.said[-1] == "dropped what was staged; nothing was sent"


def test_an_alert_and_a_stop_cannot_be_moved_and_say_so(armed: Bench) -> None:
    armed.order("o1", order_type="stop", price=None, stop_price=D("65000.00"))
    armed.alert("a1")
    armed.press("tab", "up")
    assert armed.said[-1].startswith("a stop at the venue stays where it is")

    armed.press("tab", "up")
    assert "an alert stays where it is" in armed.said[-1]
    assert armed.desk.staged is None


def test_an_order_that_is_done_is_picked_no_more(rig: Rig) -> None:
    rig.order("o1")
    rig.ticket.pick(1)
    assert rig.ticket.contexts == ("staged", "order")

    rig.order("o1", state=OrderState.FILLED)
    assert rig.ticket.picked is None
    assert rig.ticket.contexts == ("order",)


def test_where_nothing_works_nothing_is_picked_and_what_is_staged_stays(rig: Rig) -> None:
    rig.ticket.stage("buy")
    rig.ticket.pick(1)

    assert rig.ticket.picked is None
    assert rig.staged.side == "buy"
    assert rig.said == ["info: no working orders in this market"]


def test_picking_the_next_drops_an_amend_without_a_word(rig: Rig) -> None:
    rig.order("o1")
    rig.ticket.pick(1)
    rig.ticket.move_price(1)
    rig.ticket.pick(1)

    assert rig.ticket.staged is None
    assert rig.said == []


def test_actions_that_would_do_nothing_are_idle(rig: Rig) -> None:
    always = {"type_next", "close_half", "flatten", "reverse", "arm_account"}
    assert rig.ticket.idle == {"send", "cancel", "pick_next"} | always

    rig.alert("a1")
    assert rig.ticket.idle == {"send", "cancel"} | always
    rig.ticket.pick(1)
    assert rig.ticket.idle == always | {
        *("send", "price_up", "price_down", "price_to_bid", "price_to_ask"),
    }
    rig.order("o1")
    rig.ticket.pick(-1)
    assert rig.ticket.idle == {"send"} | always
    rig.ticket.move_price(1)
    assert rig.ticket.idle == always


def test_what_leaves_is_idle_while_nothing_is_held_and_arming_while_no_money_is_real(
    rig: Rig,
) -> None:
    rig.hold("1", "60000")
    rig.ticket.stage("buy")
    assert rig.ticket.idle == {"cancel", "pick_next", "arm_account"}

    rig.ticket.close_half()
    assert {"price_up", "price_to_bid", "route"} <= rig.ticket.idle

    real = Bench(accounts=(REAL,))
    assert "arm_account" not in real.desk.idle


# -- leaving --------------------------------------------------------------------------------------


def test_what_takes_from_a_position_is_staged_to_reduce_it_and_no_larger(rig: Rig) -> None:
    rig.hold("0.1", "60000", account="sim")
    rig.ticket.set_size(D(1), "units")
    rig.ticket.stage("sell")
    assert (rig.staged.size, rig.staged.reduce_only) == (D("0.10000"), True)

    rig.ticket.stage("buy")
    assert (rig.staged.size, rig.staged.reduce_only) == (D("1.00000"), False)


def test_a_second_exit_is_no_larger_than_what_the_first_one_leaves(rig: Rig) -> None:
    rig.hold("0.1", "60000", account="sim")
    rig.order("o1", side="sell", size=D("0.09"))
    rig.ticket.set_size(D(1), "units")
    rig.ticket.stage("sell")
    assert rig.staged.size == D("0.01")

    rig.order("o2", side="sell", size=D("0.01"))
    rig.ticket.stage("sell")
    assert rig.staged.size == 0
    preview = rig.ticket.preview()
    assert preview is not None
    assert preview.faults[0] == "no size: all that is held is in working orders"


def test_half_of_what_is_held_is_staged_to_be_closed_at_the_market(rig: Rig) -> None:
    rig.ticket.close_half()
    assert rig.ticket.staged is None
    assert rig.said == [f"info: nothing is held in {BTC.fqme}"]

    rig.hold("-0.3", "60000", account="sim")
    rig.ticket.close_half()
    assert (rig.staged.side, rig.staged.size) == ("buy", D("0.15000"))
    assert (rig.staged.order_type, rig.staged.route) == ("market", "live")
    assert rig.staged.reduce_only


def test_half_stays_half_until_another_size_is_set(rig: Rig) -> None:
    rig.hold("0.3", "60000", account="sim")
    rig.ticket.close_half()
    rig.ticket.set_route("dark")
    assert rig.staged.size == D("0.15000")

    rig.ticket.set_size(D("0.2"), "units")
    assert rig.staged.size == D("0.20000")


def test_another_account_holds_something_else(rig: Rig) -> None:
    rig.hold("0.1", "60000", account="sim")
    rig.ticket.set_size(D(1), "units")
    rig.ticket.stage("sell")
    rig.ticket.step_account(1)

    assert (rig.staged.account, rig.staged.reduce_only) == ("paper", False)
    assert rig.staged.size == D("1.00000")


def test_a_market_order_has_no_route_to_change(rig: Rig) -> None:
    rig.hold("0.3", "60000", account="sim")
    rig.ticket.close_half()
    rig.ticket.set_route("dark")

    assert rig.staged.route == "live"
    assert rig.said[-1].startswith("info: a market order trades at once")


def test_idle_actions_are_known_actions(rig: Rig) -> None:
    rig.alert("a1")
    rig.ticket.pick(1)

    assert rig.ticket.idle <= BY_NAME.keys()


def test_an_amend_keeps_the_id_side_and_size_of_its_order(rig: Rig) -> None:
    rig.order("o1", size=D("0.75"), side="sell", route="live")
    rig.ticket.pick(1)
    rig.ticket.to_ask()

    assert (rig.staged.kind, rig.staged.intent_id) == ("amend", "o1")
    assert (rig.staged.side, rig.staged.size, rig.staged.price) == (
        "sell",
        D("0.75"),
        D("64000.01"),
    )


# -- preview --------------------------------------------------------------------------------------


def test_a_preview_is_of_the_account_and_the_position_that_are_meant(rig: Rig) -> None:
    assert rig.ticket.preview() is None

    rig.hold("1", "60000", account="paper")
    rig.ticket.stage("buy")
    rig.ticket.set_size(D("0.5"), "units")
    preview = rig.ticket.preview()
    assert preview is not None
    assert preview.position == D("0.5")

    rig.ticket.set_account("paper")
    preview = rig.ticket.preview()
    assert preview is not None
    assert preview.position == D("1.5")


def test_a_preview_of_stale_data_says_so(rig: Rig) -> None:
    rig.ticket.stage("buy")
    rig.state.markets[BTC.fqme].is_stale = True
    preview = rig.ticket.preview()

    assert preview is not None
    assert any("stale" in warning for warning in preview.warnings)


# -- accounts -------------------------------------------------------------------------------------


def test_an_account_that_does_not_trade_the_market_is_refused(bench: Bench) -> None:
    bench.select("btcusdt.spot.replay")

    with pytest.raises(UsageError, match="account sim does not trade"):
        bench.desk.set_account("sim")
    with pytest.raises(UsageError, match="no account 'nobody'"):
        bench.desk.set_account("nobody")


def test_changing_the_account_changes_what_a_slot_is_worth(armed: Bench) -> None:
    armed.press("f", "m")

    assert armed.desk.staged is not None
    assert armed.desk.staged.size == D("0.03125")


def test_an_account_with_real_money_is_said_loudly() -> None:
    bench = Bench(accounts=(PAPER, REAL))
    bench.press("o", "m")
    assert bench.said[-1] == "account real: REAL MONEY"

    nobody = Bench(accounts=())
    nobody.press("o", "m")
    assert nobody.said[-1] == "no account trades btcusdt.spot.sim"


def test_order_ids_differ_and_are_short_enough_for_a_venue() -> None:
    ids = {new_order_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(len(order_id) <= 32 and order_id.isalnum() for order_id in ids)


def test_the_account_is_the_first_that_trades_the_selected_market(rig: Rig) -> None:
    assert rig.ticket.account is SIM
    assert rig.ticket.account_for("btcusdt.spot.replay") is PAPER

    rig.ticket.step_account(1)
    assert rig.ticket.account is PAPER
    assert rig.said == ["info: account paper"]


def test_nothing_known_is_no_error() -> None:
    said: list[str] = []
    ticket = Ticket(DeckState(), notify=lambda text, level: said.append(text))
    ticket.arm()
    ticket.stage("buy")
    ticket.stage_alert()
    ticket.step_size(1)
    ticket.pick(1)
    ticket.to_price(5.0)

    assert ticket.account is None
    assert ticket.preview() is None
    assert ticket.contexts == ("order",)
    assert said[-3:] == [
        "this market is not open yet",
        "this market is not open yet",
        "no working orders in this market",
    ]
