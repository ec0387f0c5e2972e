"""Posts of one partition become scored mentions: the pure half of `score`, the same for Kafka and for replay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.ingest.links import safe_link
from streams.core.score.admission import PartitionState
from streams.core.score.authors import UNKNOWN, AuthorHash
from streams.core.score.packing import packed_author_deletions, packed_deletions, packed_gaps, packed_mentions
from streams.core.text import clean, language
from streams.core.text.matching import Matcher
from streams.core.text.terms import terms
from streams.records import COARSE, IMPORT, REPLY, REPOST, SHARE, Envelope, Mention

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.config import Config, QualityName
    from streams.core.rollup.minute_counts import MinuteCounts
    from streams.core.score.admission import Admission, AdmittedPost, Reject, Row
    from streams.core.score.position import Position
    from streams.core.sentiment import SentimentModel
    from streams.records import Notice, OverQuotaPost, Progress

TERMS: Final = 8
"""Terms that a mention carries as evidence; a post as long as a tweet rarely has more that say something."""

EXCERPT_CHARS: Final = 280

MAX_LINK_CHARS: Final = 512
"""A mention carries the link of its post up to this length; ingest accepts longer ones (`MAX_URL_CHARS`)."""


@dataclass(slots=True)
class ScoredBatch:
    """The results of one batch of one partition.

    Parameters
    ----------
    envelopes
        Records for `social.mentions`.
    notices
        Deletions of posts and of authors, and gaps, for every partition of it, to be sent after the envelopes.
    progress
        Progress up to the end of the batch, to be sent after them.
    position
        Where a scorer resumes once all of it is written.
    rejects
        Records that are not usable posts.
    posts
        Number of usable posts, repeats included, those over quota excluded.
    repeated
        Number of posts dropped because they were seen recently, edits that name no further brand included.
    edited
        Number of posts that were seen recently and name a further brand now.
    deleted
        Number of deletions of posts and of authors.
    sources
        Event time of the partition at the latest post of each source, in milliseconds since the epoch.
    imported
        Number of scored posts of each source that were dated back too far to say anything about the present.
    coarse
        Number of scored posts by source and by the resolution of their time in milliseconds, if that is a minute or
        more.
    over_quota
        Posts that were not scored because their source has used up its quota.
    """

    envelopes: list[Envelope]
    progress: Progress
    position: Position
    rejects: list[Reject]
    posts: int
    repeated: int
    sources: dict[str, int]
    notices: list[Notice] = field(default_factory=list)
    over_quota: list[OverQuotaPost] = field(default_factory=list)
    imported: Counter[str] = field(default_factory=Counter)
    edited: int = 0
    deleted: int = 0
    coarse: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def watermark_ms(self) -> int:
        """Newest event time of the partition up to the end of the batch, -1 if there is none."""
        return self.progress.watermark_ms


@dataclass(slots=True)
class _BrandMentions:
    """Mentions of one brand in a batch, and the broker time of the latest."""

    mentions: list[Mention] = field(default_factory=list)
    ingested_ms: int = -1


class Scorer:
    """Matches posts, scores them and packs the mentions; keeps a state of each assigned partition of `social.posts`.

    Parameters
    ----------
    config
        The whole config.
    model
        Model of quality ``fast``.
    best
        Model of quality ``best``, needed if a brand has it (`streams.sources.weights.best_model`).
    """

    def __init__(self, config: Config, model: SentimentModel, best: SentimentModel | None = None) -> None:
        self._models: dict[QualityName, SentimentModel] = {"fast": model}
        if best:
            self._models["best"] = best
        self._authors = AuthorHash(config.author_key(), config.ingest.unknown_authors)
        self._partitions: dict[int, PartitionState] = {}
        self.reload(config)

    def reload(self, config: Config) -> None:
        """Match and pack by another config from the next batch on; it may differ in what can be changed live."""
        self._config = config
        limit = config.score.max_posts_per_source_per_minute
        self._quota = -(-limit // config.topics.partitions) if limit else None
        for state in self._partitions.values():
            state.change_quota(self._quota)
        self._match = Matcher.of(config).match
        self._qualities = config.qualities()

    def use(self, model: SentimentModel, quality: QualityName = "fast") -> None:
        """Score by another model of a quality from the next batch on."""
        self._models[quality] = model

    def assign(self, partition: int, position: Position) -> None:
        """Start on a partition of `social.posts`, at a position."""
        self._partitions[partition] = PartitionState(position, self._config.ingest, self._config.windows, self._quota)

    def revoke(self, partition: int) -> None:
        """Forget a partition."""
        self._partitions.pop(partition, None)

    def warm(self, partition: int, records: Iterable[Row]) -> None:
        """Restore what is remembered of the records before the position, without scoring them.

        Parameters
        ----------
        partition
            An assigned partition of `social.posts`.
        records
            Its records from `Position.known_from` to the position, ascending by offset.
        """
        self._partitions[partition].warm(records, self._match)

    def score(self, partition: int, records: Sequence[Row]) -> ScoredBatch:
        """Score one batch.

        Parameters
        ----------
        partition
            An assigned partition of `social.posts`.
        records
            Its next records, ascending by offset.
        """
        state = self._partitions[partition]
        admission = state.admit(records, self._match)
        mentions = self._mentions(admission.posts, state.minute_counts)
        position = state.position()
        progress = state.progress(partition)
        return ScoredBatch(
            envelopes=list(self._envelopes(partition, position.topic_id, mentions)),
            progress=progress,
            position=position,
            rejects=admission.rejects,
            posts=len(admission.posts) + admission.repeated,
            repeated=admission.repeated,
            edited=admission.edited,
            deleted=len(admission.deletions) + len(admission.author_deletions),
            sources=admission.sources,
            notices=list(self._notices(partition, position.topic_id, admission)),
            over_quota=admission.over_quota,
            imported=admission.imported,
            coarse=admission.coarse,
        )

    def _notices(self, partition: int, topic_id: str, admission: Admission) -> Iterator[Notice]:
        yield from packed_deletions(partition, admission.deletions)
        hashed = [
            (offset, arrival_ms, self._authors.of_name(deletion.source, deletion.author))
            for offset, arrival_ms, deletion in admission.author_deletions
        ]
        known = [each for each in hashed if each[2] != UNKNOWN]
        yield from packed_author_deletions(partition, topic_id, known)
        yield from packed_gaps(partition, topic_id, admission.gaps)

    def idle(self, partition: int, as_of_ms: int) -> Progress:
        """Return the progress of a partition that was read to its end as of a broker time."""
        return self._partitions[partition].progress(partition, as_of_ms)

    def _mentions(self, posts: Iterable[AdmittedPost], minute_counts: MinuteCounts) -> dict[str, _BrandMentions]:
        """Match and score posts; brands of one quality share the mention, for it is the same."""
        found: dict[str, _BrandMentions] = {}
        for admitted in posts:
            scored: dict[QualityName, Mention] = {}
            for brand in admitted.brands:
                quality = self._qualities[brand]
                mention = scored.get(quality)
                if mention is None:
                    mention = scored[quality] = self._mention(admitted, self._models[quality])
                of_brand = found.setdefault(brand, _BrandMentions())
                of_brand.mentions.append(mention)
                of_brand.ingested_ms = admitted.broker_ms
                if admitted.turn is not None:
                    minute_counts.count(admitted.arrived_ms, brand, admitted.turn)
        return found

    def _mention(self, admitted: AdmittedPost, model: SentimentModel) -> Mention:
        post = admitted.post
        lang = language.detect(post.text, post.lang)
        negative, _, positive = model.predict(post.text, lang)
        negative_share = round(negative * SHARE)
        return Mention(
            offset=admitted.offset,
            ts_ms=post.ts_ms,
            behind_ms=admitted.arrived_ms - post.ts_ms,
            negative=negative_share,
            positive=min(round(positive * SHARE), SHARE - negative_share),
            author=self._authors.of(post),
            signature=clean.signature(post.text),
            flags=_flags(admitted),
            engagement=post.engagement,
            lang=lang,
            source=post.source,
            id=post.id,
            terms=terms(post.text, TERMS, keep_initials=lang != "en"),
            url=safe_link(post.url) if post.url and len(post.url) <= MAX_LINK_CHARS else None,
            text=post.text[:EXCERPT_CHARS] if self._config.alerts.include_texts else None,
        )

    def _envelopes(self, partition: int, topic_id: str, found: dict[str, _BrandMentions]) -> Iterator[Envelope]:
        for brand, of_brand in found.items():
            model = self._models[self._qualities[brand]].version
            for mentions in packed_mentions(of_brand.mentions):
                yield Envelope(brand, partition, topic_id, model, of_brand.ingested_ms, mentions)


def _flags(admitted: AdmittedPost) -> int:
    post = admitted.post
    return (
        (REPOST if post.repost_of else 0)
        | (REPLY if post.reply_to else 0)
        | (IMPORT if admitted.imported else 0)
        | (COARSE if admitted.coarse else 0)
    )
