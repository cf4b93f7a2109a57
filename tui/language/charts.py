"""What can be typed of charts: where they look, what they show, how they are arranged."""

from __future__ import annotations

from typing import get_args

from engine.config import PERIODS
from engine.errors import UsageError
from engine.text import safe
from tui.actions import Call
from tui.charts.panes import GRIDS, LINKS
from tui.language.words import Context, Word, Words, fault, fqme_of, number, one_of
from tui.paint import format as text_of
from tui.paint.scales import ScaleKind
from tui.zones import OWN_NAMES, zone_names

SCALES: tuple[str, ...] = get_args(ScaleKind)
HOURS = ("cut", "full")
ONOFF = ("on", "off")
TIERS = ("auto", "full", "lean", "slow")
OVERLAYS = ("off", "percent", "absolute")
LAYOUTS = ("save", "delete", "list")
SHARED = (*LINKS, "all")


def go(words: Words, context: Context) -> Call:
    """A market to show, or a time to show the chart at."""
    word = words.take("the market or the date")
    fqme = context.canonical(word.text)
    if fqme in context.watched or fqme in context.instruments:
        return Call("deck", "go_to", (fqme,))
    text = f"{word.text} {words.rest()}".strip()
    # Only who types a date needs to know how they are read.
    from tui.language.when import parse_when

    try:
        return Call("chart", "jump", (parse_when(text, context.now_ns, context.zone),))
    except UsageError as error:
        if "." in word.text and word.text == text and not word.text[0].isdigit():
            return Call("deck", "go_to", (fqme_of(word, context),))
        raise fault(
            Word(text, word.start, word.start + len(text)),
            str(error),
            hint=error.hint or "a date, or a market of the watchlist",
        ) from error


def period(words: Words, context: Context) -> Call:
    """Bars of another period."""
    word = words.take("the period")
    wanted = text_of.parse_period(word.lower)
    if wanted not in PERIODS.values():
        hint = "one of " + " ".join(PERIODS)
        raise fault(word, f"{safe(word.text, 40)!r} is no period", hint=hint)
    return Call("deck", "set_period", (wanted,))


def zoom(words: Words, context: Context) -> Call:
    """So many steps nearer or away."""
    sign = 1 if one_of(words.take("in or out"), ("in", "out"), "way to zoom") == "in" else -1
    return Call("chart", "zoom", (sign * (count(words) if len(words) else 1),))


def price_range(words: Words, context: Context) -> Call:
    """Which prices are seen: two of them, what fits, or so many as now wherever they go."""
    if words.take_if("auto"):
        return Call("chart", "y_auto")
    if words.take_if("lock"):
        return Call("deck", "lock_range")
    low, high = words.take("the lowest price"), words.take("the highest price")
    bottom, top = number(low, "price"), number(high, "price")
    if top <= bottom:
        raise fault(high, "the highest price is above the lowest")
    return Call("chart", "set_range", (float(bottom), float(top)))


def grid(words: Words, context: Context) -> Call:
    """So many charts."""
    return Call("deck", "set_grid", (int(one_of(words.take("how many"), map(str, GRIDS), "grid")),))


def overlay(words: Words, context: Context) -> Call:
    """Markets over the active chart, or none, or how they are shown."""
    if words.take_if("percent"):
        return Call("chart", "set_overlay_percent", (True,))
    if words.take_if("absolute"):
        return Call("chart", "set_overlay_percent", (False,))
    if words.take_if("off"):
        return Call("deck", "take_off", _markets(words, context))
    first = fqme_of(words.take("the market"), context)
    return Call("deck", "overlay", tuple(dict.fromkeys((first, *_markets(words, context)))))


def _markets(words: Words, context: Context) -> tuple[str, ...]:
    fqmes = []
    while len(words):
        fqmes.append(fqme_of(words.take("the market"), context))
    return tuple(dict.fromkeys(fqmes))


def layout(words: Words, context: Context) -> Call:
    """Keep an arrangement, show one, or say which there are."""
    if words.take_if("list"):
        return Call("deck", "list_layouts")
    if words.take_if("save"):
        return Call("deck", "save_layout", (words.take("its name").text,))
    if words.take_if("delete"):
        name = one_of(words.take("its name"), context.layouts, "layout")
        return Call("deck", "delete_layout", (name,))
    name = one_of(words.take("its name, or save, delete, list"), context.layouts, "layout")
    return Call("deck", "open_layout", (name,))


def link(words: Words, context: Context) -> Call:
    """Share market, period or crosshair with the other charts."""
    return Call("deck", "link", (one_of(words.take("what"), SHARED, "thing to share"), True))


def free(words: Words, context: Context) -> Call:
    """Keep market, period or crosshair to the active chart."""
    return Call("deck", "link", (one_of(words.take("what"), SHARED, "thing to keep"), False))


def zone(words: Words, context: Context) -> Call:
    """Times in another zone."""
    word = words.take("the time zone")
    return Call("deck", "set_zone", (one_of(word, zones(context), "time zone"),))


def zones(context: Context) -> tuple[str, ...]:
    """Names of all time zones."""
    return (*OWN_NAMES, *zone_names())


def hours(words: Words, context: Context) -> Call:
    """Whether time without bars takes its place."""
    wanted = one_of(words.take("cut or full"), HOURS, "length of closed hours")
    return Call("chart", "set_closed_hours", (wanted == "full",))


def wire(words: Words, context: Context) -> Call:
    """Whether what goes to the terminal is counted in every tier."""
    return Call("deck", "show_wire", (one_of(words.take("on or off"), ONOFF, "choice") == "on",))


def count(words: Words) -> int:
    """A number of something, 1 to 9999.

    Raises:
        CommandError: it is none.
    """
    word = words.take("a number")
    if not (word.text.isascii() and word.text.isdigit()) or not 0 < int(word.text[:9]) < 10_000:
        raise fault(word, f"{safe(word.text, 20)!r} is no number from 1 to 9999")
    return int(word.text)


# -- what can be completed ----------------------------------------------------------------------


def for_overlay(context: Context) -> tuple[str, ...]:
    return (*OVERLAYS, *dict.fromkeys((*context.watched, *context.instruments)))


def for_layout(context: Context) -> tuple[str, ...]:
    return (*context.layouts, *LAYOUTS)
