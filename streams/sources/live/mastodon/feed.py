"""One stream of one instance, read for ever: what was missed first, then what is published now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Never

import structlog

from streams.errors import RecordError, SourceRefused, SourceUnavailable
from streams.records import Gap
from streams.sources.live.backoff import Backoff
from streams.sources.live.base import Bad, Batch, Deleted, Found
from streams.sources.live.lines import received_lines
from streams.sources.live.mastodon.backfill import BEFORE_ALL, MAX_RAW_BYTES, Backfill, Mark, order
from streams.sources.live.mastodon.event_lines import server_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import ClientResponse

    from streams.config.sources.mastodon import MastodonSettings
    from streams.errors import SourceError
    from streams.sources.live.base import Item, SourceHealth, Surroundings
    from streams.sources.live.http import SourceHttp
    from streams.sources.live.inbox import Inbox
    from streams.sources.live.mastodon.event_lines import ServerEvent
    from streams.sources.live.mastodon.feed_names import Feed
    from streams.sources.live.mastodon.instance import Instance

log = structlog.get_logger()

FAR_BEHIND_MS: Final = 120_000
"""Longer interruptions are caught up with before the stream is opened, so that it does not wait long to be read."""

ALIVE_MS: Final = 5_000
"""How often a sign of life moves the position."""

REFUSED_SECONDS: Final = 300.0
"""Wait before a stream that was refused is asked for again, since a token may have been replaced."""

ONLY_DELETIONS: Final = 20
"""Deletions without a post after which a stream whose timeline is empty counts as disabled (mastodon#37883)."""

_NO_TIMELINE: Final = frozenset({"http_400", "http_404", "http_405", "http_406", "http_410", "http_422", "http_501"})


class FeedReader:
    """Reads one stream of one instance.

    Parameters
    ----------
    source
        Id of the source.
    settings, instance, feed
        Settings of the source, the instance, and its stream.
    inbox
        Where to put what arrives, each batch with the mark of this stream under its key.
    health
        Health of the source, of which the times are kept up to date.
    surroundings
        Clock and chance.

    Attributes
    ----------
    key
        Key of the stream, of all streams of the source.
    state, why
        Its condition, as in `SourceHealth`.
    refusal
        The last error, if that was a refusal.
    """

    def __init__(
        self,
        source: str,
        settings: MastodonSettings,
        instance: Instance,
        feed: Feed,
        inbox: Inbox,
        health: SourceHealth,
        surroundings: Surroundings,
    ) -> None:
        self._source = source
        self._settings = settings
        self._instance = instance
        self._feed = feed
        self._mark: Mark | None = None
        self._inbox = inbox
        self._health = health
        self._surroundings = surroundings
        self._backoff = Backoff(surroundings.chance)
        self._has_empty_timeline = False
        self.key = f"{instance.name} {feed.name}"
        self.state: Literal["connecting", "live", "catching_up", "waiting", "refused"] = "connecting"
        self.why = ""
        self.refusal: SourceRefused | None = None

    async def run(self, mark: Mark | None) -> None:
        """Read the stream, and connect again whenever that ends.

        Parameters
        ----------
        mark
            How far it was read before; None to begin with what is published now.
        """
        self._mark = mark
        while True:
            try:
                await self._read_once()
            except SourceRefused as error:
                self.refusal = self._instance.with_remedy(error)
                delay = REFUSED_SECONDS * (1 + self._surroundings.chance.random() / 10)
                await self._interrupted("refused", self.refusal, delay)
            except SourceUnavailable as error:
                self.refusal = None
                delay = self._backoff.delay(error.retry_after_seconds)
                await self._interrupted("waiting", error, delay)
            await self._surroundings.sleep(delay)

    async def _interrupted(self, state: Literal["waiting", "refused"], error: SourceError, delay: float) -> None:
        if self.state != "live":
            self._instance.forget_offer()
        level = log.info if self.why == error.detail else log.warning
        level(
            "a stream was interrupted; it is tried again",
            source=self._source,
            stream=self.key,
            why=error.detail,
            delay_seconds=round(delay, 1),
        )
        self.state, self.why = state, error.detail
        await self._inbox.put(Batch(()))  # so that the source looks at the condition of its streams

    async def _read_once(self) -> Never:
        is_new = self._mark is None
        self.state = "connecting" if is_new else "catching_up"
        overlap_ms = 0 if is_new else int(self._settings.overlap_seconds * 1000)
        async with self._instance.client() as http:
            await self._instance.check_access(http, self._feed)
            mark = self._mark or await self._begin(http)
            if self._surroundings.now_ms() - mark.alive_ms > FAR_BEHIND_MS:
                await self._catch_up(http, mark, overlap_ms)
            streaming = (await self._instance.offer(http)).streaming
            async with http.stream(
                f"{streaming}{self._feed.stream}", silence_seconds=self._settings.stall_seconds
            ) as answer:
                self._check_stream(answer)
                await self._close_gap(http, self._mark or mark, overlap_ms, is_new=is_new)
                await self._read_stream(answer)
        raise SourceUnavailable(self._source, "ended", f"{self._instance.name} has ended the stream")

    async def _begin(self, http: SourceHttp) -> Mark:
        """Begin after the newest status there is."""
        now_ms = self._surroundings.now_ms()
        try:
            page = await self._instance.page(http, self._feed, limit=1)
        except SourceRefused as error:
            if error.reason not in _NO_TIMELINE:
                raise
            id = ""
        else:
            ids = [str(record.get("id") or "") for record in page.records or () if isinstance(record, dict)]
            self._has_empty_timeline = page.records == []
            id = max(ids, key=order, default=BEFORE_ALL) if page.records is not None else page.next_id
        await self._arrived([], Mark(id, now_ms, now_ms))
        return Mark(id, now_ms, now_ms)

    async def _catch_up(self, http: SourceHttp, mark: Mark, overlap_ms: int) -> str:
        """Read what the timeline has after a mark; return why it can't be read, empty if it was."""
        if not mark.id:
            return "the instance shows no timeline"
        backfill = Backfill(self._source, http, self._instance, self._feed, self._surroundings.now_ms())
        try:
            if overlap_ms:
                async for items in backfill.overlap(mark, overlap_ms):
                    await self._arrived(items, mark)
            async for items, read in backfill.pages(mark, self._settings.backfill_pages):
                await self._arrived(items, read)
        except SourceRefused as error:
            if error.reason not in _NO_TIMELINE:
                raise
            return error.detail
        return ""

    async def _close_gap(self, http: SourceHttp, mark: Mark, overlap_ms: int, *, is_new: bool) -> None:
        """Read what the timeline has, now that the stream is open, or report a gap until now."""
        now_ms = self._surroundings.now_ms()
        trouble = await self._catch_up(http, mark, overlap_ms)
        read = (self._mark or mark)._replace(alive_ms=now_ms)
        if read.id != mark.id:  # the stream is open and brought something, though not by itself
            self._backoff.succeeded()
        self.state, self.why, self.refusal = "live", "", None
        if trouble and not is_new:
            await self._arrived([self._no_backfill(mark, now_ms, trouble)], read._replace(at_ms=now_ms))
        else:
            await self._arrived([], read)

    def _no_backfill(self, mark: Mark, now_ms: int, detail: str) -> Gap:
        from_ms = max(mark.at_ms, mark.alive_ms)
        return Gap(self._source, from_ms, max(from_ms, now_ms), "no_backfill", f"{self.key}: {detail}", self.key)

    def _check_stream(self, answer: ClientResponse) -> None:
        if answer.status != 200:
            detail = f"the streaming host of {self._instance.name} answers {answer.status} in place of a stream"
            raise SourceRefused(self._source, "redirect", detail)
        if answer.content_type != "text/event-stream":
            detail = f"the streaming host of {self._instance.name} answers with {answer.content_type}, no stream"
            raise SourceUnavailable(self._source, "no_stream", detail)

    async def _read_stream(self, answer: ClientResponse) -> None:
        deletions = posts = signs = 0
        async for event in server_events(received_lines(answer, MAX_RAW_BYTES), MAX_RAW_BYTES):
            signs += 1
            if event is not None or signs > 1:  # the first comment comes from any server, the next if it works
                self._backoff.succeeded()
            present = self._health.heard_ms = self._surroundings.now_ms()
            if event is None:
                if self._mark is not None and present - self._mark.alive_ms >= ALIVE_MS:
                    await self._arrived([], self._mark._replace(alive_ms=present))
                continue
            item, mark = self._item(event, present)
            posts += not isinstance(item, Deleted)
            deletions += isinstance(item, Deleted)
            if self._has_empty_timeline and deletions >= ONLY_DELETIONS and not posts:
                detail = (
                    f"{self.key} delivers deletions and no posts, and its timeline is empty: the instance has disabled "
                    "it; read hashtags or another instance"
                )
                raise SourceRefused(self._source, "only_deletions", detail)
            await self._arrived([item], mark)

    def _item(self, event: ServerEvent, now_ms: int) -> tuple[Item, Mark]:
        """Return the item of an event, and how far the stream has been read with it."""
        mark = (self._mark or Mark("", now_ms, now_ms))._replace(alive_ms=now_ms)
        if event.is_cut:
            error = RecordError("too_large", f"an event has more than {MAX_RAW_BYTES:,} bytes")
            return Bad(error, event.data, self.key), mark
        try:
            item, status = self._instance.statuses.streamed(event.name, event.data, self.key)
        except RecordError as error:
            return Bad(error, event.data, self.key), mark
        if status is not None:
            at_ms = min(max(status.claimed_ms or 0, mark.at_ms), now_ms)
            mark = Mark(max(status.id, mark.id, key=order), at_ms, now_ms)
            self._health.behind_ms = max(0, now_ms - (status.claimed_ms or now_ms))
        return item, mark

    async def _arrived(self, items: Sequence[Item], mark: Mark) -> None:
        self._mark = mark
        now_ms = self._surroundings.now_ms()
        if any(isinstance(item, Found) for item in items):
            self._health.post_ms = self._health.heard_ms = now_ms
        if self.state == "catching_up":
            self._health.behind_ms = max(0, now_ms - mark.at_ms)
        await self._inbox.put(Batch(items, {self.key: mark}))
