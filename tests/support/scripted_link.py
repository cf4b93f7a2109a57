"""A link without an engine: it keeps what the deck sends, and gives what a script says.

`ScriptedLink` answers `Watch`, `OpenBars` and `Search` from the scene that it is given, so
that a deck on it comes up as on a real engine. All times are fixed; nothing here is random
beyond a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from engine.errors import LinkClosed
from engine.feed.book_state import BookState
from engine.instruments import Instrument
from engine.link.protocol import Wake
from engine.messages import (
    AccountInfo,
    BarsUpdate,
    BrokerInfo,
    Columns,
    Command,
    ConnectionStatus,
    EngineReady,
    EngineStatus,
    Event,
    FeedStatus,
    FlumeFailed,
    FlumeOpened,
    Match,
    OpenBars,
    PlaybackStatus,
    Quote,
    Search,
    SearchResults,
    ServiceStatus,
    Watch,
)

NANOS = 1_000_000_000
NOW_NS = 1_795_269_600 * NANOS
"""The one moment of all scripted scenes: 2026-11-21 14:00:00 UTC."""


class Market(msgspec.Struct, frozen=True):
    """One market of a scene."""

    instrument: Instrument
    last: float
    volatility: float
    """Standard deviation of a minute's move, as a share of the price."""
    seed: int
    day_volume: float
    spread_ticks: int = 1

    @property
    def fqme(self) -> str:
        return self.instrument.fqme


def market(
    fqme: str,
    last: str,
    tick: str,
    step: str,
    *,
    name: str = "",
    volatility: float = 0.0006,
    day_volume: float = 12_000.0,
    spread_ticks: int = 1,
    multiplier: str = "1",
) -> Market:
    """A market whose symbol and assets are read from its name."""
    symbol = fqme.split(".")[0]
    base, quote = (symbol[:3], symbol[3:]) if len(symbol) > 5 else (symbol, "usd")
    instrument = Instrument(
        fqme=fqme,
        symbol=symbol.upper(),
        name=name,
        base=base,
        quote=quote,
        price_tick=Decimal(tick),
        size_step=Decimal(step),
        min_size=Decimal(step),
        multiplier=Decimal(multiplier),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"),
    )
    seed = sum(fqme.encode())
    return Market(instrument, float(last), volatility, seed, day_volume, spread_ticks)


MARKETS = (
    market("btcusdt.spot.sim", "64231.05", "0.01", "0.0001", name="Bitcoin / Tether"),
    market("ethusdt.spot.sim", "3187.42", "0.01", "0.001", name="Ether / Tether", volatility=8e-4),
    market("solusdt.spot.sim", "182.355", "0.005", "0.01", name="Solana / Tether", spread_ticks=2),
    market("eurusd.fx.sim", "1.08432", "0.00001", "1000", name="Euro / Dollar", volatility=6e-5,
           day_volume=8.4e8),
    market("acme.stock.sim", "47.13", "0.01", "1", name="Acme Corporation", volatility=3e-4,
           day_volume=1.9e6),
    market("es.cme.202612.sim", "6012.25", "0.25", "1", name="E-mini index, December 2026",
           volatility=2e-4, day_volume=4.1e5, multiplier="50"),
)  # fmt: skip


def bars_of(market: Market, period_s: int, count: int) -> Columns:
    """The newest `count` bars at `NOW_NS`: a seeded walk that ends at the market's last price.

    It is made from its end backwards, so that a bar is the same however many are asked for.
    """

    def draws(column: int) -> np.random.Generator:
        return np.random.default_rng([market.seed, period_s, column])

    spread = market.volatility * np.sqrt(period_s / 60)
    ages = np.arange(count)
    steps = draws(0).normal(0.0, spread, count) + 2e-5 * np.sin(ages / 17.0)
    closes = market.last * np.exp(-np.r_[0.0, np.cumsum(steps)])[::-1]
    opens, closes = closes[:-1], closes[1:]
    lower, higher = (np.abs(draws(n).normal(0.0, spread / 2, count))[::-1] for n in (1, 2))
    trades = np.round(draws(3).gamma(2.0, 20.0, count))[::-1]
    period_ns = period_s * NANOS
    newest = NOW_NS - NOW_NS % period_ns
    tick = float(market.instrument.price_tick)
    opens, closes = (np.round(column / tick) * tick for column in (opens, closes))
    return Columns(
        time_ns=newest - ages[::-1].astype(np.int64) * period_ns,
        open=opens,
        high=np.maximum(opens, closes) * (1 + higher),
        low=np.minimum(opens, closes) * (1 - lower),
        close=closes,
        volume=trades * market.day_volume / 60_000.0,
        trades=trades,
    )


def quote_of(market: Market) -> Quote:
    """The market's present in every scene."""
    tick = float(market.instrument.price_tick)
    half = tick * market.spread_ticks
    drift = 1.0 + ((market.seed % 7) - 3) * 0.0061
    return Quote(
        fqme=market.fqme,
        last=market.last,
        last_size=float(market.instrument.size_step) * 12,
        bid=market.last - half if market.seed % 2 else market.last,
        bid_size=2.5,
        ask=market.last if market.seed % 2 else market.last + half,
        ask_size=1.25,
        day_open=market.last / drift,
        day_volume=market.day_volume,
        venue_ns=NOW_NS - 210_000_000,
        recv_ns=NOW_NS - 200_000_000,
    )


ACCOUNTS = (
    AccountInfo(
        name="sim",
        broker="sim",
        serves=("sim",),
        slots=4,
        max_position_notional=Decimal(100_000),
    ),
    AccountInfo(name="paper", broker="paper", slots=4, max_position_notional=Decimal(100_000)),
)

BROKERS = (
    BrokerInfo(
        name="sim",
        can_search=True,
        has_history=True,
        has_depth=True,
        can_trade=True,
        can_amend=True,
    ),
    BrokerInfo(name="paper", can_trade=True, can_amend=True),
)


class ScriptedLink:
    """A `Link` that a test or a scene plays the engine on."""

    def __init__(
        self,
        markets: Sequence[Market] = MARKETS,
        *,
        accounts: Sequence[AccountInfo] = ACCOUNTS,
        brokers: Sequence[BrokerInfo] = BROKERS,
        answers: bool = True,
    ) -> None:
        self.markets = {market.fqme: market for market in markets}
        self.sent: list[Command] = []
        """Every command of the deck, in order."""
        self.is_closed = False
        self.closes_in_time = True
        self._answers = answers
        self._ready = EngineReady(brokers=tuple(brokers), accounts=tuple(accounts), now_ns=NOW_NS)
        self._waiting: list[Event] = []
        self._wake: Wake | None = None

    def start(self, wake: Wake) -> None:
        self._wake = wake
        if self._answers:
            self.give(self._ready, self.status())

    def send(self, command: Command) -> None:
        if self.is_closed:
            raise LinkClosed("the scripted engine was closed")
        self.sent.append(command)
        if self._answers:
            self._waiting.extend(self._answers_to(command))

    def take(self) -> Sequence[Event]:
        taken, self._waiting = self._waiting, []
        return taken

    def close(self, timeout_s: float = 5.0) -> bool:
        self.is_closed = True
        return self.closes_in_time

    # -- the script's side -----------------------------------------------------------------------

    def give(self, *events: Event) -> None:
        """Let these events wait for the deck, and wake it."""
        self._waiting.extend(events)
        if self._wake is not None:
            self._wake()

    def status(
        self,
        *,
        stale: Sequence[str] = (),
        playbacks: Sequence[PlaybackStatus] = (),
        connections: Sequence[ConnectionStatus] = (),
        books: Mapping[str, BookState] = {},
    ) -> EngineStatus:
        """The engine's report of the one moment; markets in `stale` are silent for 42 s."""
        feeds = tuple(
            FeedStatus(
                fqme=fqme,
                state="stale" if fqme in stale else "live",
                age_s=42.0 if fqme in stale else 0.2,
                received=1_000,
                book=books.get(fqme, ""),
            )
            for fqme in self.markets
        )
        running = ServiceStatus(name="router", state="running", since_ns=NOW_NS)
        return EngineStatus(
            now_ns=NOW_NS,
            services=(running,),
            feeds=feeds,
            playbacks=tuple(playbacks),
            connections=tuple(connections),
        )

    def sent_of(self, kind: type) -> list[Command]:
        """The commands of one kind that the deck sent."""
        return [command for command in self.sent if isinstance(command, kind)]

    def _answers_to(self, command: Command) -> list[Event]:
        if isinstance(command, Watch):
            return [self._opened(fqme) for fqme in command.fqmes]
        if isinstance(command, OpenBars) and (market := self.markets.get(command.fqme)):
            columns = bars_of(market, command.period_s, command.count)
            return [BarsUpdate(fqme=market.fqme, period_s=command.period_s, columns=columns)]
        if isinstance(command, Search):
            return [SearchResults(request_id=command.request_id, matches=self._found(command))]
        return []

    def _opened(self, fqme: str) -> Event:
        if (market := self.markets.get(fqme)) is None:
            return FlumeFailed(fqme=fqme, reason="no broker lists it")
        return FlumeOpened(instrument=market.instrument, quote=quote_of(market))

    def _found(self, command: Search) -> tuple[Match, ...]:
        text = command.text.lower()
        return tuple(
            Match(
                fqme=market.fqme,
                name=market.instrument.name,
                broker=market.fqme.rsplit(".", 1)[1],
                volume=market.day_volume * market.last,
            )
            for market in self.markets.values()
            if text in market.fqme or text in market.instrument.name.lower()
        )[: command.limit]
