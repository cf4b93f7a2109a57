"""Keys of the chart: periods, pan and zoom, price range, crosshair."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from engine.config import PERIODS
from tui.actions.action import Action


def periods() -> Iterable[Action]:
    for digit, (name, seconds) in enumerate(PERIODS.items(), 1):
        yield Action(
            f"period_{name}",
            "deck",
            "set_period",
            (seconds,),
            f"Show bars of {name}",
            "Chart",
            "chart",
            (str(digit),),
        )


_CURSOR_STEPS = {
    "": ("rows", 1, "a row"),
    "shift": ("rows", 5, "five rows"),
    "ctrl": ("ticks", 1, "a tick"),
}
"""What an arrow moves the crosshair by, by the modifier held. A tick is often too little to be
seen on the chart, and only a staged line needs it."""


def _cursor_arrows() -> Iterable[Action]:
    """Arrows of the crosshair: by rows of the screen, or exactly."""
    below = {
        "": {"up": "market_previous", "down": "market_next"},
        "shift": {"up": "y_pan_up", "down": "y_pan_down"},
        "ctrl": {"up": "y_zoom_in", "down": "y_zoom_out"},
    }
    for (modifier, (unit, count, words)), way in product(_CURSOR_STEPS.items(), ("up", "down")):
        name = f"cursor_{way}" + {"": "", "shift": "_far", "ctrl": "_tick"}[modifier]
        letters = {"up": ("k",), "down": ("j",)}[way] if not modifier else ()
        step = count if way == "up" else -count
        yield Action(
            name,
            "chart",
            "move_cursor_rows" if unit == "rows" else "move_cursor",
            (step,) if unit == "rows" else (0, step),
            f"Move the crosshair {way} by {words}",
            "Chart",
            "cursor",
            (f"{modifier}+{way}" if modifier else way, *letters),
            footer="level" if not modifier else "",
            rank=2,
            hides=(below[modifier][way],),
        )


CHART: tuple[Action, ...] = (
    *periods(),
    Action(
        "period_longer", "deck", "step_period", (1,), "Show the next longer period", "Chart",
        "chart", ("p",), footer="period",
    ),
    Action(
        "period_shorter", "deck", "step_period", (-1,), "Show the next shorter period", "Chart",
        "chart", ("P",),
    ),
    Action(
        "pan_left", "chart", "pan", (-8,), "Pan to older bars", "Chart", "chart", ("left", "h"),
    ),
    Action(
        "pan_right", "chart", "pan", (8,), "Pan to newer bars", "Chart", "chart", ("right", "l"),
    ),
    Action(
        "bar_left", "chart", "pan", (-1,), "Pan by a bar to older ones", "Chart", "chart",
        ("ctrl+left",),
    ),
    Action(
        "bar_right", "chart", "pan", (1,), "Pan by a bar to newer ones", "Chart", "chart",
        ("ctrl+right",),
    ),
    Action(
        "page_left", "chart", "pan_page", (-0.8,), "Pan far to older bars", "Chart", "chart",
        ("shift+left", "pageup"),
    ),
    Action(
        "page_right", "chart", "pan_page", (0.8,), "Pan far to newer bars", "Chart", "chart",
        ("shift+right", "pagedown"),
    ),
    Action(
        "zoom_in", "chart", "zoom", (1,), "Zoom in about the crosshair, or the bar at the right",
        "Chart", "chart", ("plus", "equals_sign", "z"), footer="zoom",
    ),
    Action(
        "zoom_out", "chart", "zoom", (-1,), "Zoom out about the crosshair, or the bar at the right",
        "Chart", "chart", ("minus", "Z"), footer="zoom",
    ),
    Action(
        "zoom_all", "chart", "fit_all", (), "Show all the history that there is", "Chart",
        "chart", ("A",),
    ),
    Action(
        "mark", "chart", "mark", (),
        "Mark a range from the crosshair on; again: zoom to the range marked", "Chart", "chart",
        ("n",),
    ),
    Action(
        "follow", "chart", "follow", (), "Follow the newest bar", "Chart", "chart", ("end", "e"),
    ),
    Action(
        "go", "deck", "open_go", (), "Go to a date, as 1 mar 14:30 or 3 weeks ago", "Chart",
        "chart", ("g",), footer="go to", rank=4, takes_keys=True,
    ),
    Action(
        "reset", "chart", "reset", (), "Default zoom, newest bars, automatic prices", "Chart",
        "chart", ("home", "r"),
    ),
    Action(
        "y_auto", "chart", "y_auto", (), "Fit the price range to what is shown", "Chart",
        "chart", ("y",),
    ),
    Action(
        "y_lock", "chart", "toggle_lock", (),
        "Keep the height of the price range and follow the last price, or fit it again", "Chart",
        "chart", ("Y",),
    ),
    Action(
        "y_pan_up", "chart", "y_pan", (1,), "Shift the price range up", "Chart", "chart",
        ("shift+up",),
    ),
    Action(
        "y_pan_down", "chart", "y_pan", (-1,), "Shift the price range down", "Chart", "chart",
        ("shift+down",),
    ),
    Action(
        "y_zoom_in", "chart", "y_zoom", (1,), "Narrow the price range", "Chart", "chart",
        ("ctrl+up",),
    ),
    Action(
        "y_zoom_out", "chart", "y_zoom", (-1,), "Widen the price range", "Chart", "chart",
        ("ctrl+down",),
    ),
    Action(
        "price_scale", "chart", "step_price_scale", (1,),
        "Show prices on a linear, a logarithmic or a percent scale", "Chart", "chart",
        ("percent_sign",),
    ),
    Action(
        "style", "chart", "toggle_style", (1,), "Use the next chart style",
        "Chart", "chart", ("v",),
    ),
    Action(
        "style_back", "chart", "toggle_style", (-1,), "Use the chart style before",
        "Chart", "chart", ("V",),
    ),
    Action(
        "closed_hours", "chart", "toggle_closed_hours", (),
        "Show the hours without trading at full length, or cut short", "Chart", "chart", ("N",),
    ),
    Action(
        "full_screen", "deck", "toggle_full_screen", (), "Show the chart alone, or all again",
        "Chart", "chart", ("F",), footer="full", rank=4,
    ),
    Action(
        "history_strip", "deck", "toggle_strip", (), "Show or hide the strip of all history",
        "Chart", "chart", ("H",),
    ),
    Action(
        "cursor", "chart", "toggle_cursor", (), "Show or hide the crosshair", "Chart", "chart",
        ("x",), footer="cross",
    ),
    *_cursor_arrows(),
    Action(
        "cursor_left", "chart", "move_cursor", (-1, 0), "Move the crosshair a bar back", "Chart",
        "cursor", ("left", "h"), hides=("pan_left",),
    ),
    Action(
        "cursor_right", "chart", "move_cursor", (1, 0), "Move the crosshair a bar on", "Chart",
        "cursor", ("right", "l"), hides=("pan_right",),
    ),
    Action(
        "cursor_left_far", "chart", "move_cursor", (-10, 0), "Move the crosshair ten bars back",
        "Chart", "cursor", ("shift+left",), hides=("page_left",),
    ),
    Action(
        "cursor_right_far", "chart", "move_cursor", (10, 0), "Move the crosshair ten bars on",
        "Chart", "cursor", ("shift+right",), hides=("page_right",),
    ),
    Action(
        "measure", "chart", "toggle_measure", (),
        "Measure from the crosshair on, or stop that", "Chart", "cursor", ("M",),
        footer="measure", rank=3,
    ),
)  # fmt: skip
