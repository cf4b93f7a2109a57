"""Keys in `secrets.toml`: read with every fault told, changed with what else is there kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.credentials import CredentialsMissing
from engine.keystore.private_files import write_private
from engine.keystore.secrets_file import HEAD, SecretsFile, changed
from engine.keystore.store import entry_of
from tests.support.canary import Canary
from tests.support.keys import made, revealed

WRITTEN = '''\
# Keys of mine.

[main]   # since May
key = "abc"
secret = "def"

# Of the other one:
# it may trade only.
["spot"]
key = 'ghi'
secret = """
[main]
"""

[third]
key = "jkl"
secret = "mno"
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "secrets.toml"
    write_private(found, WRITTEN.encode())
    return found


def test_without_a_file_no_account_has_keys(tmp_path: Path) -> None:
    store = SecretsFile(tmp_path / "secrets.toml")

    assert () == store.accounts()
    assert store.find("main") is None
    assert not store.forget("main")
    assert [] == list(tmp_path.iterdir())


def test_keys_are_found_by_account(path: Path) -> None:
    store = SecretsFile(path)

    assert ("main", "spot", "third") == store.accounts()
    assert ("abc", "def", "") == revealed(store.find("main"))
    assert ("ghi", "[main]", "") == revealed(store.find("spot"))
    assert store.find("other") is None


@pytest.mark.parametrize("kind", ["hmac", "base64", "ed25519"])
def test_keys_that_are_kept_are_found_again(tmp_path: Path, kind: str) -> None:
    keys = Canary().credentials("main", kind)  # type: ignore[arg-type]
    SecretsFile(tmp_path / "secrets.toml").keep("main", keys)
    store = SecretsFile(tmp_path / "secrets.toml")

    assert revealed(keys) == revealed(store.find("main"))
    assert (tmp_path / "secrets.toml").read_text().startswith(HEAD)


def test_a_private_key_stays_readable_in_the_file(tmp_path: Path) -> None:
    keys = Canary().credentials("main", "ed25519")
    SecretsFile(tmp_path / "secrets.toml").keep("main", keys)

    assert keys.secret.reveal() in (tmp_path / "secrets.toml").read_text()


def test_new_keys_take_the_place_of_old_ones_and_comments_stay(path: Path) -> None:
    store = SecretsFile(path)
    store.keep("main", made("new", "newer"))

    text = path.read_text()
    assert ("new", "newer", "") == revealed(store.find("main"))
    assert "abc" not in text
    assert text.startswith("# Keys of mine.\n")
    assert '\n\n# Of the other one:\n# it may trade only.\n["spot"]\n' in text
    assert ("ghi", "[main]", "") == revealed(store.find("spot"))


@pytest.mark.parametrize("account", ["main", "spot", "third"])
def test_what_is_forgotten_is_gone_and_nothing_else(path: Path, account: str) -> None:
    store = SecretsFile(path)
    others = set(store.accounts()) - {account}

    assert store.forget(account)
    assert not store.forget(account)
    assert tuple(sorted(others)) == store.accounts()
    assert all(store.find(name) for name in others)


@pytest.mark.parametrize(
    "text",
    [
        'main = {key = "abc", secret = "def"}\n[other]\nkey = "x"\nsecret = "y"\n',
        '[other]\nkey = "x"\nsecret = "y"\n[main]\nkey = """\n[other]\n"""\nsecret = "def"\n',
        'main.key = "abc"\nmain.secret = "def"\nother.key = "x"\nother.secret = "y"\n',
    ],
)
def test_a_file_that_was_written_in_another_way_is_changed_as_well(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "secrets.toml"
    write_private(path, text.encode())
    store = SecretsFile(path)
    store.keep("main", made("new", "newer"))

    assert ("new", "newer", "") == revealed(store.find("main"))
    assert ("x", "y", "") == revealed(store.find("other"))
    assert store.forget("main")
    assert ("other",) == store.accounts()


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["[main]", '"""', "'''", "\\", '\n[main]\nkey="x"\n', "#", '-----BEGIN X"\n'.lower()]
)
TABLES = st.dictionaries(
    st.sampled_from(["main", "spot", "a-b", "x_1"]),
    st.dictionaries(st.sampled_from(["key", "secret", "passphrase"]), TEXTS, max_size=3),
)


@given(TABLES, st.sampled_from(["main", "spot", "new"]), TEXTS, TEXTS)
def test_whatever_is_written_one_account_is_changed_and_no_other(
    tables: dict[str, dict[str, str]], account: str, key: str, secret: str
) -> None:
    text = HEAD
    for name, table in tables.items():
        text = changed(text, name, table) or ""
    after = changed(text, account, {"key": key, "secret": secret}) or ""

    assert tables == tomli.loads(text)
    assert {**tables, account: {"key": key, "secret": secret}} == tomli.loads(after)
    others = {name: table for name, table in tables.items() if name != account}
    assert others == tomli.loads(changed(after, account, None) or "")
    assert HEAD in after


def test_a_secret_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    keys = Canary().credentials("main", "ed25519")
    write_private(tmp_path / "main.pem", keys.secret.reveal().encode())
    write_private(
        tmp_path / "secrets.toml",
        f'[main]\nkey = "{keys.api_key.reveal()}"\nsecret_file = "main.pem"\n'.encode(),
    )
    store = SecretsFile(tmp_path / "secrets.toml")

    assert revealed(keys) == revealed(store.find("main"))
    (tmp_path / "main.pem").chmod(0o640)
    with pytest.raises(CredentialsMissing, match=r"chmod 600 .*main\.pem"):
        store.find("main")
    (tmp_path / "main.pem").unlink()
    with pytest.raises(CredentialsMissing, match=r"main\.pem.*account main, is not there"):
        store.find("main")


KEY = "CANARYKEYCANARYKEY"

FAULTY = [
    (f"[main]\nkey = {KEY}\n", "is not valid TOML (at line 2, column 7)"),
    (f'[main]\nkey = "{KEY}\nsecret = "x"\n', "is not valid TOML (at line 2, column"),
    (f'[main]\nkey = """{KEY}\n', "is not valid TOML (at end of document)"),
    (f'[main]\nkey = "\\q{KEY}"\n', "is not valid TOML (at line 2"),
    (f'[main]\nkey = "{KEY}"\nkey = "x"\n', "is not valid TOML (at"),
    (f'[main]\nkey = "{KEY}é"\n'.encode("latin-1"), "is not UTF-8 text"),
    (f"x = {'[' * 5000}{KEY}", "is not valid TOML"),
    (f'key = "{KEY}"\nsecret = "x"\n', "is no account"),
    (f'{KEY} = "x"\n', "is no account"),
    (f'["{KEY}"]\nkey = "x"\n', "is no account"),
    (f'[main]\n{KEY} = "x"\n', "expected key, secret, secret_file, passphrase, and nothing else"),
    (f'[main]\nkey = ["{KEY}"]\n', "must be text in quotes"),
    (f'[[main]]\nkey = "{KEY}"\n', "is no account"),
    (f'[main]\nkey = "a"\nsecret = "{KEY}"\nsecret_file = "x"\n', "both secret and secret_file"),
]


@pytest.mark.parametrize(("text", "told"), FAULTY)
def test_a_fault_is_told_with_its_place_and_without_a_word_of_the_file(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    path = tmp_path / "secrets.toml"
    write_private(path, text if isinstance(text, bytes) else text.encode())
    with Canary(tmp_path, may_hold=[path]) as canary:
        canary.hide(KEY, "the key")
        with pytest.raises(CredentialsMissing) as raised:
            SecretsFile(path).find("main")
        canary.see_error(raised.value)

    assert told in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_fault_in_one_account_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    write_private(path, b'[main]\nkey = 1\n[spot]\nkey = "a"\nsecret = "b"\n')

    assert ("a", "b", "") == revealed(SecretsFile(path).find("spot"))


def test_what_cannot_be_kept_as_it_is_must_be_mended_first(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    write_private(path, b"spot = {key = 1}\nmain = {key = 'a', secret = 'b'}\n")

    with pytest.raises(CredentialsMissing, match="another account: mend it first"):
        SecretsFile(path).forget("main")
    assert ("a", "b", "") == revealed(SecretsFile(path).find("main"))


def test_a_file_that_cannot_be_read_is_not_written_over(path: Path) -> None:
    path.chmod(0o644)
    with pytest.raises(CredentialsMissing, match="chmod 600"):
        SecretsFile(path).keep("main", made("new", "newer"))
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(CredentialsMissing, match="not valid TOML"):
        SecretsFile(path).keep("main", made("new", "newer"))

    assert "nonsense" == path.read_text()


def test_no_empty_field_is_written(tmp_path: Path) -> None:
    store = SecretsFile(tmp_path / "secrets.toml")
    store.keep("main", made("", "secret"))

    assert {"main": {"secret": "secret"}} == tomli.loads((tmp_path / "secrets.toml").read_text())
    found = store.find("main")
    assert found is not None
    assert ("", "secret") == (entry_of(found).key, entry_of(found).secret)
