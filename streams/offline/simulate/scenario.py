"""Lay out events with onset, peak, end and strength over a run, so that a calm time precedes each."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from streams.errors import ConfigError
from streams.offline.simulate.settings import BRAND_KINDS, DAY, Kind, SimulationSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.offline.simulate.world import SimulatedBrand

CALM_MINUTES: Final = 180
"""Least time of a run before its first event."""

ONSET_JITTER: Final = 100
"""Largest difference in minutes of an onset to the planned time of the day, in a run of two days or more."""

_LEFT_AT_END: Final = 0.05  # share of the peak's excess that is left when an event ends
_RAMP: Final = 5  # minutes in which a plateau rises and falls

_ANY_SECTOR: Final = ("workers", "data_leak", "greenwashing", "advert", "customer")
_FOOD: Final = frozenset({"grocery", "coffee", "drinks"})
_SLOW_TOPICS: Final = {
    "telecom": ("price_rise", "outage"),
    "bank": ("price_rise", "outage"),
    "music": ("price_rise", "outage"),
    "energy": ("price_rise", "outage"),
    "gadgets": ("quality", "outage"),
    "airline": ("delays",),
    "rail": ("delays",),
    "parcel": ("delays",),
    "shoes": ("quality",),
    "grocery": ("price_rise", "quality"),
    "drinks": ("price_rise", "quality"),
    "coffee": ("price_rise", "quality"),
}
_SOURCES_THAT_FAIL: Final = ("forum", "video")


@dataclass(frozen=True, slots=True)
class Event:
    """An event that affects a brand, or all brands.

    Parameters
    ----------
    kind
        Kind of the event.
    brand
        Position of the brand; None for the whole platform.
    source
        Source that delivers nothing, for an outage.
    onset, peak, end
        Minutes since the start of the run; posts of the event are written within [onset, end) only.
    factor
        Volume at the peak as a multiple of the usual volume at that minute; 0 for an outage.
    negative, positive
        Probabilities of these tones in the posts of the event.
    newcomers
        Share of authors who were never seen before.
    reposts
        Share of posts that are reposts.
    topic
        Subject of the posts: a table ``[topic.*]`` or a rule of ``[spam]`` in the phrase banks.
    """

    kind: Kind
    brand: int | None
    source: str | None
    onset: int
    peak: int
    end: int
    factor: float
    negative: float = 0.0
    positive: float = 0.0
    newcomers: float = 0.0
    reposts: float = 0.0
    topic: str = ""

    def strength(self, minute: int) -> float:
        """Return the excess in a minute as a share of that at the peak, 0 to 1."""
        if not self.onset <= minute < self.end:
            return 0.0
        if self.kind in ("spam", "surge", "outage"):
            return min(1.0, (minute - self.onset + 1) / _RAMP, (self.end - minute) / _RAMP)
        if minute < self.peak:
            risen = (minute - self.onset + 1) / (self.peak - self.onset + 1)
            return risen * risen * (3 - 2 * risen) if self.kind == "slow_burn" else float(risen**0.7)
        return float(_LEFT_AT_END ** ((minute - self.peak) / (self.end - self.peak)))


@dataclass(frozen=True, slots=True)
class Plan:
    """The course of a kind of event: minute of the day of its onset, and ranges to draw from."""

    onset: int
    rise: tuple[int, int]
    fall: tuple[int, int]
    factor: tuple[float, float]
    negative: tuple[float, float] = (0.0, 0.0)
    positive: tuple[float, float] = (0.0, 0.0)
    newcomers: float = 0.0
    reposts: float = 0.0


# Rise and fall are in minutes: a firestorm peaks within the hour and fades in an evening, a slow burn lasts a working
# day.
PLANS: Final[dict[Kind, Plan]] = {
    "firestorm": Plan(14 * 60, (15, 55), (260, 400), (10, 40), (0.78, 0.95), (0.01, 0.04), newcomers=0.7, reposts=0.45),
    "slow_burn": Plan(9 * 60, (360, 480), (120, 200), (2.2, 4), (0.7, 0.85), (0.02, 0.06), newcomers=0.3, reposts=0.25),
    "launch": Plan(11 * 60, (20, 60), (150, 240), (8, 15), (0.03, 0.08), (0.68, 0.82), newcomers=0.4, reposts=0.35),
    "spam": Plan(16 * 60 + 30, (_RAMP, _RAMP), (40, 70), (6, 12)),
    "surge": Plan(19 * 60 + 30, (_RAMP, _RAMP), (40, 70), (3, 5)),
    "outage": Plan(6 * 60 + 30, (0, 0), (105, 170), (0, 0)),
}


def schedule(settings: SimulationSettings, brands: Sequence[SimulatedBrand]) -> tuple[Event, ...]:
    """Return the events of a run, in the order of their onsets.

    A run of less than two days has one event of each kind, all on its first day. A longer run begins with calm days
    (half of the run, at most a week) and then has a round of events every week, each kind on a day of its own if there
    are enough days. No brand has its second event before every other has had one.

    Raises
    ------
    ConfigError
        If there are fewer brands than kinds of events that affect one, or if an event that was requested by name does
        not fit into the run.
    """
    rng = Random(f"{settings.seed} scenario")
    needed = sum(kind in BRAND_KINDS for kind in settings.kinds)
    if needed > len(brands):
        problem = (
            f"brands: the scenario needs {needed}, one for each kind of event that affects a brand, got {len(brands)}"
        )
        raise ConfigError([f"{problem}: ask for more brands or fewer kinds"])
    order = list(range(len(brands)))
    rng.shuffle(order)
    events: list[Event] = []
    affected = 0
    for kind, day in _days(settings):
        brand = None
        if kind in BRAND_KINDS:
            brand = order[affected % len(order)]
            affected += 1
        event = _event(kind, day, brand, settings, brands, rng)
        if event.onset >= CALM_MINUTES and event.end <= settings.minutes:
            events.append(event)
        elif not settings.wants_all:
            problem = (
                f"scenario: the {kind} would last from minute {event.onset} to {event.end} of {settings.minutes}, "
                f"and {CALM_MINUTES} minutes of calm come first: ask for more days, or for a start at midnight UTC"
            )
            raise ConfigError([problem])
    return tuple(sorted(events, key=lambda event: (event.onset, event.kind)))


def _days(settings: SimulationSettings) -> list[tuple[Kind, int]]:
    kinds = settings.kinds
    days = int(settings.days)
    if days < 2:
        return [(kind, 0) for kind in kinds]
    calm = min(7, max(1, days // 2))
    round_days = min(7, days - calm)
    return [
        (kind, calm + number * round_days + place * round_days // len(kinds))
        for number in range((days - calm) // round_days)
        for place, kind in enumerate(kinds)
    ]


def _event(
    kind: Kind, day: int, brand: int | None, settings: SimulationSettings, brands: Sequence[SimulatedBrand], rng: Random
) -> Event:
    plan = PLANS[kind]
    jitter = 20 if settings.days < 2 else ONSET_JITTER
    clock = plan.onset + rng.randint(-jitter, jitter)
    onset = day * DAY + (clock - settings.first_minute_of_week) % DAY
    peak = onset + rng.randint(*plan.rise)
    topic = "" if brand is None else rng.choice(_topics(kind, brands[brand]))
    return Event(
        kind=kind,
        brand=brand,
        source=rng.choice(_SOURCES_THAT_FAIL) if kind == "outage" else None,
        onset=onset,
        peak=peak,
        end=peak + rng.randint(*plan.fall),
        factor=round(rng.uniform(*plan.factor), 1),
        negative=1.0 if topic == "scare" else round(rng.uniform(*plan.negative), 2),
        positive=round(rng.uniform(*plan.positive), 2),
        newcomers=plan.newcomers,
        reposts=plan.reposts,
        topic=topic,
    )


def _topics(kind: Kind, brand: SimulatedBrand) -> tuple[str, ...]:
    if kind == "firestorm":
        return (*_ANY_SECTOR, "hygiene") if brand.sector in _FOOD else _ANY_SECTOR
    if kind == "slow_burn":
        return _SLOW_TOPICS[brand.sector]
    return ("promo", "scare") if kind == "spam" else ("launch",)
