"""Configs with one span in which detections do not page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from streams.config import Config

BRAND = {"id": "a", "name": "A", "match": {"any": ["aa"]}}


def config(section: str = "expected_events", **entry: Any) -> Config:
    """Return a config whose `section` has one entry."""
    return Config.model_validate({"brands": [BRAND], section: [entry]})


def reasons(made: Config, *moments: str) -> list[str | None]:
    """Return the reason why detections do not page in the five minutes from each moment, None where they do."""
    found = []
    for moment in moments:
        at_ms = round(datetime.fromisoformat(moment).timestamp() * 1000)
        quiet = made.quiet_times("a").at(at_ms, at_ms + 300_000)
        found.append(quiet.reason if quiet else None)
    return found
