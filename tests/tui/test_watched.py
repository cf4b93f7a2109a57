from __future__ import annotations

from tui.watched import Watched


def test_the_first_of_the_list_is_selected_and_none_is_there_twice() -> None:
    watched = Watched(["a.sim", "b.sim", "a.sim"])

    assert (watched.watch, watched.selected) == (["a.sim", "b.sim"], "a.sim")
    assert Watched().selected == ""


def test_markets_come_and_go_and_a_neighbour_is_selected() -> None:
    watched = Watched(["a.sim", "b.sim", "c.sim"])

    assert watched.add_watch("d.sim")
    assert not watched.add_watch("d.sim")
    assert watched.select("d.sim")
    assert not watched.select("d.sim")
    assert watched.remove_watch("d.sim")
    assert not watched.remove_watch("d.sim")
    assert watched.selected == "c.sim"
    for fqme in ("a.sim", "b.sim", "c.sim"):
        watched.remove_watch(fqme)
    assert (watched.watch, watched.selected) == ([], "")


def test_another_name_of_a_market_is_learned_once_and_keeps_its_place() -> None:
    watched = Watched(["a.sim", "nick.sim", "b.sim", "c.sim"])
    watched.select("nick.sim")

    assert watched.learn("nick.sim", "c.sim")
    assert not watched.learn("nick.sim", "c.sim")
    assert watched.watch == ["a.sim", "c.sim", "b.sim"]
    assert watched.selected == "c.sim"
    assert watched.canonical("nick.sim") == "c.sim"
    assert watched.canonical("other.sim") == "other.sim"
