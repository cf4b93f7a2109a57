"""Recordings behind the broker port: a thin shell around `player`, `reel` and `market`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

import msgspec
import trio
from msgspec.structs import replace

from brokers.options import read_options
from brokers.replay.beginning import Beginning
from brokers.replay.market import Market, ranked
from brokers.replay.player import Cue, Item, Player, clamp_speed
from brokers.replay.reel import Reel
from brokers.replay.tape import Tape, open_tape
from engine.broker import (
    BrokerSettings,
    Capabilities,
    HistoryPage,
    Report,
    TickSink,
    TradingClient,
)
from engine.clock import NANOS
from engine.config import nearest
from engine.errors import (
    BrokerError,
    BrokerUnavailable,
    DataError,
    NotSupported,
    UnknownSymbol,
)
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    AccountInfo,
    Break,
    Match,
    Playback,
    PlaybackStatus,
    Quote,
    Tick,
)
from engine.text import safe

TURN_TICKS = 128
"""Ticks taken in before others get their turn: some milliseconds of reading and decoding."""
GRAIN_S = 0.002
"""Least time between two turns that are paced by the clock: waking up has its price."""
REACTION_ROUNDS = 16
"""Turns of others for which an item that has woken someone holds the time: some 0.2 ms. From
the touch of a dark order to its request at the venue it takes three, more with a log-in."""

LoadTape = Callable[[Path], Tape]

_log = logger(__name__)


_FOREVER_NS = 1 << 62


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[brokers.replay]` of `brokers.toml`, and what `tickdeck replay` sets."""

    files: tuple[str, ...] = ()
    """Recordings to play, merged by time."""
    speed: float = 1.0
    """Times real time, 0.1 to 1000; 0 is as fast as it goes."""
    loop: bool = False
    """Start over at the end."""
    paused: bool = False
    """Wait to be started by hand."""
    start_s: float = 0.0
    """Seconds into the recording at which to begin; what is before can be gone back to."""


def open_broker(settings: BrokerSettings, load: LoadTape = open_tape) -> ReplayBroker:
    """The playback of the files that the options name. They are opened when it runs.

    Raises:
        BrokerUnavailable: an option is not known or does not fit.
    """
    options = read_options(settings, ReplayOptions)
    try:
        clamp_speed(options.speed)
    except ValueError as error:
        raise BrokerUnavailable(str(error), hint="0.1 to 1000, or 0 for no waiting") from error
    if not math.isfinite(options.start_s):
        raise BrokerUnavailable(f"options of {settings.name}: start_s: not a time")
    return ReplayBroker(settings.name, options, load)


class ReplayBroker:
    """Plays recordings as if they were live.

    One `Player` decides what is due; every item is folded into its `Market`, and then given to
    the market's sinks. While an item is given, `now_ns` is exactly its tape time, and stays so
    until everyone whom it woke has acted: what orders do does not depend on the speed. Time
    stands still until the first market is watched, so that nothing is played to nobody.
    """

    def __init__(self, name: str, options: ReplayOptions, load: LoadTape) -> None:
        self.name = name
        self.capabilities = Capabilities(
            has_market_data=True,
            can_search=True,
            has_history=True,
            can_play=True,
        )
        """Whether it has depth is known once the recordings are open."""
        self._options = options
        self._load = load
        self._markets: dict[str, Market] = {}
        self._player: Player | None = None
        self._is_held = not options.paused
        """Paused only because nobody watches yet."""
        self._item_ns: int | None = None
        """Tape time of what is being published."""
        self._moved = trio.Event()
        """Set when a command changed what is due."""
        self._news = trio.Event()
        """Set when a seek arrived, the tape ended, or a market got its first price."""

    # -- the port -----------------------------------------------------------------------------

    def now_ns(self) -> int:
        """Where on the tape it is. Goes back only by a seek; 0 before it runs."""
        if self._item_ns is not None:
            return self._item_ns
        return 0 if self._player is None else self._player.position_ns(trio.current_time())

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Open the files, find the beginning, and play.

        Raises:
            BrokerUnavailable: no file is named, or one cannot be played.
        """
        if not self._options.files:
            raise BrokerUnavailable(
                "there is no recording to play", hint="start it with: tickdeck replay FILE"
            )
        reel = Reel([await self._open(name) for name in self._options.files], self.name)
        self.capabilities = replace(self.capabilities, has_depth=reel.has_depth)
        self._markets = {
            fqme: Market(instrument, reel.bar_periods_s[fqme])
            for fqme, instrument in reel.instruments.items()
        }
        self._player = player = Player(
            reel.play,
            await self._find_beginning(reel),
            reel.end_ns,
            speed=self._options.speed,
            is_paused=True,
            is_looping=self._options.loop,
        )
        if self._options.start_s > 0:
            player.seek(trio.current_time(), reel.start_ns + round(self._options.start_s * NANOS))
        while player.is_seeking:
            self._turn(player)
            await trio.lowlevel.checkpoint()
        _log.info("plays %d files with %d markets", len(self._options.files), len(self._markets))
        task_status.started()
        await self._play(player)

    async def search(self, text: str, limit: int) -> Sequence[Match]:
        """Markets of the recordings that look like `text`, best first."""
        now_ns = self.now_ns()
        matches = [market.match(now_ns) for market in self._markets.values()]
        matches.sort(key=lambda match: -match.volume)
        if text.strip():
            matches = ranked(text.strip().lower(), matches)
        return matches[:limit]

    async def instrument(self, fqme: str) -> Instrument:
        """See `Broker.instrument`. Steps are guessed where the recording does not tell them."""
        return self._market(fqme).instrument

    async def stream(
        self,
        fqme: str,
        sink: TickSink,
        *,
        task_status: trio.TaskStatus[Quote] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """See `Broker.stream`. The first ticks say what holds: the book, and both sides.

        Raises:
            UnknownSymbol: no recording has this market.
            BrokerUnavailable: the playback ended without a price of it.
        """
        market = self._market(fqme)
        self._begin()
        await self._until_priced(market)
        task_status.started(market.quote(self.now_ns()))
        market.sinks.append(sink)
        try:
            if known := market.restated():
                sink(fqme, known)
            if self._running().is_ended:
                sink(fqme, [self._break(market, "end")])
            await trio.sleep_forever()
        finally:
            market.sinks.remove(sink)

    async def history(self, fqme: str, period_s: int, end_ns: int, limit: int) -> HistoryPage:
        """See `Broker.history`: bars of what was played or passed over up to here."""
        market = self._market(fqme)
        while self._running().is_seeking:
            await self._news.wait()
        # After the end nothing more comes: the bars that were still open are over.
        now_ns = _FOREVER_NS if self._running().is_ended else self.now_ns()
        return market.history(period_s, end_ns, now_ns, limit)

    def native_periods(self, fqme: str) -> Sequence[int]:
        """See `Broker.native_periods`."""
        return self._market(fqme).periods_s

    def open_client(
        self, account: AccountInfo, report: Report
    ) -> AbstractAsyncContextManager[TradingClient]:
        """Raises `NotSupported`: the past does not trade. A paper account does."""
        raise NotSupported("a recording cannot be traded with", hint="use a paper account")

    def play(self, command: Playback) -> None:
        """See `Broker.play`. Takes effect at once; a seek arrives in turns of bounded length.

        Raises:
            BrokerError: the value makes no sense, or the playback does not run.
        """
        player, now_s, value = self._running(), trio.current_time(), command.value
        if not math.isfinite(value):
            raise BrokerError(f"{command.action} by {value} makes no sense")
        match command.action:
            case "pause":
                self._is_held = False
                player.pause(now_s)
            case "resume":
                self._is_held = False
                player.resume(now_s)
            case "step":
                if value < 0:
                    raise BrokerError("a playback cannot step back", hint="seek instead")
                self._is_held = False
                player.step(now_s, max(1, int(value)))
            case "speed":
                if value < 0:
                    raise BrokerError(f"a speed of {value} is not one")
                player.set_speed(now_s, value)
            case "seek":
                player.seek_by(now_s, value)
            case "loop":
                player.set_loop(now_s, bool(value))
        self._moved.set()

    def playback(self) -> PlaybackStatus | None:
        """See `Broker.playback`. During a seek the position is where that goes to."""
        if (player := self._player) is None:
            return None
        target_ns = player.target_ns
        return PlaybackStatus(
            broker=self.name,
            position_ns=self.now_ns() if target_ns is None else target_ns,
            start_ns=player.start_ns,
            end_ns=player.end_ns,
            speed=player.speed,
            is_paused=player.is_paused and not self._is_held,
            is_looping=player.is_looping,
            is_ended=player.is_ended,
        )

    # -- opening ------------------------------------------------------------------------------

    async def _open(self, name: str) -> Tape:
        try:
            # Finding the end of a tape may mean to read all of it.
            return await trio.to_thread.run_sync(self._load_file, name, abandon_on_cancel=True)
        except (DataError, OSError) as error:
            raise BrokerUnavailable(f"{safe(name)}: {safe(error)}") from error

    def _load_file(self, name: str) -> Tape:
        return self._load(Path(name).expanduser())

    async def _find_beginning(self, reel: Reel) -> int:
        """Where all markets have a price."""
        beginning = Beginning(self._markets, reel.start_ns)
        for count, item in enumerate(reel.play()):
            if beginning.take(item):
                break
            if count % TURN_TICKS == 0:
                await trio.lowlevel.checkpoint()
        return min(beginning.at_ns, reel.end_ns)

    # -- playing ------------------------------------------------------------------------------

    async def _play(self, player: Player) -> None:
        while True:
            self._moved = trio.Event()
            if not self._turn(player):
                await self._let_others_act()
                continue
            with trio.move_on_at(self._wakes_at(player)):
                await self._moved.wait()

    def _wakes_at(self, player: Player) -> float:
        now_s = trio.current_time()
        wakes_at = player.wakes_at(now_s)
        return math.inf if wakes_at is None else max(wakes_at, now_s + GRAIN_S)

    def _turn(self, player: Player) -> bool:
        """Do what is due, a bounded part of it. True if nothing is left for now."""
        now_s, left, waiting = trio.current_time(), TURN_TICKS, _tasks_waiting()
        while left > 0:
            left -= 1
            cue = player.cue(now_s)
            if cue is Cue.PLAY:
                left -= len(player.item.ticks)
                self._publish(player.item)
                if _tasks_waiting() > waiting:
                    return False
                self._item_ns = None
            elif cue is Cue.PASS:
                left -= len(player.item.ticks)
                self._take(player.item)
            elif cue is Cue.REWOUND:
                for market in self._markets.values():
                    market.forget()
            elif cue is Cue.ARRIVED:
                self._tell_all("seek")
            elif cue is Cue.ENDED:
                self._tell_all("end")
            else:
                return True
        return False

    async def _let_others_act(self) -> None:
        """Give others their turn; many turns, if an item has woken them. The market's time
        stands at that item until they have done what they do at once, such as to send an order
        that it touched."""
        for _ in range(1 if self._item_ns is None else REACTION_ROUNDS):
            await trio.lowlevel.checkpoint()
        self._item_ns = None

    def _take(self, item: Item) -> Market:
        market = self._markets[item.fqme]
        had_price = market.has_price
        for tick in item.ticks:
            market.take(tick)
        if not had_price and market.has_price:
            self._tell_news()
        return market

    def _publish(self, item: Item) -> None:
        self._item_ns = item.tape_ns
        market = self._take(item)
        for sink in tuple(market.sinks):
            sink(item.fqme, item.ticks)

    def _tell_all(self, reason: Literal["seek", "end"]) -> None:
        """Tell every sink that the position jumped and what holds there, or that it is over."""
        for market in self._markets.values():
            ticks: list[Tick] = [self._break(market, reason)]
            if reason == "seek":
                ticks += market.restated(with_last=True)
            for sink in tuple(market.sinks):
                sink(market.fqme, ticks)
        self._tell_news()

    def _break(self, market: Market, reason: Literal["seek", "end"]) -> Break:
        now_ns = self.now_ns()
        return Break(market.fqme, reason, now_ns, now_ns)

    def _tell_news(self) -> None:
        self._news.set()
        self._news = trio.Event()

    # -- asked from outside -------------------------------------------------------------------

    def _begin(self) -> None:
        """Somebody watches."""
        player = self._running()
        if self._is_held and not player.is_ended:
            self._is_held = False
            player.resume(trio.current_time())
            self._moved.set()

    async def _until_priced(self, market: Market) -> None:
        player = self._running()
        while player.is_seeking or not market.has_price:
            if player.is_ended:
                raise BrokerUnavailable(f"{market.fqme}: the recording ends without a price of it")
            await self._news.wait()

    def _running(self) -> Player:
        if self._player is None:
            raise BrokerUnavailable("the playback does not run")
        return self._player

    def _market(self, fqme: str) -> Market:
        self._running()
        try:
            return self._markets[fqme]
        except KeyError:
            raise UnknownSymbol(
                f"{safe(fqme, 80)} is on none of the recordings",
                hint=nearest(fqme, self._markets),
            ) from None


def _tasks_waiting() -> int:
    """How many tasks are to run next."""
    return trio.lowlevel.current_statistics().tasks_runnable
