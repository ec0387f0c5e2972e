"""Choose the event time of an entry among the dates that it states, as two readers understand them.

feedparser reads many forms, and some of them wrongly without a sign of it: it takes ``2016/6/29`` for the first of the
present month, and ``CEST`` for UTC. So a date counts as `read_date` reads it; where that reads none, as feedparser
does, if its year and its day are really among the numbers of the text, and its time of day is that of the text.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.ingest.event_time import earliest_ms
from streams.core.ingest.timestamps import EventTimes
from streams.errors import RecordError
from streams.records import utc
from streams.sources.live.feeds.date_forms import ReadDate, read_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from time import struct_time

    from streams.config import IngestSettings

_NUMBER: Final = re.compile(r"[0-9]+")
_CLOCK: Final = re.compile(r"(?<![0-9:.+-])[0-9]{1,2}:([0-9]{2})(?::([0-9]{2}))?(?![0-9:])")
_DAY_MS: Final = 86_400_000
_MIDNIGHT: Final = re.compile(r"(?<![0-9:.+-])0?0:00(?::00(?:\.0+)?)?(?![0-9:])")


class StatedDate(NamedTuple):
    """A date of an entry as its feed states it.

    Parameters
    ----------
    text
        The text.
    parsed
        What feedparser makes of it, in UTC; None if nothing.
    """

    text: str
    parsed: struct_time | None = None


class EntryTime(NamedTuple):
    """When an entry was published.

    Parameters
    ----------
    ms
        Milliseconds since the epoch.
    is_day
        Whether only the day is known; `ms` is then its end, or the present during that day.
    """

    ms: int
    is_day: bool


class EntryTimes:
    """Reads the dates of entries.

    Parameters
    ----------
    settings
        Section `ingest` of the config: the zone of times that name none, and the limits of what is credible.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._times = EventTimes(settings.timezone)

    def first_credible(self, stated: Iterable[StatedDate], feed: str, now_ms: int) -> EntryTime | None:
        """Return the first date that is credible: neither before `oldest_year` nor further ahead than is allowed.

        Parameters
        ----------
        stated
            Dates of an entry, in the order in which they count.
        feed
            The feed, whose order decides about times that a clock change makes ambiguous.
        now_ms
            The present, milliseconds since the epoch.

        Returns
        -------
            The time; None if no date is credible.
        """
        latest_ms = now_ms + self._settings.max_future_seconds * 1000
        for each in stated:
            for read in (read_date(each.text, now_ms), _checked(each)):
                if read is None:
                    continue
                ms = self._ms(read, feed, now_ms)
                # The end of a day may be ahead although the day is not.
                if ms is not None and earliest_ms(self._settings) <= ms <= latest_ms + (_DAY_MS if read.is_day else 0):
                    return self._whole_day(EntryTime(ms, read.is_day), each, now_ms)
        return None

    def _ms(self, read: ReadDate, feed: str, now_ms: int) -> int | None:
        if isinstance(read.moment, int):
            return read.moment
        try:
            wall = read.moment.isoformat(sep="T", timespec="milliseconds")
            return self._times.event_time_ms({"created_at": wall, "source": feed}, now_ms)
        except (RecordError, OverflowError):
            return None

    def _whole_day(self, time: EntryTime, stated: StatedDate, now_ms: int) -> EntryTime:
        """Take midnight sharp for a day without a time, as programs write it that know only days."""
        if not time.is_day and _MIDNIGHT.search(stated.text):
            time = EntryTime(time.ms + _DAY_MS - 1_000, is_day=True)
        return EntryTime(min(time.ms, now_ms), time.is_day) if time.is_day else time


def _checked(stated: StatedDate) -> ReadDate | None:
    """Return the date as feedparser reads it, if its year, day and time are numbers of the text (in some zone)."""
    parsed = stated.parsed
    if parsed is None or not 1 <= parsed.tm_year <= 9999 or not _has_clock_of(stated.text, parsed):
        return None
    numbers = {int(number) for number in _NUMBER.findall(stated.text[:200]) if len(number) <= 4}
    try:
        ms = calendar.timegm(parsed) * 1000
        days = [utc(ms) + timedelta(hours=hours) for hours in (0, -14, 14)]
    except (ValueError, OverflowError):
        return None
    if not any(_is_among(day, numbers) for day in days):
        return None
    return ReadDate(ms)


def _has_clock_of(text: str, parsed: struct_time) -> bool:
    """Return whether a time of day may be the one of a text: zones differ by quarters of an hour."""
    clock = _CLOCK.search(text[:200])
    if clock is None:
        return True
    minute, second = int(clock[1]), int(clock[2] or 0)
    is_cut = parsed.tm_hour == parsed.tm_min == 0 != minute  # feedparser leaves a time out that it does not understand
    return not is_cut and (parsed.tm_min - minute) % 15 == 0 and parsed.tm_sec in {second, 59}


def _is_among(day: datetime, numbers: set[int]) -> bool:
    return day.day in numbers and (day.year in numbers or day.year % 100 in numbers)
