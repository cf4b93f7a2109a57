"""What other charts in a terminal need for the same bars; run by `chart.py`, in an environment
of their own.

    python chart_peers.py BARS.npz WIDTH HEIGHT ROUNDS

Prints `name milliseconds` lines: the quickest of ROUNDS. Each starts with the columns of BARS.npz
and ends with characters and colours: what it must make of the columns is counted, what it imports
and the start of an app are not.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

import numpy as np


def best_ms(run: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent) * 1e3


def candlestick_chart(bars: dict[str, np.ndarray], width: int, height: int) -> object:
    """It shows the newest bars, one a column, and none of those before."""
    from candlestick_chart import Candle, Chart

    names = ("open", "high", "low", "close", "volume")
    candles = [
        Candle(open=open_, high=high, low=low, close=close, volume=volume)
        for open_, high, low, close, volume in zip(
            *(bars[name].tolist() for name in names), strict=True
        )
    ]
    return Chart(candles, title="x", width=width, height=height)._render()


def plotext(bars: dict[str, np.ndarray], width: int, height: int) -> object:
    """A line through the closes: its candlesticks take time by the square of their number, ten
    seconds for the first two thousand."""
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    closes = bars["close"].tolist()
    figure.draw(figure.signal(list(range(len(closes))), closes, marker="braille").lines(True))
    return figure.build().string()


async def textual_plot_ms(bars: dict[str, np.ndarray], size: tuple[int, int], rounds: int) -> float:
    """A line through the closes: it has no bars."""
    from textual.app import App, ComposeResult
    from textual_plot import HiResMode, PlotWidget

    class Plot(App[None]):
        def compose(self) -> ComposeResult:
            yield PlotWidget()

    app = Plot()
    async with app.run_test(size=size) as pilot:
        widget = app.query_one(PlotWidget)
        numbers = np.arange(len(bars["close"]))
        widget.plot(numbers, bars["close"], hires_mode=HiResMode.BRAILLE)
        await pilot.pause()
        return best_ms(widget._render_plot, rounds)


def main() -> None:
    bars = dict(np.load(sys.argv[1]))
    width, height, rounds = (int(argument) for argument in sys.argv[2:5])
    for name, draw, times in (
        ("candlestick-chart", candlestick_chart, rounds),
        ("plotext", plotext, 2),
    ):
        milliseconds = best_ms(lambda draw=draw: draw(bars, width, height), times)  # type: ignore[misc]
        print(f"{name} {milliseconds:.3f}", flush=True)
    milliseconds = asyncio.run(textual_plot_ms(bars, (width, height), rounds))
    print(f"textual-plot {milliseconds:.3f}")


if __name__ == "__main__":
    main()
