"""Starting, pausing, changing and ending algos: the target `algos` of actions and commands.

A typed algo is asked about first, with all that it is set to, unless a `!` was typed; on a live
account, and while order mode is not armed, always. Pausing and canceling are never asked about:
both only take risk away. Going on is what was agreed to when the algo was started, and is asked
about on a live account only.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec

from engine.errors import LinkClosed, UsageError
from engine.messages import (
    AccountInfo,
    Algo,
    AlgoTerms,
    AmendAlgo,
    CancelAlgo,
    Command,
    PauseAlgo,
    ResumeAlgo,
    SubmitAlgo,
)
from tui.algos.words import describe, kind_of
from tui.orders.accounts import AccountChoice
from tui.orders.guarded import closed_to
from tui.orders.question import Question
from tui.paint import format as text_of
from tui.state import DeckState, MarketView


class AlgoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An algo as it was typed."""

    fqme: str
    terms: AlgoTerms
    account: str = ""
    """Empty: the one that the next order of the market would name."""
    is_sure: bool = False
    """The question before it is not wanted."""


class AlgoControls:
    """What keys and typed commands do with algos."""

    def __init__(
        self,
        state: DeckState,
        send: Callable[[Command], None],
        *,
        notify: Callable[[str, str], None],
        ask: Callable[[Question], None],
        account_for: Callable[[str], AccountInfo | None],
        is_armed: Callable[[], bool],
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """
        Args:
            state: what the deck knows; only read.
            send: hands a command to the engine; raises `LinkClosed`.
            notify: says something, with its level.
            ask: puts a question on the screen.
            account_for: the account that the next order of a market would name.
            is_armed: order mode is armed.
            new_id: makes the id of an algo.
        """
        self._state = state
        self._send = send
        self._notify = notify
        self._ask = ask
        self._account_for = account_for
        self._is_armed = is_armed
        self._new_id = new_id

    # -- starting -------------------------------------------------------------------------------

    def start(self, request: AlgoRequest, *, at: float | None = None) -> None:
        """Run an algo that was typed, after a question. The command line has shown it before it
        comes here.

        Raises:
            UsageError: its market is not open, or no account can trade it.
        """
        market = self._open_market(request.fqme)
        account = self._account(request)
        command = SubmitAlgo(
            algo_id=self._new_id(), account=account.name, fqme=request.fqme, terms=request.terms
        )
        if request.is_sure and self._is_armed() and account.mode != "live":
            self._try_send(command)
            return
        text = f"Run {describe(request.terms, market.instrument)}?"
        if account.mode == "live":
            text = f"REAL MONEY on {account.name}. {text}"
        detail = " · ".join(self._details(request, market, account))
        self._ask(Question(text, lambda: self._try_send(command), detail=detail))

    def _account(self, request: AlgoRequest) -> AccountInfo:
        if request.account:
            return AccountChoice(self._state).named(request.account, request.fqme)
        if (account := self._account_for(request.fqme)) is None:
            raise UsageError(f"no account trades {request.fqme}")
        return account

    def _details(self, request: AlgoRequest, market: MarketView, account: AccountInfo) -> list[str]:
        """What is said below the question."""
        terms, instrument = request.terms, market.instrument
        price = getattr(terms, "price", None) or getattr(terms, "limit_price", None)
        price = price or getattr(terms, "first_price", None) or Decimal(repr(market.quote.last))
        value = text_of.notional(abs(instrument.notional(price, terms.size)), instrument.quote)
        told = [f"{request.fqme} on {account.name}", value]
        closed = closed_to(self._state.guards, account, reduces=False)
        told += [f"! {reason}" for reason in closed]
        if market.is_stale:
            told.append("! the market is stale")
        return told

    # -- by number ------------------------------------------------------------------------------

    def pause_number(self, number: int) -> None:
        """Send nothing new for it, and cancel those of its orders that open a position."""
        algo = self.numbered(number)
        self._must_be(algo, "running")
        self._try_send(PauseAlgo(algo_id=algo.algo_id))

    def resume_number(self, number: int) -> None:
        """Go on with it."""
        algo = self.numbered(number)
        self._must_be(algo, "paused")
        self._resume(algo)

    def cancel_number(self, number: int) -> None:
        """End it, and cancel all of its orders."""
        self.cancel(self.numbered(number).algo_id)

    def amend_number(
        self, number: int, changes: dict[str, Any], *, at: float | None = None
    ) -> None:
        """Go on with other prices or times; `target` is the number of a target and its price.

        Raises:
            UsageError: there is no such algo, or its kind has no such term.
        """
        algo = self.numbered(number)
        terms = changed(algo.terms, changes)
        self._try_send(AmendAlgo(algo_id=algo.algo_id, terms=terms))

    def numbered(self, number: int) -> Algo:
        """The algo that the user calls by `number`.

        Raises:
            UsageError: there is none, or it has ended.
        """
        algos = list(self._state.algos.values())
        if not 1 <= number <= len(algos):
            raise UsageError(f"there is no algo {number}", hint="see :tab algos")
        algo = algos[number - 1]
        if algo.is_ended:
            raise UsageError(f"algo {number} is {algo.status}")
        return algo

    # -- by row ---------------------------------------------------------------------------------

    def toggle(self, algo_id: str) -> None:
        """Pause an algo that runs, go on with one that is paused.

        Raises:
            UsageError: it does neither.
        """
        algo = self._known(algo_id)
        if algo.status == "paused":
            self._resume(algo)
        else:
            self._must_be(algo, "running")
            self._try_send(PauseAlgo(algo_id=algo_id))

    def cancel(self, algo_id: str) -> None:
        """End an algo, and cancel all of its orders.

        Raises:
            UsageError: it has ended.
        """
        algo = self._known(algo_id)
        if algo.is_ended:
            raise UsageError(f"that {kind_of(algo.terms)} is {algo.status}")
        self._try_send(CancelAlgo(algo_id=algo_id))

    # -- inside ---------------------------------------------------------------------------------

    def _resume(self, algo: Algo) -> None:
        command = ResumeAlgo(algo_id=algo.algo_id)
        account = self._state.accounts.get(algo.account)
        if account is not None and account.mode != "live":
            self._try_send(command)
            return
        text = f"REAL MONEY on {algo.account}. Go on with the {kind_of(algo.terms)}?"
        self._ask(Question(text, lambda: self._try_send(command), detail=algo.fqme))

    def _known(self, algo_id: str) -> Algo:
        if (algo := self._state.algos.get(algo_id)) is None:
            raise UsageError("there is no such algo")
        return algo

    def _must_be(self, algo: Algo, status: str) -> None:
        if algo.status != status:
            number = self._state.algo_number(algo.algo_id)
            raise UsageError(f"algo {number} is {algo.status}, not {status}")

    def _open_market(self, fqme: str) -> MarketView:
        if self._state.failure:
            raise UsageError(f"the engine is gone: {self._state.failure}")
        if (market := self._state.markets.get(fqme)) is None:
            raise UsageError(f"{fqme} is not open", hint=f":watch {fqme}")
        return market

    def _try_send(self, command: Command) -> None:
        try:
            self._send(command)
        except LinkClosed as error:
            self._notify(f"not sent: {error}", "error")


def changed(terms: AlgoTerms, changes: dict[str, Any]) -> AlgoTerms:
    """`terms` with other values; `target` is (number from 1, price).

    Raises:
        UsageError: terms of this kind have no such value.
    """
    values = dict(changes)
    kind = kind_of(terms)
    if "target" in values:
        number, price = values.pop("target")
        targets = getattr(terms, "targets", ())
        if not 1 <= number <= len(targets):
            raise UsageError(f"this {kind} has no target {number}")
        moved = ((price, targets[number - 1][1]),)
        values["targets"] = targets[: number - 1] + moved + targets[number:]
    if "price" in values and not hasattr(terms, "price") and hasattr(terms, "limit_price"):
        values["limit_price"] = values.pop("price")
    if "interval_s" in values and not hasattr(terms, "interval_s"):
        values["every_s"] = values.pop("interval_s")
    for name in values:
        if not hasattr(terms, name):
            raise UsageError(f"a {kind} has no {name.removesuffix('_s').replace('_', ' ')}")
    return msgspec.structs.replace(terms, **values)
