"""The errors of tickdeck, by whose fault they are.

::

    TickdeckError
    ├── UsageError           what was asked for makes no sense; exit 2
    ├── ConfigError          a configuration file is wrong; exit 78
    ├── DataError            a file or a message is not what it should be; exit 65
    ├── OrderDenied          we said no, before anything left the machine
    ├── BrokerError          the only family that leaves a broker package; exit 69
    │   ├── BrokerUnavailable    cannot be loaded, reached or logged in to
    │   │   ├── BrokerLost           ran, and runs no longer
    │   │   └── NotLoaded            there is none of this name, or its package does not load
    │   ├── UnknownSymbol        the venue does not list it
    │   ├── NotSupported         the venue cannot do this
    │   ├── OrderRejected        the venue said no
    │   └── OutcomeUnknown       no answer: it may have happened, or not
    ├── JournalFailed        the record of orders cannot be kept; exit 74
    │   ├── JournalFull          there is no room for it
    │   └── JournalDamaged       its file is not what was written
    ├── DataInUse            another engine works on this data; exit 75
    ├── LinkClosed           the engine is gone; exit 70
    ├── ServiceFailed        a supervised part of the engine stopped with an error
    └── BadTransition        an order event that its state does not allow: our bug
"""

from __future__ import annotations

from engine.text import safe


class TickdeckError(Exception):
    """What went wrong, in one line, and where there is one, what to do about it."""

    exit_code = 1
    """What a command that ends with this error exits with (see sysexits.h)."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        """What to do about it: one sentence, or nothing."""


class UsageError(TickdeckError):
    """What was asked for makes no sense."""

    exit_code = 2


class ConfigError(TickdeckError):
    """A configuration file is wrong: the message names file and key."""

    exit_code = 78


class DataError(TickdeckError):
    """A file or a message is not what it should be."""

    exit_code = 65


class OrderDenied(TickdeckError):
    """We said no: nothing left the machine."""

    def __init__(self, check: str, message: str, *, limit: str = "", value: str = "") -> None:
        super().__init__(message)
        self.check = check
        """Name of the risk check that denied."""
        self.limit = limit
        self.value = value


class BrokerError(TickdeckError):
    """The only family of errors that leaves a broker package."""

    exit_code = 69


class BrokerUnavailable(BrokerError):
    """The broker cannot be loaded, reached or logged in to."""


class BrokerLost(BrokerUnavailable):
    """The broker ran, and runs no longer."""


class NotLoaded(BrokerUnavailable):
    """There is no broker of this name, or its package does not load: waiting does not help."""


class UnknownSymbol(BrokerError):
    """The venue does not list this symbol."""


class NotSupported(BrokerError):
    """The venue cannot do this; its capability flags say so."""


class OrderRejected(BrokerError):
    """The venue said no: the order does not exist there."""


class OutcomeUnknown(BrokerError):
    """No answer, a broken socket, a server error: it may have happened, or not.

    Never a rejection, and never a reason to send again.
    """


class JournalFailed(TickdeckError):
    """The record of orders cannot be kept: nothing new may be sent."""

    exit_code = 74


class JournalFull(JournalFailed):
    """There is no room for the record; it may work again once there is."""


class JournalDamaged(JournalFailed):
    """The record's file is not what was written."""


class DataInUse(TickdeckError):
    """Another engine works on this data."""

    exit_code = 75


class LinkClosed(TickdeckError):
    """The engine is gone, or not there yet."""

    exit_code = 70


class ServiceFailed(TickdeckError):
    """A supervised part of the engine stopped with an error."""


class BadTransition(TickdeckError):
    """An order event that the order's state does not allow: our bug."""


def describe(error: BaseException) -> str:
    """What went wrong, in one line; of a group, its innermost errors."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(describe(part) for part in error.exceptions))
    text = safe(error, 300)
    if isinstance(error, TickdeckError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
