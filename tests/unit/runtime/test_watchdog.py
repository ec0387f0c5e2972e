"""When a worker counts as stuck, and when it must fear to have lost its partitions."""

from __future__ import annotations

import threading

import pytest

from streams.errors import WorkerFailed
from streams.runtime import watchdog
from streams.runtime.watchdog import Heartbeat, Stall
from tests.support.patience import PATIENCE_SECONDS


def test_work_without_progress_is_a_stall() -> None:
    stall = Stall(60)
    stall.check(progress=7, waiting=True, now=100)
    stall.check(progress=7, waiting=True, now=160)
    with pytest.raises(WorkerFailed, match="no progress for 61 s although records are waiting"):
        stall.check(progress=7, waiting=True, now=161)


def test_progress_and_idleness_are_no_stall() -> None:
    stall = Stall(60)
    stall.check(progress=7, waiting=True, now=0)
    stall.check(progress=8, waiting=True, now=59)
    stall.check(progress=8, waiting=True, now=118)
    stall.check(progress=8, waiting=False, now=1_000)
    stall.check(progress=8, waiting=True, now=1_059)


class Clock:
    """In place of `time`: stands still for the test, and counts how often the heartbeat's thread looks at it."""

    def __init__(self) -> None:
        self.now, self.step = 100.0, 0.0
        self.beats = 0
        self._beaten = threading.Condition()
        self._test = threading.get_ident()

    def monotonic(self) -> float:
        if threading.get_ident() != self._test:
            with self._beaten:
                self.now += self.step
                self.beats += 1
                self._beaten.notify_all()
        return self.now

    def wait_for_beats(self, count: int) -> None:
        """Block this thread until the other one has looked at the clock so many more times."""
        with self._beaten:
            enough = self.beats + count
            assert self._beaten.wait_for(lambda: self.beats >= enough, timeout=PATIENCE_SECONDS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watchdog, "time", clock)
    return clock


async def test_a_busy_event_loop_is_no_stalled_process(clock: Clock) -> None:
    with Heartbeat(0.05) as heartbeat:
        clock.step = 0.04
        clock.wait_for_beats(5)  # blocks the event loop for four times the limit, by the clock
        heartbeat.check()


async def test_a_process_that_was_stalled_fails_for_good(clock: Clock) -> None:
    with Heartbeat(0.05) as heartbeat:
        heartbeat.check()
        clock.now += 12
        with pytest.raises(WorkerFailed, match="was stalled for 12 s"):
            heartbeat.check()
        clock.wait_for_beats(2)
        with pytest.raises(WorkerFailed, match="was stalled for 12 s"):
            await heartbeat.watch()
