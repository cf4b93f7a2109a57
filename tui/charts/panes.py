"""The charts of the grid: what each of them shows, and which one keys act on. Pure.

A pane is **linked** where it follows the deck, and **free** where it has something of its own:
its market (the selected one, or its own), its period (the deck's, or its own) and its crosshair
(shown on the others, or alone).

The market of the active pane is always the one that is selected: orders go where the eye is.
So selecting a market gives it to the active pane, and whoever activates a pane selects its
market.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from engine.config import PERIODS, ChartStyle
from engine.errors import UsageError

GRIDS = (1, 2, 4, 6)
"""How many charts a grid can have."""

MOST_OVERLAYS = 7
"""Markets on a chart besides its own: as many as there are colours for."""

Link = Literal["market", "period", "cursor"]
"""What a pane can share with the others."""

LINKS: tuple[Link, ...] = ("market", "period", "cursor")


class Overlaid(msgspec.Struct, frozen=True):
    """A market over another one's chart."""

    fqme: str
    slot: int
    """1 to 7: its colour, the same as long as it is there."""


class PaneSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one chart shows."""

    fqme: str = ""
    """A market of its own; empty: the selected one."""
    period_s: int = 0
    """A period of its own, seconds; 0: that of all linked charts."""
    style: ChartStyle = "bars"
    price_scale: Literal["linear", "log", "percent"] = "linear"
    overlays: tuple[Overlaid, ...] = ()
    is_percent: bool = False
    """All its markets on one axis, in percent."""
    has_linked_cursor: bool = True


class Panes:
    """All charts of the grid."""

    def __init__(self, *, period_s: int = 60, first: PaneSpec | None = None) -> None:
        """
        Args:
            period_s: of all charts whose period is linked.
            first: the only chart at first, and the pattern of those that join it.
        """
        self.period_s = period_s
        self.pattern = first or PaneSpec()
        self._specs: list[PaneSpec] = [self.pattern]
        self._active = 0
        self.version = 0
        """Goes up with every change."""

    # -- what there is --------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._specs)

    @property
    def specs(self) -> Sequence[PaneSpec]:
        """What each chart shows."""
        return tuple(self._specs)

    @property
    def active(self) -> int:
        """Number of the chart that keys act on; the first is 0."""
        return self._active

    @property
    def spec(self) -> PaneSpec:
        """What the active chart shows."""
        return self._specs[self._active]

    def market_of(self, pane: int, selected: str) -> str:
        """The market of a pane while `selected` is selected."""
        return self._specs[pane].fqme or selected

    def period_of(self, pane: int) -> int:
        """The period of a pane, seconds."""
        return self._specs[pane].period_s or self.period_s

    def visible(self, fits: int) -> range:
        """The panes that are shown where there is room for `fits` of them: the active one is
        among them."""
        shown = max(1, min(fits, len(self)))
        first = min(self._active // shown * shown, len(self) - shown)
        return range(first, first + shown)

    # -- the grid -------------------------------------------------------------------------------

    def arrange(self, count: int, *, selected: str = "", watched: Iterable[str] = ()) -> None:
        """Show so many charts. New ones get the next markets of the watchlist, and where that
        has no more the selected market in longer periods.

        Raises:
            UsageError: there is no grid of so many.
        """
        if count not in GRIDS:
            raise UsageError(f"no grid of {count}", hint="1, 2, 4 or 6 charts")
        if len(self) == 1 and count > 1 and not self._specs[0].fqme:
            # Linked, it would show the market of whichever chart is active.
            self._specs[0] = replace(self._specs[0], fqme=selected)
        markets = self._markets_for_more(selected, list(watched))
        periods = self._longer_periods()
        while len(self) < count:
            if markets:
                self._specs.append(replace(self.pattern, fqme=markets.pop(0)))
            else:
                self._specs.append(replace(self.pattern, period_s=periods.pop(0)))
        if count < len(self) and self._active >= count:
            self._specs[count - 1] = self._specs[self._active]  # what is looked at stays
        del self._specs[count:]
        self._active = min(self._active, count - 1)
        self.version += 1

    def activate(self, pane: int) -> bool:
        """Have keys act on this pane. False if they do. Whoever calls this selects its market."""
        if pane == self._active or not 0 <= pane < len(self):
            return False
        self._active = pane
        self.version += 1
        return True

    def restore(self, specs: Sequence[PaneSpec], active: int, period_s: int) -> None:
        """Show what was saved. Raises `UsageError` for a number of charts that is no grid."""
        if len(specs) not in GRIDS or not 0 <= active < len(specs):
            raise UsageError(f"no grid of {len(specs)} with chart {active + 1} active")
        self._specs, self._active, self.period_s = list(specs), active, period_s
        self.version += 1

    # -- the active pane ------------------------------------------------------------------------

    def show_market(self, fqme: str) -> None:
        """The market was selected: a free active pane takes it."""
        if self.spec.fqme and self.spec.fqme != fqme:
            self._change(fqme=fqme)

    def set_period(self, period_s: int) -> None:
        """Show bars of another period: on all linked panes, or on a free active one."""
        if self.spec.period_s:
            self._change(period_s=period_s)
        else:
            self.period_s = period_s
            self.version += 1

    def link(self, what: Link) -> None:
        """Let the active pane follow the others in this."""
        if what == "market":
            self._change(fqme="")
        elif what == "period":
            self._change(period_s=0)
        else:
            self._change(has_linked_cursor=True)

    def free(self, what: Link, selected: str) -> None:
        """Let the active pane keep what it has of this."""
        if what == "market":
            self._change(fqme=selected)
        elif what == "period":
            self._change(period_s=self.period_of(self._active))
        else:
            self._change(has_linked_cursor=False)

    def set_percent(self, is_percent: bool) -> None:
        """Show all markets of the active chart on one axis, in percent, or each on its own."""
        self._change(is_percent=is_percent)

    def overlay(self, *fqmes: str) -> None:
        """Put markets over the active chart; those that are there stay as they are.

        Raises:
            UsageError: there would be more than colours.
        """
        held = list(self.spec.overlays)
        for fqme in dict.fromkeys(fqmes):
            if fqme in (overlaid.fqme for overlaid in held):
                continue
            taken = {overlaid.slot for overlaid in held}
            free = [slot for slot in range(1, MOST_OVERLAYS + 1) if slot not in taken]
            if not free:
                raise UsageError(
                    f"at most {MOST_OVERLAYS} markets lie over a chart",
                    hint=":overlay off MARKET takes one away",
                )
            held.append(Overlaid(fqme, free[0]))
        self._change(overlays=tuple(held))

    def take_off(self, *fqmes: str) -> None:
        """Take markets off the active chart; all of them if none is named."""
        left = [one for one in self.spec.overlays if fqmes and one.fqme not in fqmes]
        self._change(overlays=tuple(left))

    def forget(self, fqme: str, selected: str) -> None:
        """A market is not watched any more: free panes of it follow the selected one."""
        for pane, spec in enumerate(self._specs):
            left = tuple(one for one in spec.overlays if one.fqme != fqme)
            own = spec.fqme
            if own == fqme:
                own = selected if pane == self._active else ""
            self._specs[pane] = replace(spec, fqme=own, overlays=left)
        self.version += 1

    def rename(self, asked: str, fqme: str) -> None:
        """A market goes by another name from now on."""
        for pane, spec in enumerate(self._specs):
            own = fqme if spec.fqme == asked else spec.fqme
            overlays = tuple(
                replace(one, fqme=fqme) if one.fqme == asked else one
                for one in spec.overlays
                if one.fqme != asked or fqme not in (own, *(two.fqme for two in spec.overlays))
            )
            self._specs[pane] = replace(spec, fqme=own, overlays=overlays)
        self.version += 1

    # -- inside ---------------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        self._specs[self._active] = replace(self.spec, **changes)
        self.version += 1

    def _markets_for_more(self, selected: str, watched: list[str]) -> list[str]:
        """Markets of the watchlist that no pane shows, beginning below the selected one."""
        at = watched.index(selected) + 1 if selected in watched else 0
        shown = {spec.fqme or selected for spec in self._specs}
        return [fqme for fqme in (*watched[at:], *watched[:at]) if fqme not in shown]

    def _longer_periods(self) -> list[int]:
        """Periods that no pane shows, the longer ones first, for as many panes as there can be."""
        shown = {self.period_of(pane) for pane in range(len(self))}
        free = [period for period in PERIODS.values() if period not in shown]
        longer = [period for period in free if period > self.period_s]
        return longer + [period for period in reversed(free) if period < self.period_s]
