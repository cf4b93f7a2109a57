"""The account that every Binance of this kind opens with, and its keys.

They are the ones that the venue's own documentation prints for illustration, so everybody has
them: `rest-api.md` for HMAC, `fix-api.md` for Ed25519, in
https://github.com/binance/binance-spot-api-docs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.venues.binance.signatures import ApiKey

ACCOUNT: Final = "demo"
HMAC_KEY: Final = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
HMAC_SECRET: Final = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ED25519_KEY: Final = "demoEd25519KeyOfTheTestVenueWhichIsNoCredential000000000000000000"
ED25519_PEM: Final = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u\n"
    "-----END PRIVATE KEY-----\n"
)
BALANCES: Final = {
    "USDT": Decimal(100_000),
    "BTC": Decimal(2),
    "ETH": Decimal(20),
    "BNB": Decimal(10),
    "DOGE": Decimal(50_000),
    "LTC": Decimal(100),
}


def demo_keys(account: str = ACCOUNT) -> list[ApiKey]:
    """One key of each kind that signs with what is printed above."""
    return [
        ApiKey(key=HMAC_KEY, account=account, secret=HMAC_SECRET),
        ed25519_key(ED25519_KEY, account, ED25519_PEM),
    ]


def ed25519_key(key: str, account: str, private_pem: str) -> ApiKey:
    """The venue's side of a private key."""
    private = load_pem_private_key(private_pem.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return ApiKey(key=key, account=account, kind="ed25519", public_pem=public.decode())
