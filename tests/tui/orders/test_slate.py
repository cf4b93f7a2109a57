"""The slate: what is before order mode, without anything that stages or sends."""

from __future__ import annotations

from datetime import timedelta, timezone

from engine.messages import EngineFailed
from tests.support.desk import ACME, BTC, PAPER, SIM, Bench
from tui.orders.slate import Slate


def slate(bench: Bench, **options: object) -> Slate:
    return Slate(bench.state, notify=lambda text, level: bench.said.append(text), **options)  # type: ignore[arg-type]


def test_nothing_is_on_an_empty_slate() -> None:
    empty = slate(Bench())

    assert (empty.staged, empty.picked, empty.preview()) == (None, None, None)
    assert empty.contexts == ()


def test_order_mode_is_a_context_of_its_own() -> None:
    bench = Bench()
    armed = slate(bench)
    armed.toggle_armed()
    assert armed.contexts == ("order",)

    armed.toggle_armed()
    assert armed.contexts == ()
    bench.state.fold(EngineFailed(reason="gone"))
    armed.toggle_armed()
    assert not armed.is_armed


def test_the_venue_of_an_account_is_known_by_its_broker() -> None:
    found = slate(Bench())

    assert found.broker_of(PAPER) is not None
    assert found.broker_of(PAPER).name == "paper"  # type: ignore[union-attr]
    assert found.broker_of(None) is None


def test_times_are_written_in_the_zone_that_is_shown() -> None:
    tokyo = timezone(timedelta(hours=9))

    assert slate(Bench(), zone=lambda: tokyo).zone is tokyo


def test_the_account_is_that_of_the_market() -> None:
    bench = Bench(accounts=(SIM,))
    found = slate(bench)

    assert found.account is SIM
    assert found.account_for(ACME.fqme) is SIM
    assert found.account_for("x.y.kraken") is None
    bench.select(BTC.fqme)
    assert found.account is SIM
