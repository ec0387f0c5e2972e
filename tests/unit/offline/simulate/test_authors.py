"""Few authors write much, and most write little."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Run


def test_activity_of_authors_has_a_heavy_tail(calm_weeks: Run) -> None:
    posts = Counter(arrival.post["author"] for arrival in calm_weeks.unique)
    once = sum(count == 1 for count in posts.values())
    top = sum(count for _, count in posts.most_common(len(posts) // 100))
    assert once > 0.3 * len(posts)
    assert top > 0.05 * posts.total()
    assert posts.most_common(1)[0][1] < 0.05 * posts.total()
