"""`tickdeck replay`: speeds as people write them, and a period that suits the recording."""

import pytest

from engine.config import PERIODS, Config
from engine.errors import UsageError
from tui.commands.replay import on_replay, parse_speed, suited_period


@pytest.mark.parametrize(
    ("text", "speed"),
    [("1", 1.0), ("20", 20.0), ("0.1", 0.1), ("20x", 20.0), ("1000", 1000.0), ("max", 0.0)],
)
def test_a_speed_is_times_real_time(text: str, speed: float) -> None:
    assert speed == parse_speed(text)


@pytest.mark.parametrize("text", ["0", "-1", "1001", "0.05", "nan", "inf", "fast", "", "1e9"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a speed"):
        parse_speed(text)


@pytest.mark.parametrize(
    ("span_s", "period"),
    [(0, "1s"), (59, "1s"), (346, "5s"), (3600, "1m"), (86_400, "15m"), (86_400 * 365, "1d")],
)
def test_a_recording_is_shown_in_the_longest_period_with_enough_bars(
    span_s: float, period: str
) -> None:
    assert period == suited_period(span_s)
    assert period in PERIODS


def test_a_replay_shows_the_recording_and_nothing_else() -> None:
    config = on_replay(Config())

    assert ("replay", ()) == (config.engine.broker, config.deck.watch)
