"""Commands that run the workers."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from streams.cli.options import (
    FILE,
    LazyChoice,
    complete_file,
    config_option,
    keep_order_option,
    log_format_option,
    reading_options,
    with_reading,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from streams.config import Config, FieldMapping
    from streams.workers.ingest import IngestSummary

Result = TypeVar("Result")

speed_option = click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Replay at this multiple of real time; without it, as fast as possible.",
)
redate_option = click.option(
    "--redate", is_flag=True, help="Shift event times so that the posts look as if they were written just now."
)


@click.command()
@log_format_option
@config_option
@click.option("--posts", shell_complete=complete_file, help="Also ingest this file, then keep running.")
@speed_option
@redate_option
@keep_order_option
def run(config_path: Path, *, posts: str | None, speed: float | None, redate: bool, keep_order: bool) -> None:
    """Run all workers, supervised.

    Creates the topics, then starts score, detect and train as processes of this machine, and one that reads the sources
    of the config if it has any; restarts those that fail, and stops them together. SIGHUP reloads the config.

    \b
    Example:
      firewatch run -c firewatch.yaml
      firewatch run -c firewatch.yaml --posts posts.jsonl --speed 60 --redate
    """
    from streams.config.author_key import check_author_key
    from streams.kafka.admin import ensure_topics
    from streams.workers import supervisor

    config = _load("run", config_path)
    check_author_key(config)  # the score worker logs the warning
    asyncio.run(ensure_topics(config, create=True))
    arguments = [posts] if posts else []
    if posts and speed:
        arguments += ["--speed", str(speed)]
    if posts and redate:
        arguments.append("--redate")
    if posts and keep_order:
        arguments.append("--keep-order")
    hangups = supervisor.Hangups()
    until_stopped(
        lambda stop: supervisor.run(
            config_path,
            ["score", "detect", "train", *_sources_worker(config)],
            stop,
            ingest=arguments,
            unresponsive_seconds=config.liveness.unresponsive_seconds,
            hangups=hangups,
        ),
        on_hangup=hangups.forward,
    )


def _sources_worker(config: Config) -> list[str]:
    """Return the name of the worker that reads the sources of a config, if there are any to read."""
    from streams.workers.supervisor import SOURCES

    return [SOURCES] if any(source.enabled for source in config.sources) else []


@click.command()
@click.argument("posts", required=False, shell_complete=complete_file)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="ID",
    help="Read this source of the config, for as long as it runs; all reads all of them. May be repeated.",
)
@log_format_option
@config_option
@speed_option
@redate_option
@reading_options
@click.option("--cursor", "cursor_file", type=FILE, help="File that stores the position in POSTS, to resume from.")
@keep_order_option
def ingest(
    posts: str | None,
    sources: tuple[str, ...],
    config_path: Path,
    *,
    speed: float | None,
    redate: bool,
    mapping: FieldMapping | None,
    encoding: str | None,
    cursor_file: Path | None,
    keep_order: bool,
) -> None:
    """Send posts to Kafka.

    POSTS is a file of JSON lines or of another kind that is recognised, or - for standard input. With --source instead,
    sources of the config are read as they are published, from where they were read before. Valid posts go to the topic
    social.posts, rejected records to its dead-letter topic.

    \b
    Example:
      firewatch ingest posts.jsonl -c firewatch.yaml --cursor posts.cursor
      firewatch ingest - -c firewatch.yaml < posts.jsonl
      firewatch ingest --source bluesky -c firewatch.yaml
    """
    if sources:
        given = {
            "POSTS": posts, "--speed": speed, "--redate": redate or None, "--map": mapping, "--encoding": encoding,
            "--cursor": cursor_file, "--keep-order": keep_order or None,
        }  # fmt: skip
        _refuse_beside_sources([name for name, value in given.items() if value is not None])
        _ingest_sources(config_path, sources)
        return
    if posts is None:
        raise click.UsageError("give a file of posts, - for standard input, or --source for sources of the config")

    from streams.render.progress_bar import progress_bar
    from streams.runtime import clock
    from streams.runtime.files import ensure_distinct_paths
    from streams.sources.ordered_file import to_ingest
    from streams.sources.reader import Reading
    from streams.sources.registry import open_posts
    from streams.workers import ingest as worker

    ensure_distinct_paths([config_path, Path(posts)], [cursor_file])
    config = with_reading(_load("ingest", config_path), mapping, encoding)
    opened = open_posts(posts, config.ingest.max_record_bytes, Reading.of(config.ingest))
    with (
        to_ingest(opened, config.ingest, clock.now_ms(), keep_order=keep_order, redate=redate) as source,
        progress_bar(source) as show,
    ):
        summary = until_stopped(
            lambda stop: worker.ingest(
                config,
                source,
                stop=stop,
                speed=speed,
                redate=redate,
                cursor_file=cursor_file,
                show=show,
            )
        )
    _report_ingest(source.name, summary)


def _refuse_beside_sources(given: Sequence[str]) -> None:
    """Refuse what is for files only."""
    if "POSTS" in given:
        raise click.UsageError("a file of posts and --source can't be read by one command: run two")
    if given:
        raise click.UsageError(f"{', '.join(given)}: for files only, not with --source")


def _ingest_sources(config_path: Path, names: Sequence[str]) -> None:
    """Read sources of the config until they end or the process is stopped."""
    from streams.config.sources import chosen
    from streams.core.text.matching import Matcher
    from streams.runtime.live_config import LiveConfig
    from streams.workers.live_ingest import live_ingest

    file = LiveConfig.load(config_path, check=Matcher.of)
    sources = chosen(file.config.sources, names)
    _start("sources", file.config)
    until_stopped(lambda stop: live_ingest(file.config, sources, stop, file), on_hangup=file.ask)


def _report_ingest(source: str, summary: IngestSummary) -> None:
    """Print what came of a file."""
    show_rejected(summary.examples)
    show_altered(summary.altered, summary.skipped)
    for remark in summary.remarks:
        report(f"{source}: {remark}")
    rate = summary.ingested / summary.seconds if summary.seconds else 0.0
    report(
        f"read {summary.read:,}, ingested {summary.ingested:,}, repeated {summary.repeated:,}, "
        f"deletions {summary.deletions:,}, rejected {reasons(summary.rejected)}, "
        f"in {summary.seconds:.1f} s ({rate:,.0f} posts/s)"
    )


@click.command()
@log_format_option
@config_option
def score(config_path: Path) -> None:
    """Match posts to brands, score sentiment.

    Worker: reads social.posts and writes social.mentions. SIGHUP reloads the config.

    \b
    Example:
      firewatch score -c firewatch.yaml
    """
    from streams.core.text.matching import Matcher
    from streams.runtime.live_config import LiveConfig
    from streams.workers import score as worker

    file = LiveConfig.load(config_path, check=Matcher.of)
    _start("score", file.config)
    until_stopped(lambda stop: worker.score(file.config, stop, file=file), on_hangup=file.ask)


@click.command()
@log_format_option
@config_option
def detect(config_path: Path) -> None:
    """Roll up mentions, raise incidents.

    Worker: reads social.mentions, runs the detectors on counts per bucket, and writes social.windows and social.alerts.
    SIGHUP reloads the config.

    \b
    Example:
      firewatch detect -c firewatch.yaml
    """
    from streams.core.text.matching import Matcher
    from streams.runtime.live_config import LiveConfig
    from streams.workers import detect as worker

    file = LiveConfig.load(config_path, check=Matcher.of)
    _start("detect", file.config)
    until_stopped(lambda stop: worker.detect(file.config, stop, file), on_hangup=file.ask)


@click.command()
@log_format_option
@config_option
def train(config_path: Path) -> None:
    """Train the sentiment model on labels.

    Worker: reads social.labels and publishes new versions of the model to social.models.

    \b
    Example:
      firewatch train -c firewatch.yaml
    """
    from streams.workers import train as worker

    config = _load("train", config_path)
    until_stopped(lambda stop: worker.train(config, stop))


def _receivers() -> Sequence[str]:
    from streams.config import receiver_names

    return receiver_names()


@click.command()
@click.argument("target", type=LazyChoice(_receivers))
@log_format_option
@config_option
def bridge(target: str, config_path: Path) -> None:
    """Send alerts to a receiver outside Kafka.

    Worker: reads social.alerts and sends the alerts to a receiver, whose settings are in the section `bridge` of the
    config. Suppressed and silenced incidents are not sent. Alertmanager receives a firing incident again and again, so
    that it does not expire there; webhooks and Slack receive each step of an incident once, in order, and failed
    deliveries are retried. Slack receives verdicts too, and with the token of an app each incident has one thread.
    An alert that the receiver refuses goes to social.alerts.dlq with the reason.

    \b
    Example:
      firewatch bridge alertmanager -c firewatch.yaml
    """
    from streams.workers import bridge as worker
    from streams.workers.receivers import sender_for

    config = _load(f"bridge {target}", config_path)
    sender = sender_for(target, config)
    until_stopped(lambda stop: worker.bridge(config, sender, stop))


def _load(worker: str, config_path: Path) -> Config:
    from streams.config.loader import load_config

    config = load_config(config_path)
    _start(worker, config)
    return config


def _start(worker: str, config: Config) -> None:
    """Configure the logs, the failpoints and the metrics that describe this process."""
    from streams import __version__
    from streams.runtime import beats, failpoints, logs, metrics, restarts

    logs.configure(worker)
    beats.start(os.environ)
    failpoints.arm(os.environ)
    metrics.BUILD.info({"version": __version__, "python": platform.python_version(), "worker": worker})
    metrics.CONFIG.info({"version": config.version})
    for reason, count in restarts.from_environment(os.environ).items():
        metrics.RESTARTS.labels(worker, reason).inc(count)


def until_stopped(
    work: Callable[[asyncio.Event], Awaitable[Result]], on_hangup: Callable[[], None] | None = None
) -> Result:
    """Run `work`; SIGTERM and SIGINT set the event it is given, and SIGHUP calls `on_hangup`."""

    async def main() -> Result:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if on_hangup is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
        return await work(stop)

    return asyncio.run(main())


def report(message: str) -> None:
    """Print a line for people on stderr, or log it where stderr has to be JSON throughout."""
    import structlog

    from streams.runtime import logs

    if logs.only_json() and structlog.is_configured():
        structlog.get_logger().info(message)
    else:
        click.echo(message, err=True)


def show_rejected(examples: Iterable[str]) -> None:
    """Print a line on stderr for each rejected record that is an example of the others."""
    from streams.core.text.clean import printable

    for example in examples:
        report(f"rejected: {printable(example)}")


def show_altered(altered: Mapping[tuple[str, str], int], skipped: int) -> None:
    """Print on stderr how many posts were skipped, and how many fields were converted or left out, if any were."""
    if skipped:
        report(f"skipped {skipped:,} posts without text")
    for outcome, meaning in (("converted", "fields converted"), ("left_out", "fields left out")):
        fields = {field: count for (field, given), count in altered.items() if given == outcome}
        if fields:
            report(f"{meaning}: {reasons(fields)}")


def reasons(rejected: dict[str, int]) -> str:
    """Return how many records were rejected, with the count of each reason.

    >>> reasons({"empty_text": 1, "broken_json": 2})
    '3 (broken_json 2, empty_text 1)'
    """
    if not rejected:
        return "0"
    listed = ", ".join(f"{reason} {count:,}" for reason, count in sorted(rejected.items()))
    return f"{sum(rejected.values()):,} ({listed})"
