"""What a venue's answers in a file say: lists of markets, and answers of REST APIs.

They are no recording of a stream and cannot be played, but people have such files, and want to
know what is in them. An answer is told by its shape, for none says what was asked. Lists of markets
are read by the code that reads the venue's own.

Of accounts nothing but the kinds of answers is told.
"""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from brokers.binance import symbols as binance_symbols
from brokers.binance import wire as binance_wire
from brokers.kraken.pairs import read_asset_pairs
from brokers.kraken.session import Session as KrakenSession
from brokers.replay.framing import take_apart
from brokers.replay.lines import LineSource
from brokers.statistics import FAULTS
from engine.errors import DataError
from engine.instruments import Instrument
from engine.text import safe

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_MEMBERS: Final = 10_000
MOST_KINDS: Final = 100
EXAMPLES: Final = 5


class ListedReport(msgspec.Struct, frozen=True, kw_only=True):
    """One market of a list."""

    fqme: str
    symbol: str
    price_tick: str
    size_step: str
    min_size: str
    min_notional: str


class AnswersReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `tickdeck inspect` says of a file of answers."""

    file: str
    format: str
    size_bytes: int
    answers: dict[str, int]
    """By kind, as the venue names what was asked for; most frequent first."""
    malformed: int
    first_malformed: str
    markets: int
    """Listed, and readable."""
    statuses: dict[str, int]
    """What the venue says of them."""
    quotes: dict[str, int]
    """Markets by what they are paid in."""
    filters: dict[str, int]
    """Rules that the venue lists with them."""
    examples: list[ListedReport]


class _Answer(NamedTuple):
    kind: str
    listed: Mapping[str, Instrument] = {}
    statuses: Mapping[str, int] = {}
    filters: Mapping[str, int] = {}


def inspect_answers(path: Path) -> AnswersReport:
    """Read a file of answers, each alone, one a line, or in a tar archive.

    Raises:
        DataError: there is none in it that is known.
    """
    answers: list[_Answer] = []
    malformed, first = 0, ""
    for body in _bodies(path):
        try:
            answers += _answers_in(msgspec.json.decode(body), body)
        except (*FAULTS, KeyError, TypeError) as error:
            malformed, first = malformed + 1, first or safe(error, 200)
    known = [answer for answer in answers if answer.kind]
    if not known:
        raise DataError(f"{safe(path.name, 80)} holds no answer of a venue that is known")
    kinds = Counter(answer.kind for answer in answers if answer.kind)
    unknown = len(answers) - len(known)
    if unknown:
        kinds["of no known kind"] = unknown
    listed: dict[str, Instrument] = {}
    for answer in known:
        listed.update(answer.listed)
    return AnswersReport(
        file=safe(path.name, 200),
        format=_format(kinds),
        size_bytes=path.stat().st_size,
        answers=dict(kinds.most_common(MOST_KINDS)),
        malformed=malformed,
        first_malformed=first,
        markets=len(listed),
        statuses=_summed(answer.statuses for answer in known),
        quotes=dict(Counter(one.quote for one in listed.values()).most_common(12)),
        filters=_summed(answer.filters for answer in known),
        examples=[_example(one) for one in list(listed.values())[:EXAMPLES]],
    )


def _format(kinds: Counter[str]) -> str:
    venues = {kind.split()[0] for kind in kinds if kind != "of no known kind"}
    word = "answer" if sum(kinds.values()) == 1 else "answers"
    return f"{' and '.join(sorted(venues))} {word}"


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total.most_common(MOST_KINDS))


def _example(one: Instrument) -> ListedReport:
    numbers = (one.price_tick, one.size_step, one.min_size, one.min_notional)
    tick, step, least, notional = (f"{number.normalize():f}" for number in numbers)
    return ListedReport(
        fqme=one.fqme,
        symbol=safe(one.symbol, 40),
        price_tick=tick,
        size_step=step,
        min_size=least,
        min_notional=notional,
    )


# -- finding them -----------------------------------------------------------------------------


def _bodies(path: Path) -> Iterator[bytes]:
    """Each JSON document of the file."""
    source = LineSource(path)
    head = source.head(MOST_BYTES).removeprefix(b"\xef\xbb\xbf")
    if head[257:262] == b"ustar":
        yield from _members(head)
        return
    with suppress(*FAULTS):
        msgspec.json.decode(head)
        yield head
        return
    for line in source:
        with suppress(ValueError):
            if body := take_apart(line).body:
                yield body


def _members(packed: bytes) -> Iterator[bytes]:
    """The JSON files of a tar archive, whatever folders they are in. Nothing is unpacked."""
    try:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for number, member in enumerate(archive):
                if number >= MOST_MEMBERS:
                    return
                is_json = member.isfile() and member.name.endswith(".json")
                file = archive.extractfile(member) if is_json else None
                if file is not None:
                    yield file.read(MOST_BYTES)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DataError(f"the archive cannot be read: {safe(error, 80)}") from error


def _answers_in(document: Any, body: bytes) -> list[_Answer]:
    """The answers that a document is, or that it holds beside remarks of whoever kept them."""
    match document:
        case [{"json": _}, *_]:
            answers = []
            for part in document:
                inner = part.get("json") if isinstance(part, dict) else None
                answers += _answers_in(inner, msgspec.json.encode(inner))
            return answers
        case [list(), *_] if all(isinstance(part, list) for part in document):
            if _of_v1(document):
                return [_Answer(_of_v1(document))]
            return [answer for part in document for answer in _answers_in(part, b"")]
    return [_answer(document, body)]


# -- telling what they are --------------------------------------------------------------------


def _answer(document: Any, body: bytes) -> _Answer:
    match document:
        case {"symbols": list()}:
            return _exchange_info(body)
        case {"channel": "instrument", "data": {"pairs": list()}}:
            return _instruments(body)
        case {"error": list(error), "result": result}:
            return _of_kraken(error, result)
        case {"error": [*error]} if error:
            return _of_kraken(error, None)
        case {"channel": str(channel)}:
            return _Answer(f"kraken {safe(channel, 40)}")
        case {"method": str(method), **rest} if "success" in rest or "result" in rest:
            return _Answer(f"kraken {safe(method, 40)}")
        case {"event": str(event)}:
            return _Answer(f"kraken v1 {safe(event, 40)}")
        case {"code": int(), "msg": str()}:
            return _Answer("binance error")
    return _Answer(_of_v1(document))


def _exchange_info(body: bytes) -> _Answer:
    info = binance_wire.decode_exchange_info(body)
    statuses = _statuses(msgspec.json.decode(body)["symbols"])
    filters = Counter(one.filter_type for symbol in info.symbols for one in symbol.filters)
    listed = binance_symbols.instruments(info)
    return _Answer("binance exchangeInfo", listed, statuses, filters)


def _instruments(body: bytes) -> _Answer:
    session = KrakenSession()
    session.receive(body, 0)
    listed = session.instruments()
    statuses = _statuses(msgspec.json.decode(body)["data"]["pairs"])
    return _Answer("kraken instrument", listed, statuses)


def _statuses(markets: Iterable[Any]) -> Counter[str]:
    """What a venue says of each market."""
    told = [one for one in markets if isinstance(one, dict)]
    return Counter(safe(one.get("status", "not said"), 40) for one in told)


def _of_kraken(error: list[Any], result: Any) -> _Answer:
    """An answer of Kraken's REST API, or of its v2 sockets."""
    if error:
        return _Answer(f"kraken error {safe(error[0], 60)}")
    kind = next((kind for kind, is_it in _KRAKEN if is_it(result)), "")
    if kind == "AssetPairs":
        return _Answer(
            "kraken AssetPairs",
            read_asset_pairs(result),
            _statuses(result.values()),
        )
    return _Answer(f"kraken {kind}") if kind else _Answer("")


def _of_v1(document: Any) -> str:
    """Kraken's first websocket API: lists with the channel's name near the end."""
    match document:
        case [int(), *_, str(channel), str()]:
            return f"kraken v1 {safe(channel.partition('-')[0], 40)}"
        case [list(), ("openOrders" | "ownTrades") as channel, *_]:
            return f"kraken v1 {channel}"
    return ""


Told = Callable[[Any], bool]


def _has(*names: str) -> Told:
    """It is an object with these."""
    return lambda result: isinstance(result, dict) and all(name in result for name in names)


def _each_has(*names: str) -> Told:
    """It is an object of objects with these."""
    has = _has(*names)
    return lambda result: (
        isinstance(result, dict) and bool(result) and all(map(has, _values(result)))
    )


def _rows_of(*lengths: int) -> Told:
    """It is an object of lists of rows that long."""

    def is_it(result: Any) -> bool:
        rows = [row for value in _values(result) if isinstance(value, list) for row in value[:1]]
        return bool(rows) and all(isinstance(row, list) and len(row) in lengths for row in rows)

    return lambda result: isinstance(result, dict) and is_it(result)


def _is_balance(result: Any) -> bool:
    return (
        isinstance(result, dict)
        and bool(result)
        and all(isinstance(value, str) and _is_number(value) for value in result.values())
    )


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _values(result: dict[str, Any]) -> list[Any]:
    return [value for name, value in result.items() if name != "last"]


_KRAKEN: Final[tuple[tuple[str, Told], ...]] = (
    ("Time", _has("unixtime")),
    ("SystemStatus", _has("status", "timestamp")),
    ("AssetPairs", _each_has("altname", "base", "quote")),
    ("Assets", _each_has("altname", "decimals")),
    ("Ticker", _each_has("a", "b", "c")),
    ("Depth", _each_has("asks", "bids")),
    ("OHLC", _rows_of(8)),
    ("Trades", _rows_of(6, 7)),
    ("Spread", _rows_of(3)),
    ("OpenOrders", _has("open")),
    ("ClosedOrders", _has("closed")),
    ("TradesHistory", _has("trades", "count")),
    ("Ledgers", _has("ledger")),
    ("TradeVolume", _has("currency", "volume")),
    ("TradeBalance", _has("eb")),
    ("AddOrder", _has("descr")),
    ("AddOrderBatch", _has("orders")),
    ("GetWebSocketsToken", _has("token")),
    ("CancelAllOrdersAfter", _has("currentTime", "triggerTime")),
    ("CancelOrder", _has("count")),
    ("QueryOrders", _each_has("descr", "vol")),
    ("QueryTrades", _each_has("ordertxid")),
    ("BalanceEx", _each_has("balance")),
    ("Balance", _is_balance),
)
"""Kinds of answers of Kraken's REST API, by what each has that no other before it has:
https://docs.kraken.com/api/docs/rest-api (read 2026-11)."""
