"""Accounts that orders can name, and the service that logs one in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import trio

from engine.broker import Broker, Report, TradingClient, UntilLost, never_lost
from engine.clock import NANOS
from engine.ems.limits import PAPER_LIMITS, RiskLimits
from engine.errors import BrokerLost
from engine.messages import AccountInfo


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[accounts.NAME]` of `brokers.toml`."""

    name: str
    broker: str
    """The broker that the account is held at."""
    mode: Literal["paper", "live"] = "paper"
    """`live` is real money."""
    serves: tuple[str, ...] = ()
    """Brokers whose markets it trades; empty means any."""
    slots: Annotated[int, msgspec.Meta(ge=1)] = 4
    """Slots that the position limit is split in when an order is sized."""
    position_limit: Decimal | None = None
    """What the slots share, in `limit_unit`; None: `max_position_notional`, in
    currency."""
    limit_unit: Literal["units", "currency", "percent"] = "currency"
    """Of `position_limit`: units of size, quote currency, or percent of `equity`."""
    loading: Literal["even", "front", "back"] = "even"
    """Whether the first slots are larger, or the last."""
    equity: Decimal | None = None
    """What the account is worth, for a limit in percent of it; None: as far as is known."""
    limits: RiskLimits | None = None
    """None: the paper limits for a paper account; a live account without limits trades
    nothing."""
    options: Mapping[str, Any] = {}
    """What the broker needs to log in."""
    keys: Literal["any", "env", "file", "encrypted", "keyring"] = "any"
    """The store that has its keys; `any`: all of them are asked, in this order."""

    @property
    def risk_limits(self) -> RiskLimits | None:
        """The limits that hold; None where nothing may be traded."""
        if self.limits is not None:
            return self.limits
        return PAPER_LIMITS if self.mode == "paper" else None

    @property
    def day_starts_ns(self) -> int:
        """Nanoseconds from midnight UTC to when its day begins."""
        limits = self.risk_limits
        hours, _, minutes = ("00:00" if limits is None else limits.day_starts).partition(":")
        return (int(hours) * 60 + int(minutes)) * 60 * NANOS

    def info(self) -> AccountInfo:
        """What the deck is told of it."""
        limits = self.risk_limits
        return AccountInfo(
            name=self.name,
            broker=self.broker,
            mode=self.mode,
            serves=self.serves,
            slots=self.slots,
            max_position_notional=None if limits is None else limits.max_position_notional,
            position_limit=self.position_limit,
            limit_unit=self.limit_unit,
            loading=self.loading,
            equity=self.equity,
            confirms_stale=limits is not None and limits.on_stale == "confirm",
        )


def built_in_accounts() -> tuple[Account, ...]:
    """What there is without a `brokers.toml`: the embedded exchange, and paper for the rest."""
    return (
        Account(name="sim", broker="sim", serves=("sim",)),
        Account(name="paper", broker="paper"),
    )


GetBroker = Callable[[str], Awaitable[Broker]]
"""The running broker of a name, started first if need be."""


async def run_account(
    account: Account,
    get_broker: GetBroker,
    report: Report,
    until_lost: UntilLost = never_lost,
    *,
    task_status: trio.TaskStatus[TradingClient] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Service: keep the account logged in until cancelled; `started(client)` once it is.

    Raises:
        BrokerError: the broker cannot be loaded, reached or logged in to.
        BrokerLost: it runs no longer.
    """
    broker = await get_broker(account.broker)
    async with broker.open_client(account.info(), report) as client:
        task_status.started(client)
        raise BrokerLost(await until_lost(broker))
