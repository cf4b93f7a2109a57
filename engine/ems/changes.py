"""How events change orders: folded, put on record and told; then those who care are called."""

from __future__ import annotations

import logging
from collections.abc import Callable

from engine.ems.blotter import Blotter, ConflictingFill
from engine.ems.gate import Markets
from engine.ems.journal import Executed, InstrumentKept
from engine.ems.outcome import Decisions
from engine.errors import BadTransition
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import Fill, FillReport, Order, OrderEvent, OrderState

_log = logger(__name__)

_TROUBLE = (OrderState.DENIED, OrderState.REJECTED, OrderState.UNKNOWN)
"""States that whoever reads the log looks for."""


class Changes:
    """The only way by which an order moves."""

    def __init__(self, *, decided: Decisions, blotter: Blotter, markets: Markets) -> None:
        self._decided = decided
        self._blotter = blotter
        self._markets = markets
        self.dispute: Callable[[Fill, str], None] = lambda fill, why: None
        """Called with a trade that came again with other values."""
        self.then: list[Callable[[Order], None]] = []
        """Called, in this order, with each order after a change of it."""

    def apply(self, event: OrderEvent) -> None:
        """Fold one event into its order; say what came of it."""
        order = self._blotter.orders.get(event.order_id)
        decided = self._decided
        now_ns = decided.now_ns(order.fqme) if order else decided.wall_ns()
        try:
            told = self._blotter.fold(event, now_ns)
        except ConflictingFill as error:
            self.dispute(error.fill, str(error))
            return
        except BadTransition as error:
            decided.notice("error", f"ignored: {error}")
            return
        if not told:
            return
        decided.record(event, now_ns)
        self._log_change(order, self._blotter.orders[event.order_id])
        decided.outcome.events += told
        for update in told:
            if isinstance(update, FillReport):
                decided.record(Executed(fill=update.fill), now_ns)
        for call in self.then:
            call(self._blotter.orders[event.order_id])

    def keep_instrument(self, fqme: str) -> None:
        """Remember what the market is now: its price tick may have changed since."""
        instrument = self._markets.instrument_of(fqme)
        if instrument is not None:
            self.record_instrument(instrument)

    def record_instrument(self, instrument: Instrument) -> None:
        if self._blotter.keep_instrument(instrument):
            self._decided.record(InstrumentKept(instrument=instrument))

    def _log_change(self, before: Order | None, after: Order) -> None:
        if before is not None and before.state is not after.state:
            level = logging.WARNING if after.state in _TROUBLE else logging.INFO
            change = f"{before.state} -> {after.state}"
            _log.log(level, "order %s %s %s", after.order_id, change, after.reason)
