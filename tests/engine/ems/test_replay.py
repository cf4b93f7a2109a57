"""What is read back from a journal is what was known when it was written."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.ems.blotter import Blotter, ConflictingFill
from engine.ems.journal import Entry, InstrumentKept, Intent, MemoryJournal, Record
from engine.ems.replay import replay
from engine.errors import BadTransition
from engine.messages import (
    Accepted,
    Canceled,
    CancelRequested,
    Denied,
    Filled,
    Lost,
    Order,
    OrderState,
    Rejected,
)
from tests.support.bars import INSTRUMENT


def order(order_id: str, side: str = "buy") -> Order:
    return Order(
        order_id=order_id,
        account="main",
        fqme=INSTRUMENT.fqme,
        side="buy" if side == "buy" else "sell",
        order_type="limit",
        size=Decimal(3),
        price=Decimal(100),
    )


def filled(order_id: str, trade: int, price: int = 100) -> Filled:
    return Filled(order_id=order_id, trade_id=f"t{trade}", price=Decimal(price), size=Decimal(1))


IDS = st.sampled_from(["a", "b", "c"])
EVENTS = st.one_of(
    st.builds(lambda i: Accepted(order_id=i), IDS),
    st.builds(lambda i: Canceled(order_id=i), IDS),
    st.builds(lambda i: CancelRequested(order_id=i), IDS),
    st.builds(lambda i: Lost(order_id=i, reason="?"), IDS),
    st.builds(lambda i: Rejected(order_id=i, reason="no"), IDS),
    st.builds(filled, IDS, st.integers(0, 5), st.sampled_from([99, 100])),
)


def written(events: list[Entry]) -> tuple[Blotter, list[Record]]:
    """A blotter after these events, and the journal of it: what did not fit is not in it."""
    blotter, records = Blotter(), [Record(0, InstrumentKept(instrument=INSTRUMENT))]
    blotter.keep_instrument(INSTRUMENT)
    for order_id, side in (("a", "buy"), ("b", "sell"), ("c", "buy")):
        blotter.add(order(order_id, side))
        records.append(Record(0, Intent(order=order(order_id, side))))
    for now_ns, event in enumerate(events):
        try:
            told = blotter.fold(event, now_ns)  # type: ignore[arg-type]
        except (BadTransition, ConflictingFill):
            continue
        if told:
            records.append(Record(now_ns, event))
    return blotter, records


@given(st.lists(EVENTS, max_size=40))
async def test_replay_comes_to_what_was_known(events: list[Entry]) -> None:
    blotter, records = written(events)
    journal, again = MemoryJournal(), Blotter()
    await journal.append(records)
    replayed = await replay(journal, again)

    assert replayed.problems == []
    assert dict(again.orders) == dict(blotter.orders)
    assert dict(again.fills) == dict(blotter.fills)
    assert dict(again.positions) == dict(blotter.positions)


async def test_what_is_let_go_is_still_told_from_what_is_new() -> None:
    _, records = written([Accepted(order_id="a"), filled("a", 1), Canceled(order_id="a")])
    journal, blotter = MemoryJournal(), Blotter()
    await journal.append(records)
    await replay(journal, blotter, keep_done=0)

    assert "a" not in blotter.orders
    assert blotter.is_known("a")
    assert blotter.has_fill("main", INSTRUMENT.fqme, "t1")
    assert blotter.position("main", INSTRUMENT.fqme).size == 1
    assert [one.order_id for one in blotter.working()] == ["b", "c"]


async def test_denials_are_kept_with_their_orders_and_go_with_them() -> None:
    records = [Record(0, InstrumentKept(instrument=INSTRUMENT))]
    for name in ("a", "b"):
        denial = Denied(order_id=name, check="size", reason="too large", limit="1", value="3")
        records += [Record(0, Intent(order=order(name))), Record(1, denial)]
    journal = MemoryJournal()
    await journal.append(records)

    replayed = await replay(journal, Blotter(), keep_done=1)

    assert [denial.limit for denial in replayed.denials.values()] == ["1"]
    assert list(replayed.denials) == ["b"]


async def test_a_record_that_does_not_fit_is_named_and_the_rest_counts() -> None:
    journal, blotter = MemoryJournal(), Blotter()
    await journal.append(
        [
            Record(1, Accepted(order_id="nobody")),
            Record(2, Intent(order=order("a"))),
            Record(3, Accepted(order_id="a")),
        ]
    )
    replayed = await replay(journal, blotter)

    assert len(replayed.problems) == 1
    assert "record 1" in replayed.problems[0]
    assert blotter.orders["a"].state is OrderState.OPEN
