"""Questions to Kraken's private REST, for one account: signed, in turn, and within its counter.

No order is changed over REST here: orders go over the account's socket. So a question may be asked
again, and is, once, where it came too soon or its nonce was overtaken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec

from brokers.kraken import account_wire as wire
from brokers.kraken.access import Access
from brokers.kraken.errors import LOCKOUT_S, Verdict, failures, query_error, verdict
from brokers.kraken.rates import rest_budget, rest_cost
from brokers.kraken.signing import Signer
from engine.clock import NANOS
from engine.credentials import Secret
from engine.errors import BrokerUnavailable
from engine.text import safe

T = TypeVar("T")

PATH: Final = "/0/private/"
ATTEMPTS: Final = 2


class PrivateRest:
    """See the module."""

    def __init__(self, access: Access, account: str, signer: Signer) -> None:
        self._access = access
        self._account = account
        self._signer = signer
        self._budget = rest_budget(access.options.tier)
        self._scope = f"account {account}"

    @property
    def used_share(self) -> float:
        """Of the counter of the account's key, 0 to 1."""
        return self._budget.used_share

    async def token(self) -> Secret:
        """Lets a socket in that is opened within 15 minutes.

        Raises:
            BrokerUnavailable: the venue cannot be asked, or does not take the key.
        """
        got = await self.ask("GetWebSocketsToken", {}, wire.decode_token)
        return Secret(got.token)

    async def disarm(self) -> None:
        """Switch the dead-man's switch off. Raises `BrokerUnavailable`."""
        await self.ask("CancelAllOrdersAfter", {"timeout": "0"}, wire.decode_armed)

    async def ask(self, method: str, fields: Mapping[str, str], decode: Callable[[bytes], T]) -> T:
        """The result of a method that may be carried out twice.

        Raises:
            BrokerUnavailable: the venue cannot be asked, or does not answer this.
        """
        what = f"{method} of account {self._account}"
        errors: list[str] = []
        for _ in range(ATTEMPTS):
            self._check_ban(what)
            answer = await self._call(method, fields, what)
            errors = failures(answer.error)
            if not errors:
                return self._decoded(what, answer.result, decode)
            if not self._may_ask_again(errors):
                break
        raise query_error(what, errors)

    async def _call(self, method: str, fields: Mapping[str, str], what: str) -> wire.Answer:
        path = PATH + method

        def sign() -> tuple[str, bytes, Mapping[str, str]]:
            return ("", *self._signer.sign(path, fields))

        if cost := rest_cost(method):
            await self._budget.spend(cost)
        async with self._signer.turn:
            reply = await self._access.rest.call("POST", path, sign=sign)
        try:
            return wire.decode_answer(reply.body)
        except msgspec.MsgspecError:
            raise BrokerUnavailable(
                f"{what}: HTTP {reply.status}, and no answer of Kraken's API"
            ) from None

    def _decoded(self, what: str, result: bytes, decode: Callable[[bytes], T]) -> T:
        try:
            return decode(result)
        except (msgspec.MsgspecError, ValueError) as error:
            # Of a message that has a token in it, only where it is wrong is told.
            raise BrokerUnavailable(f"{what} cannot be read: {safe(error, 120)}") from None

    def _may_ask_again(self, errors: list[str]) -> bool:
        """Take note of what the venue wants; true where another attempt may pass."""
        found = {verdict(error) for error in errors}
        if Verdict.LOCKED_OUT in found:
            until_ns = self._access.clock.now_ns() + round(LOCKOUT_S * NANOS)
            self._access.bans.ban(self._scope, until_ns, safe(errors[0], 120))
            return False
        if Verdict.THROTTLED in found:
            self._budget.note_used(self._budget.limit)
            return True
        return found == {Verdict.NONCE}

    def _check_ban(self, what: str) -> None:
        until_ns = self._access.bans.until_ns(self._scope)
        if until_ns:
            left_s = (until_ns - self._access.clock.now_ns()) / NANOS
            reason = self._access.bans.reason(self._scope)
            raise BrokerUnavailable(f"{what}: not asked for {left_s:.0f} s more: {reason}")
