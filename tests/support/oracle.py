"""What must come out: the windows and alerts of a replay in one process, to which those of the workers are compared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from streams.offline.replay import Replay, ReplaySummary
from streams.sources.registry import open_posts
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from streams.config import Config
    from streams.records import Alert, Window


class Outcome:
    """Windows and alerts, the latter as their bytes, by what identifies them."""

    def __init__(self) -> None:
        self.windows: dict[tuple[str, int], Window] = {}
        self.alerts: dict[str, bytes] = {}

    def counted(self) -> Counter[str]:
        """Mentions by brand."""
        counts = Counter[str]()
        for window in self.windows.values():
            counts[window.brand] += window.count + window.late
        return counts


def replayed(config: Config, posts: Path) -> tuple[Outcome, ReplaySummary]:
    """Replay a file of posts."""
    outcome = Outcome()

    def on_alert(alert: Alert) -> None:
        outcome.alerts[alert.id] = alert.to_bytes()

    def on_window(window: Window) -> None:
        outcome.windows[window.brand, window.start_ms] = window

    with open_posts(str(posts), config.ingest.max_record_bytes) as source:
        summary = Replay(config, load_model(), on_alert, on_window).run(source)
    return outcome, summary
