"""Records of `social.mentions` stay below what Kafka refuses."""

from __future__ import annotations

import pytest

from streams.core.score.packing import packed_author_deletions, packed_deletions, packed_gaps, packed_mentions
from streams.core.score.scorer import EXCERPT_CHARS, MAX_LINK_CHARS
from streams.records import MAX_DELETIONS, MAX_ID_CHARS, MAX_MENTIONS, AuthorDeletions, Envelope, Gaps, Mention

MAX_RECORD_BYTES = 1_000_000


def mention(offset: int, *, url: str | None = None, text: str | None = None, id: str = "1") -> Mention:
    return Mention(offset, 0, 0, 1, 2, 3, 4, 0, 0, "de", "forum", id, ["netz"], url, text)


@pytest.mark.parametrize("count", [1, MAX_MENTIONS, MAX_MENTIONS + 1, 3 * MAX_MENTIONS])
def test_all_mentions_come_out_in_order_in_lists_that_an_envelope_may_hold(count: int) -> None:
    mentions = [mention(offset) for offset in range(count)]
    packed = list(packed_mentions(mentions))
    assert [each for part in packed for each in part] == mentions
    assert len(packed) == -(-count // MAX_MENTIONS)
    assert all(packed)


def test_no_text_makes_an_envelope_too_large_for_kafka() -> None:
    link, text, id = ("\u0001" * chars for chars in (MAX_LINK_CHARS, EXCERPT_CHARS, MAX_ID_CHARS))
    mentions = [mention(offset, url=link, text=text, id=id) for offset in range(2 * MAX_MENTIONS)]
    packed = list(packed_mentions(mentions))
    assert [each for part in packed for each in part] == mentions
    assert len(packed) > 2
    assert max(len(Envelope("b", 0, "t", "m", 0, part).to_bytes()) for part in packed) < MAX_RECORD_BYTES


def test_deletions_come_out_in_order_in_records_of_bounded_size() -> None:
    deletions = [(number, "forum", str(number)) for number in range(2 * MAX_DELETIONS + 1)]
    records = list(packed_deletions(5, deletions))
    assert [len(record.posts) for record in records] == [MAX_DELETIONS, MAX_DELETIONS, 1]
    assert [each for record in records for each in record.posts] == deletions
    assert {record.partition for record in records} == {5}
    assert not list(packed_deletions(5, []))


def test_deletions_of_authors_and_gaps_come_out_likewise() -> None:
    authors = [(offset, 1, 7) for offset in range(MAX_DELETIONS + 1)]
    of_authors = list(packed_author_deletions(5, "topic", authors))
    assert [each for record in of_authors for each in record.authors] == authors
    gaps = [(offset, 1, "\u0001" * MAX_ID_CHARS, 2, 3) for offset in range(2 * MAX_DELETIONS)]
    of_gaps = list(packed_gaps(5, "topic", gaps))
    assert [each for record in of_gaps for each in record.spans] == gaps
    records: list[AuthorDeletions | Gaps] = [*of_authors, *of_gaps]
    assert {(record.partition, record.incarnation) for record in records} == {(5, "topic")}
    assert max(len(record.to_bytes()) for record in records) < MAX_RECORD_BYTES
