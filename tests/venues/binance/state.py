"""Everything this Binance knows, and one request as its handlers see it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from brokers.sim.instruments import Listing
from engine.clock import Clock
from tests.venues.binance import errors
from tests.venues.binance.limits import LimitRules, Limits
from tests.venues.binance.listings import SymbolRules, default_listings
from tests.venues.binance.numbers import MILLISECOND, cut
from tests.venues.binance.order_lists import ListChange, OrderLists
from tests.venues.binance.params import Params
from tests.venues.binance.signatures import ApiKey, is_key_shaped
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.faults import Faults
from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import AccountEvent, OrderRecord
from tests.venues.exchange.venue import SpotExchange

Times = Callable[[int], int]

BNB_DISCOUNT: Final = Decimal("0.75")
LATEST_NS: Final = 1 << 62
"""The year 2116: what claims to be later is none that a market could have."""
FIRST_ORDER_ID: Final = 28_457_001


class BinanceState:
    """The venue without its wire."""

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 1,
        is_quiet: bool = False,
        listings: Iterable[Listing] | None = None,
        rules: Mapping[str, SymbolRules] | None = None,
        limits: LimitRules | None = None,
        market_type: type[SpotMarket] = SpotMarket,
    ) -> None:
        self.clock = clock
        self.exchange = SpotExchange(
            default_listings() if listings is None else listings,
            clock=clock,
            seed=seed,
            is_quiet=is_quiet,
            commission=self._commission,
            first_order_id=FIRST_ORDER_ID,
            refuses_dry=False,
            market_type=market_type,
        )
        self.rules = {
            symbol: (rules or {}).get(symbol, SymbolRules()) for symbol in self.exchange.markets
        }
        self.limits = Limits(limits or LimitRules())
        self.faults = Faults()
        self.keys: dict[str, ApiKey] = {}
        self.lists = OrderLists()
        self.events: list[tuple[SpotAccount, AccountEvent | ListChange]] = []
        """What happened to accounts and was not told yet, oldest first."""
        self.listen_keys: dict[str, str] = {}
        """Account of each listen key."""

    # -- accounts ----------------------------------------------------------------------------

    def open_account(
        self, name: str, balances: Mapping[str, Decimal], keys: Iterable[ApiKey] = ()
    ) -> SpotAccount:
        account = self.exchange.open_account(name, balances)
        account.listeners.append(lambda event: self.events.append((account, event)))
        for key in keys:
            self.keys[key.key] = key
        return account

    def key_of(self, text: str | None) -> ApiKey:
        """Raises `VenueError` -2014, -2015."""
        if not text or not is_key_shaped(text):
            raise errors.bad_key_format()
        if text not in self.keys:
            raise errors.bad_key()
        return self.keys[text]

    def account_of(self, key: ApiKey) -> SpotAccount:
        return self.exchange.accounts[key.account]

    def market(self, symbol: str) -> SpotMarket:
        """Raises `VenueError` -1121."""
        try:
            return self.exchange.markets[symbol]
        except KeyError:
            raise errors.bad_symbol() from None

    def take_events(self) -> list[tuple[SpotAccount, AccountEvent | ListChange]]:
        """What happened since the last call; pending orders whose time has come are placed."""
        self.lists.follow(self)
        taken, self.events = self.events, []
        return taken

    def _commission(
        self, order: OrderRecord, market: SpotMarket, price: Decimal, size: Decimal, is_maker: bool
    ) -> tuple[str, Decimal]:
        """Of what is received; or in BNB, for less, where the account has it so."""
        instrument = market.instrument
        share = instrument.maker_fee if is_maker else instrument.taker_fee
        account = self.exchange.accounts[order.account]
        bnb = self._in_bnb(price * size * share * BNB_DISCOUNT, instrument.quote)
        if account.settings.get("bnb_fees") and bnb and bnb <= account.balance("BNB").free:
            return "BNB", bnb
        if order.side == "buy":
            return instrument.base, cut(size * share)
        return instrument.quote, cut(price * size * share)

    def _in_bnb(self, amount: Decimal, asset: str) -> Decimal:
        market = self.exchange.markets.get(f"BNB{asset}")
        return cut(amount / market.last_price) if market is not None else Decimal(0)


@dataclass
class Call:
    """One request, signed and counted, whatever way it came."""

    state: BinanceState
    params: Params
    client: str
    now_ns: int
    key: ApiKey | None = None
    unit: int = MILLISECOND
    """Nanoseconds in the unit of times that were asked for."""
    is_socket: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the answer besides those of all answers."""
    orders_spent: int = 0

    def t(self, time_ns: int) -> int:
        """A time in the unit that was asked for."""
        return time_ns // self.unit

    @property
    def account(self) -> SpotAccount:
        assert self.key is not None  # only signed requests ask
        return self.state.account_of(self.key)

    def market(self) -> SpotMarket:
        """That of the mandatory `symbol`."""
        symbol = self.params.need("symbol", self.params.symbol())
        return self.state.market(symbol)

    def time_param(self, name: str) -> int | None:
        """A time in milli- or microseconds, as nanoseconds."""
        found = self.params.number(name)
        if found is None:
            return None
        found_ns = found * (1_000 if found >= 10**14 else MILLISECOND)
        return max(0, min(found_ns, LATEST_NS))

    def spend_orders(self, count: int = 1) -> None:
        """Count new orders. Raises `VenueError` -1015."""
        self.state.limits.spend_orders(self.account.name, count, self.now_ns)
        self.orders_spent += count


def new_client_id() -> str:
    """As the venue makes them for orders that bring none: 22 characters."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(letters) for _ in range(22))


Handler = Callable[[Call], Any]
