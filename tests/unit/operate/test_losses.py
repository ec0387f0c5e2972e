"""What counts as lost, and when it is a problem."""

from __future__ import annotations

import pytest

from streams.operate.losses import DeadLetterHead, Losses, losses_of
from streams.records.dead_letters import LOST_TO_RETENTION

NOW_MS = 1_772_409_600_000
HOUR_MS = 3_600_000


def letter(reason: str, hours_ago: float, records: int = 1, topic: str = "social.posts") -> DeadLetterHead:
    return DeadLetterHead(reason, topic, records, round(NOW_MS - hours_ago * HOUR_MS))


def test_records_lost_to_retention_are_counted_by_topic_for_a_day() -> None:
    letters = [letter(LOST_TO_RETENTION, 1, 250), letter(LOST_TO_RETENTION, 2, 250), letter(LOST_TO_RETENTION, 25, 9)]
    alerts = [letter(LOST_TO_RETENTION, 3, 2, "social.alerts")]
    losses = losses_of(letters, alerts, NOW_MS, counted=100, late=0)
    assert losses.deleted_unread == {"social.posts": 500, "social.alerts": 2}
    assert losses.undelivered == {}
    assert [problem.split(" were ")[0] for problem in losses.problems()] == [
        "500 records of social.posts", "2 records of social.alerts",
    ]  # fmt: skip


def test_alerts_that_a_bridge_has_given_up_are_a_problem_for_a_day() -> None:
    alerts = [letter("http_422", 1), letter("http_422", 3), letter("gave_up", 5), letter("gave_up", 30)]
    losses = losses_of([], alerts, NOW_MS, counted=0, late=0)
    (problem,) = losses.problems()
    assert problem.startswith("3 alerts were not delivered in the last 24 hours (gave_up 1, http_422 2)")


@pytest.mark.parametrize(
    ("last_hour", "day_before", "is_problem"),
    [(10, 0, False), (11, 0, True), (100, 24 * 60, False), (121, 24 * 60, True), (0, 500, False)],
)
def test_dead_letters_are_a_problem_when_they_rise(last_hour: int, day_before: int, is_problem: bool) -> None:
    letters = [letter("broken_json", 0.5)] * last_hour
    letters += [letter("broken_json", 1.5 + number % 23) for number in range(day_before)]
    assert bool(losses_of(letters, [], NOW_MS, counted=0, late=0).problems()) == is_problem


@pytest.mark.parametrize(
    ("counted", "late", "is_problem"),
    [(1_980, 19, False), (1_000, 19, False), (1_900, 100, True), (99_000, 999, False)],
)
def test_late_mentions_are_a_problem_above_one_in_a_hundred(counted: int, late: int, is_problem: bool) -> None:
    problems = losses_of([], [], NOW_MS, counted=counted, late=late).problems()
    assert bool(problems) == is_problem
    assert not problems or problems[0].startswith("5.0% of the mentions")


def test_nothing_lost_is_no_problem() -> None:
    assert Losses().problems() == []
