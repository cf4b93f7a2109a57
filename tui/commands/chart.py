"""`tickdeck chart`: one chart, printed to a terminal, a pipe or a file."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import trio
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from brokers import registry
from brokers.replay.reel import Reel
from brokers.replay.tape import open_tape
from engine.clock import NANOS, SystemClock
from engine.config import Config, load_config
from engine.errors import DataError, TickdeckError, UsageError
from engine.feed.bars import Series
from engine.feed.feed import open_feed
from engine.feed.flume import Flume
from engine.instruments import Instrument, parse_fqme
from engine.locations import Locations
from engine.log import log_to
from engine.run import open_engine
from engine.settings import EngineSettings, load_brokers
from engine.text import safe
from tui.commands.printed import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    MOST_HEIGHT,
    MOST_WIDTH,
    STYLES,
    Printout,
    in_ascii,
    printed,
    summary,
)
from tui.commands.replay import suited_period
from tui.paint.format import parse_period
from tui.zones import zone_of

DEFAULT_PERIOD = "1h"
MOST_BARS = 1_000_000
LONGEST_PERIOD_S = 366 * 86_400

WAIT_S = 60.0
"""How long history is waited for; what is there then is printed."""

SVG_SIZE = (120, 32)
"""Of a file for which nothing else is said."""

FONTS = "DejaVu Sans Mono, Menlo, Cascadia Mono, Consolas"
"""Of a picture: those that have the signs for charts, where they are to be had."""

_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


class Wanted(NamedTuple):
    """Which bars of which market, and where they are."""

    fqme: str
    period_s: int
    bars: int
    broker_options: Mapping[str, Mapping[str, Any]] = {}
    end_ns: int | None = None
    """Where a recording ends: bars after that are nothing but its last price."""


def print_chart(
    source: str,
    *,
    locations: Locations,
    period: str | None,
    bars: int,
    market: str | None,
    width: int | None,
    height: int | None,
    style: str,
    svg: Path | None,
    plain: bool,
) -> int:
    """Print the newest bars of a market, or of a recording.

    Raises:
        UsageError: what was asked for makes no sense, or the file cannot be written.
        DataError: it is no recording that can be read, or has no bars.
        BrokerError: the broker is not to be had, or does not know the market.
    """
    size = _size(width, height, svg)
    if style not in STYLES:
        raise UsageError(f"{safe(style, 40)!r} is not a style", hint="styles: " + " ".join(STYLES))
    if not 1 <= bars <= MOST_BARS:
        raise UsageError(f"{bars} bars cannot be shown", hint=f"say 1 to {MOST_BARS:,}")
    config = load_config(locations.config_file, os.environ)
    with contextlib.suppress(OSError):  # a printout does without a log
        log_to(locations.log_file, config.engine.log_level)
    wanted = _wanted(source, period, bars, market)
    try:
        instrument, series = trio.run(_fetch, wanted, config, locations)
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is not None:
            raise KeyboardInterrupt from None
        raise
    series.keep_last(bars)
    printout = Printout(instrument, series, style, zone_of(config.deck.timezone))
    chart = printed(printout, *size)
    if svg is None:
        _print(chart, is_plain=plain or not _shows_colours())
    else:
        _write_svg(chart, svg, size[0], title=f"{instrument.fqme}")
        print(f"{safe(svg, 200)}: {summary(printout)}")
    return 0


def _size(width: int | None, height: int | None, svg: Path | None) -> tuple[int, int]:
    """Cells across and down: as told, or what fits where it is printed."""
    if svg is not None:
        fitting = SVG_SIZE
    else:
        terminal = shutil.get_terminal_size()
        # The prompt needs a line, and a picture much higher than wide says no more.
        fitting = (terminal.columns, min(terminal.lines - 1, max(24, terminal.columns // 3)))
    chosen = (
        max(LEAST_WIDTH, min(fitting[0], MOST_WIDTH)) if width is None else width,
        max(LEAST_HEIGHT, min(fitting[1], MOST_HEIGHT)) if height is None else height,
    )
    for name, value, least, most in (
        ("wide", chosen[0], LEAST_WIDTH, MOST_WIDTH),
        ("high", chosen[1], LEAST_HEIGHT, MOST_HEIGHT),
    ):
        if not least <= value <= most:
            raise UsageError(
                f"a chart cannot be {value} cells {name}", hint=f"say {least} to {most}"
            )
    return chosen


# -- bars ------------------------------------------------------------------------------------


def _wanted(source: str, period: str | None, bars: int, market: str | None) -> Wanted:
    path = Path(source)
    if os.sep in source or path.exists() or source.endswith((".gz", ".zip", ".csv", ".json")):
        return _of_recording(path, period, bars, market)
    if market is not None:
        raise UsageError("--market is for recordings", hint=f"as in tickdeck chart {market}")
    fqme = str(parse_fqme(source))
    return Wanted(fqme, _period(period or DEFAULT_PERIOD), bars)


def _of_recording(path: Path, period: str | None, bars: int, market: str | None) -> Wanted:
    tape = open_tape(path)
    reel = Reel([tape], "replay")
    span_s = (tape.end_ns - tape.start_ns) / NANOS
    period_s = _period(period or suited_period(span_s))
    if (own_s := tape.bar_period_s) is not None and period_s % own_s:
        if period is not None:
            raise DataError(f"bars of {period} cannot be made of the bars of {own_s} s in it")
        period_s = own_s
    options = {
        # All of it is past: it is gone through at once, and asked for as history.
        "replay": {"files": [str(path)], "speed": 0.0, "start_s": span_s},
    }
    return Wanted(_market(path, reel, market), period_s, bars, options, tape.end_ns)


def _market(path: Path, reel: Reel, market: str | None) -> str:
    """The one that is meant, by its name or the beginning of that."""
    names = list(reel.instruments)
    matching = [name for name in names if market is None or f"{name}.".startswith(f"{market}.")]
    if len(matching) == 1:
        return matching[0]
    name = safe(path.name, 80)
    hint = "say which: " + " ".join(f"--market {one}" for one in names[:4])
    if not matching:
        raise UsageError(f"{name} has no market {safe(market or '', 60)!r}", hint=hint)
    raise UsageError(f"{name} has {len(matching)} markets", hint=hint)


def _period(text: str) -> int:
    period_s = parse_period(text)
    if period_s is None or period_s > LONGEST_PERIOD_S:
        raise UsageError(f"{safe(text, 40)!r} is not a period", hint="as in 1s, 5m, 1h or 1d")
    return period_s


async def _fetch(wanted: Wanted, config: Config, locations: Locations) -> tuple[Instrument, Series]:
    """The market and its newest bars, from an engine that is started for this."""
    broker = parse_fqme(wanted.fqme).broker
    options = {**load_brokers(locations.brokers_file).options, **wanted.broker_options}
    settings = EngineSettings(
        config=msgspec.structs.replace(config.engine, broker=broker),
        broker_options=options,
        load_broker=registry.load,
        clock=SystemClock(),
        data_dir=locations.data_dir,
    )
    found: list[tuple[Instrument, Series]] = []
    failure: TickdeckError | None = None
    try:
        async with open_engine(settings) as engine:
            try:
                async with open_feed(engine.hub, [wanted.fqme], throttle_hz=1) as feed:
                    (flume,) = feed.flumes.values()  # by its one name, whatever it was called
                    found.append((flume.instrument, await _loaded(flume, wanted)))
            except TickdeckError as error:
                failure = error
    except* TickdeckError as group:
        failure = _first(group)
    if failure is not None:
        raise failure
    return found[0]


async def _loaded(flume: Flume, wanted: Wanted) -> Series:
    """Its bars, once there are enough or no more are to be had.

    Raises:
        DataError: there is none.
    """
    live = await flume.open_series(wanted.period_s, wanted.bars)
    with trio.move_on_after(WAIT_S) as wait:
        while flume.is_loading(wanted.period_s):  # noqa: ASYNC110 - told by no event
            await trio.sleep(0.01)
    if wait.cancelled_caught:
        print(f"tickdeck: {wanted.fqme}: history is slow; this is what came", file=sys.stderr)
    series = Series(wanted.period_s)
    series.merge(live.columns())
    if wanted.end_ns is not None:
        series.cut_from(wanted.end_ns + 1)
    if not len(series):
        raise DataError(f"{wanted.fqme} has no bars: nothing is known to have traded")
    return series


def _first(group: BaseExceptionGroup[TickdeckError]) -> TickdeckError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TickdeckError)
    return error


# -- out -------------------------------------------------------------------------------------


def _shows_colours() -> bool:
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def _print(chart: Text, *, is_plain: bool) -> None:
    """Print it in what standard output can show."""
    if is_plain:
        text = "\n".join(line.rstrip() for line in chart.plain.split("\n"))
    else:
        text = _in_colours(chart)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = in_ascii(text)
    print(text, flush=True)


def _in_colours(chart: Text) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=MOST_WIDTH, highlight=False)
    console.print(chart, soft_wrap=True, end="")
    return file.getvalue()


def _write_svg(chart: Text, path: Path, width: int, *, title: str) -> None:
    """Write it as a picture that fetches nothing from elsewhere."""
    # A column more than it needs, or a font that is a little wider is cut off.
    console = Console(record=True, file=io.StringIO(), width=width + 1, force_terminal=True)
    console.print(chart, soft_wrap=True)
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI)
    svg = _FONT_FACE.sub("", svg).replace("Fira Code", FONTS)
    try:
        path.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{safe(path, 200)} cannot be written: {error.strerror}") from error
