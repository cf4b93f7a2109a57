from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.replay.reel import Reel, name_markets, renamed
from engine.messages import Ask, Bid, Book, Break, Tick, Trade
from tests.support.tapes import MemoryTape, at, instrument, quote, trade

BINANCE = "btcusdt.spot.binance"
KRAKEN = "btcusdt.spot.kraken"
REPLAY = "btcusdt.spot.replay"


def tape_of(fqme: str, *seconds: float, name: str = "a", **options: object) -> MemoryTape:
    messages = [trade(fqme, second, 100.0) for second in seconds]
    return MemoryTape(messages, name=name, **options)  # type: ignore[arg-type]


def times(reel: Reel) -> list[tuple[float, str]]:
    return [((item.tape_ns - at(0)) / 1e9, item.fqme) for item in reel.play()]


def test_markets_are_named_after_the_playback() -> None:
    reel = Reel([tape_of(BINANCE, 0, 1)], "replay")

    assert list(reel.instruments) == [REPLAY]
    assert reel.instruments[REPLAY].fqme == REPLAY
    assert reel.instruments[REPLAY].symbol == "BTCUSDT"
    assert [tick.fqme for item in reel.play() for tick in item.ticks] == [REPLAY, REPLAY]


def test_one_name_at_two_venues_keeps_the_venue_in_the_middle() -> None:
    tapes = [tape_of(BINANCE, 0), tape_of(KRAKEN, 0), tape_of("ethusdt.spot.kraken", 0)]

    assert name_markets(tapes, "replay") == [
        {BINANCE: "btcusdt.spot.binance.replay"},
        {KRAKEN: "btcusdt.spot.kraken.replay"},
        {"ethusdt.spot.kraken": "ethusdt.spot.replay"},
    ]


def test_one_market_twice_at_the_same_time_is_numbered() -> None:
    tapes = [tape_of(BINANCE, 0, 10), tape_of(BINANCE, 5, 15), tape_of(BINANCE, 6, 7)]

    names = [names[BINANCE] for names in name_markets(tapes, "replay")]

    assert names == [REPLAY, "btcusdt-2.spot.replay", "btcusdt-3.spot.replay"]


def test_one_market_on_tapes_that_follow_each_other_is_one() -> None:
    reel = Reel([tape_of(BINANCE, 10, 11), tape_of(BINANCE, 0, 1)], "replay")

    assert list(reel.instruments) == [REPLAY]
    assert [second for second, _ in times(reel)] == [0, 1, 10, 11]
    assert (reel.start_ns, reel.end_ns) == (at(0), at(11))


def test_a_market_that_comes_back_later_is_told_to_have_a_gap() -> None:
    reel = Reel([tape_of(BINANCE, 0, 1), tape_of(BINANCE, 100, 101)], "replay")

    breaks = [item for item in reel.play() if isinstance(item.ticks[0], Break)]

    assert [(item.tape_ns, item.ticks) for item in breaks] == [
        (at(1), [Break(REPLAY, "gap", at(1), at(1))])
    ]


def test_joined_markets_take_the_finest_steps() -> None:
    coarse, fine = instrument(BINANCE, price_tick="0.1"), instrument(BINANCE, size_step="0.00001")
    reel = Reel(
        [tape_of(BINANCE, 0, markets=[coarse]), tape_of(BINANCE, 1, markets=[fine])], "replay"
    )

    assert reel.instruments[REPLAY].price_tick == Decimal("0.01")
    assert reel.instruments[REPLAY].size_step == Decimal("0.00001")


@pytest.mark.parametrize(
    ("periods", "joined"), [((60, 60), 60), ((300, 60), 60), ((60, None), None), ((None, 60), None)]
)
def test_joined_markets_are_of_bars_if_all_of_it_is(
    periods: tuple[int | None, int | None], joined: int | None
) -> None:
    first, second = periods
    reel = Reel(
        [tape_of(BINANCE, 0, bar_period_s=first), tape_of(BINANCE, 1, bar_period_s=second)],
        "replay",
    )

    assert reel.bar_periods_s == {REPLAY: joined}


def test_a_tape_is_opened_when_its_time_comes() -> None:
    first, second = tape_of(BINANCE, 0, 1), tape_of("ethusdt.spot.binance", 100, 101)
    items = Reel([first, second], "replay").play()

    next(items)
    assert (first.plays, second.plays) == (1, 0)

    list(items)
    assert (first.plays, second.plays) == (1, 1)


def test_a_tape_that_breaks_is_over_and_the_others_go_on(caplog) -> None:
    broken = tape_of(BINANCE, 0, 1, 2, fails_after=1)
    whole = tape_of("ethusdt.spot.binance", 0.5, 1.5)

    assert [second for second, _ in times(Reel([broken, whole], "replay"))] == [0, 0.5, 1.5]
    assert "ends early" in caplog.text


def test_a_tape_that_starts_before_it_says_does_not_turn_time_back() -> None:
    early = tape_of("ethusdt.spot.binance", 1, 6)
    early.start_ns = at(5)
    reel = Reel([tape_of(BINANCE, 0, 4, 7), early], "replay")

    assert [second for second, _ in times(reel)] == [0, 4, 4, 6, 7]


def test_markets_that_a_tape_does_not_list_are_left_out() -> None:
    tape = MemoryTape(
        [trade(BINANCE, 0, 1.0), trade("other.spot.binance", 1, 1.0)], markets=[instrument(BINANCE)]
    )

    assert times(Reel([tape], "replay")) == [(0, REPLAY)]


def test_messages_that_change_nothing_are_left_out() -> None:
    tape = MemoryTape([trade(BINANCE, 0, 1.0), (at(1), BINANCE, []), trade(BINANCE, 2, 1.0)])

    assert [second for second, _ in times(Reel([tape], "replay"))] == [0, 2]


@pytest.mark.parametrize(
    "tick",
    [
        Trade("a.b", 1.5, 2.0, "sell", 10, 20, "id", 3),
        Bid("a.b", 1.5, 2.0, 10, 20),
        Ask("a.b", 1.5, 2.0, 10, 20),
        Book("a.b", ((1.0, 2.0),), ((3.0, 4.0),), 10, 20, True),
        Break("a.b", "gap", 10, 20),
    ],
)
def test_a_tick_keeps_everything_but_its_name(tick: Tick) -> None:
    other = renamed(tick, "c.d")

    assert other.fqme == "c.d"
    assert renamed(other, "a.b") == tick


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), min_size=1, max_size=4))
def test_tapes_are_merged_by_time_with_nothing_lost(seconds: list[list[int]]) -> None:
    tapes = [
        MemoryTape([quote(f"m{nth}.spot.binance", second, 1.0, 2.0) for second in sorted(of_one)])
        for nth, of_one in enumerate(seconds)
    ]
    reel = Reel(tapes, "replay")

    played = times(reel)

    assert [second for second, _ in played] == sorted(second for one in seconds for second in one)
    for nth, of_one in enumerate(seconds):
        name = f"m{nth}.spot.replay"
        assert [second for second, fqme in played if fqme == name] == sorted(of_one)
