"""Private keys in PEM: made, recognised, and their public halves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.credentials import CredentialsMissing, Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def generate_ed25519() -> Secret:
    """A new private key (PKCS #8 in PEM, not encrypted)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(pem.decode("ascii"))


def public_pem(secret: Secret, passphrase: Secret) -> str:
    """The public half, as a venue is given it. Raises `CredentialsMissing`."""
    from cryptography.hazmat.primitives import serialization

    key = _load(secret, passphrase)
    if isinstance(key, str):
        raise CredentialsMissing(key)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode("ascii")


def fault_of(secret: Secret, passphrase: Secret) -> str:
    """Why this is no private key that can be used; empty where it is one."""
    key = _load(secret, passphrase)
    return key if isinstance(key, str) else ""


def is_encrypted(secret: Secret) -> bool:
    """Whether it asks for a passphrase of its own."""
    text = secret.reveal()
    return "ENCRYPTED PRIVATE KEY" in text or "Proc-Type: 4,ENCRYPTED" in text


def kind_of(secret: Secret, passphrase: Secret) -> str:
    """`Ed25519`, `RSA`; empty where it cannot be read."""
    key = _load(secret, passphrase)
    return "" if isinstance(key, str) else _kind(key)


def _kind(key: PrivateKeyTypes) -> str:
    # By its class's own name: importing all kinds to compare with takes long.
    return type(key).__name__.removeprefix("_").removesuffix("PrivateKey")


def _load(secret: Secret, passphrase: Secret) -> PrivateKeyTypes | str:
    """The key, or what is wrong. What the library raises is dropped: it may quote the text."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = secret.reveal()
    if "PUBLIC KEY" in text:
        return "the secret is a public key; the private one is wanted"
    needs = is_encrypted(secret)
    if needs and not passphrase:
        return "the private key is encrypted, and its passphrase is missing"
    password = passphrase.reveal().encode() if needs else None
    try:
        return load_pem_private_key(text.encode("utf-8", "replace"), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    if needs:
        return "the private key does not open with its passphrase, or is damaged"
    return "the secret begins as a private key in PEM and is none"
