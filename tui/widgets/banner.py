"""The banner of a deck whose engine is gone."""

from __future__ import annotations

from tui.state import DeckState
from tui.widgets.lines import Line, Lines, Span, fit


class Banner(Lines):
    """Two loud rows: what happened, and what that means for what was working."""

    DEFAULT_CSS = "Banner { height: 2; background: $error; }"

    def __init__(self, state: DeckState) -> None:
        super().__init__(id="banner")
        self._state = state

    def paint(self, width: int, height: int) -> list[Line]:
        return [
            Line((Span(fit(text, width), "chip-error bold"),)) for text in banner_texts(self._state)
        ]


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
