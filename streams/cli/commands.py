"""What each command of the command line does, once its arguments are parsed."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeVar

import orjson

from streams import __version__
from streams.config.loader import load_config
from streams.errors import OutputError
from streams.kafka.acls import granting_commands
from streams.kafka.admin import TopicReport, ensure_topics
from streams.kafka.names import WORKERS
from streams.records import Alert, Label, Verdict, Window, window_from_bytes
from streams.runtime import failpoints, logs, metrics
from streams.runtime.files import ensure_distinct_paths, open_output
from streams.runtime.live_config import LiveConfig
from streams.sources.files import open_posts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from streams.config import Config
    from streams.kafka.names import Worker

Result = TypeVar("Result")


def topics(config_path: Path, *, repair: bool) -> list[TopicReport]:
    """Create and verify the topics."""
    return asyncio.run(ensure_topics(load_config(config_path), create=True, repair=repair))


def acls(config_path: Path, workers: Sequence[Worker], user: str | None) -> list[str]:
    """Commands that grant workers, all by default, what they need."""
    return granting_commands(load_config(config_path), workers or WORKERS, user)


def ingest(config_path: Path, posts: str, *, speed: float | None, redate: bool, cursor_file: Path | None) -> str:
    """Bring a file into Kafka and tell what came of it."""
    from streams.workers import ingest as worker

    ensure_distinct_paths([config_path, Path(posts)], [cursor_file])
    config = _begin("ingest", config_path)
    with open_posts(posts, config.ingest.max_record_bytes) as source:
        summary = until_stopped(
            lambda stop: worker.ingest(config, source, stop=stop, speed=speed, redate=redate, cursor_file=cursor_file)
        )
    rate = summary.ingested / summary.seconds if summary.seconds else 0.0
    return (
        f"read {summary.read:,}, ingested {summary.ingested:,}, repeated {summary.repeated:,}, "
        f"deletions {summary.deletions:,}, rejected {_listed(summary.rejected)}, "
        f"in {summary.seconds:.1f} s ({rate:,.0f} posts/s)"
    )


def score(config_path: Path) -> None:
    """Run the score worker."""
    from streams.workers import score as worker

    file = LiveConfig.load(config_path)
    _started("score", file.config)
    until_stopped(lambda stop: worker.score(file.config, stop, file=file), on_hangup=file.ask)


def detect(config_path: Path) -> None:
    """Run the detect worker."""
    from streams.workers import detect as worker

    file = LiveConfig.load(config_path)
    _started("detect", file.config)
    until_stopped(lambda stop: worker.detect(file.config, stop, file), on_hangup=file.ask)


def train(config_path: Path) -> None:
    """Run the train worker."""
    from streams.workers import train as worker

    config = _begin("train", config_path)
    until_stopped(lambda stop: worker.train(config, stop))


def bridge(config_path: Path, target: str) -> None:
    """Run the worker that passes alerts on."""
    from streams.workers import bridge as worker
    from streams.workers import bridge_senders, receivers

    config = _begin(f"bridge {target}", config_path)
    settings = config.bridge
    sender: bridge_senders.Sender[Any]
    match target:
        case "alertmanager":
            sender = bridge_senders.AlertmanagerSender(settings, receivers.Alertmanager(settings))
        case "webhook":
            sender = bridge_senders.StepSender(target, settings, receivers.Webhook(settings))
        case _:
            sender = bridge_senders.StepSender(target, settings, receivers.Slack(settings))
    until_stopped(lambda stop: worker.bridge(config, sender, stop))


def label(config_path: Path, by: str, posts: Path | None, labels: Path | None, limit: int) -> str:
    """Ask about posts, or import a file of labels, and tell what came of it."""
    from streams.operate import label as tool

    config = load_config(config_path)
    if labels:
        done = asyncio.run(tool.import_file(config, by, labels))
    else:
        done = asyncio.run(tool.ask(config, by, posts, limit))
    return f"labels written {done.written:,}, posts skipped {done.skipped:,}"


def run(config_path: Path, *, posts: str | None, speed: float | None, redate: bool) -> None:
    """Run all workers under supervision."""
    from streams.workers import supervisor

    config = _begin("run", config_path)
    asyncio.run(ensure_topics(config, create=True))
    arguments = [posts] if posts else []
    if posts and speed:
        arguments += ["--speed", str(speed)]
    if posts and redate:
        arguments.append("--redate")
    hangups = supervisor.Hangups()
    until_stopped(
        lambda stop: supervisor.run(config_path, ["score", "detect", "train"], stop, ingest=arguments, hangups=hangups),
        on_hangup=hangups.forward,
    )


def replay(config_path: Path, posts: str, alerts_path: Path, windows_path: Path | None, pictures: Path | None) -> str:
    """Replay a file without Kafka and tell what came of it."""
    from streams.core.sentiment import LinearModel
    from streams.offline.replay import Replay
    from streams.render.progress_bar import progress_bar

    ensure_distinct_paths([config_path, Path(posts)], [alerts_path, windows_path])
    config = load_config(config_path)
    seen: list[Alert] = []
    with ExitStack() as files:
        source = files.enter_context(open_posts(posts, config.ingest.max_record_bytes))
        alerts = files.enter_context(open_for_writing(alerts_path))
        windows = files.enter_context(open_for_writing(windows_path))

        def on_alert(alert: Alert) -> None:
            alerts.write(alert.to_bytes() + b"\n")
            seen.append(alert)

        def on_window(window: Window) -> None:
            windows.write(window.to_bytes() + b"\n")

        show = files.enter_context(progress_bar(source))
        summary = Replay(config, LinearModel.load(config.sentiment.weights), on_alert, on_window).run(source, show)
        if pictures:
            from streams.render.charts import draw

            windows.seek(0)
            draw(
                map(window_from_bytes, windows), seen, pictures, names={brand.id: brand.name for brand in config.brands}
            )
    rate = summary.posts / summary.seconds if summary.seconds else 0.0
    return (
        f"posts {summary.posts:,}, repeated {summary.repeated:,}, rejected {_listed(summary.rejected)}; "
        f"mentions matched {summary.matched:,}, counted {summary.counted:,} + late {summary.late:,}; "
        f"alerts {summary.alerts}; {summary.seconds:.1f} s ({rate:,.0f} posts/s)"
    )


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
) -> str:
    """Write simulated posts with their truth and config, and tell what is in them."""
    from streams.offline.simulate import SimulationSettings, write

    settings = SimulationSettings(
        seed=seed, days=days, brands=brands, start=start.replace(tzinfo=UTC), scenario=scenario
    )
    stem = out.name.removesuffix(".gz").removesuffix(".jsonl")
    truth_path = truth or out.with_name(f"{stem}.truth.json")
    config_path = config_path or out.with_name(f"{stem}.yaml")
    ensure_distinct_paths([], [out, truth_path, config_path])
    facts = write(settings, out, truth_path, config_path)
    happened = ", ".join(event["kind"] for event in facts["events"]) or "nothing"
    return (
        f"{out}: {facts['posts']:,} posts and {facts['duplicates']:,} repeats; "
        f"truth {truth_path}, config {config_path}; {happened}"
    )


def detect_series(source: str, detector: str, config_path: Path | None, plot: Path | None) -> None:
    """Score a series of counts row by row on standard output."""
    from streams.offline.series.csv_reader import STDIN, read_rows
    from streams.offline.series.detector_choice import Choice
    from streams.offline.series.online import watch, write_scores

    ensure_distinct_paths([Path(source), config_path], [plot])
    scored = watch(read_rows(source), Choice(detector, config_path).build())
    if plot:
        from streams.offline.series.evaluation import unlabelled
        from streams.offline.series.plot import draw

        kept = list(scored)
        draw([unlabelled(source, kept)], plot)
        scored = iter(kept)
    try:
        write_scores(scored, sys.stdout, at_once=source == STDIN)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError("standard output", error) from error


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
) -> Iterator[str]:
    """Judge a detector on labelled series; each table as soon as it is there."""
    from streams.offline.series import evaluation, labelled, tables
    from streams.offline.series.detector_choice import Choice

    ensure_distinct_paths([labels_path, marks_path, config_path], [plot])
    choice = Choice(detector, config_path)
    series = labelled.load(folder, labels_path, marks_path)
    judged = [evaluation.evaluate(one, choice.build()) for one in series]
    yield tables.per_series(judged)
    if plot:
        from streams.offline.series.plot import draw

        draw(judged, plot)
    if sensitivity:
        yield tables.sensitivity(evaluation.at_days(series, choice, evaluation.SENSITIVITY_DAYS))
    if leave_one_out:
        yield tables.leave_one_out(evaluation.leave_one_out(series, choice))
    if peers:
        from streams.offline.series.peers import compare, settings

        best = compare(series, settings())
        yield tables.peers(f"firewatch {detector}", [one.verdict for one in judged], best)


def evaluate_simulation(
    seeds: Sequence[int],
    config_path: Path | None,
    json_path: Path | None,
    *,
    days: float,
    brands: int,
    scenario: str,
    processes: int | None,
) -> str:
    """Simulate, replay, compare with the truth, and give the tables."""
    from streams.offline import evaluation
    from streams.offline.simulate import SimulationSettings
    from streams.offline.simulate.world import world

    ensure_distinct_paths([config_path], [json_path])
    wanted = [SimulationSettings(seed=seed, days=days, brands=brands, scenario=scenario) for seed in seeds]
    config = evaluation.config_for(brands, config_path)
    with ExitStack() as files:
        out = files.enter_context(open_for_writing(json_path))
        trials = evaluation.run_trials(wanted, config, processes=processes)
        figures = evaluation.figures(trials)
        oracle = evaluation.found_by_oracle(figures.kinds, world(brands))
        out.write(orjson.dumps(evaluation.report(figures, trials, config.version, oracle), option=orjson.OPT_INDENT_2))
    return evaluation.rendered(figures, oracle)


def schema(what: str) -> str:
    """JSON Schema of an alert, a label or the config, or the AsyncAPI document of all topics."""
    from streams.config.schema import DIALECT, config_schema
    from streams.contract.asyncapi import asyncapi

    tree: dict[str, Any]
    match what:
        case "asyncapi":
            tree = asyncapi()
        case "config":
            tree = config_schema()
        case "alert":
            tree = {"$schema": DIALECT} | Alert.model_json_schema(mode="serialization")
        case "label":
            tree = {"$schema": DIALECT} | Label.model_json_schema(mode="validation")
        case _:
            tree = {"$schema": DIALECT} | Verdict.model_json_schema(mode="validation")
    return orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _begin(worker: str, config_path: Path) -> Config:
    config = load_config(config_path)
    _started(worker, config)
    return config


def _started(worker: str, config: Config) -> None:
    logs.configure(worker)
    failpoints.arm(os.environ)
    metrics.BUILD.info({"version": __version__, "python": platform.python_version(), "worker": worker})
    metrics.CONFIG.info({"version": config.version})
    metrics.RESTARTS.labels(worker).inc(int(os.environ.get(metrics.RESTARTS_VARIABLE, "0")))


def until_stopped(
    work: Callable[[asyncio.Event], Awaitable[Result]], on_hangup: Callable[[], None] | None = None
) -> Result:
    """Run `work`; SIGTERM and SIGINT set the event it was given, and SIGHUP calls `on_hangup`."""

    async def main() -> Result:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if on_hangup is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_hangup)
        return await work(stop)

    return asyncio.run(main())


def open_for_writing(path: Path | None) -> IO[bytes]:
    """The file, or one that goes when it is closed."""
    if path is None:
        return TemporaryFile()
    return open_output(path)


def _listed(rejected: dict[str, int]) -> str:
    if not rejected:
        return "0"
    return (
        f"{sum(rejected.values()):,} ({', '.join(f'{reason} {count:,}' for reason, count in sorted(rejected.items()))})"
    )
