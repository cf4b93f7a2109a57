"""A program of the user's that runs when an alert calls.

It is started as it is named, without a shell: what an alert says is put into single arguments,
where no quoting, no space and no semicolon of a note can make another argument, or a command,
of it. It gets no input, its output goes nowhere, and it is ended if it takes long.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

import trio

from engine.ems.shape import text
from engine.errors import describe
from engine.log import logger
from engine.messages import AlertUpdate

_log = logger(__name__)

LONGEST_S: Final = 10.0
MOST_AT_ONCE: Final = 4
"""Alerts that call in one moment beyond this are told, and run nothing."""


class AlertCommand:
    """Runs the program; nothing that happens to it is raised."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._running = 0

    async def run(self, update: AlertUpdate) -> None:
        """Run it for an alert that calls, if there is a program."""
        if not self._command:
            return
        if self._running >= MOST_AT_ONCE:
            _log.warning("alert command not run for %s: too many run", update.alert.alert_id)
            return
        self._running += 1
        try:
            with trio.move_on_after(LONGEST_S) as scope:
                done = await trio.run_process(
                    arguments(self._command, update),
                    stdin=b"",
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
                if done.returncode:
                    _log.warning("alert command ended with %d", done.returncode)
            if scope.cancelled_caught:
                _log.warning("alert command took longer than %g s and was ended", LONGEST_S)
        except OSError as error:
            _log.warning("alert command cannot be run: %s", describe(error))
        finally:
            self._running -= 1


def arguments(command: Sequence[str], update: AlertUpdate) -> list[str]:
    """`command` with what the alert says put in. The program itself is never made of it, and no
    value that begins an argument makes an option of it."""
    alert = update.alert
    values = {
        "{fqme}": alert.fqme,
        "{price}": text(alert.price),
        "{note}": alert.note,
        "{text}": update.text,
    }
    program, *rest = command
    return [program, *(_filled(argument, values) for argument in rest)]


def _filled(argument: str, values: Mapping[str, str]) -> str:
    filled, rest = "", argument
    while rest:
        # One pass: what was put in is not looked at again.
        name = next((name for name in values if rest.startswith(name)), None)
        if name is None:
            filled, rest = filled + rest[0], rest[1:]
        else:
            value = values[name].lstrip("-") if not filled else values[name]
            filled, rest = filled + value, rest[len(name) :]
    return filled
