"""The passphrase of the encrypted file: from whoever starts the program, or from the terminal,
and only where an account needs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.credentials import Secret
from engine.ems.accounts import Account
from engine.errors import UsageError
from engine.keystore.encrypted import Encrypted
from engine.keystore.sealed import Costs, WrongPassphrase
from engine.keystore.secrets_file import SecretsFile
from engine.locations import Locations, find_locations
from tests.support.canary import Canary
from tests.support.keys import made, revealed
from tests.support.typist import Typist
from tui.commands import hidden
from tui.commands.unlocking import Stores, take_passphrase

PASSPHRASE = "correct horse"


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    found = find_locations({}, config=tmp_path, data_dir=tmp_path / "data")
    store = Encrypted(found.encrypted_file, costs=Costs(n=2, r=1))
    store.unlock(Secret(PASSPHRASE))
    store.keep("main", made("abc", "def"))
    return found


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no terminal."""
    monkeypatch.setattr(hidden, "TERMINAL", str(tmp_path / "none"))


def stores(places: Locations, environ: dict[str, str] | None = None, **chosen: str) -> Stores:
    accounts = [
        Account(name=name, broker="sim", keys=keys)  # type: ignore[arg-type]
        for name, keys in {"main": "any", **chosen}.items()
    ]
    return Stores(places, accounts, {} if environ is None else environ)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> object:
    def at(*answers: str) -> Typist:
        typist = Typist(*(("Passphrase of ", f"{answer}\n") for answer in answers))
        monkeypatch.setattr(hidden, "TERMINAL", typist.path)
        return typist

    return at


@pytest.mark.usefixtures("nobody")
def test_a_passphrase_in_the_environment_is_used_and_taken_out_of_it(places: Locations) -> None:
    environ = {"TICKDECK_PASSPHRASE": PASSPHRASE, "TICKDECK_KEY_X": "x", "HOME": "/"}
    found = stores(places, environ)
    found.unlock_for(["main"])

    assert {"HOME": "/"} == environ
    assert ("abc", "def", "") == revealed(found.encrypted.find("main"))


def test_a_program_that_is_started_later_inherits_neither_keys_nor_passphrase(
    places: Locations, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Canary() as canary:
        keys = canary.credentials("main")
        canary.hide(PASSPHRASE, "the passphrase")
        monkeypatch.setenv("TICKDECK_KEY_MAIN", keys.api_key.reveal())
        monkeypatch.setenv("TICKDECK_SECRET_MAIN", keys.secret.reveal())
        monkeypatch.setenv("TICKDECK_PASSPHRASE", PASSPHRASE)
        Stores(places, [Account(name="main", broker="sim")], os.environ)
        canary.see(subprocess.run(["env"], capture_output=True, check=True).stdout)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("end", ["", "\n", "\nmore"])
def test_a_passphrase_is_read_from_a_descriptor_once(places: Locations, end: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{PASSPHRASE}{end}".encode())
    os.close(writing)
    environ = {"TICKDECK_PASSPHRASE_FD": str(reading)}
    found = stores(places, environ)
    found.unlock_for(["main"])

    assert {} == environ
    assert found.encrypted.is_unlocked
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)


@pytest.mark.parametrize("descriptor", ["", "x", "-1", "9999", "9" * 40])
def test_a_descriptor_that_is_none_is_told(descriptor: str) -> None:
    with pytest.raises(UsageError, match="TICKDECK_PASSPHRASE_FD: nothing can be read from"):
        take_passphrase({"TICKDECK_PASSPHRASE_FD": descriptor})


@pytest.mark.usefixtures("nobody")
def test_a_wrong_passphrase_that_was_given_ends_it(places: Locations) -> None:
    with pytest.raises(WrongPassphrase):
        stores(places, {"TICKDECK_PASSPHRASE": "another"}).unlock_for(["main"])


def test_it_is_asked_for_on_the_terminal_without_being_shown(
    places: Locations, typed: type[Typist]
) -> None:
    found = stores(places)
    with typed("another", PASSPHRASE) as typist:
        found.unlock_for(["main"])

    assert found.encrypted.is_unlocked
    assert "does not open with this passphrase" in typist.shown
    assert "Enter: go on without its accounts" in typist.shown
    assert PASSPHRASE not in typist.shown
    assert "another" not in typist.shown


def test_three_wrong_ones_are_enough(places: Locations, typed: type[Typist]) -> None:
    with typed("one", "two", "three"), pytest.raises(WrongPassphrase):
        stores(places).unlock_for(["main"])


def test_an_empty_answer_leaves_it_locked(places: Locations, typed: type[Typist]) -> None:
    found = stores(places)
    with typed(""):
        found.unlock_for(["main"])

    assert not found.encrypted.is_unlocked


@pytest.mark.usefixtures("nobody")
def test_without_a_terminal_and_a_variable_it_is_told(places: Locations) -> None:
    with pytest.raises(UsageError, match="no terminal to ask on"):
        stores(places).unlock_for(["main"])


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("store", ["env", "file", "keyring"])
def test_it_is_not_asked_for_where_no_account_needs_it(places: Locations, store: str) -> None:
    found = stores(places, main=store)
    found.unlock_for(["main", "other"])

    assert not found.encrypted.is_unlocked


@pytest.mark.usefixtures("nobody")
def test_it_is_not_asked_for_where_another_store_comes_first(places: Locations) -> None:
    variables = {"TICKDECK_KEY_MAIN": "a", "TICKDECK_SECRET_MAIN": "b"}
    stores(places, variables).unlock_for(["main"])
    SecretsFile(places.secrets_file).keep("main", made("a", "b"))
    stores(places).unlock_for(["main"])
    with pytest.raises(UsageError, match="no terminal"):
        stores(places, main="encrypted").unlock_for(["main"])


@pytest.mark.usefixtures("nobody")
def test_a_file_that_cannot_be_used_is_left_to_the_account_to_tell(places: Locations) -> None:
    places.encrypted_file.chmod(0o644)

    stores(places).unlock_for(["main"])


def test_a_new_file_needs_a_passphrase_that_is_typed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = find_locations({}, config=tmp_path / "new", data_dir=tmp_path / "data")
    for first, second, told in (
        ("correct horse", "correct hors", "not the same"),
        ("horse", "horse", "8 characters or more"),
        ("", "", "8 characters or more"),
        ("correct horse", "correct horse", ""),
    ):
        found = stores(places)
        with Typist(
            ("New passphrase of", f"{first}\n"), ("The same again", f"{second}\n")
        ) as typist:
            monkeypatch.setattr(hidden, "TERMINAL", typist.path)
            if told:
                with pytest.raises(UsageError, match=told):
                    found.unlock_to_write()
            else:
                found.unlock_to_write()
        assert found.encrypted.is_unlocked is not bool(told)
        assert "horse" not in typist.shown


@pytest.mark.usefixtures("nobody")
def test_a_short_passphrase_for_a_new_file_is_refused_from_a_variable_too(tmp_path: Path) -> None:
    places = find_locations({}, config=tmp_path / "new", data_dir=tmp_path / "data")

    with pytest.raises(UsageError, match="8 characters"):
        stores(places, {"TICKDECK_PASSPHRASE": "horse"}).unlock_to_write()


def test_to_write_the_file_it_must_be_open(places: Locations, typed: type[Typist]) -> None:
    with typed(""), pytest.raises(UsageError, match="stays locked: nothing was changed"):
        stores(places).unlock_to_write()
    found = stores(places)
    with typed(PASSPHRASE):
        found.unlock_to_write()
    assert found.encrypted.is_unlocked
