"""The ledger as a machine: whatever happens in whatever order, what is there stays true."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from engine.accounting.ledger import Bookkeeper, Kind, Ledger, of_fills, of_move, reconcile
from engine.accounting.lots import LotBook, Method, match
from engine.accounting.payoff import flow
from engine.accounting.positions import apply, fold, signed, unrealised
from engine.accounting.tables import from_csv, from_json_lines, to_csv, to_json_lines
from engine.errors import DataError
from engine.instruments import Instrument
from engine.messages import Fill, Side
from tests.support.fills import CLOSE, FLAT, INVERSE, LINEAR, PRICES, fill
from tests.support.venue import FQME

METHODS: tuple[Method, ...] = ("fifo", "lifo", "hifo", "average")
NOUGHT = Decimal(0)


class Accounting(RuleBasedStateMachine):
    """One account in one market: fills come, come twice, come wrong; money comes and goes; the
    ledger is written down and read again. Beside it the position and the lots."""

    market: Instrument = LINEAR
    is_delivered = True

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[Fill] = []
        self.moved = NOUGHT
        self.ledger = Ledger()
        self.bookkeeper = Bookkeeper({FQME: self.market}, lambda _: self.is_delivered)
        self.position = FLAT
        self.lots = {method: LotBook(self.market, method) for method in METHODS}
        self.moves = 0

    @rule(
        side=st.sampled_from(["buy", "sell"]),
        size=st.decimals(min_value="0.001", max_value="20", places=3),
        price=PRICES,
        fee=st.decimals(min_value="-1", max_value="2", places=4),
        is_settled=st.booleans(),
    )
    def trade(
        self, side: Side, size: Decimal, price: Decimal, fee: Decimal, is_settled: bool
    ) -> None:
        number = len(self.fills) + 1
        asset = self.market.settle if is_settled else "bnb"
        one = fill(side, str(size), str(price), str(fee), asset, at=number, trade_id=f"t{number}")
        self.fills.append(one)
        self.position = apply(self.position, one, self.market)
        for book in self.lots.values():
            book.apply(one)
        assert self.ledger.append(self.bookkeeper.entry(one))

    @precondition(lambda self: self.fills)
    @rule(data=st.data())
    def the_same_again(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(tuple(self.ledger)))

        assert not self.ledger.append(entry)

    @precondition(lambda self: self.fills)
    @rule(data=st.data())
    def the_same_id_with_other_values(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(tuple(self.ledger)))

        with pytest.raises(DataError):
            self.ledger.append(replace(entry, account="b"))

    @rule(
        kind=st.sampled_from(["transfer", "funding", "adjustment", "fee"]),
        amount=st.decimals(min_value="-50", max_value="50", places=2),
    )
    def money_comes_or_goes(self, kind: Kind, amount: Decimal) -> None:
        self.moves += 1
        self.moved += amount
        entry = of_move(
            kind,
            entry_id=f"move:{self.moves}",
            account="a",
            time_ns=self.moves,
            asset=self.market.settle,
            amount=amount,
        )
        assert self.ledger.append(entry)

    @rule(is_table=st.booleans())
    def written_and_read(self, is_table: bool) -> None:
        if is_table:
            # What moves nothing has no row.
            entries = [entry for entry in self.ledger if entry.postings]
            assert entries == from_csv(to_csv(self.ledger))
            return
        self.ledger = Ledger(from_json_lines(to_json_lines(self.ledger)))

    @invariant()
    def replay_is_what_came_one_by_one(self) -> None:
        again = list(of_fills(self.fills, {FQME: self.market}, lambda _: self.is_delivered))

        assert self.position == fold(FLAT, self.fills, self.market)
        assert again == [entry for entry in self.ledger if entry.kind == "fill"]
        for method, book in self.lots.items():
            replayed = match(self.fills, self.market, method)
            assert (book.open, book.closed) == (replayed.open, replayed.closed)

    @invariant()
    def the_position_is_the_sum_of_the_fills(self) -> None:
        size = sum((signed(one.side, one.size) for one in self.fills), NOUGHT)

        assert self.position.size == size
        assert all(book.size == size for book in self.lots.values())
        if not self.is_delivered:
            assert self.ledger.sums("contracts").get(FQME, NOUGHT) == size

    @invariant()
    def profit_less_fees_is_change_of_cash_and_market_value(self) -> None:
        """Realised + unrealised - fees == cash change + market value, at any mark."""
        settle, mark = self.market.settle, Decimal("73.37")
        profit = (
            self.position.realised
            + unrealised(self.position, mark, self.market)
            - self.position.fees
        )
        cash = self.ledger.balances().get(settle, NOUGHT) - self.moved
        if self.is_delivered:
            worth = cash - flow(self.position.size, mark, self.market)
        else:
            worth = cash + unrealised(self.position, mark, self.market)

        assert abs(worth - profit) < CLOSE * 10**6
        for book in self.lots.values():
            total = book.realised + book.unrealised(mark) - self.position.fees
            assert abs(total - profit) < CLOSE * 10**6

    @invariant()
    def every_book_is_balanced_by_the_others(self) -> None:
        sums: dict[str, Decimal] = {}
        for entry in self.ledger:
            for posting in entry.postings:
                sums[posting.asset] = sums.get(posting.asset, NOUGHT) + posting.amount

        assert all(abs(amount) < CLOSE for amount in sums.values())

    @invariant()
    def the_venues_books_agree_with_ours(self) -> None:
        theirs = dict(self.ledger.balances())

        assert reconcile(self.ledger.balances("a"), theirs) == []
        theirs["usdt"] = theirs.get("usdt", NOUGHT) + 1
        assert [one.gap for one in reconcile(self.ledger.balances("a"), theirs)] == [1]


class MarginAccounting(Accounting):
    market = replace(LINEAR, multiplier=Decimal(50))
    is_delivered = False


class InverseAccounting(Accounting):
    market = INVERSE
    is_delivered = False


for machine in (Accounting, MarginAccounting, InverseAccounting):
    machine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)

TestSpot = Accounting.TestCase
TestMargin = MarginAccounting.TestCase
TestInverse = InverseAccounting.TestCase
