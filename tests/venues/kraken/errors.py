"""The texts by which the venue says no.

https://docs.kraken.com/exchange/guides/general/errors and, where that page is silent, what the
venue was seen to answer (recordings in public repositories), both read 2026-11.
"""

from __future__ import annotations

from typing import Final


class Refused(Exception):
    """The venue's answer is no; `str` of it is the text on the wire."""


INVALID_KEY: Final = "EAPI:Invalid key"
INVALID_SIGNATURE: Final = "EAPI:Invalid signature"
INVALID_NONCE: Final = "EAPI:Invalid nonce"
API_RATE_LIMIT: Final = "EAPI:Rate limit exceeded"
LOCKOUT: Final = "EGeneral:Temporary lockout"
PERMISSION_DENIED: Final = "EGeneral:Permission denied"
UNKNOWN_METHOD: Final = "EGeneral:Unknown method"
INTERNAL_ERROR: Final = "EGeneral:Internal error"
INVALID_ARGUMENTS: Final = "EGeneral:Invalid arguments"
INVALID_SESSION: Final = "ESession:Invalid session"
UNAVAILABLE: Final = "EService:Unavailable"
BUSY: Final = "EService:Busy"
TIMEOUT: Final = "EService:Timeout"
DEADLINE: Final = "EService:Deadline elapsed"
CANCEL_ONLY: Final = "EService:Market in cancel_only mode"
POST_ONLY_MODE: Final = "EService:Market in post_only mode"
LIMIT_ONLY: Final = "EService:Market in limit_only mode"
UNKNOWN_PAIR: Final = "EQuery:Unknown asset pair"
UNKNOWN_ASSET: Final = "EQuery:Unknown asset"
UNKNOWN_ORDER: Final = "EOrder:Unknown order"
INVALID_ORDER: Final = "EOrder:Invalid order"
INSUFFICIENT_FUNDS: Final = "EOrder:Insufficient funds"
ORDER_MINIMUM: Final = "EGeneral:Invalid arguments:volume minimum not met"
"""Listed as `EOrder:Order minimum not met`; this is what is answered since 2023."""
COST_MINIMUM: Final = "EOrder:Cost minimum not met"
TICK_SIZE: Final = "EOrder:Tick size check failed"
POST_ONLY: Final = "EOrder:Post only order"
NO_POSITION: Final = "EOrder:Reduce only:No position exists"
ORDERS_LIMIT: Final = "EOrder:Orders limit exceeded"
RATE_LIMIT: Final = "EOrder:Rate limit exceeded"
DUPLICATE_ID: Final = "EOrder:Duplicate cl_ord_id"
"""By clients that say they met it; no page of the venue has the text."""

UNSUPPORTED_EVENT: Final = "Unsupported event"
MALFORMED: Final = "Malformed request"
NO_TOKEN: Final = "Token(s) not found"
ALREADY_SUBSCRIBED: Final = "Already subscribed"
NOT_SUBSCRIBED: Final = "Subscription Not Found"
BAD_DEPTH: Final = "Subscription depth not supported"
BAD_INTERVAL: Final = "Subscription ohlc interval not supported"
MESSAGE_RATE: Final = "Exceeded msg rate"


def invalid(argument: str) -> Refused:
    """An argument of a request cannot be what it is."""
    return Refused(f"{INVALID_ARGUMENTS}:{argument}")


def bad_price(name: str, places: int) -> Refused:
    """More decimals than a price of the pair has."""
    return Refused(
        f"EOrder:Invalid price:{name} price can only be specified up to {places} decimals."
    )


def unsupported_pair(symbol: str) -> Refused:
    """Of the WebSocket."""
    return Refused(f"Currency pair not supported {symbol}")


def no_number(field: str) -> Refused:
    """Of the WebSocket: a field that is there, and is not a number."""
    return Refused(f"{field.capitalize()} field must be a number_float")


def missing(field: str) -> Refused:
    """Of the WebSocket: a field that must be there."""
    return Refused(f"{field.capitalize()}(s) not found")
