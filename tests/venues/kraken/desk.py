"""The matching exchange behind the venue, in the venue's terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from brokers.sim.instruments import Listing as SimListing
from brokers.sim.orders import BUY, SELL, Kind, SelfTrade, TimeInForce
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.listings import spot_listing
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import NewSpotOrder, Refusal
from tests.venues.exchange.orders import OrderRecord as Booked
from tests.venues.exchange.venue import SpotExchange
from tests.venues.kraken.amounts import cut, fixed
from tests.venues.kraken.errors import (
    INSUFFICIENT_FUNDS,
    INVALID_ORDER,
    POST_ONLY,
    UNKNOWN_ORDER,
    Refused,
    invalid,
)
from tests.venues.kraken.pairs import Listing, Pair
from tests.venues.kraken.records import ZERO, OrderRecord
from tests.venues.kraken.terms import PriceTerm, Terms
from tests.venues.kraken.trading import Change

START_PRICES: Final = {
    "BTC/USD": 64_000.0,
    "ETH/USD": 3_250.0,
    "SOL/USD": 146.0,
    "XRP/USD": 0.62,
    "DOGE/USD": 0.128,
    "BTC/USDT": 64_010.0,
    "BTC/EUR": 59_000.0,
    "ETH/BTC": 0.0508,
    "EUR/USD": 1.085,
}

_KINDS: Final[dict[str, Kind]] = {
    "market": "market",
    "limit": "limit",
    "iceberg": "limit",
    "stop-loss": "stop",
    "stop-loss-limit": "stop_limit",
    "take-profit": "take_profit",
    "take-profit-limit": "take_profit_limit",
    "trailing-stop": "trailing_stop",
    "trailing-stop-limit": "trailing_stop_limit",
}
_TIMES: Final[dict[str, TimeInForce]] = {"GTC": "gtc", "GTD": "gtd", "IOC": "ioc"}
_SELF_TRADES: Final[dict[str, SelfTrade]] = {
    "cancel-newest": "expire_taker",
    "cancel-oldest": "expire_maker",
    "cancel-both": "expire_both",
}
_REFUSALS: Final = {
    "balance": INSUFFICIENT_FUNDS,
    "would_take": POST_ONLY,
    "unknown_order": UNKNOWN_ORDER,
    "no_liquidity": "EOrder:Insufficient liquidity",
}


def sim_listing(pair: Pair, price: float | None = None) -> SimListing:
    """The market that matches a pair, at about `price`."""
    return spot_listing(
        pair.symbol,
        pair.base.symbol,
        pair.quote.symbol,
        tick=f"{pair.tick:f}",
        step=f"{Decimal(1).scaleb(-pair.size_places):f}",
        price=price or START_PRICES.get(pair.symbol, 100.0),
        like="btcusdt.spot.sim" if pair.base.symbol == "BTC" else "dogeusdt.spot.sim",
        broker="kraken",
        price_range=None,
    )


def commission(
    listing: Listing,
    order: Booked,
    market: SpotMarket,
    price: Decimal,
    size: Decimal,
    is_maker: bool,
) -> tuple[str, Decimal]:
    """In quote, unless the order would have it in base; in the decimals of the pair's costs."""
    pair = listing.by_symbol[order.symbol]
    terms: Terms | None = order.extra.get("terms")
    share = pair.maker_fee if is_maker else pair.taker_fee
    if terms is not None and terms.is_fee_in_base:
        return pair.base.symbol, fixed(size * share, pair.base.decimals)
    return pair.quote.symbol, fixed(price * size * share, pair.cost_places)


class ExchangeDesk:
    """Places, amends and cancels. Reports come back to whoever listens to the accounts."""

    def __init__(self, exchange: SpotExchange) -> None:
        self._exchange = exchange
        self._booked: dict[str, Booked] = {}
        self.reasons: dict[str, str] = {}
        """Why an order is cancelled, while it is."""
        self.moving: set[str] = set()
        """Orders whose stand-in is exchanged for another: of that nobody is told."""

    def market(self, pair: Pair) -> SpotMarket:
        return self._exchange.markets[pair.symbol]

    def account(self, name: str) -> SpotAccount:
        return self._exchange.accounts[name]

    def booked(self, record: OrderRecord) -> Booked | None:
        """The market's record of an order; None while it waits for its time."""
        return self._booked.get(record.order_id)

    def last(self, pair: Pair, now_ns: int) -> Decimal:
        return self.market(pair).last_price

    def size_for(self, terms: Terms, now_ns: int) -> Decimal:
        """How much of base the book gives now for an amount of quote. Raises `Refused`."""
        market, left, size = self.market(terms.pair), terms.volume, ZERO
        for price, offered in market.walk(BUY if terms.side == "buy" else SELL):
            part = min(offered, left / price)
            size, left = size + part, left - part * price
            if part < offered:
                break
        size = cut(size, terms.pair.size_places)
        if size < terms.pair.order_min:
            raise invalid("volume minimum not met")
        return size

    def place(self, record: OrderRecord, now_ns: int) -> None:
        """Raises `Refused`."""
        self._check_fee(record)
        self._submit(record)

    def cancel(self, record: OrderRecord, reason: str, now_ns: int) -> None:
        """Raises `Refused`. An order that waits for its time never came to the market."""
        booked = self._booked.get(record.order_id)
        self.reasons[record.order_id] = reason
        try:
            if booked is None:
                self.on_unbooked(record, reason, now_ns)
            else:
                self._exchange.cancel(booked)
        except Refusal as refusal:
            raise _refused(refusal) from None
        finally:
            self.reasons.pop(record.order_id, None)

    def on_unbooked(self, record: OrderRecord, reason: str, now_ns: int) -> None:
        """Set by the venue: an order ends that no market has."""
        raise NotImplementedError

    def amend(self, record: OrderRecord, change: Change, now_ns: int) -> None:
        """Raises `Refused`."""
        booked = self._booked.get(record.order_id)
        if booked is None:
            raise Refused(UNKNOWN_ORDER)
        price, stop = self._wanted(record, change)
        if change.post_only and price is not None and self._would_take(record, price):
            raise Refused(POST_ONLY)
        if change.display is not None or (record.trails and (change.limit or change.trigger)):
            self._exchange_for(record, change)
            return
        size = change.volume
        if size is not None:
            size -= record.filled - booked.filled  # what traded before it was exchanged
        try:
            self._exchange.amend(booked, size=size, price=price, stop_price=stop)
        except Refusal as refusal:
            raise _refused(refusal) from None

    def stop_price(self, record: OrderRecord) -> Decimal | None:
        """Where the stop of an order stands now; that of a trailing one moves."""
        booked = self._booked.get(record.order_id)
        if booked is None or not record.waits_for_trigger:
            return record.trigger
        market = self.market(record.pair)
        working = market.sim.engine.order(booked.number)
        if working is None or working.stop_price is None:
            return record.trigger
        return working.stop_price * market.instrument.price_tick

    def limit_behind(self, record: OrderRecord) -> Decimal | None:
        """Limit of a trailing order whose stop was just touched."""
        terms, stop = record.terms, record.trigger
        if terms.limit is None or stop is None:
            return None
        offset = _offset(terms.limit, terms, self.market(record.pair).last_price)
        return stop + offset if terms.side == "buy" else stop - offset

    # -- inside --------------------------------------------------------------------------------

    def _submit(self, record: OrderRecord) -> None:
        account = self.account(record.account)
        try:
            self._booked[record.order_id] = self._exchange.submit(account, _new_order(record, self))
        except Refusal as refusal:
            raise _refused(refusal) from None

    def bind(self, record: OrderRecord, booked: Booked) -> None:
        """The market has the order, and may trade it before `submit` returns."""
        self._booked.setdefault(record.order_id, booked)

    def _wanted(self, record: OrderRecord, change: Change) -> tuple[Decimal | None, Decimal | None]:
        """Limit and stop price, as they are to be."""
        if record.trails:
            return None, None
        last, pair = self.market(record.pair).last_price, record.pair
        price = None if change.limit is None else change.limit.against(last, pair, 1)
        stop = None if change.trigger is None else change.trigger.against(last, pair, 1)
        return price, stop

    def _would_take(self, record: OrderRecord, price: Decimal) -> bool:
        best = self.market(record.pair).best()
        if record.terms.side == "buy":
            return best.ask is not None and price >= best.ask
        return best.bid is not None and price <= best.bid

    def _exchange_for(self, record: OrderRecord, change: Change) -> None:
        """Take the order out of the market and put it back changed: what the matching engine has
        no command for. Its place in the queue is lost."""
        before = (record.terms, record.volume, record.display, record.limit)
        price, _ = self._wanted(record, change)
        record.terms = replace(
            record.terms,
            limit=change.limit or record.terms.limit,
            trigger=change.trigger or record.terms.trigger,
        )
        record.volume = change.volume or record.volume
        record.display = change.display or record.display
        record.limit = price or record.limit
        self.moving.add(record.order_id)
        try:
            self._exchange.cancel(self._booked.pop(record.order_id))
            self._submit(record)
        except Refused:
            record.terms, record.volume, record.display, record.limit = before
            self._submit(record)
            raise
        finally:
            self.moving.discard(record.order_id)
        self.on_exchanged(record)

    def on_exchanged(self, record: OrderRecord) -> None:
        """Set by the venue: the order is another now."""
        raise NotImplementedError

    def _check_fee(self, record: OrderRecord) -> None:
        """A fee in base of what is sold must be there too; the exchange holds those in quote.
        Raises `Refused`."""
        terms, base = record.terms, record.pair.base.symbol
        if terms.side == "buy" or not terms.is_fee_in_base:
            return
        need = record.remaining * (1 + record.pair.taker_fee)
        if need > self.account(record.account).balance(base).free:
            raise Refused(INSUFFICIENT_FUNDS)


def _new_order(record: OrderRecord, desk: ExchangeDesk) -> NewSpotOrder:
    terms, pair = record.terms, record.pair
    return NewSpotOrder(
        symbol=pair.symbol,
        side=terms.side,
        kind=_KINDS[terms.order_type],
        size=record.remaining,
        price=None if record.trails else record.limit,
        stop_price=None if record.trails else record.trigger,
        time_in_force=_TIMES[terms.time_in_force] if terms.order_type != "market" else "gtc",
        client_id=terms.cl_ord_id,
        post_only=terms.post_only,
        self_trade=_SELF_TRADES[terms.stp],
        expires_ns=terms.expire_ns,
        shown=record.display,
        extra={"order_id": record.order_id, "terms": terms},
        **_trail(terms, desk.market(pair).last_price),
    )


def _trail(terms: Terms, last: Decimal) -> dict[str, Any]:
    """How a stop trails, and how far beyond it the limit is. Raises `Refused`."""
    if not terms.order_type.startswith("trailing") or terms.trigger is None:
        return {}
    trail = terms.trigger
    told: dict[str, Any] = {}
    if trail.unit == "pct":
        told["trail_ppm"] = int(trail.value * 10_000)
    else:
        told["trail"] = trail.value
    if terms.limit is not None:
        told["limit_offset"] = _offset(terms.limit, terms, last)
    return told


def _offset(limit: PriceTerm, terms: Terms, last: Decimal) -> Decimal:
    """How much worse than its stop the limit may be: below it for sells."""
    value = limit.value if limit.unit == "quote" else last * limit.value / 100
    sign = 1 if terms.side == "buy" else -1
    offset = fixed(value * sign if limit.is_signed else abs(value), terms.pair.price_places)
    if limit.unit == "static" or offset < 0:
        raise invalid("price2")
    return offset


def _refused(refusal: Refusal) -> Refused:
    if refusal.kind == "off_grid":
        return invalid("volume")
    return Refused(_REFUSALS.get(refusal.kind, INVALID_ORDER))
