"""What the deck tells, each once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.config import DeckConfig
from engine.messages import Alert, AlertUpdate
from tui.state import DeckState
from tui.teller import Teller


class _Driver:
    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)


class _App:
    """What telling needs, keeping what it is asked."""

    def __init__(self, notify: Any = "osc9") -> None:
        self.state = DeckState()
        self.config = DeckConfig(notify=notify)
        self._driver: Any = _Driver()
        self.is_running = True
        self.rung = 0
        self.shown: list[str] = []

    def bell(self) -> None:
        self.rung += 1

    def notify(self, text: str, **_: Any) -> None:
        self.shown.append(text)


def _called(app: _App, text: str) -> None:
    alert = Alert(alert_id=text, fqme="x.sim", price=Decimal(1), state="triggered")
    app.state.fold(AlertUpdate(alert=alert, text=text))


def test_a_notice_of_the_deck_is_in_the_log_and_shown_once() -> None:
    app = _App()
    teller = Teller(app, lambda: 7)
    teller.tell("hello", "warning")
    teller.tell_new()

    assert app.shown == ["hello"]
    (notice,) = app.state.notices
    assert (notice.level, notice.source, notice.now_ns) == ("warning", "deck", 7)


def test_a_level_that_is_none_informs() -> None:
    app = _App()
    Teller(app, lambda: 7).tell("hello", "loud")

    assert app.state.notices[0].level == "info"


def test_alerts_ring_and_are_sent_to_the_desktop_each_once() -> None:
    app = _App()
    teller = Teller(app, lambda: 7)
    _called(app, "one")
    _called(app, "two")
    teller.tell_new()
    teller.tell_new()

    assert app.rung == 1
    assert app._driver.written == ["\x1b]9;one\x1b\\", "\x1b]9;two\x1b\\"]


def test_without_a_terminal_nothing_is_sent_and_before_the_start_nothing_is_shown() -> None:
    app = _App()
    app._driver, app.is_running = None, False
    teller = Teller(app, lambda: 7)
    _called(app, "one")
    teller.tell("early")

    assert (app.rung, app.shown) == (0, [])
