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

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal

import trio
from msgspec.structs import replace

from brokers.sim.events import Event, Refused
from brokers.sim.instruments import Listing
from engine.clock import Clock
from tests.venues.exchange.accounts import Balance, SpotAccount, group_of
from tests.venues.exchange.entry import SIGN, asked_of, check_grid, engine_order
from tests.venues.exchange.ledger import Commission, Ledger
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import (
    ZERO,
    Amend,
    NewSpotOrder,
    OrderRecord,
    Refusal,
    Transfer,
)

FIRST_FORGED_ID: Final = 9_000_000_000
"""Trades that never were have numbers from here on."""
_LONGEST_SLEEP_NS: Final = 1_000_000_000


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
        self._fees_held = fees_held
        self._ledger = Ledger(commission, fees_held)
        self._refuses_dry = refuses_dry
        now_ns = clock.now_ns()
        self._order_id = first_order_id - 1
        self._forged = 0
        self.accounts = self._ledger.accounts
        self.markets = {
            listing.instrument.symbol: market_type(
                listing, seed, now_ns, is_quiet=is_quiet, on_events=self._ledger.on_events
            )
            for listing in listings
        }
        for market in self.markets.values():
            market.takes_any_price = self._ledger.takes_any_price

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
            self._enter(account, market, record, asked_of(record))
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
        check_grid(wanted, market)
        asset, need = self._ledger.need(market, wanted)
        account.check(asset, need, group_of(record))
        amend = Amend(
            time_ns=now_ns,
            execution_id=self._ledger.last_execution_id + 1,
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
        asset, amount = self._ledger.fee(record, market, price, size, False)
        trade_id = FIRST_FORGED_ID + self._forged
        self._ledger.book(
            market, record, price, size, (asset, amount), trade_id, time_ns, is_maker=True
        )

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
        self._ledger.forget(market, record)
        market.sim.cancel(record.number, market.time_ns)
        amend: Amend = record.extra["amend"]
        record.size, record.price, record.stop_price = wanted.size, wanted.price, wanted.stop_price
        record.client_id = amend.new_client_id
        record.amends.append(amend)
        record.updated_ns = amend.time_ns
        account = self.accounts[record.account]
        self._ledger.reserve(account, market, record)
        new = replace(asked_of(record), size=record.left)
        self._ledger.entering, record.extra["swapped"] = record, True
        market.sim.submit(engine_order(new, record, market), market.time_ns)
        self._ledger.entering = None

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
        check_grid(record, market)
        self._ledger.entering = record
        try:
            _raise_refused(market.sim.submit(engine_order(new, record, market), market.time_ns))
        finally:
            self._ledger.entering = None

    def _first_need(self, market: SpotMarket, record: OrderRecord) -> tuple[str, Decimal]:
        """What must be free for a new order. Raises `Refusal` for a market order into nothing."""
        asset, need = self._ledger.need(market, record)
        if record.price is not None or record.stop_price is not None:
            return asset, need
        cost, left = ZERO, record.size
        for price, size in market.walk(SIGN[record.side]):
            part = min(left, size)
            cost, left = cost + part * price, left - part
            if not left:
                break
        if left == record.size and self._refuses_dry:
            raise Refusal("no_liquidity")
        return (asset, need) if record.side == "sell" else (asset, cost * (1 + self._fees_held))

    def _finish_unworked(
        self, record: OrderRecord, status: Literal["canceled", "expired"], reason: str
    ) -> None:
        """End an order that the matching engine never saw."""
        record.status, record.reason = status, reason
        record.updated_ns = self.clock.now_ns()
        self.accounts[record.account].orders[record.order_id] = record
        self._ledger.tell(self.markets[record.symbol], record, status, record.updated_ns)


_KINDS: Final = {"post-only order would take": "would_take"}


def _raise_refused(events: list[Event]) -> None:
    if events and isinstance(events[0], Refused):
        reason = events[0].reason
        raise Refusal(_KINDS.get(reason, "terms"), reason)
