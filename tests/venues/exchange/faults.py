"""What a test venue does wrong on purpose. Pure: the switches, and what follows from them.

A venue asks `before` when a request is understood, acts on the verdict, does what was asked, and
asks `after` before it answers. Account events of one action leave through `arranged`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar

RequestKind = Literal["submit", "cancel", "amend", "query", "account", "public", "connect"]
Verdict = Literal["go", "hangup", "mute", "fail", "unknown", "throttle", "ban"]
Message = TypeVar("Message")


@dataclass
class Faults:
    """All are off at first. Those that break requests hit the kinds in `hits` only."""

    hits: str = "submit"
    """Kinds of requests, with commas between; `all` for every one."""
    times: int = 0
    """After so many requests that were hit nothing is any more; 0: no end."""
    drop_before_ack: bool = False
    """Break the connection before a request is taken."""
    drop_after_ack: bool = False
    """Do what was asked, and break the connection before the answer."""
    mute: bool = False
    """Do what was asked, and never answer."""
    mute_events: bool = False
    """Tell accounts of nothing that happens; what is not told is lost."""
    fail_status: int = 0
    """Answer with this HTTP status, and do nothing."""
    fail_after_status: int = 0
    """Do what was asked, and answer with this HTTP status."""
    unknown: bool = False
    """Do what was asked, and answer that it is not known what came of it, in the venue's words."""
    throttle_s: float = 0.0
    """Refuse for too many requests, and say to come back so much later."""
    ban_s: float = 0.0
    """Ban the caller for so long, in the venue's way."""
    duplicate: bool = False
    """Tell every account event twice."""
    reorder: bool = False
    """Tell what belongs to one action in the reverse order."""
    events_before_ack: bool = False
    """Tell account events before the answer to the request that made them."""
    delay_s: float = 0.0
    """Answer, and tell, this much later."""
    deny_knowing: bool = False
    """Lie: lists and queries know of no order, and of no fill."""
    fill: str = ""
    """Somebody trades so much of each order when it came; `all` for all of it."""
    fill_after_cancel: str = ""
    """Tell a fill of so much after a cancel was confirmed."""
    silent_streams: bool = False
    """Send no market data, on sockets that stay open."""
    skip_updates: int = 0
    """Leave out so many of the next book updates."""
    corrupt_updates: int = 0
    """Send so many of the next market-data messages as nonsense."""
    refuse_sockets: int = 0
    """Answer attempts to open a WebSocket with this HTTP status."""
    hit: int = field(default=0)
    """How many requests were hit; for reading."""

    def set(self, switches: dict[str, Any]) -> None:
        """Raises `ValueError` for what is no switch, or no value of it."""
        known = {one.name: type(getattr(Faults(), one.name)) for one in fields(self)}
        for name, value in switches.items():
            kind = known.get(name)
            if kind is None:
                raise ValueError(f"{name!r} is no switch")
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if type(value) is not kind:
                raise ValueError(f"{name} takes a {kind.__name__}")
            setattr(self, name, value)

    def clear(self) -> None:
        """Turn everything off."""
        self.set(asdict(Faults()))

    def before(self, kind: RequestKind) -> Verdict:
        """What becomes of a request before anything is done."""
        if not self._hits(kind):
            return "go"
        verdict: Verdict = "go"
        if self.ban_s:
            verdict = "ban"
        elif self.throttle_s:
            verdict = "throttle"
        elif self.fail_status:
            verdict = "fail"
        elif self.drop_before_ack:
            verdict = "hangup"
        return self._counted(verdict)

    def after(self, kind: RequestKind) -> Verdict:
        """What becomes of the answer to a request that was done."""
        if not self._hits(kind):
            return "go"
        verdict: Verdict = "go"
        if self.drop_after_ack:
            verdict = "hangup"
        elif self.mute:
            verdict = "mute"
        elif self.unknown:
            verdict = "unknown"
        elif self.fail_after_status:
            verdict = "fail"
        return self._counted(verdict)

    def arranged(self, messages: Sequence[Message]) -> list[Message]:
        """Account events of one action, as they leave."""
        if self.mute_events:
            return []
        told = list(messages)[::-1] if self.reorder else list(messages)
        return [one for one in told for _ in range(2 if self.duplicate else 1)]

    def takes(self, counter: Literal["skip_updates", "corrupt_updates"]) -> bool:
        """Whether the next message is hit; counts it."""
        left = getattr(self, counter)
        if left:
            setattr(self, counter, left - 1)
        return bool(left)

    def _hits(self, kind: RequestKind) -> bool:
        if self.times and self.hit >= self.times:
            return False
        return self.hits == "all" or kind in self.hits.split(",")

    def _counted(self, verdict: Verdict) -> Verdict:
        self.hit += verdict != "go"
        return verdict
