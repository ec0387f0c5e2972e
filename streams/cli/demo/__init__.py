"""The commands `firewatch demo` and `firewatch live`."""

from __future__ import annotations

from pathlib import Path

import click

from streams.cli.options import FILE

out_option = click.option(
    "--out",
    type=FILE,
    default=Path("demo-out"),
    show_default=True,
    help="Folder in which each run gets a folder of its own, named after the time; latest leads to the last one.",
)


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
@out_option
@click.option(
    "--wire", is_flag=True, help="Feed the posts through local Jetstream servers, as from a network, not from a file."
)
def demo(posts: Path | None, config_path: Path | None, *, seconds: float, out: Path, wire: bool) -> None:
    """Watch a simulated day in two minutes.

    Starts a Kafka broker for the demo, replays a simulated day (or --posts) through the workers, and shows brands and
    incidents live; at the end, the events of the simulation against the alerts. Without Kafka, the same pipeline runs
    in one process. Charts need firewatch[plot].

    \b
    Example:
      firewatch demo
      firewatch demo --wire
      firewatch demo --posts posts.jsonl --config firewatch.yaml --seconds 60
    """
    from streams.cli.demo.run import run

    run(posts, config_path, seconds, out, wire=wire)


@click.command()
@click.argument("brands", nargs=-1, required=True)
@click.option("--host", "hosts", multiple=True, metavar="URL", help="Jetstream server to read, in place of Bluesky's.")
@click.option("--seconds", type=click.FloatRange(min=1), help="End after this time; by default Ctrl-C ends it.")
@out_option
def live(brands: tuple[str, ...], hosts: tuple[str, ...], *, seconds: float | None, out: Path) -> None:
    """Watch brands on Bluesky, live.

    Reads every public post of Bluesky, and shows the posts that name one of BRANDS and the incidents that come of them.
    A brand has no past then, so only a storm raises an alert within the first hours. Needs a network, and starts Kafka
    as the demo does.

    \b
    Example:
      firewatch live "Deutsche Bahn" Lufthansa
    """
    from streams.cli.demo.listen import run_live

    run_live(brands, hosts, seconds, out)
