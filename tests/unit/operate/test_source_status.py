"""The condition of live sources by their cursors: who reads them, how fresh they are, and what is a problem."""

from __future__ import annotations

from typing import Any, Final

import pytest

from streams.config import Config
from streams.operate.source_status import UNOWNED_MS, SourceStatus, reads, source_statuses
from streams.records import Cursor, Owner, RecentGap

NOW: Final = 1_772_409_600_000
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
OWNER: Final = Owner(instance="a1", host="node7", pid=4711)

CONFIG: Final = Config.model_validate(
    {
        "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
        "sources": [
            {"id": "bluesky", "kind": "jetstream", "expected_silence_seconds": 600},
            {"id": "push", "kind": "webhook", "enabled": False},
        ],
    }
)


def cursor(**changed: Any) -> Cursor:
    fields: dict[str, Any] = {
        "source": "bluesky", "kind": "jetstream", "saved_ms": NOW - 1_000, "owner": OWNER, "state": "live",
        "heard_ms": NOW - 500, "post_ms": NOW - 2_000, "behind_ms": 900,
    }  # fmt: skip
    return Cursor(**(fields | changed))


def status(found: Cursor | None) -> SourceStatus:
    return source_statuses(CONFIG.sources, {"bluesky": found} if found else {}, NOW, {"bluesky": 36.04})[0]


def problems(**changed: Any) -> list[str]:
    return status(cursor(**changed)).problems(NOW)


def test_a_source_that_delivers_is_well() -> None:
    seen = status(cursor())
    assert seen.problems(NOW) == []
    assert (seen.state, seen.owner, seen.posts_per_minute) == ("live", "node7:4711", 36.0)
    assert seen.reads == "wss://jetstream.us-east.bsky.network and 1 more"


def test_a_source_that_is_off_is_no_problem() -> None:
    off = source_statuses(CONFIG.sources, {}, NOW, {})[1]
    assert (off.state, off.reads, off.problems(NOW)) == ("off", "127.0.0.1:8480", [])


def test_each_source_is_fresh_by_its_own_expectation() -> None:
    assert problems(post_ms=NOW - 599_000) == []
    (problem,) = problems(post_ms=NOW - 20 * MINUTE)
    assert "no post for 20 minutes (more than expected_silence_seconds=600)" in problem
    assert problems(post_ms=None) == [], "it has just begun"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"state": "refused", "why": "the token is wrong"}, "source bluesky is refused: the token is wrong"),
        ({"state": "limited", "why": "20 USD are spent"}, "source bluesky is held back by a limit: 20 USD are spent"),
        (
            {"state": "waiting", "why": "no host answers", "heard_ms": NOW - 3 * MINUTE},
            "source bluesky is not connected: no host answers",
        ),
        ({"why": "r/nordtel is private"}, "source bluesky is read in part: r/nordtel is private"),
        ({"state": "catching_up", "behind_ms": 3 * HOUR}, "source bluesky lies 3 hours behind the present"),
        (
            {"state": "catching_up", "behind_ms": 3 * HOUR, "why": "partition 3 has stalled"},
            "source bluesky lies 3 hours behind the present: partition 3 has stalled",
        ),
        ({"saved_ms": NOW - UNOWNED_MS - HOUR}, "nobody has read source bluesky for 61 minutes"),
        ({"owner": None, "state": "stopped", "saved_ms": NOW - 3 * HOUR}, "nobody has read source bluesky for 3 hours"),
    ],
)
def test_each_way_to_fail_is_told_with_its_cause(changed: dict[str, Any], expected: str) -> None:
    (problem,) = problems(**changed)
    assert problem.startswith(expected)


def test_a_hiccup_is_no_problem() -> None:
    assert problems(state="waiting", why="the connection ended") == []


def test_a_source_that_nobody_has_read_yet_tells_what_to_start() -> None:
    (problem,) = status(None).problems(NOW)
    assert "never been read" in problem
    assert "firewatch ingest --source bluesky" in problem


def test_files_that_have_been_read_to_their_end_are_well() -> None:
    assert problems(state="done", owner=None, saved_ms=NOW - 30 * HOUR, post_ms=NOW - 30 * HOUR) == []


def test_gaps_of_the_last_hour_are_a_problem_and_older_ones_are_listed() -> None:
    old = RecentGap(from_ms=NOW - 5 * HOUR, to_ms=NOW - 4 * HOUR, cause="no_backfill")
    late = RecentGap(from_ms=NOW - 30 * MINUTE, to_ms=NOW - 25 * MINUTE, cause="cursor_too_old", part="us-east")
    assert problems(gaps=[old]) == []
    (problem,) = problems(gaps=[old, late])
    assert problem == (
        "a gap was found in source bluesky in the last hour: posts of 5 minutes may be missing (cursor_too_old)"
    )
    assert len(status(cursor(gaps=[old, late])).gaps) == 2


def test_a_gap_of_days_ago_is_a_problem_when_it_has_just_been_found() -> None:
    """After an outage that was longer than the other side keeps posts."""
    found = RecentGap(
        from_ms=NOW - 60 * HOUR, to_ms=NOW - 36 * HOUR, cause="cursor_too_old", found_ms=NOW - 10 * MINUTE
    )
    (problem,) = problems(gaps=[found])
    assert "posts of 24 hours may be missing" in problem
    assert problems(gaps=[found.model_copy(update={"found_ms": NOW - 2 * HOUR})]) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"kind": "webhook"}, "127.0.0.1:8480"),
        ({"kind": "mastodon", "instances": [{"host": "example.social", "anonymous": True}]}, "https://example.social"),
        ({"kind": "jetstream", "hosts": ["wss://one.example"]}, "wss://one.example"),
    ],
)
def test_what_a_source_reads_is_told_in_few_words(source: dict[str, Any], expected: str) -> None:
    config = Config.model_validate({"brands": CONFIG.model_dump()["brands"], "sources": [{"id": "a", **source}]})
    assert reads(config.sources[0]) == expected
