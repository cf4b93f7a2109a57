"""The stores together: the first that has an account's keys decides, or says why it cannot."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as FailKeyring
from trio.testing import MockClock

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.errors import UsageError
from engine.keystore import keystore as keystores
from engine.keystore.encrypted import Encrypted
from engine.keystore.environment import Environment
from engine.keystore.keystore import Keystore
from engine.keystore.os_keyring import OsKeyring
from engine.keystore.private_files import write_private
from engine.keystore.sealed import Costs
from engine.keystore.secrets_file import SecretsFile
from engine.keystore.store import STORES, Store, StoreName
from engine.locations import find_locations
from tests.support.canary import Canary
from tests.support.keyrings import InMemory
from tests.support.keys import made, revealed

Open = Callable[..., Keystore]
KNOWN = ("main", "spot")


@pytest.fixture
def keyring() -> InMemory:
    return InMemory()


@pytest.fixture
def open_keystore(tmp_path: Path, keyring: InMemory) -> Open:
    def opened(
        variables: dict[str, str] | None = None,
        backend: Callable[[], object] = lambda: keyring,
        **chosen: StoreName,
    ) -> Keystore:
        taken = {f"TICKDECK_{name}": Secret(text) for name, text in (variables or {}).items()}
        encrypted = Encrypted(tmp_path / "secrets.enc", costs=Costs(n=2, r=1))
        encrypted.unlock(Secret("passphrase"))
        stores = (
            Environment(taken, KNOWN),
            SecretsFile(tmp_path / "secrets.toml"),
            encrypted,
            OsKeyring(KNOWN, backend),
        )
        return Keystore(stores, {"main": "any", "spot": "any", **chosen})

    return opened


async def test_stores_are_asked_in_the_documented_order(open_keystore: Open) -> None:
    keystore = open_keystore({"KEY_MAIN": "env", "SECRET_MAIN": "x"})
    assert STORES == tuple(store.name for store in keystore.stores)
    for name in ("file", "encrypted", "keyring"):
        keystore.store(name).keep("main", made(name, "x"))

    found = []
    for _ in STORES:
        store, keys = await keystore.locate("main")
        assert revealed(keys) == (store.name, "x", "")
        found.append(store.name)
        if store.name == "env":
            keystore = open_keystore()
        else:
            store.forget("main")
    assert list(STORES) == found


@pytest.mark.parametrize("name", STORES)
async def test_an_account_that_names_its_store_has_keys_from_there_only(
    open_keystore: Open, name: StoreName
) -> None:
    variables = {"KEY_MAIN": "env", "SECRET_MAIN": "x", "KEY_SPOT": "env", "SECRET_SPOT": "x"}
    keystore = open_keystore(variables, main=name)
    for store in keystore.stores[1:]:
        store.keep("main", made(store.name, "x"))

    assert (name, "x", "") == revealed(await keystore.get("main"))
    assert ("env", "x", "") == revealed(await keystore.get("spot"))


async def test_keys_that_are_nowhere_are_missed_by_name_with_every_place(
    open_keystore: Open, tmp_path: Path
) -> None:
    with pytest.raises(CredentialsMissing) as raised:
        await open_keystore().get("main")

    assert str(raised.value) == (
        "there are no keys for account main: looked in the environment, "
        f"{tmp_path}/secrets.toml, {tmp_path}/secrets.enc, the system's keyring"
    )
    assert "tickdeck keys set main" == raised.value.hint


async def test_without_a_keyring_the_others_are_asked_and_it_is_said(open_keystore: Open) -> None:
    keystore = open_keystore(backend=FailKeyring)

    with pytest.raises(CredentialsMissing, match="the system's keyring; there is no keyring that"):
        await keystore.get("main")
    keystore.store("file").keep("main", made("abc", "def"))
    assert ("abc", "def", "") == revealed(await keystore.get("main"))
    with pytest.raises(CredentialsMissing, match=r"^there is no keyring that works here"):
        await open_keystore(backend=FailKeyring, main="keyring").get("main")


async def test_a_store_that_cannot_be_trusted_ends_the_search(
    open_keystore: Open, tmp_path: Path
) -> None:
    keystore = open_keystore()
    keystore.store("file").keep("main", made("abc", "def"))
    keystore.store("keyring").keep("main", made("abc", "def"))
    (tmp_path / "secrets.toml").chmod(0o644)

    with pytest.raises(CredentialsMissing, match="chmod 600"):
        await keystore.get("main")


async def test_a_keyring_that_does_not_answer_is_given_up(
    open_keystore: Open, autojump_clock: MockClock
) -> None:
    answers = threading.Event()

    def wait() -> object:
        answers.wait(20.0)
        return FailKeyring()

    with pytest.raises(CredentialsMissing, match="did not answer within 8 s"):
        await open_keystore(backend=wait, main="keyring").get("main")
    answers.set()


async def test_keys_that_no_venue_takes_are_refused_with_their_place(
    open_keystore: Open, tmp_path: Path
) -> None:
    with Canary(tmp_path, may_hold=[tmp_path / "secrets.toml"]) as canary:
        canary.hide("CANARYKEYCANARY", "the key")
        write_private(
            tmp_path / "secrets.toml",
            b'[main]\nkey = "CANARY KEY CANARYKEYCANARY"\nsecret = "x"\n[spot]\nkey = "y"\n',
        )
        with pytest.raises(CredentialsMissing, match=r"account main in .* has a space") as raised:
            await open_keystore().get("main")
        canary.see_error(raised.value)
    with pytest.raises(CredentialsMissing, match=r"account spot in .* the secret is missing"):
        await open_keystore().get("spot")


async def test_a_private_key_alone_waits_for_its_api_key(open_keystore: Open) -> None:
    keystore = open_keystore()
    pem = Canary().credentials("main", "ed25519").secret.reveal()
    keystore.store("file").keep("main", made("", pem))

    with pytest.raises(CredentialsMissing, match="wait for the API key") as raised:
        await keystore.get("main")
    assert "tickdeck keys set main" == raised.value.hint


async def test_a_name_of_no_account_is_made_safe(open_keystore: Open) -> None:
    with pytest.raises(CredentialsMissing, match="account \ufffd"):
        await open_keystore().get("\x1b[2J")


def test_a_store_of_no_such_name_is_refused(open_keystore: Open) -> None:
    with pytest.raises(UsageError, match="no store 'fiel'") as raised:
        open_keystore().store("fiel")

    assert "stores: env file encrypted keyring" == raised.value.hint


async def test_the_stores_of_a_user_are_beside_the_configuration(tmp_path: Path) -> None:
    places = find_locations({}, config=tmp_path, data_dir=tmp_path / "data")
    variables = {"TICKDECK_KEY_MAIN": Secret("env"), "TICKDECK_SECRET_MAIN": Secret("x")}
    keystore = keystores.open_keystore(places, variables, {"main": "any", "spot": "file"})
    assert STORES == tuple(store.name for store in keystore.stores)
    assert [] == os.listdir(tmp_path)
    keystore.store("file").keep("spot", made("file", "x"))

    assert ["secrets.toml"] == os.listdir(tmp_path)
    assert ("env", "x", "") == revealed(await keystore.get("main"))
    assert ("file", "x", "") == revealed(await keystore.get("spot"))
    assert str(tmp_path / "secrets.enc") == keystore.store("encrypted").place


async def test_nothing_shows_wherever_keys_are_kept(open_keystore: Open, tmp_path: Path) -> None:
    with Canary(tmp_path, may_hold=[tmp_path / "secrets.toml"]) as canary:
        keys: Credentials = canary.credentials("main", "ed25519")
        keystore = open_keystore()
        for name in ("file", "encrypted", "keyring"):
            store: Store = keystore.store(name)
            store.keep("main", keys)
            canary.see(repr(await keystore.locate("main")))
            store.forget("main")
        canary.see(repr(vars(keystore)))
