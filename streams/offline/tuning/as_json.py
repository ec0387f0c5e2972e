"""Write the result of tuning as plain values for JSON; equal posts, configs and labels give equal values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.offline.tuning.candidates import RETURN_PERIOD, preset_of
from streams.offline.tuning.delays import later
from streams.offline.tuning.objective import interval, score
from streams.offline.tuning.text import choice_without_fold, snippet

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation
    from streams.offline.tuning.candidates import CandidateConfig
    from streams.offline.tuning.search import TuningResult


def as_tree(result: TuningResult) -> dict[str, Any]:
    """Return the whole result; times are in minutes, shares from 0 to 1, and missing values null."""
    return {
        "mentions": {"counted": result.counted, "late": result.late},
        "posts_set_aside": result.set_aside,
        "labels": len(result.labels),
        "brand_weeks": result.brand_weeks,
        "severity": result.severity,
        "tolerance": result.tolerance,
        "now": _figures(result, result.current),
        "held_out": None if result.held_out is None else _figures(result, result.held_out),
        "folds": [
            {
                "fold": each.fold.name,
                "chosen": choice_without_fold(result, each),
                "found": each.evaluation.found,
                "labels": len(each.evaluation.results),
                "false": len(each.evaluation.false),
            }
            for each in result.folds
        ],
        "curves": [_curve(result, place) for place in range(len(result.parameters))],
        "suggestion": None if result.suggestion is None else _suggestion(result, result.suggestion),
        "keep_because": result.reasons_to_keep,
        "notes": result.warnings,
    }


def _curve(result: TuningResult, place: int) -> dict[str, Any]:
    parameter = result.parameters[place]
    factors = [candidate.factor for candidate in parameter.candidates]
    return {
        "turned": parameter.name,
        "points": [
            {"times_as_rare": candidate.factor, RETURN_PERIOD: candidate.days, **_figures(result, evaluation)}
            for candidate, evaluation in zip(parameter.candidates, result.evaluations[place], strict=True)
        ],
        "flat": [[factors[flat.first], factors[flat.last]] for flat in result.flat_ranges if flat.parameter == place],
    }


def _suggestion(result: TuningResult, candidate: CandidateConfig) -> dict[str, Any]:
    return {
        "turned": result.parameters[result.choice.parameter].name,
        "times_as_rare": candidate.factor,
        RETURN_PERIOD: candidate.days,
        "yaml": snippet(candidate),
        "preset": preset_of(candidate, result.config),
        **_figures(result, result.chosen_evaluation),
    }


def _figures(result: TuningResult, evaluation: LabelEvaluation) -> dict[str, Any]:
    delay = later(result.current, evaluation)
    return {
        "recall": evaluation.recall,
        "recall_between": interval(evaluation.recall or 0.0, len(evaluation.results)),
        "precision": evaluation.precision,
        "delay_minutes": evaluation.delay_minutes,
        "later_than_now_minutes": None if delay is None else delay.median_minutes,
        "false": len(evaluation.false),
        "false_per_brand_week": result.false_per_week(evaluation),
        "score": score(evaluation),
    }
