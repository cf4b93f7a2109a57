"""What the deck sends to its terminal beside what had to be sent, and what that costs.

    python tests/bench/wire.py [--size 200x50] [--seconds 10] [--only busy] [--render cells]

Each scene runs the deck in a process and a terminal of its own, on a link whose markets move by
a seeded script: `cells` sends changed cells, `plain` is Textual's own way. Prints
`name value unit` lines. Targets: sent over ideal bytes at most 1.5 for quiet, busy and bars, at
most 2.0 for pan, zoom and theme; at most 15 % of one core for busy, with all its threads.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

WARM_S = 4.0
"""Until the deck has opened its markets and painted them."""


class SceneSetting(NamedTuple):
    """What happens in a scene."""

    hz: float
    """Trades a second in each moving market."""
    moving: int
    """Markets that move."""
    new_bars: int = 0
    """How many bars each trade is later than the last one."""
    charts: int = 1
    keys: Sequence[str] = ()
    every_s: float = 0.05
    """Between two keys."""
    period: str = "1m"


SCENES = {
    "quiet": SceneSetting(hz=1, moving=1),
    "busy": SceneSetting(hz=20, moving=4, charts=4),
    "bars": SceneSetting(hz=4, moving=1, new_bars=1, period="1s"),
    "pan": SceneSetting(hz=0, moving=0, keys=("\x1b[D",), every_s=1 / 30),
    "zoom": SceneSetting(hz=0, moving=0, keys=tuple("----------++++++++++"), every_s=0.1),
    "theme": SceneSetting(hz=0, moving=0, keys=("t",), every_s=0.5),
}


def run_deck(name: str, render: str) -> None:
    """The deck of a scene, in this process's terminal."""
    from engine.config import DeckConfig
    from tests.support.market_script import MovingLink
    from tests.support.scenes import WATCH
    from tui.app import DeckApp

    scene = SCENES[name]
    link = MovingLink(hz=scene.hz, moving=scene.moving, new_bars=scene.new_bars)
    config = DeckConfig(
        watch=WATCH,
        glyphs="braille",
        frame_hz=max(20.0, scene.hz),
        period=scene.period,  # type: ignore[arg-type]
        render=render,  # type: ignore[arg-type]
        bandwidth="full",
    )
    DeckApp(link, config, wall=link.now_ns, depth="truecolor").run()


def measure(name: str, render: str, size: tuple[int, int], seconds: float) -> None:
    """Run a scene and print its figures."""
    from tests.support.wire import Recorder

    scene = SCENES[name]
    command = [sys.executable, __file__, "--deck", name, "--render", render]
    with tempfile.TemporaryDirectory() as place:
        environ = os.environ | {"TICKDECK_CONFIG": place, "TICKDECK_DATA_DIR": place}
        with Recorder(command, *size, environ) as recorder:
            recorder.read(WARM_S)
            if scene.charts > 1:
                recorder.type(f":grid {scene.charts}\r")
                recorder.read(WARM_S / 2)
            weight = recorder.weigh(seconds, scene.keys, scene.every_s)
    count = max(1, weight.repaints)
    print(f"{name}_{render}_ratio {weight.ratio:.2f} sent/ideal")
    print(f"{name}_{render}_repaints {weight.repaints / weight.seconds:.1f} /s")
    print(f"{name}_{render}_sent {weight.sent / count:.0f} B/repaint")
    print(f"{name}_{render}_ideal {weight.ideal / count:.0f} B/repaint")
    print(f"{name}_{render}_rate {weight.sent / weight.seconds / 1024:.2f} KiB/s")
    print(f"{name}_{render}_cpu {100 * weight.cpu_share:.1f} % of a core", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="200x50")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each scene")
    parser.add_argument("--only", choices=SCENES, nargs="*", default=list(SCENES))
    parser.add_argument("--render", choices=("cells", "plain"), help="one way only")
    parser.add_argument("--deck", choices=SCENES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.deck:
        run_deck(options.deck, options.render)
        return
    columns, rows = map(int, options.size.split("x"))
    for name in options.only:
        for render in [options.render] if options.render else ["cells", "plain"]:
            measure(name, render, (columns, rows), options.seconds)


if __name__ == "__main__":
    main()
