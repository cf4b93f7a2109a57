"""The charts of the grid: which market each shows, and which of them is active."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from tui.charts.panes import GRIDS, LINKS, MOST_OVERLAYS, Overlaid, Panes, PaneSpec

WATCH = ["a.sim", "b.sim", "c.sim"]


def grid(count: int, watched: list[str] = WATCH, selected: str = "a.sim") -> Panes:
    panes = Panes(period_s=60)
    panes.arrange(count, selected=selected, watched=watched)
    return panes


def markets(panes: Panes, selected: str = "a.sim") -> list[str]:
    return [panes.market_of(pane, selected) for pane in range(len(panes))]


def test_new_charts_take_the_next_markets_of_the_watchlist():
    assert markets(grid(2, selected="b.sim"), "b.sim") == ["b.sim", "c.sim"]


def test_where_the_watchlist_is_short_new_charts_take_longer_periods_of_the_selected_market():
    panes = grid(6)

    assert markets(panes) == ["a.sim", "b.sim", "c.sim", "a.sim", "a.sim", "a.sim"]
    assert [panes.period_of(pane) for pane in range(6)] == [60, 60, 60, 300, 900, 3600]


def test_the_only_chart_follows_the_selection_and_one_of_several_keeps_its_market():
    panes = Panes()
    assert panes.market_of(0, "z.sim") == "z.sim"
    panes.arrange(2, selected="a.sim", watched=WATCH)

    assert markets(panes, "b.sim") == ["a.sim", "b.sim"]


def test_a_market_that_is_selected_goes_to_the_active_chart_and_to_no_free_one():
    panes = grid(2)
    panes.activate(1)
    panes.show_market("c.sim")

    assert [spec.fqme for spec in panes.specs] == ["a.sim", "c.sim"]


def test_a_linked_chart_follows_whatever_is_selected():
    panes = grid(2)
    panes.link("market")

    assert markets(panes, "q.sim") == ["q.sim", "b.sim"]


def test_fewer_charts_keep_the_one_that_is_looked_at():
    panes = grid(4)
    panes.activate(2)
    panes.arrange(1, selected="c.sim")

    assert (markets(panes, "c.sim"), panes.active) == (["c.sim"], 0)


@pytest.mark.parametrize("count", [0, 3, 5, 7, -1])
def test_there_are_grids_of_one_two_four_and_six_only(count: int):
    with pytest.raises(UsageError, match="no grid"):
        Panes().arrange(count)


def test_linked_charts_change_their_period_together_and_a_free_one_alone():
    panes = grid(2)
    panes.set_period(300)
    assert [panes.period_of(pane) for pane in (0, 1)] == [300, 300]
    panes.free("period", "a.sim")
    panes.set_period(900)

    assert [panes.period_of(pane) for pane in (0, 1)] == [900, 300]
    panes.link("period")
    assert panes.period_of(0) == 300


def test_what_lies_over_a_chart_keeps_its_colour_while_others_come_and_go():
    panes = Panes()
    panes.overlay("b.sim", "c.sim", "b.sim")
    panes.take_off("b.sim")
    panes.overlay("d.sim")

    assert panes.spec.overlays == (Overlaid("c.sim", 2), Overlaid("d.sim", 1))
    panes.take_off()
    assert panes.spec.overlays == ()


def test_no_more_markets_lie_over_a_chart_than_there_are_colours():
    panes = Panes()
    panes.overlay(*(f"m{number}.sim" for number in range(MOST_OVERLAYS)))
    with pytest.raises(UsageError, match="at most 7"):
        panes.overlay("more.sim")

    assert len(panes.spec.overlays) == MOST_OVERLAYS


def test_a_market_that_is_gone_is_on_no_chart():
    panes = grid(4)
    panes.overlay("b.sim")
    panes.forget("b.sim", "a.sim")
    panes.forget("a.sim", "c.sim")

    assert markets(panes, "c.sim") == ["c.sim"] * 4
    assert not any(spec.overlays for spec in panes.specs)


def test_as_many_charts_are_shown_as_have_room_and_the_active_one_is_among_them():
    panes = grid(6)
    assert list(panes.visible(4)) == [0, 1, 2, 3]
    panes.activate(5)
    assert list(panes.visible(4)) == [2, 3, 4, 5]
    assert list(panes.visible(1)) == [5]
    assert list(panes.visible(6)) == list(range(6))


def test_what_is_no_grid_cannot_be_restored():
    panes = Panes()
    with pytest.raises(UsageError):
        panes.restore([PaneSpec()] * 3, 0, 60)
    with pytest.raises(UsageError):
        panes.restore([PaneSpec()] * 2, 2, 60)

    assert len(panes) == 1


names = st.sampled_from(["a.sim", "b.sim", "c.sim", "d.sim"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrange"), st.sampled_from(GRIDS)),
        st.tuples(st.just("activate"), st.integers(0, 7)),
        st.tuples(st.just("select"), names),
        st.tuples(st.just("link"), st.sampled_from(LINKS)),
        st.tuples(st.just("free"), st.sampled_from(LINKS)),
        st.tuples(st.just("forget"), names),
    ),
    max_size=30,
)


@given(steps)
def test_the_market_of_the_active_chart_is_always_the_selected_one(done: list[tuple[str, object]]):
    panes, selected, watch = Panes(), "a.sim", ["a.sim", "b.sim", "c.sim", "d.sim"]
    for verb, what in done:
        if verb == "arrange":
            panes.arrange(what, selected=selected, watched=watch)  # type: ignore[arg-type]
        elif verb == "activate":
            panes.activate(what)  # type: ignore[arg-type]
            selected = panes.spec.fqme or selected
        elif verb == "select":
            selected = str(what)
            panes.show_market(selected)
        elif verb == "link":
            panes.link(what)  # type: ignore[arg-type]
        elif verb == "free":
            panes.free(what, selected)  # type: ignore[arg-type]
        elif what in watch and len(watch) > 1:
            watch.remove(str(what))
            selected = watch[0] if what == selected else selected
            panes.forget(str(what), selected)
        assert panes.market_of(panes.active, selected) == selected
        assert len(panes) in GRIDS
        assert 0 <= panes.active < len(panes)


def test_a_market_that_goes_by_another_name_keeps_its_place_and_its_colour():
    panes = Panes()
    panes.restore(
        [
            PaneSpec(fqme="a", overlays=(Overlaid("b", 1), Overlaid("c", 2))),
            PaneSpec(fqme="b", overlays=(Overlaid("a", 3),)),
        ],
        0,
        60,
    )
    before = panes.version
    panes.rename("b", "d")

    first, second = panes.specs
    assert (first.fqme, first.overlays) == ("a", (Overlaid("d", 1), Overlaid("c", 2)))
    assert (second.fqme, second.overlays) == ("d", (Overlaid("a", 3),))
    assert panes.version > before


def test_two_names_of_one_market_do_not_lie_over_a_chart_twice_or_over_itself():
    panes = Panes()
    overlays = (Overlaid("b", 1), Overlaid("c", 2), Overlaid("d", 3))
    panes.restore([PaneSpec(fqme="a", overlays=overlays)], 0, 60)
    panes.rename("c", "b")
    panes.rename("d", "a")

    assert panes.spec.overlays == (Overlaid("b", 1),)
