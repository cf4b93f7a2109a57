"""Typed orders, alerts and cancels: what they ask for, and the word that an error is about."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.desk import ACME, BTC, CL, CONTEXT
from tui.actions import Call
from tui.language import orders as language
from tui.language.orders import ORDER_WORDS
from tui.language.words import CommandError, Context, Words
from tui.orders.staging import OrderRequest

D = Decimal
READERS: dict[str, Callable[[Words, Context], Call]] = {
    "buy": language.order("buy"),
    "sell": language.order("sell"),
    "cancel": language.cancel,
    "flatten": language.flatten,
    "reverse": language.reverse,
    "close": language.close,
    "alert": language.alert,
    "size": language.size_setting,
}


def _read(text: str, context: Context = CONTEXT) -> Call:
    """What is asked for by the words behind the first one, all of which must be wanted."""
    words = Words(text)
    call = READERS[words.take("").text](words, context)
    words.done()
    return call


def _order(text: str) -> OrderRequest:
    call = _read(text)
    assert (call.target, call.method, call.sends_order) == ("desk", "place", True)
    (request,) = call.arguments
    assert isinstance(request, OrderRequest)
    return request


def _fault(text: str, context: Context = CONTEXT) -> tuple[str, str, str]:
    """The words at fault, what is said of them, and the hint."""
    with pytest.raises(CommandError) as caught:
        _read(text, context)
    error = caught.value
    return text[error.start : error.end], str(error), error.hint


# -- orders -------------------------------------------------------------------------------------


def test_a_limit_order_is_typed_whole() -> None:
    request = _order("buy 0.5 btcusdt.spot.sim @ 64000")

    assert request == OrderRequest(
        side="buy", size=D("0.5"), fqme=BTC.fqme, order_type="limit", price=D("64000")
    )
    assert str(request.price) == "64000.00"


@pytest.mark.parametrize(
    "text",
    [
        "buy 0.5 @64000",
        "  buy 0.5 @ 64000.00 BTCUSDT.spot.sim ",
        "buy .5 @ 64000",
        "buy 0.5 @ 64000 gtc",
    ],
)
def test_the_same_order_can_be_written_in_several_ways(text: str) -> None:
    assert _order(text) == _order("buy 0.5 btcusdt.spot.sim @ 64000")


def test_a_market_order_is_sure_only_with_its_mark() -> None:
    assert _order("sell 1 acme.stock.sim market").order_type == "market"
    assert not _order("sell 1 acme.stock.sim market").is_sure
    assert _order("sell 1 acme.stock.sim market!").is_sure
    assert _order("sell 1 acme.stock.sim market !").is_sure


def test_stops_are_market_or_limit_orders_that_wait() -> None:
    stop_limit = _order("buy 2 @ 100 stop 99")
    stop = _order("sell 2 stop 99")

    assert (stop_limit.order_type, stop_limit.price, stop_limit.stop_price) == (
        "stop_limit",
        D(100),
        D(99),
    )
    assert (stop.order_type, stop.price, stop.stop_price) == ("stop", None, D(99))


def test_a_profit_is_taken_at_the_market_or_at_a_limit() -> None:
    take = _order("sell 2 target 70000")
    limited = _order("sell 2 tp 70000 @ 69990")

    assert (take.order_type, take.stop_price) == ("take_profit", D(70000))
    assert (limited.order_type, limited.price) == ("take_profit_limit", D(69990))


def test_a_stop_trails_by_a_price_or_by_a_percentage() -> None:
    by_price = _order("sell 1 trail 120.5")
    by_percent = _order("sell 1 trail 1.5% offset 10 dark by mid")

    assert (by_price.order_type, by_price.trail) == ("trailing_stop", D("120.50"))
    assert by_price.trail_unit == "price"
    assert (by_percent.order_type, by_percent.trail) == ("trailing_stop_limit", D("1.5"))
    assert (by_percent.trail_unit, by_percent.limit_offset) == ("percent", D("10.00"))
    assert (by_percent.route, by_percent.reference) == ("dark", "mid")


def test_an_order_may_only_reduce_and_may_end() -> None:
    request = _order("sell 1 @ 100 reduce gtd 2h post")

    assert request.reduce_only
    assert request.post_only
    assert request.time_in_force == "gtd"
    assert request.expires_ns == CONTEXT.now_ns + 7200 * 10**9


def test_terms_route_and_account_stand_in_any_order() -> None:
    request = _order("buy 1 on paper ioc live @ 100")

    assert request.account == "paper"
    assert request.time_in_force == "ioc"
    assert request.route == "live"
    assert _order("buy 1 @ 100 post").post_only
    assert _order("buy 1 @ 100 dark").route == "dark"
    assert _order("buy 1 @ 100").route is None


def test_a_negative_price_is_typed_where_the_market_has_them() -> None:
    assert _order("buy 1 cl.nymex.sim @ -3.25").price == D("-3.25")


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        ("buy", "", "the size is missing", ""),
        ("buy lots @ 5", "lots", "'lots' is no size", "write it as"),
        ("buy 1e3 @ 5", "1e3", "'1e3' is no size", ""),
        ("buy NaN @ 5", "NaN", "'NaN' is no size", ""),
        ("buy 0 @ 5", "0", "a size is more than nothing", ""),
        ("buy -1 @ 5", "-1", "a size is more than nothing", ""),
        ("buy 0.00001 @ 5", "0.00001", "below the least size, 0.0001", ""),
        ("buy 101 @ 5", "101", "above the largest size, 100", ""),
        ("buy 0.500001 @ 5", "0.500001", "not on a step of 0.00001", "at most 0.50000"),
        ("buy 1.5 acme.stock.sim @ 5", "1.5", "not on a step of 1", "at most 1"),
        ("buy 1", "", "@ PRICE, market, stop PRICE, target PRICE or trail DISTANCE is missing", ""),
        ("buy 1 @", "", "the price is missing", ""),
        ("buy 1 @ 64000.001", "64000.001", "not on a tick of 0.01", "64000.00 or 64000.01"),
        ("buy 1 @ 0", "0", "outside of 0.01 to", ""),
        ("buy 1 @ -5", "-5", "outside of 0.01 to", ""),
        ("buy 1 @ 5 @ 6", "6", "'6' does not go with '5'", ""),
        ("buy 1 @ 5 market", "market", "'market' does not go with '5'", ""),
        ("buy 1 market post", "post", "'post' does not go with 'market'", ""),
        ("buy 1 @ 5 dark live", "live", "'live' does not go with 'dark'", ""),
        ("buy 1 stop 6 trail 1", "1", "'1' does not go with '6'", ""),
        ("buy 1 trail 0", "0", "a trail is more than nothing", ""),
        ("buy 1 trail 0.001", "0.001", "not on a tick of 0.01", ""),
        ("buy 1 trail 100%", "100%", "more than 0% and less than 100%", ""),
        ("buy 1 trail x%", "x%", "is no percentage", ""),
        ("buy 1 stop 6 offset 1", "1", "only what trails has an offset", "@ PRICE"),
        ("buy 1 @ 5 by mid", "mid", "only what waits", ""),
        ("buy 1 stop 6 by bid", "bid", "'bid' is no reference", ""),
        ("buy 1 @ 5 gtd soon", "soon", "'soon' is no time to end at", "2h"),
        ("buy 1 @ 5 ioc fok", "fok", "'fok' does not go with 'ioc'", ""),
        ("buy 1 @ 5 drak", "drak", "'drak' means nothing in an order", "'dark'"),
        ("buy 1 @ 5 on", "", "the account is missing", ""),
        ("buy 1 @ 5 on papr", "papr", "'papr' is no account", "'paper'"),
        ("buy 1 acme.stock.smi @ 5", "acme.stock.smi", "is not open", "'acme.stock.sim'"),
        ("buy 1 xrpusdt.spot.kraken @ 5", "xrpusdt.spot.kraken", "not open", ":watch"),
        ("buy 1 a..b @ 5", "a..b", "not a market name", "symbol.venue.broker"),
    ],
)
def test_an_error_points_at_the_word(text: str, at: str, said: str, hint: str) -> None:
    found, message, suggestion = _fault(text)

    assert found == at
    assert said in message
    assert hint in suggestion


def test_without_a_selected_market_one_must_be_named() -> None:
    nowhere = Context(instruments=CONTEXT.instruments)

    assert _fault("buy 1 @ 5", nowhere)[1] == "the market is missing"


@given(st.permutations(["@ 64000", "ioc", "live", "on paper", "acme.stock.sim", "!"]))
def test_the_parts_of_an_order_stand_in_any_order(parts: list[str]) -> None:
    assert _order("buy 1 " + " ".join(parts)) == OrderRequest(
        side="buy",
        size=D(1),
        fqme=ACME.fqme,
        order_type="limit",
        price=D(64000),
        time_in_force="ioc",
        route="live",
        account="paper",
        is_sure=True,
    )


def test_what_is_not_said_is_left_to_the_ticket() -> None:
    request = _order("sell 1 @ 100")

    assert (request.fqme, request.time_in_force) == (BTC.fqme, "gtc")
    assert (request.route, request.account, request.is_sure) == (None, "", False)
    assert (request.stop_price, request.post_only) == (None, False)


CLASHES = [
    {"market", "@ 5"}, {"market", "stop 6"}, {"market", "post"}, {"market", "ioc"},
    {"market", "gtc"}, {"market", "dark"}, {"stop 6", "post"}, {"stop 6", "target 7"},
    {"trail 1%", "stop 6"}, {"trail 1%", "@ 5"}, {"trail 1%", "post"}, {"target 7", "post"},
    {"post", "ioc"}, {"post", "dark"}, {"dark", "live"}, {"ioc", "fok"}, {"ioc", "gtc"},
    {"post", "fok"},
]  # fmt: skip
"""Parts of an order that contradict each other."""


@pytest.mark.parametrize("clash", CLASHES, ids=lambda clash: " ".join(sorted(clash)))
def test_parts_that_contradict_each_other_do_in_whichever_order(clash: set[str]) -> None:
    one, other = sorted(clash)
    for first, second in ((one, other), (other, one)):
        price = "" if clash & {"market", "@ 5", "stop 6", "trail 1%", "target 7"} else "@ 5 "
        found, message, _ = _fault(f"buy 1 {price}{first} {second}")

        assert found == second.split()[-1]
        assert message == f"{found!r} does not go with {first.split()[-1]!r}"


@pytest.mark.parametrize("part", ["@ 5", "market", "stop 6", "gtc", "post", "dark", "live", "!"])
def test_a_part_is_said_once(part: str) -> None:
    price = "" if part in ("@ 5", "market", "stop 6") else "@ 5 "
    found, message, _ = _fault(f"buy 1 {price}{part} {part}")

    assert found == part.split()[-1]
    assert "does not go with" in message


def test_the_words_of_an_order_are_those_that_are_offered() -> None:
    shapes = {"@ 5", "market", "stop 6", "target 6", "trail 1", "trail 1 offset 1", "stop 6 by mid"}
    terms = {"gtc", "gtd 2h", "ioc", "fok", "post", "reduce", "dark", "live", "on paper", "!"}
    texts = [f"buy 1 {shape}" for shape in shapes] + [f"buy 1 @ 5 {term}" for term in terms]
    used = {word for text in texts for word in text.split() if not word[0].isdigit()}
    for text in texts:
        _order(text)

    assert set(ORDER_WORDS) == used - {"buy", "mid", "paper"}
    assert len(set(ORDER_WORDS)) == len(ORDER_WORDS)


def test_a_price_is_written_with_the_decimals_of_its_market() -> None:
    assert str(_order("buy 1 @ 64000").price) == "64000.00"
    assert str(_order("buy 1 stop 64000.5").stop_price) == "64000.50"
    assert str(_order("buy 1 @ 5").size) == "1.00000"


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("buy 1 cl.nymex.sim @ -100.01", "-100.01", "outside of -100 to 500"),
        ("buy 1 cl.nymex.sim @ 500.01", "500.01", "outside of -100 to 500"),
        ("buy 1 @ 5 stop 0", "0", "outside of 0.01 to"),
        ("buy 1 @ 5 stop 6.001", "6.001", "not on a tick of 0.01"),
    ],
)
def test_prices_are_inside_those_of_the_market(text: str, at: str, said: str) -> None:
    found, message, _ = _fault(text)

    assert found == at
    assert said in message
    assert _order("buy 1 cl.nymex.sim @ -100").price == CL.min_price
    assert _order("buy 1 cl.nymex.sim @ 500").price == CL.max_price


# -- cancel and flatten ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "method", "arguments"),
    [
        ("cancel 3", "cancel_number", (3,)),
        ("cancel #1", "cancel_number", (1,)),
        ("cancel all", "cancel_market", ("", False)),
        ("cancel ALL !", "cancel_market", ("", True)),
        ("cancel acme.stock.sim", "cancel_market", (ACME.fqme, False)),
        ("cancel acme.stock.sim!", "cancel_market", (ACME.fqme, True)),
        ("flatten", "flatten", (BTC.fqme, False)),
        ("flatten!", "flatten", (BTC.fqme, True)),
        ("flatten acme.stock.sim", "flatten", (ACME.fqme, False)),
        ("flatten acme.stock.sim !", "flatten", (ACME.fqme, True)),
        ("reverse", "reverse", (BTC.fqme, False)),
        ("reverse acme.stock.sim !", "reverse", (ACME.fqme, True)),
        ("close half", "close", (BTC.fqme, D("0.5"), False)),
        ("close 25% acme.stock.sim!", "close", (ACME.fqme, D("0.25"), True)),
        ("close all", "close", (BTC.fqme, D(1), False)),
    ],
)
def test_what_takes_orders_back_is_done_as_an_order_is(
    text: str, method: str, arguments: tuple[object, ...]
) -> None:
    assert _read(text) == Call("desk", method, arguments, sends_order=True)


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        ("cancel", "", "a number, a market, or all is missing", ""),
        ("cancel 2", "2", "no working order is called '2'", "working: 1, 3"),
        ("cancel #", "#", "no working order is called '#'", ""),
        ("cancel -1", "-1", "no working order", ""),
        ("cancel ²", "²", "no working order", ""),
        ("cancel 1.5", "1.5", "is not open", ""),
        ("cancel xrp.spot.sim", "xrp.spot.sim", "is not open", ""),
        ("cancel 1 !", "!", "too much here", ""),
        ("flatten 3", "3", "not a market name", ""),
        ("close", "", "half, a percentage or all is missing", ""),
        ("close 2", "2", "'2' is no part", "half, 25% or all"),
        ("close 0%", "0%", "'0%' is no part", ""),
        ("close 101%", "101%", "'101%' is no part", ""),
        ("flatten xrp.spot.sim", "xrp.spot.sim", "is not open", ":watch"),
    ],
)
def test_what_cannot_be_taken_back_is_pointed_at(text: str, at: str, said: str, hint: str) -> None:
    found, message, suggestion = _fault(text)

    assert found == at
    assert said in message
    assert hint in suggestion


def test_the_hint_names_no_more_orders_than_fit() -> None:
    many = Context(numbers=range(1, 30))

    assert _fault("cancel 99", many)[2] == "working: 1, 2, 3, 4, 5, 6, 7, 8"
    assert _fault("cancel 99", Context())[2] == "nothing works"


def test_flatten_needs_a_market() -> None:
    assert _fault("flatten", Context())[1] == "the market is missing"


# -- alerts and sizes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("alert 65000", (BTC.fqme, D(65000), "")),
        ("alert @ 65000", (BTC.fqme, D(65000), "")),
        ("alert 102 ACME.stock.sim", (ACME.fqme, D(102), "")),
        ("alert 65000 sell  half! now", (BTC.fqme, D(65000), "sell  half! now")),
        ("alert 102 acme.stock.sim look", (ACME.fqme, D(102), "look")),
        ("alert 65000 see xrp.spot.sim", (BTC.fqme, D(65000), "see xrp.spot.sim")),
    ],
)
def test_an_alert_has_a_price_a_market_and_a_note(text: str, arguments: tuple[object, ...]) -> None:
    assert _read(text) == Call("desk", "set_alert", arguments)


def test_a_note_is_short_and_safe() -> None:
    (_, _, note) = _read("alert 65000 \x1b[2J" + "x" * 200).arguments

    assert "\x1b" not in note
    assert len(note) <= 120


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("alert", "", "the price is missing"),
        ("alert soon", "soon", "'soon' is no price"),
        ("alert 65000.001", "65000.001", "not on a tick"),
        ("alert 102.001 acme.stock.sim", "102.001", "not on a tick"),
        ("size", "", "the size is missing"),
        ("size 0", "0", "a size is more than nothing"),
        ("size -1", "-1", "a size is more than nothing"),
        ("size big", "big", "'big' is no size"),
        ("size 1 lots", "lots", "too much here"),
    ],
)
def test_alerts_and_sizes_that_are_wrong_are_pointed_at(text: str, at: str, said: str) -> None:
    found, message, _ = _fault(text)

    assert found == at
    assert said in message


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1", None),
        ("1 slot", "slots"),
        ("1 SLOTS", "slots"),
        ("1 unit", "units"),
        ("1 units", "units"),
    ],
)
def test_a_size_is_in_the_unit_that_is_named(text: str, unit: str | None) -> None:
    assert _read(f"size {text}") == Call("desk", "set_size", (D(1), unit))
