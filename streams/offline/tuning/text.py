"""What tuning found, in lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from streams.offline.backtest.text import minutes, share
from streams.offline.tuning.candidates import ALL, RETURN_PERIOD, preset_of
from streams.offline.tuning.objective import interval, score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.offline.backtest import LabelEvaluation
    from streams.offline.tuning.candidates import CandidateConfig
    from streams.offline.tuning.curve import FlatRange
    from streams.offline.tuning.search import TuningResult
    from streams.offline.tuning.validation import HeldOut

_FIGURES = ("recall", "precision", "median delay", "false/brand-week", "score")


def lines(result: TuningResult, config_name: str) -> Iterator[str]:
    """All of it."""
    brands = len({label.brand for label in result.labels})
    yield (
        f"labels: {len(result.labels)}, of brands: {brands}, brand-weeks: {result.brand_weeks:.1f}; "
        f"what pages ({result.severity} or above) and is not labelled is false"
    )
    yield "score: 5 found / (5 found + 4 missed + false), the F-measure with recall weighted twice (0 to 1)"
    for place in range(len(result.parameters)):
        yield ""
        yield from _curve(result, place)
    yield ""
    yield from _validation(result)
    yield ""
    yield from _verdict(result, config_name)


def _curve(result: TuningResult, place: int) -> Iterator[str]:
    """The trade-off along a knob, and how flat it is."""
    parameter = result.parameters[place]
    names = [each for each in parameter.candidates[0].days if parameter.name in {ALL, each}]
    flat = {at for run in result.flat if run.parameter == place for at in range(run.first, run.last + 1)}
    yield "all detectors together, as a preset does:" if parameter.name == ALL else f"{parameter.name} alone:"
    rows: list[tuple[str, ...]] = [("times as rare", *names, *_FIGURES, "")]
    for at, (candidate, judged) in enumerate(zip(parameter.candidates, result.evaluations[place], strict=True)):
        chosen = not result.choice.keeps and (place, at) == (result.choice.parameter, result.choice.place)
        notes = ["flat" if at in flat else "", "now" if at == parameter.now else "", "<- best" if chosen else ""]
        days = (f"{candidate.days[name]:g}" for name in names)
        rows.append((f"{candidate.factor:g}", *days, *figures(result, judged), " ".join(filter(None, notes))))
    yield from table(rows)
    for run in result.flat:
        if run.parameter == place:
            yield f"  {_flat(result, run)}"
    if not flat:
        yield f"  nowhere within {result.tolerance:g} of the best"


def _flat(result: TuningResult, run: FlatRange) -> str:
    parameter, evaluations = result.parameters[run.parameter], result.evaluations[run.parameter]
    first, last = (parameter.candidates[at].factor for at in (run.first, run.last))
    span = f"at {first:g}" if run.first == run.last else f"from {first:g} to {last:g}"
    delays = [evaluations[at].delay_minutes for at in range(run.first, run.last + 1)]
    known = [delay for delay in delays if delay is not None]
    meanwhile = f"; median delay {min(known):.1f} to {max(known):.1f} min" if known else ""
    steps = f"{run.last - run.first + 1} of {len(parameter.candidates)} steps"
    return f"flat {span} times as rare ({steps}): within {result.tolerance:g} of the best{meanwhile}"


def _validation(result: TuningResult) -> Iterator[str]:
    """What was chosen without each fold, and how that does."""
    if result.held:
        yield "cross-validation:"
        folds = [("left out", "chosen without it", "found", "false")]
        folds += [
            (each.fold.name, chosen(result, each), f"{_found(each.judged)}", f"{len(each.judged.false)}")
            for each in result.held
        ]
        yield from table(folds, left=2)
        yield ""
    rows: list[tuple[str, ...]] = [("", "labels", *_FIGURES, "recall between"), _row(result, "now", result.now)]
    if result.held_out is not None:
        rows.append(_row(result, "held out", result.held_out))
    if not result.choice.keeps:
        rows.append(_row(result, "by the labels it was chosen by", result.chosen_judged))
    yield from table(rows)


def _row(result: TuningResult, name: str, judged: LabelEvaluation) -> tuple[str, ...]:
    low, high = interval(judged.recall or 0.0, len(judged.results))
    return name, str(len(judged.results)), *figures(result, judged), f"{low:.0%} to {high:.0%}"


def _found(judged: LabelEvaluation) -> str:
    return f"{len(judged.results) - len(judged.missed)} of {len(judged.results)}"


def chosen(result: TuningResult, held: HeldOut) -> str:
    """What was chosen without a fold."""
    parameter = result.parameters[held.choice.parameter]
    return "as now" if held.choice.keeps else f"{parameter.name} x {parameter.candidates[held.choice.place].factor:g}"


def _verdict(result: TuningResult, config_name: str) -> Iterator[str]:
    yield from (f"note: {each}" for each in result.warnings)
    suggestion = result.suggestion
    if suggestion is None:
        yield f"keep what you have in {config_name}:"
        yield from (f"  {each}" for each in result.keep)
        return
    yield f"suggested in place of `detectors` in {config_name}, which stays as it is:"
    yield from snippet(suggestion).splitlines()
    preset = preset_of(suggestion, result.config)
    if preset is not None:
        yield f"# or leave `detectors` alone: it is what `preset: {preset}` says"


def snippet(candidate: CandidateConfig) -> str:
    """The detectors of a candidate as YAML.

    >>> from streams.config import Config
    >>> from streams.offline.tuning.candidates import parameters
    >>> brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    >>> detector = {"name": "volume", "kind": "volume", "mode": "live", "refractory_hours": 6}
    >>> turned = parameters(Config.model_validate({"brands": [brand], "detectors": [detector]}))
    >>> print(snippet(turned[0].candidates[-1]))
    detectors:
      - {name: volume, kind: volume, mode: live, refractory_hours: 6, once_in_days: 28}
    """
    entries = []
    for detector in candidate.config.detectors:
        said = detector.model_dump(mode="json", exclude_unset=True)
        if said.get(RETURN_PERIOD, 0.5) % 1 == 0:
            said[RETURN_PERIOD] = int(said[RETURN_PERIOD])
        flow = yaml.safe_dump(said, default_flow_style=True, sort_keys=False, width=1_000, allow_unicode=True)
        entries.append(f"  - {flow.strip()}")
    return "\n".join(["detectors:", *entries])


def figures(result: TuningResult, judged: LabelEvaluation) -> tuple[str, ...]:
    """Recall, precision, median delay, false incidents per brand and week, score."""
    return (
        share(judged.recall), share(judged.precision), minutes(judged.delay_minutes),
        f"{result.false_per_week(judged):.3f}", f"{score(judged):.3f}",
    )  # fmt: skip


def table(rows: Sequence[tuple[str, ...]], left: int = 1) -> Iterator[str]:
    """Rows with aligned columns, the first `left` and the last to the left.

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
