"""What `[brokers.kraken]` of `brokers.toml` may say.

Addresses by https://docs.kraken.com/api/docs/guides/spot-ws-intro and
https://docs.kraken.com/api/docs/guides/spot-rest-intro (read 2026-11).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from brokers.net.addresses import check_address

REST_URL: Final = "https://api.kraken.com"
WS_URL: Final = "wss://ws.kraken.com/v2"
WS_AUTH_URL: Final = "wss://ws-auth.kraken.com/v2"

TimeoutS = Annotated[int, Meta(ge=0, le=86_400)]


class KrakenOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[brokers.kraken]`. A URL that is given stands in for that of the environment."""

    environment: Literal["live"] = "live"
    """Which of the venue's systems is spoken to; spot has no public test system."""
    rest_url: str = REST_URL
    """Without the path: `/0/public/...` follows."""
    ws_url: str = WS_URL
    """WebSocket v2, market data."""
    ws_auth_url: str = WS_AUTH_URL
    """WebSocket v2, accounts and orders."""
    depth: Literal[10, 25, 100, 500, 1000] = 25
    """Levels of each side of the book that are subscribed to."""
    pairs_per_socket: Annotated[int, Meta(ge=1, le=1000)] = 100
    """Markets of one connection; more of them open another one."""
    public_per_s: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    """Requests a second of public REST, of each pair for its trades and bars and of all else
    together: what the venue says remains within its limits."""
    silence_s: Annotated[float, Meta(ge=2, le=600)] = 5.0
    """Seconds without any message after which a connection counts as stale; after as many more it
    is made anew. The venue sends a heartbeat every second."""
    tier: Literal["starter", "intermediate", "pro"] = "starter"
    """Verification tier of the accounts: how fast the venue's counters fall."""
    dead_man_s: TimeoutS | dict[str, TimeoutS] = 0
    """Seconds after which the venue cancels every order of the account unless this process is
    heard of again; 0 leaves that switch alone. It is of the whole account: orders that other
    programs and the venue's site placed are cancelled too. For all accounts, or by their names:
    `dead_man_s = {main = 60}`."""
    dead_man_off_on_leave: bool = False
    """Switch it off when the engine is left in order; else what works is canceled soon after."""

    def __post_init__(self) -> None:
        check_address("rest_url", self.rest_url, "http")
        check_address("ws_url", self.ws_url, "ws")
        check_address("ws_auth_url", self.ws_auth_url, "ws")

    def dead_man_of(self, account: str) -> int:
        """The same for one account; 0 for off."""
        by_account = self.dead_man_s
        return by_account if isinstance(by_account, int) else by_account.get(account, 0)
