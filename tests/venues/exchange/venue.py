"""A spot exchange for test venues: several markets, accounts, orders. No wire here.

    exchange = SpotExchange(listings, clock=clock, seed=1, is_quiet=True)
    await nursery.start(exchange.run)            # lets the crowd trade as time goes
    account = exchange.open_account("demo", {"USDT": Decimal(10_000)})
    account.listeners.append(on_event)           # Report, Transfer: see `orders`
    record = exchange.submit(account, NewSpotOrder(symbol="BTCUSDT", side="buy", ...))
    exchange.cancel(record); exchange.amend(record, size=...)

What else there is: `market.SpotMarket` (book, trades, bars, statistics, listeners, and orders of
nobody's account for tests), `accounts.SpotAccount` (balances, records, own trades), `faults`
(switches), `control` (the switches and the truth over the wire), `playback` (recordings).

Every method first lets everything happen that is due by the clock. Requests that are refused
raise `Refusal`, and change nothing. The commission of a trade is the venue's to say: a function
of the record, the trade's price and size, and whether it rested.

An order keeps its record, with its executions, when it is done. Of linked orders the first to
trade or to end cancels the others; what they lock they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
import trio
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
from brokers.sim.instruments import Listing
from brokers.sim.orders import BUY, SELL, NewOrder
from engine.clock import Clock
from tests.venues.exchange.accounts import Balance, SpotAccount, group_of, need_of
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import (
    ZERO,
    Amend,
    Execution,
    Happened,
    NewSpotOrder,
    OrderRecord,
    Refusal,
    Report,
    Transfer,
)

Commission = Callable[[OrderRecord, SpotMarket, Decimal, Decimal, bool], tuple[str, Decimal]]
"""Record, market, price, size, is it the maker: asset and amount."""

FIRST_FORGED_ID: Final = 9_000_000_000
"""Trades that never were have numbers from here on."""
_LONGEST_SLEEP_NS: Final = 1_000_000_000
_SIGN: Final = {"buy": BUY, "sell": SELL}


def in_what_is_received(
    order: OrderRecord, market: SpotMarket, price: Decimal, size: Decimal, is_maker: bool
) -> tuple[str, Decimal]:
    """A share of base for buyers, of quote for sellers."""
    instrument = market.instrument
    share = instrument.maker_fee if is_maker else instrument.taker_fee
    if order.side == "buy":
        return instrument.base, size * share
    return instrument.quote, price * size * share


class SpotExchange:
    def __init__(
        self,
        listings: Iterable[Listing],
        *,
        clock: Clock,
        seed: int = 1,
        is_quiet: bool = False,
        commission: Commission = in_what_is_received,
        first_order_id: int = 1,
        fees_held: Decimal = ZERO,
        refuses_dry: bool = True,
        market_type: type[SpotMarket] = SpotMarket,
    ) -> None:
        """`fees_held` is the share of their cost that buys lock besides, for venues that take
        commission in quote units. `refuses_dry`: market orders that would meet nothing are refused;
        else they expire."""
        self.clock = clock
        self._commission = commission
        self._fees_held = fees_held
        self._refuses_dry = refuses_dry
        now_ns = clock.now_ns()
        self._owners: dict[tuple[str, int], OrderRecord] = {}
        """Working orders by market and number in it."""
        self._entering: OrderRecord | None = None
        self._order_id = first_order_id - 1
        self._execution_id = 0
        self._forged = 0
        self.accounts: dict[str, SpotAccount] = {}
        self.markets = {
            listing.instrument.symbol: market_type(
                listing, seed, now_ns, is_quiet=is_quiet, on_events=self._on_events
            )
            for listing in listings
        }
        for market in self.markets.values():
            market.takes_any_price = self._takes_any_price

    # -- time --------------------------------------------------------------------------------

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Let the markets go on as time passes, until cancelled."""
        task_status.started()
        while True:
            now_ns = self.advance()
            next_ns = min(market.next_ns for market in self.markets.values())
            await self.clock.sleep_until_ns(
                min(max(next_ns, now_ns + 1_000_000), now_ns + _LONGEST_SLEEP_NS)
            )

    def advance(self) -> int:
        """Let everything happen that is due; the time."""
        now_ns = self.clock.now_ns()
        for market in self.markets.values():
            market.advance(now_ns)
        return now_ns

    # -- accounts ----------------------------------------------------------------------------

    def open_account(self, name: str, balances: Mapping[str, Decimal]) -> SpotAccount:
        held = {asset: Balance(free=amount) for asset, amount in balances.items()}
        account = self.accounts[name] = SpotAccount(name, held)
        return account

    def deposit(self, account: SpotAccount, asset: str, amount: Decimal) -> None:
        """Put `amount` into an account; a negative one is taken out."""
        balance = account.balance(asset)
        balance.free += amount
        event = Transfer(
            asset=asset,
            amount=amount,
            free=balance.free,
            locked=balance.locked,
            time_ns=self.clock.now_ns(),
        )
        for tell in tuple(account.listeners):
            tell(event)

    # -- commands ----------------------------------------------------------------------------

    def submit(self, account: SpotAccount, new: NewSpotOrder) -> OrderRecord:
        """Take an order; what happened to it at once is in the record that comes back.

        Raises:
            Refusal: `balance`, `would_take`, `no_liquidity`, `off_grid`, `terms`.
        """
        now_ns = self.advance()
        market = self.markets[new.symbol]
        record = self._record(account, new, now_ns)
        asset, need = self._first_need(market, record)
        account.check(asset, need, group_of(record))
        self._enter(account, market, record, new)
        return record

    def hold(self, account: SpotAccount, new: NewSpotOrder) -> OrderRecord:
        """Keep an order that is to come when another is filled; it locks nothing yet."""
        record = self._record(account, new, self.advance())
        record.status = "pending"
        account.orders[record.order_id] = record
        return record

    def release(self, record: OrderRecord) -> None:
        """Let an order that was held come now. Raises `Refusal`; it has expired then."""
        self.advance()
        account, market = self.accounts[record.account], self.markets[record.symbol]
        record.status = "new"
        try:
            asset, need = self._first_need(market, record)
            account.check(asset, need, group_of(record))
            self._enter(account, market, record, _asked(record))
        except Refusal as refusal:
            self._finish_unworked(record, "expired", str(refusal))
            raise

    def drop_held(self, record: OrderRecord) -> None:
        """Cancel an order that is still held."""
        self._finish_unworked(record, "canceled", "")

    def cancel(self, record: OrderRecord, request_client_id: str = "") -> None:
        """Raises `Refusal`: `unknown_order` when it is done."""
        self.advance()
        if record.status == "pending":
            self.drop_held(record)
            return
        if not record.is_open:
            raise Refusal("unknown_order")
        market = self.markets[record.symbol]
        record.extra["request_client_id"] = request_client_id
        market.sim.cancel(record.number, market.time_ns)
        record.extra.pop("request_client_id", None)

    def amend(
        self,
        record: OrderRecord,
        *,
        size: Decimal | None = None,
        price: Decimal | None = None,
        stop_price: Decimal | None = None,
        client_id: str | None = None,
    ) -> Amend:
        """Give an open order another total size, limit or stop price, or client id.

        It keeps its place in the queue if the price stays and the size does not grow.

        Raises:
            Refusal: `unknown_order`, `size_filled`, `balance`, `would_take`, `off_grid`, `terms`.
        """
        now_ns = self.advance()
        if not record.is_open or record.status == "pending":
            raise Refusal("unknown_order")
        market, account = self.markets[record.symbol], self.accounts[record.account]
        wanted = replace(
            record,
            size=record.size if size is None else size,
            price=record.price if price is None else price,
            stop_price=record.stop_price if stop_price is None else stop_price,
        )
        if wanted.size <= record.filled + record.prevented:
            raise Refusal("size_filled")
        _check_grid(wanted, market)
        asset, need = self._need(market, wanted)
        account.check(asset, need, group_of(record))
        amend = Amend(
            time_ns=now_ns,
            execution_id=self._execution_id + 1,
            old_client_id=record.client_id,
            new_client_id=client_id or record.client_id,
            old_size=record.size,
            new_size=wanted.size,
            old_price=record.price,
            new_price=wanted.price,
        )
        self._change(market, record, wanted, amend)
        return amend

    # -- from elsewhere ----------------------------------------------------------------------

    def fill(self, record: OrderRecord, size: Decimal) -> None:
        """Somebody trades up to `size` of an order that rests, and all that stands before it.

        Raises `Refusal` where it does not rest.
        """
        self.advance()
        market = self.markets[record.symbol]
        working = market.sim.engine.order(record.number) if record.is_open else None
        if working is None or working.stop_price is not None or record.price is None:
            raise Refusal("terms", "the order does not rest")
        before = ZERO
        for level in market.sim.engine.side(working.side):
            if level.price == working.price:
                break
            before += level.size * market.instrument.size_step
        for other in market.sim.engine.side(working.side).orders_at(working.price or 0):
            if other is working:
                break
            before += other.visible * market.instrument.size_step
        market.take("sell" if record.side == "buy" else "buy", record.price, before + size)

    def forge_fill(self, record: OrderRecord, size: Decimal) -> None:
        """Tell a fill that the matching engine knows nothing of: of an order that is done, or of
        more than was ordered."""
        market = self.markets[record.symbol]
        price = record.price if record.price is not None else market.last_price
        self._forged += 1
        time_ns = self.advance()
        asset, amount = self._commission(record, market, price, size, False)
        trade_id = FIRST_FORGED_ID + self._forged
        self._book(market, record, price, size, (asset, amount), trade_id, time_ns, is_maker=True)

    def _change(
        self, market: SpotMarket, record: OrderRecord, wanted: OrderRecord, amend: Amend
    ) -> None:
        moves_stop = wanted.stop_price != record.stop_price and record.price is not None
        record.extra["amend"] = amend
        try:
            if moves_stop:
                self._swap(market, record, wanted)
            else:
                price = wanted.stop_price if wanted.price is None else wanted.price
                ticks = None if price is None else int(price / market.instrument.price_tick)
                # What self-trade prevention took off it is no part of the engine's size.
                steps = int((wanted.size - record.prevented) / market.instrument.size_step)
                events = market.sim.amend(record.number, ticks, steps, market.time_ns)
                _raise_refused(events)
        finally:
            record.extra.pop("amend", None)

    def _swap(self, market: SpotMarket, record: OrderRecord, wanted: OrderRecord) -> None:
        """Move the stop of a stop-limit order, which the matching engine has no command for."""
        if not record.waits_for_stop or record.link:
            raise Refusal("terms", "its stop was reached, or it is linked")
        # Not told of: the record goes on.
        self._owners.pop((market.symbol, record.number))
        market.sim.cancel(record.number, market.time_ns)
        amend: Amend = record.extra["amend"]
        record.size, record.price, record.stop_price = wanted.size, wanted.price, wanted.stop_price
        record.client_id = amend.new_client_id
        record.amends.append(amend)
        record.updated_ns = amend.time_ns
        account = self.accounts[record.account]
        self._reserve(account, market, record)
        new = replace(_asked(record), size=record.left)
        self._entering, record.extra["swapped"] = record, True
        market.sim.submit(_engine_order(new, record, market), market.time_ns)
        self._entering = None

    # -- entering ----------------------------------------------------------------------------

    def _record(self, account: SpotAccount, new: NewSpotOrder, now_ns: int) -> OrderRecord:
        self._order_id += 1
        return OrderRecord(
            order_id=self._order_id,
            account=account.name,
            symbol=new.symbol,
            client_id=new.client_id,
            side=new.side,
            kind=new.kind,
            size=new.size,
            price=new.price,
            stop_price=new.stop_price,
            time_in_force=new.time_in_force,
            post_only=new.post_only,
            self_trade=new.self_trade,
            expires_ns=new.expires_ns,
            shown=new.shown,
            link=new.link,
            created_ns=now_ns,
            updated_ns=now_ns,
            extra={**new.extra, "asked": new},
        )

    def _enter(
        self, account: SpotAccount, market: SpotMarket, record: OrderRecord, new: NewSpotOrder
    ) -> None:
        _check_grid(record, market)
        self._entering = record
        try:
            _raise_refused(market.sim.submit(_engine_order(new, record, market), market.time_ns))
        finally:
            self._entering = None

    def _first_need(self, market: SpotMarket, record: OrderRecord) -> tuple[str, Decimal]:
        """What must be free for a new order. Raises `Refusal` for a market order into nothing."""
        asset, need = self._need(market, record)
        if record.price is not None or record.stop_price is not None:
            return asset, need
        cost, left = ZERO, record.size
        for price, size in market.walk(_SIGN[record.side]):
            part = min(left, size)
            cost, left = cost + part * price, left - part
            if not left:
                break
        if left == record.size and self._refuses_dry:
            raise Refusal("no_liquidity")
        return (asset, need) if record.side == "sell" else (asset, cost * (1 + self._fees_held))

    def _need(self, market: SpotMarket, record: OrderRecord) -> tuple[str, Decimal]:
        """Asset and amount that an open order keeps locked."""
        asset, need = need_of(record, market.instrument)
        return (asset, need) if record.side == "sell" else (asset, need * (1 + self._fees_held))

    # -- what happened -----------------------------------------------------------------------

    def _on_events(self, market: SpotMarket, events: list[Event]) -> None:
        for event in events:
            match event:
                case Entered() if event.order.owner and self._entering is not None:
                    self._on_entered(market, self._entering, event)
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
            self._tell(market, record, "amended", event.time_ns)
            return
        record.created_ns = record.updated_ns = event.time_ns
        if record.stop_price is None and not record.kind.startswith("trailing"):
            record.working_ns = event.time_ns
        account.orders[record.order_id] = record
        self._reserve(account, market, record)
        self._tell(market, record, "new", event.time_ns)

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
        fee = self._commission(record, market, price, size, is_maker)
        trade_id = market.trade_id(event)
        self._book(market, record, price, size, fee, trade_id, event.time_ns, is_maker=is_maker)

    def _book(
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
        self._reserve(account, market, record)
        self._tell(market, record, "trade", time_ns, execution)

    def _on_elected(self, market: SpotMarket, record: OrderRecord, event: Elected) -> None:
        record.is_triggered = True
        record.working_ns = record.updated_ns = event.time_ns
        working = market.sim.engine.order(event.order_id)
        if working is not None and record.kind == "trailing_stop_limit" and working.price:
            record.price = working.price * market.instrument.price_tick
        self._tell(market, record, "triggered", event.time_ns)

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
        self._reserve(self.accounts[record.account], market, record)
        self._tell(market, record, "amended", event.time_ns, previous=amend.old_client_id)

    def _on_removed(self, market: SpotMarket, record: OrderRecord, event: Removed) -> None:
        record.status = "canceled" if event.cause == "canceled" else "expired"
        record.reason = event.reason
        record.extra["cause"] = event.cause
        record.updated_ns = event.time_ns
        self._reserve(self.accounts[record.account], market, record)
        happened: Happened = "canceled" if event.cause == "canceled" else "expired"
        self._tell(market, record, happened, event.time_ns)

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
            self._reserve(self.accounts[record.account], market, record)
            self._tell(market, record, "prevented", event.time_ns)

    def _finish_unworked(self, record: OrderRecord, status: Any, reason: str) -> None:
        """End an order that the matching engine never saw."""
        record.status, record.reason = status, reason
        record.updated_ns = self.clock.now_ns()
        self.accounts[record.account].orders[record.order_id] = record
        self._tell(self.markets[record.symbol], record, status, record.updated_ns)

    def _reserve(self, account: SpotAccount, market: SpotMarket, record: OrderRecord) -> None:
        """Lock what the open orders of its group need: of several, the most."""
        group = group_of(record)
        others = account.open_orders(record.symbol) if record.link else [record]
        mates = [
            one
            for one in others
            if one.is_open and one.left > 0 and group_of(one) == group and one.number
        ]
        asset, _ = self._need(market, record)
        needs = [self._need(market, one)[1] for one in mates if not _takes_at_once(one)]
        account.reserve(group, asset, max(needs, default=ZERO))

    def _tell(
        self,
        market: SpotMarket,
        record: OrderRecord,
        happened: Happened,
        time_ns: int,
        execution: Execution | None = None,
        previous: str = "",
    ) -> None:
        self._execution_id += 1
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
            execution_id=self._execution_id,
            time_ns=time_ns,
            execution=execution,
            request_client_id=record.extra.get("request_client_id", ""),
            previous_client_id=previous,
            balances=account.snapshot(assets),
        )
        for tell in tuple(account.listeners):
            tell(report)

    def _takes_any_price(self, market: SpotMarket, number: int) -> bool:
        record = self._owners.get((market.symbol, number))
        return record is not None and record.price is None


def _takes_at_once(record: OrderRecord) -> bool:
    """A market order locks nothing: it is over when it comes."""
    return record.price is None and record.stop_price is None and record.kind == "market"


def _asked(record: OrderRecord) -> NewSpotOrder:
    """The order as it was asked for, with what was amended since."""
    asked: NewSpotOrder = record.extra["asked"]
    return msgspec.structs.replace(
        asked, size=record.size, price=record.price, stop_price=record.stop_price
    )


def _check_grid(record: OrderRecord, market: SpotMarket) -> None:
    instrument = market.instrument
    for price in (record.price, record.stop_price):
        if price is not None and (price <= 0 or not instrument.is_on_tick(price)):
            raise Refusal("off_grid", f"price {price}")
    for size in (record.size, record.shown):
        if size is not None and (size <= 0 or not instrument.is_on_step(size)):
            raise Refusal("off_grid", f"size {size}")


def _engine_order(new: NewSpotOrder, record: OrderRecord, market: SpotMarket) -> NewOrder:
    instrument = market.instrument
    tick, step = instrument.price_tick, instrument.size_step

    def ticks(price: Decimal | None) -> int | None:
        return None if price is None else int(price / tick)

    trails = new.kind.startswith("trailing")
    return NewOrder(
        owner=record.account,
        side=_SIGN[new.side],
        size=int(new.size / step),
        kind=new.kind,
        price=None if trails else ticks(new.price),
        stop_price=None if trails else ticks(new.stop_price),
        time_in_force=new.time_in_force,
        post_only=new.post_only,
        self_trade=new.self_trade,
        expires_ns=new.expires_ns,
        trail=ticks(new.trail) or 0,
        trail_ppm=new.trail_ppm,
        limit_offset=ticks(new.limit_offset) or 0,
        link=new.link,
        shown=0 if new.shown is None else int(new.shown / step),
    )


_KINDS: Final = {"post-only order would take": "would_take"}


def _raise_refused(events: list[Event]) -> None:
    if events and isinstance(events[0], Refused):
        reason = events[0].reason
        raise Refusal(_KINDS.get(reason, "terms"), reason)
