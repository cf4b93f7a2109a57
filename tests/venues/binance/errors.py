"""Errors in the venue's codes and words.

Read 2026-11: `errors.md` of https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from typing import Any


class VenueError(Exception):
    """An answer that is an error; `status` is that of HTTP, or of a WebSocket API response."""

    def __init__(
        self,
        code: int,
        text: str,
        status: int = 400,
        *,
        data: Any = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.status = status
        self.data = data
        """Of a cancel-replace that failed in part."""
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        data = {} if self.data is None else {"data": self.data}
        return {"code": self.code, "msg": self.text, **data}


def unknown() -> VenueError:
    return VenueError(-1000, "An unknown error occurred while processing the request.", 500)


def timeout() -> VenueError:
    return VenueError(
        -1007,
        "Timeout waiting for response from backend server."
        " Send status unknown; execution status unknown.",
        504,
    )


def too_much_weight(limit: int, retry_after_s: int) -> VenueError:
    return VenueError(
        -1003,
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE."
        " Please use WebSocket Streams for live updates to avoid polling the API.",
        429,
        retry_after_s=retry_after_s,
    )


def banned(until_ms: int, retry_after_s: int) -> VenueError:
    return VenueError(
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}."
        " Please use WebSocket Streams for live updates to avoid bans.",
        418,
        retry_after_s=retry_after_s,
    )


def too_many_orders(limit: int, interval: str) -> VenueError:
    text = f"Too many new orders; current limit is {limit} orders per {interval}."
    return VenueError(-1015, text, 429)


def outside_window() -> VenueError:
    return VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")


def ahead_of_time() -> VenueError:
    text = "Timestamp for this request was 1000ms ahead of the server's time."
    return VenueError(-1021, text)


def bad_signature() -> VenueError:
    return VenueError(-1022, "Signature for this request is not valid.")


def illegal(name: str, legal: str) -> VenueError:
    text = f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    return VenueError(-1100, text)


def too_many(expected: int, received: int) -> VenueError:
    text = f"Too many parameters; expected '{expected}' and received '{received}'."
    return VenueError(-1101, text)


def duplicate_values() -> VenueError:
    return VenueError(-1101, "Duplicate values for a parameter detected.")


def missing(name: str) -> VenueError:
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return VenueError(-1102, text)


def missing_either(first: str, second: str) -> VenueError:
    return VenueError(
        -1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!"
    )


def unread(read: int, sent: int) -> VenueError:
    text = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
    return VenueError(-1104, text)


def empty(name: str) -> VenueError:
    return VenueError(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> VenueError:
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def too_precise(name: str) -> VenueError:
    return VenueError(-1111, f"Parameter '{name}' has too much precision.")


def bad_symbol() -> VenueError:
    return VenueError(-1121, "Invalid symbol.")


def bad_data(name: str) -> VenueError:
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_combination() -> VenueError:
    return VenueError(-1128, "Combination of optional parameters invalid.")


def filter_failure(name: str) -> VenueError:
    return VenueError(-1013, f"Filter failure: {name}")


def order_rejected(text: str) -> VenueError:
    return VenueError(-2010, text)


def cancel_rejected(text: str = "Unknown order sent.") -> VenueError:
    return VenueError(-2011, text)


def no_such_order() -> VenueError:
    return VenueError(-2013, "Order does not exist.")


def bad_key_format() -> VenueError:
    return VenueError(-2014, "API-key format invalid.", 401)


def bad_key() -> VenueError:
    return VenueError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
