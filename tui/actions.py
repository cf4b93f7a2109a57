"""Everything that a key can do: the one registry behind help, footer and `keys.toml`.

An action names a method of a target; `perform` calls it. The deck maps the target names to
objects: `deck` (the app), `chart`, `blotter`, `desk` (`tui.order_desk.OrderDesk`) and
`playback` (`tui.playback.PlaybackControls`).

**Contexts.** A context is a state in which keys mean something. The deck passes those that
hold, the nearest first, always in the order of `CONTEXTS`; the first that knows the key has
it. An action that takes a key from a context below says so in `hides`; anything else is a
conflict. `STACKS` lists what can hold together.

**Order-sending actions** carry `sends_order`. Their methods take `at`, when the key was
pressed in seconds of the monotonic clock, and refuse what was not on the screen by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from engine.config import PERIODS

CONTEXTS = ("staged", "blotter", "order", "cursor", "playback", "chart", "deck")
"""All contexts, the nearest first.

`staged`: an intent is staged, or a working order is picked; `blotter`: the blotter has the
focus; `order`: order mode is armed; `cursor`: the crosshair is on; `playback`: the market is
a recording being played; `chart` and `deck` always hold on the main screen.
"""

GROUPS = ("Markets", "Chart", "Orders", "Blotter", "Playback", "Deck")
"""The chapters of the help page, in its order."""


class Action(NamedTuple):
    """One thing that a key does."""

    name: str
    """What `keys.toml` calls it."""
    target: str
    """Whose method it is: `deck`, `chart`, `desk`, `playback`, `blotter`."""
    method: str
    arguments: tuple[Any, ...]
    help: str
    """What it does, in one line."""
    group: str
    context: str
    keys: tuple[str, ...]
    """The keys it has by default, by the names that the terminal layer gives them."""
    sends_order: bool = False
    """It can send, change or cancel an order; it is performed with the time of the key."""
    footer: str = ""
    """A word for the footer; empty keeps it out. Neighbours with one word share a place."""
    rank: int = 3
    """Where the footer is short of room the lower ranks stay."""
    hides: tuple[str, ...] = ()
    """Actions of contexts below that do not get its keys while its own context holds."""
    takes_keys: bool = False
    """It opens something that the keys after it are meant for."""


class Call(NamedTuple):
    """What a line of the command line asks for: a method of a target, as an action does."""

    target: str
    method: str
    arguments: tuple[Any, ...] = ()
    sends_order: bool = False


class Entry(NamedTuple):
    """A line of the footer or the help page."""

    keys: tuple[str, ...]
    text: str
    group: str
    action: Action


def _periods() -> Iterable[Action]:
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


def _digits() -> Iterable[Action]:
    # All periods, so that a user may put them on other digits.
    hidden = tuple(action.name for action in _periods())
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


_MARKETS = (
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

_CHART = (
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
        "page_left", "chart", "pan_page", (-0.8,), "Pan far to older bars", "Chart", "chart",
        ("shift+left", "pageup"),
    ),
    Action(
        "page_right", "chart", "pan_page", (0.8,), "Pan far to newer bars", "Chart", "chart",
        ("shift+right", "pagedown"),
    ),
    Action(
        "zoom_in", "chart", "zoom", (1,), "Zoom in about the last bar", "Chart", "chart",
        ("plus", "equals_sign", "z"), footer="zoom",
    ),
    Action(
        "zoom_out", "chart", "zoom", (-1,), "Zoom out about the last bar", "Chart", "chart",
        ("minus", "Z"), footer="zoom",
    ),
    Action(
        "follow", "chart", "follow", (), "Follow the newest bar", "Chart", "chart", ("end", "e"),
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
        "style", "chart", "toggle_style", (), "Switch between bars and line", "Chart", "chart",
        ("v",),
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
)  # fmt: skip

_ORDERS = (
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

_BLOTTER = (
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
        "row_cancel", "blotter", "cancel_row", (), "Cancel the order or alert of this row",
        "Blotter", "blotter", ("c",), sends_order=True, footer="cancel", rank=1, hides=("cancel",),
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

_PLAYBACK = (
    Action(
        "playback_pause", "playback", "toggle_pause", (), "Pause the playback, or go on",
        "Playback", "playback", ("space",), footer="pause", rank=1,
    ),
    Action(
        "playback_slower", "playback", "step_speed", (-1,), "Play slower", "Playback",
        "playback", ("less_than_sign",), footer="speed", rank=2,
    ),
    Action(
        "playback_faster", "playback", "step_speed", (1,), "Play faster", "Playback",
        "playback", ("greater_than_sign",), footer="speed", rank=2,
    ),
    Action(
        "playback_step", "playback", "step", (1,), "Play one message", "Playback", "playback",
        ("full_stop",), footer="step",
    ),
    Action(
        "playback_back", "playback", "seek", (-60,), "Go back a minute", "Playback", "playback",
        ("ctrl+left",), footer="seek",
    ),
    Action(
        "playback_forward", "playback", "seek", (60,), "Go on a minute", "Playback", "playback",
        ("ctrl+right",), footer="seek",
    ),
    Action(
        "playback_restart", "playback", "restart", (), "Go to the start", "Playback", "playback",
        ("ctrl+home",),
    ),
    Action(
        "playback_loop", "playback", "toggle_loop", (), "Start again at the end, or stop there",
        "Playback", "playback", ("L",),
    ),
)  # fmt: skip

_DECK = (
    Action(
        "command", "deck", "open_command", (), "Open the command line", "Deck", "deck",
        ("colon",), footer="command", rank=0, takes_keys=True,
    ),
    Action(
        "help", "deck", "open_help", (), "Show every key", "Deck", "deck",
        ("question_mark", "f1"), footer="help", takes_keys=True,
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
        "quit", "deck", "quit_deck", (), "Leave; asks what to do with working orders", "Deck",
        "deck", ("q", "ctrl+q", "ctrl+c"), footer="quit", rank=2, takes_keys=True,
    ),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *_MARKETS,
    *_periods(),
    *_CHART,
    *_ORDERS,
    *_BLOTTER,
    *_PLAYBACK,
    *_DECK,
)
"""The registry. Nothing else binds keys of the main screen."""

BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}


def _stacks() -> Iterable[tuple[str, ...]]:
    """`chart` and `deck` always hold; nothing is staged while order mode is off."""
    optional = [context for context in CONTEXTS if context not in ("chart", "deck")]
    for choice in product((False, True), repeat=len(optional)):
        held = {context for context, holds in zip(optional, choice, strict=True) if holds}
        if "staged" in held and "order" not in held:
            continue
        yield tuple(c for c in CONTEXTS if c in held or c in ("chart", "deck"))


STACKS: tuple[tuple[str, ...], ...] = tuple(_stacks())
"""Every set of contexts that can hold at one time, the nearest first."""


def in_order(contexts: Iterable[str]) -> tuple[str, ...]:
    """`contexts` as `CONTEXTS` has them: the nearest first."""
    held = set(contexts)
    return tuple(context for context in CONTEXTS if context in held)


def perform(action: Action | Call, targets: Mapping[str, Any], at: float) -> Any:
    """Call the method of an action, or of a typed command, on its target.

    Args:
        targets: objects by the names that actions use.
        at: when the key was pressed, seconds of the monotonic clock (`Key.time`).
    """
    if isinstance(action, Call) or action.takes_keys:
        # What is opened may get the keys only later, and an Enter that closes it may come
        # twice: neither may send what is staged, however long that has been on the screen.
        targets["desk"].unsee()
    method = getattr(targets[action.target], action.method)
    if action.sends_order:
        return method(*action.arguments, at=at)
    return method(*action.arguments)


def footer_for(
    contexts: Sequence[str], keys_of: Mapping[str, tuple[str, ...]] | None = None
) -> list[Entry]:
    """What works now and has a word for the footer, the nearest context first.

    Args:
        contexts: those that hold, the nearest first.
        keys_of: keys by action name, as a `Keymap` has them; the defaults without it.
    """
    seen: set[str] = set()
    entries: list[Entry] = []
    for context in contexts:
        for action in ACTIONS:
            if action.context != context:
                continue
            keys = action.keys if keys_of is None else keys_of.get(action.name, ())
            free = tuple(key for key in keys if key not in seen)
            if free and action.footer:
                entries.append(Entry(free, action.footer, action.group, action))
        # What a nearer context binds is not free below, shown or not.
        seen.update(_keys_of_context(context, keys_of))
    return entries


def help_rows(keys_of: Mapping[str, tuple[str, ...]] | None = None) -> list[Entry]:
    """Every action with its keys, by group in the order of `GROUPS`; unbound ones last."""
    rows = [
        Entry(
            action.keys if keys_of is None else keys_of.get(action.name, ()),
            action.help,
            action.group,
            action,
        )
        for action in ACTIONS
    ]
    return sorted(rows, key=lambda row: (GROUPS.index(row.group), not row.keys))


def _keys_of_context(context: str, keys_of: Mapping[str, tuple[str, ...]] | None) -> Iterable[str]:
    for action in ACTIONS:
        if action.context == context:
            yield from action.keys if keys_of is None else keys_of.get(action.name, ())
