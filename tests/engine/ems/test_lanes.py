"""Requests on their way to venues: one call at a time for each order, each answered or given up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.broker import TradingClient
from engine.ems.lanes import Lane, Lanes, Request, RequestKind
from engine.ems.orders import fold
from engine.errors import BrokerUnavailable
from engine.instruments import Instrument
from engine.messages import (
    AccountInfo,
    Canceled,
    Denied,
    Order,
    OrderEvent,
    OrderState,
    Rejected,
    RequestRefused,
)
from tests.support.venue import FQME, INSTRUMENT, START_NS, ScriptedVenue

TIMEOUT_S = 10.0


def order(order_id: str = "o", **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "account": "main",
        "fqme": FQME,
        "side": "buy",
        "order_type": "limit",
        "size": Decimal(1),
        "price": Decimal(100),
    }
    return Order(order_id=order_id, **{**fields, **changes})


# -- one lane ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes", "is_answered"),
    [
        ("submit", {}, False),
        ("submit", {"state": OrderState.TRIGGERED}, False),
        ("submit", {"state": OrderState.OPEN}, True),
        ("submit", {"state": OrderState.UNKNOWN}, True),
        ("submit", {"state": OrderState.REJECTED}, True),
        ("amend", {"state": OrderState.OPEN, "awaiting": "amend"}, False),
        ("amend", {"state": OrderState.OPEN, "awaiting": "cancel"}, True),
        ("amend", {"state": OrderState.OPEN}, True),
        ("cancel", {"state": OrderState.PARTIAL, "awaiting": "cancel"}, False),
        ("cancel", {"state": OrderState.CANCELED}, True),
        ("cancel", {"state": OrderState.FILLED, "awaiting": "cancel"}, True),
    ],
)
def test_an_order_shows_whether_a_request_was_answered(
    kind: RequestKind, changes: dict[str, Any], is_answered: bool
) -> None:
    request = Request(kind=kind, order_id="o")

    assert request.is_answered_by(order(**changes)) is is_answered


async def test_a_lane_is_idle_once_all_that_was_asked_is_answered() -> None:
    lane = Lane()
    submit, cancel = Request(kind="submit", order_id="o"), Request(kind="cancel", order_id="o")
    assert lane.is_idle
    lane.open += [submit, cancel]
    lane.mark_answers(order(state=OrderState.OPEN, awaiting="cancel"))

    assert submit.answered.is_set()
    assert not cancel.answered.is_set()
    assert (lane.has_open("submit"), lane.has_open("cancel")) == (False, True)
    assert not lane.is_idle
    lane.mark_answers(order(state=OrderState.CANCELED))
    assert lane.is_idle


async def test_a_request_given_up_leaves_the_others_of_its_kind_open() -> None:
    lane = Lane()
    first, second = Request(kind="amend", order_id="o"), Request(kind="amend", order_id="o")
    lane.open += [first, second]
    lane.give_up(first)

    assert lane.open == [second]
    assert first.answered.is_set()
    assert not second.answered.is_set()


@pytest.mark.parametrize(
    ("wants", "terms"),
    [
        ([("99", None)], ("99", None)),
        ([("99", None), ("98", None)], ("98", None)),
        ([("99", None), (None, "2")], ("99", "2")),
        ([("99", "3"), (None, "2")], ("99", "2")),
        ([("99", "3"), ("98", None)], ("98", "3")),
    ],
)
def test_of_amends_that_wait_the_newest_price_and_the_newest_size_count(
    wants: list[tuple[str | None, str | None]], terms: tuple[str | None, str | None]
) -> None:
    lane = Lane()
    for price, size in wants:
        lane.want(*(None if term is None else Decimal(term) for term in (price, size)))

    assert lane.wanted_terms == tuple(None if term is None else Decimal(term) for term in terms)
    assert not lane.is_idle


# -- sending -----------------------------------------------------------------------------------


class Line:
    """Lanes to a scripted venue, over orders that move as the venue says."""

    def __init__(self, *orders: Order) -> None:
        self.orders = {each.order_id: each for each in orders or (order(),)}
        self.venue = ScriptedVenue()
        self.told: list[OrderEvent] = []
        self.lost: list[tuple[str, str, str]] = []
        self.ends = 0
        self.login_delay_s: dict[str, float] = {}
        self.login_error: Exception | None = None
        self.nursery: trio.Nursery
        self.lanes = Lanes(
            get_client=self.get_client,
            order_of=self.orders.__getitem__,
            instrument_of=self.instrument_of,
            report=self.report,
            no_answer=self.no_answer,
            sent=self.sent,
            answer_timeout_s=TIMEOUT_S,
        )

    async def get_client(self, account: str) -> TradingClient:
        await trio.sleep(self.login_delay_s.get(account, 0.0))
        if self.login_error is not None:
            raise self.login_error
        return self.venue

    def instrument_of(self, fqme: str) -> Instrument:
        assert fqme == FQME
        return INSTRUMENT

    def report(self, event: OrderEvent) -> None:
        self.told.append(event)
        self.orders[event.order_id] = fold(self.orders[event.order_id], event, START_NS)
        if lane := self.lanes.find(event.order_id):
            lane.mark_answers(self.orders[event.order_id])

    def no_answer(self, request: Request, reason: str) -> None:
        self.lost.append((request.kind, request.order_id, reason))
        self.lanes.lane(request.order_id).give_up(request)

    def sent(self) -> None:
        self.ends += 1

    def ask(self, *kinds: RequestKind, order_id: str = "o", **terms: Any) -> list[Request]:
        """Decide on requests, and have them sent."""
        requests = [Request(kind=kind, order_id=order_id, **terms) for kind in kinds]
        self.lanes.lane(order_id).open.extend(requests)
        if "cancel" in kinds:
            self.orders[order_id] = replace(self.orders[order_id], awaiting="cancel")
        self.lanes.send(requests, self.nursery)
        return requests

    def states(self) -> list[str]:
        return [each.state.value for each in self.orders.values()]


@asynccontextmanager
async def open_line(*orders: Order) -> AsyncIterator[Line]:
    line = Line(*orders)
    info = AccountInfo(name="main", broker="test")
    async with line.venue.open_client(info, line.report), trio.open_nursery() as line.nursery:
        yield line
        line.nursery.cancel_scope.cancel()


async def test_a_request_is_sent_and_forgotten_once_it_is_answered() -> None:
    async with open_line() as line:
        assert line.lanes.find("o") is None
        line.ask("submit")
        assert not line.lanes.is_idle
        await wait_all_tasks_blocked()

        assert line.venue.calls == [("submit", "o")]
        assert line.states() == ["open"]
        assert line.lanes.is_idle
        assert line.ends == 1
        line.lanes.send([], line.nursery)
        assert line.lanes.find("o") is None
        assert line.lost == []


async def test_an_amend_is_sent_with_its_terms() -> None:
    async with open_line(order(state=OrderState.OPEN, awaiting="amend")) as line:
        line.ask("amend", price=Decimal(98), size=Decimal(3))
        await wait_all_tasks_blocked()

        assert (line.orders["o"].price, line.orders["o"].size) == (98, 3)


async def test_the_calls_of_an_order_are_made_one_after_the_other(
    autojump_clock: MockClock,
) -> None:
    async with open_line() as line:
        line.venue.delay_s = {"submit": 2.0, "cancel": 2.0}
        line.ask("submit")
        await trio.sleep(1.0)
        line.ask("cancel")
        await trio.sleep(0.9)
        before = list(line.venue.calls)
        await trio.sleep(2.2)

        assert before == [("submit", "o")]
        assert line.venue.at_once == {"o": 1}
        assert line.states() == ["canceled"]


async def test_accounts_do_not_wait_for_each_other(autojump_clock: MockClock) -> None:
    async with open_line(order("slow", account="a"), order("fast", account="b")) as line:
        line.login_delay_s["a"] = 5.0
        line.ask("submit", order_id="slow")
        line.ask("submit", order_id="fast")
        await trio.sleep(1.0)

        assert line.venue.calls == [("submit", "fast")]


async def test_calls_of_an_account_begin_as_they_were_decided_and_none_waits_for_an_end(
    autojump_clock: MockClock,
) -> None:
    ids = [f"o{number}" for number in range(20)]
    async with open_line(*map(order, ids)) as line:
        line.venue.delay_s["submit"] = 3.0
        for order_id in ids:
            line.ask("submit", order_id=order_id)
        await trio.sleep(1.0)

        assert [order_id for _, order_id in line.venue.calls] == ids


async def test_an_order_that_was_refused_does_not_keep_the_next_one_waiting(
    autojump_clock: MockClock,
) -> None:
    async with open_line(order("first"), order("second")) as line:
        first = line.ask("submit", order_id="first")
        first[0].answered.set()  # nothing is to be sent of it any more
        line.ask("submit", order_id="second")
        await trio.sleep(1.0)

        assert line.venue.calls == [("submit", "second")]


async def test_what_was_canceled_before_it_left_never_leaves() -> None:
    async with open_line() as line:
        requests = line.ask("submit", "cancel")
        await wait_all_tasks_blocked()
        line.lanes.send([], line.nursery)
        await wait_all_tasks_blocked()

        assert line.venue.calls == []
        assert line.told == [Canceled(order_id="o", reason="canceled before it was sent")]
        assert all(request.answered.is_set() for request in requests)
        assert line.lanes.is_idle


async def test_a_cancel_while_the_account_logs_in_keeps_the_order_here(
    autojump_clock: MockClock,
) -> None:
    async with open_line() as line:
        line.login_delay_s["main"] = 5.0
        line.ask("submit")
        await trio.sleep(1.0)
        line.ask("cancel")
        await trio.sleep(5.0)

        assert line.venue.calls == []
        assert line.states() == ["canceled"]
        assert line.lanes.is_idle


# -- what goes wrong ---------------------------------------------------------------------------


async def test_no_answer_in_time_is_told_once_and_nothing_is_sent_again(
    autojump_clock: MockClock,
) -> None:
    async with open_line() as line:
        line.venue.drop_acks = {"submit"}
        line.ask("submit")
        await trio.sleep(TIMEOUT_S - 0.1)
        early = list(line.lost)
        await trio.sleep(100.0)

        assert early == []
        assert line.lost == [("submit", "o", "no answer to the submit within 10 s")]
        assert line.venue.calls == [("submit", "o")]
        assert line.lanes.is_idle


async def test_a_call_that_hangs_is_given_up_with_its_answer(autojump_clock: MockClock) -> None:
    async with open_line(order("hangs"), order("next")) as line:
        line.venue.delay_s["submit"] = 1000.0
        line.ask("submit", order_id="hangs")
        await trio.sleep(TIMEOUT_S + 1)

        assert [lost[:2] for lost in line.lost] == [("submit", "hangs")]
        assert line.lanes.is_idle
        line.venue.recover()
        line.ask("submit", order_id="next")
        await trio.sleep(0.1)
        assert line.orders["next"].state is OrderState.OPEN


async def test_an_answer_in_the_last_moment_is_an_answer(autojump_clock: MockClock) -> None:
    async with open_line() as line:
        line.venue.delay_s["submit"] = 4.0
        line.venue.ack_delay_s = 5.9
        line.ask("submit")
        await trio.sleep(100.0)

        assert line.lost == []
        assert line.states() == ["open"]


async def test_a_connection_that_breaks_in_the_call_leaves_the_outcome_open() -> None:
    async with open_line() as line:
        line.venue.lose = {"submit"}
        line.ask("submit")
        await wait_all_tasks_blocked()

        assert line.lost == [("submit", "o", "the connection broke")]
        assert line.told == []


@pytest.mark.parametrize("kind", ["submit", "amend", "cancel"])
async def test_a_request_that_never_left_is_refused_and_not_lost(kind: RequestKind) -> None:
    state = OrderState.PENDING if kind == "submit" else OrderState.OPEN
    awaiting = "" if kind == "submit" else kind
    async with open_line(order(state=state, awaiting=awaiting)) as line:
        line.login_error = BrokerUnavailable("wrong \x1bkey")
        line.ask(kind)
        await wait_all_tasks_blocked()

        (told,) = line.told
        assert isinstance(told, Denied if kind == "submit" else RequestRefused)
        assert told.reason == "wrong \ufffdkey"
        assert line.lost == []
        assert line.lanes.is_idle


async def test_an_account_that_does_not_log_in_in_time_denies(autojump_clock: MockClock) -> None:
    async with open_line() as line:
        line.login_delay_s["main"] = TIMEOUT_S + 1
        line.ask("submit")
        await trio.sleep(100.0)

        (told,) = line.told
        assert isinstance(told, Denied)
        assert (told.check, told.reason) == ("account", "the account did not log in in time")
        assert line.venue.calls == []
        assert line.lost == []


async def test_an_order_that_the_venue_rejects_takes_the_requests_behind_it_along(
    autojump_clock: MockClock,
) -> None:
    async with open_line() as line:
        line.venue.reject = {"submit": "no funds"}
        line.venue.delay_s["submit"] = 1.0
        line.ask("submit")
        await trio.sleep(0.5)
        line.ask("cancel")
        await trio.sleep(100.0)

        assert line.told == [Rejected(order_id="o", reason="no funds")]
        assert line.venue.calls == [("submit", "o")]
        assert line.lost == []
        assert line.lanes.is_idle


async def test_a_cancel_that_the_venue_refuses_leaves_the_order_working() -> None:
    async with open_line(order(state=OrderState.OPEN)) as line:
        line.venue.reject = {"cancel": "too late"}
        line.ask("cancel")
        await wait_all_tasks_blocked()

        assert line.told == [RequestRefused(order_id="o", request="cancel", reason="too late")]
        assert (line.states(), line.orders["o"].awaiting) == (["open"], "")


async def test_a_bug_of_a_broker_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    async with open_line() as line:

        async def buggy(sent: Order, instrument: Instrument) -> None:
            raise KeyError

        line.venue.submit = buggy  # type: ignore[method-assign,assignment]
        line.ask("submit")
        await wait_all_tasks_blocked()

        assert line.lost == [("submit", "o", "KeyError")]
        assert [record.exc_info is not None for record in caplog.records] == [True]
