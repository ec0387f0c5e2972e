"""Posts of one partition become scored mentions: the pure half of `score`, the same for Kafka and for replay.

Everything that must be the same after a restart is a function of the partition's records alone: the running maximum of
event time, and which ids stand among the last `ingest.recent_ids` records.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.ingest.event_time import admit
from streams.core.rollup.minute_counts import MinuteCounts
from streams.core.rollup.watermark import MAX_FOLLOWED_SOURCES, OTHER_SOURCES
from streams.core.score.deduplication import Deduplicator
from streams.core.score.position import Position
from streams.core.score.quota import Quota
from streams.core.sentiment import LinearModel
from streams.core.text import clean, language
from streams.core.text.matching import Matcher
from streams.errors import RecordError
from streams.records import (
    MAX_DELETIONS,
    MAX_ID_CHARS,
    MAX_MENTIONS,
    REPLY,
    REPOST,
    SHARE,
    Deletion,
    Deletions,
    Envelope,
    Mention,
    OverQuotaPost,
    Post,
    Progress,
    posts_record_from_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.config import Config, QualityName
    from streams.core.sentiment import SentimentModel

TERMS: Final = 8
"""Evidence terms a mention carries; a tweet-length post rarely has more that say something."""

EXCERPT_CHARS: Final = 280

MAX_LINK_CHARS: Final = 512
"""A mention carries the link of its post up to this length; ingest accepts longer ones (`MAX_URL_CHARS`)."""

LIVE_WITHIN_MS: Final = 600_000
"""A partition whose newest post was this fresh when the broker took it is live rather than an archive."""

MAX_ACTIVE_SOURCES: Final = 2 * MAX_FOLLOWED_SOURCES
"""Sources that one progress record names; a client that may write posts may invent any number."""

_ENVELOPE_BYTES: Final = 900_000
_BYTES_OF_CHAR: Final = 6
"""At most, in JSON: a control character is written as an escape."""

_BYTES_OF_NUMBERS: Final = 200
"""Of a mention's numbers and punctuation."""

_OVERHEAD_BYTES: Final = 4_096
"""What a record may exceed ingest.max_record_bytes by: field names and re-encoding."""


class Reject(NamedTuple):
    """A record of `social.posts` that is not a usable post."""

    offset: int
    reason: str
    detail: str
    value: bytes | None


@dataclass(slots=True)
class ScoredBatch:
    """What one batch of one partition comes to.

    `posts` counts usable posts, repeats included and those over quota left out; `repeated` those dropped because their
    id was seen recently; `over_quota` were not scored because of their source. `position` is where a scorer goes on
    afterwards. `sources` holds the event time of the partition when each source delivered its latest post, ms.
    """

    envelopes: list[Envelope]
    progress: Progress
    position: Position
    rejects: list[Reject]
    posts: int
    repeated: int
    sources: dict[str, int]
    deletions: list[Deletions] = field(default_factory=list)
    over_quota: list[OverQuotaPost] = field(default_factory=list)

    @property
    def watermark_ms(self) -> int:
        """Newest event time of the partition up to the end of the batch, -1 if none."""
        return self.progress.watermark_ms


@dataclass(slots=True)
class _Partition:
    topic_id: str
    deduplicator: Deduplicator
    watermark_ms: int = -1
    offset: int = -1
    ingested_ms: int = -1
    live: bool = False
    active: dict[str, set[int]] = field(default_factory=dict)
    pulse: MinuteCounts = field(default_factory=MinuteCounts)
    quota: Quota = field(default_factory=lambda: Quota(None))


class Scorer:
    """Matches, scores and packs; holds what it must remember of each assigned partition of `social.posts`.

    Parameters
    ----------
    config
        All of it.
    model
        Of quality ``fast``.
    best
        Of quality ``best``, where a brand has it (`best_model`).
    """

    def __init__(self, config: Config, model: SentimentModel, best: SentimentModel | None = None) -> None:
        self._config = config
        self._qualities = config.qualities()
        self._models: dict[QualityName, SentimentModel] = {"fast": model}
        if best:
            self._models["best"] = best
        self._match = Matcher.of(config).match
        self._author_key = config.author_key()
        self._bucket_ms = config.windows.bucket_seconds * 1000
        self._max_bytes = config.ingest.max_record_bytes + _OVERHEAD_BYTES
        limit = config.score.max_posts_per_source_per_minute
        self._quota = -(-limit // config.topics.partitions) if limit else None
        self._partitions: dict[int, _Partition] = {}

    def use(self, model: SentimentModel, quality: QualityName = "fast") -> None:
        """Score by another model of a quality from the next batch on."""
        self._models[quality] = model

    def reload(self, config: Config) -> None:
        """Match and pack by another config from the next batch on; it may differ in what can be changed live."""
        self._config = config
        self._match = Matcher.of(config).match
        self._qualities = config.qualities()

    def assign(self, partition: int, position: Position) -> None:
        """Start on a partition of `social.posts`, at a position."""
        self._partitions[partition] = _Partition(
            position.topic_id,
            Deduplicator(self._config.ingest.recent_ids),
            position.watermark_ms,
            position.offset - 1,
            live=position.live,
            pulse=MinuteCounts(position.minute),
            quota=Quota(self._quota, position.watermark_ms, position.minute_offset),
        )

    def revoke(self, partition: int) -> None:
        """Forget a partition."""
        self._partitions.pop(partition, None)

    def warm(self, partition: int, records: Iterable[tuple[int, int, bytes | None]]) -> None:
        """Note the ids of records before the position, and the sources in the minute that runs, without scoring them.

        Parameters
        ----------
        partition, records
            As for `score`; from `Position.known_from` on.
        """
        state = self._partitions[partition]
        for offset, broker_ms, value in records:
            try:
                record = self._read(value, broker_ms)
            except RecordError:
                state.deduplicator.is_repeat(None)
                continue
            seen = state.deduplicator.is_repeat(record)
            if isinstance(record, Post) and not seen and 0 <= state.quota.first <= offset:
                state.quota.count(record.source)

    def score(self, partition: int, records: Sequence[tuple[int, int, bytes | None]]) -> ScoredBatch:
        """Score one batch.

        Parameters
        ----------
        partition
            An assigned partition of `social.posts`.
        records
            ``(offset, broker time in ms, value)``, ascending by offset.
        """
        state = self._partitions[partition]
        mentions: dict[str, list[Mention]] = {}
        ingested: dict[str, int] = {}
        rejects: list[Reject] = []
        sources: dict[str, int] = {}
        deleted: list[tuple[int, str, str]] = []
        over_quota: list[OverQuotaPost] = []
        repeated = 0
        for offset, broker_ms, value in records:
            try:
                post = self._read(value, broker_ms)
            except RecordError as error:
                state.deduplicator.is_repeat(None)
                rejects.append(Reject(offset, error.reason, error.detail, value))
                continue
            seen = state.deduplicator.is_repeat(post)
            if isinstance(post, Deletion):
                deleted.append((state.watermark_ms, post.source, post.id))
                continue
            if not seen and post.ts_ms >= state.watermark_ms:
                state.watermark_ms = post.ts_ms
                state.live = broker_ms - post.ts_ms < LIVE_WITHIN_MS
            if seen:
                repeated += 1
                continue
            if not state.quota.admits(post.source, state.watermark_ms, offset):
                over_quota.append(OverQuotaPost(offset, post.source, post.id))
                continue
            arrival_bucket = state.watermark_ms - state.watermark_ms % self._bucket_ms
            followed = post.source in state.active or len(state.active) < MAX_ACTIVE_SOURCES
            source = post.source if followed else OTHER_SOURCES
            state.active.setdefault(source, set()).add(arrival_bucket)
            sources[source] = state.watermark_ms
            brands = self._match(post.text, post.tag)
            judged: dict[QualityName, Mention] = {}
            for brand in brands:
                quality = self._qualities[brand]
                mention = judged.get(quality)
                if mention is None:
                    mention = self._mention(post, offset, state.watermark_ms - post.ts_ms, self._models[quality])
                    judged[quality] = mention
                mentions.setdefault(brand, []).append(mention)
                ingested[brand] = broker_ms
                state.pulse.count(state.watermark_ms, brand)
        if records:
            state.offset, state.ingested_ms = records[-1][0], records[-1][1]
        envelopes = [
            Envelope(
                brand,
                partition,
                state.topic_id,
                self._models[self._qualities[brand]].version,
                ingested[brand],
                packed,
            )
            for brand, found in mentions.items()
            for packed in _packed(found)
        ]
        position = Position(
            state.topic_id,
            state.offset + 1,
            state.watermark_ms,
            state.live,
            state.pulse.current,
            state.quota.first,
        )
        progress = self._progress(partition, -1)
        posts = len(records) - len(rejects) - len(deleted) - len(over_quota)
        deletions = [
            Deletions(partition, deleted[start : start + MAX_DELETIONS])
            for start in range(0, len(deleted), MAX_DELETIONS)
        ]
        return ScoredBatch(envelopes, progress, position, rejects, posts, repeated, sources, deletions, over_quota)

    def idle(self, partition: int, as_of_ms: int) -> Progress:
        """Progress of a partition that was read to its end as of a broker time."""
        return self._progress(partition, as_of_ms)

    def _progress(self, partition: int, idle_as_of_ms: int) -> Progress:
        state = self._partitions[partition]
        active = [(source, sorted(starts)) for source, starts in sorted(state.active.items())]
        state.active.clear()
        return Progress(
            partition,
            state.topic_id,
            state.offset,
            state.watermark_ms,
            state.ingested_ms,
            idle_as_of_ms,
            state.live,
            active,
            state.pulse.flush(),
        )

    def _read(self, value: bytes | None, broker_ms: int) -> Post | Deletion:
        if value is not None and len(value) > self._max_bytes:
            raise RecordError(
                "too_large", f"{len(value)} bytes, over ingest.max_record_bytes={self._config.ingest.max_record_bytes}"
            )
        post = posts_record_from_bytes(value)
        if not post.id or len(post.id) > MAX_ID_CHARS or not post.source or len(post.source) > MAX_ID_CHARS:
            raise RecordError("bad_id", f"'id' and 'source' must have 1 to {MAX_ID_CHARS} characters")
        if isinstance(post, Deletion):
            return post
        ts_ms = admit(post.ts_ms, broker_ms, self._config.ingest)
        shown = clean.without_mark_runs(post.text[: self._config.ingest.max_text_chars])
        return post._replace(ts_ms=ts_ms, text=shown)

    def _mention(self, post: Post, offset: int, behind_ms: int, model: SentimentModel) -> Mention:
        lang = language.detect(post.text, post.lang)
        negative, _, positive = model.predict(post.text, lang)
        url = post.url if post.url and len(post.url) <= MAX_LINK_CHARS else None
        return Mention(
            offset,
            post.ts_ms,
            behind_ms,
            round(negative * SHARE),
            min(round(positive * SHARE), SHARE - round(negative * SHARE)),
            self._author(post),
            clean.signature(post.text),
            (REPOST if post.repost_of else 0) | (REPLY if post.reply_to else 0),
            post.engagement,
            lang,
            post.source,
            post.id,
            clean.terms(post.text, TERMS),
            url,
            post.text[:EXCERPT_CHARS] if self._config.alerts.include_texts else None,
        )

    def _author(self, post: Post) -> int:
        if not post.author:
            return 0
        digest = hashlib.blake2b(f"{post.source}:{post.author}".encode(), digest_size=6, key=self._author_key).digest()
        return int.from_bytes(digest) or 1


def best_model(config: Config) -> LinearModel | None:
    """The model of quality ``best`` that the config asks for; None if no brand has that quality.

    Raises
    ------
    InputError
        If the weights of the config can't be used.
    MissingPackage
        If the sentence encoder is not installed.
    """
    if "best" not in config.models():
        return None
    return LinearModel.load(config.sentiment.best_weights, "best")


def _packed(mentions: list[Mention]) -> Iterator[list[Mention]]:
    """Lists that each fit into an envelope, whatever the texts are."""
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
