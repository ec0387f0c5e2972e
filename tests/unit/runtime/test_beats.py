"""When a worker counts as silent and as unresponsive."""

from __future__ import annotations

import os

import pytest

from streams.errors import ConfigError
from streams.runtime import beats
from streams.runtime.beats import STARTING_LIMITS, VARIABLE, Pulse


def states(pulse: Pulse, *moments: float) -> list[str]:
    return [pulse.check(now) for now in moments]


def test_a_worker_that_falls_silent_is_noticed_first_and_unresponsive_later() -> None:
    pulse = Pulse(0, 30)
    pulse.beat(5)
    assert states(pulse, 6, 15, 16, 25, 35, 36) == ["runs", "runs", "silent", "silent", "silent", "unresponsive"]


def test_a_worker_that_starts_has_to_load_its_libraries() -> None:
    pulse = Pulse(0, 30)
    assert states(pulse, *range(0, 30 * STARTING_LIMITS, 5))[-1] == "silent"
    assert pulse.check(30 * STARTING_LIMITS + 1) == "unresponsive"


def test_a_worker_that_beats_again_runs() -> None:
    pulse = Pulse(0, 30)
    pulse.beat(1)
    assert states(pulse, 10, 20) == ["runs", "silent"]
    pulse.beat(21)
    assert states(pulse, 21, 30) == ["runs", "runs"]


def test_a_supervisor_that_was_stopped_itself_blames_no_worker() -> None:
    pulse = Pulse(0, 30)
    pulse.beat(1)
    assert states(pulse, 2, 1_000, 1_005) == ["runs", "runs", "runs"]


def test_beats_come_through_the_descriptor_of_the_environment() -> None:
    receiver, sender = os.pipe()
    beats.start({VARIABLE: str(sender)})
    assert os.read(receiver, 1) == b"."
    os.close(receiver)


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}])
def test_without_a_supervisor_nobody_listens(environment: dict[str, str]) -> None:
    beats.start(environment)


def test_a_descriptor_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="environment variable FIREWATCH_BEATS: must be a file descriptor, got 'x'"):
        beats.start({VARIABLE: "x"})
