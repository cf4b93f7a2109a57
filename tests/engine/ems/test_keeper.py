"""A journal without room: what may go on, and what is written when there is room again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
import trio

from engine.ems.journal import Executed, Intent, MemoryJournal, Record
from engine.ems.keeper import Keeper
from engine.errors import JournalFull
from engine.messages import Amend, Cancel, Canceled, JournalUpdate, OrderState, Resolve
from tests.support.orders import AutojumpClock, open_desk, opened

FULL = JournalFull("no room for the journal")


def numbered(*numbers: int) -> list[Record]:
    return [Record(n, Canceled(order_id=str(n))) for n in numbers]


class SmallJournal(MemoryJournal):
    is_full = False

    async def append(self, records: Sequence[Record]) -> None:
        if self.is_full:
            raise FULL
        await super().append(records)


async def test_what_cannot_be_written_is_written_later_in_order(
    autojump_clock: AutojumpClock, nursery: trio.Nursery
) -> None:
    journal, told = SmallJournal(), list[JournalUpdate]()
    keeper = Keeper(journal, told.append)
    await nursery.start(keeper.run)
    assert await keeper.append(numbered(1))
    journal.is_full = True
    assert not await keeper.append(numbered(2))
    journal.is_full = False
    assert not await keeper.append(numbered(3))  # nothing overtakes what waits
    await trio.sleep(2)

    assert await keeper.append(numbered(4))
    assert [record.now_ns for record in journal.records()] == [1, 2, 3, 4]
    assert [(one.is_written, one.waiting) for one in told] == [(False, 1), (False, 2), (True, 0)]
    nursery.cancel_scope.cancel()


async def test_a_journal_that_fails_otherwise_is_not_kept_up(autojump_clock: AutojumpClock) -> None:
    class Broken(MemoryJournal):
        async def append(self, records: Sequence[Record]) -> None:
            raise OSError("it burns")

    with pytest.raises(OSError, match="it burns"):
        await Keeper(Broken(), print).append(numbered(1))


async def test_a_full_disk_denies_new_risk_still_cancels_and_keeps_fills(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        resting, leaving = await opened(desk), await opened(desk)
        calls = len(desk.venue.calls)
        desk.journal.error = FULL
        refused = desk.submit()
        desk.router.handle(Cancel(order_id=leaving))
        desk.venue.fill(resting, "0.4", "100")
        await desk.router.wait_idle()

        assert desk.denial(refused).check == "journal"
        assert "no room" in desk.denial(refused).reason
        assert desk.venue.calls[calls:] == [("cancel", leaving)]
        assert desk.order(leaving).state is OrderState.CANCELED
        assert desk.order(resting).filled == Decimal("0.4")
        assert not desk.told(JournalUpdate)[-1].is_written

        desk.journal.error = None
        await trio.sleep(2)
        entries = [record.entry for record in desk.journal.records()]
        assert sum(isinstance(entry, Executed) for entry in entries) == 1
        assert sum(isinstance(entry, Intent) for entry in entries) == 3
        assert desk.told(JournalUpdate)[-1].is_written
        assert desk.order(await opened(desk)).state is OrderState.OPEN


async def test_what_follows_from_a_refusal_for_want_of_room_is_refused_too(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        order_id = await opened(desk)
        calls = len(desk.venue.calls)
        desk.journal.error = FULL
        for price in ("98", "97"):
            desk.router.handle(Amend(order_id=order_id, price=Decimal(price)))
        await desk.settle()
        asked_when_full = desk.venue.calls[calls:]
        awaiting = desk.order(order_id).awaiting
        desk.journal.error = None
        await trio.sleep(2)
        desk.router.handle(Amend(order_id=order_id, price=Decimal(96)))
        await trio.sleep(2)

        assert (asked_when_full, awaiting) == ([], "")
        assert desk.venue.calls[calls:] == [("amend", order_id)]
        assert desk.order(order_id).price == 96


async def test_only_what_is_unknown_can_be_resolved_by_hand(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        working = await opened(desk)
        desk.venue.hides_orders, desk.venue.drop_acks = True, {"submit"}
        doubtful = desk.submit()
        await desk.router.wait_idle()
        desk.router.handle(Resolve(order_id=working, outcome="canceled"))
        desk.router.handle(Resolve(order_id=doubtful, outcome="rejected", note="their page"))
        await desk.router.wait_idle()

        assert desk.order(working).state is OrderState.OPEN
        assert desk.order(doubtful).state is OrderState.REJECTED
        assert desk.order(doubtful).reason == "resolved by hand: their page"
