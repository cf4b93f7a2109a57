"""Private keys in PEM: made, recognised, and their public halves."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from engine.credentials import CredentialsMissing, Secret
from engine.keystore.pem import fault_of, generate_ed25519, is_encrypted, kind_of, public_pem
from tests.support.canary import Canary

NONE = Secret("")


def encrypted(passphrase: str) -> Secret:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )
    return Secret(pem.decode())


def test_every_key_that_is_made_is_another_and_belongs_to_its_public_half() -> None:
    first, second = generate_ed25519(), generate_ed25519()
    assert first != second
    private = load_pem_private_key(first.reveal().encode(), None)
    public = load_pem_public_key(public_pem(first, NONE).encode())
    assert isinstance(private, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)

    public.verify(private.sign(b"payload"), b"payload")


def test_the_kind_is_told() -> None:
    ec = generate_ec(SECP256K1()).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )

    assert "Ed25519" == kind_of(generate_ed25519(), NONE)
    assert "EC" == kind_of(Secret(ec.decode()), NONE)
    assert "" == kind_of(Secret("text"), NONE)


def test_an_encrypted_key_opens_with_its_passphrase_only() -> None:
    secret = encrypted("open sesame")

    assert is_encrypted(secret)
    assert not is_encrypted(generate_ed25519())
    assert "" == fault_of(secret, Secret("open sesame"))
    assert "passphrase is missing" in fault_of(secret, NONE)
    assert "does not open" in fault_of(secret, Secret("open, sesame"))
    assert "Ed25519" == kind_of(secret, Secret("open sesame"))


def test_a_passphrase_that_is_not_needed_does_no_harm() -> None:
    assert "" == fault_of(generate_ed25519(), Secret("of another"))


@pytest.mark.parametrize("cut", [5, 30, 60, 100])
def test_a_damaged_key_is_refused_without_showing_it(cut: int) -> None:
    with Canary() as canary:
        pem = canary.credentials("main", "ed25519").secret.reveal()
        damaged = Secret(pem[:-cut])
        with pytest.raises(CredentialsMissing, match="is none") as raised:
            public_pem(damaged, NONE)
        canary.see_error(raised.value)
        canary.see(fault_of(damaged, NONE))
