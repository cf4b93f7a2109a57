"""Names brokers without importing them, and loads one when it is asked for.

Others can add brokers: a package that exposes `open_broker` under the entry point group
`tickdeck.brokers` is found by its name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from engine.broker import OpenBroker, ReadExport
from engine.config import nearest
from engine.errors import BrokerUnavailable, NotLoaded, NotSupported
from engine.text import safe

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "tickdeck.brokers"

BUILT_IN = {
    "binance": "brokers.binance.broker",
    "kraken": "brokers.kraken.broker",
    "paper": "brokers.paper",
    "replay": "brokers.replay.broker",
    "sim": "brokers.sim.broker",
}
"""Broker name -> module that has its `open_broker`."""


EXPORTS = {
    "binance": "brokers.binance.export",
    "kraken": "brokers.kraken.export",
    "sim": "brokers.sim.export",
}
"""Broker name -> module that has its `read_export`."""


def names() -> tuple[str, ...]:
    """All brokers that can be asked for, sorted; none is imported."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in _entry_points())}))


def load(name: str) -> OpenBroker:
    """The `open_broker` of one broker.

    Raises:
        NotLoaded: there is none of this name, or its import failed.
    """
    try:
        if name in BUILT_IN:
            return cast(OpenBroker, import_module(BUILT_IN[name]).open_broker)
        for point in _entry_points():
            if point.name == name:
                return cast(OpenBroker, point.load())
    except Exception as error:  # a plug-in may raise anything while it is imported
        raise NotLoaded(f"broker {name!r} does not load: {safe(error)}") from error
    raise NotLoaded(f"no broker named {safe(name, 60)!r}", hint=nearest(name, names()))


def load_export(name: str) -> ReadExport:
    """The `read_export` of one broker; of a plug-in, that of the module of its `open_broker`.

    Raises:
        NotSupported: it reads no exports.
        BrokerUnavailable: there is none of this name, or its import failed.
    """
    try:
        if name in EXPORTS:
            return cast(ReadExport, import_module(EXPORTS[name]).read_export)
        for point in _entry_points():
            if point.name == name:
                found = getattr(import_module(point.module), "read_export", None)
                if found is not None:
                    return cast(ReadExport, found)
    except Exception as error:  # a plug-in may raise anything while it is imported
        raise BrokerUnavailable(f"broker {name!r} does not load: {safe(error)}") from error
    if name in names():
        raise NotSupported(
            f"broker {name!r} reads no exports",
            hint="leave --broker out for a table that names the columns of a ledger",
        )
    known = {*names(), *EXPORTS}
    raise BrokerUnavailable(f"no broker named {safe(name, 60)!r}", hint=nearest(name, known))


def _entry_points() -> EntryPoints:
    # Imported here: the built-in brokers are found without it, and it is slow to load.
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
