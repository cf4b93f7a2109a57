"""An engine that goes down and comes up again on the same data, without a deck having to ask."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from trio.testing import MockClock

from engine.ems.journal import MemoryJournal
from engine.errors import DataInUse, JournalDamaged
from engine.messages import AccountUpdate, BracketTerms, OrderState, SubmitAlgo
from engine.run import open_engine
from tests.support.engine_rig import open_rig, settings_for

SIM = "btcusdt.spot.sim"


async def test_what_is_held_here_goes_on_and_what_was_at_an_exchange_in_memory_is_gone(
    mock_clock: MockClock,
) -> None:
    journal = MemoryJournal()
    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        low = str(rig.instrument().round_price(rig.quote().last * 0.9))
        bought = await rig.submit("buy", "0.01", account="sim")
        resting = await rig.submit("buy", "0.01", price=low, account="sim")
        dark = await rig.submit("buy", "0.01", trigger_price=low, account="sim", route="dark")
        alert = await rig.set_alert(low)
        await rig.until("fill", lambda: rig.order(bought).state is OrderState.FILLED)
        direction = rig.order(dark).trigger_direction

    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.until("answer", lambda: rig.order(resting).state is OrderState.CANCELED)
        await rig.advance(2.0)

        assert rig.order(bought).state is OrderState.FILLED
        assert rig.position("sim", SIM).size == Decimal("0.01")
        assert rig.order(dark).state is OrderState.DARK
        assert rig.order(dark).trigger_direction == direction == "down"
        assert rig.alerts[alert].state == "armed"
        assert rig.engine.hub.quote_of(SIM) is not None  # what is held has its market open
        last = {one.account: one for one in rig.told(AccountUpdate)}["sim"]
        assert (last.state, last.disagreements, last.unresolved) == ("agreed", (), ())


async def test_a_bracket_at_an_exchange_in_memory_is_protected_again_after_a_start(
    mock_clock: MockClock,
) -> None:
    journal = MemoryJournal()
    size = Decimal("0.01")
    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        low, high = (rig.instrument().round_price(rig.quote().last * by) for by in (0.8, 1.2))
        terms = BracketTerms(side="buy", size=size, stop_price=low, targets=((high, size),))
        rig.send(SubmitAlgo(algo_id="b", account="sim", fqme=SIM, terms=terms))
        await rig.until("pair", lambda: "b.target1-1" in rig.orders)
        await rig.until("stop", lambda: rig.order("b.stop1-1").state is OrderState.OPEN)

    async with open_rig(mock_clock, journal=journal) as rig:
        await rig.until("stop", lambda: "b.stop1-2" in rig.orders)
        await rig.until("pair", lambda: rig.order("b.target1-2").state is OrderState.OPEN)

        assert rig.position("sim", SIM).size == size
        working = {order.order_id: order for order in rig.engine.router.working()}
        assert set(working) == {"b.stop1-2", "b.target1-2"}
        assert working["b.stop1-2"].stop_price == low
        assert {order.size for order in working.values()} == {size}


async def test_a_second_engine_on_the_same_data_is_refused(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(settings_for(), journal=tmp_path / "journal.db")
    async with open_rig(mock_clock, journal=tmp_path / "journal.db"):
        with pytest.raises(DataInUse, match="another engine"):
            async with open_engine(settings):
                pytest.fail("it came up")


async def test_a_damaged_journal_is_said_and_nothing_comes_up(
    mock_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "journal.db").write_bytes(b"scribbles" * 1000)
    with pytest.raises(JournalDamaged, match="set aside"):
        async with open_rig(mock_clock, journal=tmp_path / "journal.db"):
            pytest.fail("it came up")
