"""`brokers.toml`: accounts by name, limits that must not be misspelt, options per broker."""

from decimal import Decimal
from pathlib import Path

import pytest

from brokers import registry
from engine.errors import ConfigError
from engine.settings import BrokersFile, check_brokers, load_brokers
from tests.support.canary import Canary


def loaded(folder: Path, text: str) -> BrokersFile:
    path = folder / "brokers.toml"
    path.write_text(text)
    return load_brokers(path)


def test_without_a_file_there_are_the_embedded_exchange_and_paper(tmp_path: Path) -> None:
    file = load_brokers(tmp_path / "brokers.toml")

    assert ["sim", "paper"] == [account.name for account in file.accounts]
    assert all(account.mode == "paper" for account in file.accounts)
    assert {} == file.options


def test_an_account_has_its_limits_exactly(tmp_path: Path) -> None:
    file = loaded(
        tmp_path,
        """
        [accounts.main]
        broker = "sim"
        slots = 5
        limits = { max_order_size = 0.1, max_order_notional = "25000.50" }
        """,
    )

    main = next(account for account in file.accounts if account.name == "main")
    assert main.limits is not None
    assert (Decimal("0.1"), Decimal("25000.50")) == (
        main.limits.max_order_size,
        main.limits.max_order_notional,
    )
    assert {"sim", "paper", "main"} == {account.name for account in file.accounts}


def test_a_built_in_account_can_be_replaced(tmp_path: Path) -> None:
    file = loaded(tmp_path, '[accounts.sim]\nbroker = "sim"\nslots = 9\n')

    assert [9, 4] == [account.slots for account in file.accounts]


def test_a_live_account_without_limits_has_none(tmp_path: Path) -> None:
    file = loaded(tmp_path, '[accounts.real]\nbroker = "sim"\nmode = "live"\n')

    assert file.accounts[-1].risk_limits is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[acounts.a]\n", "unknown key 'acounts'"),
        ("accounts = 3\n", "expected tables"),
        ("[accounts]\nmain = 3\n", "expected tables"),
        ("[accounts.Main]\nbroker = 'sim'\n", "not an account name"),
        ("[accounts.main]\n", "accounts.main: object missing required field broker"),
        ("[accounts.main]\nbroker = 'sim'\nname = 'x'\n", "accounts.main.name"),
        (
            "[accounts.main]\nbroker = 'sim'\nlimits = { max_order_sise = 1 }\n",
            "unknown key 'accounts.main.limits.max_order_sise'",
        ),
        (
            "[accounts.main]\nbroker = 'sim'\nlimits = { max_order_size = nan }\n",
            "accounts.main.limits.max_order_size: expected a number",
        ),
        (
            "[accounts.main]\nbroker = 'sim'\nlimits = { max_order_size = 'inf' }\n",
            "accounts.main.limits.max_order_size: expected a number",
        ),
    ],
)
def test_a_fault_is_named_with_its_account_and_key(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    assert fault in str(caught.value)
    assert str(tmp_path / "brokers.toml") in str(caught.value)


def test_a_misspelt_limit_names_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "[accounts.main]\nbroker = 'sim'\nlimits = { max_order_sise = 1 }\n")

    assert "did you mean 'max_order_size'?" == caught.value.hint


def test_an_account_at_an_unknown_broker_is_a_fault(tmp_path: Path) -> None:
    file = loaded(tmp_path, "[accounts.main]\nbroker = 'simm'\n")

    with pytest.raises(ConfigError, match="no broker named 'simm'") as caught:
        check_brokers(file, registry.load)
    assert "did you mean 'sim'?" == caught.value.hint


def test_options_that_a_broker_does_not_take_are_a_fault(tmp_path: Path) -> None:
    file = loaded(tmp_path, "[brokers.sim]\nsede = 1\n")

    with pytest.raises(ConfigError, match=r"brokers\.sim"):
        check_brokers(file, registry.load)


def test_a_right_file_has_no_fault(tmp_path: Path) -> None:
    file = loaded(tmp_path, '[brokers.sim]\nseed = 7\n[accounts.main]\nbroker = "sim"\n')

    check_brokers(file, registry.load)


def test_limits_of_markets_and_of_all_accounts_are_read(tmp_path: Path) -> None:
    file = loaded(
        tmp_path,
        """
        [accounts.main]
        broker = "sim"
        position_limit = 50
        limit_unit = "percent"
        equity = 20000
        loading = "front"
        [accounts.main.limits]
        on_stale = "confirm"
        day_starts = "22:00"
        [accounts.main.limits.markets."btc*"]
        max_position = 0.5
        [limits.live]
        max_open_orders = 30
        """,
    )
    main = file.accounts[-1]
    info = main.info()

    assert main.limits is not None
    assert main.limits.markets["btc*"].max_position == Decimal("0.5")
    assert main.day_starts_ns == 22 * 3600 * 10**9
    assert file.all_limits["live"].max_open_orders == 30
    assert (info.position_limit, info.limit_unit, info.equity) == (50, "percent", 20000)
    assert (info.loading, info.confirms_stale) == ("front", True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[limits.main]\nmax_open_orders = 1", "limits.main"),
        ("[limits.live]\nmax_day_loss = 5", "limits.live.loss_currency"),
        (
            '[accounts.a]\nbroker = "sim"\n[accounts.a.limits.markets."b*"]\nmax_size = 1',
            'accounts.a.limits.markets."b*".max_size',
        ),
        ('[accounts.a]\nbroker = "sim"\nlimits = { hours = "9-5" }', "accounts.a.limits.hours"),
        ('[accounts.a]\nbroker = "sim"\nlimit_unit = "percent"', "accounts.a.limit_unit"),
    ],
)
def test_limits_that_are_wrong_are_named_with_their_place(
    tmp_path: Path, text: str, place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    assert place in str(caught.value)


def test_an_account_says_which_store_has_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "brokers.toml"
    path.write_text(
        '[accounts.a]\nbroker = "sim"\nkeys = "keyring"\n[accounts.b]\nbroker = "sim"\n'
    )
    accounts = {account.name: account.keys for account in load_brokers(path).accounts}

    assert ("keyring", "any") == (accounts["a"], accounts["b"])


@pytest.mark.parametrize(
    "value", ['"CANARYKEYCANARY"', '["CANARYKEYCANARY"]', "{k = 'CANARYKEYCANARY'}"]
)
def test_keys_that_stand_where_their_store_is_named_are_not_shown(
    tmp_path: Path, value: str
) -> None:
    path = tmp_path / "brokers.toml"
    path.write_text(f'[accounts.a]\nbroker = "sim"\nkeys = {value}\n')
    with Canary(tmp_path, may_hold=[path]) as canary:
        canary.hide("CANARYKEYCANARY", "the key")
        with pytest.raises(ConfigError, match=r"accounts\.a\.keys: says which store") as raised:
            load_brokers(path)
        canary.see_error(raised.value)

    assert "tickdeck keys set a" in raised.value.hint
