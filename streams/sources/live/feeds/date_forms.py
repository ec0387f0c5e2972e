"""Dates of feeds in the forms and languages in which they are found, read without a guess at any part of them.

=====================================  ==========================================================
form                                   example
=====================================  ==========================================================
all of `streams.core.ingest.timestamps` ``Mon, 30 Nov 2026 12:00:00 +0100``, ``1796040000``
year first, any separator              ``2016/6/29 15:07:41``, ``2026.11.30 9:05``
day first                              ``25.06.2018 11:41``, ``30-11-2026``
slashes                                ``30/11/2026 14:00``, ``11/30/2026 2:00 PM``
words of seven languages               ``Mo, 25 Jun 2018 10:00``, ``30. März 2026, 8.15 Uhr``
=====================================  ==========================================================

With slashes, and both numbers up to 12, the reading that is not in the future counts, and of two such the later one:
feeds show what is new. A two-digit year is one of this century, or of the last if it is above 69.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.core.ingest.timestamps import MAX_TIME_CHARS, stated_time
from streams.errors import RecordError

_MONTHS: Final = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar janner jaenner janvier janv enero ene gennaio gen januari janeiro",
            "february feb februar fevrier fevr fev febrero febbraio februari fevereiro",
            "march mar marz maerz mrz mars marzo maart mrt marco",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug aout agosto ago augustus",
            "september sep sept septembre septiembre settembre set setembro",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez decembre diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
"""Names of months in English, German, French, Spanish, Italian, Dutch and Portuguese, without accents."""

_WORDS: Final = """monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven sam dim
    lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom
    lunedi martedi mercoledi giovedi venerdi gio maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr
    za zo segunda terca quarta quinta sexta feira seg ter qua qui sex
    st nd rd th a as las um uhr at on den der the de del le il o t h"""
_OTHER_WORDS: Final = frozenset(_WORDS.split())
"""Names of days, and words around dates, which add nothing."""

_ZONES: Final = {
    "bst": 60, "ist": 330, "wet": 0, "west": 60, "eet": 120, "eest": 180, "msk": 180, "mesz": 120, "mez": 60,
    "cest": 120, "cet": 60, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "acst": 570, "awst": 480, "nzst": 720,
    "nzdt": 780, "hst": -600, "akst": -540, "akdt": -480, "ast": -240, "adt": -180, "brt": -180, "gmt": 0, "utc": 0,
    "z": 0, "ut": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480,
    "pdt": -420,
}  # fmt: skip
"""Offsets of zones by name, in minutes."""

_TIME: Final = re.compile(
    r"(?<![\d:.])(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?(?![\d:])"
    r"\s*(?P<half>[ap])?(?(half)\.?m\b\.?)",
)
_OFFSET: Final = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?\s*$")
_OFFSET_FROM: Final = re.compile(r"\s?\b(?:GMT|UTC)\s?([+-])(\d{1,2})(?::?(\d{2}))?$")
"""An offset such as ``GMT+1``, which others read as two zones."""
_ZONE_AGAIN: Final = re.compile(r"(?<=\d)(\s?[+-]\d{4})\s(?:[A-Z]{2,5}|[+-]\d{2,4})(?:\sm=\S+)?$")
"""A zone that is named behind its offset, as Go writes times: ``+0100 CET``."""
_CLOCK_HOUR: Final = re.compile(r"(?<![\d.:])(\d{1,2})(?:\.(\d{2})(?:\.(\d{2}))?)?\s?uhr\b")
"""A time of day with dots, or an hour alone, which ``Uhr`` marks as such."""
_PLACE: Final = re.compile(r"\b[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_COMMENT: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_YEAR_FIRST: Final = re.compile(r"(?P<y>\d{4})\s?(?P<s>[-/.])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?!\d)")
_DAY_FIRST: Final = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})\s?(?P<s>[-.])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<y>\d{4}|\d{2})(?!\d)t?"
)
_SLASHES: Final = re.compile(r"(?<!\d)(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4}|\d{2})(?!\d)")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+")


class ReadDate(NamedTuple):
    """A date that was read.

    Parameters
    ----------
    moment
        Milliseconds since the epoch; a wall time if no zone is named.
    is_day
        Whether it names a day without a time of day; `moment` is then the end of the day.
    """

    moment: int | datetime
    is_day: bool = False


def read_date(text: str, now_ms: int) -> ReadDate | None:
    """Return the date that a text states; None if it states none, or none that is certain.

    Parameters
    ----------
    text
        The text.
    now_ms
        The present, milliseconds since the epoch, for dates of which the order of day and month is not known.

    Examples
    --------
    >>> now_ms = 1_796_040_000_000  # 30 November 2026, 12:00
    >>> read_date("Mi, 25 Nov 2026 10:00:00 CET", now_ms).moment, read_date("2016/6/29 15:07:41", now_ms).moment
    (1795597200000, datetime.datetime(2016, 6, 29, 15, 7, 41))
    >>> read_date("03/11/2026 10:00", now_ms).moment  # not in December
    datetime.datetime(2026, 11, 3, 10, 0)
    """
    text = text.strip()
    if not text or len(text) > MAX_TIME_CHARS:
        return None
    text = _ZONE_AGAIN.sub(r"\1", text)
    text = _OFFSET_FROM.sub(lambda found: f" {found[1]}{found[2]:0>2}{found[3] or '00'}", text)
    try:
        return ReadDate(stated_time(text))
    except RecordError:
        return _from_words(text, now_ms)


def _from_words(text: str, now_ms: int) -> ReadDate | None:
    zone = None
    place = _PLACE.search(text)
    if place is not None:
        try:
            zone = ZoneInfo(place[0])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
        text = text[: place.start()] + text[place.end() :]
    plain = _plain(_COMMENT.sub(" ", text)).replace("o'clock", " ")
    plain = _CLOCK_HOUR.sub(lambda found: f"{found[1]}:{found[2] or '00'}:{found[3] or '00'}", plain)
    time = _TIME.search(plain)
    clock, offset = (0, 0, 0), None
    if time is not None:
        read = _clock(time)
        if read is None:
            return None
        clock = read
        behind = plain[time.end() :]
        stated = _OFFSET.search(behind)
        if stated is not None:
            minutes = int(stated["hours"]) * 60 + int(stated["minutes"] or 0)
            offset = -minutes if stated["sign"] == "-" else minutes
            behind = behind[: stated.start()]
        plain = f"{plain[: time.start()]} {behind}"
    words = _WORD.findall(_without_date_mark(plain))
    names = [_ZONES[word] for word in words if word in _ZONES]
    if offset is None and len(names) == 1:
        offset = names[0]
    months = [_MONTHS[word] for word in words if word in _MONTHS and word not in _ZONES]
    unknown = [word for word in words if word not in _MONTHS and word not in _OTHER_WORDS and word not in _ZONES]
    if unknown or len(names) > 1:
        return None
    days = [day for day in _days(plain, months) if day is not None]
    moments = [_moment(day, clock if time else None, offset, zone) for day in days]
    return _likeliest([moment for moment in moments if moment is not None], now_ms)


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    spelled = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in spelled if not unicodedata.combining(letter))


def _without_date_mark(text: str) -> str:
    return re.sub(r"(?<=\d)t(?=[\s\d]|$)", " ", text)


def _clock(time: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = int(time["hour"]), int(time["minute"]), int(time["second"] or 0)
    if time["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if time["half"] == "p" else 0)
    return (hour, minute, min(second, 59)) if hour < 24 and minute < 60 and second <= 60 else None


def _days(text: str, months: list[int]) -> list[date | None]:
    """Return the days that a text without its time may mean: one, or two if the order of its numbers is open."""
    if len(months) > 1:
        return []
    if months:
        numbers = _NUMBER.findall(text)
        if len(numbers) != 2:
            return []
        first, second = numbers
        day, year = (second, first) if len(first) == 4 else (first, second)
        return [_day(year, months[0], day)] if len(day) <= 2 and len(year) in {2, 4} else []
    if len(_NUMBER.findall(text)) != 3:
        return []
    found = _YEAR_FIRST.search(text) or _DAY_FIRST.search(text)
    if found is not None:
        return [_day(found["y"], int(found["m"]), found["d"])]
    found = _SLASHES.search(text)
    if found is None:
        return []
    return [_day(found["y"], int(found["b"]), found["a"]), _day(found["y"], int(found["a"]), found["b"])]


def _day(year: str, month: int, day: str) -> date | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number > 69 else 2000
    try:
        return date(number, month, int(day))
    except ValueError:
        return None


def _moment(
    day: date, clock: tuple[int, int, int] | None, offset_minutes: int | None, zone: ZoneInfo | None
) -> ReadDate | None:
    wall = datetime(day.year, day.month, day.day, *(clock or (23, 59, 59)))  # noqa: DTZ001  the zone follows
    if offset_minutes is not None:
        if abs(offset_minutes) > 14 * 60:
            return None
        moment = wall.replace(tzinfo=UTC).timestamp() - offset_minutes * 60
        return ReadDate(round(moment * 1000), clock is None)
    if zone is not None:
        return ReadDate(round(wall.replace(tzinfo=zone).timestamp() * 1000), clock is None)
    return ReadDate(wall, clock is None)


def _likeliest(dates: list[ReadDate], now_ms: int) -> ReadDate | None:
    """Return the latest date that is not in the future, by a day's grace; the earliest if all are."""
    if not dates:
        return None
    latest = now_ms + timedelta(days=1) / timedelta(milliseconds=1)
    past = [each for each in dates if _about_ms(each) <= latest]
    return max(past, key=_about_ms) if past else min(dates, key=_about_ms)


def _about_ms(read: ReadDate) -> float:
    moment = read.moment
    return moment.replace(tzinfo=UTC).timestamp() * 1000 if isinstance(moment, datetime) else moment
