"""Time from process start to the first painted chart, beside a bare Textual app.

    python tests/bench/startup.py [--runs 7]

Both run in a terminal of their own, in turn, with warm file caches. The deck counts from
start until braille of a chart is on the screen; the bare app until its label is. Prints
`name value unit` lines; the target for the ratio of the medians is at most 2.5.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.terminal import Terminal, is_braille

BARE = """
from textual.app import App
from textual.widgets import Label

class Bare(App):
    def compose(self):
        yield Label("one label")

Bare().run()
"""


def seconds_until(command: Sequence[str], seen: Callable[[str], bool]) -> float:
    """Seconds from starting `command` in a terminal until `seen` holds for its screen."""
    with Terminal(command) as terminal:
        terminal.wait_for(seen)
        return time.monotonic() - terminal.started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as place:
        deck = [sys.executable, "-m", "tui"]
        os.environ |= {"TICKDECK_CONFIG": place, "TICKDECK_DATA_DIR": place}
        # As installed: compiled once, and read from a cache after that.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        bare = [sys.executable, "-c", BARE]
        pairs = [
            (seconds_until(deck, is_braille), seconds_until(bare, lambda t: "one label" in t))
            for _ in range(runs + 1)
        ][1:]  # the first fills the caches
    chart = statistics.median(pair[0] for pair in pairs)
    label = statistics.median(pair[1] for pair in pairs)
    print(f"first_chart_median {chart:.3f} s")
    print(f"bare_app_median {label:.3f} s")
    print(f"first_chart_over_bare_app {chart / label:.2f} ratio")
    print(f"first_chart_over_bare_app_worst {max(a / b for a, b in pairs):.2f} ratio")


if __name__ == "__main__":
    main()
