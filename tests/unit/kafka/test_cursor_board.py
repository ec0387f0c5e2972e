"""Who may read a source, by what is on the topic of cursors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from streams.kafka.cursor_board import BEAT_SECONDS, LEASE_SECONDS, LONG_AGO_MS, CursorBoard, has_ended, this_process
from streams.records import Cursor, Owner
from tests.support.live_config import source_config

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW_MS = 1_800_000_000_000
ME = Owner(instance="me", host="here", pid=os.getpid(), processes="table")
OTHER = Owner(instance="other", host="there", pid=7, processes="elsewhere")


class Record(NamedTuple):
    """A record of the topic."""

    key: bytes | None
    value: bytes | None
    timestamp: int = NOW_MS


class Reader:
    """A consumer of one partition."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._position = 0
        self._assigned: list[Any] = []

    def assign(self, tps: list[Any]) -> None:
        self._assigned = tps

    def assignment(self) -> list[Any]:
        return self._assigned

    async def seek_to_beginning(self, _: Any) -> None:
        self._position = 0

    def seek(self, _: Any, offset: int) -> None:
        self._position = offset

    async def end_offsets(self, tps: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(tps, len(self.records))

    async def position(self, _: Any) -> int:
        return self._position

    async def getmany(self, timeout_ms: int) -> dict[Any, list[Record]]:
        assert timeout_ms
        records = self.records[self._position : self._position + 2]
        self._position += len(records)
        return {self._assigned[0]: records}


class Watched:
    """A board whose clocks the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 1_000.0
        self.reader = Reader()
        monkeypatch.setattr("streams.kafka.cursor_board.time", SimpleNamespace(monotonic=lambda: self.seconds))
        monkeypatch.setattr("streams.kafka.cursor_board.clock", SimpleNamespace(now_ms=lambda: NOW_MS))
        self.board = CursorBoard(source_config(), self.reader, ME)

    async def see(self, *records: Record) -> None:
        self.reader.records += records
        await self.board.refresh()

    async def wait(self, seconds: float, steps: Iterable[Record | None] = ()) -> None:
        """Look once a second, so that the broker has always answered."""
        left = deque(steps)
        while seconds > 0:
            seconds, self.seconds = seconds - 1, self.seconds + 1
            await self.see(*(record for record in [left.popleft() if left else None] if record))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def cursor(owner: Owner | None = OTHER, source: str = "wire", at_ms: int = NOW_MS) -> Record:
    record = Cursor(source=source, kind="jetstream", position={"at": 1}, saved_ms=1, owner=owner)
    return Record(record.key, record.to_bytes(), at_ms)


async def test_a_source_without_an_owner_is_free(watched: Watched) -> None:
    await watched.see(cursor(None, "released"), cursor(ME, "mine"), cursor(OTHER, "theirs"))
    assert [watched.board.is_free(source) for source in ("unknown", "released", "mine", "theirs")] == [
        True, True, True, False,
    ]  # fmt: skip


async def test_an_owner_that_writes_keeps_the_source_and_one_that_is_silent_loses_it(watched: Watched) -> None:
    await watched.see(cursor())
    await watched.wait(3 * LEASE_SECONDS, [cursor() if second % BEAT_SECONDS == 0 else None for second in range(60)])
    assert not watched.board.is_free("wire")
    await watched.wait(LEASE_SECONDS + BEAT_SECONDS + 1)
    assert watched.board.is_free("wire")


async def test_silence_does_not_count_while_nobody_could_be_heard(watched: Watched) -> None:
    await watched.see(cursor())
    watched.seconds += 10 * LEASE_SECONDS  # the broker did not answer, or this process did not run
    await watched.see()
    assert not watched.board.is_free("wire")
    await watched.wait(LEASE_SECONDS + 1)
    assert watched.board.is_free("wire")


async def test_an_owner_of_long_ago_need_not_be_waited_for(watched: Watched) -> None:
    await watched.see(cursor(at_ms=NOW_MS - LONG_AGO_MS - 1))
    assert watched.board.is_free("wire")


async def test_records_that_can_not_be_read_leave_the_others(watched: Watched) -> None:
    await watched.see(cursor(), Record(b"wire", b"{"), Record(None, b"[]"), cursor(source="other"))
    assert watched.board.cursor("wire") is not None
    assert not watched.board.is_free("other")


async def test_a_deleted_cursor_is_gone(watched: Watched) -> None:
    await watched.see(cursor(), Record(b"wire", None))
    assert watched.board.cursor("wire") is None


async def test_a_topic_that_was_created_again_is_read_from_its_beginning(watched: Watched) -> None:
    await watched.see(cursor(), cursor(), cursor(source="other"))
    watched.reader.records = []
    await watched.see(cursor(source="new"))
    assert [watched.board.cursor(source) is not None for source in ("wire", "new")] == [False, True]


def test_the_end_of_a_process_is_certain_only_in_the_same_table_of_processes() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    gone = Owner(instance="gone", host="here", pid=child.pid, processes="table")
    assert has_ended(gone, ME)
    assert not has_ended(gone.model_copy(update={"processes": "elsewhere"}), ME)
    assert not has_ended(gone.model_copy(update={"processes": ""}), ME.model_copy(update={"processes": ""}))
    assert not has_ended(Owner(instance="parent", host="here", pid=os.getppid(), processes="table"), ME)


def test_an_earlier_process_with_the_id_of_this_one_has_ended() -> None:
    assert has_ended(ME.model_copy(update={"instance": "earlier"}), ME)
    assert not has_ended(ME, ME)


def test_each_run_of_a_process_has_a_name_of_its_own() -> None:
    first, second = this_process(), this_process()
    assert first.instance != second.instance
    assert (first.host, first.pid, first.processes) == (second.host, os.getpid(), second.processes)
