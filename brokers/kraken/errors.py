"""What Kraken's errors say of a request: refused, too early, or nobody knows.

Errors are texts like `EOrder:Insufficient funds`: severity, category, what is wrong, and sometimes
more after another colon. REST has a list of them, WebSocket v2 one text, which for a request that
is not well formed is plain ("Token(s) not found"). By
https://docs.kraken.com/api/docs/guides/spot-errors,
https://docs.kraken.com/api/docs/guides/spot-ratelimits and
https://github.com/krakenfx/kraken-api-sdk (rust/docs/guides/error-handling.md), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from engine.errors import BrokerError, BrokerUnavailable, OrderRejected, OutcomeUnknown
from engine.text import safe

LOCKOUT_S: Final = 900.0
"""How long `EGeneral:Temporary lockout` lasts: too many requests with a wrong key."""

_UNANSWERED: Final = ("EGeneral:Internal error", "EGeneral:Unknown error", "EService:")
"""How errors begin of a request that may have been carried out: what failed is the venue."""

_DECIDED: Final = (
    "EService:Market in ",  # ... cancel_only mode, ... post_only mode, ... limit_only mode
    "EService:Deadline elapsed",  # the engine refuses what comes after its deadline
    "EService:Throttled",
)
"""Of those, how errors begin that are a decision."""

_THROTTLED: Final = (
    "EAPI:Rate limit exceeded",
    "EAuth:Rate limit exceeded",
    "EGeneral:Too many requests",
    "EGeneral:Temporary lockout",
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EService:Throttled",
)
_LOCKED_OUT: Final = ("EGeneral:Temporary lockout",)
_NONCE: Final = ("EAPI:Invalid nonce",)
_KEYS: Final = (
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAuth:",
    "EGeneral:Permission denied",
    "EAPI:Permission denied",
)


class Verdict(Enum):
    """What an error says of the request."""

    REFUSED = auto()
    """It was not carried out, and never will be."""
    THROTTLED = auto()
    """The same, because too much was asked for."""
    LOCKED_OUT = auto()
    """The same, for the next quarter of an hour."""
    NONCE = auto()
    """The same: another request of this key overtook it, or the clock went back."""
    KEYS = auto()
    """The same: the key is wrong, or may not do this."""
    UNKNOWN = auto()
    """It may have been carried out, or not."""


def verdict(error: str) -> Verdict:
    """What one error says of the request that it answers."""
    if error.startswith(_LOCKED_OUT):
        return Verdict.LOCKED_OUT
    if error.startswith(_NONCE):
        return Verdict.NONCE
    if error.startswith(_THROTTLED):
        return Verdict.THROTTLED
    if error.startswith(_KEYS):
        return Verdict.KEYS
    if error.startswith(_UNANSWERED) and not error.startswith(_DECIDED):
        return Verdict.UNKNOWN
    return Verdict.REFUSED


def order_error(what: str, error: str) -> BrokerError:
    """What is raised for an order, an amend or a cancel (`what`) that was answered with `error`."""
    text = safe(error, 300) or "no reason given"
    if verdict(error) is Verdict.UNKNOWN:
        return OutcomeUnknown(
            f"{what}: Kraken answers {text}: it may have been carried out, or not"
        )
    return OrderRejected(text)


class QueryFailed(BrokerUnavailable):
    """The venue answered a question with errors."""

    def __init__(self, message: str, errors: Sequence[str], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self._errors = tuple(errors)

    def is_about(self, beginning: str) -> bool:
        """All that it says begins so."""
        return all(error.startswith(beginning) for error in self._errors)


def query_error(what: str, errors: Sequence[str]) -> QueryFailed:
    """What is raised for a question (`what`) that was answered with these errors."""
    text = safe("; ".join(errors), 300) or "no reason given"
    found = {verdict(error) for error in errors}
    hint = ""
    if Verdict.NONCE in found:
        hint = "give each program a key of its own, and see that the clock of this machine is right"
    elif Verdict.KEYS in found or Verdict.LOCKED_OUT in found:
        hint = "see the key and its permissions at kraken.com, then `tickdeck keys set`"
    return QueryFailed(f"{what}: Kraken says {text}", errors, hint=hint)


def failures(errors: Sequence[str]) -> list[str]:
    """Those that are errors; the others are warnings (`W...`)."""
    return [error for error in errors if not error.startswith("W")]
