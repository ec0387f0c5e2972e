"""Commands about the config: whether it is right, what holds in the end, and what it would have raised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams import commands_tuning as commands
from streams.options import config_option, plainly
from streams.tuning.curve import TOLERANCE

if TYPE_CHECKING:
    from detectors.base import Severity


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
    from streams.config.file import load_config

    config = load_config(file)
    config.matcher()
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
@click.argument("posts")
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
    posts: str,
    config_path: Path,
    *,
    current_path: Path | None,
    labels_path: Path | None,
    report_path: Path | None,
    severity: Severity,
) -> None:
    """What a config would have raised on recorded POSTS; exit code 9 if it misses an incident of --labels."""
    for line in commands.backtest(posts, config_path, current_path, labels_path, report_path, severity):
        click.echo(line)


@click.command()
@click.argument("posts")
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
    posts: str,
    config_path: Path,
    *,
    labels_path: Path,
    report_path: Path | None,
    severity: Severity,
    tolerance: float,
    as_json: bool,
) -> None:
    """Suggest how rare something must be to be raised, from recorded POSTS and incidents that people have labelled.

    Tries once_in_days of a quarter to four times as much, of all live detectors together and of each alone, in one
    pass by the code that detects live. What counts is 5 found / (5 found + 4 missed + false), the F-measure with recall
    weighted twice as much as precision. Suggested is the middle of the widest range that does about as well as the
    best, if what is chosen without each brand (or span of time) does better there than the config in use; with fewer
    than five labels nothing is. Prints what to paste, and never writes the config.
    """
    for line in commands.tune(posts, config_path, labels_path, report_path, severity, tolerance, as_json=as_json):
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
