"""Posts arrive as a collector would receive them: some late, some twice."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conftest import Run


def test_reposts_and_replies_point_to_earlier_posts(day: Run) -> None:
    by_id = {arrival.post["id"]: arrival.post for arrival in day.unique}
    reposts = [post for post in by_id.values() if "repost_of" in post]
    replies = [post for post in by_id.values() if "reply_to" in post]
    assert 0.1 < len(reposts) / len(by_id) < 0.35
    assert 0.1 < len(replies) / len(by_id) < 0.35
    for post in reposts:
        original = by_id[post["repost_of"]]
        assert original["created_at"] <= post["created_at"]
        assert (original["text"], original["source"]) == (post["text"], post["source"])
    for post in replies:
        original = by_id[post["reply_to"]]
        assert original["created_at"] <= post["created_at"]
        assert post["text"].lower().startswith(f"@{original['author']}".lower())


def test_late_and_duplicate_shares(day: Run) -> None:
    assert 0.01 < day.truth["late"] / day.truth["posts"] < 0.02
    assert 0.005 < day.truth["duplicates"] / day.truth["posts"] < 0.01


def test_late_posts_are_minutes_to_hours_late(day: Run) -> None:
    newest = datetime.min.replace(tzinfo=UTC)
    delays = []
    for arrival in day.unique:
        created = datetime.fromisoformat(arrival.post["created_at"])
        if created < newest:
            delays.append((newest - created) / timedelta(minutes=1))
        newest = max(newest, created)
    assert 60 < max(delays) < 241
    assert 5 < statistics.median(delays) < 60


def test_duplicates_repeat_an_earlier_line(day: Run) -> None:
    seen: dict[str, dict[str, Any]] = {}
    for arrival in day.arrivals:
        identity = arrival.post["id"]
        if arrival.duplicate:
            assert seen[identity] == arrival.post
        else:
            assert identity not in seen
            seen[identity] = arrival.post
