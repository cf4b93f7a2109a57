"""Files of keys are read only where nobody else can read or replace them, and written whole."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from engine.credentials import CredentialsMissing
from engine.errors import ConfigError
from engine.keystore.private_files import (
    MOST_BYTES,
    read_private,
    remove_private,
    sole_writer,
    write_private,
)
from tests.support.polling import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "folder" / "secrets.toml"
    write_private(found, b"keys")
    return found


def test_what_is_written_is_read_and_nobody_elses(path: Path) -> None:
    assert b"keys" == read_private(path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert read_private(tmp_path / "none" / "secrets.toml") is None


def test_the_mode_does_not_hang_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "file", b"")
    finally:
        os.umask(before)

    assert 0o600 == stat.S_IMODE((tmp_path / "file").stat().st_mode)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_a_file_that_is_open_to_others_is_refused_and_says_how_to_mend_it(
    path: Path, mode: int
) -> None:
    path.chmod(mode)

    with pytest.raises(CredentialsMissing, match=f"chmod 600 .*{path.name}"):
        read_private(path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_alone_is_read(path: Path, mode: int) -> None:
    path.chmod(mode)

    assert b"keys" == read_private(path)


def test_a_name_with_spaces_is_quoted_for_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "my keys"
    path.touch(0o644)

    with pytest.raises(CredentialsMissing, match=r"chmod 600 '.*/my keys'"):
        read_private(path)


def test_a_file_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    with pytest.raises(CredentialsMissing, match="belongs to another user"):
        read_private(path)


def test_a_file_of_root_may_be_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.stat().st_uid != 0:
        pytest.skip("only root can make files of root")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    assert b"keys" == read_private(path)


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_folder_that_everyone_can_write_in_is_refused(path: Path, mode: int) -> None:
    path.parent.chmod(mode)

    with pytest.raises(CredentialsMissing, match="everyone can write in"):
        read_private(path)
    with pytest.raises(CredentialsMissing, match="everyone can write in"):
        write_private(path, b"new")
    path.parent.chmod(0o700)
    assert b"keys" == read_private(path)


def test_a_link_to_a_private_file_is_followed_and_kept(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(os.path.relpath(path, tmp_path))

    assert b"keys" == read_private(link)
    write_private(link, b"new")
    assert link.is_symlink()
    assert b"new" == path.read_bytes()


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_link_into_a_folder_that_everyone_can_write_in_is_refused(
    path: Path, tmp_path: Path, mode: int
) -> None:
    """Also where another link leads on from there to a safe place."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "file").touch(0o600)
    (tmp_path / "open" / "link").symlink_to(path)
    (tmp_path / "open").chmod(mode)

    for name in ("file", "link"):
        (tmp_path / name).symlink_to(tmp_path / "open" / name)
        with pytest.raises(CredentialsMissing, match="everyone can write in"):
            read_private(tmp_path / name)


def test_a_folder_of_links_is_looked_through(path: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "folder").symlink_to(path.parent)
    (tmp_path / "open").chmod(0o1777)
    (tmp_path / "way").symlink_to("open/../open/folder")

    with pytest.raises(CredentialsMissing, match="everyone can write in"):
        read_private(tmp_path / "way" / path.name)


def test_a_sticky_folder_above_is_no_fault_and_another_is(path: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert b"keys" == read_private(path)
    tmp_path.chmod(0o777)
    with pytest.raises(CredentialsMissing, match="everyone can write in"):
        read_private(path)
    tmp_path.chmod(0o700)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")

    with pytest.raises(CredentialsMissing, match="cannot be read"):
        read_private(tmp_path / "one")


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)

    for name in ("pipe", "folder"):
        with pytest.raises(CredentialsMissing, match="not a plain file"):
            read_private(tmp_path / name)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "file", bytes(MOST_BYTES))
    assert MOST_BYTES == len(read_private(tmp_path / "file") or b"")
    write_private(tmp_path / "file", bytes(MOST_BYTES + 1))

    with pytest.raises(CredentialsMissing, match="too large"):
        read_private(tmp_path / "file")


def test_a_writing_that_fails_leaves_what_was_there_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        write_private(path, b"new")

    assert b"keys" == path.read_bytes()
    assert [path.name] == [one.name for one in path.parent.iterdir()]


def test_what_is_written_is_on_the_disk_before_its_name_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    sync = os.fsync

    def fsync(handle: int) -> None:
        synced.append(path.read_bytes())
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_private(path, b"new")

    assert [b"keys", b"new"] == synced  # the file first, then its folder


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")

    with pytest.raises(ConfigError, match="cannot be written"):
        write_private(tmp_path / "file" / "secrets.toml", b"")
    with pytest.raises(ConfigError, match="cannot be used"), sole_writer(tmp_path / "file" / "x"):
        pytest.fail("it was locked")


def test_a_file_is_removed_and_one_that_is_not_there_is_no_error(path: Path) -> None:
    remove_private(path)
    remove_private(path)

    assert not path.exists()


def test_writers_wait_for_each_other(path: Path) -> None:
    order: list[str] = []
    began = threading.Event()

    def write() -> None:
        began.set()
        with sole_writer(path):
            order.append("second")

    other = threading.Thread(target=write)
    with sole_writer(path):
        other.start()
        began.wait(20.0)
        order.append("first")
    until(lambda: len(order) == 2)
    other.join()

    assert ["first", "second"] == order
    assert [path.name] == [one.name for one in path.parent.iterdir()]
