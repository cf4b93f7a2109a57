"""Our order ids as client order ids of the venue, and back.

The venue takes 36 letters, digits, `-` and `_` (its own words, -1100: "legal range is
'^[a-zA-Z0-9-_]{1,36}$'"; pull request 34 of https://github.com/binance/binance-spot-api-docs). Most
ids of orders are that. The id of an order of an algo is 32 hex digits, a dot and a role: it is
packed, the 16 bytes that the digits stand for in base64 behind `_p`. In all others a dot is `_d`
and `_` itself is `_u`.

An order that is canceled gets another client order id ("`newClientOrderId` will replace
`clientOrderId` of the canceled order", `order.cancel`). We choose that so that the order is known
for ours: its own, with a mark at the end.

What was made elsewhere, under a name that is none of these, has that name here behind a `:`.
"""

from __future__ import annotations

import base64
import re
from typing import Final, Literal, NamedTuple

Mark = Literal["", "c", "r"]
"""`c`: canceled by us; `r`: canceled by us, to be replaced by an order of the same id."""

LONGEST: Final = 36
ELSEWHERE: Final = ":"

_TAKEN = re.compile(r"[.A-Za-z0-9_-]+")
_ALGO = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9-]{1,12})")
_PACKED = re.compile(r"_p([A-Za-z0-9_-]{22})([A-Za-z0-9-]{1,12})")
_ESCAPED = re.compile(r"_(.?)")
_ESCAPES: Final = {"d": ".", "u": "_"}


class Named(NamedTuple):
    """What a client order id of the venue says."""

    order_id: str
    mark: Mark


def client_id(order_id: str) -> str:
    """The client order id of a new order of ours.

    Raises:
        ValueError: the venue takes no such id.
    """
    if match := _ALGO.fullmatch(order_id):
        packed = base64.urlsafe_b64encode(bytes.fromhex(match[1])).decode().rstrip("=")
        return f"_p{packed}{match[2]}"
    client = order_id.replace("_", "_u").replace(".", "_d")
    if not _TAKEN.fullmatch(order_id) or len(client) > LONGEST:
        raise ValueError("the venue takes 36 letters, digits and .-_ as the id of an order")
    return client


def known_client_id(order_id: str) -> str:
    """The client order id of an order that is at the venue already, perhaps made elsewhere.

    Raises:
        ValueError: the venue can have no such order.
    """
    if order_id.startswith(ELSEWHERE):
        return order_id.removeprefix(ELSEWHERE)
    return client_id(order_id)


def marked(order_id: str, mark: Literal["c", "r"]) -> str:
    """The client order id of the order once it is canceled; empty where there is no room for the
    mark, so that the venue makes one up."""
    name = f"{known_client_id(order_id)}_{mark}"
    return name if len(name) <= LONGEST else ""


def order_id(client: str) -> str:
    """The id here of an order that works."""
    if match := _PACKED.fullmatch(client):
        name = base64.urlsafe_b64decode(match[1] + "==").hex() + "." + match[2]
    else:
        name = _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], ELSEWHERE), client)
    try:
        is_ours = client_id(name) == client
    except ValueError:
        is_ours = False
    return name if is_ours else ELSEWHERE + client


def parse(client: str) -> Named:
    """The id here of an order that may be canceled."""
    if client.endswith("_c"):
        return Named(order_id(client.removesuffix("_c")), "c")
    if client.endswith("_r"):
        return Named(order_id(client.removesuffix("_r")), "r")
    return Named(order_id(client), "")
