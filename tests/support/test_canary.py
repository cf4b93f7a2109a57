"""What looks for keys finds them, however they are dressed."""

from __future__ import annotations

import base64
import json
import logging
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.credentials import CredentialsMissing
from engine.messages import Notice
from tests.support.canary import Canary, Kind

KINDS: tuple[Kind, ...] = ("hmac", "base64", "ed25519")

DRESSES: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "in quotes": lambda text: json.dumps({"key": text}).encode(),
    "percent": lambda text: urllib.parse.quote(f"key={text}", safe="").encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 behind one more": lambda text: base64.b64encode(b":" + text.encode()),
    "base64 behind two more": lambda text: base64.urlsafe_b64encode(b"u:" + text.encode()),
    "utf-16": lambda text: text.encode("utf-16"),
    "cut": lambda text: text.strip()[-60:-30].encode(),
    "raw": lambda text: (
        base64.b64decode(text.split("\n")[1])[16:] if "\n" in text else text.encode()
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dress", DRESSES)
def test_a_secret_in_a_file_is_found(tmp_path: Path, kind: Kind, dress: str) -> None:
    canary = Canary(tmp_path)
    keys = canary.credentials("main", kind)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\0..." + DRESSES[dress](keys.secret.reveal()))

    assert ["the secret of main is in the file deep/file"] == canary.found()


@pytest.mark.parametrize("kind", KINDS)
def test_where_no_key_is_nothing_is_found(tmp_path: Path, kind: Kind) -> None:
    with Canary(tmp_path) as canary:
        keys = canary.credentials("main", kind)
        (tmp_path / "file").write_text(f"{keys} {keys.secret!r} {keys.api_key}")
        (tmp_path / "public.pem").write_text(canary.public_key("main"))
        canary.see(Notice(level="info", text="all is well"))
        logging.getLogger("engine").debug("%s", keys)


def test_a_file_that_may_hold_keys_is_passed_over(tmp_path: Path) -> None:
    canary = Canary(tmp_path, may_hold=[tmp_path / "secrets.toml"])
    keys = canary.credentials("main")
    (tmp_path / "secrets.toml").write_text(keys.secret.reveal())

    assert [] == canary.found()


def fail(text: str) -> None:
    """An error that hides what it came of."""
    try:
        raise ValueError(text)
    except ValueError:
        raise KeyError("other") from None


def leak(canary: Canary) -> None:
    """Logs, says and raises what it must not."""
    with canary:
        keys = canary.credentials("main")
        logging.getLogger("brokers.any").debug("frame %s", keys.api_key.reveal())
        canary.see(Notice(level="info", text=keys.secret.reveal()), "events")
        with pytest.raises(KeyError) as hidden:
            fail(keys.secret.reveal())
        canary.see_error(hidden.value)


def test_what_is_logged_and_said_and_raised_is_searched(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as raised:
        leak(Canary(tmp_path))

    assert set(str(raised.value).split("; ")) == {
        "the API key of main is in the log of brokers.any",
        "the secret of main is in events",
        "the secret of main is in an error: ValueError",
    }


def test_the_error_that_leaves_the_block_is_searched(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="what left the block"), Canary(tmp_path) as canary:
        raise RuntimeError(canary.credentials("main").api_key.reveal())


def test_a_search_for_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no key to look for"), Canary(tmp_path):
        pass


def test_keys_of_others_in_the_same_form_are_none_of_its_own(tmp_path: Path) -> None:
    other = Canary()
    keys = other.credentials("other", "ed25519")
    (tmp_path / "other.pem").write_text(keys.secret.reveal())

    with Canary(tmp_path) as canary:
        canary.credentials("main", "ed25519")


async def test_it_gives_the_keys_of_its_accounts_only() -> None:
    canary = Canary()
    keys = canary.credentials("main")

    assert keys is await canary.get("main")
    with pytest.raises(CredentialsMissing, match="account other"):
        await canary.get("other")
