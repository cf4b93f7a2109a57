"""All that Kraken lists: AssetPairs, and what is traded of each pair from Ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import msgspec
import trio
from msgspec.structs import replace

from brokers.asset_names import pair_name
from brokers.kraken import rest_wire
from brokers.kraken.halts import UNMATCHED
from brokers.kraken.pairs import each_pair
from brokers.kraken.public import PATIENCE_S, PublicApi
from brokers.listings import Listed
from brokers.statistics import FAULTS
from engine.errors import BrokerError, BrokerUnavailable, describe
from engine.log import logger
from engine.messages import Quote

_log = logger(__name__)


async def load(api: PublicApi, *, ending: str) -> Sequence[Listed]:
    """Every market. Raises `BrokerError` where the venue cannot be asked."""
    pairs = await api.ask("AssetPairs", rest_wire.decode_pairs, patience_s=PATIENCE_S)
    tickers: Mapping[str, msgspec.Raw] = {}
    try:
        tickers = await api.ask("Ticker", rest_wire.decode_pairs, patience_s=PATIENCE_S)
    except BrokerError as error:
        _log.warning("what is traded most is not known: %s", describe(error))
    return await trio.to_thread.run_sync(lambda: read_listed(pairs, tickers, ending=ending))


def read_listed(
    pairs: Mapping[str, Any], tickers: Mapping[str, msgspec.Raw], *, ending: str
) -> list[Listed]:
    """Every pair of an answer of AssetPairs that is a market here; `rest_pair` is its first name.

    Where two pairs have one name here, the first stands.
    """
    listed: dict[str, Listed] = {}
    for key, pair, instrument in each_pair(pairs, ending=ending):
        if instrument.fqme in listed:
            continue
        name = pair_name(instrument.base, instrument.quote)
        listed[instrument.fqme] = Listed(
            instrument=replace(instrument, name=name),
            names=tuple(dict.fromkeys([pair.altname, key, pair.wsname])),
            volume=_volume(tickers.get(key)),
            is_halted=pair.status in UNMATCHED,
        )
    return list(listed.values())


def rest_pair(listed: Listed) -> str:
    """What REST calls a market."""
    return listed.names[0]


def _volume(ticker: msgspec.Raw | None) -> float:
    """What is traded in 24 hours, in quote units; 0 where that is not told."""
    if ticker is None:
        return 0.0
    try:
        told = rest_wire.decode_ticker(ticker)
        return float(told.v[1]) * float(told.p[1])
    except (*FAULTS, IndexError):
        return 0.0


def quote_of(tickers: Mapping[str, msgspec.Raw], fqme: str, recv_ns: int) -> Quote | None:
    """The present of the one pair of an answer of Ticker; None where nothing was traded of it.

    Raises `BrokerUnavailable` where it is not what is documented.
    """
    if len(tickers) != 1:
        return None
    try:
        told = rest_wire.decode_ticker(next(iter(tickers.values())))
        last, last_size = (float(text) for text in told.c[:2])
        (bid, _, bid_size), (ask, _, ask_size) = (map(float, side[:3]) for side in (told.b, told.a))
        opened, volume = float(told.o), float(told.v[0])
    except (*FAULTS, IndexError) as error:
        raise BrokerUnavailable(f"Ticker of {fqme}: not what is documented") from error
    if not 0 < last < inf:
        return None
    return Quote(
        fqme=fqme,
        last=last,
        last_size=last_size,
        bid=bid if bid_size else None,
        bid_size=bid_size,
        ask=ask if ask_size else None,
        ask_size=ask_size,
        day_open=opened or None,
        day_volume=volume,
        venue_ns=recv_ns,
        recv_ns=recv_ns,
    )
