"""The cursors of all live sources on `social.cursors`: who reads which, since when, and how far.

A source has one owner at a time. The owner writes its cursor at least every `BEAT_SECONDS`; whoever sees nothing of it
for `LEASE_SECONDS`, or sees that it has ended, may become the owner (`streams.kafka.exclusive_writer`). Silence is
measured by the clock of the process that waits, from when it read a record, so that clocks need not agree.

Records of transactions that were not committed are read too: an owner saves no position before its posts are
acknowledged, so such a position is as good as one that was committed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from streams.errors import RecordError
from streams.kafka.clients import DELIVERY_FACTOR, answered_within, consumer
from streams.kafka.topics import Topics
from streams.records import Cursor, Owner, cursor_from_bytes
from streams.runtime import clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiokafka import AIOKafkaConsumer

    from streams.config import Config

BEAT_SECONDS: Final = 5.0
"""Longest time between two records of an owner."""

LEASE_SECONDS: Final = 20.0
"""Time without a record after which an owner counts as gone."""

LONG_AGO_MS: Final = 300_000
"""A record that the broker has appended before so long, by the clock of this machine, is of an owner long gone."""

_WAIT_MS: Final = 200

log = structlog.get_logger()


def this_process() -> Owner:
    """Return this run of this process, as owner of sources."""
    return Owner(
        instance=secrets.token_hex(8), host=socket.gethostname()[:256], pid=os.getpid(), processes=_process_table()
    )


def _process_table() -> str:
    """Return a name that all processes share which see each other's process ids; empty where there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def has_ended(owner: Owner, me: Owner) -> bool:
    """Return whether it is certain that the process of an owner no longer runs."""
    if not owner.processes or owner.processes != me.processes:
        return False
    if owner.pid == me.pid:
        return owner.instance != me.instance  # its process id has been given to this process
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class SeenCursor(NamedTuple):
    """A cursor, and when it was read, in seconds of the monotonic clock; `appended_ms` is the broker's time of it."""

    cursor: Cursor
    seen: float
    appended_ms: int


class CursorBoard:
    """The newest cursor of each source.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.
    reader
        A started consumer without a group.
    me
        This process.
    """

    def __init__(self, config: Config, reader: AIOKafkaConsumer, me: Owner) -> None:
        self._settings = config.kafka
        self._tp = TopicPartition(Topics(config.topics).cursors.name, 0)
        self._reader = reader
        self._seen: dict[str, SeenCursor] = {}
        self._answered: float | None = None
        self._reading = asyncio.Lock()
        self.me = me

    def cursor(self, source: str) -> Cursor | None:
        """Return the newest cursor of a source, None if there is none."""
        seen = self._seen.get(source)
        return seen.cursor if seen else None

    def cursors(self) -> dict[str, Cursor]:
        """Return the newest cursor of each source, by its id."""
        return {source: seen.cursor for source, seen in self._seen.items()}

    def is_free(self, source: str) -> bool:
        """Return whether a source has no owner, one that has ended, or one that has been silent for too long."""
        seen = self._seen.get(source)
        if seen is None or (owner := seen.cursor.owner) is None or owner.instance == self.me.instance:
            return True
        silence = time.monotonic() - seen.seen
        long_ago = clock.now_ms() - seen.appended_ms > LONG_AGO_MS
        return silence > LEASE_SECONDS or long_ago or has_ended(owner, self.me)

    async def refresh(self) -> None:
        """Read up to the present end of the topic.

        Raises
        ------
        KafkaError
            If the broker does not answer.
        """
        async with self._reading, answered_within(self._settings, f"reading {self._tp.topic}", DELIVERY_FACTOR):
            if not self._reader.assignment():
                self._reader.assign([self._tp])
                await self._reader.seek_to_beginning(self._tp)
            end = (await self._reader.end_offsets([self._tp]))[self._tp]
            self._forgive_silence()
            if await self._reader.position(self._tp) > end:  # the topic was recreated
                self._start_over()
            try:
                while await self._reader.position(self._tp) < end:
                    for record in (await self._reader.getmany(timeout_ms=_WAIT_MS)).get(self._tp, []):
                        self._note(record.key, record.value, record.timestamp)
            except OffsetOutOfRangeError:
                self._start_over()

    def _start_over(self) -> None:
        self._seen.clear()
        self._reader.seek(self._tp, 0)

    def _forgive_silence(self) -> None:
        """Begin to measure again after an outage of the broker, or of this process: nobody could be heard."""
        now = time.monotonic()
        if self._answered is not None and now - self._answered > LEASE_SECONDS / 2:
            self._seen = {source: seen._replace(seen=now) for source, seen in self._seen.items()}
        self._answered = now

    def _note(self, key: bytes | None, value: bytes | None, appended_ms: int) -> None:
        source = (key or b"").decode(errors="replace")
        if value is None:
            self._seen.pop(source, None)
            return
        try:
            cursor = cursor_from_bytes(value)
        except RecordError as error:
            log.warning("cursor can't be read", source=source, reason=error.reason, detail=error.detail)
            return
        self._seen[cursor.source] = SeenCursor(cursor, time.monotonic(), appended_ms)


@asynccontextmanager
async def cursor_board(config: Config) -> AsyncIterator[CursorBoard]:
    """Yield the cursors of all sources, as they are now."""
    async with consumer(config.kafka, None) as reader:
        board = CursorBoard(config, reader, this_process())
        await board.refresh()
        yield board


async def read_cursors(config: Config) -> dict[str, Cursor]:
    """Return the newest cursor of each source, by its id; records that can't be read are left out.

    Raises
    ------
    KafkaError
        If the broker does not answer, or the topic is missing.
    """
    async with cursor_board(config) as board:
        return board.cursors()
