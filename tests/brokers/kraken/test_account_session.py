"""The private connection of an account: what it asks for, what it makes of what comes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.account_session import AccountSession, Answer, Down
from brokers.kraken.markets import Markets
from brokers.kraken.order_names import Names
from brokers.kraken.reports import Reports
from engine.credentials import Secret
from engine.messages import Accepted, Canceled
from tests.brokers.kraken.test_markets import listed
from tests.brokers.kraken.test_reports import NAME, TIME, order
from tests.support.recordings import recording

NEW = {
    "exec_type": "new",
    "order_id": "OABC",
    "cl_ord_id": NAME,
    "symbol": "BTC/USD",
    "side": "buy",
    "order_type": "limit",
    "order_qty": 2,
    "limit_price": 27000,
    "timestamp": TIME,
}


class Venue:
    """The other end: takes what the session sends, and says things to it."""

    def __init__(self) -> None:
        self.session = AccountSession(Reports("main", Names(), Markets(listed("BTC/USD"))))
        self.session.admit(Secret("the-token"))
        self.sequence = 0

    def sent(self) -> list[Any]:
        return [msgspec.json.decode(frame) for frame in self.session.data_to_send()]

    def say(self, message: Any) -> list[Any]:
        return list(self.session.receive(msgspec.json.encode(message), 1))

    def executions(self, *entries: Any, kind: str = "update", skipped: int = 0) -> list[Any]:
        self.sequence += 1 + skipped
        message = {"channel": "executions", "type": kind, "data": entries}
        return self.say({**message, "sequence": self.sequence})

    def balances(self, **held: float) -> list[Any]:
        data = [{"asset": asset, "balance": amount} for asset, amount in held.items()]
        return self.say({"channel": "balances", "type": "snapshot", "data": data, "sequence": 1})

    def answer(self, request: Any, **fields: Any) -> list[Any]:
        usual = {"method": request["method"], "req_id": request["req_id"], "success": True}
        return self.say({**usual, **fields})

    def log_in(self) -> None:
        self.session.opened(0)
        for request in self.sent():
            self.answer(request, result={"channel": request["params"]["channel"]})
        self.executions(kind="snapshot")
        self.balances(USD=100)


@pytest.fixture
def venue() -> Venue:
    venue = Venue()
    venue.log_in()
    return venue


def test_it_asks_for_what_works_for_trades_and_for_balances() -> None:
    venue = Venue()
    venue.session.opened(0)

    executions, balances = venue.sent()

    assert executions["method"] == "subscribe"
    assert executions["params"] == {
        "channel": "executions",
        "snap_orders": True,
        "snap_trades": True,
        "token": "the-token",
    }
    assert balances["params"]["channel"] == "balances"
    assert venue.sent() == []


def test_it_is_live_once_both_are_there() -> None:
    venue = Venue()
    venue.session.opened(0)
    executions, balances = venue.sent()
    venue.answer(executions, result={"channel": "executions", "maxratecount": 125})
    venue.answer(balances, result={"channel": "balances"})
    assert not venue.session.is_live
    venue.executions(kind="snapshot")
    assert not venue.session.is_live

    venue.balances(USD=80595.4943)

    assert venue.session.is_live
    assert venue.session.most_rate == 125
    assert venue.session.balances == {"USD": Decimal("80595.4943")}


def test_heartbeats_stand_for_snapshots_with_nothing_in_them() -> None:
    venue = Venue()
    venue.session.opened(0)
    for request in venue.sent():
        venue.answer(request, result={"channel": request["params"]["channel"]})
    venue.say({"channel": "heartbeat"})
    assert not venue.session.is_live

    venue.say({"channel": "heartbeat"})

    assert venue.session.is_live


def test_a_key_that_may_not_see_balances_can_trade_all_the_same() -> None:
    venue = Venue()
    venue.session.opened(0)
    executions, balances = venue.sent()
    venue.answer(executions, result={"channel": "executions"})
    venue.executions(kind="snapshot")

    venue.answer(balances, success=False, error="EGeneral:Permission denied")

    assert venue.session.is_live
    assert venue.session.balances is None


def test_an_account_that_is_not_let_in_says_why() -> None:
    venue = Venue()
    venue.session.opened(0)
    executions, _ = venue.sent()

    (down,) = venue.answer(executions, success=False, error="EAPI:Invalid token")

    assert isinstance(down, Down)
    assert down.is_refusal
    assert "EAPI:Invalid token" in down.reason


def test_balances_follow_what_is_told_of_them(venue: Venue) -> None:
    update = {"asset": "USD", "balance": 99.5, "amount": -0.5, "type": "trade"}

    venue.say({"channel": "balances", "type": "update", "data": [update], "sequence": 2})

    assert venue.session.balances == {"USD": Decimal("99.5")}


def test_what_executions_say_comes_out_as_events(venue: Venue) -> None:
    venue.session.reports.expect(order())

    events = venue.executions(NEW, {**NEW, "exec_type": "canceled"})

    assert [type(event) for event in events] == [Accepted, Canceled]


def test_an_answer_goes_to_whoever_asked(venue: Venue) -> None:
    answers: list[tuple[str, Answer]] = []
    for name in ("one", "two"):
        venue.session.ask(
            "cancel_order", {"cl_ord_id": [name]}, lambda a, n=name: answers.append((n, a))
        )
    one, two = venue.sent()

    venue.answer(two, success=False, error="EOrder:Unknown order")
    venue.answer(one, result={"cl_ord_id": "one"})
    venue.answer(one, result={"cl_ord_id": "one"})

    assert [name for name, _ in answers] == ["two", "one"]
    assert answers[0][1].error == "EOrder:Unknown order"
    assert answers[1][1] == Answer(True, True, "", b'{"cl_ord_id":"one"}')


def test_a_break_is_told_to_whoever_waits_and_says_what_may_have_left(venue: Venue) -> None:
    answers: list[Answer] = []
    venue.session.ask("add_order", {}, answers.append)
    venue.sent()
    venue.session.ask("add_order", {}, answers.append)

    (down,) = venue.session.lost(0)

    assert isinstance(down, Down)
    assert answers == [Answer(True, False), Answer(False, False)]
    assert not venue.session.is_live


def test_a_connection_that_never_was_live_is_tried_again_without_a_word() -> None:
    venue = Venue()
    venue.session.opened(0)
    venue.sent()

    assert venue.session.lost(0) == []
    venue.log_in()
    assert venue.session.is_live


@pytest.mark.parametrize("error", ["EAPI:Invalid token", "ESession:Invalid session"])
def test_a_connection_that_is_let_in_no_longer_is_of_no_use(venue: Venue, error: str) -> None:
    answers: list[Answer] = []
    venue.session.ask("add_order", {}, answers.append)
    (request,) = venue.sent()

    (down,) = venue.answer(request, success=False, error=error)

    assert isinstance(down, Down)
    assert [answer.error for answer in answers] == [error]
    assert not venue.session.is_live


def test_a_message_that_is_missing_by_its_number_ends_it(venue: Venue) -> None:
    (down,) = venue.executions(NEW, skipped=1)

    assert isinstance(down, Down)
    assert "missing" in down.reason
    assert venue.executions(NEW) == []
    assert not venue.session.is_live


def test_numbers_of_two_channels_are_counted_apart(venue: Venue) -> None:
    update = {"asset": "USD", "balance": 1}

    assert venue.executions({**NEW, "exec_type": "status"}) == []
    venue.say({"channel": "balances", "type": "update", "data": [update], "sequence": 2})
    assert venue.executions({**NEW, "exec_type": "status"}) == []
    assert venue.session.is_live


@pytest.mark.parametrize(
    "entry",
    [
        {"exec_type": "trade"},
        {**NEW, "exec_type": "trade", "exec_id": "T1"},
        {**NEW, "order_qty": "much"},
        {**NEW, "timestamp": "soon"},
    ],
)
def test_what_cannot_be_read_of_orders_ends_it(venue: Venue, entry: Any) -> None:
    (down,) = venue.executions(entry)

    assert isinstance(down, Down)
    assert venue.session.malformed == 1


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x00", b"[1]", b'{"channel":"ohlc","data":7}', b'{"method":"pong"}', b"{}"]
)
def test_what_has_nothing_to_do_with_orders_is_left_out(venue: Venue, data: bytes) -> None:
    assert venue.session.receive(data, 0) == []
    assert venue.session.is_live


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    venue = Venue()
    venue.log_in()

    venue.session.receive(data, 0)


@given(st.data())
def test_no_damage_to_a_message_of_orders_passes_for_another_one(data: st.DataObject) -> None:
    venue = Venue()
    venue.log_in()
    whole = msgspec.json.encode(
        {"channel": "executions", "type": "update", "data": [NEW], "sequence": 2}
    )
    cut = data.draw(st.integers(1, len(whole) - 1))

    events = venue.session.receive(whole[:cut], 0)

    assert all(isinstance(event, Down) for event in events)


def test_every_recorded_message_is_taken() -> None:
    import gzip

    venue = Venue()
    venue.log_in()
    with gzip.open(recording("kraken/kasync_ws2_messages.ndjson.gz")) as file:
        lines = file.read().splitlines()

    for line in lines:
        venue.sequence = 0
        venue.session._sequences.clear()  # recordings of several days, each with its own numbers
        venue.session.receive(line, 0)

    assert venue.session.malformed == 0
    assert venue.session.is_live


def test_the_token_is_in_no_text_that_a_log_could_have(venue: Venue) -> None:
    venue.session.ask("add_order", {}, lambda answer: None)

    assert "the-token" not in repr(vars(venue.session)["_token"])
    assert "the-token" not in repr(venue.session)
