"""Start the test venue by hand: `python -m tests.venues.kraken --port 9090`."""

from __future__ import annotations

import argparse
import sys
import traceback
from functools import partial
from pathlib import Path

import trio

from engine.errors import DataError
from tests.venues.kraken.errors import INTERNAL_ERROR
from tests.venues.kraken.keys import ALL_RIGHTS, DEMO_KEY, TRADING_RIGHTS, ApiKey
from tests.venues.kraken.limits import TIERS
from tests.venues.kraken.server import Running, refuse, run_kraken
from tests.venues.wire.messages import Request, Response

_TOLD = """\
Kraken test venue on port {port}
  REST       http://127.0.0.1:{port}
  WebSocket  ws://127.0.0.1:{port}/v2  (market data, accounts and orders)
  control    http://127.0.0.1:{port}/__control__
  key        {key}
  secret     {secret}
"""


def parse(given: list[str]) -> argparse.Namespace:
    """Exits with 2, and says why, for what cannot be meant."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.venues.kraken",
        description="A test venue on this machine that speaks Kraken's spot REST and WebSocket v2.",
    )
    parser.add_argument("--port", type=_port, default=9090, help="0 takes a free one")
    parser.add_argument("--play", type=Path, metavar="FILE", help="a recording of WebSocket v2")
    parser.add_argument("--speed", type=_speed, help="times as fast as it was made; 0: no pace")
    parser.add_argument("--seed", type=int, default=1, help="of the markets")
    parser.add_argument(
        "--quiet", action="store_true", help="books that stand still, in which nobody trades"
    )
    parser.add_argument("--tier", choices=sorted(TIERS), default="pro", help="of the demo key")
    parser.add_argument("--withdraws", action="store_true", help="the demo key may withdraw")
    parser.add_argument("--patience", type=_positive, default=1.0, help="multiplies rate limits")
    options = parser.parse_args(given)
    if options.speed is not None and options.play is None:
        parser.error("--speed is of --play FILE")
    if options.play is not None and not options.play.is_file():
        parser.error(f"--play: there is no file {options.play}")
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("expected a number from 0 to 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < 1e9:
        raise argparse.ArgumentTypeError("expected a number, 0 or more")
    return speed


def _positive(text: str) -> float:
    value = _speed(text)
    if not value:
        raise argparse.ArgumentTypeError("expected more than 0")
    return value


def _demo_key(options: argparse.Namespace) -> ApiKey:
    rights = ALL_RIGHTS if options.withdraws else TRADING_RIGHTS
    return ApiKey(
        key=DEMO_KEY.key,
        secret=DEMO_KEY.secret,
        account=DEMO_KEY.account,
        rights=rights,
        tier=options.tier,
    )


async def run(options: argparse.Namespace) -> None:
    async with trio.open_nursery() as nursery:
        start = partial(
            run_kraken,
            port=options.port,
            play=options.play,
            speed=1.0 if options.speed is None else options.speed,
            seed=options.seed,
            is_quiet=options.quiet,
            patience=options.patience,
            keys=(_demo_key(options),),
            on_error=_explain,
        )
        running = await nursery.start(start)
        if options.quiet:
            _fill_books(running)
        sys.stdout.write(_told(running, options))
        sys.stdout.flush()


def _fill_books(running: Running) -> None:
    """Some orders of nobody's account on both sides, for others to trade with."""
    for market in running.venue.exchange.markets.values():
        instrument, last = market.instrument, market.last_price
        market.fill_ladder(last, instrument.round_size(10_000 / last), apart=10)


def _told(running: Running, options: argparse.Namespace) -> str:
    port = running.port
    text = _TOLD.format(port=port, key=DEMO_KEY.key, secret=DEMO_KEY.secret)
    if options.play is not None:
        text += f"  plays      {options.play}: {', '.join(running.venue.recorded.symbols())}\n"
    return text


def _explain(request: Request, error: Exception) -> Response:
    """A fault of the venue itself is told here, and the venue goes on."""
    traceback.print_exception(error)
    return refuse(INTERNAL_ERROR)


def main(given: list[str] | None = None) -> int:
    options = parse(sys.argv[1:] if given is None else given)
    try:
        trio.run(run, options)
    except BaseExceptionGroup as failed:
        first = _first(failed)
        if isinstance(first, KeyboardInterrupt):
            return 130
        if not isinstance(first, (OSError, DataError)):
            raise
        sys.stderr.write(f"python -m tests.venues.kraken: {first}\n")
        return 1
    return 0


def _first(failed: BaseException) -> BaseException:
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed


if __name__ == "__main__":
    sys.exit(main())
