"""What keys must look like, whatever store they come from."""

from __future__ import annotations

import pytest

from engine.keystore.pem import generate_ed25519
from engine.keystore.store import LONGEST, Entry, credentials_of, entry_of, fault_of, is_pem, tidy
from tests.support.canary import Canary
from tests.support.keys import made, revealed

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQ\nAwBQ\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        PEM.strip(),
        PEM.replace("\n", "\r\n"),
        PEM.replace("\n", "\\n"),
        "\n\n" + PEM.replace("\n", "  \n  "),
    ],
)
def test_a_private_key_has_its_lines_however_they_came(text: str) -> None:
    assert PEM == tidy(text)
    assert is_pem(text)


def test_what_a_clipboard_adds_is_taken_off() -> None:
    keys = credentials_of(Entry(key=" abc\n", secret="\tdef \r\n", passphrase=" kept "))

    assert ("abc", "def", " kept ") == revealed(keys)


def test_what_is_written_shows_nothing() -> None:
    canary = Canary()
    keys = canary.credentials("main")
    canary.see(repr(entry_of(keys)))

    assert [] == canary.found()


def test_keys_as_venues_make_them_have_no_fault() -> None:
    canary = Canary()
    for kind in ("hmac", "base64", "ed25519"):
        assert "" == fault_of(canary.credentials(kind, kind))  # type: ignore[arg-type]
    assert "" == fault_of(made("", generate_ed25519().reveal()))  # its API key comes later


@pytest.mark.parametrize(
    ("key", "secret", "fault"),
    [
        ("abc", "", "secret is missing"),
        ("a bc", "def", "API key has a space"),
        ("abc\x1b", "def", "API key has a space"),
        ("abc", "d\nef", "secret has a space"),
        ("abc", "dé", "secret has a space"),
        ("abc", "d" * (LONGEST + 1), "longer than any key"),
        ("abc", PEM, "is none"),
        ("abc", PEM.replace("PRIVATE", "PUBLIC"), "public key; the private one is wanted"),
        ("abc", PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"), "passphrase is missing"),
    ],
)
def test_what_no_venue_takes_is_told_without_showing_it(key: str, secret: str, fault: str) -> None:
    found = fault_of(made(key, secret))

    assert fault in found
    assert not any(text and text in found for text in (key, secret) if len(text) > 1)


def test_a_passphrase_that_cannot_be_written_is_told() -> None:
    assert "not UTF-8 text" in fault_of(made("abc", "def", "\udcff"))
    assert "" == fault_of(made("abc", "def", "päß"))
