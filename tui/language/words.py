"""The words of a typed command, each with its place, and what can be read from one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

import msgspec

from engine.errors import UsageError
from engine.instruments import Instrument, parse_fqme
from engine.text import safe

LONGEST = 500
"""Characters of a command; nobody types more."""

_WORD = re.compile(r"@|!|[^\s@!]+")
_NUMBER = re.compile(r"[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})")
_SPAN = re.compile(r"([+-]?)([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the names in a command can mean now."""

    selected: str = ""
    """The market that is meant where none is named."""
    instruments: Mapping[str, Instrument] = {}
    """Open markets by fqme."""
    watched: Sequence[str] = ()
    names: Mapping[str, str] = {}
    """The one name of each market that is known to have another."""
    accounts: Sequence[str] = ()
    themes: Sequence[str] = ()
    numbers: Sequence[int] = ()
    """Numbers of working orders."""
    algos: Mapping[int, str] = {}
    """Markets of the algos that have not ended, by the numbers that they are called by."""
    layouts: Sequence[str] = ()
    now_ns: int = 0
    """Of the selected market: dates are typed by it."""
    zone: tzinfo | None = UTC
    """In which dates are typed; None is the machine's own."""

    def canonical(self, name: str) -> str:
        """The name of a market in lower case: the one that it has, where `name` is another that is
        known."""
        return self.names.get(name.lower(), name.lower())


class CommandError(UsageError):
    """A command that cannot be understood; `start` and `end` are the characters at fault."""

    def __init__(self, message: str, start: int, end: int, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.start = start
        self.end = end
        """Behind the last character at fault; equal to `start` where something is missing."""


class Word(NamedTuple):
    """A word and where it stands."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()


class Words:
    """The words of a line, read from left to right."""

    def __init__(self, line: str) -> None:
        """
        Raises:
            CommandError: it is longer than anyone types.
        """
        if len(line) > LONGEST:
            raise CommandError(f"longer than {LONGEST} characters", LONGEST, len(line))
        self.line = line
        self._end = len(line.rstrip())
        skipped = len(line) - len(line.lstrip(": \t"))
        self._words = [
            Word(match.group(), match.start(), match.end())
            for match in _WORD.finditer(line, skipped)
        ]
        self._at = 0

    def __len__(self) -> int:
        """How many are left."""
        return len(self._words) - self._at

    def peek(self) -> Word | None:
        """The next word, which stays."""
        return self._words[self._at] if len(self) else None

    def take(self, wanted: str) -> Word:
        """The next word.

        Raises:
            CommandError: there is none; `wanted` says what should stand there.
        """
        if (word := self.peek()) is None:
            raise self.missing(wanted)
        self._at += 1
        return word

    def take_if(self, *texts: str) -> Word | None:
        """The next word if it is one of `texts`."""
        word = self.peek()
        if word is None or word.lower not in texts:
            return None
        self._at += 1
        return word

    def rest(self) -> str:
        """Everything that is left, as typed."""
        if (word := self.peek()) is None:
            return ""
        self._at = len(self._words)
        return self.line[word.start :].strip()

    def done(self) -> None:
        """
        Raises:
            CommandError: words are left.
        """
        if (word := self.peek()) is not None:
            raise fault(word, f"{safe(word.text, 40)!r} is too much here")

    def missing(self, wanted: str) -> CommandError:
        """The error that `wanted` is missing at the end."""
        return CommandError(f"{wanted} is missing", self._end, self._end)


def fault(word: Word, message: str, *, hint: str = "") -> CommandError:
    """The error that `word` is wrong."""
    return CommandError(message, word.start, word.end, hint=hint)


def nearest(text: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """`did you mean ...?`, or nothing where nothing is as like it as `cutoff`, 0 to 1."""
    close = get_close_matches(text.lower(), sorted(known), n=1, cutoff=cutoff)
    return f"did you mean {close[0]!r}?" if close else ""


def one_of(word: Word, known: Iterable[str], what: str) -> str:
    """`word` as one of the `known` names.

    Raises:
        CommandError: it is none of them.
    """
    names = list(known)
    for name in names:
        if name.lower() == word.lower:
            return name
    hint = nearest(word.text, names)
    if not hint and 0 < len(names) <= 12:
        hint = "one of " + ", ".join(names)
    raise fault(word, f"{safe(word.text, 40)!r} is no {what}", hint=hint)


def number(word: Word, what: str) -> Decimal:
    """`word` as an exact number.

    Raises:
        CommandError: it is none, or one with more digits than any price or size has.
    """
    if not _NUMBER.fullmatch(word.text):
        raise fault(word, f"{safe(word.text, 40)!r} is no {what}", hint="write it as 0.5 or 64000")
    return Decimal(word.text)


def seconds(word: Word) -> float:
    """`word` as a span of time with a sign: `+5m`, `-30s`, `90`.

    Raises:
        CommandError: it is none.
    """
    if not (match := _SPAN.fullmatch(word.lower)):
        raise fault(
            word, f"{safe(word.text, 40)!r} is no span of time", hint="write +5m, -30s or +1h"
        )
    sign, amount, unit = match.groups()
    return float(amount) * _SECONDS[unit] * (-1 if sign == "-" else 1)


def fqme_of(word: Word, context: Context) -> str:
    """`word` as the name of a market, which need not be open: the one that it has, where the word
    is another that is known.

    Raises:
        CommandError: it is none.
    """
    try:
        fqme = str(parse_fqme(word.text))
    except UsageError as error:
        raise fault(word, str(error), hint=error.hint) from error
    return context.canonical(fqme)
