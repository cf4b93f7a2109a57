"""An engine comes up whole or not at all, and says what it could do without."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from brokers import registry
from engine.broker import Broker, BrokerSettings, Capabilities, OpenBroker
from engine.clock import TrioClock
from engine.config import EngineConfig
from engine.ems.accounts import Account, built_in_accounts
from engine.ems.journal import StateSet
from engine.errors import BrokerUnavailable
from engine.messages import BrokerInfo, ConnectionStatus, Event, Notice, Trade
from engine.run import open_engine
from engine.services import current_services
from engine.settings import EngineSettings


class Far(Broker):
    """A broker at the other end of a network that cannot be reached, at first."""

    attempts = 0

    def __init__(self, settings: BrokerSettings) -> None:
        self.name = settings.name
        self.capabilities = Capabilities(can_trade=True)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        Far.attempts += 1
        await trio.sleep(30)
        if Far.attempts < 3:
            raise BrokerUnavailable("the network is unreachable")
        task_status.started()
        await trio.sleep_forever()

    def connections(self) -> tuple[ConnectionStatus, ...]:
        return (ConnectionStatus(broker=self.name, name="rest", state="connecting", since_ns=0),)


FAR_ACCOUNT = Account(name="far", broker="far", mode="live")


def settings(
    *,
    broker: str = "sim",
    accounts: tuple[Account, ...] | None = None,
    missing: str = "",
    journal: Path | None = None,
    needs_home: bool = True,
) -> EngineSettings:
    def load(name: str) -> OpenBroker:
        if name == missing:
            raise BrokerUnavailable(f"{name} is not there")
        if name == "far":
            return Far
        return registry.load(name)

    return EngineSettings(
        config=EngineConfig(broker=broker),
        accounts=built_in_accounts() if accounts is None else accounts,
        load_broker=load,
        needs_home=needs_home,
        clock=TrioClock(1_767_603_600_000_000_000),
        journal=journal,
    )


async def test_a_deck_is_told_the_default_broker_first(autojump_clock: MockClock) -> None:
    async with open_engine(settings()) as engine:
        ready = engine.ready()

    assert ["sim", "paper"] == [broker.name for broker in ready.brokers]
    assert ["sim", "paper"] == [account.name for account in ready.accounts]


async def test_beside_a_damaged_journal_a_new_one_begins_halted_and_says_why(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    (tmp_path / "journal-damaged-1.db").touch()
    path = tmp_path / "journal.db"
    told = []
    for _ in range(2):
        async with open_engine(settings(journal=path)) as engine:
            told.append([problem for problem in engine.problems if "damaged" in problem])
            states = [one.entry for _, one in engine.journal.read()]
            assert [one.state for one in states if isinstance(one, StateSet)] == ["halted"]

    assert [len(problems) for problems in told] == [1, 0]
    assert "journal-damaged-1.db" in told[0][0]


async def test_every_part_runs_as_a_service(autojump_clock: MockClock) -> None:
    async with open_engine(settings()) as engine:
        states = {status.name: status.state for status in engine.services.statuses()}
        assert current_services() is engine.services

    assert {"sampler", "router", "broker sim", "broker paper"} <= states.keys()
    assert {"running"} == set(states.values())


async def test_without_its_default_broker_there_is_no_engine(autojump_clock: MockClock) -> None:
    with pytest.raises(BrokerUnavailable, match="sim is not there"):
        async with open_engine(settings(missing="sim")):
            pytest.fail("it came up")

    async with open_engine(settings()):  # and nothing was left behind
        pass


async def test_an_accounts_broker_that_is_missing_costs_its_accounts_only(
    autojump_clock: MockClock,
) -> None:
    async with open_engine(settings(missing="paper")) as engine:
        assert ["sim"] == [broker.name for broker in engine.ready().brokers]
        assert 1 == len(engine.problems)
        assert "paper is not there" in engine.problems[0]


async def test_nobody_waits_for_a_broker_that_cannot_be_reached_which_is_tried_again(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Far, "attempts", 0)
    told: list[Event] = []
    began_s = trio.current_time()
    accounts = (*built_in_accounts(), FAR_ACCOUNT)

    async with open_engine(settings(accounts=accounts)) as engine:
        assert trio.current_time() - began_s < 1
        engine.attach(told.append)
        known = [broker.name for broker in engine.ready().brokers]
        await trio.sleep(1)
        assert "far" in [broker.name for broker in engine.ready().brokers]
        (connecting,) = engine.venues.connections()
        assert ("far", "connecting") == (connecting.broker, connecting.state)
        await trio.sleep(100)
        assert "far" in [broker.name for broker in engine.venues.running()]

    later = [event.name for event in told if isinstance(event, BrokerInfo)]
    assert ["far", "paper", "sim"] == sorted([*known, *later])
    texts = [event.text for event in told if isinstance(event, Notice)]
    assert ["broker far does not come up: the network is unreachable"] == texts


async def test_a_default_broker_that_nobody_needs_may_be_missing(
    autojump_clock: MockClock,
) -> None:
    accounts = tuple(one for one in built_in_accounts() if one.broker != "sim")
    async with open_engine(settings(missing="sim", needs_home=False, accounts=accounts)) as engine:
        assert ["paper"] == [broker.name for broker in engine.venues.running()]
        assert "sim" == engine.ready().home
        assert ["broker sim does not come up: sim is not there"] == engine.problems


async def test_what_is_published_reaches_attached_decks_only(autojump_clock: MockClock) -> None:
    first: list[Event] = []
    second: list[Event] = []
    notice = Notice(level="info", text="hello")

    async with open_engine(settings()) as engine:
        engine.attach(first.append)
        engine.attach(second.append)
        engine.publish(notice)
        engine.detach(first.append)
        engine.publish(notice)

    assert ([notice], [notice, notice]) == (first, second)


async def test_a_part_that_fails_on_ticks_is_told_once_and_starves_nobody(
    autojump_clock: MockClock,
) -> None:
    told: list[Event] = []
    later: list[str] = []

    def broken(fqme: str, ticks: object) -> None:
        raise ZeroDivisionError("division by zero")

    async with open_engine(settings()) as engine:
        engine.attach(told.append)
        engine.bus.add_tap(broken)
        engine.bus.add_tap(lambda fqme, ticks: later.append(fqme))
        for _ in range(3):
            engine.bus.publish("a.sim", [Trade("a.sim", 1.0, 1.0)])

    assert ["a.sim"] * 3 == later
    (notice,) = told
    assert isinstance(notice, Notice)
    assert "ZeroDivisionError: division by zero" in notice.text
