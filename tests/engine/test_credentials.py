"""Keys never show themselves, however they are looked at."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import msgspec
import pytest

from engine.credentials import Credentials, CredentialsMissing, Secret, no_credentials
from engine.errors import BrokerUnavailable
from tests.support.canary import Canary

SHOWN: dict[str, Callable[[object], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "format": lambda value: f"{value}",
    "in a list": lambda value: repr([value]),
    "by percent": lambda value: "%s %r" % (value, value),  # noqa: UP031
    "json with a default": lambda value: json.dumps(value, default=str),
}


@pytest.mark.parametrize("way", SHOWN)
def test_they_are_shown_as_stars(way: str) -> None:
    canary = Canary()
    keys = canary.credentials("main")
    for value in (keys, keys.api_key, keys.secret):
        text = SHOWN[way](value)
        canary.see(text)
        assert "***" in text

    assert [] == canary.found()


@pytest.mark.parametrize("spec", [">20", "s", "^80"])
def test_no_format_shows_a_secret(spec: str) -> None:
    assert "***" == format(Secret("text"), spec)


@pytest.mark.parametrize(
    "write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode]
)
def test_they_are_not_written_anywhere(write: Callable[[object], object]) -> None:
    with Canary() as canary:
        keys = canary.credentials("main")
        for value in (keys.secret, keys):
            if value is keys and write is copy.copy:
                continue  # of what holds secrets a copy holds the same
            with pytest.raises(TypeError) as raised:
                write(value)
            canary.see_error(raised.value)


def test_a_secret_holds_no_attributes_to_look_through() -> None:
    with pytest.raises(TypeError):
        vars(Secret("text"))
    with pytest.raises(TypeError):
        vars(Credentials(Secret("a"), Secret("b")))


def test_only_the_same_text_is_equal() -> None:
    assert Secret("text") == Secret("text")
    assert Secret("text") != Secret("texts")
    assert Secret("päß\ud800") == Secret("päß\ud800")
    assert Secret("text") != "text"


def test_a_secret_is_no_key_of_a_table() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        {Secret("text"): 1}


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(" ")
    assert not Credentials(Secret("a"), Secret("b")).passphrase


async def test_without_a_store_every_account_is_without_keys() -> None:
    with pytest.raises(CredentialsMissing, match="account main") as raised:
        await no_credentials("main")

    assert "tickdeck keys set main" == raised.value.hint
    assert isinstance(raised.value, BrokerUnavailable)
