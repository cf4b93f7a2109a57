"""Keys from variables: taken out of the environment, and each of one account only."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.credentials import CredentialsMissing, Secret
from engine.errors import UsageError
from engine.keystore.environment import Environment, take_variables
from engine.keystore.private_files import write_private
from tests.support.canary import Canary
from tests.support.keys import made, revealed


def store(*known: str, **variables: str) -> Environment:
    taken = take_variables({f"TICKDECK_{name}": text for name, text in variables.items()})
    return Environment(taken, known or ("main",))


def test_variables_are_taken_out_of_the_environment() -> None:
    environ = {
        "TICKDECK_KEY_MAIN": "a",
        "TICKDECK_SECRET_MAIN_FILE": "b",
        "TICKDECK_PEM_PASSPHRASE_MAIN": "c",
        "TICKDECK_DECK_THEME": "day",
        "TICKDECK_PASSPHRASE": "of another",
        "HOME": "/",
    }
    taken = take_variables(environ)

    assert {"TICKDECK_DECK_THEME", "TICKDECK_PASSPHRASE", "HOME"} == environ.keys()
    assert "a" == taken["TICKDECK_KEY_MAIN"].reveal()
    assert "***" in repr(taken)


def test_keys_are_found_by_account() -> None:
    found = store(
        "main", "sub-two", KEY_MAIN="a", SECRET_MAIN="b", KEY_SUB_TWO="c", SECRET_SUB_TWO="d"
    )

    assert ("main", "sub-two") == found.accounts()
    assert ("a", "b", "") == revealed(found.find("main"))
    assert ("c", "d", "") == revealed(found.find("sub-two"))
    assert found.find("other") is None


@pytest.mark.parametrize("folded", [False, True])
def test_a_private_key_may_be_on_one_line_or_several(folded: bool) -> None:
    keys = Canary().credentials("main", "ed25519")
    pem = keys.secret.reveal()
    found = store(
        KEY_MAIN=keys.api_key.reveal(),
        SECRET_MAIN=pem.replace("\n", "\\n") if folded else pem,
        PEM_PASSPHRASE_MAIN="p",
    )

    assert (keys.api_key.reveal(), pem, "p") == revealed(found.find("main"))


def test_each_may_be_in_a_file_that_is_as_private(tmp_path: Path) -> None:
    for name in ("key", "secret", "passphrase"):
        write_private(tmp_path / name, f"{name} \n".encode())
    found = store(
        KEY_MAIN_FILE=str(tmp_path / "key"),
        SECRET_MAIN_FILE=str(tmp_path / "secret"),
        PEM_PASSPHRASE_MAIN_FILE=str(tmp_path / "passphrase"),
    )

    assert ("key", "secret", "passphrase ") == revealed(found.find("main"))
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(CredentialsMissing, match="chmod 600"):
        found.find("main")
    (tmp_path / "secret").unlink()
    with pytest.raises(CredentialsMissing, match="account main, is not there"):
        found.find("main")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"KEY_MAIN": "CANARY"},
            "half of the keys of account main: TICKDECK_SECRET_MAIN is not set",
        ),
        ({"SECRET_MAIN": "CANARY"}, "TICKDECK_KEY_MAIN is not set"),
        ({"PEM_PASSPHRASE_MAIN": "CANARY"}, "TICKDECK_KEY_MAIN is not set"),
        (
            {"KEY_MAIN": "CANARY", "KEY_MAIN_FILE": "CANARY", "SECRET_MAIN": "CANARY"},
            "both TICKDECK_KEY_MAIN and TICKDECK_KEY_MAIN_FILE are set",
        ),
    ],
)
def test_half_of_the_keys_and_too_many_are_told_by_name(
    variables: dict[str, str], told: str
) -> None:
    with pytest.raises(CredentialsMissing) as raised:
        store(**variables).find("main")

    assert told in str(raised.value)
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize(
    ("one", "other", "variable"),
    [("a-b", "a_b", "KEY_A_B"), ("main", "main_file", "KEY_MAIN_FILE")],
)
def test_no_two_accounts_read_one_variable(one: str, other: str, variable: str) -> None:
    found = store(one, other, **{variable: "x", variable.replace("KEY", "SECRET"): "y"})

    for account in (one, other):
        with pytest.raises(CredentialsMissing, match=f"would both read TICKDECK_{variable}"):
            found.find(account)


def test_variables_of_no_account_are_named() -> None:
    found = store("main", KEY_MAIN="a", SECRET_MIAN="b", KEY_OTHER_FILE="c")

    assert ("TICKDECK_KEY_OTHER_FILE", "TICKDECK_SECRET_MIAN") == found.unclaimed()


def test_nothing_is_kept_or_forgotten_in_it() -> None:
    found = store(KEY_MAIN="a", SECRET_MAIN="b")

    with pytest.raises(UsageError, match="set TICKDECK_KEY_MAIN yourself"):
        found.keep("main", made("a", "b"))
    with pytest.raises(UsageError, match="unset TICKDECK_KEY_MAIN yourself"):
        found.forget("main")
    assert not found.forget("other")


def test_the_store_shows_none_of_them() -> None:
    canary = Canary()
    keys = canary.credentials("main")
    canary.see(repr(vars(Environment({"TICKDECK_KEY_MAIN": Secret(keys.api_key.reveal())}, ()))))

    assert [] == canary.found()
