"""Parameters of a request, read one by one as the venue reads them.

The venue refuses what it did not read, so every reader counts. Values come as text from REST, as
JSON of any type from the WebSocket API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from tests.venues.binance import errors
from tests.venues.binance.errors import VenueError

DECIMAL_RANGE: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
SYMBOL_RANGE: Final = r"^[\w\-._&&[^a-z]]{1,50}$"
CLIENT_ID_RANGE: Final = r"^[a-zA-Z0-9-_]{1,36}$"
INT_RANGE: Final = r"^[0-9]{1,20}$"
_DECIMAL: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_SYMBOL: Final = re.compile(r"[A-Z0-9\-._]{1,50}|[^\x00-\x7f]{1,50}")
_CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
_INT: Final = re.compile(r"-?[0-9]{1,19}")
T = TypeVar("T")


class Params:
    """What was sent, and what of it was read."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self._sent = dict(sent)
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether it was sent; does not count as read."""
        return name in self._sent

    def raw(self, name: str) -> Any:
        """As it was sent; None if it was not."""
        self._read.add(name)
        return self._sent.get(name)

    def text(self, name: str) -> str | None:
        """Raises `VenueError` -1105 where it is there and empty."""
        value = self.raw(name)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise errors.bad_data(name)
        told = str(value).lower() if isinstance(value, bool) else str(value)
        if not told:
            raise errors.empty(name)
        return told

    def need(self, name: str, value: T | None) -> T:
        """Raises `VenueError` -1102 where there is none."""
        if value is None:
            raise errors.missing(name)
        return value

    def mandatory(self, name: str) -> str:
        """Raises `VenueError` -1102 where it is missing or empty."""
        if self._sent.get(name) == "":
            raise errors.missing(name)
        return self.need(name, self.text(name))

    def number(self, name: str) -> int | None:
        """Raises `VenueError` -1100 where it is no whole number."""
        told = self.text(name)
        if told is None:
            return None
        if not _INT.fullmatch(told):
            raise errors.illegal(name, INT_RANGE)
        return int(told)

    def decimal(self, name: str) -> Decimal | None:
        """Raises `VenueError` -1100."""
        value = self.raw(name)
        if value is None:
            return None
        told = repr(value) if isinstance(value, float) else str(value)
        if not _DECIMAL.fullmatch(told):
            raise errors.illegal(name, DECIMAL_RANGE)
        return Decimal(told)

    def flag(self, name: str, default: bool) -> bool:
        told = self.text(name)
        if told is None:
            return default
        if told.lower() not in ("true", "false"):
            raise errors.bad_data(name)
        return told.lower() == "true"

    def choice(self, name: str, choices: tuple[str, ...], bad: VenueError) -> str | None:
        """One of `choices`. Raises `bad`."""
        told = self.text(name)
        if told is not None and told not in choices:
            raise bad
        return told

    def client_id(self, name: str) -> str | None:
        told = self.text(name)
        if told is not None and not _CLIENT_ID.fullmatch(told):
            raise errors.illegal(name, CLIENT_ID_RANGE)
        return told

    def symbol(self, name: str = "symbol") -> str | None:
        """A well-formed symbol, which need not be listed."""
        told = self.text(name)
        if told is not None and not _SYMBOL.fullmatch(told):
            raise errors.illegal(name, SYMBOL_RANGE)
        return told

    def symbols(self, name: str = "symbols") -> list[str] | None:
        """A JSON list of symbols, or a real one."""
        value = self.raw(name)
        if value is None:
            return None
        try:
            found = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            raise errors.illegal(
                name, r'^\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\]$'
            ) from None
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise errors.bad_data(name)
        if len(set(found)) != len(found):
            raise VenueError(-1151, "Symbol is present multiple times in the list.")
        return found

    def limit(self, default: int, most: int) -> int:
        """`limit`; more than `most` gives `most`, as the venue does."""
        found = self.number("limit")
        if found is None:
            return default
        if found < 1:
            raise errors.bad_data("limit")
        return min(found, most)

    def finish(self) -> None:
        """Raises `VenueError` -1104 if something was sent that nobody read."""
        read = len(self._read & set(self._sent))
        if read < len(self._sent):
            raise errors.unread(read, len(self._sent))


def parse_form(query: str, body: str) -> dict[str, str]:
    """Parameters of a REST request; those of the query count more.

    Raises `VenueError` -1101 where one is there twice.
    """
    found: dict[str, str] = {}
    for text in (body, query):
        pairs = parse_qsl(text, keep_blank_values=True)
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise errors.duplicate_values()
        found.update(pairs)
    return found
