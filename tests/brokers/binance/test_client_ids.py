"""Ids of orders, there and back."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.binance.client_ids import client_id, known_client_id, marked, order_id, parse

VENUE = re.compile(r"[a-zA-Z0-9_-]{1,36}")
ALGO = "0123456789abcdef0123456789abcdef"

plain = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=36)
dotted = st.text("ab.-_du", min_size=1, max_size=18)
of_algos = st.builds(
    lambda raw, role, number: f"{raw.hex()}.{role}-{number}",
    st.binary(min_size=16, max_size=16),
    st.sampled_from(["entry", "stop", "limit", "target1", "stop12", "out"]),
    st.integers(1, 999),
)


@given(plain | dotted | of_algos)
def test_every_id_of_ours_fits_and_comes_back(name: str) -> None:
    client = client_id(name)

    assert VENUE.fullmatch(client)
    assert order_id(client) == name
    assert parse(client) == (name, "")


@given(plain | dotted | of_algos)
def test_a_canceled_order_is_still_known_for_ours(name: str) -> None:
    for mark in ("c", "r"):
        client = marked(name, mark)  # type: ignore[arg-type]
        assert not client or (VENUE.fullmatch(client) and parse(client) == (name, mark))


@given(plain | dotted | of_algos, plain | dotted | of_algos)
def test_no_two_ids_are_one_at_the_venue(one: str, other: str) -> None:
    assert (client_id(one) == client_id(other)) == (one == other)


@given(st.from_regex(VENUE, fullmatch=True))
def test_what_was_named_elsewhere_keeps_its_name(client: str) -> None:
    assert known_client_id(order_id(client)) == client


def test_the_id_of_an_order_of_an_algo_is_packed_with_room_for_a_mark() -> None:
    name = f"{ALGO}.target1-12"

    assert len(client_id(name)) == 34
    assert marked(name, "r") == client_id(name) + "_r"


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ("td0123456789abcdef01", "td0123456789abcdef01"),
        ("A_dstop-1", "A.stop-1"),
        ("web_1f2e", ":web_1f2e"),
        ("x-R4BD3S82abc", "x-R4BD3S82abc"),
        ("_", ":_"),
        ("web_c", ":web_c"),
    ],
)
def test_names_of_all_kinds(client: str, name: str) -> None:
    assert order_id(client) == name
    assert known_client_id(name) == client


def test_where_no_mark_has_room_the_venue_makes_a_name_up() -> None:
    assert marked("a" * 36, "c") == ""


@pytest.mark.parametrize(
    "name", ["", "a" * 37, "_" * 19, "with space", "slash/", ":web", "ö", "\x1b[2J"]
)
def test_an_id_that_the_venue_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="36 letters"):
        client_id(name)
