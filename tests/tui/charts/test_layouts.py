"""Layouts by name, and the file that they are kept in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import PERIODS
from engine.errors import UsageError
from tui.charts.layouts import MOST, Layout, Layouts, fault_of
from tui.charts.panes import GRIDS, Overlaid, PaneSpec
from tui.paint.scene import STYLES

LAYOUT = Layout(
    panes=(
        PaneSpec(fqme="btcusdt.spot.sim", overlays=(Overlaid("ethusdt.spot.sim", 3),)),
        PaneSpec(period_s=900, style="candles", price_scale="log", has_linked_cursor=False),
    ),
    active=1,
    period_s=300,
    hidden=("blotter",),
    history=True,
)


def test_a_layout_is_there_again_in_another_run(tmp_path: Path):
    file = tmp_path / "state" / "layouts.json"
    assert Layouts(file).save("desk", LAYOUT)

    assert Layouts(file).named("desk") == LAYOUT
    assert Layouts(file).names == ("desk",)
    assert [path.name for path in file.parent.iterdir()] == ["layouts.json"]


def test_without_a_file_layouts_last_as_long_as_the_deck():
    layouts = Layouts(None)
    layouts.save("desk", LAYOUT)

    assert layouts.named("desk") == LAYOUT


def test_saving_over_a_name_replaces_it(tmp_path: Path):
    layouts = Layouts(tmp_path / "layouts.json")
    layouts.save("desk", LAYOUT)
    other = msgspec.structs.replace(LAYOUT, active=0)

    assert not layouts.save("desk", other)
    assert Layouts(tmp_path / "layouts.json").named("desk") == other


def test_a_layout_that_is_deleted_is_gone(tmp_path: Path):
    layouts = Layouts(tmp_path / "layouts.json")
    layouts.save("desk", LAYOUT)
    layouts.delete("desk")

    assert Layouts(tmp_path / "layouts.json").names == ()
    with pytest.raises(UsageError, match="no layout named 'desk'"):
        layouts.delete("desk")


def test_an_unknown_name_is_told_with_the_nearest():
    layouts = Layouts(None)
    layouts.save("scalping", LAYOUT)
    with pytest.raises(UsageError) as raised:
        layouts.named("scalpin")

    assert "'scalping'" in raised.value.hint


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 33, "a\n", "a/b"])
def test_what_is_no_name_is_refused(name: str):
    with pytest.raises(UsageError, match="no name"):
        Layouts(None).save(name, LAYOUT)


def test_there_are_only_so_many(tmp_path: Path):
    layouts = Layouts(None)
    for number in range(MOST):
        layouts.save(f"l{number}", LAYOUT)
    with pytest.raises(UsageError, match="100 layouts"):
        layouts.save("more", LAYOUT)

    layouts.save("l0", LAYOUT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '{"version": 2}',
        '{"layouts": {"a": {"panes": []}}}',
        '{"layouts": {"a": {"panes": [{}, {}, {}]}}}',
        '{"layouts": {"a": {"panes": [{}], "active": 1}}}',
        '{"layouts": {"a": {"panes": [{"style": "pie"}]}}}',
        '{"layouts": {"a": {"panes": [{"fqme": "no market"}]}}}',
        '{"layouts": {"a": {"panes": [{"period_s": 7}]}}}',
        '{"layouts": {"a": {"panes": [{}], "hidden": ["chart"]}}}',
        '{"layouts": {"a": {"panes": [{"overlays": [{"fqme": "a.b", "slot": 9}]}]}}}',
        '{"layouts": {"a b": {"panes": [{}]}}}',
        '{"colours": 1}',
    ],
)
def test_a_file_that_is_no_good_is_told_of_and_put_aside(tmp_path: Path, text: str):
    file = tmp_path / "layouts.json"
    file.write_text(text)
    layouts = Layouts(file)

    assert "kept as layouts.bad" in layouts.problem
    assert (tmp_path / "layouts.bad").read_text() == text
    layouts.save("desk", LAYOUT)
    assert Layouts(file).names == ("desk",)


def test_files_put_aside_do_not_replace_one_another(tmp_path: Path):
    for text in ("one", "two"):
        (tmp_path / "layouts.json").write_text(text)
        Layouts(tmp_path / "layouts.json")

    assert (tmp_path / "layouts.bad").read_text() == "one"
    assert (tmp_path / "layouts.bad2").read_text() == "two"


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path):
    (tmp_path / "layouts.json").mkdir()
    layouts = Layouts(tmp_path / "layouts.json")
    layouts.save("desk", LAYOUT)

    assert "cannot be read" in layouts.problem
    assert layouts.names == ("desk",)


def test_a_file_that_cannot_be_written_loses_nothing(tmp_path: Path):
    layouts = Layouts(tmp_path / "file" / "layouts.json")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        layouts.save("desk", LAYOUT)

    assert layouts.names == ()


markets = st.sampled_from(["", "btcusdt.spot.sim", "es.cme.202612.sim"])
overlays = st.lists(
    st.sampled_from(["ethusdt.spot.sim", "eurusd.fx.sim"]), unique=True, max_size=2
).map(lambda fqmes: tuple(Overlaid(fqme, slot) for slot, fqme in enumerate(fqmes, 1)))
specs = st.builds(
    PaneSpec,
    fqme=markets,
    period_s=st.sampled_from([0, *PERIODS.values()]),
    style=st.sampled_from(STYLES),
    price_scale=st.sampled_from(["linear", "log", "percent"]),
    overlays=overlays,
    is_percent=st.booleans(),
    has_linked_cursor=st.booleans(),
)


@given(st.sampled_from(GRIDS).flatmap(lambda n: st.lists(specs, min_size=n, max_size=n)))
def test_whatever_the_deck_can_show_is_kept_as_it_is(panes: list[PaneSpec]):
    layout = Layout(panes=tuple(panes), active=len(panes) - 1)

    assert fault_of(layout) == ""
    assert msgspec.json.decode(msgspec.json.encode(layout), type=Layout) == layout
