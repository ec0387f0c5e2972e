"""The command `firewatch`: parse, call, print."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams import __version__
from streams.cli import commands
from streams.cli.alerts import alerts, bridge, status
from streams.cli.config import backtest, check_config, explain_config, test_config, tune
from streams.cli.options import config_option, plainly
from streams.kafka.names import WORKERS, Worker
from streams.offline.simulate.settings import SimulationSettings

if TYPE_CHECKING:
    from datetime import datetime

    from streams.config import QualityName

speed_option = click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Replay at this many times real time; at full speed without it.",
)
redate_option = click.option(
    "--redate", is_flag=True, help="Shift event times so that the posts are as if written just now."
)
weights_option = click.option(
    "--weights", type=click.Path(path_type=Path), help="Weights to start from; the shipped ones by default."
)
quality_option = click.option(
    "--quality",
    type=click.Choice(["fast", "best"]),
    default="fast",
    show_default=True,
    help="Of the model; best needs pip install 'firewatch[best]'.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="firewatch")
def cli() -> None:
    """Watches social posts about brands and raises an alert while a firestorm is still small."""


@cli.command()
@config_option
@click.option("--repair", is_flag=True, help="Also set right what can be changed in place, such as retention.")
@plainly
def topics(config_path: Path, *, repair: bool) -> None:
    """Create missing topics and verify the existing ones."""
    for report in commands.topics(config_path, repair=repair):
        click.echo(f"{report.state:<9} {report.name}")
        for setting, actual, wanted in report.differences:
            click.echo(
                f"          {setting} is {actual}, defined as {wanted}" + ("" if repair else "; --repair sets it")
            )


@cli.command()
@click.argument("workers", nargs=-1, type=click.Choice(WORKERS))
@config_option
@click.option("--user", help="Principal to grant to; firewatch-score for score, and so on, by default.")
@plainly
def acls(workers: tuple[Worker, ...], config_path: Path, user: str | None) -> None:
    """Print the commands that grant WORKERS (all without any) what they need in Kafka, and nothing else."""
    for line in commands.acls(config_path, workers, user):
        click.echo(line)


@cli.command()
@click.argument("posts")
@config_option
@speed_option
@redate_option
@click.option(
    "--cursor",
    "cursor_file",
    type=click.Path(path_type=Path),
    help="File that remembers how far was ingested, to go on from.",
)
@plainly
def ingest(posts: str, config_path: Path, *, speed: float | None, redate: bool, cursor_file: Path | None) -> None:
    """Bring POSTS (a .jsonl or .jsonl.gz file, or - for standard input) into the topic social.posts."""
    click.echo(commands.ingest(config_path, posts, speed=speed, redate=redate, cursor_file=cursor_file), err=True)


@cli.command()
@config_option
@plainly
def score(config_path: Path) -> None:
    """Worker: match posts to brands and score their sentiment (social.posts to social.mentions)."""
    commands.score(config_path)


@cli.command()
@config_option
@plainly
def detect(config_path: Path) -> None:
    """Worker: roll up mentions, run the detectors, raise incidents (social.mentions to social.alerts)."""
    commands.detect(config_path)


@cli.command()
@config_option
@plainly
def train(config_path: Path) -> None:
    """Worker: learn what people say of posts and publish what comes of it (social.labels to social.models)."""
    commands.train(config_path)


@cli.command()
@config_option
@click.option("--posts", type=click.Path(path_type=Path), help="Ask about posts of this file, not the latest in Kafka.")
@click.option("--import", "labels", type=click.Path(path_type=Path), help="Ask nothing, take this file of labels.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who says so.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Questions at most.")
@plainly
def label(config_path: Path, *, posts: Path | None, labels: Path | None, by: str, limit: int) -> None:
    """Tell the model what posts are: asks about those it is least sure of (keys n, u, p; s skips, q quits)."""
    click.echo(commands.label(config_path, by, posts, labels, limit), err=True)


@cli.command()
@config_option
@click.option("--posts", help="Also ingest this file, then keep watching.")
@speed_option
@redate_option
@plainly
def run(config_path: Path, *, posts: str | None, speed: float | None, redate: bool) -> None:
    """All workers on this machine, supervised; creates the topics first."""
    commands.run(config_path, posts=posts, speed=speed, redate=redate)


@cli.command()
@click.argument("posts")
@config_option
@click.option(
    "--alerts",
    "alerts_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Where alerts go, one JSON object a line.",
)
@click.option("--windows", "windows_path", type=click.Path(path_type=Path), help="Where closed windows go, likewise.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for a picture of each brand.")
@plainly
def replay(
    posts: str, config_path: Path, *, alerts_path: Path, windows_path: Path | None, pictures: Path | None
) -> None:
    """Run POSTS through the same code in one process, without Kafka, as fast as it goes."""
    click.echo(commands.replay(config_path, posts, alerts_path, windows_path, pictures), err=True)


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Posts: .jsonl, or .jsonl.gz.")
@click.option("--truth", type=click.Path(path_type=Path), help="What happens in them; beside OUT by default.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="A config that watches the brands; beside OUT by default.",
)
@click.option("--seed", type=int, default=SimulationSettings().seed, show_default=True)
@click.option("--days", type=float, default=1.0, show_default=True)
@click.option("--brands", type=int, default=6, show_default=True)
@click.option("--start", type=click.DateTime(), default="2026-03-02", show_default=True, help="First moment, UTC.")
@click.option("--scenario", default="all", show_default=True, help="all, calm, or kinds of events separated by commas.")
@plainly
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
    """Write posts of fictional brands in German and English, with a known truth."""
    click.echo(
        commands.simulate(out, truth, config_path, seed=seed, days=days, brands=brands, start=start, scenario=scenario),
        err=True,
    )


series_detector_option = click.option(
    "--detector", default="volume", show_default=True, help="A name in CONFIG, or else a kind, with its defaults."
)
series_config_option = click.option(
    "-c", "--config", "config_path", type=click.Path(path_type=Path), help="A firewatch config, for its detectors."
)


@cli.command("detect-series")
@click.argument("series", default="-")
@series_detector_option
@series_config_option
@click.option("--plot", type=click.Path(path_type=Path), help="Picture of the whole series, such as out.png.")
@plainly
def detect_series(series: str, detector: str, config_path: Path | None, plot: Path | None) -> None:
    """Score a SERIES of counts row by row: CSV with `timestamp,value` in, CSV with `anomaly_score` out.

    SERIES is a file, or - for standard input, which is scored as it comes. A timestamp is ISO 8601 (UTC unless it has a
    zone) or seconds since the epoch, a value is a number of 0 or more; other columns are ignored. Rows may be spaced in
    any way: how long a row lasts is the median of the latest gaps, and a larger gap is time without data.

    An alarm is an anomaly_score >= 1. Scores that are suppressed, because too little of the series has been seen or
    because there has just been an alarm, are written as at most 0.999. No row depends on a later one.
    """
    commands.detect_series(series, detector, config_path, plot)


@cli.command("evaluate-series")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    "labels_path",
    type=click.Path(path_type=Path),
    required=True,
    help="JSON: {file: [[start, end], ...]}, files in FOLDER.",
)
@click.option("--marks", "marks_path", type=click.Path(path_type=Path), help="JSON: {file: [labelled moment, ...]}.")
@series_detector_option
@series_config_option
@click.option("--sensitivity", is_flag=True, help="Also with the threshold at once in 4 to 9 days.")
@click.option("--leave-one-out", is_flag=True, help="Also tune the threshold on all series but one and score that one.")
@click.option("--peers", is_flag=True, help="Also river's detectors at their best settings.")
@click.option("--plot", type=click.Path(path_type=Path), help="Picture, such as out.png.")
@plainly
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
    """Measure a detector on the labelled series in FOLDER by the score of the Numenta Anomaly Benchmark."""
    tables = commands.evaluate_series(
        folder, labels_path, marks_path, detector, config_path,
        sensitivity=sensitivity, leave_one_out=leave_one_out, peers=peers, plot=plot,
    )  # fmt: skip
    for table in tables:
        click.echo(f"{table}\n")


@cli.command("evaluate-simulation")
@click.option(
    "--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True, help="May be given several times."
)
@click.option("--days", type=float, default=28.0, show_default=True)
@click.option("--brands", type=int, default=40, show_default=True)
@click.option("--scenario", default="all", show_default=True, help="all, calm, or kinds of events separated by commas.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="Where detectors, windows and incidents come from; its brands are not looked at.",
)
@click.option(
    "--processes", type=click.IntRange(min=1), help="Seeds at the same time; as many as there are cores by default."
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Where every case and figure goes.")
@plainly
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
    """Raise alerts on simulated posts and compare them with the truth: recall, delay, false incidents, confusion."""
    click.echo(
        commands.evaluate_simulation(
            seeds, config_path, json_path, days=days, brands=brands, scenario=scenario, processes=processes
        ),
        nl=False,
    )


@cli.group()
def sentiment() -> None:
    """Train the sentiment model on labelled posts, and measure it."""


@sentiment.command("train")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the weights go.")
@weights_option
@click.option("--cold", is_flag=True, help="Start from nothing, as the shipped weights were made.")
@quality_option
@plainly
def sentiment_train(
    files: tuple[Path, ...], out: Path, weights: Path | None, *, cold: bool, quality: QualityName
) -> None:
    """Learn weights from labelled FILES (JSON lines with text, label and if known lang), on top of the shipped ones."""
    from streams.offline.sentiment import workbench

    click.echo(workbench.train(files, out, weights, cold=cold, quality=quality))


@sentiment.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--labels", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Share of labels that is revealed."
)
@weights_option
@click.option("--cold", is_flag=True, help="Start from a model that knows nothing.")
@click.option("--active", is_flag=True, help="Reveal the labels the model is least sure of, not random ones.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the choice of revealed labels.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON lines of all probabilities, each written before the post's label is seen.",
)
@quality_option
@plainly
def sentiment_evaluate(
    file: Path,
    weights: Path | None,
    predictions: Path | None,
    *,
    labels: float,
    cold: bool,
    active: bool,
    seed: int,
    quality: QualityName,
) -> None:
    """Judge each post of a labelled FILE in order, then learn its label if it is revealed; measure the second half."""
    from streams.offline.sentiment import workbench

    click.echo(
        workbench.evaluate(
            file, weights, predictions, labels=labels, seed=seed, active=active, cold=cold, quality=quality
        )
    )


@cli.command()
@click.argument("what", type=click.Choice(["alert", "label", "verdict", "config", "asyncapi"]))
@plainly
def schema(what: str) -> None:
    """Print the JSON Schema of WHAT firewatch publishes or takes, or of its config, or the AsyncAPI document of all its
    topics; deploy/contract/ holds them."""
    click.echo(commands.schema(what), nl=False)


@cli.command()
@click.option("--posts", type=click.Path(path_type=Path), help="Anyone's posts instead of simulated ones.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The config that goes with them.")
@click.option(
    "--seconds", type=click.FloatRange(min=10), default=120.0, show_default=True, help="How long the replay shall take."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo-out"),
    show_default=True,
    help="Folder for what it writes.",
)
@plainly
def demo(posts: Path | None, config_path: Path | None, *, seconds: float, out: Path) -> None:
    """A simulated day through real Kafka in about two minutes, watched live."""
    from streams.cli.demo import run as run_demo

    run_demo(posts, config_path, seconds, out)


for command in (check_config, explain_config, backtest, tune, test_config, bridge, alerts, status):
    cli.add_command(command)


def main() -> None:
    """Entry point."""
    cli()
