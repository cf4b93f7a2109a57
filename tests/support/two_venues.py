"""The deck in a pty on both test venues at once: processes, configuration, keys.

    python -m tests.support.two_venues OUT.svg [--size 140x40]

starts the two venues and the program, places an order at each from the keyboard, and photographs
the screen. Everything is real but the venues' money: sockets, signatures, the deck's own engine.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pyte.screens import Char
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from engine.clock import monotonic_s
from tests.support.terminal import Terminal, is_braille
from tests.venues.binance import demo as binance_demo
from tests.venues.exchange.control import Control
from tests.venues.kraken.keys import DEMO_KEY

ROOT = Path(__file__).parents[2]
BINANCE, KRAKEN = "btcusdt.spot.binance", "btcusd.spot.kraken"

NOTICES_S = 20.0
"""After that none of those that the deck shows over the chart is left."""

TOO_SOON = "it was not on the screen yet"

BROKERS = """\
[brokers.binance]
rest_url = "http://127.0.0.1:{binance}"
stream_url = "ws://127.0.0.1:{binance}"
ws_api_url = "ws://127.0.0.1:{binance}/ws-api/v3"

[brokers.kraken]
rest_url = "http://127.0.0.1:{kraken}"
ws_url = "ws://127.0.0.1:{kraken}/v2"
ws_auth_url = "ws://127.0.0.1:{kraken}/v2"

[accounts.bob]
broker = "binance"
serves = ["binance"]
slots = 4
limits = {{ max_position_notional = 4000, max_order_notional = 4000 }}

[accounts.kim]
broker = "kraken"
serves = ["kraken"]
slots = 4
limits = {{ max_position_notional = 4000, max_order_notional = 4000 }}
"""

SECRETS = f"""\
[bob]
key = "{binance_demo.HMAC_KEY}"
secret = "{binance_demo.HMAC_SECRET}"

[kim]
key = "{DEMO_KEY.key}"
secret = "{DEMO_KEY.secret}"
"""


@dataclass(kw_only=True)
class TwoVenues:
    """A deck, and the venues behind it."""

    terminal: Terminal
    binance: Control
    kraken: Control
    place: Path
    pace_s: float = 0.0
    """How long this person looks before pressing a key that counts; for pictures."""

    def look(self, seconds: float) -> None:
        """Let the deck draw for so long."""
        end_s = monotonic_s() + seconds
        while (left_s := end_s - monotonic_s()) > 0:
            self.terminal.read(within_s=left_s)

    def see(self, *parts: str) -> str:
        """The screen, once all of these are on it."""
        return self.terminal.wait_for(lambda text: all(part in text for part in parts))

    def see_row(self, pattern: str) -> str:
        """The screen, once a row of it fits."""
        return self.terminal.wait_for(lambda text: bool(re.search(pattern, text)))

    def press(self, key: str, seen: Callable[[str], bool]) -> None:
        """Press a key that acts on what is on the screen until `seen` holds: it does nothing where
        that has not been there as long as a person needs to see it."""
        self.look(self.pace_s)
        pressed = ""

        def looks_so(text: str) -> bool:
            nonlocal pressed
            if not pressed or (TOO_SOON in text and text != pressed):
                self.terminal.type(key)
                pressed = text
            return seen(text)

        self.terminal.wait_for(looks_so)

    def go_live(self) -> None:
        """Have what is staged sent to its venue, not held here."""
        if re.search(r"size +1 slot +dark", self.see("size       1 slot")):
            self.terminal.type("s")
        self.see_row(r"size +1 slot +live")

    def send(self) -> None:
        """Send what is staged, once."""
        self.see("enter sends")
        self.press("\r", lambda text: "enter sends" not in text)

    def buy_at_binance(self) -> None:
        """Arm, stage a buy at the ask, in the venue's own account, live, and send it."""
        self.terminal.type("of")
        self.see("account    paper")
        self.terminal.type("m")
        self.see("account    bob")
        self.terminal.type("]")
        self.go_live()
        self.send()
        self.see_row(rf"{BINANCE} +buy .*filled")

    def rest_at_kraken(self, hundreds: int = 30) -> None:
        """The same in the other market, so many hundred ticks below its bid, where it rests."""
        self.terminal.type("\x1b[B")
        self.see(f"{KRAKEN} 1m")
        self.terminal.type("f")
        self.see("account    paper")
        self.terminal.type("m")
        self.see("account    kim")
        self.terminal.type("\x1b[1;5B" * hundreds)
        self.go_live()
        self.send()
        self.see_row(rf"{KRAKEN} +buy .*open")

    def cancel_at_kraken(self) -> None:
        """Pick the order that works, and take it back."""
        self.terminal.type("\t")
        self.see("c cancel")
        canceled = re.compile(rf"{KRAKEN} +buy .*canceled")
        self.press("c", lambda text: bool(canceled.search(text)))

    def leave(self) -> None:
        """Quit, with nothing left that works."""
        self.terminal.type("q")
        assert self.terminal.wait_exit() == 0


@contextmanager
def open_venue(name: str, *options: str) -> Iterator[int]:
    """A test venue as a process; its port."""
    command = [sys.executable, "-m", f"tests.venues.{name}", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"on port (\d+)", process.stdout.readline())
            assert found, f"the venue {name} does not say where it is"
            yield int(found[1])
        finally:
            process.kill()


@contextmanager
def open_both(place: Path, *, columns: int = 140, rows: int = 40) -> Iterator[TwoVenues]:
    """Both venues, and a deck that watches a market of each, live."""
    with ExitStack() as stack:
        ports = {
            "binance": stack.enter_context(open_venue("binance")),
            "kraken": stack.enter_context(open_venue("kraken")),
        }
        (place / "brokers.toml").write_text(BROKERS.format(**ports))
        (place / "secrets.toml").touch(mode=0o600)
        (place / "secrets.toml").write_text(SECRETS)
        environ = {**os.environ, "TICKDECK_CONFIG": str(place), "TICKDECK_DATA_DIR": str(place)}
        # Kraken's market by the name that the world calls it by.
        deck = [sys.executable, "-m", "tui", BINANCE, "xbtusd.spot.kraken"]
        terminal = stack.enter_context(
            Terminal(deck, columns=columns, rows=rows, environ=environ, cwd=ROOT)
        )
        both = TwoVenues(
            terminal=terminal,
            binance=stack.enter_context(closing(Control(ports["binance"]))),
            kraken=stack.enter_context(closing(Control(ports["kraken"]))),
            place=place,
        )
        terminal.wait_for(is_braille)
        both.see_row(r"binance +live")
        both.see_row(r"btcusd spot.kraken +\d")
        yield both


# -- a picture of a terminal ------------------------------------------------------------------

GROUND, INK = (11, 14, 20), (200, 205, 215)
_THEME = TerminalTheme(GROUND, INK, [(0, 0, 0)] * 8, [(80, 80, 80)] * 8)


def picture(terminal: Terminal, title: str) -> str:
    """The screen as SVG."""
    screen = terminal.screen
    console = Console(
        record=True,
        width=screen.columns,
        file=io.StringIO(),
        force_terminal=True,
        legacy_windows=False,
    )
    for row in range(screen.lines):
        text = Text(no_wrap=True, end="\n")
        chars = [screen.buffer[row][column] for column in range(screen.columns)]
        for style, run in groupby(chars, key=_style):
            text.append("".join(char.data or " " for char in run), style)
        console.print(text, crop=False, overflow="ignore")
    return console.export_svg(title=title, theme=_THEME)


def _style(char: Char) -> Style:
    ink, ground = (_color(char.fg, INK), _color(char.bg, GROUND))
    if char.reverse:
        ink, ground = ground, ink
    return Style(color=ink, bgcolor=ground, bold=char.bold)


def _color(name: str, default: tuple[int, int, int]) -> Color:
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return Color.parse(f"#{name}")
    return Color.from_rgb(*default) if name == "default" else Color.parse(name)


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Photograph the deck on both test venues.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="140x40")
    options: Any = parser.parse_args(given)
    columns, rows = map(int, options.size.split("x"))
    with (
        tempfile.TemporaryDirectory() as place,
        open_both(Path(place), columns=columns, rows=rows) as both,
    ):
        both.pace_s = 1.0
        both.buy_at_binance()
        both.rest_at_kraken(hundreds=5)
        both.look(NOTICES_S)
        options.out.write_text(picture(both.terminal, "tickdeck"))


if __name__ == "__main__":
    main()
