"""The watchlist: which markets, in what order, which is selected, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable


class Watched:
    """The part of the state that the user writes. A market has one name here, whatever name of
    its venue it was asked for by."""

    def __init__(self, watch: Iterable[str] = ()) -> None:
        self.watch: list[str] = list(dict.fromkeys(watch))
        """Markets of the watchlist in their order; not all need be open yet."""
        self.selected: str = self.watch[0] if self.watch else ""
        """The market that chart and order pane show."""
        self.names: dict[str, str] = {}
        """The one name of each market that was asked for by another."""

    def select(self, fqme: str) -> bool:
        """Show another market. False if it is shown already."""
        if fqme == self.selected:
            return False
        self.selected = fqme
        return True

    def add_watch(self, fqme: str) -> bool:
        """Put a market at the end of the watchlist. False if it is there."""
        if fqme in self.watch:
            return False
        self.watch.append(fqme)
        return True

    def remove_watch(self, fqme: str) -> bool:
        """Take a market off the watchlist; its neighbour is selected instead. False if it is not
        on it."""
        if fqme not in self.watch:
            return False
        at = self.watch.index(fqme)
        self.watch.remove(fqme)
        if self.selected == fqme:
            self.selected = self.watch[min(at, len(self.watch) - 1)] if self.watch else ""
        return True

    def canonical(self, fqme: str) -> str:
        """The one name of a market, where it is known that `fqme` is another one of it."""
        return self.names.get(fqme, fqme)

    def learn(self, asked: str, fqme: str) -> bool:
        """`asked` is another name of `fqme`: the list goes on with that, once. False if that was
        known."""
        if self.names.get(asked) == fqme:
            return False
        self.names[asked] = fqme
        self.watch = list(dict.fromkeys(map(self.canonical, self.watch)))
        self.selected = self.canonical(self.selected)
        return True
