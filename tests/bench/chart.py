"""What a chart costs from its series to its cells, at 200 x 50, and what other charts need.

    python tests/bench/chart.py [--no-peers] [--most 10000000]

Prints `name value unit` lines. Everything is timed in this run, quickest of many:

- `cells_N_bars`: all of a series of N bars in view, nothing kept but the series and the theme;
- `flatness`: the longest of these series over that of ten thousand bars, target at most 1.3;
- `last_bar_...`: one more trade in the newest bar, painted: target at most 0.3 ms;
- `pan_...`: the view moved by one bar: target at most 1 ms;
- `strips_...`: all rows cut for Textual as well, which the deck's own renderer does without;
- `memory_of_a_million_bars`: with its pyramid over the bare columns, target at most 1.4;
- `peer_...`: plotext, candlestick-chart and textual-plot with 20,000 bars, in an environment that
  is made for them under the cache directory; `over_the_fastest_peer`, target at least 50.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from engine.feed.bars import Series
from engine.messages import COLUMN_NAMES, Quote
from tests.support.bars import INSTRUMENT, NANOS, START_NS, series_of, walk
from tui.paint.chart import ChartPainter
from tui.paint.columns import ZOOMS, Zoom, fit_zoom
from tui.paint.levels import Level
from tui.paint.scene import Layout, Scene, View
from tui.themes import load_themes

WIDTH, HEIGHT = 200, 50
COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
PEER_BARS = 20_000
PEERS = ("plotext>=6", "candlestick-chart", "textual-plot")
THEME = load_themes()[0]["night"]


def best_ms(run: Callable[[], object], rounds: int = 200) -> float:
    """Milliseconds of the quickest round."""
    spent = []
    gc.disable()
    for _ in range(rounds):
        start = time.perf_counter_ns()
        run()
        spent.append(time.perf_counter_ns() - start)
    gc.enable()
    return min(spent) / 1e6


def scene_of(series: Series) -> Scene:
    last = round(float(series.close[-1]), 2)
    quote = Quote(fqme="x", last=last, bid=last - 0.01, ask=last + 0.01)
    levels = (Level(last - 10, "working", "buy 1"), Level(last + 10, "dark", "sell 1"))
    return Scene("btcusdt.spot.sim", INSTRUMENT, series, quote, levels)


def whole_view(series: Series) -> View:
    """All of `series` at once."""
    picture = ChartPainter().paint(scene_of(series), View(), WIDTH, HEIGHT, THEME)
    assert isinstance(picture.layout, Layout)
    return View(zoom=fit_zoom(series, picture.layout.anchor_x(Zoom(1, 1))))


def cells_ms(series: Series) -> float:
    """Everything in view, painted anew each time."""
    scene, view, painter = scene_of(series), whole_view(series), ChartPainter()

    def run() -> object:
        painter.forget()
        return painter.paint(scene, view, WIDTH, HEIGHT, THEME)

    picture = painter.paint(scene, view, WIDTH, HEIGHT, THEME)
    assert picture.columns.first[0] == 0, "a part of the series is not in view"
    return best_ms(run)


def strips_ms(series: Series) -> float:
    """The same, with strips of all rows."""
    scene, view = scene_of(series), whole_view(series)

    def run() -> object:
        return list(ChartPainter().paint(scene, view, WIDTH, HEIGHT, THEME).frame.strips)

    return best_ms(run)


def last_bar_ms(series: Series, view: View) -> float:
    """One more trade in the newest bar."""
    painter, random = ChartPainter(), np.random.default_rng(1)
    painter.paint(scene_of(series), view, WIDTH, HEIGHT, THEME)

    def trade() -> Scene:
        price = round(float(series.close[-1]) + float(random.normal()) * 0.05, 2)
        high, low = max(series.high[-1], price), min(series.low[-1], price)
        series.set_last(series.open[-1], high, low, price, series.volume[-1] + 0.001, 1.0)
        return scene_of(series)

    spent = []
    for _ in range(400):
        scene = trade()
        start = time.perf_counter_ns()
        painter.paint(scene, view, WIDTH, HEIGHT, THEME)
        spent.append(time.perf_counter_ns() - start)
    return min(spent) / 1e6


def pan_ms(series: Series, zoom: Zoom) -> float:
    """The view moved by one column of bars, back and forth over a hundred."""
    painter, scene, at = ChartPainter(), scene_of(series), 0
    view = View(zoom=ZOOMS.index(zoom))

    def run() -> object:
        nonlocal at
        at += 1
        back = 200 + (at % 200 if at % 400 < 200 else 200 - at % 200)
        anchor_ns = int(series.time_ns[-1 - back * zoom.bars])
        return painter.paint(scene, view._replace(anchor_ns=anchor_ns), WIDTH, HEIGHT, THEME)

    return best_ms(run, 400)


def memory_share(count: int = 1_000_000) -> float:
    """Bytes of a series of `count` bars that came in pages, with its pyramid, over those of its
    columns alone."""
    series, page = Series(60), 10_000
    for start in range(0, count, page):
        series.merge(walk(page, seed=start, start_ns=START_NS + start * 60 * NANOS))
    series.reduced(np.arange(0, count, 5000), count)
    return series.nbytes / (count * 8 * len(COLUMN_NAMES))


def peer_python() -> Path:
    """An interpreter that has the peers: made the first time, in the cache directory.

    Raises:
        subprocess.CalledProcessError: they could not be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "tickdeck-bench" / f"peers-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / "bin" / "python"
    ready = home / "ready"
    if not ready.exists():
        print("# installing the peers", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "numpy", *PEERS]
        subprocess.run(install, check=True, timeout=300, capture_output=True)
        ready.touch()
    return python


def peers_ms(series: Series) -> dict[str, float]:
    """Milliseconds that each peer needs for `series`."""
    python = peer_python()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "bars.npz"
        columns = {
            name: getattr(series, name) for name in ("open", "high", "low", "close", "volume")
        }
        np.savez(file, **columns)  # type: ignore[arg-type]
        script = Path(__file__).with_name("chart_peers.py")
        command = [str(python), str(script), str(file), str(WIDTH), str(HEIGHT), "7"]
        done = subprocess.run(command, check=True, timeout=120, capture_output=True, text=True)
    return {name: float(value) for name, value in map(str.split, done.stdout.splitlines())}


def print_peers() -> None:
    """What the peers need, and how many times as fast the chart is as the fastest of them."""
    series = series_of(walk(PEER_BARS))
    try:
        found = peers_ms(series)
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", None) or error
        print(f"# peers left out, since they could not be had here: {said}", file=sys.stderr)
        return
    for name, milliseconds in found.items():
        print(f"peer_{name}_{PEER_BARS}_bars {milliseconds:.2f} ms")
    ours = cells_ms(series)
    print(f"cells_{PEER_BARS}_bars {ours:.3f} ms")
    print(f"over_the_fastest_peer {min(found.values()) / ours:.1f} ratio")


def print_whole(most: int) -> None:
    """Views of everything, the same work with ever more bars."""
    spent = {}
    for count in COUNTS:
        if count <= most:
            series = series_of(walk(count))
            spent[count] = cells_ms(series)
            print(f"cells_{count}_bars {spent[count]:.3f} ms", flush=True)
            del series
    print(f"flatness {spent[max(spent)] / spent[min(spent)]:.2f} ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="bars of the longest series")
    options = parser.parse_args()
    print_whole(options.most)
    series = series_of(walk(PEER_BARS))
    for zoom in (Zoom(1, 4), Zoom(1, 1), ZOOMS[whole_view(series).zoom]):
        name = f"{zoom.bars}_bars_on_{zoom.dots}_dots"
        print(f"last_bar_{name} {last_bar_ms(series, View(zoom=ZOOMS.index(zoom))):.3f} ms")
        if zoom.bars == 1:
            print(f"pan_{name} {pan_ms(series, zoom):.3f} ms")
    print(f"strips_{PEER_BARS}_bars {strips_ms(series):.3f} ms")
    print(f"memory_of_a_million_bars {memory_share():.3f} ratio")
    if not options.no_peers:
        print_peers()


if __name__ == "__main__":
    main()
