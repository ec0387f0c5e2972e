"""Commands that run the pipeline in one process, on recorded or simulated posts."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

import click

from streams.cli.extras import require_charts
from streams.cli.options import (
    FILE,
    complete_file,
    config_option,
    keep_order_option,
    reading_options,
    with_reading,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import FieldMapping
    from streams.records import Alert, Window

SIMULATION_SEED: Final = 340
"""The default of `streams.offline.simulate.SimulationSettings`, which takes long to import."""

scenario_option = click.option(
    "--scenario", default="all", show_default=True, help="all, calm, or kinds of events separated by commas."
)


@click.command()
@click.argument("posts", shell_complete=complete_file)
@config_option
@click.option(
    "--alerts",
    "alerts_path",
    type=FILE,
    required=True,
    help="File to write alerts to, one JSON object a line, in order of event time.",
)
@click.option("--windows", "windows_path", type=FILE, help="File to write closed windows to, one JSON object a line.")
@click.option(
    "--rejects", "rejects_path", type=FILE, help="File to write all rejected records to, one JSON object a line."
)
@reading_options
@click.option("--pictures", type=FILE, help="Folder to write a chart of each brand to; needs firewatch[plot].")
@keep_order_option
def replay(
    posts: str,
    config_path: Path,
    *,
    alerts_path: Path,
    windows_path: Path | None,
    rejects_path: Path | None,
    mapping: FieldMapping | None,
    encoding: str | None,
    pictures: Path | None,
    keep_order: bool,
) -> None:
    """Run the pipeline on a file, without Kafka.

    POSTS is a file of JSON lines or of another kind that is recognised, or - for standard input. The alerts are the
    same, byte for byte, as those of the workers.

    \b
    Example:
      firewatch replay posts.jsonl -c firewatch.yaml --alerts alerts.jsonl
    """
    from streams.cli.workers import reasons, show_altered, show_rejected
    from streams.config.loader import load_config
    from streams.offline.lateness import late_mentions
    from streams.offline.rejects import RejectsFile
    from streams.offline.replay import Replay
    from streams.records import window_from_bytes
    from streams.render.progress_bar import progress_bar
    from streams.runtime import clock
    from streams.runtime.files import ensure_distinct_paths
    from streams.sources.ordered import in_order_of_time
    from streams.sources.reader import Reading
    from streams.sources.registry import open_posts
    from streams.sources.weights import load_model

    if pictures:
        require_charts("--pictures")
    ensure_distinct_paths([config_path, Path(posts)], [alerts_path, windows_path, rejects_path])
    config = with_reading(load_config(config_path), mapping, encoding)
    seen: list[Alert] = []
    with ExitStack() as files:
        opened = open_posts(posts, config.ingest.max_record_bytes, Reading.of(config.ingest))
        source = files.enter_context(in_order_of_time(opened, config.ingest, clock.now_ms(), keep_order=keep_order))
        alerts = files.enter_context(_open_output(alerts_path))
        windows = files.enter_context(_open_output(windows_path))
        rejects = RejectsFile(files.enter_context(_open_output(rejects_path)), source.name)

        def on_alert(alert: Alert) -> None:
            alerts.write(alert.to_bytes() + b"\n")
            seen.append(alert)

        def on_window(window: Window) -> None:
            windows.write(window.to_bytes() + b"\n")

        show = files.enter_context(progress_bar(source))
        summary = Replay(config, load_model(config.sentiment.weights), on_alert, on_window, rejects.write).run(
            source, show
        )
        if pictures:
            from streams.config.moments import zone_of
            from streams.render.bands import bands_of
            from streams.render.charts import draw

            windows.seek(0)
            draw(
                map(window_from_bytes, windows),
                seen,
                pictures,
                names={brand.id: brand.name for brand in config.brands},
                bands=bands_of(config.detectors_of()),
                zone=zone_of(config.alerts.timezone),
            )
    for failure, detail in summary.quarantined:
        where = f"detector {failure.detector!r} of brand {failure.brand!r}"
        click.echo(f"{where} raised in {failure.doing} and was put out of use: {detail}", err=True)
    show_rejected(summary.examples)
    show_altered(summary.altered, summary.skipped)
    _show_coarse(summary.coarse)
    for remark in (*summary.remarks, *late_mentions(summary.counted, summary.late)):
        click.echo(remark, err=True)
    rate = summary.posts / summary.seconds if summary.seconds else 0.0
    click.echo(
        f"posts {summary.posts:,}, repeated {summary.repeated:,}, rejected {reasons(summary.rejected)}; "
        f"mentions matched {summary.matched:,}, counted {summary.counted:,} + late {summary.late:,}; "
        f"alerts {summary.alerts}; {summary.seconds:.1f} s ({rate:,.0f} posts/s)",
        err=True,
    )
    if summary.truncated:
        raise summary.truncated


def _show_coarse(coarse: Mapping[tuple[str, int], int]) -> None:
    """Print on stderr which sources state times no finer than a minute, with the number of such posts."""
    from streams.core.score.resolution import described
    from streams.core.text.clean import printable

    usual: dict[str, tuple[int, int]] = {}
    for (source, resolution_ms), count in sorted(coarse.items()):
        usual[source] = max(usual.get(source, (0, 0)), (count, resolution_ms))
    for source, (count, resolution_ms) in usual.items():
        click.echo(
            f"times of {printable(source)} are {described(resolution_ms)} ({count:,} posts): its posts are spread over "
            "the span that their time stands for",
            err=True,
        )


@click.command()
@click.option("--out", type=FILE, required=True, help="File to write posts to: .jsonl, or .jsonl.gz.")
@click.option("--truth", type=FILE, help="File to write the truth about the posts to; next to OUT by default.")
@click.option(
    "-c", "--config", "config_path", type=FILE,
    help="File to write a config to that watches the brands; next to OUT by default.",
)  # fmt: skip
@click.option("--seed", type=int, default=SIMULATION_SEED, show_default=True, help="Equal seeds give equal posts.")
@click.option("--days", type=float, default=1.0, show_default=True, help="Length of the simulated time.")
@click.option("--brands", type=int, default=6, show_default=True, help="Number of brands.")
@click.option("--start", type=click.DateTime(), default="2026-03-02", show_default=True, help="First minute, in UTC.")
@scenario_option
def simulate(
    out: Path,
    truth: Path | None,
    config_path: Path | None,
    *,
    seed: int,
    days: float,
    brands: int,
    start: datetime,
    scenario: str,
) -> None:
    """Write simulated posts with a known truth.

    The posts are in German and English, about fictional brands. The truth names each event with its time, its brand and
    its posts.

    \b
    Example:
      firewatch simulate --out posts.jsonl --days 2 --scenario firestorm,outage
    """
    from streams.offline.simulate import SimulationSettings, write
    from streams.runtime.files import ensure_distinct_paths

    settings = SimulationSettings(
        seed=seed, days=days, brands=brands, start=start.replace(tzinfo=UTC), scenario=scenario
    )
    stem = out.name.removesuffix(".gz").removesuffix(".jsonl")
    truth_path = truth or out.with_name(f"{stem}.truth.json")
    config_path = config_path or out.with_name(f"{stem}.yaml")
    ensure_distinct_paths([], [out, truth_path, config_path])
    facts = write(settings, out, truth_path, config_path)
    happened = ", ".join(event["kind"] for event in facts["events"]) or "nothing"
    click.echo(
        f"{out}: {facts['posts']:,} posts and {facts['duplicates']:,} repeats; "
        f"truth {truth_path}, config {config_path}; {happened}",
        err=True,
    )


@click.command("evaluate-simulation")
@click.option(
    "--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True, help="May be given several times."
)
@click.option("--days", type=float, default=28.0, show_default=True, help="Length of the simulated time.")
@click.option("--brands", type=int, default=40, show_default=True, help="Number of brands.")
@scenario_option
@click.option(
    "-c", "--config", "config_path", type=FILE,
    help="Config whose detectors, windows and incidents to use; its brands are ignored.",
)  # fmt: skip
@click.option("--processes", type=click.IntRange(min=1), help="Seeds to run in parallel; by default one per core.")
@click.option("--json", "json_path", type=FILE, help="File to write every case and figure to.")
def evaluate_simulation(
    seeds: tuple[int, ...],
    config_path: Path | None,
    json_path: Path | None,
    *,
    days: float,
    brands: int,
    scenario: str,
    processes: int | None,
) -> None:
    """Measure alerts on simulated posts.

    Simulates posts, raises alerts on them, and compares these with the truth: recall, delay, false incidents,
    confusion of labels.

    \b
    Example:
      firewatch evaluate-simulation --seed 1 --seed 2 --days 7 --brands 10
    """
    import orjson

    from streams.offline import evaluation
    from streams.offline.simulate import SimulationSettings
    from streams.offline.simulate.world import world
    from streams.runtime.files import ensure_distinct_paths

    ensure_distinct_paths([config_path], [json_path])
    wanted = [SimulationSettings(seed=seed, days=days, brands=brands, scenario=scenario) for seed in seeds]
    config = evaluation.config_for(brands, config_path)
    with _open_output(json_path) as out:
        trials = evaluation.run_trials(wanted, config, processes=processes)
        figures = evaluation.figures(trials)
        oracle = evaluation.found_by_oracle(figures.kinds, world(brands))
        out.write(orjson.dumps(evaluation.report(figures, trials, config.version, oracle), option=orjson.OPT_INDENT_2))
    click.echo(evaluation.rendered(figures, oracle), nl=False)


def _open_output(path: Path | None) -> IO[bytes]:
    """Open a file to write; without a path, one that is deleted when it is closed."""
    from streams.runtime.files import open_output

    return open_output(path) if path else TemporaryFile()
