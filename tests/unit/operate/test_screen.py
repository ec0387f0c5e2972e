"""Spans of time on the screens of operators."""

from __future__ import annotations

import pytest

from streams.operate.screen import span


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(119, "119 s"), (120, "2 min"), (7_199, "120 min"), (7_200, "2 h"), (172_799, "48 h"), (172_800, "2 d")],
)
def test_a_span_is_in_the_largest_unit_of_which_it_has_two(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
