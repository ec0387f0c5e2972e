"""Which records of `social.mentions` are valid, whoever wrote them."""

from __future__ import annotations

import pytest

from streams.config import Config
from streams.core.detect.validation import CLOCK_SKEW_MS, MentionsValidator
from streams.errors import RecordError
from streams.records import AuthorDeletions, Deletions, Envelope, Gaps, Mention, MentionsContent, Progress

NOW_MS = 1_760_000_000_000
CONFIG = Config.model_validate({"brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]})
VALIDATOR = MentionsValidator(CONFIG)
HOME = VALIDATOR.home(b"nordtel")


def envelope(*, ts_ms: int = NOW_MS, behind_ms: int = 0, ingested_ms: int = NOW_MS, partition: int = 0) -> Envelope:
    mention = Mention(0, ts_ms, behind_ms, 1, 2, 3, 4, 0, 0, "de", "forum", "1", [])
    return Envelope("nordtel", partition, "topic-1", "fast-1", ingested_ms, [mention])


def progress(
    *, watermark_ms: int = NOW_MS, ingested_ms: int = NOW_MS, idle_as_of_ms: int = -1, bucket_ms: int = NOW_MS
) -> Progress:
    active = [("forum", [bucket_ms])]
    return Progress(0, "topic-1", 7, watermark_ms, ingested_ms, idle_as_of_ms, live=True, active=active, pulse=[])


def refusal(record: MentionsContent, partition: int = HOME) -> str:
    with pytest.raises(RecordError) as refused:
        VALIDATOR.read(partition, NOW_MS, record.to_bytes())
    return refused.value.reason


@pytest.mark.parametrize(
    "record",
    [
        envelope(),
        envelope(ingested_ms=NOW_MS + CLOCK_SKEW_MS),
        envelope(ts_ms=NOW_MS - 5_000, behind_ms=5_000),
        progress(),
        progress(watermark_ms=-1, ingested_ms=-1),
        progress(idle_as_of_ms=NOW_MS),
        Deletions(0, [(-1, "forum", "1"), (NOW_MS, "forum", "2")]),
        AuthorDeletions(0, "topic-1", [(3, -1, 5), (4, NOW_MS, 6)]),
        Gaps(0, "topic-1", [(3, -1, "forum", NOW_MS - 5_000, NOW_MS)]),
    ],
)
def test_a_record_that_a_scorer_may_have_written_is_read(record: MentionsContent) -> None:
    assert VALIDATOR.read(HOME, NOW_MS, record.to_bytes()) == record


@pytest.mark.parametrize(
    "record",
    [
        envelope(ts_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        envelope(behind_ms=CLOCK_SKEW_MS + 1),
        envelope(ingested_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        progress(watermark_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        progress(ingested_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        progress(idle_as_of_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        progress(bucket_ms=NOW_MS + CLOCK_SKEW_MS + 1),
        Deletions(0, [(NOW_MS + CLOCK_SKEW_MS + 1, "forum", "1")]),
        AuthorDeletions(0, "topic-1", [(3, NOW_MS + CLOCK_SKEW_MS + 1, 5)]),
        Gaps(0, "topic-1", [(3, NOW_MS + CLOCK_SKEW_MS + 1, "forum", 0, 1)]),
        Gaps(0, "topic-1", [(3, NOW_MS, "forum", NOW_MS, NOW_MS + CLOCK_SKEW_MS + 1)]),
    ],
)
def test_a_time_ahead_of_the_brokers_clock_is_refused(record: MentionsContent) -> None:
    assert refusal(record) == "timestamp_in_future"


@pytest.mark.parametrize("record", [envelope(ts_ms=0), progress(watermark_ms=0), progress(bucket_ms=0)])
def test_a_time_before_the_oldest_year_is_refused(record: Envelope | Progress) -> None:
    assert refusal(record) == "timestamp_too_old"


def test_a_record_of_a_partition_that_does_not_exist_is_refused() -> None:
    assert refusal(envelope(partition=CONFIG.topics.partitions)) == "unknown_partition"


def test_mentions_in_the_partition_of_another_brand_are_refused() -> None:
    assert refusal(envelope(), (HOME + 1) % CONFIG.topics.partitions) == "wrong_partition"
