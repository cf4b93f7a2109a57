"""Our order ids as client order ids of the venue, and back.

The venue takes 36 characters of `.A-Z:/a-z0-9_-` (`newClientOrderId`, `rest-api`). Ids of orders
are shorter, but for those of an algo's orders: 32 hex digits, a dot, a role. Those are packed: the
16 bytes they stand for, in base64, behind a `/`.

An order that is canceled gets another client order id ("`newClientOrderId` will replace
`clientOrderId` of the canceled order", `order.cancel`). We choose that so that the order is known
for ours: its own, with a mark behind a `:`.
"""

from __future__ import annotations

import base64
import re
from typing import Final, Literal, NamedTuple

Mark = Literal["", "c", "r"]
"""`c`: canceled by us; `r`: canceled by us, to be replaced by an order of the same id."""

LONGEST: Final = 36

_PLAIN = re.compile(r"[.A-Za-z0-9_-]{1,36}")
_PACKABLE = re.compile(r"([0-9a-f]{32})(\.[.A-Za-z0-9_-]{1,12})")
_PACKED = re.compile(r"/([A-Za-z0-9_-]{22})(\.[.A-Za-z0-9_-]{1,12})")


class Named(NamedTuple):
    """What a client order id of the venue says."""

    order_id: str
    mark: Mark


def client_id(order_id: str) -> str:
    """The client order id of an order of ours.

    Raises:
        ValueError: the venue takes no such id.
    """
    if len(order_id) > LONGEST - 2 and (match := _PACKABLE.fullmatch(order_id)):
        packed = base64.urlsafe_b64encode(bytes.fromhex(match[1])).decode().rstrip("=")
        return f"/{packed}{match[2]}"
    if not _PLAIN.fullmatch(order_id):
        raise ValueError("the venue takes 36 letters, digits and .-_ as the id of an order")
    return order_id


def known_client_id(order_id: str) -> str:
    """The client order id of an order that is at the venue already, perhaps made elsewhere: its id
    is then what the venue calls it."""
    try:
        return client_id(order_id)
    except ValueError:
        return order_id


def marked(order_id: str, mark: Literal["c", "r"]) -> str:
    """The client order id of the order once it is canceled; empty where there is no room for the
    mark, so that the venue makes one up."""
    name = f"{known_client_id(order_id)}:{mark}"
    return name if len(name) <= LONGEST else ""


def order_id(client: str) -> str:
    """Our id of an order that works; of one that was made elsewhere, the venue's text."""
    match = _PACKED.fullmatch(client)
    if match is None:
        return client
    plain = base64.urlsafe_b64decode(match[1] + "==").hex() + match[2]
    # The last letter of 22 has bits to spare: only the text that we would write is ours.
    return plain if client_id(plain) == client else client


def parse(client: str) -> Named:
    """Our id of an order that may be canceled."""
    name, _, mark = client.rpartition(":")
    if name and mark == "c":
        return Named(order_id(name), "c")
    if name and mark == "r":
        return Named(order_id(name), "r")
    return Named(order_id(client), "")
