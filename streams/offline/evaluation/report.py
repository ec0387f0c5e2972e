"""Write an evaluation as JSON: the figures, and every case and false incident behind them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from streams.offline.evaluation.figures import LIMITS
from streams.records import utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.offline.evaluation.figures import Figures
    from streams.offline.evaluation.trial import Trial
    from streams.offline.incident_matching import EventOutcome, RaisedIncident
    from streams.offline.simulate import Kind

VERSION: Final = 1


def report(
    figures: Figures, trials: Sequence[Trial], config_version: str, oracle: Mapping[Kind, float]
) -> dict[str, Any]:
    """Return the report as plain values for JSON.

    Its keys are ``version``, ``config_version``, ``figures``, ``oracle`` (share in time, by kind), and ``trials`` with
    their ``cases`` and ``false`` incidents. Times are ISO 8601, UTC; the names of durations end in their unit.
    """
    return {
        "version": VERSION,
        "config_version": config_version,
        "figures": asdict(figures),
        "oracle": dict(oracle),
        "trials": [
            {
                "seed": trial.seed,
                "brands": trial.brands,
                "days": trial.days,
                "posts": trial.posts,
                "seconds": round(trial.seconds, 1),
                "cases": [_case(outcome) for outcome in trial.outcomes],
                "false": [_incident(incident) for incident in trial.others],
            }
            for trial in trials
        ],
    }


def _case(outcome: EventOutcome) -> dict[str, Any]:
    case = outcome.event
    limit_ms = None if case.kind is None else LIMITS.get(case.kind)
    return {
        "kind": case.kind,
        "brand": case.brand,
        "onset": utc(case.onset_ms),
        "end": utc(case.end_ms),
        "posts": len(case.posts_ms),
        "posts_within_limit": None if limit_ms is None else case.posts_by(case.onset_ms + limit_ms),
        "raised_as": outcome.raised_as,
        "taken_for": outcome.taken_for,
        "reached": {level: _moment(outcome, at_ms) for level, at_ms in outcome.reached_ms.items()},
        "incidents": [_incident(incident) for incident in outcome.incidents],
    }


def _moment(outcome: EventOutcome, at_ms: int) -> dict[str, Any]:
    case = outcome.event
    return {"at": utc(at_ms), "delay_seconds": (at_ms - case.onset_ms) / 1000, "posts_by_then": case.posts_by(at_ms)}


def _incident(incident: RaisedIncident) -> dict[str, Any]:
    return {
        "brand": incident.brand,
        "fingerprint": incident.fingerprint,
        "level": incident.level,
        "labels": incident.labels,
        "rises": [{"at": utc(rise.at_ms), "level": rise.level} for rise in incident.rises],
        "summary": incident.summary,
        "reasons": incident.reasons,
    }
