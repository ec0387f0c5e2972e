"""Run all candidates, score them against labels, and decide on a suggestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.units import WEEK_MS
from streams.errors import InputError
from streams.offline.backtest import evaluate
from streams.offline.backtest.text import listed, moment
from streams.offline.lateness import late_mentions
from streams.offline.tuning.candidate_run import run_candidates
from streams.offline.tuning.candidates import RETURN_PERIOD, distinct, identity, own_return_periods, parameters
from streams.offline.tuning.curve import choose, edges, flat_ranges
from streams.offline.tuning.delays import later
from streams.offline.tuning.objective import FEWEST, WIDE, interval, labels_needed, score
from streams.offline.tuning.validation import begin_ms, folds, pooled, validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from detectors.base import Severity
    from streams.config import Config
    from streams.offline.backtest import Expected, LabelEvaluation, LabelledSpan, Mentions
    from streams.offline.tuning.candidate_run import CandidateRuns
    from streams.offline.tuning.candidates import CandidateConfig, TunedParameter
    from streams.offline.tuning.curve import Choice, FlatRange
    from streams.offline.tuning.validation import HeldOut


@dataclass(frozen=True, slots=True)
class TuningResult:
    """The result of a search.

    Parameters
    ----------
    config, severity, tolerance, labels
        Arguments of `tune`.
    parameters
        Parameters that were varied.
    evaluations
        Evaluation of each candidate, parameter by parameter.
    brand_weeks
        Time for which brands were watched, summed over all brands.
    flat_ranges
        Ranges of candidates that do about as well as the best.
    choice
        Candidate that is chosen by all labels.
    folds
        Candidates that are chosen without each fold, and their evaluations there; empty if nothing can be held out.
    notes
        Further warnings.
    counted, late
        Number of mentions that were counted in windows, and that came too late for theirs.
    set_aside
        Number of posts that were set aside because their dates stand apart.
    """

    config: Config
    severity: Severity
    tolerance: float
    labels: Sequence[Expected]
    parameters: Sequence[TunedParameter]
    evaluations: Sequence[Sequence[LabelEvaluation]]
    brand_weeks: float
    flat_ranges: Sequence[FlatRange]
    choice: Choice
    folds: Sequence[HeldOut]
    notes: Sequence[str]
    counted: int
    late: int
    set_aside: int

    @property
    def scores(self) -> list[list[float]]:
        """Return the score of each candidate, parameter by parameter."""
        return [[score(each) for each in curve] for curve in self.evaluations]

    @property
    def current(self) -> LabelEvaluation:
        """Return the evaluation of the config in use."""
        return self.evaluations[0][self.parameters[0].current]

    @property
    def chosen(self) -> CandidateConfig:
        """Return the candidate that is chosen by all labels."""
        return self.parameters[self.choice.parameter].candidates[self.choice.place]

    @property
    def chosen_evaluation(self) -> LabelEvaluation:
        """Return the evaluation of the candidate that is chosen by all labels."""
        return self.evaluations[self.choice.parameter][self.choice.place]

    @property
    def reasons_to_keep(self) -> list[str]:
        """Return why the config in use should be kept; empty if the chosen candidate is suggested."""
        return list(_reasons_to_keep(self))

    @property
    def warnings(self) -> list[str]:
        """Return the reasons to be careful with the result."""
        return [*self.notes, *late_mentions(self.counted, self.late), *_warnings(self)]

    @property
    def suggestion(self) -> CandidateConfig | None:
        """Return the candidate that should replace the config in use; None if that should be kept."""
        return None if self.reasons_to_keep else self.chosen

    @property
    def held_out(self) -> LabelEvaluation | None:
        """Return the evaluation of all folds, each by the choice made without it; None if nothing can be held out."""
        return pooled(self.folds) if self.folds else None

    def false_per_week(self, evaluation: LabelEvaluation) -> float:
        """Return the false incidents per brand and week."""
        return len(evaluation.false) / self.brand_weeks


def tune(
    config: Config,
    labels: Sequence[Expected],
    mentions: Mentions,
    severity: Severity,
    tolerance: float,
    notes: Sequence[str] = (),
    undecided: Sequence[LabelledSpan] = (),
) -> TuningResult:
    """Run and evaluate all candidates.

    Parameters
    ----------
    config
        The config in use.
    labels
        Labelled incidents that `check_labels` accepts.
    mentions
        Mentions that were scored by the config.
    severity
        Lowest severity at which an incident pages.
    tolerance
        Largest difference to the best score of a candidate that does about as well.
    notes
        Further warnings.
    undecided
        Spans in which incidents count neither as found nor as false.

    Raises
    ------
    InputError
        If the labels don't fit the mentions.
    """
    tuned = parameters(config)
    candidates = distinct(tuned)
    runs = run_candidates(config, [each.days for each in candidates], mentions)
    check_times(labels, runs)
    evaluated = {
        identity(each): evaluate(labels, raised, severity, undecided=undecided)
        for each, raised in zip(candidates, runs.raised, strict=True)
    }
    evaluations = [[evaluated[identity(each)] for each in parameter.candidates] for parameter in tuned]
    scores = [[score(each) for each in curve] for curve in evaluations]
    current = [parameter.current for parameter in tuned]
    divided = folds(labels, runs.watched)
    return TuningResult(
        config,
        severity,
        tolerance,
        labels,
        tuned,
        evaluations,
        sum(each.total_ms for each in runs.watched.values()) / WEEK_MS,
        flat_ranges(scores, tolerance),
        choose(scores, current, tolerance),
        validate(evaluations, current, divided, severity, tolerance) if len(divided) > 1 else [],
        notes,
        runs.counted,
        runs.late,
        mentions.rejected.get("outlier_date", 0),
    )


def check_labels(labels: Sequence[Expected], path: Path) -> None:
    """Check that there are labels, and that none is repeated.

    Raises
    ------
    InputError
        If there are none, or some are repeated; the message names each.
    """
    if not labels:
        raise InputError(f"{path}: incidents: there are none; without any nothing can be tuned")
    first = {(label.brand, label.from_): place for place, label in reversed(list(enumerate(labels)))}
    problems = [
        f"{path}: incidents[{place}]: is the same as incidents[{first[label.brand, label.from_]}]; drop one"
        for place, label in enumerate(labels)
        if first[label.brand, label.from_] != place
    ]
    if problems:
        raise InputError("\n".join(problems))


def check_times(labels: Sequence[Expected], runs: CandidateRuns) -> None:
    """Check that the posts cover the brand and the beginning of each label.

    Raises
    ------
    InputError
        If they do not; the message names each label.
    """
    first_ms = min((each.first_ms for each in runs.watched.values()), default=0)
    last_ms = max((each.last_ms for each in runs.watched.values()), default=0)
    problems = []
    for label in labels:
        if label.brand not in runs.watched:
            problems.append(f"label {label.title!r}: no post names {label.brand!r}")
        elif not first_ms <= begin_ms(label) < last_ms:
            problems.append(
                f"label {label.title!r}: begins at {moment(begin_ms(label))}, outside of the posts, which go from "
                f"{moment(first_ms)} to {moment(last_ms)}; drop it, or give the posts that cover it"
            )
    if problems:
        raise InputError("\n".join([*problems, *late_mentions(runs.counted, runs.late)]))


def _reasons_to_keep(result: TuningResult) -> Iterator[str]:
    labels = len(result.labels)
    if labels < FEWEST:
        yield (
            f"{labels} {'label is' if labels == 1 else 'labels are'} too few: all of fewer than {FEWEST} may favour a "
            "change by chance"
        )
    elif not result.folds:
        yield "the labels are of too few brands and too close in time for cross-validation"
    if result.choice.keeps:
        yield f"its score is within {result.tolerance:g} of the best candidate's"
    elif result.held_out is not None and score(result.held_out) <= score(result.current):
        yield (
            "on incidents by which it was not chosen, the chosen candidate scores no better "
            f"({score(result.held_out):.2f} against {score(result.current):.2f})"
        )


def _warnings(result: TuningResult) -> Iterator[str]:
    scores = result.scores
    choice = result.choice
    current = [parameter.current for parameter in result.parameters]
    if choice.keeps:
        around = [flat for flat in result.flat_ranges if flat.distance(current[flat.parameter]) == 0]
    else:
        around = [choice.flat]
    for flat in around:
        parameter = result.parameters[flat.parameter]
        place = current[flat.parameter] if choice.keeps else choice.place
        for edge in edges(scores[flat.parameter], flat, place):
            where = "a cliff" if edge.steep else "the edge of the flat range"
            beyond = f"{parameter.candidates[edge.place].factor:g} times as rare ({parameter.name})"
            yield f"at {where}: one step further, at {beyond}, the score falls by {edge.drop:.2f}"
    if not choice.keeps and choice.place in {0, len(scores[choice.parameter]) - 1}:
        yield "it is the last factor that was tried: apply it and tune again"
    differ = sum(
        abs(len(before) - len(after))
        for before, after in (
            (result.current.missed, result.chosen_evaluation.missed),
            (result.current.false, result.chosen_evaluation.false),
        )
    )
    if not choice.keeps and differ < FEWEST:
        yield f"it differs from the config in use by {differ} {'incident' if differ == 1 else 'incidents'} only"
    delay = None if choice.keeps else later(result.current, result.chosen_evaluation)
    if delay is not None and delay.is_much:
        found = "label is" if delay.labels == 1 else "labels are"
        yield (
            f"it finds the same incidents later: {delay.labels} {found} found by both, {delay.median_minutes:+.1f} min "
            f"in the median and at most {delay.most_minutes:+.1f} min ({delay.most_title}); the score does not count "
            "the delay"
        )
    recall = result.current.recall
    if recall is not None:
        low, high = interval(recall, len(result.labels))
        labels = "1 label" if len(result.labels) == 1 else f"{len(result.labels)} labels"
        if high - low > WIDE:
            yield (
                f"a recall of {recall:.0%} of {labels} may be anything from "
                f"{low:.0%} to {high:.0%}; "
                f"it takes about {labels_needed(recall)} labels to know it to within {WIDE:.0%}"
            )
    agreeing = [
        each
        for each in result.folds
        if (each.choice.parameter, each.choice.keeps) == (choice.parameter, choice.keeps)
        and choice.flat.first <= each.choice.place <= choice.flat.last
    ]
    if result.folds and 2 * len(agreeing) <= len(result.folds):
        yield (
            "the choice depends on single folds: without one of them, only "
            f"{len(agreeing)} of {len(result.folds)} choices agree with it"
        )
    own = sorted({f"{brand} ({detector})" for brand, detector in own_return_periods(result.config)})
    if own:
        yield f"not tuned, because the brand sets its own {RETURN_PERIOD} or preset: {listed(own)}"
