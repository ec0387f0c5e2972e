"""Run a simulation from its first minute to its last, and count the truth about it."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Final

from detectors.units import MINUTE_MS
from streams.offline.simulate.baseline_feed import BaselineFeed, ChatterFeed
from streams.offline.simulate.context import FeedContext
from streams.offline.simulate.event_feed import EventFeed, SpamFeed
from streams.offline.simulate.grammar import LANGUAGES, brand_grammar
from streams.offline.simulate.publishing import Arrival, Platform
from streams.offline.simulate.scenario import Event, schedule
from streams.offline.simulate.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.offline.simulate.settings import SimulationSettings

TRUTH_VERSION: Final = 1


class _Counts:
    """The parts of the truth that are known only by counting."""

    def __init__(self, brands: int, events: int) -> None:
        self.posts = self.duplicates = self.late = 0
        self.mentions = [0] * brands
        self.event_posts = [0] * events
        self.event_negative = [0] * events
        self._newest_ms = 0

    def count(self, arrival: Arrival) -> None:
        """Count the next arrival."""
        draft = arrival.draft
        if arrival.duplicate:
            self.duplicates += 1
            return
        self.posts += 1
        self.late += draft.created_ms < self._newest_ms
        self._newest_ms = max(self._newest_ms, draft.created_ms)
        for index in draft.brands:
            self.mentions[index] += 1
        if draft.event is not None:
            self.event_posts[draft.event] += 1
            self.event_negative[draft.event] += draft.tone == "negative"


class Simulation:
    """A run: iterate over `arrivals` to the end, then call `truth`.

    Parameters
    ----------
    settings
        Settings of the run.

    Raises
    ------
    ConfigError
        If the scenario does not fit the brands or the days.

    Examples
    --------
    >>> from streams.offline.simulate.settings import SimulationSettings
    >>> run = Simulation(SimulationSettings(days=0.01, brands=1, scenario="calm"))
    >>> lines = sum(1 for _ in run.arrivals())
    >>> truth = run.truth()
    >>> lines == truth["posts"] + truth["duplicates"] > 0
    True
    """

    def __init__(self, settings: SimulationSettings) -> None:
        self.settings = settings
        self.brands = world(settings.brands)
        self.events = schedule(settings, self.brands)
        self._counts: _Counts | None = None

    def arrivals(self) -> Iterator[Arrival]:
        """Yield every post in order of arrival, drawn on request; memory holds only posts that have not yet arrived."""
        platform = Platform(self.settings, self.events, Random(f"{self.settings.seed} platform"))
        context = FeedContext(self.settings, self.brands, self.events, platform)
        counts = _Counts(len(self.brands), len(self.events))
        usual = [
            BaselineFeed(context, index, [event for event in self.events if event.brand == index])
            for index in range(len(self.brands))
        ]
        chatter = ChatterFeed(context)
        upcoming = deque(
            (position, event, usual[event.brand])
            for position, event in enumerate(self.events)
            if event.brand is not None
        )
        under_way: list[EventFeed | SpamFeed] = []
        for minute in range(self.settings.minutes):
            while upcoming and upcoming[0][1].onset <= minute:
                position, event, feed = upcoming.popleft()
                under_way.append((SpamFeed if event.kind == "spam" else EventFeed)(context, position, event, feed))
            for writer in (*usual, chatter, *under_way):
                writer.write(minute)
            under_way = [writer for writer in under_way if writer.event.end > minute + 1]
            for arrival in platform.arrivals(until_minute=minute + 1):
                counts.count(arrival)
                yield arrival
        for arrival in platform.arrivals():
            counts.count(arrival)
            yield arrival
        self._counts = counts

    def truth(self) -> dict[str, Any]:
        """Return the content of the truth file; `streams.offline.simulate` documents its fields.

        Raises
        ------
        RuntimeError
            If `arrivals` was not read to its end, since the counts are known only then.
        """
        counts = self._counts
        if counts is None:
            raise RuntimeError("the counts are known only after the last arrival")
        return {
            "version": TRUTH_VERSION,
            "seed": self.settings.seed,
            "start": self._at(0),
            "end": self._at(self.settings.minutes),
            "brands": [
                {"id": brand.id, "name": brand.name, "usual_posts_per_day": brand.posts_per_day}
                for brand in self.brands
            ],
            "events": [
                self._event_truth(event, posts, negative)
                for event, posts, negative in zip(self.events, counts.event_posts, counts.event_negative, strict=True)
            ],
            "posts": counts.posts,
            "duplicates": counts.duplicates,
            "late": counts.late,
            "mentions": {brand.id: count for brand, count in zip(self.brands, counts.mentions, strict=True)},
        }

    def _event_truth(self, event: Event, posts: int, negative: int) -> dict[str, Any]:
        brand = None if event.brand is None else self.brands[event.brand]
        hashtags: list[str] = []
        if brand is not None and event.kind != "spam":
            for language in LANGUAGES:
                grammar = brand_grammar(brand, language, event.topic)
                hashtags += [grammar.text(rule, lambda: 0.0) for rule in ("topic_tag", "topic_tag_2")]
        return {
            "kind": event.kind,
            "brand": brand and brand.id,
            "source": event.source,
            "onset": self._at(event.onset),
            "peak": self._at(event.peak),
            "end": self._at(event.end),
            "factor": event.factor,
            "negative_share": round(negative / posts, 4) if posts else 0.0,
            "posts": posts,
            "topic": event.topic or None,
            "hashtags": sorted(set(hashtags)),
        }

    def _at(self, minute: int) -> str:
        moment = datetime.fromtimestamp((self.settings.start_ms + minute * MINUTE_MS) / 1_000, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
