"""`[brokers.binance]` of `brokers.toml`: which Binance is meant, and what is asked of it."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from brokers.net.addresses import check_address

Environment = Literal["live", "testnet", "data"]


class Urls(NamedTuple):
    """Where one Binance is. No path but that of the WebSocket API, and no `/` at the end."""

    rest: str
    stream: str
    ws_api: str
    """Empty where it takes no orders."""


PRESETS: Final[dict[Environment, Urls]] = {
    "live": Urls(
        "https://api.binance.com",
        "wss://stream.binance.com:9443",
        "wss://ws-api.binance.com:443/ws-api/v3",
    ),
    "testnet": Urls(
        "https://testnet.binance.vision",
        "wss://stream.testnet.binance.vision:9443",
        "wss://ws-api.testnet.binance.vision/ws-api/v3",
    ),
    "data": Urls("https://data-api.binance.vision", "wss://data-stream.binance.vision:443", ""),
}
"""General information of `rest-api`, `web-socket-streams` and `web-socket-api`, `faqs/testnet`
and `faqs/market_data_only` of https://developers.binance.com/docs/binance-spot-api-docs, read
2026-11."""


class BinanceOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See the module."""

    environment: Environment = "live"
    """`testnet` trades play money; `data` serves markets only, and needs no key."""
    rest_url: str = ""
    """Instead of what the environment says, as are the other two: `http://127.0.0.1:9080`."""
    stream_url: str = ""
    ws_api_url: str = ""
    trades: Literal["aggTrade", "trade"] = "aggTrade"
    """Whether the fills of one taker order at one price come as one trade, or each by itself.
    Those that a lost connection cost can be had again of either, but of `data` of the former only
    (`faqs/market_data_only` does not list `historicalTrades`)."""
    has_depth: bool = True
    """Keep the order book of each market that is watched."""
    streams_per_socket: int = 1024
    """The venue's limit; less spreads markets over more sockets."""
    lifetime_s: float = 84_600.0
    """Seconds until a socket is replaced: the venue closes each after 24 hours."""
    history_share: float = 0.5
    """Share of the venue's request weight that history may use, so that what is live never
    waits for it."""
    quiet_s: float = 60.0
    """Seconds without any message after which a socket that should carry some counts as dead."""

    def __post_init__(self) -> None:
        for key in ("rest_url", "stream_url", "ws_api_url"):
            if url := getattr(self, key):
                check_address(key, url, "http" if key == "rest_url" else "ws")
        if not 3 <= self.streams_per_socket <= 1024:
            raise ValueError(f"streams_per_socket: {self.streams_per_socket} is not 3 to 1024")
        if not 0.05 <= self.history_share <= 0.9:
            raise ValueError(f"history_share: {self.history_share} is not 0.05 to 0.9")
        if not 1 <= self.lifetime_s <= 86_400:
            raise ValueError(f"lifetime_s: {self.lifetime_s} is not 1 to 86400")
        if self.trades == "trade" and self.environment == "data":
            raise ValueError("trades: missed single trades cannot be had of `data`: use aggTrade")
        if not 1 <= self.quiet_s <= 3600:
            raise ValueError(f"quiet_s: {self.quiet_s} is not 1 to 3600")

    @property
    def urls(self) -> Urls:
        """Where it is, by these options."""
        preset = PRESETS[self.environment]
        return Urls(
            (self.rest_url or preset.rest).rstrip("/"),
            (self.stream_url or preset.stream).rstrip("/"),
            (self.ws_api_url or preset.ws_api).rstrip("/"),
        )

    @property
    def can_trade(self) -> bool:
        return self.environment != "data"
