"""Keys of accounts in tests that compare them."""

from __future__ import annotations

from engine.credentials import Credentials, Secret


def made(api_key: str, secret: str, passphrase: str = "") -> Credentials:
    return Credentials(Secret(api_key), Secret(secret), Secret(passphrase))


def revealed(keys: Credentials | None) -> tuple[str, str, str] | None:
    """API key, secret and passphrase, to compare."""
    if keys is None:
        return None
    return keys.api_key.reveal(), keys.secret.reveal(), keys.passphrase.reveal()
