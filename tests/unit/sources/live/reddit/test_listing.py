"""Whether what was read of a listing reaches back to a moment."""

from __future__ import annotations

import pytest

from streams.sources.live.base import Skipped
from streams.sources.live.reddit.listing import Listing
from streams.sources.live.reddit.things import Known, Thing


def listing(*created_ms: int, is_whole: bool = False) -> Listing:
    things = [Thing(f"t3_{number}", Known(at_ms), Skipped("no_post")) for number, at_ms in enumerate(created_ms)]
    return Listing(things, [], is_whole)


@pytest.mark.parametrize(
    ("created_ms", "missing"),
    [
        ((90, 80, 40, 30), None),
        ((90, 80, 50), None),
        ((90, 80, 70), (50, 70)),
        ((90, 80, 40, 70), (50, 70)),
        ((50, 49), None),
        ((), None),
        ((0, 0), None),
    ],
)
def test_a_span_is_missing_if_the_listing_ends_before_the_moment(
    created_ms: tuple[int, ...], missing: tuple[int, int] | None
) -> None:
    assert listing(*created_ms).missing(50) == missing
    assert listing(*created_ms, is_whole=True).missing(50) is None


def test_one_old_entry_among_new_ones_is_no_end() -> None:
    assert not listing(90, 80, 40).reaches(50)
    assert listing(90, 40, 80, 39).reaches(50)
