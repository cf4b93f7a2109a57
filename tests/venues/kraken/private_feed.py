"""The private channels: who may read them, and what new readers get first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.venues.exchange.accounts import Balance
from tests.venues.exchange.faults import Faults
from tests.venues.kraken import executions
from tests.venues.kraken.connection import Connection, Told
from tests.venues.kraken.keys import require
from tests.venues.kraken.ledger import socket_balances
from tests.venues.kraken.limits import TIERS
from tests.venues.kraken.pairs import Asset
from tests.venues.kraken.records import Records
from tests.venues.kraken.socket_terms import flag, needed
from tests.venues.kraken.subscriptions import WARNINGS, Key, Wish
from tests.venues.kraken.tokens import Tokens

Params = Mapping[str, Any]

SNAPSHOT_FILLS: Final = 50


class PrivateFeed:
    """Subscriptions to `executions` and `balances`."""

    def __init__(
        self,
        tokens: Tokens,
        records: Records,
        balances: Callable[[str], Mapping[Asset, Balance]],
        faults: Faults,
    ) -> None:
        self._tokens = tokens
        self._records = records
        self._balances = balances
        self._faults = faults

    def wish(self, params: Params, connection: Connection, now_ns: int) -> Wish:
        """What a request asks for. Raises `Refused`."""
        channel = needed(params, "channel")
        key = self._tokens.use(needed(params, "token"), connection.number, now_ns)
        if channel == "balances":
            require(key, "query-funds")
            has_snapshot = _is_set(params, "snapshot", usual=True)
            result = {"channel": channel, "snapshot": has_snapshot}
            return Wish(Key(channel, key.account), result, has_snapshot)
        require(key, "query-open-trades", "query-closed-trades")
        with_orders = _is_set(params, "snap_orders", usual=True)
        with_trades = _is_set(params, "snap_trades", usual=False)
        connection.is_brief = not _is_set(params, "order_status", usual=True)
        result = {
            "channel": channel,
            "maxratecount": int(TIERS[key.tier].pair_most),
            "snap_orders": with_orders,
            "snap_trades": with_trades,
            "snapshot": with_orders or with_trades,
            "warnings": WARNINGS[channel],
        }
        return Wish(Key(channel, key.account), result, with_orders or with_trades)

    def snapshot(self, key: Key, params: Params, connection: Connection) -> Told:
        """The first message of a subscription."""
        if key.channel == "balances":
            held = {asset: one.total for asset, one in self._balances(key.name).items()}
            data = socket_balances(held)
        else:
            data = self._executions(
                key.name,
                with_orders=_is_set(params, "snap_orders", usual=True),
                with_trades=_is_set(params, "snap_trades", usual=False),
            )
        sequence = connection.next_sequence(key.channel)
        return {"channel": key.channel, "type": "snapshot", "data": data, "sequence": sequence}

    def _executions(self, account: str, *, with_orders: bool, with_trades: bool) -> list[Told]:
        if self._faults.deny_knowing:
            return []
        data: list[Told] = []
        if with_orders:
            data += [executions.resting(one) for one in self._records.working(account)]
        if with_trades:
            for trade in reversed(self._records.trades(account)[-SNAPSHOT_FILLS:]):
                record = self._records.by_id(trade.order_id)
                assert record is not None
                data.append(executions.past_trade(trade, record))
        return data


def _is_set(params: Params, name: str, *, usual: bool) -> bool:
    return flag(params, name) if name in params else usual
