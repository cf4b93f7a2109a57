"""How far each account is agreed with its venue, and what its venue's answers change.

An account takes orders once its venue was asked for open orders, fills and positions, and what
it said was taken over: after a start, after a loss, and after every log-in. What cannot be
concluded then is asked again by whoever tends the account, until there is evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from engine.clock import NANOS
from engine.ems.blotter import Blotter
from engine.ems.journal import Adopted, Agreed, Disputed, Entry
from engine.ems.reconcile import Difference, Ours, Theirs, reconcile
from engine.instruments import Instrument
from engine.log import logger
from engine.messages import (
    AccountUpdate,
    Disagreement,
    Event,
    Fill,
    Notice,
    OrderEvent,
    OrderState,
)
from engine.text import safe

_log = logger(__name__)

OVERLAP_NS: Final = 60 * NANOS
"""How far before what is agreed fills are asked for again: clocks differ, and lists lag."""


class Question(NamedTuple):
    """What the venue is to be asked of an account."""

    since_ns: int
    """Fills from here on."""
    in_doubt: tuple[str, ...]
    """Ids of orders that are to be asked for by themselves, where that can be done."""


class Known:
    """Which fills of an account are counted, by (fqme, trade id)."""

    def __init__(self, blotter: Blotter, account: str) -> None:
        self._blotter = blotter
        self._account = account

    def __contains__(self, key: object) -> bool:
        match key:
            case str() as fqme, str() as trade_id:
                return self._blotter.has_fill(self._account, fqme, trade_id)
        return False


class Agreements:
    """One for all accounts. Only the desk calls it; it waits for nothing."""

    def __init__(
        self,
        *,
        blotter: Blotter,
        is_busy: Callable[[str], bool],
        keep_instrument: Callable[[Instrument], None],
        apply: Callable[[OrderEvent], None],
        record: Callable[[Entry], None],
        tell: Callable[[Event], None],
        now_ns: Callable[[], int],
    ) -> None:
        """
        Args:
            is_busy: a request of this order is on its way, or was not sent yet.
        """
        self._blotter = blotter
        self._is_busy = is_busy
        self._keep_instrument = keep_instrument
        self._apply = apply
        self._record = record
        self._tell = tell
        self._now_ns = now_ns
        self._agreed: set[str] = set()
        self._newest: dict[str, Agreed] = {}
        self._heard: dict[str, set[str]] = {}
        """By account that is being asked about, orders that were heard of meanwhile."""
        self._seen: dict[str, tuple[Difference, ...]] = {}
        """Differences of the answer before: one that is seen once may be a fill on its way."""
        self._told: dict[str, AccountUpdate] = {}
        self._disputed: set[str] = set()
        """Reasons of disputes that were told in this run."""

    def restore(self, agreed: dict[str, Agreed]) -> None:
        """What the journal says of accounts before they are asked about."""
        self._newest.update(agreed)

    def is_agreed(self, account: str) -> bool:
        """It may take orders."""
        return account in self._agreed

    def is_settled(self, account: str) -> bool:
        """There is nothing left to ask the venue."""
        told = self._told.get(account)
        is_clear = told is not None and not (told.unresolved or told.disagreements or told.reason)
        return account in self._agreed and is_clear and not self._seen.get(account)

    def why_not(self, account: str) -> str:
        """Why the account is in doubt, as it was told last."""
        told = self._told.get(account)
        return "" if told is None else told.reason

    def begin(self, account: str, *, is_whole: bool) -> Question:
        """The venue is about to be asked.

        Args:
            is_whole: its fills can all be had, from the first one on.
        """
        if account not in self._agreed and account not in self._told:
            self._say(AccountUpdate(account=account, state="opening"))
        self._heard[account] = set()
        waiting = [
            order
            for order in self._blotter.working(account=account)
            if order.state is not OrderState.DARK
        ]
        newest = self._newest.get(account)
        since_ns = self._now_ns()
        if newest is not None:
            since_ns = max(newest.asked_ns - OVERLAP_NS, newest.began_ns)
        since_ns = min([since_ns, *(order.created_ns for order in waiting)])
        in_doubt = tuple(
            order.order_id
            for order in waiting
            if order.state is OrderState.UNKNOWN and not self._is_busy(order.order_id)
        )
        return Question(0 if is_whole else since_ns, in_doubt)

    def hear(self, account: str, order_id: str) -> None:
        """Something became of an order."""
        if account in self._heard:
            self._heard[account].add(order_id)

    def answer(self, account: str, theirs: Theirs, instruments: Sequence[Instrument]) -> None:
        """Take over what the venue says; the account is agreed from here on."""
        for instrument in instruments:
            self._keep_instrument(instrument)
        of_others = self._of_others(account, theirs)
        theirs = _without(theirs, of_others)
        for fill in theirs.fills:
            named = replace(fill, account=account)
            if why := self._blotter.conflict(named):
                self.dispute(named, why)
        agreement = reconcile(self._ours(account), theirs)
        for order in agreement.adopted:
            adopted = replace(order, account=account)  # by the name that it has here
            self._record(Adopted(order=adopted))
            self._tell(self._blotter.add(adopted))
        for event in agreement.events:
            self._apply(event)
        known = Known(self._blotter, account)
        missing = {fill.fqme for fill in theirs.fills if (fill.fqme, fill.trade_id) not in known}
        reason = ""
        if missing:
            reason = f"fills in {', '.join(sorted(missing))} cannot be counted yet"
        else:
            self._take_note(account, theirs.asked_ns, is_news=bool(agreement.events))
        if of_others:
            reason = f"another account has orders of these ids: {safe(', '.join(of_others), 400)}"
        self._agreed.add(account)
        seen, self._seen[account] = self._seen.get(account, ()), agreement.differences
        self._say(
            AccountUpdate(
                account=account,
                state="agreed",
                reason=reason,
                unresolved=agreement.unresolved,
                disagreements=tuple(map(_disagreement, _both(seen, agreement.differences))),
            )
        )

    def _of_others(self, account: str, theirs: Theirs) -> list[str]:
        """Ids in the answer under which another account has an order: an id is one order here, and
        neither may become the other."""
        named = [order.order_id for order in (*theirs.open_orders, *theirs.ended)]
        named += [fill.order_id for fill in theirs.fills]
        orders = self._blotter.orders
        return [
            order_id
            for order_id in dict.fromkeys(named)
            if order_id in orders and orders[order_id].account != account
        ]

    def dispute(self, fill: Fill, why: str) -> None:
        """A trade came again with other values: it counts as it came first, and a person has to
        look. Said and recorded once in a run, however often the venue repeats it."""
        if why in self._disputed:
            return
        self._disputed.add(why)
        reason = safe(why, 400)
        _log.error("%s", reason)
        self._record(Disputed(fill=fill, reason=reason))
        now_ns = self._now_ns()
        text = f"{reason}: nothing was changed by it"
        self._tell(Notice(level="error", text=text, source="orders", now_ns=now_ns))

    def _take_note(self, account: str, asked_ns: int, *, is_news: bool) -> None:
        before = self._newest.get(account)
        began_ns = asked_ns if before is None else before.began_ns
        agreed = Agreed(account=account, asked_ns=asked_ns, began_ns=began_ns)
        self._newest[account] = agreed
        if is_news or account not in self._agreed:
            self._record(agreed)

    def lose(self, account: str, reason: str) -> None:
        """The venue cannot be reached: nothing is known of what works there."""
        self._agreed.discard(account)
        self._heard.pop(account, None)
        self._say(AccountUpdate(account=account, state="in_doubt", reason=reason))

    def _ours(self, account: str) -> Ours:
        orders = {
            order_id: order
            for order_id, order in self._blotter.orders.items()
            if order.account == account
        }
        positions = {
            fqme: held for (name, fqme), held in self._blotter.positions.items() if name == account
        }
        newer = self._heard.pop(account, set())
        newer |= {order_id for order_id in orders if self._is_busy(order_id)}
        return Ours(orders, Known(self._blotter, account), positions, frozenset(newer))

    def _say(self, update: AccountUpdate) -> None:
        if self._told.get(update.account) != update:
            self._told[update.account] = update
            self._tell(update)


def _without(theirs: Theirs, ids: Collection[str]) -> Theirs:
    """The answer, but for what it says of these orders."""
    if not ids:
        return theirs
    return replace(
        theirs,
        open_orders=[order for order in theirs.open_orders if order.order_id not in ids],
        fills=[fill for fill in theirs.fills if fill.order_id not in ids],
        ended=[order for order in theirs.ended if order.order_id not in ids],
    )


def _both(before: Iterable[Difference], now: Iterable[Difference]) -> tuple[Difference, ...]:
    known = set(before)
    return tuple(difference for difference in now if difference in known)


def _disagreement(difference: Difference) -> Disagreement:
    return Disagreement(
        what="position" if difference.what == "position" else "filled",
        name=difference.name,
        ours=difference.ours,
        theirs=difference.theirs,
    )
