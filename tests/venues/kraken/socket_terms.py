"""New orders out of the parameters of the WebSocket's `add_order` and `batch_add`.

Numbers there are JSON numbers, times RFC 3339; https://docs.kraken.com/exchange/api-reference/
spot-websocket-v2/add_order, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from tests.venues.kraken.amounts import parse_rfc3339
from tests.venues.kraken.errors import Refused, invalid, missing, no_number, unsupported_pair
from tests.venues.kraken.pairs import Listing
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, Close, PriceTerm, Terms, Unit

Params = Mapping[str, Any]
_UNITS: dict[str, Unit] = {"static": "static", "pct": "pct", "quote": "quote"}


def order_terms(params: Params, listing: Listing) -> Terms:
    """Raises `Refused`."""
    symbol = needed(params, "symbol")
    pair = listing.by_symbol.get(symbol)
    if pair is None:
        raise unsupported_pair(symbol)
    kind, side = needed(params, "order_type"), needed(params, "side")
    if side not in ("buy", "sell"):
        raise invalid("side")
    volume, is_cash = _volume(params)
    preference = text(params, "fee_preference") or "quote"
    if preference not in ("base", "quote"):
        raise invalid("fee_preference")
    return Terms(
        pair=pair,
        side="buy" if side == "buy" else "sell",
        order_type=kind,
        volume=volume,
        is_cash=is_cash,
        limit=price(params, "limit_price", "quote" if kind in TRAILING else "static"),
        trigger=_trigger(params, kind),
        reference=_reference(params),
        display=amount(params, "display_qty"),
        time_in_force=(text(params, "time_in_force") or "gtc").upper(),
        start_ns=moment(params, "effective_time"),
        expire_ns=moment(params, "expire_time"),
        deadline_ns=moment(params, "deadline"),
        post_only=flag(params, "post_only"),
        reduce_only=flag(params, "reduce_only"),
        leverage="2" if flag(params, "margin") else "none",
        is_fee_in_base=preference == "base",
        no_mpp=flag(params, "no_mpp"),
        stp=(text(params, "stp_type") or "cancel_newest").replace("_", "-"),
        userref=whole(params, "order_userref"),
        cl_ord_id=text(params, "cl_ord_id"),
        sender_sub_id=text(params, "sender_sub_id"),
        close=_close(params),
        is_test=flag(params, "validate"),
    )


def text(params: Params, name: str) -> str:
    """Empty if it is not there."""
    value = params.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(f"{name.capitalize()} field must be a string")
    return value


def needed(params: Params, name: str) -> str:
    said = text(params, name)
    if not said:
        raise missing(name)
    return said


def amount(params: Params, name: str) -> Decimal | None:
    """A JSON number; None if it is not there."""
    value = params.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise no_number(name)
    return Decimal(value)


def whole(params: Params, name: str) -> int | None:
    value = params.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name.capitalize()} field must be an integer")
    return value


def flag(params: Params, name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise Refused(f"{name.capitalize()} field must be a boolean")
    return value


def moment(params: Params, name: str) -> int:
    """Nanoseconds; 0 if it is not there."""
    said = text(params, name)
    try:
        return parse_rfc3339(said) if said else 0
    except ValueError:
        raise invalid(name) from None


def price(params: Params, name: str, usual: Unit) -> PriceTerm | None:
    """A price and its unit, which is in `<name>_type`."""
    value = amount(params, name)
    unit = text(params, f"{name}_type") or usual
    if unit not in _UNITS:
        raise invalid(f"{name}_type")
    return None if value is None else PriceTerm(value, _UNITS[unit])


def _volume(params: Params) -> tuple[Decimal, bool]:
    """In base, or in quote if `cash_order_qty` says so."""
    volume, cash = amount(params, "order_qty"), amount(params, "cash_order_qty")
    if cash is not None and volume is None:
        return cash, True
    if volume is None:
        raise missing("order_qty")
    if cash is not None:
        raise invalid("order_qty and cash_order_qty are mutually exclusive")
    return volume, False


def _trigger(params: Params, kind: str) -> PriceTerm | None:
    given = params.get("triggers")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise Refused("Triggers field must be an object")
    value = amount(given, "price")
    if value is None:
        raise missing("price")
    unit = text(given, "price_type") or ("quote" if kind in TRAILING else "static")
    if unit not in _UNITS or (kind in TRAILING and unit == "static"):
        raise invalid("price_type")
    return PriceTerm(value, _UNITS[unit])


def _reference(params: Params) -> Literal["last", "index"]:
    given = params.get("triggers")
    said = text(given, "reference") if isinstance(given, Mapping) else ""
    if said not in ("", "last", "index"):
        raise invalid("reference")
    return "index" if said == "index" else "last"


def _close(params: Params) -> Close | None:
    given = params.get("conditional")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise Refused("Conditional field must be an object")
    kind = needed(given, "order_type")
    trigger = price(given, "trigger_price", "quote" if kind in TRAILING else "static")
    return Close(
        order_type=kind,
        limit=price(given, "limit_price", "static") if kind in LIMITED else None,
        trigger=trigger if kind in TRIGGERED else None,
    )
