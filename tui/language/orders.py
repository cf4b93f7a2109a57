"""Orders, alerts and cancels as they are typed. See `tui.language.commands` for the grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, cast

from engine.instruments import Instrument
from engine.messages import OrderType, Reference, TrailUnit
from engine.text import safe
from tui.actions import Call
from tui.language.expiry import expiry
from tui.language.markets import instrument_of, price_of, size_of
from tui.language.words import Context, Word, Words, fault, nearest, number, one_of
from tui.orders import staging
from tui.paint import format as text_of

ORDER_WORDS = (
    *("market", "stop", "target", "trail", "offset", "by"),
    *("gtc", "gtd", "ioc", "fok", "post", "reduce", "dark", "live", "on", "@", "!"),
)
_REFERENCES = ("last", "touch", "mid")
_STOPS = ("stop", "target", "trail")


class _Draft:
    """An order while it is read, with the words that its parts come from."""

    def __init__(self, side: str, size: Word) -> None:
        self.side = side
        self.size = size
        self.parts: dict[str, Word] = {}
        self.expires_ns = 0

    def put(self, part: str, word: Word, *, against: Iterable[str] = ()) -> None:
        """
        Raises:
            CommandError: the part is there already, or one that it contradicts.
        """
        for other in (part, *against):
            if (known := self.parts.get(other)) is not None:
                raise fault(word, f"{word.text!r} does not go with {known.text!r}")
        self.parts[part] = word

    def has(self, part: str) -> bool:
        return part in self.parts


def order(side: str) -> Callable[[Words, Context], Call]:
    """The reader of `buy` or `sell`."""

    def read(words: Words, context: Context) -> Call:
        draft = _Draft(side, words.take("the size"))
        while (word := words.peek()) is not None:
            words.take("")
            _read_part(draft, word, words, context)
        return Call("desk", "place", (_request(draft, words, context),), sends_order=True)

    return read


def _read_part(draft: _Draft, word: Word, words: Words, context: Context) -> None:
    match word.lower:
        case "@":
            draft.put("price", words.take("the price"), against=("market", "trail"))
        case "market":
            against = ("price", *_STOPS, "offset", "by", "post", "tif", "dark")
            draft.put("market", word, against=against)
        case "stop":
            price = words.take("the stop price")
            draft.put("stop", price, against=("market", "post", "target", "trail"))
        case "target" | "tp":
            price = words.take("the price to take the profit at")
            draft.put("target", price, against=("market", "post", "stop", "trail"))
        case "trail":
            distance = words.take("how far it trails")
            draft.put("trail", distance, against=("market", "price", "post", "stop", "target"))
        case "offset":
            draft.put("offset", words.take("how far beyond the stop"), against=("market",))
        case "by":
            draft.put("by", words.take("last, touch or mid"), against=("market", "post"))
        case _:
            _read_term(draft, word, words, context)


def _read_term(draft: _Draft, word: Word, words: Words, context: Context) -> None:
    match word.lower:
        case "ioc" | "fok":
            draft.put("tif", word, against=("market", "post"))
        case "gtc":
            draft.put("tif", word, against=("market",))
        case "gtd":
            draft.put("tif", word, against=("market",))
            draft.expires_ns = expiry(words, context)
        case "post":
            draft.put("post", word, against=("market", *_STOPS, "by", "dark"))
            if (tif := draft.parts.get("tif")) is not None and tif.lower in ("ioc", "fok"):
                raise fault(word, f"{word.text!r} does not go with {tif.text!r}")
        case "reduce":
            draft.put("reduce", word)
        case "dark":
            draft.put("dark", word, against=("live", "market", "post"))
        case "live":
            draft.put("live", word, against=("dark",))
        case "on":
            draft.put("account", words.take("the account"))
        case "!":
            draft.put("sure", word)
        case _ if "." in word.text:
            draft.put("fqme", word)
        case _:
            hint = nearest(word.text, ORDER_WORDS) or "see :help"
            raise fault(word, f"{safe(word.text, 40)!r} means nothing in an order", hint=hint)


def _request(draft: _Draft, words: Words, context: Context) -> staging.OrderRequest:
    parts = draft.parts
    instrument = instrument_of(parts.get("fqme"), context, words)
    if not any(map(draft.has, ("price", "market", *_STOPS))):
        raise words.missing("@ PRICE, market, stop PRICE, target PRICE or trail DISTANCE")
    stop = parts.get("stop") or parts.get("target")
    trail, unit = _trail(parts.get("trail"), instrument)
    account = one_of(parts["account"], context.accounts, "account") if draft.has("account") else ""
    side: Any = draft.side
    tif: Any = parts["tif"].lower if draft.has("tif") else "gtc"
    return staging.OrderRequest(
        side=side,
        size=size_of(draft.size, instrument),
        fqme=instrument.fqme,
        order_type=_type(draft),
        price=price_of(parts["price"], instrument) if draft.has("price") else None,
        stop_price=price_of(stop, instrument) if stop is not None else None,
        trail=trail,
        trail_unit=unit,
        limit_offset=_offset(draft, instrument),
        reference=_reference(draft),
        time_in_force=tif,
        expires_ns=draft.expires_ns,
        post_only=draft.has("post"),
        reduce_only=draft.has("reduce"),
        route="dark" if draft.has("dark") else "live" if draft.has("live") else None,
        account=account,
        is_sure=draft.has("sure"),
    )


def _type(draft: _Draft) -> OrderType:
    if draft.has("trail"):
        return "trailing_stop_limit" if draft.has("offset") else "trailing_stop"
    if draft.has("target"):
        return "take_profit_limit" if draft.has("price") else "take_profit"
    if draft.has("stop"):
        return "stop_limit" if draft.has("price") else "stop"
    return "limit" if draft.has("price") else "market"


def _trail(word: Word | None, instrument: Instrument) -> tuple[Decimal | None, TrailUnit]:
    """A distance of prices, or a percentage: `12.5`, `1.5%`."""
    if word is None:
        return None, "price"
    if not word.text.endswith("%"):
        return _distance(word, instrument, "trail"), "price"
    percent = number(Word(word.text[:-1], word.start, word.end), "percentage")
    if not 0 < percent < 100:
        raise fault(word, "a trail is more than 0% and less than 100%")
    return percent, "percent"


def _offset(draft: _Draft, instrument: Instrument) -> Decimal | None:
    """How far beyond its stop what trails may trade."""
    if (word := draft.parts.get("offset")) is None:
        return None
    if not draft.has("trail"):
        raise fault(word, "only what trails has an offset", hint="write @ PRICE for a limit")
    return _distance(word, instrument, "offset")


def _reference(draft: _Draft) -> Reference:
    """Which price of the market a stop is held against."""
    if (word := draft.parts.get("by")) is None:
        return "last"
    reference: Any = one_of(word, _REFERENCES, "reference")
    if reference != "last" and not any(map(draft.has, (*_STOPS, "dark"))):
        raise fault(word, "only what waits for a price is held against one")
    return cast("Reference", reference)


def _distance(word: Word, instrument: Instrument, what: str) -> Decimal:
    distance = number(word, what)
    if distance <= 0:
        raise fault(word, f"a {what} is more than nothing")
    if not instrument.is_on_tick(distance):
        raise fault(word, f"not on a tick of {text_of.plain(instrument.price_tick)}")
    return instrument.round_price(distance)


def cancel(words: Words, context: Context) -> Call:
    """`cancel NUMBER|MARKET|all [!]`"""
    word = words.take("a number, a market, or all")
    if word.lower == "all":
        return Call("desk", "cancel_market", ("", _is_sure(words)), sends_order=True)
    if "." in word.text:
        fqme = instrument_of(word, context, words).fqme
        return Call("desk", "cancel_market", (fqme, _is_sure(words)), sends_order=True)
    text = word.text.removeprefix("#")
    if not (text.isascii() and text.isdigit()) or int(text) not in context.numbers:
        numbers = ", ".join(str(known) for known in list(context.numbers)[:8])
        hint = f"working: {numbers}" if numbers else "nothing works"
        raise fault(word, f"no working order is called {safe(word.text, 20)!r}", hint=hint)
    return Call("desk", "cancel_number", (int(text),), sends_order=True)


OUTCOMES = ("open", "canceled", "rejected")
"""What can be said by hand of an order of which nobody knows."""


def resolve(words: Words, context: Context) -> Call:
    """`resolve NUMBER open|canceled|rejected [NOTE]`"""
    word = words.take("the order's number")
    text = word.text.removeprefix("#")
    if not (text.isascii() and text.isdigit()) or int(text) not in context.numbers:
        raise fault(word, f"no working order is called {safe(word.text, 20)!r}")
    outcome = one_of(words.take("open, canceled or rejected"), OUTCOMES, "outcome")
    return Call("desk", "resolve_number", (int(text), outcome, safe(words.rest(), 200)))


def flatten(words: Words, context: Context) -> Call:
    """`flatten [MARKET] [!]`"""
    word = words.peek()
    if word is not None and word.text != "!":
        words.take("")
        fqme = instrument_of(word, context, words).fqme
    else:
        fqme = instrument_of(None, context, words).fqme
    return Call("desk", "flatten", (fqme, _is_sure(words)), sends_order=True)


def reverse(words: Words, context: Context) -> Call:
    """`reverse [MARKET] [!]`"""
    return flatten(words, context)._replace(method="reverse")


def close(words: Words, context: Context) -> Call:
    """`close half|PERCENT%|all [MARKET] [!]`"""
    word = words.take("half, a percentage or all")
    part = {"half": Decimal("0.5"), "all": Decimal(1)}.get(word.lower)
    if part is None and word.text.endswith("%"):
        part = number(Word(word.text[:-1], word.start, word.end), "percentage") / 100
    if part is None or not 0 < part <= 1:
        raise fault(word, f"{safe(word.text, 20)!r} is no part", hint="half, 25% or all")
    fqme, is_sure = flatten(words, context).arguments
    return Call("desk", "close", (fqme, part, is_sure), sends_order=True)


def _is_sure(words: Words) -> bool:
    return words.take_if("!") is not None


def alert(words: Words, context: Context) -> Call:
    """`alert PRICE [MARKET] [NOTE]`"""
    words.take_if("@")
    price = words.take("the price")
    word = words.peek()
    if word is not None and context.canonical(word.text) in context.instruments:
        words.take("")
    else:
        word = None
    instrument = instrument_of(word, context, words)
    note = safe(words.rest(), 120)
    return Call("desk", "set_alert", (instrument.fqme, price_of(price, instrument), note))


def size_setting(words: Words, context: Context) -> Call:
    """`size NUMBER [slots|units]`"""
    word = words.take("the size")
    size = number(word, "size")
    if size <= 0:
        raise fault(word, "a size is more than nothing")
    unit = words.take_if("slot", "slots", "unit", "units")
    return Call("desk", "set_size", (size, unit.lower.rstrip("s") + "s" if unit else None))
