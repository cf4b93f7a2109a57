from __future__ import annotations

import msgspec
import pytest

from brokers.options import read_options
from engine.broker import BrokerSettings
from engine.clock import TrioClock
from engine.errors import BrokerUnavailable


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    depth: int = 10


def settings(**options: object) -> BrokerSettings:
    return BrokerSettings(name="venue", clock=TrioClock(0), options=options)


def test_what_is_not_said_stays_as_it_is() -> None:
    assert read_options(settings(), Options) == Options()
    assert read_options(settings(depth=25), Options) == Options(depth=25)


def test_an_unknown_option_is_named_with_the_nearest_one() -> None:
    with pytest.raises(BrokerUnavailable, match=r"options of venue.*depht") as caught:
        read_options(settings(depht=25), Options)
    assert "depth" in f"{caught.value} {caught.value.hint}"


def test_a_value_that_does_not_fit_is_named_with_its_option() -> None:
    with pytest.raises(BrokerUnavailable, match=r"options of venue.*depth"):
        read_options(settings(depth="deep"), Options)
