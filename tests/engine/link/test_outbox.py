"""What waits for a frozen deck: nothing lost that matters, nothing grows that does not."""

import threading
from decimal import Decimal

import numpy as np

from engine.link.outbox import KEPT_NOTICES, KEPT_TICKS, Outbox, WaitingBars, merge_frames
from engine.messages import (
    COLUMN_NAMES,
    Ask,
    BarsUpdate,
    Bid,
    Columns,
    EngineFailed,
    EngineStatus,
    FlumeFailed,
    FlumeOpened,
    Frame,
    Match,
    Notice,
    Order,
    OrderUpdate,
    Quote,
    SearchResults,
    Trade,
)
from tests.support.market_truth import instrument

FQME = "btcusdt.spot.sim"


def frame(*, trades: int = 0, bid: float | None = None, last: float = 1.0) -> Frame:
    ticks: dict = {}
    if trades:
        ticks["trade"] = [Trade(FQME, float(n), 1.0) for n in range(trades)]
    if bid is not None:
        ticks["bid"] = [Bid(FQME, bid, 1.0)]
    return Frame(fqme=FQME, ticks=ticks, quote=Quote(fqme=FQME, last=last))


def bars(*minutes: int, close: float = 1.0, reset: bool = False) -> BarsUpdate:
    values = {
        name: np.array(minutes, "i8") * 60 if name == "time_ns" else np.full(len(minutes), close)
        for name in COLUMN_NAMES
    }
    return BarsUpdate(fqme=FQME, period_s=60, columns=Columns(**values), reset=reset)


def order(order_id: str) -> OrderUpdate:
    return OrderUpdate(
        order=Order(
            order_id=order_id,
            account="sim",
            fqme=FQME,
            side="buy",
            order_type="market",
            size=Decimal(1),
        )
    )


def test_order_events_are_all_there_in_order() -> None:
    outbox = Outbox()
    sent = [order(str(n)) for n in range(5000)]

    for event in sent:
        outbox.put(event)

    assert sent == outbox.take()
    assert [] == outbox.take()


def test_only_the_newest_status_waits() -> None:
    outbox = Outbox()

    for now_ns in range(10):
        outbox.put(EngineStatus(now_ns=now_ns))

    assert [EngineStatus(now_ns=9)] == outbox.take()


def test_notices_are_bounded() -> None:
    outbox = Outbox()

    for number in range(KEPT_NOTICES + 5):
        outbox.put(Notice(level="info", text=str(number)))

    assert KEPT_NOTICES == len(outbox.take())


def test_orders_come_before_frames() -> None:
    outbox = Outbox()
    outbox.put(frame(bid=1.0))
    outbox.put(order("1"))

    assert [OrderUpdate, Frame] == [type(event) for event in outbox.take()]


def test_frames_of_one_market_become_one_with_the_newest_quote() -> None:
    merged = merge_frames(frame(trades=2, bid=1.0, last=1.0), frame(trades=1, bid=2.0, last=3.0))

    assert 3 == len(merged.ticks["trade"])
    assert [Bid(FQME, 2.0, 1.0)] == merged.ticks["bid"]
    assert 1 == merged.conflated
    assert merged.quote is not None
    assert 3.0 == merged.quote.last


def test_a_side_that_did_not_change_keeps_its_quote() -> None:
    asked = Frame(fqme=FQME, ticks={"ask": [Ask(FQME, 5.0, 1.0)]})

    merged = merge_frames(asked, frame(bid=2.0))

    assert {"ask", "bid"} == set(merged.ticks)


def test_a_frozen_deck_does_not_grow_the_frame() -> None:
    outbox = Outbox()

    for _ in range(50):
        outbox.put(frame(trades=100))

    (merged,) = outbox.take()
    assert isinstance(merged, Frame)
    assert KEPT_TICKS == len(merged.ticks["trade"])
    assert 50 * 100 - KEPT_TICKS == merged.conflated


def test_merging_leaves_the_waiting_frame_as_it_was() -> None:
    older = frame(trades=2)

    merge_frames(older, frame(trades=2))

    assert 2 == len(older.ticks["trade"])


def test_bars_merge_by_time_and_the_newer_wins() -> None:
    waiting = WaitingBars(bars(1, 2, 3, reset=True))
    waiting.add(bars(3, 4, close=9.0))

    merged = waiting.update()

    assert [1 * 60, 2 * 60, 3 * 60, 4 * 60] == merged.columns.time_ns.tolist()
    assert [1.0, 1.0, 9.0, 9.0] == merged.columns.close.tolist()
    assert merged.reset


def test_a_reset_replaces_what_waits() -> None:
    fresh = bars(7, reset=True)
    waiting = WaitingBars(bars(1, 2))
    waiting.add(bars(3))

    waiting.add(fresh)

    assert waiting.update() is fresh


def test_what_waits_is_not_changed_by_what_comes_after() -> None:
    first = bars(1, 2)
    waiting = WaitingBars(first)
    waiting.add(bars(2, 3, close=5.0))
    taken = waiting.update()

    waiting.add(bars(3, close=8.0))

    assert [1.0, 1.0] == first.columns.close.tolist()
    assert [1.0, 5.0, 5.0] == taken.columns.close.tolist()


def test_the_deck_is_woken_once_until_it_takes() -> None:
    outbox, woken = Outbox(), []
    outbox.on_urgent(lambda: woken.append(1))

    outbox.put(frame(bid=1.0))
    assert [] == woken
    outbox.put(order("1"))
    outbox.put(EngineFailed(reason="x"))
    assert [1] == woken
    outbox.take()
    outbox.put(order("2"))
    assert [1, 1] == woken


def test_threads_lose_nothing_between_them() -> None:
    outbox, taken = Outbox(), []
    writers = [
        threading.Thread(target=lambda k=k: [outbox.put(order(f"{k}-{n}")) for n in range(500)])
        for k in range(4)
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        taken += outbox.take()
    taken += outbox.take()

    ids = [event.order.order_id for event in taken]
    assert 2000 == len(set(ids)) == len(ids)
    for k in range(4):
        assert [f"{k}-{n}" for n in range(500)] == [i for i in ids if i.startswith(f"{k}-")]


def test_of_a_market_that_is_tried_again_only_the_newest_word_waits() -> None:
    outbox = Outbox()
    opened = FlumeOpened(
        instrument=instrument("a.spot.x"), quote=Quote(fqme="a.spot.x", last=1.0), asked="b.spot.x"
    )
    final = FlumeFailed(fqme="c.spot.x", reason="not listed")

    for retry_ns in range(1, 1000):
        outbox.put(FlumeFailed(fqme="a.spot.x", reason="no route", retry_ns=retry_ns))
        outbox.put(FlumeFailed(fqme="b.spot.x", reason="no route", retry_ns=retry_ns))
        outbox.put(FlumeFailed(fqme="c.spot.x", reason="no route", retry_ns=retry_ns))
    outbox.put(opened)
    outbox.put(final)

    waits = FlumeFailed(fqme="a.spot.x", reason="no route", retry_ns=999)
    assert [opened, final, waits] == outbox.take()
    assert [] == outbox.take()


def test_of_a_search_only_the_newest_results_wait() -> None:
    outbox = Outbox()
    for count in range(5):
        found = tuple(Match(fqme=f"{number}.spot.x") for number in range(count))
        outbox.put(SearchResults(request_id=1, matches=found, is_complete=False))
        outbox.put(SearchResults(request_id=0, matches=()))

    assert [(1, 4), (0, 0)] == [(one.request_id, len(one.matches)) for one in outbox.take()]
