"""A built wheel works where there is no checkout: themes, brokers and deck are all in it."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, is_braille

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of an environment that has the wheel, and no checkout."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place)]
    subprocess.run([*build, str(CHECKOUT)], check=True, capture_output=True)
    (wheel,) = place.glob("tickdeck-*.whl")
    venv.create(place / "env", with_pip=False, symlinks=True)
    python = place / "env" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*install, "--no-index", str(wheel)], check=True, capture_output=True)
    # Dependencies come from this environment. A path in a .pth file is not searched for .pth
    # files itself, so the editable checkout does not come along.
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return place / "env" / "bin"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of the developer's own is found."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {"HOME": str(tmp_path), "LANG": "C.UTF-8", **kept}


def run(installed: Path, home: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "tickdeck"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=home, cwd=home["HOME"])


def test_the_wheel_does_not_run_from_the_checkout(installed: Path, home: dict[str, str]) -> None:
    code = "import tui, engine, brokers, themes; print(tui.__file__, *themes.__path__)"

    done = subprocess.run(
        [str(installed / "python"), "-c", code],
        capture_output=True,
        text=True,
        env=home,
        cwd=home["HOME"],
        check=True,
    )

    assert str(installed.parent) in done.stdout
    assert str(CHECKOUT) not in done.stdout


def test_it_tells_its_version(installed: Path, home: dict[str, str]) -> None:
    done = run(installed, home, "--version")

    assert done.returncode == 0
    assert done.stdout.startswith("tickdeck 0.")


def test_its_configuration_has_no_faults(installed: Path, home: dict[str, str]) -> None:
    done = run(installed, home, "config", "check")

    assert (0, "no faults\n") == (done.returncode, done.stdout)


def test_the_doctor_finds_places_and_brokers(installed: Path, home: dict[str, str]) -> None:
    done = run(installed, home, "doctor")

    assert "Traceback" not in done.stderr
    for broker in ("sim", "paper", "replay"):
        assert any(
            line.startswith("ok") and line.endswith(broker) for line in done.stdout.splitlines()
        )


def test_the_deck_opens_on_a_moving_market_and_quits(installed: Path, home: dict[str, str]) -> None:
    command = [str(installed / "tickdeck")]

    with Terminal(command, environ=home, cwd=home["HOME"]) as terminal:
        text = terminal.wait_for(lambda text: is_braille(text) and "btcusdt spot.sim" in text)
        assert "DISARMED" in text.upper()
        terminal.type("q")
        assert terminal.wait_exit() == 0

    log = Path(home["HOME"], ".local/state/tickdeck/tickdeck.log").read_text()
    assert "level=error" not in log
