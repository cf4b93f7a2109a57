"""Kraken spot behind the port: a thin shell of tasks around sessions and requests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import trio
from msgspec.structs import replace

from brokers.kraken import rest_wire
from brokers.kraken.access import Access
from brokers.kraken.history import PERIODS, BarHistory
from brokers.kraken.holes import Missing
from brokers.kraken.listing import load, quote_of, rest_pair
from brokers.kraken.market import Traded
from brokers.kraken.options import KrakenOptions
from brokers.kraken.past import PastTrades
from brokers.kraken.public import PATIENCE_S, PublicApi
from brokers.kraken.streams import Reader, Socket, StreamPool
from brokers.kraken.terms import TRADING
from brokers.listings import Listed
from brokers.live import LiveBroker
from brokers.net.budgets import Budget
from brokers.net.rest import Rest
from brokers.options import read_options
from engine.broker import (
    BrokerSettings,
    HistoryPage,
    Report,
    TickSink,
    TradingClient,
)
from engine.errors import BrokerError, BrokerUnavailable, NotSupported, describe
from engine.log import logger
from engine.messages import (
    AccountInfo,
    ConnectionStatus,
    Quote,
)

_log = logger(__name__)

CONNECTS: Final = 140.0
CONNECTS_S: Final = 600.0
"""Attempts to connect: the venue's front takes about 150 in any ten minutes from one address, and
then none for ten minutes (https://docs.kraken.com/api/docs/guides/spot-ws-intro, read 2026-11)."""

QUOTE_S: Final = 1.5
"""The socket tells a first quote sooner than this; then REST is asked besides."""

FILL_TRIES_S: Final = (0.0, 1.0, 2.0, 4.0)
"""Pauses before each attempt to fetch trades that a stream lacks: REST may lag behind it."""

FILL_S: Final = 45.0
"""What may be spent on that; trades that came since are held meanwhile."""


class KrakenBroker(LiveBroker):
    """See the module. Nothing is asked of the venue before somebody wants to know something."""

    def __init__(self, settings: BrokerSettings, options: KrakenOptions) -> None:
        super().__init__(settings, options.rest_url)
        self.capabilities = replace(
            TRADING, has_market_data=True, can_search=True, has_history=True, has_depth=True
        )
        self._nursery: trio.Nursery | None = None
        connects = Budget(CONNECTS, CONNECTS_S)
        self._rest = Rest(
            broker=self.name, base_url=options.rest_url, clock=self._clock, bans=self._bans
        )
        self._api = PublicApi(self._rest, clock=self._clock, per_s=options.public_per_s)
        self._past = PastTrades(self._api, self._venue_ns)
        self._history = BarHistory(self._api, self._past, self._venue_ns)
        self._pool = StreamPool(
            broker=self.name,
            options=options,
            clock=self._clock,
            bans=self._bans,
            connects=connects,
            offset=self._offset,
            fill_hole=self._begin_to_fill,
        )
        self._access = Access(
            name=self.name,
            options=options,
            clock=self._clock,
            rest=self._rest,
            bans=self._bans,
            connects=connects,
            credentials=settings.credentials,
            instruments=self._listings.instruments,
            offset=self._offset,
            track=self._of_accounts.track,
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold connections open, and keep the list fresh."""
        async with self._rest.opened(), trio.open_nursery() as nursery:
            self._nursery = nursery
            await nursery.start(self._pool.run)
            nursery.start_soon(self._listings.keep_fresh)
            task_status.started()

    # -- markets ------------------------------------------------------------------------------

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """See the port. What is traded before the quote belongs to history."""
        listed = await self._listings.listed(fqme)
        instrument = listed.instrument
        with self._pool.open(instrument.fqme, instrument.symbol) as (reader, socket):
            asked = await self._first_quote(reader, socket, listed)
            known, ticks = socket.session.present(instrument.symbol, self.now_ns())
            task_status.started(known or asked)
            reader.begin(sink)
            reader.give(ticks)
            await reader.wait_failed()

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        if period_s not in PERIODS:
            raise NotSupported(f"{self.name} has no bars of {period_s} s")
        listed = await self._listings.listed(fqme)
        return await self._history.page(rest_pair(listed), period_s, end_ns, limit)

    def native_periods(self, fqme: str) -> Sequence[int]:
        return PERIODS

    # -- accounts -----------------------------------------------------------------------------

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        from brokers.kraken.client import open_client  # here: who only looks on does not need it

        return open_client(self._access, account, report)

    def connections(self) -> Sequence[ConnectionStatus]:
        rest = replace(self._api.status(), clock_offset_ms=self._offset.offset_ms)
        # Sockets are pinged with messages, whose answers tell no time of ours.
        round_trip_ms = self._offset.round_trip_ms
        sockets = [
            replace(status, round_trip_ms=status.round_trip_ms or round_trip_ms)
            for status in self._pool.statuses()
        ]
        return [rest, *sockets, *self._of_accounts.statuses()]

    # -- inside -------------------------------------------------------------------------------

    async def _list(self) -> Sequence[Listed]:
        return await load(self._api, ending=self._ending)

    def _venue_ns(self) -> int:
        """Now by the clock that is behind: one that is wrong must not make a bar of the present
        final."""
        return self._offset.earlier_ns(self._clock)

    async def _first_quote(self, reader: Reader, socket: Socket, listed: Listed) -> Quote:
        """With a last price, from whichever side tells it first."""
        known, _ = socket.session.present(reader.symbol, self.now_ns())
        if known is not None:
            return known
        with trio.move_on_after(QUOTE_S):
            await reader.told.wait()
        reader.check()
        if reader.quote is None:
            await self._ask_quote(reader, listed)
        if reader.quote is None:
            with trio.move_on_after(PATIENCE_S):
                await reader.told.wait()
            reader.check()
        if reader.quote is None:
            why = socket.runner.status().reason or "it has never been traded"
            raise BrokerUnavailable(f"{reader.fqme}: there is no last price: {why}")
        return reader.quote

    async def _ask_quote(self, reader: Reader, listed: Listed) -> None:
        try:
            tickers = await self._api.ask(
                "Ticker", rest_wire.decode_pairs, patience_s=PATIENCE_S, pair=rest_pair(listed)
            )
        except BrokerError as error:
            _log.warning("no quote of %s over REST: %s", reader.fqme, describe(error))
            return
        quote = quote_of(tickers, reader.fqme, self.now_ns())
        if quote is not None:
            reader.take_quote(quote)

    def _begin_to_fill(self, socket: Socket, missing: Missing) -> None:
        assert self._nursery is not None, "sockets are open only while the broker runs"
        self._nursery.start_soon(self._fill, socket, missing)

    async def _fill(self, socket: Socket, missing: Missing) -> None:
        """Fetch trades that a stream lacks, and give them on, with those that came since."""
        found: list[Traded] = []
        is_whole = False
        with trio.move_on_after(FILL_S):
            for pause_s in FILL_TRIES_S:
                await trio.sleep(pause_s)
                try:
                    pair = rest_pair(await self._listings.listed(missing.fqme))
                    found, is_whole = await self._past.missing(pair, missing)
                except BrokerError as error:
                    _log.warning("trades of %s are missing: %s", missing.fqme, describe(error))
                if is_whole:
                    break
        ticks = socket.session.filled(missing, found, is_whole=is_whole, now_ns=self.now_ns())
        socket.deliver(ticks)


def open_broker(settings: BrokerSettings) -> KrakenBroker:
    """See the port.

    Raises:
        BrokerUnavailable: its options are wrong.
    """
    return KrakenBroker(settings, read_options(settings, KrakenOptions))
