"""Leaving with orders at work: what becomes of each kind is said before it happens."""

from __future__ import annotations

from collections import Counter

from engine.messages import Order
from tui.screens.confirm import Answer, Prompt
from tui.state import DeckState

STAY, LEAVE, CANCEL = "stay", "leave", "cancel"


def quit_prompt(state: DeckState) -> Prompt | None:
    """What to ask before leaving; None if nothing works and no alert is armed."""
    fates = Counter(fate(state, order) for order in state.working())
    alerts = len(state.armed_alerts())
    if not fates and not alerts:
        return None
    lines = [_sentence(kind, number) for kind, number in fates.items()]
    if alerts:
        lines.append(_sentence("alert", alerts))
    answers = [Answer(STAY, "s", "stay")]
    if fates:
        answers.append(
            Answer(CANCEL, "c", "cancel all working orders, then quit", is_dangerous=True)
        )
    answers.append(Answer(LEAVE, "l", "quit and leave them, as said above", is_dangerous=True))
    title = f"{_count(sum(fates.values()), 'order')} still working" if fates else "Alerts are set"
    return Prompt(title, "\n".join(lines), tuple(answers))


def fate(state: DeckState, order: Order) -> str:
    """What quitting does to a working order while the engine is part of this process."""
    account = state.accounts.get(order.account)
    if order.state == "unknown":
        return "unknown"
    if order.state == "dark":
        return "dark"
    return "venue" if account is not None and account.mode == "live" else "paper"


_SENTENCES = {
    "dark": ("held dark here: {ends} with this process; no venue will see {it}", "end"),
    "paper": ("on paper or the embedded exchange: {ends} with this process", "end"),
    "venue": ("at a venue, with real money: {ends} working there after you quit", "keep"),
    "unknown": ("in an unknown state: may be at work at the venue; look there", ""),
    "alert": ("{ends} with this process", "end"),
}


def _sentence(kind: str, number: int) -> str:
    """What becomes of so many of this kind."""
    words, verb = _SENTENCES[kind]
    noun = "alert" if kind == "alert" else "order"
    told = words.format(
        ends=verb + ("s" if number == 1 else ""), it="it" if number == 1 else "them"
    )
    return f"{_count(number, noun)} {told}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
