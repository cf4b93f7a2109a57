"""An iceberg at a venue that takes those: one order, of which the venue shows a part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.messages import IcebergTerms, Submit
from tests.support.algos import SIMPLE, Bench

D = Decimal
NATIVE = replace(SIMPLE, can_iceberg=True)


def bench_of(**terms: Any) -> Bench:
    fields = {"side": "buy", "size": D(5), "price": D(99), "shown": D(2), **terms}
    bench = Bench(IcebergTerms(**fields), NATIVE)
    bench.answer()
    return bench


def sent(bench: Bench) -> list[tuple[Decimal, Decimal | None]]:
    """Size of each order, and what of it is shown."""
    return [(action.size, action.shown) for action in bench.did if isinstance(action, Submit)]


def test_it_is_one_order_that_the_venue_shows_in_parts() -> None:
    bench = bench_of()
    assert sent(bench) == [(5, 2)]
    assert bench.algo.is_native

    bench.fill("A.part-1", "3")
    bench.fill("A.part-1", "2")

    assert sent(bench) == [(5, 2)]
    assert (bench.algo.status, bench.algo.filled) == ("done", 5)


def test_it_goes_on_with_what_is_left_after_a_pause() -> None:
    bench = bench_of()
    bench.fill("A.part-1", "4")
    bench.pause()
    bench.answer()
    assert bench.working() == []
    bench.resume()
    bench.answer()

    assert sent(bench) == [(5, 2), (1, 1)]


def test_another_part_to_show_is_another_order() -> None:
    bench = bench_of()
    assert bench.amend(shown=D(3)) is None
    bench.answer()

    assert sent(bench) == [(5, 2), (5, 3)]
    assert bench.working() == [("part-2", 99, 5)]


def test_another_price_is_an_amend_of_the_same_order() -> None:
    bench = bench_of()
    assert bench.amend(price=D(98)) is None
    bench.answer()

    assert sent(bench) == [(5, 2)]
    assert bench.working() == [("part-1", 98, 5)]


def test_a_restart_makes_no_second_order() -> None:
    bench = bench_of()
    bench.restart()
    bench.answer()

    assert sent(bench) == [(5, 2)]


def test_it_is_held_here_where_the_venue_has_none() -> None:
    bench = Bench(IcebergTerms(side="buy", size=D(5), price=D(99), shown=D(2)))
    bench.answer()

    assert sent(bench) == [(2, None)]
    assert not bench.algo.is_native
