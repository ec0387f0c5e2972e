"""Reads posts of Bluesky from a Jetstream server, resumes where it was, and reports what can't be had any more."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar, Final, cast

from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.base import LiveSource
from streams.sources.live.jetstream.connection import CursorTooOld, FrameInbox
from streams.sources.live.jetstream.hosts import JetstreamHost, failure_of, in_order
from streams.sources.live.jetstream.items import EventItems
from streams.sources.live.jetstream.position import JetstreamPosition
from streams.sources.live.jetstream.reading import Reopen, ResumePlan, StreamReading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from websockets.asyncio.client import ClientConnection

    from streams.config.sources.base import SourceSettings
    from streams.config.sources.jetstream import JetstreamSettings
    from streams.sources.live.base import Batch, Position, Surroundings
    from streams.sources.live.jetstream.position import StreamRequest

MOST_OVERSIZED: Final = 24
"""So often is it tried to get past events that are too large, each time twice as far."""


class JetstreamSource(LiveSource):
    """Posts of Bluesky by a Jetstream server.

    Parameters
    ----------
    settings
        Its entry in the section `sources`.
    surroundings
        Clock, chance and waiting.
    """

    claims_language: ClassVar[bool] = True

    def __init__(self, settings: SourceSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = cast("JetstreamSettings", settings)
        self._overlap_us = round(self._settings.overlap_seconds * 1_000_000)
        self._hosts = [JetstreamHost(url) for url in self._settings.hosts]
        self._converter = EventItems(self._settings)

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Connect to one of the servers, and yield batches until the connection ends.

        Raises
        ------
        SourceUnavailable
            If no server can be reached, or the connection ends.
        SourceRefused
            If all servers refuse, or the position is none of a source of this kind.
        """
        at, plan = self._start(position)
        while True:
            self.health.state = "connecting"
            host, connection, plan, request = await self._open(at, plan)
            self.health.facts.update(server=host.name, wire=host.wire or "")
            reading = StreamReading(
                self.id, self._settings, self._converter, self.health, self.surroundings.now_ms,
                host=host.name, wire=host.wire, at=at, plan=plan, request=request,
            )  # fmt: skip
            try:
                async with FrameInbox(self.id, connection) as inbox, aclosing(reading.batches(inbox)) as batches:
                    async for batch in batches:
                        yield batch
            except Reopen as reopen:
                plan = reopen.plan
            except SourceError as error:
                host.read_for(reading.milliseconds)
                host.failed(error, self.surroundings.now_ms())
                raise
            at = reading.at
            plan = plan._replace(fresh=plan.fresh and not at.event)
            if plan.oversized > MOST_OVERSIZED:
                detail = f"{host.name}: no way past an event that is too large after number {at.seq}"
                raise SourceUnavailable(self.id, "oversized", detail)
            if plan.oversized > 1:
                await self.surroundings.sleep(1)

    def _start(self, position: Position | None) -> tuple[JetstreamPosition | None, ResumePlan]:
        if position is not None:
            try:
                return JetstreamPosition.of(position), ResumePlan()
            except ValueError as error:
                detail = f"its cursor is none of a source of the kind jetstream ({error}); choose another id for it"
                raise SourceRefused(self.id, "bad_cursor", detail) from error
        if self._settings.backfill_seconds:
            begin_ms = self.surroundings.now_ms() - round(self._settings.backfill_seconds * 1000)
            return JetstreamPosition("", None, begin_ms * 1000), ResumePlan(fresh=True)
        return None, ResumePlan(fresh=True)

    async def _open(
        self, at: JetstreamPosition | None, plan: ResumePlan
    ) -> tuple[JetstreamHost, ClientConnection, ResumePlan, StreamRequest]:
        """Return the first server that can be read, a connection to it, and what it was asked for.

        Raises
        ------
        SourceError
            If there is none.
        """
        for host in in_order(self._hosts, at.host if at else ""):
            if host.not_before_ms > self.surroundings.now_ms():
                continue
            try:
                return host, *await self._open_host(host, at, plan)
            except SourceError as error:
                host.failed(error, self.surroundings.now_ms())
        raise failure_of(self.id, self._hosts, self.surroundings.now_ms())

    async def _open_host(
        self, host: JetstreamHost, at: JetstreamPosition | None, plan: ResumePlan
    ) -> tuple[ClientConnection, ResumePlan, StreamRequest]:
        for each in (plan, plan._replace(by_time=True, cause="cursor_too_old")):
            request = each.request(at, host.name, self._overlap_us)
            try:
                connection = await host.open(
                    self.id, request.cursor, identities=self._settings.skip_bridged, max_bytes=each.max_bytes
                )
            except CursorTooOld:
                continue
            return connection, each, request
        raise SourceRefused(self.id, "cursor_too_old", f"{host.name} accepts neither a number nor a time to begin at")
