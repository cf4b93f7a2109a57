"""Accounts as they are logged in: each once, when it is first needed, as a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import trio

from engine.broker import Broker, Capabilities, TradingClient, UntilLost, never_lost
from engine.ems.accounts import Account, GetBroker, run_account
from engine.errors import BrokerUnavailable, describe
from engine.messages import OrderEvent
from engine.services import Started, current_services, sole_error

RESTARTS = 5
"""How often in a row a lost log-in is tried again by itself."""


class Logins:
    """Opens accounts as services `account NAME`, and knows what their brokers can do."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, Account],
        get_broker: GetBroker,
        report: Callable[[str, OrderEvent], None],
        timeout_s: float,
        until_lost: UntilLost = never_lost,
        lost: Callable[[str, str], None] = lambda account, why: None,
    ) -> None:
        """
        Args:
            lost: takes the name of an account that is logged in no longer, and why.
        """
        self._accounts = accounts
        self._get_broker = get_broker
        self._report = report
        self._timeout_s = timeout_s
        self._until_lost = until_lost
        self._lost = lost
        self._brokers: dict[str, Broker] = {}
        self._clients: dict[str, TradingClient] = {}
        """Of accounts that are logged in, where their loss would be told."""

    def capabilities_of(self, name: str) -> Capabilities | None:
        """What the account's broker can do; None before the first log-in."""
        broker = self._brokers.get(name)
        return None if broker is None else broker.capabilities

    async def open(self, name: str) -> TradingClient:
        """The client of an account, logged in first if need be.

        Raises:
            BrokerError: its broker cannot be loaded, reached or logged in to, or not in time.
        """
        if (logged_in := self._clients.get(name)) is not None:
            return logged_in
        account, service = self._accounts[name], f"account {name}"
        with trio.move_on_after(self._timeout_s):
            broker = await self._get_broker(account.broker)
            if self._brokers.get(name, broker) is not broker:
                # The broker was started again: what is logged in is logged in to the old one.
                self._brokers[name] = broker
                await current_services().stop(service)
            client: TradingClient = await current_services().start(
                service,
                partial(self._keep, account),
                restarts=RESTARTS,
            )
            self._brokers[name] = broker
            return client
        raise BrokerUnavailable(f"account {name} did not log in within {self._timeout_s:g} s")

    async def _keep(self, account: Account, *, task_status: trio.TaskStatus[TradingClient]) -> None:
        report = partial(self._report, account.name)

        def started(client: TradingClient) -> None:
            if self._until_lost is not never_lost:  # else its broker is asked for each time
                self._clients[account.name] = client
            task_status.started(client)

        status = Started(started)
        try:
            await run_account(
                account, self._get_broker, report, self._until_lost, task_status=status
            )
        except Exception as error:
            if status.is_ready:  # before, whoever asked is told
                self._lost(account.name, describe(sole_error(error)))
            raise
        finally:
            self._clients.pop(account.name, None)
