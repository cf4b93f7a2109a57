"""`tickdeck inspect`: what a recording holds, and the bars of its trades."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import msgspec

from brokers.replay.answers import AnswersReport, inspect_answers
from brokers.replay.formats import NotPlayable
from brokers.replay.inspect import InspectReport, MarketReport, bars_of, inspect_tape
from brokers.replay.tape import open_tape
from engine.clock import NANOS
from engine.errors import DataError, UsageError
from engine.feed.bars import Series
from engine.text import safe
from tui.paint.format import moment, parse_period
from tui.paint.format import period as period_text

HEADER = ("time", "open", "high", "low", "close", "volume", "trades")
"""Columns of the bars; `time` is the start of the bar in seconds UTC."""

LONGEST_PERIOD_S = 366 * 86_400

EXACT_DIGITS = 15
"""Decimal digits that a float64 always holds: more would show how it was rounded."""


def inspect(path: Path, *, as_json: bool, bars: str | None, out: Path | None) -> int:
    """Print what `path` holds, or with `bars` the bars of that period.

    Raises:
        DataError: it is no recording that can be read.
        UsageError: what was asked for makes no sense.
    """
    if out is not None and bars is None:
        raise UsageError("--out is for bars", hint="say which, as in --bars 1m")
    if bars is None:
        _print_report(path, as_json=as_json)
        return 0
    period_s = _period(bars)
    if out is not None and out.exists() and path.exists() and out.samefile(path):
        raise UsageError("--out would overwrite the recording")
    tape = open_tape(path)
    made = bars_of(tape, period_s)
    decimals = {
        market.fqme: None if tape.bar_period_s == period_s else max(8, market.size_decimals)
        for market in tape.markets
    }
    if out is None:
        _print_bars(made, decimals, as_json=as_json)
    else:
        _write_bars(made, decimals, out, as_json=as_json)
    statistics = tape.statistics()
    for note in _faults(statistics.malformed, statistics.first_malformed, statistics.too_long):
        print(f"tickdeck: {note}", file=sys.stderr)
    for note in statistics.notes:
        print(f"tickdeck: {safe(path.name, 80)}: {note}", file=sys.stderr)
    return 0


def _print_report(path: Path, *, as_json: bool) -> None:
    """What is in a recording; or in a file of a venue's answers, which are none."""
    report: InspectReport | AnswersReport
    try:
        report = inspect_tape(open_tape(path))
        lines = report_lines(report)
    except NotPlayable as error:
        try:
            report = inspect_answers(path)
        except DataError:
            raise error from None
        lines = answer_lines(report)
    if as_json:
        _print_json(report)
    else:
        print("\n".join(lines))


def _period(text: str) -> int:
    period_s = parse_period(text)
    if period_s is None or period_s > LONGEST_PERIOD_S:
        raise UsageError(
            f"{safe(text, 40)!r} is not a period of bars", hint="as in 1s, 5m, 1h or 1d"
        )
    return period_s


# -- bars ------------------------------------------------------------------------------------


def rows(series: Series, size_decimals: int | None) -> Iterator[tuple[str, ...]]:
    """Bars as text. Prices are as they were recorded.

    So is the volume with `size_decimals` None; otherwise it is a sum of sizes of at most so many
    decimals, and is shown without what its rounding left behind.
    """
    for at in range(len(series)):
        volume = float(series.volume[at])
        yield (
            str(int(series.time_ns[at]) // NANOS),
            plain(float(series.open[at])),
            plain(float(series.high[at])),
            plain(float(series.low[at])),
            plain(float(series.close[at])),
            plain(volume if size_decimals is None else without_noise(volume, size_decimals)),
            str(int(series.trades[at])),
        )


def plain(value: float) -> str:
    """The number in full: as many digits as tell it from any other, and no exponent."""
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def without_noise(total: float, decimals: int) -> float:
    """A sum of numbers with at most `decimals`, without what adding floats put behind them."""
    return float(f"{round(total, decimals):.{EXACT_DIGITS}g}")


def _print_bars(
    made: Mapping[str, Series], decimals: Mapping[str, int | None], *, as_json: bool
) -> None:
    """All markets; each after its name, if they are several."""
    if as_json:
        print("{")
    for nth, (fqme, series) in enumerate(made.items()):
        if as_json:
            print(f'{"," if nth else ""}"{fqme}":')
            _give_json(sys.stdout, rows(series, decimals[fqme]))
            continue
        if len(made) > 1:
            print(f"# {fqme}")
        _give_csv(sys.stdout, rows(series, decimals[fqme]))
    if as_json:
        print("}")


def _write_bars(
    made: Mapping[str, Series], decimals: Mapping[str, int | None], out: Path, *, as_json: bool
) -> None:
    """A file for each market: `out`, with the market in its name if they are several."""
    give = _give_json if as_json else _give_csv
    for fqme, series in made.items():
        path = out if len(made) == 1 else out.with_name(f"{out.stem}-{fqme}{out.suffix}")
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                give(file, rows(series, decimals[fqme]))
        except OSError as error:
            raise UsageError(f"{safe(path, 200)} cannot be written: {error.strerror}") from error
        print(f"{safe(path, 200)}: {_count(len(series), 'bar')} of {fqme}")


def _give_csv(file: TextIO, of_one: Iterable[tuple[str, ...]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(of_one)


def _give_json(file: TextIO, of_one: Iterable[tuple[str, ...]]) -> None:
    """A bar a line: the same numbers as in CSV, which are JSON as they are."""
    file.write("[")
    for nth, row in enumerate(of_one):
        pairs = ", ".join(f'"{name}": {value}' for name, value in zip(HEADER, row, strict=True))
        file.write(f"{',' if nth else ''}\n  {{{pairs}}}")
    file.write("\n]\n")


def _print_json(value: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


# -- the report ------------------------------------------------------------------------------


def report_lines(report: InspectReport) -> Iterator[str]:
    """The report for people."""
    yield f"{report.file}: {_format(report)}, {report.size_bytes:,} bytes"
    yield f"  time      {_span(report)}"
    yield f"  lines     {report.lines:,} read, {report.malformed:,} malformed" + (
        f", {report.too_long:,} too long" if report.too_long else ""
    )
    if report.first_malformed:
        yield f"            first: {report.first_malformed}"
    yield f"  messages  {_counts(report.messages)}"
    for note in report.notes:
        yield f"  note      {note}"
    for market in report.markets:
        yield ""
        yield from _market_lines(market, report.proof, is_bars=report.bar_period_s is not None)


def answer_lines(report: AnswersReport) -> Iterator[str]:
    """The report of a file of answers, for people."""
    yield f"{report.file}: {report.format}, {report.size_bytes:,} bytes"
    yield f"  answers   {_counts(report.answers)}"
    if report.malformed:
        yield f"  malformed {report.malformed:,}, the first: {report.first_malformed}"
    if not report.markets:
        return
    told = sum(report.statuses.values())
    yield f"  markets   {report.markets:,}" + (f" of {told:,}" if told > report.markets else "")
    for name, counts in (
        ("statuses", report.statuses),
        ("quotes", report.quotes),
        ("filters", report.filters),
    ):
        if counts:
            yield f"  {name:<9} {_counts(counts)}"
    yield ""
    for one in report.examples:
        yield (
            f"{one.fqme}  {one.symbol}, price tick {one.price_tick}, size step {one.size_step},"
            f" least size {one.min_size}, least worth {one.min_notional}"
        )
    if report.markets > len(report.examples):
        yield f"... and {report.markets - len(report.examples):,} more"


def _counts(counts: Mapping[str, int]) -> str:
    return "  ".join(f"{name} {count:,}" for name, count in counts.items())


def _market_lines(market: MarketReport, proof: str, *, is_bars: bool) -> Iterator[str]:
    yield (
        f"{market.fqme}  {market.symbol}, price tick {market.price_tick},"
        f" size step {market.size_step}"
    )
    trades = f"  trades    {market.trades:,}, volume {plain(without_noise(market.volume, 8))}"
    if not is_bars and market.trade_messages != market.trades:
        trades += f", in {market.trade_messages:,} messages"
    if market.trades_repeated:
        trades += f", {market.trades_repeated:,} known before"
    if market.trade_gaps:
        trades += f", some missing {_times(market.trade_gaps)}"
    yield trades
    if market.quotes:
        yield f"  quotes    {market.quotes:,} changes, crossed {_times(market.crossed)}"
    if (book := market.book) is None:
        return
    state = "" if book.is_synced else "; not known at the end"
    yield (
        f"  book      {_count(book.snapshots, 'snapshot')}, {_count(book.updates, 'update')},"
        f" {_count(book.gaps, 'gap')}, {book.skipped:,} left out{state}"
    )
    good = book.checked - book.failed
    verdict = "nothing to compare" if not book.checked else f"{good:,} of {book.checked:,} right"
    yield f"  proof     {proof}: {verdict}" + (f", {book.failed:,} WRONG" if book.failed else "")


def _format(report: InspectReport) -> str:
    if report.bar_period_s is None:
        return report.format
    return f"{report.format} of {period_text(report.bar_period_s)}"


def _span(report: InspectReport) -> str:
    start, end = moment(report.start_ns), moment(report.end_ns)
    return (
        f"{start:%Y-%m-%d %H:%M:%S.%f} to {end:%Y-%m-%d %H:%M:%S.%f} UTC,"
        f" {(report.end_ns - report.start_ns) / NANOS:,.3f} s"
    )


def _faults(malformed: int, first: str, too_long: int) -> Iterator[str]:
    if malformed:
        yield f"{_count(malformed, 'malformed line')} left out; the first: {first}"
    if too_long:
        yield f"{_count(too_long, 'line')} left out for being too long"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
