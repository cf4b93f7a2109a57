"""Algos as they are typed.

Each begins with a side and a size; the words after that stand in any order::

    bracket buy 0.5 @ 64000 stop 63500 target 65000 0.25 target 66000
    oco sell 0.5 @ 65000 stop 63500 reduce
    oto buy 0.5 @ 63000 then sell @ 64000
    iceberg buy 5 @ 64000 show 0.5
    scale buy 1 in 5 from 63000 to 62000 rising
    twap sell 2 in 10 over 20m @ 63900
    chase buy 0.5 @ 64100 behind 2 every 1s post

All can name a market, `on ACCOUNT`, and `!`. Targets without a size share what is left, on the
market's size step, and the last of them takes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engine.instruments import Instrument
from engine.messages import (
    AlgoTerms,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OtoTerms,
    ScaleTerms,
    Side,
    TwapTerms,
)
from engine.text import safe
from tui.actions import Call
from tui.algos.controls import AlgoRequest
from tui.language.markets import instrument_of, price_of, size_of
from tui.language.words import CommandError, Context, Word, Words, fault, nearest, one_of, seconds

SIDES: Final = ("buy", "sell")
SHAPES: Final = ("flat", "rising", "falling")
MOST: Final = 200
"""Orders that an algo makes at most."""


class Kind(NamedTuple):
    """What can stand in the terms of a kind of algo."""

    takes: dict[str, str]
    """What stands behind each word: `price`, `size`, `count`, `span`, `shape`, `target`, `then`;
    nothing for one that stands alone."""
    needs: tuple[tuple[str, ...], ...]
    """Of each group of words one has to be there."""
    make: Callable[[_Parts], AlgoTerms]


class _Parts:
    """The words of an algo while they are read, and what they mean once its market is known."""

    def __init__(self, side: Side, size: Word) -> None:
        self.side = side
        self.size_word = size
        self.given: dict[str, list[Word]] = {}
        self.targets: list[tuple[Word, Word | None]] = []
        self.instrument: Instrument

    def has(self, name: str) -> bool:
        return name in self.given

    def word(self, name: str) -> Word:
        return self.given[name][-1]

    @property
    def size(self) -> Decimal:
        return size_of(self.size_word, self.instrument)

    def price(self, name: str = "@") -> Decimal:
        return price_of(self.word(name), self.instrument)

    def price_if(self, name: str = "@") -> Decimal | None:
        return self.price(name) if self.has(name) else None

    def count(self, name: str, least: int, most: int) -> int:
        return count_of(self.word(name), least, most)

    def span(self, name: str) -> float:
        return span_of(self.word(name))


def algo(name: str) -> Callable[[Words, Context], Call]:
    """The reader of one kind of algo."""
    kind = KINDS[name]

    def read(words: Words, context: Context) -> Call:
        side: Any = one_of(words.take("buy or sell"), SIDES, "side")
        parts = _Parts(side, words.take("the size"))
        while (word := words.peek()) is not None:
            words.take("")
            _read_part(kind, parts, word, words)
        return Call("algos", "start", (_request(kind, parts, words, context),), sends_order=True)

    return read


def _read_part(kind: Kind, parts: _Parts, word: Word, words: Words) -> None:
    name = word.lower
    if name in ("!", "on"):
        _put(parts, name, word, [word if name == "!" else words.take("the account")])
    elif name == "target" and "target" in kind.takes:
        parts.targets.append((words.take("the target's price"), number_next(words)))
        parts.given.setdefault("target", []).append(word)
    elif name == "then" and "then" in kind.takes:
        side = words.take("buy or sell")
        one_of(side, SIDES, "side")
        words.take_if("@")
        _put(parts, name, word, [side, words.take("the second price")])
    elif name in kind.takes:
        what = kind.takes[name]
        _put(parts, name, word, [words.take(f"the {what}") if what else word])
    elif "." in word.text and not _is_number(word):
        _put(parts, "market of it", word, [word])
    else:
        hint = nearest(word.text, kind.takes) or "words here: " + ", ".join(kind.takes)
        raise fault(word, f"{safe(word.text, 40)!r} means nothing here", hint=hint)


def _put(parts: _Parts, name: str, at: Word, values: list[Word]) -> None:
    if name in parts.given:
        raise fault(at, f"{safe(at.text, 40)!r} is said twice")
    for one, other in _EITHER:
        if name in (one, other) and (other if name == one else one) in parts.given:
            raise fault(at, f"{one!r} does not go with {other!r}")
    parts.given[name] = values


_EITHER: Final = (("@", "market"), ("every", "over"))


def _request(kind: Kind, parts: _Parts, words: Words, context: Context) -> AlgoRequest:
    market = parts.given.get("market of it")
    parts.instrument = instrument_of(market[0] if market else None, context, words)
    for group in kind.needs:
        if not any(parts.has(name) for name in group):
            raise words.missing(" or ".join(_SAID.get(name, name) for name in group))
    account = ""
    if parts.has("on"):
        account = one_of(parts.word("on"), context.accounts, "account")
    return AlgoRequest(
        fqme=parts.instrument.fqme,
        terms=kind.make(parts),
        account=account,
        is_sure=parts.has("!"),
    )


_SAID: Final = {
    "@": "@ PRICE",
    "stop": "stop PRICE",
    "target": "target PRICE",
    "then": "then buy|sell @ PRICE",
    "show": "show SIZE",
    "in": "in COUNT",
    "from": "from PRICE",
    "to": "to PRICE",
    "every": "every TIME",
    "over": "over TIME",
}
"""How what is missing is written."""


# -- kinds --------------------------------------------------------------------------------------


def _bracket(parts: _Parts) -> BracketTerms:
    size, price, stop = parts.size, parts.price_if(), parts.price("stop")
    out: Side = "sell" if parts.side == "buy" else "buy"
    for word, _ in parts.targets:
        _check_sides(parts, out, price_of(word, parts.instrument), word)
    if price is not None:
        _check_sides(parts, out, price, parts.word("@"))
    targets = _shares(parts, size)
    return BracketTerms(side=parts.side, size=size, price=price, stop_price=stop, targets=targets)


def _shares(parts: _Parts, size: Decimal) -> tuple[tuple[Decimal, Decimal], ...]:
    """(price, size) of each target, nearest first."""
    instrument = parts.instrument
    open_count = sum(word is None for _, word in parts.targets)
    left = size - sum(size_of(word, instrument) for _, word in parts.targets if word is not None)
    if (left < 0 or (left > 0 and not open_count)) and parts.targets:
        last = parts.targets[-1][1] or parts.targets[-1][0]
        total = size - left
        raise fault(last, f"the targets come to {total}, and the size is {size}")
    targets = []
    for price_word, size_word in parts.targets:
        if size_word is not None:
            share = size_of(size_word, instrument)
        else:
            share = left if open_count == 1 else instrument.round_size(left / open_count)
            left, open_count = left - share, open_count - 1
            if share < max(instrument.min_size, instrument.size_step):
                raise fault(price_word, "nothing that the venue takes is left for this target")
        targets.append((price_of(price_word, instrument), share))
    return tuple(sorted(targets, reverse=parts.side == "sell"))


def _check_sides(parts: _Parts, side: Side, price: Decimal, word: Word) -> None:
    """A sale is stopped below, a buy above where it is to trade."""
    stop = parts.price("stop")
    if (stop < price) if side == "sell" else (stop > price):
        return
    place = "below" if side == "sell" else "above"
    raise fault(parts.word("stop"), f"a stop that {side}s lies {place} {safe(word.text, 40)}")


def _oco(parts: _Parts) -> OcoTerms:
    price = parts.price()
    _check_sides(parts, parts.side, price, parts.word("@"))
    return OcoTerms(
        side=parts.side,
        size=parts.size,
        price=price,
        stop_price=parts.price("stop"),
        reduce_only=parts.has("reduce"),
    )


def _oto(parts: _Parts) -> OtoTerms:
    side: Any = parts.given["then"][0].lower
    then_price = price_of(parts.given["then"][1], parts.instrument)
    return OtoTerms(
        side=parts.side,
        size=parts.size,
        price=parts.price(),
        then_side=side,
        then_price=then_price,
    )


def _iceberg(parts: _Parts) -> IcebergTerms:
    shown, size = size_of(parts.word("show"), parts.instrument), parts.size
    if shown > size:
        raise fault(parts.word("show"), f"more than the size, {size}")
    return IcebergTerms(side=parts.side, size=size, price=parts.price(), shown=shown)


def _scale(parts: _Parts) -> ScaleTerms:
    shape: Any = next((name for name in SHAPES if parts.has(name)), "flat")
    return ScaleTerms(
        side=parts.side,
        size=parts.size,
        count=parts.count("in", 2, MOST),
        first_price=parts.price("from"),
        last_price=parts.price("to"),
        shape=shape,
        reduce_only=parts.has("reduce"),
    )


def _twap(parts: _Parts) -> TwapTerms:
    count = parts.count("in", 1, MOST)
    interval_s = parts.span("every") if parts.has("every") else parts.span("over") / count
    return TwapTerms(
        side=parts.side,
        size=parts.size,
        count=count,
        interval_s=interval_s,
        price=parts.price_if(),
        reduce_only=parts.has("reduce"),
    )


def _chase(parts: _Parts) -> ChaseTerms:
    changes: dict[str, Any] = {}
    if parts.has("behind"):
        changes["offset_ticks"] = parts.count("behind", 0, 100_000)
    if parts.has("every"):
        changes["every_s"] = parts.span("every")
    if parts.has("moves"):
        changes["most_moves"] = parts.count("moves", 0, 1_000_000)
    return ChaseTerms(
        side=parts.side,
        size=parts.size,
        limit_price=parts.price(),
        post_only=parts.has("post"),
        reduce_only=parts.has("reduce"),
        **changes,
    )


KINDS: Final[dict[str, Kind]] = {
    "bracket": Kind(
        {"@": "price", "market": "", "stop": "stop price", "target": "target's price"},
        (("@", "market"), ("stop",), ("target",)),
        _bracket,
    ),
    "oco": Kind(
        {"@": "price", "stop": "stop price", "reduce": ""}, (("@",), ("stop",)), _oco
    ),
    "oto": Kind({"@": "price", "then": ""}, (("@",), ("then",)), _oto),
    "iceberg": Kind({"@": "price", "show": "size shown"}, (("@",), ("show",)), _iceberg),
    "scale": Kind(
        {"in": "number of orders", "from": "first price", "to": "last price", "reduce": ""}
        | dict.fromkeys(SHAPES, ""),
        (("in",), ("from",), ("to",)),
        _scale,
    ),
    "twap": Kind(
        {"in": "number of parts", "every": "time", "over": "time", "@": "price", "market": "",
         "reduce": ""},
        (("in",), ("every", "over")),
        _twap,
    ),
    "chase": Kind(
        {"@": "price", "behind": "number of ticks", "every": "time", "moves": "number of moves",
         "post": "", "reduce": ""},
        (("@",),),
        _chase,
    ),
}  # fmt: skip
"""Every kind that can be typed, by its word."""


def words_of(name: str) -> Callable[[Context], Iterable[str]]:
    """What can be completed behind a kind's name."""
    own = tuple(word for word in KINDS[name].takes if word.isalpha())
    return lambda context: (*SIDES, *own, "on", *context.accounts, *context.instruments)


# -- numbers ------------------------------------------------------------------------------------


def _is_number(word: Word) -> bool:
    return word.text.replace(".", "", 1).isdigit()


def number_next(words: Words) -> Word | None:
    """The next word if it is a number."""
    word = words.peek()
    if word is None or not _is_number(word):
        return None
    return words.take("")


def count_of(word: Word, least: int, most: int) -> int:
    """`word` as a whole number between two.

    Raises:
        CommandError: it is none.
    """
    text = word.text
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise fault(word, f"{safe(text, 40)!r} is no number from {least} to {most}")
    return int(text)


def span_of(word: Word) -> float:
    """`word` as seconds, at most a day's.

    Raises:
        CommandError: it is none.
    """
    try:
        span = seconds(word)
    except CommandError as error:
        raise fault(word, str(error), hint="write 30s, 5m or 1h") from error
    if not 0 < span <= 86_400 or word.text[0] in "+-":
        raise fault(word, "a time is more than nothing and at most a day", hint="write 30s, 5m")
    return span
