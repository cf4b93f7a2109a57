"""`/0/private/*` that only read: parameters in, the result out.

https://docs.kraken.com/api-reference/account-data, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final, TypeVar

from engine.clock import NANOS
from tests.venues.exchange.accounts import Balance
from tests.venues.exchange.faults import Faults
from tests.venues.kraken import rest_orders
from tests.venues.kraken.amounts import number, text
from tests.venues.kraken.desk import ExchangeDesk
from tests.venues.kraken.errors import (
    INVALID_ORDER,
    UNKNOWN_ASSET,
    UNKNOWN_ORDER,
    UNKNOWN_PAIR,
    Refused,
    invalid,
)
from tests.venues.kraken.keys import ApiKey, Keyring, require
from tests.venues.kraken.ledger import Ledger, rest_entry
from tests.venues.kraken.pairs import MAKER_FEES, TAKER_FEES, Asset, Listing
from tests.venues.kraken.records import OrderRecord, Records
from tests.venues.kraken.rest_terms import Params, flag, whole, word
from tests.venues.kraken.tokens import Tokens

PAGE: Final = 50
MOST_QUERIED: Final = 50
READ_TRADES: Final = ("query-open-trades", "query-closed-trades")

T = TypeVar("T")


class PrivateRest:
    """Answers by method name. Raises `Refused`."""

    def __init__(
        self,
        listing: Listing,
        desk: ExchangeDesk,
        records: Records,
        ledger: Ledger,
        tokens: Tokens,
        keyring: Keyring,
        faults: Faults,
    ) -> None:
        self._listing = listing
        self._desk = desk
        self._records = records
        self._ledger = ledger
        self._tokens = tokens
        self._keyring = keyring
        self._faults = faults
        self.methods: dict[str, Callable[[ApiKey, Params, int], Any]] = {
            "Balance": self._balance,
            "BalanceEx": self._balance_ex,
            "TradeBalance": self._trade_balance,
            "OpenOrders": self._open_orders,
            "ClosedOrders": self._closed_orders,
            "QueryOrders": self._query_orders,
            "OrderAmends": self._order_amends,
            "TradesHistory": self._trades_history,
            "QueryTrades": self._query_trades,
            "OpenPositions": self._open_positions,
            "Ledgers": self._ledgers,
            "QueryLedgers": self._query_ledgers,
            "TradeVolume": self._trade_volume,
            "GetWebSocketsToken": self._token,
            "GetApiKeyInfo": self._key_info,
        }

    # -- money ---------------------------------------------------------------------------------

    def balances(self, account: str) -> dict[Asset, Balance]:
        """Of every asset that the account has or had."""
        held = self._desk.account(account).balances
        return {asset: held[asset.symbol] for asset in self._listing.assets if asset.symbol in held}

    def _balance(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-funds")
        held = self.balances(key.account)
        return {asset.key: text(balance.total, asset.decimals) for asset, balance in held.items()}

    def _balance_ex(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-funds")
        return {
            asset.key: {
                "balance": text(balance.total, asset.decimals),
                "hold_trade": text(balance.locked, asset.decimals),
            }
            for asset, balance in self.balances(key.account).items()
        }

    def _trade_balance(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-funds")
        asset = self._listing.asset(word(params, "asset") or "ZUSD")
        if asset is None:
            raise Refused(UNKNOWN_ASSET)
        worth = sum(
            (
                balance.total * self._rate(held, asset)
                for held, balance in self.balances(key.account).items()
            ),
            Decimal(0),
        )
        told = text(worth, 4)
        nothing = "0.0000"
        return {
            "eb": told,
            "tb": told,
            "m": nothing,
            "n": nothing,
            "c": nothing,
            "v": nothing,
            "e": told,
            "mf": told,
        }

    def _rate(self, held: Asset, wanted: Asset) -> Decimal:
        """Of one asset in the other, by what traded last; 0 if they are not traded."""
        if held == wanted:
            return Decimal(1)
        pair = self._listing.by_symbol.get(f"{held.symbol}/{wanted.symbol}")
        if pair is not None:
            return self._desk.last(pair, 0)
        pair = self._listing.by_symbol.get(f"{wanted.symbol}/{held.symbol}")
        if pair is not None:
            return 1 / self._desk.last(pair, 0)
        return Decimal(1) if held.symbol == "USDT" and wanted.symbol == "USD" else Decimal(0)

    def _open_positions(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-open-trades")
        return {}

    def _trade_volume(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-funds")
        told: dict[str, Any] = {"currency": "ZUSD", "volume": self._volume(key, now_ns)}
        names = [name for name in word(params, "pair").split(",") if name]
        if not names:
            return told
        pairs = [self._listing.pair(name) for name in names]
        if None in pairs:
            raise Refused(UNKNOWN_PAIR)
        keys = [pair.key for pair in pairs if pair is not None]
        told["fees"] = {name: _fee(TAKER_FEES) for name in keys}
        told["fees_maker"] = {name: _fee(MAKER_FEES) for name in keys}
        return told

    def _volume(self, key: ApiKey, now_ns: int) -> str:
        """Traded in 30 days; fees do not follow it here."""
        since_ns = now_ns - 30 * 86_400 * NANOS
        usd = self._listing.asset("USD")
        assert usd is not None
        recent = [one for one in self._records.trades(key.account) if one.time_ns >= since_ns]
        worth = sum((one.cost * self._rate(one.pair.quote, usd) for one in recent), Decimal(0))
        return text(worth, 4)

    # -- orders --------------------------------------------------------------------------------

    def _told(self, record: OrderRecord, *, with_trades: bool) -> dict[str, Any]:
        if record.trails:
            record.trigger = self._desk.stop_price(record)
        return rest_orders.order(record, with_trades=with_trades)

    def _open_orders(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-open-trades")
        with_trades = flag(params, "trades")
        working = [] if self._faults.deny_knowing else self._records.working(key.account)
        found = _of_names(working, params)
        return {"open": {one.order_id: self._told(one, with_trades=with_trades) for one in found}}

    def _closed_orders(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-closed-trades")
        by = word(params, "closetime") or "both"
        if by not in ("open", "close", "both"):
            raise invalid("closetime")
        done = [one for one in self._records.orders(key.account) if one.is_over]
        done = [] if self._faults.deny_knowing else _of_names(done, params)
        start_ns, end_ns = self._span(key, params, now_ns)
        found = [one for one in done if _is_within(one, by, start_ns, end_ns)]
        found.sort(key=lambda one: one.closed_ns, reverse=True)
        with_trades = flag(params, "trades")
        page = _page(found, params)
        told = {one.order_id: self._told(one, with_trades=with_trades) for one in page}
        return {"closed": told, "count": len(found)}

    def _query_orders(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, *READ_TRADES)
        ids = _ids(params)
        userref = word(params, "userref")
        with_trades = flag(params, "trades")
        told = {}
        for order_id in ids:
            record = self._records.order(key.account, order_id)
            if record is None or self._faults.deny_knowing:
                raise Refused(INVALID_ORDER)
            if userref and str(record.terms.userref or 0) != userref:
                continue
            told[order_id] = self._told(record, with_trades=with_trades)
        return told

    def _order_amends(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, *READ_TRADES)
        record = self._records.order(key.account, word(params, "order_id"))
        if record is None:
            raise Refused(UNKNOWN_ORDER)
        told = [rest_orders.amend(one, record.pair) for one in record.amends]
        return {"count": len(told), "amends": told}

    def _trades_history(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, *READ_TRADES)
        start_ns, end_ns = self._span(key, params, now_ns, by_trade=True)
        mine = [] if self._faults.deny_knowing else self._records.trades(key.account)
        found = [one for one in reversed(mine) if start_ns < one.time_ns <= end_ns]
        with_ledgers = flag(params, "ledgers")
        page = _page(found, params)
        told = {one.trade_id: rest_orders.trade(one, with_ledgers=with_ledgers) for one in page}
        return {"trades": told, "count": len(found)}

    def _query_trades(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, *READ_TRADES)
        told = {}
        for trade_id in _ids(params):
            own = self._records.trade(key.account, trade_id)
            if own is None or self._faults.deny_knowing:
                raise Refused("EQuery:Unknown trade")
            told[trade_id] = rest_orders.trade(own)
        return told

    # -- ledger --------------------------------------------------------------------------------

    def _ledgers(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-ledger")
        names = [name for name in word(params, "asset").split(",") if name and name != "all"]
        assets = [self._listing.asset(name) for name in names]
        if None in assets:
            raise Refused(UNKNOWN_ASSET)
        kind = word(params, "type") or "all"
        start_ns, end_ns = self._span(key, params, now_ns)
        found = [
            entry
            for entry in reversed(self._ledger.entries(key.account))
            if (not assets or entry.asset in assets)
            and kind in ("all", entry.kind)
            and start_ns < entry.time_ns <= end_ns
        ]
        told = {entry.ledger_id: rest_entry(entry) for entry in _page(found, params)}
        return {"ledger": told, "count": len(found)}

    def _query_ledgers(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "query-ledger")
        wanted = [one.strip() for one in word(params, "id").split(",") if one.strip()]
        by_id = {entry.ledger_id: entry for entry in self._ledger.entries(key.account)}
        if not wanted or any(one not in by_id for one in wanted):
            raise Refused("EQuery:Unknown ledger")
        return {one: rest_entry(by_id[one]) for one in wanted}

    # -- the key itself --------------------------------------------------------------------------

    def _token(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        require(key, "create-ws-token")
        return {"token": self._tokens.give(key, now_ns), "expires": self._tokens.lifetime_s}

    def _key_info(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        return {
            "apiKeyName": key.name,
            "apiKey": key.key,
            "nonce": str(self._keyring.last_nonce(key)),
            "nonceWindow": key.nonce_window,
            "permissions": sorted(key.rights),
            "iban": "",
            "validUntil": "0",
            "queryFrom": "0",
            "queryTo": "0",
            "createdTime": "0",
            "modifiedTime": "0",
            "ipAllowlist": [],
            "lastUsed": str(now_ns // NANOS),
        }

    def _span(
        self, key: ApiKey, params: Params, now_ns: int, *, by_trade: bool = False
    ) -> tuple[int, int]:
        """(start, end], by times or by ids of orders and trades."""
        return (
            self._bound(key, word(params, "start"), 0, by_trade=by_trade),
            self._bound(key, word(params, "end"), now_ns, by_trade=by_trade),
        )

    def _bound(self, key: ApiKey, given: str, usual_ns: int, *, by_trade: bool) -> int:
        if not given:
            return usual_ns
        if by_trade and (own := self._records.trade(key.account, given)) is not None:
            return own.time_ns
        if (record := self._records.order(key.account, given)) is not None:
            return record.closed_ns or record.opened_ns
        try:
            return int(Decimal(given) * NANOS)
        except (ArithmeticError, ValueError):
            raise invalid("start") from None


def _is_within(record: OrderRecord, by: str, start_ns: int, end_ns: int) -> bool:
    times = {"open": (record.opened_ns,), "close": (record.closed_ns,)}
    checked = times.get(by, (record.opened_ns, record.closed_ns))
    return any(start_ns < time_ns <= end_ns for time_ns in checked)


def _of_names(records: Iterable[OrderRecord], params: Params) -> list[OrderRecord]:
    """Those with the reference or id that is asked for; all if none is."""
    userref, cl_ord_id = word(params, "userref"), word(params, "cl_ord_id")
    return [
        one
        for one in records
        if (not userref or str(one.terms.userref or 0) == userref)
        and (not cl_ord_id or one.terms.cl_ord_id == cl_ord_id)
    ]


def _page(found: list[T], params: Params) -> list[T]:
    """Fifty from the offset on."""
    offset = whole(params, "ofs") or 0
    if offset < 0:
        raise invalid("ofs")
    return found[offset : offset + PAGE]


def _ids(params: Params) -> list[str]:
    ids = [one.strip() for one in word(params, "txid").split(",") if one.strip()]
    if not ids or len(ids) > MOST_QUERIED:
        raise invalid("txid")
    return ids


def _fee(table: tuple[tuple[int, float], ...]) -> dict[str, Any]:
    """The first step of a fee table, and what comes next."""
    (_, fee), (volume, following) = table[0], table[1]
    return {
        "fee": f"{fee:.4f}",
        "minfee": f"{table[-1][1]:.4f}",
        "maxfee": f"{fee:.4f}",
        "nextfee": f"{following:.4f}",
        "nextvolume": f"{volume:.4f}",
        "tiervolume": number(Decimal(0), 4),
    }
