"""Leaving with orders at work: what becomes of each kind is said before it happens."""

from __future__ import annotations

from collections import Counter

from engine.messages import Algo, Order
from tui.algos.lines import waiting
from tui.screens.confirm import Answer, Prompt
from tui.state import DeckState

STAY, LEAVE, CANCEL = "stay", "leave", "cancel"


def quit_prompt(state: DeckState, *, is_on_record: bool = True) -> Prompt | None:
    """What to ask before leaving; None if nothing works, is watched, or waits to be recorded.

    `is_on_record`: orders, alerts and algos are in a journal, from which the next start goes on.
    """
    fates = Counter(fate(state, order) for order in state.working())
    algos = [algo for algo in state.algos.values() if not algo.is_ended]
    alerts = len(state.armed_alerts())
    unwritten = 0 if state.journal is None or state.journal.is_written else state.journal.waiting
    if not fates and not alerts and not algos and not unwritten:
        return None
    lines = _unwritten(unwritten)
    if fates["dark"] or alerts or algos:
        lines += _kept(state, fates["dark"], alerts, algos, is_on_record)
    lines += [_sentence(kind, number) for kind, number in fates.items() if kind != "dark"]
    answers = [Answer(STAY, "s", "stay")]
    if fates or algos:
        answers.append(
            Answer(CANCEL, "c", "cancel all working orders, then quit", is_dangerous=True)
        )
    answers.append(Answer(LEAVE, "l", "quit and leave them, as said above", is_dangerous=True))
    working = sum(fates.values())
    title = "Alerts are set" if alerts else "Not everything is on record"
    if working or algos:
        parts = [_count(working, "order")] * bool(working)
        parts += [_count(len(algos), "algo")] * bool(algos)
        title = f"{' and '.join(parts)} still working"
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
    "paper": ("on paper or the embedded exchange: {ends} with this process", "end"),
    "venue": ("at a venue, with real money: {ends} working there after you quit", "keep"),
    "unknown": ("in an unknown state: may be at work at the venue; look there", ""),
}


def _sentence(kind: str, number: int) -> str:
    """What becomes of so many of this kind."""
    words, verb = _SENTENCES[kind]
    told = words.format(ends=verb + ("s" if number == 1 else ""))
    return f"{_count(number, 'order')} {told}."


def _kept(
    state: DeckState, darks: int, alerts: int, algos: list[Algo], is_on_record: bool
) -> list[str]:
    """What is watched here, and by nobody once this process is gone."""
    things = [f"{_count(darks, 'order')} held here"] * bool(darks)
    things += [_count(alerts, "alert")] * bool(alerts)
    things += [_count(len(algos), "algo")] * bool(algos)
    number = darks + alerts + len(algos)
    is_one = number == 1
    if is_on_record:
        rest = (
            f"not watched while tickdeck is closed; {'goes' if is_one else 'go'} on when it opens"
        )
    else:
        rest = f"{'ends' if is_one else 'end'} with this process: nothing of it is on record"
    lines = [f"{_and(things)}: {rest}."]
    stops = sum(_holds_stop(state, algo) for algo in algos)
    if stops == 1:
        lines.append("The stop of an algo is held here: it protects nothing until then.")
    elif stops:
        lines.append(f"Stops of {stops} algos are held here: they protect nothing until then.")
    return lines


def _holds_stop(state: DeckState, algo: Algo) -> bool:
    """It protects something, and no venue has its stop."""
    children = state.children(algo.algo_id)
    is_in = any(order.filled or order.is_working for order in children)
    parts = waiting(algo, children)
    return is_in and any(part.role == "stop" and part.is_held for part in parts)


def _unwritten(waiting_count: int) -> list[str]:
    if not waiting_count:
        return []
    records = _count(waiting_count, "record")
    is_are = "is" if waiting_count == 1 else "are"
    return [f"{records} could not be written and {is_are} only in memory: LOST if you quit now."]


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
