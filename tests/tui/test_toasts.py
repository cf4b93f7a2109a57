"""Which notices are shown over the screen."""

from __future__ import annotations

from engine.messages import Notice
from tui.toasts import MOST, WIDTH, toasts_of


def notice(text: str, level: str = "info", source: str = "feed") -> Notice:
    return Notice(level=level, text=text, source=source, now_ns=1)  # type: ignore[arg-type]


def texts(*notices: Notice) -> list[str]:
    return [toast.text for toast in toasts_of(notices)]


def test_what_only_informs_stays_in_the_log_unless_orders_or_the_deck_say_it():
    told = [notice("a"), notice("b", source="orders"), notice("c", source="deck")]

    assert texts(*told, notice("d", "warning")) == ["b", "c", "d"]


def test_of_many_at_once_the_last_are_shown():
    assert texts(*(notice(str(n), "error") for n in range(9))) == ["6", "7", "8"]
    assert MOST == 3


def test_an_alert_rings_even_if_its_text_is_crowded_out():
    called = notice("alert: reached", "warning", "alerts")

    assert toasts_of([called, *(notice("x", "error") for _ in range(5))])[0].rings
    assert not toasts_of([notice("x", "error")])[0].rings


def test_worse_news_stay_longer_and_long_ones_are_cut():
    info, error = toasts_of([notice("x" * 200, source="deck"), notice("y", "error")])

    assert info.seconds < error.seconds
    assert (len(info.text), info.severity) == (WIDTH, "information")
