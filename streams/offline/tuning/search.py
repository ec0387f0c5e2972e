"""Everything that tuning finds out, and what it suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.units import WEEK_MS
from streams.errors import ConfigError, InputError
from streams.offline.backtest import judge
from streams.offline.backtest.text import moment
from streams.offline.tuning.candidate_run import try_all
from streams.offline.tuning.candidates import distinct, identity, knobs, left_alone
from streams.offline.tuning.curve import choose, edges, runs
from streams.offline.tuning.objective import FEWEST, WIDE, interval, labels_needed, score
from streams.offline.tuning.validation import begin_ms, folds, pooled, validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from detectors.base import Severity
    from streams.config import Config
    from streams.offline.backtest import Expected, Judgement, Mentions
    from streams.offline.tuning.candidate_run import Tried
    from streams.offline.tuning.candidates import Candidate, Knob
    from streams.offline.tuning.curve import Choice, Run
    from streams.offline.tuning.validation import HeldOut


@dataclass(frozen=True, slots=True)
class Tuned:
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
    knobs: Sequence[Knob]
    judgements: Sequence[Sequence[Judgement]]
    brand_weeks: float
    flat: Sequence[Run]
    choice: Choice
    held: Sequence[HeldOut]
    notes: Sequence[str]

    @property
    def scores(self) -> list[list[float]]:
        """Of each candidate, knob by knob."""
        return [[score(each) for each in curve] for curve in self.judgements]

    @property
    def now(self) -> Judgement:
        """Of the config in use."""
        return self.judgements[0][self.knobs[0].now]

    @property
    def chosen(self) -> Candidate:
        """What does best by all labels."""
        return self.knobs[self.choice.knob].candidates[self.choice.place]

    @property
    def chosen_judged(self) -> Judgement:
        """Of what does best by all labels."""
        return self.judgements[self.choice.knob][self.choice.place]

    @property
    def keep(self) -> list[str]:
        """Why to keep what is in use; empty if what was chosen is suggested."""
        return list(_reasons_to_keep(self))

    @property
    def warnings(self) -> list[str]:
        """What to know before one believes it."""
        return [*self.notes, *_warnings(self)]

    @property
    def suggestion(self) -> Candidate | None:
        """What to use instead of the config in use; None: keep that."""
        return None if self.keep else self.chosen

    @property
    def held_out(self) -> Judgement | None:
        """Of all folds, each judged by what was chosen without it; None if nothing can be held out."""
        return pooled(self.held) if self.held else None

    def false_per_week(self, judged: Judgement) -> float:
        """False incidents for each brand and week."""
        return len(judged.false) / self.brand_weeks


def tune(
    config: Config,
    labels: Sequence[Expected],
    mentions: Mentions,
    severity: Severity,
    tolerance: float,
    notes: Sequence[str] = (),
) -> Tuned:
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
    turned = knobs(config)
    if not turned:
        raise ConfigError(["detectors: none is live, so there is nothing to tune"])
    candidates = distinct(turned)
    tried = try_all(config, [each.days for each in candidates], mentions)
    check_times(labels, tried)
    judged = {
        identity(each): judge(labels, raised, severity) for each, raised in zip(candidates, tried.raised, strict=True)
    }
    judgements = [[judged[identity(each)] for each in knob.candidates] for knob in turned]
    scores = [[score(each) for each in curve] for curve in judgements]
    now = [knob.now for knob in turned]
    divided = folds(labels, tried.watched)
    return Tuned(
        config,
        severity,
        tolerance,
        labels,
        turned,
        judgements,
        sum(each.total_ms for each in tried.watched.values()) / WEEK_MS,
        runs(scores, tolerance),
        choose(scores, now, tolerance),
        validate(judgements, now, divided, severity, tolerance) if len(divided) > 1 else [],
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


def check_times(labels: Sequence[Expected], tried: Tried) -> None:
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


def _reasons_to_keep(tuned: Tuned) -> Iterator[str]:
    labels = len(tuned.labels)
    if labels < FEWEST:
        yield (
            f"{labels} {'label says' if labels == 1 else 'labels say'} too little: with fewer than {FEWEST}, all may "
            "speak for a change by chance"
        )
    elif not tuned.held:
        yield "the labels are of few brands and too close in time to hold any of them out"
    if tuned.choice.keeps:
        yield f"it does as well as the best of what was tried, within {tuned.tolerance:g} of the score"
    elif tuned.held_out is not None and score(tuned.held_out) <= score(tuned.now):
        yield (
            "on incidents that it was not chosen by, what one would choose does no better "
            f"({score(tuned.held_out):.2f} against {score(tuned.now):.2f})"
        )


def _warnings(tuned: Tuned) -> Iterator[str]:
    scores = tuned.scores
    choice = tuned.choice
    now = [knob.now for knob in tuned.knobs]
    stands = [run for run in tuned.flat if run.off(now[run.knob]) == 0] if choice.keeps else [choice.run]
    for run in stands:
        knob, place = tuned.knobs[run.knob], now[run.knob] if choice.keeps else choice.place
        for edge in edges(scores[run.knob], run, place):
            where = "a cliff" if edge.steep else "the edge of the flat range"
            beyond = f"{knob.candidates[edge.place].factor:g} times as rare ({knob.name})"
            yield f"at {where}: a step on, at {beyond}, the score falls by {edge.drop:.2f}"
    if not choice.keeps and choice.place in {0, len(scores[choice.knob]) - 1}:
        yield "it is at the end of what was tried: tune again from there"
    differ = sum(
        abs(len(before) - len(after))
        for before, after in (
            (tuned.now.missed, tuned.chosen_judged.missed),
            (tuned.now.false, tuned.chosen_judged.false),
        )
    )
    if not choice.keeps and differ < FEWEST:
        yield f"all that it does better or worse comes to {differ} {'incident' if differ == 1 else 'incidents'}"
    recall = tuned.now.recall
    if recall is not None:
        low, high = interval(recall, len(tuned.labels))
        if high - low > WIDE:
            yield (
                f"a recall of {recall:.0%} of {len(tuned.labels)} labels may be anything from {low:.0%} to {high:.0%}; "
                f"about {labels_needed(recall)} labels would tell it to within {WIDE:.0%}"
            )
    agreeing = [
        each
        for each in tuned.held
        if (each.choice.knob, each.choice.keeps) == (choice.knob, choice.keeps)
        and choice.run.first <= each.choice.place <= choice.run.last
    ]
    if tuned.held and 2 * len(agreeing) <= len(tuned.held):
        yield f"without one fold most often something else is chosen: only {len(agreeing)} of {len(tuned.held)} agree"
    alone = sorted({f"{brand} ({detector})" for brand, detector in left_alone(tuned.config)})
    if alone:
        yield f"left alone, because they say themselves how rare something must be: {', '.join(alone[:10])}" + (
            f" and {len(alone) - 10} more" if len(alone) > 10 else ""
        )
