"""Posts of an archive in order of time, and those whose dates stand apart.

Event time only goes forward: whatever comes after a later post by more than ``windows.lateness_seconds`` is late, which
no detector counts. Exports come newest first, or network after network; a single wrong date can stand anywhere. So
archives are read twice. The first reading compares the times and counts them by the hour. If all of them are in order,
the second one yields the source as it is; otherwise it sorts the lines, on disk if they are many. A few posts whose
dates stand apart (`streams.core.ingest.outlier_dates`) are marked, so that the reader rejects them by name.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS
from streams.core.ingest.event_time import admit
from streams.core.ingest.outlier_dates import DateCounts
from streams.core.ingest.parsing import parse
from streams.core.ingest.time_order import TimeOrder
from streams.core.ingest.timestamps import EventTimes
from streams.errors import InputError, RecordError
from streams.records import is_deletion, utc
from streams.sources.base import Seekable, Source
from streams.sources.line_sorter import LineSorter
from streams.sources.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from streams.config import IngestSettings
    from streams.core.ingest.outlier_dates import DateSpan, QuietBeginning
    from streams.core.ingest.time_order import Disorder
    from streams.sources.base import Line

LOUD_SHARE: Final = 0.01
"""Share of late posts or mentions above which a result is not to be trusted without a look at their order."""

_CHUNK_LINES: Final = 1_000

_LATEST_MS: Final = 7_258_118_400_000
"""The year 2200: the present, for posts whose event times are going to be shifted."""


class _Times:
    """Reads the event times of lines, in the order of the source.

    Parameters
    ----------
    settings
        Section `ingest` of the config.
    now_ms
        The present, milliseconds since the epoch.
    redate
        Whether event times are going to be shifted, so that none is too far ahead.
    """

    def __init__(self, settings: IngestSettings, now_ms: int, redate: bool) -> None:
        self._settings = settings
        self._now_ms = now_ms
        self._redate = redate
        self._stated = EventTimes(settings.timezone)

    def of(self, line: Line) -> int | None:
        """Return the event time of a post, milliseconds since the epoch; None for a deletion.

        Raises
        ------
        RecordError
            If ingest is going to refuse the line.
        """
        if len(line.data) > self._settings.max_record_bytes:
            raise RecordError("too_large", f"over ingest.max_record_bytes={self._settings.max_record_bytes}")
        fields = parse(line.data)
        if is_deletion(fields):
            return None
        ts_ms = self._stated.event_time_ms(fields, self._now_ms)
        admit(ts_ms, max(self._now_ms, _LATEST_MS) if self._redate else self._now_ms, self._settings)
        return ts_ms


class _Survey(NamedTuple):
    """The result of the first reading.

    Parameters
    ----------
    behind
        Number of posts that come after a later one.
    span
        DateSpan of all posts, None without any.
    mass
        DateSpan of those that do not stand apart.
    end
        Cursor of the last line.
    error
        Why the source can't be read beyond it, if it can't.
    """

    behind: int
    span: DateSpan | None
    mass: DateSpan | None
    end: int
    error: InputError | None


class OrderedPosts(Source):
    """The lines of a source in order of their event time.

    Lines with equal times keep their order. A line without a usable time stays behind the one before it, and a deletion
    behind all posts before it. A source that can be read only once is kept in a temporary file (`Spool`); if it is too
    long for that, its lines come as they are.

    Parameters
    ----------
    source
        The other source, which is closed with this one.
    settings
        Section `ingest` of the config.
    now_ms
        The present, milliseconds since the epoch.
    redate
        Whether event times are going to be shifted, so that none is too far ahead.
    end
        Cursor of the last line to read, None for all.
    """

    def __init__(
        self, source: Source, settings: IngestSettings, now_ms: int, *, redate: bool = False, end: int | None = None
    ) -> None:
        self._given = source
        self._spool = None if isinstance(source, Seekable) else Spool(source)
        self._source = self._spool or source
        self._share = settings.outlier_share
        self._end = end
        self._new_times = partial(_Times, settings, now_ms, redate)
        self._survey: _Survey | None = None
        self._sorter: LineSorter | None = None
        self.name = source.name
        self.source_name = source.source_name
        self.total_bytes = source.total_bytes
        self.remarks = source.remarks

    def chunks(self) -> Iterator[list[Line]]:
        """Yield the lines in chunks, and an empty chunk after each step of the first reading and of sorting."""
        survey = self._survey
        if survey is None:
            survey = self._survey = yield from self._read_times()
        if self._spool and not self._spool.complete:
            yield from self._source.chunks()
            if survey.error:
                raise survey.error
        elif survey.mass is None or (survey.mass == survey.span and not survey.behind):
            yield from self._as_it_is(None)
        elif not survey.behind:
            yield from self._as_it_is(_Marks(self._new_times(), survey.mass))
        else:
            yield from self._sorted(survey, survey.mass)

    @property
    def sorted_part(self) -> tuple[int, int] | None:
        """Return the number of lines and the cursor of the last one; None if they are not sorted."""
        return (self._sorter.count, self._survey.end) if self._sorter and self._survey else None

    def close(self) -> None:
        """Remove temporary files, and close the source."""
        self._given.close()
        if self._spool:
            self._spool.close()
        if self._sorter:
            self._sorter.close()

    def _read_times(self) -> Generator[list[Line], None, _Survey]:
        self.activity = "checking the order of time"
        times = self._new_times()
        order, counts, end, failure = TimeOrder["Line"](), DateCounts(), 0, None
        try:
            for chunk in self._source.chunks():
                for line in self._until_end(chunk):
                    end = line.cursor
                    try:
                        ts_ms = times.of(line)
                    except RecordError:
                        continue
                    if ts_ms is not None:
                        order.add(ts_ms, line)
                        counts.add(ts_ms)
                self.consumed_bytes = self._source.consumed_bytes
                yield []
        except InputError as error:
            failure = error
        self.activity = ""
        quiet = counts.quiet_beginning(self._share)
        if quiet:
            self.remarks = [*self._given.remarks, _kept(quiet)]
        return _Survey(order.behind, counts.span(), counts.without_outliers(self._share), end, failure)

    def _until_end(self, chunk: list[Line]) -> list[Line]:
        if self._end is None or not chunk or chunk[-1].cursor <= self._end:
            return chunk
        return [line for line in chunk if line.cursor <= self._end]

    def _as_it_is(self, marks: _Marks | None) -> Iterator[list[Line]]:
        for chunk in self._source.chunks():
            self.consumed_bytes = self._source.consumed_bytes
            lines = self._until_end(chunk)
            yield [marks.keyed(line)[1] for line in lines] if marks else lines

    def _sorted(self, survey: _Survey, mass: DateSpan) -> Iterator[list[Line]]:
        if self._sorter is None:
            self._sorter = LineSorter()
            yield from self._sort(survey, _Marks(self._new_times(), mass), self._sorter)
        lines, passed = self._sorter.lines(), 0
        while chunk := list(islice(lines, _CHUNK_LINES)):
            passed += len(chunk)
            if self.total_bytes is not None:
                self.consumed_bytes = self.total_bytes * passed // self._sorter.count
            yield chunk
        if survey.error:
            raise survey.error

    def _sort(self, survey: _Survey, marks: _Marks, sorter: LineSorter) -> Iterator[list[Line]]:
        self.activity = "sorting by time"
        with suppress(InputError) if survey.error else nullcontext():
            for chunk in self._source.chunks():
                for line in chunk:
                    if line.cursor <= survey.end:  # what was appended since has no place yet
                        sorter.add(*marks.keyed(line))
                self.consumed_bytes = self._source.consumed_bytes
                yield []
        self.activity = ""
        first = marks.order.first_behind
        if first is not None:
            self.remarks = [
                *self.remarks,
                f"not in order of time, so it was sorted: {marks.order.behind:,} of {marks.order.posts:,} posts come "
                f"after a later one, the first {described(first)}; --keep-order reads a file as it stands, like a live "
                "stream",
            ]


class _Marks:
    """Finds the place in time of each line, and marks those whose dates stand apart.

    Parameters
    ----------
    times
        Reads the event times.
    mass
        DateSpan of the posts that do not stand apart.
    """

    def __init__(self, times: _Times, mass: DateSpan) -> None:
        self._times = times
        self._mass = mass
        self._before_ms = mass.first_ms
        self.order = TimeOrder["Line"]()

    def keyed(self, line: Line) -> tuple[int, Line]:
        """Return the time by which the next line of the source is sorted, and the line."""
        try:
            ts_ms = self._times.of(line)
        except RecordError:
            return self._before_ms, line
        if ts_ms is None:
            newest_ms = self.order.newest_ms
            return self._mass.last_ms + 1 if newest_ms is None else newest_ms, line  # of a file that is newest first
        self._before_ms = ts_ms
        if ts_ms < self._mass.first_ms:
            return ts_ms, line._replace(outlier=_apart(ts_ms, self._mass.first_ms - ts_ms, "before the first"))
        if ts_ms > self._mass.last_ms:
            return ts_ms, line._replace(outlier=_apart(ts_ms, ts_ms - self._mass.last_ms, "after the last"))
        self.order.add(ts_ms, line)
        return ts_ms, line


def _apart(ts_ms: int, distance_ms: int, where: str) -> str:
    return (
        f"dated {shown(ts_ms)}, {distance_ms / DAY_MS:,.0f} days {where} of all other posts; if the date is right, "
        "set ingest.outlier_share to 0"
    )


def _kept(quiet: QuietBeginning) -> str:
    days = (quiet.next_ms - quiet.last_ms) / DAY_MS
    return (
        f"{quiet.posts:,} posts up to {shown(quiet.last_ms)} are {days:,.0f} days or more before all others, and were "
        "kept as a quiet beginning; if their dates are wrong, remove them, or detectors learn from a time without posts"
    )


def described(disorder: Disorder[Line]) -> str:
    """Format the places and times of a post and of the later one before it."""
    return f"{disorder.place.place} ({shown(disorder.ts_ms)}) after {disorder.after.place} ({shown(disorder.after_ms)})"


def far_behind(order: TimeOrder[Line], lateness_seconds: float) -> Iterator[str]:
    """Yield a remark if many posts come so long after a later one that they may be late.

    Parameters
    ----------
    order
        How the posts followed one another.
    lateness_seconds
        ``windows.lateness_seconds``.
    """
    if order.first_beyond and order.beyond > LOUD_SHARE * order.posts:
        yield (
            f"{order.beyond:,} of {order.posts:,} posts come after one that is later by more than "
            f"windows.lateness_seconds={lateness_seconds:g}, the first {described(order.first_beyond)}: they may be "
            "too late to be counted. A file that is named without --keep-order is sorted"
        )


def shown(ts_ms: int) -> str:
    """Format an event time for a message.

    >>> shown(1_700_000_000_500)
    '2023-11-14T22:13:20Z'
    """
    return f"{utc(ts_ms):%Y-%m-%dT%H:%M:%SZ}"


def in_order_of_time(
    source: Source, settings: IngestSettings, now_ms: int, *, keep_order: bool = False, redate: bool = False
) -> Source:
    """Return a source of the same posts in order of time, or the source itself if its order is to be kept.

    Parameters
    ----------
    source, settings, now_ms, redate
        As for `OrderedPosts`.
    keep_order
        Whether the posts are a recording in order of arrival, such as of a live stream.
    """
    return source if keep_order else OrderedPosts(source, settings, now_ms, redate=redate)
