"""Accounts whose broker asks for keys: with them they trade, without them they say so by name,
and the rest of the engine goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from brokers import registry
from brokers.sim.broker import SimBroker
from brokers.sim.broker import open_broker as open_sim
from engine.broker import Broker, BrokerSettings, OpenBroker, Report, TradingClient
from engine.clock import SystemClock
from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.ems.accounts import Account, run_account
from engine.keystore.keystore import open_keystore
from engine.locations import find_locations
from engine.messages import DONE, AccountInfo, AccountUpdate, Denied, OrderState, OrderUpdate
from engine.services import open_services
from engine.venues import Venues
from tests.support.canary import Canary
from tests.support.engine_rig import Rig, open_rig
from tests.support.keys import made, revealed

SIM = "btcusdt.spot.sim"
ACCOUNTS = [
    Account(name="keyed", broker="sim", serves=("sim",)),
    Account(name="keyless", broker="sim", serves=("sim",)),
    Account(name="paper", broker="paper"),
]


class KeyedSim(SimBroker):
    """The embedded exchange, with a door that asks for keys."""

    settings: BrokerSettings
    logged_in: list[Credentials]

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        return self._with_keys(account, report)

    @asynccontextmanager
    async def _with_keys(
        self, account: AccountInfo, report: Report
    ) -> AsyncIterator[TradingClient]:
        self.logged_in.append(await self.settings.credentials(account.name))
        async with super().open_client(account, report) as client:
            yield client


def open_keyed(logged_in: list[Credentials], settings: BrokerSettings) -> Broker:
    broker = open_sim(settings)
    assert isinstance(broker, SimBroker)
    broker.__class__ = KeyedSim
    assert isinstance(broker, KeyedSim)
    broker.settings, broker.logged_in = settings, logged_in
    return broker


@pytest.fixture
def logged_in(monkeypatch: pytest.MonkeyPatch) -> list[Credentials]:
    found: list[Credentials] = []
    load = registry.load

    def loaded(name: str) -> OpenBroker:
        return partial(open_keyed, found) if name == "sim" else load(name)

    monkeypatch.setattr(registry, "load", loaded)
    return found


def denial(rig: Rig, order_id: str) -> Denied:
    (found,) = [
        update.event
        for update in rig.told(OrderUpdate)
        if update.order.order_id == order_id and isinstance(update.event, Denied)
    ]
    return found


def is_done(rig: Rig, order_id: str) -> bool:
    return order_id in rig.orders and rig.order(order_id).state in DONE


async def test_an_account_without_keys_is_named_and_the_others_trade(
    mock_clock: MockClock, logged_in: list[Credentials], tmp_path: Path
) -> None:
    with Canary(tmp_path) as canary:
        keys = canary.credentials("keyed")
        async with open_rig(
            mock_clock,
            accounts=ACCOUNTS,
            journal=tmp_path / "journal.db",
            credentials=canary.get,
        ) as rig:
            await rig.watch(SIM)
            await rig.advance(1.0)
            order_ids = {
                account.name: await rig.submit("buy", "0.01", account=account.name)
                for account in ACCOUNTS
            }
            order_ids["nobody"] = await rig.submit("buy", "0.01", account="nobody")
            await rig.until(
                "an end of all orders",
                lambda: all(is_done(rig, order_id) for order_id in order_ids.values()),
            )
            for event in rig.events:
                canary.see(event, "events")

    assert keys in logged_in
    assert OrderState.FILLED is rig.order(order_ids["keyed"]).state
    assert OrderState.FILLED is rig.order(order_ids["paper"]).state
    missing = denial(rig, order_ids["keyless"])
    assert ("account", "keyless") == (missing.check, missing.value)
    assert "there are no keys for account keyless" in missing.reason
    unknown = denial(rig, order_ids["nobody"])
    assert ("account", "nobody") == (unknown.check, unknown.value)
    assert "no account 'nobody'" in unknown.reason


async def test_a_person_is_told_of_missing_keys_without_an_order(
    mock_clock: MockClock, logged_in: list[Credentials]
) -> None:
    canary = Canary()
    canary.credentials("keyed")
    async with open_rig(mock_clock, accounts=ACCOUNTS, credentials=canary.get) as rig:
        await rig.until(
            "word on both accounts",
            lambda: {update.state for update in rig.told(AccountUpdate)} >= {"agreed", "in_doubt"},
        )

        told = {update.account: update for update in rig.told(AccountUpdate)}
        assert "agreed" == told["keyed"].state
        assert "in_doubt" == told["keyless"].state
        assert "there are no keys for account keyless" in told["keyless"].reason


async def test_keys_that_were_added_are_used_by_the_next_order(
    mock_clock: MockClock, logged_in: list[Credentials]
) -> None:
    canary = Canary()
    async with open_rig(mock_clock, accounts=ACCOUNTS, credentials=canary.get) as rig:
        await rig.watch(SIM)
        await rig.advance(1.0)
        before = await rig.submit("buy", "0.01", account="keyed")
        await rig.until("denial", lambda: is_done(rig, before))
        canary.credentials("keyed")
        after = await rig.submit("buy", "0.01", account="keyed")
        await rig.until("fill", lambda: is_done(rig, after))

        assert "account keyed" in denial(rig, before).reason
        assert OrderState.FILLED is rig.order(after).state


async def test_a_broker_gets_keys_out_of_the_stores(
    logged_in: list[Credentials], tmp_path: Path
) -> None:
    places = find_locations({}, config=tmp_path, data_dir=tmp_path / "data")
    variables = {"TICKDECK_KEY_KEYED": Secret("env"), "TICKDECK_SECRET_KEYED": Secret("x")}
    keystore = open_keystore(places, variables, {"keyed": "any", "keyless": "file"})
    keystore.store("file").keep("keyless", made("file", "x"))
    async with open_services(SystemClock()) as services:
        venues = Venues(
            load=registry.load,
            services=services,
            clock=SystemClock(),
            options={},
            data_dir=None,
            credentials=keystore.get,
        )
        for account in ACCOUNTS[:2]:
            await services.start(account.name, run_account, account, venues.get, print, _for_ever)

    assert [("env", "x", ""), ("file", "x", "")] == [revealed(keys) for keys in logged_in]
    keystore.store("file").forget("keyless")
    with pytest.raises(CredentialsMissing, match="account keyless"):
        await keystore.get("keyless")


async def _for_ever(broker: Broker) -> str:
    await trio.sleep_forever()
    raise AssertionError("unreachable")
