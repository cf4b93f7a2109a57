"""What is kept from frame to frame is what would be painted anew, cell for cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tui.paint.chart import ChartPainter
from tui.paint.columns import ZOOMS, Zoom
from tui.paint.levels import Level
from tui.paint.scales import PriceScale
from tui.paint.scene import STYLES, Cursor, FillMark, Overlay, Scene, View
from tui.paint.theme import Depth, Theme
from tui.themes import load_themes

MINUTE_NS = 60 * NANOS
THEMES = list(load_themes()[0].values())[:2]
DEPTHS: tuple[Depth, ...] = ("truecolor", "16", "none")
NEAR = [ZOOMS.index(zoom) for zoom in (Zoom(1, 8), Zoom(1, 4), Zoom(1, 3), Zoom(1, 1), Zoom(6, 1))]

Step = tuple[str, int]


@dataclass
class Desk:
    """A chart that is used: markets that go on, and a view that is changed."""

    series: Series
    other: Series
    random: np.random.Generator
    view: View = field(default_factory=View)
    theme: Theme = THEMES[0]
    size: tuple[int, int] = (64, 18)
    levels: tuple[Level, ...] = ()
    fills: tuple[FillMark, ...] = ()
    overlays: int = 0
    is_stale: bool = False

    def take(self, what: str, amount: int) -> None:
        """One of the things that happen."""
        getattr(self, f"_{what}")(amount)

    def scene(self) -> Scene:
        last = round(float(self.series.close[-1]), 2)
        quote = Quote(fqme="x", last=last, bid=last - 0.01, ask=last + 0.01)
        overlays = [
            Overlay("one", INSTRUMENT, self.other, None, 1),
            Overlay("two", INSTRUMENT, Series(60), quote, 2),
        ]
        return Scene(
            "btcusdt.spot.sim", INSTRUMENT, self.series, quote, self.levels, self.is_stale,
            overlays=tuple(overlays[: self.overlays]), fills=self.fills,
        )  # fmt: skip

    def _tick(self, amount: int) -> None:
        self._move(self.series, amount)

    def _other_tick(self, amount: int) -> None:
        self._move(self.other, amount)

    def _bar(self, amount: int) -> None:
        self._add(self.series, amount)

    def _other_bar(self, amount: int) -> None:
        self._add(self.other, amount)

    def _prepend(self, amount: int) -> None:
        gap = (amount % 3) * 40
        start = int(self.series.time_ns[0]) - (amount + gap) * MINUTE_NS
        self.series.merge(walk(amount, seed=amount, start_ns=start))

    def _rewrite(self, amount: int) -> None:
        at = max(0, len(self.series) - 1 - amount)
        self.series.merge(walk(3, seed=amount, start_ns=int(self.series.time_ns[at])))

    def _cut(self, amount: int) -> None:
        if len(self.series) > amount + 2:
            self.series.cut_from(int(self.series.time_ns[-amount]))

    def _pan(self, amount: int) -> None:
        at = max(0, len(self.series) - amount * 5)
        anchor = None if amount % 3 == 0 or at >= len(self.series) else int(self.series.time_ns[at])
        self.view = self.view._replace(anchor_ns=anchor)

    def _zoom(self, amount: int) -> None:
        self.view = self.view._replace(zoom=NEAR[amount % len(NEAR)])

    def _style(self, amount: int) -> None:
        self.view = self.view._replace(style=STYLES[amount % len(STYLES)])

    def _scale(self, amount: int) -> None:
        last = float(self.series.close[-1])
        manual = PriceScale(last - amount - 5, last + 20) if amount % 2 else None
        kind = ("linear", "log", "percent")[amount % 3]
        self.view = self.view._replace(prices=manual, price_scale=kind)  # type: ignore[arg-type]

    def _show(self, amount: int) -> None:
        detail = ("full", "lean", "slow")[amount % 3]
        glyphs = ("braille", "blocks", "ascii")[amount // 3 % 3]
        self.view = self.view._replace(detail=detail, glyphs=glyphs)  # type: ignore[arg-type]

    def _hours(self, amount: int) -> None:
        self.view = self.view._replace(closed_hours=bool(amount % 2))

    def _point(self, amount: int) -> None:
        self.view = self.view._replace(
            cursor=self._cursor(amount) if amount % 4 else None,
            measure=self._cursor(amount * 2) if amount % 3 == 0 else None,
            mark_ns=self._cursor(amount + 3).time_ns if amount % 5 == 0 else None,
            linked_ns=self._cursor(amount + 1).time_ns if amount % 2 == 0 else None,
        )

    def _cursor(self, amount: int) -> Cursor:
        at = max(0, len(self.series) - 1 - amount)
        price = Decimal(f"{float(self.series.close[at]):.2f}")
        return Cursor(int(self.series.time_ns[at]), price)

    def _order(self, amount: int) -> None:
        price = round(float(self.series.close[-1]) + amount - 15, 2)
        kinds = ("working", "dark", "position", "staged", "alert")
        level = Level(price, kinds[amount % 5], f"buy {amount}")
        self.levels = () if amount % 7 == 0 else (*self.levels[-2:], level)

    def _fill(self, amount: int) -> None:
        cursor = self._cursor(amount)
        mark = FillMark(cursor.time_ns, float(cursor.price), "buy" if amount % 2 else "sell")
        self.fills = (*self.fills[-3:], mark)

    def _overlay(self, amount: int) -> None:
        self.overlays = amount % 3
        self.view = self.view._replace(overlay_percent=amount % 4 == 0)

    def _look(self, amount: int) -> None:
        self.theme = THEMES[amount % 2].at_depth(DEPTHS[amount % 3])
        self.is_stale = amount % 5 == 0

    def _resize(self, amount: int) -> None:
        self.size = (40 + amount * 2, 12 + amount)

    def _move(self, series: Series, amount: int) -> None:
        price = round(float(series.close[-1]) + float(self.random.normal()) * amount / 5, 2)
        high, low = max(series.high[-1], price), min(series.low[-1], price)
        series.set_last(series.open[-1], high, low, price, series.volume[-1] + amount, 1.0)

    def _add(self, series: Series, amount: int) -> None:
        # Some come after a pause, and some of those after a long one.
        missing = (0, 0, 0, 2, 90)[amount % 5]
        price = round(float(series.close[-1]) + float(self.random.normal()) * 4, 2)
        time_ns = int(series.time_ns[-1]) + (1 + missing) * MINUTE_NS
        series.append(time_ns, price, price + 1, price - 1, price, amount)


STEPS = sorted(
    name[1:]
    for name in vars(Desk)
    if name.startswith("_")
    and not name.startswith("__")
    and name not in ("_move", "_add", "_cursor")
)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 30)), max_size=25),
    bars=st.integers(1, 400),
    style=st.sampled_from(STYLES),
    zoom=st.sampled_from(NEAR),
)
def test_any_course_of_things_looks_as_if_it_was_painted_anew(
    steps: list[Step], bars: int, style: Any, zoom: int
) -> None:
    desk = Desk(
        series_of(walk(bars)),
        series_of(walk(200, seed=3, start_ns=START_NS + 30 * MINUTE_NS)),
        np.random.default_rng(bars),
        View(style=style, zoom=zoom),
    )
    kept, anew = ChartPainter(), ChartPainter()
    before = None
    for what, amount in [("tick", 1), *steps]:
        desk.take(what, amount)
        scene = desk.scene()
        seen = kept.paint(scene, desk.view, *desk.size, desk.theme).frame
        anew.forget()
        fresh = anew.paint(scene, desk.view, *desk.size, desk.theme).frame

        assert [strip.text for strip in seen.strips] == [strip.text for strip in fresh.strips]
        assert list(seen.strips) == list(fresh.strips)
        if before is not None and before.palette is seen.palette:
            _assert_changes_are_said(before, seen)
        before = seen


def _assert_changes_are_said(before: Any, after: Any) -> None:
    if before.codes.shape != after.codes.shape:
        return
    said = np.zeros(after.codes.shape, dtype=bool)
    for row, start, stop in after.spans:
        said[row, start:stop] = True
    moved = (before.codes != after.codes) | (before.styles != after.styles)
    assert not (moved & ~said).any()
    assert list(after.changed) == [span.row for span in after.spans]
