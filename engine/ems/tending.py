"""Tends one account: logged in, agreed with its venue, and asked again while anything is open.

Nothing is ever sent again here. What is in doubt is asked for, with a delay that doubles; the
answers are judged by `engine.ems.reconcile`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio

from engine.broker import AsksByMarket, Broker, Capabilities, TradingClient
from engine.clock import NANOS
from engine.ems.agreements import Question
from engine.ems.blotter import Blotter
from engine.ems.desk import Desk
from engine.ems.logins import Logins
from engine.ems.reconcile import Theirs
from engine.errors import BrokerUnavailable, TickdeckError
from engine.failpoints import reach
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import DONE, Order
from engine.services import backoff
from engine.text import safe

_log = logger(__name__)

FIRST_S: Final = 1.0
MOST_S: Final = 60.0
"""Delays between two questions about the same doubt: the first, and the longest."""

Post = Callable[[Callable[[], None]], None]


class Tending:
    """One account; `run` goes on until it is cancelled."""

    def __init__(
        self,
        account: str,
        *,
        desk: Desk,
        blotter: Blotter,
        logins: Logins,
        get_broker: Callable[[str], Awaitable[Broker]],
        post: Post,
        now_ns: Callable[[], int],
        timeout_s: float,
    ) -> None:
        self._account = account
        self._desk = desk
        self._blotter = blotter
        self._logins = logins
        self._get_broker = get_broker
        self._post = post
        self._now_ns = now_ns
        self._timeout_s = timeout_s
        self._wanted = trio.Event()
        self._urgent = trio.Event()

    def ask(self) -> None:
        """Something is in doubt: ask, after a while that grows while it does not help."""
        self._wanted.set()

    def ask_now(self) -> None:
        """Somebody waits for the account."""
        self._wanted.set()
        self._urgent.set()

    async def run(self) -> None:
        while True:
            delays = backoff(FIRST_S, MOST_S)
            while not await self._agree():
                await self._pause(next(delays))
            await self._wanted.wait()
            await self._pause(next(delays))

    async def _pause(self, seconds: float) -> None:
        with trio.move_on_after(seconds):
            await self._urgent.wait()

    async def _agree(self) -> bool:
        """Ask, and have the answer taken over; true if nothing is left to ask."""
        self._wanted, self._urgent = trio.Event(), trio.Event()
        decided = trio.Event()
        try:
            take = await self._ask()
        except Exception as error:
            reason = safe(str(error) or type(error).__name__, 400)
            place = None if isinstance(error, TickdeckError) else error
            _log.warning("account %s cannot be asked: %s", self._account, reason, exc_info=place)
            take = partial(self._desk.on_log_in, self._account, reason)
        reach("7-asked")
        self._post(take)
        self._post(decided.set)
        await decided.wait()
        return self._desk.agreements.is_settled(self._account)

    async def _ask(self) -> Callable[[], None]:
        client = await self._logins.open(self._account)
        capabilities = self._logins.capabilities_of(self._account) or Capabilities()
        is_whole = not capabilities.outlives_engine
        question = self._desk.agreements.begin(self._account, is_whole=is_whole)
        if isinstance(client, AsksByMarket):
            self._note(client)
        with trio.move_on_after(self._timeout_s):
            theirs = await ask(client, capabilities, question, self._now_ns)
            instruments = await self._instruments(theirs)
            return partial(self._desk.on_answers, self._account, theirs, instruments)
        raise BrokerUnavailable(
            f"account {self._account} did not answer within {self._timeout_s:g} s"
        )

    def _note(self, client: AsksByMarket) -> None:
        blotter = self._blotter
        orders = [order for order in blotter.orders.values() if order.account == self._account]
        held = [
            fqme
            for (account, fqme), position in blotter.positions.items()
            if account == self._account and position.size
        ]
        client.note(orders, held)

    async def _instruments(self, theirs: Theirs) -> list[Instrument]:
        """Details of markets that the venue speaks of and that were never traded here."""
        named = dict.fromkeys(
            [order.fqme for order in theirs.open_orders] + [fill.fqme for fill in theirs.fills]
        )
        found = []
        for fqme in named:
            if self._blotter.has_instrument(fqme):
                continue
            try:
                broker = await self._get_broker(fqme.rpartition(".")[2])
                found.append(await broker.instrument(fqme))
            except TickdeckError as error:
                _log.warning("details of %s: %s", safe(fqme, 80), error)
        return found


async def ask(
    client: TradingClient,
    capabilities: Capabilities,
    question: Question,
    now_ns: Callable[[], int],
) -> Theirs:
    """What the venue says, in the order in which nothing falls between two answers."""
    asked_ns = now_ns()
    working = list(await client.open_orders())
    listed = {order.order_id for order in working}
    ended: list[Order] = []
    missing: set[str] = set()
    if capabilities.can_query:
        for order_id in question.in_doubt:
            if order_id in listed:
                continue
            found = await client.order(order_id)
            if found is None:
                missing.add(order_id)
            elif found.state in DONE:
                ended.append(found)
            else:
                working.append(found)
    fills = await client.fills(question.since_ns)
    tells = capabilities.outlives_engine and capabilities.has_positions
    positions = await client.positions() if tells else None
    return Theirs(
        asked_ns=asked_ns,
        open_orders=working,
        fills=fills,
        fills_since_ns=question.since_ns,
        ended=ended,
        missing=frozenset(missing) if capabilities.query_is_proof else frozenset(),
        positions=positions,
        is_proof=capabilities.list_is_proof,
        settle_ns=round(capabilities.settle_s * NANOS),
    )
