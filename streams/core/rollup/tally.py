"""Counts of the mentions of one brand in a span of event time, mergeable in any order and bounded in space.

A tally is exact until it is trimmed, and it is trimmed only after a whole span of event time was added. So the same
posts give the same numbers whatever the order and the batches in which they arrived.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.base import Bucket
from streams.core.rollup.author_counts import AuthorCounts
from streams.core.rollup.frequent import KEPT, add_counts, most_frequent, most_frequent_terms
from streams.records import COARSE, REPOST, SHARE, Mention

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

KEPT_TERMS: Final = 512
"""Terms that a trimmed tally keeps. Of 128, those late in the alphabet were lost when a firestorm had many terms."""

SAMPLES: Final = 20
"""Most negative posts kept as samples: as many as `alerts.samples` may ask for."""

DRAWN: Final = 8
"""Further posts kept because their signatures are the smallest, which is a random sample of the different texts."""

COPIED: Final = 4
FEWEST_COPIES: Final = 3
"""Further posts kept because most mentions have their text, this number at least."""

SAMPLE_TERMS: Final = 8
"""Terms by which samples are compared with one another."""

_STATE_FIELDS: Final = (
    "count", "negative", "positive", "reposts", "engagement", "authors", "signatures", "terms", "sources", "languages",
    "samples", "coarse",
)  # fmt: skip
"""Fields in the order in which a state lists them."""

_NONE: Final = (0, 0)

Identity = tuple[str, str]
"""Source and id of a post."""


class Sample(NamedTuple):
    """A post that an alert may show.

    The fields are those of `Mention`; `ts_ms` is None if it is unknown, and `author` is 0. Only the first
    `SAMPLE_TERMS` terms are dumped.
    """

    negative: int
    engagement: int
    id: str
    source: str
    url: str | None
    text: str | None
    signature: int
    ts_ms: int | None
    terms: list[str]
    author: int = 0


RANK: Final = itemgetter(0, 1, 2, 3)
"""Sort key of samples, the greatest is shown first; the other fields may be None, which does not compare."""


class Repeated(NamedTuple):
    """Mentions that repeat earlier ones or one another (`streams.core.rollup.repetition`).

    Parameters
    ----------
    copies
        Mentions whose text occurred before.
    spam
        How many of the copies, at most, are by authors who occurred before.
    spam_negative
        The summed probability of being negative of as many, in ten-thousandths.
    """

    copies: int
    spam: int
    spam_negative: int


class Tally:
    """Counts of one brand over one span; `add` and `merge` commute.

    Attributes
    ----------
    count, reposts, engagement, coarse
        Exact counts; `coarse` of mentions whose time is stated no finer than a bucket.
    negative, positive
        Exact sums of probabilities in ten-thousandths.
    authors
        Number and shares of the authors.
    sources, languages
        Counts by key, trimmed to the `KEPT` most frequent.
    terms
        Counts of terms as they are written, trimmed to the `KEPT_TERMS` most frequent terms.
    signatures
        Count and summed `negative` by signature of the mentions that are no reposts, trimmed likewise.
    samples
        At most `SAMPLES` + `DRAWN` + `COPIED` posts, by signature.
    """

    __slots__ = (
        "authors",
        "coarse",
        "count",
        "engagement",
        "languages",
        "negative",
        "positive",
        "reposts",
        "samples",
        "signatures",
        "sources",
        "terms",
    )

    def __init__(self) -> None:
        self.count = 0
        self.negative = 0
        self.positive = 0
        self.reposts = 0
        self.engagement = 0
        self.coarse = 0
        self.authors = AuthorCounts()
        self.signatures: dict[int, tuple[int, int]] = {}
        self.terms: dict[str, int] = {}
        self.sources: dict[str, int] = {}
        self.languages: dict[str, int] = {}
        self.samples: dict[int, Sample] = {}

    def add(self, mentions: Iterable[Mention]) -> None:
        """Count all mentions of a span, and trim."""
        authors: dict[int, int] = {}
        signatures, terms = self.signatures, self.terms
        sources, languages, samples = self.sources, self.languages, self.samples
        new_sample = Sample._make  # twice as fast as calling the class
        for mention in mentions:
            author, signature, source, lang = mention.author, mention.signature, mention.source, mention.lang
            self.count += 1
            self.negative += mention.negative
            self.positive += mention.positive
            self.engagement += mention.engagement
            if mention.flags & COARSE:
                self.coarse += 1
            if mention.flags & REPOST:
                self.reposts += 1
            else:
                count, negative = signatures.get(signature, _NONE)
                signatures[signature] = count + 1, negative + mention.negative
            authors[author] = authors.get(author, 0) + 1
            sources[source] = sources.get(source, 0) + 1
            languages[lang] = languages.get(lang, 0) + 1
            for term in mention.terms:
                terms[term] = terms.get(term, 0) + 1
            shown = samples.get(signature)
            if not mention.id:
                continue  # deleted before it was counted
            if shown is None or RANK(shown) < (mention.negative, mention.engagement, mention.id, source):
                samples[signature] = new_sample(
                    (
                        mention.negative, mention.engagement, mention.id, source, mention.url, mention.text, signature,
                        mention.ts_ms, mention.terms, author,
                    )
                )  # fmt: skip
        self.authors.add(authors, unknown=authors.pop(0, 0))
        self._trim()

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally, and trim."""
        self.count += other.count
        self.negative += other.negative
        self.positive += other.positive
        self.reposts += other.reposts
        self.engagement += other.engagement
        self.coarse += other.coarse
        self.authors.merge(other.authors)
        for signature, (count, negative) in other.signatures.items():
            known, known_negative = self.signatures.get(signature, _NONE)
            self.signatures[signature] = known + count, known_negative + negative
        add_counts(self.terms, other.terms)
        add_counts(self.sources, other.sources)
        add_counts(self.languages, other.languages)
        for sample in other.samples.values():
            known_sample = self.samples.get(sample.signature)
            if known_sample is None or RANK(known_sample) < RANK(sample):
                self.samples[sample.signature] = sample
        self._trim()

    def forget(self, posts: AbstractSet[Identity]) -> int:
        """Remove these posts from the samples, and return how many there were; their counts stay."""
        gone = [signature for signature, sample in self.samples.items() if (sample.source, sample.id) in posts]
        for signature in gone:
            del self.samples[signature]
        return len(gone)

    def forget_authors(self, authors: AbstractSet[int]) -> int:
        """Remove the posts of these authors from the samples, and return how many there were; their counts stay."""
        gone = [signature for signature, sample in self.samples.items() if sample.author in authors]
        for signature in gone:
            del self.samples[signature]
        return len(gone)

    def shows_any_of(self, authors: AbstractSet[int]) -> bool:
        """Return whether a post of any of these authors is among the samples."""
        return any(sample.author in authors for sample in self.samples.values())

    def shows(self, posts: AbstractSet[Identity]) -> AbstractSet[Identity]:
        """Return those of these posts that are among the samples."""
        return {(sample.source, sample.id) for sample in self.samples.values()} & posts

    def _trim(self) -> None:
        if len(self.signatures) > KEPT:
            self.signatures = most_frequent(self.signatures)
        if len(self.terms) > KEPT_TERMS:
            self.terms = most_frequent_terms(self.terms, KEPT_TERMS)
        if len(self.sources) > KEPT:
            self.sources = most_frequent(self.sources)
        if len(self.languages) > KEPT:
            self.languages = most_frequent(self.languages)
        if len(self.samples) > SAMPLES + DRAWN:
            self.samples = {signature: self.samples[signature] for signature in self._kept_samples()}

    def _kept_samples(self) -> dict[int, None]:
        """Return the signatures of the samples to keep, in order."""
        ranked = sorted(self.samples.values(), key=RANK, reverse=True)[:SAMPLES]
        counts = [(-self.signatures.get(signature, _NONE)[0], signature) for signature in self.samples]
        copied = [signature for count, signature in sorted(counts)[:COPIED] if -count >= FEWEST_COPIES]
        kept = [*(sample.signature for sample in ranked), *sorted(self.samples)[:DRAWN], *copied]
        return dict.fromkeys(kept)

    @classmethod
    def joined(cls, *tallies: Tally) -> Tally:
        """Return a new tally with the sum of some tallies."""
        joined = cls()
        for tally in tallies:
            joined.merge(tally)
        return joined

    @property
    def top_author_share(self) -> float:
        """Share of the mentions by the most active known author."""
        return sum(self.authors.largest(1)) / self.count if self.count else 0.0

    @property
    def duplicate_share(self) -> float:
        """Share of the mentions that are near-duplicates of others in the span, and no reposts."""
        copies = sum(count for count, _ in self.signatures.values()) - len(self.signatures)
        return copies / self.count if self.count else 0.0

    def bucket(
        self, start_ms: int, length_ms: int, elapsed_ms: int, coverage: float, repeated: Repeated, platform: float
    ) -> Bucket:
        """Return these counts as the bucket that detectors score and learn."""
        return Bucket(
            start_ms=start_ms,
            length_ms=length_ms,
            elapsed_ms=elapsed_ms,
            count=self.count,
            negative=self.negative / SHARE,
            positive=self.positive / SHARE,
            authors=self.authors.distinct,
            top_author_share=self.top_author_share,
            duplicate_share=repeated.copies / self.count if self.count else 0.0,
            spam=repeated.spam,
            spam_negative=repeated.spam_negative / SHARE,
            reposts=self.reposts,
            engagement=self.engagement,
            sources=self.sources,
            languages=self.languages,
            coverage=coverage,
            platform=platform,
        )

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON, in the order of `_STATE_FIELDS`."""
        state: dict[str, Any] = {name: getattr(self, name) for name in _STATE_FIELDS}
        state["authors"] = self.authors.dump()
        for name in ("terms", "sources", "languages"):
            state[name] = list(state[name].items())
        state["signatures"] = [(key, *sums) for key, sums in self.signatures.items()]
        state["samples"] = [[*sample._replace(terms=sample.terms[:SAMPLE_TERMS])] for sample in self.samples.values()]
        return list(state.values())

    @classmethod
    def load(cls, values: list[Any]) -> Tally:
        """Restore a tally that `dump` returned."""
        state = dict(zip(_STATE_FIELDS, values, strict=True))
        state["authors"] = AuthorCounts.load(state["authors"])
        for name in ("terms", "sources", "languages"):
            state[name] = dict(state[name])
        state["signatures"] = {key: (count, negative) for key, count, negative in state["signatures"]}
        samples = [Sample(*sample) for sample in state["samples"]]
        state["samples"] = {sample.signature: sample for sample in samples}
        tally = cls()
        for name, value in state.items():
            setattr(tally, name, value)
        return tally


def is_coarse(*tallies: Tally) -> bool:
    """Return whether most mentions of these tallies state their time no finer than a bucket."""
    return 2 * sum(tally.coarse for tally in tallies) > sum(tally.count for tally in tallies)
