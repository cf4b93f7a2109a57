"""Leaving: flatten, reverse and close, each after a question, each of one account's market."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.errors import UsageError
from engine.messages import AccountInfo, Command, Flatten, Reverse
from tui.orders.question import Question
from tui.orders.slate import Notify
from tui.paint import format as text_of
from tui.state import DeckState


class Exits:
    """Asks, and sends what closes or turns around a position."""

    def __init__(
        self,
        state: DeckState,
        *,
        send: Callable[[Command], None],
        ask: Callable[[Question], None],
        notify: Notify,
        new_id: Callable[[], str],
    ) -> None:
        self._state = state
        self._send = send
        self._ask = ask
        self._notify = notify
        self._new_id = new_id

    def flatten(self, account: AccountInfo, fqme: str, is_sure: bool = False) -> None:
        """Cancel what works in a market, then close its position at the market."""
        held = self._state.position(account.name, fqme).size
        count = self._working(account, fqme)
        if not held and not count:
            self._notify(f"{account.name} is flat in {fqme}", "info")
            return
        command = Flatten(order_id=self._new_id(), fqme=fqme, account=account.name)
        closes = f"closes {_signed(held)} at the market" if held else "nothing is held"
        detail = f"{_cancels(count)}{closes}"
        self._put(f"Flatten {fqme} on {account.name}?", detail, command, account, is_sure)

    def reverse(self, account: AccountInfo, fqme: str, is_sure: bool = False) -> None:
        """Cancel what works in a market, then trade its position to the same size on the other
        side.

        Raises:
            UsageError: nothing is held.
        """
        held = self._state.position(account.name, fqme).size
        if not held:
            raise UsageError(f"{account.name} holds nothing in {fqme} that could be reversed")
        command = Reverse(order_id=self._new_id(), fqme=fqme, account=account.name)
        side = "sells" if held > 0 else "buys"
        detail = (
            f"{_cancels(self._working(account, fqme))}{side} {text_of.plain(abs(held) * 2)} at the "
            f"market: {_signed(held)} becomes {_signed(-held)}"
        )
        text = f"REVERSE {fqme} on {account.name}?"
        self._put(text, detail, command, account, is_sure)

    def _put(
        self, text: str, detail: str, command: Command, account: AccountInfo, is_sure: bool
    ) -> None:
        """Send it at once where that is wanted and no real money is at stake; else ask."""
        if is_sure and account.mode != "live":
            self._send(command)
            return
        if account.mode == "live":
            text = f"REAL MONEY. {text}"
        self._ask(Question(text, lambda: self._send(command), detail=detail))

    def _working(self, account: AccountInfo, fqme: str) -> int:
        return sum(order.account == account.name for order in self._state.working(fqme))


def orders_in_words(count: int) -> str:
    """`1 working order`, `3 working orders`."""
    return "1 working order" if count == 1 else f"{count} working orders"


def _cancels(count: int) -> str:
    return f"cancels {orders_in_words(count)}, then " if count else ""


def _signed(size: Decimal) -> str:
    return f"{'+' if size > 0 else ''}{text_of.plain(size)}"
