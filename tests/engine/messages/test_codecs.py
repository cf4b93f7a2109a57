"""Messages survive the wire, cannot be changed, and are told apart by their tag."""

import typing
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import messages
from engine.instruments import Instrument
from engine.messages import (
    COLUMN_NAMES,
    TICK_TYPE,
    BarsUpdate,
    Columns,
    Command,
    Event,
    Frame,
    OrderEvent,
    OrderState,
    Submit,
    Tick,
    Trade,
)

FAMILIES = (Tick, Command, Event, OrderEvent)


def example(kind: type) -> object:
    """A value of any message type, made from its annotations."""
    hints = typing.get_type_hints(kind)
    return kind(**{field: example_of(hints[field]) for field in kind.__struct_fields__})


def example_of(hint: object) -> object:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return parts[-1]
    if origin is tuple:
        given = parts[:1] if parts[-1] is Ellipsis else parts
        return tuple(example_of(part) for part in given)
    if origin is list:
        return [example_of(parts[0])]
    if origin is dict:
        return {example_of(parts[0]): example_of(parts[1])}
    if parts:  # a union
        return example_of(parts[0])
    if hint is Decimal:
        return Decimal("1.50")
    if hint is np.ndarray:
        return np.arange(3, dtype=np.int64)
    if isinstance(hint, type) and issubclass(hint, OrderState):
        return OrderState.OPEN
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return example(hint)
    return {str: "x", int: 7, float: 1.5, bool: True}[hint]


@pytest.mark.parametrize("kind", typing.get_args(Command))
def test_every_command_comes_through_the_codec_unchanged(kind: type) -> None:
    command = example(kind)

    assert command == messages.command_decoder.decode(messages.encoder.encode(command))


@pytest.mark.parametrize("kind", [k for k in typing.get_args(Event) if k is not BarsUpdate])
def test_every_event_comes_through_the_codec_unchanged(kind: type) -> None:
    event = example(kind)

    assert event == messages.event_decoder.decode(messages.encoder.encode(event))


def test_bars_come_through_the_codec_bit_for_bit() -> None:
    columns = Columns(
        **{name: np.array([1, 2], "i8" if name == "time_ns" else "f8") for name in COLUMN_NAMES}
    )
    sent = BarsUpdate(fqme="a.sim", period_s=60, columns=columns)

    got = messages.event_decoder.decode(messages.encoder.encode(sent))

    assert isinstance(got, BarsUpdate)
    for name in COLUMN_NAMES:
        assert getattr(columns, name).dtype == getattr(got.columns, name).dtype
        assert np.array_equal(getattr(columns, name), getattr(got.columns, name))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_money_comes_through_exactly(price: Decimal) -> None:
    sent = Submit(
        order_id="1",
        account="sim",
        fqme="a.sim",
        side="buy",
        order_type="limit",
        size=Decimal("0.10"),
        price=price,
    )

    got = messages.command_decoder.decode(messages.encoder.encode(sent))

    assert isinstance(got, Submit)
    assert str(price) == str(got.price)
    assert str(got.size) == "0.10"


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_messages_of_a_family_share_a_tag(family: object) -> None:
    tags = [kind.__struct_config__.tag for kind in typing.get_args(family)]

    assert len(tags) == len(set(tags))


@pytest.mark.parametrize("family", FAMILIES)
def test_messages_cannot_be_changed(family: object) -> None:
    assert all(kind.__struct_config__.frozen for kind in typing.get_args(family))


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(NotImplementedError):
        messages.encoder.encode(object())


def test_a_frame_groups_by_the_tags_of_its_ticks() -> None:
    assert {k.__struct_config__.tag for k in typing.get_args(Tick)} == set(TICK_TYPE.values())
    trade = Trade("a.sim", 1.0, 2.0)
    frame = Frame(fqme="a.sim", ticks={"trade": [trade]})

    assert frame == messages.event_decoder.decode(messages.encoder.encode(frame))


def test_an_instrument_crosses_with_its_decimals() -> None:
    market = Instrument(
        fqme="a.sim",
        symbol="A",
        base="a",
        quote="usd",
        price_tick=Decimal("0.010"),
        size_step=Decimal(1),
    )

    assert str(msgspec.convert(msgspec.to_builtins(market), Instrument).price_tick) == "0.010"
