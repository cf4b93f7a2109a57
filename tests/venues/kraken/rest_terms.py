"""New orders and amends out of the parameters of REST."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from engine.clock import NANOS
from tests.venues.kraken.amounts import parse_amount, parse_rfc3339
from tests.venues.kraken.errors import UNKNOWN_PAIR, Refused, invalid
from tests.venues.kraken.pairs import Listing
from tests.venues.kraken.terms import LIMITED, TRAILING, TRIGGERED, Close, PriceTerm, Terms, Unit

Params = Mapping[str, Any]
"""Of a form all text; of JSON also numbers, booleans and what is nested."""

FLAGS = frozenset({"post", "fcib", "fciq", "nompp", "viqc"})


def order_terms(params: Params, listing: Listing, now_ns: int) -> Terms:
    """The order that `AddOrder`, or a part of `AddOrderBatch`, asks for. Raises `Refused`."""
    pair = listing.pair(word(params, "pair"))
    if pair is None:
        raise Refused(UNKNOWN_PAIR)
    side = word(params, "type")
    if side not in ("buy", "sell"):
        raise invalid("type")
    kind = word(params, "ordertype")
    limit, trigger = _prices(params, kind)
    flags = order_flags(params)
    return Terms(
        pair=pair,
        side="buy" if side == "buy" else "sell",
        order_type=kind,
        volume=amount(params, "volume"),
        is_cash="viqc" in flags,
        limit=limit,
        trigger=trigger,
        reference=_reference(params),
        display=amount(params, "displayvol") if word(params, "displayvol") else None,
        time_in_force=word(params, "timeinforce").upper() or "GTC",
        start_ns=moment(params, "starttm", now_ns),
        expire_ns=moment(params, "expiretm", now_ns),
        deadline_ns=deadline(params),
        post_only="post" in flags,
        reduce_only=flag(params, "reduce_only"),
        leverage=word(params, "leverage") or "none",
        is_fee_in_base="fcib" in flags,
        no_mpp="nompp" in flags,
        stp=word(params, "stptype") or "cancel-newest",
        userref=userref(params),
        cl_ord_id=word(params, "cl_ord_id"),
        close=_close(params),
        is_test=flag(params, "validate"),
    )


def word(params: Params, name: str) -> str:
    """A parameter as text; empty if it is not there."""
    value = params.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, Decimal)):
        return str(value)
    raise invalid(name)


def flag(params: Params, name: str) -> bool:
    said = word(params, name).lower()
    if said not in ("", "true", "false", "1", "0"):
        raise invalid(name)
    return said in ("true", "1")


def amount(params: Params, name: str) -> Decimal:
    """Raises `Refused` if there is none."""
    try:
        return parse_amount(word(params, name))
    except ValueError:
        raise invalid(name) from None


def whole(params: Params, name: str) -> int | None:
    """A whole number; None if it is not there."""
    said = word(params, name)
    if not said:
        return None
    try:
        return int(said)
    except ValueError:
        raise invalid(name) from None


def userref(params: Params) -> int | None:
    value = whole(params, "userref")
    if value is not None and not -(2**31) <= value < 2**31:
        raise invalid("userref")
    return value


def moment(params: Params, name: str, now_ns: int) -> int:
    """A time as seconds, `+seconds` from now, or 0; nanoseconds, 0 if there is none."""
    said = word(params, name)
    if not said or said == "0":
        return 0
    try:
        seconds = parse_amount(said.removeprefix("+"))
    except ValueError:
        raise invalid(name) from None
    if seconds < 0:
        raise invalid(name)
    return int(seconds * NANOS) + (now_ns if said.startswith("+") else 0)


def deadline(params: Params) -> int:
    """RFC 3339 text, in nanoseconds; 0 if there is none."""
    said = word(params, "deadline")
    if not said:
        return 0
    try:
        return parse_rfc3339(said)
    except ValueError:
        raise invalid("deadline") from None


def order_flags(params: Params) -> frozenset[str]:
    flags = frozenset(part.strip() for part in word(params, "oflags").split(",") if part.strip())
    if flags - FLAGS or {"fcib", "fciq"} <= flags:
        raise invalid("oflags")
    return flags


def price_term(said: str, name: str = "price") -> PriceTerm:
    """`37500`, `+100`, `-2%`, `#5%`: a price, or how far from the market. Raises `Refused`."""
    unit: Unit = "static"
    body = said
    if body.endswith("%"):
        unit, body = "pct", body[:-1]
    is_signed = not body.startswith("#")
    if body[:1] in ("+", "-", "#"):
        unit = "quote" if unit == "static" else unit
        body = body.lstrip("#+")
    try:
        return PriceTerm(parse_amount(body), unit, is_signed)
    except ValueError:
        raise invalid(name) from None


def _prices(params: Params, kind: str) -> tuple[PriceTerm | None, PriceTerm | None]:
    """Limit and trigger: which of `price` and `price2` is which goes by the type."""
    first, second = word(params, "price"), word(params, "price2")
    one = price_term(first) if first and first != "0" else None
    two = price_term(second, "price2") if second and (second != "0" or kind in TRAILING) else None
    if kind not in TRIGGERED:
        return one if kind in LIMITED else None, None
    if kind in TRAILING and (one is None or one.unit == "static"):
        raise invalid("price")
    return two if kind in LIMITED else None, one


def _reference(params: Params) -> Literal["last", "index"]:
    said = word(params, "trigger") or "last"
    if said not in ("last", "index"):
        raise invalid("trigger")
    return "index" if said == "index" else "last"


def _close(params: Params) -> Close | None:
    nested = params.get("close")
    names = ("ordertype", "price", "price2")
    if isinstance(nested, Mapping):
        given = {name: word(nested, name) for name in names}
    else:
        given = {name: word(params, f"close[{name}]") for name in names}
    if not given["ordertype"]:
        return None
    limit, trigger = _prices(given, given["ordertype"])
    return Close(order_type=given["ordertype"], limit=limit, trigger=trigger)
