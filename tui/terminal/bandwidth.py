"""How much a terminal is sent: three tiers, and how the link's behaviour chooses among them.

Pure: `Meter.fold` takes one observation a second or so and gives the meter after it. It goes
down as soon as two of three observations show strain, up one tier after a time of calm, and
waits longer each time that going up turns out to have been wrong. One outlier does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from tui.paint.scene import Detail
from tui.paint.theme import Depth

TierName = Literal["full", "lean", "slow"]

TIERS: tuple[TierName, ...] = ("full", "lean", "slow")
"""From much to little."""

LEAN_HZ = 5.0
SLOW_HZ = 1.0

_DEPTHS: tuple[Depth, ...] = ("none", "16", "256", "truecolor")
"""From few colours to many."""


class Tier(NamedTuple):
    """What is sent at most."""

    name: TierName
    frame_hz: float
    """Pictures a second."""
    depth: Depth
    """Colours; those of `256` take half the bytes of `truecolor`."""
    detail: Detail


def tier(name: TierName, frame_hz: float, depth: Depth) -> Tier:
    """The tier of that name on a terminal with colours `depth`, for a deck configured to draw
    `frame_hz` pictures a second: never more than either."""
    if name == "full":
        return Tier("full", frame_hz, depth, "full")
    most_hz = LEAN_HZ if name == "lean" else SLOW_HZ
    return Tier(name, min(frame_hz, most_hz), _at_most(depth, "256"), name)


def _at_most(depth: Depth, most: Depth) -> Depth:
    return _DEPTHS[min(_DEPTHS.index(depth), _DEPTHS.index(most))]


BY_HAND = "by hand"
"""Why a tier that was chosen is used."""


class Wire(NamedTuple):
    """What goes to the terminal, as a person wants to read it."""

    frames_s: float = 0.0
    bytes_s: float = 0.0
    tier: TierName = "full"
    why: str = ""
    """What made it less than full; `BY_HAND` where it was chosen."""


class Observation(NamedTuple):
    """How the link did since the observation before."""

    at_s: float
    """Monotonic seconds."""
    answer_s: float | None = None
    """How long the terminal took to answer; None if nothing was answered."""
    unanswered_s: float = 0.0
    """How long a question has been without an answer; 0.0 if none is open."""
    blocked: float = 0.0
    """The share of the time, 0.0 to 1.0, in which the terminal took nothing though something
    waited."""
    waiting_s: float = 0.0
    """How long the oldest of what waits has waited."""


class Strain(NamedTuple):
    """What an observation says, and why."""

    level: int = 0
    """The index in `TIERS` of the tier that would do."""
    why: str = ""


LATE_S = (0.15, 0.6)
"""Seconds by which answers come later than this link's quickest ones: from the first on lean
would do, from the second on slow. Mere distance is no strain, what queues up is."""

BLOCKED = (0.1, 0.5)
"""Shares of the time with blocked writes, likewise."""

WAITING_S = (0.5, 1.5)
"""Seconds that something waited to be taken, likewise."""

DOWN_OF = (2, 3)
"""So many of the last so many observations must show strain."""

CALM_S = 20.0
"""After so long without strain that the tier up would not bear, it is tried."""

MOST_CALM_S = 1280.0
"""The longest time of calm that is asked for, on a link that bore no tier up so far."""

TRIED_S = 60.0
"""Strain within this time of going up means that it was wrong to."""

QUICKEST_OF = 120
"""Answers among which the quickest is this link's distance: it may change, as on a train."""


def strain(observation: Observation, quickest_s: float) -> Strain:
    """What `observation` says of a link whose quickest answers take `quickest_s`."""
    late_s = max(observation.answer_s or 0.0, observation.unanswered_s) - quickest_s
    no_answer = observation.unanswered_s > (observation.answer_s or 0.0)
    found = [
        Strain(_level(observation.blocked, BLOCKED), "writes blocked"),
        Strain(_level(observation.waiting_s, WAITING_S), "writes blocked"),
        Strain(_level(late_s, LATE_S), "no answer" if no_answer else "slow answers"),
    ]
    worst = max(found, key=lambda one: one.level)
    return worst if worst.level else Strain()


def _level(value: float, marks: tuple[float, float]) -> int:
    return sum(value >= mark for mark in marks)


class Meter(NamedTuple):
    """The fold of all observations so far."""

    level: int = 0
    """The index in `TIERS` of the tier that is right now."""
    why: str = ""
    """What made it less than full."""
    recent: tuple[Strain, ...] = ()
    """Of the last observations, `DOWN_OF[1]` at most."""
    answers: tuple[float, ...] = ()
    """The last answer times, `QUICKEST_OF` at most."""
    calm_since_s: float | None = None
    """Since when no strain forbids to go up; None while it does."""
    calm_s: tuple[float, float] = (CALM_S, CALM_S)
    """How long that must be, to go up to full and to lean."""
    tried: int | None = None
    """The level it went up to last, while that may still turn out to have been wrong."""
    tried_at_s: float = 0.0

    @property
    def tier(self) -> TierName:
        return TIERS[self.level]

    @property
    def quickest_s(self) -> float:
        """What an answer takes on this link when nothing is in its way."""
        return min(self.answers, default=0.0)

    def fold(self, observation: Observation) -> Meter:
        """The meter after one more observation; those must come in the order of time."""
        answers = self.answers
        if observation.answer_s is not None:
            answers = (*answers, observation.answer_s)[-QUICKEST_OF:]
        # A link that never answered has no distance to compare with: only writes count.
        now = strain(observation, min(answers, default=float("inf")))
        meter = self._replace(recent=(*self.recent, now)[-DOWN_OF[1] :], answers=answers)
        worse = meter._borne()
        if worse.level > self.level:
            return meter._down(worse, observation.at_s)
        return meter._rest(observation.at_s)

    def _borne(self) -> Strain:
        """The worst strain that enough of the last observations show."""
        by_level = sorted(self.recent, key=lambda one: -one.level)
        return by_level[DOWN_OF[0] - 1] if len(by_level) >= DOWN_OF[0] else Strain()

    def _down(self, to: Strain, at_s: float) -> Meter:
        calm_s = self.calm_s
        if self.tried is not None and at_s - self.tried_at_s <= TRIED_S:
            calm_s = _put(calm_s, self.tried, min(calm_s[self.tried] * 2, MOST_CALM_S))
        return self._replace(
            level=to.level, why=to.why, calm_since_s=None, calm_s=calm_s, tried=None
        )

    def _rest(self, at_s: float) -> Meter:
        """Stay, or go up a tier where there was calm for long enough."""
        meter = self._trusted() if at_s - self.tried_at_s > TRIED_S else self
        if not self.level or meter._borne().level >= self.level:
            return meter._replace(calm_since_s=None)
        since_s = at_s if self.calm_since_s is None else self.calm_since_s
        level = self.level - 1
        if at_s - since_s < meter.calm_s[level]:
            return meter._replace(calm_since_s=since_s)
        why = self.why if level else ""
        return meter._replace(level=level, why=why, calm_since_s=at_s, tried=level, tried_at_s=at_s)

    def _trusted(self) -> Meter:
        """It was right to go up: the next time needs less patience."""
        if self.tried is None:
            return self
        eased = _put(self.calm_s, self.tried, max(self.calm_s[self.tried] / 2, CALM_S))
        return self._replace(tried=None, calm_s=eased)


def _put(calm_s: tuple[float, float], level: int, value: float) -> tuple[float, float]:
    return (value, calm_s[1]) if level == 0 else (calm_s[0], value)


def fold_all(observations: Iterable[Observation], meter: Meter | None = None) -> Meter:
    """The meter after all of them."""
    meter = meter or Meter()
    for observation in observations:
        meter = meter.fold(observation)
    return meter
