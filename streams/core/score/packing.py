"""Scored mentions, deletions and gaps in records of `social.mentions`, none of which Kafka refuses for its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.records import MAX_DELETIONS, MAX_MENTIONS, AuthorDeletions, Deletions, Gaps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.records import Mention

_ENVELOPE_BYTES: Final = 900_000
"""Upper bound of the mentions in one envelope, below Kafka's default of 1 MiB a record."""

_BYTES_OF_CHAR: Final = 6
"""Upper bound in JSON: a control character is written as an escape."""

_BYTES_OF_NUMBERS: Final = 200
"""Upper bound of the numbers and the punctuation of a mention."""


def packed_mentions(mentions: Sequence[Mention]) -> Iterator[list[Mention]]:
    """Yield the mentions of a brand in lists that each fit into an envelope, whatever the texts are."""
    packed: list[Mention] = []
    size = 0
    for mention in mentions:
        texts = (mention.lang, mention.source, mention.id, mention.url or "", mention.text or "", *mention.terms)
        needed = _BYTES_OF_CHAR * sum(map(len, texts)) + _BYTES_OF_NUMBERS
        if len(packed) == MAX_MENTIONS or size + needed > _ENVELOPE_BYTES:
            yield packed
            packed, size = [], 0
        packed.append(mention)
        size += needed
    yield packed


def packed_deletions(partition: int, deletions: Sequence[tuple[int, str, str]]) -> Iterator[Deletions]:
    """Yield the deletions of a batch of a partition of `social.posts` in records of at most `MAX_DELETIONS`."""
    for start in range(0, len(deletions), MAX_DELETIONS):
        yield Deletions(partition, list(deletions[start : start + MAX_DELETIONS]))


def packed_author_deletions(
    partition: int, topic_id: str, authors: Sequence[tuple[int, int, int]]
) -> Iterator[AuthorDeletions]:
    """Yield the deletions of authors likewise."""
    for start in range(0, len(authors), MAX_DELETIONS):
        yield AuthorDeletions(partition, topic_id, list(authors[start : start + MAX_DELETIONS]))


def packed_gaps(partition: int, topic_id: str, gaps: Sequence[tuple[int, int, str, int, int]]) -> Iterator[Gaps]:
    """Yield the gaps likewise."""
    for start in range(0, len(gaps), MAX_DELETIONS):
        yield Gaps(partition, topic_id, list(gaps[start : start + MAX_DELETIONS]))
