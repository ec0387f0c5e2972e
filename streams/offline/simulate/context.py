"""The state that all feeds of a run share: random generator, authors and platform; and the names of the sources."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import MINUTE_MS
from streams.offline.simulate.authors import Authors
from streams.offline.simulate.rhythm import poisson
from streams.offline.simulate.typing_noise import with_typing_noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.offline.simulate.publishing import Draft, Platform, Tone
    from streams.offline.simulate.scenario import Event
    from streams.offline.simulate.settings import SimulationSettings
    from streams.offline.simulate.world import SimulatedBrand

SOURCES: Final = ("microblog", "video", "forum", "reviews", "news")
TALKATIVE: Final = SOURCES[:3]
"""Sources whose posts are shared and get replies."""

TERSE: Final = SOURCES[:2]
"""Sources with hasty typing."""


class PublishedPost(NamedTuple):
    """A published post that may be shared or get replies."""

    id: str
    draft: Draft


class FeedContext:
    """The state that all feeds of a run share.

    Parameters
    ----------
    settings, brands, events
        Settings, brands and events of the run.
    platform
        Platform that publishes the drafts.
    """

    def __init__(
        self,
        settings: SimulationSettings,
        brands: Sequence[SimulatedBrand],
        events: Sequence[Event],
        platform: Platform,
    ) -> None:
        self.rng = Random(f"{settings.seed} posts")
        self.start_ms = settings.start_ms
        self.first_minute_of_week = settings.first_minute_of_week
        self.brands = brands
        self.platform = platform
        self.authors = Authors(self.rng)
        self.names = frozenset(brand.name.lower() for brand in brands)
        self._surges = [(position, event) for position, event in enumerate(events) if event.kind == "surge"]

    def surge(self, minute: int) -> tuple[float, int | None]:
        """Return the factor on all volumes in a minute, and the position of the event that causes it."""
        for position, event in self._surges:
            if strength := event.strength(minute):
                return 1.0 + (event.factor - 1.0) * strength, position
        return 1.0, None

    def moments(self, minute: int, mean: float) -> list[int]:
        """Draw a Poisson number of moments of a minute, in order, in milliseconds since the epoch."""
        uniform = self.rng.random
        from_ms = self.start_ms + minute * MINUTE_MS
        return sorted([from_ms + int(uniform() * MINUTE_MS) for _ in range(poisson(self.rng, mean))])

    def tone(self, negative: float, positive: float) -> Tone:
        """Draw a tone."""
        chance = self.rng.random()
        return "negative" if chance < negative else "positive" if chance < negative + positive else "neutral"

    def typed(self, text: str, source: str) -> str:
        """Return a text as it is typed in a source."""
        return with_typing_noise(text, self.names, self.rng.random) if source in TERSE else text
