"""When a result is warned of: from one late mention in a hundred."""

from __future__ import annotations

import pytest

from streams.offline.lateness import late_mentions


@pytest.mark.parametrize(("counted", "late", "loud"), [(0, 0, False), (99, 1, False), (98, 2, True), (0, 1, True)])
def test_more_than_one_late_mention_in_a_hundred_is_loud(counted: int, late: int, loud: bool) -> None:
    assert bool(list(late_mentions(counted, late))) == loud
