"""Windows of five minutes, and alerts of one incident, from Monday 2026-03-02, 00:00 UTC, for charts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from streams.records import SHARE, Alert, SentimentSplit, Window, WindowCounts, WindowScore, utc
from streams.render.bucket_series import BucketSeries

START_MS = 1_772_409_600_000  # Monday 2026-03-02 00:00 UTC
BUCKET_MS = 300_000
DAY = START_MS / 86_400_000
BUCKET = BUCKET_MS / 86_400_000
BEGIN = utc(START_MS)


def window(index: int, count: int = 10, negative: float = 2, brand: str = "nordtel", **changed: Any) -> Window:
    scores = {
        "volume": WindowScore(count / 20, count, 8, 2, 20, None),
        "tone": WindowScore(0.2, 0.2, 0.25, 0.1, 0.4, None),
    }
    fields: dict[str, Any] = {"coverage": 1.0, "scores": scores} | changed
    return Window(
        brand, START_MS + index * BUCKET_MS, BUCKET_MS, count, late=0, negative=round(negative * SHARE), positive=0,
        authors=count, reposts=0, engagement=0, config_version="c1", **fields,
    )  # fmt: skip


def series_of(*windows: Window) -> BucketSeries:
    series = BucketSeries()
    for each in windows:
        series.add(each)
    return series


def alert(step: int, minutes: float, **changed: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": f"a{step}", "kind": "open" if step == 0 else "update", "status": "firing", "severity": "warning",
        "suppressed": None, "brand": "nordtel", "fingerprint": "f1", "starts_at": BEGIN + timedelta(minutes=10),
        "at": BEGIN + timedelta(minutes=minutes), "summary": "Nordtel: 412 mentions", "detectors": {},
        "window": WindowCounts(start=BEGIN, end=BEGIN, mentions=1, authors=1, reposts=0, engagement=0),
        "sentiment": SentimentSplit(negative=1, neutral=0, positive=0), "top_terms": [], "top_author_share": 0,
        "duplicate_share": 0, "sources": {}, "languages": {}, "samples": [], "config_version": "c1",
        "model_version": "m1", "labels": {}, "annotations": {},
    }  # fmt: skip
    return Alert(**(fields | changed))


def over(step: int, minutes: float, ended: float, **changed: Any) -> Alert:
    ends_at = BEGIN + timedelta(minutes=ended)
    return alert(step, minutes, kind="resolve", status="resolved", ends_at=ends_at, **changed)


def event(kind: str, onset: str, end: str, brand: str | None = "nordtel", source: str | None = None) -> dict[str, Any]:
    when = {"onset": f"2026-03-02T{onset}:00Z", "peak": f"2026-03-02T{onset}:00Z", "end": f"2026-03-02T{end}:00Z"}
    return {"kind": kind, "brand": brand, "source": source, "factor": 9.0, "negative_share": 0.8, **when}
