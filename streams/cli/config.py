"""Commands about the config: whether it is right, what holds in the end, and what it would have raised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec

import click

from streams.cli import commands_tuning as commands
from streams.cli.options import Moment, config_option, plainly
from streams.offline.tuning.curve import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.base import Severity

P = ParamSpec("P")


_SOURCE: Final = (
    click.option("--posts", help="Recorded posts: a .jsonl or .jsonl.gz file, or - for standard input."),
    click.option("--topic", help="Or a topic of mentions, such as social.mentions, on the Kafka of the config."),
    click.option(
        "--from", "from_ms", type=Moment(), help="With --topic: from this event time on, such as 2026-03-02T10:00Z."
    ),
    click.option(
        "--to", "to_ms", type=Moment(), help="With --topic: before this event time. UTC unless it says otherwise."
    ),
)


def source_options(command: Callable[P, None]) -> Callable[P, None]:
    """Where the mentions come from; `_source` makes one of them."""
    for option in reversed(_SOURCE):
        command = option(command)
    return command


def _source(
    posts: str | None, topic: str | None, from_ms: int | None, to_ms: int | None
) -> commands.Posts | commands.Topic:
    if (posts is None) == (topic is None):
        raise click.UsageError("name the posts by --posts, or the topic by --topic: one of them")
    if posts is not None and (from_ms is not None or to_ms is not None):
        raise click.UsageError("--from and --to go with --topic; --posts plays the whole file")
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise click.UsageError("--to must be after --from")
    return commands.Topic(topic, from_ms, to_ms) if topic is not None else commands.Posts(posts or "")


severity_option = click.option(
    "--severity",
    type=click.Choice(["watch", "warning", "critical"]),
    default="warning",
    show_default=True,
    help="From which on an incident pages.",
)


@click.command("check-config")
@click.argument("file", type=click.Path(path_type=Path))
@plainly
def check_config(file: Path) -> None:
    """Read a config FILE, say what is wrong in it, and what it comes to if nothing is."""
    from streams.config.loader import load_config
    from streams.core.text.matching import Matcher

    config = load_config(file)
    Matcher.of(config)  # terms that match nothing are problems of the config too
    brands = [brand.id for brand in config.brands]
    click.echo(f"{file}: good")
    click.echo(f"  brands     {len(brands)}: {', '.join(brands[:10])}{' ...' if len(brands) > 10 else ''}")
    click.echo(f"  detectors  {', '.join(f'{detector.name} ({detector.kind})' for detector in config.detectors)}")
    click.echo(f"  kafka      {config.kafka.bootstrap_servers} {config.kafka.security_protocol}")
    click.echo(f"  version    {config.version}")


@click.command("explain-config")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--brand", help="Its id; without it what holds for brands that say nothing else.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plainly
def explain_config(file: Path, brand: str | None, *, as_json: bool) -> None:
    """Show each setting of a config FILE as it is in the end, and where that comes from: default, preset, line, ..."""
    for line in commands.explain_config(file, brand, as_json=as_json):
        click.echo(line)


@click.command()
@source_options
@config_option
@click.option("--compare", "current_path", type=click.Path(path_type=Path), help="The config in use, to compare with.")
@click.option(
    "--labels",
    "labels_path",
    type=click.Path(path_type=Path),
    help="YAML: incidents: [{brand, from, to, severity, name}, ...]; without a severity: warning.",
)
@click.option("--report", "report_path", type=click.Path(path_type=Path), help="Where a page with pictures goes.")
@severity_option
@plainly
def backtest(
    config_path: Path,
    *,
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    to_ms: int | None,
    current_path: Path | None,
    labels_path: Path | None,
    report_path: Path | None,
    severity: Severity,
) -> None:
    """What a config would have raised on recorded posts, or on the mentions in a topic.

    Exit code 9 if it misses an incident of --labels. A topic keeps mentions for a few days
    (topics.mentions_retention_hours); they have been matched and scored, which is not done again. --from and --to are
    event times, widened to whole buckets; detectors begin to learn at --from.
    """
    source = _source(posts, topic, from_ms, to_ms)
    for line in commands.backtest(source, config_path, current_path, labels_path, report_path, severity):
        click.echo(line)


@click.command()
@source_options
@config_option
@click.option(
    "--labels",
    "labels_path",
    type=click.Path(path_type=Path),
    required=True,
    help="All incidents that should have paged, as for backtest: what pages besides counts as false.",
)
@click.option("--report", "report_path", type=click.Path(path_type=Path), help="Where a page with pictures goes.")
@severity_option
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 0.5),
    default=TOLERANCE,
    show_default=True,
    help="What scores so little less than the best does about as well.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@plainly
def tune(
    config_path: Path,
    *,
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    to_ms: int | None,
    labels_path: Path,
    report_path: Path | None,
    severity: Severity,
    tolerance: float,
    as_json: bool,
) -> None:
    """Suggest how rare something must be to be raised, from labelled incidents in recorded posts, or in a topic.

    Tries once_in_days of a quarter to four times as much, of all live detectors together and of each alone, in one
    pass by the code that detects live. What counts is 5 found / (5 found + 4 missed + false), the F-measure with recall
    weighted twice as much as precision. Suggested is the middle of the widest range that does about as well as the
    best, if what is chosen without each brand (or span of time) does better there than the config in use; with fewer
    than five labels nothing is. Prints what to paste, and never writes the config.
    """
    source = _source(posts, topic, from_ms, to_ms)
    for line in commands.tune(source, config_path, labels_path, report_path, severity, tolerance, as_json=as_json):
        click.echo(line)


@click.command("test-config")
@click.argument("file", type=click.Path(path_type=Path))
@plainly
def test_config(file: Path) -> None:
    """Run the cases in FILE against the config that it names; exit code 9 if one fails.

    \b
    config: firewatch.yaml                 # relative to FILE, as all paths in it
    cases:
      - name: the storm of August
        posts: august.jsonl.gz
        expect:
          - {brand: nordtel, from: 2026-08-03T10:00:00Z, to: 2026-08-03T18:00:00Z, severity: critical}
        quiet: [acme]                      # nothing at `severity` (warning by default) or above
    """
    for line in commands.test_config(file):
        click.echo(line)
