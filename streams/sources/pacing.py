"""When a post of a recording is sent, and which event time it gets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS
from streams.core.ingest.parsing import parse
from streams.core.ingest.timestamps import EventTimes
from streams.errors import InputError, RecordError
from streams.sources.base import Seekable, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.config import IngestSettings
    from streams.sources.base import Line

MAX_WAIT_SECONDS: Final = 0.2
"""Longest single wait for a line that is not due, so that a caller stays responsive."""

MAX_SILENCE_MS: Final = DAY_MS
"""A post further ahead in a stream than this is not waited for: its date must be wrong."""


class RecordingSpan(NamedTuple):
    """Event time of the first post of a recording and of the newest, in milliseconds since the epoch."""

    first_ms: int
    last_ms: int


def measure_span(source: Source, settings: IngestSettings, now_ms: int) -> RecordingSpan:
    """Read a recording once to find its span.

    Outliers and times too far ahead for ingest are left out, so that one post dated 2099 does not move all others.
    Times ahead count only if there are no others, as in a simulation of next year.

    Raises
    ------
    InputError
        If no line has a time, or the source can't be read twice.
    """
    if not isinstance(source, Seekable):
        raise InputError(
            f"{source.name} can't be read twice, as re-dating at more than real time needs: name a file, or set speed 1"
        )
    latest_plausible_ms = now_ms + settings.max_future_seconds * 1000
    times = EventTimes(settings.timezone)
    plausible: RecordingSpan | None = None
    any_time: RecordingSpan | None = None
    for chunk in source.chunks():
        for line in chunk:
            if line.outlier or len(line.data) > settings.max_record_bytes:
                continue
            try:
                ts_ms = times.event_time_ms(parse(line.data))
            except RecordError:
                continue
            any_time = _extend(any_time, ts_ms)
            if ts_ms <= latest_plausible_ms:
                plausible = _extend(plausible, ts_ms)
    span = plausible or any_time
    if span is None:
        raise InputError(f"{source.name}: no line has a 'created_at' that can be read")
    return span


def _extend(span: RecordingSpan | None, ts_ms: int) -> RecordingSpan:
    return RecordingSpan(span.first_ms, max(span.last_ms, ts_ms)) if span else RecordingSpan(ts_ms, ts_ms)


class Pacing:
    """Replays a recording at a multiple of real time, with its own event times or re-dated to the present.

    Re-dated posts are never ahead of the clock. Above real time the newest post of the recording is dated to the moment
    when it is sent, and all others come before; at real time or slower the first post is.

    Parameters
    ----------
    speed
        Multiple of real time, None for as fast as possible.
    redate
        Whether event times are shifted to the present; gaps between posts stay as they are.
    span
        RecordingSpan of the recording; needed to re-date at more than real time, otherwise the first post is enough.
    now_ms
        The clock, in milliseconds since the epoch.

    Examples
    --------
    An hour, replayed at 60 times real time and re-dated to a clock that shows 10,000,000 ms:

    >>> pacing = Pacing(speed=60, redate=True, span=RecordingSpan(0, 3_600_000), now_ms=lambda: 10_000_000)
    >>> pacing.redate(0), pacing.redate(3_600_000)
    ((6460000, 10000000), (10060000, 10060000))
    >>> pacing.wait_seconds(6_460_000), pacing.wait_seconds(10_060_000)
    (0.0, 60.0)
    """

    def __init__(
        self, *, speed: float | None, redate: bool, span: RecordingSpan | None, now_ms: Callable[[], int]
    ) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise InputError(f"speed must be above 0, got {speed:g}")
        if redate and span is None and (speed is None or speed > 1):
            raise InputError("re-dating at more than real time needs the span of the recording")
        self._speed = speed
        self._redate = redate
        self._span = span
        self._now_ms = now_ms
        self._started_ms: int | None = None
        self._origin_ms = 0
        self._shift_ms = 0
        self._ends_ms: int | None = None

    def redate(self, ts_ms: int) -> tuple[int, int]:
        """Return the event time of a post that the recording dates `ts_ms`, and the time at which it is sent."""
        if self._started_ms is None:
            self._started_ms = self._begin(self._span or RecordingSpan(ts_ms, ts_ms))
        event_ms, now_ms = ts_ms + self._shift_ms, self._now_ms()
        due_ms = self._due_ms(event_ms)
        latest_ms = now_ms + MAX_SILENCE_MS if self._ends_ms is None else self._ends_ms
        return event_ms, due_ms if self._redate and now_ms < due_ms <= latest_ms else now_ms

    def wait_seconds(self, event_ms: int) -> float:
        """Return the time to wait before a post with this (new) event time is sent."""
        return max(0, self._due_ms(event_ms) - self._now_ms()) / 1000

    def _due_ms(self, event_ms: int) -> int:
        if self._speed is None or self._started_ms is None:
            return 0
        return self._started_ms + round((event_ms - self._origin_ms) / self._speed)

    def _begin(self, span: RecordingSpan) -> int:
        started_ms = self._now_ms()
        sending_ms = 0 if self._speed is None else round((span.last_ms - span.first_ms) / self._speed)
        if self._redate:
            above_real_time = self._speed is None or self._speed > 1
            self._shift_ms = started_ms + (sending_ms - span.last_ms if above_real_time else -span.first_ms)
        self._origin_ms = span.first_ms + self._shift_ms
        self._ends_ms = started_ms + sending_ms if self._span else None
        return started_ms


class Paced(Source):
    """A source that yields the lines of another when they are due.

    Parameters
    ----------
    source
        The other source.
    pacing
        When lines are due; a line without a readable time is due with the one before.
    timezone
        IANA name of the zone of times that name none.
    sleep
        Waits for a number of seconds.
    """

    def __init__(
        self, source: Source, pacing: Pacing, timezone: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._source = source
        self._pacing = pacing
        self._times = EventTimes(timezone)
        self._sleep = sleep
        self.name = source.name
        self.source_name = source.source_name
        self.total_bytes = source.total_bytes
        self.remarks = source.remarks

    def chunks(self) -> Iterator[list[Line]]:
        """Yield lines that are due together, and empty chunks while none is."""
        due: list[Line] = []
        for chunk in self._source.chunks():
            self.consumed_bytes = self._source.consumed_bytes
            for line in chunk:
                event_ms = self._event_ms(line)
                while event_ms is not None and (wait := self._pacing.wait_seconds(event_ms)):
                    yield due
                    due = []
                    self._sleep(min(wait, MAX_WAIT_SECONDS))
                due.append(line)
        yield due

    def _event_ms(self, line: Line) -> int | None:
        try:
            return self._pacing.redate(self._times.event_time_ms(parse(line.data)))[0]
        except RecordError:
            return None
