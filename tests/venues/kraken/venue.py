"""The test venue: Kraken's spot REST and WebSocket v2 in front of a matching exchange.

No sockets here: requests in, responses and messages out, all by the clock it was given. `server`
puts it on a port; tests that need no wire use it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from engine.clock import NANOS, Clock
from tests.venues.exchange.control import Controller
from tests.venues.exchange.faults import Faults, RequestKind, Verdict
from tests.venues.exchange.orders import AccountEvent, Refusal
from tests.venues.exchange.venue import SpotExchange
from tests.venues.kraken.closing import closing_terms
from tests.venues.kraken.connection import Connection, Told
from tests.venues.kraken.desk import ExchangeDesk, commission, sim_listing
from tests.venues.kraken.errors import (
    INTERNAL_ERROR,
    LOCKOUT,
    RATE_LIMIT,
    TIMEOUT,
    UNAVAILABLE,
    Refused,
)
from tests.venues.kraken.ids import Ids
from tests.venues.kraken.keys import DEMO_KEY, ApiKey, Keyring
from tests.venues.kraken.kinds import rest_kind, socket_kind
from tests.venues.kraken.ledger import Ledger
from tests.venues.kraken.limits import Limits
from tests.venues.kraken.market_feed import MarketFeed
from tests.venues.kraken.modes import Modes
from tests.venues.kraken.outbox import Outbox
from tests.venues.kraken.pairs import LISTED, Listing, Pair
from tests.venues.kraken.private_feed import PrivateFeed
from tests.venues.kraken.recorded import Listed, Recorded
from tests.venues.kraken.records import Records
from tests.venues.kraken.reports import Reports
from tests.venues.kraken.rest_private import PrivateRest
from tests.venues.kraken.rest_public import PublicRest
from tests.venues.kraken.rest_trading import TradingRest
from tests.venues.kraken.socket_terms import needed
from tests.venues.kraken.socket_trading import TradingSocket
from tests.venues.kraken.subscriptions import PRIVATE_CHANNELS, Key, Subscriptions, Wish, wishes
from tests.venues.kraken.tokens import Tokens
from tests.venues.kraken.trading import Trading

Params = Mapping[str, Any]

DEMO_BALANCES: Final = {
    "USD": Decimal(100_000),
    "EUR": Decimal(50_000),
    "USDT": Decimal(50_000),
    "BTC": Decimal(2),
    "ETH": Decimal(20),
    "SOL": Decimal(100),
    "DOGE": Decimal(10_000),
}
"""Of each account, unless it is said otherwise. XRP is left out: a balance of nothing."""


class KrakenVenue:
    """See the module. `patience` above 1 raises every rate limit by that factor."""

    def __init__(
        self,
        clock: Clock,
        *,
        keys: Sequence[ApiKey] = (DEMO_KEY,),
        balances: Mapping[str, Mapping[str, Decimal]] | None = None,
        pairs: Sequence[Pair] = LISTED.pairs,
        recording: Mapping[str, Listed] | None = None,
        seed: int = 1,
        is_quiet: bool = False,
        patience: float = 1.0,
    ) -> None:
        """`balances` are by account, then by the asset's v2 name; `recording` has the pairs whose
        market channels are told from a recording, which `recorded` plays."""
        self.clock = clock
        self.faults = Faults()
        self.listing = _listing(pairs, recording or {})
        self.keyring = Keyring(tuple(keys))
        self.limits = Limits(patience)
        self.modes = Modes()
        self.tokens = Tokens(seed)
        self.records, self.ledger = Records(), Ledger()
        self.subscriptions = Subscriptions()
        prices = {symbol: one.price for symbol, one in (recording or {}).items()}
        self.exchange = SpotExchange(
            [sim_listing(pair, prices.get(pair.symbol)) for pair in self.listing.pairs],
            clock=clock,
            seed=seed,
            is_quiet=is_quiet,
            commission=partial(commission, self.listing),
            fees_held=max(pair.taker_fee for pair in pairs),
        )
        self.feed = MarketFeed(
            self.exchange, self.listing, self.modes, self.subscriptions, self.faults
        )
        self.recorded = Recorded(recording or {}, self.subscriptions)
        self.feed.recorded = self.recorded
        self._patience = patience
        self._ids = Ids(seed)
        self._bans: dict[str, int] = {}
        self._connections: dict[int, Connection] = {}
        self._connected = 0
        self._last_beat_ns = 0
        self._put_together()
        for account in dict.fromkeys(key.account for key in keys):
            self.open_account(account, (balances or {}).get(account, DEMO_BALANCES))
        self.controller = Controller(self.exchange, self.faults, self._words())

    def _put_together(self) -> None:
        outbox = self._outbox = Outbox(self.subscriptions, self.faults)
        self.desk = ExchangeDesk(self.exchange)
        self.trading = Trading(
            self.desk, self.records, self.modes, self.limits, self._ids, outbox.tell_execution
        )
        self._reports = Reports(
            self.listing,
            self.desk,
            self.records,
            self.ledger,
            self._ids,
            outbox.tell_execution,
            outbox.tell_entries,
        )
        for market in self.exchange.markets.values():
            market.on_trade.append(self._reports.on_trade)
        self._public = PublicRest(self.exchange, self.listing, self.modes, self.feed)
        private = PrivateRest(
            self.listing,
            self.desk,
            self.records,
            self.ledger,
            self.tokens,
            self.keyring,
            self.faults,
        )
        self._private_feed = PrivateFeed(self.tokens, self.records, private.balances, self.faults)
        trading_rest = TradingRest(self.listing, self.trading, self.records)
        self._private = private.methods | trading_rest.methods
        self._socket = TradingSocket(self.listing, self.trading, self.records).methods

    # -- accounts ----------------------------------------------------------------------------

    def open_account(self, name: str, balances: Mapping[str, Decimal]) -> None:
        account = self.exchange.open_account(name, balances)

        def on_event(event: AccountEvent) -> None:
            self._reports.on_event(name, event)

        account.listeners.append(on_event)

    def add_key(self, key: ApiKey) -> None:
        """A further key; its account is opened if it is new."""
        self.keyring.add(key)
        if key.account not in self.exchange.accounts:
            self.open_account(key.account, DEMO_BALANCES)

    def set_mode(self, mode: str, symbol: str = "") -> None:
        """Put the venue, or one pair, into a state of `modes`; whoever is subscribed is told."""
        if symbol:
            self.modes.set_pair(symbol, mode)
            self.feed.tell_instruments((self.listing.by_symbol[symbol],))
            return
        self.modes.system = mode
        for connection in self._connections.values():
            connection.tell_status(mode)

    # -- REST --------------------------------------------------------------------------------

    def public(self, method: str, params: Mapping[str, str], client: str) -> Any:
        """The result of a public request. Raises `Refused`."""
        now_ns = self.exchange.advance()
        counted_by = f"{client} {self._public.counted_by(method, params)}"
        self.limits.ask_public(counted_by, now_ns)
        return self._public.answer(method, params, now_ns)

    def private_methods(self) -> tuple[str, ...]:
        return tuple(self._private)

    def has_private(self, method: str) -> bool:
        return method in self._private

    def private(self, key: ApiKey, method: str, params: Params) -> Any:
        """The result of a private request; `settle` must be called when it was answered.

        Raises:
            Refused: then too.
        """
        now_ns = self.exchange.advance()
        self.limits.ask_rest(key.key, key.tier, method, now_ns)
        if not self.faults.events_before_ack:
            self._outbox.hold()
        before = set(self.records.ids(key.account))
        result = self._private[method](key, params, now_ns)
        self._meddle(rest_kind(method), key.account, before)
        return result

    def settle(self) -> None:
        """What belongs to the request that was answered is told; what follows from it is done."""
        self._follow()
        self._outbox.release()

    # -- faults ------------------------------------------------------------------------------

    def verdict(self, kind: RequestKind, client: str) -> Verdict:
        """What becomes of a request. Raises `Refused` for a client that is banned."""
        now_ns = self.clock.now_ns()
        if self._bans.get(client, 0) > now_ns:
            raise Refused(LOCKOUT)
        verdict = self.faults.before(kind)
        if verdict == "ban":
            self._bans[client] = now_ns + int(self.faults.ban_s * NANOS)
            raise Refused(LOCKOUT)
        if verdict == "throttle":
            raise Refused(
                RATE_LIMIT if kind in ("submit", "amend", "cancel") else "EAPI:Rate limit exceeded"
            )
        return verdict

    def _meddle(self, kind: RequestKind, account: str, before: set[str]) -> None:
        """Fills that a test asked for, of orders that just came or just went."""
        wanted = self.faults.fill if kind == "submit" else ""
        for order_id in self.records.ids(account):
            record = self.records.by_id(order_id)
            booked = None if record is None else self.desk.booked(record)
            if record is None or booked is None or order_id in before or not wanted:
                continue
            try:
                size = booked.left if wanted == "all" else Decimal(wanted)
                self.exchange.fill(booked, size)
            except Refusal:
                pass  # it does not rest
        if kind == "cancel" and self.faults.fill_after_cancel:
            self._forge(account)

    def _forge(self, account: str) -> None:
        cancelled = [one for one in self.records.orders(account) if one.status == "canceled"]
        booked = (
            self.desk.booked(max(cancelled, key=lambda one: one.closed_ns)) if cancelled else None
        )
        if booked is not None:
            self.exchange.forge_fill(booked, Decimal(self.faults.fill_after_cancel))

    def _words(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """What the control can ask besides what every venue has."""
        return {
            "mode": lambda asked: self.set_mode(asked["mode"], asked.get("symbol", "")),
            "revoke_tokens": lambda asked: self.tokens.revoke_all(),
            "revoke_key": lambda asked: self.keyring.revoke(asked["key"]),
            "disconnect": lambda asked: self.disconnect(),
        }

    def disconnect(self) -> None:
        """Cut every WebSocket."""
        for connection in list(self._connections.values()):
            connection.hang_up()

    # -- WebSocket -----------------------------------------------------------------------------

    def connect(self, client: str = "") -> Connection:
        """A new connection; it gets its first message."""
        self._connected += 1
        connection = Connection(self, self._connected, client=client, patience=self._patience)
        self._connections[connection.number] = connection
        connection.opened(self.modes.system, self.clock.now_ns())
        return connection

    def disconnected(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        self.tokens.close(connection.number)
        connection.closed()

    def methods(self) -> frozenset[str]:
        return frozenset(self._socket)

    def public_wishes(self, params: Params) -> list[Wish | tuple[str, Refused]]:
        return wishes(params, self.listing)

    def private_wish(self, params: Params, connection: Connection, now_ns: int) -> Wish:
        return self._private_feed.wish(params, connection, now_ns)

    def snapshots(
        self, key: Key, params: Params, connection: Connection, now_ns: int
    ) -> list[Told]:
        self.exchange.advance()
        if key.channel in PRIVATE_CHANNELS:
            return [self._private_feed.snapshot(key, params, connection)]
        return self.feed.snapshot(key, now_ns)

    def trade(
        self, method: str, params: Params, connection: Connection, now_ns: int
    ) -> list[Told | Refused]:
        now_ns = self.exchange.advance()
        key = self.tokens.use(needed(params, "token"), connection.number, now_ns)
        kind = socket_kind(method)
        verdict = self.verdict(kind, connection.client)
        if verdict == "hangup":
            connection.hang_up()
            return []
        if verdict == "fail":
            return [Refused(UNAVAILABLE)]
        if not self.faults.events_before_ack:
            self._outbox.hold()
        before = set(self.records.ids(key.account))
        answers = self._socket[method](key, params, now_ns)
        self._meddle(kind, key.account, before)
        return self._after(kind, connection, answers)

    def _after(
        self, kind: RequestKind, connection: Connection, answers: list[Told | Refused]
    ) -> list[Told | Refused]:
        match self.faults.after(kind):
            case "hangup":
                connection.hang_up()
                return []
            case "mute":
                return []
            case "unknown":
                return [Refused(TIMEOUT)]
            case "fail":
                return [Refused(INTERNAL_ERROR)]
            case _:
                return answers

    def answered(self) -> None:
        self.settle()

    # -- time ----------------------------------------------------------------------------------

    def pass_time(self) -> None:
        """Do everything that is due."""
        now_ns = self.exchange.advance()
        self.trading.pass_time(now_ns)
        self._follow()
        for connection in list(self._connections.values()):
            connection.beat(now_ns)

    def _follow(self) -> None:
        """Place the orders that fills of others are followed by."""
        for record, trade in self._reports.take_filled():
            terms = closing_terms(record, trade)
            if terms is None:
                continue
            try:
                self.trading.enter(record.account, terms, self.clock.now_ns(), record.order_id)
            except Refused:
                continue  # too small, or no money: the venue drops it


def _listing(pairs: Sequence[Pair], recording: Mapping[str, Listed]) -> Listing:
    """Pairs of the recording instead of, or besides, those of the venue."""
    recorded = [one.pair for one in recording.values()]
    others = [pair for pair in pairs if pair.symbol not in recording]
    used = [asset for pair in recorded for asset in (pair.base, pair.quote)]
    return Listing((*recorded, *others), tuple(dict.fromkeys((*LISTED.assets, *used))))
