"""The order that follows a fill of one with `close`."""

from __future__ import annotations

from msgspec.structs import replace

from tests.venues.kraken.records import OrderRecord, OwnTrade
from tests.venues.kraken.terms import LIMITED, TRIGGERED, Terms


def closing_terms(record: OrderRecord, trade: OwnTrade) -> Terms | None:
    """The order that follows a fill of one with `close`."""
    close = record.terms.close
    if close is None:
        return None
    return replace(
        record.terms,
        side="sell" if trade.side == "buy" else "buy",
        order_type=close.order_type,
        volume=trade.volume,
        is_cash=False,
        limit=close.limit if close.order_type in LIMITED else None,
        trigger=close.trigger if close.order_type in TRIGGERED else None,
        display=None,
        time_in_force="GTC",
        start_ns=0,
        expire_ns=0,
        deadline_ns=0,
        post_only=False,
        no_mpp=False,
        cl_ord_id="",
        close=None,
    )
