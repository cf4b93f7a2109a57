"""What a request must pass before it is answered: key, signature, time, and nothing unread."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from tests.venues.binance import errors
from tests.venues.binance.endpoints import Endpoint
from tests.venues.binance.errors import VenueError
from tests.venues.binance.state import Call

LONGEST_WINDOW_MS: Final = 60_000
USUAL_WINDOW_MS: Final = 5_000
_WINDOW: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")


def check_time(call: Call) -> None:
    """Raises `VenueError` -1021 for a request that is too old, or from the future."""
    stamp = call.params.need("timestamp", call.params.number("timestamp"))
    window_text = call.params.text("recvWindow")
    window_ms = Decimal(USUAL_WINDOW_MS)
    if window_text is not None:
        if not _WINDOW.fullmatch(window_text):
            raise errors.illegal("recvWindow", "^[0-9]{1,5}(\\.[0-9]{1,3})?$")
        window_ms = Decimal(window_text)
    if window_ms > LONGEST_WINDOW_MS:
        raise VenueError(-1131, "recvWindow must be less than 60000.")
    stamp_us = stamp if stamp >= 10**14 else stamp * 1000
    now_us = call.now_ns // 1000
    if stamp_us >= now_us + 1_000_000:
        raise errors.ahead_of_time()
    # What came within a millisecond of the window is let in: times are told in milliseconds.
    if now_us - stamp_us > window_ms * 1000 + 1000:
        raise errors.outside_window()


def check_rights(call: Call, endpoint: Endpoint) -> None:
    """Raises `VenueError` -2015 for a key that may not do this."""
    key = call.key
    if key is None:
        return
    if not key.can_read or (endpoint.security == "trade" and not key.can_trade):
        raise errors.bad_key()


def run(call: Call, endpoint: Endpoint) -> Any:
    """The answer of a request that is signed and counted. Raises `VenueError`."""
    if endpoint.security in ("read", "trade"):
        check_time(call)
    check_rights(call, endpoint)
    call.state.exchange.advance()
    answer = endpoint.handler(call)
    call.params.finish()
    return answer
