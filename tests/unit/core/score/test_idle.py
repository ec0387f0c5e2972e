"""When a partition is reported as read to its end."""

from __future__ import annotations

from streams.core.score.idle import IDLE_SECONDS, Idleness


def test_a_partition_is_idle_as_of_the_answer_before_the_last() -> None:
    idleness = Idleness(now=0)
    assert idleness.as_of_ms(1_000, at_end=True, now=IDLE_SECONDS) is None  # one answer proves nothing
    assert idleness.as_of_ms(1_000, at_end=True, now=IDLE_SECONDS + 0.2) is None
    assert idleness.as_of_ms(1_500, at_end=True, now=IDLE_SECONDS + 0.4) == 1_000
    assert idleness.as_of_ms(2_000, at_end=True, now=IDLE_SECONDS + 0.9) is None  # not that often
    assert idleness.as_of_ms(2_500, at_end=True, now=2 * IDLE_SECONDS + 0.5) == 2_000


def test_a_partition_with_records_left_is_not_idle() -> None:
    idleness = Idleness(now=0)
    assert idleness.as_of_ms(None, at_end=False, now=5) is None
    assert idleness.as_of_ms(1_000, at_end=False, now=6) is None
    assert idleness.as_of_ms(1_500, at_end=True, now=6 + IDLE_SECONDS / 2) is None
    assert idleness.as_of_ms(2_000, at_end=True, now=6 + IDLE_SECONDS) == 1_500
