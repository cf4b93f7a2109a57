"""Held triggers: sorted by price, touched at most once, patient with bad data."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.ems.dark import DarkBook, Direction, Source, Touch, Trail, source_of, standing
from engine.messages import Ask, Bid, Break, Order, Quote, Tick, Trade, TrailUnit
from tests.support.histories import histories

X = "x.y"


def trade(price: float) -> Trade:
    return Trade(X, price, 1.0, venue_ns=1, recv_ns=2)


def book(last: float | None = 100.0, **triggers: float) -> DarkBook:
    made = DarkBook()
    for name, price in triggers.items():
        made.hold("order", name, X, Decimal(str(price)), last)
    return made


def seen(made: DarkBook, *ticks: Tick) -> list[Touch]:
    return list(made.on_ticks(X, ticks))


def touched(made: DarkBook, *prices: float) -> list[str]:
    return [touch.held_id for touch in seen(made, *map(trade, prices))]


def test_the_market_decides_the_direction_when_it_is_set() -> None:
    made = book(above=101, at=100, below=99)

    assert [made.direction(name) for name in ("above", "at", "below")] == ["up", "up", "down"]


def test_touches_come_in_the_order_of_their_prices_then_of_their_setting() -> None:
    made = book(far=103, first=102, second=102, near=101, other=110)

    assert touched(made, 105) == ["near", "first", "second", "far"]
    assert len(made) == 1


def test_below_the_market_the_nearest_comes_first_too() -> None:
    made = book(far=97, first=98, second=98, near=99)

    assert touched(made, 90) == ["near", "first", "second", "far"]


def test_a_touch_tells_what_touched_it() -> None:
    (touch,) = book(a=101).on_ticks(X, [trade(100.5), trade(101.5)])

    assert (touch.kind, touch.price, touch.venue_ns, touch.recv_ns) == ("order", 101.5, 1, 2)


def test_what_was_touched_is_held_no_longer() -> None:
    made = book(a=101)

    assert touched(made, 101, 100, 101) == ["a"]
    assert touched(made, 101) == []
    assert "a" not in made
    assert not made.release("a")


def test_what_is_released_is_not_touched() -> None:
    made = book(a=101, b=101, c=101)

    assert made.release("b")
    assert touched(made, 101) == ["a", "c"]


def test_nothing_is_held_twice() -> None:
    with pytest.raises(ValueError, match="held already"):
        book(a=101).hold("order", "a", X, Decimal(1), 100.0)


def test_other_markets_touch_nothing_here() -> None:
    made = book(a=101)
    made.hold("order", "b", "other.y", Decimal(101), 100.0)

    assert touched(made, 102) == ["a"]


def test_the_first_price_places_what_was_set_before_any_was_known() -> None:
    made = book(None, up=101, down=99)

    assert made.direction("up") == ""
    assert touched(made, 100) == []
    assert [made.direction(name) for name in ("up", "down")] == ["up", "down"]
    assert touched(made, 101, 99) == ["up", "down"]


def test_what_no_price_has_placed_can_be_released() -> None:
    made = book(None, a=101)

    assert made.release("a")
    assert touched(made, 101) == []


def test_quotes_alone_touch_nothing() -> None:
    made = book(a=101)

    assert seen(made, Bid(X, 105.0, 1.0), Ask(X, 106.0, 1.0)) == []


def test_a_crossed_market_is_waited_out_and_then_its_last_price_counts() -> None:
    made = book(a=101)

    assert seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 1.0), trade(102)) == []
    assert [touch.held_id for touch in seen(made, Ask(X, 103.0, 1.0))] == ["a"]


@pytest.mark.parametrize("trigger", [100, 110])
def test_a_trade_before_it_was_set_touches_nothing(trigger: float) -> None:
    made = DarkBook()
    touched(made, 100)
    # The market was closed, and stands at 120 when it is opened again.
    made.hold("order", "a", X, Decimal(trigger), 100.0 if trigger == 100 else 120.0)

    assert seen(made, Bid(X, 99.0, 1.0), Ask(X, 121.0, 1.0)) == []
    assert touched(made, trigger) == ["a"]


def test_a_tick_that_cannot_be_read_keeps_back_nothing_that_was_touched_before_it() -> None:
    made = book(a=101, b=102)
    broken = Trade(X, None, 1.0)  # type: ignore[arg-type]
    touches = made.on_ticks(X, [trade(101), broken, trade(102)])

    assert next(touches).held_id == "a"
    with pytest.raises(TypeError):
        next(touches)
    assert not made.release("a")
    assert touched(made, 102) == ["b"]


def test_a_quote_of_size_zero_crosses_nothing() -> None:
    made = book(a=101)
    seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 0.0))

    assert touched(made, 101) == ["a"]


@pytest.mark.parametrize("reason", ["stale", "gap", "resync", "unverified", "seek", "end"])
def test_after_a_break_only_a_new_trade_counts(reason: str) -> None:
    made = book(a=101)
    seen(made, Bid(X, 103.0, 1.0), Ask(X, 102.0, 1.0), trade(102))
    seen(made, Break(X, reason))  # type: ignore[arg-type]
    was_stale = made.is_stale(X)

    assert seen(made, Bid(X, 99.0, 1.0), Ask(X, 102.0, 1.0)) == []
    assert touched(made, 100.9, 101) == ["a"]
    assert was_stale
    assert not made.is_stale(X)


PRICES = st.integers(90, 110)


@given(
    histories(PRICES, 30),
    histories(PRICES, 30),
    st.sets(st.integers(0, 29), max_size=10),
)
def test_exactly_what_a_slow_look_at_all_of_them_finds(
    triggers: list[int], prices: list[int], released: set[int]
) -> None:
    made = DarkBook()
    waiting: dict[str, tuple[int, bool]] = {}
    for number, price in enumerate(triggers):
        made.hold("order", str(number), X, Decimal(price), 100.0)
        waiting[str(number)] = (price, price >= 100)
    for number in released:
        assert made.release(str(number)) == (waiting.pop(str(number), None) is not None)
    for last in prices:
        wanted = {
            name
            for name, (price, is_up) in waiting.items()
            if (last >= price if is_up else last <= price)
        }
        assert set(touched(made, last)) == wanted
        for name in wanted:
            del waiting[name]

    assert len(made) == len(waiting)


# -- other prices than the last ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ticks", "at"),
    [
        ("bid", [Bid(X, 102.0, 1.0)], 102.0),
        ("ask", [Ask(X, 102.0, 1.0)], 102.0),
        ("mid", [Bid(X, 100.0, 1.0), Ask(X, 104.0, 1.0)], 102.0),
    ],
)
def test_a_trigger_is_held_against_the_price_that_it_names(
    source: Source, ticks: list[Tick], at: float
) -> None:
    made = DarkBook()
    made.hold("order", "a", X, Decimal(102), 100.0, source=source)

    assert touched(made, 105) == []
    (touch,) = seen(made, *ticks)
    assert (touch.held_id, touch.price) == ("a", at)


def test_a_side_that_is_empty_touches_nothing() -> None:
    made = DarkBook()
    made.hold("order", "a", X, Decimal(98), 100.0, source="bid")

    assert seen(made, Bid(X, 97.0, 0.0)) == []
    assert [touch.held_id for touch in seen(made, Bid(X, 97.0, 1.0))] == ["a"]


def test_a_halted_market_is_waited_out_and_what_it_showed_meanwhile_touches_nothing() -> None:
    made = book(a=101)
    assert seen(made, Break(X, "halt")) == []
    assert made.is_halted(X)
    assert touched(made, 102) == []
    assert made.is_stale(X)
    assert seen(made, Break(X, "resume"), Bid(X, 99.0, 1.0)) == []
    assert not made.is_halted(X)

    assert touched(made, 100.5) == []
    assert touched(made, 101) == ["a"]


@pytest.mark.parametrize(
    ("reason", "is_over"),
    [("stale", True), ("seek", True), ("end", True)]
    + [(reason, False) for reason in ("gap", "resync", "overrun", "halt")],
)
def test_a_halt_ends_with_its_stream_which_says_it_again(reason: str, is_over: bool) -> None:
    made = book(a=101)
    assert seen(made, Break(X, "halt"), Break(X, reason)) == []  # type: ignore[arg-type]

    assert touched(made, 102) == (["a"] if is_over else [])


def test_a_direction_that_is_said_is_not_decided_by_the_market() -> None:
    made = DarkBook()
    made.hold("order", "stop", X, Decimal(99), 100.0, direction="up")

    assert touched(made, 98.5) == []
    assert touched(made, 99.5) == ["stop"]


@pytest.mark.parametrize(
    ("side", "reference", "source"),
    [
        ("buy", "last", "last"),
        ("buy", "touch", "ask"),
        ("sell", "touch", "bid"),
        ("sell", "mid", "mid"),
    ],
)
def test_an_order_is_triggered_by_what_it_would_meet(
    side: str, reference: str, source: str
) -> None:
    order = Order(
        order_id="o",
        account="a",
        fqme=X,
        side=side,
        order_type="market",
        size=Decimal(1),
        reference=reference,
    )  # type: ignore[arg-type]
    quote = Quote(fqme=X, last=1.0, bid=2.0, ask=4.0)
    prices = {"last": 1.0, "bid": 2.0, "ask": 4.0, "mid": 3.0}

    assert source_of(order) == source
    assert standing(quote, source_of(order)) == prices[source]
    assert standing(None, source_of(order)) is None


# -- triggers that trail ---------------------------------------------------------------------------


def trailing(
    distance: str, direction: Direction, unit: TrailUnit = "price", last: float | None = 100.0
) -> DarkBook:
    made = DarkBook()
    trail = Trail(Decimal(distance), unit)
    made.hold("order", "t", X, None, last, direction=direction, trail=trail)
    return made


def test_a_trailing_trigger_follows_the_market_and_never_comes_back() -> None:
    made = trailing("3", "down")
    at = []
    for price in (101.5, 105.25, 103.0, 104.0):
        assert touched(made, price) == []
        at.append(made.price("t"))

    assert at == [Decimal("98.5"), Decimal("102.25"), Decimal("102.25"), Decimal("102.25")]
    assert touched(made, 102.25) == ["t"]


def test_a_trail_in_percent_is_exact() -> None:
    made = trailing("0.3", "up", "percent")
    touched(made, 99.97, 99.99)

    assert made.price("t") == Decimal("100.26991")
    assert made.take_moved(X) == {"t": Decimal("100.26991")}
    assert made.take_moved(X) == {}


def test_a_trail_without_a_market_begins_at_its_first_price() -> None:
    made = trailing("3", "down", last=None)

    assert made.price("t") is None
    assert touched(made, 100) == []
    assert made.price("t") == 97


def test_one_that_comes_later_follows_from_where_it_came() -> None:
    made = trailing("3", "down")
    touched(made, 110, 100.5)
    trail = Trail(Decimal(2), "price")
    made.release("t")
    made.hold("order", "late", X, None, 100.5, direction="down", trail=trail)
    assert touched(made, 104) == []

    assert made.price("late") == 102


def test_a_trail_that_goes_on_after_a_restart_keeps_its_place() -> None:
    made = DarkBook()
    trail = Trail(Decimal(3), "price")
    made.hold("order", "t", X, Decimal(105), 104.5, direction="down", trail=trail)

    assert touched(made, 106) == []
    assert made.price("t") == 105
    assert touched(made, 104) == ["t"]


def test_what_has_no_place_is_not_held() -> None:
    made = DarkBook()
    with pytest.raises(ValueError, match="no place"):
        made.hold("order", "a", X, None, 100.0)
    with pytest.raises(ValueError, match="no place"):
        made.hold("order", "a", X, None, 100.0, trail=Trail(Decimal(1), "price"))
    assert len(made) == 0


def test_many_that_are_released_leave_nothing_behind() -> None:
    made = DarkBook()
    for number in range(5000):
        made.hold("order", str(number), X, Decimal(101 + number), 100.0)
    for number in range(4990):
        made.release(str(number))

    assert len(made) == 10
    assert touched(made, 20_000) == [str(number) for number in range(4990, 5000)]


# -- everything at once ----------------------------------------------------------------------------


class DarkMachine(RuleBasedStateMachine):
    """Holds the book to a slow one that looks at every trigger at every price."""

    def __init__(self) -> None:
        super().__init__()
        self.book = DarkBook()
        self.slow: dict[str, dict[str, object]] = {}
        self.prices: dict[str, float | None] = dict.fromkeys(("last", "bid", "ask", "mid"), 100.0)
        self.prices.update(bid=99.0, ask=101.0)
        list(self.book.on_ticks(X, [trade(100), Bid(X, 99.0, 1.0), Ask(X, 101.0, 1.0)]))
        self.made = 0
        self.sent: list[str] = []
        self.news: set[str] = set()
        self.is_stale = False

    SOURCES = st.sampled_from(["last", "bid", "ask", "mid"])

    @rule(
        price=PRICES,
        source=SOURCES,
        trail=st.none() | st.integers(1, 5),
        near=st.sampled_from([None, None, -1, 0, 0, 1]),
        direction=st.sampled_from(["up", "down"]),
    )
    def hold(
        self,
        price: int,
        source: Source,
        trail: int | None,
        near: int | None,
        direction: Direction,
    ) -> None:
        """Somewhere, or just where the market stands: there what came before must not count."""
        at = self.prices[source]
        if at is None:
            return
        if near is not None:
            price = int(at) + near
        self.made += 1
        held_id = str(self.made)
        place = None if trail else Decimal(price)
        follows = None if trail is None else Trail(Decimal(trail), "price")
        said: Direction = direction if trail else ""
        told = self.book.hold(
            "order", held_id, X, place, at, source=source, direction=said, trail=follows
        )
        sign = {"up": 1, "down": -1}[told]
        stop = at + (trail or 0) * sign if trail else price
        self.slow[held_id] = {"source": source, "sign": sign, "stop": stop, "trail": trail}

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        held_id = data.draw(st.sampled_from([*self.slow, *self.sent, "none"]))
        assert self.book.release(held_id) == (self.slow.pop(held_id, None) is not None)

    @rule(price=PRICES)
    def trade(self, price: int) -> None:
        self.prices["last"] = float(price)
        self.see({"last"}, trade(price))

    @rule(price=PRICES, is_gone=st.booleans())
    def bid(self, price: int, is_gone: bool) -> None:
        self.prices["bid"] = None if is_gone else float(price)
        self.see({"bid", "mid"}, Bid(X, float(price), 0.0 if is_gone else 1.0))

    @rule(price=PRICES)
    def ask(self, price: int) -> None:
        self.prices["ask"] = float(price)
        self.see({"ask", "mid"}, Ask(X, float(price), 1.0))

    @rule()
    def stop(self) -> None:
        self.prices = dict.fromkeys(self.prices)
        self.news.clear()
        self.is_stale = True
        assert list(self.book.on_ticks(X, [Break(X, "stale")])) == []

    def see(self, changed: set[str], tick: Tick) -> None:
        bid, ask = self.prices["bid"], self.prices["ask"]
        self.prices["mid"] = None if bid is None or ask is None else (bid + ask) / 2
        self.news |= {s for s in changed if any(h["source"] == s for h in self.slow.values())}
        wanted: set[str] = set()
        if bid is None or ask is None or bid <= ask:
            for held_id, held in list(self.slow.items()):
                price = self.prices[str(held["source"])]
                if held["source"] in self.news and price is not None and self.is_hit(held, price):
                    wanted.add(held_id)
                    del self.slow[held_id]
            self.news.clear()
        given = [touch.held_id for touch in self.book.on_ticks(X, [tick])]
        assert len(given) == len(set(given))
        assert set(given) == wanted
        self.sent += given

    @staticmethod
    def is_hit(held: dict[str, object], price: float) -> bool:
        sign, stop, trail = held["sign"], held["stop"], held["trail"]
        assert isinstance(sign, int)
        assert isinstance(stop, int | float)
        if isinstance(trail, int):
            stop = held["stop"] = min((stop, price + trail * sign), key=lambda p: p * sign)
        return (price - stop) * sign >= 0

    @invariant()
    def is_sent_at_most_once(self) -> None:
        assert len(self.sent) == len(set(self.sent))
        assert len(self.book) == len(self.slow)
        assert not any(held_id in self.book for held_id in self.sent)


DarkMachine.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True
)
test_agrees_with_a_slow_book_under_any_ticks = DarkMachine.TestCase
