"""Our order ids as client order ids of Kraken, and back.

A `cl_ord_id` is a UUID, or free ASCII text of up to 18 characters, and unique among the open orders
of an account only (https://docs.kraken.com/api/docs/guides/spot-clordid, read 2026-11). Ours are
longer, so they are written anew, and begin with three letters that say how:

======  ==================================================================================
`tda`   an id of the deck (`td` and 18 hex digits) as 14 digits to the base 36
`tdb`   any id of up to 15 plain characters, as it is
`tdc`   any other (orders of algos: `<32 hex digits>.exit-1`): 15 digits of its SHA-256
======  ==================================================================================

The name follows from the id alone, so that it is the same after a restart. `tda` and `tdb` are read
back from the name. `tdc` (77 bits) is read back by whoever was told of the id: the engine tells a
client all ids on record before it asks what works (`Names.recognise`). A name that does not begin
so is none of ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 18
"""Characters of free text that the venue takes."""

_DECK: Final = re.compile(r"td[0-9a-f]{18}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:\-]{1,15}")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_DECK_WIDTH: Final = 14
_HASH_WIDTH: Final = 15


def name_of(order_id: str) -> str:
    """The client order id under which the venue knows `order_id`."""
    if _DECK.fullmatch(order_id):
        return "tda" + _base36(int(order_id[2:], 16), _DECK_WIDTH)
    if _PLAIN.fullmatch(order_id):
        return "tdb" + order_id
    digest = int.from_bytes(hashlib.sha256(order_id.encode()).digest())
    return "tdc" + _base36(digest % 36**_HASH_WIDTH, _HASH_WIDTH)


def is_ours(name: str) -> bool:
    """This program made the name, in this run or another."""
    return name[:3] in ("tda", "tdb", "tdc") and len(name) <= LONGEST


class Names:
    """Reads names back."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def recognise(self, order_ids: Iterable[str]) -> None:
        """These are ids of ours, and the venue may speak of them."""
        for order_id in order_ids:
            name = name_of(order_id)
            if name.startswith("tdc"):
                self._ids[name] = order_id

    def order_id(self, name: str) -> str:
        """The id that `name` stands for; empty where it is none of ours, or was not told."""
        if name.startswith("tda") and len(name) == 3 + _DECK_WIDTH:
            return _deck_id(name)
        if name.startswith("tdb") and _PLAIN.fullmatch(name[3:]):
            return name[3:]
        return self._ids.get(name, "")


def _deck_id(name: str) -> str:
    try:
        number = int(name[3:], 36)
    except ValueError:
        return ""
    order_id = f"td{number:018x}"
    return order_id if name_of(order_id) == name else ""


def _base36(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
