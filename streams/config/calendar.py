"""Define spans of time in which detections do not page: maintenance, and events that people are expected to discuss."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from streams.config import holiday_dates, moments
from streams.config.base import Misfit, Name, refuse_misfits
from streams.config.moments import DAY, Day
from streams.config.spans import Occurrence, SpanSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.base import Suppression


class MaintenanceSettings(SpanSettings):
    """Time in which the service or its sources are maintained, once or recurring."""

    from_: datetime | time = Field(
        alias="from",
        description="Moment at which maintenance begins; with days in `every` a time of day, such as 22:00.",
    )
    to: datetime | time = Field(
        description="Moment at which maintenance ends; with days in `every` a time of day, on the next day if it is "
        "not after `from`."
    )

    @field_validator("from_", mode="before")
    @classmethod
    def _begins_as_written(cls, value: object) -> datetime | time:
        return moments.moment_or_time(value, is_end=False)

    @field_validator("to", mode="before")
    @classmethod
    def _ends_as_written(cls, value: object) -> datetime | time:
        return moments.moment_or_time(value, is_end=True)

    @model_validator(mode="after")
    def _both_ends_are_of_one_kind(self) -> Self:
        on_weekdays = isinstance(self.every, list) and bool(self.every)
        if on_weekdays and self.rrule:
            raise ValueError(".rrule: is the alternative to `every`: drop one of them")
        kind = time if on_weekdays else datetime
        wanted = (
            "a time of day such as 22:00, with days of the week in `every`" if on_weekdays else "a moment with a date"
        )
        self.refuse_ends(lambda end: f"must be {wanted}" if not isinstance(end, kind) else None)
        if isinstance(self.from_, datetime) and isinstance(self.to, datetime):
            self.check_ends(self.from_, self.to)
            self.check_recurrence(self.from_, self.to, "from")
        return self

    def occurrences(self, start: datetime, end: datetime) -> Iterator[Occurrence]:
        first, last = self.from_, self.to
        if isinstance(first, datetime) and isinstance(last, datetime):
            if self.rule is None:
                yield Occurrence(self.aware(first), self.aware(last))
            else:
                yield from self.by_rule(self.rule, start, end, self.local(first), self.local(last))
        elif isinstance(first, time) and isinstance(last, time):
            yield from self.on_weekdays(start, end, first, last)


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _norway_is_no_truth_value(value: object) -> object:
    """Return the code of Norway for what YAML makes of NO."""
    return "NO" if value is False else value


class ExpectedEventSettings(SpanSettings):
    """Day or span of time in which many posts are expected, such as a product launch, once, recurring, or a holiday."""

    _LATER: ClassVar[frozenset[str]] = frozenset(
        {"every", "rrule", "until", "holiday", "country", "subdivision", "days_before", "days_after"}
    )

    reason: Name = Field(
        default="",
        validate_default=False,
        description="Reason that alerts show to people; required but for holidays, whose name is shown.",
    )
    day: Day | None = Field(
        default=None,
        description="Date of an event that lasts the whole day, in `timezone`; the alternative to `from` and `to`.",
    )
    from_: datetime | time | None = Field(
        default=None,
        alias="from",
        description="Moment at which the event begins, the alternative to `day`; with days in `every` and with "
        "`holiday` a time of day.",
    )
    to: datetime | time | None = Field(
        default=None,
        description="Moment at which the event ends, required with `from`; a time of day as `from`, on the next day "
        "if it is not after that.",
    )
    holiday: Annotated[list[Name], BeforeValidator(_names)] = Field(
        default_factory=list,
        description="Name of a holiday of `country`, in its language or in English, a list of them, or all for every "
        "public one.",
    )
    country: Annotated[str, BeforeValidator(_norway_is_no_truth_value)] | None = Field(
        default=None, description="Code of the country whose holiday it is, such as DE; required with `holiday`."
    )
    subdivision: str | None = Field(
        default=None, description="Code or name of the part of the country whose holiday it is, such as NW or Bayern."
    )
    days_before: int = Field(default=0, ge=0, le=60, description="Days before a holiday that belong to the event.")
    days_after: int = Field(default=0, ge=0, le=60, description="Days after a holiday that belong to the event.")

    @field_validator("from_", mode="before")
    @classmethod
    def _begins_as_written(cls, value: object) -> datetime | time | None:
        return None if value is None else moments.moment_or_time(value, is_end=False)

    @field_validator("to", mode="before")
    @classmethod
    def _ends_as_written(cls, value: object) -> datetime | time | None:
        return None if value is None else moments.moment_or_time(value, is_end=True)

    @field_validator("country")
    @classmethod
    def _has_holidays(cls, value: str | None) -> str | None:
        return None if value is None else holiday_dates.check_country(value)

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        if self.holiday:
            self._check_holiday()
        elif isinstance(self.every, list) and self.every:
            self._check_weekdays()
        else:
            self._check_day_or_span()
        if not self.holiday:
            for key in ("country", "subdivision", "days_before", "days_after"):
                if getattr(self, key):
                    raise ValueError(f".{key}: is for holidays: set `holiday` too")
            if not self.reason:
                raise ValueError(".reason: is required")
        return self

    def _check_holiday(self) -> None:
        if self.country is None:
            raise ValueError(".country: is required with `holiday`: the code of a country, such as DE")
        for key in ("every", "rrule", "until", "day"):
            if getattr(self, key):
                raise ValueError(f".{key}: does not go with `holiday`, which is on days of its own every year")
        if self.subdivision is not None:
            try:
                holiday_dates.check_subdivision(self.country, self.subdivision)
            except ValueError as error:
                raise ValueError(f".subdivision: {error}") from None
        wrong = []
        for place, name in enumerate(self.holiday):
            try:
                holiday_dates.check_names(self.country, self._part, [name])
            except ValueError as error:
                wrong.append(Misfit(("holiday", place) if len(self.holiday) > 1 else ("holiday",), str(error)))
        refuse_misfits(type(self).__name__, wrong)
        self._check_times("with `holiday`")

    def _check_weekdays(self) -> None:
        if self.day is not None or self.rrule is not None:
            key = "day" if self.rrule is None else "rrule"
            raise ValueError(f".{key}: does not go with days of the week in `every`")
        self._check_times("with days of the week in `every`")

    def _check_times(self, condition: str) -> None:
        """Raise an error unless `from` and `to` are both times of day, or both absent for whole days."""
        wanted = f"must be a time of day such as 20:00, {condition}"
        self.refuse_ends(lambda end: wanted if isinstance(end, datetime) else None)
        if (self.from_ is None) != (self.to is None):
            missing = "from" if self.from_ is None else "to"
            raise ValueError(f".{missing}: is required beside the other end; leave out both for whole days")

    def _check_day_or_span(self) -> None:
        if (self.day is None) == (self.from_ is None) or (self.from_ is None) != (self.to is None):
            raise ValueError("needs either `day`, or both `from` and `to`")
        wanted = (
            "must be a moment such as 2026-03-01T22:00:00+01:00; a time of day needs days of the week in `every`, or "
            "`holiday`"
        )
        self.refuse_ends(lambda end: wanted if isinstance(end, time) else None)
        first, last = self._first
        if self.day is None:
            self.check_ends(first, last)
        self.check_recurrence(first, last, "day" if self.day is not None else "from")

    @property
    def _first(self) -> tuple[datetime, datetime]:
        """Return begin and end of an event that happens once, or of its first occurrence."""
        if isinstance(self.from_, datetime) and isinstance(self.to, datetime):
            return self.from_, self.to
        midnight = datetime.combine(self.day, time()) if self.day is not None else datetime.min  # noqa: DTZ901
        return midnight, midnight + DAY

    @property
    def _part(self) -> str | None:
        if self.subdivision is None or self.country is None:
            return None
        return holiday_dates.check_subdivision(self.country, self.subdivision)

    def reason_of(self, found: Occurrence) -> str:
        return super().reason_of(found) if self.reason else found.name or ""

    def occurrences(self, start: datetime, end: datetime) -> Iterator[Occurrence]:
        if self.holiday:
            yield from self._on_holidays(start, end)
        elif isinstance(self.every, list) and self.every:
            first = self.from_ if isinstance(self.from_, time) else time()
            yield from self.on_weekdays(start, end, first, self.to if isinstance(self.to, time) else time())
        elif self.rule is not None:
            first_begin, first_end = map(self.local, self._first)
            yield from self.by_rule(self.rule, start, end, first_begin, first_end)
        else:
            begin, over = self._first
            yield Occurrence(self.aware(begin), self.aware(over))

    def _on_holidays(self, start: datetime, end: datetime) -> Iterator[Occurrence]:
        """Yield the holidays that may overlap with a span of time, with the days before and after them.

        An end may be on the day after, and clocks may skip a whole day, as those of Samoa did in 2011.
        """
        zone = moments.zone_of(self.timezone)
        before, after = timedelta(days=self.days_before), timedelta(days=self.days_after)
        first = self.from_ if isinstance(self.from_, time) else time()
        last = self.to if isinstance(self.to, time) else time()
        earliest = (start.astimezone(zone) - after - 2 * DAY).date()
        latest = (end.astimezone(zone) + before + DAY).date()
        for year in range(earliest.year, latest.year + 1):
            for day, name in holiday_dates.holidays_in(self.country or "", self._part, tuple(self.holiday), year):
                if earliest <= day <= latest:
                    over = day + after + (DAY if last <= first else timedelta(0))
                    begin_end = datetime.combine(day - before, first), datetime.combine(over, last)
                    yield Occurrence(*self.placed(*begin_end), name)


class QuietTime(NamedTuple):
    """The reason why detections do not page.

    Parameters
    ----------
    suppressed
        The value for the field `suppressed` of an alert.
    reason
        The reason for people, as in the config.
    """

    suppressed: Suppression
    reason: str


class QuietTimes:
    """The times at which detections of a brand do not page.

    Parameters
    ----------
    brand
        Brand id.
    maintenance, expected
        Spans from the config; maintenance takes precedence where both apply.

    Examples
    --------
    >>> launch = ExpectedEventSettings.model_validate({"reason": "launch", "day": "1970-01-02"})
    >>> times = QuietTimes("nordtel", [], [launch])
    >>> times.at(0, 300_000), times.at(86_400_000, 86_700_000)
    (None, QuietTime(suppressed='expected', reason='launch'))
    """

    def __init__(
        self, brand: str, maintenance: Sequence[MaintenanceSettings], expected: Sequence[ExpectedEventSettings]
    ) -> None:
        self._brand = brand
        self._maintenance = maintenance
        self._expected = expected

    def at(self, start_ms: int, end_ms: int) -> QuietTime | None:
        """Return the quiet time in any part of ``[start_ms, end_ms)``, milliseconds since the epoch, or None."""
        for span in chain(self._maintenance, self._expected):
            reason = span.reason_in(self._brand, start_ms, end_ms)
            if reason is not None:
                return QuietTime("maintenance" if isinstance(span, MaintenanceSettings) else "expected", reason)
        return None
