"""All markets and accounts of the embedded exchange, without clock or I/O.

The Decimal world of orders ends here: behind it are ticks and steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Literal

from msgspec.structs import replace

from brokers.sim.accounts import SimAccount, WorkingEntry
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
from brokers.sim.history import History
from brokers.sim.instruments import Listing
from brokers.sim.market import Market
from brokers.sim.orders import BUY, SELL, NewOrder, SelfTrade
from engine.accounting.fees import fee_of
from engine.ems.filters import check_range, check_worth
from engine.ems.shape import check_market_size
from engine.errors import BrokerUnavailable, OrderRejected, UnknownSymbol
from engine.instruments import Instrument
from engine.messages import (
    Accepted,
    Amended,
    Canceled,
    Expired,
    Filled,
    Order,
    OrderEvent,
    Side,
)
from engine.text import safe

MarketLog = Callable[[str, bytes], None]
"""Takes the log of each market, by fqme, a line at a time."""


class Exchange:
    """The venue. Every method is given the market's time, which must not go back."""

    def __init__(
        self,
        listings: Iterable[Listing],
        *,
        seed: int,
        cash: Decimal,
        self_trade: SelfTrade = "expire_taker",
        trade_groups: Mapping[str, str] | None = None,
        log: MarketLog | None = None,
    ) -> None:
        """`trade_groups` names the trade group of accounts that are in one."""
        self.listings = {listing.fqme: listing for listing in listings}
        self._seed = seed
        self._cash = cash
        self._self_trade: SelfTrade = self_trade
        self._trade_groups = dict(trade_groups or {})
        self._log = log
        self._histories: dict[str, History] = {}
        self._markets: dict[str, Market] = {}
        self._accounts: dict[str, SimAccount] = {}
        self._owners: dict[str, dict[int, tuple[SimAccount, str]]] = {}
        """Account and order id of each working order number, by market."""
        self._entering: tuple[SimAccount, Order] | None = None

    # -- markets -----------------------------------------------------------------------------

    def listing(self, fqme: str) -> Listing:
        """Raises `UnknownSymbol`."""
        try:
            return self.listings[fqme]
        except KeyError:
            raise UnknownSymbol(f"the exchange does not list {safe(fqme, 80)!r}") from None

    def history(self, fqme: str) -> History:
        """The past of a listed market."""
        listing = self.listing(fqme)
        if fqme not in self._histories:
            self._histories[fqme] = History(listing, self._seed)
        return self._histories[fqme]

    def market(self, fqme: str, now_ns: int) -> Market:
        """The market at `now_ns`; its book opens when it is first asked for."""
        if fqme not in self._markets:
            log = None if self._log is None else partial(self._log, fqme)
            self._owners[fqme] = {}
            self._markets[fqme] = Market(
                self.history(fqme), self._seed, now_ns, on_events=self._on_events, log=log
            )
        market = self._markets[fqme]
        market.advance(now_ns)
        return market

    def open_markets(self) -> Iterable[Market]:
        return self._markets.values()

    def is_open(self, fqme: str) -> bool:
        return fqme in self._markets

    @property
    def has_working(self) -> bool:
        """An account's order can trade."""
        return any(account.working for account in self._accounts.values())

    def advance(self, now_ns: int) -> None:
        """Let everything happen that is due at `now_ns`."""
        for market in self._markets.values():
            market.advance(now_ns)

    # -- accounts ----------------------------------------------------------------------------

    def account(self, name: str) -> SimAccount:
        """The account of that name; a new one gets the same cash in every quote asset.

        Raises `BrokerUnavailable` for an empty name: those orders would be the crowd's.
        """
        if not name:
            raise BrokerUnavailable("an account of the exchange needs a name")
        if name not in self._accounts:
            quotes = {listing.instrument.quote for listing in self.listings.values()}
            self._accounts[name] = SimAccount(name, dict.fromkeys(sorted(quotes), self._cash))
        return self._accounts[name]

    def submit(self, account: SimAccount, order: Order, now_ns: int) -> None:
        """Raises `OrderRejected`, `UnknownSymbol`."""
        instrument = self.listing(order.fqme).instrument
        if account.is_used(order.order_id):
            raise OrderRejected(f"order id {safe(order.order_id, 80)} was used before")
        new = self._new_order(account, order, instrument)
        market = self.market(order.fqme, now_ns)
        _check_against_market(order, market)
        self._entering = (account, order)
        events = market.submit(new, now_ns)
        self._entering = None
        _raise_refusal(events)

    def amend(
        self, account: SimAccount, order_id: str, price: Decimal | None, size: Decimal, now_ns: int
    ) -> None:
        """Raises `OrderRejected`."""
        entry = self._working(account, order_id, now_ns)
        instrument = self.listing(entry.fqme).instrument
        _check_size(size, instrument)
        wanted = replace(entry.order, size=size)
        if price is not None and wanted.price is not None:
            wanted = replace(wanted, price=price)
        _check_against_market(wanted, self.market(entry.fqme, now_ns))
        ticks = None if price is None else _ticks(price, "price", instrument)
        market = self.market(entry.fqme, now_ns)
        _raise_refusal(market.amend(entry.number, ticks, _steps(size, instrument), now_ns))

    def cancel(self, account: SimAccount, order_id: str, now_ns: int) -> None:
        """Raises `OrderRejected`."""
        entry = self._working(account, order_id, now_ns)
        _raise_refusal(self.market(entry.fqme, now_ns).cancel(entry.number, now_ns))

    def _working(self, account: SimAccount, order_id: str, now_ns: int) -> WorkingEntry:
        """A working order, after everything that happened before the request came."""
        self.advance(now_ns)
        if order_id not in account.working:
            raise OrderRejected(f"order {safe(order_id, 80)} is not working here")
        return account.working[order_id]

    def _new_order(self, account: SimAccount, order: Order, instrument: Instrument) -> NewOrder:
        """`order` in ticks and steps. Raises `OrderRejected` for what is off the grid."""
        _check_size(order.size, instrument)
        price = None if order.price is None else _ticks(order.price, "price", instrument)
        stop = None if order.stop_price is None else _ticks(order.stop_price, "stop", instrument)
        return NewOrder(
            owner=account.name,
            side=_SIGN[order.side],
            size=_steps(order.size, instrument),
            kind=order.order_type,
            price=price,
            stop_price=stop,
            time_in_force=order.time_in_force,
            post_only=order.post_only,
            self_trade=self._self_trade,
            reduce_only=order.reduce_only,
            expires_ns=order.expires_ns,
            link=order.link_group,
            shown=0 if order.shown is None else _steps(order.shown, instrument),
            group=self._trade_groups.get(account.name, ""),
            **_trail(order, instrument),
        )

    # -- what happened -----------------------------------------------------------------------

    def _on_events(self, market: Market, events: list[Event]) -> None:
        """Tell accounts what the matching engine did to their orders."""
        owners = self._owners[market.fqme]
        for event in events:
            match event:
                case Executed():
                    taker, maker = owners.get(event.taker_id), owners.get(event.maker_id)
                    if taker is not None:
                        self._fill(market, event, *taker, is_maker=False)
                    if maker is not None:
                        is_both = taker is not None and taker[0] is maker[0]
                        self._fill(market, event, *maker, is_maker=True, is_both=is_both)
                case Entered() if event.order.owner and self._entering is not None:
                    account, order = self._entering
                    owners[event.order_id] = (account, order.order_id)
                    account.enter(order, event.order_id, event.time_ns)
                    self._report_entered(account, order, event)
                case Prevented():
                    for number in (event.maker_id, event.taker_id):
                        if number in owners:
                            self._prevent(market, *owners[number], event, number)
                case Removed() if event.order_id in owners:
                    self._remove(*owners.pop(event.order_id), event)
                case Changed() if event.order_id in owners:
                    self._change(market, *owners[event.order_id], event)
                case Entered() | Refused() | Removed() | Changed() | Elected() | Refreshed():
                    pass

    @staticmethod
    def _report_entered(account: SimAccount, order: Order, event: Entered) -> None:
        account.report(
            Accepted(
                order_id=order.order_id,
                venue_order_id=str(event.order_id),
                venue_ns=event.time_ns,
            )
        )

    def _fill(
        self,
        market: Market,
        event: Executed,
        account: SimAccount,
        order_id: str,
        *,
        is_maker: bool,
        is_both: bool = False,
    ) -> None:
        instrument = market.instrument
        price = event.price * instrument.price_tick
        size = event.size * instrument.size_step
        liquidity: Literal["maker", "taker"] = "maker" if is_maker else "taker"
        self._book(
            market,
            account,
            Filled(
                order_id=order_id,
                # An account that trades with itself has the trade twice: each side needs its own.
                trade_id=f"{event.trade_id}m" if is_both else event.trade_id,
                price=price,
                size=size,
                fee=fee_of(size, price, instrument, liquidity),
                fee_asset=instrument.settle,
                liquidity=liquidity,
                venue_ns=event.time_ns,
            ),
        )

    def _book(self, market: Market, account: SimAccount, filled: Filled) -> None:
        entry = account.working[filled.order_id]
        account.fill(filled, entry.order, market.listing)
        if filled.order_id not in account.working:
            del self._owners[market.fqme][entry.number]
        account.report(filled)

    def _prevent(
        self, market: Market, account: SimAccount, order_id: str, event: Prevented, number: int
    ) -> None:
        """Self-trade prevention took something off an order, or moved it to another account.

        What is moved is told as a fill, without fee: a position is the sum of its fills.
        """
        instrument = market.instrument
        prevented = event.taker_prevented if number == event.taker_id else event.maker_prevented
        size = prevented * instrument.size_step
        order = account.working[order_id].order
        if event.is_transfer:
            self._book(
                market,
                account,
                Filled(
                    order_id=order_id,
                    trade_id=event.transfer_id,
                    price=event.price * instrument.price_tick,
                    size=size,
                    fee_asset=instrument.settle,
                    venue_ns=event.time_ns,
                ),
            )
        elif 0 < size < order.remaining:
            smaller = replace(order, size=order.size - size, updated_ns=event.time_ns)
            account.working[order_id].order = smaller
            account.report(
                Amended(
                    order_id=order_id,
                    price=order.price,
                    size=smaller.size,
                    venue_ns=event.time_ns,
                )
            )

    def _remove(self, account: SimAccount, order_id: str, event: Removed) -> None:
        account.working.pop(order_id, None)
        end: OrderEvent
        if event.cause == "canceled":
            end = Canceled(order_id=order_id, reason=event.reason, venue_ns=event.time_ns)
        else:
            end = Expired(order_id=order_id, reason=event.reason, venue_ns=event.time_ns)
        account.report(end)

    def _change(self, market: Market, account: SimAccount, order_id: str, event: Changed) -> None:
        tick, step = market.instrument.price_tick, market.instrument.size_step
        price = None if event.price is None else event.price * tick
        stop = None if event.stop_price is None else event.stop_price * tick
        entry = account.working[order_id]
        entry.order = replace(
            entry.order,
            price=price,
            stop_price=entry.order.stop_price if stop is None else stop,
            size=event.size * step,
            updated_ns=event.time_ns,
        )
        account.report(
            Amended(
                order_id=order_id,
                price=price,
                size=event.size * step,
                stop_price=stop,
                venue_ns=event.time_ns,
            )
        )


_SIGN: dict[Side, int] = {"buy": BUY, "sell": SELL}


def _raise_refusal(events: list[Event]) -> None:
    if events and isinstance(events[0], Refused):
        raise OrderRejected(events[0].reason)


def _ticks(price: Decimal, name: str, instrument: Instrument) -> int:
    if not price.is_finite() or price <= 0:
        raise OrderRejected(f"{name} {price} is not a price")
    if not instrument.is_on_tick(price):
        raise OrderRejected(f"{name} {price} is not a multiple of {instrument.price_tick}")
    return int(price / instrument.price_tick)


def _trail(order: Order, instrument: Instrument) -> dict[str, int]:
    """The trail and limit offset of `order`, in ticks, or in millionths of the price."""
    if order.trail is None or not order.order_type.startswith("trailing_stop"):
        return {}
    offset = order.limit_offset
    limit_offset = 0 if not offset else _ticks(offset, "limit offset", instrument)
    if order.trail_unit == "price":
        return {"trail": _ticks(order.trail, "trail", instrument), "limit_offset": limit_offset}
    ppm = order.trail * 10_000
    if not ppm.is_finite() or not 0 < ppm < 1_000_000 or ppm % 1:
        raise OrderRejected(f"trail {order.trail} is not a percentage of up to 4 decimals")
    return {"trail_ppm": int(ppm), "limit_offset": limit_offset}


def _steps(size: Decimal, instrument: Instrument) -> int:
    return int(size / instrument.size_step)


def _check_size(size: Decimal, instrument: Instrument) -> None:
    if not size.is_finite() or size <= 0:
        raise OrderRejected(f"size {size} is not a size")
    if not instrument.is_on_step(size):
        raise OrderRejected(f"size {size} is not a multiple of {instrument.size_step}")
    if size < instrument.min_size:
        raise OrderRejected(f"size {size} is below the least, {instrument.min_size}")
    if instrument.max_size is not None and size > instrument.max_size:
        raise OrderRejected(f"size {size} is above the most, {instrument.max_size}")


def _check_against_market(order: Order, market: Market) -> None:
    """Raises `OrderRejected` for what is worth too little or too much, or too far away."""
    instrument, average = market.instrument, market.average_price()
    is_market = order.order_type == "market"
    refusal = check_market_size(order, instrument) if is_market else None
    refusal = refusal or check_range(order, instrument, average)
    if refusal is None and (is_market or order.price is not None):
        refusal = check_worth(order, instrument, average if order.price is None else order.price)
    if refusal is not None:
        raise OrderRejected(f"{refusal.reason}: {refusal.value}, where {refusal.limit} is set")
