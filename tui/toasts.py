"""Which notices are shown over the screen, how many of them, and for how long. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from engine.messages import Notice
from tui.widgets.lines import fit

SECONDS = {"info": 3.0, "warning": 6.0, "error": 10.0}
"""How long a notice stays in sight."""

WIDTH = 66
"""Cells of a notice that are shown; the log has all of it."""

WIDTH_LOUD = 2 * WIDTH - 8
"""Of one that does not only inform: two rows, for a reason with its limit and value."""

OWN = frozenset({"deck", "orders", "algos", "guards"})
"""Sources that are shown even where they only inform: what a person did here, and came of it."""

MOST = 3
"""Notices of one frame that are shown; the log has all."""

CSS = """
    /* Over the oldest bars of a chart: clear of prices, orders, positions and keys. */
    ToastRack { dock: top; align: left top; margin: 3 0 0 41; }
    App.-medium ToastRack { margin: 3 0 0 38; }
    App.-small ToastRack { margin: 3 0 0 1; }
    /* With a banner everything is two rows further down. */
    App.-banner ToastRack { margin: 5 0 0 41; }
    App.-banner.-medium ToastRack { margin: 5 0 0 38; }
    App.-banner.-small ToastRack { margin: 5 0 0 1; }
    ToastHolder { align-horizontal: left; }
    Toast { width: auto; max-width: 70; padding: 0 1; margin: 0;
            background: $surface; color: $text; border-left: outer $accent; }
    Toast.-warning { border-left: outer $warning; }
    Toast.-error { border-left: outer $error; }
"""


class Toast(NamedTuple):
    """A notice as it is shown."""

    text: str
    severity: Literal["information", "warning", "error"]
    seconds: float
    rings: bool
    """The terminal's bell calls with it."""


def toasts_of(notices: Sequence[Notice]) -> list[Toast]:
    """What is shown of new notices: those that only inform stay in the log, but for what orders,
    algos and guards do and the deck's own words."""
    loud = [notice for notice in notices if notice.level != "info" or notice.source in OWN]
    rings = any(notice.source == "alerts" for notice in loud)
    return [_toast(notice, rings) for notice in loud[-MOST:]]


def _toast(notice: Notice, rings: bool) -> Toast:
    width = WIDTH if notice.level == "info" else WIDTH_LOUD
    return Toast(
        fit(notice.text, min(cell_len(notice.text), width)),
        "information" if notice.level == "info" else notice.level,
        SECONDS[notice.level],
        rings,
    )
