"""What the venue says in place of an answer, and what that means for a request.

`errors` in https://github.com/binance/binance-spot-api-docs (read 2026-11), and "Status codes" of
`web-socket-api`: "If a response contains 5xx status code, it does not necessarily mean that your
request has failed. Execution status is unknown".
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from engine.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from engine.text import safe

UNKNOWN: Final = frozenset({-1000, -1001, -1006, -1007})
"""Something went wrong inside the venue: it may have been carried out, or not."""

THROTTLED: Final = frozenset({-1003, -1008, -1015, -1034})
"""Too many requests, orders or connections, or too much to do: not carried out."""

CLOCK: Final = -1021
"""The time stamp was not within the window: not carried out."""

BAD_KEY: Final = frozenset({-1002, -1022, -2014, -2015})

NO_SUCH_ORDER: Final = -2013
ARCHIVED: Final = -2026
"""Canceled or expired without a fill more than 90 days ago: it is known, and not kept."""
CANCEL_REJECTED: Final = -2011
AMEND_REJECTED: Final = -2038
REPLACED_PARTLY: Final = -2021
REPLACE_FAILED: Final = -2022

_FILTER = re.compile(r"Filter failure: ([A-Z_]+)")
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")

MOST_TEXT: Final = 300


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error of the venue."""

    status: int
    """As of HTTP."""
    code: int = 0
    """0 where it gives none: something before the venue's own servers answered."""
    text: str = ""
    """The venue's words; safe to show."""
    data: msgspec.Raw = msgspec.Raw(b"")
    """More of it, where there is: of `cancelReplace`."""
    retry_at_ms: int = 0
    """When it may be asked again, in the venue's time; 0 where it does not say."""

    @property
    def is_unknown(self) -> bool:
        """It may have been carried out."""
        return self.status >= 500 or self.code in UNKNOWN

    @property
    def is_throttled(self) -> bool:
        return not self.is_unknown and (self.status in (418, 429) or self.code in THROTTLED)

    @property
    def is_ban(self) -> bool:
        return self.status == 418 or "IP banned" in self.text

    @property
    def reason(self) -> str:
        """In one line, with the venue's number for it."""
        text = self.text or f"HTTP {self.status}"
        return f"{text} ({self.code})" if self.code else text

    @property
    def filter_name(self) -> str:
        """Of the venue's filter that the order did not pass; empty where it was none."""
        found = _FILTER.search(self.text)
        return found[1] if found else ""

    def error(self, *, mutates: bool) -> BrokerError:
        """What is raised for it: `OrderRejected` is certain, and only of what changes something;
        what only reads is `BrokerUnavailable`."""
        if self.is_unknown:
            if mutates:
                return OutcomeUnknown(f"the venue does not say whether it was done: {self.reason}")
            return BrokerUnavailable(f"the venue has trouble: {self.reason}")
        reason = self.reason
        if self.is_throttled:
            reason = f"throttled by the venue, nothing was done: {reason}"
        elif self.code == CLOCK:
            reason = f"the clock was not the venue's, nothing was done: {reason}"
        hint = "look at the key's rights and addresses" if self.code in BAD_KEY else ""
        return (OrderRejected if mutates else BrokerUnavailable)(reason, hint=hint)


class _Body(msgspec.Struct):
    """`{"code": -1121, "msg": "Invalid symbol."}`, and what comes with some of them."""

    code: int = 0
    msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _RetryAfter(msgspec.Struct):
    retry_at_ms: int = msgspec.field(name="retryAfter", default=0)


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_retry = msgspec.json.Decoder(_RetryAfter).decode


def read_refusal(status: int, body: bytes) -> Refusal:
    """The error in the body of a REST answer, or under `error` in one of the WebSocket API. What
    cannot be read is told by its status alone: it may be a page of HTML."""
    try:
        read = _decode_body(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refusal(status=status)
    return Refusal(
        status=status,
        code=read.code,
        text=safe(read.msg, MOST_TEXT),
        data=read.data,
        retry_at_ms=_retry_at_ms(read),
    )


def _retry_at_ms(body: _Body) -> int:
    try:
        if body.data and (at_ms := _decode_retry(body.data).retry_at_ms):
            return at_ms
    except msgspec.MsgspecError:
        pass
    found = _BANNED_UNTIL.search(body.msg)
    return int(found[1]) if found else 0
