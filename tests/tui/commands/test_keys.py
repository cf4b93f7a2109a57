"""`tickdeck keys set|list|public|forget`: keys come in and are never seen again."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from engine.credentials import Credentials, Secret
from engine.keystore import encrypted, sealed
from engine.keystore.encrypted import Encrypted
from engine.keystore.os_keyring import OsKeyring
from engine.keystore.secrets_file import SecretsFile
from tests.support.canary import Canary
from tests.support.keyrings import InMemory
from tests.support.keys import revealed
from tests.support.typist import Typist
from tui.__main__ import run
from tui.commands import hidden

BROKERS = """\
[accounts.main]
broker = "sim"
[accounts.spot]
broker = "sim"
keys = "encrypted"
[accounts.third]
broker = "sim"
keys = "keyring"
"""

PASSPHRASE = "correct horse"

Keys = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TICKDECK_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("TICKDECK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(hidden, "TERMINAL", str(tmp_path / "none"))
    monkeypatch.setattr(
        encrypted, "seal", lambda entries, key, costs: sealed.seal(entries, key, sealed.Costs(2, 1))
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "brokers.toml").write_text(BROKERS)
    return tmp_path / "config"


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    backend = InMemory()
    monkeypatch.setattr("engine.keystore.os_keyring._library_backend", lambda: backend)
    return backend


@pytest.fixture
def keys(
    folder: Path,
    keyring: InMemory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Keys:
    """Runs `tickdeck keys ...`: exit code, and what it printed."""

    def command(*arguments: str, piped: str | None = "", **variables: str) -> tuple[int, str]:
        stdin = io.TextIOWrapper(io.BytesIO((piped or "").encode("utf-8", "surrogateescape")))
        stdin.isatty = lambda: piped is None  # type: ignore[method-assign]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stdin)
            for name, text in variables.items():
                patch.setenv(f"TICKDECK_{name}", text)
            code = run(["keys", *arguments])
        told = capsys.readouterr()
        return code, told.out + told.err

    return command


def typed(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, str]) -> Typist:
    typist = Typist(*((question, f"{answer}\n") for question, answer in answers))
    monkeypatch.setattr(hidden, "TERMINAL", typist.path)
    return typist


def in_file(folder: Path, account: str) -> tuple[str, str, str] | None:
    return revealed(SecretsFile(folder / "secrets.toml").find(account))


def lines(given: Credentials) -> str:
    return f"{given.api_key.reveal()}\n{given.secret.reveal()}\n"


# -- set -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["hmac", "base64", "ed25519"])
def test_keys_come_through_a_pipe(keys: Keys, folder: Path, tmp_path: Path, kind: str) -> None:
    with Canary(tmp_path, may_hold=[folder / "secrets.toml"]) as canary:
        given = canary.credentials("main", kind)  # type: ignore[arg-type]
        code, told = keys("set", "main", piped=lines(given))
        canary.see(told, "what was printed")

    assert 0 == code
    assert f"the keys of account main are in {folder}/secrets.toml\n" == told
    assert revealed(given) == in_file(folder, "main")
    assert 0o600 == stat.S_IMODE((folder / "secrets.toml").stat().st_mode)


@pytest.mark.parametrize("kind", ["hmac", "ed25519"])
def test_keys_are_typed_and_not_shown(
    keys: Keys, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with Canary(tmp_path, may_hold=[folder / "secrets.toml"]) as canary:
        given = canary.credentials("main", kind)  # type: ignore[arg-type]
        with typed(
            monkeypatch, ("API key", given.api_key.reveal()), ("PEM", given.secret.reveal())
        ) as typist:
            code, told = keys("set", "main", piped=None)
        canary.see(told + typist.shown, "the screen")

    assert 0 == code
    assert revealed(given) == in_file(folder, "main")


@pytest.mark.parametrize("piped", [True, False])
def test_an_encrypted_private_key_comes_with_its_passphrase(
    keys: Keys, folder: Path, monkeypatch: pytest.MonkeyPatch, piped: bool
) -> None:
    pem = (
        Ed25519PrivateKey.generate()
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
        .decode()
    )
    if piped:
        code, _ = keys("set", "main", piped=f"abc\n{pem}open sesame\n")
    else:
        answers = [("API key", "abc"), ("PEM", pem.rstrip()), ("Passphrase", "open sesame")]
        with typed(monkeypatch, *answers):
            code, _ = keys("set", "main", piped=None)

    assert 0 == code
    assert ("abc", pem, "open sesame") == in_file(folder, "main")


@pytest.mark.parametrize(
    ("piped", "code", "told"),
    [
        ("", 2, "nothing came through the pipe"),
        ("\nCANARYSECRETCANARY", 2, "nothing came"),
        ("abc\n", 65, "the secret is missing"),
        ("abc\nCANARYSECRETCANARY\nmore\n", 65, "the secret has a space"),
        ("CANARY KEY CANARYSECRETCANARY\nx\n", 65, "the API key has a space"),
        ("abc\n-----BEGIN PRIVATE KEY-----\nCANARYSECRETCANARY\n", 65, "begins as a private key"),
        ("abc\n-----BEGIN PUBLIC KEY-----\nMC\n-----END PUBLIC KEY-----\n", 65, "is a public key"),
        ("abc\nCANARYSECRETCANARY\udcff\n", 65, "the secret has a space"),
        ("x" * 70_000, 65, "more came through the pipe"),
    ],
)
def test_what_are_no_keys_is_told_and_nothing_is_written(
    keys: Keys, folder: Path, tmp_path: Path, piped: str, code: int, told: str
) -> None:
    with Canary(tmp_path) as canary:
        canary.hide("CANARYSECRETCANARY", "the secret")
        found, printed = keys("set", "main", piped=piped)
        canary.see(printed)

    assert code == found
    assert told in printed
    assert not (folder / "secrets.toml").exists()


def test_keys_go_where_brokers_toml_says_or_where_one_says_now(
    keys: Keys, folder: Path, keyring: InMemory
) -> None:
    code, told = keys("set", "spot", piped="a\nb\n", PASSPHRASE=PASSPHRASE)
    assert (0, f"the keys of account spot are in {folder}/secrets.enc\n") == (code, told)
    code, told = keys("set", "third", piped="c\nd\n")
    assert (0, "the keys of account third are in the system's keyring\n") == (code, told)
    code, told = keys("set", "third", "--store", "file", piped="e\nf\n")
    assert 0 == code
    assert 'note: brokers.toml says keys = "keyring" of it: these are not asked for' in told

    store = Encrypted(folder / "secrets.enc")
    store.unlock(Secret(PASSPHRASE))
    assert ("a", "b", "") == revealed(store.find("spot"))
    assert ("c", "d", "") == revealed(OsKeyring(["third"], lambda: keyring).find("third"))
    assert ("e", "f", "") == in_file(folder, "third")


def test_the_encrypted_file_is_made_and_added_to_with_one_passphrase(
    keys: Keys, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = [("New passphrase", PASSPHRASE), ("same again", PASSPHRASE)]
    with typed(monkeypatch, *new):
        assert 0 == keys("set", "spot", piped="a\nb\n")[0]
    with typed(monkeypatch, ("Passphrase", PASSPHRASE)):
        assert 0 == keys("set", "main", "--store", "encrypted", piped="c\nd\n")[0]
    code, told = keys("set", "main", "--store", "encrypted", piped="e\nf\n", PASSPHRASE="another")

    assert 69 == code
    assert "does not open with this passphrase" in told
    store = Encrypted(folder / "secrets.enc")
    store.unlock(Secret(PASSPHRASE))
    assert ("main", "spot") == store.accounts()
    assert ("c", "d", "") == revealed(store.find("main"))


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["set", "Main"], 2, "is not an account name"),
        (["set", "main", "--store", "env"], 2, "set by whoever starts tickdeck"),
        (["set", "main", "--store", "fiel"], 2, "no store 'fiel'"),
        (["forget", "../x"], 2, "is not an account name"),
        (["public", "x y"], 2, "is not an account name"),
        (["public", "main"], 69, "no keys for account main"),
        (["forget", "main"], 1, "no store has keys of account main"),
        (["set"], 2, "Missing argument"),
    ],
)
def test_what_makes_no_sense_is_told(
    keys: Keys, arguments: list[str], code: int, told: str
) -> None:
    found, printed = keys(*arguments, piped="a\nb\n")

    assert code == found
    assert told in printed


def test_what_else_is_to_be_done_is_said(keys: Keys) -> None:
    _, told = keys("set", "other", piped="a\nb\n")
    assert "note: brokers.toml has no [accounts.other] yet" in told
    _, told = keys("set", "main", piped="a\nb\n", KEY_MAIN="c", SECRET_MAIN="d")
    assert "note: the environment has keys of it too, and is asked first" in told


def test_a_file_that_others_can_read_is_not_added_to(keys: Keys, folder: Path) -> None:
    keys("set", "main", piped="a\nb\n")
    (folder / "secrets.toml").chmod(0o644)
    code, told = keys("set", "spot", "--store", "file", piped="c\nd\n")

    assert 69 == code
    assert f"chmod 600 {folder}/secrets.toml" in told


def test_without_a_keyring_it_is_told(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    monkeypatch.setattr("engine.keystore.os_keyring._library_backend", Keyring)
    code, told = keys("set", "third", piped="a\nb\n")

    assert 69 == code
    assert "no keyring that works here" in told


# -- pairs ---------------------------------------------------------------------------------------


def pair_in(told: str, folder: Path) -> tuple[Ed25519PublicKey, Ed25519PrivateKey]:
    """The public key that was printed, and the private one that was kept."""
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----\n"
    public = load_pem_public_key((begin + told.split(begin)[1].split(end)[0] + end).encode())
    kept = in_file(folder, "main")
    assert kept is not None
    private = load_pem_private_key(kept[1].encode(), None)
    assert isinstance(public, Ed25519PublicKey)
    assert isinstance(private, Ed25519PrivateKey)
    return public, private


def test_a_pair_is_made_and_waits_for_its_api_key(keys: Keys, folder: Path) -> None:
    code, told = keys("set", "main", "--generate-ed25519")
    public, private = pair_in(told, folder)

    assert 0 == code
    assert "PRIVATE" not in told
    assert "register this public key at the venue" in told
    assert "without its API key it cannot log in" in told
    public.verify(private.sign(b"payload"), b"payload")
    code, told = keys("list")
    assert "main   file       Ed25519, waits for its API key\n" in told

    before = in_file(folder, "main")
    assert 0 == keys("set", "main", piped="abc\n")[0]
    assert before is not None
    assert ("abc", before[1], "") == in_file(folder, "main")


def test_a_pair_is_kept_before_its_api_key_is_typed(
    keys: Keys, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with typed(monkeypatch, ("API key", "")):
        assert 0 == keys("set", "main", "--generate-ed25519", piped=None)[0]
    first = in_file(folder, "main")
    assert first is not None
    with typed(monkeypatch, ("API key", "abc"), ("that waits for it", "")):
        assert 0 == keys("set", "main", piped=None)[0]
    assert ("abc", first[1], "") == in_file(folder, "main")

    with typed(monkeypatch, ("API key", "not an API key")):
        code, told = keys("set", "main", "--generate-ed25519", "--force", piped=None)
    assert 65 == code
    assert "this is no API key" in told
    after = in_file(folder, "main")
    assert after is not None
    assert ("", True) == (after[0], after[1] != first[1])


def test_a_pair_takes_the_place_of_keys_only_where_that_is_meant(keys: Keys, folder: Path) -> None:
    keys("set", "main", piped="a\nb\n")
    code, told = keys("set", "main", "--generate-ed25519")
    assert 2 == code
    assert "a new pair would take their place" in told
    assert ("a", "b", "") == in_file(folder, "main")

    assert 0 == keys("set", "main", "--generate-ed25519", "--force")[0]
    assert ("a", "b", "") != in_file(folder, "main")


def test_the_public_half_is_printed_again(keys: Keys, folder: Path) -> None:
    _, first = keys("set", "main", "--generate-ed25519")
    code, again = keys("public", "main")

    assert 0 == code
    assert first.startswith(again)
    assert pair_in(again, folder)[0] == pair_in(first, folder)[0]
    keys("set", "third", piped="a\nb\n")
    code, told = keys("public", "third")
    assert (2, True) == (code, "the secret of account third is text" in told)


# -- list ----------------------------------------------------------------------------------------


def test_a_list_says_what_is_where_and_no_key(
    keys: Keys, folder: Path, tmp_path: Path, keyring: InMemory
) -> None:
    may_hold = [folder / "secrets.toml"]
    with Canary(tmp_path, may_hold=may_hold) as canary:
        keys("set", "main", piped=lines(canary.credentials("main", "ed25519")))
        keys("set", "third", piped=lines(canary.credentials("third")))
        keys("set", "spot", piped=lines(canary.credentials("spot")), PASSPHRASE=PASSPHRASE)
        keys("set", "other", piped=lines(canary.credentials("other")))
        keys("set", "spot", "--store", "file", piped=lines(canary.credentials("spot")))
        code, told = keys("list", KEY_MAIN="a", SECRET_MAIN="b")
        canary.see(told)

    assert 0 == code
    assert told.splitlines() == [
        "main   env        text",
        "main   file       Ed25519",
        "other  file       text, no account of this name in brokers.toml",
        'spot   file       text, not asked for: brokers.toml says keys = "encrypted"',
        "spot   encrypted  locked",
        "third  keyring    text",
    ]


def test_what_is_wrong_is_listed_and_ends_with_1(keys: Keys, folder: Path) -> None:
    code, told = keys("list")
    assert 1 == code
    assert "spot   encrypted  none" in told
    keys("set", "main", piped="a\nb\n")
    (folder / "secrets.toml").chmod(0o604)
    code, told = keys("list")
    assert 1 == code
    assert f"-      file       FAULT: {folder}/secrets.toml is open to others" in told
    (folder / "secrets.toml").chmod(0o600)
    (folder / "secrets.toml").write_text('[main]\nkey = "a"\n')
    code, told = keys("list", KEY_MAIN="x")
    assert "main   env        FAULT: the environment has but half of the keys" in told
    assert "main   file       FAULT: the secret is missing" in told


def test_an_empty_list_says_so(keys: Keys, folder: Path) -> None:
    (folder / "brokers.toml").unlink()

    assert (0, "no store has keys of an account\n") == keys("list")


# -- forget --------------------------------------------------------------------------------------


def test_keys_are_forgotten_everywhere_or_in_one_store(
    keys: Keys, folder: Path, keyring: InMemory
) -> None:
    for store in ("file", "keyring", "encrypted"):
        keys("set", "main", "--store", store, piped="a\nb\n", PASSPHRASE=PASSPHRASE)
    code, told = keys("forget", "main", "--store", "keyring", "--force")
    assert (0, {}) == (code, keyring.kept)
    assert in_file(folder, "main")

    code, told = keys("forget", "main", "--force")
    assert 0 == code
    assert told.count("are no longer in") == 2
    assert in_file(folder, "main") is None
    assert not (folder / "secrets.enc").exists()


def test_forgetting_is_confirmed(keys: Keys, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys("set", "main", piped="a\nb\n")
    code, told = keys("forget", "main")
    assert (2, True) == (code, "there is no terminal to ask on" in told)
    with typed(monkeypatch, ("(y/N)", "n")):
        assert 2 == keys("forget", "main")[0]
    assert in_file(folder, "main")
    with typed(monkeypatch, ("(y/N)", "y")):
        assert 0 == keys("forget", "main")[0]
    assert in_file(folder, "main") is None


def test_others_in_the_encrypted_file_stay_and_are_written_anew(keys: Keys, folder: Path) -> None:
    for account in ("main", "spot"):
        keys("set", account, "--store", "encrypted", piped="a\nb\n", PASSPHRASE=PASSPHRASE)
    code, told = keys("forget", "main", "--force")
    assert (2, True) == (code, "there is no terminal to ask on" in told)

    assert 0 == keys("forget", "main", "--force", PASSPHRASE=PASSPHRASE)[0]
    assert ("spot",) == Encrypted(folder / "secrets.enc").accounts()


def test_variables_are_left_to_who_set_them(keys: Keys) -> None:
    code, told = keys("forget", "main", "--force", KEY_MAIN="a", SECRET_MAIN="b")

    assert (2, True) == (code, "unset TICKDECK_KEY_MAIN yourself" in told)


# -- as a program --------------------------------------------------------------------------------


def test_no_part_of_a_key_is_on_a_command_line_or_left_by_a_fault(tmp_path: Path) -> None:
    """The program itself, with a folder that it cannot write in."""
    environ = {
        **os.environ,
        "TICKDECK_CONFIG": str(tmp_path / "config"),
        "TICKDECK_DATA_DIR": str(tmp_path / "data"),
    }
    (tmp_path / "config").write_text("a file where a folder should be")
    with Canary(tmp_path) as canary:
        given = canary.credentials("main", "ed25519")
        done = subprocess.run(
            [sys.executable, "-m", "tui", "keys", "set", "main"],
            input=lines(given),
            env=environ,
            capture_output=True,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[3],
        )
        canary.see(done.stdout + done.stderr + repr(done.args))

    assert done.returncode in (69, 78)
    assert "Traceback" not in done.stderr
    assert "config" in done.stderr
