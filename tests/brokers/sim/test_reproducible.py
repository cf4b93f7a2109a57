"""The same seed and commands give the same log, byte for byte, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from brokers.sim.exchange import Exchange
from brokers.sim.instruments import LISTINGS
from engine.clock import NANOS
from engine.messages import Order

START_NS = 1_795_226_417 * NANOS


def write_log(seed: int) -> bytes:
    """All markets for a while, with orders of an account in each."""
    lines: list[bytes] = []
    exchange = Exchange(
        LISTINGS,
        seed=seed,
        cash=Decimal(1000),
        log=lambda fqme, line: lines.append(fqme.encode() + b" " + line),
    )
    account = exchange.account("me")
    account.reports.append(lambda event: lines.append(repr(event).encode()))
    now_ns = START_NS
    for count, listing in enumerate(LISTINGS * 3):
        market, instrument = exchange.market(listing.fqme, now_ns), listing.instrument
        price = instrument.round_price(market.quote().last * (1 - 0.0002 * (count % 3)))
        size = max(instrument.min_size, instrument.size_step) * 10
        while instrument.notional(price, size) < instrument.min_notional:
            size *= 10
        for order_id, terms in ((f"l{count}", {"price": price}), (f"m{count}", {})):
            order = Order(
                order_id=order_id,
                account="me",
                fqme=listing.fqme,
                side="buy" if terms else "sell",
                order_type="limit" if terms else "market",
                size=size,
                **terms,
            )
            exchange.submit(account, order, now_ns)
        now_ns += 2_300_000_000
        exchange.advance(now_ns)
    return b"\n".join(lines)


def log_of_a_process(seed: int, hash_seed: str) -> bytes:
    return subprocess.run(
        [sys.executable, __file__, str(seed)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=True,
    ).stdout


def test_the_log_is_the_same_in_another_process_with_other_hashes() -> None:
    log = write_log(7)

    assert len(log.splitlines()) > 500
    assert log == log_of_a_process(7, "1") == log_of_a_process(7, "2")
    assert log != write_log(8)


if __name__ == "__main__":
    sys.stdout.buffer.write(write_log(int(sys.argv[1])))
