"""What a demo shows: the live view, fed by either way of replaying, and the records and totals seen so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from streams.offline.replay import Replay
from streams.render.live_view import LiveView, Throughput
from streams.runtime import clock
from streams.sources.pacing import Paced, Pacing, measure_span
from streams.sources.reader import Reading
from streams.sources.registry import open_posts
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from streams.config import Config
    from streams.records import Alert, Window
    from streams.sources.base import Source


class Show:
    """One demo: its posts, its view, and what has come of it so far.

    Parameters
    ----------
    console
        Where the view and the messages go.
    config
        Config of this run.
    posts
        File to replay; None where posts come from the sources of the config.
    seconds
        Duration of the replay.
    metrics
        Addresses of the workers' metrics, shown below the view.
    """

    def __init__(
        self, console: Console, config: Config, posts: Path | None, seconds: float = 0.0, *, metrics: str = ""
    ) -> None:
        self.console = console
        self.config = config
        self._posts = posts
        self._seconds = seconds
        self.windows: dict[tuple[str, int], Window] = {}
        self.alerts: dict[str, Alert] = {}
        self.ingested = 0
        self.matched = 0
        self.view = LiveView(console, {brand.id: brand.name for brand in config.brands}, metrics=metrics)

    @property
    def counted(self) -> int:
        """Mentions in the windows seen so far."""
        return sum(window.count + window.late for window in self.windows.values())

    def add_window(self, window: Window) -> None:
        """Show a closed bucket of a brand."""
        self.windows[window.brand, window.start_ms] = window
        self.view.window(window)

    def add_alert(self, alert: Alert) -> None:
        """Show a step of an incident."""
        self.alerts[alert.id] = alert
        self.view.alert(alert)

    def open_posts(self) -> AbstractContextManager[Source]:
        """Open the posts, from their beginning."""
        return open_posts(str(self._posts), self.config.ingest.max_record_bytes, Reading.of(self.config.ingest))

    def speed(self) -> float:
        """Return the multiple of real time at which the replay takes as long as it should."""
        with self.open_posts() as source:
            span = measure_span(source, self.config.ingest, clock.now_ms())
        return max(1.0, (span.last_ms - span.first_ms) / 1000 / self._seconds)


def replay_in_process(show: Show) -> None:
    """Replay the posts through the pipeline in this process, at the same pace as the workers would."""
    with show.open_posts() as source, show.view as view:
        pacing = Pacing(speed=show.speed(), redate=False, span=None, now_ms=clock.now_ms)
        paced = Paced(source, pacing, show.config.ingest.timezone)
        replay = Replay(show.config, load_model(), show.add_alert, show.add_window)
        started = time.monotonic()

        def update() -> None:
            seconds = time.monotonic() - started
            view.throughput(Throughput(replay.summary.posts, replay.summary.posts / max(seconds, 1.0), 0))

        summary = replay.run(paced, update)
    show.ingested, show.matched = summary.posts - summary.repeated, summary.matched
