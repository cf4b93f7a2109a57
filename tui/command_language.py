"""The language of the `:` command line: text in, a `Call` of a method out.

`VERBS` is the whole of it, with the usage that `:help` shows. An error carries the characters
that it is about, so that the bar can point at the word. Nothing here does anything.

An order is typed whole::

    buy SIZE [MARKET] @ PRICE | market | [@ PRICE] stop PRICE
        [ioc | fok | gtc] [post] [dark | live] [on ACCOUNT] [!]

MARKET is the selected one if left out; only an open market can be traded. Prices must be on
the market's tick and sizes on its step: nothing typed is rounded. `!` says that the question
before a market order, `flatten` or `cancel all` is not wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.config import PERIODS
from engine.text import safe
from tui.actions import Call
from tui.command_words import (
    LONGEST,
    CommandError,
    Context,
    Word,
    Words,
    fault,
    fqme_of,
    nearest,
    number,
    one_of,
    seconds,
)
from tui.order_language import (
    ORDER_WORDS,
    OUTCOMES,
    alert,
    cancel,
    flatten,
    order,
    resolve,
    size_setting,
)
from tui.paint import format as text_of
from tui.paint.scene import STYLES

if TYPE_CHECKING:
    from tui.order_desk import OrderDesk
    from tui.state import DeckState

TABS = ("orders", "fills", "positions", "alerts", "log")
"""Tabs of the blotter."""


class Verb(NamedTuple):
    """A command that can be typed."""

    name: str
    usage: str
    help: str
    parse: Callable[[Words, Context], Call]
    words: Callable[[Context], Iterable[str]] = lambda _context: ()
    """What can be completed behind it."""
    aliases: tuple[str, ...] = ()


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


def context_of(state: DeckState, desk: OrderDesk, themes: Sequence[str] = ()) -> Context:
    """What names mean, by what the deck knows now."""
    return Context(
        selected=state.selected,
        instruments={fqme: market.instrument for fqme, market in state.markets.items()},
        watched=tuple(state.watch),
        accounts=tuple(state.accounts),
        themes=tuple(themes),
        numbers=tuple(desk.number_of(order.order_id) for order in state.working()),
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


# -- markets, chart, deck -----------------------------------------------------------------------


def _watch(words: Words, context: Context) -> Call:
    fqmes = [fqme_of(words.take("the market"))]
    while len(words):
        fqmes.append(fqme_of(words.take("the market")))
    return Call("deck", "watch", tuple(dict.fromkeys(fqmes)))


def _unwatch(words: Words, context: Context) -> Call:
    fqmes = []
    while len(words):
        fqmes.append(one_of(words.take("the market"), context.watched, "watched market"))
    if not fqmes and not context.selected:
        raise words.missing("the market")
    return Call("deck", "unwatch", tuple(fqmes) or (context.selected,))


def _go(words: Words, context: Context) -> Call:
    return Call("deck", "go_to", (fqme_of(words.take("the market")),))


def _period(words: Words, context: Context) -> Call:
    word = words.take("the period")
    wanted = text_of.parse_period(word.lower)
    if wanted not in PERIODS.values():
        hint = "one of " + " ".join(PERIODS)
        raise fault(word, f"{safe(word.text, 40)!r} is no period", hint=hint)
    return Call("deck", "set_period", (wanted,))


def _zoom(words: Words, context: Context) -> Call:
    sign = 1 if one_of(words.take("in or out"), ("in", "out"), "way to zoom") == "in" else -1
    return Call("chart", "zoom", (sign * (_count(words) if len(words) else 1),))


def _range(words: Words, context: Context) -> Call:
    if words.take_if("auto"):
        return Call("chart", "y_auto")
    low, high = words.take("the lowest price"), words.take("the highest price")
    bottom, top = number(low, "price"), number(high, "price")
    if top <= bottom:
        raise fault(high, "the highest price is above the lowest")
    return Call("chart", "set_range", (float(bottom), float(top)))


def _count(words: Words) -> int:
    word = words.take("a number")
    if not (word.text.isascii() and word.text.isdigit()) or not 0 < int(word.text[:9]) < 10_000:
        raise fault(word, f"{safe(word.text, 20)!r} is no number from 1 to 9999")
    return int(word.text)


def _find(words: Words, context: Context) -> Call:
    return Call("deck", "open_search", (safe(words.rest(), 80),))


# -- playback -----------------------------------------------------------------------------------


def _speed(words: Words, context: Context) -> Call:
    word = words.take("the speed")
    if word.lower == "max":
        return Call("playback", "set_speed", (0.0,))
    bare = Word(word.lower.removesuffix("x"), word.start, word.end)
    speed = number(bare, "speed")
    if not Decimal("0.1") <= speed <= 1000:
        raise fault(word, "a speed is 0.1 to 1000 times real time, or max")
    return Call("playback", "set_speed", (float(speed),))


def _seek(words: Words, context: Context) -> Call:
    if words.take_if("start"):
        return Call("playback", "restart")
    return Call("playback", "seek", (seconds(words.take("how far")),))


def _step(words: Words, context: Context) -> Call:
    return Call("playback", "step", (_count(words) if len(words) else 1,))


def _loop(words: Words, context: Context) -> Call:
    if not len(words):
        return Call("playback", "toggle_loop")
    return Call("playback", "set_loop", (one_of(words.take(""), ("on", "off"), "choice") == "on",))


# -- the table ----------------------------------------------------------------------------------


def _plain(target: str, method: str, *arguments: Any) -> Callable[[Words, Context], Call]:
    return lambda _words, _context: Call(target, method, arguments)


def _choice(
    target: str, method: str, what: str, names: Callable[[Context], Iterable[str]]
) -> Callable[[Words, Context], Call]:
    def read(words: Words, context: Context) -> Call:
        return Call(target, method, (one_of(words.take(f"the {what}"), names(context), what),))

    return read


def _always(*names: str) -> Callable[[Context], Iterable[str]]:
    return lambda _context: names


def _open_markets(context: Context) -> Iterable[str]:
    return context.instruments


def _for_orders(context: Context) -> Iterable[str]:
    return (*(word for word in ORDER_WORDS if word.isalpha()), *context.instruments)


def _for_cancel(context: Context) -> Iterable[str]:
    return ("all", *map(str, context.numbers), *context.instruments)


_ROUTES, _UNITS, _STYLES = _always("dark", "live"), _always("slots", "units"), STYLES

_TERMS = "SIZE [MARKET] @ PRICE|market|stop PRICE [ioc|fok|post] [dark|live] [on ACCOUNT] [!]"

VERBS: tuple[Verb, ...] = (
    Verb(
        "buy", f"buy {_TERMS}",
        "Buy; ! does not ask before a market order", order("buy"), _for_orders,
    ),
    Verb(
        "sell", f"sell {_TERMS}",
        "Sell, in the same words", order("sell"), _for_orders,
    ),
    Verb(
        "alert", "alert PRICE [MARKET] [NOTE]", "Call when the last price gets there", alert,
        _open_markets,
    ),
    Verb(
        "cancel", "cancel NUMBER|MARKET|all [!]",
        "Cancel an order by its number, a market's, or all; ! does not ask", cancel, _for_cancel,
    ),
    Verb(
        "resolve", "resolve NUMBER open|canceled|rejected [NOTE]",
        "Say what became of an unknown order, as seen at its venue", resolve,
        lambda context: (*map(str, context.numbers), *OUTCOMES),
    ),
    Verb(
        "flatten", "flatten [MARKET] [!]", "Cancel what works, close the position at the market",
        flatten, _open_markets,
    ),
    Verb("arm", "arm", "Arm order mode", _plain("desk", "arm")),
    Verb("disarm", "disarm", "Leave order mode", _plain("desk", "disarm")),
    Verb(
        "route", "route dark|live", "Route of the next orders",
        _choice("desk", "set_route", "route", _ROUTES), _ROUTES,
    ),
    Verb(
        "size", "size NUMBER [slots|units]", "Size of the next orders", size_setting, _UNITS,
    ),
    Verb(
        "unit", "unit slots|units", "What sizes are counted in",
        _choice("desk", "set_size_unit", "unit", _UNITS), _UNITS,
    ),
    Verb(
        "account", "account NAME", "Account of the next orders",
        _choice("desk", "set_account", "account", lambda context: context.accounts),
        lambda context: context.accounts,
    ),
    Verb("go", "go MARKET", "Show a market", _go, lambda context: context.watched),
    Verb("watch", "watch MARKET...", "Put markets on the watchlist", _watch),
    Verb(
        "unwatch", "unwatch [MARKET...]", "Take markets off the watchlist", _unwatch,
        lambda context: context.watched,
    ),
    Verb("find", "find [TEXT]", "Find a market", _find),
    Verb("period", "period 1s...1d", "Period of the chart", _period, _always(*PERIODS)),
    Verb(
        "style", "style bars|line", "Style of the chart",
        _choice("chart", "set_style", "style", _always(*_STYLES)), _always(*_STYLES),
    ),
    Verb("zoom", "zoom in|out [STEPS]", "Zoom about the last bar", _zoom, _always("in", "out")),
    Verb("range", "range LOW HIGH|auto", "Price range of the chart", _range, _always("auto")),
    Verb(
        "tab", "tab " + "|".join(TABS), "Tab of the blotter",
        _choice("blotter", "show_tab", "tab", _always(*TABS)), _always(*TABS),
    ),
    Verb(
        "theme", "theme NAME", "Colours of the deck",
        _choice("deck", "set_theme", "theme", lambda context: context.themes),
        lambda context: context.themes,
    ),
    Verb("swap", "swap", "Swap the colours of up and down", _plain("deck", "toggle_swap")),
    Verb("pause", "pause", "Pause the playback", _plain("playback", "pause")),
    Verb(
        "play", "play", "Go on with the playback", _plain("playback", "resume"),
        aliases=("resume",),
    ),
    Verb("step", "step [MESSAGES]", "Play so many messages", _step),
    Verb("speed", "speed 0.1...1000|max", "Speed of the playback", _speed, _always("max")),
    Verb("seek", "seek +5m|-30s|start", "Move the playback", _seek, _always("start")),
    Verb("loop", "loop [on|off]", "Start again at the end, or stop", _loop, _always("on", "off")),
    Verb("help", "help", "Show every key and command", _plain("deck", "open_help"), aliases=("h",)),
    Verb(
        "quit", "quit", "Leave; asks what to do with working orders",
        _plain("deck", "quit_deck"), aliases=("q", "exit"),
    ),
)  # fmt: skip
"""Every command. Orders have no short forms: a slip of a finger is not an order."""

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
