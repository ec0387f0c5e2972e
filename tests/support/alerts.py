"""Alerts for tests: steps of invented incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
from streams.records import Alert, SentimentSplit, Verdict, WindowCounts, utc

if TYPE_CHECKING:
    from datetime import datetime

START_MS = 1_772_409_600_000  # Monday 2026-03-02 00:00 UTC


def alert(incident: str = "i1", id: str = "a1", kind: str = "open", **changed: Any) -> Alert:
    """Return a step; a resolution ends the incident ten minutes after its start."""
    begin: datetime = changed.pop("starts_at", utc(START_MS))
    brand = changed.get("brand", "nordtel")
    severity = changed.get("severity", "warning")
    ended = kind == "resolve"
    fields: dict[str, Any] = {
        "id": id, "kind": kind, "status": "resolved" if ended else "firing", "severity": severity, "suppressed": None,
        "brand": brand, "fingerprint": incident, "starts_at": begin, "at": begin + timedelta(minutes=5),
        "ends_at": begin + timedelta(minutes=10) if ended else None, "detectors": {}, "samples": [], "sources": {},
        "summary": "Nordtel: 412 mentions in 25 minutes, 81% negative", "top_terms": [], "top_author_share": 0,
        "window": WindowCounts(start=begin, end=begin, mentions=412, authors=1, reposts=0, engagement=0),
        "sentiment": SentimentSplit(negative=0.81, neutral=0.19, positive=0), "duplicate_share": 0, "languages": {},
        "config_version": "c1", "model_version": "m1", "annotations": {"summary": "412 mentions", "description": ""},
        "labels": {
            "alertname": "SocialMediaIncident", "brand": brand, "severity": severity, "fingerprint": incident,
        },
    }  # fmt: skip
    return Alert(**(fields | changed))


def step(incident: str = "i1", id: str = "a1", kind: str = "open", **changed: Any) -> DeliveryStep:
    """Return a step with its position; `offset` and `broker_ms` may be given."""
    offset, broker_ms = changed.pop("offset", 0), changed.pop("broker_ms", START_MS)
    made = alert(incident, id, kind, **changed)
    return DeliveryStep(made, 0, offset, broker_ms, made.to_bytes())


def verdict(incident: str = "i1", id: str = "v1", **changed: Any) -> DeliveryVerdict:
    """Return a verdict with its position; `broker_ms` may be given."""
    broker_ms = changed.pop("broker_ms", START_MS)
    fields: dict[str, Any] = {
        "incident": incident, "brand": "nordtel", "verdict": "ack", "severity": "warning", "detectors": ["volume"],
        "by": "anna", "at_ms": broker_ms,
    }  # fmt: skip
    return DeliveryVerdict(Verdict(**(fields | changed)), id, broker_ms)
