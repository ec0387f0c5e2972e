"""Settings of a simulation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

from streams.config.moments import FIRST_YEAR, LAST_YEAR
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["firestorm", "slow_burn", "launch", "spam", "surge", "outage"]
"""Kinds of events that affect a brand (the first four) or the whole platform (the last two)."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
BRAND_KINDS: Final[frozenset[Kind]] = frozenset({"firestorm", "slow_burn", "launch", "spam"})
DAY: Final = 1_440
"""Minutes of a day; the simulation advances in minutes."""

MAX_DAYS: Final = 366
MAX_BRANDS: Final = 500
_MONDAY: Final = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Size, time and content of a simulation; equal settings give equal bytes.

    Parameters
    ----------
    seed
        Seed of all that is drawn; the brands and their usual volumes do not depend on it. With the default the
        firestorm affects a large German brand, and the other events smaller or English ones.
    days
        Length of the run, a minute to a year.
    brands
        Number of brands; the first twelve are written by hand, further ones are generated.
    start
        First moment of the run, on a whole minute; converted to UTC.
    scenario
        ``"all"`` for all kinds of events, ``"calm"`` for none, or kinds as a sequence or separated by commas.

    Raises
    ------
    ConfigError
        If a setting is out of range; the message names each.

    Examples
    --------
    >>> SimulationSettings(scenario="launch, firestorm").kinds
    ('firestorm', 'launch')
    """

    seed: int = 340
    days: float = 1
    brands: int = 6
    start: datetime = _MONDAY
    scenario: str | Sequence[str] = "all"

    def __post_init__(self) -> None:
        problems = []
        if not 1 / DAY <= self.days <= MAX_DAYS:
            problems.append(f"days: must be between a minute ({1 / DAY:.6f}) and {MAX_DAYS}, got {self.days:g}")
        if not 1 <= self.brands <= MAX_BRANDS:
            problems.append(f"brands: must be 1 to {MAX_BRANDS}, got {self.brands}")
        if not FIRST_YEAR <= self.start.year < LAST_YEAR:
            problems.append(f"start: must lie between {FIRST_YEAR} and {LAST_YEAR}, got {self.start.isoformat()}")
        if self.start.tzinfo is None:
            problems.append(f"start: needs a time zone, such as {self.start.isoformat()}+00:00")
        if self.start.second or self.start.microsecond:
            problems.append(f"start: must be a whole minute, got {self.start.isoformat()}")
        unknown = sorted(set(self._names) - {"all", "calm", *KINDS})
        if unknown or not self._names:
            problems.append(
                f"scenario: unknown {', '.join(unknown) or 'empty list'}; allowed are all, calm, {', '.join(KINDS)}"
            )
        elif len(self._names) > 1 and not {"all", "calm"}.isdisjoint(self._names):
            problems.append("scenario: 'all' and 'calm' can't be combined with others")
        if problems:
            raise ConfigError(problems)

    @property
    def _names(self) -> tuple[str, ...]:
        names = self.scenario.split(",") if isinstance(self.scenario, str) else self.scenario
        return tuple(name for item in names if (name := item.strip()))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of events of the run, in the order of `KINDS`."""
        names = self._names
        return KINDS if names == ("all",) else tuple(kind for kind in KINDS if kind in names)

    @property
    def wants_all(self) -> bool:
        """Return whether events that don't fit may be left out, because none was requested by name."""
        return self._names == ("all",)

    @property
    def minutes(self) -> int:
        """Return the length of the run in whole minutes."""
        return round(self.days * DAY)

    @property
    def start_ms(self) -> int:
        """Return the start in milliseconds since the epoch."""
        return int(self.start.astimezone(UTC).timestamp()) * 1_000

    @property
    def first_minute_of_week(self) -> int:
        """Return the minutes from Monday 00:00 UTC to the start."""
        start = self.start.astimezone(UTC)
        return start.weekday() * DAY + start.hour * 60 + start.minute
