from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from tui.render.pens import Pen, PenBook, pen_change

PENS = st.builds(
    Pen,
    st.integers(0, (1 << 13) - 1),
    st.sampled_from(["", "31", "38;5;100", "38;2;1;2;3"]),
    st.sampled_from(["", "44", "48;2;9;9;9"]),
)


def attributes(text: str) -> pyte.screens.Char:
    """The pen of a terminal that was sent that."""
    screen = pyte.Screen(2, 2)
    pyte.Stream(screen).feed(text)
    return screen.cursor.attrs


@given(PENS, PENS)
def test_a_change_of_pens_makes_the_new_one(old, new):
    book = PenBook()
    first, second = book.number(old), book.number(new)

    made = attributes(book.change(None, first) + book.change(first, second))

    assert attributes(pen_change(None, new)) == made


@given(PENS, PENS)
def test_a_change_is_never_longer_than_a_new_pen(old, new):
    assert len(pen_change(old, new)) <= len(pen_change(None, new))


def test_what_shares_its_end_with_what_goes_comes_again():
    assert pen_change(Pen(0b11, "31"), Pen(0b10, "31")) == "\x1b[22;2m"


def test_no_change_is_nothing():
    book = PenBook()
    pen = book.number(Pen(1, "31"))

    assert book.change(pen, pen) == ""


def test_blanks_of_one_background_share_a_pen():
    book = PenBook()
    bold = book.number(Pen(1, "31", "44"))
    plain = book.number(Pen(0, "32", "44"))
    underlined = book.number(Pen(8, "32", "44"))

    assert book.blank[bold] == book.blank[plain] == book.number(Pen(background="44"))
    assert book.blank[underlined] == underlined
    assert book.ground[bold] == book.ground[plain] >= 0
    assert book.ground[underlined] == -1


def test_pen_0_is_that_of_the_terminal():
    book = PenBook()

    assert book.pen(0) == Pen()
    assert book.number(Pen()) == 0
    assert book.ground[0] == 0
