"""Our order ids as the venue takes them, and read back."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.kraken.order_names import LONGEST, Names, is_ours, name_of

deck_ids = st.binary(min_size=9, max_size=9).map(lambda random: f"td{random.hex()}")
algo_ids = st.builds(
    lambda algo, role, number: f"{algo.hex}.{role}-{number}",
    st.uuids(version=4),
    st.sampled_from(["entry", "exit", "target2", "limit"]),
    st.integers(1, 5000),
)
any_ids = st.one_of(
    deck_ids,
    algo_ids,
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
)


@given(any_ids)
def test_names_are_what_the_venue_takes(order_id: str) -> None:
    name = name_of(order_id)

    assert len(name) <= LONGEST
    assert name.isascii()
    assert name.isprintable()
    assert " " not in name
    assert is_ours(name)


@given(deck_ids)
def test_ids_of_the_deck_are_read_back_without_any_record(order_id: str) -> None:
    assert Names().order_id(name_of(order_id)) == order_id


@given(st.lists(any_ids, unique=True, max_size=30))
def test_every_id_that_was_told_is_read_back(order_ids: list[str]) -> None:
    names = Names()
    names.recognise(order_ids)

    assert [names.order_id(name_of(order_id)) for order_id in order_ids] == order_ids


@given(st.lists(any_ids, unique=True, min_size=2, max_size=30))
def test_no_two_ids_have_one_name(order_ids: list[str]) -> None:
    assert len({name_of(order_id) for order_id in order_ids}) == len(order_ids)


def test_the_name_of_an_algo_s_order_is_recognised_as_ours_though_not_read_back() -> None:
    name = name_of(f"{UUID(int=7).hex}.exit-1")

    assert is_ours(name)
    assert Names().order_id(name) == ""


def test_names_stay_what_they_are_from_release_to_release() -> None:
    assert name_of("td0123456789abcdef01") == "tda04fgj5t7fghnup"
    assert name_of("check-1") == "tdbcheck-1"
    assert name_of(f"{UUID(int=7).hex}.exit-1") == "tdcmp4pccmztktt3jn"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "arb-20240509-00010",
        "6d1b345e-2821-40e2-ad83-4ecb18a06876",
        "tda-------------!",
        "tdazzzzzzzzzzzzzz",  # larger than any id of the deck
        "tdb",
        "tdb with a space",
        "tdcwhoever-was-it",
    ],
)
def test_names_of_others_stand_for_none_of_ours(name: str) -> None:
    assert Names().order_id(name) == ""
