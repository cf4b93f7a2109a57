"""What stands in the tab of accounts: how far each can be trusted, and what it may do.

One fact a row: how it trades, whether it is agreed with its venue, both numbers where they differ,
orders of which nobody knows, and how much of each limit is used. What is in order is muted, so
that the rest is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.messages import AccountGuards, AccountInfo, AccountUpdate, Disagreement, Gauge
from tui.paint import format as text_of
from tui.state import DeckState
from tui.widgets.inks import Numbers, size_text
from tui.widgets.lines import Span
from tui.widgets.table import Column, Row

ACCOUNT_COLUMNS = (
    Column("account"),
    Column("what"),
    Column("is"),
    Column("used", "point"),
    Column("limit", "point"),
    Column("", is_flexible=True),
)

_BLANK = tuple(Span("") for _ in ACCOUNT_COLUMNS)

NEARLY = Decimal("0.8")
"""Share of a limit from which on it is said to be nearly used up."""


def account_rows(state: DeckState, number_of: Numbers) -> list[Row]:
    """What holds for all of them, then each account: those with something amiss first, else in
    the order of the configuration."""
    rows = list(_of_all(state))
    names = [*state.accounts, *(name for name in state.accounts_told if name not in state.accounts)]
    for name in sorted(names, key=lambda name: not _is_amiss(state, name)):
        told = state.accounts_told.get(name)
        rows += _of_account(state, name, state.accounts.get(name), told, number_of)
    return rows


def troubles(state: DeckState) -> int:
    """How many things are not as they should be: what the tab counts beside its name."""
    found = sum(
        len(told.disagreements) + len(told.unresolved) + (told.state == "in_doubt")
        for told in state.accounts_told.values()
    )
    if state.guards is not None:
        found += state.guards.is_killed + len(state.guards.unconfirmed)
        found += sum(own.state != "active" for own in state.guards.accounts)
    return found + (state.journal is not None and not state.journal.is_written)


def _is_amiss(state: DeckState, name: str) -> bool:
    told, own = state.accounts_told.get(name), state.guards_of(name)
    if told is not None and (told.state != "agreed" or told.disagreements or told.unresolved):
        return True
    return own is not None and bool(own.state != "active" or own.missing_limits)


def _row(
    account: str, what: str, word: Span, used: str = "", limit: str = "", note: str = ""
) -> Row:
    inks = ("text", "muted", "", word.ink, word.ink, "muted")
    texts = (account, what, "", used, limit, note)
    cells = [Span(text, ink) for text, ink in zip(texts, inks, strict=True)]
    cells[2] = word
    return Row(tuple(cells))


def _of_all(state: DeckState) -> Iterator[Row]:
    guards, journal = state.guards, state.journal
    if guards is not None and guards.is_killed:
        yield _row("all", "kill switch", Span("ON", "error bold"), note=guards.kill_reason)
    if guards is not None and guards.state != "active":
        yield _row("all", "trading", _state(guards.state), note=guards.reason)
    if journal is not None and not journal.is_written:
        waiting = f"{journal.waiting} waiting: {journal.reason}"
        yield _row("all", "record", Span("NOT WRITTEN", "error bold"), note=waiting)
    elif journal is not None:
        yield _row("all", "record", Span("written", "muted"))


def _of_account(
    state: DeckState,
    name: str,
    info: AccountInfo | None,
    told: AccountUpdate | None,
    number_of: Numbers,
) -> Iterator[Row]:
    own = state.guards_of(name)
    is_live = info is not None and info.mode == "live"
    money = "REAL MONEY" if is_live else "paper"
    first = _row(name, "trading", _state(own.state) if own else Span("not told", "muted"))
    note = f"{money} at {info.broker}" if info else ""
    note += f" · {own.reason}" if own is not None and own.reason else ""
    yield first._replace(cells=(*first.cells[:-1], Span(note, "live" if is_live else "muted")))
    if is_live and own is not None:
        yield from _arming(own)
    yield _agreed(told)
    if told is not None:
        for apart in told.disagreements:
            yield _apart(state, apart)
        for order_id in told.unresolved:
            yield _unresolved(state, order_id, number_of)
    for gauge in () if own is None else own.gauges:
        yield _gauge(gauge)


def _state(state: str) -> Span:
    inks = {"active": "muted", "reducing": "warning bold", "halted": "error bold"}
    return Span(state, inks[state])


def _arming(own: AccountGuards) -> Iterator[Row]:
    if own.missing_limits:
        lacks = f"no limit for {', '.join(own.missing_limits)}: state them in brokers.toml"
        yield _row("", "limits", Span("missing", "error bold"), note=lacks)
    word = Span("ARMED", "live bold") if own.is_armed else Span("not armed", "muted")
    told = "until the engine stops" if own.is_armed else f"only reduces: :arm {own.account}"
    yield _row("", "arming", word, note=told)


def _agreed(told: AccountUpdate | None) -> Row:
    if told is None:
        return _row("", "venue", Span("not told", "muted"))
    words = {
        "opening": Span("asked", "warning"),
        "agreed": Span("agreed", "muted"),
        "in_doubt": Span("IN DOUBT", "unknown bold"),
    }
    return _row("", "venue", words[told.state], note=told.reason)


def _apart(state: DeckState, apart: Disagreement) -> Row:
    """Both numbers, ours and theirs."""
    if apart.what == "position":
        ours, theirs = (size_text(state, apart.name, one) for one in (apart.ours, apart.theirs))
        what, key = f"position of {apart.name}", apart.name
    else:
        order = state.orders.get(apart.name)
        ours, theirs = text_of.plain(apart.ours), text_of.plain(apart.theirs)
        what, key = f"filled of {apart.name}", order.fqme if order else ""
    return _whole(f"{what} differs: {ours} here, {theirs} at the venue", key)


def _unresolved(state: DeckState, order_id: str, number_of: Numbers) -> Row:
    order = state.orders.get(order_id)
    if order is None:
        return _whole(f"order {order_id} is unknown", "")
    number = number_of(order_id)
    what = f"{order.side} {text_of.plain(order.size)} {order.fqme}"
    told = f"order {number}, {what}, is unknown; :resolve {number} settles it by hand"
    return _whole(told, order.fqme)


def _whole(text: str, key: str) -> Row:
    return Row(_BLANK, key, Span(f"  ? {text}", "unknown bold"))


def _gauge(gauge: Gauge) -> Row:
    what = gauge.check.replace("_", " ")
    unit = gauge.unit.upper()
    limit = text_of.plain(gauge.limit)
    if gauge.value is None:
        return _row("", what, Span("not known", "unknown"), "", limit, unit)
    share = abs(gauge.value) / gauge.limit if gauge.limit else Decimal(1)
    ink = "error bold" if share >= 1 else "warning" if share >= NEARLY else "text"
    used = f"{min(share, Decimal(9)):.0%} used"
    note = f"{unit}  {used}" if unit else used
    word = Span("used up" if share >= 1 else "within", ink if share >= NEARLY else "muted")
    return _row("", what, word, text_of.plain(gauge.value), limit, note)
