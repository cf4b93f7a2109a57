"""Orders, alerts and cancels as they are typed. See `tui.language.commands` for the grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.text import safe
from tui.actions import Call
from tui.language.markets import instrument_of, price_of, size_of
from tui.language.words import Context, Word, Words, fault, nearest, number, one_of
from tui.orders import staging

ORDER_WORDS = ("market", "stop", "ioc", "fok", "gtc", "post", "dark", "live", "on", "@", "!")


class _Draft:
    """An order while it is read, with the words that its parts come from."""

    def __init__(self, side: str, size: Word) -> None:
        self.side = side
        self.size = size
        self.parts: dict[str, Word] = {}

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
            draft.put("price", words.take("the price"), against=("market",))
        case "market":
            draft.put("market", word, against=("price", "stop", "post", "tif", "dark"))
        case "stop":
            draft.put("stop", words.take("the stop price"), against=("market", "dark", "post"))
        case "ioc" | "fok" | "gtc":
            draft.put("tif", word, against=("market", "post"))
        case "post":
            draft.put("post", word, against=("market", "tif", "stop", "dark"))
        case "dark":
            draft.put("dark", word, against=("live", "market", "stop", "post"))
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
    if not draft.has("price") and not draft.has("market") and not draft.has("stop"):
        raise words.missing("@ PRICE or market")
    price = price_of(parts["price"], instrument) if draft.has("price") else None
    stop = price_of(parts["stop"], instrument) if draft.has("stop") else None
    kind: Any = "limit" if draft.has("price") else "market"
    if stop is not None:
        kind = "stop_limit" if draft.has("price") else "stop"
    account = one_of(parts["account"], context.accounts, "account") if draft.has("account") else ""
    tif: Any = parts["tif"].lower if draft.has("tif") else "gtc"
    side: Any = draft.side
    return staging.OrderRequest(
        side=side,
        size=size_of(draft.size, instrument),
        fqme=instrument.fqme,
        order_type=kind,
        price=price,
        stop_price=stop,
        time_in_force=tif,
        post_only=draft.has("post"),
        route="dark" if draft.has("dark") else "live" if draft.has("live") else None,
        account=account,
        is_sure=draft.has("sure"),
    )


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


def _is_sure(words: Words) -> bool:
    return words.take_if("!") is not None


def alert(words: Words, context: Context) -> Call:
    """`alert PRICE [MARKET] [NOTE]`"""
    words.take_if("@")
    price = words.take("the price")
    word = words.peek()
    if word is not None and word.lower in context.instruments:
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
