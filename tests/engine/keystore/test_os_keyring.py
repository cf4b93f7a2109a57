"""The system's keyring: used through its library, and told clearly where it does not work."""

from __future__ import annotations

from collections.abc import Callable

import keyring
import pytest
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from engine.credentials import CredentialsMissing
from engine.errors import ConfigError
from engine.keystore.os_keyring import SERVICE, KeyringAbsent, OsKeyring
from tests.support.canary import Canary
from tests.support.keyrings import InMemory
from tests.support.keys import made, revealed


@pytest.fixture
def backend() -> InMemory:
    return InMemory()


@pytest.fixture
def store(backend: InMemory) -> OsKeyring:
    return OsKeyring(["main", "spot"], lambda: backend)


@pytest.mark.parametrize("kind", ["hmac", "base64", "ed25519"])
def test_keys_that_are_kept_are_found_again(store: OsKeyring, kind: str) -> None:
    keys = Canary().credentials("main", kind)  # type: ignore[arg-type]
    assert store.find("main") is None
    store.keep("main", keys)

    assert revealed(keys) == revealed(store.find("main"))
    assert ("main",) == store.accounts()
    assert store.forget("main")
    assert not store.forget("main")
    assert store.find("main") is None


def test_it_is_one_entry_of_an_account(store: OsKeyring, backend: InMemory) -> None:
    store.keep("main", made("abc", "def"))

    assert [(SERVICE, "main")] == list(backend.kept)


@pytest.mark.parametrize("make", [FailKeyring, NullKeyring])
def test_no_keyring_and_one_that_keeps_nothing_are_told(make: Callable[[], object]) -> None:
    store = OsKeyring(["main"], make)

    for ask in (
        lambda: store.find("main"),
        lambda: store.keep("main", made("abc", "def")),
        lambda: store.forget("main"),
        store.accounts,
        store.backend_name,
    ):
        with pytest.raises(KeyringAbsent, match="no keyring that works here"):
            ask()


def test_the_backend_is_the_one_that_the_library_uses(backend: InMemory) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        OsKeyring(["main"]).keep("main", made("abc", "def"))
        assert ("abc", "def", "") == revealed(OsKeyring(["main"]).find("main"))
    finally:
        keyring.set_keyring(before)

    assert [(SERVICE, "main")] == list(backend.kept)


def test_a_locked_keyring_and_one_that_fails_are_told_apart(
    store: OsKeyring, backend: InMemory
) -> None:
    backend.error = KeyringLocked("locked")
    with pytest.raises(CredentialsMissing, match="is locked: unlock it"):
        store.find("main")
    backend.error = OSError("no bus\x1b[2J")
    with pytest.raises(CredentialsMissing, match="OSError: no bus\ufffd"):
        store.find("main")


def test_a_keyring_that_forgets_is_found_out(store: OsKeyring, backend: InMemory) -> None:
    backend.forgets = True

    with pytest.raises(ConfigError, match="does not keep what it is given"):
        store.keep("main", made("abc", "def"))


def test_what_another_program_wrote_is_refused_without_a_word_of_it(
    store: OsKeyring, backend: InMemory
) -> None:
    with Canary() as canary:
        canary.hide("CANARYKEYCANARY", "the key")
        for text in ("CANARYKEYCANARY", '{"CANARYKEYCANARY": 1}', '{"key": ["CANARYKEYCANARY"]}'):
            backend.kept[SERVICE, "main"] = text
            with pytest.raises(CredentialsMissing, match="account main is not what") as raised:
                store.find("main")
            canary.see_error(raised.value)


def test_what_could_not_be_kept_is_not_told(store: OsKeyring, backend: InMemory) -> None:
    with Canary() as canary:
        keys = canary.credentials("main")
        backend.error = OSError("no bus")
        with pytest.raises(CredentialsMissing, match=r"\(PasswordSetError\)") as raised:
            store.keep("main", keys)
        canary.see_error(raised.value)


def test_it_is_named_by_where_it_comes_from(store: OsKeyring) -> None:
    assert "keyrings" == store.backend_name()
