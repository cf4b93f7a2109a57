"""What a handler of the test server gets, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, or the one that opens a WebSocket."""

    method: str
    """Upper case."""
    path: str
    """Without the query, percent-decoded."""
    query: str = ""
    """Everything after the first `?`, exactly as it was sent: signatures are made over it."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By lower-case name; several of one name are joined with a comma."""
    body: bytes = b""
    client: str = ""
    """Address of the caller, without its port."""

    def query_params(self) -> dict[str, str]:
        """The query, decoded; the last of several of one name counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def body_params(self) -> dict[str, str]:
        """A form in the body, decoded."""
        text = self.body.decode(errors="replace")
        return dict(parse_qsl(text, keep_blank_values=True))


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; its length is added by the server."""

    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    when_sent: Callable[[], None] | None = None
    """Called once the answer has left; not if it could not."""


class Hangup(msgspec.Struct, frozen=True):
    """No answer: the connection is closed instead."""


class WireRules(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds and habits of a test server. Sizes are bytes."""

    most_body: int = 1 << 20
    """A larger body is answered with 413."""
    most_head: int = 1 << 16
    """A larger request line with headers is answered with 431."""
    most_message: int = 1 << 20
    """A larger WebSocket message ends its connection with 1009."""
    most_unsent: int = 1 << 26
    """A WebSocket whose reader lets more than this pile up is cut."""
    ping_s: float = 0.0
    """How often each WebSocket is pinged; 0: never."""
    pong_s: float = 60.0
    """A WebSocket that answered no ping for so long is closed with 1008, 'Pong timeout'."""


def split_target(target: str) -> tuple[str, str]:
    """Decoded path and raw query of a request target, which may be a whole URL."""
    if "://" in target:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    path, _, query = target.partition("?")
    return unquote(path), query
