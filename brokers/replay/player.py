"""Where a playback stands, and what it does next. Pure: no clock, no file, no waiting.

A `Player` walks over items in the order of their tape time. It is asked for its next `Cue`
with the present second of some monotonic clock, and says one of::

    PLAY      publish `player.item`
    PASS      take `player.item` in without publishing it: a seek is under way
    REWOUND   forget all that was taken in: the items start over
    ARRIVED   the seek is over; `position_ns` has jumped
    ENDED     nothing is left
    IDLE      nothing is due before `wakes_at`

Between two jumps the position never goes back, and every item is played exactly once, in
order. A seek to T arrives with all items up to and including T taken in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import NamedTuple

from engine.clock import NANOS
from engine.messages import Tick

MIN_SPEED = 0.1
MAX_SPEED = 1000.0
UNPACED = 0.0
"""The speed at which everything is always due."""
MAX_LAG_S = 1.0
"""How much a playback that was held up makes good. What is beyond is let go, so that a slow
machine plays slowly instead of for ever trying to catch up."""


class Item(NamedTuple):
    """What a recording holds at one moment of one market."""

    tape_ns: int
    fqme: str
    ticks: list[Tick]


class Cue(Enum):
    """What to do next; see the module."""

    PLAY = auto()
    PASS = auto()
    REWOUND = auto()
    ARRIVED = auto()
    ENDED = auto()
    IDLE = auto()


class Player:
    """The position in a recording, and the rate at which it moves.

    `start_ns` is where it begins and where a loop comes back to; earlier items are only taken
    in. A new player first winds to `start_ns`, then is `ARRIVED`.
    """

    def __init__(
        self,
        rewind: Callable[[], Iterator[Item]],
        start_ns: int,
        end_ns: int,
        *,
        speed: float = 1.0,
        is_paused: bool = False,
        is_looping: bool = False,
    ) -> None:
        self._rewind = rewind
        self._items = rewind()
        self._head: Item | None = None
        self._is_exhausted = False
        self._speed = clamp_speed(speed)
        self._is_paused = is_paused
        self._steps = 0
        # Position runs from `_anchor_ns`, where it was at second `_anchor_s`.
        self._anchor_s = 0.0
        self._anchor_ns = start_ns
        self._target_ns: int | None = start_ns
        self._must_rewind = False
        self._taken_ns: int | None = None
        """Tape time of the last item taken in since the items began."""
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.is_looping = is_looping
        self.is_ended = False
        self.item: Item
        """What `PLAY` and `PASS` are about."""

    @property
    def speed(self) -> float:
        """Times real time; 0 is as fast as it goes."""
        return self._speed

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    @property
    def is_seeking(self) -> bool:
        """Items are being passed over; `position_ns` is still where the seek began."""
        return self._target_ns is not None

    @property
    def target_ns(self) -> int | None:
        """Where a seek under way goes to."""
        return self._target_ns

    def position_ns(self, now_s: float) -> int:
        """Tape time at second `now_s`. It waits for the next item to be played."""
        if not self._is_moving():
            return self._anchor_ns
        ideal = self._ideal_ns(now_s)
        return ideal if self._head is None else min(ideal, self._head.tape_ns)

    def wakes_at(self, now_s: float) -> float | None:
        """The second at which the next cue may be due, after `IDLE`. None: only a call that
        moves the playback makes one."""
        if not self._is_moving():
            return None
        due_ns = self.end_ns if self._head is None else self._head.tape_ns
        return max(now_s, self._anchor_s + (due_ns - self._anchor_ns) / (self._speed * NANOS))

    # -- what a user does ---------------------------------------------------------------------

    def pause(self, now_s: float) -> None:
        """Stop where it is."""
        self._anchor(now_s)
        self._is_paused = True

    def resume(self, now_s: float) -> None:
        """Go on from where it is; from the beginning if it had ended."""
        self._anchor(now_s)
        self._is_paused = False
        self._steps = 0
        if self.is_ended:
            self.seek(now_s, self.start_ns)

    def set_speed(self, now_s: float, speed: float) -> None:
        """Change the rate: see `clamp_speed`."""
        self._anchor(now_s)
        self._speed = clamp_speed(speed)

    def set_loop(self, now_s: float, is_looping: bool) -> None:
        """Whether the end leads back to the beginning; at once, if it had ended."""
        self.is_looping = is_looping
        if is_looping and self.is_ended:
            self.seek(now_s, self.start_ns)

    def step(self, now_s: float, count: int = 1) -> None:
        """Pause, and play the next `count` items whenever they are due."""
        self.pause(now_s)
        if not self.is_ended:
            self._steps += max(0, count)

    def seek(self, now_s: float, target_ns: int) -> None:
        """Go to `target_ns`, or as near as the recording allows."""
        self._anchor(now_s)
        self._steps = 0
        target_ns = min(max(target_ns, self.start_ns), self.end_ns)
        self._must_rewind = self._taken_ns is not None and target_ns < self._taken_ns
        self._target_ns = target_ns
        self.is_ended = False

    def seek_by(self, now_s: float, seconds: float) -> None:
        """Go so far from where it is, or from where a seek under way goes to."""
        here = self.position_ns(now_s) if self._target_ns is None else self._target_ns
        self.seek(now_s, here + round(seconds * NANOS))

    # -- what the playback does ---------------------------------------------------------------

    def cue(self, now_s: float) -> Cue:
        """The next thing to do at second `now_s`. Reads at most one item beyond it."""
        if self._must_rewind:
            return self._start_over()
        self._load()
        if self._target_ns is not None:
            return self._wind(now_s, self._target_ns)
        if self.is_ended:
            return Cue.IDLE
        if self._head is None:
            return self._finish(now_s)
        return self._play(now_s, self._head)

    def _play(self, now_s: float, head: Item) -> Cue:
        if self._is_paused:
            if self._steps == 0:
                return Cue.IDLE
            self._steps -= 1
            self._anchor_ns = head.tape_ns
        elif self._speed == UNPACED:
            self._anchor_s, self._anchor_ns = now_s, head.tape_ns
        else:
            late_ns = self._ideal_ns(now_s) - head.tape_ns
            if late_ns < -self._grain_ns():
                return Cue.IDLE
            if late_ns < 0:
                self._anchor_s, self._anchor_ns = now_s, head.tape_ns
            elif late_ns > self._speed * MAX_LAG_S * NANOS:
                self._anchor_s, self._anchor_ns = now_s - MAX_LAG_S, head.tape_ns
        self._take(head)
        # The position waits for the next item, so that one has to be known.
        self._load()
        return Cue.PLAY

    def _wind(self, now_s: float, target_ns: int) -> Cue:
        if self._head is not None and self._head.tape_ns <= target_ns:
            self._take(self._head)
            return Cue.PASS
        self._target_ns = None
        self._anchor_s, self._anchor_ns = now_s, target_ns
        return Cue.ARRIVED

    def _finish(self, now_s: float) -> Cue:
        """The items are over; the position has still to come to the end."""
        if not self._is_at_end(now_s):
            return Cue.IDLE
        self._anchor_s, self._anchor_ns = now_s, self.end_ns
        self._steps = 0
        # A lap that holds nothing would be run through for ever.
        if self.is_looping and not self._is_paused and self._holds_anything():
            self.seek(now_s, self.start_ns)
            return self._start_over()
        self.is_ended = True
        return Cue.ENDED

    def _is_at_end(self, now_s: float) -> bool:
        if self._is_paused:
            return self._steps > 0 or self._anchor_ns >= self.end_ns
        return self._speed == UNPACED or self._ideal_ns(now_s) + self._grain_ns() >= self.end_ns

    def _holds_anything(self) -> bool:
        """There is an item after the beginning."""
        return self._taken_ns is not None and self._taken_ns > self.start_ns

    def _start_over(self) -> Cue:
        self._items = self._rewind()
        self._head = self._taken_ns = None
        self._is_exhausted = self._must_rewind = False
        return Cue.REWOUND

    def _load(self) -> None:
        if self._head is not None or self._is_exhausted:
            return
        self._head = next(self._items, None)
        self._is_exhausted = self._head is None
        if self._head is not None:
            self.end_ns = max(self.end_ns, self._head.tape_ns)

    def _take(self, head: Item) -> None:
        self.item = head
        self._head = None
        self._taken_ns = head.tape_ns

    # -- where it is --------------------------------------------------------------------------

    def _is_moving(self) -> bool:
        """The position goes with the clock."""
        return not (
            self._is_paused
            or self.is_ended
            or self._speed == UNPACED
            or self._target_ns is not None
        )

    def _ideal_ns(self, now_s: float) -> int:
        """Where an unhindered playback would be; never beyond the end."""
        passed = max(0.0, now_s - self._anchor_s) * self._speed * NANOS
        return min(self._anchor_ns + round(passed), self.end_ns)

    def _grain_ns(self) -> int:
        """What a microsecond of the clock is on the tape. An item is due so much early: the
        seconds of a clock are floats, and cannot say every nanosecond."""
        return round(self._speed * 1_000)

    def _anchor(self, now_s: float) -> None:
        """Let the position run on from where it is at `now_s`."""
        self._anchor_s, self._anchor_ns = now_s, self.position_ns(now_s)


def clamp_speed(speed: float) -> float:
    """`speed` within 0.1 to 1000 times real time; 0 stays 0, as fast as it goes.

    Raises:
        ValueError: it is negative or not a number.
    """
    if not speed >= 0:
        raise ValueError(f"a speed of {speed} is not one")
    return UNPACED if speed == 0 else min(max(speed, MIN_SPEED), MAX_SPEED)
