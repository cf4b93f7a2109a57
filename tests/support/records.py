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
from engine.messages import Accepted, Fill, Filled, Order

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
