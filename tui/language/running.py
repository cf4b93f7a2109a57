"""What is typed of algos that run: pause, resume, cancel, amend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from engine.instruments import Instrument
from engine.text import safe
from tui.actions import Call
from tui.language.algos import MOST, count_of, number_next, span_of
from tui.language.markets import price_of, size_of
from tui.language.words import Context, Word, Words, fault, nearest, one_of

VERBS: Final = ("pause", "resume", "cancel", "amend")
"""What can be done with an algo that runs."""


def control(words: Words, context: Context) -> Call:
    """`algo pause|resume|cancel N`, `algo amend N @|stop|target [K]|show|every ...`"""
    verb = one_of(words.take("pause, resume, cancel or amend"), VERBS, "thing to do with an algo")
    word = words.take("the algo's number")
    number = _algo_number(word, context)
    if verb != "amend":
        return Call("algos", f"{verb}_number", (number,))
    instrument = context.instruments.get(context.algos[number])
    if instrument is None:
        raise fault(word, f"its market {context.algos[number]} is not open")
    changes: dict[str, Any] = {}
    while (what := words.peek()) is not None:
        words.take("")
        changes.update(_change(what, words, instrument))
    if not changes:
        raise words.missing("@ PRICE, stop PRICE, target PRICE, show SIZE or every TIME")
    return Call("algos", "amend_number", (number, changes), sends_order=True)


def _change(word: Word, words: Words, instrument: Instrument) -> dict[str, Any]:
    match word.lower:
        case "@":
            return {"price": price_of(words.take("the price"), instrument)}
        case "stop":
            return {"stop_price": price_of(words.take("the stop price"), instrument)}
        case "then":
            words.take_if("@")
            return {"then_price": price_of(words.take("the second price"), instrument)}
        case "show":
            return {"shown": size_of(words.take("the size shown"), instrument)}
        case "every":
            return {"interval_s": span_of(words.take("the time"))}
        case "target":
            first, second = words.take("the target's price"), number_next(words)
            number = 1 if second is None else count_of(first, 1, MOST)
            return {"target": (number, price_of(second or first, instrument))}
    hint = nearest(word.text, ("stop", "target", "then", "show", "every"))
    raise fault(word, f"{safe(word.text, 40)!r} cannot be amended", hint=hint)


def for_control(context: Context) -> Iterable[str]:
    """What can be completed behind `algo`."""
    return (*VERBS, *map(str, context.algos), "stop", "target", "show", "every")


def _algo_number(word: Word, context: Context) -> int:
    text = word.lower.removeprefix("#").removeprefix("a")
    if not (text.isascii() and text.isdigit()) or int(text) not in context.algos:
        numbers = ", ".join(str(known) for known in list(context.algos)[:8])
        hint = f"algos: {numbers}" if numbers else "no algo runs"
        raise fault(word, f"no algo is called {safe(word.text, 20)!r}", hint=hint)
    return int(text)
