"""A recording of Binance's messages, as this venue plays it.

Any frames will do: of combined streams, or bare ones, with a depth snapshot of REST in between or
without. What was recorded leaves as it is. Of streams that were not recorded some are made of
others: `@depth` of `@depth@100ms` and the other way round, `@aggTrade` of `@trade`.

Playing begins when somebody listens, and what was played last stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from brokers.replay.framing import depth_symbol
from brokers.replay.steps import Steps
from brokers.sim.instruments import Listing
from engine.errors import DataError
from tests.venues.binance import render
from tests.venues.binance.numbers import MILLISECOND
from tests.venues.binance.played_market import PlayedMarket
from tests.venues.binance.streams import Hub
from tests.venues.exchange.listings import spot_listing
from tests.venues.exchange.playback import Played, play, read_recording
from tests.venues.exchange.tape import Aggregate, PublicTrade, aggregate_of

_MOST_SCANNED: Final = 500_000
"""Messages that are looked at beforehand, for symbols and streams."""
_MOST_STEPS: Final = 2_000
"""Of these, messages of one kind and market whose numbers are looked at, for its steps."""

_KINDS: Final = {
    "trade": "trade",
    "aggTrade": "aggTrade",
    "depthUpdate": "depth@100ms",
    "24hrTicker": "ticker",
    "24hrMiniTicker": "miniTicker",
    "avgPrice": "avgPrice",
}
Message = dict[str, Any]


class Frame(msgspec.Struct, frozen=True):
    """One recorded message: its stream, and what was told on it."""

    stream: str
    """Empty for a depth snapshot."""
    raw: bytes
    data: Message
    symbol: str


class _Enveloped(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _Head(msgspec.Struct):
    """Enough of a message to know it again."""

    symbol: str = msgspec.field(name="s", default="")
    event: str = msgspec.field(name="e", default="")


_envelopes = msgspec.json.Decoder(_Enveloped)
_heads = msgspec.json.Decoder(_Head)


def read_frame(message: Played, only_symbol: str = "") -> Frame | None:
    """What a recorded line holds; None for what is no message of a market.

    `only_symbol` is what a snapshot is of that does not say it.
    """
    try:
        outer = _envelopes.decode(message.body)
        raw = bytes(outer.data) or message.body
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(data, dict):
        return None
    if {"lastUpdateId", "bids", "asks"} <= set(data):
        found = outer.stream.partition("@")[0] or depth_symbol(message.url) or only_symbol
        return Frame(outer.stream, raw, data, found.upper())
    symbol = data.get("s")
    if not isinstance(symbol, str) or not symbol:
        return None
    name, at, kind = outer.stream.partition("@")
    stream = name.lower() + at + kind or _stream_of(symbol, data)
    return Frame(stream, raw, data, symbol) if stream else None


def _stream_of(symbol: str, data: Message) -> str:
    """The stream that a bare message must be of; empty if of none that is known."""
    kind = str(data.get("e", ""))
    if kind == "kline" and isinstance(data.get("k"), dict):
        return f"{symbol.lower()}@kline_{data['k'].get('i')}"
    if kind in _KINDS:
        return f"{symbol.lower()}@{_KINDS[kind]}"
    if not kind and {"u", "b", "B", "a", "A"} <= set(data):
        return f"{symbol.lower()}@bookTicker"
    return ""


def time_of(body: bytes) -> int | None:
    """When the venue sent a message, for recordings that say no other time."""
    try:
        outer = _envelopes.decode(body)
        data = msgspec.json.decode(bytes(outer.data) or body)
        found = int(data["E"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        return None
    return to_ns(found)


def to_ns(stamp: int) -> int:
    """Milli- or microseconds, told by their size."""
    return stamp * (1_000 if stamp >= 10**14 else MILLISECOND)


class Contents(msgspec.Struct):
    """What is in a recording, found beforehand."""

    steps: dict[str, Steps]
    prices: dict[str, float]
    streams: set[str]
    snapshots: dict[str, Message]
    """The first of each symbol."""

    def listings(self) -> list[Listing]:
        """Each recorded symbol as a market, with the steps that its numbers show."""
        return [self._listing(symbol, steps) for symbol, steps in self.steps.items()]

    def _listing(self, symbol: str, steps: Steps) -> Listing:
        known = steps.instrument(f"{symbol.lower()}.spot.test", symbol)
        quote = known.quote or "USDT"
        return spot_listing(
            symbol,
            known.base,
            quote,
            tick=f"{known.price_tick:f}",
            step=f"{known.size_step:f}",
            price=self.prices.get(symbol, 1.0),
            max_price=Decimal(1_000_000),
            max_size=Decimal(9_000_000),
        )


def scan(path: Path) -> Contents:
    """Raises `DataError` where there is nothing of Binance's in the file."""
    found = Contents({}, {}, set(), {})
    bare: Message | None = None
    seen: Counter[tuple[str, str]] = Counter()
    for message in islice(read_recording(path), _MOST_SCANNED):
        if _is_usual(message, seen):
            continue
        frame = read_frame(message)
        if frame is None:
            continue
        if "lastUpdateId" in frame.data and not frame.symbol:
            bare = bare or frame.data
            continue
        _note(found, frame)
    if not found.steps:
        raise DataError(f"{path.name} holds no messages of Binance's market streams")
    if bare is not None:
        # Recorders that write one market down do not name it in its snapshot.
        found.snapshots.setdefault(next(iter(found.steps)), bare)
    return found


def _is_usual(message: Played, seen: Counter[tuple[str, str]]) -> bool:
    """Whether enough of its kind was looked at."""
    try:
        outer = _envelopes.decode(message.body)
        head = _heads.decode(bytes(outer.data) or message.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    kind = (head.symbol, outer.stream or head.event)
    seen[kind] += 1
    return bool(head.symbol) and seen[kind] > _MOST_STEPS


def _note(found: Contents, frame: Frame) -> None:
    data, steps = frame.data, found.steps.setdefault(frame.symbol, Steps())
    if frame.stream:
        found.streams.add(frame.stream)
    elif "lastUpdateId" in data:
        found.snapshots.setdefault(frame.symbol, data)
    levels = [*data.get("b", ()), *data.get("a", ())] if data.get("e") == "depthUpdate" else []
    levels += [*data.get("bids", ()), *data.get("asks", ())]
    if data.get("e") in ("trade", "aggTrade"):
        levels.append((data["p"], data["q"]))
    elif frame.stream.endswith("@bookTicker"):
        levels += [(data["b"], data["B"]), (data["a"], data["A"])]
    for price, size, *_ in levels:
        steps.see_text(price, size)
        found.prices.setdefault(frame.symbol, float(price))


class Playback:
    """Plays into markets and streams. The markets are those of `Contents.listings`."""

    def __init__(
        self, path: Path, speed: float, contents: Contents, markets: dict[str, PlayedMarket]
    ) -> None:
        self._path = path
        self._speed = speed
        self._contents = contents
        self._markets = markets
        self._runs: dict[str, list[PublicTrade]] = {}
        self._aggregate_ids: dict[str, int] = {}
        self.played = 0
        """Messages told."""
        self.is_over = False
        only = next(iter(markets))
        self._only_symbol = only
        for symbol, snapshot in contents.snapshots.items():
            if symbol in markets:
                markets[symbol].set_book(*_book_of(snapshot))

    async def run(self, hub: Hub, drain: Callable[[], Awaitable[None]]) -> None:
        """Wait until somebody listens, then play to the end.

        Raises:
            DataError: the file cannot be read any further.
        """
        await hub.wait_listened()
        tell: Callable[[Played], None] = lambda message: self.tell(hub, message)  # noqa: E731
        await play(self._path, self._speed, tell, time_of, drain)
        for symbol in self._markets:
            self._end_run(hub, symbol)
        self.is_over = True

    def tell(self, hub: Hub, message: Played) -> None:
        """Play one message: into its market, then to those who listen."""
        if self._tell_ticker(hub, message):
            return
        frame = read_frame(message, self._only_symbol)
        market = None if frame is None else self._markets.get(frame.symbol)
        if frame is None or market is None:
            return
        self.played += 1
        market.hear(message.time_ns)
        self._take(hub, market, frame)
        if frame.stream:
            hub.relay(frame.stream, frame.raw)
            self._relay_alike(hub, frame)

    def _tell_ticker(self, hub: Hub, message: Played) -> bool:
        """Play a book ticker as it stands: most of a recording is made of these."""
        if b'@bookTicker"' not in message.body[:80]:
            return False
        try:
            outer = _envelopes.decode(message.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        symbol, _, kind = outer.stream.partition("@")
        market = self._markets.get(symbol.upper())
        if market is None or kind != "bookTicker":
            return False
        self.played += 1
        market.hear(message.time_ns)
        market.quote(bytes(outer.data))
        hub.relay(f"{symbol.lower()}@{kind}", bytes(outer.data))
        return True

    def _relay_alike(self, hub: Hub, frame: Frame) -> None:
        """To those who listen to the same at another pace, unless that was recorded too."""
        base, _, pace = frame.stream.rpartition("@")
        others = [base] if pace in ("100ms", "1000ms") else [f"{frame.stream}@100ms"]
        if "@depth" not in frame.stream:
            return
        if pace not in ("100ms", "1000ms"):
            base = frame.stream
        others.append(f"{base}@1000ms")
        for name in others:
            if name != frame.stream and name not in self._contents.streams:
                hub.relay(name, frame.raw)

    # -- into the market -----------------------------------------------------------------------

    def _take(self, hub: Hub, market: PlayedMarket, frame: Frame) -> None:
        data = frame.data
        if "lastUpdateId" in data and not frame.stream:
            market.set_book(*_book_of(data))
            return
        match data.get("e"):
            case "depthUpdate":
                market.change_book(data["u"], data["b"], data["a"])
            case "trade":
                self._take_trade(hub, market, data)
            case "aggTrade":
                has_trades = f"{market.symbol.lower()}@trade" in self._contents.streams
                market.tape.add_aggregate(_aggregate(data), counts=not has_trades)
            case None if frame.stream.endswith("@bookTicker"):
                market.quote(frame.raw)

    def _take_trade(self, hub: Hub, market: PlayedMarket, data: Message) -> None:
        trade = PublicTrade(
            data["t"],
            Decimal(data["p"]),
            Decimal(data["q"]),
            to_ns(data["T"]),
            data["m"],
            0,
        )
        if trade.trade_id <= market.tape.last_id:
            return
        market.tape.add_trade(trade)
        if f"{market.symbol.lower()}@aggTrade" in self._contents.streams:
            return
        run = self._runs.setdefault(market.symbol, [])
        if run and not _is_one(run[-1], trade):
            self._end_run(hub, market.symbol)
        run.append(trade)

    def _end_run(self, hub: Hub, symbol: str) -> None:
        """Tell the aggregate of trades that were one taker's, as far as can be told."""
        run = self._runs.get(symbol, [])
        if not run:
            return
        number = self._aggregate_ids.get(symbol, run[0].trade_id - 1) + 1
        self._aggregate_ids[symbol] = number
        aggregate = msgspec.structs.replace(aggregate_of(run), aggregate_id=number)
        run.clear()
        self._markets[symbol].tape.add_aggregate(aggregate, counts=False)
        hub.emit(
            f"{symbol.lower()}@aggTrade",
            lambda t: {
                "e": "aggTrade",
                "E": t(aggregate.time_ns),
                "s": symbol,
                **render.aggregate(aggregate, t),
            },
        )


def _is_one(before: PublicTrade, trade: PublicTrade) -> bool:
    """Whether both look like fills of one taker at one price."""
    same = (before.price, before.time_ns, before.is_buyer_maker)
    return same == (trade.price, trade.time_ns, trade.is_buyer_maker)


def _aggregate(data: Message) -> Aggregate:
    return Aggregate(
        data["a"],
        Decimal(data["p"]),
        Decimal(data["q"]),
        data["f"],
        data["l"],
        to_ns(data["T"]),
        data["m"],
    )


def _book_of(snapshot: Message) -> tuple[int, list[Any], list[Any]]:
    return snapshot["lastUpdateId"], snapshot["bids"], snapshot["asks"]
