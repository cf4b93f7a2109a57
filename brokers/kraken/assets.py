"""Kraken's assets, which have up to four names each.

WebSocket v2 says `BTC` and `USD`. All that is older says XBT (and XDG of Dogecoin), and where it
tells of assets themselves, of old ones with a letter before that says whether it is a coin: `XXBT`,
`ZUSD`. Names here follow version 2.
https://support.kraken.com/articles/360001206766 (asset codes), read 2026-11.
"""

from __future__ import annotations

from typing import Final

NEW_NAMES: Final = {"XBT": "BTC", "XDG": "DOGE"}
"""What version 2 calls assets that older interfaces have another name for."""

_OLD_NAMES: Final = {new: old for old, new in NEW_NAMES.items()}

LONG_NAMES: Final = frozenset(
    {
        *("XXBT", "XETH", "XLTC", "XETC", "XXRP", "XXLM", "XXMR", "XZEC", "XREP", "XMLN", "XXDG"),
        *("ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "ZCHF"),
    }
)
"""Names with a letter before them that says whether it is a coin or not; others are plain."""


def new_name(name: str) -> str:
    """`XBT`, as older interfaces write it, as version 2 does: `BTC`."""
    return NEW_NAMES.get(name, name)


def asset_of(name: str) -> str:
    """An asset by the name that others know it by, in upper case: `XXBT` and `xbt` are BTC, `ZUSD`
    is USD; what is staked (`DOT.S`, `DOT28.S`) is counted with the rest."""
    bare, dot, _ = name.strip().upper().partition(".")
    if dot:
        bare = bare.rstrip("0123456789")
    return new_name(bare[1:] if bare in LONG_NAMES else bare)


def names_of(asset: str) -> list[str]:
    """All that an asset of version 2 may be called, its own name first. Any name of three letters
    may have a letter before it: more than there are do no harm where one is looked up."""
    plain = [asset, *([_OLD_NAMES[asset]] if asset in _OLD_NAMES else [])]
    return plain + [f"{letter}{name}" for name in plain for letter in "XZ" if len(name) == 3]
