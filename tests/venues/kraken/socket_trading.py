"""Methods of the private WebSocket that trade: parameters in, answers out.

https://docs.kraken.com/exchange/api-reference/spot-websocket-v2, read 2026-11. An answer is what it
has besides its method, `req_id` and times; `cancel_order` answers each order for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.venues.kraken.errors import UNKNOWN_ORDER, Refused, invalid, missing, unsupported_pair
from tests.venues.kraken.keys import ApiKey
from tests.venues.kraken.pairs import Listing
from tests.venues.kraken.records import OrderRecord, Records
from tests.venues.kraken.socket_terms import (
    Params,
    amount,
    flag,
    moment,
    needed,
    order_terms,
    price,
    text,
    whole,
)
from tests.venues.kraken.terms import TRAILING, PriceTerm, Terms
from tests.venues.kraken.trading import MOST_CANCELS, Change, Edit, Trading

Answer = dict[str, Any]
Answers = list[Answer | Refused]


class TradingSocket:
    """Answers by method name. Raises `Refused` where the whole request is."""

    def __init__(self, listing: Listing, trading: Trading, records: Records) -> None:
        self._listing = listing
        self._trading = trading
        self._records = records
        self.methods: dict[str, Callable[[ApiKey, Params, int], Answers]] = {
            "add_order": self._add,
            "batch_add": self._add_batch,
            "amend_order": self._amend,
            "edit_order": self._edit,
            "cancel_order": self._cancel,
            "batch_cancel": self._cancel_batch,
            "cancel_all": self._cancel_all,
            "cancel_all_orders_after": self._cancel_after,
        }

    def _add(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        terms = order_terms(params, self._listing)
        record = self._trading.add(key, terms, now_ns)
        return [{"result": _placed(terms, record)}]

    def _add_batch(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        given = params.get("orders")
        if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
            raise missing("orders")
        shared = {
            name: params[name] for name in ("symbol", "deadline", "validate") if name in params
        }
        batch: list[Terms | Refused] = []
        for one in given:
            try:
                batch.append(order_terms({**one, **shared}, self._listing))
            except Refused as refused:
                batch.append(refused)
        answers = self._trading.add_batch(key, batch, now_ns)
        results = []
        for terms, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Refused) or isinstance(terms, Refused):
                results.append({"error": str(answer)})
            else:
                results.append(_placed(terms, answer))
        return [{"result": results}]

    def _amend(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        name = text(params, "order_id") or text(params, "cl_ord_id")
        if not name:
            raise missing("order_id")
        found = self._records.find(key.account, name)
        is_trailing = bool(found) and found[0].terms.order_type in TRAILING
        usual = "quote" if is_trailing else "static"
        change = Change(
            volume=amount(params, "order_qty"),
            display=amount(params, "display_qty"),
            limit=price(params, "limit_price", usual),  # type: ignore[arg-type]
            trigger=price(params, "trigger_price", usual),  # type: ignore[arg-type]
            post_only=flag(params, "post_only"),
            deadline_ns=moment(params, "deadline"),
        )
        record, amend_id = self._trading.amend(key, name, change, now_ns)
        result = {"amend_id": amend_id, "order_id": record.order_id}
        if text(params, "cl_ord_id"):
            result["cl_ord_id"] = text(params, "cl_ord_id")
        return [{"result": result}]

    def _edit(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        name, symbol = needed(params, "order_id"), needed(params, "symbol")
        pair = self._listing.by_symbol.get(symbol)
        if pair is None:
            raise unsupported_pair(symbol)
        found = self._records.find(key.account, name)
        if not found or found[0].pair != pair:
            raise Refused(UNKNOWN_ORDER)
        edit = Edit(
            volume=amount(params, "order_qty"),
            display=amount(params, "display_qty"),
            limit=price(params, "limit_price", "static"),
            trigger=_edited_trigger(params),
            post_only=flag(params, "post_only"),
            deadline_ns=moment(params, "deadline"),
            userref=whole(params, "order_userref"),
            is_test=flag(params, "validate"),
        )
        old, new = self._trading.edit(key, name, edit, now_ns)
        result = {"original_order_id": old.order_id}
        return [{"result": result if new is None else {"order_id": new.order_id, **result}}]

    def _cancel(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        asked = [
            *(("order_id", name) for name in _names(params, "order_id")),
            *(("cl_ord_id", name) for name in _names(params, "cl_ord_id")),
            *(("order_userref", name) for name in _names(params, "order_userref")),
        ]
        if not asked:
            raise missing("order_id")
        if len(asked) > MOST_CANCELS:
            raise invalid("order_id")
        answers: Answers = []
        for field, name in asked:
            try:
                cancelled = self._trading.cancel(key, str(name), now_ns)
            except Refused as refused:
                answers.append(refused)
                continue
            for record in cancelled:
                result = {"order_id": record.order_id}
                if field == "cl_ord_id":
                    result["cl_ord_id"] = str(name)
                answers.append({"result": result})
        return answers

    def _cancel_batch(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        names = [*_names(params, "orders"), *_names(params, "cl_ord_id")]
        if not 2 <= len(names) <= MOST_CANCELS:
            raise invalid("orders")
        count = 0
        for name in names:
            try:
                count += len(self._trading.cancel(key, str(name), now_ns))
            except Refused as refused:
                if str(refused) != UNKNOWN_ORDER:
                    raise
        return [{"orders_cancelled": count}]

    def _cancel_all(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        return [{"result": {"count": self._trading.cancel_all(key, now_ns)}}]

    def _cancel_after(self, key: ApiKey, params: Params, now_ns: int) -> Answers:
        timeout_s = whole(params, "timeout")
        if timeout_s is None:
            raise missing("timeout")
        return [{"result": self._trading.cancel_after(key, timeout_s, now_ns)}]


def _placed(terms: Terms, record: OrderRecord | None) -> Answer:
    result: Answer = {} if record is None else {"order_id": record.order_id}
    if terms.cl_ord_id:
        result["cl_ord_id"] = terms.cl_ord_id
    if terms.userref is not None:
        result["order_userref"] = terms.userref
    return result


def _edited_trigger(params: Params) -> PriceTerm | None:
    given = params.get("triggers")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise Refused("Triggers field must be an object")
    return price(given, "price", "static")


def _names(params: Params, field: str) -> list[str | int]:
    given = params.get(field)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(one, (str, int)) for one in given):
        raise Refused(f"{field.capitalize()} field must be an array")
    return given
