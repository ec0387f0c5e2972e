"""Reading the times that sources state, in the forms in which they state them.

=====================================  =================================================
form                                   example
=====================================  =================================================
ISO 8601 with a time of day            ``2023-11-14T22:13:20Z``, ``2023-11-14 22:13 UTC``
RFC 2822                               ``Tue, 14 Nov 2023 22:13:20 +0000``
Twitter's API before version 2, ctime  ``Tue Nov 14 22:13:20 +0000 2023``
digits of a date and a time            ``20231114221320``
number, or its digits                  ``1700000000``, ``"1700000000.25"``, ``1700000000000``
=====================================  =================================================

A number counts seconds, milliseconds, microseconds or nanoseconds since 1970: whichever gives a year between 1973 and
5138, ranges that do not overlap.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Any, Final
from zoneinfo import ZoneInfo

from streams.core.ingest.wall_time import WallClock
from streams.core.text.clean import printable
from streams.errors import RecordError

MAX_TIME_CHARS: Final = 100
"""Longest text that is read as a time."""

_SHOWN_CHARS: Final = 40

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  a wall time has no zone
_MILLISECOND: Final = timedelta(milliseconds=1)

_SECONDS_BELOW: Final = 10**11
"""Epoch numbers below it are seconds: as seconds it is the year 5138, as milliseconds 1973. The larger units follow in
steps of 1,000."""
_MILLISECONDS_BELOW: Final = 10**14
_MICROSECONDS_BELOW: Final = 10**17
_NANOSECONDS_BELOW: Final = 10**20

_LARGEST_OFFSET_SECONDS: Final = 14 * 3_600

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,12})?(?:[eE]\+?[0-9]{1,2})?")
_DIGITS_OF_DATE: Final = re.compile(r"(?:19|20)[0-9]{6}")
_DIGITS_OF_DATE_AND_TIME: Final = re.compile(r"(?:19|20)[0-9]{12}")
_NUMERIC_DATE: Final = re.compile(
    r"[0-9]{4}[-/.]?(?:[0-9]{2}|W[0-9]{2})[-/.]?[0-9]{0,2}(?P<time>[T ]\s*[0-9].*)?", re.IGNORECASE
)

_OFFSETS: Final = {
    "Z": "+0000", "UT": "+0000", "UTC": "+0000", "GMT": "+0000",
    "EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
    "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
    "CET": "+0100", "CEST": "+0200", "MEZ": "+0100", "MESZ": "+0200",
}  # fmt: skip
"""Offsets of zones by name: those of RFC 2822, and Central European time in English and German."""

_MONTHS: Final = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_WEEKDAYS: Final = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_WORDS: Final = frozenset(form for word in (*_MONTHS, *_WEEKDAYS) for form in (word, word[:3]))
_ZONE: Final = re.compile(r"(?<![A-Za-z])(?P<name>[A-Z]{1,4})(?![A-Za-z])(?P<offset>[+-][0-9]{2}:?[0-9]{2})?")
_OFFSET: Final = re.compile(r"(?<=[\s0-9])([+-][0-9]{2}):?([0-9]{2})(?=\s|$)")
_OFFSET_AFTER_BLANK: Final = re.compile(r"\s+(?=[+-][0-9]{2})")
_ZONE_AGAIN: Final = re.compile(r"([+-][0-9]{2}:?[0-9]{2}|Z)\s*(?:\([^()]*\)|\[[^\[\]]*\])$")
"""A comment of RFC 2822, or a suffix of RFC 9557, behind the offset, which decides."""


def stated_time(value: Any) -> int | datetime:
    """Return the time that a value states: milliseconds since the epoch, or a wall time if it names no zone.

    Parameters
    ----------
    value
        A string, or a number.

    Raises
    ------
    RecordError
        With a reason of ``wrong_type`` or ``bad_timestamp``; the message shows the value.

    Examples
    --------
    >>> stated_time("Tue Nov 14 23:13:20 +0100 2023"), stated_time("1700000000"), stated_time(1_700_000_000_000_000)
    (1700000000000, 1700000000000, 1700000000000)
    >>> stated_time("2023-11-14 22:13:20")
    datetime.datetime(2023, 11, 14, 22, 13, 20)
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(
            "wrong_type",
            f"'created_at' must be a string or a number, got {type(value).__name__}",
            field="created_at",
        )
    return _from_number(value, value)


def exact_time_ms(value: Any) -> int | None:
    """Return the time that a value states, milliseconds since the epoch; None if it states none, or names no zone.

    >>> exact_time_ms("2023-11-14T22:13:20Z"), exact_time_ms("2023-11-14 22:13:20"), exact_time_ms(None)
    (1700000000000, None, None)
    """
    try:
        moment = stated_time(value)
    except RecordError:
        return None
    return None if isinstance(moment, datetime) else moment


class EventTimes:
    """Reads the event times of the posts of a stream, in their order.

    Parameters
    ----------
    timezone
        IANA name of the zone of times that name none.

    Examples
    --------
    >>> times = EventTimes("UTC")
    >>> [times.event_time_ms({"created_at": time}) for time in ("2023-11-14T23:13:20+01:00", 1_700_000_000.5)]
    [1700000000000, 1700000000500]
    >>> EventTimes("Europe/Berlin").event_time_ms({"created_at": "2023-11-14T23:13:20"})
    1700000000000
    """

    def __init__(self, timezone: str) -> None:
        self._wall_clock = None if timezone == "UTC" else WallClock(ZoneInfo(timezone))

    def event_time_ms(self, fields: dict[str, Any], now_ms: int | None = None) -> int:
        """Return the event time that ``created_at`` states, in milliseconds since the epoch, whatever the year.

        Parameters
        ----------
        fields
            Fields of the record; ``source`` too matters where a wall time occurs twice.
        now_ms
            The present, milliseconds since the epoch, if it is known.

        Raises
        ------
        RecordError
            With a reason of ``missing_field``, ``wrong_type`` or ``bad_timestamp``.
        """
        value = fields.get("created_at")
        if value is None:
            raise RecordError("missing_field", "a post needs 'created_at'", field="created_at")
        moment = stated_time(value)
        if isinstance(moment, int):
            return moment
        if self._wall_clock is None:
            return utc_ms(moment)
        source = fields.get("source")
        return self._wall_clock.resolve_ms(moment, source if isinstance(source, str) else "", now_ms)


def utc_ms(wall: datetime) -> int:
    """Return the milliseconds since the epoch of a wall time in UTC.

    >>> utc_ms(datetime(2023, 11, 14, 22, 13, 20))
    1700000000000
    """
    return (wall - _WALL_EPOCH) // _MILLISECOND


def _from_number(number: float, value: object) -> int:
    size = abs(number)
    if size < _SECONDS_BELOW:
        return round(number * 1000)
    if size < _MILLISECONDS_BELOW:
        return round(number)
    if size < _MICROSECONDS_BELOW:
        return int(number // 1_000)
    if size < _NANOSECONDS_BELOW:
        return int(number // 1_000_000)
    raise RecordError(
        "bad_timestamp", f"'created_at' is {_shown(value)}: too large for a time since 1970", field="created_at"
    )


def _from_text(value: str) -> int | datetime:
    text = value.strip()
    if len(text) > MAX_TIME_CHARS:
        raise _unreadable(value)
    try:
        moment = datetime.fromisoformat(text) if len(text) > len("2023-11-14") else None
    except ValueError:
        moment = None
    return _moment_ms(moment) if moment and not _NUMBER.fullmatch(text) else _from_other_text(text, value)


def _from_other_text(text: str, value: str) -> int | datetime:
    if _DIGITS_OF_DATE_AND_TIME.fullmatch(text):
        return _parsed(f"{text[:8]}T{text[8:]}", value)
    if _NUMBER.fullmatch(text) and not _DIGITS_OF_DATE.fullmatch(text):
        return _from_number(float(text) if set(text) & set(".eE") else int(text), value)
    with_offset = _with_offset(text, value)
    date = _NUMERIC_DATE.fullmatch(with_offset)
    if date is None:
        return _from_rfc_2822(with_offset, value)
    if not date["time"]:
        raise RecordError(
            "bad_timestamp",
            f"'created_at' is {_shown(value)}, a date without a time of day, as in 2023-11-14T22:13:20Z",
            field="created_at",
        )
    return _parsed(_OFFSET_AFTER_BLANK.sub("", with_offset).replace("/", "-").upper(), value)


def _with_offset(text: str, value: str) -> str:
    """Return a time with the offset of a zone that it names."""
    text = _ZONE_AGAIN.sub(r"\1", text)
    found = [match for match in _ZONE.finditer(text) if match["name"] in _OFFSETS]
    if len(found) > 1:
        raise _unreadable(value)
    for match in found:
        offset = match["offset"] or _OFFSETS[match["name"]]
        text = f"{text[: match.start()].rstrip()} {offset}{text[match.end() :]}"
    return text


def _parsed(iso: str, value: str) -> int | datetime:
    try:
        return _moment_ms(datetime.fromisoformat(iso))
    except ValueError:
        raise _unreadable(value) from None


def _from_rfc_2822(text: str, value: str) -> int | datetime:
    words = re.findall(r"[^\W\d_]+", text)
    if ":" not in text or not words or not all(word.lower() in _WORDS for word in words):
        raise _unreadable(value)  # `parsedate_tz` would pass over words that it does not know, such as a zone
    offset = _OFFSET.search(text)
    try:
        parts = parsedate_tz(_OFFSET.sub(r" \1\2", text))
        if parts is None:
            raise _unreadable(value)
        wall = datetime(*parts[:6])  # noqa: DTZ001  the offset follows
    except (ValueError, TypeError, IndexError, OverflowError):
        raise _unreadable(value) from None
    if offset is None:
        return wall
    seconds = parts[9] or 0  # None for -0000
    if abs(seconds) > _LARGEST_OFFSET_SECONDS:
        raise _unreadable(value)
    return utc_ms(wall) - seconds * 1000


def _moment_ms(moment: datetime) -> int | datetime:
    return moment if moment.tzinfo is None else (moment - _EPOCH) // _MILLISECOND


def _unreadable(value: str) -> RecordError:
    return RecordError(
        "bad_timestamp",
        f"'created_at' is {_shown(value)}, which is no time of ISO 8601 (2023-11-14T22:13:20Z), RFC 2822 "
        "(Tue, 14 Nov 2023 22:13:20 +0000) or seconds since 1970 (1700000000)",
        field="created_at",
    )


def _shown(value: object) -> str:
    text = printable(str(value))
    text = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
    return repr(text) if isinstance(value, str) else text
