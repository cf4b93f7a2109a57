"""What an account's client is told before its venue is asked."""

from __future__ import annotations

from collections.abc import Iterable

from engine.messages import Order
from tests.support.orders import hold, open_desk, opened
from tests.support.venue import FQME, ScriptedVenue


class ByMarket(ScriptedVenue):
    """A venue that has to be told where to look."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[list[str], list[str]]] = []

    def note(self, orders: Iterable[Order], markets: Iterable[str]) -> None:
        self.noted.append(([order.order_id for order in orders], list(markets)))


async def test_a_client_that_asks_by_market_hears_of_orders_and_of_what_is_held() -> None:
    async with open_desk(venue=ByMarket()) as desk:
        await hold(desk, "1")
        order_id = await opened(desk)
        first = desk
    async with open_desk(before=first) as desk:
        pass

    venue = first.venue
    assert isinstance(venue, ByMarket)
    assert venue.noted[0] == (["o1"], [])
    assert venue.noted[-1] == (["o1", order_id], [FQME])
