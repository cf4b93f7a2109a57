"""`tickdeck`: the deck when asked for nothing else, a shell command otherwise."""

from __future__ import annotations

import os
import sys

from engine.errors import TickdeckError


def main() -> None:
    """Run what the command line asks for, and exit with a code that scripts can use."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """What `tickdeck ARGUMENTS` exits with. Errors of the user are one line, never a traceback."""
    try:
        if not arguments:  # the common case: the command parser need not even be imported
            from tui.commands.deck import open_deck

            return open_deck()
        from tui.cli import dispatch

        return dispatch(arguments)
    except TickdeckError as error:
        print(f"tickdeck: {error}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output is gone. Point stdout elsewhere, or the exit flush fails too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    main()
