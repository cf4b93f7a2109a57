"""Keys that must not be found anywhere: made for a test, and looked for after it.

    async def test_a_refused_logon_tells_no_key(tmp_path):
        with Canary(tmp_path) as canary:
            keys = canary.credentials("main", "hmac")  # or "base64", "ed25519"
            venue.add_key(keys.api_key.reveal(), keys.secret.reveal())
            broker = open_broker(BrokerSettings(..., data_dir=tmp_path, credentials=canary.get))
            with pytest.raises(BrokerUnavailable) as raised:
                async with broker.open_client(account, canary.see):
                    ...
            canary.see_error(raised.value)

When the block ends, `AssertionError` names every place where one of the keys was found, in full
or 12 characters of it, as it is or in base64, hex, percent-encoding, JSON or UTF-16:

* what was logged meanwhile: by tickdeck from debug on, by libraries from info on
* errors given to `see_error`, and the one that leaves the block: text, arguments, attributes,
  notes and traceback, with all causes, contexts and members of groups
* whatever was given to `see`: events, reports, statuses, text; as repr and as encoded for a link
* files below the given folders: their names and their bytes, other than those in `may_hold`
* the command line of this process
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import traceback
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from engine.credentials import Credentials, CredentialsMissing, Secret
from engine.log import ROOTS
from engine.messages import encoder

Kind = Literal["hmac", "base64", "ed25519"]
"""How a venue makes secrets: 64 letters and digits (Binance), 64 bytes in base64 (Kraken), or a
private key in PEM."""

PIECE = 12
"""Characters of a key that are one too many: cut text is found as well."""

_DER = bytes.fromhex("302e020100300506032b657004220420")
"""How every private Ed25519 key begins (PKCS #8, RFC 8410)."""

_SAME_FOR_ALL = base64.b64encode(_DER)[:21].decode()
"""So begins its text; no secret."""


class Canary:
    """Keeps keys, is told what was seen of the program, and fails where the two meet."""

    def __init__(self, *folders: Path, may_hold: Iterable[Path] = ()) -> None:
        """
        Args:
            folders: whose files are searched, all the way down.
            may_hold: files that keys are kept in on purpose.
        """
        self._folders = folders
        self._may_hold = {path.absolute() for path in may_hold}
        self._credentials: dict[str, Credentials] = {}
        self._needles: dict[bytes, str] = {}
        self._seen: list[tuple[str, bytes]] = []
        self._log = _Log()
        self._levels: dict[str, int] = {}

    # -- keys ---------------------------------------------------------------------------------

    def credentials(self, account: str, kind: Kind = "hmac") -> Credentials:
        """New keys of an account, the same in every run; `get` finds them from now on."""
        found = Credentials(Secret(_letters(f"key of {account}")), Secret(_secret(account, kind)))
        self._credentials[account] = found
        self.hide(found.api_key.reveal(), f"the API key of {account}")
        self.hide(found.secret.reveal(), f"the secret of {account}")
        return found

    async def get(self, account: str) -> Credentials:
        """As `GetCredentials`."""
        try:
            return self._credentials[account]
        except KeyError:
            raise CredentialsMissing(f"there are no keys for account {account}") from None

    def public_key(self, account: str) -> str:
        """In PEM, of an account of kind `ed25519`: what a venue is given."""
        public = _private_key(account).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def hide(self, text: str, name: str) -> None:
        """Look for `text` too: a token, a passphrase."""
        for piece in _pieces(text):
            self._needles |= dict.fromkeys(_forms(piece), name)
        with contextlib.suppress(ValueError):  # base64 of something: that is as secret
            raw = base64.b64decode("".join(_body(text)), validate=True).removeprefix(_DER)
            for at in range(0, len(raw) - PIECE + 1, PIECE):
                self._needles |= dict.fromkeys(_encoded(raw[at : at + PIECE]), name)

    # -- what was seen ------------------------------------------------------------------------

    def see(self, said: object, where: str = "what was said") -> None:
        """Take note of an event, a report, a status, a text: anything that leaves a part."""
        self._seen.append((where, _plain(said)))

    def see_error(self, error: BaseException, where: str = "an error") -> None:
        """Take note of an error and of all that led to it."""
        for one in _all_of(error, set()):
            text = [str(one), repr(one), repr(one.args), repr(getattr(one, "__notes__", ""))]
            text += [repr(value) for value in getattr(one, "__dict__", {}).values()]
            text += traceback.format_exception(one)
            self.see("\n".join(text), f"{where}: {type(one).__name__}")

    # -- the search ---------------------------------------------------------------------------

    def found(self) -> list[str]:
        """Every place with a key in it, and whose; never the key."""
        places = [*self._seen, *self._log.lines, *self._files(), *_command_line()]
        hits = {
            f"{name} is in {where}"
            for where, data in places
            for needle, name in self._needles.items()
            if needle in data
        }
        return sorted(hits)

    def check(self) -> None:
        """Raises `AssertionError` where a key is found."""
        assert self._needles, "there is no key to look for"
        if places := self.found():
            raise AssertionError("; ".join(places))

    def __enter__(self) -> Canary:
        for name, level in (("", logging.INFO), *((root, logging.DEBUG) for root in ROOTS)):
            logger = logging.getLogger(name)
            self._levels[name] = logger.level
            logger.setLevel(level)
            logger.addHandler(self._log)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).removeHandler(self._log)
            logging.getLogger(name).setLevel(level)
        if error is not None:
            self.see_error(error, "what left the block")
        self.check()

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for folder in self._folders:
            for path in sorted(folder.rglob("*")):
                where = f"the file {path.relative_to(folder)}"
                yield f"the name of {where}", str(path).encode(errors="surrogateescape")
                if path.is_file() and path.absolute() not in self._may_hold:
                    yield where, path.read_bytes()


class _Log(logging.Handler):
    """Keeps every line, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, bytes]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{self.format(record)} {getattr(record, 'bound', '')!r}"
        self.lines.append((f"the log of {record.name}", text.encode(errors="replace")))


# -- keys ------------------------------------------------------------------------------------


def _letters(of: str) -> str:
    """64 letters and digits."""
    digest = hashlib.shake_256(f"canary {of}".encode()).digest(96)
    return base64.b64encode(digest).decode().replace("+", "x").replace("/", "y")[:64]


def _private_key(account: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(account.encode()).digest())


def _secret(account: str, kind: Kind) -> str:
    match kind:
        case "hmac":
            return _letters(f"secret of {account}")
        case "base64":
            return base64.b64encode(hashlib.sha512(account.encode()).digest()).decode()
        case "ed25519":
            key = _private_key(account)
            return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


# -- what is looked for ----------------------------------------------------------------------


def _body(text: str) -> list[str]:
    """The lines of a PEM's body; of other text, its lines."""
    return [line for line in text.split("\n") if line and not line.startswith("-----")]


def _pieces(text: str) -> Iterator[str]:
    """All of `text`, and parts of it so short that any 23 characters in a row hold one."""
    yield text
    for line in _body(text):
        own = line.removeprefix(_SAME_FOR_ALL)
        yield from (own[at : at + PIECE] for at in range(0, len(own) - PIECE + 1, PIECE))


def _forms(piece: str) -> set[bytes]:
    """A piece of text as it is, and as it may be disguised."""
    texts = {
        piece,
        json.dumps(piece)[1:-1],
        repr(piece)[1:-1],
        urllib.parse.quote(piece, safe=""),
        urllib.parse.quote_plus(piece),
        piece[::-1],
    }
    forms = {text.encode() for text in texts} | {text.encode("utf-16-le") for text in texts}
    return forms | _encoded(piece.encode())


def _encoded(data: bytes) -> set[bytes]:
    """Bytes as they are, in hex, and in base64 wherever in a longer text they stand."""
    forms = {data, data.hex().encode(), data.hex().upper().encode(), repr(data)[2:-1].encode()}
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + data)
        whole = text[-(-lead * 8 // 6) : (lead + len(data)) * 8 // 6]  # what only `data` decides
        forms |= {whole, whole.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def _plain(said: object) -> bytes:
    if isinstance(said, bytes):
        return said
    parts = [(said if isinstance(said, str) else repr(said)).encode(errors="surrogateescape")]
    for encode in (encoder.encode, msgspec.json.encode):
        with contextlib.suppress(TypeError, NotImplementedError, ValueError):
            parts.append(encode(said))
    return b"\n".join(parts)


def _all_of(error: BaseException, known: set[int]) -> Iterator[BaseException]:
    """An error, what it came of whether shown or not, and the members of groups."""
    if id(error) in known:
        return
    known.add(id(error))
    yield error
    led_to_it = [error.__cause__, error.__context__]
    for one in [*led_to_it, *getattr(error, "exceptions", ())]:
        if one is not None:
            yield from _all_of(one, known)


def _command_line() -> Iterator[tuple[str, bytes]]:
    path = Path("/proc/self/cmdline")
    if path.exists():
        yield "the command line", path.read_bytes()
