"""What the order pane says of what is staged, or picked: type, prices, terms, what comes of it."""

from __future__ import annotations

import textwrap

from rich.cells import cell_len

from engine.instruments import Instrument
from engine.messages import Order
from tui.orders import terms
from tui.orders.lines import Summary
from tui.orders.preview import Preview
from tui.orders.staging import Staged, working_price
from tui.paint import format as text_of
from tui.state import MarketView
from tui.widgets.blotter_rows import STATE_INKS
from tui.widgets.lines import Line, Span, fit, spread_out

LABEL = 11
"""Width of the words on the left."""


def label(word: str) -> Span:
    """The word on the left of a line."""
    return Span(fit(f" {word}", LABEL + 1), "muted")


def fact(word: str, value: str, note: str, width: int, ink: str = "text") -> Line:
    """A word, what it is, and what there is to say of that."""
    return Line(
        spread_out(
            [label(word), Span(value, ink)], [Span(f"{note} " if note else " ", "muted")], width
        )
    )


def wrapped_fact(word: str, text: str, width: int, ink: str = "text") -> list[Line]:
    """A word, and what it is on as many lines as that takes; none for nothing."""
    room = max(1, width - LABEL - 3)
    parts = textwrap.wrap(text, room, break_on_hyphens=False)
    return [fact("" if at else word, part, "", width, ink) for at, part in enumerate(parts)]


def route_ink(route: str) -> str:
    """Ink of a route on an account of paper; the colour of real money is for nothing else."""
    return "dark" if route == "dark" else "working"


def chip_ink(summary: Summary, staged: Staged) -> str:
    """Ink of the label of what is staged: that of real money where it is."""
    if staged.kind == "alert":
        return "chip-alert bold"
    account = summary.account
    if account is not None and account.mode == "live" and account.name == staged.account:
        return "chip-live bold"
    return f"chip-{route_ink(staged.route)} bold"


def staged_lines(summary: Summary, market: MarketView | None, width: int) -> list[Line]:
    """What Enter would send, what comes of it, and what speaks against it."""
    staged, preview = summary.staged, summary.preview
    if staged is None or preview is None or market is None:
        return []
    lines = [_title(summary, staged, preview, width)]
    lines += _prices(staged, preview, market.instrument, width)
    lines += _terms(terms.notes(staged, market.instrument, summary.zone), width)
    if staged.kind != "alert":
        lines.append(_value(preview, market.instrument, width))
    if preview.distance is not None and preview.line is not None:
        share = preview.distance_share
        lines.append(
            fact(
                "distance",
                text_of.change(preview.distance, market.instrument),
                "" if share is None else text_of.percent(float(share)),
                width,
            )
        )
    if preview.position is not None:
        lines += _after(preview, market.instrument, width)
    for texts, ink in ((preview.faults, "error"), (preview.warnings, "warning")):
        for text in texts:
            parts = textwrap.wrap(f"! {text}", max(1, width - 2))
            lines += [Line((Span(f" {part}", ink),)) for part in parts]
    keys = "enter sends   esc drops" if not preview.faults else "cannot be sent as it is"
    return [*lines, Line((Span(f" {keys}", "muted"),))]


def _title(summary: Summary, staged: Staged, preview: Preview, width: int) -> Line:
    """What Enter would send, and where to; one of real money is loud."""
    words: tuple[str, ...]
    if staged.kind == "alert":
        text, words = "ALERT", ("calls you, trades nothing", "calls you")
    else:
        verb = "AMEND " if staged.kind == "amend" else ""
        kind = "" if staged.order_type == "limit" else f"{terms.WORDS[staged.order_type].upper()} "
        text = f"{verb}{staged.side.upper()} {kind}{staged.route.upper()}"
        words = _where(staged, preview)
    chip = Span(f" {text} ", chip_ink(summary, staged))
    room = width - 1 - cell_len(chip.text)
    told = next((word for word in words if len(word) + 2 <= room), words[-1])
    return Line((Span(" "), chip, Span(fit(f" {told} ", room, right=True), "muted")))


def _where(staged: Staged, preview: Preview) -> tuple[str, ...]:
    """Where it would go, and where it would wait; in fewer words at the end."""
    if staged.route == "dark":
        return ("held until touched", "held here", "here")
    if staged.order_type not in terms.WAITS or staged.kind == "amend":
        return ("to the venue at once", "to the venue", "at once")
    if preview.is_held_here is None:
        return ("held until touched", "held")
    if preview.is_held_here:
        return ("held here: its venue takes none", "held here", "here")
    return ("held by the venue", "at venue", "venue")


def _prices(staged: Staged, preview: Preview, instrument: Instrument, width: int) -> list[Line]:
    """Size and price; the stop of one that waits for it on a line of its own."""

    def priced(word: str) -> str:
        return f"@ {word} "

    price = "market" if staged.price is None else text_of.price(staged.price, instrument)
    if staged.kind == "alert":
        return [fact("price", price, "", width, "text bold")]
    size = f"{text_of.size(staged.size, instrument)} {instrument.base.upper()}"
    first = Line(
        spread_out(
            [label("staged"), Span(size, "text bold")], [Span(priced(price), "text bold")], width
        )
    )
    if staged.kind == "amend" or staged.order_type not in terms.WAITS or preview.line is None:
        return [first]
    word = "target" if staged.order_type.startswith("take_profit") else "stop"
    stop = text_of.price(preview.line, instrument)
    note = "now" if staged.trail is not None else ""
    return [first, fact(word, stop, note, width, "text bold")]


def _terms(notes: list[str], width: int) -> list[Line]:
    return wrapped_fact("terms", " · ".join(notes), width)


def _value(preview: Preview, instrument: Instrument, width: int) -> Line:
    fee = f"fee {text_of.compact(float(preview.fee))}" if preview.fee else ""
    return fact("notional", text_of.notional(preview.notional, instrument.quote), fee, width)


def _after(preview: Preview, instrument: Instrument, width: int) -> list[Line]:
    """The position once it is filled: its average, its breakeven, the slots that it takes."""
    slots = slot_words(preview)
    if not preview.position:
        return [fact("then", "flat", slots, width)]
    size = text_of.size(preview.position, instrument)
    size = f"+{size}" if preview.position > 0 else size
    average = text_of.price(preview.average_price, instrument)
    lines = [Line(spread_out([label("then"), Span(size)], [Span(f"@ {average} ")], width))]
    if preview.breakeven is not None and preview.average_price is not None:
        lines.append(fact("breakeven", text_of.price(preview.breakeven, instrument), slots, width))
    elif slots:
        lines.append(fact("", "", slots, width))
    return lines


def slot_words(preview: Preview) -> str:
    """`2.9 of 4 slots`."""
    if preview.slots is None:
        return ""
    used, count = preview.slots
    return f"{text_of.fixed(used, 1)} of {count} slots"


def picked_lines(summary: Summary, market: MarketView | None, width: int) -> list[Line]:
    """The working order, or alert, that keys act on."""
    picked = summary.picked
    if picked is None or market is None:
        return []
    if not isinstance(picked, Order):
        price = text_of.price(picked.price, market.instrument)
        hint = Line((Span(" c cancels", "muted"),))
        return [fact("picked", "alert", f"@ {price}", width, "alert"), hint]
    price = text_of.price(
        picked.trigger_price if picked.state == "dark" else picked.price or picked.stop_price,
        market.instrument,
    )
    size = text_of.size(picked.remaining, market.instrument)
    held = terms.held_words(picked)
    if held == "held here":
        held = "held here: needs this host and its feed"
    lines = [
        fact("picked", f"{picked.side} {size}", f"@ {price}", width, "text bold"),
        fact("type", terms.type_words(picked), "", width),
        *_terms(terms.notes(picked, market.instrument, summary.zone), width),
        fact(
            "state",
            picked.state.value,
            picked.awaiting,
            width,
            STATE_INKS.get(picked.state, "text"),
        ),
    ]
    lines += wrapped_fact("where", held, width)
    keys = "c cancels" if working_price(picked) is None else "↑↓ amends   c cancels"
    return [*lines, Line((Span(f" {keys}", "muted"),))]


def strip_spans(summary: Summary, width: int) -> tuple[Span, ...]:
    """The staged line in words, for one row."""
    staged = summary.staged
    if staged is None:
        return ()
    word = "ALERT" if staged.kind == "alert" else staged.route.upper()
    tail = " enter sends "
    room = width - cell_len(word) - 4
    texts = [_routeless(text, staged.route) for text in summary.texts]
    text = next((text for text in texts if cell_len(text) <= room), texts[-1])
    has_tail = cell_len(text) + len(tail) <= room
    return spread_out(
        [Span(f" {word} ", chip_ink(summary, staged)), Span(f" {text}", "text")],
        [Span(tail, "muted")] if has_tail else [],
        width,
    )


def _routeless(text: str, route: str) -> str:
    """Words of what is staged, without those that stand before them."""
    return text.removeprefix("ALERT ").replace(f"{route.upper()} ", "", 1)
