"""What a frame of the chart costs: `python tests/bench/paint.py`.

Prints `name value unit`. The peer is the floor that any Textual widget of this picture pays:
cutting cells that are already painted into strips.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from engine.feed.bars import Series
from engine.messages import Quote
from tests.support.bars import INSTRUMENT, series_of, walk
from tui.paint.canvas import Canvas
from tui.paint.chart import ChartPainter
from tui.paint.frame import finish
from tui.paint.columns import ZOOMS, Zoom
from tui.paint.levels import Level
from tui.paint.scene import Scene, View
from tui.themes import load_themes

WIDTH, HEIGHT = 200, 50
ROUNDS = 40
THEME = load_themes()[0]["night"]


def best_ms(run: Callable[[], object]) -> float:
    """Processor time of the quickest round, in milliseconds."""
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        run()
        spent.append(time.process_time_ns() - start)
    return min(spent) / 1e6


def scene_of(series: Series) -> Scene:
    last = float(series.close[-1])
    quote = Quote(fqme="x", last=last, bid=last - 0.01, ask=last + 0.01)
    levels = [Level(last - 10, "working", "buy 1"), Level(last + 10, "dark", "sell 1")]
    return Scene("btcusdt.spot.sim", INSTRUMENT, series, quote, levels)


def cut(painter: ChartPainter, series: Series, view: View) -> Callable[[], object]:
    """Cuts what `painter` paints into strips, all of them each time."""
    frame = painter.paint(scene_of(series), view, WIDTH, HEIGHT, THEME).frame
    canvas = Canvas(WIDTH, HEIGHT, frame.palette, "braille")
    canvas.codes[:], canvas.styles[:] = frame.codes, frame.styles
    return lambda: finish(canvas, None)


def update(painter: ChartPainter, series: Series, view: View) -> Callable[[], object]:
    """One more trade in the newest bar, painted."""
    random = np.random.default_rng(1)

    def run() -> object:
        price = float(series.close[-1]) + float(random.normal())
        high, low = max(series.high[-1], price), min(series.low[-1], price)
        series.set_last(series.open[-1], high, low, price, series.volume[-1], 1.0)
        return painter.paint(scene_of(series), view, WIDTH, HEIGHT, THEME)

    return run


def main() -> None:
    for zoom in (Zoom(1, 4), Zoom(1, 1), Zoom(32, 1)):
        series = series_of(walk(20_000))
        view = View(zoom=ZOOMS.index(zoom))
        painter = ChartPainter()
        picture = painter.paint(scene_of(series), view, WIDTH, HEIGHT, THEME)
        full = best_ms(
            lambda series=series, view=view: ChartPainter().paint(  # type: ignore[misc]
                scene_of(series), view, WIDTH, HEIGHT, THEME
            )
        )
        name = f"{len(picture.columns) * zoom.bars}_bars"
        print(f"frame_{name} {full:.2f} ms")
        print(f"update_{name} {best_ms(update(painter, series, view)):.2f} ms")
        print(f"frame_over_strips_{name} {full / best_ms(cut(painter, series, view)):.1f} ratio")


if __name__ == "__main__":
    main()
