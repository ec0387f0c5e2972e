"""Posts of one source in a minute: what is dropped, the same after a restart, and that others are not hurt."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from streams.config import Config
from streams.config.sections import ScoreSettings
from streams.core.score.position import Position, committed_position
from streams.core.score.quota import MAX_COUNTED_SOURCES, Quota
from streams.core.score.scorer import ScoredBatch, Scorer
from streams.records import Deletion, Deletions, OverQuotaPost, Post

START = 1_760_000_400_007
MINUTE = 60_000


class Model:
    version = "m"

    def predict(self, _text: str, _lang: str) -> tuple[float, float, float]:
        return (0.2, 0.5, 0.3)


def config(limit: int | None, partitions: int = 1, **ingest: Any) -> Config:
    return Config.model_validate(
        {
            "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
            "topics": {"partitions": partitions},
            "score": {"max_posts_per_source_per_minute": limit},
            "ingest": ingest,
        }
    )


def scorer(limit: int | None, partitions: int = 1, **ingest: Any) -> Scorer:
    made = Scorer(config(limit, partitions, **ingest), Model())
    made.assign(0, Position("topic"))
    return made


def posts(source: str, count: int, at_ms: int = START, step_ms: int = 0) -> list[bytes]:
    return [
        Post(f"{source}{at_ms}-{number}", source, at_ms + number * step_ms, "nordtel").to_bytes()
        for number in range(count)
    ]


def rows(values: list[bytes], first: int = 0) -> list[tuple[int, int, bytes | None]]:
    return [(first + index, START + 3_600_000, value) for index, value in enumerate(values)]


def dropped(batch: ScoredBatch) -> dict[str, int]:
    return dict(Counter(post.source for post in batch.over_quota))


def offsets(batch: ScoredBatch) -> list[int]:
    return [mention.offset for envelope in batch.envelopes for mention in envelope.mentions]


def test_a_flood_is_cut_and_others_are_not() -> None:
    batch = scorer(10).score(0, rows([*posts("flood", 50), *posts("forum", 8)]))
    assert dropped(batch) == {"flood": 40}
    assert batch.over_quota[0] == OverQuotaPost(10, "flood", f"flood{START}-10")
    assert offsets(batch) == [*range(10), *range(50, 58)]
    assert (batch.posts, batch.rejects) == (18, [])


def test_the_limit_is_shared_by_the_partitions_and_null_is_none() -> None:
    assert dropped(scorer(10, partitions=4).score(0, rows(posts("flood", 50)))) == {"flood": 47}
    assert dropped(scorer(None).score(0, rows(posts("flood", 50)))) == {}


def test_a_new_minute_of_event_time_counts_anew_but_posts_dated_back_do_not() -> None:
    values = [*posts("a", 60), *posts("a", 60, START + MINUTE), *posts("a", 30, START - 3_600_000, MINUTE)]
    assert dropped(scorer(10).score(0, rows(values))) == {"a": 50 + 50 + 30}


def test_a_repeat_over_quota_is_a_repeat_and_no_second_fate_of_its_post() -> None:
    batch = scorer(10).score(0, rows([*posts("a", 6), *posts("a", 6), *posts("a", 12)]))
    assert (batch.posts, batch.repeated, dropped(batch)) == (22, 12, {"a": 2})
    assert len(offsets(batch)) + len(batch.over_quota) == 12


def test_deletions_always_pass() -> None:
    values = [*posts("a", 12), *(Deletion(str(number), "a").to_bytes() for number in range(5))]
    batch = scorer(10).score(0, rows(values))
    assert dropped(batch) == {"a": 2}
    (deletions,) = batch.notices
    assert isinstance(deletions, Deletions)
    assert len(deletions.posts) == 5


@pytest.mark.parametrize("cut", [1, 7, 15, 29, 30, 31, 44, 59, 83, 112, 150])
@pytest.mark.parametrize("recent_ids", [0, 5, 1000])
def test_a_restart_anywhere_drops_the_same(cut: int, recent_ids: int) -> None:
    once = [
        value
        for pair in zip(posts("a", 30, step_ms=3_000), posts("b", 30, START, 4_000), strict=True)
        for value in pair
    ]
    values = [value for number, each in enumerate(once) for value in (each, *once[max(0, number - 9) : number : 4])]
    whole = scorer(12, recent_ids=recent_ids).score(0, rows(values))
    first = scorer(12, recent_ids=recent_ids).score(0, rows(values[:cut]))
    position = committed_position(first.position.offset, first.position.metadata())
    assert position == first.position
    second = scorer(12, recent_ids=recent_ids)
    second.assign(0, position)
    begin = max(0, position.known_from(recent_ids))
    second.warm(0, rows(values[begin:cut], begin))
    rest = second.score(0, rows(values[cut:], cut))
    assert offsets(first) + offsets(rest) == offsets(whole)
    assert first.over_quota + rest.over_quota == whole.over_quota
    assert whole.over_quota


def test_many_sources_share_what_one_may_have() -> None:
    quota = Quota(3)
    admitted = [quota.admits(f"s{number}", START, number) for number in range(MAX_COUNTED_SOURCES + 10)]
    assert admitted == [True] * (MAX_COUNTED_SOURCES + 3) + [False] * 7


def test_there_is_no_quota_by_default() -> None:
    """A firestorm of 5,000 posts/s of one source is no flood, nor is an archive whose times are whole hours."""
    assert ScoreSettings().max_posts_per_source_per_minute is None


def test_another_quota_is_applied_to_partitions_that_are_being_read() -> None:
    """A live change was accepted and logged, but each partition kept the quota with which it was assigned."""
    made = scorer(None)
    assert dropped(made.score(0, rows(posts("a", 20)))) == {}
    made.reload(config(10))
    assert dropped(made.score(0, rows(posts("b", 20), 20))) == {"b": 10}
    made.reload(config(15))
    assert dropped(made.score(0, rows(posts("b", 20, START + MINUTE), 40))) == {"b": 5}
    made.reload(config(None))
    batch = made.score(0, rows(posts("b", 20, START + MINUTE + 1), 60))
    assert (dropped(batch), batch.position.minute_offset) == ({}, -1)


def test_without_a_quota_a_restart_reads_no_further_back_than_the_recent_ids() -> None:
    """The offset of a minute that was counted under an earlier quota stayed behind for good."""
    made = Scorer(config(None), Model())
    made.assign(0, Position("topic", 5_000, START, minute_offset=17))
    assert made.score(0, rows(posts("a", 1), 5_000)).position.known_from(100) == 5_001 - 100
