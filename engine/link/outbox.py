"""What waits for the deck: everything that must not be lost, and the newest of the rest.

The engine puts, the deck takes, each from its own thread. However long the deck is frozen,
what waits stays bounded but for order events, and nothing here waits for anyone.
"""

from __future__ import annotations

import threading
from collections import deque

import msgspec

from engine.feed.bars import Series
from engine.link.protocol import Wake
from engine.messages import (
    AlertUpdate,
    BarsUpdate,
    CommandRefused,
    EngineFailed,
    EngineStatus,
    Event,
    FillReport,
    FlumeFailed,
    FlumeOpened,
    Frame,
    Notice,
    OrderUpdate,
    SearchResults,
    Tick,
    TickType,
)

_URGENT = (
    OrderUpdate,
    FillReport,
    AlertUpdate,
    EngineFailed,
    CommandRefused,
    SearchResults,
    FlumeOpened,
    FlumeFailed,
)
"""What a person waits for: the deck is woken for it between two screen frames."""

KEPT_TICKS = 500
"""Newest trades of a market that wait for a frozen deck; older ones are counted, and are in
the bars and the quote."""

KEPT_NOTICES = 1000


class WaitingBars:
    """One update of many; where several have a bar, the newest counts."""

    def __init__(self, update: BarsUpdate) -> None:
        self._newest = update
        self._is_reset = update.reset
        self._series: Series | None = None
        """What waits, from the second update on."""

    def add(self, update: BarsUpdate) -> None:
        """Put a newer update on top, at a cost that does not depend on what waits."""
        if update.reset:
            self._series, self._is_reset = None, True
        else:
            if self._series is None:
                self._series = Series(update.period_s)
                self._series.merge(self._newest.columns)
            self._series.merge(update.columns)
        self._newest = update

    def update(self) -> BarsUpdate:
        """All of them as one."""
        if self._series is None:
            return self._newest
        return msgspec.structs.replace(
            self._newest, columns=self._series.columns(), reset=self._is_reset
        )


class Outbox:
    """A thread-safe box of events that merges what may be merged."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lossless: deque[Event] = deque()
        self._notices: deque[Event] = deque(maxlen=KEPT_NOTICES)
        self._retries: dict[str, FlumeFailed] = {}
        """By name: markets that are tried again, as last told."""
        self._found: dict[int, SearchResults] = {}
        """By request: what was found so far."""
        self._frames: dict[str, Frame] = {}
        self._bars: dict[tuple[str, int], WaitingBars] = {}
        self._status: EngineStatus | None = None
        self._wake: Wake | None = None
        self._is_woken = False

    def on_urgent(self, wake: Wake) -> None:
        """Call `wake` when something urgent waits, once until the next `take`."""
        self._wake = wake

    def put(self, event: Event) -> None:
        with self._lock:
            self._merge(event)
            wakes = _is_urgent(event) and not self._is_woken
            self._is_woken = self._is_woken or wakes
        if wakes and self._wake is not None:
            self._wake()

    def take(self) -> list[Event]:
        """Everything since the last call: lossless events in order, then the newest state."""
        with self._lock:
            taken: list[Event] = [*self._lossless, *self._retries.values(), *self._notices]
            taken += self._found.values()
            frames, bars, status = self._frames, self._bars, self._status
            self._lossless.clear()
            self._retries.clear()
            self._found.clear()
            self._notices.clear()
            self._frames, self._bars, self._status = {}, {}, None
            self._is_woken = False
        # Nobody adds to these any more: what is copied here does not hold up the engine.
        taken += [waiting.update() for waiting in bars.values()]
        taken += frames.values()
        if status is not None:
            taken.append(status)
        return taken

    def _merge(self, event: Event) -> None:
        if isinstance(event, Frame):
            waiting = self._frames.get(event.fqme)
            self._frames[event.fqme] = event if waiting is None else merge_frames(waiting, event)
        elif isinstance(event, BarsUpdate):
            key = (event.fqme, event.period_s)
            if (held := self._bars.get(key)) is None:
                self._bars[key] = WaitingBars(event)
            else:
                held.add(event)
        elif isinstance(event, EngineStatus):
            self._status = event
        elif isinstance(event, Notice):
            self._notices.append(event)
        elif isinstance(event, SearchResults):
            self._found[event.request_id] = event
        elif isinstance(event, FlumeFailed) and event.retry_ns:
            self._retries[event.fqme] = event
        else:
            if isinstance(event, FlumeOpened | FlumeFailed):
                self._retries.pop(_asked_name(event), None)
            self._lossless.append(event)


def _asked_name(event: FlumeOpened | FlumeFailed) -> str:
    """The name by which a market was asked for."""
    if isinstance(event, FlumeFailed):
        return event.fqme
    return event.asked or event.instrument.fqme


def _is_urgent(event: Event) -> bool:
    # Bars of a chart that was just opened: someone waits for it.
    return isinstance(event, _URGENT) or (isinstance(event, BarsUpdate) and event.reset)


def merge_frames(older: Frame, newer: Frame) -> Frame:
    """One frame of two: quotes conflate, trades are kept up to `KEPT_TICKS`."""
    ticks: dict[TickType, list[Tick]] = dict(older.ticks)
    conflated = older.conflated + newer.conflated
    for kind, items in newer.ticks.items():
        both = [*ticks.get(kind, ()), *items] if kind in ("trade", "break") else items
        conflated += len(ticks.get(kind, ())) + len(items) - len(both[-KEPT_TICKS:])
        ticks[kind] = both[-KEPT_TICKS:]
    return Frame(fqme=newer.fqme, ticks=ticks, conflated=conflated, quote=newer.quote)
