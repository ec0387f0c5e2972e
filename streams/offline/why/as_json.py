"""An explanation as a tree for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.offline.why.conclusion import conclusion
from streams.records import utc

if TYPE_CHECKING:
    from datetime import tzinfo

    from detectors.base import Condition
    from streams.config import BrandSettings
    from streams.core.detect.explaining import ExplainedDetector, ExplainedMoment
    from streams.offline.why.playback import Played


def as_tree(played: Played, brand: BrandSettings, at_ms: int, zone: tzinfo) -> dict[str, Any]:
    """Return the explanation as plain values for JSON; times are in UTC, but for those in the conclusion."""
    return {
        "brand": brand.id,
        "at": utc(at_ms),
        "conclusion": conclusion(played, at_ms, zone),
        "moment": _moment(played.moment) if played.moment else None,
        "buckets": [
            {
                "start": utc(each.start_ms),
                "closed": each.closed,
                "mentions": each.mentions,
                "negative": each.negative,
                "scores": dict(each.values),
            }
            for each in played.recent
        ],
        "anomalous": [
            {
                "detector": run.detector,
                "shadow": run.shadow,
                "from": utc(run.begin_ms),
                "to": utc(run.end_ms),
                "highest": run.peak,
                "suppressed": run.suppressed,
            }
            for run in played.runs
        ],
        "alerts": [alert.model_dump(mode="json") for alert in played.alerts],
        "read": {
            "mentions": played.mentions,
            "first_mention": utc(played.first_ms) if played.first_ms >= 0 else None,
            "from": utc(played.oldest_ms),
            "to": utc(played.newest_ms),
        },
    }


def _moment(explained: ExplainedMoment) -> dict[str, Any]:
    bucket, quiet = explained.bucket, explained.quiet
    incident, emerging = explained.incident, explained.emerging
    return {
        "evaluated_at": utc(explained.at_ms),
        "bucket": {
            "start": utc(bucket.start_ms),
            "seconds": bucket.length_ms / 1000,
            "elapsed_seconds": bucket.elapsed_ms / 1000,
            "closed": explained.closes,
            "mentions": bucket.count,
            "negative": bucket.likely_negative,
            "positive": bucket.positive,
            "authors": bucket.authors,
            "reposts": bucket.reposts,
            "spam": bucket.spam,
            "coverage": bucket.coverage,
            "platform_load": bucket.platform,
        },
        "quiet_time": {"suppressed": quiet.suppressed, "reason": quiet.reason} if quiet else None,
        "incident": {
            "fingerprint": incident.fingerprint,
            "since": utc(incident.start_ms),
            "severity": incident.severity,
            "label": incident.label,
            "suppressed": incident.suppressed,
        }
        if incident
        else None,
        "emerging": {"since": utc(emerging.start_ms), **emerging.evidence._asdict()} if emerging else None,
        "needed": explained.needed._asdict(),
        "detectors": [_detector(each) for each in explained.detectors],
        "quarantined": list(explained.quarantined),
    }


def _detector(detector: ExplainedDetector) -> dict[str, Any]:
    score, measures, conditions, critical = detector.explanation
    return {
        "name": detector.name,
        "kind": detector.kind,
        "shadow": detector.shadow,
        "score": {
            name: getattr(score, name)
            for name in ("value", "observed", "expected", "lower", "upper", "suppressed", "label", "severity")
        },
        "lacking_mentions": detector.lacking,
        "lacking_are_negative": detector.wants_negative,
        "conditions": [_condition(each) for each in conditions],
        "critical": [_condition(each) for each in critical],
        "measures": [each._asdict() for each in measures],
    }


def _condition(each: Condition) -> dict[str, Any]:
    tree = each._asdict()
    until_ms = tree.pop("until_ms")
    return tree | {"until": None if until_ms is None else utc(until_ms)}
