"""What tuning found, as plain values for JSON; the same for the same posts, config and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.offline.tuning.candidates import RARENESS, preset_of
from streams.offline.tuning.objective import interval, score
from streams.offline.tuning.text import chosen, snippet

if TYPE_CHECKING:
    from streams.offline.backtest import Judgement
    from streams.offline.tuning.candidates import Candidate
    from streams.offline.tuning.search import Tuned


def as_tree(tuned: Tuned) -> dict[str, Any]:
    """Everything; times in minutes, shares from 0 to 1, null where there is none."""
    return {
        "labels": len(tuned.labels),
        "brand_weeks": tuned.brand_weeks,
        "severity": tuned.severity,
        "tolerance": tuned.tolerance,
        "now": _figures(tuned, tuned.now),
        "held_out": None if tuned.held_out is None else _figures(tuned, tuned.held_out),
        "folds": [
            {
                "fold": each.fold.name,
                "chosen": chosen(tuned, each),
                "found": len(each.judged.cases) - len(each.judged.missed),
                "labels": len(each.judged.cases),
                "false": len(each.judged.false),
            }
            for each in tuned.held
        ],
        "curves": [_curve(tuned, place) for place in range(len(tuned.knobs))],
        "suggestion": None if tuned.suggestion is None else _suggestion(tuned, tuned.suggestion),
        "keep_because": tuned.keep,
        "notes": tuned.warnings,
    }


def _curve(tuned: Tuned, place: int) -> dict[str, Any]:
    knob = tuned.knobs[place]
    factors = [candidate.factor for candidate in knob.candidates]
    return {
        "turned": knob.name,
        "points": [
            {"times_as_rare": candidate.factor, RARENESS: candidate.days, **_figures(tuned, judged)}
            for candidate, judged in zip(knob.candidates, tuned.judgements[place], strict=True)
        ],
        "flat": [[factors[run.first], factors[run.last]] for run in tuned.flat if run.knob == place],
    }


def _suggestion(tuned: Tuned, candidate: Candidate) -> dict[str, Any]:
    return {
        "turned": tuned.knobs[tuned.choice.knob].name,
        "times_as_rare": candidate.factor,
        RARENESS: candidate.days,
        "yaml": snippet(candidate),
        "preset": preset_of(candidate, tuned.config),
        **_figures(tuned, tuned.chosen_judged),
    }


def _figures(tuned: Tuned, judged: Judgement) -> dict[str, Any]:
    return {
        "recall": judged.recall,
        "recall_between": interval(judged.recall or 0.0, len(judged.cases)),
        "precision": judged.precision,
        "delay_minutes": judged.delay_minutes,
        "false": len(judged.false),
        "false_per_brand_week": tuned.false_per_week(judged),
        "score": score(judged),
    }
