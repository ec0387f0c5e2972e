"""Define what spans of time in a config have in common: the brands they apply to, their zone, and their recurrence."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_serializer

from streams.config import moments, recurrence
from streams.config.base import BrandId, Misfit, Name, Settings, refuse_misfits
from streams.config.moments import DAY, Day, ZoneName
from streams.config.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import SerializerFunctionWrapHandler

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)

_PERIODS: Final[tuple[str, ...]] = get_args(recurrence.Period)

_FURTHER_PERIODS: Final = {"day": list(_WEEKDAYS), "daily": list(_WEEKDAYS)}


def _every(value: object) -> object:
    """Return a period or a list of days of the week; one day may stand without a list."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _PERIODS:
            return word
        if word in _FURTHER_PERIODS:
            return _FURTHER_PERIODS[word]
        if word in _WEEKDAYS:
            return [word]
        raise ValueError(
            f"must be day, week, month, year, or days of the week such as [monday, friday], got {value!r}"
            f"{did_you_mean(value, ['day', *_PERIODS, *_WEEKDAYS])}"
        )
    return value


Every = Annotated[recurrence.Period | list[Weekday], BeforeValidator(_every)]


class Occurrence(NamedTuple):
    """One time at which a span is in force, with its own name if it has one, such as that of a holiday."""

    begin: datetime
    end: datetime
    name: str | None = None


class SpanSettings(Settings):
    """Settings that maintenance and expected events share."""

    model_config = ConfigDict(serialize_by_alias=True)

    _LATER: ClassVar[frozenset[str]] = frozenset({"rrule", "until"})
    """Keys that earlier versions did not have; they decide about `Config.version` only where they are set."""

    reason: Name = Field(description="Reason that alerts show to people.")
    brands: Literal["all"] | list[BrandId] = Field(
        default="all", description="Ids of the brands that the span applies to, or all."
    )
    timezone: ZoneName = Field(
        default="UTC", description="Time zone of dates and times that name none, such as Europe/Berlin."
    )
    every: Every = Field(
        default_factory=list,
        description="Recurrence: days of the week, with times of day in `from` and `to`; or week, month or year, "
        "counted from the date in `from`. An empty list means that it happens once.",
    )
    rrule: str | None = Field(
        default=None,
        description="Recurrence by a rule of iCalendar (RFC 5545), such as FREQ=MONTHLY;BYDAY=2TU for every second "
        "Tuesday of a month; the alternative to `every`.",
    )
    until: Day | None = Field(default=None, description="Last day on which a recurring span may begin.")

    @model_serializer(mode="wrap")
    def _as_before_where_nothing_is_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return {key: value for key, value in values.items() if key not in self._LATER or value not in (None, [], 0)}

    @field_validator("rrule")
    @classmethod
    def _is_a_rule(cls, value: str | None) -> str | None:
        return None if value is None else recurrence.check_rule(value)

    @property
    def rule(self) -> str | None:
        """Return the period or the rule by which the span recurs; None if it does not, or does on weekdays."""
        return self.every if isinstance(self.every, str) else self.rrule

    def reason_in(self, brand: str, start_ms: int, end_ms: int) -> str | None:
        """Return the reason for people if the span applies to a brand in any part of ``[start_ms, end_ms)``, or None.

        Times are in milliseconds since the epoch.
        """
        if self.brands != "all" and brand not in self.brands:
            return None
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (start_ms, end_ms))
        for found in self.occurrences(start, end):
            if found.begin < end and start < found.end:
                return self.reason_of(found)
        return None

    def reason_of(self, found: Occurrence) -> str:
        return self.reason if found.name is None else f"{self.reason}: {found.name}"

    def occurrences(self, start: datetime, end: datetime) -> Iterator[Occurrence]:
        """Yield all occurrences that may overlap with a short span of time."""
        raise NotImplementedError

    def on_weekdays(self, start: datetime, end: datetime, first: time, last: time) -> Iterator[Occurrence]:
        """Yield occurrences between two times of day, the second of which may be on the day after."""
        zone = moments.zone_of(self.timezone)
        day = start.astimezone(zone).date() - DAY
        while day <= end.astimezone(zone).date():
            if _WEEKDAYS[day.weekday()] in self.every and (self.until is None or day <= self.until):
                over = day if last > first else day + DAY
                yield Occurrence(*self.placed(datetime.combine(day, first), datetime.combine(over, last)))
            day += DAY

    def by_rule(
        self, rule: str, start: datetime, end: datetime, first: datetime, last: datetime
    ) -> Iterator[Occurrence]:
        """Yield the recurrences of a span on the clocks of the zone that may overlap with a span of time."""
        zone = moments.zone_of(self.timezone)
        length = last - first
        earliest = start.astimezone(zone).replace(tzinfo=None) - length - DAY
        latest = end.astimezone(zone).replace(tzinfo=None) + DAY
        for year in range(earliest.year, latest.year + 1):
            for begin in recurrence.starts_in(rule, first, self.until, year):
                if earliest <= begin <= latest:
                    yield Occurrence(*self.placed(begin, begin + length))

    def placed(self, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
        """Return two moments on the clocks of the zone; one that they skip or show twice makes the span longer."""
        zone = moments.zone_of(self.timezone)
        begins = [begin.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        ends = [end.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return min(begins), max(ends)

    def aware(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=moments.zone_of(self.timezone))

    def local(self, moment: datetime) -> datetime:
        """Return a moment on the clocks of the zone, without an offset."""
        return self.aware(moment).astimezone(moments.zone_of(self.timezone)).replace(tzinfo=None)

    def refuse_ends(self, problem_of: Callable[[object], str | None]) -> None:
        """Refuse the ends of the span, `from` and `to`, that have a problem, both at once."""
        ends = (("from", getattr(self, "from_", None)), ("to", getattr(self, "to", None)))
        found = [Misfit((name,), problem) for name, end in ends if (problem := problem_of(end)) is not None]
        refuse_misfits(type(self).__name__, found)

    def check_ends(self, begin: datetime, over: datetime) -> None:
        """Raise an error if one end is not a single moment, or `over` is not after `begin`."""
        placed = []
        for name, end in (("from", begin), ("to", over)):
            try:
                placed.append(moments.place(end, moments.zone_of(self.timezone)))
            except ValueError as error:
                raise ValueError(f".{name}: {error}") from None
        offsets = {end.utcoffset() for end in placed}
        if (begin.tzinfo is None) != (over.tzinfo is None) and len(offsets) > 1 and not self.names_a_zone:
            name = "from" if begin.tzinfo is None else "to"
            raise ValueError(f".{name}: has no offset, but the other end has one: write one, or set `timezone`")
        if placed[1] <= placed[0]:
            raise ValueError(".to: must be after `from`")

    def check_recurrence(self, first: datetime, last: datetime, key: str) -> None:
        """Raise an error if a span can't recur as it is meant to; `key` is the setting that has its first day."""
        rule = self.rule
        if rule is None:
            if self.until is not None and not self.every:
                raise ValueError(".until: is for spans that recur: set `every` or `rrule` too")
            return
        if self.every and self.rrule:
            raise ValueError(".rrule: is the alternative to `every`: drop one of them")
        if (first.tzinfo or last.tzinfo) and not self.names_a_zone:
            raise ValueError(
                ".timezone: is required for what recurs and is written with an offset: name the zone whose clocks it "
                "follows in summer and winter, such as Europe/Berlin"
            )
        begin, over = self.local(first), self.local(last)
        try:
            if isinstance(self.every, str):
                recurrence.check_period(self.every, begin)
        except ValueError as error:
            raise ValueError(f".{key}: {error}") from None
        try:
            recurrence.check_length(rule, begin, self.until, over - begin)
        except ValueError as error:
            raise ValueError(f".{'to' if key == 'from' else key}: {error}") from None

    @property
    def names_a_zone(self) -> bool:
        return "timezone" in self.model_fields_set
