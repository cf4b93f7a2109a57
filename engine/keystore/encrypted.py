"""`secrets.enc`: keys in a file that opens with a passphrase, which is kept in memory only."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.keystore.private_files import (
    read_private,
    remove_private,
    sole_writer,
    write_private,
)
from engine.keystore.sealed import Costs, Sealed, read, seal, unseal
from engine.keystore.store import NEVER, Entry, StoreName, credentials_of, entry_of
from engine.text import safe


class Encrypted:
    """The store `encrypted`. It is read anew for each answer, and opened anew once it changed."""

    name: StoreName = "encrypted"
    timeout_s = NEVER

    def __init__(self, path: Path, *, costs: Costs | None = None) -> None:
        """
        Args:
            costs: of what is written, where not the usual ones.
        """
        self._path = path
        self._costs = costs
        self._passphrase: Secret | None = None
        self._opened: tuple[bytes, dict[str, Entry]] | None = None
        """Digest of the file that was opened last, and what was in it."""
        self._lock = threading.Lock()  # opening takes 128 MB: one at a time
        self.place = safe(path)

    @property
    def is_there(self) -> bool:
        """Whether there is such a file. Raises `CredentialsMissing` where it cannot be used."""
        return self._read() is not None

    @property
    def is_unlocked(self) -> bool:
        """Whether a passphrase is known."""
        return self._passphrase is not None

    def unlock(self, passphrase: Secret) -> None:
        """Use this passphrase from now on; where there is a file, it must open with it.

        Raises:
            WrongPassphrase: it does not.
            CredentialsMissing: the file cannot be read, or is damaged.
        """
        sealed = self._read()
        if sealed is not None:
            self._open(sealed, passphrase)
        self._passphrase = passphrase

    def accounts(self) -> tuple[str, ...]:
        """As the file says without being opened."""
        sealed = self._read()
        return () if sealed is None else sealed.header.accounts

    def find(self, account: str) -> Credentials | None:
        sealed = self._read()
        if sealed is None or account not in sealed.header.accounts:
            return None
        if self._passphrase is None:
            raise CredentialsMissing(
                f"the keys of account {account} are in {self.place}, which is locked: "
                "its passphrase is asked for when tickdeck starts"
            )
        return credentials_of(self._open(sealed, self._passphrase)[account])

    def keep(self, account: str, keys: Credentials) -> None:
        with sole_writer(self._path):
            self._write({**self._entries(), account: entry_of(keys)})

    def forget(self, account: str) -> bool:
        with sole_writer(self._path):
            sealed = self._read()
            if sealed is None or account not in sealed.header.accounts:
                return False
            if sealed.header.accounts == (account,):
                remove_private(self._path)
            else:
                entries = self._entries()
                self._write({name: one for name, one in entries.items() if name != account})
        return True

    def _entries(self) -> dict[str, Entry]:
        sealed = self._read()
        return {} if sealed is None else self._open(sealed, self._needed())

    def _write(self, entries: dict[str, Entry]) -> None:
        write_private(self._path, seal(entries, self._needed(), self._costs))

    def _needed(self) -> Secret:
        if self._passphrase is None:
            raise CredentialsMissing(f"{self.place} is locked: its passphrase is needed")
        return self._passphrase

    def _read(self) -> Sealed | None:
        data = read_private(self._path)
        return None if data is None else read(data, self.place)

    def _open(self, sealed: Sealed, passphrase: Secret) -> dict[str, Entry]:
        digest = hashlib.sha256(sealed.proven + sealed.body).digest()
        with self._lock:
            if self._opened is None or self._opened[0] != digest or passphrase != self._passphrase:
                self._opened = (digest, unseal(sealed, passphrase, self.place))
            return self._opened[1]
