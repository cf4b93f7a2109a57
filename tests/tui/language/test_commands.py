"""Typed commands: what they ask for, and where an error points."""

from __future__ import annotations

import inspect
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import PERIODS
from tests.support.desk import ACME, BTC, CL, CONTEXT, ES, Bench, action_classes
from tui.actions import Call
from tui.language.commands import VERBS, Context, complete, context_of, parse, usage
from tui.language.words import LONGEST, CommandError

D = Decimal


def _fault(text: str, context: Context = CONTEXT) -> tuple[str, str, str]:
    """The words at fault, what is said of them, and the hint."""
    with pytest.raises(CommandError) as caught:
        parse(text, context)
    error = caught.value
    return text[error.start : error.end], str(error), error.hint


# -- the first word -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["period 5m", ":period 5m", "  PERIOD 5m "])
def test_the_first_word_is_the_command(text: str) -> None:
    assert parse(text, CONTEXT) == Call("deck", "set_period", (300,))


@pytest.mark.parametrize(
    "text",
    [
        "sell 1 NICK.stock.sim @ 5",
        "flatten nick.stock.sim",
        "reverse nick.stock.sim !",
        "close half nick.stock.sim",
        "cancel nick.stock.sim",
        "alert 5 nick.stock.sim falling",
        "go nick.stock.sim",
        "watch nick.stock.sim",
        "unwatch nick.stock.sim",
        "overlay nick.stock.sim",
        "overlay off nick.stock.sim",
        "twap sell 1 nick.stock.sim in 2 every 5s",
    ],
)
def test_a_market_is_meant_by_any_name_that_is_known_of_it(text: str) -> None:
    names = {"nick.stock.sim": ACME.fqme}
    context = msgspec.structs.replace(CONTEXT, names=names, watched=(*CONTEXT.watched, ACME.fqme))
    named = text.lower().replace("nick.stock.sim", ACME.fqme)

    assert parse(text, context) == parse(named, context)


def test_an_order_is_read_to_its_end() -> None:
    call = parse(":sell 1 acme.stock.sim @ 5 !", CONTEXT)

    assert (call.target, call.method, call.sends_order) == ("desk", "place", True)
    (request,) = call.arguments
    assert (request.side, request.fqme, request.is_sure) == ("sell", ACME.fqme, True)


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        ("byu 1 @ 5", "byu", "'byu' is no command", "'buy'"),
        ("qqqqq", "qqqqq", "'qqqqq' is no command", ":help"),
        ("", "", "a command is missing", ""),
        (":  ", "", "a command is missing", ""),
    ],
)
def test_without_a_command_nothing_is_done(text: str, at: str, said: str, hint: str) -> None:
    found, message, suggestion = _fault(text)

    assert found == at
    assert said in message
    assert hint in suggestion


def test_hostile_words_are_said_safely() -> None:
    _, message, _ = _fault("\x1b[2J\u202e 1")

    assert "\x1b" not in message
    assert "\u202e" not in message


# -- other commands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("alert 65000", Call("desk", "set_alert", (BTC.fqme, D("65000.00"), ""))),
        ("cancel 3", Call("desk", "cancel_number", (3,), True)),
        ("cancel all", Call("desk", "cancel_market", ("", False), True)),
        ("flatten", Call("desk", "flatten", (BTC.fqme, False), True)),
        ("arm", Call("desk", "arm")),
        ("route live", Call("desk", "set_route", ("live",))),
        ("size 2", Call("desk", "set_size", (D(2), None))),
        ("account PAPER", Call("desk", "set_account", ("paper",))),
        ("go ethusdt.spot.sim", Call("deck", "go_to", ("ethusdt.spot.sim",))),
        ("watch a.sim b.sim a.sim", Call("deck", "watch", ("a.sim", "b.sim"))),
        ("unwatch", Call("deck", "unwatch", (BTC.fqme,))),
        ("unwatch acme.stock.sim", Call("deck", "unwatch", (ACME.fqme,))),
        ("find eth", Call("deck", "open_search", ("eth",))),
        ("period 5m", Call("deck", "set_period", (300,))),
        ("style curve", Call("chart", "set_style", ("curve",))),
        ("zoom out 3", Call("chart", "zoom", (-3,))),
        ("range 1 2.5", Call("chart", "set_range", (1.0, 2.5))),
        ("range auto", Call("chart", "y_auto")),
        ("tab log", Call("blotter", "show_tab", ("log",))),
        ("theme Day", Call("deck", "set_theme", ("day",))),
        ("speed 20", Call("playback", "set_speed", (20.0,))),
        ("speed 20x", Call("playback", "set_speed", (20.0,))),
        ("speed max", Call("playback", "set_speed", (0.0,))),
        ("seek +5m", Call("playback", "seek", (300.0,))),
        ("seek -1.5h", Call("playback", "seek", (-5400.0,))),
        ("seek start", Call("playback", "restart")),
        ("step", Call("playback", "step", (1,))),
        ("step 50", Call("playback", "step", (50,))),
        ("loop", Call("playback", "toggle_loop")),
        ("loop off", Call("playback", "set_loop", (False,))),
        ("play", Call("playback", "resume")),
        ("q", Call("deck", "quit_deck")),
    ],
)
def test_a_command_names_a_method_and_its_arguments(text: str, call: Call) -> None:
    assert parse(text, CONTEXT) == call


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        ("cancel", "", "is missing", ""),
        ("cancel all now", "now", "too much here", ""),
        ("period 7m", "7m", "'7m' is no period", "1s 5s 15s 1m"),
        ("period soon", "soon", "'soon' is no period", ""),
        ("theme nigth", "nigth", "'nigth' is no theme", "'night'"),
        ("speed 5000", "5000", "0.1 to 1000", ""),
        ("speed fast", "fast", "is no speed", ""),
        ("seek later", "later", "no span of time", "+5m"),
        ("step 0", "0", "from 1 to 9999", ""),
        ("range 5 5", "5", "above the lowest", ""),
        ("route grey", "grey", "is no route", "one of dark, live"),
        ("watch", "", "the market is missing", ""),
        ("watch btc", "btc", "not a market name", ""),
        ("unwatch es.cme.202612.sim", "es.cme.202612.sim", "no watched market", ""),
        ("zoom sideways", "sideways", "no way to zoom", ""),
        ("x" * (LONGEST + 1), "x", "longer than 500", ""),
    ],
)
def test_errors_of_other_commands_point_too(text: str, at: str, said: str, hint: str) -> None:
    found, message, suggestion = _fault(text)

    assert found == at
    assert said in message
    assert hint in suggestion


WORDS = st.sampled_from(
    [
        *(verb.name for verb in VERBS),
        *("@", "!", "market", "stop", "ioc", "post", "dark", "live", "on", "paper", "all", "max"),
        *("0.5", "64000", "-1", "1e9", "NaN", "9" * 30, ".", "0.", "+5m", "5m", "in", "auto"),
        *(BTC.fqme, "a..b", "x.y", "#3", "3", "start", "units", "é", "\x1b[0m"),
    ]
)


@settings(deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(WORDS, max_size=10).map(" ".join),
        st.lists(WORDS, max_size=6).map(lambda words: "buy 1 " + " ".join(words)),
    )
)
def test_any_text_is_a_call_or_an_error_that_points_inside_it(text: str) -> None:
    error = None
    try:
        call = parse(text, CONTEXT)
    except CommandError as raised:
        error = raised
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        assert str(error)
    elif call.method == "place":
        (request,) = call.arguments
        instrument = CONTEXT.instruments[request.fqme]
        prices = [price for price in (request.price, request.stop_price) if price is not None]
        assert all(instrument.is_on_tick(price) for price in prices)
        assert instrument.is_on_step(request.size)
        assert request.size > 0


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_verb_says_how_it_is_written_and_what_it_does(verb: object) -> None:
    assert verb.usage.split()[0] == verb.name  # type: ignore[attr-defined]
    assert verb.help[0].isupper()  # type: ignore[attr-defined]


CALLS = [
    parse(text, CONTEXT)
    for text in (
        *("buy 1 @ 5", "alert 5", "cancel 3", "cancel all", "flatten", "arm", "disarm"),
        *("route dark", "size 1", "unit slots", "account sim", "go a.sim", "watch a.sim"),
        *("unwatch", "find x", "period 1m", "style bars", "zoom in", "range 1 2", "range auto"),
        *("tab log", "theme day", "swap", "pause", "play", "step", "speed 1", "seek 5"),
        *("seek start", "loop", "loop on", "help", "quit"),
    )
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.target}.{call.method}")
def test_what_a_command_calls_exists_and_takes_its_arguments(call: Call) -> None:
    method = getattr(action_classes()[call.target], call.method)
    keywords = {"at": 1.0} if call.sends_order else {}

    inspect.signature(method).bind(None, *call.arguments, **keywords)


# -- completion -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("bu", ["buy"]),
        (":bu", [":buy"]),
        ("theme ", ["theme day", "theme night"]),
        ("theme n", ["theme night"]),
        ("theme night", []),
        ("buy 1 ac", ["buy 1 acme.stock.sim"]),
        ("buy 1 ma", ["buy 1 market"]),
        ("cancel ", [f"cancel {name}" for name in ("all", "1", "3", *CONTEXT.instruments)]),
        ("period 1", [f"period {name}" for name in PERIODS if name.startswith("1")]),
        ("nonsense ", []),
        ("period 1s", []),
    ],
)
def test_a_text_goes_on_in_these_ways(text: str, choices: list[str]) -> None:
    assert complete(text, CONTEXT) == choices


def test_an_empty_line_offers_every_command() -> None:
    assert complete("", CONTEXT) == [verb.name for verb in VERBS]


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_any_text_can_be_completed_and_grows(text: str) -> None:
    for choice in complete(text, CONTEXT):
        assert choice.lower().startswith(text.lower())


def test_the_usage_of_a_command_is_known_from_its_first_word() -> None:
    assert usage(":alert 5").startswith("alert PRICE")
    assert usage("nothing") == ""
    assert usage("") == ""


def test_names_come_from_what_the_deck_knows() -> None:
    bench = Bench()
    bench.order("o1")
    context = context_of(bench.state, bench.desk, ["night"])

    assert context.selected == BTC.fqme
    assert set(context.instruments) == {m.fqme for m in (BTC, ACME, ES, CL)}
    assert list(context.numbers) == [1]
    assert list(context.accounts) == ["sim", "paper"]
