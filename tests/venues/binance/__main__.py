"""`python -m tests.venues.binance --port 9080`: a Binance on this machine, started by hand."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import trio

from engine.clock import SystemClock
from engine.errors import DataError
from tests.venues.binance import demo
from tests.venues.binance.venue import BinanceVenue, open_playback

_TOLD = """\
Binance test venue on port {port}
  REST           http://127.0.0.1:{port}
  streams        ws://127.0.0.1:{port}
  WebSocket API  ws://127.0.0.1:{port}/ws-api/v3
  control        http://127.0.0.1:{port}/__control__
Account {account!r}; these keys are published for illustration and open nothing else:
  HMAC key       {hmac_key}
  HMAC secret    {hmac_secret}
  Ed25519 key    {ed_key}
  Ed25519 private key (PKCS #8):
{ed_pem}"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.venues.binance", description=__doc__)
    parser.add_argument("--port", type=int, default=9080, help="0 takes any that is free")
    parser.add_argument("--seed", type=int, default=1, help="of the crowd that trades")
    parser.add_argument("--quiet", action="store_true", help="nobody trades but accounts")
    parser.add_argument("--play", type=Path, metavar="FILE", help="play a recording instead")
    parser.add_argument("--speed", type=float, default=1.0, help="of the recording; 0: no waiting")
    asked = parser.parse_args(arguments)
    if not 0 <= asked.port < 65_536:
        parser.error("--port is 0 to 65535")
    if not 0 <= asked.speed <= 1e6:
        parser.error("--speed is 0 to 1000000")
    if asked.play is not None and not asked.play.is_file():
        parser.error(f"--play: {asked.play} is no file")
    status = 0
    try:
        trio.run(_run, asked)
    except* OSError as group:
        sys.stderr.write(f"cannot listen on port {asked.port}: {_first(group)}\n")
        status = 1
    except* DataError as group:
        sys.stderr.write(f"{_first(group)}\n")
        status = 1
    except* KeyboardInterrupt:
        status = 130
    return status


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first that is no group itself."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


async def _run(asked: argparse.Namespace) -> None:
    clock = SystemClock()
    if asked.play is not None:
        venue = open_playback(clock, asked.play, asked.speed)
    else:
        venue = BinanceVenue(clock, seed=asked.seed, is_quiet=asked.quiet)
    venue.state.open_account(demo.ACCOUNT, demo.BALANCES, demo.demo_keys())
    if asked.quiet and asked.play is None:
        for market in venue.state.exchange.markets.values():
            market.fill_ladder(market.last_price, market.instrument.size_step * 5_000)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(partial(venue.serve, asked.port, catches=True))
        sys.stdout.write(_told(port))
        sys.stdout.flush()


def _told(port: int) -> str:
    pem = "".join(f"    {line}\n" for line in demo.ED25519_PEM.splitlines())
    return _TOLD.format(
        port=port,
        account=demo.ACCOUNT,
        hmac_key=demo.HMAC_KEY,
        hmac_secret=demo.HMAC_SECRET,
        ed_key=demo.ED25519_KEY,
        ed_pem=pem,
    )


if __name__ == "__main__":
    sys.exit(main())
