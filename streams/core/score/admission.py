"""Which records of a partition of `social.posts` are scored: those that can be read, are new and within the quota.

Everything that must be the same after a restart is a function of the partition's records alone: the clock of event
time, which posts are among the last `ingest.recent_ids` records, which of their authors are not one person, and which
sources have used up their quota.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS
from streams.core.ingest.characters import escaped, has_hidden
from streams.core.ingest.event_time import admit, earliest_ms
from streams.core.rollup.minute_counts import MinuteCounts
from streams.core.rollup.watermark import MAX_FOLLOWED_SOURCES, OTHER_SOURCES
from streams.core.score.clock import PartitionClock
from streams.core.score.crowds import BLOCK_RECORDS, Crowds
from streams.core.score.deduplication import Deduplicator
from streams.core.score.position import Position
from streams.core.score.quota import Quota
from streams.core.score.resolution import Resolutions, placed
from streams.core.text.clean import without_mark_runs
from streams.errors import RecordError
from streams.records import (
    MAX_ID_CHARS,
    AuthorDeletion,
    Deletion,
    Gap,
    OverQuotaPost,
    Post,
    Progress,
    posts_record_from_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import IngestSettings, WindowSettings
    from streams.core.score.deduplication import NewInPost
    from streams.records import PostsRecord

Match = Callable[[str, str | None], Sequence[str]]
"""A function that returns the ids of the brands that a text with a tag names."""

Row = tuple[int, int, bytes | None]
"""Offset, broker time in milliseconds since the epoch, and value of a record."""

MAX_ACTIVE_SOURCES: Final = 2 * MAX_FOLLOWED_SOURCES
"""Sources that one progress record names; a client that may write posts may invent any number."""

_OVERHEAD_BYTES: Final = 4_096
"""By how much a record may exceed ingest.max_record_bytes: field names and encoding again."""


class Reject(NamedTuple):
    """A record of `social.posts` that is not a usable post, and why."""

    offset: int
    reason: str
    detail: str
    value: bytes | None


class AdmittedPost(NamedTuple):
    """A post that is scored.

    Parameters
    ----------
    offset, broker_ms
        Offset and broker time of its record.
    arrived_ms
        Event time at which it arrives: the clock of the partition.
    turn
        How often the clock was moved back before; None if the post is not counted for the platform load: because that
        was few posts ago, which keeps progress records small however often it happens, or because the post is of a
        bucket that has closed, as those of a source that catches up, which are many in a minute.
    imported
        Whether it is dated back so far that it is counted, but says nothing about the present.
    coarse
        Whether its time is stated no finer than a bucket.
    post
        The post, with the event time at which it counts; without its author if that is not one person
        (`streams.core.score.crowds`).
    brands
        Ids of the brands that it names, and that no earlier version of it has named.
    """

    offset: int
    broker_ms: int
    arrived_ms: int
    turn: int | None
    imported: bool
    coarse: bool
    post: Post
    brands: Sequence[str]


@dataclass(slots=True)
class Admission:
    """The records of one batch, sorted by what happens to them.

    Parameters
    ----------
    posts
        Posts to be scored.
    rejects
        Records that are not usable.
    deletions
        ``(arrival_ms, source, id)`` of deleted posts, as in `streams.records.Deletions`.
    author_deletions
        ``(offset, arrival_ms, deletion)`` of deleted authors.
    gaps
        ``(offset, arrival_ms, source, from_ms, to_ms)`` of gaps, as in `streams.records.Gaps`.
    over_quota
        Posts that are not scored because their source has used up its quota.
    repeated
        Number of posts that were dropped because they were seen recently, edits that name no further brand included.
    edited
        Number of posts that were seen recently and name a further brand now.
    imported
        Number of scored posts of each source that were dated back too far to say anything about the present.
    coarse
        Number of scored posts by source and by the resolution of their time in milliseconds, if that is a minute or
        more.
    sources
        Event time of the partition at the latest post of each source, in milliseconds since the epoch.
    """

    posts: list[AdmittedPost] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    deletions: list[tuple[int, str, str]] = field(default_factory=list)
    author_deletions: list[tuple[int, int, AuthorDeletion]] = field(default_factory=list)
    gaps: list[tuple[int, int, str, int, int]] = field(default_factory=list)
    over_quota: list[OverQuotaPost] = field(default_factory=list)
    repeated: int = 0
    edited: int = 0
    imported: Counter[str] = field(default_factory=Counter)
    coarse: Counter[tuple[str, int]] = field(default_factory=Counter)
    sources: dict[str, int] = field(default_factory=dict)


class PartitionState:
    """What a scorer remembers of one partition of `social.posts`.

    Parameters
    ----------
    position
        Where it starts.
    ingest
        Section `ingest` of the config.
    windows
        Section `windows` of the config. The deliveries of sources are counted in its buckets, and the clock allows for
        its lateness.
    quota
        Posts of one source in a minute, None without a limit.

    Attributes
    ----------
    minute_counts
        Mentions by the minute; the scorer adds them.
    """

    def __init__(self, position: Position, ingest: IngestSettings, windows: WindowSettings, quota: int | None) -> None:
        self._topic_id = position.topic_id
        self._ingest = ingest
        self._bucket_ms = windows.bucket_seconds * 1000
        lateness_ms = windows.lateness_seconds * 1000
        self._closed_after_ms = self._bucket_ms + lateness_ms
        self._import_after_ms = max(ingest.import_after_seconds * 1000, self._closed_after_ms)
        self._clock = PartitionClock(
            lateness_ms, self._import_after_ms, position.watermark_ms, position.recent, live=position.live
        )
        self._deduplicator = Deduplicator(ingest.recent_ids)
        self._crowds = Crowds(ingest.recent_ids)
        self._quota = Quota(quota, position.watermark_ms, position.minute_offset)
        self._offset = position.offset - 1
        self._broker_ms = -1
        self._live = position.live
        self._resolutions = Resolutions(position.times)
        self._placed_ms = -1
        self._active: dict[str, set[int]] = {}
        self.minute_counts = MinuteCounts(position.minute)

    def change_quota(self, quota: int | None) -> None:
        """Apply another quota to the next posts."""
        self._quota.change(quota)

    def warm(self, records: Iterable[Row], match: Match) -> None:
        """Remember the posts of records before the position, and the sources of those in the running minute."""
        for offset, broker_ms, value in records:
            try:
                record = read_record(value, broker_ms, self._ingest)
            except RecordError:
                self._deduplicator.new_in(None, match)
                continue
            if self._new_in(record, offset, match) and 0 <= self._quota.first <= offset:
                self._quota.count(record.source)

    def admit(self, records: Sequence[Row], match: Match) -> Admission:
        """Read the next records and decide which are scored.

        Parameters
        ----------
        records
            The records, ascending by offset.
        match
            Returns the ids of the brands that a text with a tag names.
        """
        admission = Admission()
        for offset, broker_ms, value in records:
            try:
                record = read_record(value, broker_ms, self._ingest)
            except RecordError as error:
                self._deduplicator.new_in(None, match)
                admission.rejects.append(Reject(offset, error.reason, error.detail, value))
                continue
            new = self._new_in(record, offset, match)
            if isinstance(record, Deletion):
                admission.deletions.append((self._clock.now_ms, record.source, record.id))
            elif isinstance(record, AuthorDeletion):
                admission.author_deletions.append((offset, self._clock.now_ms, record))
            elif isinstance(record, Gap):
                admission.gaps.append((offset, self._clock.now_ms, record.source, record.from_ms, record.to_ms))
            elif new is None:
                admission.repeated += 1
            else:
                brands, edited = new
                admission.edited += edited
                self._admit_new(record, brands, offset, broker_ms, admission)
        if records:
            self._offset, self._broker_ms = records[-1][0], records[-1][1]
        return admission

    def _new_in(self, record: PostsRecord, offset: int, match: Match) -> NewInPost | None:
        """Remember one record, and return what is new in it; None if nothing is, or if it is no post."""
        if isinstance(record, Post):
            self._crowds.add(offset, record)
        return self._deduplicator.new_in(record if isinstance(record, Post | Deletion) else None, match)

    def _admit_new(self, post: Post, brands: Sequence[str], offset: int, broker_ms: int, admission: Admission) -> None:
        clock, resolution = self._clock, self._resolutions.observe(post.source, post.ts_ms)
        stated_ms = post.ts_ms
        if resolution.ms:
            post = post._replace(ts_ms=placed(stated_ms, resolution.ms, broker_ms, f"{post.source}:{post.id}"))
            if post.ts_ms == broker_ms:
                stated_ms = broker_ms
        imported = self._live and not post.delayed and clock.is_import(stated_ms)
        arrived_ms = clock.advance(stated_ms, broker_ms)
        self._live = clock.live and broker_ms - arrived_ms < self._import_after_ms
        is_current = post.ts_ms <= arrived_ms <= post.ts_ms + self._closed_after_ms
        turn = clock.turns if clock.steady and is_current else None
        if not self._quota.admits(post.source, arrived_ms, offset):
            admission.over_quota.append(OverQuotaPost(offset, post.source, post.id))
            return
        if arrived_ms < post.ts_ms:
            arrived_ms = post.ts_ms
            self._placed_ms = max(self._placed_ms, post.ts_ms)
        is_followed = post.source in self._active or len(self._active) < MAX_ACTIVE_SOURCES
        source = post.source if is_followed else OTHER_SOURCES
        self._active.setdefault(source, set()).add(arrived_ms - arrived_ms % self._bucket_ms)
        admission.sources[source] = arrived_ms
        if imported:
            admission.imported[source] += 1
        if resolution.ms:
            admission.coarse[source, resolution.ms] += 1
        coarse = max(resolution) > self._bucket_ms
        if self._crowds.is_crowd(post.source, post.author):
            post = post._replace(author=None)
        admission.posts.append(AdmittedPost(offset, broker_ms, arrived_ms, turn, imported, coarse, post, brands))

    def _newest_ms(self) -> int:
        """Return the newest event time, also of posts that are placed within the span that the clock has reached."""
        now_ms = self._clock.now_ms
        return self._placed_ms if now_ms < self._placed_ms <= now_ms + DAY_MS else now_ms

    def position(self) -> Position:
        """Return the position after the records so far."""
        return Position(
            self._topic_id,
            self._offset + 1,
            self._clock.now_ms,
            self._live,
            self.minute_counts.current,
            self._quota.first,
            self._clock.dump() if self._clock.now_ms >= 0 else None,
            self._resolutions.dump() or (),
        )

    def progress(self, partition: int, idle_as_of_ms: int = -1) -> Progress:
        """Return the progress up to the records so far, and begin to count what the next one will say.

        Parameters
        ----------
        partition, idle_as_of_ms
            As in `Progress`.
        """
        active = [(source, sorted(starts)) for source, starts in sorted(self._active.items())]
        self._active.clear()
        return Progress(
            partition=partition,
            incarnation=self._topic_id,
            offset=self._offset,
            watermark_ms=self._clock.watermark_ms,
            ingested_ms=self._broker_ms,
            idle_as_of_ms=idle_as_of_ms,
            live=self._live,
            active=active,
            pulse=self.minute_counts.flush(),
            newest_ms=self._newest_ms(),
            delay_ms=self._clock.delay_ms,
        )


def records_to_know(ingest: IngestSettings) -> int:
    """Return the number of records before a position that a scorer has to read again."""
    return ingest.recent_ids + BLOCK_RECORDS


def read_record(value: bytes | None, broker_ms: int, settings: IngestSettings) -> PostsRecord:
    """Decode a record of `social.posts` and check it again: ingest does, but any client may write to the topic.

    Raises
    ------
    RecordError
        With the reasons of `posts_record_from_bytes` and `streams.core.ingest.event_time.admit`, ``too_large`` or
        ``bad_id``.
    """
    if value is not None and len(value) > settings.max_record_bytes + _OVERHEAD_BYTES:
        raise RecordError("too_large", f"{len(value)} bytes, over ingest.max_record_bytes={settings.max_record_bytes}")
    record = posts_record_from_bytes(value)
    if isinstance(record, Gap):
        return _checked_gap(record, broker_ms, settings)
    if isinstance(record, AuthorDeletion):
        return _checked_author(record)
    post = record
    if has_hidden(post.id) or has_hidden(post.source):
        post = post._replace(id=escaped(post.id), source=escaped(post.source))
    if not post.id or len(post.id) > MAX_ID_CHARS or not post.source or len(post.source) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'id' and 'source' must have 1 to {MAX_ID_CHARS} characters")
    if isinstance(post, Deletion):
        return post
    ts_ms = admit(post.ts_ms, broker_ms, settings)
    return post._replace(ts_ms=ts_ms, text=without_mark_runs(post.text[: settings.max_text_chars]))


def _checked_author(deletion: AuthorDeletion) -> AuthorDeletion:
    """Return the deletion of an author with its source as the posts of the source have it."""
    if has_hidden(deletion.source):
        deletion = deletion._replace(source=escaped(deletion.source))
    if not deletion.author or len(deletion.author) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'author' must have 1 to {MAX_ID_CHARS} characters")
    if not deletion.source or len(deletion.source) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'source' must have 1 to {MAX_ID_CHARS} characters")
    return deletion


def _checked_gap(gap: Gap, broker_ms: int, settings: IngestSettings) -> Gap:
    """Return a gap whose bounds lie neither ahead of the broker's clock nor before any post may be written."""
    if not gap.source or len(gap.source) > MAX_ID_CHARS:
        raise RecordError("bad_id", f"'source' must have 1 to {MAX_ID_CHARS} characters")
    earliest = earliest_ms(settings)
    from_ms, to_ms = (max(earliest, min(bound_ms, broker_ms)) for bound_ms in (gap.from_ms, gap.to_ms))
    return gap._replace(from_ms=from_ms, to_ms=to_ms)
