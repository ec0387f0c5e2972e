"""How a source is read, and what follows its failures."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from streams.errors import ConfigError, KafkaError, SourceRefused, SourceUnavailable
from streams.sources.live.base import Batch, LiveSource, Skipped, Surroundings
from streams.workers.sources import reading
from streams.workers.sources.reading import REFUSED_SECONDS, SourceReader
from tests.support.live_config import source_config

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from streams.sources.live.base import Position

Step = Batch | BaseException | None
"""A batch, an error, or None for a stall."""

ITEM = Skipped("repost")


class Stepping(LiveSource):
    """Takes one list of steps a connection; without any more it ends."""

    def __init__(self, surroundings: Surroundings, *connections: Sequence[Step]) -> None:
        super().__init__(surroundings.config.sources[0], surroundings)
        self._connections = deque(connections)
        self.positions: list[Position | None] = []

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Take the steps."""
        self.positions.append(position)
        if not self._connections:
            self.ends = True
            return
        for step in self._connections.popleft():
            if step is None:
                await asyncio.Event().wait()
            elif isinstance(step, BaseException):
                raise step
            else:
                yield step


class Sink:
    """In place of an outbox: acknowledges at once."""

    def __init__(self) -> None:
        self.position: Position | None = {"at": 0}
        self.batches: list[Batch] = []
        self.error: Exception | None = None
        self.arrived = asyncio.Event()

    async def put(self, batch: Batch) -> None:
        if self.error:
            raise self.error
        self.batches.append(batch)
        self.arrived.set()
        self.position = batch.position or self.position

    async def drained(self) -> None:
        await asyncio.sleep(0)


class Run:
    """A reader with a clock of its own."""

    def __init__(self, *connections: Sequence[Step]) -> None:
        self.slept: list[float] = []
        self.states: list[str] = []
        self.whys: list[str] = []
        surroundings = Surroundings(source_config(), lambda: 0, self._sleep, random.Random(1))
        self.source = Stepping(surroundings, *connections)
        self.sink = Sink()
        self.reader = SourceReader(self.source, self.sink, surroundings)  # type: ignore[arg-type]

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.states.append(self.source.health.state)
        self.whys.append(self.source.health.why)


def unavailable(**options: Any) -> SourceUnavailable:
    return SourceUnavailable("wire", "http_503", "the server is down", **options)


async def test_a_source_that_ends_by_itself_is_read_once() -> None:
    run = Run()
    await run.reader.read()
    assert (run.source.positions, run.slept) == ([{"at": 0}], [])


async def test_after_a_failure_it_begins_again_at_what_is_acknowledged() -> None:
    run = Run([Batch([ITEM], {"at": 1}), Batch([ITEM], {"at": 2}), unavailable()], [Batch([]), unavailable()])
    await run.reader.read()
    assert run.source.positions == [{"at": 0}, {"at": 2}, {"at": 2}]
    assert run.states == ["waiting", "waiting"]
    assert run.whys == ["the server is down"] * 2


async def test_delays_grow_while_nothing_comes_and_begin_again_once_something_did() -> None:
    run = Run(*[[unavailable()] for _ in range(8)], [Batch([ITEM]), unavailable()])
    await run.reader.read()
    assert run.slept[:8] == sorted(run.slept[:8])
    assert run.slept[7] > 60
    assert run.slept[8] <= 1


async def test_several_problems_of_a_config_are_one_line() -> None:
    run = Run([ConfigError(["client_id: is required", "user_agent: is required"])])
    await run.reader.read()
    assert run.whys == ["client_id: is required; user_agent: is required"]


async def test_the_other_side_gets_the_patience_that_it_asks_for() -> None:
    run = Run([unavailable(retry_after_seconds=120)])
    await run.reader.read()
    assert 120 <= run.slept[0] <= 132


async def test_a_connection_that_ends_without_a_word_is_a_failure() -> None:
    run = Run([Batch([])])
    await run.reader.read()
    assert run.whys == ["the connection ended"]


@pytest.mark.parametrize("error", [SourceRefused("wire", "http_401", "denied"), ConfigError(["denied"])])
async def test_what_is_refused_is_tried_again_after_a_quarter_of_an_hour_and_loud_once(error: Exception) -> None:
    run = Run([error], [error])
    with capture_logs() as logs:
        await run.reader.read()
    assert run.states == ["refused", "refused"]
    assert all(REFUSED_SECONDS <= seconds <= 1.1 * REFUSED_SECONDS for seconds in run.slept)
    assert [(each["log_level"], "denied" in each["why"]) for each in logs] == [("error", True), ("info", True)]


async def test_an_unexpected_exception_is_reported_without_a_traceback_and_backed_off() -> None:
    run = Run([ZeroDivisionError("never mind")], [ZeroDivisionError("never mind")])
    with capture_logs() as logs:
        await run.reader.read()
    assert run.states == ["waiting", "waiting"]
    assert run.whys[0] == "an unexpected error of firewatch: ZeroDivisionError: never mind"
    assert [each["log_level"] for each in logs] == ["error", "info"]
    assert all("exc_info" not in each for each in logs)


async def test_a_source_from_which_not_even_an_empty_batch_comes_is_connected_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "SILENT_SECONDS", 0.01)
    run = Run([Batch([ITEM], {"at": 1}), None])
    await run.reader.read()
    assert run.source.positions == [{"at": 0}, {"at": 1}]
    assert run.whys == ["nothing came for 0.01 s, not even a sign of life"]


async def test_what_tasks_of_a_source_raise_together_is_distinguished() -> None:
    group = ExceptionGroup("tasks", [ZeroDivisionError("never mind"), ExceptionGroup("more", [unavailable()])])
    run = Run([group], [ExceptionGroup("tasks", [ZeroDivisionError("never mind")])])
    await run.reader.read()
    assert run.whys == ["the server is down", "an unexpected error of firewatch: ZeroDivisionError: never mind"]


async def test_a_source_whose_task_was_cancelled_is_connected_again_and_a_cancelled_reader_ends() -> None:
    run = Run([asyncio.CancelledError()], [Batch([ITEM]), None])
    reading = asyncio.create_task(run.reader.read())
    await run.sink.arrived.wait()
    assert run.whys == ["an unexpected error of firewatch: RuntimeError: a task of the source was cancelled"]
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_failure_of_our_own_broker_is_no_failure_of_the_source() -> None:
    run = Run([Batch([ITEM])])
    run.sink.error = KafkaError("the disk is full")
    with pytest.raises(KafkaError, match="the disk is full"):
        await run.reader.read()
    assert run.slept == []
