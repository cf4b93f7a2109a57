"""Order mode from key presses to commands: what is sent is what was seen, once."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.ems.orders import as_dark, new_order
from engine.ems.shape import check_shape, held_as
from engine.errors import UsageError
from engine.messages import (
    Amend,
    Cancel,
    CancelAlert,
    CancelAll,
    EngineFailed,
    Flatten,
    OrderState,
    Resolve,
    SetAlert,
    Submit,
)
from tests.support.desk import ACME, BTC, PAPER, REAL, SIM, Bench
from tests.support.venue import EVERYTHING
from tui.actions import BY_NAME, perform
from tui.keymap import DEFAULT_KEYMAP
from tui.orders.staging import OrderRequest
from tui.orders.terms import FOLLOWS

D = Decimal


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def armed(bench: Bench) -> Bench:
    bench.press("o")
    return bench


def _submitted(bench: Bench) -> Submit:
    (command,) = bench.sent
    assert isinstance(command, Submit)
    return command


# -- arming -------------------------------------------------------------------------------------


# -- staging and sending ------------------------------------------------------------------------


def test_with_the_crosshair_an_order_is_staged_there(armed: Bench) -> None:
    armed.cursor = D("63500.50")
    armed.press("f", "enter")

    assert _submitted(armed).trigger_price == D("63500.50")


def test_the_default_route_is_dark_and_s_makes_it_live(armed: Bench) -> None:
    armed.press("f")
    assert armed.desk.summary().texts[0].startswith("DARK BUY")

    armed.press("s")
    assert armed.desk.summary().texts[0].startswith("LIVE BUY")
    armed.press("enter")
    assert _submitted(armed).route == "live"
    assert _submitted(armed).price == D("63999.99")


def test_arrows_move_the_staged_line_by_ticks(armed: Bench) -> None:
    armed.press("f", "up", "up", "shift+up", "ctrl+down", "enter")

    assert _submitted(armed).trigger_price == D("63999.99") + D("0.12") - D(1)


def test_digits_set_slots_and_units(armed: Bench) -> None:
    armed.press("f", "2")
    assert armed.desk.summary().size == "2_ slots"
    assert armed.desk.staged is not None
    assert armed.desk.staged.size == D("0.03125")

    armed.press("u", "0", "full_stop", "5", "enter")
    assert _submitted(armed).size == D("0.50000")


def test_plus_and_minus_step_the_size(armed: Bench) -> None:
    armed.press("f", "plus", "plus", "minus", "enter")

    assert _submitted(armed).size == D("0.03125")


def test_a_size_set_before_staging_is_used(armed: Bench) -> None:
    armed.press("3", "f", "enter")

    assert _submitted(armed).size == D("0.04687")


def test_an_order_without_size_is_not_sent(armed: Bench) -> None:
    armed.press("f", "0", "enter")

    assert armed.sent == []
    assert armed.said[-1] == "not sent: no size"


def test_an_alert_is_set_where_it_was_staged(armed: Bench) -> None:
    armed.press("a", "ctrl+up", "enter")

    assert armed.sent == [SetAlert(alert_id="id1", fqme=BTC.fqme, price=D("64001.00"))]


# -- exactly once, and only what was seen -------------------------------------------------------


def test_a_double_enter_sends_one_order(armed: Bench) -> None:
    armed.press("f")
    armed.look()
    armed.press("enter", look=False)
    armed.desk.submit(at=armed.time)
    armed.desk.submit(at=armed.time)

    assert len(armed.sent) == 1


def test_each_intent_has_its_own_id_from_the_moment_it_is_staged(armed: Bench) -> None:
    armed.press("f", "up", "2", "enter", "f", "enter")

    ids = [command.order_id for command in armed.sent if isinstance(command, Submit)]
    assert ids == ["id1", "id2"]


def test_keys_typed_ahead_send_nothing(armed: Bench) -> None:
    armed.press("f", "enter", look=False)

    assert armed.sent == []
    assert armed.desk.staged is not None
    assert "not on the screen" in armed.said[-1]


def test_an_enter_pressed_before_the_repaint_and_handled_after_it_sends_nothing(
    armed: Bench,
) -> None:
    armed.press("f", look=False)
    pressed_at = armed.time
    armed.desk.painted(pressed_at + 5.0)
    armed.time += 6.0
    armed.desk.submit(at=pressed_at + 0.01)

    assert armed.sent == []


def test_what_was_seen_can_be_sent_after_the_first_refusal(armed: Bench) -> None:
    armed.press("f", "enter", look=False)
    armed.press("enter")

    assert len(armed.sent) == 1


@pytest.mark.parametrize("key", ["up", "2", "plus", "s", "m", "u"])
def test_whatever_changes_the_order_must_be_seen_again(armed: Bench, key: str) -> None:
    armed.press("f")
    armed.look()
    armed.press(key, "enter", look=False)

    assert armed.sent == []


def test_a_repaint_of_what_was_before_does_not_count(armed: Bench) -> None:
    armed.press("f")
    drawn = armed.desk.revision
    armed.press("up", look=False)
    armed.desk.painted(armed.time, drawn)
    armed.time += 1
    armed.press("enter", look=False)

    assert armed.sent == []


def test_nothing_is_sent_by_the_key_that_brings_the_window_back(armed: Bench) -> None:
    armed.press("f")
    armed.look()
    armed.desk.unsee()
    armed.press("enter", look=False)

    assert armed.sent == []


def test_keys_meant_for_the_command_line_send_nothing_if_they_reach_the_deck(
    armed: Bench,
) -> None:
    armed.press("f")
    armed.look()
    command = BY_NAME["command"]._replace(target="desk", method="preview")
    perform(command, {"desk": armed.desk}, armed.time)
    armed.time += 1.0
    armed.press("enter", look=False)
    assert armed.sent == []

    armed.press("enter")
    assert len(armed.sent) == 1


def test_going_to_another_market_drops_what_was_staged(armed: Bench) -> None:
    armed.press("f")
    armed.look()
    armed.select(ACME.fqme)
    assert armed.desk.contexts == ("order",)

    armed.select(BTC.fqme)
    assert armed.desk.staged is None
    armed.desk.submit(at=armed.time)
    assert armed.sent == []


def test_a_closed_link_sends_nothing_and_says_so(armed: Bench) -> None:
    armed.press("f")
    armed.is_link_closed = True
    armed.press("enter")

    assert armed.sent == []
    assert armed.said[-1] == "not sent: the engine is gone"
    assert armed.desk.staged is None


def test_without_an_engine_nothing_is_staged_or_sent(armed: Bench) -> None:
    armed.press("f")
    armed.state.fold(EngineFailed(reason="disk full"))
    armed.press("enter", "d")

    assert armed.sent == []
    assert armed.said[-2:] == ["the engine is gone: disk full"] * 2


KEYS = st.sampled_from(
    [
        *("o", "f", "d", "a", "s", "u", "m", "enter", "enter", "enter", "escape", "tab", "c", "C"),
        *("t", "t", "T", "g", "G", "p", "r", "H", "X", "R", "L", "percent_sign"),
        *("less_than_sign", "greater_than_sign"),
        *("up", "down", "shift+up", "shift+down", "ctrl+up", "ctrl+down"),
        *("left_square_bracket", "right_square_bracket", "plus", "minus", "backspace"),
        *"0123456789",
        *("look", "look", "other market", "answer"),
    ]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(KEYS, max_size=40))
def test_whatever_is_pressed_no_id_is_sent_twice_and_all_numbers_fit(keys: list[str]) -> None:
    bench = Bench()
    bench.order("resting", size=D("0.5"))
    bench.alert()
    bench.hold("0.7", "60000")
    bench.press("o")
    for key in keys:
        staged, was_seen = bench.desk.staged, bench.desk._painted_at is not None
        before = len(bench.sent)
        if key == "look":
            bench.look()
        elif key == "other market":
            bench.select(ACME.fqme if bench.state.selected == BTC.fqme else BTC.fqme)
        elif key == "answer":
            for question in bench.asked:
                question.painted(bench.time)
                question.accept(bench.time + 1)
        elif bench.desk.is_armed or key == "o":
            contexts = (*bench.desk.contexts, "chart", "deck")
            _press_if_bound(bench, contexts, key)
        for command in bench.sent[before:]:
            if isinstance(command, Submit | Amend | SetAlert):
                assert key == "enter"
                assert was_seen
                assert staged is not None
    submits = [command for command in bench.sent if isinstance(command, Submit)]
    counted = Counter(command.order_id for command in submits)
    assert all(count == 1 for count in counted.values())
    for command in submits:
        instrument = bench.state.markets[command.fqme].instrument
        order = new_order(command, 0)
        as_type = held_as(order, EVERYTHING)
        assert (
            check_shape(as_dark(order, as_type) if as_type else order, instrument, EVERYTHING)
            is None
        )
        assert (command.order_type == "market") <= (command.route == "live")
    leaving = [command for command in submits if command.reduce_only]
    stops = [command for command in leaving if command.order_type in FOLLOWS]
    for kind in (stops, [command for command in leaving if command not in stops]):
        assert sum(command.size for command in kind) <= D("0.7")
    assert all((command.side, command.fqme) == ("sell", BTC.fqme) for command in leaving)


def _press_if_bound(bench: Bench, contexts: tuple[str, ...], key: str) -> None:
    action = DEFAULT_KEYMAP.resolve(contexts, key)
    if action is not None and action.target == "desk":
        with suppress(UsageError):
            perform(action, {"desk": bench.desk}, bench.time)


def test_an_exit_that_the_engine_has_not_told_of_yet_is_counted(armed: Bench) -> None:
    armed.hold("0.02", "60000")
    armed.desk.set_size(D("0.015"), "units")
    armed.press("d", "enter", "d", "enter", "d", "enter")

    assert [command.size for command in armed.sent] == [D("0.01500"), D("0.00500")]  # type: ignore[union-attr]
    assert armed.said[-1] == "not sent: no size: all that is held is in working orders"


def test_an_order_of_this_deck_can_be_amended(armed: Bench) -> None:
    armed.press("f", "enter")
    armed.order("id1")
    armed.press("tab", "up", "enter")

    assert armed.sent[-1] == Amend(order_id="id1", price=D("63000.01"))


# -- working orders: pick, amend, cancel ----------------------------------------------------------


def test_an_amend_is_staged_by_arrows_and_sent_by_enter_alone(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up", "up", "shift+up")
    assert armed.sent == []
    kinds = {line.kind for line in armed.desk.lines(BTC.fqme)}
    assert {"staged", "working"} <= kinds

    armed.press("enter")
    assert armed.sent == [Amend(order_id="o1", price=D("63000.12"))]
    assert armed.desk.staged is None


def test_the_size_of_a_picked_order_is_amended_with_digits_and_steps(armed: Bench) -> None:
    armed.order("o1")
    armed.press("u", "tab", "0", "full_stop", "7", "enter")
    assert armed.sent == [Amend(order_id="o1", size=D("0.70000"))]

    armed.sent.clear()
    armed.press("minus", "enter")
    assert armed.sent == [Amend(order_id="o1", size=D("0.49900"))]


def test_an_amend_back_to_where_it_was_is_not_sent(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up", "down", "enter")

    assert armed.sent == []
    assert armed.said[-1] == "not sent: nothing is changed"


def test_an_amend_is_refused_when_the_order_moved_on(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up")
    armed.order("o1", price=D("61000.00"))
    armed.press("enter")

    assert armed.sent == []
    assert "changed meanwhile" in armed.said[-1]


def test_an_amend_is_refused_while_another_is_unanswered(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up")
    armed.order("o1", awaiting="amend")
    armed.press("enter")

    assert armed.sent == []
    assert "its amend is not answered yet" in armed.said[-1]


def test_an_amend_is_refused_when_the_order_is_done(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up")
    armed.order("o1", state=OrderState.FILLED, filled=D("0.5"))
    armed.press("enter")

    assert armed.sent == []


def test_a_venue_that_cannot_amend_is_not_asked_to_but_the_dark_book_can() -> None:
    bench = Bench(can_amend=False)
    bench.press("o")
    bench.order("o1")
    bench.press("tab", "up", "enter")
    assert bench.sent == []
    assert bench.said[-1] == "not sent: its venue cannot amend"

    dark = {"route": "dark", "price": None, "trigger_price": D("63000.00")}
    bench.order("o1", state=OrderState.DARK, **dark)
    bench.press("escape", "tab", "up", "enter")
    assert bench.sent == [Amend(order_id="o1", price=D("63000.01"), of_trigger=True)]


def test_c_cancels_what_is_picked(armed: Bench) -> None:
    armed.order("o1")
    armed.alert("a1")
    armed.press("tab", "c", "tab", "c")

    assert armed.sent == [Cancel(order_id="o1"), CancelAlert(alert_id="a1")]


def test_c_cancels_nothing_that_was_not_picked_and_seen(armed: Bench) -> None:
    armed.order("o1")
    armed.press("c")
    armed.press("tab", "c", look=False)

    assert armed.sent == []


def test_a_cancel_drops_the_amend_that_was_staged_for_it(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up", "c")

    assert armed.sent == [Cancel(order_id="o1")]
    assert armed.desk.staged is None


def test_a_cancel_is_not_repeated_while_it_is_on_its_way(armed: Bench) -> None:
    armed.order("o1", awaiting="cancel")
    armed.press("tab", "c")

    assert armed.sent == []
    assert armed.said[-1] == "its cancel is on its way"


def test_capital_c_cancels_all_of_this_market_after_a_question(armed: Bench) -> None:
    armed.order("o1")
    armed.order("o2")
    armed.order("elsewhere", fqme=ACME.fqme)
    armed.press("C")
    (question,) = armed.asked
    assert question.text == "Cancel 2 working orders of btcusdt.spot.sim?"
    assert armed.sent == []

    assert not question.accept(armed.time)  # typed ahead: it was never painted
    question.painted(armed.time)
    assert not question.accept(armed.time + 0.05)
    assert question.accept(armed.time + 0.5)
    assert not question.accept(armed.time + 0.6)
    assert armed.sent == [CancelAll(fqme=BTC.fqme)]


def test_a_declined_question_does_nothing_for_good(armed: Bench) -> None:
    armed.order("o1")
    armed.press("C")
    question = armed.asked[0]
    question.painted(armed.time)
    question.decline()

    assert not question.accept(armed.time + 9)
    assert armed.sent == []


# -- accounts -----------------------------------------------------------------------------------


def test_the_first_account_that_serves_the_market_is_used_and_m_goes_on(armed: Bench) -> None:
    armed.press("f", "m", "enter")
    assert _submitted(armed).account == "paper"

    assert armed.desk.account_for("btcusdt.spot.replay") is PAPER


def test_real_money_is_asked_about_before_it_is_sent() -> None:
    bench = Bench(accounts=(REAL,))
    bench.press("o")
    assert "REAL MONEY" in bench.said[-1]

    bench.press("f", "s", "enter")
    assert bench.sent == []
    (question,) = bench.asked
    assert question.text.startswith("REAL MONEY on real. Send LIVE BUY")

    question.painted(bench.time)
    assert question.accept(bench.time + 1)
    assert len(bench.sent) == 1


def test_an_amend_with_real_money_is_checked_again_after_the_question() -> None:
    bench = Bench(accounts=(REAL,))
    bench.press("o")
    bench.order("o1", account="real")
    bench.press("tab", "up", "enter")
    bench.order("o1", account="real", state=OrderState.CANCELED)
    question = bench.asked[0]
    question.painted(bench.time)
    question.accept(bench.time + 1)

    assert bench.sent == []
    assert "does not work any more" in bench.said[-1]


def test_real_money_is_not_sent_if_it_changed_while_it_was_asked_about() -> None:
    bench = Bench(accounts=(REAL,))
    bench.press("o", "f", "enter")
    bench.desk.move_price(5)
    question = bench.asked[0]
    question.painted(bench.time)
    question.accept(bench.time + 1)

    assert bench.sent == []
    assert "changed while it was asked about" in bench.said[-1]


# -- typed orders ---------------------------------------------------------------------------------


def _request(**fields: object) -> OrderRequest:
    known: dict[str, object] = {
        "side": "buy",
        "size": D("0.5"),
        "fqme": BTC.fqme,
        "order_type": "limit",
        "price": D("63000.00"),
    }
    return OrderRequest(**{**known, **fields})  # type: ignore[arg-type]


def _market(**fields: object) -> OrderRequest:
    return _request(order_type="market", price=None, **fields)


def test_a_typed_order_is_sent_at_once_in_order_mode(armed: Bench) -> None:
    armed.desk.place(_request(), at=armed.time)

    assert _submitted(armed).trigger_price == D("63000.00")
    assert armed.asked == []


def test_a_typed_order_is_asked_about_while_disarmed_even_when_sure(bench: Bench) -> None:
    bench.desk.place(_market(is_sure=True), at=bench.time)
    assert bench.sent == []

    bench.asked[0].painted(bench.time)
    bench.asked[0].accept(bench.time + 1)
    assert _submitted(bench).order_type == "market"


def test_a_market_order_is_asked_about_unless_sure(armed: Bench) -> None:
    armed.desk.place(_market(), at=armed.time)
    assert armed.sent == []
    assert armed.asked[0].text == "Send LIVE BUY 0.5 BTC market?"

    armed.desk.place(_market(is_sure=True), at=armed.time)
    assert _submitted(armed).route == "live"


def test_a_typed_order_with_a_warning_is_asked_about_unless_sure(armed: Bench) -> None:
    armed.desk.place(_request(price=D("64100.00"), route="live"), at=armed.time)
    assert armed.sent == []
    assert armed.asked[0].detail.endswith("32 050.00 USDT · ! takes at once")

    armed.desk.place(_request(price=D("64100.00"), route="live", is_sure=True), at=armed.time)
    assert len(armed.sent) == 1


def test_being_sure_does_not_spare_the_question_about_real_money() -> None:
    bench = Bench(accounts=(REAL,))
    bench.desk.arm()
    bench.desk.place(_market(is_sure=True), at=bench.time)
    bench.hold("1", "60000", account="real")
    bench.desk.flatten(BTC.fqme, True, at=bench.time)

    assert bench.sent == []
    assert len(bench.asked) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"order_type": "stop", "price": None, "stop_price": D("65000.00")},
        {"order_type": "stop_limit", "stop_price": D("64500.00"), "price": D("64510.00")},
        {"post_only": True},
    ],
)
def test_what_the_dark_book_cannot_hold_goes_live(armed: Bench, fields: dict[str, object]) -> None:
    armed.desk.place(_request(**fields), at=armed.time)

    command = _submitted(armed)
    assert command.route == "live"
    assert command.trigger_price is None


def test_a_typed_order_names_its_account_or_takes_the_one_that_is_set(armed: Bench) -> None:
    armed.desk.place(_request(account="paper", size=D("0.1")), at=armed.time)
    assert _submitted(armed).account == "paper"

    with pytest.raises(UsageError, match="not open"):
        armed.desk.place(_request(fqme="xrp.spot.sim"), at=armed.time)


def test_flatten_cancels_and_closes_after_a_question(bench: Bench) -> None:
    bench.hold("1.5", "60000")
    bench.order("o1")
    bench.desk.flatten(BTC.fqme, at=bench.time)
    assert bench.sent == []
    assert bench.asked[0].detail == "cancels 1 working order, then closes +1.5 at the market"

    bench.desk.flatten(BTC.fqme, True, at=bench.time)
    assert bench.sent == [Flatten(order_id="id2", fqme=BTC.fqme, account="sim")]


def test_there_is_nothing_to_flatten_when_flat(bench: Bench) -> None:
    bench.desk.flatten(BTC.fqme, True, at=bench.time)

    assert bench.sent == []
    assert bench.said == ["sim is flat in btcusdt.spot.sim"]


def test_orders_keep_their_number(bench: Bench) -> None:
    bench.order("o1")
    bench.order("o2")
    assert [bench.desk.number_of(name) for name in ("o2", "o1")] == [2, 1]

    bench.order("o1", state=OrderState.FILLED)
    bench.order("o3")
    bench.desk.cancel_number(3, at=bench.time)
    assert bench.sent == [Cancel(order_id="o3")]
    with pytest.raises(UsageError, match="number 1"):
        bench.desk.cancel_number(1, at=bench.time)


def test_cancel_all_says_which_markets(bench: Bench) -> None:
    bench.order("o1")
    bench.order("o2", fqme=ACME.fqme)
    bench.desk.cancel_market("", at=bench.time)
    assert bench.asked[0].text == "Cancel 2 working orders of ALL markets?"

    bench.desk.cancel_market("", True, at=bench.time)
    assert bench.sent == [CancelAll()]


# -- odds and ends --------------------------------------------------------------------------------


def test_one_row_is_canceled_by_its_id(bench: Bench) -> None:
    bench.order("o1")
    bench.alert("a1")
    bench.desk.cancel_order("o1", at=bench.time)
    bench.desk.cancel_order("a1", at=bench.time)
    assert bench.sent == [Cancel(order_id="o1"), CancelAlert(alert_id="a1")]

    bench.order("o1", state=OrderState.FILLED)
    for gone in ("o1", "never"):
        with pytest.raises(UsageError, match="does not work any more"):
            bench.desk.cancel_order(gone, at=bench.time)


def test_what_cannot_be_ordered_is_an_error_before_anything_is_asked(bench: Bench) -> None:
    with pytest.raises(UsageError, match="below the least size"):
        bench.desk.place(_request(size=D("0.00001")), at=bench.time)
    bench.state.accounts.clear()
    with pytest.raises(UsageError, match="no account trades"):
        bench.desk.place(_request(), at=bench.time)
    with pytest.raises(UsageError, match="no account trades"):
        bench.desk.flatten(BTC.fqme, at=bench.time)
    bench.state.fold(EngineFailed(reason="disk full"))
    with pytest.raises(UsageError, match="engine is gone: disk full"):
        bench.desk.flatten(BTC.fqme, at=bench.time)

    assert bench.sent == []
    assert bench.asked == []


def test_an_alert_is_typed_with_a_note(bench: Bench) -> None:
    bench.desk.set_alert(BTC.fqme, D("65000.00"), "look")

    assert bench.sent == [SetAlert(alert_id="id1", fqme=BTC.fqme, price=D("65000.00"), note="look")]


def test_a_market_that_is_not_open_takes_no_order(armed: Bench) -> None:
    armed.select("xrp.spot.sim")
    armed.press("f", "plus", "tab")
    armed.desk.cancel_all()

    assert armed.desk.staged is None
    assert armed.said[-3:] == [
        "this market is not open yet",
        "no working orders in this market",
        "no working orders of xrp.spot.sim",
    ]


def test_a_working_order_keeps_its_route(armed: Bench) -> None:
    armed.order("o1")
    armed.press("tab", "up", "s", "enter")

    assert armed.sent == [Amend(order_id="o1", price=D("63000.01"))]
    assert armed.desk.route == "live"
    assert "keeps its route" in armed.said[-1]


def test_the_size_of_a_picked_order_steps_by_slots_but_not_to_nothing(armed: Bench) -> None:
    armed.order("o1", size=D("0.02"))
    armed.press("tab", "plus", "minus", "minus", "minus", "minus", "enter")

    assert armed.sent == [Amend(order_id="o1", size=D("0.00010"))]


def test_only_an_unknown_order_can_be_resolved_by_its_number(bench: Bench) -> None:
    bench.order("known")
    bench.order("lost", state=OrderState.UNKNOWN)
    number = bench.desk.number_of("lost")
    bench.desk.resolve_number(number, "canceled", "seen at the venue")
    with pytest.raises(UsageError, match="not unknown"):
        bench.desk.resolve_number(bench.desk.number_of("known"), "canceled")

    assert bench.sent == [Resolve(order_id="lost", outcome="canceled", note="seen at the venue")]


# -- a stale market -----------------------------------------------------------------------------


@pytest.fixture
def stale() -> Bench:
    bench = Bench(accounts=(replace(SIM, confirms_stale=True),))
    bench.press("o", "s")
    bench.state.markets[BTC.fqme].is_stale = True
    return bench


def _answer(bench: Bench) -> None:
    bench.asked[-1].painted(bench.time)
    assert bench.asked[-1].accept(bench.time + 1)


def test_an_order_in_a_stale_market_is_asked_about_and_says_that_this_was_seen(
    stale: Bench,
) -> None:
    stale.press("f", "enter")
    assert stale.sent == []
    assert "! the market is stale" in stale.asked[0].detail

    _answer(stale)
    assert _submitted(stale).accepts_stale


def test_being_sure_does_not_spare_the_question_about_a_stale_market(stale: Bench) -> None:
    stale.desk.place(_request(is_sure=True), at=stale.time)
    assert stale.sent == []

    _answer(stale)
    assert _submitted(stale).accepts_stale


def test_a_market_that_went_stale_after_the_question_was_not_accepted_as_such() -> None:
    bench = Bench(accounts=(replace(SIM, confirms_stale=True),))
    bench.desk.place(_market(), at=bench.time)
    bench.state.markets[BTC.fqme].is_stale = True
    _answer(bench)

    assert not _submitted(bench).accepts_stale


def test_where_a_stale_market_cannot_be_confirmed_nothing_is_asked(armed: Bench) -> None:
    armed.state.markets[BTC.fqme].is_stale = True
    armed.press("f", "enter")

    assert armed.asked == []
    assert not _submitted(armed).accepts_stale


# -- closing a part -------------------------------------------------------------------------------


def test_a_part_of_what_is_held_is_closed_by_a_typed_command(armed: Bench) -> None:
    armed.hold("-0.4", "60000")
    armed.desk.close(BTC.fqme, D("0.25"), at=armed.time)
    assert armed.asked[0].text == "Send LIVE BUY 0.1 BTC market reduce-only?"

    armed.desk.close(BTC.fqme, D(1), True, at=armed.time)
    command = _submitted(armed)
    assert (command.side, command.size, command.order_type) == ("buy", D("0.4"), "market")
    assert command.reduce_only


def test_what_is_not_held_cannot_be_closed(armed: Bench) -> None:
    with pytest.raises(UsageError, match="sim holds nothing"):
        armed.desk.close(BTC.fqme, D(1), at=armed.time)
    armed.hold("0.4", "60000")
    armed.order("o1", side="sell", size=D("0.4"))
    with pytest.raises(UsageError, match="all that is held is in working orders"):
        armed.desk.close(BTC.fqme, D(1), at=armed.time)


def test_whether_the_next_order_would_move_real_money_is_known() -> None:
    assert Bench(accounts=(REAL,)).desk.is_live
    assert not Bench(accounts=(REAL,), is_armed=False).desk.is_live
    assert not Bench().desk.is_live
    assert not Bench(accounts=()).desk.is_live
