"""What the matching exchange did to orders: kept in the records, and told to their owners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.venues.exchange.market import SpotMarket
from tests.venues.exchange.orders import AccountEvent, Execution, Report, Transfer
from tests.venues.exchange.tape import PublicTrade
from tests.venues.kraken import executions
from tests.venues.kraken.desk import ExchangeDesk
from tests.venues.kraken.ids import Ids
from tests.venues.kraken.ledger import Entry, Ledger
from tests.venues.kraken.pairs import Asset, Listing
from tests.venues.kraken.records import ZERO, OrderRecord, OwnTrade, Records
from tests.venues.kraken.terms import PriceTerm, Terms
from tests.venues.kraken.trading import USER_REQUESTED

Tell = Callable[[str, dict[str, Any]], None]
TellEntries = Callable[[str, list[Entry]], None]

_TYPES = {
    "market": "market",
    "limit": "limit",
    "stop": "stop-loss",
    "stop_limit": "stop-loss-limit",
    "take_profit": "take-profit",
    "take_profit_limit": "take-profit-limit",
    "trailing_stop": "trailing-stop",
    "trailing_stop_limit": "trailing-stop-limit",
}


class Reports:
    """Listens to every account."""

    def __init__(
        self,
        listing: Listing,
        desk: ExchangeDesk,
        records: Records,
        ledger: Ledger,
        ids: Ids,
        tell: Tell,
        tell_entries: TellEntries,
    ) -> None:
        self._listing = listing
        self._desk = desk
        self._records = records
        self._ledger = ledger
        self._ids = ids
        self._tell = tell
        self._tell_entries = tell_entries
        self._filled: list[tuple[OrderRecord, OwnTrade]] = []
        desk.on_unbooked = self._on_unbooked  # type: ignore[method-assign]
        desk.on_exchanged = self._on_exchanged  # type: ignore[method-assign]

    def on_event(self, account: str, event: AccountEvent) -> None:
        if isinstance(event, Transfer):
            self._on_transfer(account, event)
            return
        record = self._records.by_id(event.order.extra.get("order_id", ""))
        if record is None:
            record = self._adopt(account, event)
        if record.is_over and event.happened != "trade":
            return
        if record.order_id in self._desk.moving and event.happened in ("new", "canceled"):
            return
        self._on_report(account, record, event)

    def _adopt(self, account: str, report: Report) -> OrderRecord:
        """An order that came to the market by another way than the venue's."""
        booked = self._desk.account(account).orders[report.order.order_id]
        pair = self._listing.by_symbol[booked.symbol]
        terms = Terms(
            pair=pair,
            side=booked.side,
            order_type=_TYPES[booked.kind],
            volume=booked.size,
            limit=None if booked.price is None else PriceTerm(booked.price),
            trigger=None if booked.stop_price is None else PriceTerm(booked.stop_price),
            time_in_force=booked.time_in_force.upper(),
            expire_ns=booked.expires_ns,
            post_only=booked.post_only,
            cl_ord_id=booked.client_id,
        )
        record = OrderRecord(self._ids.next("O"), account, terms, booked.created_ns)
        record.limit, record.trigger = booked.price, booked.stop_price
        booked.extra["order_id"], booked.extra["terms"] = record.order_id, terms
        self._records.add(record)
        return record

    def on_trade(self, market: SpotMarket, trade: PublicTrade) -> None:
        """Stops that trail have moved with the market."""
        for record in self._records.trailing(market.symbol):
            stop = self._desk.stop_price(record)
            if stop != record.trigger:
                record.trigger = stop
                told = executions.changed_status(record, trade.time_ns)
                self._tell(record.account, told)

    def take_filled(self) -> list[tuple[OrderRecord, OwnTrade]]:
        """Trades of orders that others are to follow, since the last call."""
        taken, self._filled = self._filled, []
        return taken

    def _on_report(self, account: str, record: OrderRecord, report: Report) -> None:
        match report.happened:
            case "new":
                booked = self._desk.account(account).orders[report.order.order_id]
                self._desk.bind(record, booked)
                self._on_new(record, report.time_ns)
            case "triggered":
                record.is_triggered = True
                if record.trails and record.is_limited:
                    record.limit = self._desk.limit_behind(record)
                self._tell(record.account, executions.changed_status(record, report.time_ns))
            case "trade":
                assert report.execution is not None
                self._on_trade(record, report, report.execution)
            case "amended":
                self._on_amended(record, report)
            case "canceled" | "expired":
                self._on_end(record, report)
            case _:
                pass

    def _on_new(self, record: OrderRecord, time_ns: int) -> None:
        was_told = bool(record.terms.start_ns) and record.opened_ns < record.terms.start_ns
        record.status = "open"
        record.trigger = self._desk.stop_price(record) if record.trails else record.trigger
        if not was_told:
            record.opened_ns = record.changed_ns = time_ns
            self._tell(record.account, executions.pending(record))
        self._tell(record.account, executions.opened(record, time_ns))

    def _on_trade(self, record: OrderRecord, report: Report, execution: Execution) -> None:
        trade_id = self._ids.next("T")
        entries = self._entries(record, trade_id, execution)
        trade = OwnTrade(
            trade_id=trade_id,
            number=execution.trade_id,
            order_id=record.order_id,
            pair=record.pair,
            side=execution.side,
            order_type=record.terms.order_type,
            price=execution.price,
            volume=execution.size,
            cost=execution.cost,
            fee=execution.commission,
            fee_asset=execution.commission_asset,
            is_maker=execution.is_maker,
            time_ns=execution.time_ns,
            ledgers=tuple(entry.ledger_id for entry in entries),
        )
        self._records.add_trade(record, trade)
        self._tell(record.account, executions.traded(record, trade, (record.filled, record.cost)))
        for entry in entries:
            self._ledger.add(record.account, entry)
        self._tell_entries(record.account, entries)
        if record.terms.close is not None:
            self._filled.append((record, trade))
        if record.filled >= record.volume and not record.is_over:
            record.end("closed", "", report.time_ns)
            self._tell(record.account, executions.ended(record))

    def _entries(self, record: OrderRecord, ref_id: str, done: Execution) -> list[Entry]:
        pair, sign = record.pair, 1 if done.side == "buy" else -1
        moves = ((pair.base, sign * done.size), (pair.quote, -sign * done.cost))
        account = self._desk.account(record.account)
        return [
            Entry(
                ledger_id=self._ids.next("L"),
                ref_id=ref_id,
                asset=asset,
                amount=amount,
                fee=done.commission if asset.symbol == done.commission_asset else ZERO,
                balance=account.balance(asset.symbol).total,
                time_ns=done.time_ns,
            )
            for asset, amount in moves
        ]

    def _on_amended(self, record: OrderRecord, report: Report) -> None:
        order = report.order
        # The market may hold but a part: what traded before its order was exchanged is not in it.
        record.volume = record.filled + order.left
        record.limit = record.limit if order.price is None else order.price
        record.trigger = record.trigger if order.stop_price is None else order.stop_price
        record.was_amended = True
        told = executions.amended(record, report.time_ns, reason=USER_REQUESTED)
        self._tell(record.account, told)

    def _on_exchanged(self, record: OrderRecord) -> None:
        record.was_amended = True
        now_ns = self._desk.market(record.pair).time_ns
        self._tell(record.account, executions.amended(record, now_ns, reason=USER_REQUESTED))

    def _on_end(self, record: OrderRecord, report: Report) -> None:
        terms = record.terms
        if report.happened == "canceled":
            reason = self._desk.reasons.get(record.order_id, report.order.reason)
            record.end("canceled", reason, report.time_ns)
        elif terms.time_in_force == "GTD" and report.time_ns >= terms.expire_ns:
            record.end("expired", "Order expired", report.time_ns)
        else:
            record.end("canceled", _ending(record, report.order.reason), report.time_ns)
        self._tell(record.account, executions.ended(record))

    def _on_unbooked(self, record: OrderRecord, reason: str, now_ns: int) -> None:
        record.end("canceled", reason, now_ns)
        self._tell(record.account, executions.ended(record))

    def _on_transfer(self, account: str, event: Transfer) -> None:
        asset: Asset | None = self._listing.asset(event.asset)
        if asset is None:
            return
        entry = Entry(
            ledger_id=self._ids.next("L"),
            ref_id=self._ids.next("Q"),
            asset=asset,
            amount=event.amount,
            fee=ZERO,
            balance=event.free + event.locked,
            time_ns=event.time_ns,
            kind="deposit" if event.amount > 0 else "withdrawal",
        )
        self._ledger.add(account, entry)
        self._tell_entries(account, [entry])


def _ending(record: OrderRecord, reason: str) -> str:
    """Why the venue ended what was left of an order."""
    if "self" in reason:
        return "Self trade prevention"
    if record.terms.time_in_force == "IOC":
        return "Order has time in force IOC"
    return "Insufficient liquidity" if record.terms.order_type == "market" else reason
