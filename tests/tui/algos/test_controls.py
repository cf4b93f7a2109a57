"""What keys and typed commands do with algos."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.errors import UsageError
from engine.messages import (
    AccountGuards,
    AlgoUpdate,
    AmendAlgo,
    CancelAlgo,
    EngineFailed,
    GuardsUpdate,
    IcebergTerms,
    OcoTerms,
    PauseAlgo,
    ResumeAlgo,
    SubmitAlgo,
    TwapTerms,
)
from tests.support.desk import ACME, BTC, PAPER, REAL, SIM, Bench
from tests.support.scenes import bracket
from tui.algos.controls import AlgoControls, AlgoRequest, changed

D = Decimal
TERMS = bracket().terms


class Stand(Bench):
    """A bench with controls of algos."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.algos = AlgoControls(
            self.state,
            self._send,
            notify=lambda text, level: self.said.append(text),
            ask=self.asked.append,
            account_for=self.desk.account_for,
            is_armed=lambda: self.desk.is_armed,
            new_id=self._new_id,
        )

    def armed(self) -> Stand:
        """This, with order mode armed."""
        self.desk.arm()
        self.said.clear()
        return self

    def run(self, **changes: Any) -> None:
        """Tell the deck of an algo."""
        self.state.fold(AlgoUpdate(algo=bracket(fqme=BTC.fqme, **changes)))

    def answer(self) -> None:
        question = self.asked[-1]
        question.painted(1.0)
        assert question.accept(5.0)


def asked(**changes: Any) -> AlgoRequest:
    return AlgoRequest(**({"fqme": BTC.fqme, "terms": TERMS} | changes))


def test_a_typed_algo_is_asked_about_with_all_of_its_terms_and_sent_once() -> None:
    stand = Stand()
    stand.algos.start(asked())

    assert stand.sent == []
    assert stand.asked[0].text == (
        "Run bracket buy 0.5 BTC @ 64000.00, stop 63000.00, target 65000.00?"
    )
    assert stand.asked[0].detail == "btcusdt.spot.sim on sim · 32 000.00 USDT"
    stand.answer()
    assert stand.sent == [SubmitAlgo(algo_id="id1", account="sim", fqme=BTC.fqme, terms=TERMS)]
    assert not stand.asked[0].accept(9.0)
    assert len(stand.sent) == 1


def test_who_is_sure_is_not_asked_but_on_an_account_of_real_money() -> None:
    stand = Stand(accounts=(SIM, REAL)).armed()
    stand.algos.start(asked(is_sure=True))
    assert len(stand.sent) == 1

    stand.algos.start(asked(is_sure=True, account="real"))
    assert len(stand.sent) == 1
    assert stand.asked[0].text.startswith("REAL MONEY on real. Run bracket")


def test_while_order_mode_is_not_armed_who_is_sure_is_asked_too() -> None:
    stand = Stand()
    stand.algos.start(asked(is_sure=True))
    assert stand.sent == []
    stand.answer()
    assert len(stand.sent) == 1


def test_going_on_is_asked_about_where_it_is_real_money() -> None:
    for go_on in (lambda stand: stand.algos.resume_number(1), lambda s: s.algos.toggle("a")):
        stand = Stand(accounts=(SIM, REAL)).armed()
        stand.run(algo_id="a", account="real", status="paused")
        go_on(stand)
        assert stand.sent == []
        assert stand.asked[0].text == "REAL MONEY on real. Go on with the bracket?"
        stand.answer()
        assert stand.sent == [ResumeAlgo(algo_id="a")]


def test_the_account_that_was_named_is_used_if_it_trades_the_market() -> None:
    stand = Stand(accounts=(SIM, PAPER)).armed()
    stand.algos.start(asked(is_sure=True, account="paper"))

    assert [command.account for command in stand.sent] == ["paper"]  # type: ignore[union-attr]
    with pytest.raises(UsageError, match="no account 'nobody'"):
        stand.algos.start(asked(account="nobody"))


@pytest.mark.parametrize(
    ("guards", "said"),
    [
        (GuardsUpdate(is_killed=True), "! the kill switch is on"),
        (GuardsUpdate(accounts=(AccountGuards(account="sim", state="halted"),)), "sim is halted"),
        (GuardsUpdate(accounts=(AccountGuards(account="sim", is_armed=False),)), "not armed"),
    ],
)
def test_the_question_says_what_guards_will_do(guards: GuardsUpdate, said: str) -> None:
    stand = Stand()
    stand.state.fold(guards)
    stand.algos.start(asked())

    assert said in stand.asked[0].detail


def test_an_algo_needs_an_open_market_an_account_and_an_engine() -> None:
    stand = Stand(accounts=(SIM,))
    with pytest.raises(UsageError, match=r"xrp\.spot\.sim is not open"):
        stand.algos.start(asked(fqme="xrp.spot.sim"))
    with pytest.raises(UsageError, match="no account trades"):
        Stand(accounts=()).algos.start(asked(fqme=ACME.fqme))
    stand.state.fold(EngineFailed(reason="gone"))
    with pytest.raises(UsageError, match="the engine is gone"):
        stand.algos.start(asked())


def test_a_closed_link_is_told_and_nothing_breaks() -> None:
    stand = Stand().armed()
    stand.is_link_closed = True
    stand.algos.start(asked(is_sure=True))

    assert stand.said == ["not sent: the engine is gone"]


# -- those that run -------------------------------------------------------------------------------


def test_algos_are_paused_resumed_and_canceled_by_their_numbers() -> None:
    stand = Stand()
    stand.run(algo_id="first")
    stand.run(algo_id="second", status="paused")
    stand.algos.pause_number(1)
    stand.algos.resume_number(2)
    stand.algos.cancel_number(2)

    assert stand.sent == [
        PauseAlgo(algo_id="first"),
        ResumeAlgo(algo_id="second"),
        CancelAlgo(algo_id="second"),
    ]


def test_numbers_stay_while_algos_come_and_end() -> None:
    stand = Stand()
    stand.run(algo_id="first")
    stand.run(algo_id="second")
    stand.run(algo_id="first", status="done")
    stand.algos.cancel_number(2)

    assert stand.sent == [CancelAlgo(algo_id="second")]
    with pytest.raises(UsageError, match="algo 1 is done"):
        stand.algos.cancel_number(1)
    with pytest.raises(UsageError, match="no algo 3"):
        stand.algos.cancel_number(3)


def test_only_what_runs_is_paused_and_only_what_is_paused_goes_on() -> None:
    stand = Stand()
    stand.run()
    with pytest.raises(UsageError, match="algo 1 is running, not paused"):
        stand.algos.resume_number(1)
    stand.algos.toggle("a")
    stand.run(status="paused")
    stand.algos.toggle("a")
    stand.run(status="canceling")
    with pytest.raises(UsageError, match="algo 1 is canceling, not running"):
        stand.algos.toggle("a")

    assert stand.sent == [PauseAlgo(algo_id="a"), ResumeAlgo(algo_id="a")]


def test_what_has_ended_cannot_be_canceled_nor_what_is_not_there() -> None:
    stand = Stand()
    stand.run(status="failed")
    with pytest.raises(UsageError, match="that bracket is failed"):
        stand.algos.cancel("a")
    with pytest.raises(UsageError, match="no such algo"):
        stand.algos.toggle("b")


def test_an_amend_goes_on_with_the_terms_that_were_not_named() -> None:
    stand = Stand()
    stand.run()
    stand.algos.amend_number(1, {"stop_price": D(63500), "target": (1, D(66000))})

    (command,) = stand.sent
    assert isinstance(command, AmendAlgo)
    assert command.terms == changed(TERMS, {"stop_price": D(63500), "target": (1, D(66000))})
    assert command.terms.targets == ((D(66000), D("0.5")),)  # type: ignore[union-attr]
    assert command.terms.price == D(64000)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shown": D(1)}, "a bracket has no shown"),
        ({"interval_s": 1.0}, "a bracket has no every"),
        ({"target": (2, D(1))}, "no target 2"),
    ],
)
def test_what_a_kind_has_not_cannot_be_changed(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        changed(TERMS, changes)


def test_words_that_mean_the_same_are_of_each_kind_its_own() -> None:
    oco = OcoTerms(side="sell", size=D(1), price=D(65000), stop_price=D(63000))
    twap = TwapTerms(side="buy", size=D(1), count=2, interval_s=5.0)
    iceberg = IcebergTerms(side="buy", size=D(1), price=D(6), shown=D("0.5"))

    assert changed(oco, {"stop_price": D(62000)}).stop_price == D(62000)  # type: ignore[union-attr]
    assert changed(twap, {"interval_s": 9.0}).interval_s == 9.0  # type: ignore[union-attr]
    assert changed(iceberg, {"shown": D(1)}).shown == D(1)  # type: ignore[union-attr]
