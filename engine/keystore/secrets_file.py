"""`secrets.toml`: keys as text in a file that only its owner can read.

::

    [main]                         # the account's name in brokers.toml
    key = "..."                    # what the venue calls the API key
    secret = "..."                 # text, or a private key in PEM between triple quotes
    # secret_file = "main.pem"     # instead of secret: a file, as private as this one
    # passphrase = "..."           # of the private key, where that is encrypted
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import tomli

from engine.credentials import Credentials, CredentialsMissing
from engine.keystore.private_files import read_private, sole_writer, write_private
from engine.keystore.store import (
    ACCOUNT_NAME,
    NEVER,
    Entry,
    StoreName,
    credentials_of,
    entry_of,
    is_pem,
)
from engine.text import safe

HEAD: Final = "# Keys of accounts. Nobody but you may read this: chmod 600.\n"
FIELDS: Final = ("key", "secret", "secret_file", "passphrase")


class SecretsFile:
    """The store `file`. It is read anew for each answer."""

    name: StoreName = "file"
    timeout_s = NEVER

    def __init__(self, path: Path) -> None:
        self._path = path
        self.place = safe(path)

    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted(self._tables()))

    def find(self, account: str) -> Credentials | None:
        tables = self._tables()
        if account not in tables:
            return None
        entry = self._entry(account, tables[account])
        if entry.secret_file:
            entry = self._with_secret_file(account, entry)
        return credentials_of(entry)

    def keep(self, account: str, keys: Credentials) -> None:
        with sole_writer(self._path):
            self._tables()  # what cannot be read is not written over
            table = {key: text for key, text in _fields(entry_of(keys)) if text}
            self._write(self._changed(account, table))

    def forget(self, account: str) -> bool:
        with sole_writer(self._path):
            if account not in self._tables():
                return False
            self._write(self._changed(account, None))
        return True

    def _changed(self, account: str, table: dict[str, str] | None) -> str:
        text = changed(self._text(), account, table)
        if text is None:
            raise CredentialsMissing(f"{self.place}: has a fault in another account: mend it first")
        return text

    def _write(self, text: str) -> None:
        write_private(self._path, text.encode("utf-8"))

    def _text(self) -> str:
        data = read_private(self._path)
        return HEAD if data is None else _decoded(data, self.place)

    def _tables(self) -> dict[str, Any]:
        tables = _parsed(self._text(), self.place)
        if not all(
            ACCOUNT_NAME.fullmatch(name) and isinstance(table, dict)
            for name, table in tables.items()
        ):
            raise CredentialsMissing(
                f"{self.place}: what is outside of tables, or one of their names, is no account: "
                "write [ACCOUNT], and key and secret below it"
            )
        return tables

    def _entry(self, account: str, table: dict[str, Any]) -> Entry:
        where = f"{self.place}: {safe(account, 80)}"
        # No name of a key is quoted: it may be what should stand on the other side.
        if not table.keys() <= set(FIELDS):
            raise CredentialsMissing(f"{where}: expected {', '.join(FIELDS)}, and nothing else")
        if not all(isinstance(value, str) for value in table.values()):
            raise CredentialsMissing(f"{where}: every key must be text in quotes")
        entry = msgspec.convert(table, Entry)
        if entry.secret and entry.secret_file:
            raise CredentialsMissing(f"{where}: has both secret and secret_file")
        return entry

    def _with_secret_file(self, account: str, entry: Entry) -> Entry:
        path = self._path.parent / Path(entry.secret_file).expanduser()
        return msgspec.structs.replace(entry, secret=read_secret(path, f"account {account}"))


def read_secret(path: Path, whose: str) -> str:
    """The text of a file that holds nothing but one secret. Raises `CredentialsMissing`."""
    data = read_private(path)
    if data is None:
        raise CredentialsMissing(f"{safe(path)}, with the secret of {whose}, is not there")
    return _decoded(data, safe(path))


def _decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass  # the error holds all of the text
    raise CredentialsMissing(f"{place}: is not UTF-8 text")


def _parsed(text: str, place: str) -> dict[str, Any]:
    table, where = _parse(text)
    if table is None:
        raise CredentialsMissing(f"{place}: is not valid TOML{where}")
    return table


def _parse(text: str) -> tuple[dict[str, Any] | None, str]:
    """The table; or None, and where the fault is."""
    try:
        return tomli.loads(text), ""
    except RecursionError:
        return None, ""
    except tomli.TOMLDecodeError as error:
        found = re.search(r"\((at line \d+, column \d+|at end of document)\)$", str(error))
        return None, f" ({found[1]})" if found else ""


# -- changes, by which comments stay -----------------------------------------------------------


def changed(text: str, account: str, table: dict[str, str] | None) -> str | None:
    """`text`, which is valid, with the table of one account replaced, or left out; all else as it
    was. None where that cannot be done.
    """
    before = _parse(text)[0] or {}
    others = {name: value for name, value in before.items() if name != account}
    wanted = others if table is None else {**others, account: table}
    kept = text if account not in before else _without(text, account, others)
    section = "" if table is None else _section(account, table)
    joined = "\n".join(part.strip("\n") + "\n" for part in (kept, section) if part.strip("\n"))
    if _parse(joined)[0] == wanted:
        return joined
    # Written by a person in a way that cannot be cut: then without what else they wrote.
    if not all(isinstance(one, str) for value in wanted.values() for one in value.values()):
        return None
    return "\n".join([HEAD, *(_section(name, value) for name, value in wanted.items())])


def _without(text: str, account: str, others: dict[str, Any]) -> str:
    """The lines but those of the account's table; the whole text where they cannot be told."""
    lines = text.splitlines(keepends=True)
    for start, end in _spans(lines, account):
        kept = "".join([*lines[:start], *lines[end:]])
        if _parse(kept)[0] == others:
            return kept
    return text


def _spans(lines: list[str], account: str) -> Iterator[tuple[int, int]]:
    """From where to where the table may go; lines within quotes look like any others."""
    header = re.compile(rf"""\s*\[\s*(["']?){re.escape(account)}\1\s*\]\s*(#.*)?""")
    heads = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    for start in (at for at in heads if header.fullmatch(lines[at].rstrip("\r\n"))):
        for end in [*(at for at in heads if at > start), len(lines)]:
            while end < len(lines) and lines[end - 1].lstrip().startswith("#"):
                end -= 1  # what is said right above the next table is said of that
            yield start, end


def _section(account: str, table: dict[str, Any]) -> str:
    lines = [f"[{account}]\n"]
    lines += [f"{key} = {_quoted(text)}\n" for key, text in table.items()]
    return "".join(lines)


def _quoted(text: str) -> str:
    if is_pem(text) and '"' not in text and "\\" not in text:
        return f'"""\n{text}"""'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda char: f"\\u{ord(char[0]):04x}", escaped) + '"'


def _fields(entry: Entry) -> Iterator[tuple[str, str]]:
    return ((key, getattr(entry, key)) for key in FIELDS)
