"""Ownership of one source: one process reads it, and only that process saves its cursor."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import structlog

from detectors.units import DAY_MS
from streams.kafka.exclusive_writer import exclusive_writer
from streams.kafka.topics import Topics
from streams.records import MAX_RECENT_GAPS, Cursor, RecentGap
from streams.runtime import clock, live_metrics
from streams.sources.live.base import MAX_POSITION_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.kafka.cursor_board import CursorBoard
    from streams.kafka.exclusive_writer import ExclusiveWriter
    from streams.records import CursorState, Gap
    from streams.sources.live.base import Position, SourceHealth

SAVE_SECONDS: Final = 1.0
"""Time between two saves of a position that advances. After a crash the posts of this time are ingested twice; `score`
drops them."""

MAX_CURSOR_BYTES: Final = MAX_POSITION_BYTES + 100_000
"""Largest cursor that is saved: below what a broker accepts. What is not its position are gaps and sentences, which are
bounded."""

log = structlog.get_logger()


class OtherKind(Exception):
    """The cursor of the source was saved by a source of another kind."""


class Ownership:
    """The right to save the cursor of a source, until another process takes it.

    Parameters
    ----------
    settings
        The entry of the source.
    board
        The cursors of all sources, up to date.
    writer
        The only writer of the cursor.

    Attributes
    ----------
    position
        The position that was saved last, also by the owner before; None if there is none.
    """

    def __init__(self, settings: SourceSettings, board: CursorBoard, writer: ExclusiveWriter) -> None:
        self._settings = settings
        self._board = board
        self._writer = writer
        self._hurry = asyncio.Event()
        before = board.cursor(settings.id)
        self.position: Position | None = before.position if before else None
        self._position_ms = before.position_ms if before else None
        self._gaps = list(before.gaps) if before else []
        self._heard_ms = before.heard_ms if before else None
        self._post_ms = before.post_ms if before else None

    def note(self, gap: Gap) -> None:
        """Remember a gap for those who ask for the status."""
        known = {(each.from_ms, each.to_ms, each.cause, each.part) for each in self._gaps}
        found = RecentGap(
            from_ms=gap.from_ms, to_ms=gap.to_ms, cause=gap.cause, part=gap.part[:200], found_ms=clock.now_ms()
        )
        if (found.from_ms, found.to_ms, found.cause, found.part) not in known:  # else it is found again after a crash
            self._gaps.append(found)

    def hurry(self) -> None:
        """Have the cursor saved at once."""
        self._hurry.set()

    async def due(self) -> None:
        """Wait until it is time to save a position that has advanced."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), SAVE_SECONDS)
        self._hurry.clear()

    async def save(self, position: Position | None, health: SourceHealth, state: CursorState, *, ends: bool) -> None:
        """Write the cursor. A condition that has received nothing yet gets the times of the owner before.

        Parameters
        ----------
        position
            The position up to which all is acknowledged.
        health
            The condition of the source.
        state
            Its state.
        ends
            Whether this process gives the source up.

        Raises
        ------
        Fenced
            If another process has become the owner.
        KafkaError
            If it can't be written.
        """
        now_ms = clock.now_ms()
        health.heard_ms = self._heard_ms = health.heard_ms or self._heard_ms
        health.post_ms = self._post_ms = health.post_ms or self._post_ms
        if position != self.position:
            self.position, self._position_ms = position, now_ms
        self._gaps = [gap for gap in self._gaps if gap.since_ms >= now_ms - DAY_MS][-MAX_RECENT_GAPS:]
        cursor = Cursor(
            source=self._settings.id,
            kind=self._settings.kind,
            position=position,
            position_ms=self._position_ms,
            saved_ms=now_ms,
            owner=None if ends else self._board.me,
            state=state,
            why=health.why[:1_000],
            heard_ms=health.heard_ms,
            post_ms=health.post_ms,
            behind_ms=health.behind_ms,
            gaps=self._gaps,
        )
        value = cursor.to_bytes()
        if len(value) > MAX_CURSOR_BYTES:
            log.error("cursor is too large to be saved; please report this", source=cursor.source, bytes=len(value))
            live_metrics.ERRORS.labels(cursor.source).inc()
            return
        await self._writer.write(0, [(cursor.key, value)])
        live_metrics.CURSOR_TIME.labels(cursor.source).set(now_ms / 1000)


def check_kind(settings: SourceSettings, board: CursorBoard) -> None:
    """Refuse a source whose cursor was saved by a source of another kind.

    Raises
    ------
    OtherKind
        If it was.
    """
    cursor = board.cursor(settings.id)
    if cursor is not None and cursor.position is not None and cursor.kind != settings.kind:
        raise OtherKind(
            f"its cursor was saved by a source of the kind {cursor.kind!r}, and this one is of the kind "
            f"{settings.kind!r}: give it another id"
        )


@asynccontextmanager
async def owned(config: Config, settings: SourceSettings, board: CursorBoard) -> AsyncIterator[Ownership]:
    """Become the owner of a source, and yield the ownership.

    Raises
    ------
    OtherKind
        If the cursor belongs to a source of another kind.
    KafkaError
        If the broker does not answer, or does not allow it.
    """
    topics = Topics(config.topics)
    identity = topics.cursor_writer(settings.id)
    async with exclusive_writer(config.kafka, identity, topics.cursors.name, "saving cursors", retries=True) as writer:
        await board.refresh()  # what the former owner has written; it can't write more
        check_kind(settings, board)
        yield Ownership(settings, board, writer)
