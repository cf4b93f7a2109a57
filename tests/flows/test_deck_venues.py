"""From key press to fill over real sockets: the program in a pty, on both test venues at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.two_venues import BINANCE, KRAKEN, SECRETS, open_both
from tests.venues.binance import demo as binance_demo
from tests.venues.exchange.control import Control
from tests.venues.kraken.keys import DEMO_KEY


def orders_of(venue: Control) -> list[dict[str, Any]]:
    """Every order of every account that the venue ever took."""
    accounts = venue.truth()["accounts"].values()
    return [order for account in accounts for order in account["orders"]]


def plain(number: str) -> str:
    return f"{Decimal(number).normalize():f}"


@pytest.mark.slow
def test_orders_from_the_keyboard_are_what_both_venues_have(tmp_path: Path) -> None:
    with open_both(tmp_path) as both:
        both.buy_at_binance()
        both.rest_at_kraken()
        shown = both.terminal.text
        (resting,) = orders_of(both.kraken)
        both.cancel_at_kraken()
        both.leave()
        (bought,) = orders_of(both.binance)
        (canceled,) = orders_of(both.kraken)

    assert BINANCE in shown
    assert KRAKEN in shown
    assert (bought["status"], bought["filled"]) == ("filled", bought["size"])
    assert plain(bought["size"]) in shown
    assert (resting["status"], Decimal(resting["filled"])) == ("new", 0)
    assert plain(resting["price"]) in shown
    assert canceled["status"] == "canceled"


@pytest.mark.slow
def test_no_key_is_anywhere_but_in_its_file(tmp_path: Path) -> None:
    with open_both(tmp_path) as both:
        both.buy_at_binance()
        both.rest_at_kraken()
        both.cancel_at_kraken()
        both.leave()
        drawn = both.terminal.output

    secrets = (
        binance_demo.HMAC_KEY,
        binance_demo.HMAC_SECRET,
        DEMO_KEY.key,
        DEMO_KEY.secret,
    )
    assert all(secret in SECRETS for secret in secrets)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        if path.name != "secrets.toml":
            held = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in held], path.name
    assert not [secret for secret in secrets if secret.encode() in drawn]
