"""Keys under a passphrase: every one comes back, and no byte of the file may be another."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import given
from hypothesis import strategies as st

from engine.credentials import CredentialsMissing, Secret
from engine.keystore.sealed import MAGIC, Costs, WrongPassphrase, read, seal, unseal
from engine.keystore.store import Entry
from tests.support.canary import Canary

CHEAP = Costs(n=2, r=1)
PASSPHRASE = Secret("correct horse battery staple")
ENTRIES = {
    "main": Entry(key="abc", secret="def"),
    "spot": Entry(key="ghi", secret="-----BEGIN\n", passphrase="päß\U0001f511"),
}
FILE = (
    b"tickdeck secrets 1\n"
    b'{"accounts":["main","spot"],"kdf":"scrypt","n":2,"r":1,"p":1,"salt":"ZHXMDViT2jiqc9SSY'
    b'SsHgg==","cipher":"aes-256-gcm","nonce":"KZWLSGSr0vr2qaJF"}\n'
    b"1jhOIdseth0zbRGMlac9/JHmN8VSFBYUT5CTtg+jH5UmSEWy0BtfIexhYTrG66F9o88AzDGNNPIZh15FJbr2LE"
    b"IY/fM1AZRyjznSWfAk9GqZQesZB8i/WbfsQpQouBJKZhE+abTp+jKlXuk4V7EbGIM8KfvD1kbUYXORkGY7N47T"
    b"d0vNuZag57K/KQwfci1Cu20KgJTLego8eUNVA9lKF/UkC+r5BH47SRavMOQ=\n"
    b"3cabbda306eda84d8eeac2073d25ce4824411ceea68b364debf0421e7368bb39\n"
)
"""Written once, so that files of people are read for ever."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
entries = st.builds(Entry, key=texts, secret=texts, passphrase=texts)


def opened(data: bytes, passphrase: Secret = PASSPHRASE) -> dict[str, Entry]:
    return unseal(read(data, "FILE"), passphrase, "FILE")


def with_checksum(above: bytes) -> bytes:
    return above + hashlib.sha256(above).hexdigest().encode() + b"\n"


def forged(**changes: object) -> bytes:
    """The file with another header, and a checksum that holds."""
    magic, header, body, *_ = FILE.split(b"\n")
    changed = json.dumps(json.loads(header) | changes).encode()
    return with_checksum(b"\n".join([magic, changed, body, b""]))


def test_a_file_that_was_written_long_ago_is_read() -> None:
    assert ENTRIES == opened(FILE)


@given(st.dictionaries(texts, entries, max_size=4), st.text(max_size=30))
def test_what_was_sealed_comes_back(accounts: dict[str, Entry], passphrase: str) -> None:
    data = seal(accounts, Secret(passphrase), CHEAP)

    assert accounts == opened(data, Secret(passphrase))
    assert tuple(sorted(accounts)) == read(data, "FILE").header.accounts


@given(st.text(max_size=30).filter(lambda text: text != PASSPHRASE.reveal()))
def test_another_passphrase_does_not_open_it_and_is_told_to_be_wrong(passphrase: str) -> None:
    with pytest.raises(WrongPassphrase, match="does not open with this passphrase"):
        opened(FILE, Secret(passphrase))


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_any_byte_that_was_changed_is_refused_as_damage(at: int, by: int) -> None:
    data = bytearray(FILE)
    data[at] ^= by

    with pytest.raises(CredentialsMissing) as raised:
        opened(bytes(data))
    assert not isinstance(raised.value, WrongPassphrase)


def test_every_single_byte_is_under_proof() -> None:
    """Also where whoever changed it made the checksum anew."""
    above = FILE[:-65]
    for at in range(len(above)):
        changed = bytearray(above)
        changed[at] ^= 1
        with pytest.raises(CredentialsMissing):
            opened(with_checksum(bytes(changed)))


@given(st.integers(0, len(FILE) - 1))
def test_a_file_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(CredentialsMissing):
        opened(FILE[:length])


@given(st.binary(min_size=1, max_size=20))
def test_a_file_with_more_at_its_end_is_refused(more: bytes) -> None:
    with pytest.raises(CredentialsMissing, match="damaged"):
        opened(FILE + more)


@given(st.binary(max_size=200))
def test_nothing_else_is_taken_for_one(data: bytes) -> None:
    with pytest.raises(CredentialsMissing):
        read(data, "FILE")
    with pytest.raises(CredentialsMissing):
        read(MAGIC + b"\n" + data, "FILE")
    with pytest.raises(CredentialsMissing):
        read(with_checksum(MAGIC + b"\n" + data), "FILE")


def test_another_version_is_told_apart() -> None:
    with pytest.raises(CredentialsMissing, match="of a version that is not known here"):
        read(FILE.replace(b"secrets 1", b"secrets 2", 1), "FILE")
    with pytest.raises(CredentialsMissing, match="no file of encrypted keys"):
        read(b"[main]\n", "FILE")


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 1 << 24},  # 16 GB
        {"n": 1 << 20, "r": 64},
        {"r": 65},
        {"p": 17},
        {"n": 1000},
        {"n": 1},
        {"n": 0},
        {"n": -2},
        {"r": 0},
        {"p": 0},
        {"n": "2"},
        {"salt": ""},
        {"nonce": base64.b64encode(bytes(11)).decode()},
        {"kdf": "none"},
        {"cipher": "none"},
        {"more": 1},
    ],
)
def test_costs_that_no_one_means_are_refused_before_anything_is_derived(
    changes: dict[str, object],
) -> None:
    with pytest.raises(CredentialsMissing, match="says what no file of encrypted keys says"):
        read(forged(**changes), "FILE")


@pytest.mark.parametrize(
    "changes", [{"n": 4}, {"r": 2}, {"p": 2}, {"accounts": ["main"]}, {"salt": "A" * 22 + "=="}]
)
def test_a_header_that_was_made_by_another_does_not_open(changes: dict[str, object]) -> None:
    with pytest.raises(WrongPassphrase):
        opened(forged(**changes))


def test_no_two_writings_share_salt_or_nonce() -> None:
    headers = [read(seal(ENTRIES, PASSPHRASE, CHEAP), "FILE").header for _ in range(50)]

    assert 50 == len({header.salt for header in headers})
    assert 50 == len({header.nonce for header in headers})


def test_a_passphrase_is_the_same_however_it_was_typed() -> None:
    data = seal(ENTRIES, Secret("caf\u00e9 12"), CHEAP)

    assert ENTRIES == opened(data, Secret("cafe\u0301 12"))


def test_the_format_is_the_documented_one() -> None:
    """Opened with the primitives alone, as another program would."""
    magic, header, body, digest, rest = FILE.split(b"\n")
    said = json.loads(header)
    salt, nonce = (base64.b64decode(said[name]) for name in ("salt", "nonce"))
    key = Scrypt(salt=salt, length=32, n=said["n"], r=said["r"], p=said["p"]).derive(
        PASSPHRASE.reveal().encode()
    )
    text = AESGCM(key).decrypt(nonce, base64.b64decode(body), magic + b"\n" + header + b"\n")

    assert (b"tickdeck secrets 1", b"") == (magic, rest)
    assert hashlib.sha256(FILE[:-65]).hexdigest().encode() == digest
    assert {"key": "abc", "secret": "def"}.items() <= json.loads(text)["main"].items()


def test_the_usual_costs_are_those_that_owasp_asks_for() -> None:
    header = read(seal({}, PASSPHRASE), "FILE").header

    assert (1 << 17, 8, 1) == (header.n, header.r, header.p)


@pytest.mark.parametrize("text", [b"{}", b"[]", b"\xff", b'{"main": {"key": "CANARYKEYCANARY', b""])
def test_what_opens_and_is_no_keys_is_refused_without_a_word_of_it(text: bytes) -> None:
    magic, header, *_ = FILE.split(b"\n")
    said = json.loads(header)
    salt, nonce = (base64.b64decode(said[name]) for name in ("salt", "nonce"))
    proven = magic + b"\n" + header + b"\n"
    key = Scrypt(salt=salt, length=32, n=2, r=1, p=1).derive(PASSPHRASE.reveal().encode())
    body = base64.b64encode(AESGCM(key).encrypt(nonce, text, proven))
    with Canary() as canary:
        canary.hide("CANARYKEYCANARY", "the key")
        with pytest.raises(CredentialsMissing) as raised:
            opened(with_checksum(proven + body + b"\n"))
        canary.see_error(raised.value)


def test_the_file_shows_no_key_and_no_passphrase() -> None:
    canary = Canary()
    keys = canary.credentials("main", "ed25519")
    canary.hide(PASSPHRASE.reveal(), "the passphrase")
    entry = Entry(key=keys.api_key.reveal(), secret=keys.secret.reveal())
    canary.see(seal({"main": entry}, PASSPHRASE, CHEAP))

    assert [] == canary.found()
