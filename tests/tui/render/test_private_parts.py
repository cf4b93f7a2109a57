"""What `tui.render.display` takes for granted of the inside of Textual and Rich.

When one of these fails, Textual was changed where the deck reaches into it. Read what is named,
compare it with what is said beside it, adapt `tui/render/display.py`, and only then write the
new value here. Until that is done `render = "plain"` in the configuration goes without.
"""

from __future__ import annotations

import hashlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from rich.style import Style
from textual import _ansi_sequences, strip
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.app import App
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.render import display, pens

SENDS = "CellDisplay._display and _send_cells do the same, but for what they write"
READS = "WantedScreen reads updates as this draws them"
COMPOSES = "RowCompositor.render_partial_update gives the same pieces inside of its spans"
REFRESHES = "refresh_cells marks the same as dirty, for widgets that render their own rows"
INKS = "WantedScreen.pen_of makes of a style what this writes before its text"

READ = {
    App._display: ("2dc2767da903", SENDS),
    App._begin_update: ("2ed4005fb8df", SENDS),
    App._end_update: ("c44fe8abc3f1", SENDS),
    Screen._compositor_refresh: ("55663d2f194d", SENDS),
    LayoutUpdate.render_segments: ("241f12e4f5ea", READS),
    ChopsUpdate.render_segments: ("d6ddb7d34a6c", READS),
    Compositor.render_update: ("f2bd27da1b79", COMPOSES),
    Compositor.render_partial_update: ("342f61fb3b24", COMPOSES),
    Compositor._render_chops: ("08dba28b936c", COMPOSES),
    Compositor._get_renders: ("f3af89eea81c", COMPOSES),
    Widget.refresh: ("59f7e8ecde5a", REFRESHES),
    Widget._set_dirty: ("15d0593bef4e", REFRESHES),
    Widget._check_refresh: ("13fd74f1d91f", REFRESHES),
    Screen._on_update: ("e7710e7812a6", REFRESHES),
    Compositor.update_widgets: ("737c32a7e464", REFRESHES),
    Strip.render: ("5ee47748339d", INKS),
    Strip.render_ansi.__func__: ("468827a60445", INKS),
    Strip.render_style.__func__: ("a7e0cafb8cf3", INKS),
}
"""Digests of what was read, and what of ours was written after it."""


def digest(function: Callable[..., Any]) -> str:
    """Of the source, so that any change of it is seen."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    return hashlib.sha256(source.encode()).hexdigest()[:12]


@pytest.mark.parametrize("function", READ, ids=lambda function: function.__qualname__)
def test_what_was_read_of_textual_is_as_it_was(function):
    known, where = READ[function]

    name = f"{function.__module__}.{function.__qualname__}"
    assert digest(function) == known, f"{name} was changed: {where}"


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (App._display, ["self", "screen", "renderable"]),
        (App._handle_exception, ["self", "error"]),
        (App.post_display_hook, ["self"]),
        (LayoutUpdate.__init__, ["self", "strips", "region"]),
        (ChopsUpdate.__init__, ["self", "chops", "spans", "chop_ends"]),
        (Compositor.render_partial_update, ["self"]),
        (Compositor._regions_to_spans, ["regions"]),
        (Strip.divide, ["self", "cuts"]),
    ],
)
def test_what_is_called_or_overridden_takes_what_it_took(function, parameters):
    assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize(
    "name",
    [
        "_batch_count",
        "_closed",
        "_driver",
        "_previous_cursor_position",
        "_running",
        "_sync_available",
        "cursor_position",
    ],
)
def test_an_app_has_what_is_read_of_it(name):
    assert hasattr(App(), name), f"App.{name} is read by CellDisplay"


def test_updates_have_the_fields_that_are_read():
    layout = LayoutUpdate([[Strip.blank(3)]], Region(0, 0, 3, 1))
    chops = ChopsUpdate([{0: Strip.blank(3)}], [(0, 0, 3)], [[3]])

    assert (layout.strips[0][0].cell_length, layout.region.width) == (3, 3)
    assert (chops.chops[0][0].cell_length, chops.spans, chops.chop_ends) == (3, [(0, 0, 3)], [[3]])


def test_a_screen_has_a_compositor_whose_class_can_be_another():
    screen = Screen()

    display._compose_by_rows(screen)

    assert type(screen._compositor) is display.RowCompositor


def test_a_compositor_has_what_is_read_of_it():
    compositor = Compositor()
    compositor.size = Size(3, 1)

    assert compositor._dirty_regions == set()
    assert compositor.cuts == [[0, 3]]
    assert compositor.visible_widgets == {}


def test_a_style_keeps_its_attributes_in_bits_in_the_order_of_the_pens():
    style = Style(bold=True, dim=False, overline=True)

    assert style._attributes & style._set_attributes == 1 | 1 << 12
    assert list(pens._ON) == strip.SGR_STYLES
    assert Style._style_map == dict(enumerate(pens._ON))


def test_a_console_knows_its_colours():
    assert Console(color_system="truecolor", force_terminal=True)._color_system is not None


def test_the_marks_of_an_update_are_those_of_textual():
    assert _ansi_sequences.SYNC_START == display.SYNC_START
    assert _ansi_sequences.SYNC_END == display.SYNC_END
