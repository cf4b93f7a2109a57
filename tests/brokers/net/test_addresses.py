from __future__ import annotations

from pathlib import Path

import pytest

from brokers.net.addresses import Scheme, check_address, kept_files


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://api.venue.test", "http"),
        ("wss://stream.venue.test:9443/v2", "ws"),
        ("http://127.0.0.1:9080", "http"),
        ("http://127.8.9.1:9080", "http"),
        ("ws://localhost:9080/ws-api/v3", "ws"),
        ("ws://[::1]:9080", "ws"),
    ],
)
def test_what_is_encrypted_or_on_this_machine_is_taken(url: str, scheme: Scheme) -> None:
    check_address("url", url, scheme)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("http://api.venue.test", "http"),
        ("ws://10.0.0.7/v2", "ws"),
        ("ws://localhost.venue.test/v2", "ws"),
        ("ws://[2001:db8::1]/v2", "ws"),
    ],
)
def test_what_leaves_the_machine_in_the_clear_is_refused(url: str, scheme: Scheme) -> None:
    with pytest.raises(ValueError, match=f"the_url: {scheme}:// is taken for this machine only"):
        check_address("the_url", url, scheme)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.venue.test",
        "ftp://api.venue.test",
        "wss://api.venue.test",
        "https://",
        "https:///v2",
    ],
)
def test_an_address_of_another_shape_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="the_url: expected an address that begins with https://"):
        check_address("the_url", url, "http")


@pytest.mark.parametrize(
    "url",
    [
        "https://name:hunter2@api.venue.test",
        "https://hunter2@api.venue.test",
        "https://api.venue.test/?key=hunter2",
        "https://api.venue.test/#hunter2",
    ],
)
def test_an_address_is_no_place_for_a_secret_and_the_refusal_does_not_repeat_it(url: str) -> None:
    with pytest.raises(ValueError, match="the_url: expected nothing but") as caught:
        check_address("the_url", url, "http")
    assert "hunter2" not in str(caught.value)


def test_each_address_has_files_of_its_own() -> None:
    live = kept_files(Path("kept"), "https://api.venue.test/v2")
    other = kept_files(Path("kept"), "http://127.0.0.1:9080")

    assert live("bans") == Path("kept/bans-api.venue.test.json")
    assert other("bans") == Path("kept/bans-127.0.0.1_9080.json")
    assert live("markets") != live("bans")


def test_no_address_leads_out_of_the_folder() -> None:
    file = kept_files(Path("kept"), "https://..%2f..\\up/down")("bans")

    assert file is not None
    assert file.parent == Path("kept")


def test_without_a_folder_nothing_is_kept() -> None:
    assert kept_files(None, "https://api.venue.test")("bans") is None
