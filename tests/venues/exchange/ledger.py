"""Records of orders, kept in step with what the matching engines say of them.

Everything that happens to an order of an account passes through here: its record changes, money
moves, and the account's listeners are told.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from brokers.sim.events import (
    Changed,
    Elected,
    Entered,
    Event,
    Executed,
    Prevented,
    Refreshed,
    Refused,
    Removed,
)
from tests.venues.exchange.accounts import SpotAccount, group_of, need_of
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import (
    ZERO,
    Amend,
    Execution,
    Happened,
    OrderRecord,
    Report,
)

Commission = Callable[[OrderRecord, SpotMarket, Decimal, Decimal, bool], tuple[str, Decimal]]
"""Record, market, price, size, is it the maker: asset and amount."""


class Ledger:
    """`fees_held` is the share of their cost that buys lock besides."""

    def __init__(self, commission: Commission, fees_held: Decimal) -> None:
        self.accounts: dict[str, SpotAccount] = {}
        self.entering: OrderRecord | None = None
        """The order that a market is being given now."""
        self.last_execution_id = 0
        self._commission = commission
        self._fees_held = fees_held
        self._owners: dict[tuple[str, int], OrderRecord] = {}
        """Working orders by market and number in it."""

    def forget(self, market: SpotMarket, record: OrderRecord) -> None:
        """Hear no more of a number: the order goes on under another."""
        self._owners.pop((market.symbol, record.number))

    def need(self, market: SpotMarket, record: OrderRecord) -> tuple[str, Decimal]:
        """Asset and amount that an open order keeps locked."""
        asset, need = need_of(record, market.instrument)
        return (asset, need) if record.side == "sell" else (asset, need * (1 + self._fees_held))

    # -- what happened -----------------------------------------------------------------------

    def on_events(self, market: SpotMarket, events: list[Event]) -> None:
        for event in events:
            match event:
                case Entered() if event.order.owner and self.entering is not None:
                    self._on_entered(market, self.entering, event)
                case Executed():
                    self._on_executed(market, event)
                case Elected():
                    if record := self._owners.get((market.symbol, event.order_id)):
                        self._on_elected(market, record, event)
                case Changed():
                    if record := self._owners.get((market.symbol, event.order_id)):
                        self._on_changed(market, record, event)
                case Removed():
                    if record := self._owners.pop((market.symbol, event.order_id), None):
                        self._on_removed(market, record, event)
                case Prevented():
                    self._on_prevented(market, event)
                case Entered() | Refused() | Refreshed():
                    pass

    def _on_entered(self, market: SpotMarket, record: OrderRecord, event: Entered) -> None:
        account = self.accounts[record.account]
        record.number = event.order_id
        self._owners[market.symbol, event.order_id] = record
        if record.extra.pop("swapped", False):
            self.tell(market, record, "amended", event.time_ns)
            return
        record.created_ns = record.updated_ns = event.time_ns
        if record.stop_price is None and not record.kind.startswith("trailing"):
            record.working_ns = event.time_ns
        account.orders[record.order_id] = record
        self.reserve(account, market, record)
        self.tell(market, record, "new", event.time_ns)

    def _on_executed(self, market: SpotMarket, event: Executed) -> None:
        for number, is_maker in ((event.taker_id, False), (event.maker_id, True)):
            record = self._owners.get((market.symbol, number))
            if record is not None:
                self._fill(market, record, event, is_maker=is_maker)

    def _fill(
        self, market: SpotMarket, record: OrderRecord, event: Executed, *, is_maker: bool
    ) -> None:
        instrument = market.instrument
        price, size = event.price * instrument.price_tick, event.size * instrument.size_step
        fee = self.fee(record, market, price, size, is_maker)
        trade_id = market.trade_id(event)
        self.book(market, record, price, size, fee, trade_id, event.time_ns, is_maker=is_maker)

    def fee(
        self, record: OrderRecord, market: SpotMarket, price: Decimal, size: Decimal, is_maker: bool
    ) -> tuple[str, Decimal]:
        """Asset and amount of a trade's commission."""
        return self._commission(record, market, price, size, is_maker)

    def book(
        self,
        market: SpotMarket,
        record: OrderRecord,
        price: Decimal,
        size: Decimal,
        fee: tuple[str, Decimal],
        trade_id: int,
        time_ns: int,
        *,
        is_maker: bool,
    ) -> None:
        instrument, account, (asset, amount) = market.instrument, self.accounts[record.account], fee
        execution = Execution(
            trade_id=trade_id,
            order_id=record.order_id,
            symbol=market.symbol,
            side=record.side,
            price=price,
            size=size,
            commission=amount,
            commission_asset=asset,
            is_maker=is_maker,
            time_ns=time_ns,
            client_id=record.client_id,
        )
        record.filled += size
        record.cost += execution.cost
        record.fees[asset] = record.fees.get(asset, ZERO) + amount
        record.executions.append(execution)
        record.updated_ns = time_ns
        if record.is_open:
            record.status = "partially_filled" if record.left > 0 else "filled"
        account.executions.append(execution)
        account.settle(execution, instrument)
        if record.left <= 0:
            self._owners.pop((market.symbol, record.number), None)
        self.reserve(account, market, record)
        self.tell(market, record, "trade", time_ns, execution)

    def _on_elected(self, market: SpotMarket, record: OrderRecord, event: Elected) -> None:
        record.is_triggered = True
        record.working_ns = record.updated_ns = event.time_ns
        working = market.sim.engine.order(event.order_id)
        if working is not None and record.kind == "trailing_stop_limit" and working.price:
            record.price = working.price * market.instrument.price_tick
        self.tell(market, record, "triggered", event.time_ns)

    def _on_changed(self, market: SpotMarket, record: OrderRecord, event: Changed) -> None:
        instrument = market.instrument
        amend: Amend = record.extra["amend"]
        record.size = event.size * instrument.size_step + record.prevented
        if event.price is not None:
            record.price = event.price * instrument.price_tick
        if event.stop_price is not None:
            record.stop_price = event.stop_price * instrument.price_tick
        record.client_id = amend.new_client_id
        record.updated_ns = event.time_ns
        record.amends.append(amend)
        record.extra["kept_priority"] = event.kept_priority
        self.reserve(self.accounts[record.account], market, record)
        self.tell(market, record, "amended", event.time_ns, previous=amend.old_client_id)

    def _on_removed(self, market: SpotMarket, record: OrderRecord, event: Removed) -> None:
        record.status = "canceled" if event.cause == "canceled" else "expired"
        record.reason = event.reason
        record.extra["cause"] = event.cause
        record.updated_ns = event.time_ns
        self.reserve(self.accounts[record.account], market, record)
        happened: Happened = "canceled" if event.cause == "canceled" else "expired"
        self.tell(market, record, happened, event.time_ns)

    def _on_prevented(self, market: SpotMarket, event: Prevented) -> None:
        step = market.instrument.size_step
        both = ((event.taker_id, event.taker_prevented), (event.maker_id, event.maker_prevented))
        for number, prevented in both:
            record = self._owners.get((market.symbol, number))
            if record is None or not prevented:
                continue
            record.prevented += prevented * step
            record.prevented_match_id = event.number
            record.updated_ns = event.time_ns
            self.reserve(self.accounts[record.account], market, record)
            self.tell(market, record, "prevented", event.time_ns)

    def reserve(self, account: SpotAccount, market: SpotMarket, record: OrderRecord) -> None:
        """Lock what the open orders of its group need: of several, the most."""
        group = group_of(record)
        others = account.open_orders(record.symbol) if record.link else [record]
        mates = [
            one
            for one in others
            if one.is_open and one.left > 0 and group_of(one) == group and one.number
        ]
        asset, _ = self.need(market, record)
        needs = [self.need(market, one)[1] for one in mates if not _takes_at_once(one)]
        account.reserve(group, asset, max(needs, default=ZERO))

    def tell(
        self,
        market: SpotMarket,
        record: OrderRecord,
        happened: Happened,
        time_ns: int,
        execution: Execution | None = None,
        previous: str = "",
    ) -> None:
        self.last_execution_id += 1
        account = self.accounts[record.account]
        assets: dict[str, object] = dict.fromkeys((market.instrument.base, market.instrument.quote))
        if execution is not None:
            assets[execution.commission_asset] = None
        copy = replace(
            record,
            executions=list(record.executions),
            amends=list(record.amends),
            fees=dict(record.fees),
            extra=dict(record.extra),
        )
        report = Report(
            happened=happened,
            order=copy,
            execution_id=self.last_execution_id,
            time_ns=time_ns,
            execution=execution,
            request_client_id=record.extra.get("request_client_id", ""),
            previous_client_id=previous,
            balances=account.snapshot(assets),
        )
        for tell in tuple(account.listeners):
            tell(report)

    def takes_any_price(self, market: SpotMarket, number: int) -> bool:
        record = self._owners.get((market.symbol, number))
        return record is not None and record.price is None


def _takes_at_once(record: OrderRecord) -> bool:
    """A market order locks nothing: it is over when it comes."""
    return record.price is None and record.stop_price is None and record.kind == "market"
