"""The theme that is shown: which one, swapped or not, and in how many colours."""

from __future__ import annotations

from collections.abc import Mapping

from tui.paint.theme import Depth, Theme
from tui.themes import DEFAULT_THEME

_DEPTHS: tuple[Depth, ...] = ("truecolor", "256", "16", "none")
"""The deepest first."""


class Colours:
    """All themes, and the one that is shown."""

    def __init__(
        self, themes: Mapping[str, Theme], *, name: str, is_swapped: bool, depth: Depth
    ) -> None:
        """
        Args:
            themes: by name, in full colour; the default one is among them.
            name: the theme to begin with; the default one if there is none of that name.
            is_swapped: a rising market has the colour of a falling one.
            depth: colours that the terminal has.
        """
        self._themes = dict(themes)
        self._name = name if name in self._themes else DEFAULT_THEME
        self._is_swapped = is_swapped
        self._most = depth
        self._depth = depth
        self.theme = self._made()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all themes."""
        return tuple(sorted(self._themes))

    def choose(self, name: str) -> Theme:
        """Use another theme. Raises `KeyError` for a name that is none."""
        self._themes[name]
        self._name = name
        return self._remade()

    def step(self, step: int) -> Theme:
        """Use the theme that many names further on."""
        at = self.names.index(self._name)
        return self.choose(self.names[(at + step) % len(self.names)])

    def swap(self) -> Theme:
        """Exchange the colours of up and down."""
        self._is_swapped = not self._is_swapped
        return self._remade()

    def limit(self, depth: Depth) -> Theme:
        """Use no more colours than that, and no more than the terminal has."""
        self._depth = max(depth, self._most, key=_DEPTHS.index)
        return self._remade()

    def _remade(self) -> Theme:
        self.theme = self._made()
        return self.theme

    def _made(self) -> Theme:
        theme = self._themes[self._name].at_depth(self._depth)
        return theme.swapped() if self._is_swapped else theme
