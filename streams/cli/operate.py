"""Commands for operators of a running service: status, labels, topics and permissions."""

from __future__ import annotations

import asyncio
import getpass
import sys
from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING

import click

from streams.cli.options import FILE, Duration, LazyChoice, config_for_operators, config_option
from streams.cli.program import program
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.config import Config
    from streams.kafka.names import Worker


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--max-lag",
    type=click.IntRange(min=0),
    default=10_000,
    show_default=True,
    help="Lag, in records, above which a worker counts as behind.",
)
@click.option(
    "--stale-after", type=Duration(), default="1h", show_default=True, help="Time without any post that is a problem."
)
def status(config_path: Path, *, as_json: bool, max_lag: int, stale_after: float) -> None:
    """Show workers, lag and open incidents.

    Exits with 1 if something is wrong: a worker that does not run or is behind, posts that have stopped, a live source
    that is silent, refused, unread or had a gap, state that was lost, a config that can't be used. Without a terminal,
    as in a pipe, incidents have their whole ids and texts.

    \b
    Example:
      firewatch status -c firewatch.yaml
      firewatch status -c firewatch.yaml --json --stale-after 30m
    """
    import orjson

    from streams.operate import status as observer

    readable = config_for_operators(config_path)
    config = readable.config
    found = asyncio.run(observer.status(config, readable.problem, max_lag=max_lag, stale_seconds=stale_after))
    if as_json:
        sys.stdout.write(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())
    else:
        from rich.console import Console

        from streams.operate.status_screen import print_status

        print_status(Console(), found, {brand.id: brand.name for brand in config.brands})
    _warn_of_the_author_key(config)
    if found.problems:
        sys.exit(1)


def _warn_of_the_author_key(config: Config) -> None:
    """Print the warning of a service on this machine alone; elsewhere the score worker can have a key of its own."""
    from streams.config.author_key import check_author_key

    with suppress(ConfigError):
        if warning := check_author_key(config):
            click.echo(f"warning: {warning}", err=True)


@click.command()
@config_option
@click.option("--posts", type=FILE, help="Ask about the posts of this file instead of the latest in Kafka.")
@click.option("--import", "labels", type=FILE, help="Import labels from a JSON-lines file instead of asking.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Name of the annotator.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Largest number of posts to ask about."
)
def label(config_path: Path, *, posts: Path | None, labels: Path | None, by: str, limit: int) -> None:
    """Label posts to teach the sentiment model.

    Asks about the posts that the model is least certain of. Keys: n negative, u neutral, p positive, s skip, q quit.
    The worker `train` learns from the labels.

    \b
    Example:
      firewatch label -c firewatch.yaml --limit 20
      firewatch label -c firewatch.yaml --import labels.jsonl --by anna
    """
    from streams.config.loader import load_config
    from streams.operate import label as tool

    config = load_config(config_path)
    if labels:
        done = asyncio.run(tool.import_file(config, by, labels))
    else:
        done = asyncio.run(tool.ask(config, by, posts, limit, read_key=click.getchar, show=click.echo))
    click.echo(f"labels written {done.written:,}, posts skipped {done.skipped:,}", err=True)


@click.command()
@config_option
@click.option("--repair", is_flag=True, help="Also correct settings that can be changed in place, such as retention.")
def topics(config_path: Path, *, repair: bool) -> None:
    """Create missing topics, verify the others.

    \b
    Example:
      firewatch topics -c firewatch.yaml --repair
    """
    from streams.config.loader import load_config
    from streams.kafka.admin import ensure_topics

    for report in asyncio.run(ensure_topics(load_config(config_path), create=True, repair=repair)):
        click.echo(f"{report.state:<9} {report.name}")
        for setting, actual, wanted in report.differences:
            click.echo(
                f"          {setting} is {actual}, defined as {wanted}" + ("" if repair else "; --repair sets it")
            )
    click.echo(f"next: {program()} run -c {quote(str(config_path))}", err=True)


def _workers() -> Sequence[str]:
    from streams.kafka.names import WORKERS

    return WORKERS


@click.command()
@click.argument("workers", nargs=-1, type=LazyChoice(_workers))
@config_option
@click.option("--user", help="Principal to grant to; by default firewatch-score for score, and so on.")
def acls(workers: tuple[Worker, ...], config_path: Path, user: str | None) -> None:
    """Print the Kafka ACLs that workers need.

    Prints the kafka-acls commands that grant WORKERS (by default all) the permissions they need, and no others.

    \b
    Example:
      firewatch acls score detect -c firewatch.yaml
    """
    from streams.config.loader import load_config
    from streams.kafka.acls import granting_commands
    from streams.kafka.names import WORKERS

    for line in granting_commands(load_config(config_path), workers or WORKERS, user):
        click.echo(line)
