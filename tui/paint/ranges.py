"""Which prices a chart shows: of the main market, and of each that shares the chart with it.

An automatic range follows what is in view, but not every tick of it; so what was shown last is
kept here, per market.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.instruments import Instrument
from tui.paint.columns import Bars, Columns
from tui.paint.scales import PriceScale, ScaleKind, usable
from tui.paint.scene import Overlay, Scene, View, settled, wanted_range

_NO_TICK = 1e-9
"""Of a market whose instrument is not known."""


class Scales(NamedTuple):
    """The prices that are shown."""

    main: PriceScale | None = None
    """None where there is nothing to show."""
    overlays: tuple[PriceScale | None, ...] = ()
    """Of each overlay; None where nothing of it is in view."""
    is_shared: bool = False
    """All stand on one axis, in percent; rows mean the same for each of them."""
    refused: str = ""
    """The scale that was asked for and cannot be had: `log` or `%`."""


class Ranges:
    """Keeps the ranges of one chart from frame to frame."""

    def __init__(self) -> None:
        self._main = _Kept()
        self._by_slot: dict[int, _Kept] = {}
        self._shared = _Kept()

    def forget(self) -> None:
        """Let the next automatic ranges fit closely again."""
        self._main, self._shared = _Kept(), _Kept()
        self._by_slot.clear()

    def update(
        self, scene: Scene, view: View, columns: Columns, overlays: Sequence[Columns] = ()
    ) -> Scales:
        """The prices to show of what is in view: `columns` of the main market, and those of
        each of `scene.overlays`."""
        base = base_of(columns, view)
        if view.overlay_percent and scene.overlays and base is not None:
            shared = self._in_percent(scene, view, columns, overlays, base)
            if shared is not None:
                return shared
        main = self._of_main(scene, view, columns, base)
        kind = view.price_scale
        others = tuple(
            self._of_overlay(overlay, view, part)
            for overlay, part in zip(scene.overlays, overlays, strict=False)
        )
        refused = "" if main is None or main.kind == kind else "log" if kind == "log" else "%"
        if view.overlay_percent and scene.overlays and base is None and len(columns):
            refused = "%"
        return Scales(main, others, refused=refused)

    def _of_main(
        self, scene: Scene, view: View, columns: Columns, base: float | None
    ) -> PriceScale | None:
        wanted = view.prices or wanted_range(columns, scene, view)
        if wanted is None:
            return None
        kind = usable(view.price_scale, wanted[0], base)
        base = base if kind == "percent" else None
        if view.prices is not None:
            return PriceScale(view.prices.low, view.prices.high, kind, base)
        found = self._main.settle(scene.series, wanted[0], wanted[1], _tick(scene.instrument), kind)
        return found._replace(kind=kind, base=base)

    def _of_overlay(self, overlay: Overlay, view: View, columns: Columns) -> PriceScale | None:
        span = _span_of(overlay, view, columns)
        if span is None:
            return None
        # Percent is said of the main market; an axis of prices beside it stays one of prices.
        wanted: ScaleKind = "log" if view.price_scale == "log" else "linear"
        kind = usable(wanted, span[0])
        kept = self._by_slot.setdefault(overlay.slot, _Kept())
        return kept.settle(overlay.series, *span, _tick(overlay.instrument), kind)

    def _in_percent(
        self,
        scene: Scene,
        view: View,
        columns: Columns,
        overlays: Sequence[Columns],
        base: float,
    ) -> Scales | None:
        """All markets on one axis: each row is the same percentage of each one's base."""
        bases = [base_of(part, view) for part in overlays]
        wanted = wanted_range(columns, scene, view)
        if wanted is None:
            return None
        low, high = wanted[0] / base - 1, wanted[1] / base - 1
        if view.prices is not None:
            low, high = view.prices.low / base - 1, view.prices.high / base - 1
        else:
            for overlay, part, other in zip(scene.overlays, overlays, bases, strict=False):
                span = _span_of(overlay, view, part)
                if span is not None and other is not None:
                    low, high = min(low, span[0] / other - 1), max(high, span[1] / other - 1)
            tick = _tick(scene.instrument) / base
            low, high = self._shared.settle(scene.series, low, high, tick, "linear")[:2]
        return Scales(
            _percent(base, low, high),
            tuple(None if other is None else _percent(other, low, high) for other in bases),
            is_shared=True,
        )


class _Kept:
    """The range of one market that was shown last."""

    def __init__(self) -> None:
        self._series: Bars | None = None
        self._range: PriceScale | None = None

    def settle(
        self, series: Bars | None, low: float, high: float, tick: float, kind: ScaleKind
    ) -> PriceScale:
        """A range for `low` to `high`; another series starts anew."""
        if series is not self._series:
            self._series, self._range = series, None
        self._range = settled(self._range, low, high, tick, kind)
        return self._range


def base_of(columns: Columns, view: View) -> float | None:
    """The price that is 0 %: the close of the first column in view, or of the one at the mark.

    None where there is none, or where it is no price to take percents of.
    """
    if not len(columns):
        return None
    at = int(columns.x.searchsorted(0))
    if view.mark_ns is not None:
        at = int(columns.start_ns.searchsorted(view.mark_ns, side="right")) - 1
    base = float(columns.close[min(max(0, at), len(columns) - 1)])
    return base if base > 0 else None


def _span_of(overlay: Overlay, view: View, columns: Columns) -> tuple[float, float] | None:
    """Lowest and highest price of an overlay, the present with it while that is followed."""
    last = None if overlay.quote is None else overlay.quote.last
    if not len(columns):
        return None if last is None else (last, last)
    low, high = float(np.min(columns.low)), float(np.max(columns.high))
    span = high - low
    if view.anchor_ns is None and last is not None and low - span <= last <= high + span:
        return min(low, last), max(high, last)
    return low, high


def _percent(base: float, low: float, high: float) -> PriceScale:
    return PriceScale(base * (1 + low), base * (1 + high), "percent", base)


def _tick(instrument: Instrument | None) -> float:
    return _NO_TICK if instrument is None else float(instrument.price_tick)
