"""What an account did since its day began."""

from __future__ import annotations

from decimal import Decimal

from engine.ems.days import DAY_NS, Days
from engine.messages import Order, Position

HOUR_NS = DAY_NS // 24
NOON = 20_000 * DAY_NS + 12 * HOUR_NS


def order(created_ns: int, account: str = "main") -> Order:
    return Order(
        order_id="o",
        account=account,
        fqme="a.b",
        side="buy",
        order_type="market",
        size=Decimal(1),
        created_ns=created_ns,
    )


def test_orders_are_counted_by_account_and_day_without_those_denied() -> None:
    days = Days()
    days.count(order(NOON))
    days.count(order(NOON + HOUR_NS))
    days.count(order(NOON + HOUR_NS), -1)
    days.count(order(NOON, "other"))

    assert (days.orders("main", NOON), days.orders("other", NOON)) == (1, 1)
    assert days.orders("main", NOON + DAY_NS) == 0
    assert days.orders("nobody", NOON) == 0


def test_a_new_day_counts_from_nothing_and_late_news_of_the_last_does_not_count() -> None:
    days = Days()
    days.count(order(NOON))
    days.count(order(NOON + DAY_NS))
    days.count(order(NOON))

    assert days.orders("main", NOON + DAY_NS) == 1


def test_a_day_begins_when_the_account_says() -> None:
    days = Days({"main": 13 * HOUR_NS})
    days.count(order(NOON))

    assert days.orders("main", NOON + HOUR_NS - 1) == 1
    assert days.orders("main", NOON + HOUR_NS) == 0


def test_a_position_is_known_as_it_was_when_the_day_began() -> None:
    days = Days()
    held = [Position(account="main", fqme="a.b", realised=Decimal(n)) for n in range(4)]
    days.trade(held[0], NOON)
    days.trade(held[1], NOON + HOUR_NS)
    assert days.at_start(held[2], NOON + HOUR_NS) == held[0]
    days.trade(held[2], NOON + DAY_NS)

    assert days.at_start(held[3], NOON + DAY_NS) == held[2]
    assert days.at_start(held[3], NOON + 2 * DAY_NS) == held[3]
