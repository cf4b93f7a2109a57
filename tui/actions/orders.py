"""Keys of order mode."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from tui.actions.action import Action
from tui.actions.chart import periods


def _digits() -> Iterable[Action]:
    # All periods, so that a user may put them on other digits.
    hidden = tuple(action.name for action in periods())
    for digit in "0123456789":
        yield Action(
            f"digit_{digit}",
            "desk",
            "type_digit",
            (digit,),
            f"Type the digit {digit} of the order's size",
            "Orders",
            "order",
            (digit,),
            hides=hidden,
        )


_STEPS = {"": (1, "a tick"), "shift": (10, "ten ticks"), "ctrl": (100, "a hundred ticks")}
"""Ticks that an arrow moves a price by, by the modifier held."""


def _arrows() -> Iterable[Action]:
    """Arrows of a staged line: by 1, 10 and 100 ticks."""
    hidden = {
        "": ("market_{}", "cursor_{}", "row_{}"),
        "shift": ("y_pan_{}", "cursor_{}_far"),
        "ctrl": ("y_zoom_{}", "cursor_{}_tick"),
    }
    below = {
        "market_{}": {"up": "market_previous", "down": "market_next"},
        "y_zoom_{}": {"up": "y_zoom_in", "down": "y_zoom_out"},
    }
    for (modifier, (ticks, words)), way in product(_STEPS.items(), ("up", "down")):
        names = tuple(
            below.get(pattern, {}).get(way, pattern.format(way)) for pattern in hidden[modifier]
        )
        letters = {"up": ("k",), "down": ("j",)}[way] if ticks == 1 else ()
        yield Action(
            f"price_{way}" if ticks == 1 else f"price_{way}_{ticks}",
            "desk",
            "move_price",
            (ticks if way == "up" else -ticks,),
            f"Move the staged or picked order {way} by {words}",
            "Orders",
            "staged",
            (f"{modifier}+{way}" if modifier else way, *letters),
            footer="price" if ticks == 1 else "",
            rank=0,
            hides=names,
        )


ORDERS: tuple[Action, ...] = (
    Action(
        "order_mode", "desk", "toggle_armed", (), "Arm or disarm order mode", "Orders", "deck",
        ("o",), footer="orders", rank=1,
    ),
    Action(
        "buy", "desk", "stage", ("buy",), "Stage a buy at the crosshair, or at the bid",
        "Orders", "order", ("f",), footer="buy", rank=1,
    ),
    Action(
        "sell", "desk", "stage", ("sell",), "Stage a sell at the crosshair, or at the ask",
        "Orders", "order", ("d",), footer="sell", rank=1,
    ),
    Action(
        "alert", "desk", "stage_alert", (), "Stage an alert at the crosshair, or at the last price",
        "Orders", "order", ("a",), footer="alert", rank=1,
    ),
    Action(
        "send", "desk", "submit", (), "Send what is staged, once", "Orders", "staged",
        ("enter",), sends_order=True, footer="send", rank=0, hides=("row_open",),
    ),
    Action(
        "unstage", "desk", "unstage", (), "Drop what is staged; nothing is sent", "Orders",
        "staged", ("escape",), footer="drop", rank=0, hides=("disarm", "back", "blotter_leave"),
    ),
    Action(
        "disarm", "desk", "disarm", (), "Leave order mode", "Orders", "order", ("escape",),
        hides=("back",),
    ),
    *_arrows(),
    Action(
        "price_to_bid", "desk", "to_bid", (), "Move the staged or picked order to the bid",
        "Orders", "staged", ("left_square_bracket",), footer="bid/ask", rank=1,
        hides=("blotter_previous",),
    ),
    Action(
        "price_to_ask", "desk", "to_ask", (), "Move the staged or picked order to the ask",
        "Orders", "staged", ("right_square_bracket",), footer="bid/ask", rank=1,
        hides=("blotter_next",),
    ),
    Action(
        "size_up", "desk", "step_size", (1,), "A slot, or a unit, more", "Orders", "order",
        ("plus", "equals_sign"), footer="size", rank=1, hides=("zoom_in",),
    ),
    Action(
        "size_down", "desk", "step_size", (-1,), "A slot, or a unit, less", "Orders", "order",
        ("minus",), footer="size", rank=1, hides=("zoom_out",),
    ),
    *_digits(),
    Action(
        "size_point", "desk", "type_digit", (".",), "Type the decimal point of the order's size",
        "Orders", "order", ("full_stop",), hides=("playback_step",),
    ),
    Action(
        "size_erase", "desk", "erase_digit", (), "Take back a digit of the order's size",
        "Orders", "order", ("backspace",),
    ),
    Action(
        "size_unit", "desk", "toggle_size_unit", (), "Count sizes in slots or in units", "Orders",
        "order", ("u",), footer="unit", rank=4,
    ),
    Action(
        "route", "desk", "toggle_route", (),
        "Dark: hold it here until its price is touched; live: send it to the venue", "Orders",
        "order", ("s",), footer="dark/live", rank=0,
    ),
    Action(
        "type_next", "desk", "step_type", (1,),
        "Next order type: limit, market, stop, stop-limit, take-profit, trailing stop", "Orders",
        "staged", ("t",), footer="type", rank=1, hides=("theme",),
    ),
    Action(
        "type_previous", "desk", "step_type", (-1,), "Order type before", "Orders", "staged",
        ("T",), hides=("swap_colours",),
    ),
    Action(
        "term", "desk", "step_term", (),
        "Good till canceled, till a time, immediate or cancel, fill or kill", "Orders", "staged",
        ("g",), hides=("go",),
    ),
    Action(
        "lasting", "desk", "step_lasting", (), "End it after 15m, 1h, 4h, a day, a week",
        "Orders", "staged", ("G",),
    ),
    Action(
        "post_only", "desk", "toggle_post_only", (), "Only rest in the book, never take",
        "Orders", "staged", ("p",), hides=("period_longer", "row_pause"),
    ),
    Action(
        "reduce_only", "desk", "toggle_reduce_only", (),
        "Only take from what is held, or open the other side too", "Orders", "staged", ("r",),
        hides=("reset",),
    ),
    Action(
        "distance_narrower", "desk", "step_distance", (-1,),
        "Trail closer, or put the limit closer to its stop", "Orders", "staged",
        ("less_than_sign",), hides=("playback_slower",),
    ),
    Action(
        "distance_wider", "desk", "step_distance", (1,),
        "Trail farther, or put the limit farther from its stop", "Orders", "staged",
        ("greater_than_sign",), hides=("playback_faster",),
    ),
    Action(
        "trail_unit", "desk", "toggle_trail_unit", (), "Trail by a price or by a percentage",
        "Orders", "staged", ("percent_sign",), hides=("price_scale",),
    ),
    Action(
        "close_half", "desk", "close_half", (), "Stage a market order that closes half of the "
        "position", "Orders", "order", ("H",), hides=("history_strip",),
    ),
    Action(
        "flatten", "desk", "flatten", (),
        "Flatten: cancel what works here, close the position at the market (asks first)",
        "Orders", "order", ("X",), sends_order=True, footer="flatten", rank=4,
    ),
    Action(
        "reverse", "desk", "reverse", (),
        "Reverse: cancel what works here, trade the position to the other side (asks first)",
        "Orders", "order", ("R",), sends_order=True,
    ),
    Action(
        "arm_account", "desk", "toggle_account_armed", (),
        "Arm the live account for real money (asks first), or disarm it", "Orders", "order",
        ("L",), sends_order=True, footer="arm", rank=1, hides=("playback_loop",),
    ),
    Action(
        "account", "desk", "step_account", (1,), "Use the next account", "Orders", "order",
        ("m",), footer="account", rank=4,
    ),
    Action(
        "pick_next", "desk", "pick", (1,), "Pick the next working order of the market", "Orders",
        "order", ("tab",), footer="pick", rank=2, hides=("focus_next",),
    ),
    Action(
        "pick_previous", "desk", "pick", (-1,), "Pick the working order before", "Orders",
        "order", ("shift+tab",), hides=("focus_previous",),
    ),
    Action(
        "cancel", "desk", "cancel", (), "Cancel the picked order", "Orders", "order", ("c",),
        sends_order=True, footer="cancel", rank=0,
    ),
    Action(
        "cancel_all", "desk", "cancel_all", (), "Cancel all orders of this market (asks first)",
        "Orders", "order", ("C",), sends_order=True,
    ),
)  # fmt: skip
