"""What a person is told when an order, an algo, an account or a guard changes: in words, and how
loudly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from engine.messages import (
    AccountGuards,
    AccountUpdate,
    Algo,
    CommandRefused,
    Denied,
    GuardsUpdate,
    JournalUpdate,
    Order,
    OrderState,
    OrderUpdate,
    RequestRefused,
)
from engine.text import gist
from tui.algos.words import kind_of

Level = Literal["info", "warning", "error"]

News = tuple[Level, str]

_LOUD: dict[OrderState, News] = {
    OrderState.REJECTED: ("error", "rejected by the venue"),
    OrderState.DENIED: ("error", "denied"),
    OrderState.EXPIRED: ("warning", "expired"),
    OrderState.UNKNOWN: ("error", "is UNKNOWN"),
}
"""States whose entering a person must not miss."""

# -- orders -------------------------------------------------------------------------------------


def told_of(order: Order, denial: Denied | None = None) -> News | None:
    """What a person is told when an order enters its state; None where that says nothing."""
    what = f"{order.side} {order.size:f} {order.fqme}"
    if order.state in _LOUD:
        level, verb = _LOUD[order.state]
        return level, f"{what} {verb}: {why(order, denial) or 'no reason given'}"
    if order.state is OrderState.FILLED:
        verb = "bought" if order.side == "buy" else "sold"
        at = "" if order.average_price is None else f" at {_short(order.average_price)}"
        return "info", f"{verb} {order.size:f} {order.fqme}{at}"
    if order.state is OrderState.PARTIAL:
        return "info", f"{what}: {order.filled:f} filled so far"
    if order.state is OrderState.CANCELED:
        return "info", f"{what} canceled{f': {order.reason}' if order.reason else ''}"
    if order.state is OrderState.TRIGGERED:
        return "info", f"{what} triggered"
    return None


def why(order: Order, denial: Denied | None = None) -> str:
    """The reason on an order; of one that we denied with the value and the limit, where known."""
    if denial is None or order.state is not OrderState.DENIED:
        return order.reason
    return with_limit(denial.reason, denial.limit, denial.value)


def with_limit(reason: str, limit: str, value: str) -> str:
    """`the order is too large (is 2, limit 1)`, with what of the two is stated."""
    parts = [f"is {value}"] * bool(value) + [f"limit {limit}"] * bool(limit)
    return f"{reason} ({', '.join(parts)})" if parts else reason


def refusal_of(update: OrderUpdate) -> News | None:
    """What a person is told of an amend or a cancel that did not come about; None for one that
    does not matter any more, and for everything else."""
    order, event = update.order, update.event
    if not isinstance(event, RequestRefused) or not order.is_working:
        return None
    what = f"{order.side} {order.size:f} {order.fqme}"
    return "warning", f"{what}: {event.request} refused: {event.reason or 'no reason given'}"


def doubt_told(order: Order, update: AccountUpdate | None) -> News:
    """What a person is told of an order that a start finds unknown: nothing to mind while its
    venue is being asked, and that it stays so once that did not help.

    Args:
        update: what was told of its account; None where nothing was yet.
    """
    what = f"{order.side} {order.size:f} {order.fqme}"
    if is_being_asked(update):
        return "info", f"{what}: {order.reason or 'its venue is asked'}"
    if update is not None and update.state == "agreed":
        return "error", f"{what} is UNKNOWN: its venue does not say what became of it"
    return "error", f"{what} is UNKNOWN: {order.reason or 'no reason given'}"


def is_being_asked(update: AccountUpdate | None) -> bool:
    """The venue of an account is asked for the first time in this run, and did not answer yet."""
    return update is None or update.state == "opening"


# -- commands -----------------------------------------------------------------------------------

_COMMANDS = {
    "amendalgo": "algo not changed",
    "armaccount": "account not armed",
    "cancelalert": "alert not canceled",
    "cancelalgo": "algo not canceled",
    "killswitch": "kill switch not turned",
    "pausealgo": "algo not paused",
    "resolve": "not resolved",
    "resumealgo": "algo not resumed",
    "setalert": "alert not set",
    "settradingstate": "state not set",
    "submitalgo": "algo not started",
}
"""What a person is told first where a command was refused."""


def refused_words(event: CommandRefused) -> str:
    """What is said of a command that could not be done: the reason, the value and the limit."""
    what = _COMMANDS.get(event.command, event.command)
    return f"{what}: {with_limit(event.reason, event.limit, event.value)}"


# -- algos --------------------------------------------------------------------------------------


def algo_told(algo: Algo, before: Algo | None) -> list[News]:
    """What a person is told of an algo: that it began, and each change of its status."""
    if before is not None and before.status == algo.status:
        if algo.touched and not before.touched:
            return [("warning", f"{_algo(algo)}: its stop was touched, leaving the market")]
        return []
    why = f": {algo.reason}" if algo.reason else ""
    if algo.status == "failed":
        return [("error", f"{_algo(algo)} FAILED{why or ': no reason given'}")]
    if before is None:
        return [("info", f"{_algo(algo)} {'runs' if algo.status == 'running' else algo.status}")]
    verbs = {"running": "goes on", "canceling": "is being canceled", "paused": "is paused"}
    return [("info", f"{_algo(algo)} {verbs.get(algo.status, f'is {algo.status}')}{why}")]


def _algo(algo: Algo) -> str:
    size = f"{algo.terms.size.normalize():f}"
    return f"{kind_of(algo.terms)} {algo.terms.side} {size} {algo.fqme}"


# -- accounts, guards, the journal --------------------------------------------------------------


def standing_of(update: AccountUpdate, before: AccountUpdate | None) -> list[News]:
    """What a person is told of an account: that it is in doubt, and numbers that differ, both."""
    told: list[News] = []
    if update.reason and (before is None or gist(before.reason) != gist(update.reason)):
        told.append(("warning", f"account {update.account}: {update.reason}"))
    elif before is not None and before.state == "in_doubt" and update.state == "agreed":
        told.append(("info", f"account {update.account} is agreed with its venue again"))
    known = () if before is None else before.disagreements
    for apart in update.disagreements:
        if apart not in known:
            both = f"is {apart.ours:f} here and {apart.theirs:f} at the venue"
            text = f"account {update.account}: {apart.what} of {apart.name} {both}"
            told.append(("warning", text))
    return told


def guards_told(update: GuardsUpdate, before: GuardsUpdate | None) -> list[News]:
    """What a person is told of guards: the kill switch, states of trading, arming, and limits that
    a live account lacks."""
    told = _kill_told(update, before)
    was = "active" if before is None else before.state
    if update.state != was:
        told.append(_state_told("all accounts are", update.state, update.reason))
    known = {} if before is None else {one.account: one for one in before.accounts}
    for account in update.accounts:
        is_of_all = update.state != was and account.state == update.state
        told += _account_told(account, known.get(account.account), is_of_all=is_of_all)
    return told


def _kill_told(update: GuardsUpdate, before: GuardsUpdate | None) -> list[News]:
    was_killed = before is not None and before.is_killed
    if update.is_killed and not was_killed:
        return [("error", f"KILL SWITCH ON: {update.kill_reason or 'no reason given'}")]
    if was_killed and not update.is_killed:
        return [("warning", "the kill switch is off: orders are taken again")]
    if update.is_killed and before is not None and before.unconfirmed and not update.unconfirmed:
        return [("info", "all that the kill switch canceled is confirmed")]
    return []


def _account_told(
    account: AccountGuards, before: AccountGuards | None, *, is_of_all: bool
) -> list[News]:
    told: list[News] = []
    name = f"account {account.account}"
    was = "active" if before is None else before.state
    if account.state != was and not is_of_all:
        told.append(_state_told(f"{name} is", account.state, account.reason))
    if before is not None and before.is_armed != account.is_armed:
        armed = "ARMED: orders of real money pass" if account.is_armed else "disarmed"
        told.append(("warning" if account.is_armed else "info", f"{name} is {armed}"))
    missing = account.missing_limits
    if missing and (before is None or before.missing_limits != missing):
        told.append(("warning", f"{name} trades nothing: no limit for {_some(missing)}"))
    return told


def _some(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}"


def _state_told(what: str, state: str, reason: str) -> News:
    why = f": {reason}" if reason else ""
    return ("info" if state == "active" else "warning"), f"{what} {state}{why}"


def journal_told(update: JournalUpdate, before: JournalUpdate | None) -> list[News]:
    """What a person is told of the record of orders: that it cannot be written, and can again."""
    if before is not None and before.is_written == update.is_written:
        return []
    if not update.is_written:
        cannot = "no new orders; cancels pass, fills are kept in memory"
        return [("error", f"{update.reason}: {cannot}")]
    return [] if before is None else [("info", "everything is on record again")]


def _short(price: Decimal) -> str:
    """An average in as many digits as prices of its size have, for a sentence."""
    return f"{price:.8g}" if abs(price) < 10**8 else f"{price:.0f}"
