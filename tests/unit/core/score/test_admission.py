"""Which records of a partition are scored, and what is remembered of them."""

from __future__ import annotations

import pytest

from streams.config import IngestSettings, WindowSettings
from streams.core.rollup.watermark import OTHER_SOURCES
from streams.core.score.admission import MAX_ACTIVE_SOURCES, Admission, PartitionState, read_record, records_to_know
from streams.core.score.crowds import BLOCK_RECORDS
from streams.core.score.position import Position
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS, AuthorDeletion, Deletion, Gap, Post

START = 1_760_000_400_000
BUCKET_MS = 300_000
LIVE_WITHIN_MS = 3_600_000


def post(id: str, at_ms: int = START, source: str = "forum", text: str = "text") -> bytes:
    return Post(id, source, at_ms, text).to_bytes()


def started(quota: int | None = None, position: Position | None = None, **ingest: int) -> PartitionState:
    return PartitionState(position or Position("topic"), IngestSettings(**ingest), WindowSettings(), quota)


def admitted(state: PartitionState, *values: bytes | None, first: int = 0, broker_ms: int = START) -> Admission:
    return state.admit([(offset, broker_ms, value) for offset, value in enumerate(values, first)], named)


def named(text: str, _tag: str | None) -> list[str]:
    return [brand for brand in ("acme", "nordtel") if brand in text]


def test_each_record_is_admitted_rejected_deleted_repeated_or_over_quota() -> None:
    deletion = Deletion("b", "forum").to_bytes()
    found = admitted(started(quota=2), post("a"), b"broken", deletion, post("a"), post("c"), post("d"), None)
    assert [(each.offset, each.post.id) for each in found.posts] == [(0, "a"), (4, "c")]
    assert [(each.offset, each.reason) for each in found.rejects] == [(1, "broken_json"), (6, "empty")]
    assert found.deletions == [(START, "forum", "b")]
    assert found.repeated == 1
    assert [(each.offset, each.id) for each in found.over_quota] == [(5, "d")]


def test_deletions_of_authors_and_gaps_are_passed_on_with_their_offset_and_the_event_time_of_their_arrival() -> None:
    anna = AuthorDeletion("anna", "forum")
    gap = Gap("forum", START - 60_000, START, "no_backfill")
    found = admitted(started(quota=2), post("a"), anna.to_bytes(), gap.to_bytes(), post("b", START + 5))
    assert found.author_deletions == [(1, START, anna)]
    assert found.gaps == [(2, START, "forum", START - 60_000, START)]
    assert [each.post.id for each in found.posts] == ["a", "b"]


def test_a_gap_is_cut_to_the_times_that_posts_may_have() -> None:
    read = read_record(Gap("forum", -5, START + 60_000, "removed").to_bytes(), START, IngestSettings(oldest_year=2000))
    assert isinstance(read, Gap)
    assert (read.from_ms, read.to_ms) == (946_684_800_000, START)


@pytest.mark.parametrize(
    "record",
    [
        AuthorDeletion("", "forum"),
        AuthorDeletion("anna", ""),
        AuthorDeletion("a" * (MAX_ID_CHARS + 1), "forum"),
        Gap("f" * (MAX_ID_CHARS + 1), 1, 2, "paused"),
    ],
)
def test_deletions_of_authors_and_gaps_need_names_of_bounded_length(record: AuthorDeletion | Gap) -> None:
    with pytest.raises(RecordError) as caught:
        read_record(record.to_bytes(), START, IngestSettings())
    assert caught.value.reason == "bad_id"


def test_event_time_never_goes_back_and_each_post_has_the_one_of_its_arrival() -> None:
    found = admitted(started(), post("a"), post("b", START - 60_000), post("c", START + 5), broker_ms=START + 10)
    assert [each.arrived_ms for each in found.posts] == [START, START, START + 5]
    assert found.sources == {"forum": START + 5}


def test_an_edit_is_admitted_for_the_brands_that_it_names_first_and_dropped_otherwise() -> None:
    texts = ("acme", "acme!", "acme and nordtel", "nordtel")
    found = admitted(started(), *(post("a", text=text) for text in texts))
    assert [(each.offset, list(each.brands)) for each in found.posts] == [(0, ["acme"]), (2, ["nordtel"])]
    assert (found.repeated, found.edited) == (2, 1)


def test_neither_a_repeat_nor_a_rejected_post_moves_event_time() -> None:
    state = started()
    far_ahead = START + 10 * 86_400_000
    admitted(state, post("a"), post("a", START + 1_000), post("b", far_ahead), broker_ms=START + 2_000)
    assert state.position().watermark_ms == START


@pytest.mark.parametrize(("age_ms", "live"), [(LIVE_WITHIN_MS - 1, True), (LIVE_WITHIN_MS, False)])
def test_a_partition_is_live_if_its_newest_post_was_fresh_on_arrival(age_ms: int, live: bool) -> None:
    state = started()
    admitted(state, post("a"), broker_ms=START + age_ms)
    assert state.position().live is live
    assert state.progress(0).live is live


def test_progress_names_the_buckets_in_which_sources_delivered_since_the_last_one() -> None:
    state = started()
    admitted(state, post("a"), post("b", START + BUCKET_MS), post("c", source="news"), broker_ms=START + BUCKET_MS)
    bucket = START - START % BUCKET_MS
    progress = state.progress(3)
    assert (progress.partition, progress.incarnation, progress.offset) == (3, "topic", 2)
    assert progress.active == [("forum", [bucket, bucket + BUCKET_MS]), ("news", [bucket])]
    assert state.progress(3, idle_as_of_ms=START).active == []


def test_invented_sources_share_one_entry() -> None:
    names = [f"s{number}" for number in range(MAX_ACTIVE_SOURCES + 5)]
    state = started()
    found = admitted(state, *(post(name, source=name) for name in names))
    assert set(found.sources) == {*names[:MAX_ACTIVE_SOURCES], OTHER_SOURCES}
    assert len(state.progress(0).active) == MAX_ACTIVE_SOURCES + 1


def test_an_empty_batch_changes_nothing() -> None:
    once = started(position=Position("topic", 7, START, live=True)).position()
    state = started(position=once)
    admitted(state)
    assert state.position() == once


@pytest.mark.parametrize("cut", range(0, 41, 5))
def test_a_state_warmed_by_the_records_before_admits_the_same(cut: int) -> None:
    texts = ("text", "acme", "nordtel", "acme again")
    values = [post(f"{number % 13}", START + number * 7_000, text=texts[number % 4]) for number in range(40)]
    values[11] = b"broken"
    whole = admitted(started(quota=4, recent_ids=10), *values, broker_ms=START + 3_600_000)
    first = started(quota=4, recent_ids=10)
    before = admitted(first, *values[:cut], broker_ms=START + 3_600_000)
    begin = max(0, first.position().known_from(10))
    second = started(quota=4, position=first.position(), recent_ids=10)
    second.warm([(offset, START + 3_600_000, values[offset]) for offset in range(begin, cut)], named)
    after = admitted(second, *values[cut:], first=cut, broker_ms=START + 3_600_000)
    assert before.posts + after.posts == whole.posts
    assert before.over_quota + after.over_quota == whole.over_quota
    assert before.repeated + after.repeated == whole.repeated


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"{", "broken_json"),
        (post("a", text="x" * 2_000_000), "too_large"),
        (post(""), "bad_id"),
        (post("x" * (MAX_ID_CHARS + 1)), "bad_id"),
        (post("a", source=""), "bad_id"),
        (post("a", 0), "timestamp_too_old"),
        (post("a", START + 10 * 86_400_000), "timestamp_in_future"),
    ],
)
def test_what_ingest_would_refuse_is_refused_again(value: bytes | None, reason: str) -> None:
    with pytest.raises(RecordError) as refused:
        read_record(value, START, IngestSettings())
    assert refused.value.reason == reason


def test_texts_of_other_clients_are_cut_as_ingest_would() -> None:
    read = read_record(post("a", text="a" + "\u0301" * 50 + "b" * 90), START, IngestSettings(max_text_chars=100))
    assert isinstance(read, Post)
    assert read.text == "a" + "\u0301" * 4 + "b" * 49


def test_posts_of_a_live_stream_dated_back_far_are_imports() -> None:
    state = started(import_after_seconds=3600)
    live = [post(f"{number}", START + number * 1_000) for number in range(80)]
    admitted(state, *live, broker_ms=START + 80_000)
    old = [post(f"old {number}", START - 3_600_000 + number, source="news") for number in range(3)]
    found = admitted(state, *old, post("new", START + 90_000), first=80, broker_ms=START + 90_000)
    assert found.imported == {"news": 3}
    assert [each.imported for each in found.posts] == [True] * 3 + [False]
    assert found.posts[-1].arrived_ms == START + 90_000


def test_an_archive_has_no_imports() -> None:
    values = [post(f"{number}", START + number * 1_000) for number in range(80)]
    values += [post("old", START - 7_200_000)]
    found = admitted(started(), *values, broker_ms=START + 90 * 86_400_000)
    assert not found.imported
    assert found.posts[-1].arrived_ms == START + 79_000


@pytest.mark.parametrize(
    "record", [Post("a\x9b\u202e", "so\x9burce", START, "text"), Deletion("a\x9b\u202e", "so\x9burce")]
)
def test_hidden_characters_in_ids_and_sources_of_other_clients_are_escaped_as_ingest_would(
    record: Post | Deletion,
) -> None:
    read = read_record(record.to_bytes(), START, IngestSettings())
    assert isinstance(read, Post | Deletion)
    assert (read.id, read.source) == ("a\\u009b\\u202e", "so\\u009burce")


def test_a_post_by_a_name_that_is_not_one_person_is_scored_without_its_author() -> None:
    values = [
        Post(str(number), "news", START + number * 600_000, "acme", "Reader").to_bytes()
        for number in range(5 * BLOCK_RECORDS)
    ]
    found = admitted(started(), *values, broker_ms=START + 90 * 86_400_000)
    assert found.posts[0].post.author == "Reader"
    assert found.posts[-1].post.author is None


def test_a_scorer_reads_again_what_it_has_to_know() -> None:
    assert records_to_know(IngestSettings(recent_ids=1_000)) == 1_000 + BLOCK_RECORDS
