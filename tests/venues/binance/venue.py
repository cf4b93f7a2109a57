"""A Binance on loopback: the thin shell around what `rest`, `ws_api` and `streams` decide.

    venue = BinanceVenue(clock, is_quiet=True)
    venue.state.open_account("demo", {"USDT": Decimal(10_000)}, demo_keys("demo"))
    port = await nursery.start(venue.serve)

REST is at `http://127.0.0.1:PORT`, streams at `ws://127.0.0.1:PORT` (`/ws`, `/stream`), the
WebSocket API at `ws://127.0.0.1:PORT/ws-api/v3`. `venue.control` turns switches and tells the
truth; the same is at `/__control__` (see `tests.venues.exchange.control`), with these words more:

=============  ===================================================================================
do             what it does
=============  ===================================================================================
cut            breaks connections; `which`: `streams`, `api`, `all`
shutdown       tells `serverShutdown` on every WebSocket, and closes them `after_s` later
pardon         forgets weights, order counts and bans
ban            `seconds`, `client`: as if it had asked too much
listing        `symbol`, `status`: `TRADING`, `HALT`, `BREAK`
setting        `account`, `name`, `value`: `bnb_fees`
=============  ===================================================================================
"""

from __future__ import annotations

import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.clock import NANOS, Clock
from tests.venues.binance import rest
from tests.venues.binance.errors import VenueError, unknown
from tests.venues.binance.market_socket import MarketSocket
from tests.venues.binance.order_lists import ListChange
from tests.venues.binance.played import Playback, scan
from tests.venues.binance.played_market import PlayedMarket
from tests.venues.binance.state import BinanceState
from tests.venues.binance.streams import TICK_NS, Hub
from tests.venues.binance.user_stream import payloads
from tests.venues.binance.ws_api import Session
from tests.venues.exchange.accounts import SpotAccount
from tests.venues.exchange.control import PATH, Asked, Controller
from tests.venues.exchange.orders import AccountEvent
from tests.venues.wire.messages import Hangup, Request, Response, WireRules
from tests.venues.wire.server import serve
from tests.venues.wire.websocket import Socket

RULES: Final = WireRules(ping_s=20.0, pong_s=60.0)
_STEP_NS: Final = 1_000_000
_LONGEST_NS: Final = TICK_NS
_MOST_CONNECTS: Final = 300
_CONNECT_WINDOW_S: Final = 300

Happening = tuple[SpotAccount, AccountEvent | ListChange]


class BinanceVenue:
    def __init__(
        self,
        clock: Clock,
        *,
        state: BinanceState | None = None,
        rules: WireRules = RULES,
        lifetime_s: float = 86_400.0,
        message_limit: int = 5,
        playback: Playback | None = None,
        **options: Any,
    ) -> None:
        """`options` are those of `BinanceState`; `lifetime_s` is how long a WebSocket lives,
        `message_limit` what one to the streams may send in a second. With a `playback` streams
        tell what was recorded, and nothing else."""
        self.state = BinanceState(clock, **options) if state is None else state
        self.playback = playback
        markets = () if playback is not None else self.state.exchange.markets.values()
        self.hub = Hub(markets, self.state.faults)
        self.control = Controller(self.state.exchange, self.state.faults, self._words())
        self.port = 0
        self._clock = clock
        self._rules = rules
        self._lifetime_s = lifetime_s
        self._message_limit = message_limit
        self._market_sockets: dict[MarketSocket, Socket] = {}
        self._sessions: dict[Session, Socket] = {}
        self._listen_sockets: dict[str, set[MarketSocket]] = {}
        self._connects: dict[str, list[float]] = {}
        self._nursery: trio.Nursery | None = None

    async def serve(
        self,
        port: int = 0,
        *,
        catches: bool = False,
        task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; `started` tells the port.

        Args:
            catches: answer a fault of this venue with -1000 and print it, instead of ending.
        """
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self.port = await nursery.start(
                partial(
                    serve,
                    on_request=self._on_request,
                    on_socket=self._on_socket,
                    on_upgrade=self._on_upgrade,
                    on_error=_explain if catches else None,
                    rules=self._rules,
                    port=port,
                )
            )
            nursery.start_soon(self._run)
            if self.playback is not None:
                nursery.start_soon(self.playback.run, self.hub, self._drain)
            task_status.started(self.port)

    async def _run(self) -> None:
        """Let the markets go on, and tell the streams what is told by the clock."""
        exchange = self.state.exchange
        ticked = self._clock.now_ns() // TICK_NS
        while True:
            now_ns = exchange.advance()
            self._settle()
            if now_ns // TICK_NS > ticked:
                ticked = now_ns // TICK_NS
                self.hub.tick(ticked * TICK_NS)
            next_ns = min(market.next_ns for market in exchange.markets.values())
            next_ns = min(next_ns, (ticked + 1) * TICK_NS)
            await self._clock.sleep_until_ns(max(next_ns, now_ns + _STEP_NS))

    async def _drain(self) -> None:
        """Wait until no listener to streams is far behind."""
        await trio.lowlevel.checkpoint()
        for socket in tuple(self._market_sockets.values()):
            await socket.drain()

    # -- HTTP ----------------------------------------------------------------------------------

    async def _on_request(self, request: Request) -> Response | Hangup:
        if request.path == PATH:
            answer = self.control.answer(request)
            self._settle()
            return answer
        outcome = rest.answer(self.state, request)
        happened = self._take()
        faults = self.state.faults
        if faults.events_before_ack:
            self._publish(happened)
            happened = []
        await self._delay()
        if outcome.answer is None:
            self._publish(happened)
            await trio.sleep_forever()
        if isinstance(outcome.answer, Response):
            return msgspec.structs.replace(
                outcome.answer, when_sent=partial(self._publish, happened)
            )
        self._publish(happened)
        assert outcome.answer is not None  # sleeps for ever
        return outcome.answer

    def _settle(self) -> None:
        """Tell what happened."""
        self._publish(self._take())

    def _take(self) -> list[Happening]:
        happened = self.state.take_events()
        self.hub.flush()
        return happened

    async def _delay(self) -> None:
        if self.state.faults.delay_s:
            await trio.sleep(self.state.faults.delay_s)

    # -- WebSockets ----------------------------------------------------------------------------

    def _on_upgrade(self, request: Request) -> Response | Hangup | None:
        status = self.state.faults.refuse_sockets
        if status:
            return Response(status=status)
        if not request.path.startswith(("/ws", "/stream")):
            return Response(status=404)
        try:
            self.state.limits.spend(request.client, 0, self._clock.now_ns())
        except VenueError as error:
            return Response(status=error.status, body=msgspec.json.encode(error.body()))
        return self._count_connect(request.client)

    def _count_connect(self, client: str) -> Response | None:
        """Refuse more than so many connections of one address in five minutes."""
        now = trio.current_time()
        recent = [at for at in self._connects.get(client, []) if at > now - _CONNECT_WINDOW_S]
        recent.append(now)
        self._connects[client] = recent
        return Response(status=429) if len(recent) > _MOST_CONNECTS else None

    async def _on_socket(self, request: Request, socket: Socket) -> None:
        with trio.move_on_after(self._lifetime_s):
            if request.path.startswith("/ws-api"):
                await self._serve_api(request, socket)
            else:
                await self._serve_streams(request, socket)
        self._say_shutdown(socket, is_api=request.path.startswith("/ws-api"))

    async def _serve_streams(self, request: Request, socket: Socket) -> None:
        one = MarketSocket(
            request,
            socket,
            self.hub,
            attach=self._attach,
            detach=self._detach,
            message_limit=self._message_limit,
        )
        self._market_sockets[one] = socket
        try:
            await one.run()
        finally:
            one.close()
            del self._market_sockets[one]

    def _attach(self, name: str, one: MarketSocket) -> bool:
        """Whether `name` is a listen key, whose account `one` hears of now."""
        if name not in self.state.listen_keys:
            return False
        self._listen_sockets.setdefault(name, set()).add(one)
        return True

    def _detach(self, name: str, one: MarketSocket) -> None:
        self._listen_sockets.get(name, set()).discard(one)

    async def _serve_api(self, request: Request, socket: Socket) -> None:
        session = Session(self.state, request)
        self._sessions[session] = socket
        try:
            while True:
                text = await socket.receive()
                await self._answer_api(session, socket, text)
        finally:
            del self._sessions[session]

    async def _answer_api(self, session: Session, socket: Socket, text: str) -> None:
        said = session.answer(text)
        happened = self._take()
        if said.cuts:
            socket.abort()
        if self.state.faults.events_before_ack:
            self._publish(happened)
            happened = []
        await self._delay()
        if said.answer is not None:
            socket.put(msgspec.json.encode(said.answer))
        self._publish(happened)

    # -- accounts' events ----------------------------------------------------------------------

    def _publish(self, happened: list[Happening]) -> None:
        if not happened:
            return
        faults = self.state.faults
        arranged = faults.arranged(happened)
        if faults.delay_s and self._nursery is not None:
            self._nursery.start_soon(self._publish_later, arranged, faults.delay_s)
            return
        self._tell(arranged)

    async def _publish_later(self, happened: list[Happening], delay_s: float) -> None:
        await trio.sleep(delay_s)
        self._tell(happened)

    def _tell(self, happened: list[Happening]) -> None:
        now_ns = self._clock.now_ns()
        for account, event in happened:
            for session, socket in self._sessions.items():
                for number, name in session.subscriptions.items():
                    if name == account.name:
                        self._tell_session(session, socket, number, event, now_ns)
            for listen_key, owner in self.state.listen_keys.items():
                if owner == account.name:
                    self._tell_listeners(listen_key, event, now_ns)

    @staticmethod
    def _tell_session(
        session: Session, socket: Socket, number: int, event: AccountEvent | ListChange, now_ns: int
    ) -> None:
        for payload in payloads(event, lambda ns: ns // session.unit, now_ns):
            socket.put(msgspec.json.encode({"subscriptionId": number, "event": payload}))

    def _tell_listeners(
        self, listen_key: str, event: AccountEvent | ListChange, now_ns: int
    ) -> None:
        for one in tuple(self._listen_sockets.get(listen_key, ())):
            for payload in payloads(event, lambda ns, unit=one.unit: ns // unit, now_ns):  # type: ignore[misc]
                text = msgspec.json.encode(payload)
                if one.is_combined:
                    text = b'{"stream":"%s","data":%s}' % (listen_key.encode(), text)
                one.put(text)

    # -- control -------------------------------------------------------------------------------

    def _words(self) -> dict[str, Any]:
        return {
            "cut": self._cut,
            "shutdown": self._shut_down,
            "pardon": lambda asked: self.state.limits.pardon(),
            "ban": self._ban,
            "listing": self._set_listing,
            "setting": self._set_setting,
        }

    def _sockets(self, which: str) -> list[tuple[Socket, bool]]:
        """Open WebSockets, and whether each is to the API."""
        found = [(socket, True) for socket in self._sessions.values() if which != "streams"]
        if which != "api":
            found += [(socket, False) for socket in self._market_sockets.values()]
        return found

    def _cut(self, asked: Asked) -> int:
        sockets = self._sockets(asked.get("which", "all"))
        for socket, _ in sockets:
            socket.abort()
        return len(sockets)

    def _shut_down(self, asked: Asked) -> None:
        for socket, is_api in self._sockets(asked.get("which", "all")):
            self._say_shutdown(socket, is_api=is_api)
            if self._nursery is not None:
                self._nursery.start_soon(_close_later, socket, float(asked.get("after_s", 0)))

    def _say_shutdown(self, socket: Socket, *, is_api: bool) -> None:
        event = {"e": "serverShutdown", "E": self._clock.now_ns() // (NANOS // 1000)}
        socket.put(msgspec.json.encode({"event": event} if is_api else event))

    def _ban(self, asked: Asked) -> None:
        client = asked.get("client", "127.0.0.1")
        self.state.limits.ban(client, self._clock.now_ns(), float(asked["seconds"]))

    def _set_listing(self, asked: Asked) -> None:
        rules = self.state.rules[asked["symbol"]]
        changed = msgspec.structs.replace(rules, status=asked["status"])
        self.state.rules[asked["symbol"]] = changed

    def _set_setting(self, asked: Asked) -> None:
        account = self.state.exchange.accounts[asked["account"]]
        account.settings[asked["name"]] = asked["value"]


def open_playback(clock: Clock, path: Path, speed: float, **options: Any) -> BinanceVenue:
    """A Binance that plays a recording, with the markets that are in it.

    Raises:
        DataError: there is nothing of Binance's in the file.
    """
    contents = scan(path)
    listings = contents.listings()
    state = BinanceState(clock, is_quiet=True, listings=listings, market_type=PlayedMarket)
    markets = {
        symbol: market
        for symbol, market in state.exchange.markets.items()
        if isinstance(market, PlayedMarket)
    }
    playback = Playback(path, speed, contents, markets)
    return BinanceVenue(clock, state=state, playback=playback, **options)


async def _close_later(socket: Socket, after_s: float) -> None:
    await trio.sleep(after_s)
    socket.close(1001, "")


def _explain(request: Request, error: Exception) -> Response:
    """A fault of this venue, as the venue would tell one of its own."""
    sys.stderr.write(f"{request.method} {request.path}\n")
    sys.stderr.write("".join(traceback.format_exception(error)))
    told = unknown()
    return Response(
        status=told.status,
        headers={"Content-Type": "application/json"},
        body=msgspec.json.encode(told.body()),
    )
