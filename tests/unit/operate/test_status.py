"""The problems of a state, and the state as JSON."""

from __future__ import annotations

import orjson
import pytest

from streams.operate.status import Freshness, Status, WorkerStatus, find_problems

NOW_MS = 1_772_409_600_000
HOUR_MS = 3_600_000
FRESH = Freshness(arrived_ms=NOW_MS - 60_000)


def state(*workers: WorkerStatus, freshness: Freshness = FRESH) -> Status:
    return Status("127.0.0.1:9092", NOW_MS, "c1", workers=list(workers), freshness=freshness)


def worker(name: str, members: int, lag: int | None) -> WorkerStatus:
    return WorkerStatus(name, members, "Stable", "social.posts", lag)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (worker("score", 1, 10), []),
        (worker("score", 1, None), []),
        (worker("score", 0, None), ["no score worker runs: start `firewatch score` or `firewatch run`"]),
        (worker("score", 1, 11), ["score is 11 records behind in social.posts (more than 10)"]),
        (worker("train", 0, None), []),
        (worker("train", 0, 0), []),
        (worker("bridge-slack", 0, 3), ["3 records of social.posts wait for bridge-slack, which does not run"]),
    ],
)
def test_a_worker_is_a_problem_if_it_is_required_and_down_or_too_far_behind(
    each: WorkerStatus, expected: list[str]
) -> None:
    assert find_problems(state(each), max_lag=10, stale_seconds=3_600) == expected


@pytest.mark.parametrize(
    ("arrived_ms", "expected"),
    [
        (None, ["no post has ever arrived: start `firewatch ingest`"]),
        (NOW_MS - HOUR_MS, []),
        (NOW_MS - 2 * HOUR_MS, ["no post has arrived for 120 minutes (more than 60): is ingest up?"]),
    ],
)
def test_missing_and_old_posts_are_a_problem(arrived_ms: int | None, expected: list[str]) -> None:
    found = state(freshness=Freshness(arrived_ms=arrived_ms))
    assert find_problems(found, max_lag=10, stale_seconds=3_600) == expected


def test_the_json_has_every_part_of_the_state() -> None:
    found = orjson.loads(orjson.dumps(state(worker("score", 1, 10)).as_json()))
    assert list(found) == [
        "broker", "at_ms", "config_version", "workers", "dead_letters", "dropped_states", "losses", "freshness",
        "models", "firing", "latest", "problems", "config_problems", "left_out", "sources",
    ]  # fmt: skip
    assert found["workers"] == [{"name": "score", "members": 1, "state": "Stable", "topic": "social.posts", "lag": 10}]
    assert found["freshness"] == {"arrived_ms": NOW_MS - 60_000, "written_ms": None, "windows_ms": None}


def test_a_config_that_can_not_be_used_is_a_problem_once() -> None:
    found = state(worker("score", 1, 0))
    found.config_problems = {"score": "windoes: unknown key (line 4)"}
    expected = "score keeps an earlier config, since it could not use the changed file: windoes: unknown key (line 4)"
    assert find_problems(found, max_lag=10, stale_seconds=3_600) == [expected]
    found.config_problems |= {"file": "f.yaml:4: windoes: unknown key", "detect": "windoes: unknown key (line 4)"}
    (problem,) = find_problems(found, max_lag=10, stale_seconds=3_600)
    assert problem == (
        "the config is broken (detect and score still run with the last good one): f.yaml:4: windoes: unknown key"
    )
