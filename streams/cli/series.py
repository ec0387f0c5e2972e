"""Commands that run a detector on series of counts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from detectors.registry import DEFAULTS
from streams.cli.extras import require_charts
from streams.cli.options import FILE, complete_file
from streams.errors import OutputError

detector_option = click.option(
    "--detector",
    default=next(iter(DEFAULTS.values())),
    show_default=True,
    help="A detector of the config by name, or a kind with defaults.",
)
detector_config_option = click.option(
    "-c", "--config", "config_path", type=FILE, metavar="FILE", help="Config of firewatch, for its detectors."
)
plot_option = click.option("--plot", type=FILE, help="Chart to write, such as out.png; needs firewatch[plot].")


@click.command("detect-series")
@click.argument("series", default="-", shell_complete=complete_file)
@detector_option
@detector_config_option
@plot_option
def detect_series(series: str, detector: str, config_path: Path | None, plot: Path | None) -> None:
    """Score a CSV series of counts.

    Reads CSV with the columns `timestamp,value`, and writes CSV with `anomaly_score`, row by row. SERIES is a file, or
    - for standard input, which is scored as it arrives. A timestamp is ISO 8601 (UTC unless it names a zone) or seconds
    since the epoch, a value is a number of 0 or more; other columns are ignored. Rows may have any spacing: the length
    of a row is the median of the latest gaps, and a larger gap is time without data.

    An alarm is an anomaly_score of 1 or more. Scores that are suppressed, because too little of the series has been
    seen or because there has just been an alarm, are written as at most 0.999. No row depends on a later one.

    \b
    Example:
      firewatch detect-series counts.csv --plot counts.png > scores.csv
    """
    from streams.offline.series.csv_reader import STDIN, read_rows
    from streams.offline.series.detector_choice import DetectorChoice
    from streams.offline.series.online import scored_rows, write_scores
    from streams.runtime.files import ensure_distinct_paths

    if plot:
        require_charts("--plot")
    ensure_distinct_paths([Path(series), config_path], [plot])
    scored = scored_rows(read_rows(series), DetectorChoice(detector, config_path).build())
    if plot:
        from streams.offline.series.evaluation import unlabelled
        from streams.offline.series.plot import draw

        kept = list(scored)
        draw([unlabelled(series, kept)], plot)
        scored = iter(kept)
    try:
        write_scores(scored, sys.stdout, at_once=series == STDIN)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError("standard output", error) from error


@click.command("evaluate-series")
@click.argument("folder", type=FILE)
@click.option(
    "--labels", "labels_path", type=FILE, required=True, help="JSON: {file: [[start, end], ...]}, files in FOLDER."
)
@click.option("--marks", "marks_path", type=FILE, help="JSON: {file: [labelled time, ...]}.")
@detector_option
@detector_config_option
@click.option("--sensitivity", is_flag=True, help="Also measure thresholds of once in 4 to 9 days.")
@click.option("--leave-one-out", is_flag=True, help="Also tune the threshold on all series but one and score that one.")
@click.option("--peers", is_flag=True, help="Also measure river's detectors at their best settings.")
@plot_option
def evaluate_series(
    folder: Path,
    labels_path: Path,
    marks_path: Path | None,
    detector: str,
    config_path: Path | None,
    *,
    sensitivity: bool,
    leave_one_out: bool,
    peers: bool,
    plot: Path | None,
) -> None:
    """Measure a detector on labelled series.

    Scores the series in FOLDER as the Numenta Anomaly Benchmark (NAB) does.

    \b
    Example:
      firewatch evaluate-series realTweets --labels labels.json --sensitivity
    """
    from streams.offline.series import evaluation, labelled, tables
    from streams.offline.series.detector_choice import DetectorChoice
    from streams.runtime.files import ensure_distinct_paths

    if plot:
        require_charts("--plot")
    ensure_distinct_paths([labels_path, marks_path, config_path], [plot])
    choice = DetectorChoice(detector, config_path)
    series = labelled.load(folder, labels_path, marks_path)
    evaluated = [evaluation.evaluate(one, choice.build()) for one in series]
    _print(tables.per_series(evaluated))
    if plot:
        from streams.offline.series.plot import draw

        draw(evaluated, plot)
    if sensitivity:
        _print(tables.sensitivity(evaluation.at_days(series, choice, evaluation.SENSITIVITY_DAYS)))
    if leave_one_out:
        _print(tables.leave_one_out(evaluation.leave_one_out(series, choice)))
    if peers:
        from streams.offline.series.peers import compare, settings

        best = compare(series, settings())
        _print(tables.peers(f"firewatch {detector}", [one.alarms for one in evaluated], best))


def _print(table: str) -> None:
    click.echo(f"{table}\n")
