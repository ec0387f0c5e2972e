"""Format the result of tuning for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from streams.offline.backtest.text import minutes, share
from streams.offline.tuning.candidates import ALL, RETURN_PERIOD, preset_of
from streams.offline.tuning.delays import later
from streams.offline.tuning.objective import interval, score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.offline.backtest import LabelEvaluation
    from streams.offline.tuning.candidates import CandidateConfig
    from streams.offline.tuning.curve import FlatRange
    from streams.offline.tuning.delays import Delay
    from streams.offline.tuning.search import TuningResult
    from streams.offline.tuning.validation import HeldOut

_FIGURES = ("recall", "precision", "median delay", "later", "false/brand-week", "score")


def lines(result: TuningResult, config_name: str) -> Iterator[str]:
    """Yield the whole result."""
    brands = len({label.brand for label in result.labels})
    yield (
        f"labels: {len(result.labels)}, of brands: {brands}, brand-weeks: {result.brand_weeks:.1f}; "
        f"an incident that pages ({result.severity} or above) without a label is false"
    )
    yield f"mentions: counted {result.counted:,} + late {result.late:,}"
    yield "later: median, over the labels that both find, of how much later they are found than now"
    yield "score: 5 found / (5 found + 4 missed + false), the F-measure with recall weighted twice (0 to 1)"
    for place in range(len(result.parameters)):
        yield ""
        yield from _curve(result, place)
    yield ""
    yield from _validation(result)
    yield ""
    yield from _conclusion(result, config_name)


def _curve(result: TuningResult, place: int) -> Iterator[str]:
    """Yield the trade-off along a parameter, and its flat ranges."""
    parameter = result.parameters[place]
    names = [each for each in parameter.candidates[0].days if parameter.name in {ALL, each}]
    ranges = [flat for flat in result.flat_ranges if flat.parameter == place]
    in_range = {at for flat in ranges for at in range(flat.first, flat.last + 1)}
    yield "all detectors together, as a preset does:" if parameter.name == ALL else f"{parameter.name} alone:"
    rows: list[tuple[str, ...]] = [("times as rare", *names, *_FIGURES, "")]
    for at, (candidate, evaluation) in enumerate(zip(parameter.candidates, result.evaluations[place], strict=True)):
        best = not result.choice.keeps and (place, at) == (result.choice.parameter, result.choice.place)
        notes = ["flat" if at in in_range else "", "now" if at == parameter.current else "", "<- best" if best else ""]
        days = (f"{candidate.days[name]:g}" for name in names)
        rows.append((f"{candidate.factor:g}", *days, *figures(result, evaluation), " ".join(filter(None, notes))))
    yield from table(rows)
    yield from (f"  {_flat(result, flat)}" for flat in ranges)
    if not ranges:
        yield f"  no candidate is within {result.tolerance:g} of the best"


def _flat(result: TuningResult, flat: FlatRange) -> str:
    parameter, evaluations = result.parameters[flat.parameter], result.evaluations[flat.parameter]
    first, last = (parameter.candidates[at].factor for at in (flat.first, flat.last))
    span = f"at {first:g}" if flat.first == flat.last else f"from {first:g} to {last:g}"
    delays = [evaluations[at].delay_minutes for at in range(flat.first, flat.last + 1)]
    known = [delay for delay in delays if delay is not None]
    delay = f"; median delay {min(known):.1f} to {max(known):.1f} min" if known else ""
    steps = f"{flat.last - flat.first + 1} of {len(parameter.candidates)} steps"
    return f"flat {span} times as rare ({steps}): within {result.tolerance:g} of the best{delay}"


def _validation(result: TuningResult) -> Iterator[str]:
    """Yield the choice made without each fold, and its figures on the fold."""
    if result.folds:
        yield "cross-validation:"
        folds = [("left out", "chosen without it", "found", "false")]
        folds += [
            (
                each.fold.name,
                choice_without_fold(result, each),
                _found(each.evaluation),
                f"{len(each.evaluation.false)}",
            )
            for each in result.folds
        ]
        yield from table(folds, left=2)
        yield ""
    rows: list[tuple[str, ...]] = [("", "labels", *_FIGURES, "recall between"), _row(result, "now", result.current)]
    if result.held_out is not None:
        rows.append(_row(result, "held out", result.held_out))
    if not result.choice.keeps:
        rows.append(_row(result, "best, by all labels", result.chosen_evaluation))
    yield from table(rows)


def _row(result: TuningResult, name: str, evaluation: LabelEvaluation) -> tuple[str, ...]:
    low, high = interval(evaluation.recall or 0.0, len(evaluation.results))
    return name, str(len(evaluation.results)), *figures(result, evaluation), f"{low:.0%} to {high:.0%}"


def _found(evaluation: LabelEvaluation) -> str:
    return f"{evaluation.found} of {len(evaluation.results)}"


def choice_without_fold(result: TuningResult, held: HeldOut) -> str:
    """Format the choice that was made without a fold."""
    parameter = result.parameters[held.choice.parameter]
    return "as now" if held.choice.keeps else f"{parameter.name} x {parameter.candidates[held.choice.place].factor:g}"


def _conclusion(result: TuningResult, config_name: str) -> Iterator[str]:
    yield from (f"note: {each}" for each in result.warnings)
    suggestion = result.suggestion
    if suggestion is None:
        yield f"keep {config_name} as it is:"
        yield from (f"  {each}" for each in result.reasons_to_keep)
        return
    yield f"suggested in place of `detectors` in {config_name} (the file is not changed):"
    yield from snippet(suggestion).splitlines()
    preset = preset_of(suggestion, result.config)
    if preset is not None:
        yield f"# or keep `detectors` and set `preset: {preset}`, which means the same"


def snippet(candidate: CandidateConfig) -> str:
    """Return the detectors of a candidate as YAML.

    >>> from streams.config import Config
    >>> from streams.offline.tuning.candidates import parameters
    >>> brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    >>> detector = {"name": "volume", "kind": "volume", "mode": "live", "refractory_hours": 6}
    >>> tree = {"brands": [brand], "detectors": [detector], "default_detectors": False}
    >>> tuned = parameters(Config.model_validate(tree))
    >>> print(snippet(tuned[0].candidates[-1]))
    detectors:
      - {name: volume, kind: volume, mode: live, refractory_hours: 6, once_in_days: 28}
    """
    entries = []
    for detector in candidate.config.detectors:
        settings = detector.model_dump(mode="json", exclude_unset=True)
        if settings.get(RETURN_PERIOD, 0.5) % 1 == 0:
            settings[RETURN_PERIOD] = int(settings[RETURN_PERIOD])
        flow = yaml.safe_dump(settings, default_flow_style=True, sort_keys=False, width=1_000, allow_unicode=True)
        entries.append(f"  - {flow.strip()}")
    return "\n".join(["detectors:", *entries])


def figures(result: TuningResult, evaluation: LabelEvaluation) -> tuple[str, ...]:
    """Format recall, precision, median delay, delay against now, false incidents per brand and week, and score."""
    return (
        share(evaluation.recall), share(evaluation.precision), minutes(evaluation.delay_minutes),
        _later(later(result.current, evaluation)), f"{result.false_per_week(evaluation):.3f}",
        f"{score(evaluation):.3f}",
    )  # fmt: skip


def _later(delay: Delay | None) -> str:
    return "-" if delay is None else f"{delay.median_minutes:+.1f} min"


def table(rows: Sequence[tuple[str, ...]], left: int = 1) -> Iterator[str]:
    """Yield rows with aligned columns: the first `left` and the last one to the left, the others to the right.

    >>> list(table([("", "a", ""), ("now", "10", "flat")]))
    ['        a', '  now  10  flat']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place < left or place == len(row) - 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()
