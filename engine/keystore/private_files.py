"""Files that hold secrets: read only where nobody else can read or replace them, written whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.credentials import CredentialsMissing
from engine.errors import ConfigError
from engine.text import safe

MOST_BYTES: Final = 1 << 20
"""No file of keys is larger."""

MOST_LINKS: Final = 40
"""Links that are followed, as by the kernel."""

_OF_OTHERS: Final = 0o077
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in its place must not block


def read_private(path: Path) -> bytes | None:
    """What is in the file; None where there is none.

    Raises:
        CredentialsMissing: others can read or replace it, it is owned by someone else, is no
            plain file, or cannot be read.
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsMissing(f"{safe(path)} cannot be read: {error.strerror}") from error
    try:
        _refuse_open_file(path, os.fstat(handle))
        _refuse_open_way(path)
        with open(handle, "rb", closefd=False) as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise CredentialsMissing(f"{safe(path)} cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)


def write_private(path: Path, data: bytes) -> None:
    """Put `data` in place of the file: all of it or, whatever happens, none.

    Raises:
        ConfigError: it cannot be written.
        CredentialsMissing: others could replace it.
    """
    real = Path(os.path.realpath(path))
    beside = real.with_name(f".{real.name}.{secrets.token_hex(8)}")
    try:
        real.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_open_way(path)
        try:
            _write_new(beside, data)
            beside.replace(real)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(real.parent)
    except OSError as error:
        raise ConfigError(f"{safe(path)} cannot be written: {error.strerror}") from error


def remove_private(path: Path) -> None:
    """Take the file away. Raises `ConfigError`."""
    real = Path(os.path.realpath(path))
    try:
        real.unlink(missing_ok=True)
        _sync_folder(real.parent)
    except OSError as error:
        raise ConfigError(f"{safe(path)} cannot be removed: {error.strerror}") from error


@contextlib.contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Wait until no other process changes this file, and keep others waiting meanwhile.

    The lock is on its folder, so that nothing is left behind. Raises `ConfigError`.
    """
    folder = Path(os.path.realpath(path)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{safe(folder)} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_new(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    """A name is on the disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- who else can read or replace it ---------------------------------------------------------


def _refuse_open_file(path: Path, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise CredentialsMissing(f"{safe(path)} is not a plain file")
    if info.st_uid not in (os.geteuid(), 0):
        raise CredentialsMissing(
            f"{safe(path)} belongs to another user (id {info.st_uid}): keys are read from files "
            "of your own only"
        )
    if info.st_mode & _OF_OTHERS:
        mode = stat.S_IMODE(info.st_mode)
        raise CredentialsMissing(
            f"{safe(path)} is open to others (mode {mode:04o}): "
            f"chmod 600 {safe(shlex.quote(str(path)))}"
        )
    if info.st_size > MOST_BYTES:
        raise CredentialsMissing(f"{safe(path)} is too large for a file of keys")


def _refuse_open_way(path: Path) -> None:
    """Raises where someone else could put another file in this one's place: a folder on the way
    to it, through all links, that everyone can write in. In one with the sticky bit (as /tmp)
    others cannot replace folders of ours; a file or a link there is refused all the same.
    """
    at, left, links = Path("/"), list(reversed(path.absolute().parts[1:])), 0
    while left:
        name = left.pop()
        step = at / name
        is_link = step.is_symlink()
        _refuse_open_folder(path, at, is_kept_in=is_link or not left)
        if name == "..":
            at = at.parent
        elif not is_link:
            at = step
        else:
            links += 1
            if links > MOST_LINKS:
                raise CredentialsMissing(f"{safe(path)} is behind too many links")
            target = step.readlink()
            at = Path("/") if target.is_absolute() else at
            left += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _refuse_open_folder(path: Path, folder: Path, *, is_kept_in: bool) -> None:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return  # nobody can put anything there either
    if mode & stat.S_IWOTH and (is_kept_in or not mode & stat.S_ISVTX):
        raise CredentialsMissing(
            f"{safe(path)} can be replaced by others, since everyone can write in {safe(folder)}: "
            "keep it elsewhere, or chmod o-w the folder"
        )
