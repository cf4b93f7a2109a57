"""Which of the watched markets the venue does not match now.

No stream tells it: a symbol's `status` is in `GET /api/v3/exchangeInfo` (`TRADING`, `HALT`,
`BREAK`), so that is looked at again and again. One request answers for many markets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import trio

from brokers.binance.listing import TRADING
from brokers.binance.public import PublicApi
from engine.broker import TickSink
from engine.errors import BrokerError, UnknownSymbol, describe
from engine.log import logger
from engine.messages import Break

_log = logger(__name__)

PERIOD_S: Final = 60.0
SETTLE_S: Final = 1.0
"""Markets are opened several at a time; they are asked for together."""

IN_ONE_REQUEST: Final = 150
"""Symbols of one request: some 2 KB of address. Of more, all are asked for, at the same cost."""


class Halts:
    """See the module. Readers are told of a halt and of its end; again after their stream broke."""

    def __init__(self, api: PublicApi, give: TickSink, now_ns: Callable[[], int]) -> None:
        """
        Args:
            give: takes what is to be told.
        """
        self._api = api
        self._give = give
        self._now_ns = now_ns
        self._symbols: dict[str, str] = {}
        """By fqme."""
        self._halted: set[str] = set()
        """fqmes whose readers were told so."""
        self._is_due = trio.Event()

    def add(self, fqme: str, symbol: str) -> None:
        """Look after a market from now on."""
        self._symbols[fqme] = symbol
        self._halted.discard(fqme)  # its reader is a new one
        self._is_due.set()

    def remove(self, fqme: str) -> None:
        self._symbols.pop(fqme, None)
        self._halted.discard(fqme)

    def on_lost(self, fqmes: Sequence[str]) -> None:
        """The streams of these broke: what their readers know holds no more."""
        self._halted.difference_update(fqmes)
        self._is_due.set()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            if not self._symbols:
                await self._is_due.wait()
            with trio.move_on_after(PERIOD_S):
                await self._is_due.wait()
                await trio.sleep(SETTLE_S)
            self._is_due = trio.Event()
            await self._look()

    async def _look(self) -> None:
        symbols = sorted(set(self._symbols.values()))
        if not symbols:
            return
        try:
            statuses = await self._statuses(symbols)
        except BrokerError as error:
            _log.warning("which markets are halted is not known: %s", describe(error))
            return
        for fqme, symbol in list(self._symbols.items()):
            # A symbol that is listed no more is not matched either.
            self._tell(fqme, statuses.get(symbol, "") != TRADING)

    async def _statuses(self, symbols: Sequence[str]) -> dict[str, str]:
        named = symbols if len(symbols) <= IN_ONE_REQUEST else ()
        try:
            info = await self._api.exchange_info(named)
        except UnknownSymbol:
            info = await self._api.exchange_info()  # one of them is listed no more
        return {symbol.symbol: symbol.status for symbol in info.symbols}

    def _tell(self, fqme: str, is_halted: bool) -> None:
        if is_halted == (fqme in self._halted):
            return
        now_ns = self._now_ns()
        if is_halted:
            self._halted.add(fqme)
            self._give(fqme, [Break(fqme, "halt", now_ns, now_ns)])
        else:
            self._halted.discard(fqme)
            self._give(fqme, [Break(fqme, "resume", now_ns, now_ns)])
