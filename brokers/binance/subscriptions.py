"""What a connection has asked the venue to stream, and what it is still to ask.

Methods SUBSCRIBE and UNSUBSCRIBE of `web-socket-streams` (read 2026-11). The venue takes five
messages a second of a connection, so many streams go into one; without an answer to it, nothing
is known of any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

IN_ONE_REQUEST: Final = 100
"""Streams of one message: some 3 KB."""


class Subscriptions:
    """Of one session. The newest socket has them all, or is asked for what it lacks."""

    def __init__(self) -> None:
        self._wanted: dict[str, None] = {}
        self._asked: dict[str, None] = {}
        """On the newest socket, answered or not."""
        self._pending: dict[int, tuple[str, ...]] = {}
        """Requests for streams without an answer."""
        self._request_id = 0
        self._is_settled = True

    def __len__(self) -> int:
        return len(self._wanted)

    @property
    def is_live(self) -> bool:
        """Everything that is wanted was asked for and granted."""
        return self._is_settled and not self._pending

    def is_granted(self, stream: str) -> bool:
        """The newest socket streams it."""
        is_pending = any(stream in streams for streams in self._pending.values())
        return stream in self._asked and not is_pending

    def add(self, streams: Iterable[str]) -> None:
        self._wanted.update(dict.fromkeys(streams))
        self._is_settled = False

    def remove(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self._wanted.pop(stream, None)
        self._is_settled = False

    def restart(self) -> None:
        """Another socket, which has nothing yet."""
        self._asked.clear()
        self._pending.clear()
        self._is_settled = False

    def requests(self) -> list[bytes]:
        """What is to be sent now: first what makes room."""
        if self._is_settled:
            return []
        self._is_settled = True
        ended = [stream for stream in self._asked if stream not in self._wanted]
        begun = [stream for stream in self._wanted if stream not in self._asked]
        return [
            *[self._request("UNSUBSCRIBE", part) for part in _parts(ended)],
            *[self._request("SUBSCRIBE", part) for part in _parts(begun)],
        ]

    def answered(self, request_id: int | None) -> tuple[str, ...]:
        """A request was answered; returns the streams that it asked for."""
        return self._pending.pop(request_id, ()) if request_id is not None else ()

    def _request(self, method: str, streams: tuple[str, ...]) -> bytes:
        self._request_id += 1
        if method == "SUBSCRIBE":
            self._asked.update(dict.fromkeys(streams))
            self._pending[self._request_id] = streams
        else:
            for stream in streams:
                del self._asked[stream]
        return msgspec.json.encode({"method": method, "params": streams, "id": self._request_id})


def _parts(streams: list[str]) -> list[tuple[str, ...]]:
    return [
        tuple(streams[at : at + IN_ONE_REQUEST]) for at in range(0, len(streams), IN_ONE_REQUEST)
    ]
