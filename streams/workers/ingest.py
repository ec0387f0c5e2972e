"""Posts of a source go to `social.posts`, lines that are not usable posts to the dead-letter topic."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams.core.ingest.parsing import Normaliser
from streams.core.ingest.rejection_ratio import RejectionRatio
from streams.core.ingest.time_order import TimeOrder
from streams.errors import InputError, RecordError, RejectionRatioExceeded
from streams.kafka.clients import producer
from streams.kafka.preflight import preflight
from streams.records import Deletion
from streams.runtime import clock, metrics
from streams.runtime.failpoints import Failpoint, reached
from streams.runtime.health import serve_health
from streams.sources.cursor import CursorFile
from streams.sources.ordered import far_behind
from streams.sources.pacing import MAX_WAIT_SECONDS, Pacing, measure_span
from streams.workers.post_sender import PostSender, SentGroup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.records import Post
    from streams.sources.base import Line, Source

GROUP_LINES: Final = 1_000
"""Lines whose acknowledgements are awaited together."""

GROUPS_IN_FLIGHT: Final = 8
"""Groups sent and not yet acknowledged, at most."""

CURSOR_SECONDS: Final = 1.0
"""Time between two saves of the cursor. After a crash the posts of this time are ingested twice; `score` drops them."""

MIN_WAIT_SECONDS: Final = 0.01
"""Shortest wait of a paced replay: posts that fall due during it are sent together, late by no more than this."""


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """Counts of an ingest; `read` = `ingested` + `deletions` + `repeated` + `skipped` + the sum of `rejected`.

    Of the rejected records, `examples` has the place, reason and detail of the first ones. `skipped` posts had no text.
    `altered` has how often an optional field was converted or left out, by its name and the outcome.
    """

    read: int
    ingested: int
    deletions: int
    repeated: int
    rejected: dict[str, int]
    seconds: float
    examples: list[str]
    skipped: int
    altered: dict[tuple[str, str], int]
    remarks: list[str]


async def ingest(
    config: Config,
    source: Source,
    *,
    stop: asyncio.Event,
    speed: float | None = None,
    redate: bool = False,
    cursor_file: Path | None = None,
    show: Callable[[], None] = lambda: None,
) -> IngestSummary:
    """Read a source to its end, or until `stop` is set, and write its posts to `social.posts`.

    Parameters
    ----------
    config
        Sections `kafka`, `topics`, `ingest`.
    source
        Where the posts come from; one of `streams.sources.ordered_file` yields them in order of time.
    stop
        Set it to end early; lines that have been read are acknowledged first.
    speed
        Multiple of real time to replay at, None for as fast as possible.
    redate
        Whether event times are shifted to the present.
    cursor_file
        File that stores the position up to which the broker has acknowledged, to resume from.
    show
        Called after each chunk of the source, to show how far it has been read.

    Raises
    ------
    InputError
        If the source can't be read or holds no posts, or too much of it is bad (`RejectionRatioExceeded`).
    KafkaError
        If the broker can't be reached, a topic is missing, or the broker does not accept a record.
    PortTaken
        If another process listens on `metrics.ingest_port`.
    """
    started = time.monotonic()
    cursor = CursorFile(cursor_file, source) if cursor_file else None
    begun = cursor.resume().begun if cursor else False
    pacing = await _pacing(config, source, speed, redate)
    async with serve_health(config, "ingest") as (health, _):
        await preflight(config, "ingest")
        async with producer(config.kafka) as client:
            health.ready_unless(lambda: None)
            run = _Run(config, client, source, pacing=pacing, cursor=cursor, stop=stop)
            finished = await run.read_all(show)
    if finished and not run.read and not begun:
        raise InputError(f"{source.name}: holds no posts")
    if finished and not run.ratio.records and run.ratio.skipped >= config.ingest.bad_share_after:
        raise InputError(f"{source.name}: none of its {run.ratio.skipped:,} posts has a text in the field 'text'")
    if finished:
        run.ratio.check()
    return IngestSummary(
        read=run.read,
        ingested=run.ingested,
        deletions=run.deletions,
        repeated=run.repeated,
        rejected=dict(run.ratio.reasons),
        seconds=round(time.monotonic() - started, 3),
        examples=run.ratio.examples,
        skipped=run.ratio.skipped,
        altered=run.altered,
        remarks=run.remarks,
    )


async def _pacing(config: Config, source: Source, speed: float | None, redate: bool) -> Pacing | None:
    if speed is None and not redate:
        return None
    needs_span = redate and (speed is None or speed > 1)
    span = await asyncio.to_thread(measure_span, source, config.ingest, clock.now_ms()) if needs_span else None
    return Pacing(speed=speed, redate=redate, span=span, now_ms=clock.now_ms)


@dataclass(slots=True)
class _Group:
    """Lines that were read together, and what was sent of them.

    Parameters
    ----------
    sent
        Records whose acknowledgements are awaited.
    lines
        Lines read.
    cursor
        Cursor of the last of them.
    read
        Lines read up to the last of them, those of earlier groups included.
    """

    sent: SentGroup = field(default_factory=SentGroup)
    lines: int = 0
    cursor: int = 0
    read: int = 0


class _Run:
    """One pass over a source."""

    def __init__(
        self,
        config: Config,
        client: AIOKafkaProducer,
        source: Source,
        *,
        pacing: Pacing | None,
        cursor: CursorFile | None,
        stop: asyncio.Event,
    ) -> None:
        self._config = config
        self._source = source
        self._pacing = pacing
        self._cursor = cursor
        self._stop = stop
        self._sender = PostSender(config, client, source.name)
        self._normaliser = Normaliser(config.ingest, source.source_name, pacing.redate if pacing else None)
        self._open = _Group()
        self._in_flight: deque[_Group] = deque()
        self._cursor_saved = time.monotonic()
        self._order = TimeOrder["Line"](config.windows.lateness_seconds * 1000)
        self.ratio = RejectionRatio(config.ingest, source.name, lambda: source.remarks)
        self.read = 0
        self.ingested = 0
        self.deletions = 0
        self.repeated = 0

    @property
    def remarks(self) -> list[str]:
        """Return remarks on the order of the posts, complete at the end of the source."""
        return [*self._source.remarks, *far_behind(self._order, self._config.windows.lateness_seconds)]

    @property
    def altered(self) -> dict[tuple[str, str], int]:
        """Return how often an optional field was converted or left out, by its name and the outcome."""
        return dict(self._normaliser.altered)

    async def read_all(self, show: Callable[[], None]) -> bool:
        """Send the lines of the source; return whether its end was reached, false if `stop` was set before."""
        try:
            async with aclosing(self._source.incoming()) as chunks:
                async for chunk in chunks:
                    await self._read_chunk(chunk)
                    if self._stop.is_set():
                        break
                    show()
            await self._settle(0)
        except (InputError, RejectionRatioExceeded):
            await self._settle(0)
            raise
        finally:
            self._abandon()
        if self._cursor and self.read:
            self._cursor.save(self.read, self._open.cursor)
        return not self._stop.is_set()

    async def _read_chunk(self, chunk: list[Line]) -> None:
        for line in chunk:
            if self._stop.is_set() or not await self._handle(line):
                break
            if self._open.lines >= GROUP_LINES:
                await self._settle(GROUPS_IN_FLIGHT)
        self._sender.count_altered(self._normaliser.altered)
        if not chunk:
            await self._settle(0)

    async def _handle(self, line: Line) -> bool:
        """Send one line; return false if `stop` was set before it was due."""
        try:
            line.check_date()
            post = self._normaliser.record(line.data, clock.now_ms())
        except RecordError as error:
            await self._reject(line, error)
            return True
        if post is None:
            self._count(line)
            self.ratio.skip()
            metrics.POSTS_SKIPPED.labels(self._source.source_name).inc()
            return True
        if isinstance(post, Deletion):
            await self._delete(line, post)
            return True
        if self._pacing and not await self._await_turn(self._pacing, post):
            return False
        self._count(line)
        self.ratio.accept()
        self._order.add(post.ts_ms, line)
        if not await self._sender.send_post(post):
            self.repeated += 1
        return True

    async def _delete(self, line: Line, deletion: Deletion) -> None:
        self._count(line)
        self.ratio.accept()
        self.deletions += 1
        await self._sender.send_other(deletion)

    async def _reject(self, line: Line, error: RecordError) -> None:
        self._count(line)
        metrics.POSTS_REJECTED.labels(self._source.source_name, error.reason).inc()
        await self._sender.send_dead_letter(error, line.cursor, line.original or line.data)
        self.ratio.reject(error, line.place)

    def _count(self, line: Line) -> None:
        self.read += 1
        self._open.lines += 1
        self._open.cursor = line.cursor
        self._open.read = self.read

    async def _await_turn(self, pacing: Pacing, post: Post) -> bool:
        if pacing.wait_seconds(post.ts_ms) == 0:
            return True
        await self._settle(0)
        while wait := pacing.wait_seconds(post.ts_ms):
            if self._stop.is_set():
                return False
            await asyncio.sleep(min(max(wait, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS))
        return True

    async def _settle(self, keep: int) -> None:
        """Close the open group, and await acknowledgements until at most `keep` groups are in flight."""
        if self._open.lines:
            self._open.sent = self._sender.take()
            self._in_flight.append(self._open)
            self._open = _Group(cursor=self._open.cursor, read=self.read)
        while len(self._in_flight) > keep:
            group = self._in_flight[0]
            await self._sender.settle(group.sent)
            reached(Failpoint.INGEST_ACKNOWLEDGED)
            self._in_flight.popleft()
            self.ingested += group.sent.posts.total()
            self._sender.count(group.sent)
            if self._cursor and time.monotonic() - self._cursor_saved > CURSOR_SECONDS:
                self._cursor.save(group.read, group.cursor)
                self._cursor_saved = time.monotonic()

    def _abandon(self) -> None:
        for sent in (self._sender.group, *(group.sent for group in self._in_flight)):
            sent.abandon()
