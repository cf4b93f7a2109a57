"""What the guards of the engine say of an account, and why an order would not pass them.

The engine decides; this says it before the order is sent. What is not known counts as closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.messages import AccountGuards, AccountInfo, GuardsUpdate
from engine.text import safe


def guards_of(guards: GuardsUpdate | None, account: str) -> AccountGuards | None:
    """What is known of `account`; None where nothing was said of it."""
    if guards is None:
        return None
    return next((known for known in guards.accounts if known.account == account), None)


def is_armed(guards: GuardsUpdate | None, account: AccountInfo) -> bool:
    """Whether `account` takes orders that add risk: paper always, real money once armed."""
    if account.mode != "live":
        return True
    known = guards_of(guards, account.name)
    return known is not None and known.is_armed


def closed_to(
    guards: GuardsUpdate | None, account: AccountInfo | None, *, reduces: bool
) -> Iterator[str]:
    """Why `account` takes no new order now, nearest reason first; nothing if it does.

    Args:
        reduces: the order only makes a position smaller.
    """
    if account is None:
        return
    if guards is not None and guards.is_killed:
        why = f": {safe(guards.kill_reason, 80)}" if guards.kill_reason else ""
        yield f"the kill switch is on{why}"
        return
    known = guards_of(guards, account.name)
    if account.mode == "live" and known is None:
        yield f"nothing is known of the limits of {account.name}, which is real money"
        return
    if known is None:
        return
    if known.missing_limits:
        missing = ", ".join(known.missing_limits)
        yield f"{account.name} is real money and lacks limits: {missing}"
    why = f": {safe(known.reason, 80)}" if known.reason else ""
    if known.state == "halted":
        yield f"{account.name} is halted{why}"
    elif known.state == "reducing" and not reduces:
        yield f"{account.name} only reduces positions{why}"
    if not known.is_armed and not reduces:
        yield f"{account.name} is real money and not armed: L arms it"
