"""The private connection of one account, WebSocket v2: bytes in, order events and bytes out.

No socket, no clock, no waiting. It subscribes to `executions` and `balances`, gives each request a
number, and hands each answer to whoever asked. What it cannot vouch for any more (a message that is
missing by its number, or cannot be read) it says with `Down`: whoever has it logs in again and asks
the venue for everything. There is no other way back, here or anywhere.
https://docs.kraken.com/api/docs/guides/spot-ws-auth, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from brokers.kraken import account_wire as wire
from brokers.kraken.orders import Params
from brokers.kraken.reports import Reports
from brokers.kraken.wire import time_ns
from engine.credentials import Secret
from engine.messages import OrderEvent
from engine.text import safe

CHANNELS: Final = ("executions", "balances")

ENOUGH_HEARTBEATS: Final = 2
"""Heartbeats after a subscription was confirmed that stand for a snapshot with nothing in it: they
come only while there is nothing else to say."""


NOT_LET_IN: Final = ("EAPI:Invalid token", "ESession:Invalid session", "EAPI:Invalid session")
"""How the venue refuses a request over a connection whose token it takes no longer; it leaves the
connection open."""


class Down(NamedTuple):
    """What was said of the account holds no more."""

    reason: str
    is_refusal: bool = False
    """The venue does not let this account in."""


class Answer(NamedTuple):
    """What came of a request."""

    is_sent: bool
    """Some of it may have reached the venue."""
    is_answered: bool
    error: str = ""
    """Why the venue refused; empty where it did not."""
    result: bytes = b""


Take = Callable[[Answer], None]
"""Is called once with what came of a request; never waits."""

AccountEvent = OrderEvent | Down


class TimeSample(NamedTuple):
    """A request left after `sent_ns`, was read at `venue_ns` by the venue's clock, and its answer
    came at `recv_ns`."""

    sent_ns: int
    venue_ns: int
    recv_ns: int


class _Asked(NamedTuple):
    frame: bytes
    take: Take


class AccountSession:
    """See the module. One for each log-in: after `Down` it is of no use."""

    def __init__(self, reports: Reports) -> None:
        self.reports = reports
        self.balances: dict[str, Decimal] | None = None
        """All that is held, by asset as the venue spells it; None until it is known."""
        self.most_rate = 0.0
        """Where the venue says that the counter of a pair is full; 0 where it did not say."""
        self.time_sample: TimeSample | None = None
        """Of the newest connection."""
        self.malformed = 0
        self._token = Secret("")
        self._request_id = 0
        self._outgoing: list[bytes] = []
        self._asked: dict[int, _Asked] = {}
        self._subscribing: dict[int, str] = {}
        self._confirmed: dict[str, int] = {}
        """By channel, heartbeats since it was confirmed."""
        self._synced: set[str] = set()
        self._sequences: dict[str, int] = {}
        self._opened_ns = 0
        self._is_down = False

    # -- the runner's side ------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """Everything that works is known, and changes are told."""
        return not self._is_down and self._synced.issuperset(CHANNELS)

    def admit(self, token: Secret) -> None:
        """This lets the next connection in."""
        self._token = token

    def opened(self, now_ns: int) -> None:
        """A new socket is open: ask for both channels."""
        self._forget()
        self._opened_ns = now_ns
        self.reports.begin()
        snapshots: dict[str, Params] = {
            "executions": {"snap_orders": True, "snap_trades": True},
            "balances": {"snapshot": True},
        }
        for channel, params in snapshots.items():
            number, frame = self._frame("subscribe", {"channel": channel, **params})
            self._subscribing[number] = channel
            self._outgoing.append(frame)

    def receive(self, data: bytes, recv_ns: int) -> list[AccountEvent]:
        """Take one message. Never raises."""
        if self._is_down:
            return []
        try:
            return self._on_message(wire.decode_envelope(data), recv_ns)
        except (msgspec.MsgspecError, ValueError) as error:
            self.malformed += 1
            if b"executions" not in data:
                return []
            return self._fail(f"a message of the account cannot be read: {safe(error, 120)}")

    def data_to_send(self) -> list[bytes]:
        """Frames to send now, each once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def lost(self, now_ns: int) -> list[AccountEvent]:
        """No socket is left."""
        was_live = self.is_live
        self._forget()
        return self._fail("the connection of the account broke") if was_live else []

    # -- requests ---------------------------------------------------------------------------------

    def ask(self, method: str, params: Params, take: Take) -> None:
        """Have something asked of the venue. `take` learns what came of it, the end of the
        connection included."""
        number, frame = self._frame(method, params)
        self._asked[number] = _Asked(frame, take)
        self._outgoing.append(frame)

    def _frame(self, method: str, params: Params) -> tuple[int, bytes]:
        self._request_id += 1
        # The token goes nowhere but into the frame.
        told = {**params, "token": self._token.reveal()}
        message = {"method": method, "params": told, "req_id": self._request_id}
        return self._request_id, msgspec.json.encode(message)

    def _forget(self) -> None:
        """The connection before is gone, and every answer that was to come over it."""
        unsent = set(self._outgoing)
        asked, self._asked = self._asked, {}
        self._outgoing = []
        self._subscribing, self._confirmed, self._sequences = {}, {}, {}
        self._synced.clear()
        self.balances = None
        for frame, take in asked.values():
            take(Answer(is_sent=frame not in unsent, is_answered=False))

    def _fail(self, reason: str, *, is_refusal: bool = False) -> list[AccountEvent]:
        self._is_down = True
        self._forget()
        return [Down(reason, is_refusal)]

    # -- messages ---------------------------------------------------------------------------------

    def _on_message(self, message: wire.Envelope, recv_ns: int) -> list[AccountEvent]:
        if message.method:
            return self._on_answer(message, recv_ns)
        if message.channel == "heartbeat":
            self._on_heartbeat()
            return []
        if message.channel not in CHANNELS:
            return []
        if missing := self._missing(message):
            return self._fail(missing)
        if message.channel == "balances":
            self._on_balances(message)
            return []
        return self._on_executions(message)

    def _missing(self, message: wire.Envelope) -> str:
        """Which messages of the channel were not received; empty if none is known to be missing."""
        number, before = message.sequence, self._sequences.get(message.channel)
        if not number:
            return ""
        self._sequences[message.channel] = number
        if before is None or message.type == "snapshot" or number == before + 1:
            return ""
        return f"messages of the account are missing: {message.channel} {before} is before {number}"

    def _on_executions(self, message: wire.Envelope) -> list[AccountEvent]:
        entries = wire.decode_executions(message.data)
        if message.type == "snapshot":
            self.reports.on_snapshot(entries)
            self._synced.add("executions")
            return []
        events: list[AccountEvent] = []
        for entry in entries:
            events += self.reports.on_update(entry)
        return events

    def _on_balances(self, message: wire.Envelope) -> None:
        entries = wire.decode_balances(message.data)
        if message.type == "snapshot":
            self.balances = {}
            self._synced.add("balances")
        if self.balances is not None:
            for entry in entries:
                if not entry.balance.is_finite():
                    raise ValueError("a balance that is no number")
                self.balances[entry.asset] = entry.balance

    def _on_heartbeat(self) -> None:
        for channel, count in self._confirmed.items():
            self._confirmed[channel] = count + 1
            if count + 1 >= ENOUGH_HEARTBEATS and channel not in self._synced:
                self._synced.add(channel)

    def _on_answer(self, message: wire.Envelope, recv_ns: int) -> list[AccountEvent]:
        if (channel := self._subscribing.pop(message.req_id, "")) != "":
            if message.time_in and self.time_sample is None:
                venue_ns = time_ns(message.time_in)
                self.time_sample = TimeSample(self._opened_ns, venue_ns, recv_ns)
            return self._on_subscribed(channel, message)
        asked = self._asked.pop(message.req_id, None)
        if asked is None:
            return []
        error = "" if message.success else (message.error or "no reason given")
        asked.take(Answer(True, True, error, bytes(message.result)))
        if error.startswith(NOT_LET_IN):
            return self._fail(f"the account is let in no longer: {safe(error, 120)}")
        return []

    def _on_subscribed(self, channel: str, message: wire.Envelope) -> list[AccountEvent]:
        if message.success:
            self._confirmed[channel] = 0
            if channel == "executions":
                self.most_rate = wire.decode_subscribed(message.result).maxratecount
            return []
        reason = safe(message.error or "no reason given", 200)
        if channel == "balances":
            # A key may lack this right, and still trade: balances are asked for another way.
            self._synced.add(channel)
            return []
        return self._fail(
            f"Kraken does not tell of the account's orders: {reason}", is_refusal=True
        )
