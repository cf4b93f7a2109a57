"""`/0/private/*` that trade: parameters in, the result out.

https://docs.kraken.com/api-reference/trading, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.venues.kraken.amounts import text
from tests.venues.kraken.errors import UNKNOWN_ORDER, UNKNOWN_PAIR, Refused, invalid
from tests.venues.kraken.keys import ApiKey
from tests.venues.kraken.pairs import Listing, Pair
from tests.venues.kraken.records import OrderRecord, Records
from tests.venues.kraken.rest_orders import close_sentence, order_sentence, said_price
from tests.venues.kraken.rest_terms import (
    Params,
    amount,
    deadline,
    flag,
    order_flags,
    order_terms,
    price_term,
    userref,
    whole,
    word,
)
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, PriceTerm, Terms
from tests.venues.kraken.trading import MOST_CANCELS, Change, Edit, Trading


class TradingRest:
    """Answers by method name. Raises `Refused`."""

    def __init__(self, listing: Listing, trading: Trading, records: Records) -> None:
        self._listing = listing
        self._trading = trading
        self._records = records
        self.methods: dict[str, Callable[[ApiKey, Params, int], Any]] = {
            "AddOrder": self._add,
            "AddOrderBatch": self._add_batch,
            "AmendOrder": self._amend,
            "EditOrder": self._edit,
            "CancelOrder": self._cancel,
            "CancelOrderBatch": self._cancel_batch,
            "CancelAll": self._cancel_all,
            "CancelAllOrdersAfter": self._cancel_after,
        }

    def _add(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        terms = order_terms(params, self._listing, now_ns)
        record = self._trading.add(key, terms, now_ns)
        told: dict[str, Any] = {"descr": _descr(terms)}
        if record is not None:
            told["txid"] = [record.order_id]
        return told

    def _add_batch(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        given = params.get("orders")
        if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
            raise invalid("orders")
        shared = {name: params[name] for name in ("pair", "deadline", "validate") if name in params}
        batch: list[Terms | Refused] = []
        for one in given:
            try:
                batch.append(order_terms({**one, **shared}, self._listing, now_ns))
            except Refused as refused:
                batch.append(refused)
        answers = self._trading.add_batch(key, batch, now_ns)
        return {"orders": [_told(*both) for both in zip(batch, answers, strict=True)]}

    def _amend(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        name = word(params, "txid") or word(params, "cl_ord_id")
        change = Change(
            volume=amount(params, "order_qty") if word(params, "order_qty") else None,
            display=amount(params, "display_qty") if word(params, "display_qty") else None,
            limit=_price(params, "limit_price"),
            trigger=_price(params, "trigger_price"),
            post_only=flag(params, "post_only"),
            deadline_ns=deadline(params),
        )
        _, amend_id = self._trading.amend(key, name, change, now_ns)
        return {"amend_id": amend_id}

    def _edit(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        pair = self._pair(params)
        name = word(params, "txid")
        found = self._records.find(key.account, name)
        if not found or found[0].pair != pair:
            raise Refused(UNKNOWN_ORDER)
        old, new = self._trading.edit(key, name, _edit_of(params, found[0]), now_ns)
        shown = old if new is None else new
        told: dict[str, Any] = {
            "status": "ok",
            "descr": _descr(shown.terms),
            "originaltxid": old.order_id,
            "volume": text(shown.volume, pair.size_places),
            "price": said_price(shown.terms.trigger or shown.terms.limit, pair),
            "orders_cancelled": 0 if new is None else 1,
        }
        if new is not None:
            told["txid"] = new.order_id
            told["newuserref"] = str(new.terms.userref or 0)
        return told

    def _cancel(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        name = word(params, "txid") or word(params, "cl_ord_id")
        if not name:
            raise invalid("txid")
        return {"count": len(self._trading.cancel(key, name, now_ns))}

    def _cancel_batch(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        names = [
            *_batch_names(params.get("orders"), "txid"),
            *_batch_names(params.get("cl_ord_ids"), "cl_ord_id"),
        ]
        if not 1 <= len(names) <= MOST_CANCELS:
            raise invalid("orders")
        count = 0
        for name in names:
            try:
                count += len(self._trading.cancel(key, name, now_ns))
            except Refused as refused:
                if str(refused) != UNKNOWN_ORDER:
                    raise
        if not count:
            raise Refused(UNKNOWN_ORDER)
        return {"count": count}

    def _cancel_all(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        return {"count": self._trading.cancel_all(key, now_ns)}

    def _cancel_after(self, key: ApiKey, params: Params, now_ns: int) -> Any:
        timeout_s = whole(params, "timeout")
        if timeout_s is None:
            raise invalid("timeout")
        return self._trading.cancel_after(key, timeout_s, now_ns)

    def _pair(self, params: Params) -> Pair:
        pair = self._listing.pair(word(params, "pair"))
        if pair is None:
            raise Refused(UNKNOWN_PAIR)
        return pair


def _descr(terms: Terms) -> dict[str, str]:
    told = {"order": order_sentence(terms)}
    if terms.close is not None:
        told["close"] = close_sentence(terms.close, terms.pair)
    return told


def _told(terms: Terms | Refused, answer: OrderRecord | Refused | None) -> dict[str, Any]:
    """One order of a batch."""
    if isinstance(answer, Refused) or isinstance(terms, Refused):
        return {"error": str(answer)}
    told: dict[str, Any] = {"descr": _descr(terms)}
    if answer is not None:
        told["txid"] = answer.order_id
        if terms.cl_ord_id:
            told["cl_ord_id"] = terms.cl_ord_id
    return told


def _price(params: Params, name: str) -> PriceTerm | None:
    given = word(params, name)
    return price_term(given, name) if given else None


def _edit_of(params: Params, record: OrderRecord) -> Edit:
    kind = record.terms.order_type
    first, second = _price(params, "price"), _price(params, "price2")
    is_triggered = kind in TRIGGERED
    if kind in TRAILING and first is not None and first.unit == "static":
        raise invalid("price")
    return Edit(
        volume=amount(params, "volume") if word(params, "volume") else None,
        display=amount(params, "displayvol") if word(params, "displayvol") else None,
        limit=second if is_triggered else first if kind in LIMITED else None,
        trigger=first if is_triggered else None,
        post_only="post" in order_flags(params),
        deadline_ns=deadline(params),
        userref=userref({"userref": word(params, "newuserref") or word(params, "userref")}),
        is_test=flag(params, "validate"),
    )


def _batch_names(given: Any, name: str) -> list[str]:
    """Ids out of `["..."]`, `[12]` or `[{"txid": "..."}]`."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise invalid("orders")
    return [
        word(one, name) if isinstance(one, Mapping) else word({"id": one}, "id") for one in given
    ]
