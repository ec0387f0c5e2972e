"""High-water marks across topics that are recreated."""

from __future__ import annotations

from streams.core.rollup.high_water import REMEMBERED, HighWaterMark


def test_late_records_of_earlier_topics_never_count_again() -> None:
    mark = HighWaterMark("topic-0", offset=9)
    for number in range(1, REMEMBERED + 1):
        assert mark.admits(f"topic-{number}")
        assert mark.offset == -1
        mark.offset = number
    assert not any(mark.admits(f"topic-{number}") for number in range(REMEMBERED))
    assert (mark.topic_id, mark.offset) == (f"topic-{REMEMBERED}", REMEMBERED)


def test_only_the_latest_earlier_topics_are_remembered() -> None:
    mark = HighWaterMark("topic-0")
    for number in range(1, REMEMBERED + 2):
        mark.admits(f"topic-{number}")
    assert len(mark.retired) == REMEMBERED
    assert mark.admits("topic-0")


def test_a_mark_is_restored_from_its_dump() -> None:
    mark = HighWaterMark("topic-0", offset=9)
    mark.admits("topic-1")
    assert HighWaterMark(*mark.dump()) == mark
