"""Everything that tuning finds out, and what it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.units import WEEK_MS
from streams.errors import ConfigError, InputError
from streams.offline.backtest import evaluate
from streams.offline.backtest.text import moment
from streams.offline.tuning.candidate_run import run_candidates
from streams.offline.tuning.candidates import distinct, identity, left_alone, parameters
from streams.offline.tuning.curve import choose, edges, runs
from streams.offline.tuning.objective import FEWEST, WIDE, interval, labels_needed, score
from streams.offline.tuning.validation import begin_ms, folds, pooled, validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from detectors.base import Severity
    from streams.config import Config
    from streams.offline.backtest import Expected, LabelEvaluation, Mentions
    from streams.offline.tuning.candidate_run import CandidateRuns
    from streams.offline.tuning.candidates import CandidateConfig, TunedParameter
    from streams.offline.tuning.curve import Choice, FlatRange
    from streams.offline.tuning.validation import HeldOut


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What came of it.

    Parameters
    ----------
    config, severity, tolerance, labels
        As for `tune`.
    knobs
        What was turned.
    judgements
        Of each candidate, knob by knob.
    brand_weeks
        How long all brands were watched, together.
    flat
        All that does about as well as the best.
    choice
        By all labels.
    held
        What would have been chosen without each fold, and how it does there; empty if nothing can be held out.
    notes
        What else to know before one believes it.
    """

    config: Config
    severity: Severity
    tolerance: float
    labels: Sequence[Expected]
    parameters: Sequence[TunedParameter]
    evaluations: Sequence[Sequence[LabelEvaluation]]
    brand_weeks: float
    flat: Sequence[FlatRange]
    choice: Choice
    held: Sequence[HeldOut]
    notes: Sequence[str]

    @property
    def scores(self) -> list[list[float]]:
        """Of each candidate, knob by knob."""
        return [[score(each) for each in curve] for curve in self.evaluations]

    @property
    def now(self) -> LabelEvaluation:
        """Of the config in use."""
        return self.evaluations[0][self.parameters[0].now]

    @property
    def chosen(self) -> CandidateConfig:
        """What does best by all labels."""
        return self.parameters[self.choice.parameter].candidates[self.choice.place]

    @property
    def chosen_judged(self) -> LabelEvaluation:
        """Of what does best by all labels."""
        return self.evaluations[self.choice.parameter][self.choice.place]

    @property
    def keep(self) -> list[str]:
        """Why to keep what is in use; empty if what was chosen is suggested."""
        return list(_reasons_to_keep(self))

    @property
    def warnings(self) -> list[str]:
        """What to know before one believes it."""
        return [*self.notes, *_warnings(self)]

    @property
    def suggestion(self) -> CandidateConfig | None:
        """What to use instead of the config in use; None: keep that."""
        return None if self.keep else self.chosen

    @property
    def held_out(self) -> LabelEvaluation | None:
        """Of all folds, each judged by what was chosen without it; None if nothing can be held out."""
        return pooled(self.held) if self.held else None

    def false_per_week(self, judged: LabelEvaluation) -> float:
        """False incidents for each brand and week."""
        return len(judged.false) / self.brand_weeks


def tune(
    config: Config,
    labels: Sequence[Expected],
    mentions: Mentions,
    severity: Severity,
    tolerance: float,
    notes: Sequence[str] = (),
) -> TuningResult:
    """Try what can be tried, and judge it.

    Parameters
    ----------
    config
        The one in use, of which all else is made.
    labels
        What people say happened; `check_labels` has let them pass.
    mentions
        Scored by the config.
    severity
        From which on an incident pages.
    tolerance
        By how much a score may be below the best and be about as good.
    notes
        Further warnings.

    Raises
    ------
    ConfigError
        If no detector is live.
    InputError
        If the labels don't fit the mentions.
    """
    turned = parameters(config)
    if not turned:
        raise ConfigError(["detectors: none is live, so there is nothing to tune"])
    candidates = distinct(turned)
    tried = run_candidates(config, [each.days for each in candidates], mentions)
    check_times(labels, tried)
    judged = {
        identity(each): evaluate(labels, raised, severity)
        for each, raised in zip(candidates, tried.raised, strict=True)
    }
    evaluations = [[judged[identity(each)] for each in parameter.candidates] for parameter in turned]
    scores = [[score(each) for each in curve] for curve in evaluations]
    now = [parameter.now for parameter in turned]
    divided = folds(labels, tried.watched)
    return TuningResult(
        config,
        severity,
        tolerance,
        labels,
        turned,
        evaluations,
        sum(each.total_ms for each in tried.watched.values()) / WEEK_MS,
        runs(scores, tolerance),
        choose(scores, now, tolerance),
        validate(evaluations, now, divided, severity, tolerance) if len(divided) > 1 else [],
        notes,
    )


def check_labels(labels: Sequence[Expected], config: Config, path: Path) -> None:
    """Refuse labels that the config can't say anything about.

    Raises
    ------
    InputError
        Naming each.
    """
    if not labels:
        raise InputError(f"{path}: incidents: there are none; without any nothing can be tuned")
    known = [brand.id for brand in config.brands]
    problems = [
        f"{path}: incidents[{place}].brand: the config has no brand {label.brand!r}; it has {', '.join(known[:10])}"
        f"{' ...' if len(known) > 10 else ''}"
        for place, label in enumerate(labels)
        if label.brand not in known
    ]
    first = {(label.brand, label.from_): place for place, label in reversed(list(enumerate(labels)))}
    problems += [
        f"{path}: incidents[{place}]: is the same as incidents[{first[label.brand, label.from_]}]; drop one"
        for place, label in enumerate(labels)
        if first[label.brand, label.from_] != place
    ]
    if problems:
        raise InputError("\n".join(problems))


def check_times(labels: Sequence[Expected], tried: CandidateRuns) -> None:
    """Refuse labels of which the posts say nothing.

    Raises
    ------
    InputError
        Naming each.
    """
    first_ms = min((each.first_ms for each in tried.watched.values()), default=0)
    last_ms = max((each.last_ms for each in tried.watched.values()), default=0)
    problems = []
    for label in labels:
        if label.brand not in tried.watched:
            problems.append(f"label {label.title!r}: no post names {label.brand!r}")
        elif not first_ms <= begin_ms(label) < last_ms:
            problems.append(
                f"label {label.title!r}: begins at {moment(begin_ms(label))}, outside of the posts, which go from "
                f"{moment(first_ms)} to {moment(last_ms)}; drop it, or give the posts that cover it"
            )
    if problems:
        raise InputError("\n".join(problems))


def _reasons_to_keep(result: TuningResult) -> Iterator[str]:
    labels = len(result.labels)
    if labels < FEWEST:
        yield (
            f"{labels} {'label says' if labels == 1 else 'labels say'} too little: with fewer than {FEWEST}, all may "
            "speak for a change by chance"
        )
    elif not result.held:
        yield "the labels are of few brands and too close in time to hold any of them out"
    if result.choice.keeps:
        yield f"it does as well as the best of what was tried, within {result.tolerance:g} of the score"
    elif result.held_out is not None and score(result.held_out) <= score(result.now):
        yield (
            "on incidents that it was not chosen by, what one would choose does no better "
            f"({score(result.held_out):.2f} against {score(result.now):.2f})"
        )


def _warnings(result: TuningResult) -> Iterator[str]:
    scores = result.scores
    choice = result.choice
    now = [parameter.now for parameter in result.parameters]
    stands = [run for run in result.flat if run.off(now[run.parameter]) == 0] if choice.keeps else [choice.run]
    for run in stands:
        parameter, place = result.parameters[run.parameter], now[run.parameter] if choice.keeps else choice.place
        for edge in edges(scores[run.parameter], run, place):
            where = "a cliff" if edge.steep else "the edge of the flat range"
            beyond = f"{parameter.candidates[edge.place].factor:g} times as rare ({parameter.name})"
            yield f"at {where}: a step on, at {beyond}, the score falls by {edge.drop:.2f}"
    if not choice.keeps and choice.place in {0, len(scores[choice.parameter]) - 1}:
        yield "it is at the end of what was tried: tune again from there"
    differ = sum(
        abs(len(before) - len(after))
        for before, after in (
            (result.now.missed, result.chosen_judged.missed),
            (result.now.false, result.chosen_judged.false),
        )
    )
    if not choice.keeps and differ < FEWEST:
        yield f"all that it does better or worse comes to {differ} {'incident' if differ == 1 else 'incidents'}"
    recall = result.now.recall
    if recall is not None:
        low, high = interval(recall, len(result.labels))
        if high - low > WIDE:
            yield (
                f"a recall of {recall:.0%} of {len(result.labels)} labels may be anything from "
                f"{low:.0%} to {high:.0%}; "
                f"about {labels_needed(recall)} labels would tell it to within {WIDE:.0%}"
            )
    agreeing = [
        each
        for each in result.held
        if (each.choice.parameter, each.choice.keeps) == (choice.parameter, choice.keeps)
        and choice.run.first <= each.choice.place <= choice.run.last
    ]
    if result.held and 2 * len(agreeing) <= len(result.held):
        yield f"without one fold most often something else is chosen: only {len(agreeing)} of {len(result.held)} agree"
    alone = sorted({f"{brand} ({detector})" for brand, detector in left_alone(result.config)})
    if alone:
        yield f"left alone, because they say themselves how rare something must be: {', '.join(alone[:10])}" + (
            f" and {len(alone) - 10} more" if len(alone) > 10 else ""
        )
