"""Keys of the blotter."""

from __future__ import annotations

from tui.actions.action import Action

BLOTTER: tuple[Action, ...] = (
    Action(
        "row_up", "blotter", "move_row", (-1,), "Go a row up", "Blotter", "blotter", ("up", "k"),
        hides=("market_previous", "cursor_up"), footer="row", rank=1,
    ),
    Action(
        "row_down", "blotter", "move_row", (1,), "Go a row down", "Blotter", "blotter",
        ("down", "j"), hides=("market_next", "cursor_down"), footer="row", rank=1,
    ),
    Action(
        "row_page_up", "blotter", "move_row", (-10,), "Go ten rows up", "Blotter", "blotter",
        ("pageup",), hides=("page_left",),
    ),
    Action(
        "row_page_down", "blotter", "move_row", (10,), "Go ten rows down", "Blotter", "blotter",
        ("pagedown",), hides=("page_right",),
    ),
    Action(
        "row_open", "blotter", "open_row", (), "Show the market of this row", "Blotter",
        "blotter", ("enter",), footer="show", rank=1,
    ),
    Action(
        "row_cancel", "blotter", "cancel_row", (), "Cancel the order, algo or alert of this row",
        "Blotter", "blotter", ("c",), sends_order=True, footer="cancel", rank=1, hides=("cancel",),
    ),
    Action(
        "row_pause", "blotter", "pause_row", (), "Pause the algo of this row, or go on with it",
        "Blotter", "blotter", ("p",), sends_order=True, footer="pause", rank=1,
        hides=("period_longer",),
    ),
    Action(
        "blotter_leave", "deck", "back", (), "Leave the blotter", "Blotter", "blotter",
        ("escape",), hides=("disarm", "back"),
    ),
    Action(
        "blotter_previous", "blotter", "step_tab", (-1,), "Show the blotter's tab to the left",
        "Blotter", "deck", ("left_square_bracket",),
    ),
    Action(
        "blotter_next", "blotter", "step_tab", (1,), "Show the blotter's tab to the right",
        "Blotter", "deck", ("right_square_bracket",), footer="tab",
    ),
)  # fmt: skip
