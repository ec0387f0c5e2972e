"""The command `firewatch demo`."""

from __future__ import annotations

from pathlib import Path

import click

from streams.cli.options import FILE


@click.command()
@click.option("--posts", type=FILE, help="Posts to replay instead of simulated ones; goes with --config.")
@click.option("-c", "--config", "config_path", type=FILE, metavar="FILE", help="Config for --posts.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=10),
    default=120.0,
    show_default=True,
    help="Duration of the replay in seconds.",
)
@click.option(
    "--out",
    type=FILE,
    default=Path("demo-out"),
    show_default=True,
    help="Folder in which each run gets a folder of its own, named after the time; latest leads to the last one.",
)
def demo(posts: Path | None, config_path: Path | None, *, seconds: float, out: Path) -> None:
    """Watch a simulated day in two minutes.

    Starts a Kafka broker for the demo, replays a simulated day (or --posts) through the workers, and shows brands and
    incidents live; at the end, the events of the simulation against the alerts. Without Kafka, the same pipeline runs
    in one process. Charts need firewatch[plot].

    \b
    Example:
      firewatch demo
      firewatch demo --posts posts.jsonl --config firewatch.yaml --seconds 60
    """
    from streams.cli.demo.run import run

    run(posts, config_path, seconds, out)
