"""Read moments, days and times of day as they are written, or refuse them; none is taken for another one.

They are text here, since `streams.config.yaml_document` reads no dates. A number is never a time: 1200 could mean noon,
twenty hours after midnight, or twenty minutes into 1970.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator

if TYPE_CHECKING:
    from datetime import tzinfo

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199
"""Years outside are mistakes, and arithmetic with the ends of the calendar overflows."""

DateT = TypeVar("DateT", bound=date)

DAY: Final = timedelta(days=1)

_FARTHEST_OFFSET: Final = timedelta(hours=14)
"""Kiribati is farthest from UTC."""

_DATE: Final = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
_TIME: Final = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,6})[0-9]*)?)?"
)
_OFFSET: Final = r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2}))?)?"

_DAY_TEXT: Final = re.compile(_DATE)
_TIME_TEXT: Final = re.compile(rf"{_TIME}\s*{_OFFSET}")
_MOMENT_TEXT: Final = re.compile(rf"{_DATE}(?:[Tt]|\s+){_TIME}\s*{_OFFSET}")

_A_MOMENT: Final = "must be a moment such as 2026-03-01T22:00:00+01:00"
_A_TIME: Final = "must be a time of day such as 22:00"
_A_DAY: Final = "must be a day such as 2026-03-01"


def moment(value: object) -> datetime:
    """Return a moment; one without an offset stays without, and a day alone is the midnight at which it begins.

    Raises
    ------
    ValueError
        If it is none, or there is no such moment.

    Examples
    --------
    >>> str(moment("2026-03-01 22:00")), str(moment("2026-03-01T24:00Z"))
    ('2026-03-01 22:00:00', '2026-03-02 00:00:00+00:00')
    """
    if isinstance(value, datetime):
        return _in_range(value, value)
    if isinstance(value, date) or (isinstance(value, str) and _DAY_TEXT.fullmatch(value.strip())):
        return datetime.combine(day(value), time(0))
    found = _MOMENT_TEXT.fullmatch(_text(value, _A_MOMENT))
    if found is None:
        raise ValueError(_not_one(_A_MOMENT, value))
    try:
        zone = _zone(found)
        is_midnight = _is_24(found)
        clock = time(0) if is_midnight else _clock(found)
        read = datetime.combine(_date(found), clock, zone) + (DAY if is_midnight else timedelta(0))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value!r} does not exist: {error}") from None
    return _in_range(read, value)


def day(value: object) -> date:
    """Return a day.

    Raises
    ------
    ValueError
        If it is none, or there is no such day.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return _in_range(value, value)
    found = _DAY_TEXT.fullmatch(_text(value, _A_DAY))
    if found is None:
        raise ValueError(_not_one(_A_DAY, value))
    try:
        read = _date(found)
    except ValueError as error:
        raise ValueError(f"{value!r} does not exist: {error}") from None
    return _in_range(read, value)


def time_of_day(value: object, *, is_end: bool) -> time:
    """Return a time of day; 24:00 is allowed as the end of a span, and is the midnight after it.

    Raises
    ------
    ValueError
        If it is none, or has an offset.
    """
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise ValueError(f"{_A_TIME}, without an offset: `timezone` names the zone")
        return value
    found = _TIME_TEXT.fullmatch(_text(value, _A_TIME))
    if found is None:
        raise ValueError(_not_one(_A_TIME, value))
    if found["offset"]:
        raise ValueError(
            f"{_A_TIME}, without an offset, got {value!r}: `timezone` names the zone, such as "
            "Europe/Berlin, and is UTC by default"
        )
    if _is_24(found):
        if is_end:
            return time(0)
        raise ValueError("24:00 can't be the beginning: write 00:00 and name the day after in `every`")
    try:
        return _clock(found)
    except ValueError as error:
        raise ValueError(f"{value!r} does not exist: {error}") from None


def moment_or_time(value: object, *, is_end: bool) -> datetime | time:
    """Return a time of day where the text has no date, otherwise a moment; raises as these two."""
    if isinstance(value, time) or (isinstance(value, str) and _TIME_TEXT.fullmatch(value.strip())):
        return time_of_day(value, is_end=is_end)
    if isinstance(value, str | date):
        return moment(value)
    raise ValueError(_not_one(f"{_A_MOMENT}, or with `every` a time such as 22:00", value))


def place(value: datetime, zone: tzinfo) -> datetime:
    """Return a moment with an offset; a moment without one is on the clocks of a zone.

    Raises
    ------
    ValueError
        If the clocks of the zone skip it, or show it twice.
    """
    if value.tzinfo is not None:
        return value
    placed = value.replace(tzinfo=zone)
    if placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != value:
        raise ValueError(f"{value} does not exist in {zone}, where clocks skip it: write it with an offset")
    if placed.utcoffset() != placed.replace(fold=1).utcoffset():
        raise ValueError(f"{value} happens twice in {zone}, where clocks are set back: write it with an offset")
    return placed


def zone_name(name: str) -> str:
    """Return the name of a time zone, if there is such a zone.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in _zone_names():
        raise ValueError(f"{name!r} is not a time zone; {_nearest_zone(name)}")
    return name


def _nearest_zone(name: str) -> str:
    """Return a suggestion: the zone of the most similar name or city, or an example."""
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(_zone_names()) if "/" in zone}
    names = cities | {zone.lower(): zone for zone in _zone_names()}
    similar = get_close_matches(name.strip().lower().replace(" ", "_"), names, n=1, cutoff=0.75)
    return f"did you mean {names[similar[0]]}?" if similar else "use a name such as Europe/Berlin"


def in_utc(value: datetime) -> datetime:
    """Return a moment with an offset; without one it is in UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


ZoneName = Annotated[str, AfterValidator(zone_name)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Day = Annotated[date, BeforeValidator(day)]


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return the zone of a name."""
    return ZoneInfo(name)


def _text(value: object, wanted: str) -> str:
    if not isinstance(value, str):
        raise ValueError(_not_one(wanted, value))  # noqa: TRY004  pydantic takes no TypeError
    return value.strip()


def _not_one(wanted: str, value: object) -> str:
    shown = repr(value)
    return f"{wanted}, got {shown if len(shown) <= 60 else f'{shown[:60]}...'}"


def _date(found: re.Match[str]) -> date:
    return date(*(int(found[part]) for part in ("year", "month", "day")))


def _clock(found: re.Match[str]) -> time:
    fraction = (found["fraction"] or "").ljust(6, "0")
    return time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0), int(fraction))


def _is_24(found: re.Match[str]) -> bool:
    return found["hour"] == "24" and not any(int(found[part] or 0) for part in ("minute", "second", "fraction"))


def _zone(found: re.Match[str]) -> tzinfo | None:
    if not found["offset"]:
        return None
    if found["sign"] is None:
        return UTC
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _FARTHEST_OFFSET:
        raise ValueError("there is no such offset")
    return timezone(-offset if found["sign"] == "-" else offset)


def _in_range(read: DateT, value: object) -> DateT:
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}, got {value!s}")
    return read
