"""A market whose book and trades are those of a recording.

Orders of accounts meet nobody there: a recording does not answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from brokers.sim.instruments import Listing
from brokers.sim.orders import BUY
from engine.clock import NANOS
from engine.instruments import Instrument
from tests.venues.exchange.bars import MINUTE_NS, Bar, Period, group
from tests.venues.exchange.market import Best, DayStats, Level, OnEvents, SpotMarket
from tests.venues.exchange.tape import Aggregate, PublicTrade, Recorder, aggregate_of

_ZERO: Final = Decimal(0)


class PlayedTape:
    """Trades as they are played, by their own numbers, which may have gaps."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._trades: list[PublicTrade] = []
        self._aggregates: list[Aggregate] = []
        self._recorders = {NANOS: Recorder(1), MINUTE_NS: Recorder(60)}

    @property
    def last_id(self) -> int:
        return self._trades[-1].trade_id if self._trades else 0

    @property
    def latest_ns(self) -> int:
        return self._trades[-1].time_ns if self._trades else 0

    def add_trade(self, trade: PublicTrade) -> None:
        """A trade, unless it was there before."""
        if trade.trade_id <= self.last_id:
            return
        self._trades.append(trade)
        self._count(trade)

    def add_aggregate(self, one: Aggregate, *, counts: bool) -> None:
        """An aggregate; `counts` where bars are made of these."""
        if self._aggregates and one.aggregate_id <= self._aggregates[-1].aggregate_id:
            return
        self._aggregates.append(one)
        if counts:
            first, buyer = one.first_id, one.is_buyer_maker
            self.add_trade(
                PublicTrade(first, one.price, one.size, one.time_ns, buyer, one.aggregate_id)
            )

    def _count(self, trade: PublicTrade) -> None:
        ticks = int(trade.price / self._instrument.price_tick)
        steps = int(trade.size / self._instrument.size_step)
        for recorder in self._recorders.values():
            recorder.add(ticks, steps, trade)

    # -- as `Tape` ---------------------------------------------------------------------------

    def last(self, limit: int) -> list[PublicTrade]:
        return self._trades[-limit:]

    def since_id(self, trade_id: int, limit: int) -> list[PublicTrade]:
        at = bisect_left(self._trades, trade_id, key=lambda trade: trade.trade_id)
        return self._trades[at : at + limit]

    def between(self, start_ns: int, end_ns: int, limit: int) -> list[PublicTrade]:
        at = bisect_left(self._trades, start_ns, key=lambda trade: trade.time_ns)
        return [one for one in self._trades[at : at + limit] if one.time_ns < end_ns]

    def ids_between(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        found = self.between(start_ns, end_ns, len(self._trades))
        return (found[0].trade_id, found[-1].trade_id) if found else (-1, -1)

    def aggregates(self, trades: list[PublicTrade]) -> list[Aggregate]:
        return [aggregate_of([trade]) for trade in trades]

    def last_aggregates(self, limit: int) -> list[Aggregate]:
        return self._aggregates[-limit:]

    def aggregates_since_id(self, aggregate_id: int, limit: int) -> list[Aggregate]:
        at = bisect_left(self._aggregates, aggregate_id, key=lambda one: one.aggregate_id)
        return self._aggregates[at : at + limit]

    def aggregates_between(self, start_ns: int, end_ns: int, limit: int) -> list[Aggregate]:
        at = bisect_left(self._aggregates, start_ns, key=lambda one: one.time_ns)
        return [one for one in self._aggregates[at : at + limit] if one.time_ns < end_ns]

    def bars(self, period: Period, start_ns: int, end_ns: int, now_ns: int) -> list[Bar]:
        """Bars from the first trade to the last."""
        unit_ns = NANOS if period.seconds < 60 else MINUTE_NS
        recorder = self._recorders[unit_ns]
        if recorder.start_ns is None:
            return []
        first_ns = max(period.start(start_ns + period.seconds * NANOS - 1), recorder.start_ns)
        if period.is_month:
            first_ns = recorder.start_ns
        last_ns = min(period.next_start(period.start(end_ns - 1)), self.latest_ns + 1)
        stop_ns = -(-last_ns // unit_ns) * unit_ns
        if stop_ns <= first_ns:
            return []
        flows = recorder.flows(first_ns, stop_ns, recorder.close_before(first_ns) or 0)
        return group(flows, period, self._instrument)


class PlayedMarket(SpotMarket):
    """Its book is kept in the recording's own texts' order of prices and update ids."""

    tape: PlayedTape  # type: ignore[assignment]

    def __init__(
        self, listing: Listing, seed: int, now_ns: int, *, is_quiet: bool, on_events: OnEvents
    ) -> None:
        super().__init__(listing, seed, now_ns, is_quiet=True, on_events=on_events)
        self.tape = PlayedTape(self.instrument)
        self._sides: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})
        self.update_id = 0
        self._quotes = b""
        self._heard_ns = 0

    # -- what is played ------------------------------------------------------------------------

    def set_book(self, update_id: int, bids: Sequence[Any], asks: Sequence[Any]) -> None:
        """The whole book at `update_id`, unless the one here is newer."""
        if update_id <= self.update_id:
            return
        self.update_id = update_id
        for side, levels in zip(self._sides, (bids, asks), strict=True):
            side.clear()
            side.update((Decimal(price), Decimal(size)) for price, size, *_ in levels)

    def change_book(self, update_id: int, bids: Sequence[Any], asks: Sequence[Any]) -> None:
        """What changed up to `update_id`, unless that is known."""
        if update_id <= self.update_id:
            return
        self.update_id = update_id
        for side, levels in zip(self._sides, (bids, asks), strict=True):
            for price, size, *_ in levels:
                side[Decimal(price)] = Decimal(size)
                if not side[Decimal(price)]:
                    del side[Decimal(price)]

    def quote(self, ticker: bytes) -> None:
        """A book ticker, as it was sent."""
        self._quotes = ticker

    def hear(self, time_ns: int) -> None:
        """A message of that time was played."""
        self._heard_ns = max(self._heard_ns, time_ns)

    # -- as `SpotMarket` -----------------------------------------------------------------------

    def bids(self, limit: int = 5000) -> list[Level]:
        return sorted(self._sides[0].items(), reverse=True)[:limit]

    def asks(self, limit: int = 5000) -> list[Level]:
        return sorted(self._sides[1].items())[:limit]

    def walk(self, side: int) -> Iterator[Level]:
        return iter(self.asks() if side == BUY else self.bids())

    def best(self) -> Best:
        if self._quotes:
            told = msgspec.json.decode(self._quotes)
            bid, bid_size, ask, ask_size = (Decimal(told[name]) for name in "bBaA")
            return Best(int(told["u"]), bid, bid_size, ask, ask_size)
        bids, asks = self.bids(1), self.asks(1)
        return Best(
            self.update_id,
            bids[0][0] if bids else None,
            bids[0][1] if bids else _ZERO,
            asks[0][0] if asks else None,
            asks[0][1] if asks else _ZERO,
        )

    def latest_ns(self, now_ns: int) -> int:
        return max(self._heard_ns, self.tape.latest_ns) or now_ns

    @property
    def last_price(self) -> Decimal:
        last = self.tape.last(1)
        if last:
            return last[0].price
        best = self.best()
        return best.bid or best.ask or super().last_price

    def average_price(self) -> Decimal:
        end_ns = self.latest_ns(0)
        minutes_ns = self.instrument.average_minutes * MINUTE_NS
        recent = self.tape.between(end_ns - minutes_ns, end_ns + 1, 1_000_000)
        size = sum((trade.size for trade in recent), _ZERO)
        return sum((trade.cost for trade in recent), _ZERO) / size if size else self.last_price

    def stats(self, now_ns: int, span_s: int = 86_400) -> DayStats:
        """Of what was played of the span."""
        if self.tape.between(now_ns - span_s * NANOS, now_ns + 1, 1):
            return super().stats(now_ns, span_s)
        last = self.last_price
        return DayStats(
            start_ns=now_ns - span_s * NANOS,
            end_ns=now_ns,
            open=last,
            high=last,
            low=last,
            last=last,
            last_size=_ZERO,
            before=last,
            volume=_ZERO,
            quote_volume=_ZERO,
            first_id=-1,
            last_id=-1,
            trades=0,
        )
