"""Binance spot behind the port: a thin shell of tasks around sessions and requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Final

import msgspec
import trio

from brokers.binance import wire
from brokers.binance.access import Access
from brokers.binance.halts import Halts
from brokers.binance.history import INTERVALS, history_page, last_open_ms, page_limit
from brokers.binance.limits import Limits
from brokers.binance.listing import listed_markets
from brokers.binance.options import BinanceOptions
from brokers.binance.public import PublicApi
from brokers.binance.streams import StreamPool
from brokers.binance.terms import TRADING
from brokers.listings import Listed
from brokers.live import LiveBroker
from brokers.net.rest import Rest
from brokers.options import read_options
from engine.broker import (
    BrokerSettings,
    Capabilities,
    HistoryPage,
    Report,
    TickSink,
    TradingClient,
)
from engine.errors import BrokerError, BrokerUnavailable, NotSupported, describe
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    AccountInfo,
    ConnectionStatus,
    Quote,
)
from engine.services import backoff

_log = logger(__name__)

CLOCK_SAMPLES: Final = 4
"""Of the venue's clock, taken one after the other when the broker starts."""
CLOCK_S: Final = 300.0
"""Between two looks at it after that."""


class BinanceBroker(LiveBroker):
    """See the module. Nothing is asked of the venue before somebody wants to know something."""

    def __init__(self, settings: BrokerSettings, options: BinanceOptions) -> None:
        super().__init__(settings, options.urls.rest)
        self.capabilities = capabilities(options)
        self._options = options
        self._limits = Limits(options.history_share)
        self._rest = Rest(
            broker=self.name,
            base_url=options.urls.rest,
            clock=self._clock,
            bans=self._bans,
            on_reply=self._limits.on_reply,
        )
        self._api = PublicApi(self._rest, self._limits, self._offset, self._clock)
        self._pool = StreamPool(
            broker=self.name,
            options=options,
            clock=self._clock,
            bans=self._bans,
            limits=self._limits,
            api=self._api,
            on_lost=lambda fqmes: self._halts.on_lost(fqmes),
        )
        self._halts = Halts(self._api, self._pool.give, self.now_ns)
        self._is_used = trio.Event()
        self._access = Access(
            name=self.name,
            options=options,
            clock=self._clock,
            rest=self._rest,
            bans=self._bans,
            weight=self._limits.weight,
            connects=self._limits.connects,
            credentials=settings.credentials,
            instruments=self._listings.instruments,
            offset=self._offset,
            track=self._of_accounts.track,
        )

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold connections open, and look after clock, list and halts."""
        async with self._rest.opened(), trio.open_nursery() as nursery:
            await nursery.start(self._pool.run)
            nursery.start_soon(self._listings.keep_fresh)
            nursery.start_soon(self._halts.run)
            nursery.start_soon(self._keep_time)
            task_status.started()

    # -- markets ------------------------------------------------------------------------------

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """See the port. What is traded after the quote and before the stream is asked for."""
        self._is_used.set()
        instrument = await self._listings.get(fqme)
        ticker, recv_ns = await self._api.ticker(instrument.symbol)
        task_status.started(await self._quote(instrument, ticker, recv_ns))
        with (
            self._looked_after(instrument),
            self._pool.watch(
                instrument.fqme, instrument.symbol, sink, last_trade_id=ticker.last_id
            ) as watch,
        ):
            await watch.wait_failed()

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        interval = INTERVALS.get(period_s)
        if interval is None:
            raise NotSupported(f"{self.name} has no bars of {period_s} s")
        self._is_used.set()
        instrument = await self._listings.get(fqme)
        limit = max(1, limit)
        # Closed by both clocks: one that is wrong must not make a bar of the present final.
        now_ns = self._offset.earlier_ns(self._clock)
        asked = page_limit(period_s, end_ns, now_ns, limit)
        klines = await self._api.klines(instrument.symbol, interval, last_open_ms(end_ns), asked)
        return history_page(klines, period_s, end_ns, now_ns, limit, asked)

    def native_periods(self, fqme: str) -> Sequence[int]:
        return tuple(INTERVALS)

    # -- accounts -----------------------------------------------------------------------------

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        if not self.capabilities.can_trade:
            raise NotSupported(f"{self.name} serves market data only", hint="see `environment`")
        self._is_used.set()
        from brokers.binance.client import open_client  # here: who only looks on does not need it

        return open_client(self._access, account, report)

    def connections(self) -> Sequence[ConnectionStatus]:
        rest = msgspec.structs.replace(self._rest.status(), clock_offset_ms=self._offset.offset_ms)
        return [rest, *self._pool.statuses(), *self._of_accounts.statuses()]

    # -- inside -------------------------------------------------------------------------------

    @contextmanager
    def _looked_after(self, instrument: Instrument) -> Iterator[None]:
        self._halts.add(instrument.fqme, instrument.symbol)
        try:
            yield
        finally:
            if not self._pool.has(instrument.fqme):
                self._halts.remove(instrument.fqme)

    async def _list(self) -> Sequence[Listed]:
        """All that the venue lists, and what is traded of it as far as that can be had."""
        tickers: list[wire.Ticker24h] = []

        async def ask_tickers() -> None:
            nonlocal tickers
            try:
                tickers = await self._api.tickers()
            except BrokerError as error:
                _log.warning("what is traded most is not known: %s", describe(error))

        info: wire.ExchangeInfo | BrokerError
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask_tickers)
            try:
                info = await self._api.exchange_info()
            except BrokerError as error:
                info = error
                nursery.cancel_scope.cancel()
        if isinstance(info, BrokerError):
            raise info
        # Thousands of symbols with a dozen filters each: the markets go on meanwhile.
        return await trio.to_thread.run_sync(
            lambda: listed_markets(info, tickers, ending=self._ending)
        )

    async def _quote(self, instrument: Instrument, ticker: wire.Ticker24h, recv_ns: int) -> Quote:
        return Quote(
            fqme=instrument.fqme,
            last=ticker.last or await self._last_close(instrument),
            last_size=ticker.last_size,
            bid=ticker.bid or None,
            bid_size=ticker.bid_size,
            ask=ticker.ask or None,
            ask_size=ticker.ask_size,
            day_open=ticker.open or None,
            day_volume=ticker.volume,
            venue_ns=_time_ns(ticker.close_time) or recv_ns,
            recv_ns=recv_ns,
        )

    async def _last_close(self, instrument: Instrument) -> float:
        """Of a market that nothing was traded of for a day or more."""
        end_ms = self._offset.now_ms(self._clock)
        klines = await self._api.klines(instrument.symbol, INTERVALS[86_400], end_ms, 1)
        if not klines:
            raise BrokerUnavailable(f"{instrument.fqme} has not been traded yet")
        return klines[-1].close

    async def _keep_time(self) -> None:
        """Know the venue's clock, once that matters, and follow it."""
        await self._is_used.wait()
        taken, delays = 0, backoff()
        while True:
            try:
                await self._api.look_at_clock()
            except BrokerError as error:
                _log.warning("the venue's clock is not known: %s", describe(error))
                await trio.sleep(next(delays))
                continue
            taken, delays = taken + 1, backoff()
            if taken >= CLOCK_SAMPLES:
                await trio.sleep(CLOCK_S)


def capabilities(options: BinanceOptions) -> Capabilities:
    """What can be done there, by these options."""
    return msgspec.structs.replace(
        TRADING if options.can_trade else Capabilities(),
        has_market_data=True,
        can_search=True,
        has_history=True,
        has_depth=options.has_depth,
    )


def _time_ns(value: int) -> int:
    try:
        return wire.time_ns(value)
    except ValueError:
        return 0


def open_broker(settings: BrokerSettings) -> BinanceBroker:
    """See the port.

    Raises:
        BrokerUnavailable: its options are wrong.
    """
    return BinanceBroker(settings, read_options(settings, BinanceOptions))
