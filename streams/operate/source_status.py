"""Each live source as its cursor on Kafka has it: who reads it, how fresh it is, and what has been missed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from detectors.units import HOUR_MS, MINUTE_MS
from streams.errors import RecordError
from streams.kafka.cursor_board import LEASE_SECONDS, read_cursors
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.records import Post, posts_record_from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiokafka import AIOKafkaConsumer

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.records import Cursor

UNOWNED_MS: Final = round(3 * LEASE_SECONDS * 1000)
"""Age of a cursor above which nobody reads its source: a stand-by would have taken over three times."""

WAITING_MS: Final = 2 * MINUTE_MS
"""Time without a sign of life above which a connection that failed is a problem, and no hiccup."""

GAPS_MS: Final = HOUR_MS
"""How long a gap is a problem."""

RATE_RECORDS: Final = 250
RATE_MS: Final = 10 * MINUTE_MS
"""Newest records of each partition of the posts, and their age at most, by which the posts a minute are counted."""

TARGETS: Final = ("listen", "topic", "paths", "urls_file", "urls", "subreddits", "instances", "hosts", "api_url")
"""Settings that say what a source reads, whatever its kind; the first that a kind has and that is not empty counts."""

State = Literal[
    "off", "never read", "nobody", "connecting", "live", "catching_up", "waiting", "refused", "limited", "done",
    "stopped", "unknown",
]  # fmt: skip
"""The state of its cursor; or ``off`` (the config does not enable it), ``never read``, ``nobody`` (its owner is gone,
and no other process has taken over), or ``unknown`` (Kafka does not answer)."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The condition of one live source; times in milliseconds since the epoch, None if unknown.

    Parameters
    ----------
    id, kind, enabled
        As in the config.
    reads
        What it reads: hosts, addresses, files or a topic.
    state, why
        Its condition, and why it is not live, or only in part.
    owner
        Machine and process id of the process that reads it, None without one.
    saved_ms
        When its cursor was written last.
    heard_ms, post_ms
        When anything was received last, and when a post was.
    expected_silence_seconds
        Time without a post after which it counts as silent.
    behind_ms
        By how much what is read lies behind the present.
    posts_per_minute
        Posts that have reached Kafka lately.
    gaps
        ``[from_ms, to_ms, cause, part, found_ms]`` of each gap that was found in the last day, oldest first.
    """

    id: str
    kind: str
    enabled: bool
    reads: str
    state: State
    why: str = ""
    owner: str | None = None
    saved_ms: int | None = None
    heard_ms: int | None = None
    post_ms: int | None = None
    expected_silence_seconds: float = 0.0
    behind_ms: int | None = None
    posts_per_minute: float | None = None
    gaps: list[tuple[int, int, str, str, int]] = field(default_factory=list)

    def problems(self, now_ms: int) -> list[str]:
        """Return what is wrong with the source, one sentence each."""
        if self.state in {"off", "done"}:
            return []
        name = f"source {self.id}"
        why = f": {self.why}" if self.why else ""
        if self.state == "never read":
            return [f"{name} has never been read: start `firewatch ingest --source {self.id}` or `firewatch run`"]
        if self.state in {"nobody", "stopped"}:
            ago = _minutes(now_ms - self.saved_ms) if self.saved_ms is not None else "some time"
            how = f"start `firewatch ingest --source {self.id}` or `firewatch run`"
            return [f"nobody has read {name} for {ago}: {how}", *self._gap_problems(now_ms)]
        found = []
        if self.state == "live" and self.why:
            found.append(f"{name} is read in part: {self.why}")
        silence_ms = round(self.expected_silence_seconds * 1000)
        if self.state == "refused":
            found.append(f"{name} is refused{why}")
        elif self.state == "limited":
            found.append(f"{name} is held back by a limit{why}")
        elif self.state in {"waiting", "connecting"} and now_ms - (self.heard_ms or 0) > WAITING_MS:
            found.append(f"{name} is not connected{why}")
        elif self.post_ms is not None and now_ms - self.post_ms > silence_ms:
            found.append(
                f"{name} has delivered no post for {_minutes(now_ms - self.post_ms)} (more than "
                f"expected_silence_seconds={self.expected_silence_seconds:g})"
            )
        if self.behind_ms is not None and self.behind_ms > max(silence_ms, WAITING_MS):
            found.append(f"{name} lies {_minutes(self.behind_ms)} behind the present{why}")
        return found + self._gap_problems(now_ms)

    def _gap_problems(self, now_ms: int) -> list[str]:
        lately = [gap for gap in self.gaps if now_ms - gap[4] <= GAPS_MS]
        if not lately:
            return []
        span = _minutes(sum(to_ms - from_ms for from_ms, to_ms, *_ in lately))
        causes = ", ".join(sorted({cause for _, _, cause, *_ in lately}))
        gaps = "a gap was" if len(lately) == 1 else f"{len(lately)} gaps were"
        return [f"{gaps} found in source {self.id} in the last hour: posts of {span} may be missing ({causes})"]


async def read_sources(config: Config, reader: AIOKafkaConsumer, now_ms: int) -> list[SourceStatus]:
    """Return the condition of each source of the config, in its order.

    Raises
    ------
    KafkaError
        If the broker does not answer.
    """
    if not config.sources:
        return []
    cursors = await read_cursors(config)
    rates = await _posts_per_minute(config, reader, now_ms)
    return source_statuses(config.sources, cursors, now_ms, rates)


def source_statuses(
    sources: Iterable[SourceSettings], cursors: Mapping[str, Cursor], now_ms: int, rates: Mapping[str, float]
) -> list[SourceStatus]:
    """Return the condition of sources by their cursors.

    Parameters
    ----------
    sources
        Entries of the config.
    cursors
        The newest cursor of each source.
    now_ms
        The present.
    rates
        Posts a minute by source.
    """
    return [_source(settings, cursors.get(settings.id), now_ms, rates) for settings in sources]


def _source(settings: SourceSettings, cursor: Cursor | None, now_ms: int, rates: Mapping[str, float]) -> SourceStatus:
    fields: dict[str, Any] = {
        "id": settings.id,
        "kind": settings.kind,
        "enabled": settings.enabled,
        "reads": reads(settings),
        "expected_silence_seconds": settings.expected_silence_seconds,
    }
    if cursor is None:
        return SourceStatus(**fields, state="never read" if settings.enabled else "off")
    state: State = cursor.state
    if not settings.enabled:
        state = "off"
    elif cursor.owner is not None and now_ms - cursor.saved_ms > UNOWNED_MS and cursor.state != "done":
        state = "nobody"
    return SourceStatus(
        **fields,
        state=state,
        why=cursor.why,
        owner=f"{cursor.owner.host}:{cursor.owner.pid}" if cursor.owner and state != "nobody" else None,
        saved_ms=cursor.saved_ms,
        heard_ms=cursor.heard_ms,
        post_ms=cursor.post_ms,
        behind_ms=cursor.behind_ms,
        posts_per_minute=round(rates.get(settings.id, 0.0), 1),
        gaps=[(gap.from_ms, gap.to_ms, gap.cause, gap.part, gap.since_ms) for gap in cursor.gaps],
    )


def reads(settings: SourceSettings) -> str:
    """Return what a source reads, in few words.

    >>> from streams.config.sources.jetstream import JetstreamSettings
    >>> reads(JetstreamSettings(id="bluesky", kind="jetstream", hosts=["wss://one.example", "wss://two.example"]))
    'wss://one.example and 1 more'
    """
    for name in TARGETS:
        found = getattr(settings, name, None)
        if not found:
            continue
        if not isinstance(found, list):
            return str(found)
        first = getattr(found[0], "host", found[0])
        return str(first) if len(found) == 1 else f"{first} and {len(found) - 1:,} more"
    return ""


async def _posts_per_minute(config: Config, reader: AIOKafkaConsumer, now_ms: int) -> dict[str, float]:
    """Return the posts a minute of each source that have lately reached Kafka."""
    topic = Topics(config.topics).posts
    posts = TopicReader(reader, config.kafka, topic)
    await posts.seek_back(RATE_RECORDS)
    of_partition: dict[int, list[tuple[int, bytes | None]]] = defaultdict(list)
    for record in await posts.to_the_end():
        of_partition[record.partition].append((record.timestamp, record.value))
    rates: dict[str, float] = defaultdict(float)
    for records in of_partition.values():
        since_ms = now_ms - RATE_MS
        if len(records) >= RATE_RECORDS:
            since_ms = max(since_ms, records[0][0])
        minutes = max(now_ms - since_ms, 1_000) / MINUTE_MS
        for at_ms, value in records:
            if at_ms >= since_ms and (source := _source_of(value)) is not None:
                rates[source] += 1 / minutes
    return rates


def _source_of(value: bytes | None) -> str | None:
    try:
        record = posts_record_from_bytes(value)
    except RecordError:
        return None
    return record.source if isinstance(record, Post) else None


def _minutes(ms: int) -> str:
    """Return a span in minutes, in seconds if it is short, or in hours if it is long."""
    if ms < 2 * MINUTE_MS:
        return f"{ms / 1000:,.0f} seconds"
    return f"{ms / MINUTE_MS:,.0f} minutes" if ms < 2 * HOUR_MS else f"{ms / HOUR_MS:,.0f} hours"
