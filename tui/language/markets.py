"""Markets, prices and sizes as they are typed: on the tick, on the step, nothing rounded."""

from __future__ import annotations

from decimal import Decimal

from engine.instruments import Instrument
from tui.language.words import Context, Word, Words, fault, fqme_of, nearest, number
from tui.orders import staging
from tui.paint import format as text_of


def instrument_of(word: Word | None, context: Context, words: Words) -> Instrument:
    """The open market that `word` names, or the selected one.

    Raises:
        CommandError: no such market is open.
    """
    if word is None:
        if (selected := context.instruments.get(context.selected)) is not None:
            return selected
        raise words.missing("the market")
    fqme = fqme_of(word, context)
    if (instrument := context.instruments.get(fqme)) is not None:
        return instrument
    # Market names are alike by nature: only a slip of the finger is worth a guess.
    hint = nearest(fqme, context.instruments, cutoff=0.85) or f":watch {fqme} opens it"
    raise fault(word, f"{fqme} is not open", hint=hint)


def price_of(word: Word, instrument: Instrument) -> Decimal:
    """`word` as a price of the market.

    Raises:
        CommandError: it is none, out of the market's bounds, or not on a tick.
    """
    price = number(word, "price")
    low, high = staging.price_bounds(instrument)
    if not low <= price <= high:
        raise fault(
            word, f"outside of {text_of.plain(low)} to {text_of.plain(high)}, the market's prices"
        )
    if not instrument.is_on_tick(price):
        below, above = (instrument.round_price(price, way) for way in ("down", "up"))
        raise fault(
            word,
            f"not on a tick of {text_of.plain(instrument.price_tick)}",
            hint=f"{below} or {above}",
        )
    return instrument.round_price(price)


def size_of(word: Word, instrument: Instrument) -> Decimal:
    """`word` as a size of the market.

    Raises:
        CommandError: it is none, out of the market's bounds, or not on a step.
    """
    size = number(word, "size")
    if size <= 0:
        raise fault(word, "a size is more than nothing")
    if instrument.max_size is not None and size > instrument.max_size:
        raise fault(word, f"above the largest size, {text_of.plain(instrument.max_size)}")
    if size < instrument.min_size:
        raise fault(word, f"below the least size, {text_of.plain(instrument.min_size)}")
    if not instrument.is_on_step(size):
        raise fault(
            word,
            f"not on a step of {text_of.plain(instrument.size_step)}",
            hint=f"at most {instrument.round_size(size)}" if size > instrument.size_step else "",
        )
    return instrument.round_size(size)
