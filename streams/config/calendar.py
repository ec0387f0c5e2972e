"""Define spans of time in which detections do not page: maintenance, and events that people are expected to discuss."""

from __future__ import annotations

from datetime import UTC, datetime, time
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Self, get_args

from pydantic import ConfigDict, Field, field_validator, model_validator

from streams.config import moments
from streams.config.base import BrandId, Name, Settings
from streams.config.moments import DAY, Day, Moment, ZoneName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.base import Suppression

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)


class _SpanSettings(Settings):
    """Settings that maintenance and expected events share."""

    model_config = ConfigDict(serialize_by_alias=True)

    reason: Name = Field(description="Reason that alerts show to people.")
    brands: Literal["all"] | list[BrandId] = Field(
        default="all", description="Ids of the brands that the span applies to, or all."
    )
    timezone: ZoneName = Field(
        default="UTC", description="Time zone of dates and times that name none, such as Europe/Berlin."
    )

    def applies(self, brand: str, start_ms: int, end_ms: int) -> bool:
        """Return whether the span applies to a brand in any part of ``[start_ms, end_ms)``.

        Times are in milliseconds since the epoch.
        """
        if self.brands != "all" and brand not in self.brands:
            return False
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (start_ms, end_ms))
        return any(begin < end and start < over for begin, over in self._spans(start, end))

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield begin and end of all occurrences that may overlap with a short span of time."""
        raise NotImplementedError

    def _aware(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=moments.zone_of(self.timezone))

    def _check_ends(self, begin: datetime, over: datetime) -> None:
        """Raise an error if one end is not a single moment, or `over` is not after `begin`."""
        placed = []
        for name, end in (("from", begin), ("to", over)):
            try:
                placed.append(moments.place(end, moments.zone_of(self.timezone)))
            except ValueError as error:
                raise ValueError(f".{name}: {error}") from None
        offsets = {end.utcoffset() for end in placed}
        if (begin.tzinfo is None) != (over.tzinfo is None) and len(offsets) > 1 and not self._names_a_zone:
            name = "from" if begin.tzinfo is None else "to"
            raise ValueError(f".{name}: has no offset, but the other end has one: write one, or set `timezone`")
        if placed[1] <= placed[0]:
            raise ValueError(".to: must be after `from`")

    @property
    def _names_a_zone(self) -> bool:
        return "timezone" in self.model_fields_set


class MaintenanceSettings(_SpanSettings):
    """Time in which the service or its sources are maintained, once or every week."""

    every: list[Weekday] = Field(
        default_factory=list,
        description="Days of the week on which maintenance begins; an empty list means that it happens once.",
    )
    from_: datetime | time = Field(
        alias="from", description="Moment at which maintenance begins; with `every` a time of day, such as 22:00."
    )
    to: datetime | time = Field(
        description="Moment at which maintenance ends; with `every` a time of day, on the next day if it is not after "
        "`from`."
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
        kind = time if self.every else datetime
        for name, value in (("from", self.from_), ("to", self.to)):
            if not isinstance(value, kind):
                wanted = "with `every` a time of day such as 22:00" if self.every else "a moment with a date"
                raise ValueError(f".{name}: must be {wanted}")  # noqa: TRY004
        if isinstance(self.from_, datetime) and isinstance(self.to, datetime):
            self._check_ends(self.from_, self.to)
        return self

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        first, last = self.from_, self.to
        if isinstance(first, datetime) and isinstance(last, datetime):
            yield self._aware(first), self._aware(last)
        elif isinstance(first, time) and isinstance(last, time):
            zone = moments.zone_of(self.timezone)
            day = start.astimezone(zone).date() - DAY
            while day <= end.astimezone(zone).date():
                if _WEEKDAYS[day.weekday()] in self.every:
                    over = day if last > first else day + DAY
                    yield datetime.combine(day, first, zone), datetime.combine(over, last, zone)
                day += DAY


class ExpectedEventSettings(_SpanSettings):
    """Day or span of time in which many posts are expected, such as a product launch."""

    day: Day | None = Field(
        default=None,
        description="Date of an event that lasts the whole day, in `timezone`; the alternative to `from` and `to`.",
    )
    from_: Moment | None = Field(
        default=None, alias="from", description="Moment at which the event begins; the alternative to `day`."
    )
    to: Moment | None = Field(default=None, description="Moment at which the event ends, required with `from`.")

    @model_validator(mode="after")
    def _a_day_or_a_span(self) -> Self:
        if (self.day is None) == (self.from_ is None) or (self.from_ is None) != (self.to is None):
            raise ValueError("needs either `day`, or both `from` and `to`")
        if self.from_ and self.to:
            self._check_ends(self.from_, self.to)
        return self

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:  # noqa: ARG002
        if self.day is not None:
            midnight = time(tzinfo=moments.zone_of(self.timezone))
            yield datetime.combine(self.day, midnight), datetime.combine(self.day + DAY, midnight)
        elif self.from_ is not None and self.to is not None:
            yield self._aware(self.from_), self._aware(self.to)


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
            if span.applies(self._brand, start_ms, end_ms):
                return QuietTime("maintenance" if isinstance(span, MaintenanceSettings) else "expected", span.reason)
        return None
