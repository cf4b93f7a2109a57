"""What `brokers.toml` says of one broker, as the struct that its package reads."""

from __future__ import annotations

from typing import TypeVar

from engine.broker import BrokerSettings
from engine.config import convert
from engine.errors import BrokerUnavailable, ConfigError

T = TypeVar("T")


def read_options(settings: BrokerSettings, wanted: type[T]) -> T:
    """The options of `settings` as `wanted`.

    Raises:
        BrokerUnavailable: one is not known, or does not fit.
    """
    try:
        return convert(dict(settings.options), wanted, f"options of {settings.name}")
    except ConfigError as error:
        raise BrokerUnavailable(str(error), hint=error.hint) from None
