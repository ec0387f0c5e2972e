"""When the posts of a recording are sent, and which event times they get."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from detectors.units import HOUR_MS
from streams.config import IngestSettings
from streams.errors import InputError
from streams.sources.files import FileSource
from streams.sources.ordered_file import OrderedFile
from streams.sources.pacing import MAX_WAIT_SECONDS, Paced, Pacing, RecordingSpan, measure_span
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES, lines_of, write

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_750_000_000_000


def recording(tmp_path: Path, *times: object) -> FileSource:
    content = b"".join(json.dumps({"id": 1, "created_at": time, "text": "x"}).encode() + b"\n" for time in times)
    return FileSource(write(tmp_path / "recording.jsonl", content), MAX_BYTES)


def test_the_span_is_from_the_first_post_to_the_newest(tmp_path: Path) -> None:
    source = recording(tmp_path, 1_500_000_000_000, 1_500_000_900_000, "broken", 1_500_000_600_000)
    assert measure_span(source, IngestSettings(), NOW_MS) == RecordingSpan(1_500_000_000_000, 1_500_000_900_000)
    assert len(lines_of(source)) == 4
    source.close()


def test_one_post_dated_2099_does_not_stretch_the_span(tmp_path: Path) -> None:
    source = recording(tmp_path, "2099-01-01T00:00:00Z", 1_500_000_000_000, 1_500_000_900_000)
    assert measure_span(source, IngestSettings(), NOW_MS) == RecordingSpan(1_500_000_000_000, 1_500_000_900_000)
    source.close()


def test_outliers_do_not_stretch_the_span(tmp_path: Path) -> None:
    """A recording of March with one post of July would be shifted by July."""
    minutes = [1_500_000_000_000 + minute * 60_000 for minute in range(500)]
    source = recording(tmp_path, *minutes[::-1], minutes[0] - 10**11, minutes[-1] + 10**10)
    with OrderedFile(source, IngestSettings(), NOW_MS, redate=True) as ordered:
        assert measure_span(ordered, IngestSettings(), NOW_MS) == RecordingSpan(minutes[0], minutes[-1])


def test_a_recording_of_the_future_has_a_span(tmp_path: Path) -> None:
    source = recording(tmp_path, "2099-01-01T00:00:00Z", "2099-01-01T01:00:00Z")
    span = measure_span(source, IngestSettings(), NOW_MS)
    assert span.last_ms - span.first_ms == HOUR_MS
    source.close()


def test_a_span_needs_times_and_a_second_reading(tmp_path: Path) -> None:
    source = recording(tmp_path, "never")
    with pytest.raises(InputError, match="created_at"):
        measure_span(source, IngestSettings(), NOW_MS)
    source.close()
    with pytest.raises(InputError, match="read twice"):
        measure_span(StdinSource(MAX_BYTES), IngestSettings(), NOW_MS)


class Clock:
    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


@pytest.mark.parametrize("speed", [0.5, 1, 60, 1440, None])
def test_redated_posts_are_never_ahead_of_the_clock_and_keep_their_gaps(speed: float | None) -> None:
    clock = Clock()
    pacing = Pacing(speed=speed, redate=True, span=RecordingSpan(0, 24 * HOUR_MS), now_ms=clock)
    times = []
    for hour in range(25):
        event_ms, sent_ms = pacing.redate(hour * HOUR_MS)
        clock.ms += round(pacing.wait_seconds(event_ms) * 1000)
        assert event_ms <= sent_ms == clock.ms
        times.append(event_ms)
    assert {later - earlier for earlier, later in pairwise(times)} == {HOUR_MS}
    if speed != 0.5:
        assert times[-1] == clock.ms
    assert clock.ms - NOW_MS == (round(24 * HOUR_MS / speed) if speed else 0)


def test_without_redating_the_times_stay(tmp_path: Path) -> None:
    clock = Clock()
    pacing = Pacing(speed=10, redate=False, span=None, now_ms=clock)
    assert pacing.redate(5_000) == (5_000, NOW_MS)
    assert pacing.wait_seconds(5_000) == 0
    assert pacing.wait_seconds(25_000) == 2.0
    clock.ms += 1_500
    assert pacing.wait_seconds(25_000) == 0.5
    assert pacing.wait_seconds(4_000) == 0  # a late post does not wait


def test_a_stream_can_be_redated_in_real_time_only() -> None:
    pacing = Pacing(speed=1, redate=True, span=None, now_ms=Clock())
    assert pacing.redate(7_000) == (NOW_MS, NOW_MS)
    assert pacing.redate(9_000) == (NOW_MS + 2_000, NOW_MS + 2_000)
    assert pacing.redate(7_000 + 48 * HOUR_MS) == (NOW_MS + 48 * HOUR_MS, NOW_MS)  # not waited for: refused later
    for speed in (None, 2):
        with pytest.raises(InputError, match="span"):
            Pacing(speed=speed, redate=True, span=None, now_ms=Clock())


def test_a_post_beyond_the_span_is_not_waited_for() -> None:
    pacing = Pacing(speed=60, redate=True, span=RecordingSpan(0, HOUR_MS), now_ms=Clock())
    assert pacing.redate(HOUR_MS)[1] == NOW_MS + 60_000
    assert pacing.redate(3 * HOUR_MS)[1] == NOW_MS


def test_a_paced_source_holds_lines_back_until_they_are_due(tmp_path: Path) -> None:
    clock = Clock()
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock.ms += round(seconds * 1000)

    source = recording(tmp_path, *(NOW_MS + ms for ms in (0, 60_000)), "broken", NOW_MS + 59_000, NOW_MS + 120_000)
    pacing = Pacing(speed=60, redate=False, span=None, now_ms=clock)
    arrived = [(len(chunk), clock.ms - NOW_MS) for chunk in Paced(source, pacing, "UTC", sleep).chunks() if chunk]
    source.close()
    assert arrived == [(1, 0), (3, 1_000), (1, 2_000)]
    assert max(naps) <= MAX_WAIT_SECONDS


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_must_be_a_positive_number(speed: float) -> None:
    with pytest.raises(InputError, match="speed"):
        Pacing(speed=speed, redate=False, span=None, now_ms=Clock())
