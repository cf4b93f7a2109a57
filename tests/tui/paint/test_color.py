"""Colour arithmetic."""

from __future__ import annotations

import pytest

from tui.paint.color import ANSI_NAMES, blend, contrast, is_hex, nearest_256, readable_on


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_a_blend_ends_where_it_goes_and_leaves_names_alone() -> None:
    assert blend("#000000", "#ffffff", 0.0) == "#000000"
    assert blend("#000000", "#ffffff", 1.0) == "#ffffff"
    assert blend("#102030", "#304050", 0.5) == "#203040"
    assert blend("ansi_red", "#ffffff", 0.5) == "ansi_red"


def test_a_colour_of_the_terminal_is_its_own_nearest() -> None:
    for colour in ("#000000", "#ffffff", "#5f87af", "#d7ff00", "#626262"):
        assert nearest_256(colour) == colour


def test_the_nearest_colour_keeps_its_hue() -> None:
    assert nearest_256("#3fb68b") == "#5faf87"
    assert nearest_256("#ff5c5c") == "#ff5f5f"


def test_text_can_be_read_on_every_ground() -> None:
    for ground in ("#000000", "#ffffff", "#f0d9a0", "#1a7f5a", "#777777"):
        assert contrast(readable_on(ground), ground) >= 4.4
    for name in ANSI_NAMES:
        assert readable_on(name) != name


def test_hex_is_six_digits() -> None:
    assert is_hex("#0aF9c2")
    assert not is_hex("#fff")
    assert not is_hex("#0aF9c2\n")
    assert not is_hex("red")
