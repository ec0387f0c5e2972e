"""Late mentions are gathered by bucket, for the few buckets that got some last."""

from __future__ import annotations

import orjson

from streams.core.rollup.late_buckets import MAX_BUCKETS, LateBuckets
from streams.records import Mention

BUCKET = 300_000


def mention(number: int) -> Mention:
    return Mention(number, 0, 0, 5_000, 1_000, number + 1, number, 0, 1, "de", "forum", f"p{number}", ["netz"])


def counts(late: LateBuckets, since_ms: int = 0) -> dict[int, int]:
    return {start: tally.count for start, tally in late.since(since_ms)}


def test_the_mentions_of_a_bucket_add_up_whenever_they_arrive() -> None:
    late = LateBuckets()
    late.add(0, 10, [mention(1)])
    late.add(BUCKET, 10, [mention(2), mention(3)])
    assert late.add(0, 20, [mention(4)]).count == 2
    assert counts(late) == {0: 2, BUCKET: 2}
    assert counts(late, BUCKET) == {BUCKET: 2}


def test_a_bucket_that_gets_no_more_mentions_is_forgotten() -> None:
    late = LateBuckets()
    late.add(0, 10, [mention(1)])
    late.add(BUCKET, 20, [mention(2)])
    late.forget(20)
    assert counts(late) == {BUCKET: 1}


def test_those_that_got_mentions_last_are_kept_however_many_there_are() -> None:
    late = LateBuckets()
    for number in range(100):
        late.add(number * BUCKET, number, [mention(number)])
        late.add(0, number, [mention(1_000 + number)])
    assert sorted(counts(late)) == [0, *(number * BUCKET for number in range(100 - MAX_BUCKETS + 1, 100))]
    assert counts(late)[0] == 101


def test_a_restart_changes_nothing() -> None:
    late, again = LateBuckets(), LateBuckets()
    for number in range(MAX_BUCKETS):
        late.add(number % 5 * BUCKET, number, [mention(number)])
    again.load(orjson.loads(orjson.dumps(late.dump())))
    for each in (late, again):
        each.forget(9)
        each.add(7 * BUCKET, 30, [mention(99)])
    assert list(counts(again).items()) == list(counts(late).items())
