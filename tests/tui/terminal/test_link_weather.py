"""The link watched: a real outlet on a pty, a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.support.polling import until
from tests.support.tty import Tty
from tui.terminal.intake import ModeReport
from tui.terminal.link_weather import OBSERVE_S, LinkWeather
from tui.terminal.outlet import Outlet
from tui.terminal.probe import HOLD_S


class Link:
    """A terminal that answers when it is told to, and the weather of its link."""

    def __init__(self, tty: Tty, loop: asyncio.AbstractEventLoop) -> None:
        self.tty = tty
        self.now_s = 0.0
        self.asked: list[int] = []
        self.tiers: list[str] = []
        self.on_report: Callable[[ModeReport, float], object] | None = None
        self.outlet = Outlet(tty.slave, monotonic=lambda: self.now_s)
        self.outlet.start(loop)
        self.weather = LinkWeather(
            self,
            lambda: self.tiers.append(self.weather.meter.tier),
            modes=(7, 25),
            monotonic=lambda: self.now_s,
        )

    def ask(self, mode: int) -> None:
        self.asked.append(mode)
        self.outlet.write(f"\x1b[?{mode}$p")

    def answer(self, mode: int) -> None:
        assert self.on_report is not None
        self.on_report(ModeReport(mode, 2), self.now_s)

    def draw(self, text: str = "picture") -> None:
        with self.outlet.frame():
            self.outlet.write(text)
        if len(text) < 10_000:
            until(lambda: not self.outlet.bytes_waiting)

    def tick(self, seconds: float = 0.25) -> None:
        self.now_s += seconds
        self.weather.tick()
        if self.outlet.bytes_waiting < 100:
            until(lambda: not self.outlet.bytes_waiting)

    def live(self, seconds: float, answer: bool = True) -> None:
        """Let it draw, and answer at the next tick after a question."""
        for _ in range(int(seconds / 0.25)):
            if self.outlet.is_clear:
                self.draw()
                self.tty.read()
            asked = len(self.asked)
            self.tick()
            if answer and len(self.asked) > asked:
                self.now_s += 0.01
                self.answer(self.asked[-1])


@pytest.fixture
def link() -> Iterator[Link]:
    loop = asyncio.new_event_loop()
    with Tty() as tty:
        link = Link(tty, loop)
        yield link
        link.outlet.stop(quiet_s=0.0)
    loop.close()


def test_a_terminal_of_which_no_answer_is_known_is_never_asked(link: Link) -> None:
    link.live(10.0)

    assert link.asked == []
    assert b"$p" not in link.tty.received


def test_one_that_answers_is_asked_now_and_then(link: Link) -> None:
    link.answer(2026)
    link.live(10.0)

    assert 4 <= len(link.asked) <= 6
    assert link.weather.meter.quickest_s == pytest.approx(0.01)
    assert link.tiers == []


def test_it_counts_what_leaves_in_a_second(link: Link) -> None:
    for _ in range(4):
        link.draw("x" * 100)
        link.tick()

    assert link.weather.frames_s == 4 / OBSERVE_S
    assert link.weather.bytes_s == 400 / OBSERVE_S


def test_while_an_answer_is_overdue_no_picture_is_drawn(link: Link) -> None:
    link.answer(2026)
    link.live(4.0)
    link.draw()
    while len(link.asked) < 4:
        link.draw()
        link.tick()
        if len(link.asked) < 4:
            link.answer(link.asked[-1])
    link.tick(HOLD_S + 0.1)
    assert not link.outlet.is_clear

    link.answer(link.asked[-1])
    assert link.outlet.is_clear


def test_a_link_that_stops_answering_is_slow_and_recovers(link: Link) -> None:
    link.answer(2026)
    link.live(6.0)
    sent = link.outlet.frames_sent
    link.live(10.0, answer=False)

    assert link.tiers[-1] == "slow"
    assert link.weather.meter.why == "no answer"
    assert link.outlet.frames_sent - sent < 20

    link.answer(link.asked[-1])
    link.live(60.0)
    assert link.tiers == ["slow", "lean", "full"]


def test_a_terminal_that_reads_nothing_makes_it_slow(link: Link) -> None:
    link.draw("x" * 100_000)
    until(lambda: link.outlet._blocked_since is not None)
    for _ in range(12):
        link.tick()

    assert link.tiers == ["slow"]
    assert link.weather.meter.why == "writes blocked"
