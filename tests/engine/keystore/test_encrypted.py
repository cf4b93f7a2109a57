"""The encrypted file as a store: locked until a passphrase is known, and written whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.credentials import CredentialsMissing, Secret
from engine.keystore import encrypted
from engine.keystore.encrypted import Encrypted
from engine.keystore.sealed import Costs, Sealed, WrongPassphrase
from engine.keystore.store import Entry
from tests.support.canary import Canary
from tests.support.keys import made, revealed

PASSPHRASE = Secret("correct horse")
CHEAP = Costs(n=2, r=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.enc"


def unlocked(path: Path) -> Encrypted:
    store = Encrypted(path, costs=CHEAP)
    store.unlock(PASSPHRASE)
    return store


def test_without_a_file_no_account_has_keys(path: Path) -> None:
    store = Encrypted(path)

    assert () == store.accounts()
    assert store.find("main") is None
    assert not store.forget("main")
    assert not store.is_there
    assert not store.is_unlocked


def test_keys_that_are_kept_are_found_again(path: Path) -> None:
    keys = Canary().credentials("main", "ed25519")
    unlocked(path).keep("main", keys)
    store = unlocked(path)

    assert revealed(keys) == revealed(store.find("main"))
    assert store.find("other") is None
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_locked_file_says_whose_keys_it_has_and_no_more(path: Path) -> None:
    unlocked(path).keep("main", made("abc", "def"))
    store = Encrypted(path)

    assert ("main",) == store.accounts()
    assert store.find("other") is None
    with pytest.raises(CredentialsMissing, match=r"account main .* is locked"):
        store.find("main")
    with pytest.raises(CredentialsMissing, match="is locked"):
        store.keep("spot", made("a", "b"))


def test_a_wrong_passphrase_is_told_and_not_kept(path: Path) -> None:
    unlocked(path).keep("main", made("abc", "def"))
    store = Encrypted(path)

    with pytest.raises(WrongPassphrase, match="does not open with this passphrase"):
        store.unlock(Secret("another"))
    assert not store.is_unlocked
    store.unlock(PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        store.unlock(Secret("another"))  # whatever was opened before
    assert ("abc", "def", "") == revealed(store.find("main"))


def test_a_damaged_file_is_told_apart_from_a_wrong_passphrase(path: Path) -> None:
    unlocked(path).keep("main", made("abc", "def"))
    path.write_bytes(path.read_bytes().replace(b"scrypt", b"scrypu"))

    with pytest.raises(CredentialsMissing, match="damaged") as raised:
        Encrypted(path).unlock(PASSPHRASE)
    assert not isinstance(raised.value, WrongPassphrase)


def test_a_file_that_is_open_to_others_is_refused(path: Path) -> None:
    unlocked(path).keep("main", made("abc", "def"))
    path.chmod(0o640)

    with pytest.raises(CredentialsMissing, match="chmod 600"):
        Encrypted(path).accounts()


def test_what_is_kept_later_leaves_the_others(path: Path) -> None:
    unlocked(path).keep("main", made("abc", "def"))
    unlocked(path).keep("spot", made("ghi", "jkl", "mno"))
    unlocked(path).keep("main", made("new", "newer"))
    store = unlocked(path)

    assert ("new", "newer", "") == revealed(store.find("main"))
    assert ("ghi", "jkl", "mno") == revealed(store.find("spot"))


def test_what_is_forgotten_is_gone_and_with_the_last_the_file(path: Path) -> None:
    store = unlocked(path)
    store.keep("main", made("abc", "def"))
    store.keep("spot", made("ghi", "jkl"))

    assert store.forget("main")
    assert not store.forget("main")
    assert ("spot",) == store.accounts()
    assert Encrypted(path).forget("spot")  # for which no passphrase is needed
    assert not path.exists()


def test_a_file_that_changed_is_opened_anew_and_one_that_did_not_is_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    unseal = encrypted.unseal

    def counted(sealed: Sealed, passphrase: Secret, place: str) -> dict[str, Entry]:
        opened.append(place)
        return unseal(sealed, passphrase, place)

    unlocked(path).keep("main", made("abc", "def"))
    monkeypatch.setattr(encrypted, "unseal", counted)
    store = unlocked(path)
    for _ in range(3):
        assert ("abc", "def", "") == revealed(store.find("main"))
    assert 1 == len(opened)

    unlocked(path).keep("main", made("new", "newer"))
    opened.clear()
    assert ("new", "newer", "") == revealed(store.find("main"))
    assert 1 == len(opened)


def test_nothing_of_it_shows(path: Path, tmp_path: Path) -> None:
    with Canary(tmp_path) as canary:
        keys = canary.credentials("main")
        canary.hide(PASSPHRASE.reveal() + " " * 12, "the passphrase")
        store = unlocked(path)
        store.keep("main", keys)
        store.find("main")
        canary.see(repr(vars(store)))
        with pytest.raises(WrongPassphrase) as raised:
            store.unlock(Secret("another"))
        canary.see_error(raised.value)
