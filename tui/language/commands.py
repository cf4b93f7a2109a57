"""The language of the `:` command line: text in, a `Call` of a method out.

`VERBS` is the whole of it, with the usage that `:help` shows. An error carries the characters
that it is about, so that the bar can point at the word. Nothing here does anything.

An order is typed whole::

    buy SIZE [MARKET] @ PRICE | market | [@ PRICE] stop PRICE | [@ PRICE] target PRICE
        | trail DISTANCE[%] [offset DISTANCE]
        [gtc | gtd WHEN | ioc | fok] [post] [reduce] [by last | touch | mid] [dark | live]
        [on ACCOUNT] [!]

MARKET is the selected one if left out; only an open market can be traded. Prices must be on
the market's tick and sizes on its step: nothing typed is rounded. `!` says that the question
before a market order, `flatten` or `cancel all` is not wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from engine.text import safe
from tui.language.verbs import TABS, VERBS, Verb
from tui.language.words import LONGEST, CommandError, Context, Words, fault, nearest

if TYPE_CHECKING:
    from tui.actions import Call
    from tui.orders.desk import OrderDesk
    from tui.state import DeckState


def parse(text: str, context: Context) -> Call:
    """What `text` asks for.

    Raises:
        CommandError: it asks for nothing that can be done; the error points at the word.
    """
    words = Words(text)
    name = words.take("a command")
    verb = _BY_NAME.get(name.lower)
    if verb is None:
        hint = nearest(name.text, _BY_NAME) or ":help lists the commands"
        raise fault(name, f"{safe(name.text, 40)!r} is no command", hint=hint)
    call = verb.parse(words, context)
    words.done()
    return call


def context_of(
    state: DeckState,
    desk: OrderDesk,
    themes: Sequence[str] = (),
    *,
    layouts: Sequence[str] = (),
    now_ns: int = 0,
    zone: tzinfo | None = UTC,
) -> Context:
    """What names mean, by what the deck knows now."""
    return Context(
        layouts=tuple(layouts),
        now_ns=now_ns,
        zone=zone,
        selected=state.selected,
        instruments={fqme: market.instrument for fqme, market in state.markets.items()},
        watched=tuple(state.watch),
        names=state.names,
        accounts=tuple(state.accounts),
        themes=tuple(themes),
        numbers=tuple(desk.number_of(order.order_id) for order in state.working()),
        algos={
            number: algo.fqme
            for number, algo in enumerate(state.algos.values(), 1)
            if not algo.is_ended
        },
    )


def complete(text: str, context: Context) -> list[str]:
    """What `text` can go on to, as whole texts: the last word finished in each way."""
    if len(text) > LONGEST:
        return []
    head, partial = _split_last(text)
    first = head.strip(": \t").split(maxsplit=1)
    if not first:
        choices: Iterable[str] = (verb.name for verb in VERBS)
    elif (verb := _BY_NAME.get(first[0].lower())) is not None:
        choices = verb.words(context)
    else:
        return []
    known = dict.fromkeys(choice for choice in choices if choice.lower() != partial.lower())
    return [head + choice for choice in known if choice.lower().startswith(partial.lower())]


def usage(text: str) -> str:
    """How the command that `text` begins with is written; empty while there is none."""
    first = text[:LONGEST].strip(": \t").split(maxsplit=1)
    verb = _BY_NAME.get(first[0].lower()) if first else None
    return f"{verb.usage}   {verb.help}" if verb else ""


def _split_last(text: str) -> tuple[str, str]:
    at = max(text.rfind(mark) for mark in " \t:@") + 1
    return text[:at], text[at:]


_BY_NAME: dict[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}

__all__ = [
    "TABS",
    "VERBS",
    "CommandError",
    "Context",
    "Verb",
    "complete",
    "context_of",
    "parse",
    "usage",
]
