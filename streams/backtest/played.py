"""Recorded posts played through a config."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.course import Course
from streams.evaluation.matching import raised
from streams.replay import Replay, ReplaySummary
from streams.sentiment import LinearModel
from streams.sources.files import open_posts
from streams.sources.progress_bar import progress_bar

if TYPE_CHECKING:
    from streams.config import Config
    from streams.evaluation.matching import Raised
    from streams.records import Alert, Window


@dataclass(slots=True)
class Played:
    """What a config made of the posts.

    Attributes
    ----------
    name
        Of the config, for people.
    courses
        Counts and scores of each brand.
    alerts
        In order of time for each brand.
    """

    name: str
    config: Config
    courses: dict[str, Course] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    summary: ReplaySummary = field(default_factory=ReplaySummary)

    @property
    def raised(self) -> list[Raised]:
        """The incidents behind the alerts."""
        return raised(self.alerts)

    def steps(self, brand: str) -> list[list[Alert]]:
        """The alerts of each incident of a brand; one that begins again counts again."""
        incidents: dict[tuple[str, int], list[Alert]] = {}
        for alert in self.alerts:
            if alert.brand == brand:
                incidents.setdefault((alert.fingerprint, alert.reopened), []).append(alert)
        return list(incidents.values())


def play(name: str, config: Config, posts: str) -> Played:
    """Play a file of posts through a config.

    Raises
    ------
    InputError
        If the posts or the weights can't be used.
    """
    played = Played(name, config)

    def on_window(window: Window) -> None:
        played.courses.setdefault(window.brand, Course()).add(window)

    with open_posts(posts, config.ingest.max_record_bytes) as source, progress_bar(source) as show:
        model = LinearModel.load(config.sentiment.weights)
        played.summary = Replay(config, model, played.alerts.append, on_window).run(source, show)
    return played
