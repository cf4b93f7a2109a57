"""Journals as an engine would have written them, made without one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import trio
from msgspec.structs import replace

from engine.ems.disk_journal import open_journal
from engine.ems.journal import Agreed, Entry, Executed, InstrumentKept, Intent, Record
from engine.instruments import Instrument
from engine.messages import Accepted, Fill, Filled, Order, Side

BTC = Instrument(
    fqme="btcusdt.spot.sim",
    symbol="BTCUSDT",
    base="btc",
    quote="usdt",
    price_tick=Decimal("0.01"),
    size_step=Decimal("0.00001"),
    maker_fee=Decimal("0.001"),
    taker_fee=Decimal("0.001"),
)
ETH = replace(
    BTC, fqme="ethusdt.spot.sim", symbol="ETHUSDT", base="eth", size_step=Decimal("0.0001")
)
ETHBTC = replace(
    BTC,
    fqme="ethbtc.spot.sim",
    symbol="ETHBTC",
    base="eth",
    quote="btc",
    price_tick=Decimal("0.00001"),
    size_step=Decimal("0.0001"),
)
PERPETUAL = replace(
    BTC,
    fqme="btcusd.perp.sim",
    symbol="BTCUSD",
    quote="usd",
    price_tick=Decimal("0.5"),
    size_step=Decimal(1),
    multiplier=Decimal(10),
    is_inverse=True,
)
INSTRUMENTS = (BTC, ETH, ETHBTC, PERPETUAL)


def order_of(fill: Fill) -> Order:
    """The limit order that `fill` filled whole."""
    return Order(
        order_id=fill.order_id,
        account=fill.account,
        fqme=fill.fqme,
        side=fill.side,
        order_type="limit",
        size=fill.size,
        price=fill.price,
        created_ns=fill.venue_ns - 1000,
        updated_ns=fill.venue_ns - 1000,
    )


def entries_of(
    fills: Iterable[Fill], instruments: Sequence[Instrument] = INSTRUMENTS
) -> list[Record]:
    """What is on record of orders that were each filled at once, markets and accounts first."""
    given = list(fills)
    began = min((fill.venue_ns for fill in given), default=0)
    records = [Record(began, InstrumentKept(instrument=one)) for one in instruments]
    records += [
        Record(began, Agreed(account=account, asked_ns=began, began_ns=began))
        for account in dict.fromkeys(fill.account for fill in given)
    ]
    for fill in given:
        entries: list[Entry] = [
            Intent(order=order_of(fill)),
            Accepted(order_id=fill.order_id, venue_order_id="v", venue_ns=fill.venue_ns),
            Filled(
                order_id=fill.order_id,
                trade_id=fill.trade_id,
                price=fill.price,
                size=fill.size,
                fee=fill.fee,
                fee_asset=fill.fee_asset,
                liquidity=fill.liquidity,
                venue_ns=fill.venue_ns,
            ),
            Executed(fill=fill),
        ]
        records += [Record(fill.venue_ns, entry) for entry in entries]
    return records


def write_journal(data_dir: Path, records: Sequence[Record]) -> Path:
    """A journal with these records, by the one that writes journals; closed again."""
    path = data_dir / "journal.db"

    async def write() -> None:
        async with open_journal(path) as journal:
            await journal.append(records)

    trio.run(write)
    return path


START_NS = 1_767_571_200 * 1_000_000_000
"""2026-01-05T00:00:00Z, a Monday."""

HOUR_NS = 3_600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS


def fill_of(
    number: int,
    side: Side,
    size: str,
    price: str,
    fee: str = "0",
    fee_asset: str = "usdt",
    *,
    hours: float = 0.0,
    account: str = "sim",
    fqme: str = BTC.fqme,
) -> Fill:
    """A fill `hours` after the start, of an order and with a trade id of that number."""
    return Fill(
        order_id=f"o{number}",
        account=account,
        fqme=fqme,
        trade_id=f"t{number}",
        side=side,
        price=Decimal(price),
        size=Decimal(size),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        liquidity="taker",
        venue_ns=START_NS + int(hours * HOUR_NS),
        recv_ns=START_NS + int(hours * HOUR_NS) + 5,
    )


ROUND_TRIP = (
    fill_of(1, "buy", "1", "100", "1", hours=1),
    fill_of(2, "buy", "1", "110", "1.1", hours=25),
    fill_of(3, "sell", "1", "130", "1.3", hours=49),
)
"""Two bought on two days, one sold on the third; one is left at an average of 105."""
