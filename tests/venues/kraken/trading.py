"""Orders: taken, amended, edited and cancelled, by the rules of the venue.

Amends keep the id of an order and, where it can be, its place; an edit cancels it for another.
https://docs.kraken.com/exchange/guides/general/amends and
https://docs.kraken.com/api-reference/trading, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from tests.venues.kraken import limits as rates
from tests.venues.kraken import terms as rules
from tests.venues.kraken.amounts import cut
from tests.venues.kraken.deadman import Switches
from tests.venues.kraken.errors import (
    DUPLICATE_ID,
    INVALID_ORDER,
    UNKNOWN_ORDER,
    Refused,
    invalid,
)
from tests.venues.kraken.executions import pending
from tests.venues.kraken.ids import Ids
from tests.venues.kraken.keys import ApiKey, require
from tests.venues.kraken.limits import Limits
from tests.venues.kraken.modes import Modes
from tests.venues.kraken.pairs import Pair
from tests.venues.kraken.records import Amend, OrderRecord, Records
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, PriceTerm, Terms

USER_REQUESTED: Final = "User requested"
MOST_BATCH: Final = 15
MOST_CANCELS: Final = 50

Tell = Callable[[str, dict[str, Any]], None]
"""Gives an entry of `executions` to the connections of an account."""


class Desk(Protocol):
    """The matching exchange, in the venue's terms. All but `last` raise `Refused`."""

    def last(self, pair: Pair, now_ns: int) -> Decimal: ...

    def size_for(self, terms: Terms, now_ns: int) -> Decimal:
        """How much of base the book gives for an amount of quote."""
        ...

    def place(self, record: OrderRecord, now_ns: int) -> None: ...

    def amend(self, record: OrderRecord, change: Change, now_ns: int) -> None: ...

    def cancel(self, record: OrderRecord, reason: str, now_ns: int) -> None: ...


class Change(Struct, frozen=True, kw_only=True):
    """What an amend asks for; None leaves as it is."""

    volume: Decimal | None = None
    display: Decimal | None = None
    limit: PriceTerm | None = None
    trigger: PriceTerm | None = None
    post_only: bool = False
    deadline_ns: int = 0


class Edit(Struct, frozen=True, kw_only=True):
    """What an edit asks for."""

    volume: Decimal | None = None
    display: Decimal | None = None
    limit: PriceTerm | None = None
    trigger: PriceTerm | None = None
    post_only: bool = False
    deadline_ns: int = 0
    userref: int | None = None
    is_test: bool = False


class Trading:
    """Every method raises `Refused`."""

    def __init__(
        self, desk: Desk, records: Records, modes: Modes, limits: Limits, ids: Ids, tell: Tell
    ) -> None:
        self._desk = desk
        self._records = records
        self._modes = modes
        self._limits = limits
        self._ids = ids
        self._tell = tell
        self.switches = Switches()

    # -- new orders ----------------------------------------------------------------------------

    def add(
        self, key: ApiKey, terms: Terms, now_ns: int, *, is_counted: bool = True
    ) -> OrderRecord | None:
        """Take an order; None if it was only to be checked."""
        require(key, "modify-trades")
        if is_counted:
            cost = rates.add_cost()
            self._limits.trade(key.account, key.tier, terms.pair.symbol, cost, now_ns)
        self._check(key, terms, now_ns)
        if terms.is_test:
            return None
        return self.enter(key.account, terms, now_ns)

    def add_batch(
        self, key: ApiKey, batch: Sequence[Terms | Refused], now_ns: int
    ) -> list[OrderRecord | Refused | None]:
        """Orders of one pair, each taken or refused for itself."""
        require(key, "modify-trades")
        if not 2 <= len(batch) <= MOST_BATCH:
            raise invalid("orders")
        symbols = {terms.pair.symbol for terms in batch if isinstance(terms, Terms)}
        if len(symbols) > 1:
            raise invalid("pair")
        for symbol in symbols:
            cost = rates.add_cost(len(batch))
            self._limits.trade(key.account, key.tier, symbol, cost, now_ns)
        answers: list[OrderRecord | Refused | None] = []
        for terms in batch:
            try:
                if isinstance(terms, Refused):
                    raise terms
                answers.append(self.add(key, terms, now_ns, is_counted=False))
            except Refused as refused:
                answers.append(refused)
        return answers

    def enter(self, account: str, terms: Terms, now_ns: int, parent_id: str = "") -> OrderRecord:
        """Take an order that passed the checks, now or at its time."""
        record = OrderRecord(self._ids.next("O"), account, terms, now_ns)
        record.parent_id = parent_id
        self._price(record, now_ns)
        if terms.is_cash:
            record.volume = self._desk.size_for(terms, now_ns)
        self._records.add(record)
        if terms.start_ns > now_ns:
            self._tell(account, pending(record))
            return record
        try:
            self._desk.place(record, now_ns)
        except Refused:
            self._records.remove(record)
            raise
        return record

    def _check(self, key: ApiKey, terms: Terms, now_ns: int) -> None:
        self._modes.check_new(terms)
        rules.check(terms, self._desk.last(terms.pair, now_ns), now_ns)
        working = self._records.working(key.account)
        if terms.cl_ord_id and any(terms.cl_ord_id == one.terms.cl_ord_id for one in working):
            raise Refused(DUPLICATE_ID)
        count = sum(one.pair == terms.pair for one in working)
        self._limits.check_open(key.tier, count)

    def _price(self, record: OrderRecord, now_ns: int) -> None:
        """Make prices of terms that are relative to the market."""
        terms, pair = record.terms, record.pair
        last = self._desk.last(pair, now_ns)
        sign = 1 if terms.side == "buy" else -1
        if terms.order_type in TRAILING:
            return
        if terms.trigger is not None:
            rising = -sign if "take-profit" in terms.order_type else sign
            record.trigger = terms.trigger.against(last, pair, rising)
            rules.check_price(record.trigger, pair)
        if terms.limit is not None:
            base = last if record.trigger is None else record.trigger
            record.limit = terms.limit.against(base, pair, -sign)
            rules.check_price(record.limit, pair)

    # -- amends and edits ------------------------------------------------------------------------

    def amend(self, key: ApiKey, name: str, change: Change, now_ns: int) -> tuple[OrderRecord, str]:
        """Change an order in its place; the order, and the id of the amend."""
        require(key, "modify-trades", "close-trades")
        record = self._one(key.account, name)
        cost = rates.amend_cost(now_ns - record.changed_ns)
        self._limits.trade(key.account, key.tier, record.pair.symbol, cost, now_ns)
        self._modes.check_change(record.pair.symbol)
        rules.check_deadline(change.deadline_ns, now_ns)
        self._check_change(record, change, now_ns)
        amend_id = self._ids.next("T")
        before = self._as_amend(record, record.order_id, "original", record.opened_ns)
        if change.volume is not None and change.volume <= record.filled:
            cost = rates.cancel_cost(now_ns - record.changed_ns)
            self._limits.cancel(key.account, key.tier, record.pair.symbol, cost, now_ns)
            record.volume = record.filled
            self._desk.cancel(record, USER_REQUESTED, now_ns)
            return record, amend_id
        self._desk.amend(record, change, now_ns)
        if not record.amends:
            record.amends.append(before)
        record.was_amended, record.changed_ns = True, now_ns
        record.amends.append(self._as_amend(record, amend_id, "user", now_ns))
        return record, amend_id

    def edit(
        self, key: ApiKey, name: str, edit: Edit, now_ns: int
    ) -> tuple[OrderRecord, OrderRecord | None]:
        """Cancel an order and make another of it; None instead of that if it was a test."""
        require(key, "modify-trades")
        record = self._one(key.account, name)
        cost = rates.edit_cost(now_ns - record.changed_ns)
        self._limits.trade(key.account, key.tier, record.pair.symbol, cost, now_ns)
        self._modes.check_change(record.pair.symbol)
        old = record.terms
        if old.cl_ord_id or old.close is not None or record.is_triggered:
            raise Refused(INVALID_ORDER)
        volume = record.volume if edit.volume is None else edit.volume
        if volume <= record.filled:
            raise invalid("volume")
        terms = replace(
            old,
            volume=volume - record.filled,
            display=old.display if edit.display is None else edit.display,
            limit=edit.limit or old.limit,
            trigger=edit.trigger or old.trigger,
            post_only=edit.post_only,
            deadline_ns=edit.deadline_ns,
            userref=old.userref if edit.userref is None else edit.userref,
            is_cash=False,
        )
        rules.check(terms, self._desk.last(terms.pair, now_ns), now_ns)
        if edit.is_test:
            return record, None
        self._end(record, USER_REQUESTED, now_ns)
        return record, self.enter(key.account, terms, now_ns)

    def _check_change(self, record: OrderRecord, change: Change, now_ns: int) -> None:
        kind, pair = record.terms.order_type, record.pair
        if not (change.volume or change.display or change.limit or change.trigger):
            raise invalid("order_qty")
        if change.volume is not None and not 0 < change.volume < rules.TOO_MUCH:
            raise invalid("order_qty")
        for term, name in ((change.limit, "limit_price"), (change.trigger, "trigger_price")):
            if term is not None and abs(term.value) >= rules.TOO_MUCH:
                raise invalid(name)
        if change.limit is not None and kind not in LIMITED:
            raise invalid("limit_price")
        if change.trigger is not None and (kind not in TRIGGERED or record.is_triggered):
            raise invalid("trigger_price")
        if change.display is not None and kind != "iceberg":
            raise invalid("display_qty")
        for term in (change.limit, change.trigger):
            if term is not None and term.unit == "static" and kind not in TRAILING:
                rules.check_price(term.value, pair)
        volume = record.volume if change.volume is None else change.volume
        if change.volume is not None and change.volume > record.filled:
            if cut(volume, pair.size_places) != volume:
                raise invalid("order_qty")
            rules.check_volume(volume, pair)
        if change.display is not None:
            rules.check_display(change.display, volume - record.filled, pair)
        price = record.limit or record.trigger or self._desk.last(pair, now_ns)
        if change.limit is not None and change.limit.unit == "static":
            price = change.limit.value
        if volume > record.filled:
            rules.check_cost(price, volume, pair)

    @staticmethod
    def _as_amend(record: OrderRecord, amend_id: str, kind: Any, time_ns: int) -> Amend:
        return Amend(
            amend_id=amend_id,
            kind=kind,
            volume=record.volume,
            remaining=record.remaining,
            limit=record.limit,
            trigger=record.trigger,
            display=record.display,
            time_ns=time_ns,
        )

    # -- cancels -----------------------------------------------------------------------------------

    def cancel(self, key: ApiKey, name: str, now_ns: int) -> list[OrderRecord]:
        """Cancel the orders of that id, or reference."""
        require(key, "close-trades", "modify-trades")
        self._modes.check_cancel()
        found = self._records.find(key.account, name)
        if not found:
            raise Refused(UNKNOWN_ORDER)
        for record in found:
            self._count_cancel(key, record, now_ns)
            self._end(record, USER_REQUESTED, now_ns)
        return found

    def cancel_all(self, key: ApiKey, now_ns: int) -> int:
        """How many there were."""
        require(key, "close-trades", "modify-trades")
        self._modes.check_cancel()
        working = self._records.working(key.account)
        for record in working:
            self._count_cancel(key, record, now_ns)
        return self.cancel_account(key.account, USER_REQUESTED, now_ns)

    def cancel_account(self, account: str, reason: str, now_ns: int) -> int:
        working = self._records.working(account)
        for record in working:
            if not record.is_over:  # one that another linked to it ended
                self._end(record, reason, now_ns)
        return len(working)

    def cancel_after(self, key: ApiKey, timeout_s: int, now_ns: int) -> dict[str, str]:
        """Set the dead man's switch of the account."""
        require(key, "close-trades", "modify-trades")
        return self.switches.set(key.account, timeout_s, now_ns)

    def _count_cancel(self, key: ApiKey, record: OrderRecord, now_ns: int) -> None:
        cost = rates.cancel_cost(now_ns - record.changed_ns)
        self._limits.cancel(key.account, key.tier, record.pair.symbol, cost, now_ns)

    def _end(self, record: OrderRecord, reason: str, now_ns: int) -> None:
        self._desk.cancel(record, reason, now_ns)

    def _one(self, account: str, name: str) -> OrderRecord:
        """The working order of that id."""
        found = self._records.find(account, name)
        if len(found) != 1:
            raise Refused(UNKNOWN_ORDER)
        return found[0]

    # -- time --------------------------------------------------------------------------------------

    def pass_time(self, now_ns: int) -> None:
        """Do what is due: switches, orders that begin or end at a time."""
        for account in self.switches.take_due(now_ns):
            self.cancel_account(account, "Cancel all orders after timeout", now_ns)
        for record in self._records.scheduled():
            if record.terms.start_ns <= now_ns:
                self._begin(record, now_ns)

    def _begin(self, record: OrderRecord, now_ns: int) -> None:
        try:
            self._price(record, now_ns)
            self._desk.place(record, now_ns)
        except Refused as refused:
            record.reason = str(refused)
            self._desk.cancel(record, str(refused), now_ns)
