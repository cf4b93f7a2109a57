"""Algos on the way of every order: through the router, its checks, its journal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import trio
from msgspec.structs import replace

from engine.ems.journal import AlgoChanged, Intent
from engine.ems.risk import RiskLimits
from engine.messages import (
    AlgoUpdate,
    Amend,
    AmendAlgo,
    BracketTerms,
    Cancel,
    CancelAlgo,
    CancelAll,
    CommandRefused,
    Flatten,
    IcebergTerms,
    OcoTerms,
    OrderState,
    PauseAlgo,
    ResumeAlgo,
    ScaleTerms,
    SubmitAlgo,
    TwapTerms,
)
from tests.support.orders import AutojumpClock, Desk, open_desk
from tests.support.venue import EVERYTHING, FQME

D = Decimal
OCO = OcoTerms(side="sell", size=D(1), price=D(105), stop_price=D(95))
SIMPLE = replace(EVERYTHING, can_link=False)
BARE = replace(SIMPLE, order_types=frozenset({"limit", "market"}))


async def begin(desk: Desk, terms: Any, **fields: Any) -> None:
    command = {"algo_id": "A", "account": "main", "fqme": FQME, "terms": terms, **fields}
    desk.router.handle(SubmitAlgo(**command))
    await desk.router.wait_idle()


def statuses(desk: Desk) -> list[str]:
    """As they were told, repetitions left out."""
    told: list[str] = []
    for update in desk.told(AlgoUpdate):
        if update.algo.status not in told[-1:]:
            told.append(update.algo.status)
    return told


async def test_its_orders_name_it_and_are_on_record_with_it() -> None:
    async with open_desk() as desk:
        await begin(desk, OCO)
        children = list(desk.router.blotter.orders.values())

        assert [(order.order_id, order.parent_id) for order in children] == [
            ("A.stop-1", "A"),
            ("A.limit-1", "A"),
        ]
        assert {order.state for order in children} == {OrderState.OPEN}
        kinds = [type(record.entry) for record in desk.journal.records()]
        assert kinds.index(AlgoChanged) < kinds.index(Intent)
        assert [update.algo.is_native for update in desk.told(AlgoUpdate)] == [False, True]


async def test_a_stop_that_is_held_here_is_touched_by_the_market() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        await begin(desk, OCO)
        desk.tick(desk.trade(96.0), desk.trade(95.0))
        await desk.router.wait_idle()
        desk.venue.fill("A.out-1", "1", "94")
        await desk.router.wait_idle()

        asked = [("submit", "A.limit-1"), ("cancel", "A.limit-1"), ("submit", "A.out-1")]
        assert desk.venue.calls == asked
        assert statuses(desk) == ["running", "done"]


async def test_every_order_of_it_is_checked_and_one_that_is_denied_ends_it() -> None:
    async with open_desk(limits=RiskLimits(max_order_size=D(1))) as desk:
        terms = ScaleTerms(
            side="buy",
            size=D(6),
            count=3,
            first_price=D(99),
            last_price=D(97),
            shape="rising",
        )
        await begin(desk, terms)

        assert desk.denial("A.2-1").check == "max_order_size"
        assert desk.venue.working == {}
        assert statuses(desk) == ["running", "canceling", "failed"]


async def test_it_is_paused_resumed_and_canceled() -> None:
    async with open_desk() as desk:
        await begin(desk, IcebergTerms(side="buy", size=D(4), price=D(99), shown=D(1)))
        desk.router.handle(PauseAlgo(algo_id="A"))
        await desk.router.wait_idle()
        paused = list(desk.venue.working)
        desk.router.handle(ResumeAlgo(algo_id="A"))
        await desk.router.wait_idle()
        resumed = list(desk.venue.working)
        desk.router.handle(CancelAlgo(algo_id="A"))
        await desk.router.wait_idle()

        assert (paused, resumed, desk.venue.working) == ([], ["A.part-2"], {})
        assert statuses(desk) == ["running", "paused", "running", "canceling", "canceled"]


async def test_time_moves_it_on(autojump_clock: AutojumpClock) -> None:
    async with open_desk() as desk:
        await begin(desk, TwapTerms(side="buy", size=D(2), count=2, interval_s=5, price=D(99)))
        desk.venue.fill("A.part-1", "1", "99")
        await trio.sleep(1)
        early = len(desk.venue.calls)
        desk.markets.now += 5_000_000_000
        desk.markets.set_quote(FQME)
        await trio.sleep(1)
        await desk.router.wait_idle()

        assert early == 1
        assert desk.venue.calls == [("submit", "A.part-1"), ("submit", "A.part-2")]


async def test_terms_that_are_none_are_refused_with_what_would_have_passed() -> None:
    async with open_desk() as desk:
        await begin(desk, replace(OCO, stop_price=D(106)))
        await begin(desk, OCO, account="nobody")
        await begin(desk, OCO, fqme="nothing.here")
        desk.router.handle(PauseAlgo(algo_id="B"))
        await desk.router.wait_idle()

        refused = desk.told(CommandRefused)
        assert [(one.command, one.check) for one in refused] == [
            ("submitalgo", "stop"),
            ("submitalgo", "account"),
            ("submitalgo", "market"),
            ("pausealgo", "algo"),
        ]
        assert desk.venue.calls == []


async def test_an_account_that_does_not_open_fails_it() -> None:
    async with open_desk() as desk:
        desk.venue.refuse_login = "closed on sundays"
        await begin(desk, OCO)

        assert statuses(desk) == ["running", "canceling", "failed"]
        assert desk.told(AlgoUpdate)[-1].algo.reason == "closed on sundays"


async def test_one_intent_is_one_algo_and_a_deck_that_attaches_sees_it() -> None:
    async with open_desk() as desk:
        await begin(desk, OCO)
        await begin(desk, OCO)
        shown = [e.algo for e in desk.router.snapshot() if isinstance(e, AlgoUpdate)]

        assert len(desk.venue.calls) == 2
        assert [(algo.algo_id, algo.status) for algo in shown] == [("A", "running")]


async def test_it_waits_for_its_market_and_is_canceled_without_it(
    autojump_clock: AutojumpClock,
) -> None:
    async with open_desk() as desk:
        await begin(desk, IcebergTerms(side="buy", size=D(2), price=D(99), shown=D(1)))
        instrument = desk.markets.instruments.pop(FQME)
        desk.venue.fill("A.part-1", "1", "99")
        await trio.sleep(1)
        without = list(desk.venue.calls)
        desk.markets.instruments[FQME] = instrument
        await trio.sleep(1)
        again = list(desk.venue.calls)
        del desk.markets.instruments[FQME]
        desk.router.handle(CancelAlgo(algo_id="A"))
        await desk.router.wait_idle()

        assert without == [("submit", "A.part-1")]
        assert again == [*without, ("submit", "A.part-2")]
        assert desk.venue.calls == [*again, ("cancel", "A.part-2")]
        assert statuses(desk)[-1] == "canceled"


async def test_whoever_cancels_everything_or_leaves_the_market_ends_it_too() -> None:
    for command in (
        CancelAll(),
        CancelAll(account="main", fqme=FQME),
        Flatten(order_id="out", account="main", fqme=FQME),
    ):
        async with open_desk(capabilities=SIMPLE) as desk:
            await begin(desk, OCO)
            desk.router.handle(command)
            await desk.router.wait_idle()
            desk.tick(desk.trade(90.0))
            await desk.router.wait_idle()

            assert desk.venue.calls == [("submit", "A.limit-1"), ("cancel", "A.limit-1")]
            assert statuses(desk) == ["running", "canceling", "canceled"]


async def test_what_is_canceled_elsewhere_leaves_it_alone() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        await begin(desk, OCO)
        desk.router.handle(CancelAll(fqme="other.market"))
        await desk.router.wait_idle()

        assert statuses(desk) == ["running"]


async def test_after_a_crash_it_goes_on_with_what_its_orders_have_become() -> None:
    terms = BracketTerms(
        side="buy", size=D(2), price=D(100), stop_price=D(95), targets=((D(105), D(2)),)
    )
    async with open_desk(capabilities=SIMPLE) as first:
        await begin(first, terms)
        first.venue.fill("A.entry-1", "2", "100")
        del first.venue.working["A.entry-1"]
        await first.router.wait_idle()
        sent = list(first.venue.calls)
    async with open_desk(capabilities=SIMPLE, before=first) as second:
        again = list(second.venue.calls)
        second.tick(second.trade(95.0))
        await second.router.wait_idle()

        assert sent == [("submit", "A.entry-1"), ("submit", "A.target1-1")]
        assert again == sent
        asked = [("cancel", "A.target1-1"), ("submit", "A.out-1")]
        assert second.venue.calls == [*sent, *asked]
        assert second.order("A.out-1").size == 2


async def test_a_held_order_keeps_its_direction_over_a_crash() -> None:
    async with open_desk(capabilities=BARE) as first:
        order_id = first.submit(
            side="sell", order_type="stop", price=None, stop_price=D(95), size=D(1)
        )
        await first.router.wait_idle()
        assert first.venue.calls == []
    async with open_desk(capabilities=BARE, before=first) as second:
        # The market fell through the stop meanwhile: by where it stands now, it would be above.
        second.markets.set_quote(FQME, last=90.0, bid=89.0, ask=91.0)
        second.tick(second.trade(91.0))
        await second.router.wait_idle()

        assert second.venue.calls == [("submit", order_id)]


async def test_a_stop_that_is_touched_before_its_venue_was_asked_is_sent_after_that() -> None:
    async with open_desk(capabilities=BARE) as first:
        stop = {"side": "sell", "order_type": "stop", "price": None, "stop_price": D(95)}
        kept, canceled = first.submit(**stop), first.submit(**stop)
        await first.router.wait_idle()
    first.venue.login_delay_s = 0.05
    async with open_desk(capabilities=BARE, before=first) as second:
        second.tick(second.trade(94.0))
        second.router.handle(Cancel(order_id=canceled))
        await second.settle()
        before = (list(second.venue.calls), second.order(kept).state)
        await second.router.wait_idle()

        assert before == ([], OrderState.DARK)
        assert second.venue.calls == [("submit", kept)]
        assert second.order(canceled).state is OrderState.CANCELED


# -- other terms ---------------------------------------------------------------------------------

BRACKET = BracketTerms(
    side="buy", size=D(2), price=D(100), stop_price=D(95), targets=((D(105), D(2)),)
)


async def test_its_terms_are_amended_on_record_and_its_orders_with_them() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        await begin(desk, BRACKET)
        desk.venue.fill("A.entry-1", "2", "100")
        await desk.router.wait_idle()
        wanted = replace(BRACKET, stop_price=D(101), targets=((D(106), D(2)),))
        desk.router.handle(AmendAlgo(algo_id="A", terms=wanted))
        await desk.router.wait_idle()

        assert desk.order("A.target1-1").price == 106
        assert desk.told(AlgoUpdate)[-1].algo.terms == wanted
        entries = [record.entry for record in desk.journal.records()]
        assert [e.algo.terms for e in entries if isinstance(e, AlgoChanged)][-1] == wanted


async def test_who_moves_an_order_of_it_moves_it_in_its_terms_and_nothing_puts_it_back() -> None:
    async with open_desk(capabilities=SIMPLE) as desk:
        await begin(desk, BRACKET)
        desk.venue.fill("A.entry-1", "2", "100")
        await desk.router.wait_idle()
        desk.router.handle(Amend(order_id="A.target1-1", price=D(107)))
        await desk.router.wait_idle()
        desk.tick(desk.trade(101.0))
        await desk.router.wait_idle()

        assert desk.order("A.target1-1").price == 107
        assert desk.told(AlgoUpdate)[-1].algo.terms.targets == ((D(107), D(2)),)
        assert [name for name, _ in desk.venue.calls].count("amend") == 1


async def test_a_price_that_risk_refuses_changes_no_terms() -> None:
    async with open_desk(capabilities=SIMPLE, limits=RiskLimits(price_band_pct=D(10))) as desk:
        await begin(desk, BRACKET)
        desk.venue.fill("A.entry-1", "2", "100")
        await desk.router.wait_idle()
        desk.router.handle(Amend(order_id="A.target1-1", price=D(150)))
        await desk.router.wait_idle()

        assert desk.order("A.target1-1").price == 105
        assert desk.order("A.target1-1").reason
        assert desk.told(AlgoUpdate)[-1].algo.terms == BRACKET


async def test_terms_of_an_algo_that_is_not_known_are_refused() -> None:
    async with open_desk() as desk:
        desk.router.handle(AmendAlgo(algo_id="Z", terms=OCO))
        await desk.router.wait_idle()

        (refusal,) = desk.told(CommandRefused)
        assert (refusal.command, refusal.check, refusal.value) == ("amendalgo", "algo", "Z")
