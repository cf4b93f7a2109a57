"""The banner under the status line: that the engine is gone, or that the kill switch is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo

from rich.cells import cell_len

from engine.messages import GuardsUpdate
from tui.paint import format as text_of
from tui.state import DeckState
from tui.widgets.inks import Numbers, time_text
from tui.widgets.lines import Line, Lines, Span, fit


class Banner(Lines):
    """Two rows: what happened, and what that means for what was working. The engine's failure is
    loud; the kill switch, which a person wanted, is calm."""

    DEFAULT_CSS = "Banner { height: 2; background: $surface; }"

    def __init__(
        self,
        state: DeckState,
        *,
        zone: Callable[[], tzinfo | None] = lambda: UTC,
        number_of: Numbers = lambda _order_id: 0,
    ) -> None:
        super().__init__(id="banner")
        self._state = state
        self._zone = zone
        self._number_of = number_of

    def paint(self, width: int, height: int) -> list[Line]:
        state = self._state
        if not state.failure and state.guards is not None:
            texts = kill_texts(state, state.guards, self._zone(), self._number_of, width)
            ink = "chip-warning bold"
        else:
            texts, ink = banner_texts(state), "chip-error bold"
        return [Line((Span(fit(text, width), ink),)) for text in texts]


def banner_texts(state: DeckState) -> tuple[str, str]:
    """What is said of a failed engine: why, and what to mind or to do."""
    unknown = sum(order.state == "unknown" for order in state.orders.values())
    what = "Nothing here is of now any more."
    if unknown:
        orders = f"{unknown} order{'' if unknown == 1 else 's'} in an UNKNOWN state"
        what = f"{orders}: look at the venue. {what}"
    elif state.failure_hint:
        what = f"{state.failure_hint[0].upper()}{state.failure_hint[1:]}."
    return (
        f" ENGINE FAILED  {' '.join(state.failure.split())}",
        f" {what} q quits; the log says more.",
    )


def kill_texts(
    state: DeckState, guards: GuardsUpdate, zone: tzinfo | None, number_of: Numbers, width: int
) -> tuple[str, str]:
    """What is said while the kill switch is on, in `width` cells: why and since when, and which
    orders are not confirmed as canceled."""
    since = time_text(guards.killed_ns, zone)
    first = " KILL SWITCH ON"
    first += f" since {since}" if since else ""
    first += f"  {guards.kill_reason}" if guards.kill_reason else ""
    how = ":kill off lifts it "
    if cell_len(first) + len(how) < width:
        first = fit(first, width - len(how)) + how
    if not guards.unconfirmed:
        working = len(state.working())
        left = f"{working} still working: look at the blotter." if working else "Nothing works."
        return first, f" {left} No new order is taken, also after a restart."
    second = " NOT CONFIRMED as canceled, may work still: "
    return first, second + _listed(state, guards.unconfirmed, number_of, width - len(second) - 1)


def _listed(state: DeckState, order_ids: Sequence[str], number_of: Numbers, width: int) -> str:
    """As many orders as `width` cells hold, in as many words as they leave for each."""
    forms = [_words(state, order_id, number_of) for order_id in order_ids]
    for form in zip(*forms, strict=True):
        text = ", ".join(form)
        if cell_len(text) <= width:
            return text
    return _as_many([words[-1] for words in forms], width)


def _words(state: DeckState, order_id: str, number_of: Numbers) -> tuple[str, str, str]:
    """An order in ever fewer words; one that the deck was not told of by its id."""
    order = state.orders.get(order_id)
    if order is None:
        return order_id, order_id, order_id
    number, size = f"#{number_of(order_id)}", text_of.plain(order.remaining)
    return f"{number} {order.side} {size} {order.fqme}", f"{number} {order.side} {size}", number


def _as_many(parts: list[str], width: int) -> str:
    """As many parts as fit in `width` cells, and how many more there are."""
    for count in range(len(parts) - 1, 0, -1):
        text = f"{', '.join(parts[:count])} and {len(parts) - count} more"
        if cell_len(text) <= width:
            return text
    return f"{len(parts)} orders"
