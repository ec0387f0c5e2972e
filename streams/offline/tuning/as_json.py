"""What tuning found, as plain values for JSON; the same for the same posts, config and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.offline.tuning.candidates import RETURN_PERIOD, preset_of
from streams.offline.tuning.objective import interval, score
from streams.offline.tuning.text import chosen, snippet

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation
    from streams.offline.tuning.candidates import CandidateConfig
    from streams.offline.tuning.search import TuningResult


def as_tree(result: TuningResult) -> dict[str, Any]:
    """Everything; times in minutes, shares from 0 to 1, null where there is none."""
    return {
        "labels": len(result.labels),
        "brand_weeks": result.brand_weeks,
        "severity": result.severity,
        "tolerance": result.tolerance,
        "now": _figures(result, result.now),
        "held_out": None if result.held_out is None else _figures(result, result.held_out),
        "folds": [
            {
                "fold": each.fold.name,
                "chosen": chosen(result, each),
                "found": len(each.judged.results) - len(each.judged.missed),
                "labels": len(each.judged.results),
                "false": len(each.judged.false),
            }
            for each in result.held
        ],
        "curves": [_curve(result, place) for place in range(len(result.parameters))],
        "suggestion": None if result.suggestion is None else _suggestion(result, result.suggestion),
        "keep_because": result.keep,
        "notes": result.warnings,
    }


def _curve(result: TuningResult, place: int) -> dict[str, Any]:
    parameter = result.parameters[place]
    factors = [candidate.factor for candidate in parameter.candidates]
    return {
        "turned": parameter.name,
        "points": [
            {"times_as_rare": candidate.factor, RETURN_PERIOD: candidate.days, **_figures(result, judged)}
            for candidate, judged in zip(parameter.candidates, result.evaluations[place], strict=True)
        ],
        "flat": [[factors[run.first], factors[run.last]] for run in result.flat if run.parameter == place],
    }


def _suggestion(result: TuningResult, candidate: CandidateConfig) -> dict[str, Any]:
    return {
        "turned": result.parameters[result.choice.parameter].name,
        "times_as_rare": candidate.factor,
        RETURN_PERIOD: candidate.days,
        "yaml": snippet(candidate),
        "preset": preset_of(candidate, result.config),
        **_figures(result, result.chosen_judged),
    }


def _figures(result: TuningResult, judged: LabelEvaluation) -> dict[str, Any]:
    return {
        "recall": judged.recall,
        "recall_between": interval(judged.recall or 0.0, len(judged.results)),
        "precision": judged.precision,
        "delay_minutes": judged.delay_minutes,
        "false": len(judged.false),
        "false_per_brand_week": result.false_per_week(judged),
        "score": score(judged),
    }
