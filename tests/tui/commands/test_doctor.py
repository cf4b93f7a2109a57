"""`tickdeck doctor`: each fault with what to do about it."""

from pathlib import Path

import pytest

from engine.credentials import Secret
from engine.keystore.encrypted import Encrypted
from engine.keystore.private_files import write_private
from engine.keystore.sealed import Costs
from engine.locations import Locations, find_locations
from tests.support.keys import made
from tui.commands import doctor
from tui.commands.doctor import (
    Finding,
    broker_findings,
    config_findings,
    examine,
    key_findings,
    place_findings,
    terminal_findings,
    text_findings,
)


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return find_locations({}, config=tmp_path / "config", data_dir=tmp_path / "data")


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


def by_subject(findings: object) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}  # type: ignore[attr-defined]


def test_faults_come_with_a_remedy(places: Locations) -> None:
    places.config_dir.mkdir()
    places.config_file.write_text("nonsense")
    findings = [
        *terminal_findings({"TERM": "dumb"}),
        *text_findings("ascii"),
        *config_findings(places),
    ]

    assert all(finding.remedy for finding in findings if finding.verdict == "fault")
    assert {"config", "text"} <= {f.subject for f in findings if f.verdict == "fault"}


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize(
    ("size", "verdict"), [((80, 24), "ok"), ((79, 24), "fault"), ((80, 23), "fault")]
)
def test_the_least_size_is_80_by_24(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], verdict: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(size[0]))
    monkeypatch.setenv("LINES", str(size[1]))

    assert verdict == by_subject(terminal_findings({"TERM": "xterm"}))["size"].verdict


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"COLORTERM": "truecolor"}, "16 million"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, "none: NO_COLOR is set"),
    ],
)
def test_colours_are_what_the_environment_says(environ: dict[str, str], colours: str) -> None:
    assert colours == by_subject(terminal_findings(environ))["colours"].detail


@pytest.mark.usefixtures("on_a_terminal")
def test_a_dumb_terminal_is_a_fault() -> None:
    assert "fault" == by_subject(terminal_findings({"TERM": "dumb"}))["terminal"].verdict


@pytest.mark.parametrize(
    ("encoding", "verdict"), [("utf-8", "ok"), ("latin-1", "fault"), ("no-such-codec", "fault")]
)
def test_braille_needs_an_encoding_that_has_it(encoding: str, verdict: str) -> None:
    assert verdict == by_subject(text_findings(encoding))["text"].verdict


def test_no_configuration_is_no_fault(places: Locations) -> None:
    (finding,) = config_findings(places)

    assert ("ok", "no config.toml: defaults") == (finding.verdict, finding.detail)


def test_a_place_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    places = find_locations({}, config=tmp_path, data_dir=tmp_path / "data")

    findings = by_subject(place_findings(places))

    assert {"data": "fault", "state": "fault"} == {k: f.verdict for k, f in findings.items()}


def test_looking_leaves_no_file_behind(places: Locations) -> None:
    list(place_findings(places))

    assert ["state"] == [path.name for path in places.data_dir.iterdir()]


# -- keys ----------------------------------------------------------------------------------------

KEYS = '[main]\nkey = "CANARYKEYCANARY"\nsecret = "b"\n[half]\nkey = "CANARYKEYCANARY"\n'
ACCOUNTS = """
[accounts.main]
broker = "sim"
mode = "live"
[accounts.bare]
broker = "sim"
mode = "live"
"""


@pytest.fixture
def with_keys(places: Locations) -> Locations:
    places.config_dir.mkdir()
    places.brokers_file.write_text(ACCOUNTS)
    write_private(places.secrets_file, KEYS.encode())
    store = Encrypted(places.encrypted_file, costs=Costs(n=2, r=1))
    store.unlock(Secret("passphrase"))
    store.keep("sub", made("a", "b"))
    return places


def test_without_keys_nothing_is_said_of_them(places: Locations) -> None:
    assert [] == list(key_findings(places))


def test_every_store_of_keys_is_looked_at_and_none_is_opened(with_keys: Locations) -> None:
    findings = list(key_findings(with_keys))
    told = [(finding.verdict, finding.detail) for finding in findings]

    assert ("ok", f"{with_keys.secrets_file}: half main") in told
    assert ("ok", f"{with_keys.encrypted_file}: sub") in told
    assert ("fault", "account half: the secret is missing") in told
    assert ("note", "account bare: no keys, unless the system's keyring has them") in told
    assert 4 == len(told)
    assert not any("CANARY" in str(finding) for finding in findings)
    assert all(finding.remedy for finding in findings if finding.verdict != "ok")


@pytest.mark.parametrize("name", ["secrets.toml", "secrets.enc"])
def test_a_file_of_keys_that_others_can_read_is_a_fault(with_keys: Locations, name: str) -> None:
    path = with_keys.config_dir / name
    path.chmod(0o640)
    faults = [finding for finding in key_findings(with_keys) if finding.verdict == "fault"]

    assert any(f"chmod 600 {path}" in finding.detail for finding in faults)


def test_a_variable_of_no_account_is_noted(
    with_keys: Locations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKDECK_KEY_MIAN", "CANARYKEYCANARY")
    findings = list(key_findings(with_keys))

    assert any("TICKDECK_KEY_MIAN is of no account" in finding.detail for finding in findings)
    assert not any("CANARY" in str(finding) for finding in findings)


def test_keys_are_looked_at_where_brokers_toml_is_wrong_too(with_keys: Locations) -> None:
    with_keys.brokers_file.write_text("nonsense")

    assert "ok" in {finding.verdict for finding in key_findings(with_keys)}


def test_every_broker_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokers.registry.BUILT_IN", {"sim": "brokers.sim.broker", "no": "no"})

    findings = list(broker_findings())

    assert ["fault", "ok"] == sorted(finding.verdict for finding in findings)


def test_it_exits_with_1_when_something_is_wrong(
    places: Locations, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "terminal_findings", lambda environ: [])
    monkeypatch.setattr(doctor, "text_findings", lambda encoding: [])

    assert 0 == examine(places)
    assert capsys.readouterr().out.endswith("\nno faults\n")
    places.config_dir.mkdir()
    places.config_file.write_text("[dekc]\n")
    assert 1 == examine(places)
    assert capsys.readouterr().out.endswith("\n1 fault\n")
