"""Every command that can be typed: how it is written, what reads it, what completes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from engine.config import PERIODS
from engine.text import safe
from tui.actions import Call
from tui.language import algos, charts, guards, running
from tui.language.orders import (
    ORDER_WORDS,
    OUTCOMES,
    alert,
    cancel,
    close,
    flatten,
    order,
    resolve,
    reverse,
    size_setting,
)
from tui.language.words import Context, Word, Words, fault, fqme_of, number, one_of, seconds
from tui.paint.scene import STYLES

TABS = ("orders", "fills", "positions", "algos", "alerts", "accounts", "venues", "log")
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
    group: str = "Deck"
    """The chapter of the help page, as actions have them."""


# -- markets, chart, deck -----------------------------------------------------------------------


def _watch(words: Words, context: Context) -> Call:
    fqmes = [fqme_of(words.take("the market"), context)]
    while len(words):
        fqmes.append(fqme_of(words.take("the market"), context))
    return Call("deck", "watch", tuple(dict.fromkeys(fqmes)))


def _unwatch(words: Words, context: Context) -> Call:
    fqmes = []
    while len(words):
        word = words.take("the market")
        named = word._replace(text=context.canonical(word.text))
        fqmes.append(one_of(named, context.watched, "watched market"))
    if not fqmes and not context.selected:
        raise words.missing("the market")
    return Call("deck", "unwatch", tuple(fqmes) or (context.selected,))


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
    return Call("playback", "step", (charts.count(words) if len(words) else 1,))


def _loop(words: Words, context: Context) -> Call:
    if not len(words):
        return Call("playback", "toggle_loop")
    return Call("playback", "set_loop", (one_of(words.take(""), ("on", "off"), "choice") == "on",))


# -- what has two meanings ----------------------------------------------------------------------


def _scale(words: Words, context: Context) -> Call:
    """`scale linear|log|percent` of the chart, or `scale buy|sell ...`: orders over a range."""
    word = words.peek()
    if word is not None and word.lower in algos.SIDES:
        return algos.algo("scale")(words, context)
    names = (*charts.SCALES, *algos.SIDES)
    found = one_of(words.take("a side, or linear, log or percent"), names, "scale")
    return Call("chart", "set_price_scale", (found,))


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

_TERMS = (
    "SIZE [MARKET] [@ PRICE] [market|stop PRICE|target PRICE|trail DISTANCE[%]] "
    "[gtd WHEN|ioc|fok] [post] [reduce] [by last|touch|mid] [dark|live] [on ACCOUNT] [!]"
)

_SIDE = "buy|sell SIZE [MARKET]"

_ORDERS: tuple[Verb, ...] = (
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
    Verb(
        "reverse", "reverse [MARKET] [!]",
        "Cancel what works, trade the position to the other side", reverse, _open_markets,
    ),
    Verb(
        "close", "close half|PERCENT%|all [MARKET] [!]",
        "Close a part of the position at the market; it can only get smaller", close,
        lambda context: ("half", "all", *context.instruments),
    ),
    Verb(
        "arm", "arm [ACCOUNT]", "Arm order mode, or an account of real money (asks first)",
        guards.arm(is_armed=True), guards.accounts,
    ),
    Verb(
        "disarm", "disarm [ACCOUNT]", "Leave order mode, or let an account only reduce",
        guards.arm(is_armed=False), guards.accounts,
    ),
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
)  # fmt: skip

_ALGOS: tuple[Verb, ...] = (
    Verb(
        "bracket", f"bracket {_SIDE} @ PRICE|market stop PRICE target PRICE [SIZE]...",
        "Enter; a stop and targets, of which one cancels the other, follow what fills",
        algos.algo("bracket"), algos.words_of("bracket"),
    ),
    Verb(
        "oco", f"oco {_SIDE} @ PRICE stop PRICE [reduce]",
        "A limit order and a stop: what the one trades the other does not", algos.algo("oco"),
        algos.words_of("oco"),
    ),
    Verb(
        "oto", f"oto {_SIDE} @ PRICE then buy|sell @ PRICE",
        "An order, and another for what the first one filled", algos.algo("oto"),
        algos.words_of("oto"),
    ),
    Verb(
        "iceberg", f"iceberg {_SIDE} @ PRICE show SIZE",
        "A limit order of which the book sees so much at a time", algos.algo("iceberg"),
        algos.words_of("iceberg"),
    ),
    Verb(
        "scale", f"scale {_SIDE} in COUNT from PRICE to PRICE [{'|'.join(algos.SHAPES)}] [reduce]",
        f"Limit orders over a range of prices; or of the chart: scale {'|'.join(charts.SCALES)}",
        _scale, lambda context: (*algos.words_of("scale")(context), *charts.SCALES),
    ),
    Verb(
        "twap", f"twap {_SIDE} in COUNT every|over TIME [@ PRICE] [reduce]",
        "Equal parts over time, at the market or within a limit", algos.algo("twap"),
        algos.words_of("twap"),
    ),
    Verb(
        "chase", f"chase {_SIDE} @ LIMIT [behind TICKS] [every TIME] [moves N] [post] [reduce]",
        "A limit order that follows the best price of its side", algos.algo("chase"),
        algos.words_of("chase"),
    ),
    Verb(
        "algo", "algo pause|resume|cancel N, algo amend N [@|stop|target|show|every ...]",
        "What is done with an algo that runs", running.control, running.for_control,
    ),
)  # fmt: skip

_GUARDS: tuple[Verb, ...] = (
    Verb(
        "kill", "kill [NOTE]|off",
        "Kill switch: cancel everything, take no new order; off lifts it (asks first)",
        guards.kill, _always("off"),
    ),
    Verb(
        "halt", "halt [ACCOUNT] [NOTE]", "Let an account, or all, only cancel",
        guards.trading("halted"), guards.accounts,
    ),
    Verb(
        "reduce", "reduce [ACCOUNT] [NOTE]", "Let an account, or all, only reduce positions",
        guards.trading("reducing"), guards.accounts,
    ),
    Verb(
        "active", "active [ACCOUNT] [!]", "Let an account, or all, trade again",
        guards.trading("active"), guards.accounts,
    ),
)  # fmt: skip

_MARKETS: tuple[Verb, ...] = (
    Verb(
        "go", "go MARKET|DATE", "Show a market, or the chart at a date: 1 mar 14:30, 3 weeks ago",
        charts.go, lambda context: context.watched,
    ),
    Verb("watch", "watch MARKET...", "Put markets on the watchlist", _watch),
    Verb(
        "unwatch", "unwatch [MARKET...]", "Take markets off the watchlist", _unwatch,
        lambda context: context.watched,
    ),
    Verb("find", "find [TEXT]", "Find a market", _find),
)  # fmt: skip

_CHART: tuple[Verb, ...] = (
    Verb("period", "period 1s...1d", "Period of the chart", charts.period, _always(*PERIODS)),
    Verb(
        "style", "style " + "|".join(_STYLES), "How the chart is drawn",
        _choice("chart", "set_style", "style", _always(*_STYLES)), _always(*_STYLES),
    ),
    Verb("zoom", "zoom in|out [STEPS]", "Zoom the chart", charts.zoom, _always("in", "out")),
    Verb(
        "range", "range LOW HIGH|auto|lock", "Price range of the chart", charts.price_range,
        _always("auto", "lock"),
    ),
    Verb(
        "hours", "hours cut|full", "Whether hours without trading take their place", charts.hours,
        _always(*charts.HOURS),
    ),
    Verb("zone", "zone utc|local|NAME", "Time zone of all times", charts.zone, charts.zones),
    Verb(
        "overlay", "overlay MARKET...|off [MARKET...]|percent|absolute",
        "Put markets over the chart, up to seven", charts.overlay, charts.for_overlay,
    ),
    Verb(
        "grid", "grid 1|2|4|6", "Show so many charts", charts.grid,
        _always("1", "2", "4", "6"),
    ),
    Verb(
        "link", "link " + "|".join(charts.SHARED), "Share this with the other charts",
        charts.link, _always(*charts.SHARED),
    ),
    Verb(
        "free", "free " + "|".join(charts.SHARED), "Keep this to the active chart",
        charts.free, _always(*charts.SHARED),
    ),
    Verb(
        "layout", "layout NAME|save NAME|delete NAME|list",
        "Arrange the deck as saved, or save how it is", charts.layout, charts.for_layout,
    ),
)  # fmt: skip

_PLAYBACK: tuple[Verb, ...] = (
    Verb("pause", "pause", "Pause the playback", _plain("playback", "pause")),
    Verb(
        "play", "play", "Go on with the playback", _plain("playback", "resume"),
        aliases=("resume",),
    ),
    Verb("step", "step [MESSAGES]", "Play so many messages", _step),
    Verb("speed", "speed 0.1...1000|max", "Speed of the playback", _speed, _always("max")),
    Verb("seek", "seek +5m|-30s|start", "Move the playback", _seek, _always("start")),
    Verb("loop", "loop [on|off]", "Start again at the end, or stop", _loop, _always("on", "off")),
)  # fmt: skip

_DECK: tuple[Verb, ...] = (
    Verb(
        "tier", "tier " + "|".join(charts.TIERS), "How much is sent to the terminal",
        _choice("deck", "set_tier", "tier", _always(*charts.TIERS)), _always(*charts.TIERS),
    ),
    Verb(
        "wire", "wire on|off", "Count in the status line what goes to the terminal",
        charts.wire, _always(*charts.ONOFF),
    ),
    Verb("redraw", "redraw", "Clear the terminal and draw everything anew",
         _plain("deck", "redraw")),
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
    Verb("help", "help", "Show every key and command", _plain("deck", "open_help"), aliases=("h",)),
    Verb(
        "quit", "quit", "Leave; asks what to do with working orders",
        _plain("deck", "quit_deck"), aliases=("q", "exit"),
    ),
)  # fmt: skip

VERBS: tuple[Verb, ...] = tuple(
    verb._replace(group=group)
    for group, verbs in (
        ("Orders", _ORDERS),
        ("Algos", _ALGOS),
        ("Guards", _GUARDS),
        ("Markets", _MARKETS),
        ("Chart", _CHART),
        ("Playback", _PLAYBACK),
        ("Deck", _DECK),
    )
    for verb in verbs
)
"""Every command. Orders have no short forms: a slip of a finger is not an order."""
