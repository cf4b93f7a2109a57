"""An order desk on a state folded from events, that keeps what it sends, says and asks."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import LinkClosed
from engine.instruments import Instrument
from engine.messages import (
    AccountGuards,
    AccountInfo,
    Alert,
    AlertUpdate,
    BrokerInfo,
    Command,
    EngineReady,
    FlumeOpened,
    GuardsUpdate,
    Order,
    OrderState,
    OrderUpdate,
    Position,
    PositionUpdate,
    Quote,
)
from tui.actions import perform
from tui.keymap import DEFAULT_KEYMAP
from tui.language.commands import Context
from tui.orders.desk import OrderDesk
from tui.orders.question import Question
from tui.playback import PlaybackControls
from tui.state import DeckState

D = Decimal
BTC = Instrument(
    fqme="btcusdt.spot.sim",
    symbol="BTCUSDT",
    base="btc",
    quote="usdt",
    price_tick=D("0.01"),
    size_step=D("0.00001"),
    min_size=D("0.0001"),
    max_size=D("100"),
    min_notional=D("5"),
)
ACME = Instrument(
    fqme="acme.stock.sim",
    symbol="ACME",
    base="acme",
    quote="usd",
    price_tick=D("0.01"),
    size_step=D("1"),
)
ES = Instrument(
    fqme="es.cme.202612.sim",
    symbol="ESZ6",
    base="es",
    quote="usd",
    price_tick=D("0.25"),
    size_step=D("1"),
    multiplier=D("50"),
)
CL = Instrument(
    fqme="cl.nymex.sim",
    symbol="CL",
    base="cl",
    quote="usd",
    price_tick=D("0.01"),
    size_step=D("1"),
    min_price=D("-100"),
    max_price=D("500"),
    allows_negative_price=True,
)
SIM = AccountInfo(name="sim", broker="sim", serves=("sim",))
PAPER = AccountInfo(name="paper", broker="paper", max_position_notional=D(8000), slots=4)
REAL = AccountInfo(name="real", broker="sim", mode="live", serves=("sim",))
QUOTES = {
    BTC.fqme: Quote(fqme=BTC.fqme, last=64000.0, bid=63999.99, ask=64000.01),
    ACME.fqme: Quote(fqme=ACME.fqme, last=101.5, bid=101.49, ask=101.51),
    ES.fqme: Quote(fqme=ES.fqme, last=5900.25, bid=5900.0, ask=5900.5),
    CL.fqme: Quote(fqme=CL.fqme, last=-3.2, bid=-3.25, ask=-3.15),
}

CONTEXT = Context(
    selected=BTC.fqme,
    instruments={market.fqme: market for market in (BTC, ACME, ES, CL)},
    watched=(BTC.fqme, ACME.fqme),
    accounts=("sim", "paper"),
    themes=("day", "night"),
    numbers=(1, 3),
)
"""What names in commands mean in tests."""


def action_classes() -> dict[str, type]:
    """What the deck maps the names of targets to."""
    from tui.algos.controls import AlgoControls
    from tui.deck_actions import DeckActions
    from tui.guards import GuardControls
    from tui.widgets.blotter import Blotter
    from tui.widgets.chart import Chart

    return {
        "deck": DeckActions,
        "chart": Chart,
        "blotter": Blotter,
        "desk": OrderDesk,
        "algos": AlgoControls,
        "guards": GuardControls,
        "playback": PlaybackControls,
    }


class Bench:
    """A desk, and everything that came out of it."""

    def __init__(
        self,
        *,
        accounts: tuple[AccountInfo, ...] = (SIM, PAPER),
        can_amend: bool = True,
        is_armed: bool = True,
    ) -> None:
        """`is_armed`: real money may be traded."""
        self.state = DeckState([BTC.fqme, ACME.fqme])
        brokers = tuple(
            BrokerInfo(name=name, can_trade=True, can_amend=can_amend) for name in ("sim", "paper")
        )
        self.state.fold(EngineReady(brokers=brokers, accounts=accounts))
        self.guard(is_armed=is_armed)
        for instrument in (BTC, ACME, ES, CL):
            self.state.fold(FlumeOpened(instrument=instrument, quote=QUOTES[instrument.fqme]))
        self.sent: list[Command] = []
        self.said: list[str] = []
        self.asked: list[Question] = []
        self.cursor: Decimal | None = None
        self.time = 100.0
        self.is_link_closed = False
        self._made = 0
        self.desk = OrderDesk(
            self.state,
            self._send,
            notify=lambda text, level: self.said.append(text),
            ask=self.asked.append,
            now=lambda: self.time,
            new_id=self._new_id,
            cursor_price=lambda: self.cursor,
        )

    def _send(self, command: Command) -> None:
        if self.is_link_closed:
            raise LinkClosed("the engine is gone")
        self.sent.append(command)

    def _new_id(self) -> str:
        self._made += 1
        return f"id{self._made}"

    def look(self) -> None:
        """The screen is painted, and a person looks at it for a second."""
        self.desk.painted(self.time, self.desk.revision)
        self.time += 1.0

    def press(self, *keys: str, look: bool = True) -> None:
        """Press keys as the deck dispatches them, looking before each unless told not to."""
        for key in keys:
            if look:
                self.look()
            contexts = (*self.desk.contexts, "chart", "deck")
            action = DEFAULT_KEYMAP.resolve(contexts, key)
            assert action is not None, f"{key} does nothing in {contexts}"
            perform(action, {"desk": self.desk}, self.time)

    def select(self, fqme: str) -> None:
        self.state.select(fqme)

    def order(self, order_id: str = "o1", **fields: object) -> Order:
        """Tell the desk of an order: a resting buy unless `fields` say otherwise."""
        known: dict[str, object] = {
            "account": "sim",
            "fqme": BTC.fqme,
            "side": "buy",
            "order_type": "limit",
            "size": D("0.5"),
            "price": D("63000.00"),
            "state": OrderState.OPEN,
        }
        order = Order(order_id=order_id, **{**known, **fields})  # type: ignore[arg-type]
        self.state.fold(OrderUpdate(order=order))
        return order

    def alert(self, alert_id: str = "a1", price: str = "65000.00") -> None:
        """Tell the desk of an armed alert."""
        self.state.fold(AlertUpdate(alert=Alert(alert_id=alert_id, fqme=BTC.fqme, price=D(price))))

    def guard(self, *, is_killed: bool = False, **fields: object) -> None:
        """Tell the desk what the guards say of every account; only real money is disarmed."""
        accounts = []
        for account in self.state.accounts.values():
            known = {"is_armed": True, **fields}
            if account.mode != "live":
                known["is_armed"] = True
            accounts.append(AccountGuards(account=account.name, **known))  # type: ignore[arg-type]
        self.state.fold(GuardsUpdate(is_killed=is_killed, accounts=tuple(accounts)))

    def hold(self, size: str, average: str, account: str = "sim") -> None:
        """Tell the desk of a position in BTC."""
        position = Position(account=account, fqme=BTC.fqme, size=D(size), average_price=D(average))
        self.state.fold(PositionUpdate(position=position))
