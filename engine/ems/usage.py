"""How much of the limits over time is used: orders per second and day, and what the day costs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext

from msgspec.structs import replace

from engine.accounting.conversion import Mark
from engine.accounting.conversion import Markets as Conversion
from engine.accounting.payoff import EXACT, ZERO
from engine.accounting.positions import unrealised
from engine.clock import NANOS
from engine.ems.blotter import Blotter
from engine.ems.limits import RiskLimits
from engine.ems.shape import LARGEST, text
from engine.instruments import Instrument
from engine.messages import Gauge, Position, Quote


class Usage:
    """Counts for one account, or for several together."""

    def __init__(
        self,
        *,
        blotter: Blotter,
        quote_of: Callable[[str], Quote | None],
        now_ns: Callable[[str], int],
        wall_ns: Callable[[], int],
    ) -> None:
        self._blotter = blotter
        self._quote_of = quote_of
        self._now_ns = now_ns
        self._wall_ns = wall_ns
        self._sent: dict[str, deque[int]] = {}
        """By account, when something other than a cancel was sent, within the last second."""

    def count_sent(self, account: str) -> None:
        """An order or an amend is being sent."""
        self._sent.setdefault(account, deque()).append(self._wall_ns())

    def in_last_second(self, accounts: Iterable[str]) -> int:
        """Orders and amends sent less than a second ago."""
        return sum(self._in_last_second(account) for account in accounts)

    def _in_last_second(self, account: str) -> int:
        sent, now_ns = self._sent.get(account), self._wall_ns()
        if sent is None:
            return 0
        # A clock that was set back would keep what lies ahead of it for ever.
        while sent and not 0 <= now_ns - sent[0] < NANOS:
            sent.popleft()
        return len(sent)

    def orders_of_day(self, accounts: Iterable[str], now_ns: int) -> int:
        return sum(self._blotter.days.orders(account, now_ns) for account in accounts)

    def loss_of_day(self, accounts: Iterable[str], currency: str) -> Decimal | None:
        """What the day has cost in `currency`; negative is a profit, None where a price is not
        known that it depends on."""
        wanted, currency = set(accounts), currency.upper()
        amounts: dict[str, Decimal] = {}
        for (name, _), held in self._blotter.positions.items():
            if name in wanted and not self._add_result(held, amounts):
                return None
        with localcontext(EXACT):
            needed = {asset: amount for asset, amount in amounts.items() if amount}
            if not needed:
                return ZERO
            total = self._conversion(needed, currency).worth(needed, currency).total
            return None if total is None else -total

    def _add_result(self, held: Position, amounts: dict[str, Decimal]) -> bool:
        """Add what the position made today, by asset; false if that is not known."""
        instrument = self._blotter.kept_instrument(held.fqme)
        start = self._blotter.days.at_start(held, self._now_ns(held.fqme))
        if instrument is None:
            return not held.size and start == held
        with localcontext(EXACT):
            settled = (held.realised - start.realised) - (held.fees - start.fees)
            if held.size:
                price = _closing_price(self._quote_of(held.fqme), held.size)
                if price is None:
                    return False
                settled += unrealised(held, price, instrument)
            for asset, fee in held.fees_in_other.items():
                _add(amounts, asset, start.fees_in_other.get(asset, ZERO) - fee)
            _add(amounts, instrument.settle, settled)
        return True

    def _conversion(self, amounts: Mapping[str, Decimal], currency: str) -> Conversion:
        if set(amounts) <= {currency}:
            return Conversion(())
        quotes = ((kept, self._quote_of(kept.fqme)) for kept in self._blotter.instruments())
        return Conversion(
            (_in_capitals(kept), Mark(Decimal(repr(quote.last)), quote.venue_ns))
            for kept, quote in quotes
            if quote is not None
        )

    def gauges(self, account: str, limits: RiskLimits | None) -> tuple[Gauge, ...]:
        """Of the limits of the whole account, those that are stated."""
        if limits is None:
            return ()
        found: list[Gauge] = []
        if limits.max_day_loss is not None:
            currency = limits.loss_currency
            loss = self.loss_of_day((account,), currency)
            found.append(_gauge("max_day_loss", loss, limits.max_day_loss, currency))
        if limits.max_orders_per_day is not None:
            count = self.orders_of_day((account,), self._newest_ns(account))
            found.append(_gauge("max_orders_per_day", count, limits.max_orders_per_day))
        if limits.max_open_orders is not None:
            count = len(self._blotter.working(account=account))
            found.append(_gauge("max_open_orders", count, limits.max_open_orders))
        return tuple(found)

    def _newest_ns(self, account: str) -> int:
        """The time of the market that the account traded last; ours if it never did."""
        fqme = self._blotter.days.newest_market(account)
        return self._now_ns(fqme) if fqme else self._wall_ns()


def _add(amounts: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    """Venues spell assets in capitals or not; a limit may spell them as its owner does."""
    name = asset.upper()
    amounts[name] = amounts.get(name, ZERO) + amount


def _in_capitals(instrument: Instrument) -> Instrument:
    return replace(instrument, base=instrument.base.upper(), quote=instrument.quote.upper())


def amount_text(amount: Decimal) -> str:
    """For people: to eight decimals."""
    return text(amount.quantize(Decimal("1e-8"))) if abs(amount) < LARGEST else str(amount)


def _closing_price(quote: Quote | None, size: Decimal) -> Decimal | None:
    """What a position could be closed at: the bid for a long one, the ask for a short one, the
    last price where that side is empty."""
    if quote is None:
        return None
    side = quote.bid if size > 0 else quote.ask
    return Decimal(repr(quote.last if side is None else side))


def _gauge(check: str, value: Decimal | int | None, limit: Decimal | int, unit: str = "") -> Gauge:
    return Gauge(
        check=check,
        value=None if value is None else Decimal(value),
        limit=Decimal(limit),
        unit=unit,
    )
