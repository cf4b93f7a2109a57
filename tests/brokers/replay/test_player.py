from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from brokers.replay.player import MAX_SPEED, MIN_SPEED, Cue, Item, Player, clamp_speed
from engine.clock import NANOS

START_NS = 1_700_000_000 * NANOS
SECOND = NANOS


def items_at(*seconds: float) -> list[Item]:
    return [Item(START_NS + round(second * NANOS), "x.y", []) for second in seconds]


def player_of(items: list[Item], *, begins: float = 0.0, **options: object) -> Player:
    end_ns = items[-1].tape_ns if items else START_NS
    return Player(
        lambda: iter(items),
        START_NS + round(begins * NANOS),
        end_ns,
        **options,  # type: ignore[arg-type]
    )


def drain(player: Player, now_s: float, most: int = 1000) -> list[tuple[Cue, int]]:
    """All cues until nothing is due, with the position at each, in seconds from the start."""
    cues: list[tuple[Cue, int]] = []
    while (cue := player.cue(now_s)) is not Cue.IDLE:
        cues.append((cue, player.position_ns(now_s)))
        assert len(cues) < most
    return cues


def played(player: Player, now_s: float) -> list[float]:
    """Seconds of the items that are played at `now_s`."""
    seconds = []
    while (cue := player.cue(now_s)) is not Cue.IDLE:
        if cue is Cue.PLAY:
            seconds.append((player.item.tape_ns - START_NS) / NANOS)
    return seconds


def test_items_are_played_when_their_time_comes() -> None:
    player = player_of(items_at(0, 1, 2, 5))

    assert played(player, 100.0) == []  # the first one is where it begins
    assert played(player, 100.9) == []
    assert played(player, 101.0) == [1.0]
    assert played(player, 102.0) == [2.0]
    assert played(player, 104.99) == []
    assert played(player, 105.0) == [5.0]
    assert player.is_ended


def test_what_is_before_the_beginning_is_only_taken_in() -> None:
    player = player_of(items_at(0, 1, 2, 3), begins=2)

    assert [cue for cue, _ in drain(player, 0.0)] == [Cue.PASS, Cue.PASS, Cue.PASS, Cue.ARRIVED]
    assert player.position_ns(0.0) == START_NS + 2 * SECOND
    assert played(player, 1.0) == [3.0]


@pytest.mark.parametrize(("speed", "seconds"), [(0.1, 100.0), (1.0, 10.0), (1000.0, 0.01)])
def test_speed_is_tape_time_by_real_time(speed: float, seconds: float) -> None:
    player = player_of(items_at(0, 10, 11), speed=speed)
    drain(player, 0.0)

    assert played(player, seconds * 0.999) == []
    assert player.wakes_at(0.0) == pytest.approx(seconds)
    assert played(player, seconds) == [10.0]


def test_a_speed_that_changes_under_way_counts_from_there_on() -> None:
    player = player_of(items_at(0, 10, 20))
    drain(player, 0.0)
    player.set_speed(5.0, 10.0)

    assert player.position_ns(5.0) == START_NS + 5 * SECOND
    assert played(player, 5.49) == []
    assert played(player, 5.5) == [10.0]


@pytest.mark.parametrize(
    ("wanted", "given"), [(0.0, 0.0), (0.01, MIN_SPEED), (7.0, 7.0), (1e9, MAX_SPEED)]
)
def test_speeds_are_kept_within_bounds(wanted: float, given: float) -> None:
    assert clamp_speed(wanted) == given


@pytest.mark.parametrize("speed", [-1.0, float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="is not one"):
        clamp_speed(speed)


def test_the_highest_speed_waits_for_nothing() -> None:
    player = player_of(items_at(0, 1, 1e6), speed=0)
    drain(player, 0.0)

    assert played(player, 0.0) == []
    assert player.is_ended
    assert player.position_ns(0.0) == START_NS + 1_000_000 * SECOND


def test_the_highest_speed_plays_all_at_one_moment() -> None:
    player = player_of(items_at(0, 1, 1e6), speed=0)

    assert played(player, 0.0) == [1.0, 1e6]


def test_a_pause_holds_the_position_and_going_on_loses_nothing() -> None:
    player = player_of(items_at(0, 1, 2))
    drain(player, 0.0)
    player.pause(0.5)

    assert played(player, 1000.0) == []
    assert player.position_ns(1000.0) == START_NS + SECOND // 2
    assert player.wakes_at(1000.0) is None

    player.resume(1000.0)

    assert played(player, 1000.4) == []
    assert played(player, 1000.5) == [1.0]


def test_a_step_plays_so_many_items_and_stays_paused() -> None:
    player = player_of(items_at(0, 10, 20, 30))
    drain(player, 0.0)
    player.step(1.0, 2)

    assert played(player, 1.0) == [10.0, 20.0]
    assert player.is_paused
    assert player.position_ns(5.0) == START_NS + 20 * SECOND


def test_a_step_beyond_the_last_item_ends_it() -> None:
    player = player_of(items_at(0, 10))
    drain(player, 0.0)
    player.step(1.0, 5)

    assert drain(player, 1.0)[-1][0] is Cue.ENDED


def test_the_position_waits_for_an_item_that_is_late() -> None:
    player = player_of(items_at(0, 1, 2))
    drain(player, 0.0)

    assert player.position_ns(30.0) == START_NS + 1 * SECOND
    assert played(player, 30.0) == [1.0, 2.0]


def test_what_was_held_up_for_long_is_not_made_good() -> None:
    player = player_of(items_at(0, 1, 100, 200))
    drain(player, 0.0)

    # In a minute nothing was asked: it goes on from the item that waited, a second late.
    assert played(player, 60.0) == [1.0]
    assert player.position_ns(60.0) == START_NS + 2 * SECOND


def test_a_seek_forward_passes_over_what_is_between() -> None:
    player = player_of(items_at(0, 1, 2, 3, 4))
    drain(player, 0.0)
    player.seek_by(0.5, 2.0)

    assert player.is_seeking
    assert player.position_ns(0.5) == START_NS + SECOND // 2
    cues = drain(player, 0.5)
    assert [cue for cue, _ in cues] == [Cue.PASS, Cue.PASS, Cue.ARRIVED]
    assert player.position_ns(0.5) == START_NS + 5 * SECOND // 2
    assert played(player, 1.0) == [3.0]


def test_a_seek_back_starts_over_and_comes_to_the_same_point() -> None:
    player = player_of(items_at(0, 1, 2, 3, 4))
    drain(player, 0.0)
    assert [played(player, second) for second in (1.0, 2.0, 3.0)] == [[1.0], [2.0], [3.0]]
    player.seek_by(3.5, -2.0)

    assert [cue for cue, _ in drain(player, 3.5)] == [
        Cue.REWOUND,
        Cue.PASS,
        Cue.PASS,
        Cue.ARRIVED,
    ]
    assert player.position_ns(3.5) == START_NS + 3 * SECOND // 2
    assert played(player, 4.0) == [2.0]


def test_a_seek_back_over_silence_does_not_start_over() -> None:
    player = player_of(items_at(0, 1, 100))
    drain(player, 0.0)
    played(player, 1.0)
    player.seek_by(60.0, -5.0)

    assert [cue for cue, _ in drain(player, 60.0)] == [Cue.ARRIVED]


def test_a_seek_to_an_item_takes_in_all_items_of_that_time() -> None:
    player = player_of(items_at(0, 1, 1, 1, 2))
    drain(player, 0.0)
    player.step(0.0, 1)
    assert played(player, 0.0) == [1.0]

    player.seek(0.0, START_NS + SECOND)

    assert [cue for cue, _ in drain(player, 0.0)] == [Cue.PASS, Cue.PASS, Cue.ARRIVED]


def test_seeks_add_up_while_one_is_under_way() -> None:
    player = player_of(items_at(*range(100)))
    drain(player, 0.0)
    player.seek_by(0.0, 30.0)
    assert player.cue(0.0) is Cue.PASS
    player.seek_by(0.0, 30.0)
    player.seek_by(0.0, -10.0)

    assert player.target_ns == START_NS + 50 * SECOND
    assert drain(player, 0.0)[-1][0] is Cue.ARRIVED
    assert player.position_ns(0.0) == START_NS + 50 * SECOND


def test_seeks_stay_within_the_recording() -> None:
    player = player_of(items_at(0, 1, 2, 3), begins=1, is_paused=True)
    drain(player, 0.0)

    player.seek_by(0.0, -1e6)
    drain(player, 0.0)
    assert player.position_ns(0.0) == START_NS + SECOND

    player.seek_by(0.0, 1e6)
    assert [cue for cue, _ in drain(player, 0.0)] == [
        Cue.PASS,
        Cue.PASS,
        Cue.ARRIVED,
        Cue.ENDED,
    ]


def test_the_end_is_told_once_and_stays() -> None:
    player = player_of(items_at(0, 1))
    drain(player, 0.0)

    assert drain(player, 1.0)[-1][0] is Cue.ENDED
    assert drain(player, 2.0) == []
    assert player.wakes_at(2.0) is None
    assert player.position_ns(1e6) == START_NS + SECOND


def test_the_end_comes_after_the_silence_behind_the_last_item() -> None:
    items = items_at(0, 1)
    player = Player(lambda: iter(items), START_NS, START_NS + 60 * SECOND)
    drain(player, 0.0)

    assert played(player, 1.0) == [1.0]
    assert played(player, 59.0) == []
    assert not player.is_ended
    assert player.wakes_at(59.0) == 60.0
    assert [cue for cue, _ in drain(player, 60.0)] == [Cue.ENDED]


def test_going_on_after_the_end_begins_again() -> None:
    player = player_of(items_at(0, 1))
    drain(player, 1.0)
    played(player, 2.0)
    assert player.is_ended
    player.resume(10.0)

    assert [cue for cue, _ in drain(player, 10.0)] == [Cue.REWOUND, Cue.PASS, Cue.ARRIVED]
    assert played(player, 11.0) == [1.0]


def test_a_loop_begins_again_by_itself() -> None:
    player = player_of(items_at(0, 1, 2), is_looping=True)
    drain(player, 0.0)

    laps = [played(player, 1.0), played(player, 2.0), played(player, 3.0), played(player, 4.0)]

    assert laps == [[1.0], [2.0], [1.0], [2.0]]
    assert not player.is_ended


def test_switching_the_loop_on_at_the_end_begins_again() -> None:
    player = player_of(items_at(0, 1))
    drain(player, 0.0)
    played(player, 1.0)
    player.set_loop(5.0, True)

    assert drain(player, 5.0)[0][0] is Cue.REWOUND


@pytest.mark.parametrize("seconds", [(), (0,), (0, 0)])
def test_a_loop_over_nothing_ends(seconds: tuple[float, ...]) -> None:
    player = player_of(items_at(*seconds), is_looping=True, speed=0)

    assert drain(player, 0.0)[-1][0] is Cue.ENDED


# -- any sequence of what a user can do ---------------------------------------------------------

gaps_ns = st.one_of(
    st.integers(0, 3),
    st.integers(0, 2 * SECOND),
    st.integers(0, 100 * SECOND),
)


class AnyUse(RuleBasedStateMachine):
    """Position monotone between jumps; no item skipped, doubled or out of order."""

    @initialize(
        gaps=st.lists(gaps_ns, max_size=30),
        begins=st.integers(0, 40 * SECOND),
        tail=st.integers(0, 10 * SECOND),
        speed=st.sampled_from([0.0, 0.1, 1.0, 20.0, 1000.0]),
        is_looping=st.booleans(),
        is_paused=st.booleans(),
    )
    def open(
        self,
        gaps: list[int],
        begins: int,
        tail: int,
        speed: float,
        is_looping: bool,
        is_paused: bool,
    ) -> None:
        self.items: list[Item] = []
        time_ns = START_NS
        for gap_ns in gaps:
            time_ns += gap_ns
            self.items.append(Item(time_ns, "x.y", []))
        self.now_s = 1234.5
        self.next = 0
        self.lap_ended = False
        self.player = Player(
            self.rewind,
            START_NS + begins,
            max(time_ns, START_NS + begins) + tail,
            speed=speed,
            is_looping=is_looping,
            is_paused=is_paused,
        )
        self.position_ns = self.player.position_ns(self.now_s)

    def rewind(self) -> Iterator[Item]:
        return iter(self.items)

    def obey(self, most: int) -> None:
        """Follow up to so many cues, and hold each against what a recording is."""
        for _ in range(most):
            was_seeking, target_ns = self.player.is_seeking, self.player.target_ns
            cue = self.player.cue(self.now_s)
            position_ns = self.player.position_ns(self.now_s)
            if cue is Cue.IDLE:
                return
            if cue is Cue.REWOUND:
                self.next = 0
            elif cue is Cue.ARRIVED:
                assert position_ns >= (target_ns or 0)
                self.position_ns = target_ns or 0
                assert all(item.tape_ns <= self.position_ns for item in self.items[: self.next])
                assert all(item.tape_ns > self.position_ns for item in self.items[self.next :])
            elif cue in (Cue.PLAY, Cue.PASS):
                assert (cue is Cue.PASS) == was_seeking
                assert self.player.item is self.items[self.next]
                self.next += 1
                if cue is Cue.PLAY:
                    assert self.position_ns <= self.player.item.tape_ns <= position_ns
            else:
                assert cue is Cue.ENDED
                assert self.next == len(self.items)
                assert position_ns == self.player.end_ns
            self.look()

    @invariant()
    def look(self) -> None:
        if not hasattr(self, "player"):
            return
        position_ns = self.player.position_ns(self.now_s)
        assert position_ns >= self.position_ns
        assert position_ns <= self.player.end_ns
        if self.next < len(self.items) and not self.player.is_seeking:
            assert position_ns <= self.items[self.next].tape_ns
        self.position_ns = position_ns

    @rule(seconds=st.floats(0, 5), most=st.integers(1, 40))
    def let_time_pass(self, seconds: float, most: int) -> None:
        self.now_s += seconds
        self.look()
        self.obey(most)

    @rule(most=st.integers(1, 40))
    def wait_until_it_wakes(self, most: int) -> None:
        wakes_at = self.player.wakes_at(self.now_s)
        if wakes_at is None:
            return
        had_played = self.next, self.player.is_ended
        self.now_s = wakes_at
        self.obey(most)
        if self.player.wakes_at(self.now_s) == self.now_s and most == 40:
            assert had_played != (self.next, self.player.is_ended)

    @rule()
    def pause(self) -> None:
        self.player.pause(self.now_s)

    @rule()
    def resume(self) -> None:
        self.player.resume(self.now_s)

    @rule(speed=st.one_of(st.sampled_from([0.0, 0.1, 1.0, 1000.0]), st.floats(0, 2000)))
    def change_speed(self, speed: float) -> None:
        self.player.set_speed(self.now_s, speed)

    @rule(count=st.integers(0, 5))
    def step(self, count: int) -> None:
        self.player.step(self.now_s, count)

    @rule(seconds=st.floats(-200, 200))
    def seek(self, seconds: float) -> None:
        self.player.seek_by(self.now_s, seconds)

    @rule(is_looping=st.booleans())
    def loop(self, is_looping: bool) -> None:
        self.player.set_loop(self.now_s, is_looping)

    def teardown(self) -> None:
        """Whatever was done to it, it still plays to its end."""
        if not hasattr(self, "player"):
            return
        self.player.set_loop(self.now_s, False)
        self.player.set_speed(self.now_s, 0.0)
        if not self.player.is_ended:
            self.player.resume(self.now_s)
        self.obey(2 * len(self.items) + 5)
        assert self.player.is_ended
        assert self.next == len(self.items)


AnyUse.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestAnyUse = AnyUse.TestCase


@given(
    gaps=st.lists(gaps_ns, min_size=1, max_size=50),
    speed=st.sampled_from([0.1, 1.0, 3.0, 1000.0]),
    waits=st.lists(st.floats(0, 30), max_size=50),
)
def test_what_is_played_does_not_depend_on_when_it_is_asked(
    gaps: list[int], speed: float, waits: list[float]
) -> None:
    time_ns, items = START_NS, []
    for gap_ns in gaps:
        time_ns += gap_ns
        items.append(Item(time_ns, "x.y", []))
    player, now_s = player_of(items, speed=speed), 50.0
    seen: list[Item] = []
    for wait in [*waits, *[1e6] * (len(items) + 1)]:
        now_s += wait
        while (cue := player.cue(now_s)) is not Cue.IDLE:
            if cue in (Cue.PLAY, Cue.PASS):
                seen.append(player.item)

    assert seen == items


@given(
    now_s=st.floats(0, 1e7),
    gap_ns=st.integers(SECOND, 10_000 * SECOND),
    speed=st.floats(MIN_SPEED, MAX_SPEED),
)
def test_there_is_something_to_do_when_it_wakes(now_s: float, gap_ns: int, speed: float) -> None:
    items = [Item(START_NS, "x.y", []), Item(START_NS + gap_ns, "x.y", [])]
    player = player_of(items, speed=speed)
    drain(player, now_s)
    wakes_at = player.wakes_at(now_s)

    assert wakes_at is not None
    assert player.cue(wakes_at) is Cue.PLAY
    assert player.position_ns(wakes_at) == items[1].tape_ns
