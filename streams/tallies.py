"""What a span of event time holds of one brand: counts that merge in any order to the same result, in bounded space.

Each tally is exact until it is trimmed, and trimming happens only at moments that event time decides. So the same posts
give the same numbers whatever the order and the batches in which they came.
"""

from __future__ import annotations

from heapq import nsmallest
from typing import Any, Final, TypeVar

from detectors.base import Bucket
from streams.records import REPOST, SHARE, Mention

KEPT: Final = 128
"""Entries that a trimmed tally keeps. A top share is exact while the leader stays among them, which it does by being
one."""

SKETCH: Final = 64
"""Smallest author hashes kept to estimate distinct authors: standard error about 1/sqrt(62), 13 %, exact up to 64."""

SAMPLES: Final = 20
"""Posts kept to be shown, as many as `alerts.samples` may ask for."""

_HASH_RANGE: Final = 1 << 48

Sample = tuple[int, int, str, str, str | None, str | None, int]
"""``(negative, engagement, id, source, url, text, signature)``: greater sorts first among the posts to show."""


class Tally:
    """Counts of one brand over one span; `add` and `merge` commute.

    Attributes
    ----------
    count, reposts, engagement
        Exact.
    negative, positive
        Sums of probabilities in ten-thousandths, exact.
    authors, signatures, terms, sources, languages
        Counts by key, trimmed to the `KEPT` most frequent.
    sketch
        The `SKETCH` smallest author hashes, ascending.
    samples
        By signature, at most `SAMPLES`.
    """

    __slots__ = (
        "authors",
        "count",
        "engagement",
        "languages",
        "negative",
        "positive",
        "reposts",
        "samples",
        "signatures",
        "sketch",
        "sources",
        "terms",
    )

    def __init__(self) -> None:
        self.count = 0
        self.negative = 0
        self.positive = 0
        self.reposts = 0
        self.engagement = 0
        self.authors: dict[int, int] = {}
        self.signatures: dict[int, int] = {}
        self.terms: dict[str, int] = {}
        self.sources: dict[str, int] = {}
        self.languages: dict[str, int] = {}
        self.sketch: list[int] = []
        self.samples: dict[int, Sample] = {}

    def add(self, mention: Mention) -> None:
        """Count one mention."""
        self.count += 1
        self.negative += mention.negative
        self.positive += mention.positive
        self.engagement += mention.engagement
        if mention.flags & REPOST:
            self.reposts += 1
        _increment(self.authors, mention.author)
        _increment(self.signatures, mention.signature)
        _increment(self.sources, mention.source)
        _increment(self.languages, mention.lang)
        for term in mention.terms:
            _increment(self.terms, term)
        sample = (
            mention.negative,
            mention.engagement,
            mention.id,
            mention.source,
            mention.url,
            mention.text,
            mention.signature,
        )
        known = self.samples.get(mention.signature)
        if known is None or known[:4] < sample[:4]:
            self.samples[mention.signature] = sample

    def merge(self, other: Tally) -> None:
        """Add what another tally counted, and trim."""
        self.count += other.count
        self.negative += other.negative
        self.positive += other.positive
        self.reposts += other.reposts
        self.engagement += other.engagement
        hashes = {*self.sketch, *other.sketch, *(author for author in other.authors if author)}
        self.sketch = nsmallest(SKETCH, hashes)
        self.authors = _merged(self.authors, other.authors)
        self.signatures = _merged(self.signatures, other.signatures)
        self.terms = _merged(self.terms, other.terms)
        self.sources = _merged(self.sources, other.sources)
        self.languages = _merged(self.languages, other.languages)
        for signature, sample in other.samples.items():
            known = self.samples.get(signature)
            if known is None or known[:4] < sample[:4]:
                self.samples[signature] = sample
        if len(self.samples) > SAMPLES:
            kept = sorted(self.samples.values(), key=lambda sample: sample[:4], reverse=True)[:SAMPLES]
            self.samples = {sample[6]: sample for sample in kept}

    @classmethod
    def joined(cls, *tallies: Tally) -> Tally:
        """A new tally of all that the others counted."""
        joined = cls()
        for tally in tallies:
            joined.merge(tally)
        return joined

    @property
    def distinct_authors(self) -> int:
        """Exact below `SKETCH`, then the k-minimum-values estimate (k - 1) / k-th smallest hash (Bar-Yossef et al.
        2002)."""
        if len(self.sketch) < SKETCH:
            return len(self.sketch)
        return min(self.count, round((SKETCH - 1) * _HASH_RANGE / self.sketch[-1]))

    @property
    def top_author_share(self) -> float:
        """Share of the mentions by the most active known author."""
        most = max((count for author, count in self.authors.items() if author), default=0)
        return most / self.count if self.count else 0.0

    @property
    def duplicate_share(self) -> float:
        """Share of the mentions whose text stood in the span before."""
        return sum(count - 1 for count in self.signatures.values()) / self.count if self.count else 0.0

    def bucket(self, start_ms: int, length_ms: int, elapsed_ms: int, coverage: float) -> Bucket:
        """These counts as a detector sees them."""
        return Bucket(
            start_ms=start_ms,
            length_ms=length_ms,
            elapsed_ms=elapsed_ms,
            count=self.count,
            negative=self.negative / SHARE,
            positive=self.positive / SHARE,
            authors=self.distinct_authors,
            top_author_share=self.top_author_share,
            duplicate_share=self.duplicate_share,
            reposts=self.reposts,
            engagement=self.engagement,
            sources=self.sources,
            languages=self.languages,
            coverage=coverage,
        )

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [
            self.count, self.negative, self.positive, self.reposts, self.engagement,
            list(self.authors.items()), list(self.signatures.items()), list(self.terms.items()),
            list(self.sources.items()), list(self.languages.items()), self.sketch, list(self.samples.values()),
        ]  # fmt: skip

    @classmethod
    def load(cls, values: list[Any]) -> Tally:
        """Inverse of `dump`."""
        tally = cls()
        tally.count, tally.negative, tally.positive, tally.reposts, tally.engagement = values[:5]
        tally.authors, tally.signatures, tally.terms, tally.sources, tally.languages = (
            dict(pairs) for pairs in values[5:10]
        )
        tally.sketch = values[10]
        tally.samples = {sample[6]: tuple(sample) for sample in values[11]}
        return tally


Key = TypeVar("Key", int, str)
Count = TypeVar("Count", int, float)


def top(counts: dict[Key, Count], size: int) -> list[tuple[Key, Count]]:
    """The most frequent keys with their counts, ties by key.

    >>> top({"b": 2, "a": 2, "c": 5}, 2)
    [('c', 5), ('a', 2)]
    """
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:size]


def _increment(counts: dict[Key, int], key: Key) -> None:
    counts[key] = counts.get(key, 0) + 1


def _merged(counts: dict[Key, int], others: dict[Key, int]) -> dict[Key, int]:
    for key, count in others.items():
        counts[key] = counts.get(key, 0) + count
    return counts if len(counts) <= KEPT else dict(top(counts, KEPT))
