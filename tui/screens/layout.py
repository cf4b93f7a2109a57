"""Where everything stands on the main screen, for any size of the terminal. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable

from textual.geometry import Region

PANELS = ("watchlist", "order", "blotter")

SIDE = 37
"""Width of a column beside the chart, with the line between them."""
ORDER_HEIGHT = 18
STAGED_HEIGHT = 1
BANNER_HEIGHT = 2
HISTORY_HEIGHT = 3

HISTORY_FROM = 24
"""A chart of so many rows gives some to the strip of all history unasked,"""
HISTORY_FROM_GRID = 34
"""charts on one another do from so many on,"""
HISTORY_LEAST = 12
"""and any of so many if it was asked for."""


def is_small(width: int, height: int) -> bool:
    """Only one panel at a time has room beside the chart."""
    return width < 100 or height < 30


def is_large(width: int, height: int) -> bool:
    """Everything has a place of its own."""
    return width >= 160 and height >= 40


def arrange(
    width: int,
    height: int,
    *,
    opened: str = "",
    hidden: Iterable[str] = (),
    has_banner: bool = False,
    has_strip: bool = False,
    covered: int = 0,
    is_full: bool = False,
    history: bool | None = False,
    charts: int = 1,
) -> dict[str, Region]:
    """The place of each part that is shown, by name.

    Args:
        opened: the panel that is open on a small screen; empty for none.
        hidden: panels that are closed on a larger one.
        has_banner: the engine's failure, or the kill switch, is shown under the status line.
        has_strip: something is staged, and shown under the chart where the order pane is not.
        covered: columns on the left that search covers; the chart keeps clear of them.
        is_full: the chart has everything but the status line and the keys.
        history: whether there is a strip of all history under the chart; None where the chart
            is high enough.
        charts: how many there are.
    """
    places = {"status": Region(0, 0, width, 1), "keys": Region(0, height - 1, width, 1)}
    top = 1
    if has_banner:
        places["banner"] = Region(0, 1, width, BANNER_HEIGHT)
        top += BANNER_HEIGHT
    body = Region(0, top, width, max(1, height - top - 1))
    if covered:
        inner = {"chart": body.split_vertical(min(covered, width - 10))[1]}
    elif is_full:
        inner = {"chart": body}
    elif is_small(width, height):
        inner = _small(body, opened, has_strip)
    elif is_large(width, height):
        inner = _large(body, frozenset(hidden))
    else:
        inner = _medium(body, frozenset(hidden))
    if has_strip and "order" not in inner and "strip" not in inner:
        inner = _with_strip(inner)
    least = HISTORY_LEAST
    if history is None:
        least = HISTORY_FROM if charts <= 2 else HISTORY_FROM_GRID
    if history is not False and not (is_full and history is None):
        inner = _with_history(inner, least)
    return places | inner


def _small(body: Region, opened: str, has_strip: bool) -> dict[str, Region]:
    if opened == "blotter" and body.height >= 4:
        rows = min(max(8, body.height // 3), body.height // 2)
        chart, blotter = body.split_horizontal(body.height - rows)
        return {"chart": chart, "blotter": blotter}
    if opened in ("watchlist", "order"):
        side = min(SIDE, body.width // 2)
        if opened == "watchlist":
            left, chart = body.split_vertical(side)
            return {"watchlist": left, "chart": chart}
        chart, right = body.split_vertical(body.width - side)
        return {"chart": chart, "order": right}
    return {"chart": body}


def _medium(body: Region, hidden: frozenset[str]) -> dict[str, Region]:
    """Watchlist over order pane on the left; chart over blotter on the right."""
    places: dict[str, Region] = {}
    left = [name for name in ("watchlist", "order") if name not in hidden]
    main = body
    if left:
        column, main = body.split_vertical(SIDE)
        if len(left) == 2:
            upper, lower = column.split_horizontal(max(5, column.height - ORDER_HEIGHT))
            places |= {"watchlist": upper, "order": lower}
        else:
            places[left[0]] = column
    if "blotter" not in hidden:
        main, places["blotter"] = main.split_horizontal(main.height - max(7, main.height * 3 // 10))
    return places | {"chart": main}


def _large(body: Region, hidden: frozenset[str]) -> dict[str, Region]:
    """Watchlist, chart and order pane side by side; the blotter below all of them."""
    places: dict[str, Region] = {}
    if "blotter" not in hidden:
        body, places["blotter"] = body.split_horizontal(body.height - max(9, body.height // 4))
    if "watchlist" not in hidden:
        places["watchlist"], body = body.split_vertical(SIDE + 3)
    if "order" not in hidden:
        body, places["order"] = body.split_vertical(body.width - SIDE - 3)
    return places | {"chart": body}


def _with_strip(places: dict[str, Region]) -> dict[str, Region]:
    chart, strip = places["chart"].split_horizontal(places["chart"].height - STAGED_HEIGHT)
    return places | {"chart": chart, "strip": strip}


def _with_history(places: dict[str, Region], least: int) -> dict[str, Region]:
    chart = places["chart"]
    if chart.height < least:
        return places
    chart, history = chart.split_horizontal(chart.height - HISTORY_HEIGHT)
    return places | {"chart": chart, "history": history}
