"""Keys of the watchlist."""

from __future__ import annotations

from tui.actions.action import Action

MARKETS: tuple[Action, ...] = (
    Action(
        "search", "deck", "open_search", (), "Find a market", "Markets", "deck", ("slash",),
        footer="find", rank=2, takes_keys=True,
    ),
    Action(
        "market_previous", "deck", "step_market", (-1,), "Select the market above", "Markets",
        "deck", ("up", "k"), footer="market", rank=2,
    ),
    Action(
        "market_next", "deck", "step_market", (1,), "Select the market below", "Markets",
        "deck", ("down", "j"), footer="market", rank=2,
    ),
    Action(
        "unwatch", "deck", "unwatch_selected", (), "Take the market off the watchlist", "Markets",
        "deck", ("delete",),
    ),
)  # fmt: skip
