"""Keys of the deck itself: panels, themes, other screens."""

from __future__ import annotations

from tui.actions.action import Action

DECK: tuple[Action, ...] = (
    Action(
        "command", "deck", "open_command", (), "Open the command line", "Deck", "deck",
        ("colon",), footer="command", rank=0, takes_keys=True,
    ),
    Action(
        "help", "deck", "open_help", (), "Show every key", "Deck", "deck",
        ("question_mark", "f1"), footer="help", takes_keys=True,
    ),
    Action(
        "grid", "deck", "step_grid", (1,), "Show one, two, four or six charts", "Chart", "deck",
        ("ctrl+g",),
    ),
    Action(
        "chart_next", "deck", "step_pane", (1,), "Go to the next chart of the grid", "Chart",
        "deck", ("right_curly_bracket",), footer="chart", rank=3,
    ),
    Action(
        "chart_previous", "deck", "step_pane", (-1,), "Go to the chart before", "Chart", "deck",
        ("left_curly_bracket",),
    ),
    Action(
        "overlay_percent", "chart", "toggle_overlay_percent", (),
        "Show all markets of a chart on one axis, in percent, or each on its own", "Chart",
        "deck", ("ampersand",),
    ),
    Action(
        "panel_watchlist", "deck", "toggle_panel", ("watchlist",), "Show or hide the watchlist",
        "Deck", "deck", ("w",),
    ),
    Action(
        "panel_order", "deck", "toggle_panel", ("order",), "Show or hide the order pane", "Deck",
        "deck", ("i",),
    ),
    Action(
        "panel_blotter", "deck", "toggle_panel", ("blotter",), "Show or hide the blotter", "Deck",
        "deck", ("b",), footer="blotter", rank=2,
    ),
    Action(
        "focus_next", "deck", "step_focus", (1,), "Go to the next panel", "Deck", "deck",
        ("tab",),
    ),
    Action(
        "focus_previous", "deck", "step_focus", (-1,), "Go to the panel before", "Deck", "deck",
        ("shift+tab",),
    ),
    Action(
        "back", "deck", "back", (), "Close what is open, go back to the chart", "Deck", "deck",
        ("escape",),
    ),
    Action(
        "theme", "deck", "step_theme", (1,), "Use the next theme", "Deck", "deck", ("t",),
    ),
    Action(
        "swap_colours", "deck", "toggle_swap", (), "Swap the colours of up and down", "Deck",
        "deck", ("T",),
    ),
    Action(
        "redraw", "deck", "redraw", (), "Clear the terminal and draw everything anew", "Deck",
        "deck", ("ctrl+l",),
    ),
    Action(
        "quit", "deck", "quit_deck", (), "Leave; asks what to do with working orders", "Deck",
        "deck", ("q", "ctrl+q", "ctrl+c"), footer="quit", rank=2, takes_keys=True,
    ),
)  # fmt: skip
