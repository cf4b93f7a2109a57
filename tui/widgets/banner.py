"""The banner under the status line: that the engine is gone, or that the kill switch is on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo

from rich.cells import cell_len

from engine.messages import GuardsUpdate
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
    """What is said of a failed engine."""
    unknown = sum(order.state == "unknown" for order in state.orders.values())
    orders = (
        f"{unknown} order{'' if unknown == 1 else 's'} in an UNKNOWN state: look at the venue. "
    )
    return (
        f" ENGINE FAILED  {state.failure}",
        f" {orders if unknown else ''}Nothing here is of now any more. q quits; the log says more.",
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
    if not guards.unconfirmed:
        working = len(state.working())
        left = f"{working} still working: look at the blotter. " if working else ""
        return first, f" {left or 'Nothing works. '}No new order is taken. :kill off lifts it."
    count = len(guards.unconfirmed)
    second = f" NOT CONFIRMED as canceled, may work still: {count} order{'s' * (count != 1)}: "
    return first, second + _as_many(
        [_order_words(state, order_id, number_of) for order_id in guards.unconfirmed],
        width - cell_len(second) - 1,
    )


def _order_words(state: DeckState, order_id: str, number_of: Numbers) -> str:
    order = state.orders.get(order_id)
    if order is None:
        return order_id
    return f"#{number_of(order_id)} {order.side} {order.remaining:f} {order.fqme}"


def _as_many(parts: list[str], width: int) -> str:
    """As many parts as fit in `width` cells, and how many more there are."""
    for count in range(len(parts), 0, -1):
        more = f", and {len(parts) - count} more" if count < len(parts) else ""
        text = ", ".join(parts[:count]) + more
        if cell_len(text) <= width:
            return text
    return f"{len(parts)} of them" if len(parts) > 1 else "".join(parts)
