"""The table of commands."""

from __future__ import annotations

import pytest

from tui.actions import GROUPS
from tui.language.verbs import TABS, VERBS
from tui.widgets.blotter import NAMES


def test_each_name_is_one_command():
    names = [name for verb in VERBS for name in (verb.name, *verb.aliases)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_command_says_how_it_is_written_and_what_it_does(verb):
    assert verb.usage.startswith(verb.name)
    assert verb.help[0].isupper()
    assert not verb.help.endswith(".")
    assert verb.group in (*GROUPS, "Algos")


def test_chapters_are_whole():
    groups = [verb.group for verb in VERBS]
    starts = [at for at in range(len(groups)) if at == 0 or groups[at] != groups[at - 1]]

    assert len(starts) == len(set(groups))


def test_tabs_that_can_be_typed_are_those_of_the_blotter():
    assert TABS == NAMES
