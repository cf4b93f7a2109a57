"""Addresses of venues that a configuration gives: what is taken, and what is kept for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

Scheme = Literal["http", "ws"]
"""The plain form; behind an `s` it is encrypted."""


def check_address(key: str, url: str, scheme: Scheme) -> None:
    """Raise `ValueError` unless keys and orders are safe on the way to `url`: encrypted, or on this
    machine. The text names `key`, and never repeats `url`."""
    secure = f"{scheme}s"
    parts = urlsplit(url)
    if parts.scheme not in (scheme, secure) or not parts.hostname:
        raise ValueError(f"{key}: expected an address that begins with {secure}://")
    if parts.scheme == scheme and not _is_here(parts.hostname):
        raise ValueError(f"{key}: {scheme}:// is taken for this machine only; use {secure}://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{key}: expected nothing but scheme, host, port and path")


def kept_files(data_dir: Path | None, url: str) -> Callable[[str], Path | None]:
    """Where what is known of the venue at `url` is kept, by a name of what it is: apart for each
    address, whose markets and bans are no other's."""
    address = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(url).netloc)[:80]
    if data_dir is None:
        return lambda name: None
    return lambda name: data_dir / f"{name}-{address}.json"


def _is_here(host: str) -> bool:
    """Whether `host` is this machine, without asking anyone."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified
