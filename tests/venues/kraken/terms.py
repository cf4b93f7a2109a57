"""What is asked for with a new order, by whichever way it came, and what the venue says to it.

https://docs.kraken.com/api-reference/trading/add-order and
https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/add_order, read 2026-11.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal

import msgspec

from tests.venues.kraken.amounts import cut, fixed
from tests.venues.kraken.errors import (
    COST_MINIMUM,
    DEADLINE,
    NO_POSITION,
    ORDER_MINIMUM,
    TICK_SIZE,
    Refused,
    bad_price,
    invalid,
)
from tests.venues.kraken.pairs import Pair

Side = Literal["buy", "sell"]
Unit = Literal["static", "quote", "pct"]

ORDER_TYPES: Final = frozenset(
    {
        *("market", "limit", "iceberg", "stop-loss", "stop-loss-limit", "take-profit"),
        *("take-profit-limit", "trailing-stop", "trailing-stop-limit"),
    }
)
LIMITED: Final = frozenset(
    {"limit", "iceberg", "stop-loss-limit", "take-profit-limit", "trailing-stop-limit"}
)
TRIGGERED: Final = frozenset(
    {
        *("stop-loss", "stop-loss-limit", "take-profit", "take-profit-limit"),
        *("trailing-stop", "trailing-stop-limit"),
    }
)
TRAILING: Final = frozenset({"trailing-stop", "trailing-stop-limit"})
TIMES_IN_FORCE: Final = frozenset({"GTC", "IOC", "GTD"})
STP_TYPES: Final = frozenset({"cancel-newest", "cancel-oldest", "cancel-both"})

TOO_MUCH: Final = Decimal(10) ** 12
"""No price or size is as large."""
MOST_PARTS: Final = 15
"""An iceberg shows at least this part of itself."""
DEADLINE_NS: Final = (500_000_000, 60_000_000_000)
"""How soon a deadline may be, and how late."""
LONGEST_EXPIRY_NS: Final = 31 * 86_400 * 10**9

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
_FREE_TEXT = re.compile(r"[\x21-\x7e]{1,18}")


class PriceTerm(msgspec.Struct, frozen=True):
    """A price, or how far from the market it is to be."""

    value: Decimal
    unit: Unit = "static"
    is_signed: bool = True
    """An offset whose sign counts; else it is on the side that the order needs (`#`)."""

    def against(self, last: Decimal, pair: Pair, side: int) -> Decimal:
        """The price itself, by the last trade; `side` is where an unsigned offset goes."""
        if self.unit == "static":
            return self.value
        offset = self.value if self.unit == "quote" else last * self.value / 100
        if not self.is_signed:
            offset = abs(offset) * side
        return fixed(last + offset, pair.price_places)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A new order."""

    pair: Pair
    side: Side
    order_type: str
    volume: Decimal
    is_cash: bool = False
    """`volume` is in quote: a market order for so much money."""
    limit: PriceTerm | None = None
    trigger: PriceTerm | None = None
    """Of trailing stops the distance."""
    reference: Literal["last", "index"] = "last"
    display: Decimal | None = None
    time_in_force: str = "GTC"
    start_ns: int = 0
    expire_ns: int = 0
    deadline_ns: int = 0
    post_only: bool = False
    reduce_only: bool = False
    leverage: str = "none"
    is_fee_in_base: bool = False
    no_mpp: bool = False
    stp: str = "cancel-newest"
    userref: int | None = None
    cl_ord_id: str = ""
    sender_sub_id: str = ""
    close: Close | None = None
    is_test: bool = False

    @property
    def fee_flag(self) -> str:
        return "fcib" if self.is_fee_in_base else "fciq"

    @property
    def flags(self) -> str:
        """As `oflags` has them."""
        said = [self.fee_flag]
        said += ["post"] if self.post_only else []
        said += ["nompp"] if self.no_mpp else []
        said += ["viqc"] if self.is_cash else []
        return ",".join(said)


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """The order that follows each fill of the first."""

    order_type: str
    limit: PriceTerm | None = None
    trigger: PriceTerm | None = None


def check_id(cl_ord_id: str) -> None:
    """A long or short UUID, or up to 18 characters. Raises `Refused`."""
    if not _UUID.fullmatch(cl_ord_id.lower()) and not _FREE_TEXT.fullmatch(cl_ord_id):
        raise invalid("cl_ord_id")


def check_deadline(deadline_ns: int, now_ns: int) -> None:
    """Raises `Refused`."""
    if not deadline_ns:
        return
    if deadline_ns < now_ns:
        raise Refused(DEADLINE)
    if deadline_ns - now_ns > DEADLINE_NS[1]:
        raise invalid("deadline")


def check(terms: Terms, last: Decimal, now_ns: int) -> None:
    """Everything but what the book and the account have to say. Raises `Refused`."""
    if terms.cl_ord_id:
        check_id(terms.cl_ord_id)
        if terms.userref:
            raise invalid("cl_ord_id and userref are mutually exclusive")
    check_deadline(terms.deadline_ns, now_ns)
    _check_shape(terms)
    _check_times(terms, now_ns)
    _check_prices(terms)
    _check_size(terms, last)


def _check_shape(terms: Terms) -> None:
    kind = terms.order_type
    if kind not in ORDER_TYPES:
        raise invalid("ordertype")
    if terms.stp not in STP_TYPES:
        raise invalid("stptype")
    if terms.reduce_only:
        raise Refused(NO_POSITION)
    if terms.leverage not in ("none", "0", ""):
        raise invalid("leverage")
    if (kind in LIMITED) != (terms.limit is not None):
        raise invalid("price2" if kind in TRIGGERED else "price")
    if (kind in TRIGGERED) != (terms.trigger is not None):
        raise invalid("price" if kind in TRIGGERED else "price2")
    if terms.no_mpp and kind != "market":
        raise invalid("no_mpp order option is only available when ordertype = market")
    if terms.is_cash and kind != "market":
        raise invalid("viqc")
    if terms.post_only and (kind not in ("limit", "iceberg") or terms.time_in_force == "IOC"):
        raise invalid("post")
    if (kind == "iceberg") != (terms.display is not None):
        raise invalid("display-volume")
    if kind in TRAILING and terms.trigger is not None and terms.trigger.value <= 0:
        raise invalid("price")


def _check_times(terms: Terms, now_ns: int) -> None:
    tif = terms.time_in_force
    if tif not in TIMES_IN_FORCE or (tif == "IOC" and terms.order_type == "iceberg"):
        raise invalid("timeinforce")
    if (tif == "GTD") != bool(terms.expire_ns):
        raise invalid("expiretm")
    if terms.expire_ns and not now_ns < terms.expire_ns <= now_ns + LONGEST_EXPIRY_NS:
        raise invalid("expiretm")
    if terms.start_ns > now_ns + LONGEST_EXPIRY_NS:
        raise invalid("starttm")
    if terms.expire_ns and terms.start_ns >= terms.expire_ns:
        raise invalid("expiretm")


def _check_prices(terms: Terms) -> None:
    close, pair = terms.close, terms.pair
    asked = [terms.limit, terms.trigger]
    asked += [] if close is None else [close.limit, close.trigger]
    for term in asked:
        if term is None:
            continue
        if abs(term.value) >= TOO_MUCH:
            raise invalid("price")
        if term.unit == "static":
            check_price(term.value, pair)
        elif term.unit == "quote" and cut(term.value, pair.price_places) != term.value:
            raise bad_price(pair.wsname, pair.price_places)
        elif term.unit == "pct" and abs(term.value) >= 100:
            raise invalid("price")
    if close is not None:
        _check_close(close)


def _check_close(close: Close) -> None:
    if close.order_type not in ORDER_TYPES - {"iceberg", "market"}:
        raise invalid("close[ordertype]")
    if (close.order_type in LIMITED) != (close.limit is not None):
        raise invalid("close[price2]" if close.order_type in TRIGGERED else "close[price]")
    if (close.order_type in TRIGGERED) != (close.trigger is not None):
        raise invalid("close[price]")


def check_price(price: Decimal, pair: Pair) -> None:
    """A price of an order, in the decimals of the pair. Raises `Refused`."""
    if not 0 < price < TOO_MUCH:
        raise invalid("price")
    if cut(price, pair.price_places) != price:
        raise bad_price(pair.wsname, pair.price_places)
    if price % pair.tick:
        raise Refused(TICK_SIZE)


def check_volume(volume: Decimal, pair: Pair) -> None:
    """A size of an order, in base. Raises `Refused`."""
    if not 0 < volume < TOO_MUCH or cut(volume, pair.size_places) != volume:
        raise invalid("volume")
    if volume < pair.order_min:
        raise Refused(ORDER_MINIMUM)


def check_cost(price: Decimal, volume: Decimal, pair: Pair) -> None:
    """Raises `Refused`."""
    if price * volume < pair.cost_min:
        raise Refused(COST_MINIMUM)


def _check_size(terms: Terms, last: Decimal) -> None:
    pair = terms.pair
    if terms.is_cash:
        if not 0 < terms.volume < TOO_MUCH or cut(terms.volume, pair.cost_places) != terms.volume:
            raise invalid("volume")
        if terms.volume < pair.cost_min:
            raise Refused(COST_MINIMUM)
        if cut(terms.volume / last, pair.size_places) < pair.order_min:
            raise Refused(ORDER_MINIMUM)
        return
    check_volume(terms.volume, pair)
    term = terms.limit or terms.trigger
    is_set = term is not None and term.unit == "static"
    check_cost(term.value if term is not None and is_set else last, terms.volume, pair)
    if terms.display is not None:
        check_display(terms.display, terms.volume, pair)


def check_display(display: Decimal, volume: Decimal, pair: Pair) -> None:
    """What an iceberg shows of itself. Raises `Refused`."""
    if cut(display, pair.size_places) != display or not volume / MOST_PARTS <= display <= volume:
        raise invalid("display-volume")
