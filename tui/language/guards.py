"""Guards as they are typed: the kill switch, states of trading, arming."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.messages import TradingState
from engine.text import safe
from tui.actions import Call
from tui.language.words import Context, Words, one_of

LONGEST_NOTE = 200


def kill(words: Words, context: Context) -> Call:
    """`kill [NOTE]`, `kill off`"""
    if words.take_if("off"):
        return Call("guards", "lift")
    words.take_if("on")
    note = safe(words.rest(), LONGEST_NOTE)
    return Call("guards", "kill", (note,), sends_order=True)


def trading(state: TradingState) -> Callable[[Words, Context], Call]:
    """The reader of `halt`, `reduce` and `active`: `[ACCOUNT] [NOTE] [!]`; without the name of an
    account all are meant."""

    def read(words: Words, context: Context) -> Call:
        account = ""
        word = words.peek()
        names = {name.lower(): name for name in context.accounts}
        if word is not None and word.lower in (*names, "all"):
            words.take("")
            account = names.get(word.lower, "")
        is_sure = words.take_if("!") is not None
        note = safe(words.rest(), LONGEST_NOTE)
        arguments = (state, account, note, is_sure)
        return Call("guards", "set_state", arguments, sends_order=True)

    return read


def arm(is_armed: bool) -> Callable[[Words, Context], Call]:
    """The reader of `arm [ACCOUNT]` and `disarm [ACCOUNT]`: order mode, or an account of real
    money."""
    name = "arm" if is_armed else "disarm"

    def read(words: Words, context: Context) -> Call:
        if not len(words):
            return Call("desk", name)
        account = one_of(words.take("the account"), context.accounts, "account")
        return Call("desk", f"{name}_account", (account,))

    return read


def accounts(context: Context) -> Iterable[str]:
    """What can be completed where an account stands."""
    return context.accounts
